from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import resource
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from tegum.errors import DamagedFileError, StoreError
from tegum.store import Row, Store
from tegum.store.files import decode, encode, remove_orphans, write
from tegum.store.listing import row_of

ROW = Row("f" * 32, 0, 4)
ARRAYS = {
    "W": np.arange(24, dtype=np.float32).reshape(4, 2, 3),
    "diverged": np.array([True, False, False, True]),
    "loss": np.array([np.nan, 1.5, -0.0, np.inf]),
    "step": np.array(7, dtype=np.int64),
    "key": np.array([2**64 - 1], dtype=np.uint64),
    "none": np.empty((4, 0, 2), dtype=np.float32),
}


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    """Equal to the bit, types and shapes included."""
    return a.keys() == b.keys() and all(
        a[k].dtype == b[k].dtype and a[k].shape == b[k].shape and a[k].tobytes() == b[k].tobytes()
        for k in a
    )


def row(number: int) -> Row:
    """One of a family, each with seeds of its own."""
    return Row("f", 4 * number, 4 * number + 4)


@pytest.fixture
def store(tmp_path: Path):
    return Store(tmp_path / "store")


def unit_path(store: Store, unit: Row = ROW) -> Path:
    return store.path / "units" / f"{unit.key}.safetensors"


def leftovers(store: Store) -> list[str]:
    return [path.name for path in store.path.rglob(".tmp-*")]


# the file format


def test_encode_round_trip_to_the_bit():
    arrays, meta = decode(encode(ARRAYS, {"key": "k", "n": 3}))
    assert same(arrays, ARRAYS)
    assert meta == {"key": "k", "n": 3}
    assert all(array.flags.writeable for array in arrays.values())


def test_encode_stores_the_values_of_strided_views():
    view = np.arange(24, dtype=np.float32).reshape(4, 6).T[::2]
    assert np.array_equal(decode(encode({"v": view}, {}))[0]["v"], view)


def test_equal_content_gives_equal_bytes():
    turned = dict(reversed(ARRAYS.items()))
    assert encode(ARRAYS, {"a": 1, "b": 2}) == encode(turned, {"b": 2, "a": 1})


def test_checksum_is_the_documented_hash():
    raw = encode({"x": np.array([1.0, 2.0])}, {"n": 1})
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    digest = blake2b(
        b'{"n":1}' + b"\nx <f8 (2,)\n" + np.array([1.0, 2.0]).tobytes(), digest_size=20
    )
    assert json.loads(header["__metadata__"]["tegum"])["checksum"] == digest.hexdigest()


def test_file_is_plain_safetensors(tmp_path):
    write(tmp_path / "x", encode(ARRAYS, {}))
    assert same(safetensors.numpy.load_file(tmp_path / "x"), ARRAYS)


def test_every_single_bit_flip_is_noticed():
    raw = encode({"x": np.array([1.0, 2.0], dtype=np.float32)}, {"k": "v"})
    harmless = 0
    for position in range(len(raw)):
        for bit in range(8):
            bad = bytearray(raw)
            bad[position] ^= 1 << bit
            try:
                arrays, meta = decode(bytes(bad))
            except DamagedFileError:
                continue
            # white space of the header's padding is the one thing that means nothing
            assert same(arrays, {"x": np.array([1, 2], np.float32)})
            assert meta == {"k": "v"}
            harmless += 1
    assert harmless < 8 * 8


def test_every_truncation_is_noticed():
    raw = encode(ARRAYS, {"k": "v"})
    for length in range(len(raw)):
        with pytest.raises(DamagedFileError):
            decode(raw[:length])
    with pytest.raises(DamagedFileError):
        decode(raw + b"\0")


# units


def test_put_get(store):
    assert ROW.key not in store
    assert store.get(ROW.key) is None
    store.put(ROW, ARRAYS, {"note": "hello"})
    assert ROW.key in store
    assert store.keys() == [ROW.key]
    assert len(store) == 1
    assert same(store.get(ROW.key), ARRAYS)
    assert store.meta(ROW.key) == {"note": "hello", **ROW._asdict()}
    assert leftovers(store) == []


def test_reopened_store_has_everything(tmp_path):
    first = Store(tmp_path)
    first.put(ROW, ARRAYS, {})
    second = Store(tmp_path)
    assert same(second.get(ROW.key), ARRAYS)
    assert second.ranges("f" * 32) == [ROW]


def test_ranges_of_a_family_in_order(store):
    for unit in (("a", 8, 100), ("a", 0, 8), ("b", 0, 8), ("a", 0, 20), ("a-0-8", 1, 2)):
        store.put(Row(*unit), ARRAYS, {})
    assert [(r.start, r.stop) for r in store.ranges("a")] == [(0, 8), (0, 20), (8, 100)]
    assert store.ranges("a-0-8") == [Row("a-0-8", 1, 2)]
    assert store.ranges("c") == []


def test_partial_is_replaced_and_dropped(store):
    assert store.get_partial(ROW.key) is None
    store.put_partial(ROW, {"step": np.array(1)})
    store.put_partial(ROW, {"step": np.array(2)})
    assert store.get_partial(ROW.key)["step"] == 2
    assert ROW.key not in store
    store.drop_partial(ROW.key)
    store.drop_partial(ROW.key)
    assert store.get_partial(ROW.key) is None


def test_finishing_a_unit_drops_its_partial(store):
    store.put_partial(ROW, {"step": np.array(1)})
    store.put(ROW, ARRAYS, {})
    assert store.get_partial(ROW.key) is None


def test_partial_of_a_finished_unit_is_removed_on_opening(store):
    store.put(ROW, ARRAYS, {})
    store.put_partial(ROW, {"step": np.array(1)})
    again = Store(store.path)
    assert again.get_partial(ROW.key) is None


# damage


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-5] ^= 4
    path.write_bytes(raw)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def foreign(path: Path) -> None:
    safetensors.numpy.save_file({"W": np.zeros(3)}, path)


def other_unit(path: Path) -> None:
    path.write_bytes(encode(ARRAYS, row(77)._asdict()))


def incomplete(path: Path) -> None:
    path.write_bytes(encode(ARRAYS, {"family": ROW.family}))


def other_seeds(path: Path) -> None:
    path.write_bytes(encode(ARRAYS, ROW._replace(start=4, stop=8)._asdict()))


DAMAGES = [flip, truncate, empty, zeros, foreign, other_unit, incomplete, other_seeds]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("reopen", [False, True])
def test_damaged_unit_is_reported_set_aside_and_replaceable(tmp_path, caplog, damage, reopen):
    store = Store(tmp_path)
    store.put(row(1), ARRAYS, {})
    store.put(ROW, ARRAYS, {})
    damage(unit_path(store))
    if reopen:
        store = Store(tmp_path)
    with caplog.at_level(logging.WARNING, "tegum.store"):
        assert store.get(ROW.key) is None
        assert store.damaged == 1
        assert store.keys() == [row(1).key]
        assert store.ranges(ROW.family) == []
        assert len(list((tmp_path / "damaged").iterdir())) == 1
        store.put(ROW, ARRAYS, {})
        assert same(store.get(ROW.key), ARRAYS)
    (message,) = (record.getMessage() for record in caplog.records)
    assert ROW.key in message
    assert "\n" not in message


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_partial_is_never_used(store, damage):
    store.put_partial(ROW, ARRAYS)
    damage(store.path / "partial" / f"{ROW.key}.safetensors")
    assert store.get_partial(ROW.key) is None
    assert store.damaged == 1


def test_verify_finds_exactly_the_damaged(store):
    units = [row(k) for k in range(1, 6)]
    for unit in units:
        store.put(unit, ARRAYS, {})
    store.put_partial(row(9), ARRAYS)
    assert store.verify() == []
    flip(unit_path(store, units[1]))
    truncate(unit_path(store, units[3]))
    flip(store.path / "partial" / f"{row(9).key}.safetensors")
    bad = [f"{unit.key}.safetensors" for unit in (units[3], units[1], row(9))]
    assert store.verify() == bad
    assert store.verify() == []
    assert store.keys() == sorted(units[k].key for k in (0, 2, 4))


# the list of units


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "f-0",
        "f-4-0",
        "f-4-4",
        "f-00-4",
        "f-0-٤",
        "-0-4",
        f"f-0-{'9' * 99}",
        "f-0-4\n",
    ],
)
def test_a_name_that_is_no_units(store, name):
    assert row_of(name) is None
    (store.path / "units" / f"{name}.safetensors").write_bytes(b"")
    assert (store.keys(), store.ranges("f"), store.verify()) == ([], [], [])


@pytest.mark.parametrize("unit", [ROW, row(0), Row("a-b", 0, 10**9), Row("f-0-4", 3, 10)])
def test_a_unit_is_told_by_its_name(unit):
    assert row_of(unit.key) == unit


def test_a_name_is_not_believed_without_its_file(store):
    """Under the name of other seeds a sound unit would shift them."""
    store.put(ROW, ARRAYS, {})
    later = ROW._replace(start=4, stop=8)
    unit_path(store).rename(unit_path(store, later))
    assert store.ranges(ROW.family) == [later]
    assert store.get(later.key) is None
    assert store.damaged == 1
    assert store.ranges(ROW.family) == []


def test_units_of_other_processes_are_seen(store):
    other = Store(store.path)
    assert store.keys() == []
    other.put(ROW, ARRAYS, {})
    os.utime(store.path / "units", ns=(0, 0))  # as if the clock had moved since
    assert store.ranges(ROW.family) == [ROW]


def test_files_may_come_and_go(tmp_path):
    a = Store(tmp_path / "a")
    b = Store(tmp_path / "b")
    a.put(ROW, ARRAYS, {})
    b.put(row(1), ARRAYS, {})
    unit_path(a).rename(unit_path(b))
    a = Store(tmp_path / "a")
    b = Store(tmp_path / "b")
    assert a.keys() == []
    assert b.keys() == sorted([row(1).key, ROW.key])


def test_eight_threads_share_a_store(store):
    """Each puts units of its own and reads everybody's; one damaged file is counted by somebody."""

    def work(number: int) -> None:
        for k in range(number, 80, 8):
            with store.lock(row(k).key) as lock:
                assert lock is not None
                store.put_partial(row(k), ARRAYS)
                store.put(row(k), ARRAYS, {})
            assert same(store.get(row(k).key), ARRAYS)
            assert row(k) in store.ranges("f")
            assert store.get_partial(row(k).key) is None

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work, number) for number in range(8)]:
            future.result(60)
    assert store.ranges("f") == [row(k) for k in range(80)]
    assert (store.damaged, store.verify(), leftovers(store)) == (0, [], [])


# locks


def test_lock_is_exclusive_until_released(store):
    first = store.lock("k")
    assert first is not None
    assert store.lock("k") is None
    assert store.lock("other") is not None
    first.release()
    first.release()
    with store.lock("k") as again:
        assert again is not None
        assert store.lock("k") is None
    assert "k.lock" not in os.listdir(store.path / "locks")


def test_lock_of_a_dead_process_does_not_block(store):
    script = (
        "import sys, os, signal; from tegum.store import Store\n"
        "s = Store(sys.argv[1]); c = s.lock('k'); assert c\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script, str(store.path)], check=False)
    assert (store.path / "locks" / "k.lock").exists()
    assert store.lock("k") is not None


def test_lock_on_a_file_its_holder_has_just_removed_is_taken_again(store, monkeypatch):
    """Between our open and our lock the holder lets go, and a third process takes a new file."""
    path = store.path / "locks" / "k.lock"
    holder = store.lock("k")
    thirds = []
    flock = fcntl.flock

    def late(handle, how):
        if not thirds:
            thirds.append(None)
            holder.release()
            thirds.append(store.lock("k"))
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    assert store.lock("k") is None
    assert thirds[1] is not None
    assert path.exists()


def test_where_files_have_no_locks_every_lock_is_granted(store, monkeypatch):
    def none(handle, how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    with store.lock("k") as first, store.lock("k") as second:
        assert first is not None
        assert second is not None


def test_lock_that_cannot_be_made_is_an_error(store):
    (store.path / "locks").rmdir()
    (store.path / "locks").write_text("")
    with pytest.raises(StoreError, match=r"cannot lock .*k\.lock: (File exists|Not a directory)"):
        store.lock("k")


# what can go wrong with the folder


def test_path_is_a_file(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(StoreError, match=r"cannot use .*: (File exists|Not a directory)"):
        Store(tmp_path / "f")
    with pytest.raises(StoreError, match="Not a directory"):
        Store(tmp_path / "f" / "deeper")


@pytest.mark.parametrize("path", ["", b"x", 3, None, False, "a\0b"])
def test_path_that_names_no_folder(path):
    with pytest.raises(StoreError, match=r"^store must be the path of a folder; got "):
        Store(path)


def test_folder_that_goes_away(store):
    shutil.rmtree(store.path)
    for call in (store.keys, lambda: store.put(ROW, ARRAYS, {})):
        with pytest.raises(StoreError, match="No such file") as caught:
            call()
        assert "\n" not in str(caught.value)


def test_folder_that_cannot_be_made():
    with pytest.raises(StoreError) as caught:
        Store("/proc/nowhere/store")
    assert "\n" not in str(caught.value)


def test_folder_that_is_not_writable(tmp_path, monkeypatch):
    Store(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(StoreError, match="Permission denied"):
        Store(tmp_path)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failing_disk_leaves_no_file(store, monkeypatch, call):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        with pytest.raises(StoreError, match="No space left on device") as caught:
            store.put(ROW, ARRAYS, {})
    assert "\n" not in str(caught.value)
    assert leftovers(store) == []
    assert ROW.key not in store
    store.put(ROW, ARRAYS, {})
    assert same(store.get(ROW.key), ARRAYS)


def test_write_cut_off_by_a_real_limit(store):
    """A file-size limit is a full disk that needs no privileges."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    try:
        with pytest.raises(StoreError, match="File too large"):
            store.put_partial(ROW, {"x": np.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert leftovers(store) == []
    assert store.get_partial(ROW.key) is None


def test_interrupted_write_leaves_no_file(store, monkeypatch):
    def interrupt(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.put(ROW, ARRAYS, {})
    assert leftovers(store) == []
    assert ROW.key not in store


def test_orphans_of_dead_processes_are_removed(store):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = os.uname().nodename
    units = store.path / "units"
    (units / f".tmp-{host}-{dead.pid}-0").write_text("dead")
    (units / f".tmp-{host}-{os.getpid()}-0").write_text("alive")
    (units / ".tmp-another-host-1-0").write_text("fresh, elsewhere")
    (units / ".tmp-another-host-1-1").write_text("old, elsewhere")
    os.utime(units / ".tmp-another-host-1-1", (0, 0))
    assert remove_orphans(units) == 2
    assert sorted(leftovers(store)) == sorted(
        [f".tmp-{host}-{os.getpid()}-0", ".tmp-another-host-1-0"]
    )


def test_two_processes_write_at_once(tmp_path):
    """Both put the same 30 units, one after the other; nothing is lost or damaged."""
    script = (
        "import sys, numpy as np; from tegum.store import Row, Store\n"
        "s = Store(sys.argv[1])\n"
        "for k in range(30):\n"
        "    row = Row('f', k, k + 1)\n"
        "    s.put_partial(row, {'x': np.full(1000, k)})\n"
        "    s.put(row, {'x': np.full(1000, k)}, {})\n"
        "    assert s.get(row.key)['x'][0] == k\n"
        "assert s.damaged == 0\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "store")]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    store = Store(tmp_path / "store")
    assert len(store.ranges("f")) == 30
    assert store.verify() == []
    assert leftovers(store) == []
    assert list((store.path / "partial").iterdir()) == []

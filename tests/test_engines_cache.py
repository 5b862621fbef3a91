"""Compiled kernels on disk: found again, shared safely, and never in the way."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from numba import njit
from numba.core.caching import NullCache
from numba.core.dispatcher import Dispatcher
from small_disk import fill, small_disk

import tegum
from tegum.engines import cache, digest, sampled
from tegum.engines.cache import cache_home, digest_of, keep, sources_digest

SOURCES = Path(sampled.__file__).parent

# --- A small kernel, which compiles in no time -------------------------------------------------

SMALL = "def add(x, y):\n    return x + y\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home"
    monkeypatch.setenv("TEGUM_CACHE_DIR", str(path))
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "small.py"
    path.write_text(SMALL)
    return path


#: All that were made: numba rebuilds a form of a module that nobody can import beside a living one.
made: list[Dispatcher] = []


def kernel(source: Path) -> Dispatcher:
    """A kernel as another process would have it: nothing compiled yet."""
    spec = importlib.util.spec_from_file_location("small", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made.append(keep(njit(module.add)))
    return made[-1]


def counts(kernel: Dispatcher) -> tuple[int, int]:
    """How many forms came from disk, and how many were compiled."""
    return sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values())


def files(home: Path, suffix: str) -> list[Path]:
    return sorted(home.rglob(f"*{suffix}"))


def test_a_form_is_compiled_once(home: Path, source: Path) -> None:
    first = kernel(source)
    assert (first(1, 2), first(1.5, 2.0), first(3, 4), counts(first)) == (3, 3.5, 7, (0, 2))
    second = kernel(source)
    assert (second(1, 2), second(1.5, 2.0), counts(second)) == (3, 3.5, (2, 0))
    assert {path.relative_to(home).parts[0] for path in files(home, ".nbc")} == {"kernels"}


def test_folders_are_named_by_all_sources(
    home: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel(source)(1, 2)
    monkeypatch.setattr(cache, "sources_digest", lambda folder: "another")
    other = kernel(source)
    assert (other(1, 2), counts(other)) == (3, (0, 1))
    for what in (cache.numba, cache.llvmlite):
        monkeypatch.setattr(what, "__version__", "1000.0")
        newer = kernel(source)
        assert (newer(1, 2), counts(newer)) == (3, (0, 1))
    assert len(list((home / "kernels").iterdir())) == 4


def test_equal_sources_elsewhere_find_what_was_compiled(
    home: Path, source: Path, tmp_path: Path
) -> None:
    """Another environment has them at another path and with another time."""
    kernel(source)(1, 2)
    (tmp_path / "elsewhere").mkdir()
    copy = shutil.copy(source, tmp_path / "elsewhere")
    os.utime(copy, (1, 1))
    os.utime(source, (2, 2))
    for path in (Path(copy), source):
        again = kernel(path)
        assert (again(1, 2), counts(again)) == (3, (1, 0))
    Path(copy).write_text("# a line that was not there\n" + SMALL)
    sources_digest.cache_clear()
    changed = kernel(Path(copy))
    assert (changed(1, 2), counts(changed)) == (3, (0, 1))


def test_any_change_of_any_source_changes_the_digest(tmp_path: Path) -> None:
    names = [path.name for path in SOURCES.glob("*.py")]
    assert len(names) > 10
    for name in names:
        copy = tmp_path / name
        shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__"))
        assert digest_of(copy) == sources_digest(SOURCES)
        text = (copy / name).read_text()
        (copy / name).write_text(text[:-1] + " \n")
        assert digest_of(copy) != sources_digest(SOURCES)
    (copy / name).rename(copy / "renamed.py")
    (copy / "renamed.py").write_text(text)
    assert digest_of(copy) != sources_digest(SOURCES)


#: Of the modules that ask numba for something: those that find, keep and hand on what it makes.
KEEPERS = {"alone", "cache", "compiling", "host", "shipped"}


def test_how_kernels_are_compiled_is_part_of_every_digest() -> None:
    """A form with another layout of a frame, called by a new kernel, would read anything."""
    makers = {
        path
        for path in SOURCES.parent.glob("*.py")
        if re.search(r"^(from|import) (numba|llvmlite)", path.read_text("utf-8"), re.MULTILINE)
        and path.stem not in KEEPERS
    }
    assert {path.stem for path in makers} >= {"linked", "parts", "portable"}
    assert makers <= set(digest._COMMON)


@pytest.mark.parametrize("kind", [".nbi", ".nbc"])
@pytest.mark.parametrize("content", [b"", b"\x80", b"not a pickle", None, "changed"], ids=str)
def test_a_damaged_file_costs_a_compilation(
    home: Path, source: Path, kind: str, content: bytes | str | None
) -> None:
    kernel(source)(1, 2)
    (path,) = files(home, kind)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is None:
        path.unlink()
    else:
        change(path, 100, 1)
    second = kernel(source)
    assert (second(1, 2), counts(second)) == (3, (0, 1))
    third = kernel(source)
    assert (third(1, 2), counts(third)) == (3, (1, 0))


def change(path: Path, position: int, by: int) -> None:
    bad = bytearray(path.read_bytes())
    bad[position] ^= by
    path.write_bytes(bad)


@pytest.mark.parametrize("kind", [".nbi", ".nbc"])
def test_nothing_damaged_is_unpickled(
    home: Path, source: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a changed byte does to compiled code can end the process: it is not even looked at."""
    first = kernel(source)
    first(1, 2)
    (path,) = files(home, kind)
    key = next(iter(first._cache._cache_file._load_index()))
    load, seen = pickle.loads, []
    monkeypatch.setattr(pickle, "loads", lambda body: seen.append(load(body)) or seen[-1])
    assert first._cache._cache_file.load(key) is not None
    assert len(seen) == 2
    for position in (*range(0, path.stat().st_size, 97), -1, -20, -50, -60):
        seen.clear()
        change(path, position, 1 << position % 8)
        assert first._cache._cache_file.load(key) is None
        assert len(seen) == (kind == ".nbc")  # the index
        change(path, position, 1 << position % 8)
    path.write_bytes(path.read_bytes()[:-1])
    assert first._cache._cache_file.load(key) is None


def test_a_form_under_the_name_of_another_is_none(home: Path, source: Path) -> None:
    first = kernel(source)
    assert (first(1, 2), first(1.5, 2.0)) == (3, 3.5)
    one, other = files(home, ".nbc")
    one.write_bytes(other.read_bytes())
    second = kernel(source)
    assert (second(1, 2), second(1.5, 2.0), counts(second)) == (3, 3.5, (1, 1))


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said of the cache by a process that has said nothing yet, filled as it is said."""
    monkeypatch.setattr(cache, "_warned", set())
    lines: list[str] = []
    monkeypatch.setattr(cache.log, "warning", lambda text, what: lines.append(text % what))
    return lines


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs owners of files")
class TestOthers:
    """Whoever can write what is unpickled can run anything."""

    @pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
    @pytest.mark.parametrize("depth", range(3))
    def test_a_folder_that_others_can_write(
        self, home: Path, source: Path, mode: int, depth: int, said: list[str]
    ) -> None:
        kernel(source)(1, 2)
        (index,) = files(home, ".nbi")
        folder = (*reversed(index.relative_to(home).parents), index.parent)[depth]
        (home / folder).chmod(mode)
        for _ in range(2):
            alone = kernel(source)
            assert (alone(1, 2), counts(alone)) == (3, (0, 1))
            assert isinstance(alone._cache, NullCache)
        (line,) = said
        assert f"cache: {home / folder} is not used: others can write it; " in line
        assert "TEGUM_CACHE_DIR" in line
        assert "\n" not in line
        (home / folder).chmod(0o700)
        again = kernel(source)
        assert (again(1, 2), counts(again)) == (3, (1, 0))

    def test_a_folder_of_somebody_else(
        self, home: Path, source: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
    ) -> None:
        kernel(source)(1, 2)
        me = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: me + 1)
        alone = kernel(source)
        assert (alone(1, 2), counts(alone)) == (3, (0, 1))
        assert [f"cache: {home} is not used: it is somebody else's; " in line for line in said] == [
            True
        ]

    @pytest.mark.parametrize("kind", [".nbi", ".nbc"])
    def test_a_file_that_others_can_write_is_replaced(
        self, home: Path, source: Path, kind: str, said: list[str]
    ) -> None:
        kernel(source)(1, 2)
        (path,) = files(home, kind)
        path.chmod(0o666)
        second = kernel(source)
        assert (second(1, 2), counts(second)) == (3, (0, 1))
        (line,) = said
        assert f"cache: {path} is not used: others can write it; " in line
        third = kernel(source)
        assert (third(1, 2), counts(third)) == (3, (1, 0))

    def test_whatever_the_umask_we_alone_can_write(self, home: Path, source: Path) -> None:
        before = os.umask(0)
        try:
            kernel(source)(1, 2)
        finally:
            os.umask(before)
        again = kernel(source)
        assert (again(1, 2), counts(again)) == (3, (1, 0))


def test_who_writes_waits_for_another_that_does(home: Path, source: Path) -> None:
    kernel(source)(1, 2)
    results: list[Any] = []
    late = kernel(source)
    thread = threading.Thread(target=lambda: results.append(late(1.5, 2.0)), daemon=True)
    with FileLock(next(home.rglob("lock"))):
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(60)
    assert results == [3.5]
    assert counts(late) == (0, 1)
    again = kernel(source)
    assert (again(1, 2), again(1.5, 2.0), counts(again)) == (3, 3.5, (2, 0))


def test_who_reads_waits_for_nobody(home: Path, source: Path) -> None:
    kernel(source)(1, 2)
    with FileLock(next(home.rglob("lock"))):
        late = kernel(source)
        assert (late(1, 2), counts(late)) == (3, (1, 0))


def test_a_killed_process_does_not_block(home: Path, source: Path) -> None:
    kernel(source)(1, 2)
    lock = next(home.rglob("lock"))
    script = (
        "import sys, os, signal, filelock\n"
        "lock = filelock.FileLock(sys.argv[1]); lock.acquire()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script, str(lock)], check=False)
    kernel(source)(1.5, 2.0)
    again = kernel(source)
    assert (again(1.5, 2.0), counts(again)) == (3.5, (1, 0))


def test_what_a_killed_process_was_writing_goes_with_time(home: Path, source: Path) -> None:
    kernel(source)(1, 2)
    folder = files(home, ".nbc")[0].parent
    old, young = folder / ".new-killed", folder / ".new-at-work"
    for draft in (old, young):
        draft.write_bytes(b"half a form")
    os.utime(old, (0.0, time.time() - 2 * 3600))
    kernel(source)(1.5, 2.0)  # another form, which is kept
    assert (old.exists(), young.exists()) == (False, True)


def test_a_process_that_stopped_while_writing_blocks_for_a_while_only(
    home: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel(source)(1, 2)
    monkeypatch.setattr(cache, "_PATIENCE", 0.05)
    with FileLock(next(home.rglob("lock")), thread_local=False):
        late = kernel(source)
        thread = threading.Thread(target=lambda: late(1.5, 2.0), daemon=True)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
    again = kernel(source)
    assert (again(1.5, 2.0), counts(again)) == (3.5, (1, 0))


def test_an_index_read_earlier_leads_to_no_other_form(home: Path, source: Path) -> None:
    """Between a reader's look at the index and at the form, everything is flushed and rewritten."""
    kernel(source)(1, 2)
    (index,), (old,) = files(home, ".nbi"), files(home, ".nbc")
    seen = index.read_bytes()
    writer = kernel(source)
    writer._cache.flush()
    assert writer(1.5, 2.0) == 3.5
    index.write_bytes(seen)
    late = kernel(source)
    assert (late(1, 2), late(1.5, 2.0), counts(late)) == (3, 3.5, (1, 1))
    assert old in files(home, ".nbc")


def test_two_that_write_at_once_lose_nothing_but_time(
    home: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both read the index before either has written it: what is lost is compiled again."""
    one, other = kernel(source), kernel(source)
    load = one._cache._cache_file._load_index
    before = load()
    one(1, 2)
    monkeypatch.setattr(other._cache._cache_file, "_load_index", lambda: dict(before))
    other(1.5, 2.0)
    third = kernel(source)
    assert (third(1, 2), third(1.5, 2.0), counts(third)) == (3, 3.5, (1, 1))


@pytest.fixture(params=["a file", "no such device"])
def impossible(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A place that even root cannot make a folder in."""
    if request.param == "a file":
        (tmp_path / "file").write_text("")
        return tmp_path / "file" / "cache"
    if not Path("/proc/self").exists():
        pytest.skip("needs /proc")
    return Path("/proc/tegum-cache")


def test_without_a_writable_place_kernels_are_compiled_for_the_process(
    impossible: Path, source: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setenv("TEGUM_CACHE_DIR", str(impossible))
    for _ in range(2):
        alone = kernel(source)
        assert (alone(1, 2), counts(alone)) == (3, (0, 1))
    (line,) = said
    assert "cannot be written: " in line
    assert "TEGUM_CACHE_DIR" in line
    # nowhere else either: a digest would not guard it
    assert isinstance(alone._cache, NullCache)
    assert files(source.parent, ".nbi") == []


def test_a_disk_that_fills_up_is_no_error(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    with small_disk(tmp_path / "disk", "256k") as disk:
        monkeypatch.setenv("TEGUM_CACHE_DIR", str(disk / "cache"))
        late = kernel(source)
        fill(disk)
        assert (late(1, 2), counts(late)) == (3, (0, 1))
        (line,) = said
        assert "cannot be written: No space left on device" in line
        (disk / "filler").unlink()
        again = kernel(source)
        assert (again(1, 2), counts(again)) == (3, (0, 1))
        third = kernel(source)
        assert (third(1, 2), counts(third)) == (3, (1, 0))


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TEGUM_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_home() == Path("/home/somebody/.cache/tegum")
    monkeypatch.setenv("LOCALAPPDATA", "/users/somebody")
    assert cache_home() == Path("/users/somebody/tegum")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/x")
    assert cache_home() == Path("/var/x/tegum")
    monkeypatch.setenv("TEGUM_CACHE_DIR", "/elsewhere")
    assert cache_home() == Path("/elsewhere")


# --- The engine's own kernels ------------------------------------------------------------------

TRAIN = """
import json
import tegum as tg
from tegum.engines.sampled import engine
problem = tg.Problem(tg.Independent(5, 0.3), tg.ReLUOutput(2))
training = tg.Training(steps=3, batch_size=16, held_out=64)
runs = tg.train(problem, {}, training, seeds=2, jobs=1, progress=False)
kernels = [engine._lane, engine._evaluate]
print(json.dumps({
    "loss": [x.hex() for x in runs.loss.values.tolist()],
    "hits": [sum(k.stats.cache_hits.values()) for k in kernels],
    "misses": [sum(k.stats.cache_misses.values()) for k in kernels],
}))
"""


def process(warnings: int = 0, **environment: str) -> dict[str, Any]:
    """What a process of its own that trains two small models says of itself."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", TRAIN],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stderr.splitlines()
    assert len(said) == warnings, said
    assert all(line.startswith("cache: ") and "TEGUM_CACHE_DIR" in line for line in said)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def usual() -> Iterator[dict[str, Any]]:
    """A process with the usual cache, so that whatever it compiles is there afterwards."""
    return process()


def test_a_second_process_compiles_nothing(usual: dict[str, Any]) -> None:
    again = process()
    assert again["hits"] == [1, 1]
    assert again["misses"] == [0, 0]
    assert again["loss"] == usual["loss"]


@pytest.mark.slow
def test_a_cold_cache_gives_the_same_bits(usual: dict[str, Any], tmp_path: Path) -> None:
    cold = process(TEGUM_CACHE_DIR=str(tmp_path))
    assert cold["misses"][1] == 1  # the other kernel may be compiled beside it, by another process
    assert [h + m for h, m in zip(cold["hits"], cold["misses"], strict=True)] == [1, 1]
    assert cold["loss"] == usual["loss"]
    warm = process(TEGUM_CACHE_DIR=str(tmp_path))
    assert (warm["hits"], warm["misses"]) == ([1, 1], [0, 0])
    assert warm["loss"] == usual["loss"]


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_gives_the_same_bits(
    usual: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    without = process(1, TEGUM_CACHE_DIR=str(tmp_path / "file" / "cache"))
    assert without["loss"] == usual["loss"]
    assert sum(without["hits"]) == 0
    package = Path(tegum.__file__).parent
    assert files(package, ".nbi") == []


# --- Memory ------------------------------------------------------------------------------------

MEMORY = """
import re, sys
from pathlib import Path
import tegum as tg
n, m, count, steps = map(int, sys.argv[1:])
problem = tg.Problem(tg.Independent(n, 0.05), tg.ReLUOutput(m))
training = tg.Training(steps=steps, held_out=1024)
runs = tg.train(problem, {}, training, seeds=count, progress=False)
assert runs.sizes["seed"] == count and bool((~runs.diverged).all())
# not ru_maxrss: of a process that pytest starts it is that of pytest, if that is larger
print(re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/status is Linux's")
@pytest.mark.parametrize(
    ("size", "limit"),
    [((2, 1, 100_000, 100), 400e6), ((400, 30, 20, 20), 600e6)],
    ids=["100,000 x (2,1)", "20 x (400,30)"],
)
def test_peak_memory(size: tuple[int, ...], limit: float, tmp_path: Path) -> None:
    """Compilation included, of which the cold cache is."""
    command = [sys.executable, "-c", MEMORY, *map(str, size)]
    environment = {**os.environ, "TEGUM_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert 1024 * int(done.stdout) < limit

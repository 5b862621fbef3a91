"""Folders of a store in which somebody has been: foreign files, wrong JSON, missing parts."""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tegum.store import Row, Store
from tegum.store.files import encode

from . import refusal

#: What is done to the folder, and a number that picks how; then what is asked of the store.
Input = list[tuple[str, int]]

_KEYS = [f"{k:032x}" for k in range(3)]
_FOLDERS = ("units", "partial", "locks", "damaged")
_FILES = ("x", "x.safetensors", f"{_KEYS[0]}.safetensors", "index.sqlite", "é\n.safetensors")
_FILES += (".tmp-x-1-0", ".tmp-", ".tmp-x-y-z", "\x1b[31m.safetensors", "\udcff.safetensors")
_ARRAYS = {"W": np.arange(6, dtype="f4").reshape(1, 2, 3), "loss": np.ones(1, "f4")}
_META: tuple[Any, ...] = (
    {}, [], None, 1, "x", {"key": None}, {"key": _KEYS[0]}, {"self": 1}, [[[]]],
    {"key": _KEYS[0], "family": "f", "start": "x", "stop": 2},
    {"key": _KEYS[0], "family": "f", "start": 1e400, "stop": 2},
    {"key": _KEYS[0], "family": "f", "start": 2**70, "stop": 2},
    {"key": _KEYS[0], "family": "f", "start": 2, "stop": 1},
    {"key": _KEYS[0], "family": ["f"], "start": 0, "stop": 1},
    {"key": _KEYS[0], "family": "\udcff", "start": 0, "stop": 1},
    {"key": _KEYS[0], "family": "f", "start": float("nan"), "stop": 1},
)  # fmt: skip


def inputs(rng: random.Random) -> Iterator[Input]:
    """Up to three misdeeds."""
    while True:
        yield [(rng.choice(list(DEEDS)), rng.randrange(10**6)) for _ in range(rng.randint(1, 3))]


@contextmanager
def around() -> Iterator[None]:
    """In a folder of our own; the store says by its logger what it sets aside."""
    log = logging.getLogger("tegum.store")
    before, log.disabled = log.disabled, True
    try:
        with tempfile.TemporaryDirectory() as home, chdir(home):
            _good(Path("good"))
            yield
    finally:
        log.disabled = before


def _good(path: Path) -> None:
    with Store(path) as store:
        for k, key in enumerate(_KEYS):
            store.put(Row(key, "f", k, k + 1), _ARRAYS, {"x": 1})
        store.put_partial(Row("f" * 32, "f", 9, 10), _ARRAYS)


def _file(store: Path, rng: random.Random) -> Path:
    return rng.choice(sorted(path for path in store.rglob("*") if path.is_file()) or [store / "x"])


def _remove(store: Path, rng: random.Random) -> None:
    _file(store, rng).unlink(missing_ok=True)


def _remove_folder(store: Path, rng: random.Random) -> None:
    folder = store / rng.choice(_FOLDERS)
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)


def _empty(store: Path, rng: random.Random) -> None:
    _file(store, rng).write_bytes(b"")


def _cut(store: Path, rng: random.Random) -> None:
    path = _file(store, rng)
    if path.is_file():
        whole = path.read_bytes()
        path.write_bytes(whole[: rng.randrange(len(whole) + 1)])


def _foreign(store: Path, rng: random.Random) -> None:
    name = rng.choice(_FILES)
    content = rng.choice((b"", b"x", b"\xff" * 100, b"{}", b"SQLite format 3\0" + b"\0" * 84))
    place = store / rng.choice((*_FOLDERS, "."))
    if not (place / name).is_dir():
        place.mkdir(exist_ok=True, parents=True)
        (place / name).write_bytes(content)


def _other_kind(store: Path, rng: random.Random) -> None:
    """A folder, a pipe or a link in place of a file or a folder."""
    target = rng.choice((_file(store, rng), store / rng.choice(_FOLDERS), store / "index.sqlite"))
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    target.parent.mkdir(exist_ok=True, parents=True)
    rng.choice((target.mkdir, lambda: os.mkfifo(target), lambda: target.symlink_to("nowhere"),
                lambda: target.symlink_to(target.name), target.touch))()  # fmt: skip


def _header(store: Path, rng: random.Random) -> None:
    """A unit whose JSON is another's, or none."""
    meta = rng.choice(_META)
    text = rng.choice((json.dumps(meta), "{", "[" * 5000, "9" * 5000, "\x00", '"\\ud800"'))
    header = rng.choice(
        ({"__metadata__": {"tegum": text}}, {"__metadata__": text}, [], {"a": text})
    )
    raw = json.dumps(header).encode()
    (store / "units").mkdir(exist_ok=True, parents=True)
    path = store / "units" / f"{_KEYS[0]}.safetensors"
    if not path.is_dir() and not path.is_fifo():
        path.unlink(missing_ok=True)
        path.write_bytes(len(raw).to_bytes(8, "little") + raw)


def _sealed(store: Path, rng: random.Random) -> None:
    """A unit with a right checksum, and metadata that is not ours."""
    meta = rng.choice([meta for meta in _META if isinstance(meta, dict)])
    try:
        raw = encode(_ARRAYS, meta)
    except (ValueError, UnicodeEncodeError):
        return
    place = store / rng.choice(("units", "partial"))
    path = place / f"{rng.choice(_KEYS)}.safetensors"
    if place.is_dir() and not path.is_dir() and not path.is_fifo():
        path.unlink(missing_ok=True)
        path.write_bytes(raw)


DEEDS: dict[str, Callable[[Path, random.Random], None]] = {
    "remove": _remove,
    "remove folder": _remove_folder,
    "empty": _empty,
    "cut": _cut,
    "foreign": _foreign,
    "other kind": _other_kind,
    "header": _header,
    "sealed": _sealed,
}


def attempt(one: Input) -> None:
    """The store opens or is refused; a unit is what it was, or absent; it can be written again."""
    shutil.rmtree("st", ignore_errors=True)
    shutil.copytree("good", "st")
    for name, number in one:
        try:
            DEEDS[name](Path("st"), random.Random(number))
        except OSError:
            return  # the folder is past such a deed
    try:
        with Store("st") as store:
            _use(store)
    except AssertionError:
        raise
    except Exception as error:
        refusal(error)


def _use(store: Store) -> None:
    assert len(store) == len(store.keys())
    for row in store.ranges("f"):
        assert row.family == "f"
        assert type(row.start) is type(row.stop) is int
    for k, key in enumerate(_KEYS):
        found = store.get(key)
        for name, array in (found or {}).items():
            np.testing.assert_array_equal(array, _ARRAYS[name])
        store.meta(key)
        store.get_partial(key)
        lock = store.lock(key)
        if lock is not None:
            with lock:
                store.put_partial(Row(key, "f", k, k + 1), _ARRAYS)
                store.put(Row(key, "f", k, k + 1), _ARRAYS, {"x": 1})
            assert store.get(key) is not None
    store.verify()

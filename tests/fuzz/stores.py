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

import xarray as xr

import tegum as tg
from tegum.store import Store
from tegum.store.files import decode, encode

from . import refusal
from ._words import PROBLEM, TRAINING

#: What is done to the folder, and a number that picks how.
Input = list[tuple[str, int]]

_FILES = ("x", "x.safetensors", "\udcff.safetensors", "é\n.safetensors", ".tmp-x-1-0", ".tmp-")
_FILES += (".tmp-x-y-z", "\x1b[31m.safetensors", "f-0-1.safetensors")
_CONTENTS = (
    b"",
    b"x",
    b"\xff" * 100,
    b"{}",
    b"SQLite format 3\0" + b"\0" * 84,
    b"\x01" + b"\0" * 7,
)
_VALUES: tuple[Any, ...] = (None, True, 0, -1, 1, 2**70, 1e300, float("nan"), float("inf"), "", "x")
_VALUES += ("\ud800", "a\nb", [], {}, [[]], "9" * 5000)
_TEXTS = ("{", "[" * 5000, "9" * 5000, "\x00", '"\\ud800"', "[]", "null", "NaN", '{"self":1}')


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
            for seeds in (1, 3):
                trained("good", seeds)
            yield
    finally:
        log.disabled = before


def trained(store: str | None, seeds: int = 3) -> xr.Dataset:
    """The same models, wherever they come from."""
    return tg.train(PROBLEM, training=TRAINING, seeds=seeds, store=store, jobs=1, progress=False)


def _file(store: Path, rng: random.Random) -> Path:
    """One of the files; no pipe, which nobody would end. OSError where there is none any more."""
    files = sorted(path for path in store.rglob("*") if path.is_file())
    if not files:
        raise FileNotFoundError(store)
    return rng.choice(files)


def _folder(store: Path, rng: random.Random) -> Path:
    return rng.choice([*sorted(path for path in store.iterdir() if path.is_dir()), store])


def _remove(store: Path, rng: random.Random) -> None:
    _file(store, rng).unlink(missing_ok=True)


def _remove_folder(store: Path, rng: random.Random) -> None:
    folder = _folder(store, rng)
    if not folder.is_symlink():
        shutil.rmtree(folder)


def _cut(store: Path, rng: random.Random) -> None:
    path = _file(store, rng)
    whole = path.read_bytes()
    path.write_bytes(whole[: rng.choice((0, 7, 8, 9, rng.randrange(len(whole) + 1)))])


def _foreign(store: Path, rng: random.Random) -> None:
    (_folder(store, rng) / rng.choice(_FILES)).write_bytes(rng.choice(_CONTENTS))


def _other_kind(store: Path, rng: random.Random) -> None:
    """A folder, a pipe or a link in place of a file or a folder."""
    target = rng.choice((_file(store, rng), _file(store, rng), _folder(store, rng)))
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    make = (
        target.mkdir,
        lambda: os.mkfifo(target),
        lambda: target.symlink_to("nowhere"),
        lambda: target.symlink_to(target.name),
        target.touch,
    )
    rng.choice(make)()


def _other_name(store: Path, rng: random.Random) -> None:
    """A file under the name of another, or of none."""
    path, other = _file(store, rng), _file(store, rng)
    shutil.copyfile(path, other if rng.random() < 0.5 else path.with_name(rng.choice(_FILES)))


def _header(store: Path, rng: random.Random) -> None:
    """A file whose JSON says something else, in a header of the right length."""
    path = _file(store, rng)
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    try:
        header = json.loads(raw[8 : 8 + size])
        meta = json.loads(header["__metadata__"]["tegum"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    if not isinstance(meta, dict):  # an earlier deed
        return
    kind = rng.randrange(4)
    if kind == 0:
        header["__metadata__"]["tegum"] = rng.choice(_TEXTS)
    elif kind == 1:
        header[rng.choice(sorted(header))] = rng.choice(_VALUES)
    elif kind == 2:
        entry = header[rng.choice(sorted(set(header) - {"__metadata__"}))]
        entry[rng.choice(sorted(entry) or ["x"])] = rng.choice(
            (*_VALUES, [0, 10**12], [2**62], "F64")
        )
    else:
        meta[rng.choice([*meta, "x"])] = rng.choice(_VALUES)
        header["__metadata__"]["tegum"] = json.dumps(meta)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + size :])


def _sealed(store: Path, rng: random.Random) -> None:
    """A file with a right checksum over metadata that are not ours."""
    path = _file(store, rng)
    try:
        arrays, meta = decode(path.read_bytes())
        meta[rng.choice([*meta, "x"])] = rng.choice(_VALUES)
        raw = encode(arrays, meta)
    except (tg.TegumError, ValueError):
        return
    path.write_bytes(raw)


DEEDS: dict[str, Callable[[Path, random.Random], None]] = {
    "remove": _remove,
    "remove folder": _remove_folder,
    "cut": _cut,
    "foreign": _foreign,
    "other kind": _other_kind,
    "other name": _other_name,
    "header": _header,
    "sealed": _sealed,
}


def attempt(one: Input) -> None:
    """What is trained with the store has the bits of what is trained without, or it is refused."""
    shutil.rmtree("st", ignore_errors=True)
    shutil.copytree("good", "st")
    for name, number in one:
        try:
            DEEDS[name](Path("st"), random.Random(number))
        except OSError:
            break  # the folder is past such a deed
    try:
        found = trained("st")
        store = Store("st")
        len(store)
        store.verify()
        again = trained("st")
    except Exception as error:
        refusal(error)
        return
    finally:
        if Path("st").is_symlink() or not Path("st").is_dir():
            Path("st").unlink(missing_ok=True)
    # a file with a right checksum may name any machine
    xr.testing.assert_identical(_anywhere(found), _anywhere(trained(None)))
    assert found.attrs["machine"].isprintable()
    xr.testing.assert_identical(again, found)


def _anywhere(runs: xr.Dataset) -> xr.Dataset:
    return runs.drop_vars("machine", errors="ignore").assign_attrs(machine="")

"""Disks that fill up, and folders that are taken away, under a training with a store."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from children import Ended, Tally, fork, wait
from runs import Case, Run
from small_disk import small_disk

import tegum as tg


def full_disks(case: Case, number: int, seed: int, until: float) -> Iterator[Tally]:
    """Disks with a random rest of room; then there is room, and the same run goes through."""
    rng = np.random.default_rng([seed, 3])
    tally = Tally("a disk that fills up under store and result, then room and run again")
    for k in range(number):
        if time.monotonic() > until:
            break
        run = case.runs[k % len(case.runs)]
        place = case.place()
        try:
            with small_disk(place / "disk", "1m") as disk:
                tally.tried += 1
                rest = int(rng.uniform(0, 350e3))
                (disk / "filler").write_bytes(bytes(2**20 - 65_536 - rest))
                log = place / "log"
                child = fork(lambda run=run, disk=disk: run(disk / "store", disk / "out.nc"), log)
                _judge(case, run, disk / "out.nc", wait(child, log), tally)
                (disk / "filler").unlink()
                _again(case, run, disk, log, tally)
        except pytest.skip.Exception as why:
            tally.add(f"not tried: {why}")
            break
    yield tally


def folders(case: Case, number: int, seed: int, until: float) -> Iterator[Tally]:
    """The store is renamed, or removed file by file, at a random moment; then run again."""
    rng = np.random.default_rng([seed, 4])
    tally = Tally("the store's folder taken away at a random moment, then run again")
    for k in range(number):
        if time.monotonic() > until:
            break
        tally.tried += 1
        run = case.runs[k % len(case.runs)]
        place = case.place()
        store, log = place / "store", place / "log"
        child = fork(lambda run=run, place=place: run(place / "store", place / "out.nc"), log)
        time.sleep(rng.uniform(0, case.seconds[run.name]))
        if k % 4 < 2:
            shutil.rmtree(store, ignore_errors=True)
        elif store.exists():
            store.rename(place / "elsewhere")
        _judge(case, run, place / "out.nc", wait(child, log), tally)
        _again(case, run, place, log, tally)
        shutil.rmtree(place)
    yield tally


def _again(case: Case, run: Run, place: Path, log: Path, tally: Tally) -> None:
    """Nothing is in the way now."""
    again = wait(fork(lambda: run(place / "store", place / "out.nc"), log), log)
    if not (again.done and case.is_right(run, tg.load(place / "out.nc"))):
        tally.add("wrong when run again", wrong=True, detail=f"{again.code} {again.said}")


def _judge(case: Case, run: Run, out: Path, ended: Ended, tally: Tally) -> None:
    if out.exists() and not case.is_right(run, tg.load(out)):
        tally.add("left a wrong file", wrong=True, detail=os.fspath(out))
    elif ended.done and out.exists():
        tally.add("got through with the right bits")
    elif ended.refused:
        tally.add("ended with one line")
    else:
        tally.add("ended otherwise", wrong=True, detail=f"{ended.code} {ended.said}")

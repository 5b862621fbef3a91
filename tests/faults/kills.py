"""Trainings that are killed at random moments and run again until they get through."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import small_kernel
from children import Tally, fork, killed_after, wait
from runs import Case, Run

import tegum as tg
from tegum.store import Store


def run(case: Case, number: int, seed: int, until: float) -> Iterator[Tally]:
    """`number` kills of each engine's training in turn, shared out evenly."""
    rng = np.random.default_rng([seed, 1])
    for run in case.runs:
        tally = Tally(f"SIGKILL in a training with a store, {run.name} engine; then run again")
        rounds = 0
        while tally.tried < number // len(case.runs) and time.monotonic() < until:
            rounds += 1
            _until_through(case, run, rng, tally)
        tally.found["trainings run again until through"] += rounds
        yield tally


def compiling(case: Case, number: int, seed: int, until: float) -> Iterator[Tally]:
    """`number` kills of processes that compile and keep a small kernel; then others call it."""
    rng = np.random.default_rng([seed, 5])
    tally = Tally("SIGKILL while a kernel is compiled and kept; then called")
    began = time.perf_counter()
    small_kernel.kept(case.place())
    seconds = time.perf_counter() - began  # of one that compiles and one that reads
    for _ in range(number):
        if time.monotonic() > until:
            break
        place = case.place()
        moment = rng.uniform(0, seconds)
        ended = killed_after(lambda at=place: small_kernel.add(at), place / "log", moment)
        tally.tried += ended.killed
        first, second = small_kernel.called(place), small_kernel.called(place)
        if not (first.done and second.said == "0"):
            tally.add("not called or not kept", wrong=True, detail=f"{first} {second}")
        tally.found["had been kept" if first.said == "0" else "compiled again"] += ended.killed
        shutil.rmtree(place)
    yield tally


def _until_through(case: Case, run: Run, rng: np.random.Generator, tally: Tally) -> None:
    """Kill one training again and again; then look at all that it left."""
    place = case.place()
    store, out, log = place / "store", place / "out.nc", place / "log"
    shutil.copy(
        case.folder / "first.nc", out
    )  # of another run: it stays until the new one is whole
    before = out.read_bytes()
    through = False
    for _ in range(6):
        ended = killed_after(
            lambda: run(store, out), log, rng.uniform(0, 1.1 * case.seconds[run.name])
        )
        if ended.killed:
            tally.tried += 1
            kept = (store / "partial").is_dir() and any((store / "partial").glob("*.safetensors"))
            tally.found["left a cut-off unit"] += kept
            if out.read_bytes() != before and not case.is_right(run, tg.load(out)):
                tally.add("left a wrong file", wrong=True, detail=str(out))
            continue
        through = ended.done
        if not ended.done:
            tally.add("ended otherwise", wrong=True, detail=f"{ended.code} {ended.said}")
        break
    if not through:
        began = time.monotonic()
        ended = wait(fork(lambda: run(store, out), log), log)
        if not ended.done:
            tally.add("did not get through", wrong=True, detail=f"{ended.code} {ended.said}")
            return
        case.took(run, time.monotonic() - began)
    _look(case, run, place, tally)
    shutil.rmtree(place)


def _look(case: Case, run: Run, place: Path, tally: Tally) -> None:
    if not case.is_right(run, tg.load(place / "out.nc")):
        tally.add("got other bits", wrong=True, detail=str(place))
    store = Store(place / "store")
    if store.verify() or store.damaged:
        tally.add("left a damaged unit", wrong=True, detail=str(place))
    left = [path for path in place.rglob("*") if path.name.startswith(".")]
    if left:
        tally.add("left a temporary file", wrong=True, detail=str(left))
    if any((place / "store" / "partial").iterdir()):
        tally.add("left a cut-off unit of a finished one", wrong=True, detail=str(place))

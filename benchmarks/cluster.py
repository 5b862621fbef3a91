"""What workers elsewhere cost, measured with two of them here, and simulated for thousands.

    python benchmarks/cluster.py [--units 500] [--tiny 10000] [--out benchmarks/CLUSTER.md]

Overhead: the same orders are carried out one after another in this process and by two workers of a
pool, with and without a store; ideal is half of the first. Planning: how long it takes to cut 10^6
units. Simulation: a driver that serves one worker at a time with the costs that were measured, and
workers that train, and now and then die with what they had.
"""

from __future__ import annotations

import argparse
import heapq
import math
import resource
import tempfile
import time
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import describe

import tegum as tg
from tegum.engines import get_engine
from tegum.ensemble import work
from tegum.ensemble.elsewhere import Elsewhere
from tegum.ensemble.grid import Grid
from tegum.ensemble.solve import Ensemble, Solver
from tegum.executors import executor
from tegum.store import Store

OUT = Path(__file__).with_name("CLUSTER.md")
PROBLEM = tg.Problem(tg.Independent(5, 0.05), tg.ReLUOutput(2))
WORKERS = 2
#: Of a cluster: failures of one worker, and how long until another has its place.
FAILURES_PER_HOUR, GONE_SECONDS = 0.01, 120.0
#: Units of one simulation.
MOST_UNITS = 100_000
HEADS = ("work", "units", "alone, s", "ideal of two, s", "by two workers, s", "of the ideal")


def ensemble(steps: int, seeds: int) -> Ensemble:
    """Models of one problem."""
    grid = Grid(PROBLEM, tg.Training(steps=steps, curve_points=0), None)
    return Ensemble(get_engine("sampled"), grid, seeds, 0, None)


def alone(of: Ensemble, store: str | None) -> float:
    """Seconds of all units in this process, one after another, on one thread."""
    start = time.perf_counter()
    _Cut(of, None if store is None else Store(store), 1, lambda *_: None).solve()
    return time.perf_counter() - start


class _Cut(Solver):
    """In this process, but cut as for workers."""

    def _parts_in_use(self, first: int, n_points: int) -> list[tuple[str, int, int]]:
        return list(self._parts(first, n_points))


def elsewhere(of: Ensemble, store: str | None, workers: Executor) -> float:
    """Seconds of all units by the workers."""
    start = time.perf_counter()
    Elsewhere(of, None if store is None else Store(store), 1, lambda *_: None, workers).solve()
    return time.perf_counter() - start


def steps_that_take(seconds: float) -> int:
    """Of one model, on one thread."""
    of = ensemble(20_000, 1)
    alone(of, None)
    return round(20_000 * seconds / min(alone(of, None) for _ in range(3)))


def overhead(name: str, of: Ensemble, workers: Executor, kept: bool) -> tuple[str, float]:
    """A row, and the seconds that a unit costs this process beyond the work itself.

    The work of a unit is what it took alone: `steps_that_take` is right for a machine at rest.
    """
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        apart = elsewhere(of, other if kept else None, workers)
        here = alone(of, one if kept else None)
    ideal = here / WORKERS
    each = here / of.seeds
    work = (f"{1e3 * each:.2g} ms" if each < 0.1 else f"{each:.2f} s") + name
    row = f"| {work} | {of.seeds} | {here:.1f} | {ideal:.1f} | {apart:.1f} | {apart / ideal:.2f} |"
    return row, max(0.0, apart - ideal) / of.seeds


def planning(units: int) -> str:
    """How long it takes to cut so many units, and the memory of this process by then."""
    of = ensemble(2_500_000, units)  # of so many steps each model is a unit
    with tempfile.TemporaryDirectory() as folder:
        solver = Elsewhere(of, Store(folder), 1, lambda *_: None, _Nobody())
        start = time.process_time()
        count = sum(1 for _ in solver._missing())
        seconds = time.process_time() - start
    assert count == units
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{units} units are cut in {seconds:.1f} s of CPU; this process has {memory:.0f} MB then."
    )


class _Nobody(Executor):
    """Takes nothing: units are counted only."""


@dataclass(frozen=True)
class Cluster:
    """What is simulated."""

    workers: int
    unit_seconds: float
    driver_seconds: float


def simulated(of: Cluster, total: float, rng: np.random.Generator) -> tuple[float, float]:
    """Efficiency and units/s of `total` seconds of work for each worker.

    The driver gives one order and takes one answer at a time; a worker has its next order while it
    is at one. Times of units are lognormal with a spread of a fifth. A worker that dies loses its
    unit, which another does, and is gone for a while.
    """
    todo = max(1, math.ceil(of.workers * total / of.unit_seconds))
    units, lost, free, end = todo, 0, 0.0, 0.0
    ready = [(0.0, worker) for worker in range(of.workers)]  # when each wants its next unit
    while todo and ready:
        now, worker = heapq.heappop(ready)
        free = max(free, now) + of.driver_seconds
        # the order was there before, if the driver kept up: two are out for each worker
        begin = max(now, free - of.unit_seconds)
        took = of.unit_seconds * rng.lognormal(0.0, 0.2)
        dies = rng.exponential(3600.0 / FAILURES_PER_HOUR)
        if dies < took:
            lost += 1
            heapq.heappush(ready, (begin + dies + GONE_SECONDS, worker))
            continue
        todo -= 1
        end = max(end, begin + took)
        heapq.heappush(ready, (begin + took, worker))
    ideal = units * of.unit_seconds * math.exp(0.02) / of.workers
    return ideal / end, units / end


def table(driver_seconds: float) -> list[str]:
    """Efficiency by the number of workers and the seconds of a unit."""
    rng = np.random.default_rng(0)
    sizes = (0.1, 1.0, 10.0, 100.0, 1000.0)
    lines = ["| workers | " + " | ".join(f"{size:g} s" for size in sizes) + " |"]
    lines.append("| --: |" + " :-- |" * len(sizes))
    for workers in (1, 100, 10_000):
        cells = []
        for size in sizes:
            total = max(5 * size, min(600.0, MOST_UNITS * size / workers))
            share, rate = simulated(Cluster(workers, size, driver_seconds), total, rng)
            cells.append(f"{share:.2f} ({rate:.3g}/s)")
        lines.append(f"| {workers} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Measure, simulate, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=500)
    parser.add_argument("--tiny", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    work._ORDER_WORK = 1  # type: ignore[misc]  # every model is a unit of its own here
    half, tiny = steps_that_take(0.5), steps_that_take(0.001)
    rows: list[str] = []
    with executor(f"processes:{WORKERS}") as workers:
        elsewhere(ensemble(10, 8), None, workers)  # started, kernels loaded
        costs: list[float] = []
        for name, steps, units, kept in (
            ("", half, asked.units, False),
            (", kept in a store", half, asked.units, True),
            ("", tiny, asked.tiny, False),
        ):
            row, cost = overhead(name, ensemble(steps, units), workers, kept)
            rows.append(row)
            costs.append(cost)
            print(row, flush=True)
    plan = planning(1_000_000)
    text = _TEXT.format(
        heads=" | ".join(HEADS),
        rule=" :-- |" + " --: |" * (len(HEADS) - 1),
        rows="\n".join(rows),
        plan=plan,
        cost=1e3 * costs[-1],
        table="\n".join(table(costs[-1])),
        failures=FAILURES_PER_HOUR,
        gone=GONE_SECONDS,
        machine="{cpu}, {cores} cores, {system}".format(**describe()),
        most=MOST_UNITS,
    )
    asked.out.write_text(text, "utf-8")
    print(text)


_TEXT = """# Workers elsewhere

`python benchmarks/cluster.py`. {machine}

| {heads} |
|{rule}
{rows}

"Alone" is the same units in one process, one after another, on one thread; the pool has two
workers. {plan}

## Simulated

A driver that gives and takes one unit at a time, {cost:.2f} ms each, as measured above with the
smallest; workers die {failures} times an hour, with their unit, and return after {gone:.0f} s.
Efficiency is the work divided by what all workers could have done until the last unit is done, at
ten minutes of work for each, but at least five units and at most {most} of them all; in brackets
units per second, each of which is a file in the store.

{table}

What follows for the size of a unit: ten seconds, which is what workers elsewhere are given
(`ensemble/work.py`). A tenth of that holds up hundreds of workers; with ten times that the last
unit of each is much of its work, and a worker that dies loses minutes. Thousands of workers want
several drivers, each with axes of its own, on one store. (With a handful of units, times drawn by
chance may come to more or less than their mean.)
"""


if __name__ == "__main__":
    main()

"""Solves an ensemble unit by unit: what a store has is read, what it lacks is computed and kept."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.engines import COMPILED
from tegum.engines.base import Batch, Engine
from tegum.ensemble.slices import Results, run_unit
from tegum.ensemble.work import (
    Unit,
    about,
    blocks,
    cut,
    family_of,
    longest_at,
    next_start,
    order_size,
    points_per_order,
    points_per_unit,
    unit_size,
)
from tegum.errors import Interrupted
from tegum.store import Row

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tegum.ensemble.given import Given
    from tegum.ensemble.grid import Grid
    from tegum.ensemble.progress import Progress
    from tegum.store import Store

_WAIT_SECONDS: Final = 0.2
#: The machine of a unit that does not say.
UNKNOWN: Final = "unknown"
_LONGEST: Final = 100


@dataclass(frozen=True, eq=False)
class Ensemble:
    """What is trained: every point of a grid with `seeds` seeds, from given weights if any."""

    engine: Engine
    grid: Grid
    seeds: int
    run_seed: int
    given: Given | None = None

    def __len__(self) -> int:
        return len(self.grid) * self.seeds


class Solver:
    """The units of one ensemble, and the arrays (points, seeds, ...) that they fill."""

    def __init__(
        self, ensemble: Ensemble, store: Store | None, jobs: int, report: Progress
    ) -> None:
        self._of, self._grid = ensemble, ensemble.grid
        self._store, self._jobs, self._report = store, jobs, report
        self._steps = ensemble.grid.training.steps
        self._done, self._total = 0, len(ensemble) * self._steps
        self._told = 0
        self._arrays: dict[str, NDArray[Any]] = {}
        self._machines = np.zeros((len(self._grid), ensemble.seeds), np.int16)
        self._known: dict[str, int] = {}

    def machines(self) -> tuple[list[str], NDArray[np.int16]]:
        """The machines that solved it, sorted, and whose each instance is, (points, seeds)."""
        names = sorted(self._known)
        place = np.array([names.index(name) for name in self._known], np.int16)
        return names, place[self._machines]

    def solve(self) -> Results:
        """Every result, by name, of shape (points, seeds, ...)."""
        queue = deque(self._missing())
        self._tell(self._done)
        refused = 0
        while queue:
            unit = queue.popleft()
            lock = nullcontext() if self._store is None else self._store.lock(unit.row.key)
            if lock is not None:
                self._complete(unit, lock)
                refused = 0
                continue
            # another process is at it: do the rest first, then wait for its result
            queue.append(unit)
            refused += 1
            if refused >= len(queue):
                time.sleep(_WAIT_SECONDS)
                self._tell(self._done)
        return self._arrays

    def interrupted(self) -> Interrupted:
        """What is to be said of Ctrl-C: how far it came, what is kept, how to go on."""
        far = f"train: stopped after {100 * self._told / max(self._total, 1):.0f} % of the steps"
        if self._store is None:
            keep = (
                "nothing is kept; with store='FOLDER' the same call would go on from where it was"
            )
        else:
            keep = f"{str(self._store.path)!r} keeps them; the same call goes on from there"
        return Interrupted(f"{far}; {keep}")

    def _tell(self, done: int) -> None:
        self._told = done
        self._report(done, self._total)

    def _missing(self) -> Iterator[Unit]:
        """Place what the store has, and give the rest in units."""
        problem, training = self._grid.problem, self._grid.training
        size = unit_size(problem, training)
        for first, n_points in blocks(0, len(self._grid), points_per_unit(size)):
            family = self._family(first, n_points)
            for low, stop in self._not_stored(family, first, n_points, (0, self._of.seeds)):
                parts = self._parts_in_use(first, n_points)
                if parts:
                    for part in parts:
                        for rest in self._not_stored(*part, (low, stop)):
                            yield from self._cut(*part, rest)
                else:
                    longest = max(1, size // n_points)
                    yield from cut(first, n_points, Row(family, low, stop), longest)

    def _parts(self, first: int, n_points: int) -> Iterator[tuple[str, int, int]]:
        """The blocks of points that workers elsewhere are given, with their families."""
        block = points_per_order(order_size(self._grid.problem, self._grid.training))
        for begin, count in blocks(first, first + n_points, block):
            yield self._family(begin, count), begin, count

    def _parts_in_use(self, first: int, n_points: int) -> list[tuple[str, int, int]]:
        """The parts of a block of points, if workers elsewhere have been at some of it."""
        if self._store is None:
            return []
        parts = list(self._parts(first, n_points))
        return parts if any(self._store.ranges(family) for family, _, _ in parts) else []

    def _cut(
        self, family: str, first: int, n_points: int, seeds: tuple[int, int]
    ) -> Iterator[Unit]:
        """The units of a block of points that is worked on elsewhere."""
        return cut(first, n_points, Row(family, *seeds), max(1, self._order_size() // n_points))

    def _order_size(self) -> int:
        """How many instances a worker elsewhere is given, unless one point alone has more."""
        return order_size(self._grid.problem, self._grid.training)

    def _family(self, first: int, n_points: int) -> str:
        problems, trainings = self._grid.points(first, first + n_points)
        given = None if self._of.given is None else self._of.given.digest(first, n_points)
        return family_of(self._of.engine, problems, trainings, self._of.run_seed, given)

    def _not_stored(
        self, family: str, first: int, n_points: int, seeds: tuple[int, int]
    ) -> Iterator[tuple[int, int]]:
        """Place the stored seed ranges of a family of points, and give the others."""
        rows = [] if self._store is None else self._store.ranges(family)
        position, end = seeds
        while position < end:
            row = longest_at(rows, position)
            if row is None:
                stop = next_start(rows, position, end)
                yield position, stop
                position = stop
            elif self._take(Unit(first, n_points, row)):
                stop = min(row.stop, end)
                self._done += n_points * (stop - position) * self._steps
                position = stop
            else:
                rows.remove(row)

    def _take(self, unit: Unit) -> bool:
        """Place a stored unit; false when it is absent or damaged."""
        found = None if self._store is None else self._store.find(unit.row.key)
        if found is None:
            return False
        results, meta = found
        self._place(unit, results, _machine(meta.get("machine")))
        return True

    def _complete(self, unit: Unit, lock: AbstractContextManager[Any]) -> None:
        """Compute and keep a unit, unless another process has done so since we looked."""
        with lock:
            if not self._take(unit):
                results, machine = self._compute(unit), self._of.engine.machine
                self._keep(unit, results, machine)
                self._place(unit, results, machine)
        self._done += unit.n_instances * self._steps
        self._tell(self._done)

    def _compute(self, unit: Unit) -> Results:
        problems, trainings = self._grid.points(unit.first, unit.first + unit.n_points)
        seeds = range(unit.row.start, unit.row.stop)
        given = self._of.given
        start = None if given is None else given.rows(unit.first, unit.n_points, seeds)
        run_seed = self._of.run_seed
        batch = Batch(self._grid.problem, problems, trainings, tuple(seeds), run_seed, start)
        if self._of.engine.name in COMPILED and not self._arrays:
            from tegum.engines import kernels  # which loads numba

            kernels.ahead(self._of.engine.name, batch)

        def on_progress(steps: int) -> None:
            self._tell(self._done + unit.n_instances * steps)

        return run_unit(
            self._of.engine,
            batch,
            jobs=self._jobs,
            on_progress=on_progress,
            store=self._store,
            row=unit.row,
        )

    def _keep(self, unit: Unit, results: Results, machine: str) -> None:
        if self._store is None:
            return
        of, grid = self._of, self._grid
        meta = about(of.engine, grid.problem, grid.training, unit.n_points, of.run_seed, machine)
        self._store.put(unit.row, results, meta)

    def _place(self, unit: Unit, results: Results, machine: str) -> None:
        """Copy a unit's results to where its points and seeds belong."""
        row, points = unit.row, slice(unit.first, unit.first + unit.n_points)
        stop = min(row.stop, self._of.seeds)
        self._machines[points, row.start : stop] = self._known.setdefault(machine, len(self._known))
        for name, array in results.items():
            shape = array.shape[1:]
            if name not in self._arrays:
                full = (len(self._grid), self._of.seeds, *shape)
                self._arrays[name] = np.empty(full, dtype=array.dtype)
            block = array.reshape(unit.n_points, row.stop - row.start, *shape)
            self._arrays[name][points, row.start : stop] = block[:, : stop - row.start]


def _machine(said: Any) -> str:
    """The machine that a stored unit names, if that can be the name of one."""
    named = isinstance(said, str) and said.isprintable() and 0 < len(said) <= _LONGEST
    return said if named else UNKNOWN

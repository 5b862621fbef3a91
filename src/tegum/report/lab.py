"""The laboratory an experiment works in: training bound to a store, cores and a display."""

from __future__ import annotations

import atexit
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import xarray as xr

    from tegum.ensemble.progress import Progress
    from tegum.problem import Problem
    from tegum.store import Store
    from tegum.training import Training

T = TypeVar("T")

#: Relative tolerance of expected losses: what is compared differs by more.
_SCORED: Final = 1e-6


@dataclass(frozen=True)
class TrainingRecord:
    """One call of `train`: how many models, of how many seeds, for how many steps."""

    models: int
    seeds: int
    run_seed: int
    steps: int
    seconds: float


@dataclass
class RunLab:
    """The `Lab` of a run; `run_seed` is added to that of every training an experiment asks for."""

    quick: bool = False
    fine: bool = False
    store: Store | None = None
    jobs: int | None = None
    run_seed: int = 0
    progress: Progress | Literal[False] = False
    executor: str | None = None
    records: list[TrainingRecord] = field(default_factory=list)

    def train(
        self,
        problem: Problem,
        axes: Mapping[str, Any] | None = None,
        training: Training | None = None,
        seeds: int = 1,
        seed: int = 0,
        start: xr.Dataset | None = None,
    ) -> xr.Dataset:
        """`tegum.train`, with the run's store, cores and progress display."""
        from tegum.ensemble import train
        from tegum.training import Training

        training = Training() if training is None else training
        seed = (seed + self.run_seed) % 2**64
        began = time.perf_counter()
        runs = train(
            problem, axes=axes, training=training, seeds=seeds, seed=seed, start=start,
            store=self.store, jobs=self.jobs, progress=self.progress,
            executor=None if self.executor is None else _kept(self.executor, self.jobs or 1),
        )  # fmt: skip
        seconds = time.perf_counter() - began
        models = math.prod(runs["loss"].shape)
        self.records.append(TrainingRecord(models, seeds, seed, training.steps, seconds))
        return runs

    def note(self, models: int, seeds: int, steps: int, seconds: float) -> None:
        """Count models that an experiment trained by a loop of its own."""
        self.records.append(TrainingRecord(models, seeds, self.run_seed, steps, seconds))

    def score(self, runs: xr.Dataset) -> xr.Dataset:
        """The runs with their expected losses, to a part in 10⁶, in place of held-out ones."""
        from tegum.loss.expected import scored

        return scored(runs, _SCORED, jobs=self.jobs)

    def pick(self, full: T, quick: T, fine: T | None = None) -> T:
        """The first of these in a full run, the second with `--quick`, the third with `--fine`."""
        if self.fine and fine is not None:
            return fine
        return quick if self.quick else full

    def quickly(self) -> Self:
        """The same for a quick run."""
        return replace(self, quick=True, fine=False)

    def take_records(self) -> tuple[TrainingRecord, ...]:
        """The trainings since the last call, which are forgotten here."""
        taken = tuple(self.records)
        self.records.clear()
        return taken


@lru_cache(maxsize=1)
def _kept(name: str, threads: int) -> Executor:
    """The executor of a name, for all trainings of this process."""
    from tegum.executors import executor

    made = executor(name, threads)
    atexit.register(made.shutdown, wait=False, cancel_futures=True)
    return made

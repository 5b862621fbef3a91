"""`tegum train`: any problem, from the command line to a file of trained models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import UseAppendAction, arg

from tegum.cli import describe, values
from tegum.cli.options import (
    Flag,
    Maybe,
    MaybeExecutor,
    MaybeFolder,
    MaybeWhole,
    Whole,
    at_least_one,
    interruptible,
    seed_in_range,
)
from tegum.cli.parts import said, typed, with_options
from tegum.cli.terminal import note
from tegum.errors import TegumError

if TYPE_CHECKING:
    from tegum.problem import Problem


def _unset(metavar: str) -> Any:
    return arg(metavar=metavar, help_behavior_hint="")


@dataclass(frozen=True)
class _Train:
    """Train models of any problem, over any axes and seeds, and save them as a Dataset file.

    The file is netCDF: `xarray.open_dataset(FILE)` reads it, and `tegum show FILE`. Numbers may be
    lists (1,0.3,0.1) or ranges (geom:1:0.01:50, lin:0:1:11), importances powers (0.9^i).

    Example: tegum train --features 5 --hidden 2 --probability 1 --importance 0.9^i
    --axis feature_probability=geom:1:0.01:20 --seeds 16 --out pentagon.nc
    """

    problem: Annotated[Maybe[Path], _unset("FILE.json")] = None
    """A problem as JSON, in place of the options that describe one; `tegum show --json` has it."""
    axis: Annotated[UseAppendAction[tuple[str, ...]], _unset("NAME=VALUES")] = ()
    """Sweep a number (repeatable): feature_probability, importance[1], learning_rate …
    `r:importance[1]=0.1,1,10` calls the axis r."""
    seeds: Whole = 1
    """Models at every axis point."""
    seed: Whole = 0
    """Seed of the run."""
    start: Annotated[Maybe[Path], _unset("FILE.nc")] = None
    """Trained models to go on from, at the same axis points and seeds, in place of random ones."""
    out: Annotated[Path, arg(metavar="FILE.nc")] = Path("tegum-run.nc")
    """File to write."""
    store: MaybeFolder = None
    """Folder that keeps finished work: a run that was stopped goes on from there."""
    jobs: MaybeWhole = None
    """Cores to use, all by default; with --executor those of each worker, 1 by default."""
    executor: MaybeExecutor = None
    """Who trains: processes:4, dask:tcp://HOST:8786, ray, slurm:partition=main,time=60."""
    json: Flag = False
    """Print the summary as JSON."""

    def run(self, arguments: list[str]) -> int:
        """Train, save, and print a row for each axis point."""
        from tegum.cli.show import print_runs
        from tegum.runs.files import check_target, load, save

        at_least_one("--jobs", self.jobs)
        seed_in_range("--seed", self.seed)
        axes = values.axes("--axis", self.axis)
        problem = self._problem(_sweeps_probability(axes))
        training = describe.training_of(said(vars(self)["training"]))
        makes = not self.out.parent.exists()
        check_target(self.out)
        if makes:
            note(f"made the folder {self.out.parent}")
        start = None if self.start is None else load(self.start)
        from tegum.ensemble import train
        from tegum.ensemble.progress import Display

        kept = "" if self.store is None else "the store keeps what is done"
        with interruptible(kept), Display() as display:
            runs = train(
                problem,
                axes,
                training,
                self.seeds,
                self.seed,
                start=start,
                store=self.store,
                jobs=self.jobs,
                progress=display,
                executor=self.executor,
            )
        save(runs, self.out)
        note(f"saved {self.out}")
        print_runs(runs, self.out, as_json=self.json)
        return 0

    def _problem(self, sweeps_probability: float | None) -> Problem:
        """The problem in the file that is named, or the one that the options describe."""
        parts = [vars(self)[name] for name in describe.ASKED]
        given = {name: value for part in parts for name, value in said(part).items()}
        if self.problem is None:
            return describe.problem_of(given, sweeps_probability)
        for part in parts:
            for name in said(part):
                other = typed(part, name)
                raise TegumError(f"--problem describes all of the problem; leave out {other}")
        return describe.read_problem(self.problem)


def _sweeps_probability(axes: dict[str, list[float] | tuple[str, list[float]]]) -> float | None:
    """The first probability of an axis that sets all of them, or None."""
    for name, given in axes.items():
        target, numbers = given if isinstance(given, tuple) else (name, given)
        if target == "feature_probability":
            return numbers[0]
    return None


#: With the options of a problem's parts and of a training, in groups.
Train: Any = with_options(_Train, describe.groups())

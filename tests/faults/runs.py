"""The trainings that are disturbed: small, of both engines, in units that are saved often."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import xarray as xr

import tegum as tg
from tegum.ensemble import slices, work

#: At most so many instances in a unit.
_UNIT = 2


def _problem(n: int, m: int) -> tg.Problem:
    return tg.Problem(tg.Independent(n, 0.3), tg.ReLUOutput(m))


SAMPLED = tg.Training(steps=600, batch_size=64, held_out=256, learning_rate=0.01, curve_points=3)
EXACT = tg.Training(engine="exact", steps=150, curve_points=3)


@dataclass(frozen=True)
class Run:
    """One training, to be kept in a store and saved as a file."""

    name: str
    problem: tg.Problem
    training: tg.Training

    def __call__(self, store: Path, out: Path) -> None:
        runs = tg.train(
            self.problem,
            {"feature_probability": [0.2, 0.5]},
            self.training,
            seeds=3,
            store=store,
            jobs=1,
            progress=False,
        )
        tg.save(runs, out)


@dataclass
class Case:
    """A folder to work in, the trainings, their right results and how long they take."""

    folder: Path
    runs: tuple[Run, ...] = (
        Run("sampled", _problem(5, 2), SAMPLED),
        Run("exact", _problem(3, 2), EXACT),
    )
    right: dict[str, xr.Dataset] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    made: int = 0

    @classmethod
    def prepared(cls, folder: Path) -> Case:
        """With kernels, results and times of undisturbed runs."""
        folder.mkdir()
        slices._SAVE_SECONDS, slices._SAVE_SHARE = 0.0, 1e9
        slices._SLICE_SECONDS = 0.05
        work._FEWEST = work._MOST = _UNIT
        case = cls(folder)
        for run in case.runs:
            run(folder / f"first-{run.name}", folder / "first.nc")  # compiles
            out = folder / f"right-{run.name}.nc"
            began = time.perf_counter()
            run(folder / f"right-{run.name}", out)
            case.seconds[run.name] = time.perf_counter() - began
            case.right[run.name] = tg.load(out)
        return case

    def copied(self, folder: Path) -> Case:
        """The same in another folder, for another process."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, seconds=dict(self.seconds))

    def took(self, run: Run, seconds: float) -> None:
        """A training got through alone: how long they take depends on what else is going on."""
        self.seconds[run.name] += 0.5 * (seconds - self.seconds[run.name])

    def place(self) -> Path:
        """An empty folder."""
        self.made += 1
        place = self.folder / f"place-{self.made}"
        place.mkdir()
        return place

    def is_right(self, run: Run, runs: xr.Dataset) -> bool:
        """To the bit."""
        right = self.right[run.name]
        return right.identical(runs) and all(
            right[name].to_numpy().tobytes() == runs[name].to_numpy().tobytes()
            for name in right.variables
        )

"""Models of features in sets, trained on samples and by exact descent, and one in the plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.dims import DENSITY, F64, FEATURE, HIDDEN
from tegum.experiments.base import Lab
from tegum.problem import Problem
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

TRAINED, EXACT = "trained", "exact"
ENGINES: Final = (TRAINED, EXACT)
#: Descent on the expected loss.
EXACT_TRAINING: Final = Training(engine="exact", curve_points=0)


def sampled_training(lab: Lab, steps: tuple[int, int]) -> Training:
    """Adam on a cosine to zero, in so many steps: (full, quick)."""
    return Training(
        steps=lab.pick(*steps), batch_size=1024, learning_rate=5e-3, schedule="cosine",
        curve_points=0,
        held_out=1024,  # the expected loss takes its place
    )  # fmt: skip


def by_engine(
    lab: Lab,
    problem: Problem,
    densities: tuple[float, ...],
    steps: tuple[int, int],
    seeds: Mapping[str, tuple[int, int]],
) -> dict[str, xr.Dataset]:
    """Models of both engines, (density, seed), with their expected losses; (full, quick)."""
    trainings = {TRAINED: sampled_training(lab, steps), EXACT: EXACT_TRAINING}
    runs = {
        engine: lab.train(problem, {DENSITY: densities}, training, lab.pick(*seeds[engine]))
        for engine, training in trainings.items()
    }
    return {**runs, TRAINED: lab.score(runs[TRAINED])}


def plain(W: xr.DataArray) -> F64:
    """W of one model as an array (hidden, feature)."""
    return np.asarray(W.transpose(HIDDEN, FEATURE).to_numpy(), dtype=np.float64)


def in_plane(W: F64) -> dict[str, Any]:
    """Columns of a table of one model W (2, feature), a row per feature; sets are of two."""
    number = np.arange(W.shape[1])
    return {FEATURE: number, "set": number // 2, "w0": W[0], "w1": W[1]}

"""The stages of a training: stretches between the times at which its loss falls fastest.

The paper sees "distinct regimes which are visible in the loss curve, with each regime corresponding
to a distinct geometric transformation".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import Float64, Int64
from numpy.typing import NDArray

from tegum.analysis.dynamics import Run, as_traces, each
from tegum.arguments import array, number
from tegum.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Width of the smoothing of the logarithm of the loss, in units of the logarithm of steps.
SMOOTHING: Final = 0.1
#: The least prominence of a peak of the rate, as a share of the highest.
PROMINENCE: Final = 0.05
#: Stages are looked for from this step on: Adam's first steps are like no others.
FIRST: Final = 20
#: Points of the even grid of log steps, enough for the smoothing.
_GRID: Final = 400
_COLUMNS: Final = ("stage", "start", "end", "settled", "loss", "rate")

Curve = Float64[NDArray[np.float64], "T"]
Steps = Int64[NDArray[np.int64], "T"]


def loss_rate(
    steps: Steps, loss: Curve, smoothing: float = SMOOTHING, first: int = FIRST
) -> tuple[Curve, Curve]:
    """−d ln L / d ln step on an even grid of ln step: how fast the loss falls.

    ln L is smoothed by a Gaussian in ln step. A rate of 1 means that the loss falls like 1/step.

    Args:
        steps: rising, (T,).
        loss: > 0, (T,).
        smoothing: the standard deviation of the Gaussian in ln step, > 0.
        first: the grid begins at this step.

    Returns:
        Steps and rates, each (400,).

    Raises:
        SpecError: for other values, and unless three or more steps are at `first` or later.

    Source: "Superposition and Learning Dynamics".
    """
    from scipy.ndimage import gaussian_filter1d  # type: ignore[attr-defined]

    number("loss_rate", "smoothing", smoothing, "must be > 0", lambda x: x > 0)
    steps, loss = np.asarray(steps), array("loss_rate", "loss", loss)
    if steps.ndim != 1 or not (np.diff(steps) > 0).all():
        raise SpecError.of("loss_rate", "steps", "must be a rising row", steps)
    if loss.shape != steps.shape or not ((loss > 0) & np.isfinite(loss)).all():
        rule = f"must be {len(steps)} finite numbers > 0, one per step"
        raise SpecError.of("loss_rate", "loss", rule, loss)
    after = steps >= max(first, 1)
    if after.sum() < 3:
        rule = f"must have three or more checkpoints from {first} on"
        raise SpecError.of("loss_rate", "steps", rule, steps)
    known = np.log(steps[after])
    grid = np.linspace(known[0], known[-1], _GRID)
    fine = np.interp(grid, known, np.log(loss[after]))
    spacing = grid[1] - grid[0]
    smooth = gaussian_filter1d(fine, smoothing / spacing, mode="nearest")
    return np.exp(grid), -np.gradient(smooth, spacing)


def stages(
    runs: xr.Dataset,
    *,
    smoothing: float = SMOOTHING,
    prominence: float = PROMINENCE,
    first: int = FIRST,
) -> pd.DataFrame:
    """The stages of every training: it goes from one to the next where its loss falls fastest.

    A fall is a peak of `loss_rate` over the logarithm of steps whose prominence is `prominence` of
    the highest or more. k falls make k + 1 stages.

    Args:
        runs: a Dataset of `train` with checkpoints, log-spaced for choice, or of `traces`.
        smoothing: see `loss_rate`.
        prominence: in (0, 1).
        first: see `loss_rate`.

    Returns:
        One row per training and stage: the axes' values and `seed`; `stage` from 0; its `start`
        and `end` in optimiser steps, the checkpoints nearest to the falls; `settled`, the
        checkpoint in it at which the loss falls slowest (the beginning of the first stage, the end
        of the last); the `loss` there; `rate`, the rate of the fall at its end, NaN for the last.
        Trainings that diverged have none.

    Raises:
        SpecError: for other values, or where the loss is not known or not > 0.

    Source: "Superposition and Learning Dynamics".
    """
    import pandas as pd

    number("stages", "prominence", prominence, "must be in (0, 1)", lambda x: 0 < x < 1)
    seen = as_traces(runs)
    if "loss" not in seen:
        raise SpecError.of("stages", "runs", "must hold loss", list(seen.data_vars))
    rows: list[dict[str, Any]] = []
    for run in each(seen):
        if np.isfinite(run.loss).all():
            at, rate = loss_rate(run.steps, run.loss, smoothing, first)
            rows += [{**run.at, **row} for row in _stages(run, at, rate, prominence)]
    axes = [str(dim) for dim in seen["dimensionality"].dims[:-2]]
    return pd.DataFrame(rows, columns=[*axes, *_COLUMNS])


def _stages(run: Run, at: Curve, rate: Curve, prominence: float) -> list[dict[str, Any]]:
    from scipy.signal import find_peaks  # type: ignore[attr-defined]

    highest = float(rate.max())
    falls = find_peaks(rate, prominence=prominence * highest)[0] if highest > 0 else []
    rows = []
    for stage, low in enumerate((0, *falls)):
        last = stage == len(falls)
        high = len(at) - 1 if last else int(falls[stage])
        slowest = low if stage == 0 else high if last else low + int(rate[low:high].argmin())
        start, end, settled = (_nearest(run.steps, at[k]) for k in (low, high, slowest))
        steps = (0 if stage == 0 else run.steps[start], run.steps[end], run.steps[settled])
        values = (stage, *steps, run.loss[settled], np.nan if last else rate[high])
        rows.append(dict(zip(_COLUMNS, values, strict=True)))
    return rows


def _nearest(steps: Steps, step: float) -> int:
    """The position of the checkpoint nearest to a step, by the ratio of the two."""
    return int(np.abs(np.log(np.maximum(steps, 1)) - np.log(step)).argmin())

"""How models change while they are trained: what each feature and the loss do at checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tegum.analysis import geometry
from tegum.analysis._changes import changes
from tegum.arguments import array, explained, number
from tegum.dims import CHECKPOINT, F64, FEATURE, I64
from tegum.errors import SpecError
from tegum.loss.expected import has_expected_loss, score, scored
from tegum.runs.models import models_of, stated_problem
from tegum.runs.schema import CHECKPOINTS, PROBLEM
from tegum.runs.shapes import check_dataset
from tegum.runs.weights import encoder_in

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: The levels of D_i where features are in antipodal pairs or not represented.
DIGONS: Final = (0.0, 0.5)
#: How far past the middle between two levels a feature must go to have changed level.
MARGIN: Final = 0.05
#: A jump lasts while D_i moves at this share, or more, of its fastest.
EDGE: Final = 0.1

_COLUMNS: Final = (
    *("feature", "from_level", "to_level", "start", "end", "before", "after"),
    *("loss_before", "loss_after", "loss_drop"),
)

#: The tolerance of expected losses that `traces` aims at.
_AIM: Final = 1e-6


def traces(
    runs: xr.Dataset, *, tolerance: float | None = None, jobs: int | None = None
) -> xr.Dataset:
    """Dimensionality, norm and expected loss at the checkpoints of a training.

    Unlike a loss curve the expected loss has no noise of samples, so that small drops show.

    Args:
        runs: a Dataset of `train` with `checkpoints`.
        tolerance: the error is to be at most this part of the expected loss, in (0, 1); by default
            1e-6 is aimed at.
        jobs: threads that work, >= 1; None for one on each core.

    Returns:
        `dimensionality` D_i and `norm` ‖W_i‖ (..., checkpoint, feature), and `loss`
        (..., checkpoint), the expected loss of the model as it was then. Directions of untied
        models are those of `W_in`. Models without an expected loss (see `expected_loss`) have no
        `loss`; assign one of your own.

    Raises:
        SpecError: for a Dataset without checkpoints, and for what `score` refuses.

    Source: "Superposition and Learning Dynamics".
    """
    import xarray as xr

    then = at_checkpoints(runs)
    W = encoder_in(then, "traces")
    found = {"dimensionality": geometry.dimensionality(W), "norm": geometry.norms(W)}
    if PROBLEM in then.attrs and _has_losses(then):
        if tolerance is None:
            found["loss"] = scored(then, _AIM, jobs=jobs)["loss"]
        else:
            found["loss"] = score(then, tolerance=tolerance, jobs=jobs)["loss"]
    lead = [dim for dim in found["norm"].dims if dim not in (CHECKPOINT, FEATURE)]
    return xr.Dataset(found, attrs=runs.attrs).transpose(*lead, CHECKPOINT, FEATURE)


def _has_losses(runs: xr.Dataset) -> bool:
    """Whether `score` takes a run."""
    if stated_problem(runs, "traces").model.only_torch:
        return False
    return has_expected_loss(*models_of(runs, "traces").problems)


def at_checkpoints(runs: xr.Dataset) -> xr.Dataset:
    """The models of all checkpoints as one Dataset.

    Args:
        runs: a Dataset of `train` with `checkpoints`.

    Returns:
        W (..., checkpoint, hidden, feature) and b: what `score`, `polish` and the tables of
        `tegum.runs.tables` take.

    Raises:
        SpecError: for a Dataset without checkpoints.

    Source: "Superposition and Learning Dynamics".
    """
    check_dataset("dynamics", runs)
    kept = {name: own for name, own in CHECKPOINTS.items() if name in runs}
    if not kept:
        rule = "must hold weights at checkpoints: train with Training(checkpoints=...)"
        raise SpecError.of("dynamics", "runs", rule, list(runs.data_vars))
    return runs[list(kept)].rename(kept)


@explained(example="tg.jumps(runs), runs with checkpoints")
def jumps(
    runs: xr.Dataset,
    *,
    levels: Sequence[float] = DIGONS,
    margin: float = MARGIN,
    edge: float = EDGE,
) -> pd.DataFrame:
    """The changes of level of D_i over training, and the loss drops that go with them.

    Levels meet halfway. A feature has changed level when its D_i has gone past the middle by
    `margin`; what turns back before is no change, and so is noise of less than twice that. The
    jump goes from the checkpoint `start` to `end`: as far around that as D_i moves on, between
    neighbouring checkpoints, at `edge` or more of its fastest. A slow change is found like a quick
    one.

    Args:
        runs: a Dataset of `train` with checkpoints, or of `traces`.
        levels: two or more, rising, in [0, 1]; neighbours more than 2 `margin` apart.
        margin: in units of D_i, > 0.
        edge: a share of the fastest, in (0, 1].

    Returns:
        One row per change in the order of runs and `start`: the axes' values and `seed`;
        `feature`; `from_level` and `to_level`; `start` and `end` in optimiser steps; D_i `before`
        and `after`, at these; `loss_before`, `loss_after` and `loss_drop`, their difference (NaN
        where the loss is not known, see `traces`). Changes that overlap in time share their drop.

    Raises:
        SpecError: for other values, or for a Dataset without checkpoints.

    Source: "Superposition and Learning Dynamics".
    """
    import pandas as pd

    known = _checked_levels(levels, margin)
    number("jumps", "edge", edge, "must be in (0, 1]", lambda x: 0 < x <= 1)
    seen = as_traces(runs)
    axes = [str(dim) for dim in seen["dimensionality"].dims[:-2]]
    rows: list[dict[str, Any]] = []
    for run in each(seen):
        found = [
            (feature, change)
            for feature, D in enumerate(run.dimensionality.T)
            for change in changes(D, run.steps, known, margin, edge)
        ]
        for feature, (low, high, was, now) in sorted(found, key=lambda pair: pair[1][0]):
            D, (before, after) = run.dimensionality[:, feature], run.loss[[low, high]]
            values = (feature, known[was], known[now], run.steps[low], run.steps[high])
            own = (*values, D[low], D[high], before, after, before - after)
            rows.append({**run.at, **dict(zip(_COLUMNS, own, strict=True))})
    return pd.DataFrame(rows, columns=[*axes, *_COLUMNS])


class Run(NamedTuple):
    """One training at its T checkpoints.

    Args:
        at: the axes' values and the seed.
        steps: of the checkpoints, rising, (T,).
        dimensionality: D_i in [0, 1], (T, feature).
        loss: (T,), NaN where it is not known.

    Source: "Superposition and Learning Dynamics".
    """

    at: dict[str, Any]
    steps: I64
    dimensionality: F64
    loss: F64


def each(seen: xr.Dataset) -> Iterator[Run]:
    """The trainings of a Dataset of `traces`, one after another.

    Args:
        seen: a Dataset of `traces`.

    Returns:
        An iterator over them, axes first, seeds last.

    Source: "Superposition and Learning Dynamics".
    """
    D = seen["dimensionality"]
    lead = D.dims[:-2]
    loss = seen["loss"] if "loss" in seen else D.isel({FEATURE: 0}, drop=True) * np.nan
    values, losses = D.to_numpy(), loss.transpose(*lead, CHECKPOINT).to_numpy()
    labels = [seen[dim].to_numpy() for dim in lead]
    steps = seen[CHECKPOINT].to_numpy().astype(np.int64)
    for where in np.ndindex(values.shape[:-2]):
        at = {str(dim): label[i] for dim, label, i in zip(lead, labels, where, strict=True)}
        yield Run(at, steps, values[where].astype(np.float64), losses[where].astype(np.float64))


def as_traces(runs: xr.Dataset) -> xr.Dataset:
    """A Dataset of `traces` as it is; the traces of another.

    Args:
        runs: a Dataset of `train` with checkpoints, or of `traces`.

    Returns:
        A Dataset of `traces`, (..., checkpoint, feature).

    Raises:
        SpecError: for a Dataset without checkpoints.

    Source: "Superposition and Learning Dynamics".
    """
    check_dataset("dynamics", runs)
    if "dimensionality" not in runs:
        runs = traces(runs)
    if CHECKPOINT not in runs["dimensionality"].dims:
        rule = f"must have the dimension {CHECKPOINT}"
        raise SpecError.of("dynamics", "runs", rule, runs["dimensionality"].dims)
    lead = [dim for dim in runs["dimensionality"].dims if dim not in (CHECKPOINT, FEATURE)]
    return runs.transpose(*lead, CHECKPOINT, FEATURE, ...)


def _checked_levels(levels: Sequence[float], margin: float) -> tuple[float, ...]:
    known = tuple(array("jumps", "levels", levels).ravel().tolist())
    if len(known) < 2 or not all(0 <= level <= 1 for level in known):
        raise SpecError.of("jumps", "levels", "must be two or more numbers in [0, 1]", levels)
    number("jumps", "margin", margin, "must be > 0", lambda x: x > 0)
    if any(high - low <= 2 * margin for low, high in pairwise(known)):
        rule = f"must rise by more than two margins of {margin:g}"
        raise SpecError.of("jumps", "levels", rule, levels)
    return known

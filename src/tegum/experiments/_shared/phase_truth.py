"""The true diagrams: the lowest exact loss over all weights and biases, cell by cell.

Each cell is solved from several random starts without any sampling; then neighbouring cells lend
each other their solutions until nothing gets lower, so that a basin found anywhere is tried
everywhere. What is left is the optimum, as far as many starts can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY, F64, FEATURE
from tegum.experiments._shared import phase_plane as plane
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments.base import Lab
from tegum.loss import polish
from tegum.runs.select import best
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: A solution of a neighbour replaces a cell's own if its loss is lower by this part.
_GAIN: Final = 1e-9
_ROUNDS: Final = 8
#: Cells along each side of the diagram of three features: (full, quick).
CELLS_THREE: Final = (30, 12)
#: Starts of each cell by the number of features: (full, quick). Once neighbours have lent theirs,
#: the losses of all cells are those of twice as many starts, to 5e-13.
_STARTS: Final = {2: (6, 4), 3: (6, 5)}


class Grid(NamedTuple):
    """A diagram: models of lowest loss (p, r), and what the cells' own starts had found.

    `own` (p, r) is their lowest loss, `others` (p, r, outcome) that of each outcome, infinite
    where no start had it.
    """

    best: xr.Dataset
    own: xr.DataArray
    others: xr.DataArray


def diagram(lab: Lab, n_features: int, points: int) -> Grid:
    """The optimum of every cell of a points × points grid."""
    axes, plan = plane.axes(n_features, points), Training(engine="exact", curve_points=0)
    seeds = lab.pick(*_STARTS[n_features])
    runs = lab.train(plane.problem(n_features), axes, plan, seeds=seeds)
    found = best(runs)
    return Grid(settled(found), found["loss"], lowest_by_outcome(runs))


def fates(W: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Length, superposition and outcome of the last feature of W (…, hidden, feature)."""
    import xarray as xr

    norm, shared = (f(W).isel({FEATURE: -1}) for f in (geometry.norms, geometry.superposition))
    return norm, shared, xr.apply_ufunc(plane.outcome, norm, shared)


def lowest_by_outcome(runs: xr.Dataset) -> xr.DataArray:
    """The lowest loss over seeds of models with each outcome, dims (…, outcome)."""
    import xarray as xr

    outcome = fates(runs["W"])[2]
    lowest = [
        runs["loss"].where(outcome == k, np.inf).min("seed") for k in range(len(plane.OUTCOMES))
    ]
    joined: xr.DataArray = xr.concat(lowest, "outcome")
    return joined.transpose(..., "outcome")


def settled(found: xr.Dataset, axes: tuple[str, ...] = (DENSITY, RATIO)) -> xr.Dataset:
    """`found`, one model per cell, after neighbours along `axes` have lent their solutions."""
    for _ in range(_ROUNDS):
        before = found["loss"]
        for axis in axes:
            for step in (1, -1):
                found = _lower(found, _lent(found, axis, step))
        if not (found["loss"] < before * (1 - _GAIN)).any():
            break
    return found


def _lent(found: xr.Dataset, axis: str, step: int) -> xr.Dataset:
    """Every cell's minimum as reached from the solution of its neighbour."""
    moved = {
        name: found[name].shift({axis: step}).fillna(found[name]).transpose(*found[name].dims)
        for name in ("W", "b")
    }
    return polish(found.assign(moved))


def _lower(found: xr.Dataset, other: xr.Dataset) -> xr.Dataset:
    take = other["loss"] < found["loss"] * (1 - _GAIN)
    chosen = {
        name: found[name].where(~take, other[name]).transpose(*found[name].dims)
        for name in ("W", "b", "loss")
    }
    return found.assign(chosen)


def map_table(grid: Grid) -> pd.DataFrame:
    """One row per cell: outcome, norm, superposition, loss, first_loss; with two features w1 … b2.

    `rival` is the lowest loss that a start with another outcome had, infinite if none had. Three
    features have `triangle` instead of weights: whether all are represented, and no two of them
    antipodal.
    """
    found = grid.best.transpose(DENSITY, RATIO, ...)
    W, b = found["W"].to_numpy(), found["b"].to_numpy()
    norm, shared, outcome = (a.to_numpy() for a in fates(found["W"]))
    others = grid.others.transpose(DENSITY, RATIO, "outcome").to_numpy()
    others = np.where(np.arange(others.shape[-1]) == outcome[..., None], np.inf, others)
    r, p = np.meshgrid(found[RATIO].to_numpy(), found[DENSITY].to_numpy())
    columns: dict[str, F64] = {
        "norm": norm,
        "superposition": shared,
        "loss": found["loss"].to_numpy(),
        "first_loss": grid.own.transpose(DENSITY, RATIO).to_numpy(),
        "rival": others.min(-1),
    }
    if found.sizes[FEATURE] == 2:
        w = plane.signed(W)
        columns |= {"w1": w[..., 0], "w2": w[..., 1], "b1": b[..., 0], "b2": b[..., 1]}
    else:
        shown = geometry.count_represented(W) == found.sizes[FEATURE]
        columns["triangle"] = shown & (geometry.count_antipodal_pairs(W) == 0)
    return plane.table(r, p, outcome=outcome, **columns)


def compared(truth: pd.DataFrame, theory: pd.DataFrame) -> pd.DataFrame:
    """The truth beside the theory: outcome_theory, loss_theory, margin, excess, agrees, gap.

    `excess` is by how much the theory's loss is above the truth, relatively; `gap`, by how much
    the lowest loss known of another outcome is, a minimum's or a candidate's.
    """
    same = np.isclose(truth[RATIO], theory[RATIO]) & np.isclose(truth[DENSITY], theory[DENSITY])
    assert same.all(), "cells in another order"
    agrees = truth["outcome"] == theory["outcome"]
    # a candidate of another outcome: of the runner-up where theory is right, or the winner itself
    other = theory["loss"] * (1 + theory["margin"]).where(agrees, 1.0)
    return truth.assign(
        outcome_theory=theory["outcome"],
        loss_theory=theory["loss"],
        margin=theory["margin"],
        excess=theory["loss"] / truth["loss"] - 1,
        agrees=agrees,
        gap=np.minimum(other, truth["rival"]) / truth["loss"] - 1,
    )

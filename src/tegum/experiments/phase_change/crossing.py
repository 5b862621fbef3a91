"""Across the boundary of superposition, with biases: where the optimum jumps, and what coexists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY, F64, FEATURE, HIDDEN
from tegum.experiments._shared import phase_plane as plane
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments._shared.phase_truth import settled
from tegum.experiments.base import Lab, Tables
from tegum.loss import polish
from tegum.runs.select import best
from tegum.theory.sparse_expansion import loss_one, loss_two, loss_zero
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Relative importances at which the boundary is crossed, in a full and in a quick run.
CROSSED: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 2.0, 5.0, 10.0)
CROSSED_QUICK: Final = (0.1, 0.5, 1.0, 10.0)
#: The relative importance whose two minima are shown.
SHOWN: Final = 0.5
#: Relative distances from the boundary at which both minima are looked for.
NEAR: Final = (-0.02, -0.01, -0.005, -0.001, 0.001, 0.005, 0.01, 0.02)
#: Starts of each model: half of them have weights of one sign and end elsewhere.
SEEDS: Final = 32
#: Names of the two kinds of minima: the shorter feature is long, or it is lost (or nearly so).
PAIR, LOST = "superposition", "feature lost"
#: Shorter features are no features: their sign means nothing.
_NOTHING: Final = 1e-3
#: How far weights are moved to see whether they are at a minimum.
_NUDGE: Final = 0.03
#: Between these p the boundary is looked for; the interval with the largest change, one of three
#: times so many at first, is cut in so many, so many times.
_LOWEST, _HIGHEST = 0.02, 1.0
_PARTS, _ZOOMS = 16, 3
#: Width of the last interval.
WIDTH: Final = (_HIGHEST - _LOWEST) / (3 * _PARTS) / _PARTS**_ZOOMS


def tables(lab: Lab) -> Tables:
    """`transitions`, one row per relative importance, `coexisting` and `branches`."""
    import pandas as pd

    jumps = pd.DataFrame([transition(lab, r) for r in lab.pick(CROSSED, CROSSED_QUICK)])
    middle = (jumps["weak_sparse"] + jumps["weak_dense"]) / 2
    near = [
        branches(lab, r, p * (1 + np.array(NEAR)), split).assign(edge=p)
        for r, p, split in zip(jumps[RATIO], jumps[DENSITY], middle, strict=True)
    ]
    p = np.linspace(0.2, 0.8, lab.pick(121, 31))
    return {
        "transitions": jumps,
        "coexisting": pd.concat(near, ignore_index=True),
        "branches": branches(lab, SHOWN, p, 0.4),
    }


def transition(lab: Lab, r: float) -> dict[str, float]:
    """Where the optimum changes fastest with p, and what it is on both sides.

    Columns: the middle p and `width` of the last interval; on its sparse and dense side, `loss`,
    `slope` (∂L/∂p), `slope_r` (∂L/∂r) and `weak`, the length of the shorter feature.
    """
    low, high, parts = _LOWEST, _HIGHEST, 3 * _PARTS
    for _ in range(_ZOOMS + 1):
        p = np.linspace(low, high, parts + 1)
        rows = optima(lab, r, p)
        k = int(np.argmax(np.abs(np.diff(rows["weak"]))))
        low, high, parts = p[k], p[k + 1], _PARTS
    sides = {
        f"{name}_{side}": rows[name].iloc[k + i]
        for i, side in enumerate(("sparse", "dense"))
        for name in ("loss", "slope", "slope_r", "weak")
    }
    return {RATIO: r, DENSITY: (low + high) / 2, "width": high - low, **sides}


def optima(lab: Lab, r: float, p: F64) -> pd.DataFrame:
    """The optimum at each p: loss, slope, slope_r, w1, w2, weak."""
    found = settled(best(_trained(lab, r, p)), (DENSITY,)).transpose(DENSITY, ...)
    W, b, loss = (found[name].to_numpy() for name in ("W", "b", "loss"))
    return _rows(W, b, loss, r, p)


def branches(lab: Lab, r: float, p: F64, split: float) -> pd.DataFrame:
    """The lowest minimum of each kind at each p: the columns of `optima` and `branch`.

    In a pair both features are longer than `split`; in minima of the other kind one is shorter, and
    not of the sign of its rival. NaN where no start ended in such a minimum.
    """
    import pandas as pd

    runs = nudged(_trained(lab, r, p)).transpose(DENSITY, "seed", ...)
    W, b, loss = (runs[name].to_numpy() for name in ("W", "b", "loss"))
    weak, opposite = np.abs(W[:, :, 0, :]).min(-1), W[:, :, 0, :].prod(-1) < 0
    lost = (weak <= split) & (opposite | (weak < _NOTHING))
    parts = []
    for name, kind in ((PAIR, (weak > split) & opposite), (LOST, lost)):
        only = np.where(kind & np.isfinite(loss), loss, np.inf)
        at = np.arange(len(p)), only.argmin(1)
        rows = _rows(W[at], b[at], only[at], r, p)
        rows.loc[np.isinf(only[at]), rows.columns.difference([RATIO, DENSITY])] = np.nan
        parts.append(rows.assign(branch=name))
    return pd.concat(parts, ignore_index=True)


def nudged(runs: xr.Dataset) -> xr.Dataset:
    """The minima that remain after the shorter weight was moved a little.

    At a weight of 0 the loss has a kink, where a descent that comes from weights of one sign may
    end though the loss falls on the other side: the move is to that side.
    """
    W = runs["W"].transpose(..., HIDDEN, FEATURE)
    w = W.to_numpy()
    shorter = np.abs(w) <= np.abs(w[..., ::-1])
    moved = np.where(shorter, w - _NUDGE * np.sign(w[..., ::-1]), w)
    return polish(runs.assign(W=W.copy(data=moved)))


def _trained(lab: Lab, r: float, p: F64) -> xr.Dataset:
    plan = Training(engine="exact", curve_points=0)
    return lab.train(plane.problem(2, r=r), {DENSITY: p}, plan, seeds=SEEDS)


def _rows(W: F64, b: F64, loss: F64, r: float, p: F64) -> pd.DataFrame:
    import pandas as pd

    w = plane.signed(W)
    in_p, in_r = slopes(W, b, r, p)
    columns = {"loss": loss, "slope": in_p, "slope_r": in_r, "w1": w[:, 0], "w2": w[:, 1]}
    return pd.DataFrame({RATIO: r, DENSITY: p, **columns, "weak": np.abs(w).min(1)})


def slopes(W: F64, b: F64, r: float, p: F64) -> tuple[F64, F64]:
    """(∂L/∂p, ∂L/∂r) of models W (model, 1, 2), b (model, 2) at p (model,), importance (1, r).

    Exact: with two features the loss is q² L_0 + pq L_1 + p² L_2, q = 1 − p, and linear in r.
    """
    q = 1 - p
    all_, extra = (
        (loss_zero(b, importance), loss_one(W, b, importance), loss_two(W, b, importance))
        for importance in (np.array([1.0, r]), np.array([0.0, 1.0]))
    )
    in_p = -2 * q * all_[0] + (q - p) * all_[1] + 2 * p * all_[2]
    return np.asarray(in_p), np.asarray(q**2 * extra[0] + p * q * extra[1] + p**2 * extra[2])

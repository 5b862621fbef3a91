"""Where pairs merge: the exact loss of the best minimum of each kind, by its merged pairs.

Minima are found from many starts at every density and handed on to its neighbours, so that every
branch is followed as far as it exists; where two branches cross, the optimum jumps.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import xarray as xr

from tegum.analysis import sets
from tegum.dims import DENSITY, F64, SEED, Bools
from tegum.distributions import Correlated
from tegum.experiments._shared.sets import EXACT_TRAINING
from tegum.experiments.base import Lab, Tables
from tegum.loss import polish
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.scalars import geometric

if TYPE_CHECKING:
    import pandas as pd

LAW: Final = Correlated(n_sets=3, set_size=2, feature_probability=0.1)
#: Three correlated pairs in two dimensions, and the pair of each feature.
PROBLEM: Final = Problem(LAW, ReLUOutput(n_hidden=2))
PAIRS: Final = np.arange(LAW.n_features) // 2
#: Densities of the branches: (full, quick) of them, on a log scale.
LOW, HIGH = 0.03, 0.6
POINTS: Final = (49, 17)
SEEDS: Final = (24, 8)
#: A pair is close when ‖a − b‖ / ‖a + b‖ is below this (23° between its directions), whether it has
#: merged or not; minima have pairs that merged, pairs at .07 to .11, and pairs beyond .5.
CLOSE: Final = 0.2


class Kind(NamedTuple):
    """Minima with so many merged pairs and so many close ones, which include the merged."""

    name: str
    merged: int
    close: int


#: From sparse to dense.
KINDS: Final = (
    Kind("none", 0, 0),
    Kind("one", 1, 1),
    Kind("one, a second close", 1, 2),
    Kind("two", 2, 2),
    Kind("three", 3, 3),
)
#: Most rounds of handing minima on, a step along the densities each, and a gain that counts.
_ROUNDS: Final = 100
_GAIN: Final = 1e-9
_ROUNDING: Final = 1e-12
#: The interval of a crossing is cut in so many parts, so many times: (full, quick).
_PARTS: Final = 16
_ZOOMS: Final = (5, 2)


def measure(lab: Lab) -> Tables:
    """`branches`, a row per density and kind of minimum, and `transitions` between kinds."""
    p = np.array(geometric(LOW, HIGH, lab.pick(*POINTS)))
    runs = lab.train(PROBLEM, {DENSITY: p}, EXACT_TRAINING, lab.pick(*SEEDS))
    runs = runs.transpose(DENSITY, SEED, ...)
    found = [follow(runs, kind) for kind in KINDS]
    return {"branches": _table(found), "transitions": transitions(found, lab.pick(*_ZOOMS))}


def is_kind(models: xr.Dataset, kind: Kind) -> Bools:
    """Whether each model is of this kind; an array of the shape of the loss."""
    W, dims = models["W"], models["loss"].dims
    counts = (sets.count_collapsed(W, PAIRS, limit) for limit in (sets.COLLAPSED, CLOSE))
    merged, close = (count.transpose(*dims).to_numpy() for count in counts)
    return np.asarray((merged == kind.merged) & (close == kind.close))


def follow(runs: xr.Dataset, kind: Kind) -> xr.Dataset:
    """At each density the lowest minimum of this kind; its loss is infinite if there is none.

    Every minimum is tried from its neighbours' too, as long as that makes one lower.
    """
    loss = np.where(is_kind(runs, kind), runs["loss"].to_numpy(), np.inf)
    chosen = runs.isel({SEED: xr.DataArray(loss.argmin(1), dims=DENSITY)})
    found = chosen[["W", "b"]].assign(loss=(DENSITY, loss.min(1))).drop_vars(SEED)
    found.attrs = runs.attrs
    fresh = np.isfinite(loss.min(1))
    for _ in range(_ROUNDS):
        before = found["loss"].to_numpy()
        for step in (1, -1):
            moved = {name: found[name].shift({DENSITY: step}) for name in ("W", "b", "loss")}
            lender = np.roll(fresh, step)
            lender[0 if step > 0 else -1] = False
            found = _lower(found, found.assign(moved), kind, lender)
        fresh = found["loss"].to_numpy() < before * (1 - _GAIN)
        if not fresh.any():
            break
    return found


def _lower(found: xr.Dataset, lent: xr.Dataset, kind: Kind, tries: Bools) -> xr.Dataset:
    """`found`, with the minima reached from `lent` where these are lower and of this kind.

    Tried are the densities in `tries`.
    """
    usable = np.flatnonzero(tries & np.isfinite(lent["loss"].to_numpy()))
    if not usable.size:
        return found
    tried = polish(lent.isel({DENSITY: usable}))
    loss = np.full(found.sizes[DENSITY], np.inf)
    loss[usable] = np.where(is_kind(tried, kind), tried["loss"].to_numpy(), np.inf)
    take = loss < found["loss"].to_numpy() * (1 - _GAIN)
    W, b = (found[name].transpose(DENSITY, ...).copy(deep=True) for name in ("W", "b"))
    for array, name in ((W, "W"), (b, "b")):
        own = tried[name].transpose(*array.dims).to_numpy()
        array.values[take] = own[take[usable]]
    return found.assign(W=W, b=b, loss=(DENSITY, np.where(take, loss, found["loss"].to_numpy())))


def at(branch: xr.Dataset, place: int, p: F64) -> xr.Dataset:
    """The minima reached at the densities p from the branch's minimum number `place`."""
    return polish(branch.isel({DENSITY: [place] * len(p)}).assign_coords({DENSITY: p}))


def _table(found: list[xr.Dataset]) -> pd.DataFrame:
    """Density, kind, loss (NaN where there is no such minimum), largest spread of close pairs."""
    import pandas as pd

    rows = []
    for kind, branch in zip(KINDS, found, strict=True):
        spread = sets.spread(branch["W"], PAIRS).transpose(DENSITY, ...).to_numpy()
        widest = np.where(spread < CLOSE, spread, 0.0).max(1)
        loss = branch["loss"].to_numpy()
        columns = {DENSITY: branch[DENSITY].to_numpy(), "kind": kind.name, "close": kind.close}
        columns |= {"loss": loss, "spread": widest}
        rows.append(pd.DataFrame(columns).replace(np.inf, np.nan))
    table = pd.concat(rows, ignore_index=True)
    table.loc[table["loss"].isna(), "spread"] = np.nan
    return table


def transitions(found: list[xr.Dataset], zooms: int) -> pd.DataFrame:
    """Where each kind of minimum becomes lower than the kind before it.

    `before` and `after` name the kinds; the last interval is `feature_probability` ± `width`/2;
    `loss_step` is the relative difference of the losses at its end, `slope_before` and
    `slope_after` are ∂L/∂p of the two.
    """
    import pandas as pd

    rows = []
    for (kind, branch), (after, following) in pairwise(zip(KINDS, found, strict=True)):
        one, other = (models["loss"].to_numpy() for models in (branch, following))
        before = (one < other) & np.isfinite(other)
        crossed = np.flatnonzero(before[:-1] & (one >= other)[1:] & np.isfinite(other[1:]))
        if crossed.size:
            edge = _zoom(branch, following, crossed[0], zooms)
            rows.append({"before": kind.name, "after": after.name, **edge})
    columns = ["before", "after", DENSITY, "width", "loss", "loss_step"]
    columns += ["slope_before", "slope_after"]
    return pd.DataFrame(rows, columns=columns)


def _zoom(one: xr.Dataset, other: xr.Dataset, place: int, zooms: int) -> dict[str, float]:
    """The crossing between two neighbouring densities, by cutting the interval again and again."""
    p = one[DENSITY].to_numpy()[place : place + 2]
    for _ in range(zooms):
        p = np.linspace(p[0], p[-1], _PARTS + 1)
        one, other = at(one, place, p), at(other, place, p)
        # A minimum that exists no longer has become the other one: the same loss, but for rounding.
        crossed = one["loss"].to_numpy() >= other["loss"].to_numpy() * (1 - _ROUNDING)
        place = max(int(crossed.argmax()) - 1, 0) if crossed.any() else len(p) - 2
        p = p[place : place + 2]
    before, after = (branch["loss"].to_numpy()[place : place + 2] for branch in (one, other))
    width = p[1] - p[0]
    return {
        DENSITY: p.mean(),
        "width": width,
        "loss": before[0],
        "loss_step": abs(after[1] / before[1] - 1),
        "slope_before": (before[1] - before[0]) / width,
        "slope_after": (after[1] - after[0]) / width,
    }

"""Two features in one dimension at b = 0: loss surfaces, rival minima, and their wells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import brentq

from tegum.dims import DENSITY
from tegum.experiments._shared import phase_plane as plane
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments.base import Lab, Tables
from tegum.theory import two_features, two_minima
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

#: (p, r) of the surfaces: pair, two equals and the confused phase; then the way from a pair that
#: is uneven to a feature that is all but left out.
SHOWN: Final = ((0.1, 1.0), (0.55, 1.0), (0.8, 1.0), (0.2, 0.1), (0.212, 0.1), (0.3, 0.1))
#: Relative importances along which the two minima are followed.
FOLLOWED: Final = (1.0, 0.6, 0.3, 0.2, 0.1)
#: The walk: a relative importance, and probabilities.
WALK_RATIO: Final = 0.1
WALK: Final = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25)
#: Relative distances from a switch at which wells are measured.
NEAR: Final = (-0.1, -0.05, -0.02, -0.01, 0.001, 0.01, 0.02, 0.05, 0.1)
#: Names of the branches.
OPPOSITE, SAME = "opposite signs", "one sign"
_REACH: Final = 1.6


def switch(r: float) -> float:
    """The feature probability at which the two minima are equally deep.

    Where a pair no longer exists, the minimum of one sign is the lower one.
    """

    def lead(p: float) -> float:
        same, opposite = two_minima.minima(p, r)
        if np.isnan(opposite.loss):
            return -1.0
        return float(same.loss - opposite.loss)

    found: float = brentq(lead, 0.01, 0.99, xtol=1e-12)  # type: ignore[no-untyped-call]
    return found


def branches(r: float, p: np.ndarray) -> pd.DataFrame:
    """Both minima over p: branch, w1, w2, loss and its slope; NaN where there is none."""
    import pandas as pd

    found = two_minima.minima(p, r)
    parts = []
    for name, minimum in ((OPPOSITE, found.opposite), (SAME, found.same)):
        slope = two_features.slope_in_probability(minimum.w1, minimum.w2, p, r)
        slope = np.where(np.isnan(minimum.loss), np.nan, slope)
        columns = {RATIO: r, DENSITY: p, "branch": name, **minimum._asdict(), "slope": slope}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def switches() -> pd.DataFrame:
    """At each switch: loss and slope of either branch, how far the weights jump."""
    import pandas as pd

    rows = []
    for r in FOLLOWED:
        p = switch(r)
        pair, one = (
            side.iloc[0] for _, side in branches(r, np.array([p])).groupby("branch", sort=False)
        )
        jump = np.hypot(pair["w1"] - one["w1"], pair["w2"] - one["w2"])
        rows.append((r, p, pair["loss"], one["loss"], pair["slope"], one["slope"], jump))
    names = [RATIO, DENSITY, "loss_pair", "loss_one", "slope_pair", "slope_one", "jump"]
    return pd.DataFrame(rows, columns=names)


def wells(edges: pd.DataFrame, points: int) -> pd.DataFrame:
    """Areas of the wells near each switch: all weights from which no way down leads out.

    To change the sign of w₁w₂ one has to cross an axis, where the loss is at least
    min(1, r) p/3, its value at [1, 0] or [0, 1]: a well is what lies below this, on one side.
    """
    import pandas as pd

    step = _REACH / points
    w = (np.arange(points) + 0.5) * step
    w1, w2 = np.meshgrid(w, np.concatenate([-w[::-1], w]))
    rows = []
    for r, at in zip(edges[RATIO], edges[DENSITY], strict=True):
        for distance in NEAR:
            p = at * (1 + distance)
            below = two_features.loss_without_bias(w1, w2, p, r) < min(1.0, r) * p / 3
            area = [step**2 * (below & side).sum() for side in (w2 < 0, w2 > 0)]
            best = SAME if two_minima.minima(p, r).best.w2 > 0 else OPPOSITE
            rows.append((r, p, distance, best, *area))
    names = [RATIO, DENSITY, "distance", "lowest", "area_pair", "area_one"]
    return pd.DataFrame(rows, columns=names)


def surfaces(points: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(loss over a grid of weights, all minima and their mirror images), a panel per (p, r)."""
    import pandas as pd

    w = np.linspace(-1.5, 1.5, points)
    w2, w1 = (a.ravel() for a in np.meshgrid(w, w, indexing="ij"))
    grids, marks = [], []
    for p, r in SHOWN:
        at = {"panel": f"1−S = {p:g}, r = {r:g}", DENSITY: p, RATIO: r}
        loss = two_features.loss_without_bias(w1, w2, p, r)
        grids.append(pd.DataFrame({**at, "w1": w1, "w2": w2, "loss": loss}))
        for one in two_minima.local_minima(p, r):
            for sign in (1, -1):
                place = {"w1": sign * float(one.w1), "w2": sign * float(one.w2)}
                marks.append({**at, **place, "loss": float(one.loss)})
    return pd.concat(grids, ignore_index=True), pd.DataFrame(marks)


def trained(lab: Lab) -> pd.DataFrame:
    """Models trained at b = 0 by the exact engine, beside the closed forms.

    Columns: w1, w2, loss (the engine's), closed_form (at the same weights), nearest (the minimum
    of the same sign), is_best (whether that is the lower one).
    """
    axes = plane.axes(2, lab.pick(20, 10))
    plan = Training(engine="exact", curve_points=0)
    runs = lab.train(plane.problem(2, bias=False), axes, plan, seeds=lab.pick(8, 4))
    runs = runs.transpose(DENSITY, RATIO, "seed", ...)
    w = plane.signed(runs["W"].to_numpy())
    w1, w2 = w[..., 0], w[..., 1]
    p, r = (runs[name].to_numpy() for name in (DENSITY, RATIO))
    p, r = np.broadcast_arrays(p[:, None, None], r[:, None])
    found = two_minima.minima(p, r)
    nearest = np.where(w2 > 0, found.same.loss, found.opposite.loss)
    return plane.table(
        np.broadcast_to(r, w1.shape), np.broadcast_to(p, w1.shape),
        w1=w1, w2=w2,
        loss=runs["loss"].to_numpy(),
        closed_form=two_features.loss_without_bias(w1, w2, p, r),
        nearest=nearest,
        is_best=nearest <= found.best.loss * (1 + 1e-9),
    )  # fmt: skip


def tables(lab: Lab) -> Tables:
    """Everything about b = 0 that needs no training."""
    import pandas as pd

    edges = switches()
    surface, marks = surfaces(lab.pick(121, 61))
    p = np.linspace(0.02, 1.0, lab.pick(197, 50))
    return {
        "surfaces": surface,
        "minima": marks,
        "unbiased_branches": pd.concat([branches(r, p) for r in FOLLOWED], ignore_index=True),
        "walk": branches(WALK_RATIO, np.array(WALK)),
        "switches": edges,
        "wells": wells(edges, lab.pick(400, 200)),
    }

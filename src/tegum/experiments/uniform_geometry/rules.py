"""What is judged of uniform superposition: the curve of D*, doubling, Σ D_i, dense features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import stickiness
from tegum.dims import DENSITY
from tegum.experiments.base import Judgement, Tables, when

if TYPE_CHECKING:
    import pandas as pd

#: D* sticks at 1 when it is this close to it at 1/(1−S) up to a level; two such demands.
AT_ONE: Final = ((1.1, 0.02), (1.2, 0.03))
#: D* is at 1/2 when it is closer than this, in so many levels in a row that span this ratio …
HALF, HALF_LEVELS, HALF_RATIO = 0.03, 3, 1.25
#: … and here, in the paper's figure.
HALF_RANGE: Final = (2.3, 3.7)
#: |d log D* / d log(1−S)| inside the plateau at 1/2, and on both sides.
FLAT, STEEP = 0.15, 1.0
#: D* at 1/(1−S) = 10, read off the paper's figure.
AT_TEN, AT_TEN_SLACK = 0.21, 0.02
#: What doubling may be off by.
DOUBLING: Final = 0.05
#: Σ D_i is m within this part.
TOTAL: Final = 0.01
#: ‖W_i‖² varies over features by at most this times what a random subspace gives.
ARBITRARY: Final = 1.5
#: So many features at a value make a line, if their density is this times that beside it.
LINE_COUNT, LINE_CONTRAST = 10, 2.0


def chosen(models: pd.DataFrame) -> pd.DataFrame:
    """The model of lowest loss at each level, dense to sparse."""
    return models[models["chosen"]].sort_values("level", ignore_index=True)


def seeds_apart(models: pd.DataFrame) -> str:
    """How many seeds there are, and how far their D* are apart at most, relatively."""
    groups = models.groupby("level")["D_star"]
    apart = float((groups.max() / groups.min() - 1).max())
    return f"lowest loss of N = {groups.size().max()}; D* of seeds ≤ {apart:.1%} apart"


def judge_one(tables: Tables) -> Judgement:
    """13.a: D* sticks at 1."""
    table = chosen(tables["models"])
    off = (table["D_star"] - 1).abs()
    worst = [float(off[table["level"] <= top].max()) for top, _ in AT_ONE]
    good = all(w < limit for w, (_, limit) in zip(worst, AT_ONE, strict=True))
    near = stickiness.plateau(table["D_star"], 1.0, AT_ONE[-1][1])
    last = float(table["level"].iloc[near.stop - 1]) if near.stop else np.nan
    words = ", ".join(
        f"{w:.3f} up to 1/(1−S) = {top:g}" for w, (top, _) in zip(worst, AT_ONE, strict=True)
    )
    return when(
        good,
        f"|D*−1| ≤ {words}; within {AT_ONE[-1][1]:g} up to {last:.3g}; "
        f"{seeds_apart(tables['models'])}",
        worst=worst[-1],
        last=last,
    )


def judge_half(tables: Tables) -> Judgement:
    """13.b: D* sticks at 1/2."""
    table = chosen(tables["models"])
    part = table[stickiness.plateau(table["D_star"], 0.5, HALF)]
    if part.empty:
        return Judgement("differs", f"no model has |D*−1/2| < {HALF:g}")
    low, high = float(part["level"].iloc[0]), float(part["level"].iloc[-1])
    return when(
        len(part) >= HALF_LEVELS and high / low >= HALF_RATIO,
        f"{len(part)} levels in a row, 1/(1−S) = {low:.3g} to {high:.3g}; "
        f"{seeds_apart(tables['models'])}",
        low=low,
        high=high,
    )


def judge_half_range(tables: Tables) -> Judgement:
    """13.c: the plateau is as wide as in the paper's figure."""
    table = chosen(tables["models"])
    inside = table[table["level"].between(*HALF_RANGE)]
    off = (inside["D_star"] - 0.5).abs()
    return when(
        len(inside) > 0 and bool((off <= HALF).all()),
        f"|D*−1/2| ≤ {off.max():.3f} at {len(inside)} levels, D* "
        f"{inside['D_star'].max():.3f} to {inside['D_star'].min():.3f}; "
        f"{seeds_apart(tables['models'])}",
        worst=off.max(),
    )


def judge_steps(tables: Tables) -> Judgement:
    """13.d: steep, flat, steep."""
    table = chosen(tables["models"])
    x, y = table["level"].to_numpy(), table["D_star"].to_numpy()
    part = stickiness.plateau(y, 0.5, HALF)
    if part.stop - part.start < 2:
        return Judgement("differs", "there is no plateau at 1/2")
    inside = abs(stickiness.log_slope(x[part], y[part]))
    before, after = (
        float(np.max(-stickiness.window_slopes(x[side], y[side], HALF_RATIO), initial=0.0))
        for side in (slice(None, part.start + 1), slice(part.stop - 1, None))
    )
    return when(
        inside < FLAT and before > STEEP and after > STEEP,
        f"{before:.2f} before, {inside:.2f} on the plateau, {after:.2f} after it "
        f"(the steepest ratio of {HALF_RATIO:g} on each side)",
        before=before,
        inside=inside,
        after=after,
    )


def judge_ten(tables: Tables) -> Judgement:
    """13.e: the end of the paper's figure."""
    models = tables["models"]
    end = models[np.isclose(models["level"], 10.0)]
    value = float(end.loc[end["chosen"], "D_star"].iloc[0])
    return when(
        abs(value - AT_TEN) <= AT_TEN_SLACK,
        f"D* = {value:.3f} at 1/(1−S) = 10 ({_range(end['D_star'])} over {len(end)} seeds)",
        value=value,
    )


def judge_more_dimensions(tables: Tables) -> Judgement:
    """14.a: twice the dimensions hold twice the features."""
    return _doubling(tables["doubled"], "n_hidden", 2.0)


def judge_more_features(tables: Tables) -> Judgement:
    """14.b: more features to choose from change nothing."""
    return _doubling(tables["doubled"], "n_features", 1.0)


def _doubling(table: pd.DataFrame, column: str, expected: float) -> Judgement:
    small = table[["n_features", "n_hidden"]].min()
    base = table[(table[["n_features", "n_hidden"]] == small).all(axis=1)]
    more = table[table["chosen"] & (table[column] == 2 * small[column])]
    least = base[base["chosen"]].set_index("level")["frobenius"]
    ratio = (more.set_index("level")["frobenius"] / least).sort_index()
    off = float((ratio / expected - 1).abs().max())
    spread = base.groupby("level")["frobenius"].agg(lambda v: v.max() / v.min() - 1).max()
    words = "; ".join(f"×{r:.3f} at {level:.3g}" for level, r in ratio.items())
    return when(
        len(ratio) > 0 and off <= DOUBLING,
        f"‖W‖² from (n, m) = ({small['n_features']:g}, {small['n_hidden']:g}): {words} = 1/(1−S); "
        f"seeds {spread:.1%} apart at most",
        worst=off,
    )


def judge_total(tables: Tables) -> Judgement:
    """16.a: Σ D_i = m."""
    import pandas as pd

    models = pd.concat([tables["models"], tables["long_models"]])
    ratio = models["total"] / models["n_hidden"]
    off = float((ratio - 1).abs().max())
    return when(
        off <= TOTAL,
        f"Σ D_i / m {_range(ratio)} in {len(models)} models, {models['level'].nunique()} levels",
        worst=off,
    )


def judge_no_line_at_one(tables: Tables) -> Judgement:
    """17.a: dense features have no D_i at 1."""
    features = tables["features"]
    dense = features[1 / features[DENSITY] <= AT_ONE[0][0]]
    found = stickiness.line(dense["dimensionality"], 1.0)
    highest = float(dense["dimensionality"].max())
    return when(
        len(dense) > 0 and found.count < LINE_COUNT,
        f"{found.count} of {len(dense)} features of {dense[DENSITY].nunique()} "
        f"models within {stickiness.ON_LINE:g} of 1; the highest D_i is {highest:.3f}",
        count=found.count,
        highest=highest,
    )


def judge_arbitrary_basis(tables: Tables) -> Judgement:
    """17.b: dense models keep an arbitrary subspace."""
    models = tables["models"]
    dense = models[models["level"] <= AT_ONE[0][0]]
    n, m = float(dense["n_features"].iloc[0]), float(dense["n_hidden"].iloc[0])
    # ‖P e_i‖² of a random m-dimensional projector P is Beta(m/2, (n−m)/2)
    random = float(np.sqrt(2 * m * (n - m) / (n**2 * (n + 2))))
    ratio = dense["spread"] / random
    half = int((models["D_star"] - 0.5).abs().to_numpy().argmin())
    contrast = float(models["spread"].to_numpy()[half]) / random
    return when(
        (ratio <= ARBITRARY).all() and (dense["longest"] < 0.5).all(),
        f"‖W_i‖² varies over features {_range(ratio, '.2f')} times as much as for a random "
        f"subspace ({contrast:.0f} times on the plateau at 1/2); the longest ‖W_i‖ is "
        f"{dense['longest'].max():.2f} in {len(dense)} models",
        ratio=ratio.max(),
    )


def _range(values: pd.Series, form: str = ".3f") -> str:
    low, high = format(float(values.min()), form), format(float(values.max()), form)
    return low if low == high else f"{low}–{high}"

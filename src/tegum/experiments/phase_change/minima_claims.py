"""Rules about the order of the transition, and about the minima of models without bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.phase_change.crossing import LOST, PAIR
from tegum.experiments.phase_change.wells import OPPOSITE, SAME

if TYPE_CHECKING:
    import pandas as pd

#: A slope jumps when it changes by this part of the larger one …
JUMP: Final = 0.1
#: … and losses are continuous when they differ by less, relatively, once the slope is allowed for.
CONTINUOUS: Final = 1e-6
#: The extra feature jumps when its length changes by more within the last interval of p.
LEAP: Final = 0.1
#: A feature shorter than this is gone.
GONE: Final = 0.05
#: How near to the boundary, relatively, both minima must exist.
COEXIST: Final = 0.001
ROUNDING: Final = 1e-9
#: Where the confused phase begins, at r = 1.
SWITCH: Final = 0.58217
SWITCH_SLACK, WEIGHT_SLACK, WALK_SLACK = 1e-4, 1e-2, 1e-2
#: The jump there is longer, in the plane of the weights.
FAR: Final = 1.0
#: Where, at r = 1, there are two minima.
TWO_AT: Final = 0.55
#: p of the walk at r = .1: the weights.
WALK: Final = {0.02: (1.00, -0.99), 0.2: (1.03, -0.69), 0.25: (1.00, 0.02)}
#: Up to here w₂ rises.
RISES_TO: Final = 0.2
#: A basin is considerably smaller than another when its area is below this part of the other's.
SMALLER: Final = 0.5
#: Below this p a model with biases must not be confused: at p = 1 it may be, being linear.
DENSE: Final = 0.99
#: Both weights of a confused model have one sign and are longer than this.
MIXED: Final = 0.3


def judge_candidates_cross(tables: Tables) -> Judgement:
    """11.a: at the boundary of the candidates losses agree and slopes do not."""
    return _cross(tables["corners"], "alone", ROUNDING)


def judge_unbiased_cross(tables: Tables) -> Judgement:
    """11.b: the same for the optimum over all weights at b = 0."""
    return _cross(tables["switches"], "one", CONTINUOUS)


def _cross(rows: pd.DataFrame, other: str, equal: float) -> Judgement:
    """Whether the losses of the pair and the `other` meet at its boundary, and slopes jump."""
    apart = float((rows["loss_pair"] / rows[f"loss_{other}"] - 1).abs().max())
    change = float((1 - rows[f"slope_{other}"] / rows["slope_pair"]).min())
    return when(
        apart <= equal and change >= JUMP,
        f"losses equal within {apart:.0e}; towards dense features ∂L/∂p falls by {change:.0%} or "
        f"more at the boundary (r = {rows[RATIO].min():g} to {rows[RATIO].max():g})",
        smallest_change=change,
    )


def judge_order(tables: Tables) -> Judgement:
    """11.c: the optimum with biases: continuous loss, a slope and a feature that jump."""
    rows = tables["transitions"]
    allowed = rows["width"] * rows[["slope_sparse", "slope_dense"]].abs().max(axis=1)
    apart = (rows["loss_dense"] - rows["loss_sparse"]).abs() - allowed
    change = np.maximum(*(_change(rows, name) for name in ("slope", "slope_r")))
    leap = rows["weak_sparse"] - rows["weak_dense"]
    good = bool((apart <= CONTINUOUS * rows["loss_sparse"]).all())
    good &= bool((change >= JUMP).all()) and bool((leap > LEAP).all())
    return when(
        good,
        f"at {len(rows)} values of r from {rows[RATIO].min():g} to {rows[RATIO].max():g}: the "
        f"shorter feature loses {leap.min():.2f} to {leap.max():.2f} of its length within Δp = "
        f"{rows['width'].max():.0e}, ∂L/∂p or ∂L/∂r changes by {change.min():.0%} or more, the "
        f"loss by no more than its slope tells, within {max(0.0, float(apart.max())):.0e}",
        smallest_leap=leap.min(),
        smallest_change=change.min(),
    )


def judge_gone(tables: Tables) -> Judgement:
    """11.d: nothing is left of the shorter feature after the jump.

    Differs: near equal importance a biased model drops to a weaker pair, which then fades.
    """
    rows = tables["transitions"].sort_values(RATIO)
    left = rows["weak_dense"]
    words = ", ".join(f"{w:.2f} at r = {r:g}" for r, w in zip(rows[RATIO], left, strict=True))
    return when((left < GONE).all(), f"length left after the jump: {words}", most=left.max())


def judge_coexistence(tables: Tables) -> Judgement:
    """11.e: both minima exist on both sides of the boundary."""
    rows = tables["coexisting"]
    near = rows[_distance(rows).to_numpy() <= COEXIST * (1 + 1e-6)]
    missing = near[near["loss"].isna()]
    wide = near.pivot(index=[RATIO, DENSITY, "edge"], columns="branch", values="loss").dropna()
    sparse = wide.index.get_level_values(DENSITY) < wide.index.get_level_values("edge")
    order = bool(((wide[PAIR] < wide[LOST]) == sparse).all())
    lacking = ", ".join(f"{r:g}" for r in sorted(set(missing[RATIO])))
    both = rows.pivot(index=[RATIO, DENSITY, "edge"], columns="branch", values="loss").dropna()
    reach = _distance(both.reset_index()).groupby(both.index.get_level_values(RATIO)).max()
    return when(
        missing.empty and order,
        f"within {COEXIST:.1%} of the boundary both minima at {len(wide)} of {len(near) // 2} "
        + ("points" if missing.empty else f"points (not at r = {lacking})")
        + ("; they change places at it" if order else "; not in the expected order")
        + f"; seen at least {reach.min():.1%} away (r = {reach.idxmin():g})",
        found=len(wide),
        smallest_reach=reach.min(),
    )


def _distance(rows: pd.DataFrame) -> pd.Series:
    """Relative distance of each row's p from the boundary."""
    distance: pd.Series = (rows[DENSITY] / rows["edge"] - 1).abs()
    return distance.set_axis(range(len(rows)))


def judge_formula(tables: Tables) -> Judgement:
    """55.a: the exact engine's loss of trained models is the closed form's.

    Where the models ended is told beside it: in a minimum of the closed form, or in a few cases
    at its kink, where one weight is 0 and the loss falls to one side only.
    """
    rows = tables["unbiased_trained"]
    off = float((rows["loss"] / rows["closed_form"] - 1).abs().max())
    ended = (rows["loss"] / rows["nearest"] - 1).abs() < CONTINUOUS
    kink = ~ended & (rows[["w1", "w2"]].abs().min(axis=1) < CONTINUOUS)
    return when(
        off <= ROUNDING,
        f"{len(rows)} trained models: loss within {off:.0e} of the closed form; {ended.mean():.2%} "
        f"end in one of its minima ({rows['is_best'].mean():.0%} in the lowest), {kink.mean():.2%} "
        f"at a kink",
        largest_error=off,
        ended=ended.mean(),
        at_kink=kink.mean(),
        in_best=rows["is_best"].mean(),
    )


def judge_two_minima(tables: Tables) -> Judgement:
    """55.b: two minima, up to the sign of all weights, at r = 1."""
    rows = tables["minima"]
    here = rows[np.isclose(rows[DENSITY], TWO_AT) & (rows[RATIO] == 1.0)]
    kinds = here.loc[here["w1"] > 0].sort_values("loss")
    words = ", ".join(f"({w1:.3f}, {w2:.3f})" for w1, w2 in kinds[["w1", "w2"]].to_numpy())
    good = len(kinds) == 2 and len(here) == 4
    return when(good, f"{words}, and their negatives", minima=len(here))


def judge_confused(tables: Tables) -> Judgement:
    """55.c: from p = .58217 on, at r = 1, the optimum is (1, 1)/√2; the change is a jump."""
    edges = tables["switches"]
    edge = edges[edges[RATIO] == 1.0].iloc[0]
    rows = tables["unbiased_branches"]
    rows = rows[rows[RATIO] == 1.0].dropna(subset=["loss"])
    best = rows.loc[rows.groupby(DENSITY)["loss"].idxmin()]
    dense = best[best[DENSITY] > edge[DENSITY]]
    off = float((dense[["w1", "w2"]] - np.sqrt(0.5)).abs().to_numpy().max())
    sides = bool((dense["branch"] == SAME).all())
    sides &= bool((best[best[DENSITY] < edge[DENSITY]]["branch"] == OPPOSITE).all())
    good = sides and abs(edge[DENSITY] - SWITCH) <= SWITCH_SLACK
    return when(
        good and off <= WEIGHT_SLACK and float(edge["jump"]) > FAR,
        f"switch at p = {edge[DENSITY]:.5f}, weights jump by {edge['jump']:.2f}; beyond it they "
        f"are within {off:.0e} of 1/√2",
        switch=edge[DENSITY],
        jump=edge["jump"],
    )


def judge_walk(tables: Tables) -> Judgement:
    """55.d: at r = .1 the optimum moves, then jumps."""
    rows = tables["walk"].dropna(subset=["loss"])
    best = rows.loc[rows.groupby(DENSITY)["loss"].idxmin()].sort_values(DENSITY)
    seen = {float(row[DENSITY]): (row["w1"], row["w2"]) for _, row in best.iterrows()}
    off = max(float(np.abs(np.subtract(seen[p], w)).max()) for p, w in WALK.items())
    before = best[best[DENSITY] <= RISES_TO]["w2"].to_numpy()
    words = ", ".join(f"({w1:.2f}, {w2:.2f}) at p = {p:g}" for p, (w1, w2) in seen.items())
    good = off <= WALK_SLACK and bool((np.diff(before) > 0).all())
    return when(good, words, largest_difference=off)


def judge_wells(tables: Tables) -> Judgement:
    """55.e: near a switch the well of the optimum can be far smaller than the other's."""
    rows = tables["wells"]
    pair = rows["lowest"] == OPPOSITE
    own = np.where(pair, rows["area_pair"], rows["area_one"])
    other = np.where(pair, rows["area_one"], rows["area_pair"])
    ratio = np.divide(own, other, out=np.full(len(rows), np.inf), where=other > 0)
    k = int(np.argmin(ratio))
    at = rows.iloc[k]
    return when(
        float(ratio[k]) < SMALLER,
        f"smallest: {ratio[k]:.2f} of the other's area, at r = {at[RATIO]:g}, {at['distance']:+.1%}"
        f" from the switch",
        smallest=ratio[k],
    )


def judge_no_confusion(tables: Tables) -> Judgement:
    """55.f: with biases no optimum is confused but where the data are dense."""
    rows = tables["truth"]
    mixed = (rows["w1"] * rows["w2"] > 0) & (rows[["w1", "w2"]].abs().min(axis=1) > MIXED)
    sparse = rows[DENSITY] < DENSE
    unbiased = tables["unbiased"]
    before = (unbiased["w2"] > 0) & (unbiased[["w1", "w2"]].abs().min(axis=1) > MIXED)
    return when(
        not bool((mixed & sparse).any()) and bool(before.any()),
        f"with biases {int((mixed & sparse).sum())} of {int(sparse.sum())} cells with p < {DENSE:g}"
        f"; without, {int((before & (unbiased[DENSITY] < DENSE)).sum())}",
        biased=(mixed & sparse).sum(),
    )


def _change(rows: pd.DataFrame, name: str) -> np.ndarray:
    """The jump of a slope, as a part of the larger value."""
    sides = rows[[f"{name}_sparse", f"{name}_dense"]].to_numpy()
    return np.asarray(np.abs(np.diff(sides, axis=1)[:, 0]) / np.abs(sides).max(axis=1))

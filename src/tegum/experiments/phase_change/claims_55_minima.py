"""What is claimed of the minima of models without bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared.phase_plane import PROBABILITIES, RATIO, RATIOS
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.phase_change.claims import ROUNDING
from tegum.experiments.phase_change.claims_11_order import CONTINUOUS
from tegum.experiments.phase_change.wells import NEAR, OPPOSITE, SAME, WALK_RATIO
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    import pandas as pd

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

claims = Claims("Comments & Replications: Tom McGrath")


@claims(
    "55.a",
    "Without bias the expected loss of two features in one dimension has a closed form for all "
    "weights.",
    rule=f"models trained by the exact engine, from p = {PROBABILITIES[0]:g} to "
    f"{PROBABILITIES[1]:g} and r = {RATIOS[0]:g} to {RATIOS[1]:g}: their loss is within "
    f"{ROUNDING:g} of it",
    evidence=("unbiased_trained",),
)
def formula(tables: Tables) -> Judgement:
    rows = tables["unbiased_trained"]
    off = (rows["loss"] / rows["closed_form"] - 1).abs().max()
    ended = (rows["loss"] / rows["nearest"] - 1).abs() < CONTINUOUS
    # one weight is 0 there, and the loss falls to one side only
    kink = ~ended & (rows[["w1", "w2"]].abs().min(axis=1) < CONTINUOUS)
    return when(
        off <= ROUNDING,
        f"{len(rows)} trained models: loss within {off:.0e} of the closed form; {ended.mean():.2%} "
        f"end in one of its minima ({rows['is_best'].mean():.0%} in the lowest), {kink.mean():.2%} "
        f"at a kink",
        largest_error=off, ended=ended.mean(), at_kink=kink.mean(), in_best=rows["is_best"].mean(),
    )  # fmt: skip


@claims(
    "55.b",
    "There are loss surfaces with two minima, up to the sign of all weights.",
    rule=f"exactly two at r = 1, 1−S = {TWO_AT:g}",
    evidence=("surfaces", "minima"),
)
def two_minima(tables: Tables) -> Judgement:
    rows = tables["minima"]
    here = rows[np.isclose(rows[DENSITY], TWO_AT) & (rows[RATIO] == 1.0)]
    kinds = here.loc[here["w1"] > 0].sort_values("loss")
    words = ", ".join(f"({w1:.3f}, {w2:.3f})" for w1, w2 in kinds[["w1", "w2"]].to_numpy())
    good = len(kinds) == 2 and len(here) == 4
    return when(good, f"{words}, and their negatives", minima=len(here))


@claims(
    "55.c",
    "Dense features of equal importance are confused: both weights are 1/√2; from the antipodal "
    "pair there is a jump.",
    rule=f"at r = 1 the optimum changes at 1−S = {SWITCH:g} ± {SWITCH_SLACK:g}, by over {FAR:g} in "
    f"the weights, to (1, 1)/√2 ± {WEIGHT_SLACK:g}",
    evidence=("surfaces", "unbiased_branches", "switches"),
)
def confused(tables: Tables) -> Judgement:
    edges, rows = (tables[name] for name in ("switches", "unbiased_branches"))
    edge = edges[edges[RATIO] == 1.0].iloc[0]
    best = best_rows(rows[rows[RATIO] == 1.0], DENSITY)
    dense = best[best[DENSITY] > edge[DENSITY]]
    sparse = best[best[DENSITY] < edge[DENSITY]]
    off = (dense[["w1", "w2"]] - np.sqrt(0.5)).abs().to_numpy().max()
    sides = (some(dense)["branch"] == SAME).all() and (some(sparse)["branch"] == OPPOSITE).all()
    there = abs(edge[DENSITY] - SWITCH) <= SWITCH_SLACK and edge["jump"] > FAR
    return when(
        sides and there and off <= WEIGHT_SLACK,
        f"switch at p = {edge[DENSITY]:.5f}, weights jump by {edge['jump']:.2f}; beyond it they "
        f"are within {off:.0e} of 1/√2",
        switch=edge[DENSITY], jump=edge["jump"],
    )  # fmt: skip


@claims(
    "55.d",
    "For unequal importance the best weights move away from ±1 as features get denser, before the "
    "less important feature is all but left out.",
    rule=f"r = {WALK_RATIO:g}: "
    + ", ".join(f"{w} at 1−S = {p:g}" for p, w in WALK.items())
    + f", ± {WALK_SLACK:g}, and w₂ rises up to {RISES_TO:g}",
    evidence=("surfaces", "walk"),
)
def walk(tables: Tables) -> Judgement:
    seen = best_rows(tables["walk"], DENSITY).set_index(DENSITY)[["w1", "w2"]]
    off = max(np.abs(seen.loc[p].to_numpy() - w).max() for p, w in WALK.items())
    rises = (np.diff(seen.loc[seen.index <= RISES_TO, "w2"]) > 0).all()
    words = ", ".join(f"({w1:.2f}, {w2:.2f}) at p = {p:g}" for p, w1, w2 in seen.itertuples())
    return when(off <= WALK_SLACK and rises, words, largest_difference=off)


@claims(
    "55.e",
    "Near a transition the global minimum can have a considerably smaller basin than another one.",
    rule=f"within {100 * max(NEAR):g} % of a switch, somewhere, the area of weights that lie below "
    f"every way out of the optimum's side is < {SMALLER:g} of the other minimum's",
    evidence=("wells",),
)
def small_well(tables: Tables) -> Judgement:
    rows = tables["wells"]
    shares = np.nan_to_num(well_shares(rows), nan=np.inf)
    least = shares.min()
    at = rows.iloc[shares.argmin()]
    return when(
        least < SMALLER,
        f"smallest: {least:.2f} of the other's area, at r = {at[RATIO]:g}, {at['distance']:+.1%}"
        f" from the switch",
        smallest=least,
    )


def well_shares(rows: pd.DataFrame) -> np.ndarray:
    """The area of the optimum's well over that of the other one, NaN where there is no other."""
    pair = rows["lowest"] == OPPOSITE
    own = np.where(pair, rows["area_pair"], rows["area_one"])
    other = np.where(pair, rows["area_one"], rows["area_pair"])
    return np.asarray(own / np.where(other > 0, other, np.nan))


@claims(
    "55.f",
    "The confused phase belongs to models without bias.",
    rule=f"with biases no optimum at 1−S < {DENSE:g} has two weights of one sign and over "
    f"{MIXED:g}; without, some have",
    evidence=("diagram-two", "truth", "unbiased"),
)
def no_confusion(tables: Tables) -> Judgement:
    biased, unbiased = some(tables["truth"]), tables["unbiased"]
    sparse = biased[DENSITY] < DENSE
    mixed, without = (_mixed(rows) for rows in (biased, unbiased))
    return when(
        not (mixed & sparse).any() and without.any(),
        f"with biases {(mixed & sparse).sum()} of {sparse.sum()} cells with p < {DENSE:g}; "
        f"without, {(without & (unbiased[DENSITY] < DENSE)).sum()}",
        biased=(mixed & sparse).sum(),
    )


def _mixed(rows: pd.DataFrame) -> pd.Series:
    """Whether both weights have one sign and are long."""
    return (rows["w1"] * rows["w2"] > 0) & (rows[["w1", "w2"]].abs().min(axis=1) > MIXED)

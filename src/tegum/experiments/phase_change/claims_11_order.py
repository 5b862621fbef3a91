"""What is claimed of the order of the transition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.phase_change.claims import ROUNDING
from tegum.experiments.phase_change.claims import claims as diagrams
from tegum.experiments.phase_change.crossing import LOST, PAIR, WIDTH

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
#: How near to the boundary, relatively, both minima must exist, and how far from it.
COEXIST, FAR = 0.001, 0.02

claims = Claims(diagrams.section)


@claims(
    "11.a",
    "In the theory of candidates the transition is of first order: at the boundary two losses "
    "cross, and the slope of the optimal loss jumps.",
    rule=f"exact losses equal within {ROUNDING:g}, while ∂L/∂p changes by ≥ {JUMP:.0%}",
    evidence=("corners",),
)
def candidates_cross(tables: Tables) -> Judgement:
    return _cross(tables["corners"], "alone", ROUNDING)


@claims(
    "11.b",
    "The optimum over all weights without bias has a transition of first order, too.",
    rule=f"losses equal within {CONTINUOUS:g} at the switch, while ∂L/∂p changes by ≥ {JUMP:.0%}",
    evidence=("crossing-unbiased", "switches"),
)
def unbiased_cross(tables: Tables) -> Judgement:
    return _cross(tables["switches"], "one", CONTINUOUS)


def _cross(rows: pd.DataFrame, other: str, equal: float) -> Judgement:
    """Whether the losses of the pair and the `other` meet at its boundary, and slopes jump."""
    apart = (rows["loss_pair"] / rows[f"loss_{other}"] - 1).abs().max()
    change = (1 - rows[f"slope_{other}"] / rows["slope_pair"]).min()
    return when(
        apart <= equal and change >= JUMP,
        f"losses equal within {apart:.0e}; towards dense features ∂L/∂p falls by {change:.0%} or "
        f"more at the boundary (r = {rows[RATIO].min():g} to {rows[RATIO].max():g})",
        smallest_change=change,
    )


@claims(
    "11.c",
    "With biases, too, the transition of the optimum is of first order: the extra feature changes "
    "discontinuously.",
    rule=f"at each r, within Δp = {WIDTH * 1e6:.0f}e-6, the length of the shorter feature changes "
    f"by over {LEAP:g} and ∂L/∂p or ∂L/∂r by ≥ {JUMP:.0%}; the loss by no more than its slope "
    f"tells, within {CONTINUOUS:g} of it",
    evidence=("crossing", "transitions"),
)
def first_order(tables: Tables) -> Judgement:
    rows = some(tables["transitions"])
    allowed = rows["width"] * rows[["slope_sparse", "slope_dense"]].abs().max(axis=1)
    apart = (rows["loss_dense"] - rows["loss_sparse"]).abs() - allowed
    change = np.maximum(_change(rows, "slope"), _change(rows, "slope_r"))
    leap = rows["weak_sparse"] - rows["weak_dense"]
    continuous = apart <= CONTINUOUS * rows["loss_sparse"]
    return when(
        (continuous & (change >= JUMP) & (leap > LEAP)).all(),
        f"at {len(rows)} values of r from {rows[RATIO].min():g} to {rows[RATIO].max():g}: the "
        f"shorter feature loses {leap.min():.2f} to {leap.max():.2f} of its length within Δp = "
        f"{rows['width'].max():.0e}, ∂L/∂p or ∂L/∂r changes by {change.min():.0%} or more, the "
        f"loss by no more than its slope tells, within {max(0.0, apart.max()):.0e}",
        smallest_leap=leap.min(), smallest_change=change.min(),
    )  # fmt: skip


def _change(rows: pd.DataFrame, name: str) -> pd.Series:
    """The jump of a slope, as a part of the larger value."""
    sparse, dense = rows[f"{name}_sparse"], rows[f"{name}_dense"]
    return (dense - sparse).abs() / np.maximum(sparse.abs(), dense.abs())


@claims(
    "11.d",
    "With biases there is nothing between superposition and a feature that is not represented. "
    "(Recorded as differing: if neither importance is less than about 0.6 of the other, the pair "
    "drops to a less even one at first, which fades continuously as features get denser.)",
    rule=f"after the jump the shorter feature is shorter than {GONE:g} at every r",
    evidence=("transitions",),
    expected="differs",
)
def gone(tables: Tables) -> Judgement:
    rows = some(tables["transitions"]).sort_values(RATIO)
    left = rows["weak_dense"]
    words = ", ".join(f"{w:.2f} at r = {r:g}" for r, w in zip(rows[RATIO], left, strict=True))
    return when((left < GONE).all(), f"length left after the jump: {words}", most=left.max())


@claims(
    "11.e",
    "As at other transitions of first order, either solution remains a minimum just beyond the "
    "boundary.",
    rule=f"within {COEXIST:.1%} of the boundary, on both sides, both kinds of minima are found, "
    "and the lower one is the expected one",
    evidence=("crossing", "coexisting"),
)
def coexistence(tables: Tables) -> Judgement:
    return _coexist(tables, COEXIST)


@claims(
    "11.f",
    f"Either solution remains a minimum until {FAR:.0%} beyond the boundary. (Recorded as "
    "differing: so it does where one importance is at most 0.6 of the other. For nearer ones one "
    "of the two ends sooner: followed from the boundary, the pair ends 1.95 %, 1.15 %, 0.49 % and "
    "0.94 % beyond it at r = 0.7, 0.8, 0.9 and 1, and the other solution 0.85 % and 0.59 % beyond "
    "it at r = 0.9 and 1.)",
    rule=f"as 11.e within {FAR:.0%} of the boundary (made after the first runs)",
    evidence=("crossing", "coexisting"),
    expected="differs",
)
def coexistence_far(tables: Tables) -> Judgement:
    return _coexist(tables, FAR)


def _coexist(tables: Tables, within: float) -> Judgement:
    """Whether both minima are found at all points so near to the boundary, and in which order."""
    at = [RATIO, DENSITY, "edge"]
    rows = tables["coexisting"].pivot(index=at, columns="branch", values="loss").reset_index()
    rows["distance"] = (rows[DENSITY] / rows["edge"] - 1).abs()
    both = rows[[PAIR, LOST]].notna().all(axis=1)
    near = rows["distance"] <= within * (1 + 1e-6)
    found, lacking = rows[near & both], sorted(set(rows.loc[near & ~both, RATIO]))
    order = ((found[PAIR] < found[LOST]) == (found[DENSITY] < found["edge"])).all()
    reach = rows[both].groupby(RATIO)["distance"].max()
    missing = f" (not at r = {', '.join(f'{r:g}' for r in lacking)})" if lacking else ""
    return when(
        not lacking and order,
        f"within {within:.1%} of the boundary both minima at {len(found)} of {near.sum()} "
        f"points{missing}"
        + ("; they change places at it" if order else "; not in the expected order")
        + f"; seen at least {reach.min():.1%} away (r = {reach.idxmin():g})",
        found=len(found), smallest_reach=reach.min(),
    )  # fmt: skip

"""What is claimed of the phase diagrams: the theory of candidates, and the optimum beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared.phase_plane import OUTCOMES, RATIO
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.phase_change.theory import COMMON, CORNERS, LEVEL
from tegum.theory.phases import boundary_two

if TYPE_CHECKING:
    import pandas as pd

#: What boundaries, found by bisection, may be off by.
ON_EDGE: Final = 1e-6
#: What exact losses may be off by, relatively.
ROUNDING: Final = 1e-9
#: Outside cells whose two best outcomes differ by less in loss …
MARGIN: Final = 0.05
#: … theory and optimum must agree in this part of the cells.
AGREEMENT: Final = 0.97
#: How far below the candidates the optimum is, at most, in the worst cell.
GAIN: Final = (0.05, 0.20)
#: The part of the cells that the excluded arrangement may win.
EXCLUDED: Final = 0.03

_AGREE: Final = (
    f"the same of the three outcomes in ≥ {AGREEMENT:.0%} of the cells in which another outcome's "
    f"candidate loses over {MARGIN:.0%} more"
)

claims = Claims("Superposition as a Phase Change")


@claims(
    "10.a",
    "The three ways to store two features in one dimension lose alike at r = 1, 1−S = 4/7; at "
    "r = 0.1 and at r = 10 superposition begins at 1−S = 0.16.",
    rule=f"boundaries by the exact loss of the weights within {ON_EDGE:g}",
    evidence=("diagram-two", "corners"),
)
def corners(tables: Tables) -> Judgement:
    found = _edges(tables, 2)
    off = max(abs(found[r] - p) for r, p in CORNERS.items())
    words = ", ".join(f"p = {found[r]:.6f} at r = {r:g}" for r in CORNERS)
    edges = {f"edge_{r:g}": found[r] for r in CORNERS}
    return when(off <= ON_EDGE, f"boundary: {words}", **edges)


@claims(
    "10.b",
    "Each of the three has a region of its own: superposition where features are sparse; "
    "elsewhere the more important feature is represented alone.",
    rule=f"closed forms within {ROUNDING:g} of the exact loss of the weights; the three regions "
    "of the whole grid are those of the formula for the boundary",
    evidence=("diagram-two", "candidates", "candidate_losses"),
)
def regions(tables: Tables) -> Judgement:
    off, cells = _formulas_off(tables), some(tables["candidates"])
    r, p, edge = cells[RATIO], cells[DENSITY], boundary_two(cells[RATIO])
    wanted = ((p > edge) & (r < 1), (p > edge) & (r > 1), p < edge)
    found = [cells["outcome"] == k for k in range(3)]
    parts = [kind.mean() for kind in found]
    words = ", ".join(f"{name} {part:.1%}" for name, part in zip(OUTCOMES, parts, strict=True))
    return when(
        off <= ROUNDING and all((a == b).all() for a, b in zip(found, wanted, strict=True)),
        f"{words} of {len(cells)} cells; formulas within {off:.0e}",
        largest_error=off, superposition=parts[2],
    )  # fmt: skip


@claims(
    "10.c",
    "The theory of three candidates says nearly everywhere what becomes of the extra feature in "
    "the best model there is.",
    rule=_AGREE,
    evidence=("diagram-two", "truth", "candidates"),
)
def agreement(tables: Tables) -> Judgement:
    return _agreement(tables["truth"])


@claims(
    "10.d",
    "The best model is nowhere worse than the best candidate, and better along the boundary most.",
    rule=f"loss lower by {GAIN[0]:.0%} to {GAIN[1]:.0%} where most, higher nowhere; at each r "
    "most in a cell next to the boundary between candidates (this added after the first runs)",
    evidence=("gain", "truth"),
)
def gain(tables: Tables) -> Judgement:
    excess = tables["truth"]["excess"]
    cells = tables["truth"].assign(below=excess / (1 + excess))  # of the candidate's loss
    peaks = cells.loc[cells.groupby(RATIO)["below"].idxmax()]  # one for each r
    worst, side = peaks.iloc[peaks["below"].argmax()], peaks.iloc[0]
    step = np.diff(np.log(np.unique(cells[DENSITY]))).max()
    away = np.abs(np.log(peaks[DENSITY] / boundary_two(peaks[RATIO]))) / step
    most, median = cells["below"].max(), cells["below"].median()
    return when(
        (excess > -ROUNDING).all() and GAIN[0] < most < GAIN[1] and (away <= 1).all(),
        f"at most {most:.1%} lower (r = {worst[RATIO]:.3g}, p = {worst[DENSITY]:.3g}), median "
        f"{median:.2%}; at r = {side[RATIO]:g} at most {side['below']:.1%} (p = "
        f"{side[DENSITY]:.3g}); most within {away.max():.2f} cells of the boundary at all "
        f"{len(peaks)} r",
        most=most, most_at_side=side["below"], median=median, cells_away=away.max(),
    )  # fmt: skip


@claims(
    "12.a",
    "Of three features in two dimensions, the extra one enters superposition as if there were two "
    "in one dimension when it is less important than the others; when it is more important, these "
    "make a pair at 1−S < 4/7, whatever its importance.",
    rule=f"boundaries by the exact loss of the weights within {ON_EDGE:g}; closed forms within "
    f"{ROUNDING:g}",
    evidence=("diagram-three", "corners", "candidate_losses"),
)
def corners_three(tables: Tables) -> Judgement:
    three, off = _edges(tables, 3), _formulas_off(tables)
    below = max(abs(three[r] - float(boundary_two(r))) for r in COMMON)
    above = max(abs(three[r] - 4 / 7) for r in LEVEL)
    return when(
        max(below, above) <= ON_EDGE and off <= ROUNDING,
        f"r < 1: within {below:.0e} of the boundary of two features in one dimension; r > 1: p = "
        f"{three[LEVEL[0]]:.6f} to {three[LEVEL[-1]]:.6f}; formulas within {off:.0e}",
        below=below, above=above,
    )  # fmt: skip


@claims(
    "12.b",
    "The theory of four candidates says nearly everywhere what becomes of the extra one of three "
    "features in the best model there is.",
    rule=_AGREE,
    evidence=("diagram-three", "truth_three"),
)
def agreement_three(tables: Tables) -> Judgement:
    return _agreement(tables["truth_three"])


@claims(
    "12.c",
    "The arrangement that the theory leaves out, all three features in joint superposition, is "
    "hardly ever the best.",
    rule="all features represented and none antipodal to another in the optimum of ≤ "
    f"{EXCLUDED:.0%} of the cells",
    evidence=("truth_three",),
)
def excluded(tables: Tables) -> Judgement:
    cells = tables["truth_three"]
    found = cells[cells["triangle"]]
    part = len(found) / len(cells)
    words = f"optimal in {len(found)} of {len(cells)} cells"
    if len(found):
        words += (
            f", r from {found[RATIO].min():.3g} to {found[RATIO].max():.3g} and p from "
            f"{found[DENSITY].min():.3g} to {found[DENSITY].max():.3g}"
        )
    return when(part <= EXCLUDED, words, part=part)


def _agreement(cells: pd.DataFrame) -> Judgement:
    clear = cells[cells["margin"] > MARGIN]
    agrees, everywhere = clear["agrees"].mean(), cells["agrees"].mean()
    wrong = clear[~clear["agrees"]]
    more = ((wrong["outcome"] == 2) & (wrong["outcome_theory"] != 2)).sum()
    neighbours = (cells["loss"] < cells["first_loss"] * (1 - 1e-6)).mean()
    return when(
        agrees >= AGREEMENT,
        f"{agrees:.1%} of {len(clear)} cells outside the margin, {everywhere:.1%} of "
        f"all {len(cells)}; {more} of the {len(wrong)} cells that differ are superposition in the "
        f"optimum only; {neighbours:.1%} of the cells owe their optimum to a neighbour",
        clear=agrees, everywhere=everywhere, from_neighbours=neighbours,
    )  # fmt: skip


def _edges(tables: Tables, n: int) -> pd.Series[Any]:
    """The p of the boundary by exact losses, over r."""
    rows = tables["corners"]
    return rows[rows["n_features"] == n].set_index(RATIO)["edge"]


def _formulas_off(tables: Tables) -> float:
    """The largest relative error of the closed forms."""
    losses = tables["candidate_losses"]
    return float((losses["exact"] / losses["formula"] - 1).abs().max())

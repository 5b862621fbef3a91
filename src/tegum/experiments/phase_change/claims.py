"""Rules about the phase diagrams: the theory of the candidates, and the optimum beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.dims import DENSITY
from tegum.experiments._shared.phase_plane import (
    COMMON,
    CORNERS,
    LEVEL,
    OUTCOMES,
    RATIO,
)
from tegum.experiments.base import Judgement, Tables, when
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


def judge_corners(tables: Tables) -> Judgement:
    """10.a: exact losses of the weights meet at the paper's points."""
    found = _edges(tables["corners"], 2)
    off = {r: abs(found[r] - p) for r, p in CORNERS.items()}
    words = ", ".join(f"p = {found[r]:.6f} at r = {r:g}" for r in CORNERS)
    edges = {f"edge_{r:g}": found[r] for r in CORNERS}
    return when(max(off.values()) <= ON_EDGE, f"boundary: {words}", **edges)


def judge_regions(tables: Tables) -> Judgement:
    """10.b: formulas are the losses of the weights, and each outcome has its own region."""
    losses, cells = tables["candidate_losses"], tables["candidates"]
    off = float((losses["exact"] / losses["formula"] - 1).abs().max())
    r, p = cells[RATIO], cells[DENSITY]
    left_out, alone, shares = (cells["outcome"] == k for k in range(3))
    edge = boundary_two(r)
    good = off <= ROUNDING and bool((left_out == ((p > edge) & (r < 1))).all())
    good &= bool((alone == ((p > edge) & (r > 1))).all()) and bool((shares == (p < edge)).all())
    parts = [float(kind.mean()) for kind in (left_out, alone, shares)]
    words = ", ".join(f"{name} {part:.1%}" for name, part in zip(OUTCOMES, parts, strict=True))
    return when(
        good,
        f"{words} of {len(cells)} cells; formulas within {off:.0e}",
        largest_error=off,
        superposition=parts[2],
    )


def judge_agreement(tables: Tables) -> Judgement:
    """10.c: what becomes of the extra feature, in theory and in the optimum, n = 2."""
    return _agreement(tables["truth"])


def judge_gain(tables: Tables) -> Judgement:
    """10.d: how far the optimum lies below the best candidate."""
    cells = tables["truth"]
    worst = cells.iloc[int(cells["excess"].to_numpy().argmax())]
    excess = cells["excess"] / (1 + cells["excess"])  # of the candidate's loss
    most = float(excess.max())
    edge = cells[cells[RATIO] == cells[RATIO].min()]
    side = edge.iloc[int(edge["excess"].to_numpy().argmax())]
    at_side = float(side["excess"] / (1 + side["excess"]))
    return when(
        bool((excess > -ROUNDING).all()) and GAIN[0] < most < GAIN[1],
        f"at most {most:.1%} lower (r = {worst[RATIO]:.3g}, p = {worst[DENSITY]:.3g}), median "
        f"{float(excess.median()):.2%}; at r = {side[RATIO]:g} at most {at_side:.1%} (p = "
        f"{side[DENSITY]:.3g})",
        most=most,
        most_at_side=at_side,
        median=excess.median(),
    )


def judge_corners_three(tables: Tables) -> Judgement:
    """12.a: r < 1 as with two features, r > 1 level at 4/7."""
    three = _edges(tables["corners"], 3)
    below = max(abs(three[r] - float(boundary_two(r))) for r in COMMON)
    above = max(abs(three[r] - 4 / 7) for r in LEVEL)
    losses = tables["candidate_losses"]
    off = float((losses["exact"] / losses["formula"] - 1).abs().max())
    return when(
        max(below, above) <= ON_EDGE and off <= ROUNDING,
        f"r < 1: within {below:.0e} of the boundary of two features in one dimension; r > 1: p = "
        f"{three[LEVEL[0]]:.6f} to {three[LEVEL[-1]]:.6f}; formulas within {off:.0e}",
        below=below,
        above=above,
    )


def judge_agreement_three(tables: Tables) -> Judgement:
    """12.b: what becomes of the extra feature, in theory and in the optimum, n = 3."""
    return _agreement(tables["truth_three"])


def judge_excluded(tables: Tables) -> Judgement:
    """12.c: where all three features are represented and no two are antipodal."""
    cells = tables["truth_three"]
    found = cells[cells["triangle"].astype(bool)]
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
    agrees = float(clear["agrees"].mean())
    wrong = clear[~clear["agrees"].astype(bool)]
    more = int(((wrong["outcome"] == 2) & (wrong["outcome_theory"] != 2)).sum())
    neighbours = float((cells["loss"] < cells["first_loss"] * (1 - 1e-6)).mean())
    return when(
        agrees >= AGREEMENT,
        f"{agrees:.1%} of {len(clear)} cells outside the margin, {cells['agrees'].mean():.1%} of "
        f"all {len(cells)}; {more} of the {len(wrong)} cells that differ are superposition in the "
        f"optimum only; {neighbours:.1%} of the cells owe their optimum to a neighbour",
        clear=agrees,
        everywhere=cells["agrees"].mean(),
        from_neighbours=neighbours,
    )


def _edges(corners: pd.DataFrame, n: int) -> dict[float, float]:
    """r: p of the boundary by exact losses."""
    mine = corners[corners["n_features"] == n]
    return {float(r): float(p) for r, p in zip(mine[RATIO], mine["edge"], strict=True)}

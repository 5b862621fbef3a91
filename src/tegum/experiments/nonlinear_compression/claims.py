"""What is claimed of nonlinear compression, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.nonlinear_compression.measure import STEEP, WIDTH_SAID, Z_SAID
from tegum.experiments.nonlinear_compression.staircase import LINEAR, PLACEMENTS

if TYPE_CHECKING:
    import pandas as pd

#: Standard errors by which a sampled loss is below another.
CLEAR: Final = 3.0
#: Sampled losses of so many networks are this near to exact ones but in one run of a hundred.
NEAR: Final = 4.0
#: Losses that are to be the same are, within this part.
SAME: Final = 0.01
#: Twice the width that the paper names is too wide, where every segment ends in a step.
TOO_WIDE: Final = 0.2

claims = Claims("Nonlinear Compression")
comments = Claims("Comments & Replications: Neel Nanda")


@claims(
    "51.a",
    "Two numbers in one, by a staircase of steep segments, beat linear codes even with three "
    "segments and steps of a tenth of one.",
    rule=f"sampled loss of the networks with Z = {Z_SAID}, ε = {WIDTH_SAID:g} (of a segment), "
    f"wherever their steps rise, below 1/12 by > {CLEAR:g} standard errors",
    evidence=("losses", "losses-over-width"),
)
def beats(tables: Tables) -> Judgement:
    rows = tables["losses"].query("Z == @Z_SAID and width == @WIDTH_SAID")
    rows = some(rows)
    gap = (LINEAR - rows["sampled"]) / rows["error"]
    words = ", ".join(
        f"{row.sampled:.4f} ± {row.error:.1g} (steps {row.placement})" for row in rows.itertuples()
    )
    return when(
        len(rows) == len(PLACEMENTS) and (gap > CLEAR).all(),
        f"loss {words}; linear {LINEAR:.4f}",
        worst=rows["sampled"].max(), best=rows["sampled"].min(),
    )  # fmt: skip


@claims(
    "51.b",
    "No linear code of two uniform numbers loses less than 1/12, what one of them alone and the "
    "average lose.",
    rule=f"lowest loss of trained linear models, n = 2, m = 1, 1−S = 1: 1/12 within {SAME:.0%}",
    evidence=("linear",),
)
def reference(tables: Tables) -> Judgement:
    lowest = some(tables["linear"])["loss"].min()
    return when(
        abs(lowest / LINEAR - 1) <= SAME,
        f"{lowest:.6f}, the lowest of {len(tables['linear'])}; 1/12 = {LINEAR:.6f}",
        lowest=lowest,
    )


@claims(
    "51.c",
    "With steps as steep as the floor's the loss is that of rounding x to Z levels, 1/(12Z²).",
    rule=f"exact loss at ε = {STEEP:g} within {SAME:.0%} of 1/(12Z²) for every Z",
    evidence=("losses",),
)
def steep(tables: Tables) -> Judgement:
    rows = some(tables["losses"].query("width == @STEEP"))
    off = (rows["exact"] * 12 * rows["Z"] ** 2 - 1).abs().max()
    return when(
        off <= SAME, f"off by {off:.1e} at most, Z from {rows['Z'].min()} to {rows['Z'].max()}",
        off=off,
    )  # fmt: skip


@claims(
    "51.d",
    "The networks lose what the piecewise integrals say.",
    rule=f"|sampled − exact| ≤ {NEAR:g} standard errors for every Z, ε and place of the steps",
    evidence=("losses", "losses-over-width"),
)
def agree(tables: Tables) -> Judgement:
    rows = some(tables["losses"])
    off = ((rows["sampled"] - rows["exact"]).abs() / rows["error"]).max()
    return when(
        off <= NEAR,
        f"{len(rows)} networks of {rows['neurons'].min()} to {rows['neurons'].max()} ReLUs: "
        f"{off:.1f} standard errors at most",
        off=off,
    )


@claims(
    "51.e",
    "It stops paying for wider steps: between one and two tenths of a segment for three segments "
    "that each end in a step.",
    rule=f"width of equal loss for Z = {Z_SAID}, steps {PLACEMENTS[2]}: > {WIDTH_SAID:g} and "
    f"< {TOO_WIDE:g}",
    evidence=("paying", "losses-over-width"),
)
def stops(tables: Tables) -> Judgement:
    rows = tables["paying"]
    at = _width(rows, PLACEMENTS[2], Z_SAID)
    fewer, centred = (_width(rows, p, Z_SAID) for p in PLACEMENTS[:2])
    other = "at any width" if centred >= 1 else f"up to {centred:.3f}"
    return when(
        WIDTH_SAID < at < TOO_WIDE,
        f"at ε = {at:.3f}; without the step at x = 1, which no input needs, at {fewer:.3f}; with "
        f"steps around the integers it pays {other}",
        width=at, without_last=fewer,
    )  # fmt: skip


def _width(rows: pd.DataFrame, placement: str, Z: int) -> float:
    (found,) = rows.loc[(rows["placement"] == placement) & (rows["Z"] == Z), "width"]
    return float(found)


@comments(
    "60.a",
    "A transformer trained on moves of Othello represents the board by linear directions.",
    rule="needs that transformer and probes of its activations: no rule of a toy model decides",
    evidence=(),
    expected="not tested",
)
def othello(tables: Tables) -> Judgement:
    return Judgement(
        "not tested",
        "a statement about a trained transformer, reported by its author; nothing that is trained "
        "here bears on it",
    )

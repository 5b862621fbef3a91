"""What is claimed of the lengths of the pentagon's features, and of how many seeds find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.experiments.base import Claims, Judgement, Tables, when
from tegum.experiments.perturbed_pentagon.claims import claims as before
from tegum.experiments.perturbed_pentagon.curves import RELATIVE
from tegum.experiments.perturbed_pentagon.measure import MATCH, SIZES
from tegum.experiments.perturbed_pentagon.tables import (
    at_one,
    bounds,
    exact_shapes,
    interval,
    pentagons,
)

if TYPE_CHECKING:
    import pandas as pd

#: ‖W_i‖ (1 − b_i) is 1 within this.
FORMULA: Final = 0.02
#: Rank correlation of length and positive interference.
DRIVEN: Final = 0.8

_LENGTHS = ("lengths", "best", "shapes")

claims = Claims(before.section)


@claims(
    "22.a",
    "Biases are slightly negative and lengths make up for them: ‖W_i‖ = 1/(1 − b_i). (Recorded as "
    "differing: b_i is negative, so that this is below 1, while lengths are above 1. With |b_i| in "
    "place of b_i it is far too much: the output for an input of 1, ‖W_i‖² + b_i, would be 1.5.)",
    rule=f"‖W_i‖ (1 − b_i) = 1 ± {FORMULA:g} in the exact regular pentagon",
    evidence=_LENGTHS,
    expected="differs",
)
def formula(tables: Tables) -> Judgement:
    row = at_one(exact_shapes(tables)).iloc[0]
    product = row["norm"] * (1 - row["b"])
    return when(
        abs(product - 1) <= FORMULA,
        f"exact regular pentagon: b = {row['b']:.4f}, ‖W_i‖ = {row['norm']:.4f}, while 1/(1 − b) = "
        f"{1 / (1 - row['b']):.3f} and 1/(1 − |b|) = {1 / (1 - abs(row['b'])):.3f}",
        product=product,
    )


@claims(
    "22.b",
    "Biases are negative, and lengths make up for them: alone, an input between 1 − |b_i| and 1 is "
    "restored exactly.",
    rule="1 + |b| ≤ ‖W_i‖² ≤ 1/(1 − |b|) in the exact regular pentagon",
    evidence=_LENGTHS,
)
def bounded(tables: Tables) -> Judgement:
    rows = bounds(at_one(exact_shapes(tables)))
    row = rows.iloc[0]
    return when(
        rows["inside"].all(),
        f"exact regular pentagon: {row['low']:.4f} ≤ ‖W_i‖² = {row['squared']:.4f} ≤ "
        f"{row['high']:.4f}",
        squared=row["squared"],
    )


@claims(
    "22.c",
    "The same bounds hold in deformed pentagons. (Recorded as differing: a feature whose "
    "neighbours are often active has a bias set by them, which its length does not fully make up "
    "for; and one that is itself active somewhat more often is a little too long.)",
    rule="for every feature of every lowest-loss pentagon",
    evidence=_LENGTHS,
    expected="differs",
)
def bounded_everywhere(tables: Tables) -> Judgement:
    rows = bounds(pentagons(tables))
    out = rows[~rows["inside"]]
    short = out[out["squared"] < out["low"]]
    worst = np.maximum(out["low"] - out["squared"], out["squared"] - out["high"]).max()
    return when(
        out.empty,
        f"{len(out)} of {len(rows)} features of {len(rows) // 5} lowest-loss pentagons are "
        f"outside, by up to {worst:.3f} in ‖W_i‖²; {len(short)} of them too short",
        outside=len(out) / len(rows),
    )


@claims(
    "22.d",
    "The distance from the unit circle is primarily driven by the amount of positive interference. "
    "(Recorded as differing: so it is for the varied feature; for the others it counts how often "
    "the interference arrives, and once the varied feature is much denser than the others, "
    "interference seldom arrives alone.)",
    rule="rank correlation of ‖W_i‖ with Σ_j max(W_i·W_j, 0)² over all features of all lowest-loss "
    f"pentagons > {DRIVEN:g}",
    evidence=("motion", "best"),
    expected="differs",
)
def driven(tables: Tables) -> Judgement:
    rows = pentagons(tables)
    plain, own = _ranks(rows, "positive"), _ranks(rows[rows["place"] == 0], "positive")
    sparse = _ranks(rows[rows[RELATIVE] <= 1], "arriving")
    return when(
        plain > DRIVEN,
        f"rank correlation of ‖W_i‖ and Σ_j max(W_i·W_j, 0)² {plain:.2f} over {len(rows)} features "
        f"of lowest-loss pentagons; {own:.3f} for the varied feature alone; with every source "
        f"weighted by its density {sparse:.2f} while the varied feature is not denser than the "
        f"others, {_ranks(rows, 'arriving'):.2f} over all densities",
        plain=plain, weighted_while_sparse=sparse,
    )  # fmt: skip


def _ranks(rows: pd.DataFrame, column: str) -> float:
    return rows["norm"].corr(rows[column], method="spearman")


@claims(
    "23.a",
    "Gradient descent has it harder in two dimensions than in three: with the same five features.",
    rule=f"the share of seeds within {MATCH:.0%} of the lowest loss known, over all densities, is "
    "lower, and its 95 % interval (Wilson) wholly so",
    evidence=("reach",),
    quick=False,
)
def harder(tables: Tables) -> Judgement:
    return _harder(tables, SIZES[1])


@claims(
    "23.b",
    "The same for eight features in three dimensions, about as crowded as five in two.",
    rule="as 23.a",
    evidence=("reach",),
    quick=False,
)
def harder_as_crowded(tables: Tables) -> Judgement:
    return _harder(tables, SIZES[2])


def _harder(tables: Tables, other: tuple[int, int]) -> Judgement:
    sizes = [_size(tables, *size) for size in (SIZES[0], other)]
    (share, _, top), (wide, bottom, _) = map(_share, sizes)
    two, three = (rows["part"] for rows in sizes)
    return when(
        top < bottom,
        f"{'; '.join(map(_words, sizes))}; fewer in two dimensions at {(two < three).sum()} of "
        f"{len(two)} densities",
        two=share, three=wide,
    )  # fmt: skip


def _size(tables: Tables, n: int, m: int) -> pd.DataFrame:
    """Models of one size: the `part` of the seeds of each density that reach the lowest loss."""
    rows = tables["reach"].set_index(RELATIVE)
    own = rows[(rows["n_features"] == n) & (rows["n_hidden"] == m)]
    if own.empty:
        raise LookupError(f"no models of size {(n, m)}")
    return own.assign(part=own["reached"] / own["seeds"])


def _share(rows: pd.DataFrame) -> tuple[float, float, float]:
    """The part of the seeds of all densities, with its interval."""
    reached, total = int(rows["reached"].sum()), int(rows["seeds"].sum())
    return (reached / total, *interval(reached, total))


def _words(rows: pd.DataFrame) -> str:
    share, low, high = _share(rows)
    n, m = (rows[name].iloc[0] for name in ("n_features", "n_hidden"))
    return (
        f"n = {n}, m = {m}: {share:.1%} (95 % interval {low:.1%} to {high:.1%}) of "
        f"{rows['seeds'].sum()} seeds within {MATCH:.0%} of the lowest loss, "
        f"{rows['part'].min():.0%} at the hardest density"
    )

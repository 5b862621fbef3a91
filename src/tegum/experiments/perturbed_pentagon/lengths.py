"""Rules about the lengths of the pentagon's features, and about how many seeds find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.perturbed_pentagon import seeds
from tegum.experiments.perturbed_pentagon.curves import RELATIVE
from tegum.experiments.perturbed_pentagon.tables import at_one, exact_shapes, pentagons

if TYPE_CHECKING:
    import pandas as pd

#: ‖W_i‖ (1 − b_i) is 1 within this.
FORMULA: Final = 0.02
#: Rank correlation of length and positive interference.
DRIVEN: Final = 0.8


def judge_formula(tables: Tables) -> Judgement:
    """22.a: ‖W_i‖ = 1/(1 − b_i). Differs: the bias is negative, and ‖W_i‖ > 1."""
    row = at_one(exact_shapes(tables)).iloc[0]
    product = float(row["norm"] * (1 - row["b"]))
    return when(
        abs(product - 1) <= FORMULA,
        f"exact regular pentagon: b = {row['b']:.4f}, ‖W_i‖ = {row['norm']:.4f}, while 1/(1 − b) = "
        f"{1 / (1 - row['b']):.3f} and 1/(1 − |b|) = {1 / (1 - abs(row['b'])):.3f}",
        product=product,
    )


def judge_bounds(tables: Tables) -> Judgement:
    """22.b: 1 + |b| ≤ ‖W_i‖² ≤ 1/(1 − |b|) in the regular pentagon."""
    rows = bounds(at_one(exact_shapes(tables)))
    row = rows.iloc[0]
    return when(
        rows["inside"].all(),
        f"exact regular pentagon: {row['low']:.4f} ≤ ‖W_i‖² = {row['squared']:.4f} ≤ "
        f"{row['high']:.4f}",
        squared=row["squared"],
    )


def judge_bounds_everywhere(tables: Tables) -> Judgement:
    """22.c: the same for every feature of every pentagon. Differs."""
    rows = bounds(pentagons(tables))
    out = rows[~rows["inside"]]
    short = out[out["squared"] < out["low"]]
    worst = float(np.maximum(out["low"] - out["squared"], out["squared"] - out["high"]).max())
    return when(
        out.empty,
        f"{len(out)} of {len(rows)} features of {len(rows) // 5} lowest-loss pentagons are "
        f"outside, by up to {worst:.3f} in ‖W_i‖²; {len(short)} of them too short",
        outside=len(out) / len(rows),
    )


def bounds(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with ‖W_i‖² as `squared`, its bounds `low` and `high`, and if it is `inside`."""
    squared, size = rows["norm"] ** 2, rows["b"].abs()
    rows = rows.assign(squared=squared, low=1 + size, high=1 / (1 - size))
    return rows.assign(inside=rows["squared"].between(rows["low"], rows["high"]))


def judge_driven(tables: Tables) -> Judgement:
    """22.d: length follows positive interference. Differs unless its sources' densities count."""
    rows = pentagons(tables)
    plain, own = _ranks(rows, "positive"), _ranks(rows[rows["place"] == 0], "positive")
    sparse = _ranks(rows[rows[RELATIVE] <= 1], "arriving")
    return when(
        plain > DRIVEN,
        f"rank correlation of ‖W_i‖ and Σ_j max(W_i·W_j, 0)² {plain:.2f} over {len(rows)} features "
        f"of lowest-loss pentagons; {own:.3f} for the varied feature alone; with every source "
        f"weighted by its density {sparse:.2f} while the varied feature is not denser than the "
        f"others, {_ranks(rows, 'arriving'):.2f} over all densities",
        plain=plain,
        weighted_while_sparse=sparse,
    )


def _ranks(rows: pd.DataFrame, column: str) -> float:
    return float(rows["norm"].corr(rows[column], method="spearman"))


def judge_same_features(tables: Tables) -> Judgement:
    """23.a: the same features with one dimension more."""
    return _harder(tables, (5, 3))


def judge_as_crowded(tables: Tables) -> Judgement:
    """23.b: as many features per dimension."""
    return _harder(tables, (8, 3))


def _harder(tables: Tables, other: tuple[int, int]) -> Judgement:
    (share, _, top), (wide, bottom, _) = (_share(tables, size) for size in (seeds.SIZES[0], other))
    words = [_share_words(tables, size) for size in (seeds.SIZES[0], other)]
    two, three = (_own(tables, size).set_index(RELATIVE) for size in (seeds.SIZES[0], other))
    lower = int((two["reached"] / two["seeds"] < three["reached"] / three["seeds"]).sum())
    words.append(f"fewer in two dimensions at {lower} of {len(two)} densities")
    return when(top < bottom, "; ".join(words), two=share, three=wide)


def _own(tables: Tables, size: tuple[int, int]) -> pd.DataFrame:
    rows = tables["reach"]
    own = rows[(rows["n_features"] == size[0]) & (rows["n_hidden"] == size[1])]
    if own.empty:
        raise LookupError(f"no models of size {size}")
    return own


def _share(tables: Tables, size: tuple[int, int]) -> tuple[float, float, float]:
    own = _own(tables, size)
    reached, total = int(own["reached"].sum()), int(own["seeds"].sum())
    return (reached / total, *seeds.interval(reached, total))


def _share_words(tables: Tables, size: tuple[int, int]) -> str:
    share, low, high = _share(tables, size)
    own = _own(tables, size)
    least = (own["reached"] / own["seeds"]).min()
    return (
        f"n = {size[0]}, m = {size[1]}: {share:.1%} (95 % interval {low:.1%} to {high:.1%}) of "
        f"{own['seeds'].sum()} seeds within {seeds.MATCH:.0%} of the lowest loss, {least:.0%} at "
        f"the hardest density"
    )

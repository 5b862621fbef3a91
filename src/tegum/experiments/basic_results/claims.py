"""What is judged of the sweep of "Basic Results", from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY
from tegum.experiments._shared.sweeps import (
    DENSITIES,
    SMALL_HIDDEN,
    among,
    at,
    known,
    lowest,
    matching_counts,
    square,
)
from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.basic_results import linear as _linear

if TYPE_CHECKING:
    import pandas as pd

    from tegum.dims import F64

#: The biases of features that are not represented are 1/2 within this, with dense features.
BIAS: Final = 0.05
#: 1−S: (least, most) represented, dedicated features.
COUNTS: Final = {0.3: ((7, 7), 3), 0.1: ((9, 9), 1), 0.03: ((10, 11), 0)}
#: What the counts may be off by.
COUNT_SLACK: Final = 1
#: From here on features are sparse.
SPARSE: Final = 0.01
#: Represented features when sparse, as read off the paper's figure.
SPARSE_COUNTS: Final = (11, 13)
#: An overlap G_ij above this is positive, a bias below minus this negative.
PRESENT: Final = 0.05
#: Where some features share and some do not.
MIXED: Final = (0.3, 0.1)
#: Pairs have given way to other arrangements when they hold less than this part of the features.
PAIRS_GONE: Final = 0.5


def judge_dense(tables: Tables) -> Judgement:
    """3.b: dense features make the ReLU-output model the linear one."""
    off = _linear.projector_error(at(tables["pairs"], 1.0))
    features = at(tables["features"], 1.0)
    left_out = features[features["norm"] <= geometry.REPRESENTED]
    bias = float((left_out["b"] - 0.5).abs().max()) if len(left_out) else float("nan")
    return when(
        off <= _linear.ENTRY and bias <= BIAS,
        f"largest |G − diag(1×{SMALL_HIDDEN}, 0)| {off:.4f}; biases of the {len(left_out)} "
        f"features left out within {bias:.4f} of 1/2; {_known(tables, 1.0)}",
        largest_entry_off=off,
        largest_bias_off=bias,
    )


def judge_counts(tables: Tables) -> Judgement:
    """3.c: represented and dedicated features at 1−S = .3, .1, .03."""
    words, good, values = [], True, {}
    for p, ((least, most), alone) in COUNTS.items():
        row = _best(tables, p)
        low, high = least - COUNT_SLACK, most + COUNT_SLACK
        good &= low <= row["represented"] <= high
        good &= abs(row["dedicated"] - alone) <= COUNT_SLACK
        words.append(
            f"{row['represented']:g}/{row['dedicated']:g} at 1−S={p:g}, "
            f"loss {row['loss']:.4g}±{row['loss_error']:.1g}"
        )
        values[f"represented_{p:g}"] = float(row["represented"])
        values[f"dedicated_{p:g}"] = float(row["dedicated"])
    return when(
        good,
        "represented/dedicated "
        + "; ".join(words)
        + _and_known(among(tables["models"], tuple(COUNTS))),
        **values,
    )


def judge_beyond_pairs(tables: Tables) -> Judgement:
    """3.d: at 1−S = .03 something better than the best packing of antipodal pairs is found."""
    row, packing = _best(tables, 0.03), at(tables["packing"], 0.03).iloc[0]
    gain = 1 - row["loss"] / packing["loss"]
    sure = row["loss"] + 2 * row["loss_error"] < packing["loss"]
    return when(
        sure and row["represented"] > packing["represented"],
        f"{row['represented']:g} features at a loss {gain:.1%} below that of the "
        f"{packing['represented']:g} features in pairs, {packing['loss']:.4g}; "
        f"{_known(tables, 0.03)}",
        represented=row["represented"],
        gain=gain,
    )


def judge_none_dedicated(tables: Tables) -> Judgement:
    """3.e: no sparse feature has a dimension of its own."""
    rows = _sparse(tables)
    return when(
        (rows["dedicated"] == 0).all(),
        _each(rows, "dedicated") + _and_known(rows),
        most_dedicated=rows["dedicated"].max(),
    )


def judge_positive_interference(tables: Tables) -> Judgement:
    """3.f: positive overlaps of represented features, and negative biases, appear when sparse."""
    words, good, least, highest = [], True, np.inf, -np.inf
    for p in _sparse(tables)[DENSITY]:
        overlap, bias = _extremes(tables, p)
        good &= overlap > PRESENT and bias < -PRESENT
        words.append(f"1−S={p:g}: {overlap:.2f}, {bias:.2f}")
        least, highest = min(least, overlap), max(highest, bias)
    return when(
        good,
        "largest overlap, lowest bias: " + "; ".join(words) + _and_known(_sparse(tables)),
        least_overlap=least,
        highest_bias=highest,
    )


def _extremes(tables: Tables, density: float) -> tuple[float, float]:
    """The largest G_ij (i ≠ j) and the lowest bias among represented features."""
    features = at(tables["features"], density).sort_values("feature")
    shown = features["norm"].to_numpy() > geometry.REPRESENTED
    G = square(at(tables["pairs"], density))[np.ix_(shown, shown)]
    np.fill_diagonal(G, -np.inf)
    return float(G.max()), float(features["b"].to_numpy()[shown].min())


def judge_sparse_counts(tables: Tables) -> Judgement:
    """3.g: how many features are represented when sparse."""
    rows = _sparse(tables)
    low, high = SPARSE_COUNTS[0] - COUNT_SLACK, SPARSE_COUNTS[1] + COUNT_SLACK
    return when(
        rows["represented"].between(low, high).all(),
        _each(rows, "represented") + _and_known(rows),
        **{f"represented_{r[DENSITY]:g}": float(r["represented"]) for _, r in rows.iterrows()},
    )


def judge_monotone(tables: Tables) -> Judgement:
    """3.h: sparser features, no fewer of them represented.

    Models that match the lowest loss of a density count alike: of the sparsest, hardly one seed
    in a hundred comes that close, and which of these is the lowest differs from run to run.
    """
    near = matching_counts(tables["models"])
    rows = lowest(tables["models"])
    chosen: list[int] = []
    for counts in near:
        enough = [count for count in counts if count >= max(chosen, default=0)]
        chosen += enough[:1]
    return when(
        len(chosen) == len(DENSITIES),
        f"lowest loss: {' '.join(map(str, rows['represented']))} from dense to sparse; within 1% "
        f"of it: {' '.join('/'.join(map(str, counts)) for counts in near)}; {known(rows)}",
        **{f"represented_{r[DENSITY]:g}": float(r["represented"]) for _, r in rows.iterrows()},
    )


def judge_order(tables: Tables) -> Judgement:
    """3.i: the least important of the represented features share, the others do not."""
    words, good = [], True
    for p in MIXED:
        alone, shared = _alone_and_shared(tables, p)
        good &= bool(alone) and bool(shared) and max(alone, default=0) < min(shared, default=0)
        words.append(f"1−S={p:g}: alone {_span(alone)}, sharing {_span(shared)}")
    return when(
        good, "features at " + "; ".join(words) + _and_known(among(tables["models"], MIXED))
    )


def judge_pairs_first(tables: Tables) -> Judgement:
    """3.j: those that share do so in antipodal pairs first, in other arrangements when sparse."""
    words, good = [], True
    for p in (*MIXED, *_sparse(tables)[DENSITY]):
        paired, shared, shown = _paired(tables, p)
        good &= paired == shared > 0 if p in MIXED else paired < PAIRS_GONE * shown
        words.append(f"{paired} of {shared} at 1−S={p:g}")
    rows = lowest(tables["models"])
    judged = rows[rows[DENSITY].isin(MIXED) | (rows[DENSITY] <= SPARSE)]
    found = "of the features that share, in antipodal pairs: " + ", ".join(words)
    return when(good, found + _and_known(judged))


def _paired(tables: Tables, density: float) -> tuple[int, int, int]:
    """How many features are in antipodal pairs, share, are represented."""
    _, shared = _alone_and_shared(tables, density)
    W = directions(square(at(tables["pairs"], density)))
    shown = int(geometry.count_represented(W))
    return 2 * int(geometry.count_antipodal_pairs(W)), len(shared), shown


def directions(G: F64) -> F64:
    """Some W (feature, feature) with WᵀW = G: lengths and angles are those of the model."""
    value, vector = np.linalg.eigh(G)
    return np.asarray(np.sqrt(np.maximum(value, 0))[:, None] * vector.T)


def _alone_and_shared(tables: Tables, density: float) -> tuple[list[int], list[int]]:
    """The represented features with a dimension to themselves, and the others."""
    features = at(tables["features"], density)
    shown = features[features["norm"] > geometry.REPRESENTED]
    alone = shown["superposition"] < geometry.DEDICATED
    return sorted(shown.loc[alone, "feature"]), sorted(shown.loc[~alone, "feature"])


def _span(features: list[int]) -> str:
    return ",".join(map(str, features)) or "none"


def _best(tables: Tables, density: float) -> pd.Series:
    return among(tables["models"], (density,)).iloc[0]


def _sparse(tables: Tables) -> pd.DataFrame:
    rows = lowest(tables["models"])
    return at_most(rows, SPARSE)


def at_most(rows: pd.DataFrame, density: float) -> pd.DataFrame:
    """The rows of this density and sparser ones; an error if there are none."""
    found = rows[rows[DENSITY] <= density * (1 + 1e-9)]
    if found.empty:
        raise LookupError(f"no models at feature probability {density:g} or below")
    return found


def _known(tables: Tables, density: float) -> str:
    return known(among(tables["models"], (density,)))


def _each(rows: pd.DataFrame, name: str) -> str:
    found = ", ".join(f"{r[name]:g} at 1−S={r[DENSITY]:g}" for _, r in rows.iterrows())
    return f"{name}: {found}"


def _and_known(rows: pd.DataFrame) -> str:
    return "; " + known(rows)

"""What is claimed of polytopes and low-rank matrices, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.low_rank.measure import DENSE, PAIR, SAME, TRIANGLE

if TYPE_CHECKING:
    import pandas as pd

#: Constructions agree with their formulas within this.
ROUNDING: Final = 1e-12
#: Cosines of a found simplex are -1/(n-1), and its lengths equal, within this; what it leaves out
#: is (1, …, 1) when that lies in it to this part.
COSINE, EVEN, ALONG = 0.01, 0.01, 0.999
#: From here on three features are dense, up to here sparse.
DENSE_FROM, SPARSE_TO = 0.6, 0.5
#: Where the losses of the triangle and the pair cross.
SWITCH: Final = (SPARSE_TO, DENSE_FROM)

_FITS: Final = ("left-out", "fits")

claims = Claims("The Geometry of Superposition: Polytopes and Low-Rank Matrices")


@claims(
    "19.a",
    "Low-rank matrices WᵀW and polytopes correspond: the directions that are left out make one, "
    "the n basis vectors projected, if WᵀW is otherwise as close to the identity as it can be.",
    rule="random directions V, k of them: W V = 0 and nothing else for the projection, ‖1 − "
    f"WᵀW‖ = √k, within {ROUNDING:g}; no random change that keeps V left out is nearer",
    evidence=("projections",),
)
def correspondence(tables: Tables) -> Judgement:
    rows = tables["projections"]
    angle = rows["angle"].max()
    off = (rows["distance"] - np.sqrt(rows["left_out"])).abs().max()
    nearer = (rows["nearest"] - rows["distance"]).min()
    return when(
        angle <= ROUNDING and off <= ROUNDING and nearer >= -ROUNDING,
        f"{len(rows)} sets of random directions, n = {rows['n_features'].min()} to "
        f"{rows['n_features'].max()}: found again within {angle:.0e}; ‖1 − WᵀW‖ = √k within "
        f"{off:.0e}, and no other matrix tried is nearer (by {nearer:.0e} at best)",
        angle=angle,
    )


@claims(
    "19.b",
    "n basis vectors projected orthogonally to (1, …, 1) form a regular simplex.",
    rule=f"n = 3 … 12: all cosines −1/(n − 1), equal lengths, within {ROUNDING:g}",
    evidence=("simplices",),
)
def constructed(tables: Tables) -> Judgement:
    rows = tables["simplices"]
    off, uneven = _cosines_off(rows).max(), (rows["largest_norm"] - rows["least_norm"]).max()
    return when(
        off <= ROUNDING and uneven <= ROUNDING,
        f"n = {rows['n_features'].min()} to {rows['n_features'].max()}: cosines −1/(n − 1) within "
        f"{off:.0e}, equal lengths within {uneven:.0e}; named {', '.join(rows['name'][:3])}, …",
        cosine_off=off,
    )


@claims(
    "19.c",
    "n equal features in n − 1 dimensions find this simplex when they are dense.",
    rule=f"lowest exact minimum at every 1−S ≥ {DENSE_FROM:g}, n = 3 … 6: cosines −1/(n − 1) ± "
    f"{COSINE:g}, lengths equal within {EVEN:g}, what is left out along (1, …, 1) to {ALONG:g}; "
    "no start lower, and one at least finds it",
    evidence=_FITS,
)
def dense(tables: Tables) -> Judgement:
    rows = tables["fits"]
    rows = rows[rows[DENSITY] >= DENSE_FROM]
    good = _is_simplex(rows) & (rows["share"] > 0)
    at = rows.loc[np.isclose(rows[DENSITY], DENSE), ["share", "starts", "n_features"]]
    shares = ", ".join(f"{s:.1%} of {of} for n = {n}" for s, of, n in at.itertuples(index=False))
    return when(
        good.all() and len(rows),
        f"{good.sum()} of {len(rows)} (n, 1−S) with 1−S ≥ {DENSE_FROM:g}; at {DENSE:g} it is "
        f"found by {shares} of the starts",
        least_share=rows["share"].min(),
    )


def _is_simplex(rows: pd.DataFrame) -> pd.Series:
    even = rows["largest_norm"] - rows["least_norm"] <= EVEN
    return (_cosines_off(rows) <= COSINE) & even & (rows["along"] >= ALONG)


def _cosines_off(rows: pd.DataFrame) -> pd.Series:
    """How far the cosines are from those of the simplex, at most."""
    ideal = -1 / (rows["n_features"] - 1)
    return rows[["least_cosine", "largest_cosine"]].sub(ideal, axis=0).abs().max(axis=1)


@claims(
    "19.d",
    "If three features are equally important and equally sparse, the best strategy in two "
    "dimensions is an equilateral triangle. (Recorded as differing: it is when they are dense. "
    "Below 1−S = 0.522 a pair with one feature alone loses less: in a triangle any two features "
    "that are active together interfere, beside a pair only the two in it.)",
    rule="the lowest exact minimum is the triangle at every density",
    evidence=("features", "crossing", "fits"),
    expected="differs",
)
def triangle(tables: Tables) -> Judgement:
    rows = _of_three(tables["fits"])
    found = _is_simplex(rows)
    worst = rows.iloc[(rows["simplex"] / rows["loss"]).argmax()]
    switches = ", ".join(f"{p:.4f}" for p in some(_of_three(tables["switches"]))[DENSITY])
    return when(
        found.all(),
        f"the lowest minimum is a triangle at {found.sum()} of {len(rows)} densities, those above "
        f"{switches}; at 1−S = {worst[DENSITY]:g} it loses "
        f"{worst['simplex'] / worst['loss'] - 1:.0%} more than {worst['names']}",
        triangles=found.mean(),
    )


def _of_three(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["n_features"] == 3]


@claims(
    "19.e",
    "Of equally important and sparse features, the best direction not to represent is the fully "
    "dense vector (1, …, 1). (Recorded as differing: for dense features it is; for sparse ones it "
    "is (1, 1, 0, …), for the same reason.)",
    rule=f"so in the lowest exact minimum at every 1−S ≤ {SPARSE_TO:g}, n = 3 … 6",
    evidence=_FITS,
    expected="differs",
)
def direction(tables: Tables) -> Judgement:
    rows, met = tables["fits"], some(tables["switches"])[["n_features", DENSITY]]
    sparse = some(rows[rows[DENSITY] <= SPARSE_TO])
    best = sparse["along"] >= ALONG
    pair = (sparse["along"] - np.sqrt(2 / sparse["n_features"])).abs() <= 1 - ALONG
    switches = ", ".join(f"{p:.4f} for n = {n}" for n, p in met.itertuples(index=False))
    return when(
        best.all(),
        f"at 1−S ≤ {SPARSE_TO:g} {best.sum()} of {len(sparse)} lowest minima leave it out, "
        f"{pair.sum()} (1, 1, 0, …): an antipodal pair, all others alone; losses cross at "
        f"1−S = {switches}",
        dense_direction=best.mean(),
    )


@claims(
    "19.f",
    "Three equal features change from a pair with one alone to the triangle as they get denser, "
    "at one density.",
    rule=f"one crossing of the exact losses, at 1−S in {SWITCH[0]:g} … {SWITCH[1]:g}, both being "
    "minima there; the lowest minimum from random starts is the pair at every density below and "
    "the triangle at every one above",
    evidence=("crossing", "curves", "fits"),
)
def switch(tables: Tables) -> Judgement:
    met, rows = (_of_three(tables[name]) for name in ("switches", "fits"))
    at = met[DENSITY].iloc[0] if len(met) else np.nan
    apart = (met["loss"] / met["other"] - 1).abs().max()
    pairs = (rows["names"] == "dedicated + digon") == (rows[DENSITY] < at)
    triangles = _is_simplex(rows) == (rows[DENSITY] > at)
    ends = tables["ends"].set_index("branch")
    low, high = ends["low"][TRIANGLE], ends["high"][PAIR]
    alone = len(met) == 1 and SWITCH[0] < at < SWITCH[1]
    return when(
        alone and (pairs & triangles).all() and low < at < high,
        f"{len(met)} crossing at 1−S = {at:.5f}, losses equal within {apart:.0e}; the pair is a "
        f"minimum up to {high:.2f}, the triangle from {low:g}; lowest of "
        f"{rows['starts'].iloc[0]} exact starts at {len(rows)} densities, found by "
        f"{rows['share'].min():.0%} to {rows['share'].max():.0%} of them (same minimum: loss "
        f"within {SAME:g})",
        switch=at,
    )

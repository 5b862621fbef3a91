"""Rules about polytopes and low-rank matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.base import Judgement, Tables, when
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


def judge_correspondence(tables: Tables) -> Judgement:
    """19.a: what is left out determines the polytope, the closest to the identity."""
    rows = tables["projections"]
    angle = float(rows["angle"].max())
    off = float((rows["distance"] - np.sqrt(rows["left_out"])).abs().max())
    nearer = float((rows["nearest"] - rows["distance"]).min())
    return when(
        angle <= ROUNDING and off <= ROUNDING and nearer >= -ROUNDING,
        f"{len(rows)} sets of random directions, n = {rows['n_features'].min()} to "
        f"{rows['n_features'].max()}: found again within {angle:.0e}; ‖1 − WᵀW‖ = √k within "
        f"{off:.0e}, and no other matrix tried is nearer (by {nearer:.0e} at best)",
        angle=angle,
    )


def judge_simplex(tables: Tables) -> Judgement:
    """19.b: leaving out (1, …, 1) gives the regular simplex."""
    rows = tables["simplices"]
    ideal = -1 / (rows["n_features"] - 1)
    off = max(float((rows[f"{end}_cosine"] - ideal).abs().max()) for end in ("least", "largest"))
    uneven = float((rows["largest_norm"] - rows["least_norm"]).max())
    return when(
        off <= ROUNDING and uneven <= ROUNDING,
        f"n = {rows['n_features'].min()} to {rows['n_features'].max()}: cosines −1/(n − 1) within "
        f"{off:.0e}, equal lengths within {uneven:.0e}; named {', '.join(rows['name'][:3])}, …",
        cosine_off=off,
    )


def judge_dense(tables: Tables) -> Judgement:
    """19.c: the best dense models are that simplex."""
    rows = tables["fits"]
    rows = rows[rows[DENSITY] >= DENSE_FROM]
    good = _is_simplex(rows) & (rows["share"] > 0)
    shares = ", ".join(
        f"{share:.1%} of {part['starts'].iloc[0]} for n = {n}"
        for n, part in rows.groupby("n_features")
        for share in [float(part.loc[np.isclose(part[DENSITY], DENSE), "share"].iloc[0])]
    )
    return when(
        bool(good.all()) and len(rows) > 0,
        f"{int(good.sum())} of {len(rows)} (n, 1−S) with 1−S ≥ {DENSE_FROM:g}; at {DENSE:g} it is "
        f"found by {shares} of the starts",
        least_share=rows["share"].min(),
    )


def _is_simplex(rows: pd.DataFrame) -> pd.Series:
    ideal = -1 / (rows["n_features"] - 1)
    near = (rows["least_cosine"] - ideal).abs() <= COSINE
    near &= (rows["largest_cosine"] - ideal).abs() <= COSINE
    near &= rows["largest_norm"] - rows["least_norm"] <= EVEN
    return near & (rows["along"] >= ALONG)


def judge_triangle(tables: Tables) -> Judgement:
    """19.d: the triangle is the best for three equal features. Differs where they are sparse."""
    rows = tables["fits"]
    rows = rows[rows["n_features"] == 3]
    triangle = _is_simplex(rows)
    worst = rows.iloc[int((rows["simplex"] / rows["loss"]).to_numpy().argmax())]
    met = tables["switches"]
    at = met.loc[met["n_features"] == 3, DENSITY]
    return when(
        triangle.all(),
        f"the lowest minimum is a triangle at {int(triangle.sum())} of {len(rows)} densities, "
        f"those above {', '.join(f'{p:.4f}' for p in at)}; at 1−S = {worst[DENSITY]:g} it loses "
        f"{worst['simplex'] / worst['loss'] - 1:.0%} more than {worst['names']}",
        triangles=triangle.mean(),
    )


def judge_direction(tables: Tables) -> Judgement:
    """19.e: (1, …, 1) is the best direction to leave out. Differs where features are sparse."""
    rows = tables["fits"]
    sparse = rows[rows[DENSITY] <= SPARSE_TO]
    best = sparse["along"] >= ALONG
    pair = (sparse["along"] - np.sqrt(2 / sparse["n_features"])).abs() <= 1 - ALONG
    switches = ", ".join(
        f"{p:.4f} for n = {n}"
        for n, p in tables["switches"][["n_features", DENSITY]].itertuples(index=False)
    )
    return when(
        best.all(),
        f"at 1−S ≤ {SPARSE_TO:g} {int(best.sum())} of {len(sparse)} lowest minima leave it out, "
        f"{int(pair.sum())} (1, 1, 0, …): an antipodal pair, all others alone; losses cross at "
        f"1−S = {switches}",
        dense_direction=best.mean(),
    )


def judge_switch(tables: Tables) -> Judgement:
    """19.f: one switch, and nothing else is the optimum on either side."""
    met, rows = tables["switches"], tables["fits"]
    met, rows = met[met["n_features"] == 3], rows[rows["n_features"] == 3]
    at = float(met[DENSITY].iloc[0]) if len(met) else np.nan
    apart = float((met["loss"] / met["other"] - 1).abs().max())
    pairs = rows["names"] == "dedicated + digon"
    below, above = rows[DENSITY] < at, rows[DENSITY] > at
    good = bool((pairs == below).all() and (_is_simplex(rows) == above).all())
    ends = tables["ends"].set_index("branch")
    low, high = (float(ends[end][name]) for end, name in (("low", TRIANGLE), ("high", PAIR)))
    return when(
        len(met) == 1 and SWITCH[0] < at < SWITCH[1] and good and low < at < high,
        f"{len(met)} crossing at 1−S = {at:.5f}, losses equal within {apart:.0e}; the pair is a "
        f"minimum up to {high:.2f}, the triangle from {low:g}; lowest of "
        f"{rows['starts'].iloc[0]} exact starts at {len(rows)} densities, found by "
        f"{rows['share'].min():.0%} to {rows['share'].max():.0%} of them (same minimum: loss "
        f"within {SAME:g})",
        switch=at,
    )

"""What is claimed of local almost-orthogonal bases, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared.sets import EXACT, TRAINED
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.correlated_features.local_bases import (
    BUNDLES,
    DENSITIES,
    HIDDEN_DIMENSIONS,
    INDEPENDENT,
    SIZE,
    SIZES,
)
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    import pandas as pd

#: Mean |cos| within a bundle is below this, and that across at least so many times larger.
WITHIN: Final = 0.1
RATIO: Final = 4.0
#: Mean D_i of a feature with its bundle alone is above the first, in the model below the second.
ALONE, OVERALL = 0.95, 0.55
#: Of independent features the ratio, of means over all seeds, is at most this.
CONTROL: Final = 1.8

_SHOWN = ("bases-shown", "bundles")

claims = Claims("Local Almost-Orthogonal Bases")


@claims(
    "27.a",
    "Two bundles of correlated features in a larger model are nearly orthogonal within, though the "
    "model is in superposition.",
    rule=f"n = 20, m = 10, two bundles of ten, 1−S = {', '.join(f'{p:g}' for p in DENSITIES)}, the "
    f"model of lowest loss: mean |cos| within a bundle < {WITHIN:g}, across ≥ {RATIO:g} times that",
    evidence=_SHOWN,
)
def orthogonal(tables: Tables) -> Judgement:
    parts, holds = [], True
    for p in DENSITIES:
        rows, best, polished = _at(tables, p), _lowest(tables, p), _lowest(tables, p, EXACT)
        ratio = best["across"] / best["within"]
        near = (rows["within"] < WITHIN) & (rows["across"] / rows["within"] >= RATIO)
        holds &= best["within"] < WITHIN and ratio >= RATIO
        parts.append(
            f"1−S={p:g}: mean |cos| {best['within']:.3f} within, {best['across']:.3f} across, "
            f"×{ratio:.1f} (at the exact minimum {polished['within']:.3f}, "
            f"{polished['across']:.3f}), {near.mean():.0%} of {len(rows)} seeds"
        )
    return when(holds, "; ".join(parts))


@claims(
    "27.b",
    "Considered in isolation a bundle has very little superposition.",
    rule=f"in the models of 27.a: mean D_i of a feature with its bundle alone > {ALONE:g}, in the "
    f"whole model < {OVERALL:g}",
    evidence=_SHOWN,
)
def dimensionality(tables: Tables) -> Judgement:
    parts, holds = [], True
    for p in DENSITIES:
        best = _lowest(tables, p)
        holds &= best["alone"] > ALONE and best["overall"] < OVERALL
        parts.append(f"1−S={p:g}: {best['alone']:.3f} alone, {best['overall']:.3f} in the model")
    return when(holds, "; ".join(parts))


@claims(
    "27.c",
    "It takes the correlation: halves of twenty independent features are no such bases.",
    rule=f"mean over all seeds: |cos| across ≤ {CONTROL:g} times that within, D_i with the half "
    f"alone < {ALONE:g}",
    evidence=_SHOWN,
)
def control(tables: Tables) -> Judgement:
    parts, holds = [], True
    for p in DENSITIES:
        rows = _at(tables, p, law=INDEPENDENT)
        ratio, alone = rows["across"].mean() / rows["within"].mean(), rows["alone"].mean()
        holds &= ratio <= CONTROL and alone < ALONE
        parts.append(f"1−S={p:g}: ×{ratio:.2f}, D {alone:.2f} alone ({len(rows)} seeds)")
    return when(holds, "; ".join(parts))


@claims(
    "27.d",
    "It takes bundles that fit: with more features than dimensions a bundle is in superposition by "
    "itself.",
    rule=f"m = {HIDDEN_DIMENSIONS}, bundles of {', '.join(map(str, SIZES))} (fewer in a quick "
    f"run), 1−S = {max(DENSITIES):g}: mean D_i with the bundle alone > {ALONE:g} for those of at "
    "most m features, and for no others",
    evidence=("sizes", "bundles"),
)
def size(tables: Tables) -> Judgement:
    table, parts, holds = tables["bundles"], [], True
    rows = table[(table["law"] == BUNDLES) & (table["engine"] == TRAINED)]
    for k in sorted(some(rows)["size"].unique()):
        best = _lowest(tables, max(DENSITIES), size=k)
        holds &= (best["alone"] > ALONE) == (k <= HIDDEN_DIMENSIONS)
        parts.append(f"{k}: {best['alone']:.3f}")
    return when(holds, f"mean D with the bundle alone, by its size: {', '.join(parts)}")


def _at(
    tables: Tables, p: float, engine: str = TRAINED, law: str = BUNDLES, size: int = SIZE
) -> pd.DataFrame:
    table = tables["bundles"]
    here = (table["law"] == law) & (table["engine"] == engine) & (table["size"] == size)
    rows = table[here & np.isclose(table[DENSITY], p)].dropna(subset=["loss"])
    if rows.empty:
        raise LookupError(f"no models of {law} at {p:g}")
    return rows


def _lowest(tables: Tables, p: float, engine: str = TRAINED, size: int = SIZE) -> pd.Series:
    return best_rows(_at(tables, p, engine, size=size), DENSITY).iloc[0]

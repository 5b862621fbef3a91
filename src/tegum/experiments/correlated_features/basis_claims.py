"""Rules of the claims on local almost-orthogonal bases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared.sets import EXACT, TRAINED
from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.correlated_features.local_bases import (
    BUNDLES,
    DENSITIES,
    HIDDEN_DIMENSIONS,
    INDEPENDENT,
    SIZE,
)

if TYPE_CHECKING:
    import pandas as pd

#: Mean |cos| within a bundle is below this, and that across at least so many times larger.
WITHIN: Final = 0.1
RATIO: Final = 4.0
#: Mean D_i of a feature with its bundle alone is above the first, in the model below the second.
ALONE, OVERALL = 0.95, 0.55
#: Of independent features the ratio, of means over all seeds, is at most this.
CONTROL: Final = 1.8


def judge_orthogonal(tables: Tables) -> Judgement:
    """27.a: orthogonal within, not across."""
    parts, holds = [], True
    for p in DENSITIES:
        rows, best = _at(tables, p), _lowest(tables, p)
        ratio = rows["across"] / rows["within"]
        near = (rows["within"] < WITHIN) & (ratio >= RATIO)
        polished = _lowest(tables, p, EXACT)
        holds &= best["within"] < WITHIN and best["across"] / best["within"] >= RATIO
        parts.append(
            f"1−S={p:g}: mean |cos| {best['within']:.3f} within, {best['across']:.3f} across, "
            f"×{best['across'] / best['within']:.1f} (at the exact minimum "
            f"{polished['within']:.3f}, {polished['across']:.3f}), {near.mean():.0%} of "
            f"{len(rows)} seeds"
        )
    return when(holds, "; ".join(parts))


def judge_dimensionality(tables: Tables) -> Judgement:
    """27.b: a dimension for each feature of a bundle, half of one in the model."""
    parts, holds = [], True
    for p in DENSITIES:
        best = _lowest(tables, p)
        holds &= best["alone"] > ALONE and best["overall"] < OVERALL
        parts.append(f"1−S={p:g}: {best['alone']:.3f} alone, {best['overall']:.3f} in the model")
    return when(holds, "; ".join(parts))


def judge_control(tables: Tables) -> Judgement:
    """27.c: independent features have no such bases, on an average over seeds."""
    parts, holds = [], True
    for p in DENSITIES:
        rows = _at(tables, p, law=INDEPENDENT)
        ratio = float(rows["across"].mean() / rows["within"].mean())
        alone = float(rows["alone"].mean())
        holds &= ratio <= CONTROL and alone < ALONE
        parts.append(f"1−S={p:g}: ×{ratio:.2f}, D {alone:.2f} alone ({len(rows)} seeds)")
    return when(holds, "; ".join(parts))


def judge_size(tables: Tables) -> Judgement:
    """27.d: bundles that fit have them, bundles of more than m features do not."""
    table, parts, holds = tables["bundles"], [], True
    rows = table[(table["law"] == BUNDLES) & (table["engine"] == TRAINED)]
    for size in sorted(rows["size"].unique()):
        best = _lowest(tables, max(DENSITIES), size=size)
        holds &= bool(best["alone"] > ALONE) == (size <= HIDDEN_DIMENSIONS)
        parts.append(f"{size}: {best['alone']:.3f}")
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
    return _at(tables, p, engine, size=size).sort_values("loss", kind="stable").iloc[0]

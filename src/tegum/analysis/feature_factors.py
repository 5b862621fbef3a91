"""Every feature of many models with the tegum factor that it belongs to, as a long table.

`tegum_factors.factor_table` has a row per factor, with D_i as if the factor were alone. Here D_i is
that of the feature in the whole model, so that the two agree only where factors are orthogonal,
which `across` measures.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from tegum.analysis import geometry
from tegum.analysis._arrays import labelled
from tegum.analysis.tegum_factors import ABSENT, THRESHOLD, Factor, factors
from tegum.dims import F64, FEATURE

_COLUMNS: Final = (
    *("feature", "norm", "dimensionality", "factor", "geometry", "size", "rank", "across"),
)


def feature_factor_table(
    W: NDArray[Any] | xr.DataArray, threshold: float = THRESHOLD
) -> pd.DataFrame:
    """The features of every model, one per row.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        threshold: features are linked when |cos| exceeds it, in [0, 1).

    Returns:
        The first columns say which model, as in `factor_table`. Then `feature`; `norm` ‖W_i‖;
        `dimensionality`, D_i in [0, 1] among all features of the model; `factor`, the number of its
        tegum factor within the model; `geometry`, the polytope that the factor is, "unnamed", or
        "not represented"; `size` and `rank` of the factor; `across`, the largest |cos| in [0, 1]
        with a represented feature of another factor (0 without any). A feature that is not
        represented has factor −1, size and rank 0, and `across` NaN.

    Raises:
        SpecError: if W has no hidden and feature dimensions, or the threshold is outside [0, 1).

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    labels = labelled(W)
    outer = [str(dim) for dim in labels.dims[:-2]]
    values = {dim: labels[dim].to_numpy() for dim in (*outer, FEATURE)}
    plain = labels.to_numpy()
    parts = []
    for place in np.ndindex(plain.shape[:-2]):
        part = _features(plain[place], threshold)
        part.insert(0, FEATURE, values[FEATURE])
        for position, (dim, i) in enumerate(zip(outer, place, strict=True)):
            part.insert(position, dim, values[dim][i])
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=[*outer, *_COLUMNS])
    return pd.concat(parts, ignore_index=True)


def across_factors(W: NDArray[Any], found: list[Factor]) -> F64:
    """The largest |cos| of each feature with those of other factors.

    Args:
        W: weights of one model, (hidden, feature).
        found: its factors.

    Returns:
        Cosines in [0, 1], (feature,); 0 for the features of a single factor, NaN for those of none.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    w = np.asarray(W, dtype=np.float64)
    label = np.full(w.shape[-1], -1)
    for number, factor in enumerate(found):
        label[list(factor.features)] = number
    across = np.full(len(label), np.nan)
    shown = np.flatnonzero(label >= 0)
    if shown.size:
        strength = np.abs(geometry.cosines(w[:, shown]))
        own = label[shown]
        strength[own[:, None] == own[None, :]] = 0.0
        across[shown] = strength.max(-1)
    return across


def _features(w: F64, threshold: float) -> pd.DataFrame:
    """The rows of one model, without the names of its features."""
    found = factors(w, threshold)
    n = w.shape[-1]
    columns: dict[str, Any] = {
        "norm": geometry.norms(w),
        "dimensionality": geometry.dimensionality(w),
        "factor": np.full(n, -1),
        "geometry": np.full(n, ABSENT, dtype=object),
        "size": np.zeros(n, dtype=np.int64),
        "rank": np.zeros(n, dtype=np.int64),
        "across": across_factors(w, found),
    }
    for number, factor in enumerate(found):
        own = list(factor.features)
        columns["factor"][own] = number
        columns["geometry"][own] = factor.name
        columns["size"][own] = factor.size
        columns["rank"][own] = factor.rank
    return pd.DataFrame(columns)

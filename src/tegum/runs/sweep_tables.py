"""Tables of runs over densities and importances: the paper's D* curve, and its phase diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr

from tegum.analysis import geometry
from tegum.dims import DENSITY, FEATURE, SEED
from tegum.errors import SpecError
from tegum.runs.models import stated_problem, targets_of
from tegum.runs.schema import values_of
from tegum.runs.select import best, best_rows
from tegum.runs.tables import count_table, feature_table
from tegum.runs.weights import encoder_in
from tegum.sweepable import split_target

if TYPE_CHECKING:
    import pandas as pd

#: The importance of one feature, where that of all others is 1.
RATIO: Final = "relative_importance"


def by_density(runs: xr.Dataset, owner: str) -> xr.Dataset:
    """The Dataset with its axis of the probability of all features under the name of that.

    Args:
        runs: a Dataset of `tegum.train`, or what was made of it.
        owner: who asks, for the error.

    Returns:
        The Dataset, its dimension `feature_probability`.

    Raises:
        SpecError: for a Dataset without such an axis.

    Source: "Demonstrating Superposition: Basic Results".
    """
    W = encoder_in(runs, owner)
    names = [
        name
        for name, what in targets_of(runs).items()
        if what == DENSITY and name in W.dims and values_of(name, runs.coords) == name
    ]
    if DENSITY in W.dims:
        return runs
    if not names:
        rule = f"must have the axis {DENSITY}: tg.train(problem, {{{DENSITY!r}: values}})"
        raise SpecError.of(owner, "data", rule, W.dims)
    return runs.rename({names[0]: DENSITY})


def model_table(runs: xr.Dataset) -> pd.DataFrame:
    """One row per model, with dimensions per feature.

    Args:
        runs: a Dataset of `tegum.train` over `feature_probability`, or what was made of it.

    Returns:
        The columns of `count_table`; `D_star` = m/‖W‖_F²; and where losses are known `chosen`:
        whether a model has the lowest loss at its axis point.

    Raises:
        SpecError: for a Dataset without weights, or without that axis.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    runs = by_density(runs, "model_table")
    table, W = count_table(runs), encoder_in(runs, "model_table")
    lead = [dim for dim in W.dims if dim in table.columns]
    star = geometry.dimensions_per_feature(W).transpose(*lead).to_numpy().reshape(-1)
    table = table.assign(D_star=star)
    if "loss" not in table:
        return table
    axes = [str(dim) for dim in lead if dim != SEED]
    return table.assign(chosen=table.index.isin(best_rows(table, axes).index))


def phase_table(runs: xr.Dataset) -> pd.DataFrame:
    """What becomes of one feature over its importance and the density, a row per model.

    Args:
        runs: a Dataset of `tegum.train` with an axis of `feature_probability` and one of a single
            importance, such as `{"r": ("importance[1]", values)}`; of several seeds that of
            lowest loss counts.

    Returns:
        The columns: further axes; `feature_probability`; `relative_importance`, the feature's
        importance over that of the others, which have one; its `norm` ‖W_i‖ and `superposition`.

    Raises:
        SpecError: for a Dataset without two such axes, and others of different importances.

    Source: "Superposition as a Phase Change".
    """
    problem = stated_problem(runs, "phase_table", "data")
    runs = by_density(runs, "phase_table")
    dims = encoder_in(runs, "phase_table").dims
    targets = {a: split_target(what) for a, what in targets_of(runs).items() if a in dims}
    found = [(a, i) for a, (name, i) in targets.items() if name == "importance" and i is not None]
    if len(found) != 1:
        rule = "must have one axis of an importance: {'r': ('importance[1]', values)}"
        raise SpecError.of("phase_table", "data", rule, dims)
    ((axis, feature),) = found
    others = np.delete(problem.importance_vector(), feature)
    if others.size and np.ptp(others) > 0:
        rule = f"must have one for all features but feature {feature}"
        raise SpecError.of("phase_table", "importance", rule, problem.importance)
    table = feature_table(best(runs) if SEED in dims and "loss" in runs else runs)
    rows = table[table[FEATURE] == feature].reset_index(drop=True)
    ratio = rows[axis] / (float(others[0]) if others.size else 1.0)
    kept = [str(dim) for dim in dims if dim in rows and dim not in (axis, DENSITY)]
    return rows.assign(**{RATIO: ratio})[[*kept, DENSITY, RATIO, "norm", "superposition"]]

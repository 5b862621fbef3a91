"""Datasets as long tables: what the figures are drawn from and what is saved beside them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from tegum.analysis import geometry
from tegum.arguments import array as real_numbers
from tegum.dims import FEATURE, FEATURE_J, HIDDEN, NEURON, SEED, STEP
from tegum.errors import SpecError
from tegum.runs.models import said_in, targets_of
from tegum.runs.schema import PROBLEM, values_of
from tegum.runs.shapes import check_dataset, require, require_numbers
from tegum.runs.weights import split, weights_in
from tegum.sweepable import TARGETS, split_target

#: Axes that leave the importances of a problem as they are.
_KEEP_IMPORTANCE: Final = {SEED, *TARGETS} - {"importance"}


def feature_table(runs: xr.Dataset, importance: ArrayLike | None = None) -> pd.DataFrame:
    """One row per model and feature.

    Args:
        runs: a Dataset of `tegum.train`, or what was made of it; the directions of features are
            the columns of `W`, for an untied model of `W_in`.
        importance: a number >= 0 or (feature,); by default that of the Dataset's problem at each
            point of its axes.

    Returns:
        The columns: the axes of the Dataset; `seed` (all of them, or the chosen one after
        `best`); `feature`; `norm` ‖W_i‖; `superposition` Σ_{j≠i}(Ŵ_i·W_j)²; `dimensionality` D_i;
        `b`; `importance` where it is known; with two or three hidden dimensions also `w0`, `w1`
        (and `w2`), the coordinates of W_i.

    Raises:
        SpecError: for a Dataset without weights, and for importances of another shape.

    Source: "Demonstrating Superposition: Basic Results", "The Geometry of Superposition".
    """
    W = split(_weights(runs))[0]
    columns = {
        "norm": geometry.norms(W),
        "superposition": geometry.superposition(W),
        "dimensionality": geometry.dimensionality(W),
    }
    if "b" in runs:
        columns["b"] = require("table", runs, "b", _axes(W)).astype(np.float64)
    known = _importance(runs, W.sizes[FEATURE], importance)
    if known is not None and "importance" not in W.dims:
        columns["importance"] = known
    if W.sizes[HIDDEN] in (2, 3):
        for k in range(W.sizes[HIDDEN]):
            columns[f"w{k}"] = W.isel({HIDDEN: k}, drop=True).astype(np.float64)
    return _long(columns, (*_axes(W), FEATURE), runs)


def gram_table(runs: xr.Dataset) -> pd.DataFrame:
    """One row per model and pair of features.

    Args:
        runs: a Dataset of `tegum.train`, or what was made of it.

    Returns:
        The columns: the axes, `seed`, `feature`, `feature_j`, and `gram`, (WᵀW)_ij or
        (W_out W_in)_ij: what output `feature` receives of input `feature_j`.

    Raises:
        SpecError: for a Dataset without weights.

    Source: "Demonstrating Superposition: Basic Results".
    """
    W, out = split(_weights(runs))
    order = (*_axes(W), FEATURE, FEATURE_J)
    if out is None:
        G = geometry.gram(W)
    else:
        second = W.rename({FEATURE: FEATURE_J})
        G = xr.dot(out.astype(np.float64), second.astype(np.float64), dim=HIDDEN)
    return _long({"gram": G}, order, runs)


def count_table(runs: xr.Dataset) -> pd.DataFrame:
    """One row per model.

    Args:
        runs: a Dataset of `tegum.train`, or what was made of it.

    Returns:
        The columns: the axes, `seed`, `loss`, and how many features are `represented`,
        ‖W_i‖ > .5, and how many of them `dedicated`, superposition < .1.

    Raises:
        SpecError: for a Dataset without weights.

    Source: "Demonstrating Superposition: Basic Results".
    """
    W = split(_weights(runs))[0]
    columns = {
        "represented": geometry.count_represented(W),
        "dedicated": geometry.count_dedicated(W),
    }
    if "loss" in runs:
        columns = {"loss": require("table", runs, "loss").astype(np.float64), **columns}
    return _long(columns, _axes(W), runs)


def neuron_table(runs: xr.Dataset, importance: ArrayLike | None = None) -> pd.DataFrame:
    """One row per model, neuron and feature.

    Args:
        runs: a Dataset of `tegum.train`, or what was made of it.
        importance: as for `feature_table`.

    Returns:
        The columns: the axes; `seed`; `neuron`, the hidden dimension; `feature`; `weight` W_ki,
        for an untied model `weight` of W_in and `weight_out` of W_out; `superposition` of the
        feature, and its `importance` where it is known.

    Raises:
        SpecError: for a Dataset without weights, and for importances of another shape.

    Source: "Superposition in a Privileged Basis", "Computation in Superposition".
    """
    W, out = split(_weights(runs))
    columns = {"weight": W.astype(np.float64)}
    if out is not None:
        columns["weight_out"] = out.astype(np.float64)
    columns["superposition"] = geometry.superposition(W)
    known = _importance(runs, W.sizes[FEATURE], importance)
    if known is not None and "importance" not in W.dims:
        columns["importance"] = known
    table = _long(columns, (*_axes(W), HIDDEN, FEATURE), runs)
    return table.rename(columns={HIDDEN: NEURON})


def loss_table(runs: xr.Dataset) -> pd.DataFrame:
    """One row per model and recorded step.

    Args:
        runs: a Dataset of `tegum.train`, or what was selected from one.

    Returns:
        The columns: the axes, `seed`, `step`, and the `loss` of one fresh batch.

    Raises:
        SpecError: for a Dataset without `loss_curve`.

    Source: "Superposition and Learning Dynamics".
    """
    check_dataset("loss_table", runs)
    if "loss_curve" not in runs:
        raise SpecError.of("loss_table", "runs", "must hold loss_curve", tuple(runs.data_vars))
    curve = require("loss_table", runs, "loss_curve").astype(np.float64)
    order = (*(dim for dim in curve.dims if dim != STEP), STEP)
    return _long({"loss": curve}, order, runs)


def _weights(runs: xr.Dataset) -> xr.DataArray | tuple[xr.DataArray, xr.DataArray]:
    """W, or (W_in, W_out), of the dimensions and numbers that weights have; else SpecError."""
    given = weights_in(runs, "table")
    for one in given if isinstance(given, tuple) else (given,):
        require("table", runs, str(one.name))
    return given


def _axes(W: xr.DataArray) -> tuple[Hashable, ...]:
    dims = tuple(dim for dim in W.dims if dim not in (HIDDEN, FEATURE))
    if FEATURE_J in dims or NEURON in dims:
        rule = f"must have no axis {FEATURE_J} or {NEURON}, which tables have"
        raise SpecError.of("table", "runs.W", rule, dims)
    return dims


def _long(
    columns: Mapping[str, xr.DataArray], order: tuple[Hashable, ...], runs: xr.Dataset
) -> pd.DataFrame:
    """The arrays as a table whose first columns are their dimensions in `order`."""
    for name, array in columns.items():
        if not set(array.dims) <= set(order):
            rule = f"must have the dimensions {order} at most"
            raise SpecError.of("table", f"runs.{name}", rule, array.dims)
    plain = xr.Dataset({name: array.reset_coords(drop=True) for name, array in columns.items()})
    for dim in order:
        known = plain[dim] if dim in plain.coords else np.arange(plain.sizes[dim])
        half = known.dtype == np.float16
        kind = np.dtype(np.float64) if half else known.dtype.newbyteorder("=")
        native = np.asarray(known).astype(kind)  # pandas has no other
        plain = plain.assign_coords({dim: native})
    values = {name: plain[name] for name in plain.data_vars}
    if SEED in runs.coords and SEED not in runs.dims and set(runs[SEED].dims) <= set(order):
        values = {SEED: runs[SEED].reset_coords(drop=True), **values}
    # An axis of vectors has one more coordinate, over features: not a column of its own.
    merged = xr.Dataset(values).drop_vars([c for c in plain.coords if c not in order])
    if not order:
        return pd.DataFrame({str(name): [array.item()] for name, array in merged.items()})
    table = merged.to_dataframe(dim_order=list(order)).reset_index()
    return table[[*map(str, order), *(str(name) for name in values)]]


def _importance(runs: xr.Dataset, n: int, given: ArrayLike | None) -> xr.DataArray | None:
    """Of each feature, in the dimensions of axes that set it; None where it is not known."""
    if given is not None:
        return _per_feature(given, n)
    axes = {str(dim) for dim in _axes(split(_weights(runs))[0])}
    targets = targets_of(runs)
    if PROBLEM not in runs.attrs or axes - {*_KEEP_IMPORTANCE, *targets}:
        return None
    known = _per_feature(said_in(runs, PROBLEM).get("importance", 1.0), n)
    for axis, target in targets.items():
        name, index = split_target(target)
        if name != "importance":
            continue
        values = values_of(axis, runs.coords)
        if values not in runs.coords:
            return None
        swept = runs.coords[values].reset_coords(drop=True)
        require_numbers("Dataset", f"coords[{values!r}]", swept)
        own = index is None or xr.DataArray(np.arange(n) == index, dims=FEATURE)
        known = xr.where(own, swept, known)  # type: ignore[no-untyped-call]
    return known


def _per_feature(value: Any, n: int) -> xr.DataArray:
    """Importances as they are given, over features; SpecError for another shape."""
    array = real_numbers("feature_table", "importance", value)
    if array.shape not in ((), (n,)):
        raise SpecError.of("feature_table", "importance", f"must be one or {n} numbers", value)
    return xr.DataArray(np.broadcast_to(array, (n,)), dims=FEATURE)

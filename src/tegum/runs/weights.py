"""Weights as a user gives them: arrays or DataArrays, of one model or many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tegum.dims import F64, FEATURE, HIDDEN
from tegum.errors import SpecError
from tegum.problem import Problem

#: The dimensions of each parameter after the leading ones.
OWN: Mapping[str, tuple[str, ...]] = {
    "W": (HIDDEN, FEATURE),
    "W_in": (HIDDEN, FEATURE),
    "W_out": (FEATURE, HIDDEN),
    "b": (FEATURE,),
}


class Given(NamedTuple):
    """Models in one row, and how they were laid out."""

    arrays: dict[str, F64]  # W, or W_in and W_out, and b, each (N, ...)
    lead: tuple[int, ...]
    dims: tuple[str, ...] | None  # names of the leading dimensions, if W was a DataArray
    coords: dict[str, Any]

    def shaped(self, array: F64, name: str = "") -> Any:
        """(N, ...) in the leading shape: a number for one model, a DataArray where W was one."""
        full = array.reshape((*self.lead, *array.shape[1:]))
        if self.dims is None:
            return full[()] if full.ndim == 0 else full
        import xarray as xr

        return xr.DataArray(full, self.coords, (*self.dims, *OWN.get(name, ())))


def read(owner: str, problem: Problem, W: Any, b: Any) -> Given:
    """W (..., hidden, feature), or the pair (W_in, W_out) of an untied model, and b (..., feature).

    In float64, broadcast against one another; None is b = 0. Raises SpecError.
    """
    tied, n, m = problem.model.tied, problem.n_features, problem.n_hidden
    if tied and isinstance(W, tuple):
        raise SpecError.of(owner, "W", "must be one array, as the model is tied", type(W))
    if not tied and not (isinstance(W, tuple | list) and len(W) == 2):
        raise SpecError.of(owner, "W", "must be the pair (W_in, W_out)", type(W))
    given = {"W": W} if tied else {"W_in": W[0], "W_out": W[1]}
    dims, coords = _leading(owner, next(iter(given.values())))
    sizes = {HIDDEN: m, FEATURE: n}
    plain = {name: _plain(owner, name, array, dims, sizes) for name, array in given.items()}
    plain["b"] = np.zeros(n) if b is None else _plain(owner, "b", b, dims, sizes)
    if not problem.model.has_bias and plain["b"].any():
        raise SpecError.of(owner, "b", "must be None or 0: the model has no bias", b)
    leads = [array.shape[: array.ndim - len(OWN[name])] for name, array in plain.items()]
    try:
        lead = np.broadcast_shapes(*leads)
    except ValueError:
        raise SpecError.of(owner, "b", "must broadcast against W", leads) from None
    rows = {}
    for name, array in plain.items():
        own = tuple(sizes[dim] for dim in OWN[name])
        rows[name] = np.broadcast_to(array, (*lead, *own)).reshape((int(np.prod(lead)), *own))
    return Given(rows, lead, dims, coords)


def _leading(owner: str, W: Any) -> tuple[tuple[str, ...] | None, dict[str, Any]]:
    if not hasattr(W, "dims"):
        return None, {}
    missing = [dim for dim in (HIDDEN, FEATURE) if dim not in W.dims]
    if missing:
        raise SpecError.of(owner, "W", f"must have the dimensions {(HIDDEN, FEATURE)}", W.dims)
    dims = tuple(str(dim) for dim in W.dims if dim not in (HIDDEN, FEATURE))
    kept = {str(k): c for k, c in W.coords.items() if not {HIDDEN, FEATURE} & set(c.dims)}
    return dims, kept


def _plain(
    owner: str, name: str, array: Any, dims: tuple[str, ...] | None, sizes: Mapping[str, int]
) -> F64:
    own = OWN[name]
    if dims is not None and hasattr(array, "dims"):
        if not set(own) <= set(array.dims) <= {*dims, *own}:
            rule = f"must have the dimensions {own} and leading ones of W, {dims}"
            raise SpecError.of(owner, name, rule, array.dims)
        missing = [dim for dim in dims if dim not in array.dims]
        array = array.expand_dims(missing).transpose(*dims, *own).to_numpy()
    try:
        plain = np.asarray(array)
        if plain.dtype.kind not in "fiubO":
            raise TypeError
        plain = plain.astype(np.float64)
    except (TypeError, ValueError):
        raise SpecError.of(owner, name, "must be an array of real numbers", array) from None
    shape = tuple(sizes[dim] for dim in own)
    if plain.ndim < len(own) or plain.shape[plain.ndim - len(own) :] != shape:
        rule = f"must have shape (..., {', '.join(map(str, shape))})"
        raise SpecError.of(owner, name, rule, plain.shape)
    if not np.isfinite(plain).all():
        raise SpecError.of(owner, name, "must be finite", "NaN or infinity")
    return plain

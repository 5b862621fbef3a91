"""Plain and labelled weights by one path: every measure is written for arrays alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from tegum.arguments import array, number
from tegum.dims import F64, FEATURE, FEATURE_J, HIDDEN
from tegum.errors import SpecError
from tegum.spec import BrokenRule, as_integer

Array = TypeVar("Array", NDArray[Any], xr.DataArray)


def lift(core: Callable[[F64], NDArray[Any]], W: Array, out: tuple[str, ...]) -> Array:
    """Apply `core`, (..., hidden, feature) -> (..., *out), to plain or labelled weights."""
    if not isinstance(W, xr.DataArray):
        if isinstance(W, tuple):
            rule = "must be one array; of an untied model give W_in or W_out"
            raise SpecError.of("W", "", rule, f"a tuple of {len(W)}")
        w = array("W", "", W)
        if w.ndim < 2:
            raise SpecError.of("W", "shape", "must be (..., hidden, feature)", w.shape)
        return quiet(core)(w)
    check_dims(W)
    lifted: xr.DataArray = xr.apply_ufunc(
        quiet(core),
        W.astype(np.float64),
        input_core_dims=[[HIDDEN, FEATURE]],
        output_core_dims=[list(out)],
    )
    if FEATURE_J in out and FEATURE in W.coords:
        lifted = lifted.assign_coords({FEATURE_J: W.coords[FEATURE].to_numpy()})
    return lifted.rename(None)


def quiet(core: Callable[..., NDArray[Any]]) -> Callable[..., NDArray[Any]]:
    """`core` without warnings: a diverged model is NaN, and so is what is computed from it."""

    def silent(*arrays: Any) -> NDArray[Any]:
        with np.errstate(invalid="ignore", over="ignore"):
            return core(*arrays)

    return silent


def check_dims(W: xr.DataArray, name: str = "W") -> None:
    """Refuse labelled weights without the dimensions `hidden` and `feature`."""
    for dim in (HIDDEN, FEATURE):
        if dim not in W.dims:
            raise SpecError.of(name, "dims", f"must contain {dim!r}", W.dims)


def one_model(owner: str, field: str, W: NDArray[Any] | xr.DataArray) -> F64:
    """`W` as a plain (hidden, feature); an error that names `owner.field` if it is a batch."""
    if isinstance(W, xr.DataArray) and W.ndim == 2:
        check_dims(W)
        W = W.transpose(HIDDEN, FEATURE)
    plain = array(owner, field, W)
    if plain.ndim != 2:
        raise SpecError.of(owner, field, "must be one model (hidden, feature)", plain.shape)
    return plain


def labelled(W: NDArray[Any] | xr.DataArray) -> xr.DataArray:
    """`W` in double precision as (..., hidden, feature), with dimensions by name."""
    if isinstance(W, xr.DataArray):
        check_dims(W)
        return W.transpose(..., HIDDEN, FEATURE).astype(np.float64)
    w = array("W", "", W)
    if w.ndim < 2:
        raise SpecError.of("W", "shape", "must be (..., hidden, feature)", w.shape)
    return xr.DataArray(w, dims=[*(f"instance_{i}" for i in range(w.ndim - 2)), HIDDEN, FEATURE])


def check_integer(owner: str, field: str, value: Any, low: int) -> None:
    """Refuse anything but an integer >= low."""
    try:
        as_integer(value, low)
    except BrokenRule as error:
        raise SpecError.of(owner, field, error.rule, value) from None


def cosine_above(owner: str, threshold: float) -> float:
    """A threshold of cosines, in [−1, 1]; else SpecError."""
    return number(owner, "threshold", threshold, "must be in [-1, 1]", lambda x: -1 <= x <= 1)


def matrix(name: str, value: ArrayLike, shape: str) -> F64:
    """Two dimensions of finite numbers, at least one; `shape` says in words which.

    Those of a DataArray may be in another order.
    """
    dims = shape.strip("()").split(", ")
    if isinstance(value, xr.DataArray) and set(value.dims) == set(dims):
        value = value.transpose(*dims)
    matrix = array(name, "", value)
    if matrix.ndim != 2 or not matrix.size:
        raise SpecError.of(name, "shape", f"must be {shape}, and not empty", matrix.shape)
    if not np.isfinite(matrix).all():
        raise SpecError.of(name, "", "must be finite", "NaN or infinity")
    return matrix

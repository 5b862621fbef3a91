"""Arrays of many models as a Dataset: in the order, with the dimensions and words of the schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.problem import Problem
from tegum.runs.schema import AXES, DIMENSIONS, EXPECTED, PROBLEM, VARIABLES, variable

if TYPE_CHECKING:
    import xarray as xr

_PLACE: Final = {name: place for place, name in enumerate(VARIABLES)}
#: What is never below 0, though rounding may leave less of a loss of 0.
_LOSSES: Final = ("loss", "loss_curve")


def variables(
    arrays: Mapping[str, NDArray[Any]],
    dims: tuple[str, ...],
    shape: tuple[int, ...],
    *,
    expected: bool = False,
    own: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, Any]:
    """Variables of a Dataset from arrays (N, ...) or (*shape, ...), N the product of `shape`.

    `dims` names the leading dimensions; `expected` says that there are no samples in the losses;
    `own` has the dimensions of what a model is made of, where the schema does not name it.
    """
    found = {}
    own = own or {}
    places = {**_PLACE, **{name: k - len(own) for k, name in enumerate(own)}}
    for name in sorted(arrays, key=lambda name: places.get(name, len(places))):
        array, (inner, attributes) = arrays[name], variable(name, own)
        full = array.reshape((*shape, *array.shape[array.ndim - len(inner) :]))
        if name in _LOSSES:
            full = np.maximum(full, 0)
        words = EXPECTED.get(name, attributes) if expected else attributes
        found[name] = ((*dims, *inner), full, dict(words))
    return found


def dataset(
    found: Mapping[str, Any], coordinates: Mapping[str, Any], attributes: Mapping[str, Any]
) -> xr.Dataset:
    """A Dataset of variables, whose coordinates have the words of the schema."""
    import xarray as xr

    runs = xr.Dataset(found, coordinates, attributes)
    for name, words in DIMENSIONS.items():
        if name in runs.coords:
            runs.coords[name].attrs.update(words)
    return runs


def stated(problem: Problem, axes: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """The attributes from which `models_of` reads a problem, and what each axis sets."""
    return {AXES: json.dumps(dict(axes)), PROBLEM: problem.to_json(), **more}

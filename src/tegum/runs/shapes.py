"""What a Dataset must be to be read, whoever made it: real numbers in dimensions of the schema."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING, Any, Final

from tegum.errors import SpecError
from tegum.runs.schema import VARIABLES

if TYPE_CHECKING:
    import xarray as xr

#: What is said where a Dataset is asked for and something else is given.
DATASET: Final = "a Dataset of tegum.train, or of tegum.from_weights(problem, W=…, b=…)"


def check_dataset(owner: str, runs: Any, field: str = "runs") -> None:
    """Raise SpecError unless `runs` is a Dataset whose quantities are no coordinates."""
    if not hasattr(runs, "data_vars"):
        raise SpecError.of(owner, field, f"must be {DATASET}", type(runs))
    if misplaced := [
        str(name) for name in runs.coords if name in VARIABLES and name not in runs.dims
    ]:
        rule = f"must have {misplaced[0]} as a variable; reset_coords({misplaced[0]!r})"
        raise SpecError.of(owner, field, rule, [str(name) for name in runs.coords])


def require(
    owner: str,
    runs: xr.Dataset,
    name: str,
    lead: Collection[Hashable] | None = None,
    own: tuple[str, ...] | None = None,
) -> xr.DataArray:
    """A variable; SpecError unless its numbers and dimensions are as they must be.

    It has its own dimensions, by default those of the schema, and before them those of `lead`; any
    where `lead` is None.
    """
    array, own = runs[name], VARIABLES[name].own if own is None else own
    dims, field = tuple(map(str, array.dims)), f"runs.{name}"
    if lead is None:
        right, rule = set(own) <= set(dims), f"must have the dimensions {own}"
    else:
        right, rule = set(dims) == {*lead, *own}, f"must have the dimensions {(*lead, *own)}"
    if not right:
        raise SpecError.of(owner, field, rule, dims)
    require_numbers(owner, field, array)
    return array


def require_numbers(owner: str, field: str, array: xr.DataArray) -> None:
    """Raise SpecError unless an array holds real numbers, one at least."""
    if array.dtype.kind not in "fiub":
        raise SpecError.of(owner, field, "must be real numbers", array.dtype)
    if 0 in array.shape:
        raise SpecError.of(owner, field, "must not be empty", dict(array.sizes))

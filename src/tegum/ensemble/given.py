"""Given weights that trainings start from, laid out like the axis points and seeds of a run."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.dims import SEED
from tegum.engines.base import State
from tegum.errors import SpecError
from tegum.runs.schema import PARAMETERS, vectors_of

if TYPE_CHECKING:
    import xarray as xr

    from tegum.ensemble.grid import Axis, Grid

_INSTEAD: Final = "select the models with .sel or .isel"


class Given:
    """Every parameter as an array (points, seeds, ...), where seeds is 1 if all start alike."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """`arrays` (points, seeds or 1, ...) by the names of what the model is made of."""
        self._arrays = dict(arrays)

    @classmethod
    def of(cls, given: Any, grid: Grid, seeds: int, dtype: type[np.floating[Any]]) -> Given:
        """From a Dataset whose leading dimensions are axes of the run, or `seed`, or missing.

        The weights are rounded to `dtype`, which an engine keeps its parameters in. A point starts
        from the model at its own coordinates; a dimension that the Dataset lacks is broadcast.
        Raises SpecError.
        """
        if not hasattr(given, "data_vars"):
            raise SpecError.of("train", "start", "must be a Dataset with weights", type(given))
        model, n = grid.problem.model, grid.problem.n_features
        shapes, dims = model.parameters(n), model.dimensions(n)
        wrong = [name for name in given if name in PARAMETERS and name not in shapes]
        for name in wrong:
            if np.asarray(given[name]).any():
                rule = f"must not hold {name}: the model has {', '.join(shapes)}"
                raise SpecError.of("train", "start", rule, list(given.data_vars))
        arrays = {}
        for name, shape in shapes.items():
            if name not in given:
                rule = f"must hold {name}: the model has {', '.join(shapes)}"
                raise SpecError.of("train", "start", rule, list(given.data_vars))
            laid_out = _laid_out(given, name, (dims[name], shape), grid, seeds)
            with np.errstate(over="ignore"):  # infinite weights diverge
                arrays[name] = laid_out.astype(dtype)
        return cls(arrays)

    def rows(self, first: int, n_points: int, seeds: range) -> State:
        """The parameters (n_points * len(seeds), ...) of a unit: points major, seeds minor."""
        found = {}
        for name, array in self._arrays.items():
            block = array[first : first + n_points]
            if block.shape[1] > 1:
                block = block[:, seeds.start : seeds.stop]
            full = np.broadcast_to(block, (n_points, len(seeds), *block.shape[2:]))
            found[name] = full.reshape(-1, *block.shape[2:])
        return found

    def digest(self, first: int, n_points: int) -> str:
        """A digest of the weights of neighbouring points, of all seeds."""
        digest = blake2b(digest_size=16)
        for name, array in sorted(self._arrays.items()):
            block = np.ascontiguousarray(array[first : first + n_points])
            digest.update(f"{name} {block.dtype.str} {block.shape}".encode())
            digest.update(block.tobytes())
        return digest.hexdigest()


def _laid_out(
    runs: xr.Dataset,
    name: str,
    form: tuple[tuple[str, ...], tuple[int, ...]],
    grid: Grid,
    seeds: int,
) -> NDArray[Any]:
    """(points, seeds or 1, ...) of one parameter, whose own dimensions and sizes are its form."""
    given, where, (own, shape) = runs[name], f"start.{name}", form
    if given.dtype.kind not in "fiub":
        raise SpecError.of("train", where, "must be real numbers", given.dtype)
    sizes = tuple(given.sizes.get(dim) for dim in own)
    if sizes != shape:
        rule = f"must have {' x '.join(own)} = {' x '.join(map(str, shape))}"
        raise SpecError.of("train", where, rule, dict(given.sizes))
    axes = {axis.name: axis for axis in grid.axes}
    for dim in given.dims:
        if dim not in (*own, SEED, *axes):
            rule = f"must have no dimension but the axes {tuple(axes)} and seed; {_INSTEAD}"
            raise SpecError.of("train", where, rule, dim)
    if given.sizes.get(SEED, seeds) != seeds:
        rule = f"must have {seeds} seeds, as many as are trained, or no seed; {_INSTEAD}"
        raise SpecError.of("train", where, rule, given.sizes[SEED])
    for axis in axes.values():
        if axis.name in given.dims:
            given = given.isel({axis.name: _positions(runs, axis, where)})
    missing = [dim for dim in (*axes, SEED) if dim not in given.dims]
    bare = given.drop_vars(list(given.coords)).expand_dims(missing)
    full = bare.transpose(*axes, SEED, *own).to_numpy()
    lead = (*grid.shape, full.shape[len(axes)])
    return np.broadcast_to(full, (*lead, *shape)).reshape(-1, lead[-1], *shape)


def _positions(runs: xr.Dataset, axis: Axis, where: str) -> list[int]:
    """Where along its dimension the start has the values of an axis, each to the last bit."""
    wanted = vectors_of(axis.name) if axis.values.ndim == 2 else axis.name
    if wanted not in runs.coords or runs.coords[wanted].ndim != axis.values.ndim:
        rule = f"must have the values of its dimension {axis.name} as coordinates"
        raise SpecError.of("train", where, rule, list(runs.coords))
    rows = runs.coords[wanted].transpose(axis.name, ...).to_numpy()
    found = []
    for value in axis.values:
        same = rows == value if axis.values.ndim == 1 else (rows == value).all(axis=1)
        if not same.any():
            shown = float(value) if value.ndim == 0 else value.tolist()
            rule = f"must have a model at {axis.name} = {shown}; {_INSTEAD} to start all alike"
            raise SpecError.of("train", where, rule, rows.tolist())
        found.append(int(np.argmax(same)))
    return found

"""Weights that were trained elsewhere, as a Dataset like those of `train`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

import tegum
from tegum.arguments import explained
from tegum.dims import FEATURE, HIDDEN, SEED
from tegum.ensemble import train
from tegum.ensemble.grid import Grid, check_name
from tegum.errors import SpecError, UnknownNameError
from tegum.loss import has_expected_loss, score
from tegum.models import shallow
from tegum.problem import Problem
from tegum.runs.schema import PARAMETERS, rows_of, values_of
from tegum.runs.weights import Weights, laid_out, leading
from tegum.runs.write import dataset, stated, variables
from tegum.sweepable import split_target
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

_OWNER: Final = "from_weights"
#: What dimensions without a name are called: one is of seeds, what comes before it of models.
_MODEL: Final = "model"
#: No step is taken.
_NOTHING: Final = Training(steps=0, curve_points=0)


@explained(example="tg.from_weights(problem, W=W, b=b)")
def from_weights(
    problem: Problem,
    W: Any = None,
    b: Any = None,
    *,
    W_in: Any = None,
    W_out: Any = None,
    b_hidden: Any = None,
    dims: Sequence[str] | None = None,
    axes: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Models given by their weights, as a Dataset that everything takes that takes one of `train`.

    Weights may be arrays, lists, DataArrays, or tensors of another library; leading dimensions
    are broadcast against one another.

    Args:
        problem: what the models are for.
        W: weights (..., hidden, feature); for untied models the pair (W_in, W_out), …
        b: (..., feature), None for 0.
        W_in: … or W_in (..., hidden, feature) …
        W_out: … and W_out (..., feature, hidden) by name.
        b_hidden: (..., hidden), where the model has it; None for 0.
        dims: names of the leading dimensions. By default those of a DataArray, else the axes and
            then `seed`, which comes last; what is before it is `model`, or `model_0`, `model_1`, …
        axes: of which leading dimensions the problems differ, as for `train`:
            `{"feature_probability": values}`, or `{"r": ("importance[1]", values)}`. By default
            the dimensions of a DataArray that have values and bear the name of a number that an
            axis may sweep. Without, all models are for the one problem.

    Returns:
        A Dataset with the axes, the other dimensions and `seed` (of one where there is none): the
        weights, in float32 if they were given so, else float64; `loss` and `loss_error`, exact
        where `expected_loss` knows the problem, else on held-out samples as those of `train`; and
        `diverged`, where a weight is not finite and the loss NaN.

    Raises:
        SpecError: for weights that are missing, too many or of other shapes, and for names and
            axes that do not fit.
        UnknownNameError: for an axis that names nothing.

    Source: the model is that of "Demonstrating Superposition: Experiment Setup".
    """
    if not isinstance(problem, Problem):
        raise SpecError.of(_OWNER, "problem", "must be a Problem", problem)
    shallow(_OWNER, problem.model)
    given = _given(problem, dict(zip(PARAMETERS, (W, W_in, W_out, b, b_hidden), strict=True)))
    if axes is None:
        axes = _labelled_axes(next(iter(given.values())))
    grid = Grid(problem, _NOTHING, axes)
    layout = _arrays(problem, given, grid, dims)
    order = (*grid.names, *(dim for dim in layout.dims if dim not in (*grid.names, SEED)), SEED)
    runs = _dataset(layout, grid, order)
    sound = Weights.of(problem.model, {str(k): v.to_numpy() for k, v in runs.items()}).finite()
    shape = sound.shape
    if has_expected_loss(*grid.points(0, len(grid))[0]):
        scored = score(runs)
    else:
        scored = runs.assign(variables(_held_out(runs, grid, order), order, shape))
    return scored.assign(variables({"diverged": ~sound}, order, shape))


class _Layout(NamedTuple):
    """Arrays (*sizes of dims, own) by name, and the coordinates that came with them."""

    dims: tuple[str, ...]
    arrays: dict[str, NDArray[Any]]
    coords: dict[str, Any]


def _given(problem: Problem, known: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the model, matrices first, 0 for biases that are not given."""
    names = problem.model.parameters(problem.n_features)
    matrices = [name for name in names if len(PARAMETERS[name]) > 1]
    pair = known[next(iter(PARAMETERS))]
    if isinstance(pair, tuple | list) and len(pair) == len(matrices) == 2:
        if any(known[name] is not None for name in matrices):
            raise SpecError.of(_OWNER, "W", "must not be given beside its parts", matrices)
        known = {**known, **dict(zip(matrices, pair, strict=True)), next(iter(PARAMETERS)): None}
    for name in matrices:
        if known[name] is None:
            rule = f"must be given: the model has {', '.join(names)}"
            raise SpecError.of(_OWNER, name, rule, None)
    found = {name: known.pop(name) for name in names}
    for name, array in known.items():
        # a bias of 0 says nothing of a model without one
        if array is not None and (len(PARAMETERS[name]) > 1 or np.any(np.asarray(array))):
            rule = f"must not be given: the model has {', '.join(names)}"
            raise SpecError.of(_OWNER, name, rule, type(array))
    found.setdefault("b", None)
    blank = {**names, "b": (problem.n_features,)}
    return {name: np.zeros(blank[name]) if a is None else a for name, a in found.items()}


def _labelled_axes(W: Any) -> dict[str, Any]:
    """Dimensions of a DataArray with values, named like what may be swept."""
    found = {}
    for dim in leading(_OWNER, "W", W)[0] or () if hasattr(W, "dims") else ():
        values = values_of(dim, W.coords)
        name = values if dim == rows_of(values) else dim
        try:
            split_target(name)
        except (SpecError, UnknownNameError):
            continue
        if values in W.coords:
            found[name] = W.coords[values].transpose(dim, ...).to_numpy()
    return found


def _arrays(
    problem: Problem, given: dict[str, Any], grid: Grid, dims: Sequence[str] | None
) -> _Layout:
    """All parameters broadcast against one another, with names for their leading dimensions."""
    sizes = {HIDDEN: problem.n_hidden, FEATURE: problem.n_features}
    first, W = next(iter(given.items()))
    labels, coords = leading(_OWNER, first, W)
    plain = {name: laid_out(_OWNER, name, array, labels, sizes) for name, array in given.items()}
    leads = {name: a.shape[: a.ndim - len(PARAMETERS[name])] for name, a in plain.items()}
    try:
        lead = np.broadcast_shapes(*leads.values())
    except ValueError:
        rule = "must have leading dimensions that agree"
        raise SpecError.of(_OWNER, "W", rule, leads) from None
    names = _names(lead, labels, grid, dims)
    own = {name: a.shape[len(leads[name]) :] for name, a in plain.items()}
    arrays = {name: np.broadcast_to(a, (*lead, *own[name])) for name, a in plain.items()}
    kept = {dim: coords[dim] for dim in names if dim in coords and coords[dim].dims == (dim,)}
    return _Layout(names, arrays, kept)


def _names(
    lead: tuple[int, ...],
    labels: tuple[str, ...] | None,
    grid: Grid,
    dims: Sequence[str] | None,
) -> tuple[str, ...]:
    """The names of the leading dimensions; SpecError where they do not fit."""
    if dims is not None:
        names = (dims,) if isinstance(dims, str) else tuple(dims)
    elif labels is not None:
        names = labels
    else:
        rest = len(lead) - len(grid.names)
        before = [_MODEL] if rest == 2 else [f"{_MODEL}_{k}" for k in range(rest - 1)]
        names = (*grid.names, *before, SEED) if rest > 0 else grid.names
    if len(names) != len(lead) or len(set(names)) < len(names):
        rule = f"must be {len(lead)} different names, for leading dimensions {lead}"
        raise SpecError.of(_OWNER, "dims", rule, names)
    for name in names:
        if not isinstance(name, str) or not name:
            raise SpecError.of(_OWNER, "dims", "must be names that are text", name)
        if name != SEED:
            check_name(_OWNER, "dims", name)
    for axis in grid.axes:
        size = dict(zip(names, lead, strict=True)).get(axis.name)
        if size != len(axis):
            rule = f"must be a leading dimension of {len(axis)} models"
            raise SpecError.of(
                _OWNER, f"axes[{axis.name!r}]", rule, dict(zip(names, lead, strict=True))
            )
    return names


def _dataset(layout: _Layout, grid: Grid, order: tuple[str, ...]) -> xr.Dataset:
    """The weights with their names, as `train` writes them."""
    dims, arrays = layout.dims, layout.arrays
    if SEED not in dims:
        dims = (*dims, SEED)
        arrays = {name: np.expand_dims(array, len(dims) - 1) for name, array in arrays.items()}
    places = [dims.index(dim) for dim in order]
    moved = {name: np.moveaxis(array, places, range(len(dims))) for name, array in arrays.items()}
    shape = next(iter(moved.values())).shape[: len(dims)]
    coordinates = {**layout.coords, **grid.coordinates()}
    for dim, size in zip(order, shape, strict=True):
        coordinates.setdefault(dim, np.arange(size))
    attributes = stated(
        grid.problem,
        {axis.name: axis.target for axis in grid.axes},
        training=_NOTHING.to_json(),
        tegum_version=tegum.__version__,
    )
    return dataset(variables(moved, order, shape), coordinates, attributes)


def _held_out(runs: xr.Dataset, grid: Grid, order: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Losses on held-out samples, of the models of each axis point as if they were its seeds."""
    sizes = [int(runs.sizes[dim]) for dim in order]
    shape = (*grid.shape, prod(sizes[len(grid.shape) :]))
    names = grid.problem.model.parameters(grid.problem.n_features)
    arrays = {name: runs[name].to_numpy() for name in names}
    flat = variables(arrays, (*grid.names, SEED), shape)
    axes = {axis.name: (axis.target, axis.values) for axis in grid.axes}
    start = dataset(flat, grid.coordinates(), {})
    engine = "torch" if grid.problem.model.only_torch else "sampled"
    how = _NOTHING.replace(engine=engine)
    found = train(grid.problem, axes, how, shape[-1], start=start, progress=False)
    return {name: found[name].to_numpy().reshape(sizes) for name in ("loss", "loss_error")}

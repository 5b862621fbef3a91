"""The models of a Dataset: the problem and the weights behind each, from what `train` wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.arguments import doubles, explained
from tegum.dims import F64, FEATURE, HIDDEN, I64
from tegum.errors import SpecError, UnknownNameError, shorten
from tegum.models import shallow
from tegum.problem import Problem
from tegum.runs.schema import AXES, PARAMETERS, PROBLEM, values_of
from tegum.runs.shapes import DATASET, check_dataset, require, require_numbers
from tegum.runs.weights import Weights, encoder_in
from tegum.sweepable import with_axis
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

#: Axes of a training do not touch the problem.
_UNTRAINED: Final = Training()
#: A coordinate is known by all but its last digits.
_CLOSE: Final = 1e-9


class Rows(NamedTuple):
    """The models of a Dataset in one row, N of them."""

    dims: tuple[str, ...]  # the leading dimensions of W, in order
    shape: tuple[int, ...]
    weights: Weights  # (N, ...)


class Models(NamedTuple):
    """The models of a Dataset in one row, N of them, and their problems."""

    dims: tuple[str, ...]  # the leading dimensions of W, in order
    shape: tuple[int, ...]
    weights: Weights  # (N, ...)
    problems: tuple[Problem, ...]  # the different ones
    point_of: I64  # (N,): which of them is a model's

    def problem(self, model: int) -> Problem:
        """The problem of a model of the row."""
        return self.problems[int(self.point_of[model])]


def models_of(runs: xr.Dataset, owner: str) -> Models:
    """The models of a Dataset and their problems; SpecError where it is not one of `train`."""
    rows = rows_of(runs, owner)
    return Models(*rows, *_problems(runs, stated_problem(runs, owner), rows.dims, rows.shape))


def problems_of(runs: xr.Dataset, rows: Arrays) -> tuple[tuple[Problem, ...], I64]:
    """The different problems of the models of `arrays_of`, and which of them is a model's, (N,)."""
    return _problems(runs, rows.problem, rows.dims, rows.shape)


class Arrays(NamedTuple):
    """What the models of a Dataset are made of, in one row, whatever they are."""

    dims: tuple[str, ...]  # the leading dimensions, in order
    shape: tuple[int, ...]
    problem: Problem  # that is stated
    named: dict[str, NDArray[Any]]  # (N, ...), in the numbers of the Dataset


def arrays_of(runs: xr.Dataset, owner: str) -> Arrays:
    """The arrays of the models of a Dataset; SpecError where it is not one of `train`."""
    problem = stated_problem(runs, owner)
    model, n = problem.model, problem.n_features
    shapes, own = model.parameters(n), model.dimensions(n)
    for name in shapes:
        if name not in runs:
            raise SpecError.of(owner, "runs", f"must hold {name}", list(runs.data_vars))
    first = next(iter(shapes))
    dims = tuple(str(dim) for dim in runs[first].dims if dim not in own[first])
    shape = tuple(int(runs.sizes[dim]) for dim in dims)
    found = {}
    for name, wanted in shapes.items():
        array = require(owner, runs, name, dims, own[name]).transpose(*dims, *own[name])
        if array.shape[len(dims) :] != wanted:
            rule = f"must have {name} of shape (..., {', '.join(map(str, wanted))})"
            raise SpecError.of(owner, "runs", rule, array.shape)
        found[name] = array.to_numpy().reshape(-1, *wanted)
    return Arrays(dims, shape, problem, found)


def rows_of(runs: xr.Dataset, owner: str) -> Rows:
    """The models of a Dataset without their problems; SpecError where it is not one of `train`."""
    problem = stated_problem(runs, owner)
    for name in (*shallow(owner, problem.model).parameters(problem.n_features), "b"):
        if name not in runs:
            raise SpecError.of(owner, "runs", f"must hold {name}", list(runs.data_vars))
    for dim, size in ((FEATURE, problem.n_features), (HIDDEN, problem.n_hidden)):
        if runs.sizes.get(dim) != size:
            rule = f"must have all {size} of the dimension {dim}"
            raise SpecError.of(owner, "runs", rule, runs.sizes.get(dim))
    encoder = encoder_in(runs, owner)
    dims = tuple(str(dim) for dim in encoder.dims if dim not in (HIDDEN, FEATURE))
    shape = tuple(int(runs.sizes[dim]) for dim in dims)
    arrays = {}
    for name, own in PARAMETERS.items():
        if name in runs:
            full = require(owner, runs, name, dims).transpose(*dims, *own).to_numpy()
            arrays[name] = doubles(full.reshape(-1, *full.shape[len(dims) :]))
    return Rows(dims, shape, Weights.of(problem.model, arrays))


def stated_problem(runs: xr.Dataset, owner: str, field: str = "runs") -> Problem:
    """The problem that a Dataset states, before its axes; SpecError where it states none."""
    check_dataset(owner, runs, field)
    if PROBLEM not in runs.attrs:
        raise SpecError.of(owner, field, f"must be {DATASET}", list(runs.data_vars))
    return Problem.from_json(runs.attrs[PROBLEM])


def targets_of(runs: xr.Dataset) -> dict[str, str]:
    """What each axis of a Dataset sets, in their order; SpecError where it says so in no way."""
    targets = said_in(runs, AXES, " of texts")
    if not all(isinstance(t, str) for t in targets.values()):
        raise SpecError.of("Dataset", f"attrs[{AXES!r}]", "must be a JSON object of texts", targets)
    return targets


def said_in(runs: xr.Dataset, name: str, of: str = "") -> dict[str, Any]:
    """The JSON object that an attribute of a Dataset is, empty where it has none; or SpecError.

    `of` says in the error what it is to hold.
    """
    given = runs.attrs.get(name, "{}")
    try:
        said = json.loads(given)
    except (TypeError, ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise SpecError.of("Dataset", f"attrs[{name!r}]", f"must be a JSON object{of}", given)
    return said


@explained(example="tg.problem_of(runs, feature_probability=0.1)")
def problem_of(runs: xr.Dataset, /, **coordinates: Any) -> Problem:
    """The problem of the models at one point of a run: its stated problem, with its axes' values.

    An axis whose name is no word is given as in `problem_of(runs, **{"importance[1]": 0.5})`.

    Args:
        runs: a Dataset of `tegum.train`, or what was selected from one.
        coordinates: for every axis of the run one of its values, to nine digits; for an axis of
            whole vectors the number of the row. Axes that were selected already may be left out.

    Returns:
        The problem.

    Raises:
        SpecError: for a Dataset that `train` did not make, an axis without a value, and a value
            that the axis does not have.
        UnknownNameError: for a coordinate that is no axis of the run.

    Source: method, the attributes `problem` and `axes` of the Dataset.
    """
    problem, targets = stated_problem(runs, "problem_of"), targets_of(runs)
    for name in coordinates:
        if name not in targets:
            raise UnknownNameError.of("axis of the run", name, list(targets))
    point = runs.coords.to_dataset()
    open_axes = {name for name in targets if name in point and point[name].ndim}
    missing = [name for name in targets if name in open_axes - coordinates.keys()]
    if missing:
        raise SpecError(f"problem_of.coordinates must name every axis; got none for {missing}")
    if 0 in point.sizes.values():
        raise SpecError.of("problem_of", "runs", "must not be empty", dict(point.sizes))
    for name, wanted in coordinates.items():
        point = _selected(point, name, wanted) if name in point else point
    alone = point.isel({dim: 0 for dim in point.dims if dim != FEATURE})
    return _problems(alone, problem, (), ())[0][0]


def _selected(point: xr.Dataset, name: str, wanted: Any) -> xr.Dataset:
    """Where the coordinate of an axis has a value; SpecError where it has not."""
    values = point[name]
    try:
        found = np.isclose(values.to_numpy(), float(wanted), rtol=_CLOSE, atol=0.0)
    except (TypeError, ValueError):
        found = np.zeros(values.shape, np.bool_)
    if not found.any():
        listed = values.to_numpy()
        rule = f"must be one of {shorten(listed.tolist())}{_nearest(listed, wanted)}"
        raise SpecError.of("problem_of", name, rule, wanted)
    return point.isel({values.dims[0]: np.flatnonzero(found)}) if values.ndim else point


def _nearest(values: NDArray[Any], wanted: Any) -> str:
    """For a number that an axis does not have: which of its values is nearest."""
    try:
        away = np.abs(values - float(wanted))
    except (TypeError, ValueError):
        return ""
    return f", the nearest {values.reshape(-1)[int(away.argmin())]!s}"


def _problems(
    runs: xr.Dataset, problem: Problem, dims: tuple[str, ...], shape: tuple[int, ...]
) -> tuple[tuple[Problem, ...], I64]:
    targets = targets_of(runs)
    columns = [_values(runs, name, dims, shape) for name in targets]
    count = int(np.prod(shape, dtype=np.int64))
    keys = np.concatenate([np.zeros((count, 1)), *columns], axis=1)
    rows, inverse = np.unique(keys, axis=0, return_inverse=True)
    widths = [column.shape[1] for column in columns]
    # rows are sorted, and neighbours agree in what comes first: it is resolved once for all
    resolved: list[tuple[tuple[float, ...], Problem]] = [((), problem)] * len(targets)
    problems = []
    for row in rows:
        current, at, fresh = problem, 1, False
        for k, (target, width) in enumerate(zip(targets.values(), widths, strict=True)):
            value = tuple(row[at : at + width].tolist())
            at += width
            fresh = fresh or resolved[k][0] != value
            if fresh:
                plain = value[0] if width == 1 else value
                current, _ = with_axis(current, _UNTRAINED, target, plain)
                resolved[k] = value, current
            current = resolved[k][1]
        problems.append(current)
    return tuple(problems), np.asarray(inverse, np.int64).reshape(-1)


def _values(runs: xr.Dataset, name: str, dims: tuple[str, ...], shape: tuple[int, ...]) -> F64:
    """What an axis sets for each model, (N, 1), or (N, n) for whole vectors."""
    wanted = values_of(name, runs.coords)
    if wanted not in runs.coords:
        rule = f"must keep the coordinate {wanted!r}: its models' problems depend on it"
        raise SpecError.of("Dataset", "coords", rule, list(runs.coords))
    values = runs.coords[wanted]
    require_numbers("Dataset", f"coords[{wanted!r}]", values)
    own = (FEATURE,) if FEATURE in values.dims else ()
    if not set(values.dims) <= {*dims, *own}:
        rule = f"must have the dimensions {(*dims, *own)} at most"
        raise SpecError.of("Dataset", f"coords[{wanted!r}]", rule, values.dims)
    missing = {dim: size for dim, size in zip(dims, shape, strict=True) if dim not in values.dims}
    full = values.drop_vars(list(values.coords)).expand_dims(missing).transpose(*dims, *own)
    return np.asarray(full.to_numpy(), np.float64).reshape(int(np.prod(shape, dtype=np.int64)), -1)

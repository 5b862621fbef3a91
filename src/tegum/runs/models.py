"""The problem behind every model of a Dataset, from what `train` wrote into it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64, FEATURE, HIDDEN, I64
from tegum.engines.base import PARAMETERS
from tegum.errors import SpecError
from tegum.problem import Problem
from tegum.sweepable import with_axis
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

#: The attribute of a Dataset that holds {axis: what it sets} as JSON.
AXES: Final = "axes"
#: Axes of a training do not touch the problem.
_UNTRAINED: Final = Training()


class Models(NamedTuple):
    """The models of a Dataset in one row, N of them."""

    dims: tuple[str, ...]  # the leading dimensions of W, in order
    shape: tuple[int, ...]
    problems: tuple[Problem, ...]  # the different ones
    point_of: I64  # (N,): which of them is a model's
    arrays: dict[str, NDArray[Any]]  # by the names of `PARAMETERS`, each (N, ...)


def models_of(runs: xr.Dataset, owner: str) -> Models:
    """The models of a Dataset and their problems; SpecError where it is not one of `train`."""
    if "problem" not in getattr(runs, "attrs", {}):
        raise SpecError.of(owner, "runs", "must be a Dataset of tegum.train", type(runs))
    problem = Problem.from_json(runs.attrs["problem"])
    weights = "W" if problem.model.tied else "W_in"
    for name in (*problem.model.parameters(problem.n_features), "b"):
        if name not in runs:
            raise SpecError.of(owner, "runs", f"must hold {name}", list(runs.data_vars))
    for dim, size in ((FEATURE, problem.n_features), (HIDDEN, problem.n_hidden)):
        if runs.sizes.get(dim) != size:
            rule = f"must have all {size} of the dimension {dim}"
            raise SpecError.of(owner, "runs", rule, runs.sizes.get(dim))
    dims = tuple(str(dim) for dim in runs[weights].dims if dim not in (HIDDEN, FEATURE))
    shape = tuple(int(runs.sizes[dim]) for dim in dims)
    arrays = {}
    for name, own in PARAMETERS.items():
        if name in runs:
            full = runs[name].transpose(*dims, *own).to_numpy()
            arrays[name] = full.reshape(-1, *full.shape[len(dims) :]).astype(np.float64)
    problems, point_of = _problems(runs, problem, dims, shape)
    return Models(dims, shape, problems, point_of, arrays)


def _problems(
    runs: xr.Dataset, problem: Problem, dims: tuple[str, ...], shape: tuple[int, ...]
) -> tuple[tuple[Problem, ...], I64]:
    targets: dict[str, str] = json.loads(runs.attrs.get(AXES, "{}"))
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
    vector = f"{name}_vector"
    wanted = vector if vector in runs.coords else name
    if wanted not in runs.coords:
        rule = f"must keep the coordinate {wanted!r}: its models' problems depend on it"
        raise SpecError.of("Dataset", "coords", rule, list(runs.coords))
    values = runs.coords[wanted]
    own = (FEATURE,) if FEATURE in values.dims else ()
    missing = {dim: size for dim, size in zip(dims, shape, strict=True) if dim not in values.dims}
    full = values.drop_vars(list(values.coords)).expand_dims(missing).transpose(*dims, *own)
    return np.asarray(full.to_numpy(), np.float64).reshape(int(np.prod(shape, dtype=np.int64)), -1)

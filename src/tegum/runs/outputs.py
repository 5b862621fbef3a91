"""What trained models make of given inputs: outputs, and hidden activations."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tegum.arguments import explained
from tegum.dims import F64, FEATURE, HIDDEN, LATENT, SAMPLE
from tegum.errors import SpecError
from tegum.models import SAE, Deep, TorchModel
from tegum.problem import Problem
from tegum.runs.models import Arrays, arrays_of, problems_of
from tegum.runs.weights import as_array

if TYPE_CHECKING:
    import xarray as xr


@explained(example="tg.forward(runs, np.eye(n_features))")
def forward(runs: xr.Dataset, x: Any, *, layer: str = "output") -> xr.DataArray:
    """x' = f(W_out h + b) of given x for every model of a run, h = f_h(W_in x + b_hidden).

    Args:
        runs: a Dataset of `tegum.train`, or what was selected from one; tied models have
            W_in = W, W_out = Wᵀ, and a bias that a model does not have is 0. Of a `TorchModel` the
            program must have made one of the same code.
        x: real numbers (..., feature), for an `SAE` (..., hidden), an array or a DataArray. A
            dimension that `runs` has too gives every model inputs of its own, and must have the
            same coordinates.
        layer: "output" for x', "hidden" for h; "latent" for the codes of an `SAE`; "hidden_1", …
            of a `Deep` model, and what `outputs` of a `TorchModel` names.

    Returns:
        Float64 with the leading dimensions of the models (axes, `seed`), those of x (`sample` if
        x is an array (N, feature), `sample_0`, … if it has more), and `feature`, `hidden` for h,
        or `latent`; NAME_0, … for a layer of other sizes. NaN for models that diverged.

    Raises:
        SpecError: for a Dataset that `train` did not make, an x whose shape or numbers do not
            fit, and another layer.

    Source: "Demonstrating Superposition: Experiment Setup", "Computation in Superposition".
    """
    import xarray as xr

    rows = arrays_of(runs, "forward")
    known, inputs = rows.problem.model.layers, rows.problem.model.inputs
    if layer not in known:
        raise SpecError.of("forward", "layer", f"must be one of {known}", layer)
    given = _checked(x, rows.problem, runs, rows.dims)
    names = tuple(str(dim) for dim in given.dims if dim not in (*rows.dims, inputs))
    found = _layer(runs, rows, _inputs(given, names, rows), layer)
    inner = found.shape[2:]
    dims = (*rows.dims, *names, *_dims(rows.problem, layer, inner))
    full = found.reshape(*rows.shape, *(given.sizes[name] for name in names), *inner)
    coords = {str(name): c for part in (given, runs) for name, c in part.coords.items()}
    kept = {name: c for name, c in coords.items() if set(c.dims) <= set(dims)}
    return xr.DataArray(full, kept, dims, name=layer)


def _layer(runs: xr.Dataset, rows: Arrays, x: F64, layer: str) -> F64:
    """What a layer of every model gives, (N, samples, …)."""
    model = rows.problem.model
    named = {name: array.astype(np.float64) for name, array in rows.named.items()}
    if isinstance(model, SAE):
        return _of_dictionaries(runs, rows, x, layer)
    if not isinstance(model, TorchModel):
        with np.errstate(invalid="ignore", over="ignore"):  # diverged models
            return model.values(named, x)[layer]
    from tegum.engines.torch.modules import outputs_of

    own = model.outputs[0] if layer == HIDDEN else layer
    return outputs_of(model, rows.problem.n_features, named, x)[own]


def _of_dictionaries(runs: xr.Dataset, rows: Arrays, x: F64, layer: str) -> F64:
    """What a layer of every dictionary gives: by the number of latents that fire at its point."""
    problems, point_of = problems_of(runs, rows)
    parts: list[F64] = []
    for model, point in enumerate(point_of):
        own = {name: array[model : model + 1] for name, array in rows.named.items()}
        seen = x[model : model + 1] if len(x) > 1 else x
        with np.errstate(invalid="ignore", over="ignore"):  # diverged models
            parts.append(problems[int(point)].model.values(own, seen)[layer])
    return np.concatenate(parts)


def _dims(problem: Problem, layer: str, inner: tuple[int, ...]) -> tuple[str, ...]:
    """The names of what a layer gives."""
    if layer == "output":
        return (problem.model.inputs,)
    if isinstance(problem.model, Deep | SAE) and layer != HIDDEN:
        return (layer,)
    if inner == (problem.n_hidden,):
        return (HIDDEN,)
    return tuple(f"{layer}_{k}" for k in range(len(inner)))


def _inputs(given: xr.DataArray, names: tuple[str, ...], rows: Arrays) -> F64:
    """x as (1, samples, n), or (N, samples, n) where each model has its own."""
    lacking = [dim for dim in rows.dims if dim not in given.dims]
    bare = given.drop_vars(list(given.coords)).expand_dims(lacking)
    inputs = rows.problem.model.inputs
    plain = bare.transpose(*rows.dims, *names, inputs).to_numpy().astype(np.float64)
    inner = plain.shape[len(rows.dims) :]
    own = len(lacking) < len(rows.dims)
    full = np.broadcast_to(plain, (*rows.shape, *inner)) if own else plain
    return full.reshape(prod(rows.shape) if own else 1, prod(inner[:-1]), inner[-1])


def _checked(x: Any, problem: Problem, runs: xr.Dataset, dims: tuple[str, ...]) -> xr.DataArray:
    """x with names for its dimensions; SpecError unless they and its numbers fit the models."""
    n, inputs = problem.n_features, problem.model.inputs
    given = _labelled(x, dims, inputs)
    others = {FEATURE, HIDDEN, LATENT} - {inputs}
    if given.sizes.get(inputs) != n or others & {*given.dims} or given.dtype.kind not in "fiub":
        what = "features" if inputs == FEATURE else f"{inputs} dimensions"
        rule = f"must be real numbers (..., {inputs}) of {n} {what}"
        raise SpecError.of("forward", "x", rule, f"{given.dtype} {dict(given.sizes)}")
    for dim in set(given.dims) & set(dims):
        known = dim in given.coords and dim in runs.coords
        same = not known or np.array_equal(given[dim], runs[dim])
        if given.sizes[dim] != runs.sizes[dim] or not same:
            rule = f"must have the coordinates of the runs along {dim}"
            raise SpecError.of("forward", "x", rule, given[dim].to_numpy().tolist())
    return given


def _labelled(x: Any, dims: tuple[str, ...], inputs: str) -> xr.DataArray:
    import xarray as xr

    if isinstance(x, xr.DataArray):
        return x
    array = as_array("forward", "x", x)
    lead = array.ndim - 1
    names = [SAMPLE] if lead == 1 else [f"{SAMPLE}_{k}" for k in range(lead)]
    if array.ndim == 0 or set(names) & set(dims):
        rule = f"must be (..., {inputs}), labelled where the runs have dimensions {tuple(names)}"
        raise SpecError.of("forward", "x", rule, array.shape)
    return xr.DataArray(array, dims=[*names, inputs])

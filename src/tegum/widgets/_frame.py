"""The models of a Dataset in one binary frame, as the explorer's page reads them."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.dims import CHECKPOINT, FEATURE, HIDDEN, SEED, STEP
from tegum.errors import SpecError, TegumError
from tegum.explorer import looking
from tegum.runs.models import said_in, stated_problem
from tegum.runs.schema import PARAMETERS, VARIABLES, at_checkpoints
from tegum.runs.shapes import DATASET
from tegum.runs.weights import encoder_in

if TYPE_CHECKING:
    import xarray as xr

    from tegum.problem import Problem

#: Numbers in one frame, at most: a notebook keeps them all.
_MOST: Final = 20_000_000
#: What a frame holds of every model.
_SHOWN: Final = (*PARAMETERS, "loss")


def dataset_frame(ds: xr.Dataset) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and arrays of the frame that a widget gets: P axis points of N seeds each.

    Raises `SpecError` for a Dataset that is not one of `train` or holds no model.
    """
    problem = stated_problem(ds, "view", "ds")
    names = problem.model.parameters(problem.n_features)
    weights = encoder_in({name: name for name in names}, "view")
    for name in (weights, "b", "loss"):
        if name not in ds:
            raise SpecError.of("view", "ds", f"must hold {name}, as {DATASET}", list(ds.data_vars))
    if ds["loss"].size == 0:
        raise SpecError.of("view", "ds", "must hold at least one model", dict(ds["loss"].sizes))
    for dim, size in ((FEATURE, problem.n_features), (HIDDEN, problem.n_hidden)):
        if ds.sizes.get(dim) != size:
            rule = f"must have all {size} of the dimension {dim}"
            raise SpecError.of("view", "ds", rule, ds.sizes.get(dim))
    if SEED not in ds.dims:  # `best` keeps the number of the seed of each model
        ds = ds.drop_vars(SEED, errors="ignore").expand_dims(SEED)
    axes = [str(dim) for dim in ds["loss"].dims if dim != SEED]
    shape = [int(ds.sizes[dim]) for dim in axes]
    _check_size(ds, weights)

    def flat(name: str) -> NDArray[Any]:
        array = ds[name].transpose(*axes, SEED, *VARIABLES[name].own).to_numpy()
        return array.reshape(prod(shape), -1, *array.shape[len(axes) + 1 :])

    arrays = {name: flat(name) for name in _SHOWN if name in ds}
    W = np.asarray(arrays[weights], np.float64)  # (P, N, m, n)
    arrays["D"] = looking.dimensionality(W)
    losses = np.where(np.isfinite(arrays["loss"]), arrays["loss"], np.inf)
    best = losses.argmin(axis=1)
    arrays["best"] = best
    if STEP in ds.coords and "loss_curve" in ds:
        arrays["loss_curve"] = flat("loss_curve")
        arrays["curve_steps"] = ds[STEP].to_numpy()
    kept = at_checkpoints(weights)
    if kept in ds:
        arrays["W_checkpoint"] = flat(kept)[np.arange(len(best)), best]
    looks = [looking.look(W[i, k]) for i, k in enumerate(best.tolist())]
    arrays |= _bases(looks, W.shape[2])
    header = {
        **_stated(ds, problem),
        "seeds": W.shape[1],
        "axes": [{"name": dim, "values": _values(ds, dim)} for dim in axes],
        "checkpoints": ds[CHECKPOINT].to_numpy().tolist() if kept in ds else [],
        "shapes": [look.header["shape"] for look in looks],
        "factors": [look.header["factors"] for look in looks],
    }
    return header, arrays


def _stated(ds: xr.Dataset, problem: Problem) -> dict[str, Any]:
    """What the header says of the problem."""
    return {
        "type": "dataset",
        "n_features": problem.n_features,
        "n_hidden": problem.n_hidden,
        "neurons": problem.model.hidden_activation != "identity",
        "problem": json.loads(ds.attrs["problem"]),
        "training": said_in(ds, "training"),
        "draws": [
            {"kind": block.kind, "start": block.start, "size": block.size}
            for block in problem.distribution.blocks()
        ],
    }


def _bases(looks: list[looking.Look], m: int) -> dict[str, NDArray[Any]]:
    """Bases of all points, with as many rows of factors as the point that has most."""
    most = max(len(look.arrays["factor_bases"]) for look in looks)
    factors = np.zeros((len(looks), most, 3, m))
    for row, look in zip(factors, looks, strict=True):
        own = look.arrays["factor_bases"]
        row[: len(own)] = own
    return {"basis": np.stack([look.arrays["basis"] for look in looks]), "factor_bases": factors}


def _values(ds: xr.Dataset, dim: str) -> list[Any]:
    if dim not in ds.coords:
        return list(range(int(ds.sizes[dim])))
    values: list[Any] = ds[dim].to_numpy().tolist()
    return values


def _check_size(ds: xr.Dataset, weights: str) -> None:
    names = [name for name in (*_SHOWN, "loss_curve", at_checkpoints(weights)) if name in ds]
    count = sum(int(ds[name].size) for name in names)
    if count > _MOST:
        raise TegumError(
            f"view: {count} numbers are too many for a notebook, {_MOST} at most; "
            "select points and seeds, or drop the checkpoints"
        )

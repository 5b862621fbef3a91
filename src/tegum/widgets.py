"""Trained models in a notebook: the explorer's views as a widget, without a server.

Needs `pip install tegum[notebook]`. The front end is the explorer's own, built by Vite into the
package; the models travel to the browser in one binary frame (see docs/explorer-protocol.md).
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from tegum.dims import CHECKPOINT, SEED, STEP
from tegum.errors import SpecError, TegumError
from tegum.explorer import looking
from tegum.explorer.frames import encode
from tegum.runs.models import stated_problem
from tegum.runs.schema import PARAMETERS, VARIABLES, at_checkpoints
from tegum.runs.weights import DATASET, encoder_in

if TYPE_CHECKING:
    import xarray as xr

    from tegum.problem import Problem

#: What Vite builds for notebooks.
STATIC: Final = Path(__file__).parent / "explorer" / "static"
#: Numbers in one frame, at most: a notebook keeps them all.
_MOST: Final = 20_000_000
#: What a frame holds of every model.
_SHOWN: Final = (*PARAMETERS, "loss")


def view(
    ds: xr.Dataset, *, mode: Literal["live", "space"] = "live", point: int = 0, seed: int = -1
) -> Any:
    """A widget that shows the models of a Dataset of `train`: all its axes, seeds and checkpoints.

    Args:
        ds: a Dataset of `tegum.train`, or what was selected from one.
        mode: "live" shows vectors, WᵀW, biases and traces; "space" the features in three
            dimensions.
        point: the axis point shown at first, counted in C order.
        seed: the seed shown at first, −1 for the one of lowest loss.

    Returns:
        An anywidget, whose traits `point`, `seed`, `mode` and `selected_feature` follow the mouse
        and may be set.

    Raises:
        SpecError: for a Dataset that is not one of `train`, and a mode, point or seed that it has
            not.
        TegumError: where anywidget is missing, the front end is not built, or there are more than
            2·10⁷ numbers.

    Source: the views of the explorer.
    """
    if mode not in ("live", "space"):
        raise SpecError.of("view", "mode", "must be 'live' or 'space'", mode)
    header, arrays = dataset_frame(ds)
    points, seeds = arrays["loss"].shape
    at = _index("point", point, 0, points)
    first = _index("seed", seed, -1, seeds)
    kind = _widget_class()
    return kind(frame=encode(header, arrays), point=at, seed=first, mode=mode)


def _index(name: str, value: int, low: int, end: int) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not low <= value < end:
        raise SpecError.of("view", name, f"must be an integer in [{low}, {end})", value)
    return int(value)


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
    if SEED not in ds.dims:
        ds = ds.expand_dims(SEED)
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
        "training": json.loads(ds.attrs.get("training", "{}")),
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


def _widget_class() -> Any:
    """The widget's class, made when the first one is shown: anywidget is an extra."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise TegumError("view needs anywidget: pip install 'tegum[notebook]'") from None
    module, style = STATIC / "widget.js", STATIC / "widget.css"
    if not module.is_file():
        raise TegumError(
            "view: the front end is not built: run `make page` in a clone of the repository "
            "(it needs Node.js 20 or newer), or install a released wheel"
        )

    class View(anywidget.AnyWidget):
        """A Dataset's models, to look at."""

        _esm = module
        _css = style.read_text("utf-8") if style.is_file() else ""
        frame = traitlets.Bytes().tag(sync=True)
        point = traitlets.Int(0).tag(sync=True)
        seed = traitlets.Int(-1).tag(sync=True)
        mode = traitlets.Unicode("live").tag(sync=True)
        selected_feature = traitlets.Int(-1).tag(sync=True)

    return View

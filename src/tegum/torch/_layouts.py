"""How others name and turn the arrays of a model, both ways, exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.errors import SpecError, UnknownNameError
from tegum.problem import Problem
from tegum.runs.schema import PARAMETERS

Arrays = dict[str, NDArray[Any]]

LAYOUTS: Final = ("plain", "notebook", "arena", "linear")
_HIDDEN: Final = re.compile(r"hidden_layers\.(\d+)\.weight")
#: Names of `linear`, and what they are here.
_LINEAR: Final = {
    "linear1.weight": "W_in",
    "linear2.weight": "W_out",
    "linear1.bias": "b_hidden",
    "linear2.bias": "b",
}
_TIED, _BIAS, _FINAL = "W", "b", "b_final"


def check_layout(owner: str, layout: Any) -> None:
    """UnknownNameError unless it is the name of a layout."""
    if layout not in LAYOUTS:
        raise UnknownNameError.of(f"{owner}.layout", layout, LAYOUTS)


def turned(matrix: NDArray[Any]) -> NDArray[Any]:
    """The transposed matrices of a stack, as an array of its own in C order."""
    return np.ascontiguousarray(np.swapaxes(matrix, -1, -2))


def without_prefix(named: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays without what wrappers put before all of their names, as in `module.W`."""
    known = {*PARAMETERS, _FINAL, *_LINEAR}
    found = dict(named)
    while found and not known & found.keys():
        heads = {name.partition(".")[0] for name in found}
        if len(heads) != 1 or not all("." in name for name in found):
            break
        found = {name.partition(".")[2]: array for name, array in found.items()}
    return found


def guessed(owner: str, named: Mapping[str, Any], problem: Problem) -> str:
    """The layout that names and shapes say; SpecError where they say none, or two."""
    n, m = problem.n_features, problem.n_hidden
    if not {_TIED, "W_in", "linear1.weight"} & named.keys():
        rule = "must hold W, W_in and W_out, or linear1.weight and linear2.weight"
        raise SpecError.of(owner, "source", rule, list(named))
    if n == m:
        rule = f"must be named, one of {LAYOUTS}: a square W has none to be read off it"
        raise SpecError.of(owner, "layout", rule, None)
    if "linear1.weight" in named:
        return "linear"
    if _TIED not in named:
        return "plain"
    last = tuple(np.shape(named[_TIED]))[-2:]
    if last == (n, m):
        return "notebook"
    return "arena" if _FINAL in named else "plain"


def read(owner: str, named: Mapping[str, NDArray[Any]], problem: Problem, layout: str) -> Arrays:
    """The arguments of `from_weights` that arrays in a layout are; SpecError where they are not."""
    if layout == "linear":
        return _read_linear(owner, named, problem)
    if layout == "plain":
        _require(owner, named, (), tuple(PARAMETERS))
        return dict(named)
    return _read_stack(owner, named, problem, layout)


def _read_stack(
    owner: str, named: Mapping[str, NDArray[Any]], problem: Problem, layout: str
) -> Arrays:
    _require(owner, named, (_TIED,), (_FINAL,))
    n, m = problem.n_features, problem.n_hidden
    W = named[_TIED]
    wanted = (n, m) if layout == "notebook" else (m, n)
    if W.shape[-2:] != wanted:
        rule = f"must have shape (..., {wanted[0]}, {wanted[1]}) in the layout {layout!r}"
        raise SpecError.of(owner, _TIED, rule, W.shape)
    found = {_TIED: turned(W) if layout == "notebook" else W}
    return found | ({_BIAS: named[_FINAL]} if _FINAL in named else {})


def _read_linear(owner: str, named: Mapping[str, NDArray[Any]], problem: Problem) -> Arrays:
    layers = sorted((int(at[1]), name) for name in named if (at := _HIDDEN.fullmatch(name)))
    others = {name: array for name, array in named.items() if not _HIDDEN.fullmatch(name)}
    _require(owner, others, ("linear1.weight", "linear2.weight"), (*_LINEAR, _FINAL))
    n, m = problem.n_features, problem.n_hidden
    found = {_LINEAR.get(name, _BIAS): array for name, array in others.items()}
    hidden = [named[name] for _, name in layers]
    if n != m and found["W_in"].shape[-2:] == (n, m):  # (in, out), as some stacks have it
        found |= {name: turned(found[name]) for name in ("W_in", "W_out")}
        hidden = [turned(matrix) for matrix in hidden]
    for name, wanted in (("W_in", (m, n)), ("W_out", (n, m))):
        if found[name].shape[-2:] != wanted:
            raise SpecError.of(owner, name, f"must have shape (..., {wanted[0]}, {wanted[1]})",
                               found[name].shape)  # fmt: skip
    found["W_out"] = _through(owner, found["W_out"], hidden, problem)
    if len(problem.model.weights) > 1:
        return found
    if not np.array_equal(found["W_out"], np.swapaxes(found["W_in"], -1, -2)):
        rule = "must be the transposed linear1.weight of a tied model, or the model a TwoLayer"
        raise SpecError.of(owner, "linear2.weight", rule, found["W_out"].shape)
    return {_TIED: found.pop("W_in"), **{k: v for k, v in found.items() if k != "W_out"}}


def _through(
    owner: str, W_out: NDArray[Any], hidden: list[NDArray[Any]], problem: Problem
) -> NDArray[Any]:
    """What the decoder reads h by, behind layers from hidden units to hidden units."""
    m = problem.n_hidden
    for layer in reversed(hidden):
        if layer.shape[-2:] != (m, m):
            rule = f"must have shape (..., {m}, {m})"
            raise SpecError.of(owner, "hidden_layers", rule, layer.shape)
        if np.array_equal(layer, np.broadcast_to(np.eye(m), layer.shape)):
            continue
        if problem.model.hidden_activation != "identity" or len(problem.model.weights) == 1:
            rule = "can be part of W_out alone, of a TwoLayer(hidden_activation='identity')"
            raise SpecError.of(owner, "hidden_layers", rule, type(problem.model))
        W_out = W_out @ layer
    return W_out


def _require(
    owner: str, named: Mapping[str, Any], wanted: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    missing = [name for name in wanted if name not in named]
    strange = [name for name in named if name not in (*wanted, *optional)]
    if missing or strange:
        rule = f"must hold {', '.join((*wanted, *optional))} and nothing else"
        if wanted:
            rule = f"must hold {', '.join(wanted)}, perhaps {', '.join(optional)}, nothing else"
        raise SpecError.of(owner, "source", rule, list(named))


def write(owner: str, weights: Mapping[str, NDArray[Any]], layout: str, one: bool) -> Arrays:
    """Parameters (instance, ...) in a layout; `one` model has no instance axis where it may.

    SpecError for what a layout cannot hold.
    """
    tied = len([name for name in weights if len(PARAMETERS[name]) > 1]) == 1
    if layout in ("notebook", "arena"):
        wrong = [name for name in weights if name not in (_TIED, _BIAS)]
        if wrong:
            rule = f"must be 'plain' or 'linear': {layout!r} has no place for {', '.join(wrong)}"
            raise SpecError.of(owner, "layout", rule, layout)
        W = weights[_TIED]
        found = {_TIED: turned(W) if layout == "notebook" else W}
        found |= {_FINAL: weights[_BIAS]} if _BIAS in weights else {}
    elif layout == "linear":
        matrices = {"W_in": weights[_TIED], "W_out": turned(weights[_TIED])} if tied else {}
        whole = {**weights, **matrices}
        found = {name: whole[own] for name, own in _LINEAR.items() if own in whole}
    else:
        found = dict(weights)
    alone = one and layout in ("plain", "linear")
    return {name: np.array(a[0] if alone else a, order="C") for name, a in found.items()}

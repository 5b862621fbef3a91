"""Weights of neurons as arrays: strengths, codes of signs, and sets of neurons as words."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product
from math import factorial, prod
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from tegum.analysis._arrays import Array, check_dims, lift, one_model, quiet
from tegum.arguments import array, number
from tegum.dims import F64, FEATURE, HIDDEN, I64, Bools
from tegum.errors import SpecError
from tegum.runs.weights import split

#: A matrix of one model.
Plain = NDArray[Any] | xr.DataArray

#: What a stored feature is called, by the code of its signs.
SIGNS: Final = {1: "+#", 2: "+#!", 3: "-#", 4: "-#!"}
#: Orders of a group's neurons that are compared at most.
_ORDERS: Final = 50_000


def pattern_of(codes: I64) -> str:
    """The features (columns) of a group as sets of signed neurons, in the least of all orders."""
    if codes.shape[1] == 0:
        return "."
    # only neurons that look alike from outside can change places
    looks = [tuple(sorted(row)) for row in codes.tolist()]
    classes = [[k for k, look in enumerate(looks) if look == kind] for kind in sorted(set(looks))]
    if prod(factorial(len(members)) for members in classes) > _ORDERS:
        rule = f"must leave at most {_ORDERS} orders of neurons that look alike"
        raise SpecError.of("pattern", "W", rule, [len(members) for members in classes])
    orders = product(*(permutations(members) for members in classes))
    least = min(
        sorted(zip(*codes[np.concatenate(o).astype(int)].tolist(), strict=True)) for o in orders
    )
    return " ".join(
        "".join(SIGNS[code].replace("#", _letters(k)) for k, code in enumerate(column) if code)
        for column in sorted(least, key=lambda c: [(k, x) for k, x in enumerate(c) if x])
    )


def _letters(k: int) -> str:
    """A, B, … Z, A1, B1 and so on."""
    return chr(ord("A") + k % 26) + (str(k // 26) if k >= 26 else "")


def rescaled(v: F64, w: F64) -> tuple[F64, F64]:
    """(W_in, W_out) with max_i |W_in,ki| = 1 for every neuron that has input weights."""
    largest = np.abs(v).max(axis=-1, keepdims=True)  # (..., hidden, 1)
    scale = np.where(largest > 0, largest, 1.0)
    return v / scale, w * np.swapaxes(scale, -1, -2)


def strength_of(w: F64, out: F64 | None) -> F64:
    """How strongly each neuron stores each feature, (..., hidden, feature)."""
    if out is None:
        return np.abs(w)
    v, weight = rescaled(w, out)
    return np.minimum(np.abs(v), np.abs(v * np.swapaxes(weight, -1, -2)))


def codes_of(w: F64, out: F64 | None, threshold: float) -> I64:
    """0 where nothing is stored, else 1 + 2 [input weight < 0] + [output weight < 0]."""
    check_threshold("neurons", threshold)
    negative = np.zeros(w.shape, np.int64) if out is None else (np.swapaxes(out, -1, -2) < 0)
    return np.where(strength_of(w, out) > threshold, 1 + 2 * (w < 0) + negative, 0)


def count_of(w: F64, out: F64 | None, threshold: float, least: int) -> I64:
    """Neurons with one feature (least 1) or with two and more (least 2)."""
    per_neuron = (strength_of(w, out) > threshold).sum(-1)
    chosen: Bools = per_neuron == 1 if least == 1 else per_neuron >= 2
    return np.asarray(chosen.sum(-1))


def bound_of(w: F64, out: F64 | None, threshold: float, *, above: bool) -> F64:
    """The nearest threshold, up to this one or above it, at which a count changes, (...)."""
    size = np.sort(strength_of(w, out), axis=-1)[..., -2:]
    edges = size.reshape(*size.shape[:-2], -1)
    if above:
        return np.asarray(np.where(edges > threshold, edges, np.inf).min(-1))
    return np.asarray(np.where(edges <= threshold, edges, 0.0).max(-1))


def order_of(w: F64, out: F64 | None, threshold: float, *, primary: bool) -> I64:
    """The order (hidden,) of the neurons of one model, by kind or by primary feature first."""
    size, codes = strength_of(w, out), codes_of(w, out, threshold)
    strongest = size.argmax(axis=1)

    def key(k: int) -> tuple[Any, ...]:
        held = np.flatnonzero(codes[k])
        kind = 3 if len(held) == 0 else min(len(held), 2)
        pattern = tuple((int(i), int(codes[k, i])) for i in held)
        first = int(strongest[k]) if kind < 3 else len(w[0])
        lead = (first, kind) if primary else (kind,)
        return (*lead, pattern, *(-np.round(size[k], 9)).tolist())

    return np.array(sorted(range(len(w)), key=key), np.int64)


def parts_of(held: Bools) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The connected parts of the graph of neurons and features, (hidden, feature), in order."""
    m, n = held.shape
    graph = np.block([[np.zeros((m, m), bool), held], [held.T, np.zeros((n, n), bool)]])
    count, part = connected_components(graph, directed=False)
    members = [np.flatnonzero(part == k) for k in range(count)]
    found = [
        (tuple(all_[all_ < m].tolist()), tuple((all_[all_ >= m] - m).tolist())) for all_ in members
    ]
    return sorted(found, key=lambda part: (part[1] or (n,), part[0]))


def check_threshold(owner: str, threshold: float) -> None:
    """Refuse a threshold that is not >= 0 and finite."""
    number(owner, "threshold", threshold, "must be >= 0 and finite", lambda x: x >= 0)


def check_pair(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    """Refuse shapes that are not those of W_in and W_out of the same models."""
    fits = len(first) >= 2 and second == (*first[:-2], first[-1], first[-2])
    if not fits:
        rule = f"must have shape (..., feature, hidden) as W {first} asks"
        raise SpecError.of("neurons", "W_out", rule, second)


def one_of(owner: str, W: Any) -> tuple[F64, F64 | None]:
    """One model as plain arrays (hidden, feature) and (feature, hidden), or None when tied."""
    return pair_of(owner, W) if isinstance(W, tuple) else (one_model(owner, "W", W), None)


def pair_of(owner: str, W: tuple[Any, Any]) -> tuple[F64, F64]:
    """One untied model as plain arrays (hidden, feature) and (feature, hidden)."""
    w, W_out = one_model(owner, "W", W[0]), W[1]
    if isinstance(W_out, xr.DataArray) and {HIDDEN, FEATURE} <= set(W_out.dims):
        W_out = W_out.transpose(..., FEATURE, HIDDEN)
    out = array(owner, "W_out", W_out)
    check_pair(w.shape, out.shape)
    return w, out


def lifted(
    core: Callable[[F64, F64 | None], NDArray[Any]],
    W: Array | tuple[Array, Array],
    out: tuple[str, ...],
) -> Array:
    """Apply `core` to tied or untied, plain or labelled weights."""
    encoder, decoder = split(W)
    if decoder is None:
        return lift(lambda w: core(w, None), encoder, out)
    if not isinstance(encoder, xr.DataArray) or not isinstance(decoder, xr.DataArray):
        v, w = array("neurons", "W_in", encoder), array("neurons", "W_out", decoder)
        check_pair(v.shape, w.shape)
        return quiet(core)(v, w)
    check_dims(encoder)
    check_dims(decoder, "W_out")
    found: xr.DataArray = xr.apply_ufunc(
        quiet(core),
        encoder.astype(np.float64),
        decoder.astype(np.float64),
        input_core_dims=[[HIDDEN, FEATURE], [FEATURE, HIDDEN]],
        output_core_dims=[list(out)],
    )
    return found.rename(None)

"""Targets inside kernels: those but x and |x|, which the kernels know by heart, fill an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.dims import F32, I64
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.forms import ABSOLUTE, FILLED, SAME
from tegum.engines.sampled.product import ANEW, PLAIN, multiply
from tegum.engines.sampled.random import f32, part, u64
from tegum.errors import SpecError
from tegum.targets import Elementwise, LinearMap, Pairs
from tegum.targets.named import NAMED

if TYPE_CHECKING:
    from tegum.problem import Problem

_RELU, _SQUARE, _CUBE, _SIGN, _STEP, _TABLE, _PRODUCT, _MIN, _MAX, _DISTANCE = range(10)
_CODES: Final = {
    "relu": _RELU, "square": _SQUARE, "cube": _CUBE, "sign": _SIGN, "step": _STEP,
    "product": _PRODUCT, "min": _MIN, "max": _MAX, "distance": _DISTANCE,
}  # fmt: skip
_BY_HEART: Final = {"x": SAME, "abs": ABSOLUTE}


class Asked(NamedTuple):
    """The target of a batch; `left` and `right` are the pairs, empty where there are none."""

    code: int
    table: F32
    low: np.float32
    per_unit: np.float32  # knots of the table
    left: I64
    right: I64
    mixes: F32  # (n, N): the transposed matrix of a `LinearMap`, in padded rows; else empty


def tag_of(problem: Problem) -> int:
    """SAME, ABSOLUTE or FILLED."""
    return _BY_HEART.get(str(problem.target), FILLED)


def asked(problem: Problem) -> Asked:
    """A problem's target as the kernels read it; raises SpecError for one that they do not know."""
    target, n = problem.target, problem.n_features
    table, low, per_unit, code = np.zeros(2, np.float32), 0.0, 0.0, 0
    pairs, mixes = np.zeros((0, 2), np.int64), np.zeros((0, LANES), np.float32)
    if isinstance(target, Elementwise):
        code, low, table = _TABLE, target.low, np.array(target.table, np.float32)
        per_unit = (len(table) - 1) / (target.high - target.low)
    elif isinstance(target, Pairs):
        code, pairs = _CODES[target.operation], np.array(target.pairs_of(n), np.int64)
    elif isinstance(target, LinearMap):
        mixes = np.zeros((n, (n + LANES - 1) // LANES * LANES), np.float32)
        mixes[:, : len(target.matrix)] = np.array(target.matrix).T
    elif isinstance(target, str) and target in (*_BY_HEART, *_CODES):
        code = _CODES.get(target, 0)
    else:
        known = ", ".join(name for name in NAMED if name in (*_BY_HEART, *_CODES))
        others = "an Elementwise, a LinearMap or a Pairs"
        rule = f"must be one that the sampled engine knows: {known}, {others}"
        raise SpecError.of("Problem", "target", rule, target)
    left, right = pairs.T.copy()
    return Asked(code, table, np.float32(low), np.float32(per_unit), left, right, mixes)


@part(forceinline=True)
def _of_one(x, wanted):
    """f(x), exactly 0 at 0."""
    code = wanted.code
    if code == _RELU:
        return max(x, f32(0))
    if code == _SQUARE:
        return x * x
    if code == _CUBE:
        return x * x * x
    if code == _STEP:
        return f32(1) if x > f32(0) else f32(0)
    if code == _SIGN:
        return f32(1) if x > f32(0) else (f32(-1) if x < f32(0) else f32(0))
    table = wanted.table
    at = (x - wanted.low) * wanted.per_unit
    knot = int(min(max(at, f32(0)), f32(table.shape[0] - 2)))
    value = table[knot] + (at - f32(knot)) * (table[knot + 1] - table[knot])
    return value if x != f32(0) else f32(0)


@part(forceinline=True)
def _of_two(u, v, code):
    if code == _PRODUCT:
        return u * v
    if code == _MIN:
        return min(u, v)
    if code == _MAX:
        return max(u, v)
    return abs(u - v)


@part()
def fill_each(x, count, y, wanted):
    """y <- f of the leading `count` entries of the flat x."""
    for t in range(count):
        y[t] = _of_one(x[t], wanted)


@part()
def _mix_across(x, features, samples, y, mixes):
    """y <- M x of samples that lie side by side in the flat x (feature, samples)."""
    for i in range(features):
        for l in range(samples):
            y[u64(i * samples + l)] = f32(0)
        for j in range(features):
            weight = mixes[j, i]
            if weight != f32(0):
                for l in range(samples):
                    y[u64(i * samples + l)] += weight * x[u64(j * samples + l)]


@part()
def fill_across_rows(x, rows, features, y, wanted):
    """y <- the targets of the leading rows of x, both (rows, N)."""
    if wanted.mixes.shape[0] > 0:
        multiply(PLAIN, (rows, features, features), x, wanted.mixes, ANEW, y)
        return
    fill_across(x.reshape(-1), features, rows, 1, x.shape[1], y.reshape(-1), wanted)


@part()
def fill_across(x, features, samples, feature_stride, sample_stride, y, wanted):
    """The flat y <- the targets of samples that lie in the flat x with these strides."""
    left, right = wanted.left, wanted.right
    if wanted.mixes.shape[0] > 0:
        _mix_across(x, features, samples, y, wanted.mixes)
        return
    if left.shape[0] == 0:
        fill_each(x, max(features * feature_stride, samples * sample_stride), y, wanted)
        return
    for k in range(features):
        here = k * feature_stride
        if k < left.shape[0]:
            a, b = left[k] * feature_stride, right[k] * feature_stride
            for l in range(samples):
                at = l * sample_stride
                y[u64(here + at)] = _of_two(x[u64(a + at)], x[u64(b + at)], wanted.code)
        else:
            for l in range(samples):
                y[u64(here + l * sample_stride)] = f32(0)

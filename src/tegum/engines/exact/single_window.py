"""The window of the series where every block is one feature, uniform or signed.

As `freeze.window` has it, with exponentials and logarithms of LANES features at once. They are good
to 1e-8, more than a bound on the chance of 1e-17 needs.
"""

from __future__ import annotations

from math import factorial, log
from typing import Any, Final

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from tegum.dims import F64
from tegum.engines.exact.lanes import LANES, Lanes, Vector
from tegum.engines.exact.numeric import SIGNED, part

#: Rows: weight, probability, 1 of a signed feature, 0 of a uniform one.
_WEIGHT, _CHANCE, _SIGNED = range(3)
#: −log of the chance that z leaves the window.
TAIL: Final = 40.0
#: Exponents at which Chernoff's bound is taken, in units of the largest weight.
LOWEST, COUNT, RATIO = 0.125, 12, 1.7
#: Exponents are for weights of at least this part of 1 + |b|: for less they would not hold.
LEAST: Final = 1e-280
_LOG2: Final = log(2.0)
_TERMS: Final = 8
#: Of 2^r, and of log(f) by s = (f − 1)/(f + 1): 2s Σ s^2k/(2k + 1).
_EXP2 = tuple(_LOG2**k / factorial(k) for k in range(_TERMS))
_ARTANH = tuple(2.0 / (2 * k + 1) for k in range(6))
#: (e^y − 1)/y by y, and sinh(y)/y by y².
_UNIFORM = tuple(1.0 / factorial(k + 1) for k in range(_TERMS))
_SYMMETRIC = tuple(1.0 / factorial(2 * k + 1) for k in range(_TERMS // 2))
#: Below it series are taken.
_NEAR: Final = 0.4


def window_rows(n: int) -> F64:
    """Room for the weights of one output."""
    return np.zeros((3, (n + LANES - 1) // LANES * LANES))


def _log_mgf(emit: Lanes, a: Vector, p: Vector, signed: Vector, s: Vector) -> Vector:
    """log(1 − p + p E[e^{sax}])."""
    one, half = emit.constant(1.0), emit.constant(0.5)
    is_signed = signed.above(half)
    y = s * a
    y = y.size().where(is_signed, y)
    e = y.exponential(_EXP2)
    far = ((e - one / e) * half).where(is_signed, e - one) / y
    near = (y * y).polynomial(_SYMMETRIC).where(is_signed, y.polynomial(_UNIFORM))
    mgf = far.where(y.size().above(emit.constant(_NEAR)), near)
    return (one - p).plus(p, mgf).logarithm(_ARTANH)


@intrinsic
def sum_log_mgf(typing, rows, s):
    """Σ_j log(1 − p_j + p_j E[e^{s a_j x_j}])."""
    signature = types.float64(rows, types.float64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Lanes(context, builder)
        pointer, width = emit.array_of_rows(sig.args[0], args[0])
        total, s = emit.slot(emit.constant(0.0)), emit.spread(args[1])
        with emit.loop(emit.integer(0), width, LANES) as at:
            a, p, signed = (
                emit.row(pointer, emit.integer(k), width).from_column(at).load(0) for k in range(3)
            )
            total.set(total.get() + _log_mgf(emit, a, p, signed, s))
        return total.get().total()

    return signature, generate


@part
def single_window(a, b, enough, law, point, rows):
    """`freeze.window` for such laws."""
    largest, up, down = 0.0, b, -b
    for j in range(a.shape[0]):
        p, signed = point.probability[j], law.family[j] == SIGNED
        rows[_WEIGHT, j], rows[_CHANCE, j], rows[_SIGNED, j] = a[j], p, 1.0 if signed else 0.0
        if p > 0.0:
            largest = max(largest, abs(a[j]))
            up += abs(a[j]) if signed else max(a[j], 0.0)
            down += abs(a[j]) if signed else max(-a[j], 0.0)
        else:
            rows[_WEIGHT, j] = 0.0  # it may be of any size
    result = abs(b)
    if largest == 0.0:
        return result
    largest = max(largest, LEAST * (1.0 + result))
    for side in range(2):
        sign, bound = (1.0, up) if side == 0 else (-1.0, down)
        s = LOWEST / largest
        for _ in range(COUNT):
            if bound <= enough:
                break
            bound = min(bound, (sign * b * s + TAIL + sum_log_mgf(rows, sign * s)) / s)
            s *= RATIO
        result = max(result, bound)
    return result

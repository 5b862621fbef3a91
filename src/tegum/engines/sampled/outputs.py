"""Output errors of the dense and the sparse kernel: a loop for each activation, free of tests."""

from __future__ import annotations

from tegum.engines.sampled.activations import activate, raised
from tegum.engines.sampled.forms import (
    ABSOLUTE,
    FOURTH,
    GELU,
    IDENTITY,
    LEAKY,
    QUADRATIC,
    RELU,
    SAME,
    SQUARE,
    Tags,
)
from tegum.engines.sampled.random import f32, part
from tegum.engines.sampled.vectors import output_rows


@part()
def _gelu_rows(z, x, absolute, rows, model):
    """`output_rows` for GELU."""
    bias, importance, into_bias = model.bias, model.importance, model.into_bias
    y = f32(0)
    for l in range(rows):
        for i in range(z.shape[1]):
            if x is not None:
                y = abs(x[l, i]) if absolute else x[l, i]
            value, slope = activate(z[l, i] + bias[i], GELU)
            g = importance[i] * (value - y) * slope
            z[l, i] = g
            into_bias[i] += g


@part(forceinline=True)
def _power_rows(z, x, absolute, rows, model, code, power):
    """`output_rows` for errors to a power."""
    bias, importance, into_bias = model.bias, model.importance, model.into_bias
    y, beyond = f32(0), model.beyond[0]
    for l in range(rows):
        for i in range(z.shape[1]):
            if x is not None:
                y = abs(x[l, i]) if absolute else x[l, i]
            value, slope = activate(z[l, i] + bias[i], code)
            g = importance[i] * raised(value - y, power, beyond) * slope
            z[l, i] = g
            into_bias[i] += g


@part()
def _power_errors(z, x, absolute, rows, model, codes):
    code, power = codes.output_activation, codes.power
    if power == FOURTH and code == RELU:
        _power_rows(z, x, absolute, rows, model, RELU, FOURTH)
    elif power == FOURTH and code == IDENTITY:
        _power_rows(z, x, absolute, rows, model, IDENTITY, FOURTH)
    else:
        _power_rows(z, x, absolute, rows, model, code, power)


def _vectors_of(target: int) -> tuple[Tags, ...]:
    codes = (RELU, IDENTITY, LEAKY, QUADRATIC)
    return tuple(Tags((0,) * code, (0,) * target) for code in codes)


_SAME, _ABSOLUTE = _vectors_of(SAME), _vectors_of(ABSOLUTE)


@part(forceinline=True)
def _vector_rows(kinds, code, z, x, rows, model):
    """`output_rows` of the activation with this code."""
    relu, identity, leaky, quadratic = kinds
    if code == RELU:
        output_rows(relu, z, x, rows, model)
    elif code == IDENTITY:
        output_rows(identity, z, x, rows, model)
    elif code == LEAKY:
        output_rows(leaky, z, x, rows, model)
    else:
        output_rows(quadratic, z, x, rows, model)


@part()
def output_errors(z, x, rows, model, codes):
    """z <- I (f(z + b) - y) f'(z + b), y of x or 0 where that is None: see `output_rows`.

    Of other powers than 2 the error is `raised`.
    """
    code, absolute = codes.output_activation, codes.target == ABSOLUTE
    if codes.power != SQUARE:
        _power_errors(z, x, absolute, rows, model, codes)
    elif code == GELU:
        _gelu_rows(z, x, absolute, rows, model)
    elif absolute and x is not None:
        _vector_rows(_ABSOLUTE, code, z, x, rows, model)
    else:
        _vector_rows(_SAME, code, z, x, rows, model)

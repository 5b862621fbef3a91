"""What every training kernel shares: the layout of parameters, the all-zero sample, loops."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32, F64, I64
from tegum.engines.sampled.activations import activate, raised
from tegum.engines.sampled.data import Blocks, Pool
from tegum.engines.sampled.data import work_array as work_array
from tegum.engines.sampled.forms import (
    GELU,
    IDENTITY,
    LEAKY,
    PENALISED,
    QUADRATIC,
    RELU,
    SQUARE,
)
from tegum.engines.sampled.random import f32, part
from tegum.engines.sampled.targets import Asked


class Numbers(NamedTuple):
    """What may differ from one axis point to the next; every array has a leading `point`."""

    probability: F64  # (point, block): of being switched on
    importance: F32  # (point, feature)
    pull: F32  # (point, feature): the same times q/2, as |e|^q has the slope q |e|^(q - 1)
    beyond: F32  # (point, 1): q - 2
    half_l1: F32  # (point, 1): half the penalty on the hidden activations
    costs: F32  # (point, 4): of weights, see `weights`
    noise: F32  # (point, 2): σ of noise on h, and the share of units that are left out
    rate: F64  # (point,): the learning rate
    decay: F64  # (point,): the weight decay
    momentum: F64  # (point,): of SGD
    attack: F64  # (point,): length of attacks on training samples


class Static(NamedTuple):
    """What a whole batch shares."""

    n: int
    m: int
    batch: int
    tied: bool
    has_bias: bool
    has_hidden_bias: bool
    simple: bool  # every block is one independent feature, all of one magnitude
    optimiser: int
    unit_norm: bool


class Instances(NamedTuple):
    """The instances of a batch."""

    static: Static
    blocks: Blocks
    pool: Pool
    asked: Asked
    numbers: Numbers
    point_of: I64  # (instance,)
    keys: NDArray[np.uint64]  # (instance,)


class Descent(NamedTuple):
    """The state of instances, one to a row; everything a later step depends on."""

    theta: F32  # (instance, parameter): [E (n, m) | D (n, m) | b | b_hidden], without D if tied
    moment: F32  # (instance, parameter): Adam's mean of gradients, SGD's momentum
    square: F32  # (instance, parameter): Adam's mean of squared gradients
    memory: F32  # (instance,): of the sparse kernel


class Costs(NamedTuple):
    """What errors and hidden activations cost."""

    importance: F32  # (feature,): of gradients `pull`
    half_l1: F32  # (1,)
    beyond: F32  # (1,)
    noise: F32  # (2,)


def n_parameters(static: Static) -> int:
    """How many flat parameters a model has, absent biases included."""
    return static.n * static.m * (1 if static.tied else 2) + static.n + static.m


@part(forceinline=True)
def costs_at(point, numbers, importance):
    """The costs at an axis point, for losses with its importance, for gradients with its pull."""
    return Costs(importance, numbers.half_l1[point], numbers.beyond[point], numbers.noise[point])


@part(forceinline=True)
def offsets(static):
    """Where D, b, b_hidden start in the flat parameters [E (n, m) | D (n, m) | b | b_hidden]."""
    decode = 0 if static.tied else static.n * static.m
    bias = decode + static.n * static.m
    return decode, bias, bias + static.n


@part(forceinline=True)
def _teach_bias(theta, gradient, count, importance, static, code):
    bias = offsets(static)[1]
    for i in range(static.n):
        value, slope = activate(theta[bias + i], code)
        gradient[bias + i] += f32(count) * importance[i] * value * slope


@part(forceinline=True)
def _raised(value, costs, codes, rare):
    """The error of a value whose target is 0, to the power of `activations.raised`."""
    if rare is None:
        return value
    return raised(value, codes.power, costs.beyond[0])


@part()
def _teach_bias_of_powers(theta, gradient, count, costs, static, codes):
    bias, beyond = offsets(static)[1], costs.beyond[0]
    for i in range(static.n):
        value, slope = activate(theta[bias + i], codes.output_activation)
        error = raised(value, codes.power, beyond)
        gradient[bias + i] += f32(count) * costs.importance[i] * error * slope


@part(forceinline=True)
def add_zero_samples(theta, gradient, count, costs, hidden, static, codes, rare):
    """Add `count` times the gradient of the all-zero sample (a negative count takes it back).

    Without a hidden bias its hidden activations are 0, and it teaches b only; `hidden` (2, m) is
    work space.
    """
    if static.has_hidden_bias:
        _add_constant_hidden(theta, gradient, count, costs, hidden, static, codes, rare)
        return
    code, importance = codes.output_activation, costs.importance
    if rare is not None and codes.power != SQUARE:
        _teach_bias_of_powers(theta, gradient, count, costs, static, codes)
        return
    if code == RELU:
        _teach_bias(theta, gradient, count, importance, static, RELU)
    elif code == IDENTITY:
        _teach_bias(theta, gradient, count, importance, static, IDENTITY)
    elif code == LEAKY:
        _teach_bias(theta, gradient, count, importance, static, LEAKY)
    elif code == QUADRATIC:
        _teach_bias(theta, gradient, count, importance, static, QUADRATIC)
    else:
        _teach_bias(theta, gradient, count, importance, static, GELU)


@part()
def _add_constant_hidden(theta, gradient, count, costs, hidden, static, codes, rare):
    """The same with h = act(b_hidden), which teaches b, b_hidden and the decoder."""
    decode, bias, hidden_bias = offsets(static)
    n, m, h, dh = static.n, static.m, hidden[0], hidden[1]
    for k in range(m):
        dh[k] = f32(0)
        h[k] = activate(theta[hidden_bias + k], codes.hidden_activation)[0]
    for i in range(n):
        z = theta[bias + i]
        for k in range(m):
            z += theta[decode + i * m + k] * h[k]
        value, slope = activate(z, codes.output_activation)
        error = _raised(value, costs, codes, rare)
        g = f32(count) * costs.importance[i] * error * slope
        gradient[bias + i] += g
        for k in range(m):
            gradient[decode + i * m + k] += g * h[k]
            dh[k] += g * theta[decode + i * m + k]
    for k in range(m):
        slope = activate(theta[hidden_bias + k], codes.hidden_activation)[1]
        penalty = f32(np.sign(h[k])) * costs.half_l1[0] * f32(count)
        gradient[hidden_bias + k] += (dh[k] + penalty) * slope


@part()
def copy(source, into):
    """The leading entries of `into` <- source."""
    for k in range(source.shape[0]):
        into[k] = source[k]


@part()
def clear(array):
    """Zero a vector (a slice assignment costs seconds of compilation)."""
    for k in range(array.shape[0]):
        array[k] = f32(0)


@part(forceinline=True)
def freeze_absent(gradient, static):
    """Zero the gradient of biases that the model does not have."""
    _, bias, hidden_bias = offsets(static)
    if not static.has_bias:
        for i in range(bias, hidden_bias):
            gradient[i] = f32(0)
    if not static.has_hidden_bias:
        for k in range(hidden_bias, gradient.shape[0]):
            gradient[k] = f32(0)


@part(forceinline=True)
def hidden_backward(h, dh, rows, width, half_l1, codes):
    """dh <- (dh + λ/2 sign h) · act'(h), for activations that keep the sign (identity, ReLU)."""
    if codes.penalty == PENALISED:
        for l in range(rows):
            for k in range(width):
                v = h[l, k]
                dh[l, k] += half_l1 if v > f32(0) else (-half_l1 if v < f32(0) else f32(0))
    if codes.hidden_activation == RELU:
        for l in range(rows):
            for k in range(width):
                dh[l, k] = dh[l, k] if h[l, k] > f32(0) else f32(0)

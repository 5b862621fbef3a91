"""The dense kernel: any size, most features active. Most of its time goes to matrix products."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32
from tegum.engines.sampled.activations import activate
from tegum.engines.sampled.attack import (
    AttackWork,
    attack_key,
    attack_rows,
    attack_work,
    collect_rows,
    finish_attacks,
    prepare_attacks,
)  # fmt: skip
from tegum.engines.sampled.data import Odds, fill_odds, fill_rows, new_odds
from tegum.engines.sampled.product import multiply
from tegum.engines.sampled.random import TRAIN, f32, kernel, part, step_key, u32
from tegum.engines.sampled.shared import (
    Static,
    clear,
    copy,
    descend,
    freeze_absent,
    hidden_backward,
    n_parameters,
    offsets,
    work_array,
)  # fmt: skip
from tegum.engines.sampled.targets import Asked, fill_across
from tegum.engines.sampled.vectors import ABSOLUTE, FILLED, GELU, LANES, RELU, output_rows


class Padded(NamedTuple):
    """Weights, biases and their gradients in rows padded for vectors: n to N, m to M."""

    encoder: F32  # (N, M)
    decoder: F32  # (N, M); the same array for tied weights, and so is into_decoder
    decoder_t: F32  # (m, N)
    bias: F32  # (N,)
    into_encoder: F32  # (N, M)
    into_decoder: F32
    into_bias: F32  # (N,)
    into_hidden: F32  # (m,)
    importance: F32  # (N,)
    zero: F32  # (1,), as sgemm takes its factors
    one: F32


def padded(static: Static) -> Padded:
    """The padded arrays of a model."""
    n, m = static.n, static.m
    tall, wide = _ceil(n), _ceil(m)
    encoder, into_encoder, one = work_array(tall, wide), work_array(tall, wide), work_array(1)
    one[0] = 1.0
    return Padded(
        encoder=encoder,
        decoder=encoder if static.tied else work_array(tall, wide),
        decoder_t=work_array(m, tall),
        bias=work_array(tall),
        into_encoder=into_encoder,
        into_decoder=into_encoder if static.tied else work_array(tall, wide),
        into_bias=work_array(tall),
        into_hidden=work_array(m),
        importance=work_array(tall),
        zero=work_array(1),
        one=one,
    )


class DenseWork(NamedTuple):
    """The work arrays of one thread; `rows` samples are held at a time."""

    model: Padded
    x: F32  # (rows, N)
    y: F32  # the same, of targets of their own; else x
    asked: Asked
    z: F32  # (rows, N)
    h: F32  # (rows, M)
    dh: F32  # (rows, M)
    own: NDArray[np.int32]  # (N,): the random streams of a step, by feature
    tile: F32  # a tile of samples before it is transposed, with its two work arrays
    chosen: F32
    switch: F32
    gradient: F32
    odds: Odds
    attack: AttackWork


def dense_work(
    static: Static, blocks: int, wanted: Asked, own: bool, attacked: bool = False
) -> DenseWork:
    """Work arrays for a model, a number of blocks and a target, which may need an array.

    `attacked`: with room for attacks.
    """
    tall, wide, rows = _ceil(static.n), _ceil(static.m), rows_of(static)
    sizes = (static.n, static.m, tall, wide, rows) if attacked else (1, 1, 1, 1, 1)
    x = work_array(rows, tall)
    return DenseWork(
        model=padded(static),
        x=x,
        y=work_array(rows, tall) if own else x,
        asked=wanted,
        z=work_array(rows, tall),
        h=work_array(rows, wide),
        dh=work_array(rows, wide),
        own=work_array(tall, kind=np.int32),
        tile=work_array(static.n * 16),
        chosen=work_array(16),
        switch=work_array(16),
        gradient=work_array(n_parameters(static)),
        odds=new_odds(blocks),
        attack=attack_work(*sizes),
    )


def rows_of(static: Static) -> int:
    """Samples in a block: few enough for caches and OpenBLAS's small matrices (L·n·m <~ 1e6)."""
    rows = int(1e6 / (static.n * ((static.m + 3) // 4 * 4))) // LANES * LANES
    return min(max(LANES, min(256, rows)), _ceil(static.batch))


def _ceil(size: int) -> int:
    return (size + LANES - 1) // LANES * LANES


@part()
def load_model(theta, model, static):
    """Copy the parameters into padded rows, and clear their gradients."""
    decode, bias, _ = offsets(static)
    n, m = static.n, static.m
    for i in range(n):
        for k in range(m):
            model.encoder[i, k] = theta[i * m + k]
            model.decoder[i, k] = theta[decode + i * m + k]
            model.decoder_t[k, i] = theta[decode + i * m + k]
        model.bias[i] = theta[bias + i]
    clear(model.into_encoder.reshape(-1))
    clear(model.into_decoder.reshape(-1))
    clear(model.into_bias)
    clear(model.into_hidden)


@part(forceinline=True)
def hidden_forward(h, rows, width, hidden_bias, static, config):
    """h <- act(h + b_hidden), in place."""
    if static.has_hidden_bias:
        for l in range(rows):
            for k in range(static.m):
                h[l, k] += hidden_bias[k]
    if len(config[1]) == RELU:
        for l in range(rows):
            for k in range(width):
                h[l, k] = max(h[l, k], f32(0))


@part()
def _gelu_rows(z, x, rows, bias, importance, into_bias, config):
    """`output_rows` for GELU."""
    absolute, code, y = len(config[3]) == ABSOLUTE, len(config[2]), f32(0)
    for l in range(rows):
        for i in range(z.shape[1]):
            if x is not None:
                y = abs(x[l, i]) if absolute else x[l, i]
            value, slope = activate(z[l, i] + bias[i], code)
            g = importance[i] * (value - y) * slope
            z[l, i] = g
            into_bias[i] += g


@part(forceinline=True)
def output_errors(z, x, rows, model, config):
    """z <- I (f(z + b) - y) f'(z + b), y of x or 0 where that is None: see `output_rows`."""
    if len(config[2]) == GELU:
        _gelu_rows(z, x, rows, model.bias, model.importance, model.into_bias, config)
    else:
        output_rows(config, z, x, rows, model.bias, model.importance, model.into_bias)


@part()
def flatten_gradient(gradient, model, static):
    """Copy padded gradients into the flat gradient."""
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    for i in range(n):
        for k in range(m):
            gradient[i * m + k] = model.into_encoder[i, k]
            gradient[decode + i * m + k] = model.into_decoder[i, k]
        gradient[bias + i] = model.into_bias[i]
    for k in range(m):
        gradient[hidden_bias + k] = model.into_hidden[k]


@part()
def sum_rows(dh, rows, into_hidden):
    """into_hidden += Σ of the rows of dh."""
    for l in range(rows):
        for k in range(into_hidden.shape[0]):
            into_hidden[k] += dh[l, k]


@part()
def _dense_gradient(theta, key, other, attack, half_l1, blocks, work, static, config):
    """work.gradient <- the summed gradient (without the factor 2) over one batch.

    `attack` > 0 is the length of attacks, whose random numbers have the key `other`.
    """
    model, x, y, z, h, dh = work.model, work.x, work.y, work.z, work.h, work.dh
    hidden_at = offsets(static)[2]
    n, m, wide, tall = static.n, static.m, h.shape[1], x.shape[1]
    zero, one = model.zero, model.one
    load_model(theta, model, static)
    m4 = min((m + 3) // 4 * 4, wide)
    if attack > 0.0:
        prepare_attacks(attack, model, work.attack, static)
    for done in range(0, static.batch, x.shape[0]):
        rows = min(x.shape[0], static.batch - done)
        fill_rows(
            x, rows, u32(done), key, blocks, work.odds, static.simple, work.own, work.tile,
            work.chosen, work.switch,
        )  # fmt: skip
        if len(config[3]) == FILLED:
            fill_across(x.reshape(-1), n, rows, 1, tall, y.reshape(-1), work.asked)
        multiply(False, rows, m4, n, x, tall, model.encoder, wide, zero, h, wide, one)
        hidden_forward(h, rows, m4, theta[hidden_at:], static, config)
        if attack > 0.0:
            attack_rows(h, rows, done, other, work.attack, static)
        multiply(False, rows, n, m, h, wide, model.decoder_t, tall, zero, z, tall, one)
        output_errors(z, y, rows, model, config)
        multiply(False, rows, m4, n, z, tall, model.decoder, wide, zero, dh, wide, one)
        hidden_backward(h, dh, rows, m4, half_l1, config)
        multiply(True, n, m4, rows, z, tall, h, wide, one, model.into_decoder, wide, one)
        multiply(True, n, m4, rows, x, tall, dh, wide, one, model.into_encoder, wide, one)
        if attack > 0.0:
            collect_rows(dh, rows, work.attack)
        if static.has_hidden_bias:
            sum_rows(dh, rows, model.into_hidden)
    if attack > 0.0:
        finish_attacks(model, work.attack, static)
    flatten_gradient(work.gradient, model, static)
    freeze_absent(work.gradient, static)


@kernel
def train_dense(
    start, stop, state, keys, point_of, numbers, blocks, rates, step0, static, config, work
):  # fmt: skip
    """Train instances start .. stop - 1 from step0 on, in place.

    state = (theta, first, second, memory); rates (step, 3): see `optimiser.schedule`.
    """
    last = -1
    for a in range(start, stop):
        point = point_of[a]
        if point != last:
            fill_odds(numbers.probability[point], *work.odds)
            copy(numbers.importance[point], work.model.importance)
            last = point
        for s in range(rates.shape[0]):
            key = step_key(keys[a], TRAIN, step0 + s)
            _dense_gradient(
                state[0][a], key, attack_key(keys[a], step0 + s), numbers.attack[point],
                numbers.half_l1[point, 0], blocks, work, static, config,
            )  # fmt: skip
            descend(state, a, work.gradient, rates[s], numbers, point, static)

"""The dense kernel: any size, most features active. Most of its time goes to matrix products."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32
from tegum.engines.sampled.attack import (
    AttackWork,
    attack_key,
    attack_rows,
    attack_work,
    collect_rows,
    finish_attacks,
    prepare_attacks,
)  # fmt: skip
from tegum.engines.sampled.data import (
    Chances,
    Source,
    Tile,
    fill_chances,
    new_chances,
    new_tile,
)  # fmt: skip
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.filling import fill_rows
from tegum.engines.sampled.forms import FILLED, RARE, RELU, Codes
from tegum.engines.sampled.noise import (
    Disturbed,
    Noise,
    disturb_rows,
    disturbed_work,
    thin_rows,
)  # fmt: skip
from tegum.engines.sampled.optimiser import descend
from tegum.engines.sampled.outputs import output_errors
from tegum.engines.sampled.product import ADDED, ANEW, FLIPPED, PLAIN, multiply
from tegum.engines.sampled.random import TRAIN, f32, kernel, part, step_key, u32
from tegum.engines.sampled.shared import (
    Instances,
    Static,
    clear,
    copy,
    freeze_absent,
    hidden_backward,
    n_parameters,
    offsets,
    work_array,
)  # fmt: skip
from tegum.engines.sampled.targets import fill_across_rows


class Padded(NamedTuple):
    """Weights, biases and their gradients in rows padded for vectors: n to N, m to M."""

    encoder: F32  # (N, M)
    decoder: F32  # (N, M); the same array for tied weights, and so is into_decoder
    decoder_t: F32  # (m, N)
    bias: F32  # (N,)
    into_encoder: F32  # (N, M), or (M, N) where products add to them: `across`
    into_decoder: F32
    into_bias: F32  # (N,)
    into_hidden: F32  # (m,)
    importance: F32  # (N,): of gradients `pull`
    beyond: F32  # (1,)


def padded(static: Static, across: bool = False) -> Padded:
    """The padded arrays of a model.

    across: gradients are (M, N): rows of n have fewer lanes to spare than those of m.
    """
    n, m = static.n, static.m
    tall, wide = _ceil(n), _ceil(m)
    into = (wide, tall) if across else (tall, wide)
    encoder, into_encoder = work_array(tall, wide), work_array(*into)
    return Padded(
        encoder=encoder,
        decoder=encoder if static.tied else work_array(tall, wide),
        decoder_t=work_array(m, tall),
        bias=work_array(tall),
        into_encoder=into_encoder,
        into_decoder=into_encoder if static.tied else work_array(*into),
        into_bias=work_array(tall),
        into_hidden=work_array(m),
        importance=work_array(tall),
        beyond=work_array(1),
    )


class DenseWork(NamedTuple):
    """The work arrays of one thread; `rows` samples are held at a time."""

    model: Padded
    x: F32  # (rows, N)
    y: F32  # the same, of targets of their own; else x
    z: F32  # (rows, N)
    h: F32  # (rows, M)
    dh: F32  # (rows, M)
    disturbed: Disturbed  # h as the decoder reads it
    streams: NDArray[np.int32]  # (N,): of a step, by feature
    tile: Tile  # of 16 samples, before it is transposed
    gradient: F32
    chances: Chances
    attack: AttackWork


def dense_work(instances: Instances, codes: Codes) -> DenseWork:
    """Work arrays; with arrays for targets of their own, and for h disturbed, where there are."""
    static = instances.static
    tall, wide, rows = _ceil(static.n), _ceil(static.m), rows_of(static)
    attacked = bool((instances.numbers.attack > 0).any())
    sizes = (static.n, static.m, tall, wide, rows) if attacked else (1, 1, 1, 1, 1)
    x, h = work_array(rows, tall), work_array(rows, wide)
    return DenseWork(
        model=padded(static, across=True),
        x=x,
        y=work_array(rows, tall) if codes.target == FILLED else x,
        z=work_array(rows, tall),
        h=h,
        dh=work_array(rows, wide),
        disturbed=disturbed_work(h, codes.disturbed),
        streams=work_array(tall, kind=np.int32),
        tile=new_tile(work_array(static.n * 16), 16),
        gradient=work_array(n_parameters(static)),
        chances=new_chances(instances.blocks),
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
def hidden_forward(h, rows, width, hidden_bias, static, codes):
    """h <- act(h + b_hidden), in place."""
    if static.has_hidden_bias:
        for l in range(rows):
            for k in range(static.m):
                h[l, k] += hidden_bias[k]
    if codes.hidden_activation == RELU:
        for l in range(rows):
            for k in range(width):
                h[l, k] = max(h[l, k], f32(0))


@part()
def flatten_gradient(gradient, by_encoder, by_decoder, model, static):
    """Copy padded gradients into the flat gradient; those of weights are (N, M), of any layout."""
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    for i in range(n):
        for k in range(m):
            gradient[i * m + k] = by_encoder[i, k]
            gradient[decode + i * m + k] = by_decoder[i, k]
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
def _dense_gradient(theta, key, other, point, instances, work, codes):
    """work.gradient <- the summed gradient (without the factor 2) over one batch.

    `other` is the key of the random numbers of attacks, if there are any.
    """
    static, numbers, model = instances.static, instances.numbers, work.model
    attack, half_l1 = numbers.attack[point], numbers.half_l1[point, 0]
    source = Source(instances.blocks, work.chances, instances.pool, static.simple)
    x, y, z, h, dh = work.x, work.y, work.z, work.h, work.dh
    hidden_at, seen = offsets(static)[2], work.disturbed.seen
    noise = Noise(static.m, numbers.noise[point, 0], numbers.noise[point, 1])
    n, m, wide = static.n, static.m, h.shape[1]
    load_model(theta, model, static)
    m4 = min((m + 3) // 4 * 4, wide)
    if attack > 0.0:
        prepare_attacks(attack, model, work.attack, static)
    for done in range(0, static.batch, x.shape[0]):
        rows = min(x.shape[0], static.batch - done)
        fill_rows(x, rows, u32(done), key, source, work.streams, work.tile)
        if codes.target == FILLED:
            fill_across_rows(x, rows, n, y, instances.asked)
        multiply(PLAIN, (rows, m4, n), x, model.encoder, ANEW, h)
        hidden_forward(h, rows, m4, theta[hidden_at:], static, codes)
        if attack > 0.0:
            attack_rows(h, rows, done, other, work.attack, static)
        if codes.disturbed != 0:
            disturb_rows(h, rows, done, key, noise, work.disturbed, codes)
        multiply(PLAIN, (rows, n, m), seen, model.decoder_t, ANEW, z)
        output_errors(z, y, rows, model, codes)
        multiply(PLAIN, (rows, m4, n), z, model.decoder, ANEW, dh)
        thin_rows(dh, rows, m, work.disturbed, codes)
        hidden_backward(h, dh, rows, m4, half_l1, codes)
        multiply(FLIPPED, (m4, n, rows), seen, z, ADDED, model.into_decoder)
        multiply(FLIPPED, (m4, n, rows), dh, x, ADDED, model.into_encoder)
        if attack > 0.0:
            collect_rows(dh, rows, work.attack)
        if static.has_hidden_bias:
            sum_rows(dh, rows, model.into_hidden)
    if attack > 0.0:
        finish_attacks(model, work.attack, static)
    into_encoder, into_decoder = model.into_encoder.T, model.into_decoder.T
    flatten_gradient(work.gradient, into_encoder, into_decoder, model, static)
    freeze_absent(work.gradient, static)


@kernel
def train_dense(which, descent, instances, step0, timing, work, codes):
    """Train instances which[0] .. which[1] - 1 from step0 on, in place; `timing_of` says timing."""
    numbers, last = instances.numbers, -1
    for a in range(which[0], which[1]):
        point = instances.point_of[a]
        if point != last:
            fill_chances(numbers.probability[point], instances.blocks, work.chances)
            copy(numbers.pull[point], work.model.importance)
            copy(numbers.beyond[point], work.model.beyond)
            last = point
        for s in range(timing.shape[0]):
            key = step_key(instances.keys[a], TRAIN, step0 + s)
            other = attack_key(instances.keys[a], step0 + s)
            work.tile.row[0] = s * instances.pool.stride
            _dense_gradient(descent.theta[a], key, other, point, instances, work, codes)
            descend(descent, a, work.gradient, timing[s], point, instances, RARE)

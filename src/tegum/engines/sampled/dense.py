"""The dense kernel: any size, most features active. Two thirds or more of its time is sgemm."""

from __future__ import annotations

import numpy as np
from numba import njit

from tegum.engines.sampled.activations import activate
from tegum.engines.sampled.blas import gemm
from tegum.engines.sampled.data import fill_odds, fill_rows
from tegum.engines.sampled.optimiser import update
from tegum.engines.sampled.random import FAST, TRAIN, f32, part, step_key, u32
from tegum.engines.sampled.shared import clear, freeze_absent, hidden_backward, offsets
from tegum.engines.sampled.vectors import RELU


@part()
def pad_weights(theta, encoder, decoder, decoder_t, static):
    """Copy the weights into rows padded for vectors: (N, M), (N, M) and (m, N)."""
    decode, _, _ = offsets(static)
    n, m = static.n, static.m
    for i in range(n):
        for k in range(m):
            encoder[i, k] = theta[i * m + k]
            decoder[i, k] = theta[decode + i * m + k]
            decoder_t[k, i] = theta[decode + i * m + k]


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


@part(forceinline=True)
def _output_gradient(z, x, rows, bias, importance, into_bias, config):
    """z <- I (f(z + b) - y) f'(z + b), and its sum over rows is added to into_bias."""
    absolute, code = len(config[3]) == 2, len(config[2])
    for l in range(rows):
        for i in range(z.shape[1]):
            y = abs(x[l, i]) if absolute else x[l, i]
            value, slope = activate(z[l, i] + bias[i], code)
            g = importance[i] * (value - y) * slope
            z[l, i] = g
            into_bias[i] += g


@part()
def flatten_gradient(gradient, into_e, into_d, into_bias, into_hidden, static):
    """Copy padded gradients into the flat gradient."""
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    for i in range(n):
        for k in range(m):
            gradient[i * m + k] = into_e[i, k]
            gradient[decode + i * m + k] = into_d[i, k]
        gradient[bias + i] = into_bias[i]
    for k in range(m):
        gradient[hidden_bias + k] = into_hidden[k]


@part()
def dense_gradient(theta, gradient, key, importance, half_l1, blocks, odds, work, static, config):
    """The summed gradient (without the factor 2) over one batch. Work arrays: see train_dense."""
    encoder, decoder, decoder_t, x, z, h, dh, into_e, into_d, vectors, tile, one = work
    bias, into_bias, into_hidden, chosen, switch = vectors
    _, bias_at, hidden_at = offsets(static)
    n, m, rows_at_once = static.n, static.m, x.shape[0]
    wide, tall = h.shape[1], x.shape[1]
    pad_weights(theta, encoder, decoder, decoder_t, static)
    for i in range(n):
        bias[i] = theta[bias_at + i]
    clear(into_e.reshape(-1))
    clear(into_d.reshape(-1))
    clear(into_bias)
    clear(into_hidden)
    m4, zero = min((m + 3) // 4 * 4, wide), one[1:]
    for done in range(0, static.batch, rows_at_once):
        rows = min(rows_at_once, static.batch - done)
        fill_rows(x, rows, u32(done), key, blocks, odds, static.simple, tile, chosen, switch)
        gemm(False, rows, m4, n, x, tall, encoder, wide, zero, h, wide, one)
        hidden_forward(h, rows, m4, theta[hidden_at:], static, config)
        gemm(False, rows, n, m, h, wide, decoder_t, tall, zero, z, tall, one)
        _output_gradient(z, x, rows, bias, importance, into_bias, config)
        gemm(False, rows, m4, n, z, tall, decoder, wide, zero, dh, wide, one)
        hidden_backward(h, dh, rows, m4, half_l1[0], config)
        gemm(True, n, m4, rows, z, tall, h, wide, one, into_d, wide, one)
        gemm(True, n, m4, rows, x, tall, dh, wide, one, into_e, wide, one)
        if static.has_hidden_bias:
            for l in range(rows):
                for k in range(m):
                    into_hidden[k] += dh[l, k]
    flatten_gradient(gradient, into_e, into_d, into_bias, into_hidden, static)
    freeze_absent(gradient, static)


@njit(nogil=True, fastmath=FAST, boundscheck=False, error_model="numpy")
def train_dense(
    start,
    stop,
    theta,
    first,
    second,
    memory,
    keys,
    point_of,
    numbers,
    blocks,
    rates,
    step0,
    static,
    config,
):
    """Train instances start .. stop - 1 from step0 on, in place.

    rates (step, 3): see `optimiser.schedule`."""
    n, m, batch = static.n, static.m, static.batch
    tall, wide = (n + 15) // 16 * 16, (m + 15) // 16 * 16
    rows = min(rows_at_once(n, m), (batch + 15) // 16 * 16)
    n_blocks = blocks[0].shape[0]
    encoder = np.zeros((tall, wide), np.float32)
    into_e = np.zeros((tall, wide), np.float32)
    one = np.zeros(2, np.float32)
    one[0] = f32(1)
    work = (
        encoder, encoder if static.tied else np.zeros((tall, wide), np.float32),
        np.zeros((m, tall), np.float32), np.zeros((rows, tall), np.float32),
        np.zeros((rows, tall), np.float32), np.zeros((rows, wide), np.float32),
        np.zeros((rows, wide), np.float32), into_e,
        into_e if static.tied else np.zeros((tall, wide), np.float32),
        (
            np.zeros(tall, np.float32), np.zeros(tall, np.float32), np.zeros(m, np.float32),
            np.zeros(16, np.float32), np.zeros(16, np.float32),
        ),
        np.zeros(n * 16, np.float32), one,
    )  # fmt: skip
    odds = (
        np.zeros(n_blocks, np.float32),
        np.zeros(n_blocks, np.float32),
        np.zeros(n_blocks, np.float32),
    )
    gradient = np.zeros(theta.shape[1], np.float32)
    importance = np.zeros(tall, np.float32)
    scale, last = f32(2.0 / batch), -1
    for a in range(start, stop):
        point = point_of[a]
        if point != last:
            fill_odds(numbers.probability[point], odds[0], odds[1], odds[2])
            for i in range(n):
                importance[i] = numbers.importance[point, i]
            last = point
        for s in range(rates.shape[0]):
            key = step_key(keys[a], TRAIN, step0 + s)
            dense_gradient(
                theta[a], gradient, key, importance, numbers.half_l1[point], blocks, odds, work,
                static, config,
            )  # fmt: skip
            update(
                theta[a], gradient, first[a], second[a], scale,
                rates[s], numbers.rate[point], numbers.decay[point], static.optimiser,
                numbers.momentum[point],
            )  # fmt: skip


@njit(forceinline=True)
def rows_at_once(n, m):
    """Samples in a block: few enough that OpenBLAS takes its small-matrix path (L·n·m <~ 1e6)."""
    rows = int(1e6 / (n * ((m + 3) // 4 * 4))) // 16 * 16
    return max(16, min(256, rows))

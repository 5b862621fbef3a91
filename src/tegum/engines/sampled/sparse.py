"""The sparse kernel: larger models on sparse data, by rows of active features.

Hidden activations are sums of a few weight rows; all-zero samples are counted, not simulated.
When few outputs are positive too, the backward pass goes by rows as well.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from tegum.engines.sampled.activations import activate
from tegum.engines.sampled.blas import gemm
from tegum.engines.sampled.data import fill_odds, fill_sparse
from tegum.engines.sampled.dense import flatten_gradient, hidden_forward, pad_weights, rows_at_once
from tegum.engines.sampled.optimiser import update
from tegum.engines.sampled.random import FAST, TRAIN, f32, part, step_key
from tegum.engines.sampled.shared import (
    add_zero_samples,
    clear,
    freeze_absent,
    hidden_backward,
    offsets,
)  # fmt: skip
from tegum.engines.sampled.vectors import RELU, gather_rows, list_positive, scatter_rows

BELOW = 0.15  # data is sparse when no block is active more often than this
BACKWARD_BELOW = 0.35  # positive outputs: below this fraction they are listed
_SLACK = 256


def hit_capacity(batch: int, blocks: int, highest: float) -> int:
    """Room for the active cells of a batch: 12 standard deviations above the mean, and slack."""
    mean = batch * blocks * highest
    return int(mean + 12.0 * np.sqrt(mean)) + _SLACK


@njit(fastmath=FAST, boundscheck=False, error_model="numpy", forceinline=True)
def _target(value, config):
    return abs(value) if len(config[3]) == 2 else value


@part()
def _outputs_by_rows(
    csr, r0, rows, z, h, dh, into_d, decoder, bias, importance, into_bias, found, config
):
    """ReLU outputs: dh, into_d and into_bias from the positive ones only; returns how many."""
    index, value, pointer = csr
    which, amount = found
    tall, wide, positive = z.shape[1], h.shape[1], 0
    for l in range(rows):
        count = list_positive(z, l * tall, bias, tall, which, amount)
        positive += count
        for t in range(count):
            i = which[t]
            g = amount[t] * importance[i]
            amount[t] = g
            into_bias[i] += g
        for t in range(pointer[r0 + l], pointer[r0 + l + 1]):
            i = index[t]
            if z[l, i] + bias[i] > f32(0):
                g = -importance[i] * _target(value[t], config)
                which[count] = i
                amount[count] = g
                into_bias[i] += g
                count += 1
        for k in range(wide):
            dh[l, k] = f32(0)
        gather_rows(config[5], decoder, which, amount, 0, count, dh, l * wide)
        scatter_rows(config[5], h, l * wide, which, amount, 0, count, into_d)
    return positive


@part()
def _outputs_densely(csr, r0, rows, z, bias, importance, into_bias, found, config):
    """z <- the output gradient of every output; returns how many are positive."""
    index, value, pointer = csr
    _, amount = found
    code, positive = len(config[2]), 0
    for l in range(rows):
        p0 = pointer[r0 + l]
        for t in range(p0, pointer[r0 + l + 1]):
            i = index[t]
            slope = activate(z[l, i] + bias[i], code)[1]
            amount[t - p0] = importance[i] * _target(value[t], config) * slope
        up = 0
        for i in range(z.shape[1]):
            v = z[l, i] + bias[i]
            up += 1 if v > f32(0) else 0
            f, slope = activate(v, code)
            z[l, i] = importance[i] * f * slope
        positive += up
        for t in range(p0, pointer[r0 + l + 1]):
            z[l, index[t]] -= amount[t - p0]
        for i in range(z.shape[1]):
            into_bias[i] += z[l, i]
    return positive


@part()
def sparse_gradient(
    theta, gradient, key, highest, listed, importance, half_l1, blocks, odds, work, static, config
):
    """The summed gradient (without the factor 2) over one batch; returns the positive fraction."""
    encoder, decoder, decoder_t, z, h, dh, into_e, into_d, vectors, hits, csr, found, one = work
    bias, into_bias, into_hidden = vectors
    index, value, pointer = csr
    _, bias_at, hidden_at = offsets(static)
    n, m = static.n, static.m
    tall, wide = z.shape[1], h.shape[1]
    pad_weights(theta, encoder, decoder, decoder_t, static)
    for i in range(n):
        bias[i] = theta[bias_at + i]
    clear(into_e.reshape(-1))
    clear(into_d.reshape(-1))
    clear(into_bias)
    clear(into_hidden)
    total = fill_sparse(
        static.batch, key, blocks, odds, highest, static.simple, hits, index, value, pointer
    )
    m4, zero, positive = min((m + 3) // 4 * 4, wide), one[1:], 0
    for r0 in range(0, total, z.shape[0]):
        rows = min(z.shape[0], total - r0)
        for l in range(rows):
            for k in range(wide):
                h[l, k] = f32(0)
            gather_rows(
                config[5], encoder, index, value, pointer[r0 + l], pointer[r0 + l + 1], h, l * wide
            )
        hidden_forward(h, rows, wide, theta[hidden_at:], static, config)
        gemm(False, rows, n, m, h, wide, decoder_t, tall, zero, z, tall, one)
        if listed:
            positive += _outputs_by_rows(
                csr, r0, rows, z, h, dh, into_d, decoder, bias, importance, into_bias, found, config
            )
        else:
            positive += _outputs_densely(
                csr, r0, rows, z, bias, importance, into_bias, found, config
            )
            gemm(False, rows, m4, n, z, tall, decoder, wide, zero, dh, wide, one)
            gemm(True, n, m4, rows, z, tall, h, wide, one, into_d, wide, one)
        hidden_backward(h, dh, rows, wide, half_l1[0], config)
        for l in range(rows):
            scatter_rows(
                config[5], dh, l * wide, index, value, pointer[r0 + l], pointer[r0 + l + 1], into_e
            )
        if static.has_hidden_bias:
            for l in range(rows):
                for k in range(m):
                    into_hidden[k] += dh[l, k]
    flatten_gradient(gradient, into_e, into_d, into_bias, into_hidden, static)
    add_zero_samples(theta, gradient, static.batch - total, importance, half_l1[0], static, config)
    freeze_absent(gradient, static)
    return positive / (max(total, 1) * n)


@njit(nogil=True, fastmath=FAST, boundscheck=False, error_model="numpy")
def train_sparse(
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
    room,
):
    """Train instances start .. stop - 1 from step0 on, in place.

    rates (step, 3): see `optimiser.schedule`.

    memory (instance,) remembers the fraction of positive outputs in the last step, which says
    how the next one goes backward; room = (active cells, entries) is the size of the work arrays.
    """
    n, m, batch = static.n, static.m, static.batch
    tall, wide = (n + 15) // 16 * 16, (m + 15) // 16 * 16
    rows = min(rows_at_once(n, m), (batch + 15) // 16 * 16)
    n_blocks, cells, entries = blocks[0].shape[0], room[0], room[1]
    encoder = np.zeros((tall, wide), np.float32)
    into_e = np.zeros((tall, wide), np.float32)
    one = np.zeros(2, np.float32)
    one[0] = f32(1)
    work = (
        encoder, encoder if static.tied else np.zeros((tall, wide), np.float32),
        np.zeros((m, tall), np.float32), np.zeros((rows, tall), np.float32),
        np.zeros((rows, wide), np.float32), np.zeros((rows, wide), np.float32), into_e,
        into_e if static.tied else np.zeros((tall, wide), np.float32),
        (np.zeros(tall, np.float32), np.zeros(tall, np.float32), np.zeros(m, np.float32)),
        (
            np.zeros(cells, np.int32), np.zeros(cells, np.int32), np.zeros(cells, np.int32),
            np.zeros(cells, np.float32),
        ),
        (
            np.zeros(entries, np.int32), np.zeros(entries, np.float32),
            np.zeros(batch + 1, np.int64),
        ),
        (np.zeros(2 * tall + 32, np.int32), np.zeros(2 * tall + 32, np.float32)),
        one,
    )  # fmt: skip
    odds = (
        np.zeros(n_blocks, np.float32),
        np.zeros(n_blocks, np.float32),
        np.zeros(n_blocks, np.float32),
    )
    gradient = np.zeros(theta.shape[1], np.float32)
    importance = np.zeros(tall, np.float32)
    scale, last, highest = f32(2.0 / batch), -1, 0.0
    for a in range(start, stop):
        point = point_of[a]
        if point != last:
            fill_odds(numbers.probability[point], odds[0], odds[1], odds[2])
            highest = 0.0
            for g in range(n_blocks):
                highest = max(highest, numbers.probability[point, g])
            for i in range(n):
                importance[i] = numbers.importance[point, i]
            last = point
        for s in range(rates.shape[0]):
            key = step_key(keys[a], TRAIN, step0 + s)
            listed = len(config[2]) == RELU and memory[a] < BACKWARD_BELOW
            memory[a] = sparse_gradient(
                theta[a], gradient, key, highest, listed, importance, numbers.half_l1[point],
                blocks, odds, work, static, config,
            )  # fmt: skip
            update(
                theta[a], gradient, first[a], second[a], scale,
                rates[s], numbers.rate[point], numbers.decay[point], static.optimiser,
                numbers.momentum[point],
            )  # fmt: skip

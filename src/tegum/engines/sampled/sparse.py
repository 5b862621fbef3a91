"""The sparse kernel: larger models on sparse data, by rows of active features.

Hidden activations are sums of a few weight rows; all-zero samples are counted, not simulated.
When few outputs are positive too, the backward pass goes by rows as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32, I64
from tegum.engines.sampled.activations import activate
from tegum.engines.sampled.data import Hits, Odds, fill_odds, fill_sparse, new_hits, new_odds
from tegum.engines.sampled.dense import (
    Padded,
    flatten_gradient,
    hidden_forward,
    load_model,
    output_errors,
    padded,
    rows_of,
    sum_rows,
)  # fmt: skip
from tegum.engines.sampled.listing import list_positive
from tegum.engines.sampled.product import multiply
from tegum.engines.sampled.random import TRAIN, f32, kernel, part, step_key
from tegum.engines.sampled.shared import (
    Static,
    add_zero_samples,
    copy,
    descend,
    freeze_absent,
    hidden_backward,
    n_parameters,
    offsets,
    work_array,
)  # fmt: skip
from tegum.engines.sampled.targets import Asked, fill_each
from tegum.engines.sampled.vectors import (
    ABSOLUTE,
    FILLED,
    LANES,
    RELU,
    WIDE,
    gather_rows,
    scatter_rows,
)  # fmt: skip

BELOW = 0.15  # data is sparse when no block is active more often than this
BACKWARD_BELOW = 0.35 if WIDE else 0.06  # positive outputs: below this fraction they are listed
_SLACK = 256
_COUNTED = 16  # positive outputs are counted in one of so many samples


def hit_capacity(batch: int, blocks: int, highest: float) -> int:
    """Room for the active cells of a batch: 12 standard deviations above the mean, and slack."""
    mean = batch * blocks * highest
    return int(mean + 12.0 * np.sqrt(mean)) + _SLACK


class SparseWork(NamedTuple):
    """The work arrays of one thread; `rows` non-zero samples are held at a time."""

    model: Padded
    z: F32  # (rows, N)
    h: F32  # (rows, M)
    dh: F32  # (rows, M)
    hits: Hits
    feature: NDArray[np.int32]  # the samples of a batch as compressed rows
    value: F32
    wanted: F32  # the targets of these, where they are of their own; else the values
    asked: Asked
    pointer: I64  # (batch + 1,)
    which: NDArray[np.int32]  # the outputs of one sample that matter
    amount: F32
    taken: F32  # what the targets of a block take from its output gradients
    gradient: F32
    hidden: F32  # (2, m)
    odds: Odds


def sparse_work(
    static: Static, blocks: int, cells: int, entries: int, wanted: Asked, own: bool
) -> SparseWork:
    """Work arrays for a model, a target, a number of blocks, active cells and active features."""
    rows, model, value = rows_of(static), padded(static), work_array(entries)
    tall, wide = model.encoder.shape
    return SparseWork(
        model=model,
        z=work_array(rows, tall),
        h=work_array(rows, wide),
        dh=work_array(rows, wide),
        hits=new_hits(cells),
        feature=work_array(entries, kind=np.int32),
        value=value,
        wanted=work_array(entries) if own else value,
        asked=wanted,
        pointer=work_array(static.batch + 1, kind=np.int64),
        which=work_array(2 * tall + 2 * LANES, kind=np.int32),
        amount=work_array(2 * tall + 2 * LANES),
        taken=work_array(entries),
        gradient=work_array(n_parameters(static)),
        hidden=work_array(2, static.m),
        odds=new_odds(blocks),
    )


@part(forceinline=True)
def _target(value, config):
    return abs(value) if len(config[3]) == ABSOLUTE else value


@part()
def _outputs_by_rows(work, r0, rows, config):
    """ReLU outputs: dh, into_decoder, into_bias from the positive ones only; returns how many."""
    index, wanted, pointer, z, h, dh = (
        work.feature,
        work.wanted,
        work.pointer,
        work.z,
        work.h,
        work.dh,
    )
    which, amount, model = work.which, work.amount, work.model
    bias, importance, into_bias = model.bias, model.importance, model.into_bias
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
                g = -importance[i] * _target(wanted[t], config)
                which[count] = i
                amount[count] = g
                into_bias[i] += g
                count += 1
        for k in range(wide):
            dh[l, k] = f32(0)
        gather_rows(config[5], model.decoder, which, amount, 0, count, dh, l * wide)
        scatter_rows(config[5], h, l * wide, which, amount, 0, count, model.into_decoder)
    return positive


@part()
def _outputs_densely(work, r0, rows, config):
    """z <- the output gradient of every output; returns about how many are positive."""
    index, wanted, pointer, z = work.feature, work.wanted, work.pointer, work.z
    taken, model = work.taken, work.model
    bias, importance, into_bias = model.bias, model.importance, model.into_bias
    code, first, positive = len(config[2]), pointer[r0], 0
    for l in range(rows):
        for t in range(pointer[r0 + l], pointer[r0 + l + 1]):
            i = index[t]
            slope = activate(z[l, i] + bias[i], code)[1]
            taken[t - first] = importance[i] * _target(wanted[t], config) * slope
    for l in range(0, rows, _COUNTED):
        for i in range(z.shape[1]):
            positive += 1 if z[l, i] + bias[i] > f32(0) else 0
    output_errors(z, None, rows, model, config)
    for l in range(rows):
        for t in range(pointer[r0 + l], pointer[r0 + l + 1]):
            z[l, index[t]] -= taken[t - first]
            into_bias[index[t]] -= taken[t - first]
    return positive * rows / ((rows + _COUNTED - 1) // _COUNTED)


@part()
def _sparse_gradient(theta, key, highest, listed, half_l1, blocks, work, static, config):
    """work.gradient <- the summed gradient (without the factor 2) over one batch.

    Returns the fraction of positive outputs.
    """
    model, z, h, dh = work.model, work.z, work.h, work.dh
    index, value, pointer = work.feature, work.value, work.pointer
    hidden_at = offsets(static)[2]
    n, m, tall, wide = static.n, static.m, z.shape[1], h.shape[1]
    zero, one = model.zero, model.one
    load_model(theta, model, static)
    total = fill_sparse(
        static.batch, key, blocks, work.odds, highest, static.simple, work.hits, index, value,
        pointer,
    )  # fmt: skip
    if len(config[3]) == FILLED:
        fill_each(value, pointer[total], work.wanted, work.asked)
    m4, positive = min((m + 3) // 4 * 4, wide), 0.0
    for r0 in range(0, total, z.shape[0]):
        rows = min(z.shape[0], total - r0)
        for l in range(rows):
            for k in range(wide):
                h[l, k] = f32(0)
            start, stop = pointer[r0 + l], pointer[r0 + l + 1]
            gather_rows(config[5], model.encoder, index, value, start, stop, h, l * wide)
        hidden_forward(h, rows, wide, theta[hidden_at:], static, config)
        multiply(False, rows, n, m, h, wide, model.decoder_t, tall, zero, z, tall, one)
        if listed:
            positive += _outputs_by_rows(work, r0, rows, config)
        else:
            positive += _outputs_densely(work, r0, rows, config)
            multiply(False, rows, m4, n, z, tall, model.decoder, wide, zero, dh, wide, one)
            multiply(True, n, m4, rows, z, tall, h, wide, one, model.into_decoder, wide, one)
        hidden_backward(h, dh, rows, wide, half_l1, config)
        for l in range(rows):
            start, stop = pointer[r0 + l], pointer[r0 + l + 1]
            scatter_rows(config[5], dh, l * wide, index, value, start, stop, model.into_encoder)
        if static.has_hidden_bias:
            sum_rows(dh, rows, model.into_hidden)
    gradient = work.gradient
    flatten_gradient(gradient, model, static)
    add_zero_samples(
        theta, gradient, static.batch - total, model.importance, half_l1, work.hidden, static,
        config,
    )  # fmt: skip
    freeze_absent(gradient, static)
    return positive / (max(total, 1) * n)


@kernel
def train_sparse(
    start, stop, state, keys, point_of, numbers, blocks, rates, step0, static, config, work
):  # fmt: skip
    """Train instances start .. stop - 1 from step0 on, in place.

    state = (theta, first, second, memory); rates (step, 3): see `optimiser.schedule`. memory
    (instance,) remembers the fraction of positive outputs in the last step, which says how the
    next one goes backward.
    """
    theta, _, _, memory = state
    last, highest = -1, 0.0
    for a in range(start, stop):
        point = point_of[a]
        if point != last:
            fill_odds(numbers.probability[point], *work.odds)
            copy(numbers.importance[point], work.model.importance)
            highest = 0.0
            for g in range(numbers.probability.shape[1]):
                highest = max(highest, numbers.probability[point, g])
            last = point
        for s in range(rates.shape[0]):
            key = step_key(keys[a], TRAIN, step0 + s)
            listed = len(config[2]) == RELU and memory[a] < BACKWARD_BELOW
            memory[a] = _sparse_gradient(
                theta[a], key, highest, listed, numbers.half_l1[point, 0], blocks, work, static,
                config,
            )  # fmt: skip
            descend(state, a, work.gradient, rates[s], numbers, point, static)

"""The sparse kernel: larger models on sparse data, by rows of active features.

Hidden activations are sums of a few weight rows; all-zero samples are counted, not simulated.
When few outputs are positive too, the backward pass goes by rows as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32
from tegum.engines.sampled.activations import activate, raised
from tegum.engines.sampled.data import Chances, Source, fill_chances, new_chances
from tegum.engines.sampled.dense import (
    Padded,
    flatten_gradient,
    hidden_forward,
    load_model,
    padded,
    rows_of,
    sum_rows,
)  # fmt: skip
from tegum.engines.sampled.emitter import LANES, MOVES_LANES
from tegum.engines.sampled.forms import ABSOLUTE, FILLED, RARE, RELU, SQUARE, Codes, Tag
from tegum.engines.sampled.gram import Products, add_by_products, products_work
from tegum.engines.sampled.hits import Compressed, Hits, fill_sparse, new_hits
from tegum.engines.sampled.listing import list_positive
from tegum.engines.sampled.noise import (
    Disturbed,
    Noise,
    disturb_rows,
    disturbed_work,
    tells_apart,
    thin_rows,
)  # fmt: skip
from tegum.engines.sampled.optimiser import descend
from tegum.engines.sampled.outputs import output_errors
from tegum.engines.sampled.product import ADDED, ANEW, FLIPPED, PLAIN, multiply
from tegum.engines.sampled.random import TRAIN, f32, kernel, part, step_key
from tegum.engines.sampled.shared import (
    Costs,
    Instances,
    add_zero_samples,
    copy,
    freeze_absent,
    hidden_backward,
    n_parameters,
    offsets,
    work_array,
)  # fmt: skip
from tegum.engines.sampled.targets import fill_each
from tegum.engines.sampled.vectors import gather_rows, scatter_rows

BELOW = 0.15  # data is sparse when no block is active more often than this
#: Positive outputs are listed where fewer are than this part of them. A CPU that cannot move
#: lanes about takes longer to list them, and its bits are others in any case.
BACKWARD_BELOW = 0.35 if MOVES_LANES else 0.06
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
    disturbed: Disturbed  # h as the decoder reads it
    hits: Hits
    active: Compressed  # the non-zero samples of a batch
    wanted: F32  # the targets of these, where they are of their own; else the values
    which: NDArray[np.int32]  # the outputs of one sample that matter
    amount: F32
    taken: F32  # what the targets of a block take from its output gradients
    gradient: F32
    hidden: F32  # (2, m)
    products: Products
    chances: Chances
    vectors: Tag  # of a padded row of hidden units: the kernel is compiled for its length


def sparse_work(instances: Instances, codes: Codes, room: tuple[int, int]) -> SparseWork:
    """Work arrays, with `room` for active cells and active features.

    With arrays for targets of their own, and for h disturbed, where there are.
    """
    static, (cells, entries) = instances.static, room
    rows, model, value = rows_of(static), padded(static), work_array(entries)
    tall, wide = model.encoder.shape
    h = work_array(rows, wide)
    return SparseWork(
        model=model,
        z=work_array(rows, tall),
        h=h,
        dh=work_array(rows, wide),
        disturbed=disturbed_work(h, codes.disturbed),
        hits=new_hits(cells),
        active=Compressed(
            work_array(entries, kind=np.int32), value, work_array(static.batch + 1, kind=np.int64)
        ),
        wanted=work_array(entries) if codes.target == FILLED else value,
        which=work_array(2 * tall + 2 * LANES, kind=np.int32),
        amount=work_array(2 * tall + 2 * LANES),
        taken=work_array(entries),
        gradient=work_array(n_parameters(static)),
        hidden=work_array(2, static.m),
        products=products_work(instances, codes, entries),
        chances=new_chances(instances.blocks),
        vectors=(0,) * (wide // LANES),
    )


@part(forceinline=True)
def _target(value, codes):
    return abs(value) if codes.target == ABSOLUTE else value


@part(forceinline=True)
def _taken(value, wanted, beyond, codes):
    """r(x') - r(x' - y): what a target takes from the error of an output, `raised` to its power."""
    y = _target(wanted, codes)
    if codes.power == SQUARE:
        return y
    return raised(value, codes.power, beyond) - raised(value - y, codes.power, beyond)


@part()
def _take_powers(work, r0, rows, codes):
    """work.taken <- what targets take from the output gradients, of other powers than 2."""
    index, _, pointer = work.active
    bias, importance, beyond = work.model.bias, work.model.importance, work.model.beyond[0]
    for l in range(rows):
        for t in range(pointer[r0 + l], pointer[r0 + l + 1]):
            i = index[t]
            value, slope = activate(work.z[l, i] + bias[i], codes.output_activation)
            error = _taken(value, work.wanted[t], beyond, codes)
            work.taken[t - pointer[r0]] = importance[i] * error * slope


@part()
def _outputs_by_rows(work, r0, rows, codes):
    """ReLU outputs: dh, into_decoder, into_bias from the positive ones only; returns how many."""
    index, _, pointer = work.active
    wanted, z, seen, dh = work.wanted, work.z, work.disturbed.seen, work.dh
    which, amount, model = work.which, work.amount, work.model
    bias, importance, into_bias = model.bias, model.importance, model.into_bias
    tall, wide, positive, beyond = z.shape[1], seen.shape[1], 0, model.beyond[0]
    for l in range(rows):
        count = list_positive(z, l * tall, bias, tall, which, amount)
        positive += count
        for t in range(count):
            i = which[t]
            g = raised(amount[t], codes.power, beyond) * importance[i]
            amount[t] = g
            into_bias[i] += g
        for t in range(pointer[r0 + l], pointer[r0 + l + 1]):
            i = index[t]
            if z[l, i] + bias[i] > f32(0):
                g = -importance[i] * _taken(z[l, i] + bias[i], wanted[t], beyond, codes)
                which[count] = i
                amount[count] = g
                into_bias[i] += g
                count += 1
        for k in range(wide):
            dh[l, k] = f32(0)
        entries, span = (which, amount), (0, count)
        gather_rows(work.vectors, model.decoder, entries, span, dh, l * wide)
        scatter_rows(work.vectors, seen, l * wide, entries, span, model.into_decoder)
    return positive


@part()
def _outputs_densely(work, r0, rows, codes):
    """z <- the output gradient of every output; returns about how many are positive."""
    index, _, pointer = work.active
    wanted, z = work.wanted, work.z
    taken, model = work.taken, work.model
    bias, importance, into_bias = model.bias, model.importance, model.into_bias
    code, first, positive = codes.output_activation, pointer[r0], 0
    for l in range(rows):
        for t in range(pointer[r0 + l], pointer[r0 + l + 1]):
            i = index[t]
            slope = activate(z[l, i] + bias[i], code)[1]
            taken[t - first] = importance[i] * _target(wanted[t], codes) * slope
    if codes.power != SQUARE:
        _take_powers(work, r0, rows, codes)
    for l in range(0, rows, _COUNTED):
        for i in range(z.shape[1]):
            positive += 1 if z[l, i] + bias[i] > f32(0) else 0
    output_errors(z, None, rows, model, codes)
    for l in range(rows):
        for t in range(pointer[r0 + l], pointer[r0 + l + 1]):
            z[l, index[t]] -= taken[t - first]
            into_bias[index[t]] -= taken[t - first]
    return positive * rows / ((rows + _COUNTED - 1) // _COUNTED)


@part()
def _with_zero_samples(pointer, total, batch):
    """List the samples without an active feature, too: noise makes each of them different."""
    for r in range(total, batch):
        pointer[r + 1] = pointer[total]
    return batch


@part()
def _sparse_gradient(theta, key, start, highest, listed, point, instances, work, codes):
    """work.gradient <- the summed gradient (without the factor 2) over one batch.

    `start` is its first row in a pool that is read in order. Returns the fraction of positive
    outputs.
    """
    static, half_l1 = instances.static, instances.numbers.half_l1[point]
    source = Source(instances.blocks, work.chances, instances.pool, static.simple)
    model, z, h, dh = work.model, work.z, work.h, work.dh
    index, value, pointer = work.active
    hidden_at, seen = offsets(static)[2], work.disturbed.seen
    beside = instances.numbers.noise[point]
    noise = Noise(static.m, beside[0], beside[1])
    n, m, wide = static.n, static.m, h.shape[1]
    load_model(theta, model, static)
    total = fill_sparse(static.batch, key, source, highest, work.hits, work.active, start)
    if codes.target == FILLED:
        fill_each(value, pointer[total], work.wanted, instances.asked)
    if tells_apart(static, codes):
        total = _with_zero_samples(pointer, total, static.batch)
    m4, positive = min((m + 3) // 4 * 4, wide), 0.0
    by_products = work.products.y.shape[0] > 0
    if by_products:
        add_by_products(work, total, (m, m4), codes)
    for r0 in range(0, 0 if by_products else total, z.shape[0]):
        rows = min(z.shape[0], total - r0)
        for l in range(rows):
            for k in range(wide):
                h[l, k] = f32(0)
            span = pointer[r0 + l], pointer[r0 + l + 1]
            gather_rows(work.vectors, model.encoder, (index, value), span, h, l * wide)
        hidden_forward(h, rows, wide, theta[hidden_at:], static, codes)
        if codes.disturbed != 0:
            disturb_rows(h, rows, r0, key, noise, work.disturbed, codes)
        multiply(PLAIN, (rows, n, m), seen, model.decoder_t, ANEW, z)
        if listed:
            positive += _outputs_by_rows(work, r0, rows, codes)
        else:
            positive += _outputs_densely(work, r0, rows, codes)
            multiply(PLAIN, (rows, m4, n), z, model.decoder, ANEW, dh)
            multiply(FLIPPED, (n, m4, rows), z, seen, ADDED, model.into_decoder)
        thin_rows(dh, rows, m, work.disturbed, codes)
        hidden_backward(h, dh, rows, wide, half_l1[0], codes)
        for l in range(rows):
            span = pointer[r0 + l], pointer[r0 + l + 1]
            scatter_rows(work.vectors, dh, l * wide, (index, value), span, model.into_encoder)
        if static.has_hidden_bias:
            sum_rows(dh, rows, model.into_hidden)
    gradient = work.gradient
    flatten_gradient(gradient, model.into_encoder, model.into_decoder, model, static)
    costs, missing = Costs(model.importance, half_l1, model.beyond, beside), static.batch - total
    add_zero_samples(theta, gradient, missing, costs, work.hidden, static, codes, RARE)
    freeze_absent(gradient, static)
    return positive / (max(total, 1) * n)


@kernel
def train_sparse(which, descent, instances, step0, timing, work, codes):
    """Train instances which[0] .. which[1] - 1 from step0 on, in place; `timing_of` says timing.

    The fraction of positive outputs in the last step says how the next one goes backward.
    """
    numbers, memory, last, highest = instances.numbers, descent.memory, -1, 0.0
    for a in range(which[0], which[1]):
        point = instances.point_of[a]
        if point != last:
            fill_chances(numbers.probability[point], instances.blocks, work.chances)
            copy(numbers.pull[point], work.model.importance)
            copy(numbers.beyond[point], work.model.beyond)
            highest = 0.0
            for g in range(numbers.probability.shape[1]):
                highest = max(highest, numbers.probability[point, g])
            last = point
        for s in range(timing.shape[0]):
            key = step_key(instances.keys[a], TRAIN, step0 + s)
            start = s * instances.pool.stride
            listed = codes.output_activation == RELU and memory[a] < BACKWARD_BELOW
            memory[a] = _sparse_gradient(
                descent.theta[a], key, start, highest, listed, point, instances, work, codes
            )
            descend(descent, a, work.gradient, timing[s], point, instances, RARE)

"""The training kernel: gradients of a batch, tile by tile, and a step of Adam."""

from __future__ import annotations

from tegum.engines.dictionaries.adam import along_sphere, keep_unit, move
from tegum.engines.dictionaries.batchwise import keep_of_batch
from tegum.engines.dictionaries.forward import (
    chances_at,
    decode_tile,
    draw_tile,
    draw_x,
    encode_tile,
)
from tegum.engines.dictionaries.lanes import close_lanes, lane_step, open_lanes
from tegum.engines.dictionaries.listed import add_listed, bounds_at, decode_listed, list_tile
from tegum.engines.dictionaries.projected import list_projected, project, spread
from tegum.engines.dictionaries.revive import add_revival, count_silent, list_dead, note_fired
from tegum.engines.dictionaries.shared import BATCH, GATED, JUMP, offsets
from tegum.engines.dictionaries.slopes import move_thresholds, through_gates
from tegum.engines.sampled.product import ADDED, ANEW, FLIPPED, PLAIN, multiply
from tegum.engines.sampled.random import (
    TRAIN,
    binomial_draw,
    f32,
    kernel,
    part,
    step_key,
    u64,
)
from tegum.engines.sampled.shared import clear


@part()
def _transpose(array, rows, span, into):
    for l in range(span):
        for k in range(rows):
            into[l, k] = array[k, l]


@part()
def _nest(theta, point, span, instances, work):
    """work.errors <- of each nested part and all larger ones together, weighted as work.error."""
    static, nested, h = instances.static, instances.nested, work.h
    (decode, _, last), m, parts = offsets(static), static.m, nested.shape[0]
    for q in range(parts - 1, -1, -1):
        size, own = nested[q], work.errors[q]
        decoder = theta[decode : decode + size * m].reshape(size, m)
        multiply(FLIPPED, (m, span, size), decoder, work.codes, ANEW, own)
        for k in range(m):
            larger = work.error[k] if q == parts - 1 else work.errors[q + 1, k]
            for l in range(span):
                one = own[k, l] + (theta[last + k] - h[k, l])
                own[k, l] = larger[l] + one * work.weight[l]


@part()
def _slopes_of(theta, point, span, instances, work):
    """work.slopes <- of the weighted loss by pre-activations, 0 where a latent does not fire."""
    static, numbers, nested = instances.static, instances.numbers, instances.nested
    m, latents, weight = static.m, numbers.latents[point], work.weight
    half_l1, decode = work.price[0], offsets(static)[0]
    start = 0
    for q in range(nested.shape[0] + 1):
        whole = q == nested.shape[0]
        stop = latents if whole else nested[q]
        error = work.error if whole else work.errors[q]
        decoder = theta[decode + start * m : decode + stop * m].reshape(stop - start, m)
        multiply(PLAIN, (stop - start, span, m), decoder, error, ANEW, work.slopes[start:stop])
        start = stop
    if static.architecture == GATED:
        through_gates(theta, point, span, instances, work)
        return
    if static.architecture == JUMP:
        move_thresholds(theta, point, span, instances, work)
        half_l1 = f32(0)
    for j in range(latents):
        codes, slopes, total = work.codes[j], work.slopes[j], f32(0)
        for l in range(span):
            g = slopes[l] + half_l1 * weight[l]
            g = g if codes[l] > f32(0) else f32(0)
            slopes[l] = g
            total += g
        work.into_latent[j] += total


@part()
def _turned(theta, span, instances, work):
    """work.centred_t, and error_t <- b_dec − h."""
    last, m = offsets(instances.static)[2], instances.static.m
    _transpose(work.centred, m, span, work.centred_t)
    for l in range(span):
        for k in range(m):
            work.error_t[l, k] = theta[last + k] - work.h[k, l]


@part()
def _add_tile(theta, point, tile, instances, work, few):
    """Add the gradient of a tile, without the factor 2; tile = its columns, what is drawn.

    Returns whether its codes are listed.
    """
    (span, count), of_batch = tile, instances.static.architecture == BATCH
    projected, possible = few.projected.use[point], few.lists.share > 0.0
    if projected:
        listed = list_projected(theta, point, span, instances, work, few)
        if of_batch or not listed:
            spread(theta, point, span, instances, work, few.lists)
    else:
        encode_tile(theta, point, span, instances, work)
    if of_batch:
        keep_of_batch(span, count, point, instances, work)
    if of_batch or not projected:
        listed = possible and list_tile(point, span, instances, work, few.lists)
        if listed and not projected:
            _turned(theta, span, instances, work)
    if listed:
        decode_listed(theta, point, instances, work, few.lists)
        add_listed(theta, point, span, instances, work, few.lists)
        return listed
    decode_tile(theta, point, span, instances, work)
    _add_codes(theta, point, span, instances, work)
    return listed


@part()
def _add_codes(theta, point, span, instances, work):
    """The same by products of matrices, of work.codes and error."""
    m, nested = instances.static.m, instances.nested
    latents = instances.numbers.latents[point]
    for k in range(m):
        row = work.error[k]
        for l in range(span):
            row[l] *= work.weight[l]
    if nested.shape[0] > 0:
        _nest(theta, point, span, instances, work)
    every = work.errors[0] if nested.shape[0] > 0 else work.error
    for k in range(m):
        row, total = every[k], f32(0)
        for l in range(span):
            total += row[l]
        work.into_last[k] += total
    _slopes_of(theta, point, span, instances, work)
    _transpose(work.centred, m, span, work.centred_t)
    m4 = min((m + 3) // 4 * 4, work.error_t.shape[1])
    multiply(PLAIN, (latents, m4, span), work.slopes, work.centred_t, ADDED, work.into_encoder)
    start = 0
    for q in range(nested.shape[0] + 1):
        whole = q == nested.shape[0]
        stop = latents if whole else nested[q]
        _transpose(work.error if whole else work.errors[q], m, span, work.error_t)
        codes, into = work.codes[start:stop], work.into_decoder[start:stop]
        multiply(PLAIN, (stop - start, m4, span), codes, work.error_t, ADDED, into)
        start = stop


@part()
def _gradient(theta, silent, batch, point, instances, work, ways):
    """The gradient of a batch into the work arrays; batch = its key, how many are drawn, `skip`."""
    _, few, revival = ways
    (key, count, skip), static, width = batch, instances.static, work.weight.shape[0]
    latents = instances.numbers.latents[point]
    clear(work.into_encoder.reshape(-1))
    clear(work.into_decoder.reshape(-1))
    clear(work.into_latent)
    clear(work.into_last)
    clear(work.into_extra.reshape(-1))
    clear(work.into_pre)
    bounds_at(theta, point, instances, few.lists)
    if few.projected.use[point]:
        project(theta, point, instances, few.projected)
    reviving = revival.weight > 0.0
    if reviving:
        list_dead(silent, latents, revival)
    stop = count + (1 if count < static.batch else 0)
    for first in range(0, stop, width):
        samples = (first, count, static.batch)
        if few.projected.use[point]:
            span = draw_x(samples, key, skip, instances, work)
        else:
            span = draw_tile(samples, key, skip, instances, work)
        listed = _add_tile(theta, point, (span, count), instances, work, few)
        if reviving:
            note_fired(listed, latents, span, work, few.lists, revival)
            add_revival(theta, span, instances, work, revival)
    if reviving:
        count_silent(silent, latents, revival)
    before = work.into_pre if static.architecture == GATED else work.into_latent
    if static.subtract:
        for j in range(latents):
            for k in range(static.m):
                work.into_last[u64(k)] -= theta[u64(j * static.m + k)] * before[j]


@part()
def _descend(row, timing, point, instances, work):
    """One step of Adam on what the work arrays hold; row = theta, moment, square of an instance."""
    static, numbers, theta = instances.static, instances.numbers, row[0]
    (decode, bias, last), m = offsets(static), static.m
    scale, correction = f32(2.0 / static.batch), f32(timing[2])
    lr = f32(numbers.rate[point] * timing[0] * timing[1])
    for j in range(numbers.latents[point]):
        into, own, at = work.into_decoder[j], work.into_encoder[j], decode + j * m
        if static.tied:
            for k in range(m):
                into[k] += own[k]
        if static.unit_norm:
            along_sphere(into, 0, theta, at, m)
        if not static.tied:
            move(row, own, scale, lr, correction, j * m, m)
        move(row, into, scale, lr, correction, at, m)
        if static.unit_norm:
            keep_unit(theta, at, m)
    move(row, work.into_latent, scale, lr, correction, bias, numbers.latents[point])
    move(row, work.into_last, scale, lr, correction, last, m)
    extra = 2 if static.architecture == GATED else 1 if static.architecture == JUMP else 0
    for q in range(extra):
        start = last + m + q * static.latents
        move(row, work.into_extra[q], scale, lr, correction, start, numbers.latents[point])


@part(forceinline=True)
def _set_sparsity(part_of, point, instances, work):
    """What codes cost in a step, and how many stay; part_of = that of sparsity which has set in."""
    numbers, static = instances.numbers, instances.static
    latents, k = numbers.latents[point], numbers.k[point]
    several = static.batch if static.architecture == BATCH else 1
    work.price[0] = numbers.half_l1[point] * f32(part_of)
    work.most[0] = int((k + (latents - k) * (1.0 - part_of)) * several + 0.5)


@kernel
def train_dictionaries(which, descent, instances, step0, timing, work, ways):
    """Train instances which[0] .. which[1] - 1 from step0 on, in place.

    timing (step, 4) as of `timing_of`, and what part of sparsity has set in; ways = the work arrays
    of `lanes`, of `projected` and of `revive`.
    """
    lanes, static, last, skip = ways[0], instances.static, -1, False
    for a in range(which[0], which[1]):
        point = instances.point_of[a]
        if point != last:
            skip, last = chances_at(point, static.batch, instances, work), point
        row, small = (
            (descent.theta[a], descent.moment[a], descent.square[a]),
            lanes.tiles[point] != 0,
        )
        if small:
            open_lanes(descent, a, point, instances, lanes)
        for s in range(timing.shape[0]):
            key = step_key(instances.keys[a], TRAIN, step0 + s)
            count = binomial_draw(key, work.cdf, work.guide) if skip else static.batch
            work.tile.row[0] = s * instances.pool.stride
            _set_sparsity(timing[s, 3], point, instances, work)
            if small:
                lane_step((key, count, skip), point, timing[s], instances, work, lanes)
            else:
                silent = descent.silent[a]
                _gradient(row[0], silent, (key, count, skip), point, instances, work, ways)
                _descend(row, timing[s], point, instances, work)
        if small:
            close_lanes(descent, a, lanes)

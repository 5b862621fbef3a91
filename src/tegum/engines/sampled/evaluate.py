"""The loss on fresh samples, forward only, for every model and distribution."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tegum.dims import F32, F64, I64
from tegum.engines.sampled.activations import activate, raised
from tegum.engines.sampled.data import (
    SKIP_BELOW,
    Chances,
    Source,
    Tile,
    fill_chances,
    new_chances,
    new_tile,
)  # fmt: skip
from tegum.engines.sampled.filling import fill_tile
from tegum.engines.sampled.forms import (
    ABSOLUTE,
    FILLED,
    GELU,
    IDENTITY,
    LEAKY,
    QUADRATIC,
    RELU,
    SQUARE,
)
from tegum.engines.sampled.random import (
    GUIDE,
    binomial_draw,
    binomial_table,
    f32,
    f64,
    kernel,
    part,
    step_key,
    u32,
    u64,
)  # fmt: skip
from tegum.engines.sampled.shared import Instances, clear, costs_at, offsets, work_array
from tegum.engines.sampled.targets import fill_across

WIDTH = 64  # samples in a tile
CHUNK = 1024  # samples that share a step key


class EvaluateWork(NamedTuple):
    """The work arrays of one thread."""

    tile: Tile  # of WIDTH samples
    y: F32  # flat (feature, WIDTH): targets of their own; else tile.x
    h: F32  # (m, WIDTH)
    z: F32  # (WIDTH,), as the next two
    losses: F32
    sizes: F32
    cdf: F64  # of the number of non-zero samples in a chunk
    guide: I64
    totals: F64  # (3,)
    chances: Chances


def evaluate_work(instances: Instances, own: bool) -> EvaluateWork:
    """Work arrays; with an array for targets if they need one of their `own`."""
    static = instances.static
    x = work_array(static.n * WIDTH)
    return EvaluateWork(
        tile=new_tile(x, WIDTH),
        y=work_array(static.n * WIDTH) if own else x,
        h=work_array(static.m, WIDTH),
        z=work_array(WIDTH),
        losses=work_array(WIDTH),
        sizes=work_array(WIDTH),
        cdf=work_array(CHUNK + 1, kind=np.float64),
        guide=work_array(GUIDE, kind=np.int64),
        totals=work_array(3, kind=np.float64),
        chances=new_chances(instances.blocks),
    )


class Occasion(NamedTuple):
    """Which samples a loss is measured on: random numbers of a purpose and a number."""

    purpose: np.uint64
    number: int
    samples: int


@part(forceinline=True)
def _activate_hidden(row, sizes, code):
    for l in range(WIDTH):
        v = activate(row[l], code)[0]
        row[l] = v
        sizes[l] += abs(v)


@part(forceinline=True)
def _add_squares(z, wanted, at, absolute, weight, losses, code):
    for l in range(WIDTH):
        y = wanted[u64(at + l)]
        y = abs(y) if absolute else y
        error = activate(z[l], code)[0] - y
        losses[l] += weight * error * error


@part()
def _add_powers(z, wanted, at, weight, losses, beyond, codes):
    for l in range(WIDTH):
        y = wanted[u64(at + l)]
        y = abs(y) if codes.target == ABSOLUTE else y
        error = activate(z[l], codes.output_activation)[0] - y
        losses[l] += weight * error * raised(error, codes.power, beyond)


@part()
def _forward_tile(theta, costs, static, asked, work, codes, rare):
    """work.losses, sizes <- Σ_i I_i |y_i - f(z_i)|^q and ‖h‖₁ of each sample of the tile x."""
    decode, bias, hidden_bias = offsets(static)
    n, m, absolute, code = static.n, static.m, codes.target == ABSOLUTE, codes.output_activation
    x, wanted, h, z, losses, sizes = work.tile.x, work.y, work.h, work.z, work.losses, work.sizes
    if rare is not None and codes.target == FILLED:
        fill_across(x, n, WIDTH, WIDTH, 1, wanted, asked)
    clear(losses)
    clear(sizes)
    for k in range(m):
        row = h[k]
        start = theta[hidden_bias + k] if static.has_hidden_bias else f32(0)
        for l in range(WIDTH):
            row[l] = start
        for i in range(n):
            w = theta[i * m + k]
            for l in range(WIDTH):
                row[l] += w * x[u64(i * WIDTH + l)]
        if codes.hidden_activation == RELU:
            _activate_hidden(row, sizes, RELU)
        else:
            _activate_hidden(row, sizes, IDENTITY)
    for i in range(n):
        for l in range(WIDTH):
            z[l] = theta[bias + i]
        for k in range(m):
            w, row = theta[decode + i * m + k], h[k]
            for l in range(WIDTH):
                z[l] += w * row[l]
        # a loop for each activation, free of tests
        at, weight = i * WIDTH, costs.importance[i]
        if rare is not None and codes.power != SQUARE:
            _add_powers(z, wanted, at, weight, losses, costs.beyond[0], codes)
            continue
        if code == RELU:
            _add_squares(z, wanted, at, absolute, weight, losses, RELU)
        elif code == IDENTITY:
            _add_squares(z, wanted, at, absolute, weight, losses, IDENTITY)
        elif code == LEAKY:
            _add_squares(z, wanted, at, absolute, weight, losses, LEAKY)
        elif code == QUADRATIC:
            _add_squares(z, wanted, at, absolute, weight, losses, QUADRATIC)
        else:
            _add_squares(z, wanted, at, absolute, weight, losses, GELU)


@part()
def _add_chunk(theta, key, counts, skip, point, instances, work, codes, rare):
    """work.totals += (Σ loss, Σ loss², Σ ‖h‖₁) of a chunk; counts: its samples, those drawn."""
    (size, drawn), totals, numbers = counts, work.totals, instances.numbers
    static, asked = instances.static, instances.asked
    costs = costs_at(point, numbers, numbers.importance[point])
    source = Source(instances.blocks, work.chances, instances.pool, static.simple)
    width = work.tile.chosen.shape[0]  # a literal would be a compilation of its own
    for done in range(0, drawn, width):
        present = min(width, drawn - done)
        fill_tile(work.tile, (width, u32(done)), present, key, source, skip, rare)
        _forward_tile(theta, costs, static, asked, work, codes, rare)
        for l in range(present):
            loss = f64(work.losses[l])
            totals[0] += loss
            totals[1] += loss * loss
            totals[2] += f64(work.sizes[l])
    if drawn < size:
        clear(work.tile.x)
        _forward_tile(theta, costs, static, asked, work, codes, rare)
        loss, rest = f64(work.losses[0]), size - drawn
        totals[0] += rest * loss
        totals[1] += rest * loss * loss
        totals[2] += rest * f64(work.sizes[0])


@kernel
def evaluate(which, theta, instances, occasion, out, work, codes, rare):
    """out (instance, 3) <- mean loss, its standard error, mean ‖h‖₁, for which[0] .. which[1] - 1.

    Samples come in chunks addressed by (instance, purpose, number, chunk).
    """
    totals, last, skip = work.totals, -1, False
    purpose, number, samples = occasion
    for a in range(which[0], which[1]):
        point = instances.point_of[a]
        if point != last:
            some = fill_chances(
                instances.numbers.probability[point], instances.blocks, work.chances
            )
            skip = some < SKIP_BELOW
            if skip:
                binomial_table(CHUNK, some, work.cdf, work.guide)
            last = point
        for t in range(3):
            totals[t] = 0.0
        for chunk in range((samples + CHUNK - 1) // CHUNK):
            size = min(CHUNK, samples - chunk * CHUNK)
            key = step_key(step_key(instances.keys[a], purpose, number), purpose, chunk)
            skipping = skip and size == CHUNK
            if rare is not None:
                work.tile.row[0] = chunk * CHUNK
            drawn = binomial_draw(key, work.cdf, work.guide) if skipping else size
            _add_chunk(theta[a], key, (size, drawn), skipping, point, instances, work, codes, rare)
        mean = totals[0] / samples
        variance = max(totals[1] / samples - mean * mean, 0.0)
        out[a, 0] = mean
        out[a, 1] = np.sqrt(variance / max(samples - 1, 1))
        out[a, 2] = totals[2] / samples

"""Tiles in which few latents fire: these are listed, and gradients are made of what is listed."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32, I64
from tegum.engines.dictionaries.shared import GATED, JUMP, Instances, Work, ceil, offsets
from tegum.engines.sampled.data import work_array
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.listing import list_positive
from tegum.engines.sampled.random import f32, part, u64
from tegum.engines.sampled.sums import Sums, add_rows, dot_rows, scatter_row

#: Up to what part of all codes lists are faster than products, at most; and how many numbers h has
#: for a part of 1: an entry of a list costs time by itself.
_SHARE: Final = 0.5
_SHARED_BY: Final = 72
#: Entries whose rows stay in the nearest cache: so many at least, or rows of so many numbers.
_AT_ONCE, _NEAR = 16, 4096


def share_of(m: int) -> float:
    """Up to what part of all codes they are listed, where h has m numbers."""
    return min(_SHARE, m / _SHARED_BY)


class Lists(NamedTuple):
    """Pre-activations of a tile that are above `least`, latent by latent; and work arrays."""

    share: float  # as of `share_of`; 0 where codes are of a kind that is not listed
    bound: F32  # (latent,): what a pre-activation is above where it is a code, as it is
    least: F32  # (latent,): and what it is above where it is listed
    column: I64  # (latent + 1,): where latents begin, and the end
    sample: NDArray[np.int32]
    amount: F32
    code: F32  # amount where it is a code, else 0; the same array where all are
    slope: F32
    lowered: F32  # (width,)
    atom: F32  # (M,): of the latent under way
    sums: Sums


def new_lists(instances: Instances, work: Work) -> Lists:
    """Work arrays for the tiles of `work`."""
    static, width = instances.static, work.weight.shape[0]
    possible = static.architecture != GATED and not len(instances.nested)
    room = static.latents * width + 2 * LANES if possible else 1
    amount = work_array(room)
    return Lists(
        share=share_of(static.m) if possible else 0.0,
        bound=work_array(static.latents),
        least=work_array(static.latents),
        column=work_array(static.latents + 2, kind=np.int64),
        sample=work_array(room, kind=np.int32),
        amount=amount,
        code=work_array(room) if static.architecture == JUMP else amount,
        slope=work_array(room),
        lowered=work_array(max(width, ceil(static.latents))),
        atom=work_array(ceil(static.m)),
        sums=work.mixing.sums,
    )


@part()
def bounds_at(theta, point, instances, lists):
    """lists.bound and least <- those of a step."""
    numbers, static = instances.numbers, instances.static
    first, half = offsets(static)[2] + static.m, numbers.bandwidth[point] * f32(0.5)
    for j in range(numbers.latents[point]):
        bound = np.exp(theta[first + j]) if static.architecture == JUMP else f32(0)
        lists.bound[j] = bound
        lists.least[j] = bound - half


@part()
def list_tile(point, span, instances, work, lists):
    """List what is in work.codes, of JUMP in work.raw; returns whether it is little enough."""
    latents, lowered = instances.numbers.latents[point], lists.lowered
    values, width = work.codes, work.weight.shape[0]
    if instances.static.architecture == JUMP:
        values = work.raw
    flat, at, jumps = values.reshape(-1), 0, instances.static.architecture == JUMP
    most = lists.share * latents * span
    for l in range(span):
        lowered[l] = f32(0)
    for j in range(latents):
        if jumps:
            for l in range(span):
                lowered[l] = -lists.least[j]
        lists.column[j] = at
        found = list_positive(flat, j * width, lowered, span, lists.sample[at:], lists.amount[at:])
        if jumps:
            for t in range(at, at + found):
                lists.amount[u64(t)] = flat[u64(j * width + lists.sample[u64(t)])]
        at += found
        if at > most:
            return False
    lists.column[latents] = at
    return True


@part()
def _entries_of(j, theta, instances, lists):
    """Where the entries of a latent begin and end; its atom, and which of them are codes."""
    static, atom, bound = instances.static, lists.atom, lists.bound[j]
    start, stop, at = lists.column[j], lists.column[j + 1], offsets(static)[0] + j * static.m
    for k in range(static.m):
        atom[k] = theta[u64(at + k)]
    if static.architecture == JUMP:
        for t in range(start, stop):
            z = lists.amount[u64(t)]
            lists.code[u64(t)] = z if z > bound else f32(0)
    return start, stop


@part()
def decode_listed(theta, point, instances, work, lists):
    """work.error_t, which is b_dec − h, <- h' − h."""
    error = work.error_t
    for j in range(instances.numbers.latents[point]):
        if lists.column[j] < lists.column[j + 1]:
            entries = lists.sample, lists.code, *_entries_of(j, theta, instances, lists)
            scatter_row(lists.sums.scatter, lists.atom, entries, error, error.shape[1])


@part()
def _slopes_of(j, span, point, instances, work, lists):
    """lists.slope <- of entries of a latent, of which it holds atom · error; their sum.

    span = first and last entry. Of JUMP also the sum for the threshold, else 0.
    """
    (first, last), weight, price = span, work.weight, work.price[0]
    half, bound = instances.numbers.bandwidth[point] * f32(0.5), lists.bound[j]
    total, near = f32(0), f32(0)
    if instances.static.architecture != JUMP:
        for t in range(first, last):
            slope = lists.slope[u64(t)] + price * weight[u64(lists.sample[u64(t)])]
            lists.slope[u64(t)] = slope
            total += slope
        return total, near
    for t in range(first, last):
        z, slope = lists.amount[u64(t)], lists.slope[u64(t)]
        moved = bound * slope + price * weight[u64(lists.sample[u64(t)])]
        near += moved if abs(z - bound) < half else f32(0)
        slope = slope if z > bound else f32(0)
        lists.slope[u64(t)] = slope
        total += slope
    return total, near


@part()
def add_listed(theta, point, span, instances, work, lists):
    """Add the gradient of a tile, without the factor 2, by what is listed of it."""
    static, numbers, weight, error = instances.static, instances.numbers, work.weight, work.error_t
    m, wide, sums, centred = static.m, error.shape[1], lists.sums, work.centred_t
    block = max(_AT_ONCE, _NEAR // wide)
    for l in range(span):
        row = error[l]
        for k in range(m):
            row[k] *= weight[l]
            work.into_last[k] += row[k]
    for j in range(numbers.latents[point]):
        if lists.column[j] == lists.column[j + 1]:
            continue
        begin, end = _entries_of(j, theta, instances, lists)
        for first in range(begin, end, block):
            last = min(first + block, end)
            slopes = lists.sample, lists.slope, first, last
            dot_rows(sums.dot, error, wide, slopes, lists.atom)
            total, near = _slopes_of(j, (first, last), point, instances, work, lists)
            add_rows(sums.add, centred, wide, slopes, work.into_encoder, j * wide)
            codes = lists.sample, lists.code, first, last
            add_rows(sums.add, error, wide, codes, work.into_decoder, j * wide)
            work.into_latent[j] += total
            if static.architecture == JUMP:
                work.into_extra[0, j] -= lists.bound[j] * near / numbers.bandwidth[point]

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
from tegum.engines.sampled.random import f32, part

#: Up to what part of all codes lists are faster than products, at most; and how many numbers h has
#: for a part of 1: an entry of a list costs time by itself.
_SHARE: Final = 0.3
_SHARED_BY: Final = 320


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
    lowered: F32  # (width,)


def new_lists(instances: Instances, work: Work) -> Lists:
    """Work arrays for the tiles of `work`."""
    static, width = instances.static, work.weight.shape[0]
    possible = static.architecture != GATED and not len(instances.nested)
    room = static.latents * width + 2 * LANES if possible else 1
    return Lists(
        share=share_of(static.m) if possible else 0.0,
        bound=work_array(static.latents),
        least=work_array(static.latents),
        column=work_array(static.latents + 2, kind=np.int64),
        sample=work_array(room, kind=np.int32),
        amount=work_array(room),
        lowered=work_array(max(width, ceil(static.latents))),
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


@part(forceinline=True)
def _count(values, latents, span, lists):
    total = 0
    for j in range(latents):
        row, least = values[j], lists.least[j]
        for l in range(span):
            total += 1 if row[l] > least else 0
    return total


@part()
def list_tile(point, span, instances, work, lists):
    """List what is in work.codes, of JUMP in work.raw; returns whether it is little enough."""
    latents, lowered = instances.numbers.latents[point], lists.lowered
    values, width = work.codes, work.weight.shape[0]
    if instances.static.architecture == JUMP:
        values = work.raw
    if _count(values, latents, span, lists) > lists.share * latents * span:
        return False
    flat, at = values.reshape(-1), 0
    for j in range(latents):
        for l in range(span):
            lowered[l] = -lists.least[j]
        lists.column[j] = at
        found = list_positive(flat, j * width, lowered, span, lists.sample[at:], lists.amount[at:])
        for t in range(at, at + found):
            lists.amount[t] = values[j, lists.sample[t]]
        at += found
    lists.column[latents] = at
    return True


@part()
def decode_listed(theta, point, instances, work, lists):
    """work.error_t, which is b_dec − h, <- h' − h."""
    static, error = instances.static, work.error_t
    decode, m = offsets(static)[0], static.m
    for j in range(instances.numbers.latents[point]):
        atom, bound = theta[decode + j * m : decode + (j + 1) * m], lists.bound[j]
        for t in range(lists.column[j], lists.column[j + 1]):
            row, code = error[lists.sample[t]], lists.amount[t]
            if code > bound:
                for k in range(m):
                    row[k] += code * atom[k]


@part()
def add_listed(theta, point, span, instances, work, lists):
    """Add the gradient of a tile, without the factor 2, by what is listed of it."""
    static, numbers, weight, error = instances.static, instances.numbers, work.weight, work.error_t
    decode, m, jumps = offsets(static)[0], static.m, static.architecture == JUMP
    price, width = work.price[0], numbers.bandwidth[point]
    for l in range(span):
        row = error[l]
        for k in range(m):
            row[k] *= weight[l]
            work.into_last[k] += row[k]
    for j in range(numbers.latents[point]):
        atom, bound = theta[decode + j * m : decode + (j + 1) * m], lists.bound[j]
        into_encoder, into_decoder = work.into_encoder[j], work.into_decoder[j]
        slopes, near = f32(0), f32(0)
        for t in range(lists.column[j], lists.column[j + 1]):
            l, z = lists.sample[t], lists.amount[t]
            row, centred, slope = error[l], work.centred_t[l], f32(0)
            for k in range(m):
                slope += atom[k] * row[k]
            if jumps:
                if abs(z - bound) < width * f32(0.5):
                    near += bound * slope + price * weight[l]
            else:
                slope += price * weight[l]
            if z > bound:
                slopes += slope
                for k in range(m):
                    into_encoder[k] += slope * centred[k]
                    into_decoder[k] += z * row[k]
        work.into_latent[j] += slopes
        if jumps:
            work.into_extra[0, j] -= bound * near / width

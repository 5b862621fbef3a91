"""Batch top-k codes: the largest ones of a whole batch, whichever samples have them."""

from __future__ import annotations

from typing import Final

from tegum.engines.sampled.random import f32, i32, i64, part, u64
from tegum.engines.sampled.vectors import bits_float, float_bits

_INFINITE: Final = 0x7F800000  # the bits of a float32 beyond all finite ones
#: By how many bits a search begins to leave its first guess, and by what that grows.
_FIRST_STEP, _FASTER = 2**18, 8


@part()
def _count_above(codes, sizes, missing, bound):
    """How many codes of a batch are above a bound; see `limit_of`."""
    latents, stride, present = sizes
    total = i64(0)
    for j in range(latents):
        found, at = i32(0), j * stride
        for l in range(present):
            found = i32(found + (i32(1) if codes[u64(at + l)] > bound else i32(0)))
        total += i64(found)
        if missing > 0 and codes[u64(at + present)] > bound:
            total += missing
    return total


@part()
def limit_of(codes, sizes, missing, most, guess):
    """A number >= 0 above which `most` codes are, and more only where they tie; 0 for fewer.

    codes flat; sizes = (latents, the length of its rows, samples), and one more column stands for
    `missing` samples. What is above the number does not depend on the guess, where search begins.
    """
    if _count_above(codes, sizes, missing, f32(0)) <= most:
        return f32(0)
    low, high, at, step = 0, _INFINITE, i64(float_bits(guess)), _FIRST_STEP
    while high - low > 1:
        bound = bits_float(i32(at))
        found = _count_above(codes, sizes, missing, bound)
        if found == most:
            return bound
        if found > most:
            low = at
            at = min(low + step, low + ((high - low) >> 1))
        else:
            high = at
            at = max(high - step, low + ((high - low) >> 1))
        step = min(step * _FASTER, _INFINITE)
    return bits_float(i32(low))


@part()
def largest_below(codes, sizes, missing, limit):
    """The largest code, at least 0, that is not above the limit."""
    latents, stride, present = sizes
    found, stop = f32(0), present + (1 if missing > 0 else 0)
    for j in range(latents):
        for l in range(stop):
            code = codes[u64(j * stride + l)]
            found = max(found, code) if code <= limit else found
    return found


@part()
def silence(codes, latents, span, limit):
    """Zero the codes that are not above a limit."""
    for j in range(latents):
        row = codes[j]
        for l in range(span):
            row[l] = row[l] if row[l] > limit else f32(0)


@part()
def keep_of_batch(span, count, point, instances, work):
    """Zero all of work.codes but the largest work.most[0] of a batch, of which `count` are drawn.

    The whole batch is one tile.
    """
    codes, latents = work.codes, instances.numbers.latents[point]
    sizes, missing = (latents, codes.shape[1], count), instances.static.batch - count
    limit = limit_of(codes.reshape(-1), sizes, missing, work.most[0], work.guess[0])
    work.guess[0] = limit
    silence(codes, latents, span, limit)

"""The expected loss of features that are 0 or 1: a sum over the patterns of active ones.

The blocks beside the own one are split into two halves, and z = t + u + v, where t is of the own
block and u and v are what a pattern of either half adds. Both halves are listed with u and v
rising. For each u the v with z > 0 are the end of the other list, whose sums Σ q, Σ q v and Σ q v²,
q their probabilities, have E[1], E[R] and E[R²]: 2^(n/2) terms stand for 2^n, and nothing is
truncated. Sums of many terms carry their rounding along.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tegum.dims import F64, I64
from tegum.engines.exact.law import Law
from tegum.engines.exact.numeric import CONSTANT, ONE, ZERO, inline, part

#: The most patterns of a half: 16 features that are independent.
MOST_PATTERNS: Final = 2**16
#: How many features are constants while they are active: none, some, all of them.
NO, SOME, ALL = range(3)


class PatternWork(NamedTuple):
    """Work arrays. Lists have two buffers: a longer list is made of the one before."""

    half: I64  # (B,): 0 or 1
    length: I64  # (2,): the patterns of a half
    value: F64  # (2, 2, S): what a pattern adds to z
    chance: F64  # (2, 2, S): its probability
    code: I64  # (2, 2, S): the states of its blocks, in mixed radix
    tail: F64  # (3, S + 1): Σ q, Σ q v, Σ q v² from a pattern of a half to its last
    slope: F64  # (S,): by code: what a change of a pattern's value does to the loss
    head: I64  # (states,): of lists that are merged
    shift: F64  # (states,)
    weight: F64  # (states,)
    spare: F64  # (n,)


def split(states: list[int]) -> tuple[list[int], int]:
    """(The half of each block, the most patterns of a half), from the states of blocks."""
    half, count = [0] * len(states), [1, 1]
    for B in sorted(range(len(states)), key=lambda B: -states[B]):
        half[B] = 0 if count[0] <= count[1] else 1
        count[half[B]] *= states[B]
    return half, max(count)


def pattern_work(law: Law) -> PatternWork:
    """Work arrays for a law; next to none where it is not summed by halves."""
    states = (np.where(law.together, 1, law.size) + 1).tolist()
    half, room = split(states)
    if (law.family != CONSTANT).any() or room > MOST_PATTERNS:
        room = 1  # another way, or no kink within reach
    most = max(states)
    return PatternWork(
        np.array(half, np.int64), np.zeros(2, np.int64), np.zeros((2, 2, room)),
        np.zeros((2, 2, room)), np.zeros((2, 2, room), np.int64), np.zeros((3, room + 1)),
        np.zeros(room), np.zeros(most, np.int64), np.zeros(most), np.zeros(most),
        np.zeros(len(law.family)),
    )  # fmt: skip


@inline
def constants(law):
    """NO, SOME or ALL: how many features are worth 1 whenever they are active."""
    count = 0
    for j in range(law.family.shape[0]):
        count += 1 if law.family[j] == CONSTANT else 0
    return NO if count == 0 else (ALL if count == law.family.shape[0] else SOME)


@inline
def _states(B, a, law, point, work):
    """shift, weight <- of the states of a block that can be: their number, the first one.

    State 0 is off; s > 0 is on, with member s − 1 where only one is active.
    """
    p, first = point.probability[B], law.start[B]
    work.shift[0], work.weight[0] = 0.0, 1.0 - p
    if law.together[B]:
        work.shift[1], work.weight[1] = 0.0, p
        for j in range(first, first + law.size[B]):
            work.shift[1] += a[j]
        return 2, (1 if p >= 1.0 else 0)
    for member in range(law.size[B]):
        work.shift[member + 1] = a[first + member]
        work.weight[member + 1] = p * point.share[first + member]
    return law.size[B] + 1, (1 if p >= 1.0 else 0)


@part
def _list(half, own, a, law, point, work):
    """List the patterns of a half, values rising: the buffer they are in, how many codes."""
    at, count, codes = 0, 1, 1
    values, chances, names = work.value[half], work.chance[half], work.code[half]
    values[0, 0], chances[0, 0], names[0, 0] = 0.0, 1.0, 0
    for B in range(law.start.shape[0]):
        if own == B or work.half[B] != half or point.probability[B] <= 0.0:
            continue
        states, lowest = _states(B, a, law, point, work)
        for s in range(lowest, states):
            work.head[s] = 0
        more = count * (states - lowest)
        for k in range(more):
            least, best = -1, 0.0
            for s in range(lowest, states):
                if work.head[s] < count:
                    value = values[at, work.head[s]] + work.shift[s]
                    if least < 0 or value < best:
                        least, best = s, value
            old = work.head[least]
            work.head[least] += 1
            values[1 - at, k] = best
            chances[1 - at, k] = chances[at, old] * work.weight[least]
            names[1 - at, k] = names[at, old] + least * codes
        at, count, codes = 1 - at, more, codes * states
    work.length[half] = count
    return at, codes


@inline
def _carry(total, lost, term):
    """total + term, and what rounding has lost so far."""
    new = total + term
    if abs(total) >= abs(term):
        lost += (total - new) + term
    else:
        lost += (term - new) + total
    return new, lost


@part
def _tails(half, at, work):
    """tail <- of the list of a half."""
    count, values, chances = work.length[half], work.value[half, at], work.chance[half, at]
    q0 = q1 = q2 = lost0 = lost1 = lost2 = 0.0
    for r in range(3):
        work.tail[r, count] = 0.0
    for k in range(count - 1, -1, -1):
        q, v = chances[k], values[k]
        q0, lost0 = _carry(q0, lost0, q)
        q1, lost1 = _carry(q1, lost1, q * v)
        q2, lost2 = _carry(q2, lost2, q * v * v)
        work.tail[0, k], work.tail[1, k], work.tail[2, k] = q0 + lost0, q1 + lost1, q2 + lost2


@part
def _sweep(half, buffers, t, weight, kappa, work):
    """E[κ₂R² − 2κ₁R] and its derivative by t, times weight, over both halves.

    `half` is gone through, `tail` is of the other one; slope[code] += the derivative by its value.
    """
    kappa1, kappa2 = kappa
    own, other = buffers[half], buffers[1 - half]
    values, chances, names = work.value[half, own], work.chance[half, own], work.code[half, own]
    against, first = work.value[1 - half, other], work.length[1 - half]
    total = lost = by_t = 0.0
    for k in range(work.length[half]):
        s = t + values[k]
        while first > 0 and s + against[first - 1] > 0.0:
            first -= 1
        q0, q1, q2 = work.tail[0, first], work.tail[1, first], work.tail[2, first]
        mean, q = s * q0 + q1, weight * chances[k]
        square = s * (mean + q1) + q2
        total, lost = _carry(total, lost, q * (kappa2 * square - 2.0 * kappa1 * mean))
        by = 2.0 * q * (kappa2 * mean - kappa1 * q0)
        by_t += by
        work.slope[names[k]] += by
    return total + lost, by_t


@part
def _gather(half, own, codes, law, point, work, da):
    """da += the derivatives by the weights of a half, from slope, which it spoils."""
    for B in range(law.start.shape[0] - 1, -1, -1):
        if own == B or work.half[B] != half or point.probability[B] <= 0.0:
            continue
        states = 2 if law.together[B] else law.size[B] + 1
        codes //= states
        for s in range(1, states):
            total = 0.0
            for k in range(codes):
                total += work.slope[s * codes + k]
                work.slope[k] += work.slope[s * codes + k]
            first = law.start[B] if law.together[B] else law.start[B] + s - 1
            last = law.start[B] + law.size[B] if law.together[B] else first + 1
            for j in range(first, last):
                da[j] += total


@part
def _over_own(half, buffers, i, b, kappa, a, law, point, work, da):
    """`_sweep` over the states of the own block: (value, by b); da += by the own weights."""
    own, value, by_b = law.block_of[i], 0.0, 0.0
    first, p = law.start[own], point.probability[own]
    kappa1, kappa2 = kappa
    for s in range(2 if law.together[own] else law.size[own] + 1):
        weight, t, on = 1.0 - p, b, 0.0
        start, stop = first, first
        if s > 0:
            weight = p if law.together[own] else p * point.share[first + s - 1]
            start = first if law.together[own] else first + s - 1
            stop = first + law.size[own] if law.together[own] else start + 1
            on = 1.0 if start <= i < stop else 0.0
        if weight <= 0.0:
            continue
        for j in range(start, stop):
            t += a[j]
        f, by_t = _sweep(half, buffers, t, weight, (on * kappa1, kappa2), work)
        value, by_b = value + f, by_b + by_t
        for j in range(start, stop):
            da[j] += by_t
    return value, by_b


@part
def pattern_sums(i, b, kappa, gradient, a, law, point, work, da):
    """E[κ₂R² − 2κ₁ x_i R] where every feature is 0 or 1: (value, by b); da += by a.

    kappa = (κ₁, κ₂). With `gradient` only are derivatives by other blocks there.
    """
    own = law.block_of[i]
    first, codes = _list(ZERO, own, a, law, point, work)
    second, more = _list(ONE, own, a, law, point, work)
    buffers = (first, second)
    _tails(ONE, second, work)
    for k in range(codes):
        work.slope[k] = 0.0
    value, by_b = _over_own(ZERO, buffers, i, b, kappa, a, law, point, work, da)
    if gradient:
        _gather(ZERO, own, codes, law, point, work, da)
        _tails(ZERO, first, work)
        for k in range(more):
            work.slope[k] = 0.0
        _over_own(ONE, buffers, i, b, kappa, a, law, point, work, work.spare)
        _gather(ONE, own, more, law, point, work, da)
    return value, by_b

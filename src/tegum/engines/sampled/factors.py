"""Copulas of which features hang together in small groups by one factor each.

z_i = λ_i f + √(1 − λ_i²) e_i: given the group's factor f, its features are on independently, with
p_i(f) = Φ((Φ⁻¹(p_i) − λ_i f)/√(1 − λ_i²)). The chance of each pattern of a group is the integral
over f, and a sum over equidistant f has the error of a trapezoidal rule of analytic functions: next
to none while no λ is near 1. So patterns are drawn, and where groups are off next to nothing is.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32, F64, I64
from tegum.engines.sampled.random import f32, i32, i64, normal_quantile, part, u64

#: The most members of a group: it has 2^8 patterns.
_MOST_MEMBERS: Final = 8
#: Between nodes, of groups whose every √(1 − λ²)/λ is at least `_EASY`; less for others.
_STEP: Final = 0.25
_EASY: Final = 0.33
_REACH: Final = 7.875
_MOST_NODES: Final = 512
#: Correlations below this are none; loadings must give the others to within it.
_TOLERANCE: Final = 1e-9
_ROOT_HALF = 0.5**0.5


class Factors(NamedTuple):
    """Groups of features with a factor each; none where features do not hang together so."""

    first: I64  # (group + 1,): the first place of each among the members, and the end
    member: I64  # (n,): features, group by group
    loading: F64  # (n,): λ of each member
    node: F64  # (node,): f
    share: F64  # (node,): its part of the normal law
    start: I64  # (group + 1,): where the patterns of each begin, and the end


class Patterns(NamedTuple):
    """How often groups have which patterns, if any member is on; empty where nobody asks.

    A pattern has a bit for each member. Walker's method: there are as many even shares as patterns
    with a member that is on, and each is for a part `keep` of one and else of another.
    """

    any_on: F64  # (group,): that any member is on
    keep: F32  # (pattern,): group by group, by share, which are numbered from 1 on
    pair: NDArray[np.int32]  # flat (pattern, 2): of the share
    chance: F64  # (2^8,) in passing
    sum: F64  # (2^8,) likewise
    limit: F64  # (member,): Φ⁻¹(p)


def no_factors() -> Factors:
    """Features that do not hang together by factors."""
    none, end = np.zeros(0), np.zeros(1, np.int64)
    return Factors(end, end[:0], none, none, none, end)


def factors_of(correlations: F64) -> Factors:
    """The groups of a matrix R (n, n) and their loadings; none where it is no such matrix."""
    n, rest = len(correlations), correlations - np.eye(len(correlations))
    groups, loading = _groups(np.abs(rest) > _TOLERANCE), np.zeros(n)
    for group in groups:
        if len(group) > _MOST_MEMBERS:
            return no_factors()
        found = _loadings(rest[np.ix_(group, group)])
        if found is None:
            return no_factors()
        loading[group] = found
    member = np.array([i for group in groups for i in group], np.int64)
    size, unique = np.abs(loading), np.sqrt(np.maximum(1.0 - loading**2, 0.0))
    ratio = np.min(np.divide(unique, size, out=np.full(n, np.inf), where=size > 0))
    step = _STEP * min(1.0, float(ratio) / _EASY)
    if step <= 0.0 or 2 * _REACH / step > _MOST_NODES:
        return no_factors()
    node = np.linspace(-_REACH, _REACH, math.ceil(2 * _REACH / step) + 1)
    share = np.exp(-0.5 * node**2)
    first, start = (
        np.cumsum([0, *sizes], dtype=np.int64)
        for sizes in (map(len, groups), (2 ** len(group) for group in groups))
    )
    return Factors(first, member, loading[member], node, share / share.sum(), start)


def new_patterns(factors: Factors) -> Patterns:
    """The arrays of `fill_patterns`."""
    count = int(factors.start[-1])
    passing = np.zeros((2, 2**_MOST_MEMBERS if count else 0))
    return Patterns(
        np.zeros(len(factors.first) - 1),
        np.zeros(count, np.float32),
        np.zeros(2 * count, np.int32),
        *passing,
        np.zeros(len(factors.member)),
    )


def _groups(together: NDArray[np.bool_]) -> list[list[int]]:
    """Features that are correlated, or by way of others."""
    left, found = set(range(len(together))), []
    while left:
        group, new = set[int](), {min(left)}
        while new:
            group |= new
            new = {int(j) for i in new for j in np.flatnonzero(together[i])} - group
        left -= group
        found.append(sorted(group))
    return found


def _loadings(rest: F64) -> F64 | None:
    """λ with λ_i λ_j = rest_ij for i ≠ j, the diagonal of `rest` being 0; else None."""
    n = len(rest)
    if n == 1:
        return np.zeros(1)
    i, j = np.unravel_index(int(np.argmax(np.abs(rest))), rest.shape)
    square = abs(rest[i, j])
    if n > 2:
        third = np.abs(rest[i] * rest[j])
        k = int(np.argmax(third))
        if third[k] == 0.0:
            return None
        square = rest[i, j] * rest[i, k] / rest[j, k]
    if not 0.0 < square < 1.0:
        return None
    loading = rest[i] / math.sqrt(square)
    loading[i] = math.sqrt(square)
    wrong = np.outer(loading, loading) - rest
    np.fill_diagonal(wrong, 0.0)
    return loading if np.abs(wrong).max() <= _TOLERANCE and np.abs(loading).max() < 1 else None


@part()
def fill_patterns(probability, factors, patterns):
    """Fill the patterns from probabilities (n,)."""
    first, start, total = factors.first, factors.start, patterns.sum
    for a in range(factors.member.shape[0]):
        patterns.limit[a] = normal_quantile(probability[factors.member[a]])
    for group in range(first.shape[0] - 1):
        size = 1 << (first[group + 1] - first[group])
        for k in range(size):
            total[k] = 0.0
        _add_patterns(first[group], first[group + 1], factors, patterns)
        some = 0.0
        for k in range(1, size):
            some += total[k]
        patterns.any_on[group] = min(some, 1.0)
        _share_out(size - 1, start[group], some, patterns)


@part()
def _add_patterns(first, stop, factors, patterns):
    """patterns.sum <- the chance of each pattern of the members first .. stop - 1."""
    chance, total = patterns.chance, patterns.sum
    for q in range(factors.node.shape[0]):
        size = 1
        chance[0] = factors.share[q]
        for a in range(first, stop):
            own = factors.loading[a]
            z = patterns.limit[a] - own * factors.node[q]
            p = 0.5 * math.erfc(-z / math.sqrt(1.0 - own * own) * _ROOT_HALF)
            for k in range(size):
                chance[size + k] = p * chance[k]
                chance[k] *= 1.0 - p
            size *= 2
        for k in range(size):
            total[k] += chance[k]


@part()
def _share_out(count, start, some, patterns):
    """Walker's shares of the patterns 1 .. count by patterns.sum, which adds up to `some`."""
    left, keep, pair = patterns.chance, patterns.keep, patterns.pair
    left[0] = 1.0
    for k in range(count + 1):
        if k > 0:
            left[k] = patterns.sum[k] * count / some if some > 0.0 else 1.0
        keep[start + k] = f32(1)
        pair[2 * (start + k)] = pair[2 * (start + k) + 1] = i32(k)
    rich = poor = 1
    while rich <= count and left[rich] < 1.0:
        rich += 1
    while poor <= count and left[poor] >= 1.0:
        poor += 1
    now = poor
    while now <= count and rich <= count:
        keep[start + now], pair[2 * (start + now) + 1] = f32(left[now]), i32(rich)
        left[rich] -= 1.0 - left[now]
        given = rich
        while rich <= count and left[rich] < 1.0:
            rich += 1
        if rich > given and given < poor:  # it is poor now, and was passed by
            now = given
            continue
        poor += 1
        while poor <= count and left[poor] >= 1.0:
            poor += 1
        now = poor


@part(forceinline=True)
def fill_pattern(pattern, on, width, group, factors, patterns):
    """pattern (width,) <- of a group, by its switch: uniform in (0, 1] where it is on, else 0.

    Without a condition, as nobody could foresee which way it goes: where the group is off, the
    share is number 0, and both its patterns are 0.
    """
    start, keep, pair = factors.start[group], patterns.keep, patterns.pair
    shares = f32(factors.start[group + 1] - start - 1)
    for l in range(width):
        v = on[l] * shares
        at = np.ceil(v)
        k = u64(start + i64(at))
        late = i64(v - at + f32(1) > keep[k])
        pattern[l] = pair[u64(k + k + u64(late))]

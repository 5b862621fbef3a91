"""Chooses what stays frozen: the window of the series, and which blocks T takes at first order."""

from __future__ import annotations

from math import exp, expm1, inf, log, log1p, pi

from tegum.engines.exact.numeric import CONSTANT, EXPONENTIAL, SIGNED, inline, part
from tegum.engines.exact.single_window import COUNT, LEAST, LOWEST, RATIO, TAIL, single_window

#: Weights with |a|·ω below this at the last node make an atom of two active features.
_SMALL = 0.3


@inline
def _log_mgf(family, y):
    """log E[e^{yx}] of a magnitude; inf where there is none."""
    if family == EXPONENTIAL:
        return -log1p(-y) if y < 1.0 else inf
    if y == 0.0 or family == CONSTANT:
        return y
    if family == SIGNED:
        y = abs(y)
        return y + log(-expm1(-2.0 * y) / (2.0 * y))
    if y > 0.0:
        return y + log(-expm1(-y) / y)
    return log(expm1(y) / y)


@inline
def _block_log_mgf(B, a, s, law, point):
    """log E[e^{s·}] of a block, for s of either sign."""
    p = point.probability[B]
    if p <= 0.0:
        return 0.0
    first, last = law.start[B], law.start[B] + law.size[B]
    if law.together[B]:
        total = 0.0
        for j in range(first, last):
            total += _log_mgf(law.family[j], s * a[j])
        return log(1.0 - p + p * exp(total)) if total < 600.0 else total
    value = 1.0 - p
    for j in range(first, last):
        one = _log_mgf(law.family[j], s * a[j])
        value += p * point.share[j] * exp(one)
    return log(value)


@inline
def _reach(B, a, sign, law):
    """The most that a block can add to sign·z; inf if it has no end."""
    together, most = 0.0, 0.0
    for j in range(law.start[B], law.start[B] + law.size[B]):
        size = abs(a[j]) if law.family[j] == SIGNED else max(sign * a[j], 0.0)
        if law.family[j] == EXPONENTIAL and size > 0.0:
            size = inf
        together += size
        most = max(most, size)
    return together if law.together[B] else most


@part
def window(a, b, enough, law, point):
    """P such that |z| > P has a chance below e^-40: by Chernoff, or the largest |z| there is.

    It is not made smaller than `enough`.
    """
    largest = 0.0
    for j in range(a.shape[0]):
        if point.probability[law.block_of[j]] > 0.0:
            largest = max(largest, abs(a[j]))
    result = abs(b)
    if largest == 0.0:
        return result
    largest = max(largest, LEAST * (1.0 + result))
    for side in range(2):
        sign = 1.0 if side == 0 else -1.0
        bound = sign * b
        for B in range(law.start.shape[0]):
            if point.probability[B] > 0.0:
                bound += _reach(B, a, sign, law)
        s = LOWEST / largest
        for _ in range(COUNT):
            if bound <= enough:
                break
            total = sign * b * s + TAIL
            for B in range(law.start.shape[0]):
                total += _block_log_mgf(B, a, sign * s, law, point)
            bound = min(bound, total / s)
            s *= RATIO
        result = max(result, bound)
    return result


@inline
def is_within(a, b, period, law, point, rows):
    """Whether |z| > P has a chance below e^-40 for a P that is given; rows as for `freeze`."""
    if law.single:
        return single_window(a, b, period, law, point, rows) <= period
    return window(a, b, period, law, point) <= period


@part
def freeze(i, a, b, nodes, margin, setting, rows):
    """Set what is frozen of output i, for a series of so many nodes; the window has a margin.

    rows: room for `single_window`.
    """
    law, point, frozen = setting
    if law.single:
        period = margin * single_window(a, b, 0.0, law, point, rows)
    else:
        period = margin * window(a, b, 0.0, law, point)
    frozen.period[i] = period if period > 0.0 else 1.0
    below = _SMALL * frozen.period[i] / (2.0 * nodes * pi)
    for B in range(law.start.shape[0]):
        large, lead, most = 0, -1, -1.0
        for j in range(law.start[B], law.start[B] + law.size[B]):
            if j == i and law.together[B]:
                continue  # the own feature always varies
            if abs(a[j]) >= below:
                large += 1
            if abs(a[j]) > most:
                most, lead = abs(a[j]), j
        frozen.small[i, B] = large == 0 and law.block_of[i] != B
        alone = large > 1 or not law.together[B]
        if law.family[law.start[B]] == EXPONENTIAL and law.block_of[i] == B:
            alone = True  # two varying exponentials have no closed form here
        frozen.lead[i, B] = -1 if alone else lead

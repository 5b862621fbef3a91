"""The expected loss by enumeration of all patterns of active features: the oracle, for small n.

Given the pattern, the pre-activation is z = t + Σ c_q u_q with u uniform on the unit box, and

    V_l(t, p) = ∫ Π_{q≥l} u_q^{r_q} (t + Σ_{q≥l} c_q u_q)₊^p du

is 0, a polynomial moment where the argument keeps its sign, or split by parts over u_l,

    V_l(t, p) = [V_{l+1}(t + c_l, p + 1) − V'] / ((p + 1) c_l),

with V' = V_{l+1}(t, p + 1) if r_l = 0, else r_l V_l(t, p + 1) at r_l − 1.

Splitting over the largest c first loses no digits. It shares nothing with the series.
"""

from __future__ import annotations

from math import comb, frexp, ldexp
from typing import Final, NamedTuple

import numpy as np

from tegum.dims import F64, I64
from tegum.engines.exact.numeric import CONSTANT, NONE, ONE, TWO, ZERO, inline, part
from tegum.engines.exact.polynomials import polynomials
from tegum.engines.exact.terms import scale_of, shift_of

#: The most features that are enumerated.
MOST_FEATURES: Final = 12
_POWERS = MOST_FEATURES + 6
#: Coefficients below this part of the largest count as 0: its 14th power is still a number.
_UNFELT = 2.0**-72
_BINOMIAL = np.array([[float(comb(p, s)) for s in range(_POWERS)] for p in range(_POWERS)])


class EnumerationWork(NamedTuple):
    """Work arrays."""

    coefficient: F64  # (n,): of the active features, the largest first
    feature: I64  # (n,): which these are
    power: I64  # (n,): r
    gamma: F64  # (n,): how much of each is in the target
    state: I64  # (B,): of each block in the pattern: 0 off, else 1 + the member that is on
    row: F64  # (2, _POWERS)
    stack: F64  # (4 n + 4, 2): t and factor of what is left of an integral
    left: I64  # (4 n + 4, 3): its first feature, p, the power of that feature
    a: F64  # (n,)
    da: F64  # (n,)
    by_a: F64  # (n, n)
    by_b: F64  # (n,)


def enumeration_work(n: int, blocks: int) -> EnumerationWork:
    """Work arrays for n features in so many blocks."""
    return EnumerationWork(
        np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n),
        np.zeros(blocks, np.int64),
        np.zeros((2, _POWERS)), np.zeros((4 * n + 4, 2)), np.zeros((4 * n + 4, 3), np.int64),
        np.zeros(n), np.zeros(n), np.zeros((n, n)), np.zeros(n),
    )  # fmt: skip


@part
def _polynomial(first, count, own_power, t, p, work):
    """V where the argument is positive everywhere: by powers of one feature after the other."""
    c, r, row = work.coefficient, work.power, work.row
    for s in range(p + 1):
        row[0, s] = t**s
    for q in range(first, count):
        power_q = own_power if q == first else r[q]
        for s in range(p, -1, -1):
            total, power = 0.0, 1.0
            for k in range(s + 1):
                total += _BINOMIAL[s, k] * power / (power_q + k + 1.0) * row[0, s - k]
                power *= c[q]
            row[0, s] = total
    return row[0, p]


@inline
def _push(top, t, factor, first, p, power, work):
    """Put a part of the integral on the stack; the new height."""
    work.stack[top, 0], work.stack[top, 1] = t, factor
    work.left[top, 0], work.left[top, 1], work.left[top, 2] = first, p, power
    return top + 1


@part
def volume(count, t, p, work):
    """V_0(t, p) over `count` active features, with |c| falling and powers r.

    The parts that are still to be split are on a stack: a function that calls itself does not
    survive being kept on disk.
    """
    c, r, total = work.coefficient, work.power, 0.0
    top = _push(ZERO, t, 1.0, ZERO, p, r[0] if count > 0 else ZERO, work)
    while top > 0:
        top -= 1
        t, factor = work.stack[top, 0], work.stack[top, 1]
        first, p, power = work.left[top, 0], work.left[top, 1], work.left[top, 2]
        high = low = t
        for q in range(first, count):
            high += max(c[q], 0.0)
            low += min(c[q], 0.0)
        if high <= 0.0:
            continue
        if not low < 0.0:  # NaN, too, must not be split
            total += factor * _polynomial(first, count, power, t, p, work)
            continue
        factor /= (p + 1.0) * c[first]
        after = r[first + 1] if first + 1 < count else ZERO
        top = _push(top, t + c[first], factor, first + 1, p + 1, after, work)
        if power == 0:
            top = _push(top, t, -factor, first + 1, p + 1, after, work)
        else:
            top = _push(top, t, -factor * power, first, p + 1, power - 1, work)
    return total


@inline
def _activate(i, law, a, b, work):
    """The pattern: how many active features vary, how many are constant, t, the place of i.

    Those that vary come first, with their coefficients on the unit box; the others come last in
    work.feature. i is at -1 while it is off.
    """
    count, fixed, t, own = 0, 0, b, -1
    for B in range(law.start.shape[0]):
        if work.state[B] == 0:
            continue
        for member in range(law.size[B]):
            if not law.together[B] and member + 1 != work.state[B]:
                continue
            j = law.start[B] + member
            t += a[j] * shift_of(law.family[j])
            if law.family[j] == CONSTANT:
                fixed += 1
                at = a.shape[0] - fixed
            else:
                c, at = a[j] * scale_of(law.family[j]), count
                while at > 0 and abs(work.coefficient[at - 1]) < abs(c):
                    work.coefficient[at] = work.coefficient[at - 1]
                    work.feature[at] = work.feature[at - 1]
                    at -= 1
                work.coefficient[at] = c
                count += 1
            work.feature[at] = j
    for q in range(a.shape[0]):
        work.power[q] = 0
        if work.feature[q] == i and (q < count or q >= a.shape[0] - fixed):
            own = q
    return count, fixed, t, own


@part
def scaled(count, t, work):
    """t and the exponent of 2 by which it and the coefficients were divided: none is above 1 now.

    Powers of large or small ones would not hold in float64; a factor of 2 changes no digit. What is
    too small to be felt is 0 then: its powers would not hold either.
    """
    largest = abs(t)
    if count > 0:
        largest = max(largest, abs(work.coefficient[0]))
    exponent = frexp(largest)[1]
    for q in range(count):
        c = ldexp(work.coefficient[q], -exponent)
        work.coefficient[q] = c if abs(c) > _UNFELT else 0.0
    return ldexp(t, -exponent), exponent


@inline
def moment(q, other, p, count, scaled, work):
    """E[u_q u_other z₊^p], for p = 0 of the indicator; -1 stands for no factor."""
    t, exponent = scaled
    if q >= 0:
        work.power[q] += 1
    if other >= 0:
        work.power[other] += 1
    value = volume(count, t, p, work)
    if q >= 0:
        work.power[q] -= 1
    if other >= 0:
        work.power[other] -= 1
    return ldexp(value, exponent * p)


@part
def _pattern(weight, i, b, kappa, gradient, law, work):
    """One pattern's part of E[κ₂R² − 2κ₁ x_i R]: (value, by b); work.da += by a.

    kappa = (κ₁, κ₂).
    """
    kappa1, kappa2 = kappa
    count, fixed, t, own = _activate(i, law, work.a, b, work)
    unit = scaled(count, t, work)
    mean = moment(NONE, NONE, ONE, count, unit, work)
    value = kappa2 * moment(NONE, NONE, TWO, count, unit, work)
    alpha = beta = up = up_own = 0.0
    if own >= 0:
        alpha, beta = scale_of(law.family[i]), shift_of(law.family[i])
        x_relu = beta * mean
        if alpha != 0.0:
            x_relu += alpha * moment(own, NONE, ONE, count, unit, work)
        value -= 2.0 * kappa1 * x_relu
    if not gradient:
        return weight * value, 0.0
    if own >= 0:
        up = moment(NONE, NONE, ZERO, count, unit, work)
        if alpha != 0.0:
            up_own = moment(own, NONE, ZERO, count, unit, work)
    by_b = 2.0 * (kappa2 * mean - kappa1 * (alpha * up_own + beta * up))
    for q in range(count):
        j = work.feature[q]
        scale, shift = scale_of(law.family[j]), shift_of(law.family[j])
        both = 0.0
        if own >= 0:  # E[x_i x_j 1]
            both = alpha * shift * up_own
            if alpha != 0.0:
                both += alpha * scale * moment(own, q, ZERO, count, unit, work)
            both += beta * scale * moment(q, NONE, ZERO, count, unit, work) + beta * shift * up
        x_relu = scale * moment(q, NONE, ONE, count, unit, work) + shift * mean
        work.da[j] += weight * 2.0 * (kappa2 * x_relu - kappa1 * both)
    for q in range(work.a.shape[0] - fixed, work.a.shape[0]):  # worth 1: their derivative is b's
        work.da[work.feature[q]] += weight * by_b
    return weight * value, weight * by_b


@inline
def _next(law, work):
    """The next pattern, counting through the states of the blocks; false after the last."""
    for B in range(law.start.shape[0]):
        most = 1 if law.together[B] else law.size[B]
        if work.state[B] < most:
            work.state[B] += 1
            return True
        work.state[B] = 0
    return False


@inline
def _probability(law, point, work):
    value = 1.0
    for B in range(law.start.shape[0]):
        state = work.state[B]
        if state == 0:
            value *= 1.0 - point.probability[B]
        elif law.together[B]:
            value *= point.probability[B]
        else:
            value *= point.probability[B] * point.share[law.start[B] + state - 1]
    return value


@part
def over_patterns(i, b, kappa, gradient, a, law, point, work):
    """E[κ₂R² − 2κ₁ x_i R], kappa = (κ₁, κ₂): (value, by b); work.da <- by a."""
    for j in range(a.shape[0]):
        work.a[j], work.da[j] = a[j], 0.0
    value = by_b = 0.0
    while True:
        weight = _probability(law, point, work)
        if weight > 0.0:
            f, by = _pattern(weight, i, b, kappa, gradient, law, work)
            value, by_b = value + f, by_b + by
        if not _next(law, work):
            return value, by_b


@inline
def enumerate_rows(rows, b, alpha, gradient, law, point, work):
    """Σ_i I_i E[(x_i − x'_i)²] for A = rows (n, n); work.by_a, by_b <- derivatives if asked for."""
    n, total = b.shape[0], 0.0
    kappa = 1.0 - alpha, 1.0 - alpha * alpha
    for i in range(n):
        value, by_b = over_patterns(i, b[i], kappa, gradient, rows[i], law, point, work)
        more, more_b = polynomials(i, b[i], -1.0, alpha, work.a, law, point, work.da)
        total += point.importance[i] * (value + more)
        work.by_b[i] = point.importance[i] * (by_b + more_b)
        for j in range(n):
            work.by_a[i, j] = point.importance[i] * work.da[j]
    return total

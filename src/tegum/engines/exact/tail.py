"""What the series may hold beyond its last node, from envelopes of its summands.

A magnitude's characteristic function fades no slower than its envelope, so that products of blocks
bound |Φ − T| and |Ψ − T| at any frequency: patterns that T does not hold, each by the envelopes of
what is active in it, and what small blocks do beyond first order about their mean. Their sums over
the nodes that are left out are a bound; phases cancel, so that the truth is often far below.
"""

from __future__ import annotations

from math import pi, sin, sqrt

from tegum.engines.exact.control import pairs
from tegum.engines.exact.numeric import EXPONENTIAL, SIGNED, UNIFORM, inline, part

#: How often the nodes double beyond the last.
_DOUBLINGS = 40


@inline
def _fading(family, theta):
    """The most that |E[e^{iφx}]| is for φ >= θ >= 0."""
    if family == EXPONENTIAL:
        return 1.0 / sqrt(1.0 + theta * theta)
    if family not in (UNIFORM, SIGNED):
        return 1.0
    half = theta if family == SIGNED else 0.5 * theta
    if half < 0.5 * pi:
        return sin(half) / half if half > 1e-8 else 1.0
    return 1.0 / half


@inline
def _fading_own(family, theta):
    """The same for |E[x e^{iφx}]|."""
    if family == EXPONENTIAL:
        return 1.0 / (1.0 + theta * theta)
    if family not in (UNIFORM, SIGNED):
        return 1.0
    return min(0.5, 1.3 / theta) if theta > 1.0 else 0.5


@inline
def _all_on(B, but, omega, a, law):
    """Envelope of the members of a `together` block, but for one."""
    value = 1.0
    for j in range(law.start[B], law.start[B] + law.size[B]):
        if j != but:
            value *= _fading(law.family[j], abs(a[j]) * omega)
    return value


@inline
def _on(B, omega, a, law, point):
    """Envelope of a block where it is on, times the probability of that."""
    if law.together[B]:
        return point.probability[B] * _all_on(B, -1, omega, a, law)
    value = 0.0
    for j in range(law.start[B], law.start[B] + law.size[B]):
        value += point.share[j] * _fading(law.family[j], abs(a[j]) * omega)
    return point.probability[B] * value


@part
def _beside_lead(B, i, omega, a, setting):
    """What T lacks of a `together` block that is on, the feature i apart."""
    law, _, frozen = setting
    lead, variance = frozen.lead[i, B], 0.0
    if lead < 0:
        return _all_on(B, i, omega, a, law)
    for j in range(law.start[B], law.start[B] + law.size[B]):
        if j not in (i, lead):
            variance += (law.square[j] - law.mean[j] * law.mean[j]) * a[j] * a[j]
    fading = _fading(law.family[lead], abs(a[lead]) * omega)
    turn = omega * sqrt(variance)  # a square of ω may not hold in float64
    return fading * min(2.0, 0.5 * turn * turn)


@part
def _from_mean(B, omega, setting, plan):
    """How far the characteristic function of a small block is from 1, its mean shift taken off."""
    law, point, _ = setting
    a, p, square, mean = plan.a, point.probability[B], 0.0, 0.0
    for j in range(law.start[B], law.start[B] + law.size[B]):
        if law.together[B]:
            square += (law.square[j] - law.mean[j] * law.mean[j]) * a[j] * a[j]
            mean += law.mean[j] * a[j]
        else:
            square += point.share[j] * law.square[j] * a[j] * a[j]
    shift = plan.delta[B]
    variance = max(0.0, p * (square + mean * mean) - shift * shift)
    turn = omega * sqrt(variance)
    return min(0.5 * turn * turn, 2.0 * p + min(2.0, omega * abs(shift)))


@part
def _envelopes(i, omega, setting, plan):
    """The most that |Φ − T| and |Ψ − T| of output i are at ω."""
    law, point, frozen = setting
    a, own, base = plan.a, law.block_of[i], plan.base[0]
    none, one, more, lacking, unpaired = 1.0, 0.0, 0.0, 0.0, 0.0  # blocks that are not small
    damped, moved, twice, moved_unpaired = 1.0, 0.0, 0.0, 0.0  # small ones
    for B in range(law.start.shape[0]):
        if own == B:
            continue
        p, on, beside = point.probability[B], _on(B, omega, a, law, point), pairs(law, i, B)
        if frozen.small[i, B]:
            far = _from_mean(B, omega, setting, plan)
            twice += moved * far
            moved += far
            damped *= 1.0 - p + on
            moved_unpaired += 0.0 if beside else far
            continue
        more = more * (1.0 - p + on) + one * on
        one = one * (1.0 - p) + none * on
        none *= 1.0 - p
        unpaired += 0.0 if beside else plan.weight[B] * on
        if law.together[B]:
            lacking += plan.weight[B] * p * _beside_lead(B, i, omega, a, setting)
    away = min(moved, 1.0 + damped)
    off = base * min(twice, 1.0 + damped + moved) + one * away + more * damped + lacking
    p, own_x = point.probability[own], _fading_own(law.family[i], abs(a[i]) * omega)
    if not law.together[own]:
        on = off + unpaired * damped + base * moved_unpaired
        phi = (1.0 - p) * off + _on(own, omega, a, law, point) * on
        return phi, p * point.share[i] * own_x * on
    own_1 = _fading(law.family[i], abs(a[i]) * omega)
    others = _all_on(own, i, omega, a, law) * (base * away + (one + more) * damped)
    others = p * (others + base * _beside_lead(own, i, omega, a, setting))
    return (1.0 - p) * off + own_1 * others, own_x * others


@part
def beyond(i, alpha, nodes, setting, plan):
    """The most that nodes beyond the last may add to the loss of output i, after `make_plan`."""
    period, k = setting.frozen.period[i], 2.0 * nodes
    phi, psi = _envelopes(i, k * pi / period, setting, plan)
    cubes = squares = 0.0  # Σ |Φ − T| / k³ and Σ |Ψ − T| / k² over odd k
    for _ in range(_DOUBLINGS):
        phi2, psi2 = _envelopes(i, 2.0 * k * pi / period, setting, plan)
        cubes += (2.0 * phi + phi2) / 16.0 / (k * k)
        squares += (2.0 * psi + psi2) / 12.0 / k
        k, phi, psi = 2.0 * k, phi2, psi2
    up, over = 4.0 * (1.0 - alpha * alpha), 4.0 * (1.0 - alpha)
    return period / (pi * pi) * (up * period / pi * cubes + over * squares)


@inline
def is_symmetric(i, b, a, law):
    """Whether (x_i, z) is as likely as (−x_i, −z): then the series has nothing to sum."""
    symmetric = b == 0.0 and law.family[i] == SIGNED
    for j in range(a.shape[0]):
        symmetric = symmetric and (a[j] == 0.0 or law.family[j] == SIGNED)
    return symmetric


@inline
def has_exponential(law):
    """Whether some magnitude is exponential; T pairs none of these with the own feature."""
    found = False
    for j in range(law.family.shape[0]):
        found = found or law.family[j] == EXPONENTIAL
    return found

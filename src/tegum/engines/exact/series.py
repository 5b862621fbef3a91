"""The expectation of z|z| and x|z| as an odd-harmonic Fourier series, for any number of features.

For |z| <= P, over odd k with ω_k = kπ/P,

    E[z|z|] = P E[z] − (8P²/π³) Σ Im Φ_k / k³,    E[x_i|z|] = (P/2) E[x_i] − (4P/π²) Σ Re Ψ_k / k²,

with Φ = E[e^{iωz}] and Ψ = E[x_i e^{iωz}]. Nothing is discretised; the series is truncated. Where
few features are active z has atoms and edges, and the series converges slowly: the law T of the
module `control` is taken out of it, and put back in closed form. Here are the sums over what
remains,

    s1 = Σ Im Φ/k³,    s2_j = Σ Re Ψ_j/k²,    s3_j = Σ Im Ψ_ij/k    (Ψ_ij = E[x_i x_j e^{iωz}]),

and s2 and s3 without a feature j, which are the derivatives by b. All of them are derivatives of
one truncated sum: value and gradient agree to rounding at any number of nodes.
"""

from __future__ import annotations

from math import pi

from tegum.engines.exact.control import pairs
from tegum.engines.exact.numeric import NONE, inline, part
from tegum.engines.exact.rows import (
    SPAN,
    Span,
    add_scaled,
    copy,
    fill,
    imaginary_sum,
    phases,
    real_sum,
    square_magnitude,
    times,
)  # fmt: skip
from tegum.engines.exact.spectrum import (
    AFTER,
    ALONE,
    LEADING,
    OWN0,
    OWNI,
    P0,
    PAIRED,
    PI,
    SUB0,
    SUBI,
    T0,
    TURN,
    Z0,
    ZI,
    Q,
    blocks,
    features,
    leading,
    leaving,
    on_product,
    own_block,
    products,
)  # fmt: skip


@inline
def _value_sums(last, work):
    """(s1, s2 of the own feature, s2 and s3 without a feature) over this span."""
    rows, all_ = work.rows, work.before[last]
    s1 = s2 = s20 = s30 = 0.0
    for q in range(SPAN):
        r, i = all_[0, q], all_[1, q]
        phi_r = r * rows[OWN0, 0, q] - i * rows[OWN0, 1, q] - rows[SUB0, 0, q]
        phi_i = r * rows[OWN0, 1, q] + i * rows[OWN0, 0, q] - rows[SUB0, 1, q]
        psi_r = r * rows[OWNI, 0, q] - i * rows[OWNI, 1, q] - rows[SUBI, 0, q]
        psi_i = r * rows[OWNI, 1, q] + i * rows[OWNI, 0, q] - rows[SUBI, 1, q]
        s1 += work.inverse[2, q] * phi_i
        s20 += work.inverse[1, q] * phi_r
        s2 += work.inverse[1, q] * psi_r
        s30 += work.inverse[0, q] * psi_i
    return s1, s2, s20, s30


@inline
def _own_apart(i, own, a, span, setting, work):
    """The members of an own block of which one is active: REM·share·(phi1, and phi2 of i)."""
    law, point, _ = setting
    rows, sums, last, spare = work.rows, work.sums, law.start.shape[0], work.spare
    rest = rows[Q]
    for q in range(SPAN):  # every other block at once, less those of T
        t_r, t_i = rows[T0, 0, q], rows[T0, 1, q]
        rest[0, q] = work.before[last, 0, q] - (t_r * rows[PAIRED, 0, q] - t_i * rows[PAIRED, 1, q])
        rest[1, q] = work.before[last, 1, q] - (t_r * rows[PAIRED, 1, q] + t_i * rows[PAIRED, 0, q])
    for j in range(law.start[own], law.start[own] + law.size[own]):
        share = point.probability[own] * point.share[j]
        sums[0, j] += share * real_sum(work.inverse[1], rest, work.phi1[j], spare)
    square_magnitude(law.family[i], a[i], span, work.turn[i], work.phi[i], rows[P0])
    share = point.probability[own] * point.share[i]
    sums[1, i] += share * imaginary_sum(work.inverse[0], rest, rows[P0], spare)


@inline
def _own_together(i, own, a, span, setting, plan, work):
    """The members of an own block that are active together."""
    law, point, frozen = setting
    rows, sums, last, spare = work.rows, work.sums, law.start.shape[0], work.spare
    w1, w2, phi, phi1 = work.inverse[0], work.inverse[1], work.phi, work.phi1
    rest, square, other = rows[Q], rows[P0], rows[PI]
    p, lead = point.probability[own], frozen.lead[i, own]
    square_magnitude(law.family[i], a[i], span, work.turn[i], phi[i], square)
    for j in range(law.start[own], law.start[own] + law.size[own]):
        on_product(own, i, j, law, phi, rest)
        times(rest, work.before[last], rest)
        if j == i:
            sums[0, i] += p * real_sum(w2, rest, phi1[i], spare)
            sums[1, i] += p * imaginary_sum(w1, rest, square, spare)
            continue
        times(rest, phi1[j], rest)
        sums[0, j] += p * real_sum(w2, rest, phi[i], spare)
        sums[1, j] += p * imaginary_sum(w1, rest, phi1[i], spare)
    if lead < 0:
        return
    weight = p * plan.base[0]
    leading(weight, plan.rest[own], span, phi[lead], rows)
    times(rows[LEADING], rows[T0], rest)
    s2 = real_sum(w2, rest, phi[i], spare)
    s3 = imaginary_sum(w1, rest, phi1[i], spare)
    sums[0, i] -= real_sum(w2, rest, phi1[i], spare)
    sums[1, i] -= imaginary_sum(w1, rest, square, spare)
    leading(weight, plan.rest[own], span, phi1[lead], rows)
    times(rows[LEADING], rows[T0], other)
    sums[0, lead] -= real_sum(w2, other, phi[i], spare)
    sums[1, lead] -= imaginary_sum(w1, other, phi1[i], spare)
    for j in range(law.start[own], law.start[own] + law.size[own]):
        if j not in (i, lead):
            sums[0, j] -= law.mean[j] * s2
            sums[1, j] -= law.mean[j] * s3


@inline
def _prepare_others(own, law, point, work):
    """Z0, ZI, ALONE <- what of T stands beside a block that leaves its base."""
    rows, off = work.rows, 1.0 - point.probability[own]
    for q in range(SPAN):
        t_r, t_i = rows[T0, 0, q], rows[T0, 1, q]
        rows[ALONE, 0, q], rows[ALONE, 1, q] = off * t_r, off * t_i
        if law.together[own]:
            rows[Z0, 0, q], rows[Z0, 1, q] = off * t_r, off * t_i
            rows[ZI, 0, q] = rows[ZI, 1, q] = 0.0
        else:
            r, s = rows[OWN0, 0, q], rows[OWN0, 1, q]
            rows[Z0, 0, q], rows[Z0, 1, q] = t_r * r - t_i * s, t_r * s + t_i * r
            r, s = rows[OWNI, 0, q], rows[OWNI, 1, q]
            rows[ZI, 0, q], rows[ZI, 1, q] = t_r * r - t_i * s, t_r * s + t_i * r
    fill(1.0, rows[AFTER])


@inline
def _apart(i, B, span, setting, plan, work):
    """The members of another block of which one is active."""
    law, point, frozen = setting
    rows, sums, spare = work.rows, work.sums, work.spare
    beside, weight = pairs(law, i, B), plan.weight[B]
    z, y = rows[Z0 if beside else ALONE], rows[ZI]
    by_mean = by_mean_i = 0.0
    if frozen.small[i, B]:
        # T's factors move with the block's mean, and it leaves its base by the whole law
        moved = rows[LEADING]
        copy(work.leave[B], moved)
        for q in range(SPAN):
            moved[0, q] += 1.0
        by_mean = weight * real_sum(work.inverse[1], z, moved, spare)
        by_mean_i = weight * imaginary_sum(work.inverse[0], y, moved, spare)
        phases(-span.step * plan.delta[B], span.first, rows[TURN])
        times(z, rows[TURN], moved)
        add_scaled(-weight, moved, rows[P0])
        times(y, rows[TURN], moved)
        y = moved
    else:
        add_scaled(-weight, z, rows[P0])
    if beside:
        add_scaled(-weight, y, rows[PI])
    else:
        by_mean_i = 0.0
    for j in range(law.start[B], law.start[B] + law.size[B]):
        share = point.probability[B] * point.share[j]
        sums[0, j] += share * real_sum(work.inverse[1], rows[P0], work.phi1[j], spare)
        sums[1, j] += share * imaginary_sum(work.inverse[0], rows[PI], work.phi1[j], spare)
        sums[0, j] += plan.slope[j] * by_mean
        sums[1, j] += plan.slope[j] * by_mean_i


@inline
def _together(i, B, span, setting, plan, work):
    """The members of another block that are active together."""
    law, point, frozen = setting
    rows, sums, spare = work.rows, work.sums, work.spare
    w1, w2, rest = work.inverse[0], work.inverse[1], rows[Q]
    p, lead, beside = point.probability[B], frozen.lead[i, B], pairs(law, i, B)
    members = range(law.start[B], law.start[B] + law.size[B])
    for j in members:
        on_product(B, j, NONE, law, work.phi, rest)
        times(rest, work.phi1[j], rest)
        sums[0, j] += p * real_sum(w2, rows[P0], rest, spare)
        sums[1, j] += p * imaginary_sum(w1, rows[PI], rest, spare)
    if lead < 0:
        return
    z, y, weight = rows[Z0 if beside else ALONE], rows[ZI], plan.weight[B]
    shift = plan.rest[B] - plan.delta[B]
    leading(weight * p, shift, span, work.phi1[lead], rows)
    sums[0, lead] -= real_sum(w2, z, rows[LEADING], spare)
    if beside:
        sums[1, lead] -= imaginary_sum(w1, y, rows[LEADING], spare)
    leading(weight * p, shift, span, work.phi[lead], rows)
    s2 = real_sum(w2, z, rows[LEADING], spare)
    s3 = imaginary_sum(w1, y, rows[LEADING], spare) if beside else 0.0
    by_mean = by_mean_i = 0.0
    if frozen.small[i, B]:
        for q in range(SPAN):
            rest[0, q], rest[1, q] = work.leave[B, 0, q] + 1.0, work.leave[B, 1, q]
        by_mean = weight * real_sum(w2, z, rest, spare)
        by_mean_i = weight * imaginary_sum(w1, y, rest, spare) if beside else 0.0
    for j in members:
        if j != lead:
            sums[0, j] -= law.mean[j] * s2
            sums[1, j] -= law.mean[j] * s3
        sums[0, j] += plan.slope[j] * by_mean
        sums[1, j] += plan.slope[j] * by_mean_i


@inline
def _other_sums(i, own, span, setting, plan, work):
    """sums += for the members of all other blocks."""
    law, point, _ = setting
    rows, rest = work.rows, work.rows[Q]
    _prepare_others(own, law, point, work)
    for B in range(law.start.shape[0] - 1, -1, -1):
        if own == B:
            continue
        times(work.before[B], rows[AFTER], rest)
        times(rest, rows[OWN0], rows[P0])
        times(rest, rows[OWNI], rows[PI])
        if law.together[B]:
            _together(i, B, span, setting, plan, work)
        else:
            _apart(i, B, span, setting, plan, work)
        times(rows[AFTER], work.block[B], rows[AFTER])
    by_mean = by_mean_i = 0.0
    for q in range(SPAN):
        by_mean += work.inverse[1, q] * rows[SUB0, 0, q]
        by_mean_i += work.inverse[0, q] * rows[SUBI, 1, q]
    for j in range(plan.slope.shape[0]):
        work.sums[0, j] -= plan.slope[j] * by_mean
        work.sums[1, j] -= plan.slope[j] * by_mean_i


@part
def series_sums(i, b, nodes, gradient, setting, plan, work):
    """(s1, s2 of feature i, s2 and s3 without a feature) of output i over `nodes` odd harmonics.

    `nodes` is a multiple of SPAN. With `gradient`, work.sums <- s2_j and s3_j of every feature.
    """
    law, point, frozen = setting
    own, step, last = law.block_of[i], pi / frozen.period[i], law.start.shape[0]
    s1 = s2 = s20 = s30 = 0.0
    for k in range(work.sums.shape[1]):
        work.sums[0, k] = work.sums[1, k] = 0.0
    for done in range(0, nodes, SPAN):
        span = Span(step, 2.0 * done + 1.0)
        features(plan.a, span, law, work)
        blocks(law, point, work)
        leaving(i, span, setting, plan, work)
        own_block(i, own, span, setting, plan, work)
        products(own, b + plan.shift[0], b, span, law, work)
        more = _value_sums(last, work)
        s1, s2, s20, s30 = s1 + more[0], s2 + more[1], s20 + more[2], s30 + more[3]
        if gradient:
            if law.together[own]:
                _own_together(i, own, plan.a, span, setting, plan, work)
            else:
                _own_apart(i, own, plan.a, span, setting, work)
            _other_sums(i, own, span, setting, plan, work)
    return s1, s2, s20, s30

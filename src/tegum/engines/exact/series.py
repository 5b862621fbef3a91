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
from tegum.engines.exact.numeric import inline, part, thin
from tegum.engines.exact.rows import (
    SPAN,
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
    rows = work.rows
    s1 = s2 = s20 = s30 = 0.0
    for q in range(SPAN):
        r, i = work.before[0, last, q], work.before[1, last, q]
        phi_r = r * rows[0, OWN0, q] - i * rows[1, OWN0, q] - rows[0, SUB0, q]
        phi_i = r * rows[1, OWN0, q] + i * rows[0, OWN0, q] - rows[1, SUB0, q]
        psi_r = r * rows[0, OWNI, q] - i * rows[1, OWNI, q] - rows[0, SUBI, q]
        psi_i = r * rows[1, OWNI, q] + i * rows[0, OWNI, q] - rows[1, SUBI, q]
        s1 += work.inverse[2, q] * phi_i
        s20 += work.inverse[1, q] * phi_r
        s2 += work.inverse[1, q] * psi_r
        s30 += work.inverse[0, q] * psi_i
    return s1, s2, s20, s30


@thin
def _own_apart(i, own, a, step, first, law, point, work):
    """The members of an own block of which one is active: REM·share·(phi1, and phi2 of i)."""
    rows, sums, last, spare = work.rows, work.sums, law.start.shape[0], work.spare
    r, s = rows[0, Q], rows[1, Q]
    for q in range(SPAN):  # every other block at once, less those of T
        t_r, t_i = rows[0, T0, q], rows[1, T0, q]
        r[q] = work.before[0, last, q] - (t_r * rows[0, PAIRED, q] - t_i * rows[1, PAIRED, q])
        s[q] = work.before[1, last, q] - (t_r * rows[1, PAIRED, q] + t_i * rows[0, PAIRED, q])
    for j in range(law.start[own], law.start[own] + law.size[own]):
        share = point.on[own] * point.share[j]
        sums[0, j] += share * real_sum(
            work.inverse[1], r, s, work.phi1[0, j], work.phi1[1, j], spare
        )
    h_r, h_i = rows[0, P0], rows[1, P0]
    _square(i, a, step, first, law, work, h_r, h_i)
    share = point.on[own] * point.share[i]
    sums[1, i] += share * imaginary_sum(work.inverse[0], r, s, h_r, h_i, spare)


@inline
def _square(i, a, step, first, law, work, into_r, into_i):
    square_magnitude(
        law.family[i], a[i], step, first, work.inverse[0], work.turn[0, i], work.turn[1, i],
        work.phi[0, i], work.phi[1, i], into_r, into_i,
    )  # fmt: skip


@thin
def _own_together(i, own, a, step, first, law, point, frozen, plan, work):
    """The members of an own block that are active together."""
    rows, sums, last, spare = work.rows, work.sums, law.start.shape[0], work.spare
    w1, w2 = work.inverse[0], work.inverse[1]
    q_r, q_i, h_r, h_i = rows[0, Q], rows[1, Q], rows[0, P0], rows[1, P0]
    g_r, g_i, all_r, all_i = rows[0, PI], rows[1, PI], work.before[0, last], work.before[1, last]
    on, lead = point.on[own], frozen.lead[i, own]
    _square(i, a, step, first, law, work, h_r, h_i)
    for j in range(law.start[own], law.start[own] + law.size[own]):
        on_product(own, i, j, law, work, q_r, q_i)
        times(q_r, q_i, all_r, all_i, q_r, q_i)
        if j == i:
            sums[0, i] += on * real_sum(w2, q_r, q_i, work.phi1[0, i], work.phi1[1, i], spare)
            sums[1, i] += on * imaginary_sum(w1, q_r, q_i, h_r, h_i, spare)
            continue
        times(q_r, q_i, work.phi1[0, j], work.phi1[1, j], q_r, q_i)
        sums[0, j] += on * real_sum(w2, q_r, q_i, work.phi[0, i], work.phi[1, i], spare)
        sums[1, j] += on * imaginary_sum(w1, q_r, q_i, work.phi1[0, i], work.phi1[1, i], spare)
    if lead < 0:
        return
    weight = on * plan.weight[last]
    leading(weight, plan.rest[own], lead, step, first, work.phi, rows)
    times(rows[0, LEADING], rows[1, LEADING], rows[0, T0], rows[1, T0], q_r, q_i)
    s2 = real_sum(w2, q_r, q_i, work.phi[0, i], work.phi[1, i], spare)
    s3 = imaginary_sum(w1, q_r, q_i, work.phi1[0, i], work.phi1[1, i], spare)
    sums[0, i] -= real_sum(w2, q_r, q_i, work.phi1[0, i], work.phi1[1, i], spare)
    sums[1, i] -= imaginary_sum(w1, q_r, q_i, h_r, h_i, spare)
    leading(weight, plan.rest[own], lead, step, first, work.phi1, rows)
    times(rows[0, LEADING], rows[1, LEADING], rows[0, T0], rows[1, T0], g_r, g_i)
    sums[0, lead] -= real_sum(w2, g_r, g_i, work.phi[0, i], work.phi[1, i], spare)
    sums[1, lead] -= imaginary_sum(w1, g_r, g_i, work.phi1[0, i], work.phi1[1, i], spare)
    for j in range(law.start[own], law.start[own] + law.size[own]):
        if j not in (i, lead):
            sums[0, j] -= law.mean[j] * s2
            sums[1, j] -= law.mean[j] * s3


@thin
def _prepare_others(i, own, law, point, work):
    """Z0, ZI, ALONE <- what of T stands beside a block that leaves its base."""
    rows, off = work.rows, 1.0 - point.on[own]
    for q in range(SPAN):
        t_r, t_i = rows[0, T0, q], rows[1, T0, q]
        rows[0, ALONE, q], rows[1, ALONE, q] = off * t_r, off * t_i
        if law.together[own]:
            rows[0, Z0, q], rows[1, Z0, q] = off * t_r, off * t_i
            rows[0, ZI, q] = rows[1, ZI, q] = 0.0
        else:
            r, s = rows[0, OWN0, q], rows[1, OWN0, q]
            rows[0, Z0, q], rows[1, Z0, q] = t_r * r - t_i * s, t_r * s + t_i * r
            r, s = rows[0, OWNI, q], rows[1, OWNI, q]
            rows[0, ZI, q], rows[1, ZI, q] = t_r * r - t_i * s, t_r * s + t_i * r
    fill(1.0, rows[0, AFTER], rows[1, AFTER])


@thin
def _apart(B, weight, small, beside, step, first, law, point, plan, work):
    """The members of another block of which one is active."""
    rows, sums, spare = work.rows, work.sums, work.spare
    p0_r, p0_i, pi_r, pi_i = rows[0, P0], rows[1, P0], rows[0, PI], rows[1, PI]
    z = Z0 if beside else ALONE
    z_r, z_i, y_r, y_i = rows[0, z], rows[1, z], rows[0, ZI], rows[1, ZI]
    by_mean = by_mean_i = 0.0
    if small:  # T's factors move with the block's mean, and it leaves its base by the whole law
        q_r, q_i = rows[0, LEADING], rows[1, LEADING]
        copy(work.leave[0, B], work.leave[1, B], q_r, q_i)
        for q in range(SPAN):
            q_r[q] += 1.0
        by_mean = weight * real_sum(work.inverse[1], z_r, z_i, q_r, q_i, spare)
        by_mean_i = weight * imaginary_sum(work.inverse[0], y_r, y_i, q_r, q_i, spare)
        phases(-step * plan.delta[B], first, rows[0, TURN], rows[1, TURN])
        times(z_r, z_i, rows[0, TURN], rows[1, TURN], q_r, q_i)
        add_scaled(-weight, q_r, q_i, p0_r, p0_i)
        times(y_r, y_i, rows[0, TURN], rows[1, TURN], q_r, q_i)
        y_r, y_i = q_r, q_i
    else:
        add_scaled(-weight, z_r, z_i, p0_r, p0_i)
    if beside:
        add_scaled(-weight, y_r, y_i, pi_r, pi_i)
    else:
        by_mean_i = 0.0
    for j in range(law.start[B], law.start[B] + law.size[B]):
        share = point.on[B] * point.share[j]
        f_r, f_i = work.phi1[0, j], work.phi1[1, j]
        sums[0, j] += share * real_sum(work.inverse[1], p0_r, p0_i, f_r, f_i, spare)
        sums[1, j] += share * imaginary_sum(work.inverse[0], pi_r, pi_i, f_r, f_i, spare)
        sums[0, j] += plan.slope[j] * by_mean
        sums[1, j] += plan.slope[j] * by_mean_i


@thin
def _together(B, weight, small, beside, lead, step, first, law, point, plan, work):
    """The members of another block that are active together."""
    rows, sums, spare = work.rows, work.sums, work.spare
    w1, w2 = work.inverse[0], work.inverse[1]
    q_r, q_i = rows[0, Q], rows[1, Q]
    first_j, last_j = law.start[B], law.start[B] + law.size[B]
    for j in range(first_j, last_j):
        on_product(B, j, -1, law, work, q_r, q_i)
        times(q_r, q_i, work.phi1[0, j], work.phi1[1, j], q_r, q_i)
        sums[0, j] += point.on[B] * real_sum(w2, rows[0, P0], rows[1, P0], q_r, q_i, spare)
        sums[1, j] += point.on[B] * imaginary_sum(w1, rows[0, PI], rows[1, PI], q_r, q_i, spare)
    if lead < 0:
        return
    z = Z0 if beside else ALONE
    z_r, z_i, y_r, y_i = rows[0, z], rows[1, z], rows[0, ZI], rows[1, ZI]
    shift = plan.rest[B] - plan.delta[B]
    leading(weight * point.on[B], shift, lead, step, first, work.phi1, rows)
    sums[0, lead] -= real_sum(w2, z_r, z_i, rows[0, LEADING], rows[1, LEADING], spare)
    if beside:
        sums[1, lead] -= imaginary_sum(w1, y_r, y_i, rows[0, LEADING], rows[1, LEADING], spare)
    leading(weight * point.on[B], shift, lead, step, first, work.phi, rows)
    s2 = real_sum(w2, z_r, z_i, rows[0, LEADING], rows[1, LEADING], spare)
    s3 = imaginary_sum(w1, y_r, y_i, rows[0, LEADING], rows[1, LEADING], spare) if beside else 0.0
    by_mean = by_mean_i = 0.0
    if small:
        for q in range(SPAN):
            q_r[q], q_i[q] = work.leave[0, B, q] + 1.0, work.leave[1, B, q]
        by_mean = weight * real_sum(w2, z_r, z_i, q_r, q_i, spare)
        by_mean_i = weight * imaginary_sum(w1, y_r, y_i, q_r, q_i, spare) if beside else 0.0
    for j in range(first_j, last_j):
        if j != lead:
            sums[0, j] -= law.mean[j] * s2
            sums[1, j] -= law.mean[j] * s3
        sums[0, j] += plan.slope[j] * by_mean
        sums[1, j] += plan.slope[j] * by_mean_i


@thin
def _other_sums(i, own, step, first, law, point, frozen, plan, work):
    """sums += for the members of all other blocks."""
    rows, last = work.rows, law.start.shape[0]
    _prepare_others(i, own, law, point, work)
    after_r, after_i = rows[0, AFTER], rows[1, AFTER]
    for B in range(last - 1, -1, -1):
        if own == B:
            continue
        q_r, q_i = rows[0, Q], rows[1, Q]
        times(work.before[0, B], work.before[1, B], after_r, after_i, q_r, q_i)
        times(q_r, q_i, rows[0, OWN0], rows[1, OWN0], rows[0, P0], rows[1, P0])
        times(q_r, q_i, rows[0, OWNI], rows[1, OWNI], rows[0, PI], rows[1, PI])
        small, beside, weight = frozen.small[i, B], pairs(law, i, B), plan.weight[B]
        if law.together[B]:
            lead = frozen.lead[i, B]
            _together(B, weight, small, beside, lead, step, first, law, point, plan, work)
        else:
            _apart(B, weight, small, beside, step, first, law, point, plan, work)
        times(after_r, after_i, work.block[0, B], work.block[1, B], after_r, after_i)
    by_mean = by_mean_i = 0.0
    for q in range(SPAN):
        by_mean += work.inverse[1, q] * rows[0, SUB0, q]
        by_mean_i += work.inverse[0, q] * rows[1, SUBI, q]
    for j in range(plan.slope.shape[0]):
        work.sums[0, j] -= plan.slope[j] * by_mean
        work.sums[1, j] -= plan.slope[j] * by_mean_i


@part
def series_sums(i, a, b, nodes, gradient, law, point, frozen, plan, work):
    """(s1, s2 of feature i, s2 and s3 without a feature) of output i over `nodes` odd harmonics.

    `nodes` is a multiple of SPAN. With `gradient`, work.sums <- s2_j and s3_j of every feature.
    """
    own, step, blocks_ = law.block_of[i], pi / frozen.period[i], law.start.shape[0]
    s1 = s2 = s20 = s30 = 0.0
    for k in range(work.sums.shape[1]):
        work.sums[0, k] = work.sums[1, k] = 0.0
    for done in range(0, nodes, SPAN):
        first = 2.0 * done + 1.0
        features(a, step, first, law, work)
        blocks(law, point, work)
        leaving(i, step, first, law, point, frozen, plan, work)
        own_block(i, own, step, first, law, point, frozen, plan, work)
        products(own, b + plan.weight[blocks_ + 1], b, step, first, law, work)
        more = _value_sums(blocks_, work)
        s1, s2, s20, s30 = s1 + more[0], s2 + more[1], s20 + more[2], s30 + more[3]
        if gradient:
            if law.together[own]:
                _own_together(i, own, a, step, first, law, point, frozen, plan, work)
            else:
                _own_apart(i, own, a, step, first, law, point, work)
            _other_sums(i, own, step, first, law, point, frozen, plan, work)
    return s1, s2, s20, s30

"""The expected loss of a model with one pre-activation per output, and its gradient.

Output i is x'_i = f(z_i), z = A x + b with A = WᵀW (or W_out W_in), f(z) = α z + (1 − α) ReLU(z);
α = 0 is ReLU. As z·ReLU(z) = ReLU(z)²,

    E[(x_i − x'_i)²] = E[(x_i − α z)²] + E[κ₂ ReLU(z)² − 2 κ₁ x_i ReLU(z)],

and so with y = M x for x: such targets are summed box by box, or f is a line.

Here κ₁ = 1 − α, κ₂ = 1 − α². With 2 ReLU(z) = z + |z| the rest is polynomials and a Fourier series.
That of a feature that is 0 or 1 does not end: the patterns of active features are summed, and so
are boxes, where features are not in independent blocks.
"""

from __future__ import annotations

from math import inf, pi
from typing import NamedTuple

import numpy as np

from tegum.dims import F64
from tegum.engines.exact.boxes import over_boxes
from tegum.engines.exact.control import Plan, control_terms, make_plan, plan_room
from tegum.engines.exact.enumeration import EnumerationWork, enumeration_work, over_patterns
from tegum.engines.exact.law import Law
from tegum.engines.exact.numeric import CONSTANT, EXPONENTIAL, SIGNED, inline, part, thin
from tegum.engines.exact.patterns import (
    ALL,
    NO,
    SOME,
    PatternWork,
    constants,
    pattern_sums,
    pattern_work,
)  # fmt: skip
from tegum.engines.exact.polynomials import polynomials
from tegum.engines.exact.series import series_sums
from tegum.engines.exact.single import single_sums
from tegum.engines.exact.single_terms import single_terms
from tegum.engines.exact.spectrum import SeriesWork, series_work


class Work(NamedTuple):
    """Work arrays of one thread."""

    plan: Plan
    series: SeriesWork
    patterns: PatternWork  # where all features are 0 or 1
    mixed: EnumerationWork  # where some are
    by_a: F64  # (n, n): dL/dA
    by_b: F64  # (n,)
    losses: F64  # (n,): of each output, without its importance


def work_for(law: Law) -> Work:
    """Work arrays for a law."""
    n, blocks = len(law.family), len(law.start)
    some = bool((law.family == CONSTANT).any()) or len(law.shift) > 0
    return Work(
        plan=plan_room(n, blocks, int(law.size.max())),
        series=series_work(n, blocks),
        patterns=pattern_work(law),
        mixed=enumeration_work(n if some else 0, blocks if some else 0),
        by_a=np.zeros((n, n)),
        by_b=np.zeros(n),
        losses=np.zeros(n),
    )


@part
def is_complete(law):
    """Whether there is no series: T is the whole law, or patterns are summed.

    T is the law of one or two features, apart, neither of them exponential.
    """
    if law.shift.shape[0] > 0 or constants(law) != NO:
        return True
    if law.start.shape[0] > 2 or law.block_of.shape[0] > 2:
        return False
    other = law.together[0]
    for j in range(law.family.shape[0]):
        other = other or law.family[j] == EXPONENTIAL or law.together[law.block_of[j]]
    return not other


@inline
def _lowest(family, a):
    """The least that a feature can add to z; -inf if it has no end."""
    if family == SIGNED:
        return -abs(a)
    if a >= 0.0:
        return 0.0
    return -inf if family == EXPONENTIAL else a


@inline
def slope_of(b, a, alpha, law):
    """(Whether f is one line over all values that z can take, its slope there)."""
    if law.shift.shape[0] > 0:
        return alpha == 1.0, alpha
    low = high = b
    for j in range(a.shape[0]):
        if a[j] != 0.0:
            low += _lowest(law.family[j], a[j])
            high -= _lowest(law.family[j], -a[j])
    if low > 0.0:
        return True, 1.0
    return high <= 0.0 or alpha == 1.0, alpha  # at the kink, the slope from the left


@thin
def output_loss(i, b, alpha, nodes, gradient, setting, work):
    """E[(x_i − f(z))²] and its derivative by b_i, for z = a·x + b, a = plan.a; plan.da <- by a."""
    law, point, frozen = setting
    plan = work.plan
    a, da = plan.a, plan.da
    for j in range(a.shape[0]):
        da[j] = 0.0
    kappa1, kappa2, complete = 1.0 - alpha, 1.0 - alpha * alpha, is_complete(law)
    period = frozen.period[i]
    half = -1.0 if complete else 0.5 * period
    straight, slope = slope_of(b, a, alpha, law)
    value, by_b = polynomials(i, b, -1.0 if straight else half, slope, a, law, point, da)
    if straight:  # no kink within reach
        return value, by_b
    if law.shift.shape[0] > 0:
        kappa = kappa1, kappa2
        more, more_b = over_boxes(i, b, kappa, gradient, a, law, point, work.mixed, da)
        return value + more, by_b + more_b
    if constants(law) == ALL:
        kappa = kappa1, kappa2
        more, more_b = pattern_sums(i, b, kappa, gradient, a, law, point, work.patterns, da)
        return value + more, by_b + more_b
    if constants(law) == SOME:
        more, more_b = over_patterns(i, b, (kappa1, kappa2), gradient, a, law, point, work.mixed)
        for j in range(a.shape[0]):
            da[j] += work.mixed.da[j]
        return value + more, by_b + more_b
    make_plan(i, setting, plan)
    if law.single and not complete:
        more, more_b = single_terms(i, b, setting, plan, (kappa1, kappa2, half))
    else:
        more, more_b = control_terms(i, b, setting, plan, (kappa1, kappa2, half))
    value, by_b = value + more, by_b + more_b
    if not complete:
        if law.single:
            s1, s2, s20, s30 = single_sums(i, b, nodes, gradient, setting, plan, work.series)
        else:
            s1, s2, s20, s30 = series_sums(i, b, nodes, gradient, setting, plan, work.series)
        up = 4.0 * kappa2 * period / (pi * pi)
        over = 4.0 * kappa1 / pi
        value += period / pi * (over * s2 - up * s1)
        by_b -= up * s20 + over * s30
        if gradient:
            sums = work.series.sums
            for j in range(a.shape[0]):
                da[j] -= up * sums[0, j] + over * sums[1, j]
    return value, by_b


@thin
def loss_of_rows(rows, b, alpha, setting, work):
    """Σ_i I_i E[(x_i − x'_i)²] for A = rows (n, n); work.by_a, by_b <- derivatives.

    With the nodes that are frozen.
    """
    n, total = b.shape[0], 0.0
    for i in range(n):
        weight = setting.point.importance[i]
        work.by_b[i] = 0.0
        if weight == 0.0:
            for j in range(n):
                work.by_a[i, j] = 0.0
            continue
        for j in range(n):
            work.plan.a[j] = rows[i, j]
        nodes = setting.frozen.nodes[i]
        gradient = nodes >= 0  # True; a literal is a type of its own, and compiled for it alone
        value, by_b = output_loss(i, b[i], alpha, nodes, gradient, setting, work)
        total += weight * value
        work.by_b[i] = weight * by_b
        for j in range(n):
            work.by_a[i, j] = weight * work.plan.da[j]
    return total

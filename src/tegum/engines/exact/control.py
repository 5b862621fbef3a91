"""The part T of a law that is taken out of the series and integrated in closed form.

T holds, for output i, the own block exactly and at most one other block away from its base. The
base of a block is *off*, with the probability of that; or, for a block whose weights are all
*small* (two of them together look like an atom to the series), its mean shift δ of z, and then the
block may leave it by its exact law. A block whose members are active together leaves its base by
one varying member, the *lead*, the others at their mean; with two large members it need not, as
the series of such a term converges fast. So at most two features vary in any term.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tegum.dims import F64, I64
from tegum.engines.exact.numeric import (
    EXPONENTIAL,
    MOMENTS,
    NONE,
    R1,
    R2,
    VR,
    X1,
    XR,
    XV,
    XX,
    inline,
    part,
)
from tegum.engines.exact.single_terms import term_rows
from tegum.engines.exact.single_window import window_rows
from tegum.engines.exact.terms import both_active, none_active, other_active, own_active

_NEGLIGIBLE = 1e-19
#: Columns of `Plan.which`: the features that vary (-1: none); the block that is away from its mean,
#: and the one whose members beside the lead stand at their mean (-1: none).
X, V, MOVED, RESTING = range(4)


class Plan(NamedTuple):
    """One output: its coefficients, how the blocks enter T, and T's terms."""

    a: F64  # (n,): its row of A
    da: F64  # (n,): the derivative of its loss by that
    base: F64  # (1,): the weight of T's base
    weight: F64  # (B,): of leaving it, by block
    shift: F64  # (1,): of z, by the means of all small blocks
    delta: F64  # (B,): mean shift of a small block
    rest: F64  # (B,): shift by the members beside the lead, when a `together` block is on
    slope: F64  # (n,): dδ/da of a feature in a small block, 0 in others
    moved: F64  # (B,): what the terms say of a block's mean shift
    term: F64  # (terms, 2): weight and t of each term
    which: I64  # (terms, 4): see X, V, MOVED, RESTING
    moments: F64  # (MOMENTS,)
    lanes: F64  # (ROWS, terms): see `single_terms`
    window: F64  # (3, features): see `single_window`


def plan_room(n: int, blocks: int, largest: int) -> Plan:
    """Room for a plan; `largest` is the size of the largest block."""
    terms = (largest + 1) * (1 + n + 2 * blocks) + 1
    return Plan(
        a=np.zeros(n),
        da=np.zeros(n),
        base=np.zeros(1),
        weight=np.zeros(blocks),
        shift=np.zeros(1),
        delta=np.zeros(blocks),
        rest=np.zeros(blocks),
        slope=np.zeros(n),
        moved=np.zeros(blocks),
        term=np.zeros((terms, 2)),
        which=np.zeros((terms, 4), np.int64),
        moments=np.zeros(MOMENTS),
        lanes=term_rows(n),
        window=window_rows(n),
    )


@part
def make_plan(i, setting, plan):
    """plan <- for output i with the coefficients plan.a."""
    law, point, frozen = setting
    a, own = plan.a, law.block_of[i]
    zeros, product, total = 0, 1.0, 0.0
    for B in range(law.start.shape[0]):
        plan.delta[B] = plan.rest[B] = 0.0
        lead, p = frozen.lead[i, B], point.probability[B]
        for j in range(law.start[B], law.start[B] + law.size[B]):
            plan.slope[j] = 0.0
            if frozen.small[i, B] and own != B:
                plan.slope[j] = p * point.share[j] * law.mean[j]
                plan.delta[B] += plan.slope[j] * a[j]
            if law.together[B] and j != lead and j != i:
                plan.rest[B] += law.mean[j] * a[j]
        total += plan.delta[B]
        if own != B and not frozen.small[i, B]:
            if p >= 1.0:
                zeros += 1
            else:
                product *= 1.0 - p
    plan.base[0] = product if zeros == 0 else 0.0
    plan.shift[0] = total
    for B in range(law.start.shape[0]):
        p = point.probability[B]
        if own == B:
            plan.weight[B] = 0.0
        elif frozen.small[i, B]:
            plan.weight[B] = plan.base[0]
        elif p >= 1.0:
            plan.weight[B] = product if zeros == 1 else 0.0
        else:
            plan.weight[B] = product / (1.0 - p) if zeros == 0 else 0.0


@inline
def pairs(law, i, B):
    """Whether a varying member of block B may stand beside a varying member of the own block."""
    return law.family[i] != EXPONENTIAL and law.family[law.start[B]] != EXPONENTIAL


@inline
def term(t, x, v, law, plan, kappa):
    """One term: its value, and the derivatives by t, by the own coefficient c and by the other, d.

    kappa = (κ₁, κ₂, h). x, v >= 0 name the own and the other feature where they vary; -1 stands
    for inactive. The value is E[κ₂ R² − 2 κ₁ x R] less what polynomials and the linear part of the
    series say of it, E[κ₂ z²/2 − κ₁ x z + h (κ₂ z − κ₁ x)]; with h < 0 nothing is taken off.
    """
    (kappa1, kappa2, half_period), moments = kappa, plan.moments
    c = d = mean_x = square_x = mean_v = square_v = 0.0
    if x >= 0:
        c, mean_x, square_x = plan.a[x], law.mean[x], law.square[x]
    if v >= 0:
        d, mean_v, square_v = plan.a[v], law.mean[v], law.square[v]
    if x >= 0 and v >= 0:
        both_active(t, c, law.family[x], d, law.family[v], moments)
    elif x >= 0:
        own_active(t, c, law.family[x], moments)
    elif v >= 0:
        other_active(t, d, law.family[v], moments)
    else:
        none_active(t, moments)
    value = kappa2 * moments[R2] - 2.0 * kappa1 * moments[XR]
    by_t = 2.0 * (kappa2 * moments[R1] - kappa1 * moments[X1])
    by_c = 2.0 * (kappa2 * moments[XR] - kappa1 * moments[XX])
    by_d = 2.0 * (kappa2 * moments[VR] - kappa1 * moments[XV])
    if half_period >= 0.0:
        cross = mean_x * mean_v
        z = t + c * mean_x + d * mean_v
        xz = t * mean_x + c * square_x + d * cross
        vz = t * mean_v + c * cross + d * square_v
        zz = t * z + c * xz + d * vz
        up = kappa2 * half_period
        value -= 0.5 * kappa2 * zz - kappa1 * xz + up * z - kappa1 * half_period * mean_x
        by_t -= kappa2 * z - kappa1 * mean_x + up
        by_c -= kappa2 * xz - kappa1 * square_x + up * mean_x
        by_d -= kappa2 * vz - kappa1 * cross + up * mean_v
    return value, by_t, by_c, by_d


@inline
def _put(k, weight, t, which, plan):
    """Write down a term, which = (x, v, moved, resting); the number of the next one."""
    plan.term[k, 0], plan.term[k, 1] = weight, t
    plan.which[k, X], plan.which[k, V], plan.which[k, MOVED], plan.which[k, RESTING] = which
    return k + 1


@part
def _list_state(k, weight, t, x, i, setting, plan):
    """The terms with the own block in one state: `x` of it varies, or none (-1)."""
    law, point, frozen = setting
    own = law.block_of[i]
    k = _put(k, weight * plan.base[0], t, (x, NONE, NONE, NONE), plan)
    for B in range(law.start.shape[0]):
        share, p = weight * plan.weight[B], point.probability[B]
        if own == B or share <= _NEGLIGIBLE or (x >= 0 and not pairs(law, i, B)):
            continue
        lead, base, moved = frozen.lead[i, B], t, NONE
        if frozen.small[i, B]:
            base, moved = t - plan.delta[B], B
            k = _put(k, share * (1.0 - p), base, (x, NONE, B, NONE), plan)
            k = _put(k, -share, t, (x, NONE, NONE, NONE), plan)
        if law.together[B]:
            if lead >= 0:
                k = _put(k, share * p, base + plan.rest[B], (x, lead, moved, B), plan)
            continue
        for v in range(law.start[B], law.start[B] + law.size[B]):
            k = _put(k, share * p * point.share[v], base, (x, v, moved, NONE), plan)
    return k


@inline
def _list_terms(i, b, setting, plan):
    """All terms of T for output i; returns how many."""
    law, point, frozen = setting
    own = law.block_of[i]
    t, p, k = b + plan.shift[0], point.probability[own], 0
    first, members = law.start[own], law.size[own]
    if law.together[own]:
        lead = frozen.lead[i, own]
        if lead >= 0:
            k = _put(k, p * plan.base[0], t + plan.rest[own], (i, lead, NONE, own), plan)
        members = 0
    for member in range(-1, members):
        x = NONE if member < 0 else first + member
        weight = 1.0 - p if member < 0 else p * point.share[x]
        if weight > _NEGLIGIBLE:
            k = _list_state(k, weight, t, x, i, setting, plan)
    return k


@part
def control_terms(i, b, setting, plan, kappa):
    """T's part of output i: (value, derivative by b); plan.da += the derivatives by a.

    kappa = (κ₁, κ₂, h) as `term` reads it.
    """
    law, da = setting.law, plan.da
    value = total = 0.0
    kappa1, kappa2, half_period = kappa
    for B in range(plan.moved.shape[0]):
        plan.moved[B] = 0.0
    for k in range(_list_terms(i, b, setting, plan)):
        weight, t = plan.term[k, 0], plan.term[k, 1]
        if abs(weight) <= _NEGLIGIBLE:
            continue
        x, v = plan.which[k, X], plan.which[k, V]
        # where another member of its block is active, the own feature is 0: x does not count
        one = kappa1 if x == i else 0.0
        f, by_t, by_c, by_d = term(t, x, v, law, plan, (one, kappa2, half_period))
        value += weight * f
        total += weight * by_t
        if x >= 0:
            da[x] += weight * by_c
        if v >= 0:
            da[v] += weight * by_d
        B = plan.which[k, MOVED]
        if B >= 0:
            plan.moved[B] += weight * by_t
        B = plan.which[k, RESTING]
        if B >= 0:
            for r in range(law.start[B], law.start[B] + law.size[B]):
                if r not in (v, i):
                    da[r] += law.mean[r] * weight * by_t
    for r in range(da.shape[0]):
        da[r] += plan.slope[r] * (total - plan.moved[law.block_of[r]])
    return value, total

"""The characteristic functions of one output's pre-activation z, and of the law T taken out of it.

Everything is a product or a sum over blocks of features, in rows of SPAN nodes ω = k·step.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tegum.dims import F64
from tegum.engines.exact.control import pairs
from tegum.engines.exact.numeric import NONE, inline, part
from tegum.engines.exact.rows import (
    SPAN,
    add_scaled,
    copy,
    fill,
    magnitude,
    phases,
    times,
)  # fmt: skip
from tegum.engines.exact.single_tiles import tile_rows

#: Rows of `SeriesWork.rows`. OWN0, OWNI: E[e^{iω·}], E[x_i e^{iω·}] of the own block. T0: e^{iωt}
#: with t the base of T. ALL, PAIRED: the sums over what leaves its base, beside a fixed and beside
#: a varying own block. SUB0, SUBI: T's Φ and Ψ_i. Z0, ZI, ALONE: T's own block, times T0, beside a
#: block that varies or may not. AFTER: the product of later blocks. P0, PI: cofactors of a block.
#: The rest is for passing use.
(
    OWN0, OWNI, T0, ALL, PAIRED, SUB0, SUBI, Z0, ZI, ALONE, AFTER, P0, PI, TURN, Q, LEADING
) = range(16)  # fmt: skip
ROWS: Final = 16


class SeriesWork(NamedTuple):
    """Work arrays of one thread, mostly complex rows of SPAN nodes."""

    turn: F64  # (n, 2, SPAN): cos and sin of half the phase of a feature
    phi: F64  # (n, 2, SPAN): E[e^{iωax}] of a magnitude
    phi1: F64  # (n, 2, SPAN): E[x e^{iωax}]
    block: F64  # (B, 2, SPAN): E[e^{iω·}] of a block
    leave: F64  # (B, 2, SPAN): what T has in its place when it leaves its base
    before: F64  # (B + 1, 2, SPAN): products of the blocks before, the own one left out
    rows: F64  # (ROWS, 2, SPAN)
    inverse: F64  # (3, SPAN): 1/k, 1/k², 1/k³
    sums: F64  # (2, n): s2 and s3
    spare: F64  # (SPAN,)
    tiles: F64  # (n + 2, WIDTH): see `single_tiles`
    course: F64  # (3, steps): how sums grow with the nodes


def series_work(n: int, blocks: int) -> SeriesWork:
    """Work arrays for n features in so many blocks."""
    return SeriesWork(
        turn=np.zeros((n, 2, SPAN)),
        phi=np.zeros((n, 2, SPAN)),
        phi1=np.zeros((n, 2, SPAN)),
        block=np.zeros((blocks, 2, SPAN)),
        leave=np.zeros((blocks, 2, SPAN)),
        before=np.zeros((blocks + 1, 2, SPAN)),
        rows=np.zeros((ROWS, 2, SPAN)),
        inverse=np.zeros((3, SPAN)),
        sums=np.zeros((2, n)),
        spare=np.zeros(SPAN),
        tiles=tile_rows(n),
        course=np.zeros((3, SPAN)),
    )


@inline
def features(a, span, law, work):
    """phi, phi1 <- of every feature at this span of nodes."""
    for q in range(SPAN):
        r = 1.0 / (span.first + 2.0 * q)
        work.inverse[0, q], work.inverse[1, q], work.inverse[2, q] = r, r * r, r * r * r
    for j in range(a.shape[0]):
        magnitude(
            law.family[j], a[j], span, work.inverse[0], work.turn[j], work.phi[j], work.phi1[j]
        )


@part
def on_product(B, skip, also, law, phi, into):
    """into <- the product of phi over the members of a `together` block but `skip` and `also`."""
    fill(1.0, into)
    for j in range(law.start[B], law.start[B] + law.size[B]):
        if j not in (skip, also):
            times(into, phi[j], into)


@inline
def blocks(law, point, work):
    """block <- 1 − p + p (mean of phi over the members, or their product)."""
    for B in range(law.start.shape[0]):
        row, p = work.block[B], point.probability[B]
        if law.together[B]:
            on_product(B, NONE, NONE, law, work.phi, row)
            for q in range(SPAN):
                row[0, q] = 1.0 - p + p * row[0, q]
                row[1, q] *= p
            continue
        fill(1.0 - p, row)
        for j in range(law.start[B], law.start[B] + law.size[B]):
            add_scaled(p * point.share[j], work.phi[j], row)


@part
def leading(weight, rest, span, phi, rows):
    """LEADING <- weight e^{iω·rest} phi, the row (phi or phi1) of the lead."""
    into = rows[LEADING]
    phases(span.step * rest, span.first, rows[TURN])
    times(rows[TURN], phi, into)
    for q in range(SPAN):
        into[0, q] *= weight
        into[1, q] *= weight


@inline
def leaving(i, span, setting, plan, work):
    """leave <- by block; ALL, PAIRED <- their weighted sums with the base."""
    law, point, frozen = setting
    rows, own = work.rows, law.block_of[i]
    fill(plan.base[0], rows[ALL])
    fill(plan.base[0], rows[PAIRED])
    for B in range(law.start.shape[0]):
        row = work.leave[B]
        if own == B:
            continue
        small, lead, p = frozen.small[i, B], frozen.lead[i, B], point.probability[B]
        fill(1.0 - p if small else 0.0, row)
        if law.together[B]:
            if lead >= 0:
                leading(p, plan.rest[B], span, work.phi[lead], rows)
                add_scaled(1.0, rows[LEADING], row)
        else:
            for j in range(law.start[B], law.start[B] + law.size[B]):
                add_scaled(p * point.share[j], work.phi[j], row)
        if small:
            phases(-span.step * plan.delta[B], span.first, rows[TURN])
            times(row, rows[TURN], row)
            for q in range(SPAN):
                row[0, q] -= 1.0
        add_scaled(plan.weight[B], row, rows[ALL])
        if pairs(law, i, B):
            add_scaled(plan.weight[B], row, rows[PAIRED])


@inline
def own_block(i, own, span, setting, plan, work):
    """OWN0, OWNI <- of the law; SUB0, SUBI <- of T, without its T0."""
    law, point, frozen = setting
    rows, p = work.rows, point.probability[own]
    copy(work.block[own], rows[OWN0])
    fill(0.0, rows[OWNI])
    for k in (SUB0, SUBI):
        fill(0.0, rows[k])
    off = 1.0 - p
    if not law.together[own]:
        add_scaled(p * point.share[i], work.phi1[i], rows[OWNI])
        # one varying member: SUB = PAIRED·(OWN − off) + ALL·off
        for q in range(SPAN):
            r, s = rows[OWN0, 0, q] - off, rows[OWN0, 1, q]
            rows[SUB0, 0, q] = (
                r * rows[PAIRED, 0, q] - s * rows[PAIRED, 1, q] + off * rows[ALL, 0, q]
            )
            rows[SUB0, 1, q] = (
                r * rows[PAIRED, 1, q] + s * rows[PAIRED, 0, q] + off * rows[ALL, 1, q]
            )
        times(rows[OWNI], rows[PAIRED], rows[SUBI])
    else:
        on_product(own, i, NONE, law, work.phi, rows[Q])
        times(work.phi1[i], rows[Q], rows[Q])
        add_scaled(p, rows[Q], rows[OWNI])
        add_scaled(off, rows[ALL], rows[SUB0])
        lead = frozen.lead[i, own]
        if lead >= 0:
            leading(p * plan.base[0], plan.rest[own], span, work.phi[lead], rows)
            times(rows[LEADING], work.phi[i], rows[Q])
            add_scaled(1.0, rows[Q], rows[SUB0])
            times(rows[LEADING], work.phi1[i], rows[Q])
            add_scaled(1.0, rows[Q], rows[SUBI])


@inline
def products(own, t, b, span, law, work):
    """before <- products of the blocks in order; T0 <- e^{iωt}; SUB0, SUBI <- times T0."""
    rows = work.rows
    phases(span.step * b, span.first, work.before[0])
    for B in range(law.start.shape[0]):
        if own == B:
            copy(work.before[B], work.before[B + 1])
        else:
            times(work.before[B], work.block[B], work.before[B + 1])
    phases(span.step * t, span.first, rows[T0])
    for k in (SUB0, SUBI):
        times(rows[k], rows[T0], rows[k])

"""The characteristic functions of one output's pre-activation z, and of the law T taken out of it.

Everything is a product or a sum over blocks of features, in rows of SPAN nodes ω = k·step.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tegum.dims import F64
from tegum.engines.exact.control import pairs
from tegum.engines.exact.numeric import part, thin
from tegum.engines.exact.rows import (
    SPAN,
    add_scaled,
    copy,
    fill,
    magnitude,
    phases,
    times,
)  # fmt: skip

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
    """Work arrays of one thread: rows of SPAN nodes, real [0] and imaginary [1] parts."""

    turn: F64  # (2, n, SPAN): cos and sin of half the phase of a feature
    phi: F64  # (2, n, SPAN): E[e^{iωax}] of a magnitude
    phi1: F64  # (2, n, SPAN): E[x e^{iωax}]
    block: F64  # (2, B, SPAN): E[e^{iω·}] of a block
    leave: F64  # (2, B, SPAN): what T has in its place when it leaves its base
    before: F64  # (2, B + 1, SPAN): products of the blocks before, the own one left out
    rows: F64  # (2, ROWS, SPAN)
    inverse: F64  # (3, SPAN): 1/k, 1/k², 1/k³
    sums: F64  # (2, n): s2 and s3
    spare: F64  # (SPAN,)


def series_work(n: int, blocks: int) -> SeriesWork:
    """Work arrays for n features in so many blocks."""
    return SeriesWork(
        turn=np.zeros((2, n, SPAN)),
        phi=np.zeros((2, n, SPAN)),
        phi1=np.zeros((2, n, SPAN)),
        block=np.zeros((2, blocks, SPAN)),
        leave=np.zeros((2, blocks, SPAN)),
        before=np.zeros((2, blocks + 1, SPAN)),
        rows=np.zeros((2, ROWS, SPAN)),
        inverse=np.zeros((3, SPAN)),
        sums=np.zeros((2, n)),
        spare=np.zeros(SPAN),
    )


@thin
def features(a, step, first, law, work):
    """phi, phi1 <- of every feature at this span of nodes."""
    for q in range(SPAN):
        r = 1.0 / (first + 2.0 * q)
        work.inverse[0, q], work.inverse[1, q], work.inverse[2, q] = r, r * r, r * r * r
    for j in range(a.shape[0]):
        magnitude(
            law.family[j], a[j], step, first, work.inverse[0], work.turn[0, j], work.turn[1, j],
            work.phi[0, j], work.phi[1, j], work.phi1[0, j], work.phi1[1, j],
        )  # fmt: skip


@part
def on_product(B, skip, also, law, work, into_r, into_i):
    """into <- the product of phi over the members of a `together` block but `skip` and `also`."""
    fill(1.0, into_r, into_i)
    for j in range(law.start[B], law.start[B] + law.size[B]):
        if j not in (skip, also):
            times(into_r, into_i, work.phi[0, j], work.phi[1, j], into_r, into_i)


@thin
def blocks(law, point, work):
    """block <- 1 − p + p (mean of phi over the members, or their product)."""
    for B in range(law.start.shape[0]):
        row_r, row_i = work.block[0, B], work.block[1, B]
        on = point.on[B]
        if law.together[B]:
            on_product(B, -1, -1, law, work, row_r, row_i)
            for q in range(SPAN):
                row_r[q] = 1.0 - on + on * row_r[q]
                row_i[q] *= on
            continue
        fill(1.0 - on, row_r, row_i)
        for j in range(law.start[B], law.start[B] + law.size[B]):
            add_scaled(on * point.share[j], work.phi[0, j], work.phi[1, j], row_r, row_i)


@part
def leading(on, rest, lead, step, first, phi, rows):
    """LEADING <- p e^{iω·rest} phi of the lead (phi or phi1)."""
    r, i = rows[0, LEADING], rows[1, LEADING]
    phases(step * rest, first, rows[0, TURN], rows[1, TURN])
    times(rows[0, TURN], rows[1, TURN], phi[0, lead], phi[1, lead], r, i)
    for q in range(SPAN):
        r[q] *= on
        i[q] *= on


@thin
def leaving(i, step, first, law, point, frozen, plan, work):
    """leave <- by block; ALL, PAIRED <- their weighted sums with the base."""
    rows, blocks = work.rows, law.start.shape[0]
    own = law.block_of[i]
    fill(plan.weight[blocks], rows[0, ALL], rows[1, ALL])
    fill(plan.weight[blocks], rows[0, PAIRED], rows[1, PAIRED])
    for B in range(blocks):
        row_r, row_i = work.leave[0, B], work.leave[1, B]
        if own == B:
            continue
        small, lead, on = frozen.small[i, B], frozen.lead[i, B], point.on[B]
        fill(1.0 - on if small else 0.0, row_r, row_i)
        if law.together[B]:
            if lead >= 0:
                leading(on, plan.rest[B], lead, step, first, work.phi, rows)
                add_scaled(1.0, rows[0, LEADING], rows[1, LEADING], row_r, row_i)
        else:
            for j in range(law.start[B], law.start[B] + law.size[B]):
                add_scaled(on * point.share[j], work.phi[0, j], work.phi[1, j], row_r, row_i)
        if small:
            phases(-step * plan.delta[B], first, rows[0, TURN], rows[1, TURN])
            times(row_r, row_i, rows[0, TURN], rows[1, TURN], row_r, row_i)
            for q in range(SPAN):
                row_r[q] -= 1.0
        add_scaled(plan.weight[B], row_r, row_i, rows[0, ALL], rows[1, ALL])
        if pairs(law, i, B):
            add_scaled(plan.weight[B], row_r, row_i, rows[0, PAIRED], rows[1, PAIRED])


@thin
def own_block(i, own, step, first, law, point, frozen, plan, work):
    """OWN0, OWNI <- of the law; SUB0, SUBI <- of T, without its T0."""
    rows, on, blocks = work.rows, point.on[own], law.start.shape[0]
    copy(work.block[0, own], work.block[1, own], rows[0, OWN0], rows[1, OWN0])
    fill(0.0, rows[0, OWNI], rows[1, OWNI])
    for row in (SUB0, SUBI):
        fill(0.0, rows[0, row], rows[1, row])
    off = 1.0 - on
    if not law.together[own]:
        add_scaled(
            on * point.share[i], work.phi1[0, i], work.phi1[1, i], rows[0, OWNI], rows[1, OWNI]
        )
        # one varying member: SUB = PAIRED·(OWN − off) + ALL·off
        for q in range(SPAN):
            r, s = rows[0, OWN0, q] - off, rows[1, OWN0, q]
            rows[0, SUB0, q] = (
                r * rows[0, PAIRED, q] - s * rows[1, PAIRED, q] + off * rows[0, ALL, q]
            )
            rows[1, SUB0, q] = (
                r * rows[1, PAIRED, q] + s * rows[0, PAIRED, q] + off * rows[1, ALL, q]
            )
        times(
            rows[0, OWNI], rows[1, OWNI], rows[0, PAIRED], rows[1, PAIRED],
            rows[0, SUBI], rows[1, SUBI],
        )  # fmt: skip
    else:
        on_product(own, i, -1, law, work, rows[0, Q], rows[1, Q])
        times(work.phi1[0, i], work.phi1[1, i], rows[0, Q], rows[1, Q], rows[0, Q], rows[1, Q])
        add_scaled(on, rows[0, Q], rows[1, Q], rows[0, OWNI], rows[1, OWNI])
        add_scaled(off, rows[0, ALL], rows[1, ALL], rows[0, SUB0], rows[1, SUB0])
        lead = frozen.lead[i, own]
        if lead >= 0:
            leading(on * plan.weight[blocks], plan.rest[own], lead, step, first, work.phi, rows)
            lead_r, lead_i = rows[0, LEADING], rows[1, LEADING]
            times(lead_r, lead_i, work.phi[0, i], work.phi[1, i], rows[0, Q], rows[1, Q])
            add_scaled(1.0, rows[0, Q], rows[1, Q], rows[0, SUB0], rows[1, SUB0])
            times(lead_r, lead_i, work.phi1[0, i], work.phi1[1, i], rows[0, Q], rows[1, Q])
            add_scaled(1.0, rows[0, Q], rows[1, Q], rows[0, SUBI], rows[1, SUBI])


@thin
def products(own, t, b, step, first, law, work):
    """before <- products of the blocks in order; T0 <- e^{iωt}; SUB0, SUBI <- times T0."""
    rows, blocks = work.rows, law.start.shape[0]
    phases(step * b, first, work.before[0, 0], work.before[1, 0])
    for B in range(blocks):
        into_r, into_i = work.before[0, B + 1], work.before[1, B + 1]
        if own == B:
            copy(work.before[0, B], work.before[1, B], into_r, into_i)
        else:
            times(
                work.before[0, B], work.before[1, B], work.block[0, B], work.block[1, B],
                into_r, into_i,
            )  # fmt: skip
    phases(step * t, first, rows[0, T0], rows[1, T0])
    for row in (SUB0, SUBI):
        times(rows[0, row], rows[1, row], rows[0, T0], rows[1, T0], rows[0, row], rows[1, row])

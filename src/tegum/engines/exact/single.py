"""The series where every block is one feature, uniform or signed: see `single_tiles`."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Final

from tegum.engines.exact.control import make_plan
from tegum.engines.exact.lanes import LANES
from tegum.engines.exact.numeric import SIGNED, inline, part
from tegum.engines.exact.single_tiles import (
    ANGLE,
    BACK,
    BASE,
    CHANCE,
    IS_SIGNED,
    IS_SMALL,
    MEAN,
    OVER,
    PHASE,
    PSI,
    SHIFTED,
    START,
    SUMS,
    TOTALS,
    TURN,
    TURN_BACK,
    WEIGHT,
    begin_phase,
    sum_tiles,
    total_of,
)  # fmt: skip

#: Nodes are counted in steps of two tiles.
STEP: Final = 2 * LANES


@inline
def _begin(rows, at, angle):
    """The phases of a row at the first tile, and how they turn."""
    rows[at, TURN], rows[at, TURN + 1] = begin_phase(rows, at, PHASE, cos(angle), sin(angle))


@part
def _prepare(i, b, setting, plan, rows):
    """rows <- as the first tile finds them."""
    law, point, frozen = setting
    n, step = plan.a.shape[0], pi / frozen.period[i]
    for j in range(n):
        signed = law.family[j] == SIGNED
        angle = step * plan.a[j] * (1.0 if signed else 0.5)
        rows[j, ANGLE], rows[j, OVER] = angle, 0.5 / angle if angle != 0.0 else 0.0
        rows[j, CHANCE], rows[j, WEIGHT] = point.probability[j], plan.weight[j]
        rows[j, IS_SIGNED], rows[j, IS_SMALL] = 1.0 if signed else 0.0, 0.0
        _begin(rows, j, angle)
        for k in range(SUMS, SUMS + 2 * LANES):
            rows[j, k] = 0.0
        if frozen.small[i, j] and j != i:
            rows[j, IS_SMALL], rows[j, MEAN], back = 1.0, law.mean[j], -step * plan.delta[j]
            rows[j, TURN_BACK], rows[j, TURN_BACK + 1] = begin_phase(
                rows, j, BACK, cos(back), sin(back)
            )
    rows[n + START, BASE] = plan.base[0]
    _begin(rows, n + START, step * b)
    _begin(rows, n + SHIFTED, step * (b + plan.shift[0]))
    for k in range(PSI, PSI + TOTALS * LANES):
        rows[n + START, k] = 0.0


@inline
def _total(rows, n, number):
    """One of the totals."""
    return total_of(rows, n + START, PSI + number * LANES)


@part
def single_sums(i, b, nodes, gradient, setting, plan, work):
    """`series.series_sums` for such laws; `nodes` is a multiple of STEP.

    Without `gradient`, work.course <- how the sums of the derivatives by b and by the own
    coefficient grow from step to step.
    """
    point, n, rows = setting.point, plan.a.shape[0], work.tiles
    _prepare(i, b, setting, plan, rows)
    for k in range(nodes // STEP):
        sum_tiles(rows, n, i, 2 * k, 2 * k + 2, gradient)
        if not gradient and k < work.course.shape[1]:
            work.course[0, k] = _total(rows, n, 1)
            work.course[1, k], work.course[2, k] = _total(rows, n, 3), _total(rows, n, 4)
    s1, s20 = _total(rows, n, 0), _total(rows, n, 1)
    p, s2, s30 = point.probability[i], _total(rows, n, 2), _total(rows, n, 3)
    square, mean, mean_own = _total(rows, n, 4), _total(rows, n, 5), _total(rows, n, 6)
    if gradient:
        for j in range(n):
            if j != i:
                real, imaginary = total_of(rows, j, SUMS), total_of(rows, j, SUMS + LANES)
                p_j, slope = point.probability[j], plan.slope[j]
                work.sums[0, j] = p_j * real - slope * mean
                work.sums[1, j] = p * (p_j * imaginary - slope * mean_own)
        work.sums[0, i], work.sums[1, i] = p * s2, p * square
    return s1, p * s2, s20, p * s30


@inline
def fewest_nodes(i, b, alpha, limits, setting, plan, work):
    """How few nodes of output i do, a multiple of STEP: the others, up to the most, add little.

    limits: (most, missed). The derivatives by b and by the own coefficient change by at most
    `missed` if the others are left out, and so from every smaller number on. For plan.a, at what is
    frozen.
    """
    most, missed = limits
    course, p = work.course, setting.point.probability[i]
    make_plan(i, setting, plan)
    steps = min(most // STEP, course.shape[1])
    none = most < 0  # no gradient; a literal is a type of its own, and compiled for it alone
    single_sums(i, b, steps * STEP, none, setting, plan, work)
    up = 4.0 * (1.0 - alpha * alpha) * setting.frozen.period[i] / (pi * pi)
    over, last = 4.0 * (1.0 - alpha) * p / pi, steps
    while last > 1:
        lost = up * abs(course[0, last - 2] - course[0, steps - 1])
        for k in range(1, 3):
            lost += over * abs(course[k, last - 2] - course[k, steps - 1])
        if not lost <= missed:
            break
        last -= 1
    return most if last == steps else last * STEP

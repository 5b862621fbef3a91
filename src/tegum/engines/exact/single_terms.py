"""T's terms where every block is one feature, uniform or signed: LANES of them at once.

As `control` has it: each term is a weight, a t, and at most one other feature v that varies, with
coefficient d; the own feature is off or on. The integrals are those of `terms`, by Gauss-Legendre
nodes between the kinks.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from tegum.dims import F64
from tegum.engines.exact.lanes import LANES, Lanes, Vector
from tegum.engines.exact.numeric import part
from tegum.engines.exact.terms import scale_of, shift_of

#: Rows of the terms. What they are: t, d, the scale and shift of v (see `terms`), the weight; what
#: comes of them: weighted derivatives by t and by d.
T, D, SCALE, SHIFT, WEIGHT, BY_T, BY_D = range(7)
ROWS: Final = 7
#: Weights up to this count as 0.
_NEGLIGIBLE: Final = 1e-19
#: Two-point Gauss-Legendre nodes on [0, 1].
_NODES: Final = (0.5 - 0.5 / sqrt(3.0), 0.5 + 0.5 / sqrt(3.0))
#: E[x²] of either magnitude.
_SQUARE: Final = 1.0 / 3.0


class Own(NamedTuple):
    """The own feature and the loss, as LLVM vectors all of whose lanes are the same."""

    c: Vector  # its coefficient
    scale: Vector
    shift: Vector
    p: Vector  # that it is on
    kappa1: Vector
    kappa2: Vector
    half: Vector  # half a period
    taken: Vector  # 1 if what the polynomials say is taken off, 0 if not


class _Sum(NamedTuple):
    """A term's value and derivatives."""

    value: Vector
    by_t: Vector
    by_c: Vector
    by_d: Vector


def term_rows(n: int) -> F64:
    """Room for the terms of one output."""
    return np.zeros((ROWS, (2 * n + 1 + LANES) // LANES * LANES))


def _clamped(emit: Lanes, x: Vector) -> Vector:
    """x within [0, 1], NaN to 0."""
    zero, one = emit.constant(0.0), emit.constant(1.0)
    x = x.where(x.above(zero), zero)
    return one.where(x.above(one), x)


def _positive(emit: Lanes, base: Vector, slope: Vector) -> tuple[Vector, Vector]:
    """The part (from, length) of [0, 1] on which base + slope·u > 0."""
    zero, one = emit.constant(0.0), emit.constant(1.0)
    kink = _clamped(emit, -base / slope)
    start = kink.where(slope.above(zero), zero)
    flat = one.where(base.above(zero), zero)
    stop = one.where(slope.above(zero), kink.where(zero.above(slope), flat))
    return start, stop - start


def _off(emit: Lanes, of: tuple[Vector, ...], own: Own) -> _Sum:
    """The own feature is 0."""
    t, d, scale, shift = of
    base, slope = t.plus(d, shift), d * scale
    start, length = _positive(emit, base, slope)
    value = by_t = by_d = emit.constant(0.0)
    half = emit.constant(0.5) * length
    for node in _NODES:
        u = start.plus(length, emit.constant(node))
        z, v = base.plus(slope, u), shift.plus(scale, u)
        weighted = half * z
        value, by_t, by_d = value.plus(weighted, z), by_t + weighted, by_d.plus(weighted, v)
    two = emit.constant(2.0) * own.kappa2
    return _Sum(own.kappa2 * value, two * by_t, emit.constant(0.0), two * by_d)


def _on(emit: Lanes, of: tuple[Vector, ...], own: Own) -> _Sum:
    """The own feature varies: over u within, over v in three pieces."""
    t, d, scale, shift = of
    zero, one = emit.constant(0.0), emit.constant(1.0)
    base = t.plus(own.c, own.shift).plus(d, shift)
    slope, across = own.c * own.scale, d * scale
    enter, leave = _clamped(emit, -base / across), _clamped(emit, -(base + slope) / across)
    swapped = enter.above(leave)
    near, far = leave.where(swapped, enter), enter.where(swapped, leave)
    slots, first = [emit.slot(zero) for _ in _Sum._fields], emit.slot(zero)
    with emit.loop(emit.integer(0), emit.integer(3)) as piece:
        begin = first.get()
        last = emit.choice(piece, near, far, one)
        first.set(last)
        length = last - begin
        half = emit.constant(0.5) * length
        for node in _NODES:
            w = begin.plus(length, emit.constant(node))
            found = _inner(emit, base.plus(across, w), slope, own)
            v = shift.plus(scale, w)
            weights = half, half, half, half * found.by_t
            for slot, weight, more in zip(slots, weights, (*found[:3], v), strict=True):
                slot.set(slot.get().plus(weight, more))
    two = emit.constant(2.0)
    value, by_t, by_c, by_d = (slot.get() for slot in slots)
    return _Sum(value, two * by_t, two * by_c, two * by_d)


def _inner(emit: Lanes, row: Vector, slope: Vector, own: Own) -> _Sum:
    """∫ z (κ₂z − 2κ₁x), ∫ (κ₂z − κ₁x) and ∫ x (κ₂z − κ₁x) over u where z = row + slope·u > 0."""
    start, length = _positive(emit, row, slope)
    value = by_t = by_c = emit.constant(0.0)
    half = emit.constant(0.5) * length
    for node in _NODES:
        u = start.plus(length, emit.constant(node))
        z, x = row.plus(slope, u), own.shift.plus(own.scale, u)
        less = own.kappa1 * x
        g = half * (own.kappa2 * z - less)
        value = value.plus(z, g.minus(half, less))
        by_t, by_c = by_t + g, by_c.plus(x, g)
    return _Sum(value, by_t, by_c, by_t)


def _taken_off(emit: Lanes, found: _Sum, of: tuple[Vector, ...], own: Own, is_on: bool) -> _Sum:
    """Less what polynomials and the linear part of the series say of the term."""
    t, d, scale, shift = of
    half, square = emit.constant(0.5), emit.constant(_SQUARE)
    mean_v, kappa2, kappa1 = shift.plus(half, scale), own.taken * own.kappa2, own.taken * own.kappa1
    up = kappa2 * own.half
    z, vz = t.plus(d, mean_v), (t * mean_v).plus(d, square)
    if not is_on:
        zz = (t * z).plus(d, vz)
        value = found.value - (half * kappa2 * zz).plus(up, z)
        by_t = found.by_t - up.plus(kappa2, z)
        return _Sum(value, by_t, found.by_c, found.by_d - (kappa2 * vz).plus(up, mean_v))
    mean = own.shift.plus(half, own.scale)
    cross = mean * mean_v
    z, vz = z.plus(own.c, mean), vz.plus(own.c, cross)
    xz = (t * mean).plus(own.c, square).plus(d, cross)
    zz = (t * z).plus(own.c, xz).plus(d, vz)
    lost = (half * kappa2 * zz).minus(kappa1, xz).plus(up, z).minus(kappa1 * own.half, mean)
    by_t = up.plus(kappa2, z).minus(kappa1, mean)
    by_c = (kappa2 * xz).minus(kappa1, square).plus(up, mean)
    by_d = (kappa2 * vz).minus(kappa1, cross).plus(up, mean_v)
    return _Sum(found.value - lost, found.by_t - by_t, found.by_c - by_c, found.by_d - by_d)


@intrinsic
def add_terms(typing, terms, count, own):
    """(Σ weight·value, Σ weight·derivative by c); BY_T and BY_D <- of every term.

    own: as `Own`, numbers; `count` is a multiple of LANES.
    """
    signature = types.UniTuple(types.float64, 2)(terms, count, own)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Lanes(context, builder)
        rows, width = emit.array_of_rows(sig.args[0], args[0])
        numbers = [builder.extract_value(args[2], k) for k in range(len(Own._fields))]
        here = Own(*(emit.spread(number) for number in numbers))
        zero, one = emit.constant(0.0), emit.constant(1.0)
        value, by_c = emit.pair(zero, zero)
        with emit.loop(emit.integer(0), args[1], LANES) as at:
            places = [emit.row(rows, emit.integer(k), width).from_column(at) for k in range(ROWS)]
            of = tuple(place.load(0) for place in places[:WEIGHT])
            weight = places[WEIGHT].load(0)
            off = _taken_off(emit, _off(emit, of, here), of, here, is_on=False)
            on = _taken_off(emit, _on(emit, of, here), of, here, is_on=True)
            q = one - here.p
            value.set(value.get().plus(weight, (q * off.value).plus(here.p, on.value)))
            by_c.set(by_c.get().plus(weight, here.p * on.by_c))
            places[BY_T].store(0, weight * (q * off.by_t).plus(here.p, on.by_t))
            places[BY_D].store(0, weight * (q * off.by_d).plus(here.p, on.by_d))
        return context.make_tuple(
            builder, sig.return_type, [value.get().total(), by_c.get().total()]
        )

    return signature, generate


@part
def single_terms(i, b, setting, plan, kappa):
    """`control.control_terms` for such laws."""
    law, point, frozen = setting
    a, terms, which, (kappa1, kappa2, half) = plan.a, plan.lanes, plan.which, kappa
    t, count, base = b + plan.shift[0], 1, plan.base[0]
    for j in range(a.shape[0]):
        share, p = plan.weight[j], point.probability[j]
        if j == i or share <= _NEGLIGIBLE:
            continue
        terms[T, count], small = t, frozen.small[i, j]
        if small:
            base -= share
            terms[T, count], terms[T, count + 1] = t - plan.delta[j], t - plan.delta[j]
            terms[D, count + 1], terms[WEIGHT, count + 1] = 0.0, share * (1.0 - p)
            terms[SCALE, count + 1], terms[SHIFT, count + 1] = 0.0, 0.0
            which[count + 1, 0] = j
        terms[D, count], terms[WEIGHT, count] = a[j], share * p
        terms[SCALE, count], terms[SHIFT, count] = scale_of(law.family[j]), shift_of(law.family[j])
        which[count, 0] = j
        count += 2 if small else 1
    terms[T, 0], terms[D, 0], terms[WEIGHT, 0] = t, 0.0, base
    last = count
    while last % LANES != 0:
        terms[T, last], terms[D, last], terms[WEIGHT, last] = t, 0.0, 0.0
        last += 1
    taken, c = (1.0 if half >= 0.0 else 0.0), a[i]
    scale, shift = scale_of(law.family[i]), shift_of(law.family[i])
    value, by_c = add_terms(
        terms, last, (c, scale, shift, point.probability[i], kappa1, kappa2, half, taken)
    )
    plan.da[i] += by_c
    total = terms[BY_T, 0]
    for k in range(1, count):
        j = which[k, 0]
        total += terms[BY_T, k]
        plan.da[j] += terms[BY_D, k] - (plan.slope[j] * terms[BY_T, k] if frozen.small[i, j] else 0)
    for j in range(a.shape[0]):
        plan.da[j] += plan.slope[j] * total
    return value, total

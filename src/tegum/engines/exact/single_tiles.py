"""The sums of `series` where every block is one feature, uniform or signed: tile by tile.

There T takes every other block by at most one of its own: with M_j = 1 − p_j + p_j φ_j and φ_j, ψ_j
the transforms of magnitude j, F = e^{iωb} Π_{j≠i} M_j and

    S = e^{iωt} (base + Σ_{j≠i} w_j l_j),    l_j = p_j φ_j, or M_j e^{−iωδ_j} − 1 of a small block,

they are Φ − T = M_i (F − S) and Ψ − T = p_i ψ_i (F − S). A tile is LANES neighbouring nodes: all of
it that a feature needs stands in one row of one buffer, and what goes along from feature to feature
stays in registers. Forwards come the products of the features before; backwards those after, and
the derivatives.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from tegum.dims import F64
from tegum.engines.exact.lanes import LANES, Complex, Lanes, Row, Slot, Vector
from tegum.engines.exact.rows import S0, S1, S2

#: Columns of a feature's row. Vectors of a tile: cos and sin of half the phase; E[x e^{iωax}]; M;
#: the product of those before; sums of Re and Im for its derivatives; cos and sin of ωδ.
PHASE, PSI, FACTOR, BEFORE, SUMS, BACK = (2 * LANES * k for k in range(6))
#: Numbers: half the phase at ω = step and 1/(2 of it), p, weight, mean; how a phase turns from tile
#: to tile, and that of ωδ; whether signed; whether its block is small.
ANGLE, OVER, CHANCE, WEIGHT, MEAN, TURN, TURN_BACK, IS_SIGNED, IS_SMALL = (
    12 * LANES + k for k in (0, 1, 2, 3, 4, 5, 7, 9, 10)
)  # fmt: skip
WIDTH: Final = 14 * LANES
#: Two rows more: phases of b and of t, the sums over all features, what S is before any.
START, SHIFTED = 0, 1
BASE: Final = ANGLE
#: Sums over all nodes: Im Φ/k³, Re Φ/k², Re Ψ/k², Im Ψ/k, Im E[x² …]/k, and of S: Re/k², Im/k.
TOTALS: Final = 7


def tile_rows(n: int) -> F64:
    """Rows for n features, each beginning a cache line."""
    spare = np.zeros((n + 2) * WIDTH + LANES)
    first = -spare.ctypes.data // spare.itemsize % LANES
    return spare[first : first + (n + 2) * WIDTH].reshape(n + 2, WIDTH)


def _transforms(emit: Lanes, row: Row, k: Vector, reciprocal: Vector) -> tuple[Vector, Vector]:
    """s0 and s1 (see `rows`) of a row at the nodes of a tile."""
    angle = row.spread(ANGLE)
    eta, over = k * angle, reciprocal * row.spread(OVER)
    phase = row.complex(PHASE)
    s0 = phase.imaginary * (over + over)
    slots = emit.pair(s0, (s0 - phase.real) * over)
    one = emit.constant(1.0)
    near = one.above(eta.size())
    first = emit.first(near)
    with emit.builder.if_then(first, likely=False):
        y = eta * eta
        slots[0].set(y.polynomial(S0).where(near, slots[0].get()))
        slots[1].set((eta * y.polynomial(S1)).where(near, slots[1].get()))
    return slots[0].get(), slots[1].get()


def _own_square(emit: Lanes, row: Row, own: tuple[Slot, ...], nodes: tuple[Vector, Vector]) -> Any:
    """E[x² e^{iωax}] of the own feature; own: phase, s0, s1."""
    k, reciprocal = nodes
    c, s, s0, s1 = (slot.get() for slot in own)
    eta, over = k * row.spread(ANGLE), reciprocal * row.spread(OVER)
    s2 = emit.constant(0.25) * s0.plus(emit.constant(8.0) * over * over, c - s0)
    y = eta * eta
    s2 = y.polynomial(S2).where(emit.constant(1.0).above(eta.size()), s2)
    real = s2.plus(emit.constant(0.25), s0)
    found = Complex((c * real).minus(s, s1), (s * real).plus(c, s1))
    signed = emit.constant(0.5).above(row.spread(IS_SIGNED))
    zero = emit.constant(0.0)
    return Complex(
        found.real.where(signed, emit.constant(4.0) * s2), found.imaginary.where(signed, zero)
    )


class _Tile:
    """One tile: what goes along from feature to feature."""

    def __init__(self, emit: Lanes, pointer: Any, n: Any, own: Any, number: Any) -> None:
        self.emit, self.pointer, self.n, self.own = emit, pointer, n, own
        self.zero, self.one = emit.constant(0.0), emit.constant(1.0)
        first = emit.builder.sitofp(emit.builder.mul(number, emit.integer(2 * LANES)), emit.double)
        odd = emit.constant(*(2.0 * lane + 1.0 for lane in range(LANES)))
        self.k = emit.spread(first) + odd
        self.reciprocal = self.one / self.k
        self.square = self.reciprocal * self.reciprocal

    def row(self, j: Any) -> Row:
        return self.emit.row(self.pointer, j, self.emit.integer(WIDTH))

    def extra(self, number: int) -> Row:
        return self.row(self.emit.builder.add(self.n, self.emit.integer(number)))

    def turn(self, row: Row, phase: int, by: int) -> Complex:
        """The phases of this tile; those of the next one are put in their place."""
        here = row.complex(phase)
        there = here.times(Complex(row.spread(by), row.spread(by + 1)))
        row.store(phase, there.real, there.imaginary)
        return here

    def forwards(self) -> None:
        """The product F, the sum S, the own feature; rows get what `backwards` reads."""
        emit, build = self.emit, self.emit.builder
        start, shifted = self.extra(START), self.extra(SHIFTED)
        product = emit.pair(*self.turn(start, PHASE, TURN).parts())
        moved = emit.pair(start.spread(BASE), self.zero)
        own = tuple(emit.slot(self.zero) for _ in range(8))
        with emit.loop(emit.integer(0), self.n) as j:
            row = self.row(j)
            s0, s1 = _transforms(emit, row, self.k, self.reciprocal)
            phase = self.turn(row, PHASE, TURN)
            phi, psi = self._magnitude(row, phase, s0, s1)
            p = row.spread(CHANCE)
            factor = Complex((self.one - p).plus(p, phi.real), p * phi.imaginary)
            with build.if_else(build.icmp_signed("==", j, self.own)) as (is_own, other):
                with is_own:
                    values = (*factor.parts(), *psi.parts(), *phase.parts(), s0, s1)
                    for slot, value in zip(own, values, strict=True):
                        slot.set(value)
                with other:
                    self._take(row, (factor, phi, psi), product, moved)
        self.own_factor = Complex(own[0].get(), own[1].get())
        self.own_psi = Complex(own[2].get(), own[3].get())
        nodes = self.k, self.reciprocal
        self.own_square = _own_square(emit, self.row(self.own), own[4:], nodes)
        self.shifted = self.turn(shifted, PHASE, TURN)
        self.moved = self.shifted.times(Complex(moved[0].get(), moved[1].get()))
        self.rest = Complex(product[0].get(), product[1].get()).minus(self.moved)

    def _magnitude(self, row: Row, phase: Complex, s0: Vector, s1: Vector) -> Any:
        """φ and ψ."""
        emit = self.emit
        half = s0 * emit.constant(0.5)
        phi = emit.pair(phase.real * s0, phase.imaginary * s0)
        psi_r = (phase.real * half).minus(phase.imaginary, s1)
        psi_i = (phase.imaginary * half).plus(phase.real, s1)
        psi = emit.pair(psi_r, psi_i)
        with emit.builder.if_then(emit.is_set(row.scalar(IS_SIGNED)), likely=False):
            phi[0].set(s0)
            phi[1].set(self.zero)
            psi[0].set(self.zero)
            psi[1].set(s1 + s1)
        return Complex(phi[0].get(), phi[1].get()), Complex(psi[0].get(), psi[1].get())

    def _take(self, row: Row, of: Any, product: Any, moved: Any) -> None:
        """Another feature: into the product and the sum."""
        emit, (factor, phi, psi) = self.emit, of
        before = Complex(product[0].get(), product[1].get())
        row.store(PSI, *psi.parts(), *factor.parts(), *before.parts())
        after = before.times(factor)
        weight, p = row.spread(WEIGHT), row.spread(CHANCE)
        so_far = Complex(moved[0].get(), moved[1].get())
        with emit.builder.if_else(emit.is_set(row.scalar(IS_SMALL)), likely=False) as (small, not_):
            with small:
                back = self.turn(row, BACK, TURN_BACK)
                left = factor.times(back)
                found = so_far.plus(weight, Complex(left.real - self.one, left.imaginary))
                self._put(moved, found)
            with not_:
                self._put(moved, so_far.plus(weight * p, phi))
        self._put(product, after)

    def _put(self, slots: Any, value: Complex) -> None:
        for slot, one in zip(slots, value.parts(), strict=True):
            slot.set(one)

    def totals(self) -> None:
        """The sums over all features, by lane."""
        into = self.extra(START)
        phi, psi = self.own_factor.times(self.rest), self.own_psi.times(self.rest)
        square = self.rest.times(self.own_square)
        self.by_value = self.own_factor.scaled(self.square)
        self.by_own = self.own_psi.scaled(self.reciprocal)
        mean, mean_own = self.by_value.times(self.moved), self.by_own.times(self.moved)
        cube = self.square * self.reciprocal
        terms = (
            (cube, phi.imaginary), (self.square, phi.real), (self.square, psi.real),
            (self.reciprocal, psi.imaginary), (self.reciprocal, square.imaginary),
            (self.one, mean.real), (self.one, mean_own.imaginary),
        )  # fmt: skip
        for k, (weight, term) in enumerate(terms):
            at = PSI + k * LANES
            into.store(at, into.load(at).plus(weight, term))

    def backwards(self) -> None:
        """Sums by feature."""
        emit, build = self.emit, self.emit.builder
        after = emit.pair(self.one, self.zero)
        last = build.sub(self.n, emit.integer(1))
        with (
            emit.loop(last, emit.integer(-1), -1) as j,
            build.if_then(build.icmp_signed("!=", j, self.own), likely=True),
        ):
            row = self.row(j)
            behind = Complex(after[0].get(), after[1].get())
            factor, psi = row.complex(FACTOR), row.complex(PSI)
            beside = row.complex(BEFORE).times(behind)
            self._put(after, behind.times(factor))
            weight = row.spread(WEIGHT)
            found = emit.pair(*beside.less(weight, self.shifted).times(psi).parts())
            with build.if_then(emit.is_set(row.scalar(IS_SMALL)), likely=False):
                self._small(row, (factor, psi, beside, weight), found)
            d = Complex(found[0].get(), found[1].get())
            real = row.load(SUMS).plus(self.by_value.real, d.real)
            imaginary = row.load(SUMS + LANES).plus(self.by_own.real, d.imaginary)
            row.store(
                SUMS,
                real.minus(self.by_value.imaginary, d.imaginary),
                imaginary.plus(self.by_own.imaginary, d.real),
            )

    def _small(self, row: Row, of: Any, found: Any) -> None:
        """T's factors move with the mean of a small block."""
        factor, psi, beside, weight = of
        back = row.complex(BACK).times(Complex(row.spread(TURN_BACK), -row.spread(TURN_BACK + 1)))
        moved = self.shifted.times(back)
        d = beside.less(weight, moved).times(psi)
        self._put(found, d.plus(row.spread(MEAN) * weight, moved.times(factor)))


@intrinsic
def sum_tiles(typing, rows, n, own, first, last, gradient):
    """SUMS of rows, and the totals, += over tiles from first to before last, by lane.

    Tiles come in order: phases turn from one to the next.
    """
    signature = types.void(rows, n, own, first, last, gradient)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Lanes(context, builder)
        pointer = emit.array(sig.args[0], args[0])
        with emit.loop(args[3], args[4]) as number:
            tile = _Tile(emit, pointer, args[1], args[2], number)
            tile.forwards()
            tile.totals()
            with builder.if_then(args[5]):
                tile.backwards()
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def begin_phase(typing, rows, at, column, cosine, sine):
    """Row `at`, from a column on <- powers 1, 3, 5 … of e^{iθ}; returns its 2·LANES-th power."""
    signature = types.UniTuple(types.float64, 2)(rows, at, column, cosine, sine)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Lanes(context, builder)
        rows = emit.array(sig.args[0], args[0])
        row = emit.row(rows, args[1], emit.integer(WIDTH)).from_column(args[2])
        turn = phase = Complex(emit.spread(args[3]), emit.spread(args[4]))
        turn = turn.times(turn)
        bit = 1
        while bit < LANES:
            is_in = emit.mask(*(bool(lane & bit) for lane in range(LANES)))
            zero, one = emit.constant(0.0), emit.constant(1.0)
            by = Complex(turn.real.where(is_in, one), turn.imaginary.where(is_in, zero))
            phase, turn, bit = phase.times(by), turn.times(turn), 2 * bit
        row.store(0, *phase.parts())
        ends = [emit.first(value.value) for value in turn.parts()]
        return context.make_tuple(builder, sig.return_type, ends)

    return signature, generate


@intrinsic
def total_of(typing, rows, at, column):
    """The sum of the vector of row `at` that begins at a column."""
    signature = types.float64(rows, at, column)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Lanes(context, builder)
        rows = emit.array(sig.args[0], args[0])
        row = emit.row(rows, args[1], emit.integer(WIDTH)).from_column(args[2])
        return row.load(0).total()

    return signature, generate

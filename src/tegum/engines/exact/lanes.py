"""Vectors of LANES numbers, written as arithmetic that becomes LLVM instructions.

What several rows take part in is written once for a vector of each, which stays in registers. Sums
with a product are fused by `plus`, and nothing else is: the bits are those of every machine with
such an instruction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
from typing import Any, Final

from llvmlite import ir
from numba.core import cgutils

#: Numbers in a vector; the machine cuts it into what it has.
LANES: Final = 8
_F64, _I64 = ir.DoubleType(), ir.IntType(64)
_VECTOR: Final = ir.VectorType(_F64, LANES)
_MASK: Final = ir.VectorType(ir.IntType(32), LANES)

_BITS: Final = ir.VectorType(_I64, LANES)
#: A number plus this is rounded to a whole one; the bits of √(1/2).
_ROUNDS: Final = 1.5 * 2.0**52
_ROOT_HALF: Final = 0x3FE6A09E667F3BCD


def _whole(value: int) -> Any:
    """An integer in every lane."""
    return ir.Constant(_BITS, [value] * LANES)


class Lanes:
    """Writes instructions on vectors into a function of numba's."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.builder = context, builder

    double = _F64

    def integer(self, value: int, bits: int = 64) -> Any:
        """An LLVM integer."""
        return ir.IntType(bits)(value)

    def is_set(self, scalar: Any) -> Any:
        """Whether an LLVM double is not 0."""
        return self.builder.fcmp_unordered("!=", scalar, _F64(0.0))

    def mask(self, *lanes: bool) -> Any:
        """The lanes that are chosen."""
        return ir.Constant(ir.VectorType(ir.IntType(1), LANES), [int(lane) for lane in lanes])

    def first(self, vector: Any) -> Any:
        """Lane 0 of an LLVM vector."""
        return self.builder.extract_element(vector, ir.IntType(32)(0))

    def constant(self, *values: float) -> Vector:
        """One number in every lane, or a number for each."""
        row = list(values) if len(values) == LANES else [values[0]] * LANES
        return Vector(self, ir.Constant(_VECTOR, row))

    def spread(self, scalar: Any) -> Vector:
        """An LLVM double in every lane."""
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        first = self.builder.insert_element(nothing, scalar, ir.IntType(32)(0))
        return Vector(self, self.builder.shuffle_vector(first, nothing, ir.Constant(_MASK, None)))

    def array(self, kind: Any, value: Any) -> Any:
        """The pointer of an array."""
        return self.context.make_array(kind)(self.context, self.builder, value).data

    def array_of_rows(self, kind: Any, value: Any) -> tuple[Any, Any]:
        """The pointer of a matrix, and the width of its rows."""
        found = self.context.make_array(kind)(self.context, self.builder, value)
        return found.data, self.builder.extract_value(found.shape, 1)

    def choice(self, which: Any, *vectors: Vector) -> Vector:
        """The vector of a number (an LLVM integer) from 0."""
        found = vectors[-1]
        for k, vector in enumerate(vectors[:-1]):
            is_it = self.builder.icmp_signed("==", which, _I64(k))
            found = Vector(self, self.builder.select(is_it, vector.value, found.value))
        return found

    def slot(self, value: Vector) -> Slot:
        """A vector that changes, beginning with a value."""
        place = cgutils.alloca_once(self.builder, _VECTOR)
        self.builder.store(value.value, place)
        return Slot(self, place)

    def pair(self, real: Vector, imaginary: Vector) -> tuple[Slot, Slot]:
        """Two of them, of a complex number."""
        return self.slot(real), self.slot(imaginary)

    def row(self, pointer: Any, at: Any, width: Any) -> Row:
        """Row `at` of rows of so many numbers (LLVM integers)."""
        return Row(self, self.builder.gep(pointer, [self.builder.mul(at, width)]))

    @contextmanager
    def loop(self, start: Any, stop: Any, step: int = 1) -> Iterator[Any]:
        """From start to before stop; or from start down to after stop."""
        with cgutils.for_range_slice(self.builder, start, stop, _I64(step), inc=step > 0) as (k, _):
            yield k


@dataclass(frozen=True)
class Row:
    """Numbers in memory."""

    emit: Lanes
    pointer: Any

    def from_column(self, column: Any) -> Row:
        """The row from a column (an LLVM integer) on."""
        return Row(self.emit, self.emit.builder.gep(self.pointer, [column]))

    def _at(self, column: int) -> Any:
        return self.emit.builder.gep(self.pointer, [_I64(column)])

    def scalar(self, column: int) -> Any:
        """An LLVM double."""
        return self.emit.builder.load(self._at(column))

    def spread(self, column: int) -> Vector:
        """One number of the row in every lane."""
        return self.emit.spread(self.scalar(column))

    def load(self, column: int) -> Vector:
        """The vector that begins at a column."""
        place = self.emit.builder.bitcast(self._at(column), _VECTOR.as_pointer())
        loaded = self.emit.builder.load(place)
        loaded.align = 8
        return Vector(self.emit, loaded)

    def complex(self, column: int) -> Complex:
        """The two vectors that begin at a column."""
        return Complex(self.load(column), self.load(column + LANES))

    def store(self, column: int, *vectors: Vector) -> None:
        """Vectors one after another."""
        for k, vector in enumerate(vectors):
            place = self._at(column + k * LANES)
            place = self.emit.builder.bitcast(place, _VECTOR.as_pointer())
            self.emit.builder.store(vector.value, place).align = 8


@dataclass(frozen=True)
class Slot:
    """A vector that changes."""

    emit: Lanes
    place: Any

    def get(self) -> Vector:
        """As it is."""
        return Vector(self.emit, self.emit.builder.load(self.place))

    def set(self, value: Vector) -> None:
        """Another value."""
        self.emit.builder.store(value.value, self.place)


@dataclass(frozen=True)
class Vector:
    """LANES numbers."""

    emit: Lanes
    value: Any

    def __add__(self, other: Vector) -> Vector:
        return Vector(self.emit, self.emit.builder.fadd(self.value, other.value))

    def __sub__(self, other: Vector) -> Vector:
        return Vector(self.emit, self.emit.builder.fsub(self.value, other.value))

    def __mul__(self, other: Vector) -> Vector:
        return Vector(self.emit, self.emit.builder.fmul(self.value, other.value))

    def __truediv__(self, other: Vector) -> Vector:
        return Vector(self.emit, self.emit.builder.fdiv(self.value, other.value))

    def __neg__(self) -> Vector:
        return Vector(self.emit, self.emit.builder.fneg(self.value))

    def plus(self, x: Vector, y: Vector) -> Vector:
        """This plus x·y, rounded once."""
        name = f"llvm.fmuladd.v{LANES}f64"
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        function = cgutils.get_or_insert_function(self.emit.builder.module, kind, name)
        found = self.emit.builder.call(function, [x.value, y.value, self.value])
        return Vector(self.emit, found)

    def minus(self, x: Vector, y: Vector) -> Vector:
        """This less x·y."""
        return self.plus(-x, y)

    def above(self, other: Vector) -> Any:
        """The mask of lanes that are larger; none where one is NaN."""
        return self.emit.builder.fcmp_ordered(">", self.value, other.value)

    def size(self) -> Vector:
        """|this|."""
        name, kind = f"llvm.fabs.v{LANES}f64", ir.FunctionType(_VECTOR, [_VECTOR])
        function = cgutils.get_or_insert_function(self.emit.builder.module, kind, name)
        return Vector(self.emit, self.emit.builder.call(function, [self.value]))

    def where(self, mask: Any, other: Vector) -> Vector:
        """This in the lanes of a mask, another one elsewhere."""
        return Vector(self.emit, self.emit.builder.select(mask, self.value, other.value))

    def polynomial(self, coefficients: tuple[float, ...]) -> Vector:
        """Σ coefficient·this^k, k from 0."""
        total = self.emit.constant(coefficients[-1])
        for coefficient in coefficients[-2::-1]:
            total = self.emit.constant(coefficient).plus(total, self)
        return total

    def exponential(self, series: tuple[float, ...]) -> Vector:
        """e^this, this of moderate size, by a series of 2^r for |r| <= 1/2."""
        build, large = self.emit.builder, self.emit.constant(_ROUNDS)
        scaled = self * self.emit.constant(1.0 / log(2.0))
        rounded = scaled + large  # the whole number is in the last bits
        found = (scaled - (rounded - large)).polynomial(series)
        bits = build.shl(build.bitcast(rounded.value, _BITS), _whole(52))
        return self._of_bits(build.add(build.bitcast(found.value, _BITS), bits))

    def logarithm(self, series: tuple[float, ...]) -> Vector:
        """log of this, which is normal and above 0, by a series of log(f)/s by s²."""
        build, one, large = self.emit.builder, self.emit.constant(1.0), self.emit.constant(_ROUNDS)
        bits = build.bitcast(self.value, _BITS)
        exponent = build.ashr(build.sub(bits, _whole(_ROOT_HALF)), _whole(52))
        f = self._of_bits(build.sub(bits, build.shl(exponent, _whole(52))))
        s = (f - one) / (f + one)
        count = self._of_bits(build.add(exponent, build.bitcast(large.value, _BITS))) - large
        return (s * (s * s).polynomial(series)).plus(count, self.emit.constant(log(2.0)))

    def _of_bits(self, bits: Any) -> Vector:
        return Vector(self.emit, self.emit.builder.bitcast(bits, _VECTOR))

    def total(self) -> Any:
        """The sum of the lanes, an LLVM double: by halves."""
        value, half, build = self.value, LANES // 2, self.emit.builder
        while half:
            lanes = [(lane + half) % LANES for lane in range(LANES)]
            turned = build.shuffle_vector(value, value, ir.Constant(_MASK, lanes))
            value, half = build.fadd(value, turned), half // 2
        return self.emit.first(value)


@dataclass(frozen=True)
class Complex:
    """LANES complex numbers."""

    real: Vector
    imaginary: Vector

    def parts(self) -> tuple[Vector, Vector]:
        """Both, to be stored."""
        return self.real, self.imaginary

    def times(self, other: Complex) -> Complex:
        """The product."""
        real = (self.real * other.real).minus(self.imaginary, other.imaginary)
        imaginary = (self.real * other.imaginary).plus(self.imaginary, other.real)
        return Complex(real, imaginary)

    def scaled(self, factor: Vector) -> Complex:
        """Times real numbers."""
        return Complex(self.real * factor, self.imaginary * factor)

    def minus(self, other: Complex) -> Complex:
        """The difference."""
        return Complex(self.real - other.real, self.imaginary - other.imaginary)

    def less(self, factor: Vector, other: Complex) -> Complex:
        """This less real numbers times others."""
        real = self.real.minus(factor, other.real)
        return Complex(real, self.imaginary.minus(factor, other.imaginary))

    def plus(self, factor: Vector, other: Complex) -> Complex:
        """This plus real numbers times others."""
        real = self.real.plus(factor, other.real)
        return Complex(real, self.imaginary.plus(factor, other.imaginary))

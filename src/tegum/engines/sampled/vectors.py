"""Row primitives as explicit LLVM vectors, where plain numba loops are too slow.

LLVM's loop vectoriser sees only the innermost loop, so it cannot keep the hidden activations of
a tile of samples (or the row being accumulated) in registers across an outer loop. These few
intrinsics say so outright. They are portable vector IR: the back end cuts the 16-wide vectors
down to what the machine has.

Sizes known at compile time are passed as tuples: the *length* of a tuple is part of its type.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 16  # float32 lanes of one vector
IDENTITY, RELU, LEAKY, QUADRATIC, GELU = 1, 2, 3, 4, 5  # activation codes: lengths of a tag
SAME, ABSOLUTE, FILLED = 1, 2, 3  # target codes: y is x, |x|, or an array of its own
LEAK = 0.01


def _has_avx512() -> bool:
    try:
        return bool(get_host_cpu_features().get("avx512f", False))
    except RuntimeError:  # what kind of machine this is cannot be known
        return False


#: Whether there are registers of 16 lanes, and instructions that pack lanes.
WIDE = _has_avx512()
HASH_A, HASH_B = 0x21F0AAAD, 0xD35A2D97  # multipliers of `random.draw`

F32_TYPE, I32_TYPE, I64_TYPE = ir.FloatType(), ir.IntType(32), ir.IntType(64)
# Reassociation and contraction, but no assumption that NaN and infinity do not occur.
_FAST = ("reassoc", "contract", "nsz", "arcp")


class Emitter:
    """Short names for the LLVM instructions used here and in `tile`, at one vector width."""

    def __init__(self, context: Any, builder: Any, width: int) -> None:
        self.context, self.builder = context, builder
        self.vector = ir.VectorType(F32_TYPE, width)
        self.zero = ir.Constant(self.vector, [0.0] * width)

    def data(self, array_type: Any, value: Any) -> Any:
        return self.context.make_array(array_type)(self.context, self.builder, value).data

    def length(self, array_type: Any, value: Any) -> Any:
        array = self.context.make_array(array_type)(self.context, self.builder, value)
        return self.builder.extract_value(array.shape, 0)

    def scalar(self, pointer: Any, offset: Any) -> Any:
        return self.builder.load(self.builder.gep(pointer, [offset]))

    def splat(self, value: Any) -> Any:
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, value, I32_TYPE(0))
        mask = ir.Constant(ir.VectorType(I32_TYPE, self.vector.count), [0] * self.vector.count)
        return self.builder.shuffle_vector(first, undefined, mask)

    def splat_at(self, pointer: Any, offset: Any) -> Any:
        return self.splat(self.scalar(pointer, offset))

    def constant(self, value: float) -> Any:
        return ir.Constant(self.vector, [value] * self.vector.count)

    def load(self, pointer: Any, offset: Any, vector: Any = None) -> Any:
        kind = (vector or self.vector).as_pointer()
        loaded = self.builder.load(self.builder.bitcast(self.builder.gep(pointer, [offset]), kind))
        loaded.align = 4
        return loaded

    def store(self, value: Any, pointer: Any, offset: Any) -> None:
        target = self.builder.bitcast(self.builder.gep(pointer, [offset]), value.type.as_pointer())
        self.builder.store(value, target).align = 4

    def slot(self) -> Any:
        return cgutils.alloca_once_value(self.builder, self.zero)

    def index(self, base: Any, scale: int, offset: int = 0) -> Any:
        return self.builder.add(self.builder.mul(base, I64_TYPE(scale)), I64_TYPE(offset))

    def add(self, x: Any, y: Any) -> Any:
        return self.builder.fadd(x, y, flags=_FAST)

    def sub(self, x: Any, y: Any) -> Any:
        return self.builder.fsub(x, y, flags=_FAST)

    def mul(self, x: Any, y: Any) -> Any:
        return self.builder.fmul(x, y, flags=_FAST)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        return self.add(self.mul(x, y), z)

    def positive(self, x: Any) -> Any:
        return self.builder.fcmp_ordered(">", x, self.zero)

    def below(self, x: Any, y: Any) -> Any:
        return self.builder.fcmp_ordered("<", x, y)

    def select(self, mask: Any, x: Any, y: Any) -> Any:
        return self.builder.select(mask, x, y)

    def magnitude(self, x: Any) -> Any:
        return self.select(self.positive(x), x, self.sub(self.zero, x))

    def error_times_slope(self, code: int, z: Any, y: Any) -> Any:
        """(f(z) - y) f'(z) of the output activation with this code."""
        if code == IDENTITY:
            return self.sub(z, y)
        if code == RELU:
            return self.select(self.positive(z), self.sub(z, y), self.zero)
        if code == LEAKY:
            slope = self.select(self.positive(z), self.constant(1.0), self.constant(LEAK))
            return self.mul(self.sub(self.mul(z, slope), y), slope)
        if code == QUADRATIC:
            return self.mul(self.sub(self.mul(z, z), y), self.add(z, z))
        raise ValueError(f"no vector form of activation code {code}")


@intrinsic
def gather_rows(typing, width, rows, index, value, start, stop, out, offset):
    """out[offset:offset+w] = start vector + Σ_t value[t] rows[index[t], :], w = 16·len(width).

    The start vector is out[offset:offset+w] itself; t runs over start..stop.
    """
    signature = types.void(width, rows, index, value, types.int64, types.int64, out, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = sig.args[0].count * LANES
        emit = Emitter(context, builder, lanes)
        data, where, what, into = (emit.data(sig.args[a], args[a]) for a in (1, 2, 3, 6))
        total = cgutils.alloca_once_value(builder, emit.load(into, args[7]))
        with cgutils.for_range_slice(builder, args[4], args[5], I64_TYPE(1)) as (t, _):
            row = builder.mul(builder.sext(emit.scalar(where, t), I64_TYPE), I64_TYPE(lanes))
            weight = emit.splat_at(what, t)
            builder.store(emit.fma(weight, emit.load(data, row), builder.load(total)), total)
        emit.store(builder.load(total), into, args[7])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def scatter_rows(typing, width, row, offset, index, value, start, stop, into):
    """into[index[t], :] += value[t] row[offset:offset+w], t in start..stop, w = 16·len(width)."""
    signature = types.void(width, row, types.int64, index, value, types.int64, types.int64, into)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = sig.args[0].count * LANES
        emit = Emitter(context, builder, lanes)
        source, where, what, sink = (emit.data(sig.args[a], args[a]) for a in (1, 3, 4, 7))
        added = emit.load(source, args[2])
        with cgutils.for_range_slice(builder, args[5], args[6], I64_TYPE(1)) as (t, _):
            at = builder.mul(builder.sext(emit.scalar(where, t), I64_TYPE), I64_TYPE(lanes))
            emit.store(emit.fma(emit.splat_at(what, t), added, emit.load(sink, at)), sink, at)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def draw_row(typing, low, counter, high, always, limit, inverse, out):
    """out[i] = u_i = unit(draw(counter, low[i], high)) of `random` if `always`.

    Else min(u_i·inverse[i], 1) where u_i < limit[i], and 0 elsewhere. All arrays have a multiple of
    LANES entries; low, counter and high are int32.
    """
    signature = types.void(low, types.int32, types.int32, types.boolean, limit, inverse, out)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        lows, limits, inverses, outs = (emit.data(sig.args[a], args[a]) for a in (0, 4, 5, 6))
        integers = ir.VectorType(I32_TYPE, LANES)
        stop = emit.length(sig.args[6], args[6])

        def spread(value: Any) -> Any:
            first = builder.insert_element(ir.Constant(integers, ir.Undefined), value, I32_TYPE(0))
            return builder.shuffle_vector(first, first, ir.Constant(integers, [0] * LANES))

        def same(value: int) -> Any:
            return ir.Constant(integers, [value] * LANES)

        def fold(x: Any, shift: int) -> Any:
            return builder.xor(x, builder.lshr(x, same(shift)))

        sample, end = spread(args[1]), spread(args[2])

        def uniform(i: Any) -> Any:
            x = fold(builder.add(emit.load(lows, i, integers), sample), 16)
            x = fold(builder.mul(x, same(HASH_A)), 15)
            x = fold(builder.mul(builder.add(x, end), same(HASH_B)), 15)
            u = builder.sitofp(builder.lshr(x, same(1)), emit.vector)
            return emit.fma(u, emit.constant(2.0**-31), emit.constant(2.0**-32))

        def each() -> Any:
            return cgutils.for_range_slice(builder, I64_TYPE(0), stop, I64_TYPE(LANES))

        one = emit.constant(1.0)
        with builder.if_else(args[3]) as (whole, thinned):
            with whole, each() as (i, _):
                emit.store(uniform(i), outs, i)
            with thinned, each() as (i, _):
                u = uniform(i)
                scaled = emit.mul(u, emit.load(inverses, i))
                scaled = emit.select(emit.below(scaled, one), scaled, one)
                on = emit.below(u, emit.load(limits, i))
                emit.store(emit.select(on, scaled, emit.zero), outs, i)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def output_rows(typing, config, z, x, rows, bias, importance, into_bias):
    """z <- I (f(z + b) - y) f'(z + b) in the leading rows, and its sum is added to into_bias.

    y is x or, by config, |x|; targets of their own are given as x; y is 0 where x is None. z, x (at
    least rows, N); bias, importance, into_bias (N,), N a multiple of LANES. Not for GELU, for which
    it does nothing.
    """
    signature = types.void(config, z, x, types.int64, bias, importance, into_bias)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        code, absolute = sig.args[0][2].count, sig.args[0][3].count == ABSOLUTE
        if code == GELU:
            return context.get_dummy_value()
        zs, biases, weights, sums = (emit.data(sig.args[a], args[a]) for a in (1, 4, 5, 6))
        xs = None if sig.args[2] is types.none else emit.data(sig.args[2], args[2])
        width = emit.length(sig.args[6], args[6])

        def block(first: Any, count: int) -> None:
            with cgutils.for_range_slice(builder, I64_TYPE(0), width, I64_TYPE(LANES)) as (i, _):
                offset, weight, total = (emit.load(a, i) for a in (biases, weights, sums))
                for r in range(count):
                    at = builder.add(builder.mul(builder.add(first, I64_TYPE(r)), width), i)
                    y = emit.zero if xs is None else emit.load(xs, at)
                    y = emit.magnitude(y) if absolute else y
                    error = emit.error_times_slope(code, emit.add(emit.load(zs, at), offset), y)
                    g = emit.mul(weight, error)
                    emit.store(g, zs, at)
                    total = emit.add(total, g)
                emit.store(total, sums, i)

        whole = builder.and_(args[3], I64_TYPE(-4))
        for start, stop, count in ((I64_TYPE(0), whole, 4), (whole, args[3], 1)):
            with cgutils.for_range_slice(builder, start, stop, I64_TYPE(count)) as (first, _):
                block(first, count)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def float_bits(typing, x):
    """The 32 bits of a float32, as int32."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], I32_TYPE)

    return types.int32(types.float32), generate


@intrinsic
def bits_float(typing, x):
    """The float32 with these 32 bits."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], F32_TYPE)

    return types.float32(types.int32), generate

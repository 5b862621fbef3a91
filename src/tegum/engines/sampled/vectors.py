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
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 16  # float32 lanes of one vector
IDENTITY, RELU, LEAKY, QUADRATIC, GELU = 1, 2, 3, 4, 5  # activation codes: lengths of a tag
LEAK = 0.01

_F32, _I32, I64_TYPE = ir.FloatType(), ir.IntType(32), ir.IntType(64)
# Reassociation and contraction, but no assumption that NaN and infinity do not occur.
_FAST = ("reassoc", "contract", "nsz", "arcp")


class Emitter:
    """Short names for the LLVM instructions used here and in `tile`, at one vector width."""

    def __init__(self, context: Any, builder: Any, width: int) -> None:
        self.context, self.builder = context, builder
        self.vector = ir.VectorType(_F32, width)
        self.zero = ir.Constant(self.vector, [0.0] * width)

    def data(self, array_type: Any, value: Any) -> Any:
        return self.context.make_array(array_type)(self.context, self.builder, value).data

    def scalar(self, pointer: Any, offset: Any) -> Any:
        return self.builder.load(self.builder.gep(pointer, [offset]))

    def splat(self, value: Any) -> Any:
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, value, _I32(0))
        mask = ir.Constant(ir.VectorType(_I32, self.vector.count), [0] * self.vector.count)
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
def list_positive(typing, z, offset, bias, width, index, value):
    """List i and z[offset+i] + bias[i] where that sum is positive; returns how many.

    `width` is a multiple of LANES; index and value need LANES entries of slack.
    """
    signature = types.int64(z, types.int64, bias, types.int64, index, value)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        zs, biases, indices, values = (emit.data(sig.args[a], args[a]) for a in (0, 2, 4, 5))
        integers, mask = ir.VectorType(_I32, LANES), ir.VectorType(ir.IntType(1), LANES)
        bits, intrinsic_of = ir.IntType(LANES), cgutils.get_or_insert_function
        pack_f, pack_i = (
            intrinsic_of(
                builder.module,
                ir.FunctionType(kind, [kind, mask, kind]),
                f"llvm.experimental.vector.compress.v{LANES}{suffix}",
            )
            for kind, suffix in ((emit.vector, "f32"), (integers, "i32"))
        )
        count_bits = intrinsic_of(
            builder.module, ir.FunctionType(bits, [bits]), f"llvm.ctpop.i{LANES}"
        )
        count = cgutils.alloca_once_value(builder, I64_TYPE(0))
        numbers = cgutils.alloca_once_value(builder, ir.Constant(integers, list(range(LANES))))
        with cgutils.for_range_slice(builder, I64_TYPE(0), args[3], I64_TYPE(LANES)) as (t, _):
            total = emit.add(emit.load(zs, builder.add(args[1], t)), emit.load(biases, t))
            on, found, which = emit.positive(total), builder.load(count), builder.load(numbers)
            nothing = ir.Constant(emit.vector, ir.Undefined)
            emit.store(builder.call(pack_f, [total, on, nothing]), values, found)
            none = ir.Constant(integers, ir.Undefined)
            emit.store(builder.call(pack_i, [which, on, none]), indices, found)
            more = builder.zext(builder.call(count_bits, [builder.bitcast(on, bits)]), I64_TYPE)
            builder.store(builder.add(found, more), count)
            step = ir.Constant(integers, [LANES] * LANES)
            builder.store(builder.add(which, step), numbers)
        return builder.load(count)

    return signature, generate


@intrinsic
def float_bits(typing, x):
    """The 32 bits of a float32, as int32."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _I32)

    return types.int32(types.float32), generate


@intrinsic
def bits_float(typing, x):
    """The float32 with these 32 bits."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _F32)

    return types.float32(types.int32), generate

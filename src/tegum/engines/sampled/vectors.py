"""Row primitives as explicit LLVM vectors, where plain numba loops are too slow.

LLVM's loop vectoriser sees only the innermost loop, so it cannot keep the hidden activations of
a tile of samples (or the row being accumulated) in registers across an outer loop. These few
intrinsics say so outright. They are portable vector IR: the back end cuts the 16-wide vectors
down to what the machine has.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.engines.sampled.emitter import F32_TYPE, I32_TYPE, I64_TYPE, LANES, Emitter
from tegum.engines.sampled.forms import ABSOLUTE, GELU, count

HASH_A, HASH_B = 0x21F0AAAD, 0xD35A2D97  # multipliers of `random.mix`
#: HASH_B times 2891336453, so that in units of 2^-32 the multiples of both by all whole numbers are
#: L'Ecuyer's lattice of that multiplier (Tables of linear congruential generators, 1999).
HASH_C = 0x50D820F3


@intrinsic
def gather_rows(typing, width, rows, entries, span, out, offset):
    """out[offset:offset+w] = start vector + Σ_t value[t] rows[index[t], :], w = 16·len(width).

    The start vector is out[offset:offset+w] itself; entries = (index, value), and t runs over the
    span (start, stop).
    """
    signature = types.void(width, rows, entries, types.UniTuple(types.int64, 2), out, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = sig.args[0].count * LANES
        emit = Emitter(context, builder, lanes)
        data, into = emit.data(sig.args[1], args[1]), emit.data(sig.args[4], args[4])
        where, what = (emit.data(*one) for one in emit.pair(sig.args[2], args[2]))
        start, stop = (value for _, value in emit.pair(sig.args[3], args[3]))
        total = cgutils.alloca_once_value(builder, emit.load(into, args[5]))
        with cgutils.for_range_slice(builder, start, stop, I64_TYPE(1)) as (t, _):
            row = builder.mul(builder.sext(emit.scalar(where, t), I64_TYPE), I64_TYPE(lanes))
            weight = emit.splat_at(what, t)
            builder.store(emit.fma(weight, emit.load(data, row), builder.load(total)), total)
        emit.store(builder.load(total), into, args[5])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def scatter_rows(typing, width, row, offset, entries, span, into):
    """into[index[t], :] += value[t] row[offset:offset+w], t in start..stop, w = 16·len(width)."""
    signature = types.void(width, row, types.int64, entries, types.UniTuple(types.int64, 2), into)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = sig.args[0].count * LANES
        emit = Emitter(context, builder, lanes)
        source, sink = emit.data(sig.args[1], args[1]), emit.data(sig.args[5], args[5])
        where, what = (emit.data(*one) for one in emit.pair(sig.args[3], args[3]))
        start, stop = (value for _, value in emit.pair(sig.args[4], args[4]))
        added = emit.load(source, args[2])
        with cgutils.for_range_slice(builder, start, stop, I64_TYPE(1)) as (t, _):
            at = builder.mul(builder.sext(emit.scalar(where, t), I64_TYPE), I64_TYPE(lanes))
            emit.store(emit.fma(emit.splat_at(what, t), added, emit.load(sink, at)), sink, at)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_lanes(typing, source, at, into, to):
    """LANES entries of an array of int32 and one of float32, from `at` on, to those of others."""
    signature = types.void(source, types.int64, into, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        pairs = zip(emit.pair(sig.args[0], args[0]), emit.pair(sig.args[2], args[2]), strict=True)
        for (one, other), kind in zip(pairs, (emit.integers, emit.vector), strict=True):
            vector = emit.load(emit.data(*one), args[1], kind)
            emit.store(vector, emit.data(*other), args[3])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def shift_lanes(typing, source, span, by, into):
    """into[t] <- source[t] + by, t in start..stop and on to whole vectors; both of int32."""
    signature = types.void(source, types.UniTuple(types.int64, 2), types.int64, into)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        start, stop = (value for _, value in emit.pair(sig.args[1], args[1]))
        data, target = emit.data(sig.args[0], args[0]), emit.data(sig.args[3], args[3])
        more = emit.integers_at(builder.trunc(args[2], I32_TYPE))
        with cgutils.for_range_slice(builder, start, stop, I64_TYPE(LANES)) as (t, _):
            emit.store(builder.add(emit.load(data, t, emit.integers), more), target, t)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def draw_row(typing, low, a, b, always, chances, out):
    """out[i] = u_i = unit(mix(low[i] + a, b)) of `random` if `always`.

    Else min(u_i·inverse[i], 1) where u_i < limit[i], and 0 elsewhere. All arrays have a multiple of
    LANES entries; low, a and b are int32.
    """
    signature = types.void(low, types.int32, types.int32, types.boolean, chances, out)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        lows, outs = emit.data(sig.args[0], args[0]), emit.data(sig.args[5], args[5])
        limits, inverses = (
            emit.data_of(sig.args[4], args[4], name) for name in ("limit", "inverse")
        )
        integers = ir.VectorType(I32_TYPE, LANES)
        stop = emit.length(sig.args[5], args[5])

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
def turn_block(typing, rows, at, feature, x, place):
    """x[(feature + i)·stride + start + r] = rows[at[r] + feature + i] for i, r < LANES.

    place = (stride, start); rows and x are flat.
    """
    signature = types.void(rows, at, types.int64, x, types.UniTuple(types.int64, 2))

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        source, places, sink = (emit.data(sig.args[a], args[a]) for a in (0, 1, 3))
        stride, start = (value for _, value in emit.pair(sig.args[4], args[4]))
        vectors = []
        for r in range(LANES):
            begin = builder.load(builder.gep(places, [I64_TYPE(r)]))
            vectors.append(emit.load(source, builder.add(begin, args[2])))
        size = 1
        while size < LANES:  # blocks of so many rows and columns change places across the diagonal
            for i in (i for i in range(LANES) if not i & size):
                one, other = vectors[i], vectors[i + size]
                for row, shift in ((i, 0), (i + size, size)):
                    lanes = [
                        LANES + j - size + shift if j & size else j + shift for j in range(LANES)
                    ]
                    mask = ir.Constant(ir.VectorType(I32_TYPE, LANES), lanes)
                    vectors[row] = builder.shuffle_vector(one, other, mask)
            size *= 2
        for i, vector in enumerate(vectors):
            row = builder.mul(builder.add(args[2], I64_TYPE(i)), stride)
            emit.store(vector, sink, builder.add(row, start))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def output_rows(typing, tags, z, x, rows, model):
    """z <- I (f(z + b) - y) f'(z + b) in the leading rows, and its sum is added to into_bias.

    y is x or, by its tag, |x|; targets of their own are given as x; y is 0 where x is None. z, x
    (at least rows, N); of the model bias, importance, into_bias (N,), N a multiple of LANES. Does
    nothing for GELU.
    """
    signature = types.void(tags, z, x, types.int64, model)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit, kind = Emitter(context, builder, LANES), sig.args[0]
        code, absolute = count(kind, "output_activation"), count(kind, "target") == ABSOLUTE
        if code == GELU:
            return context.get_dummy_value()
        zs = emit.data(sig.args[1], args[1])
        biases, weights, sums = (
            emit.data_of(sig.args[4], args[4], name) for name in ("bias", "importance", "into_bias")
        )
        xs = None if sig.args[2] is types.none else emit.data(sig.args[2], args[2])
        width = emit.length(*emit.field(sig.args[4], args[4], "into_bias"))

        def block(first: Any, size: int) -> None:
            with cgutils.for_range_slice(builder, I64_TYPE(0), width, I64_TYPE(LANES)) as (i, _):
                offset, weight, total = (emit.load(a, i) for a in (biases, weights, sums))
                for r in range(size):
                    at = builder.add(builder.mul(builder.add(first, I64_TYPE(r)), width), i)
                    y = emit.zero if xs is None else emit.load(xs, at)
                    y = emit.magnitude(y) if absolute else y
                    error = emit.error_times_slope(code, emit.add(emit.load(zs, at), offset), y)
                    g = emit.mul(weight, error)
                    emit.store(g, zs, at)
                    total = emit.add(total, g)
                emit.store(total, sums, i)

        whole = builder.and_(args[3], I64_TYPE(-4))
        for start, stop, size in ((I64_TYPE(0), whole, 4), (whole, args[3], 1)):
            with cgutils.for_range_slice(builder, start, stop, I64_TYPE(size)) as (first, _):
                block(first, size)
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

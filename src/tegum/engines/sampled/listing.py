"""Which outputs of a sample are positive, as a list: the sparse kernel goes backward by it."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.engines.sampled.emitter import (
    F32_TYPE,
    I32_TYPE,
    I64_TYPE,
    LANES,
    MOVES_LANES,
    WIDE,
    Emitter,
)

_BYTE = ir.IntType(8)


def _list_by_vectors(
    emit: Emitter, total: Any, t: Any, indices: Any, values: Any, count: Any
) -> None:
    """List the positive lanes of `total`, which is of features t, t + 1, …, all in one go."""
    builder, on = emit.builder, emit.positive(total)
    integers, mask = ir.VectorType(I32_TYPE, LANES), ir.VectorType(ir.IntType(1), LANES)
    start = builder.insert_element(_nothing(integers), builder.trunc(t, I32_TYPE), I32_TYPE(0))
    same = builder.shuffle_vector(start, start, ir.Constant(integers, [0] * LANES))
    which = builder.add(same, ir.Constant(integers, list(range(LANES))))
    found = builder.load(count)
    for packed, into, suffix in ((total, values, "f32"), (which, indices, "i32")):
        kind = packed.type
        pack = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(kind, [kind, mask, kind]),
            f"llvm.experimental.vector.compress.v{LANES}{suffix}",
        )
        emit.store(builder.call(pack, [packed, on, _nothing(kind)]), into, found)
    more = builder.ctpop(builder.bitcast(on, ir.IntType(LANES)))
    builder.store(builder.add(found, builder.zext(more, I64_TYPE)), count)


def _list_by_halves(
    emit: Emitter, total: Any, t: Any, indices: Any, values: Any, count: Any
) -> None:
    """The same by moves of 8 lanes, which a table says for each set of positive ones."""
    builder, module, half = emit.builder, emit.builder.module, LANES // 2
    name, eight, lanes = "tegum.packed", ir.VectorType(I32_TYPE, half), ir.VectorType(_BYTE, half)
    if name not in module.globals:
        kind = ir.ArrayType(lanes, 1 << half)
        table = ir.GlobalVariable(module, kind, name)
        table.linkage, table.global_constant = "internal", True
        table.initializer = ir.Constant(kind, [ir.Constant(lanes, row) for row in _packed(half)])
    table = module.globals[name]
    move = cgutils.get_or_insert_function(
        module, ir.FunctionType(eight, [eight, eight]), "llvm.x86.avx2.permd"
    )
    bits = builder.bitcast(emit.positive(total), ir.IntType(LANES))
    for h in range(2):
        own = ir.Constant(eight, list(range(half * h, half * h + half)))
        part = builder.shuffle_vector(total, _nothing(total.type), own)
        on = builder.trunc(builder.lshr(bits, ir.IntType(LANES)(half * h)), ir.IntType(half))
        row = builder.gep(table, [I64_TYPE(0), builder.zext(on, I64_TYPE)])
        order = builder.zext(builder.load(row), eight)
        found = builder.load(count)
        packed = builder.call(move, [builder.bitcast(part, eight), order])
        emit.store(builder.bitcast(packed, part.type), values, found)
        start = builder.insert_element(_nothing(eight), builder.trunc(t, I32_TYPE), I32_TYPE(0))
        same = builder.shuffle_vector(start, start, ir.Constant(eight, [0] * half))
        which = builder.add(same, builder.add(order, ir.Constant(eight, [half * h] * half)))
        emit.store(which, indices, found)
        more = builder.zext(builder.ctpop(on), I64_TYPE)
        builder.store(builder.add(found, more), count)


def _packed(lanes: int) -> list[list[int]]:
    """For every set of lanes, as bits, which of them come first: its own in order, then zeros."""
    own = ([k for k in range(lanes) if bits >> k & 1] for bits in range(1 << lanes))
    return [[*which, *[0] * (lanes - len(which))] for which in own]


def _list_one_by_one(
    emit: Emitter, total: Any, t: Any, indices: Any, values: Any, count: Any
) -> None:
    """The same where no instruction packs lanes: one after another, and few are positive."""
    builder, bits = emit.builder, ir.IntType(LANES)
    lanes = cgutils.alloca_once_value(builder, emit.zero)
    left = cgutils.alloca_once_value(builder, bits(0))
    builder.store(total, lanes)
    builder.store(builder.bitcast(emit.positive(total), bits), left)
    scalars = builder.bitcast(lanes, F32_TYPE.as_pointer())
    test, body, end = (builder.append_basic_block(name) for name in ("test", "one", "end"))
    builder.branch(test)
    builder.position_at_end(test)
    rest = builder.load(left)
    builder.cbranch(builder.icmp_unsigned("!=", rest, bits(0)), body, end)
    builder.position_at_end(body)
    lane = builder.zext(builder.cttz(rest, ir.Constant(ir.IntType(1), 1)), I64_TYPE)
    found = builder.load(count)
    builder.store(emit.scalar(scalars, lane), builder.gep(values, [found]))
    feature = builder.trunc(builder.add(t, lane), I32_TYPE)
    builder.store(feature, builder.gep(indices, [found]))
    builder.store(builder.add(found, I64_TYPE(1)), count)
    builder.store(builder.and_(rest, builder.sub(rest, bits(1))), left)
    builder.branch(test)
    builder.position_at_end(end)


def _nothing(kind: Any) -> Any:
    return ir.Constant(kind, ir.Undefined)


_list_without_table = _list_by_vectors if WIDE else _list_one_by_one
_list_lanes = _list_by_halves if MOVES_LANES and not WIDE else _list_without_table


@intrinsic
def list_positive(typing, z, offset, bias, width, index, value):
    """List i and z[offset+i] + bias[i] where that sum is positive; returns how many.

    `width` is a multiple of LANES; index and value need LANES entries of slack.
    """
    signature = types.int64(z, types.int64, bias, types.int64, index, value)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        emit = Emitter(context, builder, LANES)
        zs, biases, indices, values = (emit.data(sig.args[a], args[a]) for a in (0, 2, 4, 5))
        count = cgutils.alloca_once_value(builder, I64_TYPE(0))
        with cgutils.for_range_slice(builder, I64_TYPE(0), args[3], I64_TYPE(LANES)) as (t, _):
            total = emit.add(emit.load(zs, builder.add(args[1], t)), emit.load(biases, t))
            _list_lanes(emit, total, t, indices, values, count)
        return builder.load(count)

    return signature, generate

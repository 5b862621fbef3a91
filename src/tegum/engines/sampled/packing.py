"""Lanes of a vector that are chosen, listed in order: by the best instructions this machine has."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

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


def by_vectors(
    e: Emitter, value: Any, on: Any, first: Any, into: tuple[Any, Any], count: Any
) -> None:
    """List the lanes of `value` where `on` is set, all in one go; lane l has the number first + l.

    into = (index, value): pointers to where lists begin; count: how many they have so far.
    """
    builder, found = e.builder, e.builder.load(count)
    numbers = ir.Constant(e.integers, list(range(LANES)))
    which = builder.add(e.integers_at(builder.trunc(first, I32_TYPE)), numbers)
    for lanes, target, suffix in zip((which, value), into, ("i32", "f32"), strict=True):
        kind = lanes.type
        pack = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(kind, [kind, on.type, kind]),
            f"llvm.experimental.vector.compress.v{LANES}{suffix}",
        )
        e.store(builder.call(pack, [lanes, on, _nothing(kind)]), target, found)
    more = builder.ctpop(builder.bitcast(on, ir.IntType(LANES)))
    builder.store(builder.add(found, builder.zext(more, I64_TYPE)), count)


def by_halves(
    e: Emitter, value: Any, on: Any, first: Any, into: tuple[Any, Any], count: Any
) -> None:
    """The same by moves of 8 lanes, which a table says for each set of chosen ones."""
    builder, module, half = e.builder, e.builder.module, LANES // 2
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
    bits = builder.bitcast(on, ir.IntType(LANES))
    for h in range(2):
        own = ir.Constant(eight, list(range(half * h, half * h + half)))
        part = builder.shuffle_vector(value, _nothing(value.type), own)
        chosen = builder.trunc(builder.lshr(bits, ir.IntType(LANES)(half * h)), ir.IntType(half))
        row = builder.gep(table, [I64_TYPE(0), builder.zext(chosen, I64_TYPE)])
        order = builder.zext(builder.load(row), eight)
        found = builder.load(count)
        packed = builder.call(move, [builder.bitcast(part, eight), order])
        e.store(builder.bitcast(packed, part.type), into[1], found)
        start = builder.insert_element(_nothing(eight), builder.trunc(first, I32_TYPE), I32_TYPE(0))
        same = builder.shuffle_vector(start, start, ir.Constant(eight, [0] * half))
        which = builder.add(same, builder.add(order, ir.Constant(eight, [half * h] * half)))
        e.store(which, into[0], found)
        more = builder.zext(builder.ctpop(chosen), I64_TYPE)
        builder.store(builder.add(found, more), count)


def _packed(lanes: int) -> list[list[int]]:
    """For every set of lanes, as bits, which of them come first: its own in order, then zeros."""
    own = ([k for k in range(lanes) if bits >> k & 1] for bits in range(1 << lanes))
    return [[*which, *[0] * (lanes - len(which))] for which in own]


def one_by_one(
    e: Emitter, value: Any, on: Any, first: Any, into: tuple[Any, Any], count: Any
) -> None:
    """The same where no instruction packs lanes: one after another, and few are chosen."""
    builder, bits, (indices, values) = e.builder, ir.IntType(LANES), into
    lanes = cgutils.alloca_once_value(builder, e.zero)
    left = cgutils.alloca_once_value(builder, bits(0))
    builder.store(value, lanes)
    builder.store(builder.bitcast(on, bits), left)
    scalars = builder.bitcast(lanes, F32_TYPE.as_pointer())
    test, body, end = (builder.append_basic_block(name) for name in ("test", "one", "end"))
    builder.branch(test)
    builder.position_at_end(test)
    rest = builder.load(left)
    builder.cbranch(builder.icmp_unsigned("!=", rest, bits(0)), body, end)
    builder.position_at_end(body)
    lane = builder.zext(builder.cttz(rest, ir.Constant(ir.IntType(1), 1)), I64_TYPE)
    found = builder.load(count)
    builder.store(e.scalar(scalars, lane), builder.gep(values, [found]))
    number = builder.trunc(builder.add(first, lane), I32_TYPE)
    builder.store(number, builder.gep(indices, [found]))
    builder.store(builder.add(found, I64_TYPE(1)), count)
    builder.store(builder.and_(rest, builder.sub(rest, bits(1))), left)
    builder.branch(test)
    builder.position_at_end(end)


def _nothing(kind: Any) -> Any:
    return ir.Constant(kind, ir.Undefined)


_without_table = by_vectors if WIDE else one_by_one
#: Whichever of them is fastest here; all list the same.
list_lanes = by_halves if MOVES_LANES and not WIDE else _without_table

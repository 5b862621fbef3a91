"""Which numbers of a row are not 0, as a list."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.engines.sampled.emitter import F32_TYPE, I32_TYPE, I64_TYPE, LANES, WIDE, Emitter


@intrinsic
def list_nonzero(typing, x, at, span, index, value):
    """List l and x[at + l] where that is not 0, for l below span, a multiple of LANES; how many.

    index and value need LANES entries of slack.
    """
    signature = types.int64(x, types.int64, types.int64, index, value)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        e = Emitter(context, builder, LANES)
        xs, indices, values = (e.data(sig.args[k], args[k]) for k in (0, 3, 4))
        row, count = builder.gep(xs, [args[1]]), cgutils.alloca_once_value(builder, I64_TYPE(0))
        list_lanes = _pack if WIDE else _list_lanes
        with cgutils.for_range_slice(builder, I64_TYPE(0), args[2], I64_TYPE(LANES)) as (l, _):
            own = e.load(row, l)
            there = builder.fcmp_unordered("!=", own, e.zero)
            list_lanes(e, (own, there), l, (indices, values), count)
        return builder.load(count)

    return signature, generate


def _pack(e: Emitter, lanes: tuple[Any, Any], l: Any, into: tuple[Any, Any], count: Any) -> None:
    """List the lanes that are not 0 all in one go."""
    builder, (own, there), found = e.builder, lanes, e.builder.load(count)
    which = builder.add(e.integers_at(builder.trunc(l, I32_TYPE)), _numbered(e))
    for packed, target, suffix in zip((which, own), into, ("i32", "f32"), strict=True):
        kind = packed.type
        form = ir.FunctionType(kind, [kind, there.type, kind])
        name = f"llvm.experimental.vector.compress.v{LANES}{suffix}"
        pack = cgutils.get_or_insert_function(builder.module, form, name)
        nothing = ir.Constant(kind, ir.Undefined)
        e.store(builder.call(pack, [packed, there, nothing]), target, found)
    more = builder.ctpop(builder.bitcast(there, ir.IntType(LANES)))
    builder.store(builder.add(found, builder.zext(more, I64_TYPE)), count)


def _numbered(e: Emitter) -> Any:
    return ir.Constant(e.integers, list(range(LANES)))


def _list_lanes(
    e: Emitter, lanes: tuple[Any, Any], l: Any, into: tuple[Any, Any], count: Any
) -> None:
    """The same where no instruction packs lanes: one after another, and few are not 0."""
    builder, (own, there), (indices, values) = e.builder, lanes, into
    kept = cgutils.alloca_once_value(builder, e.zero)
    left = cgutils.alloca_once_value(builder, ir.IntType(LANES)(0))
    builder.store(own, kept)
    builder.store(builder.bitcast(there, ir.IntType(LANES)), left)
    test, body, end = (builder.append_basic_block(name) for name in ("test", "one", "end"))
    builder.branch(test)
    builder.position_at_end(test)
    rest = builder.load(left)
    builder.cbranch(builder.icmp_unsigned("!=", rest, rest.type(0)), body, end)
    builder.position_at_end(body)
    lane = builder.zext(builder.cttz(rest, ir.Constant(ir.IntType(1), 1)), I64_TYPE)
    found = builder.load(count)
    scalars = builder.bitcast(kept, F32_TYPE.as_pointer())
    builder.store(e.scalar(scalars, lane), builder.gep(values, [found]))
    number = builder.trunc(builder.add(l, lane), I32_TYPE)
    builder.store(number, builder.gep(indices, [found]))
    builder.store(builder.add(found, I64_TYPE(1)), count)
    builder.store(builder.and_(rest, builder.sub(rest, rest.type(1))), left)
    builder.branch(test)
    builder.position_at_end(end)

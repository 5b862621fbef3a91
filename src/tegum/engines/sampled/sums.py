"""Sums over rows that a list names, in registers: machine code for rows of a length, by LLVM alone.

Rows are as long as whole vectors of `emitter.LANES` numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.engines.sampled.emitter import F32_TYPE, I32_TYPE, I64_TYPE, LANES, WIDE, Emitter
from tegum.engines.sampled.machine_code import address_of

#: Vectors that are summed at once, which is the machine's; sums of a vector that do not wait for
#: one another, which is the row's.
_MOST: Final = 8 if WIDE else 4
_WAYS: Final = 4
_F32S, _I32S = F32_TYPE.as_pointer(), I32_TYPE.as_pointer()
_ADD: Final = ir.FunctionType(ir.VoidType(), [_F32S, I64_TYPE, _I32S, _F32S, I64_TYPE, _F32S])
_SCATTER: Final = ir.FunctionType(ir.VoidType(), [_F32S, _I32S, _F32S, I64_TYPE, _F32S, I64_TYPE])
_FOLD: Final = ir.FunctionType(ir.VoidType(), [_F32S, I64_TYPE, _F32S])
_DOT: Final = ir.FunctionType(ir.VoidType(), [_F32S, I64_TYPE, _I32S, I64_TYPE, _F32S, _F32S])


class Sums(NamedTuple):
    """The addresses of the machine code for rows of a length."""

    add: int
    scatter: int
    dot: int


def sums_for(length: int) -> Sums:
    """Those of rows of so many numbers, a multiple of LANES."""
    vectors = length // LANES
    return Sums(
        address_of(f"add_rows_{length}", _ADD, lambda *given: _emit_add(vectors, *given)),
        address_of(
            f"scatter_row_{length}", _SCATTER, lambda *given: _emit_scatter(vectors, *given)
        ),
        address_of(f"dot_rows_{length}", _DOT, lambda *given: _emit_dots(vectors, *given)),
    )


def _slabs(builder: Any, vectors: int, body: Callable[[Any, int], None]) -> None:
    """body(first number, vectors) for all of a row, `_MOST` vectors at a time."""
    whole = vectors // _MOST * _MOST
    step = I64_TYPE(_MOST * LANES)
    with cgutils.for_range_slice(builder, I64_TYPE(0), I64_TYPE(whole * LANES), step) as (at, _):
        body(at, _MOST)
    if vectors > whole:
        body(I64_TYPE(whole * LANES), vectors - whole)


def _each(builder: Any, count: Any, ways: int, body: Callable[[Any, int], None]) -> None:
    """body(t, ways) for as many entries as go, then body(t, 1) for the rest."""
    whole = builder.and_(count, I64_TYPE(-ways))
    with cgutils.for_range_slice(builder, I64_TYPE(0), whole, I64_TYPE(ways)) as (t, _):
        body(t, ways)
    if ways > 1:
        with cgutils.for_range_slice(builder, whole, count, I64_TYPE(1)) as (t, _):
            body(t, 1)


def _row(e: Emitter, rows: Any, stride: Any, index: Any, t: Any) -> Any:
    """Where the row of entry t begins."""
    which = e.builder.sext(e.scalar(index, t), I64_TYPE)
    return e.builder.gep(rows, [e.builder.mul(which, stride)])


def _emit_add(vectors: int, builder: Any, arguments: Any) -> None:
    """into += Σ_t value[t] · row index[t]."""
    rows, stride, index, value, count, into = arguments
    e, ways = Emitter(None, builder, LANES), max(1, _WAYS // vectors)

    def slab(first: Any, many: int) -> None:
        places = [builder.add(first, I64_TYPE(LANES * v)) for v in range(many)]
        sums = [[e.slot() for _ in places] for _ in range(ways)]
        for way, slots in enumerate(sums):
            for slot, at in zip(slots, places, strict=True):
                builder.store(e.zero if way else e.load(into, at), slot)

        def body(t: Any, step: int) -> None:
            for way in range(step):
                entry = builder.add(t, I64_TYPE(way))
                row, factor = _row(e, rows, stride, index, entry), e.splat_at(value, entry)
                for slot, at in zip(sums[way], places, strict=True):
                    builder.store(e.fma(factor, e.load(row, at), builder.load(slot)), slot)

        _each(builder, count, ways, body)
        for v, at in enumerate(places):
            total = builder.load(sums[0][v])
            for slots in sums[1:]:
                total = e.add(total, builder.load(slots[v]))
            e.store(total, into, at)

    _slabs(builder, vectors, slab)


def _emit_scatter(vectors: int, builder: Any, arguments: Any) -> None:
    """Row index[t] of `into` += value[t] · row, for each t."""
    row, index, value, count, into, stride = arguments
    e = Emitter(None, builder, LANES)

    def slab(first: Any, many: int) -> None:
        places = [builder.add(first, I64_TYPE(LANES * v)) for v in range(many)]
        added = [e.load(row, at) for at in places]
        with cgutils.for_range_slice(builder, I64_TYPE(0), count, I64_TYPE(1)) as (t, _):
            target, factor = _row(e, into, stride, index, t), e.splat_at(value, t)
            for one, at in zip(added, places, strict=True):
                e.store(e.fma(factor, one, e.load(target, at)), target, at)

    _slabs(builder, vectors, slab)


def _emit_dots(vectors: int, builder: Any, arguments: Any) -> None:
    """out[t] = row index[t] · other."""
    rows, stride, index, count, other, out = arguments
    e = Emitter(None, builder, LANES)
    slots = [e.slot() for _ in range(_WAYS)]

    def body(t: Any, step: int) -> None:
        own = [_row(e, rows, stride, index, builder.add(t, I64_TYPE(w))) for w in range(step)]
        for slot in slots:
            builder.store(e.zero, slot)

        def slab(first: Any, many: int) -> None:
            for v in range(many):
                at = builder.add(first, I64_TYPE(LANES * v))
                fixed = e.load(other, at)
                for row, slot in zip(own, slots, strict=False):
                    builder.store(e.fma(e.load(row, at), fixed, builder.load(slot)), slot)

        _slabs(builder, vectors, slab)
        total = _added_up(e, [builder.load(slot) for slot in slots])
        lanes = ir.Constant(ir.VectorType(I32_TYPE, step), list(range(step)))
        e.store(builder.shuffle_vector(total, total, lanes), out, t)

    _each(builder, count, _WAYS, body)


def _half(e: Emitter, x: Any, y: Any, size: int) -> Any:
    """Lanes of x and y, in groups of `size`, added up to groups of half that."""
    lanes = [g + q for g in range(0, 2 * LANES, size) for q in range(size // 2)]
    parts = [
        e.builder.shuffle_vector(
            x, y, ir.Constant(ir.VectorType(I32_TYPE, LANES), [q + shift for q in lanes])
        )
        for shift in (0, size // 2)
    ]
    return e.add(*parts)


def _added_up(e: Emitter, sums: list[Any]) -> Any:
    """The sums of the lanes of vectors, a power of two of them, in the first lanes of one."""
    size = LANES
    while len(sums) > 1:
        pairs = zip(sums[::2], sums[1::2], strict=True)
        sums, size = [_half(e, x, y, size) for x, y in pairs], size // 2
    (total,) = sums
    while size > 1:
        total, size = _half(e, total, total, size), size // 2
    return total


def fold_code() -> int:
    """The address of the machine code for `fold_lanes`."""

    def emit(builder: Any, arguments: Any) -> None:
        (sums, count, out), e = arguments, Emitter(None, builder, LANES)
        step = I64_TYPE(LANES)
        with cgutils.for_range_slice(builder, I64_TYPE(0), count, step) as (q, _):
            places = [e.index(q, LANES, LANES * r) for r in range(LANES)]
            vectors = [e.load(sums, at) for at in places]
            for at in places:
                e.store(e.zero, sums, at)
            e.store(_added_up(e, vectors), out, q)

    return address_of("fold_lanes", _FOLD, emit)


def _entries(e: Emitter, kind: Any, given: Any) -> tuple[Any, Any, Any]:
    """(index, value, start, stop) as pointers to the first entry, and how many there are."""
    index, value, start, stop = (
        e.data(own, one) if isinstance(own, types.Array) else one
        for own, one in e.pair(kind, given)
    )
    build = e.builder
    return build.gep(index, [start]), build.gep(value, [start]), build.sub(stop, start)


def _call(builder: Any, code: Any, kind: Any, given: list[Any]) -> None:
    builder.call(builder.inttoptr(code, kind.as_pointer()), given)


@intrinsic
def add_rows(typing, code, rows, stride, entries, into, at):
    """into[at : at+w] += Σ value[t] · row index[t] of `rows`, which are `stride` numbers apart.

    entries = (index, value, start, stop), of which t runs from start to stop; code = `Sums.add`.
    """
    signature = types.void(types.int64, rows, types.int64, entries, into, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        e = Emitter(context, builder, LANES)
        index, value, count = _entries(e, sig.args[3], args[3])
        target = builder.gep(e.data(sig.args[4], args[4]), [args[5]])
        source = e.data(sig.args[1], args[1])
        _call(builder, args[0], _ADD, [source, args[2], index, value, count, target])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def scatter_row(typing, code, row, entries, into, stride):
    """Row index[t] of `into` += value[t] · row; entries as of `add_rows`, code = `Sums.scatter`."""
    signature = types.void(types.int64, row, entries, into, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        e = Emitter(context, builder, LANES)
        index, value, count = _entries(e, sig.args[2], args[2])
        source, target = (e.data(sig.args[k], args[k]) for k in (1, 3))
        _call(builder, args[0], _SCATTER, [source, index, value, count, target, args[4]])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def dot_rows(typing, code, rows, stride, entries, other):
    """value[t] <- row index[t] of `rows` · other; entries as of `add_rows`, code = `Sums.dot`."""
    signature = types.void(types.int64, rows, types.int64, entries, other)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        e = Emitter(context, builder, LANES)
        index, value, count = _entries(e, sig.args[3], args[3])
        source, fixed = (e.data(sig.args[k], args[k]) for k in (1, 4))
        _call(builder, args[0], _DOT, [source, args[2], index, count, fixed, value])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def fold_lanes(typing, code, sums, count, out):
    """out[q] <- Σ of row q of `sums` (row, LANES), which is cleared; code = `fold_code()`.

    count, of rows, is a multiple of LANES.
    """
    signature = types.void(types.int64, sums, types.int64, out)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        e = Emitter(context, builder, LANES)
        source, target = (e.data(sig.args[k], args[k]) for k in (1, 3))
        _call(builder, args[0], _FOLD, [source, args[2], target])
        return context.get_dummy_value()

    return signature, generate

"""Matrix products of the work arrays of a model, on row-major rows that have room for vectors.

The matrices are small or thin: of rows, columns and depth one is that of the hidden layer, some
dozen, and one a block of samples, at most 256. A BLAS copies its operands before it multiplies,
which takes as long as such a product does; and in which order it adds depends on the machine. Here
products are made tile by tile, in registers: each entry is added up by itself, in the order of the
inner index, so that its bits do not depend on the tile's size, which is the machine's.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.dims import F32
from tegum.engines.sampled.emitter import I64_TYPE, WIDE, Emitter
from tegum.engines.sampled.random import part

#: Depth of a product in one go: so many rows of a tile's columns stay in the nearest cache.
_DEPTH: Final = 128
#: Columns and rows of tiles, as tags. Their sums fill most registers, and what they share the rest:
#: twelve vectors of 8 lanes where there are 16 registers, 24 of 16 lanes where there are 32.
_WIDE = (0,) * (32 if WIDE else 16)
_HALF = (0,) * (len(_WIDE) // 2)
_EIGHT = (0,) * 8
_TALL, _LOW, _FOUR, _ONE = (0,) * 12, (0,) * (12 if WIDE else 6), (0,) * 4, (0,)


#: Whether a factor is transposed, and whether a product is added. No plain booleans: a literal is a
#: type of its own, and what is given one is compiled for it alone.
PLAIN, FLIPPED = np.bool_(False), np.bool_(True)
ANEW, ADDED = np.bool_(False), np.bool_(True)


class Left(NamedTuple):
    """The left factor: its entry [r, k] is at + r·down + k·along in a flat array."""

    array: F32
    at: int
    down: int
    along: int


class Rows(NamedTuple):
    """The right factor, or the product: its entry [r, k] is at + r·stride + k in a flat array."""

    array: F32
    at: int
    stride: int


@intrinsic
def _tile(typing, height, width, left, right, inner, into, add):
    """A tile of `into` <- Σ_k left[r, k] right[k, : w], its old values added if `add`.

    r < len(height), k < inner, w = len(width).
    """
    signature = types.void(height, width, left, right, types.int64, into, types.boolean)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        # once to a kernel, not at each of its products; and loops that are not unrolled
        builder.function.attributes.add("noinline")
        builder.function.attributes.add("optsize")
        rows = range(sig.args[0].count)
        emit = Emitter(context, builder, sig.args[1].count)

        def place(k: int, name: str) -> Any:
            return emit.field(sig.args[k], args[k], name)[1]

        def row(start: Any, stride: Any, r: Any) -> Any:
            return builder.add(start, builder.mul(stride, r))

        a, b, c = (emit.data_of(sig.args[k], args[k], "array") for k in (2, 3, 5))
        sums = [emit.slot() for _ in rows]
        places = [row(place(5, "at"), place(5, "stride"), I64_TYPE(r)) for r in rows]
        with builder.if_else(args[6]) as (old, new):
            with old:
                for total, at in zip(sums, places, strict=True):
                    builder.store(emit.load(c, at), total)
            with new:
                for total in sums:
                    builder.store(emit.zero, total)
        starts = [
            builder.gep(a, [row(place(2, "at"), place(2, "down"), I64_TYPE(r))]) for r in rows
        ]
        with cgutils.for_range_slice(builder, I64_TYPE(0), args[4], I64_TYPE(1)) as (k, _):
            vector = emit.load(b, row(place(3, "at"), place(3, "stride"), k))
            step = builder.mul(k, place(2, "along"))
            for total, start in zip(sums, starts, strict=True):
                factor = emit.splat_at(start, step)
                builder.store(emit.fma(factor, vector, builder.load(total)), total)
        for total, at in zip(sums, places, strict=True):
            emit.store(builder.load(total), c, at)
        return context.get_dummy_value()

    return signature, generate


@part(forceinline=True)
def _below(left, into, r):
    """The same factor and product from row r on."""
    return (
        Left(left.array, left.at + r * left.down, left.down, left.along),
        Rows(into.array, into.at + r * into.stride, into.stride),
    )


@part()
def _strip(height, width, rows, inner, left, right, into, add):
    """len(width) columns of a product, by tiles of len(height), 4 and 1 rows."""
    r, tall = 0, rows // len(height)
    if rows % len(height) == 2 and rows > 2:
        tall -= 1  # two of 4 rows are sooner done than six rows and two single ones
    while r < tall * len(height):
        a, c = _below(left, into, r)
        _tile(height, width, a, right, inner, c, add)
        r += len(height)
    while r + len(_FOUR) <= rows:
        a, c = _below(left, into, r)
        _tile(_FOUR, width, a, right, inner, c, add)
        r += len(_FOUR)
    while r < rows:
        a, c = _below(left, into, r)
        _tile(_ONE, width, a, right, inner, c, add)
        r += 1


@part()
def _strips(tile, j, size, left, right, into, add):
    """The columns of a product from j on, by strips of a tile = (height, width); returns the next.

    Of the last strip no more than 7 columns are beyond the product's.
    """
    (height, width), (rows, columns, inner) = tile, size
    while j + len(width) - len(_EIGHT) < columns:
        b = Rows(right.array, right.at + j, right.stride)
        _strip(height, width, rows, inner, left, b, Rows(into.array, j, into.stride), add)
        j += len(width)
    return j


@part()
def multiply(flip, size, a, b, add, c):
    """c = op(a) b, with c itself if `add`; op = transpose when `flip`, size = rows, columns, inner.

    inner >= 1. b and c have room for columns in multiples of 8, which may be written.
    """
    (rows, columns, inner), stride = size, b.shape[1]
    down, along = (1, a.shape[1]) if flip else (a.shape[1], 1)
    a_flat, b_flat, into = a.reshape(-1), b.reshape(-1), Rows(c.reshape(-1), 0, c.shape[1])
    for k in range(0, inner, _DEPTH):
        some, more = (rows, columns, min(_DEPTH, inner - k)), add or k > 0
        left, right = Left(a_flat, k * along, down, along), Rows(b_flat, k * stride, stride)
        j = _strips((_LOW, _WIDE), 0, some, left, right, into, more)
        j = _strips((_TALL, _HALF), j, some, left, right, into, more)
        _strips((_TALL, _EIGHT), j, some, left, right, into, more)

"""Matrix products of the work arrays of a model, on row-major rows that have room for vectors.

The matrices are small or thin: of rows, columns and depth one is that of the hidden layer, some
dozen, and one a block of samples, at most 256. A BLAS copies its operands before it multiplies,
which takes as long as such a product does. OpenBLAS has kernels that do not only for AVX-512; on
other machines products are made here, tile by tile, in registers.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.dims import F32
from tegum.engines.sampled.blas import gemm
from tegum.engines.sampled.emitter import I64_TYPE, WIDE, Emitter
from tegum.engines.sampled.random import part

#: Depth of a product in one go: so many rows of a tile's columns stay in the nearest cache.
_DEPTH: Final = 128
#: Rows and columns of tiles, as tags: 6 × 16 and 12 × 8 are twelve vectors of 8 lanes, summed in
#: registers, of which there are 16.
_SIXTEEN, _EIGHT = (0,) * 16, (0,) * 8
_TWELVE, _SIX, _FOUR, _ONE = (0,) * 12, (0,) * 6, (0,) * 4, (0,)


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
    r = 0
    while r + len(height) <= rows:
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
def by_tiles(flip, size, a, b, add, c):
    """`gemm`, by tiles; inner >= 1, and columns are rounded up to a multiple of 8."""
    (rows, columns, inner), stride = size, b.shape[1]
    down, along = (1, a.shape[1]) if flip else (a.shape[1], 1)
    a_flat, b_flat, c_flat = a.reshape(-1), b.reshape(-1), c.reshape(-1)
    for k in range(0, inner, _DEPTH):
        depth, more, j = min(_DEPTH, inner - k), add or k > 0, 0
        left = Left(a_flat, k * along, down, along)
        while j + len(_EIGHT) < columns:
            right, into = Rows(b_flat, k * stride + j, stride), Rows(c_flat, j, c.shape[1])
            _strip(_SIX, _SIXTEEN, rows, depth, left, right, into, more)
            j += len(_SIXTEEN)
        if j < columns:
            right, into = Rows(b_flat, k * stride + j, stride), Rows(c_flat, j, c.shape[1])
            _strip(_TWELVE, _EIGHT, rows, depth, left, right, into, more)


#: c = op(a) b, with c itself if `add`; op = transpose when `flip`, size = rows, columns, inner.
#: b and c have room for columns in multiples of 8, which may be written.
multiply = gemm if WIDE else by_tiles

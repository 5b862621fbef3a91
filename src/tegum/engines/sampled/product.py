"""Matrix products of the work arrays of a model, on row-major rows that have room for vectors.

The matrices are small or thin: of rows, columns and depth one is that of the hidden layer, some
dozen, and one a block of samples, at most 256. A BLAS copies its operands before it multiplies,
which takes as long as such a product does. OpenBLAS has kernels that do not only for AVX-512; on
other machines products are made here, tile by tile, in registers.
"""

from __future__ import annotations

from typing import Any, Final

from numba.core import cgutils, types
from numba.extending import intrinsic

from tegum.engines.sampled.blas import gemm
from tegum.engines.sampled.random import part
from tegum.engines.sampled.vectors import I64_TYPE, WIDE, Emitter

#: Depth of a product in one go: so many rows of a tile's columns stay in the nearest cache.
_DEPTH: Final = 128
#: Rows and columns of tiles, as tags: 6 × 16 and 12 × 8 are twelve vectors of 8 lanes, summed in
#: registers, of which there are 16.
_SIXTEEN, _EIGHT = (0,) * 16, (0,) * 8
_TWELVE, _SIX, _FOUR, _ONE = (0,) * 12, (0,) * 6, (0,) * 4, (0,)


@intrinsic
def _tile(typing, height, width, a, at_a, down, along, b, at_b, stride_b, inner, c, at_c, stride_c,
          add):  # fmt: skip
    """A tile of c <- Σ_k a[r·down + k·along] b[k·stride_b : + w], its old values added if `add`.

    r < len(height), k < inner, w = len(width); a, b, c are flat and start at at_a, at_b, at_c.
    """
    place, flag = types.int64, types.boolean
    signature = types.void(
        height, width, a, place, place, place, b, place, place, place, c, place, place, flag
    )

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        # once to a kernel, not at each of its products; and loops that are not unrolled
        builder.function.attributes.add("noinline")
        builder.function.attributes.add("optsize")
        rows = range(sig.args[0].count)
        emit = Emitter(context, builder, sig.args[1].count)
        left, right, out = (emit.data(sig.args[k], args[k]) for k in (2, 6, 10))
        at_a, down, along, at_b, stride_b, inner, at_c, stride_c, add = (
            args[k] for k in (3, 4, 5, 7, 8, 9, 11, 12, 13)
        )

        def row(start: Any, stride: Any, r: Any) -> Any:
            return builder.add(start, builder.mul(stride, r))

        sums = [emit.slot() for _ in rows]
        places = [row(at_c, stride_c, I64_TYPE(r)) for r in rows]
        with builder.if_else(add) as (old, new):
            with old:
                for total, at in zip(sums, places, strict=True):
                    builder.store(emit.load(out, at), total)
            with new:
                for total in sums:
                    builder.store(emit.zero, total)
        starts = [builder.gep(left, [row(at_a, down, I64_TYPE(r))]) for r in rows]
        with cgutils.for_range_slice(builder, I64_TYPE(0), inner, I64_TYPE(1)) as (k, _):
            vector = emit.load(right, row(at_b, stride_b, k))
            step = builder.mul(k, along)
            for total, start in zip(sums, starts, strict=True):
                factor = emit.splat_at(start, step)
                builder.store(emit.fma(factor, vector, builder.load(total)), total)
        for total, at in zip(sums, places, strict=True):
            emit.store(builder.load(total), out, at)
        return context.get_dummy_value()

    return signature, generate


@part(forceinline=False)  # unsaid, numba takes it from the caller
def _strip(height, width, rows, inner, a, at_a, down, along, b, at_b, stride_b, add, c, at_c,
           stride_c):  # fmt: skip
    """len(width) columns of a product, by tiles of len(height), 4 and 1 rows."""
    r = 0
    while r + len(height) <= rows:
        _tile(height, width, a, at_a + r * down, down, along, b, at_b, stride_b, inner, c,
              at_c + r * stride_c, stride_c, add)  # fmt: skip
        r += len(height)
    while r + len(_FOUR) <= rows:
        _tile(_FOUR, width, a, at_a + r * down, down, along, b, at_b, stride_b, inner, c,
              at_c + r * stride_c, stride_c, add)  # fmt: skip
        r += len(_FOUR)
    while r < rows:
        _tile(_ONE, width, a, at_a + r * down, down, along, b, at_b, stride_b, inner, c,
              at_c + r * stride_c, stride_c, add)  # fmt: skip
        r += 1


@part(forceinline=False)
def by_tiles(rows, columns, inner, a, down, along, b, stride_b, add, c, stride_c):
    """c (rows, columns) <- a b, with c itself if `add`; a[r, k] is at r·down + k·along.

    inner >= 1. Columns are rounded up to a multiple of 8: b and c have them.
    """
    a, b, c = a.reshape(-1), b.reshape(-1), c.reshape(-1)
    for k in range(0, inner, _DEPTH):
        depth, more = min(_DEPTH, inner - k), add or k > 0
        at_a, at_b, j = k * along, k * stride_b, 0
        while j + len(_EIGHT) < columns:
            _strip(_SIX, _SIXTEEN, rows, depth, a, at_a, down, along, b, at_b + j, stride_b, more,
                   c, j, stride_c)  # fmt: skip
            j += len(_SIXTEEN)
        if j < columns:
            _strip(_TWELVE, _EIGHT, rows, depth, a, at_a, down, along, b, at_b + j, stride_b, more,
                   c, j, stride_c)  # fmt: skip


@part(forceinline=True)
def _tiled(flip, rows, columns, inner, a, stride_a, b, stride_b, beta, c, stride_c, one):
    """`gemm`, by tiles; beta[0] is 0 or 1."""
    down, along = (1, stride_a) if flip else (stride_a, 1)
    by_tiles(rows, columns, inner, a, down, along, b, stride_b, beta[0] != 0.0, c, stride_c)


#: c (rows, columns) = op(a) b + beta[0] c, op = transpose when `flip`; beta[0] is 0 or 1, one[0] is
#: 1; b and c have room for columns in multiples of 8, which may be written.
multiply = gemm if WIDE else _tiled

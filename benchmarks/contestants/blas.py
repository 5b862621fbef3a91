"""sgemm on row-major work arrays, through the BLAS that numba already links."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.linalg import ensure_blas

from tegum.engines.sampled.random import f32, part

ensure_blas()
_FLOATS = types.CPointer(types.float32)
_xxgemm = types.ExternalFunction(
    "numba_xxgemm",
    types.intc(
        types.char, types.char, types.char, types.intp, types.intp, types.intp, _FLOATS, _FLOATS,
        types.intp, _FLOATS, types.intp, _FLOATS, _FLOATS, types.intp,
    ),
)  # fmt: skip
_SINGLE, _PLAIN, _FLIPPED = (np.uint8(ord(letter)) for letter in "snt")


@intrinsic
def _pointer_to(typing, value):
    """A place in memory that holds a float32."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return cgutils.alloca_once_value(builder, args[0])

    return _FLOATS(types.float32), generate


@part(forceinline=True)
def gemm(flip, size, a, b, add, c):
    """c = op(a) b, with c itself if `add`; op = transpose when `flip`, size = rows, columns, inner.

    Row-major arrays are column-major transposes, so BLAS is asked for cᵀ = bᵀ op(a)ᵀ.
    """
    rows, columns, inner = size
    one, beta = _pointer_to(f32(1)), _pointer_to(f32(1) if add else f32(0))
    _xxgemm(
        _SINGLE, _PLAIN, _FLIPPED if flip else _PLAIN, columns, rows, inner, one, b.ctypes,
        b.shape[1], a.ctypes, a.shape[1], beta, c.ctypes, c.shape[1],
    )  # fmt: skip

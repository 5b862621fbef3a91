"""sgemm on row-major work arrays, through the BLAS that numba already links."""

from __future__ import annotations

import numpy as np
from numba.core import types
from numba.np.linalg import ensure_blas

from tegum.engines.sampled.random import part

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


@part(forceinline=True)
def gemm(flip, rows, columns, inner, a, stride_a, b, stride_b, beta, c, stride_c, one):
    """c (rows, columns) = op(a) b + beta[0] c, op = transpose when `flip`; one[0] is 1.

    Row-major arrays are column-major transposes, so BLAS is asked for cᵀ = bᵀ op(a)ᵀ.
    """
    _xxgemm(
        _SINGLE, _PLAIN, _FLIPPED if flip else _PLAIN, columns, rows, inner, one.ctypes, b.ctypes,
        stride_b, a.ctypes, stride_a, beta.ctypes, c.ctypes, stride_c,
    )  # fmt: skip

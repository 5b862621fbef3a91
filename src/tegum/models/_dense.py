"""Layers of many models at once, in float64."""

from __future__ import annotations

from typing import Final

import numpy as np

from tegum.dims import F64

#: What LayerNorm adds to the variance.
NORM_FLOOR: Final = 1e-5


def affine(x: F64, matrix: np.ndarray, bias: np.ndarray | None) -> F64:
    """Rows of x (N or 1, batch, in) through each model's (N, out, in) and bias (N, out).

    Args:
        x: the rows.
        matrix: what multiplies them.
        bias: what is added, None for nothing.

    Returns:
        The products, (N, batch, out).
    """
    z = np.matmul(x, np.swapaxes(matrix, -1, -2), dtype=np.float64)
    return np.asarray(z if bias is None else z + np.asarray(bias, np.float64)[:, None])


def normalised(h: F64) -> F64:
    """(h − mean)/√(variance + 1e-5) over the last axis, as torch.nn.LayerNorm without parameters.

    Args:
        h: hidden activations (..., m).

    Returns:
        (..., m).
    """
    apart = h - h.mean(-1, keepdims=True)
    return np.asarray(apart / np.sqrt((apart**2).mean(-1, keepdims=True) + NORM_FLOOR))

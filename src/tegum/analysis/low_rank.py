"""Polytopes and low-rank matrices: what a model leaves out determines its geometry.

WᵀW of rank m < n is zero on n − m directions of the input space, those that W maps to nothing. If
WᵀW is otherwise as much like the identity as it can be, it is the projector onto the others, and
the features are the n basis vectors, projected: leaving out (1, …, 1) gives the regular simplex,
leaving out e_i + e_j puts features i and j in an antipodal pair.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from tegum.analysis._arrays import one_model
from tegum.arguments import array, number
from tegum.dims import F64
from tegum.errors import SpecError

#: Singular values of at most this share of the largest count as 0.
RANK: Final = 1e-6


def left_out(W: NDArray[Any] | xr.DataArray, *, rank: float = RANK) -> F64:
    """An orthonormal basis of the directions v with W v = 0.

    Args:
        W: weights (hidden, feature), plain or labelled.
        rank: singular values of at most this times the largest count as 0, in (0, 1).

    Returns:
        The basis as columns, (feature, k), k = n − rank(W). The first entry of a column that is not
        about 0 is positive.

    Raises:
        SpecError: unless W is one model (hidden, feature) and finite, and 0 < rank < 1.

    Source: "The Geometry of Superposition: Polytopes and Low-Rank Matrices".
    """
    w = one_model("left_out", "W", W)
    if not np.isfinite(w).all():
        raise SpecError.of("left_out", "W", "must be finite", w)
    rank = number("left_out", "rank", rank, "must be in (0, 1)", lambda x: 0 < x < 1)
    _, size, rows = np.linalg.svd(w, full_matrices=True)
    kept = int((size > rank * size.max(initial=0.0)).sum())
    basis = rows[kept:].T
    first = (np.abs(basis) > RANK).argmax(axis=0)
    return np.asarray(basis * np.sign(basis[first, np.arange(basis.shape[1])]))


def projection(directions: NDArray[Any] | list[Any]) -> F64:
    """The n basis vectors projected orthogonally to some directions: W with WᵀW = 1 − V (VᵀV)⁻¹ Vᵀ.

    Of all symmetric matrices that are zero on V = `directions` this WᵀW is the one closest to the
    identity, at the distance √k. W itself is that up to rotation.

    Args:
        directions: k of them, (feature,) or (feature, k).

    Returns:
        W, (hidden, feature) with n − k hidden dimensions.

    Raises:
        SpecError: unless the directions are finite, linearly independent and fewer than n.

    Source: "The Geometry of Superposition: Polytopes and Low-Rank Matrices".
    """
    columns = array("projection", "directions", directions)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or not np.isfinite(columns).all():
        rule = "must be finite, (feature,) or (feature, k)"
        raise SpecError.of("projection", "directions", rule, directions)
    n, k = columns.shape
    basis, size, _ = np.linalg.svd(columns, full_matrices=True)
    if k >= n or int((size > RANK * size.max(initial=0.0)).sum()) < k:
        rule = f"must be fewer than {n} and linearly independent"
        raise SpecError.of("projection", "directions", rule, directions)
    return np.asarray(basis[:, k:].T)

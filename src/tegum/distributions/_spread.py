"""Directions as far apart as they can be found: a descent on their largest cosine."""

from __future__ import annotations

from typing import Final

import numpy as np

from tegum.dims import F64

#: Sharpness of the soft maximum, one descent after the other.
_SHARPNESS: Final = (4.0, 32.0, 256.0, 2048.0)
_ITERATIONS: Final = 200


def spread(columns: F64) -> F64:
    """Columns of norm 1 (m, n) with a small largest cosine, from those given, of which none is 0.

    What is lowered is log Σ exp(β Ŵ_i·Ŵ_j)/β over pairs i ≠ j, with β rising.
    """
    from scipy.optimize import minimize

    shape, found = columns.shape, columns.ravel()
    if shape[1] > 1:
        for sharpness in _SHARPNESS:
            found = minimize(  # type: ignore[no-untyped-call]
                lambda flat, by: _soft_maximum(flat.reshape(shape), by), found, (sharpness,),
                jac=True, method="L-BFGS-B",
                options={"maxiter": _ITERATIONS, "ftol": 1e-12, "gtol": 1e-9},
            ).x  # fmt: skip
    W = found.reshape(shape)
    return np.asarray(W / np.linalg.norm(W, axis=0))


def _soft_maximum(V: F64, sharpness: float) -> tuple[float, F64]:
    length = np.linalg.norm(V, axis=0)
    U = V / length
    cosine = U.T @ U
    np.fill_diagonal(cosine, -np.inf)
    most = cosine.max()
    weight = np.exp(sharpness * (cosine - most))
    total = weight.sum()
    to_U = 2.0 / total * U @ weight
    to_V = (to_U - U * (U * to_U).sum(axis=0)) / length
    return float(most + np.log(total) / sharpness), to_V.ravel()

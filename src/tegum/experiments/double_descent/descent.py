"""Descent on the loss of all rows by L-BFGS, without weight decay: where local minima are."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tegum.dims import F64

_PART: Final = 128  # rows at a time: their outputs stay in the cache
_MEMORY: Final = 20


class End(NamedTuple):
    """Weights (m, n), biases (n,) and the loss there."""

    W: F64
    b: F64
    loss: float


def descend(W: F64, b: F64, x: F64, iterations: int) -> End:
    """From (W, b) down the mean loss of a tied ReLU-output model over the rows x."""
    from scipy.optimize import minimize

    shape, cut = W.shape, W.size
    found = minimize(  # type: ignore[no-untyped-call]
        lambda v: _loss_and_gradient(v[:cut].reshape(shape), v[cut:], x),
        np.concatenate([W.ravel(), b]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations, "maxcor": _MEMORY, "maxfun": 2 * iterations},
    )
    return End(found.x[:cut].reshape(shape), found.x[cut:], float(found.fun))


def _loss_and_gradient(W: F64, b: F64, x: F64) -> tuple[float, F64]:
    loss, to_W, to_b = 0.0, np.zeros_like(W), np.zeros_like(b)
    for part in np.array_split(x, -(-len(x) // _PART)):
        h = part @ W.T
        z = h @ W + b
        error = np.maximum(z, 0.0) - part
        loss += float(np.square(error).sum())
        error *= z > 0
        # by the decoder, and by h
        to_W += h.T @ error + (error @ W.T).T @ part
        to_b += error.sum(axis=0)
    scale = 2.0 / len(x)
    return loss / len(x), np.concatenate([scale * to_W.ravel(), scale * to_b])


def pentagon(n: int, mean: F64) -> tuple[F64, F64]:
    """Features 0 to 4 as a regular pentagon, and the mean of the others as their biases."""
    angle = 2 * np.pi * np.arange(5) / 5
    W, b = np.zeros((2, n)), mean.copy()
    W[:, :5] = 1.1 * np.stack([np.cos(angle), np.sin(angle)])
    b[:5] = -mean[:5]
    return W, b

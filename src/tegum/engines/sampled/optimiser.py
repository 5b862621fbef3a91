"""One step of Adam, AdamW or SGD with momentum on a flat parameter vector."""

from __future__ import annotations

import numpy as np
from numba import njit

from tegum.engines.sampled.random import FAST, f32

ADAM, ADAMW, SGD = 0, 1, 2
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
_B1, _B2, _EPS = f32(BETA1), f32(BETA2), f32(EPSILON)
_C1, _C2 = f32(1 - BETA1), f32(1 - BETA2)


@njit(fastmath=FAST, boundscheck=False, error_model="numpy", forceinline=True)
def update(theta, gradient, first, second, scale, step, rate, decay, kind, momentum):  # type: ignore[no-untyped-def]
    """theta, first, second <- one step number `step` (from 1) at learning rate `rate`.

    `scale`·gradient is the gradient. Weight decay is coupled (added to the gradient) for Adam and
    SGD, decoupled for AdamW; as everywhere, it acts on every parameter.
    """
    coupled = f32(0) if kind == ADAMW else f32(decay)
    if kind == SGD:
        mu, lr = f32(momentum), f32(rate)
        for k in range(theta.shape[0]):
            first[k] = mu * first[k] + (gradient[k] * scale + coupled * theta[k])
            theta[k] -= lr * first[k]
        return
    lr = f32(rate / (1.0 - BETA1**step))
    correction = f32(1.0 / (1.0 - BETA2**step))
    keep = f32(1.0 - rate * decay) if kind == ADAMW else f32(1)
    for k in range(theta.shape[0]):
        g = gradient[k] * scale + coupled * theta[k]
        m = _B1 * first[k] + _C1 * g
        v = _B2 * second[k] + _C2 * (g * g)
        first[k] = m
        second[k] = v
        theta[k] = keep * theta[k] - lr * m / (np.sqrt(v * correction) + _EPS)

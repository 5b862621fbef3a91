"""Adam on parameters in a row, and atoms that keep norm 1."""

from __future__ import annotations

import numpy as np

from tegum.engines.sampled.optimiser import BETA1, BETA2, EPSILON
from tegum.engines.sampled.random import f32, part, u64

_B1, _B2, _EPS = f32(BETA1), f32(BETA2), f32(EPSILON)
_C1, _C2 = f32(1 - BETA1), f32(1 - BETA2)


@part()
def move(row, gradient, scale, lr, correction, start, count):
    """Adam on `count` parameters from `start` on; row = theta, moment, square."""
    theta, moment, square = row
    for q in range(count):
        at = u64(start + q)  # one that may be below 0 counts from the end, which takes longer
        g = gradient[u64(q)] * scale
        mean = _B1 * moment[at] + _C1 * g
        size = _B2 * square[at] + _C2 * (g * g)
        moment[at] = mean
        square[at] = size
        theta[at] -= lr * mean / (np.sqrt(size * correction) + _EPS)


@part(forceinline=True)
def along_sphere(gradient, at, theta, start, m):
    """Take from an atom's gradient, from `at` on, what is along the atom, from `start` on."""
    along = f32(0)
    for k in range(m):
        along += gradient[u64(at + k)] * theta[u64(start + k)]
    for k in range(m):
        gradient[u64(at + k)] -= along * theta[u64(start + k)]


@part()
def keep_unit(theta, start, m):
    """Bring an atom to norm 1; one of norm 0 stays."""
    square = f32(0)
    for k in range(start, start + m):
        square += theta[u64(k)] * theta[u64(k)]
    if square > f32(0):
        scale = f32(1) / np.sqrt(square)
        for k in range(start, start + m):
            theta[u64(k)] *= scale

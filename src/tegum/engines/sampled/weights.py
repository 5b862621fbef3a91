"""What weights cost, and columns of norm 1: their part in a step, after the errors' gradient."""

from __future__ import annotations

import numpy as np

from tegum.engines.sampled.random import f32, part


@part()
def add_costs(theta, gradient, costs, static):
    """Add the gradient of Σ λ₁|w| + λ₂ w² over the weights.

    costs (4,) are B λ₁/2 of E and of D and B λ₂ of E and of D, for gradients that are summed over a
    batch of B and lack the factor 2.
    """
    size = static.n * static.m
    for part_of in range(1 if static.tied else 2):
        flat, square = costs[part_of], costs[2 + part_of]
        if flat > f32(0) or square > f32(0):
            for k in range(part_of * size, (part_of + 1) * size):
                w = theta[k]
                sign = flat if w > f32(0) else (-flat if w < f32(0) else f32(0))
                gradient[k] += square * w + sign


@part()
def project_columns(theta, gradient, static):
    """Take from the gradient of each column of W, or of W_in, its part along the column."""
    m = static.m
    for i in range(static.n):
        along = f32(0)
        for k in range(i * m, (i + 1) * m):
            along += gradient[k] * theta[k]
        for k in range(i * m, (i + 1) * m):
            gradient[k] -= along * theta[k]


@part()
def normalise_columns(theta, static):
    """Bring each column of W, or of W_in, to norm 1; one of norm 0 stays."""
    m = static.m
    for i in range(static.n):
        square = f32(0)
        for k in range(i * m, (i + 1) * m):
            square += theta[k] * theta[k]
        if square > f32(0):
            scale = f32(1) / np.sqrt(square)
            for k in range(i * m, (i + 1) * m):
                theta[k] *= scale

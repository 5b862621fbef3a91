"""One step of Adam, AdamW or SGD with momentum on a flat parameter vector."""

from __future__ import annotations

import numpy as np

from tegum.dims import F64
from tegum.engines.sampled.random import f32, part
from tegum.engines.sampled.weights import add_costs, normalise_columns, project_columns

ADAM, ADAMW, SGD = 0, 1, 2
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
_B1, _B2, _EPS = f32(BETA1), f32(BETA2), f32(EPSILON)
_C1, _C2 = f32(1 - BETA1), f32(1 - BETA2)


def timing_of(rates: F64, step0: int) -> F64:
    """(step, 3): the learning rate multiplier, and Adam's two bias corrections.

    1/(1 - β₁ᵗ) and 1/(1 - β₂ᵗ), t from 1: from the step number alone, so that a run that is cut
    anywhere has the same bits.
    """
    t = np.arange(step0 + 1, step0 + 1 + len(rates), dtype=np.float64)
    return np.stack([rates, 1.0 / (1.0 - BETA1**t), 1.0 / (1.0 - BETA2**t)], axis=1)


@part(forceinline=True)
def descend(descent, a, gradient, timing, point, instances, rare):
    """One step of row a, by its summed gradient without the factor 2; timing as in `timing_of`.

    What weights cost is added, and columns are kept at norm 1 where that is asked.
    """
    static, theta = instances.static, descent.theta[a]
    if rare is not None:
        add_costs(theta, gradient, instances.numbers.costs[point], static)
        if static.unit_norm:
            project_columns(theta, gradient, static)
    _move(descent, a, gradient, timing, point, instances)
    if rare is not None and static.unit_norm:
        normalise_columns(theta, static)


@part(forceinline=True)
def _move(descent, a, gradient, timing, point, instances):
    """The step of the optimiser.

    Weight decay is coupled (added to the gradient) for Adam and SGD, decoupled for AdamW; as
    everywhere, it acts on every parameter.
    """
    static, numbers = instances.static, instances.numbers
    theta, moment, square = descent.theta[a], descent.moment[a], descent.square[a]
    scale, kind, decay = f32(2.0 / static.batch), static.optimiser, numbers.decay[point]
    coupled = f32(0) if kind == ADAMW else f32(decay)
    rate = numbers.rate[point] * timing[0]
    if kind == SGD:
        mu, lr = f32(numbers.momentum[point]), f32(rate)
        for k in range(theta.shape[0]):
            moment[k] = mu * moment[k] + (gradient[k] * scale + coupled * theta[k])
            theta[k] -= lr * moment[k]
        return
    lr, correction = f32(rate * timing[1]), f32(timing[2])
    keep = f32(1.0 - rate * decay) if kind == ADAMW else f32(1)
    for k in range(theta.shape[0]):
        g = gradient[k] * scale + coupled * theta[k]
        m = _B1 * moment[k] + _C1 * g
        v = _B2 * square[k] + _C2 * (g * g)
        moment[k] = m
        square[k] = v
        theta[k] = keep * theta[k] - lr * m / (np.sqrt(v * correction) + _EPS)

"""The quadratic toy, trained on samples: no part of its closed form is used.

No target of `tegum.targets` is one sum over all features, so that it has a loop of its own.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from tegum.dims import F32, F64

Numbers: TypeAlias = F32 | F64
_BETA1, _BETA2, _TINY = 0.9, 0.999, 1e-8


class Descent(NamedTuple):
    """Steps of Adam, whose learning rate falls to 0 on half a cosine, of fresh samples each."""

    steps: int
    batch: int
    learning_rate: float


def samples(kurtosis: float, shape: tuple[int, int], rng: np.random.Generator) -> F64:
    """x_i = ±√κ with probability 1/κ, else 0: mean 0, variance 1, kurtosis κ >= 1."""
    sign = rng.choice([-1.0, 1.0], shape)
    return np.asarray(np.sqrt(kurtosis) * sign * (rng.random(shape) < 1 / kurtosis))


def train(
    v: F64, m: int, kurtosis: float, how: Descent, rng: np.random.Generator, models: int
) -> F64:
    """Weights (models, m, n) of ŷ = ‖Wx‖² + β, trained to give y = Σ_i v_i x_i² with m.s. error.

    All see the same samples; every other one starts from small weights.
    """
    n = len(v)
    scale = np.where(np.arange(models) % 2, 1.0, 0.05)[:, None, None] / np.sqrt(m)
    W = (scale * rng.normal(size=(models, m, n))).astype(np.float32)
    beta = np.zeros(models, np.float32)
    moments = [[np.zeros_like(a), np.zeros_like(a)] for a in (W, beta)]
    for step in range(1, how.steps + 1):
        x = samples(kurtosis, (how.batch, n), rng).astype(np.float32)
        rate = how.learning_rate * (1 + np.cos(np.pi * (step - 1) / how.steps)) / 2
        to = gradients(W, beta, x, np.square(x) @ v.astype(np.float32))
        for a, g, pair in zip((W, beta), to, moments, strict=True):
            pair[0] = _BETA1 * pair[0] + (1 - _BETA1) * g
            pair[1] = _BETA2 * pair[1] + (1 - _BETA2) * g * g
            first, second = pair[0] / (1 - _BETA1**step), pair[1] / (1 - _BETA2**step)
            a -= np.float32(rate) * first / (np.sqrt(second) + _TINY)
    return np.asarray(W, np.float64)


def gradients(W: Numbers, beta: Numbers, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Of the mean over samples of (‖Wx‖² + β − y)², by W (models, m, n) and by β (models,)."""
    models, m, n = W.shape
    # models last: sums over the few dimensions are then of whole rows
    z = (x @ W.transpose(1, 0, 2).reshape(-1, n).T).reshape(len(x), m, models)
    error = np.square(z).sum(axis=1) + beta - y[:, None]
    slope = (error[:, None, :] * z).reshape(len(x), -1)
    by_W = (slope.T @ x).reshape(m, models, n).transpose(1, 0, 2)
    return 4 / len(x) * by_W, 2 * error.mean(axis=0)

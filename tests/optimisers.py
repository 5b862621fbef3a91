"""The optimisers in plain float64, each from the formulas that were published, and what they train.

They stand beside the kernels as an oracle: nothing here is tegum's but the samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from sampled_reference import Array, reference_gradient, samples_of_step

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.sampled.lowering import lower
from tegum.ensemble.grid import Grid


class Optimiser(Protocol):
    """One array under way."""

    def step(self, theta: Array, gradient: Array, rate: float) -> Array: ...


class Adam:
    """Kingma & Ba, "Adam: A Method for Stochastic Optimization" (2015), Algorithm 1.

    A weight decay is the gradient of λ‖θ‖²/2, a part of g: L2 regularisation, as Loshchilov &
    Hutter call it to tell it from theirs.
    """

    beta_1, beta_2, epsilon = 0.9, 0.999, 1e-8

    def __init__(self, weight_decay: float) -> None:
        self.t, self.m, self.v = 0, np.zeros(()), np.zeros(())
        self.decay = weight_decay

    def step(self, theta: Array, gradient: Array, rate: float) -> Array:
        return theta - rate * self.direction(gradient + self.decay * theta)

    def direction(self, g: Array) -> Array:
        """m̂ / (√v̂ + ε) after one more gradient."""
        self.t += 1
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * g
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * g * g
        m_hat = self.m / (1 - self.beta_1**self.t)
        v_hat = self.v / (1 - self.beta_2**self.t)
        return np.asarray(m_hat / (np.sqrt(v_hat) + self.epsilon))


class AdamW(Adam):
    """Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (2019), Algorithm 2.

    θ ← θ − η (α m̂ / (√v̂ + ε) + λ' θ), with λ' = α λ: the schedule η and the rate α scale both.
    """

    def step(self, theta: Array, gradient: Array, rate: float) -> Array:
        return theta - rate * (self.direction(gradient) + self.decay * theta)


class Momentum:
    """Gradient descent with Polyak's momentum (1964): u ← μ u + g, θ ← θ − η u.

    At a constant rate this is θ_{t+1} = θ_t − η g + μ (θ_t − θ_{t−1}). μ = 0 is plain descent.
    """

    def __init__(self, momentum: float, weight_decay: float) -> None:
        self.momentum, self.decay, self.u = momentum, weight_decay, np.zeros(())

    def step(self, theta: Array, gradient: Array, rate: float) -> Array:
        self.u = self.momentum * self.u + (gradient + self.decay * theta)
        return np.asarray(theta - rate * self.u)


def plain(training: tg.Training) -> Optimiser:
    """The optimiser of a training, for one array."""
    if training.optimizer == "sgd":
        return Momentum(training.momentum, training.weight_decay)
    return {"adam": Adam, "adamw": AdamW}[training.optimizer](training.weight_decay)


def rate_by_hand(training: tg.Training, step: int) -> float:
    """The learning rate of an update: warm-up, then the schedule from 1 to final_fraction."""
    if step < training.warmup:
        return training.learning_rate * (step + 1) / training.warmup
    done = (step - training.warmup) / (training.steps - 1 - training.warmup)
    last = training.final_fraction
    fraction = {
        "constant": 1.0,
        "linear": 1 + (last - 1) * done,
        "cosine": last + (1 - last) * 0.5 * (1 + np.cos(np.pi * done)),
    }
    return training.learning_rate * float(fraction[training.schedule])


SMALL = tg.Problem(tg.Independent(20, 0.3), tg.ReLUOutput(5))
LARGE = tg.Problem(tg.Independent(90, 0.3), tg.ReLUOutput(21))
#: By the kernel that trains them.
PROBLEMS = {
    "lane": SMALL,
    "dense": LARGE,
    "sparse": LARGE.replace(distribution=tg.Independent(90, 0.05)),
}
TRAININGS = {
    "adam": tg.Training(optimizer="adam", learning_rate=0.02),
    "adam with decay, cosine": tg.Training(
        optimizer="adam", learning_rate=0.02, weight_decay=0.05, schedule="cosine", warmup=5
    ),
    "adamw, linear": tg.Training(
        optimizer="adamw", learning_rate=0.02, weight_decay=0.5, schedule="linear",
        final_fraction=0.1,
    ),
    "sgd, warm-up": tg.Training(
        optimizer="sgd", learning_rate=0.2, momentum=0.0, warmup=20, schedule="linear"
    ),
    "sgd with momentum and decay": tg.Training(
        optimizer="sgd", learning_rate=0.05, momentum=0.8, weight_decay=0.03
    ),
}  # fmt: skip


def batch_of(
    problem: tg.Problem, training: tg.Training, axes: dict[str, Any] | None = None, seeds: int = 1
) -> Batch:
    """The instances of a run, as an engine is given them."""
    grid = Grid(problem, training, axes)
    points, trainings = grid.points(0, len(grid))
    return Batch(problem, points, trainings, tuple(range(seeds)), 7)


def check_training(
    kernel: str, name: str, optimiser_of: Callable[[tg.Training], Optimiser]
) -> None:
    """50 steps on the samples that the kernels drew; only rounding may differ."""
    training = TRAININGS[name].replace(steps=50, batch_size=128)
    batch = batch_of(PROBLEMS[kernel], training)
    assert lower(batch).forms[0].kernel == kernel
    engine, state = SampledEngine(), SampledEngine().init(batch)
    theta = {k: v[0].astype(np.float64) for k, v in engine.parameters(batch, state).items()}
    start = {k: v.copy() for k, v in theta.items()}
    optimisers = {k: optimiser_of(training) for k in theta}
    for step in range(training.steps):
        given = {k: v[None] for k, v in theta.items()}
        gradient = reference_gradient(batch.problem, given, samples_of_step(batch, step))
        rate = rate_by_hand(training, step)
        theta = {k: optimisers[k].step(v, gradient[k], rate) for k, v in theta.items()}
    found = engine.parameters(batch, engine.advance(batch, state, training.steps, jobs=1))
    for k, wanted in theta.items():
        assert np.abs(wanted - start[k]).max() > 0.02
        error = np.abs(found[k][0] - wanted)
        # rounding may put an output on the other side of ReLU's kink: that moves some weights more
        assert np.median(error) < 1e-6
        assert error.max() < 1e-4

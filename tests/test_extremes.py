"""Legitimate extremes: what they give, through Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from refusals import PROBLEM, QUICK

import tegum as tg

RELU, WIDE = tg.ReLUOutput(2), tg.ReLUOutput(21)
EXTREMES: dict[str, tuple[tg.Problem, dict[str, Any]]] = {
    "always active": (tg.Problem(tg.Independent(5, 1.0), RELU), {}),
    "always active, large": (tg.Problem(tg.Independent(90, 1.0), WIDE), {}),
    "almost always active": (tg.Problem(tg.Independent(5, 1 - 1e-12), RELU), {}),
    "some always active": (tg.Problem(tg.Independent(3, (1.0, 0.5, 0.01)), RELU), {}),
    "n = 1": (tg.Problem(tg.Independent(1, 0.5), RELU), {}),
    "n < m": (tg.Problem(tg.Independent(2, 0.5), tg.ReLUOutput(5)), {}),
    "n < m, large": (tg.Problem(tg.Independent(3, 0.1), tg.ReLUOutput(30)), {}),
    "batch 1": (tg.Problem(tg.Independent(5, 0.3), RELU), {"batch_size": 1}),
    "batch 1, sparse": (tg.Problem(tg.Independent(90, 0.05), WIDE), {"batch_size": 1}),
    "batch 1, dense": (tg.Problem(tg.Independent(90, 0.3), WIDE), {"batch_size": 1}),
    "steps 0": (tg.Problem(tg.Independent(5, 0.3), RELU), {"steps": 0}),
    "steps 0, large": (tg.Problem(tg.Independent(90, 0.3), WIDE), {"steps": 0}),
    "an importance of 0": (tg.Problem(tg.Independent(3, 0.5), RELU, (1.0, 0.0, 2.0)), {}),
    "no curve": (tg.Problem(tg.Independent(5, 0.3), RELU), {"curve_points": 0}),
    "sets of one": (tg.Problem(tg.Anticorrelated(5, 1, 0.3), RELU), {}),
    "one set, always on": (tg.Problem(tg.Correlated(1, 5, 1.0), RELU), {}),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_losses_of_extremes_are_those_of_their_weights(name: str) -> None:
    """By numpy, on samples of its own: within 4.5 joint standard errors for each of 3 seeds."""
    problem, changes = EXTREMES[name]
    training = tg.Training(**{"steps": 20, "batch_size": 64, "held_out": 40_000, **changes})
    runs = tg.train(problem, {}, training, seeds=3, progress=False)
    assert not runs.diverged.any()
    if training.curve_points:
        assert np.isfinite(runs.loss_curve).all()
        assert runs.step.values[-1] == training.steps
    x = problem.distribution.sample(np.random.default_rng(0), 40_000)
    for seed in range(3):
        run = runs.sel(seed=seed)
        weights = {"W": run.W.values, "b": run.b.values}
        error = problem.model.forward(weights, x)[1] - x
        losses = error**2 @ problem.importance_vector()
        joint = np.hypot(losses.std() / 200, float(run.loss_error))
        assert float(run.loss) == pytest.approx(losses.mean(), abs=4.5 * joint)
        assert joint < 0.05 * losses.mean()
    moved = float(np.abs(runs.b).max()) > 0
    assert moved == (training.steps > 0)


def test_steps_0_gives_the_first_checkpoint_of_a_longer_run() -> None:
    short = tg.train(PROBLEM, {}, QUICK.replace(steps=0), seeds=3, progress=False)
    long = tg.train(PROBLEM, {}, QUICK.replace(checkpoints=(0,)), seeds=3, progress=False)
    np.testing.assert_array_equal(short.W, long.W_checkpoint.isel(checkpoint=0))
    np.testing.assert_array_equal(short.loss_curve[:, 0], long.loss_curve[:, 0])


@pytest.mark.parametrize(("n", "m"), [(5, 2), (90, 21)])
def test_features_that_never_come(n: int, m: int) -> None:
    """At p = 10^-300 every sample is 0: nothing to learn, and no loss where b = 0."""
    problem = tg.Problem(tg.Independent(n, 1e-300), tg.ReLUOutput(m))
    runs = tg.train(problem, {}, QUICK, seeds=2, progress=False)
    start = tg.train(problem, {}, QUICK.replace(steps=0), seeds=2, progress=False)
    np.testing.assert_array_equal(runs.W, start.W)
    assert not runs.b.any()
    assert not runs.loss.any()
    assert not runs.diverged.any()


@pytest.mark.parametrize(
    ("problem", "training"),
    [
        (PROBLEM.replace(importance=1e300), QUICK),
        (PROBLEM.replace(importance=(1.0, 1e39, 1.0)), QUICK),
        (PROBLEM, QUICK.replace(init_std=1e300)),
        (PROBLEM, QUICK.replace(learning_rate=1e300)),
        (PROBLEM, QUICK.replace(learning_rate=1e300, optimizer="sgd")),
    ],
)
def test_numbers_beyond_single_precision_diverge(
    problem: tg.Problem, training: tg.Training
) -> None:
    """No warning, no infinity: the status says it."""
    runs = tg.train(problem, {}, training, seeds=2, progress=False)
    assert runs.diverged.all()
    assert np.isnan(runs.loss).all()
    assert np.isnan(runs.W).all()
    assert not np.isinf(runs.loss_curve).any()

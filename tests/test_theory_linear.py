"""Oracles: Monte Carlo with its standard error, gradient descent, elementwise sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from tegum.errors import SpecError
from tegum.theory import linear

RNG = np.random.default_rng(0)
IMPORTANCE = 0.7 ** np.arange(6)


def sample(p: float, size: int, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.random((size, n)) < p, rng.random((size, n)), 0.0)


def test_loss_at_any_bias_agrees_with_sampling() -> None:
    p, size = 0.3, 400_000
    rng = np.random.default_rng(1)
    W, b = rng.normal(0, 0.6, (3, 6)), rng.normal(0, 0.2, 6)
    x = sample(p, size, 6, rng)
    squared = (x - (x @ W.T @ W + b)) ** 2 @ IMPORTANCE
    predicted = linear.loss_with_bias(W, b, IMPORTANCE, p / 2, linear.uniform_variance(p))
    error = squared.std() / np.sqrt(size)
    assert abs(squared.mean() - predicted) < 4 * error
    assert error < 0.01 * predicted


def test_loss_with_correlated_features_agrees_with_sampling() -> None:
    rng = np.random.default_rng(2)
    mixing = rng.normal(0, 1, (5, 5))
    x = rng.standard_normal((400_000, 5)) @ mixing.T
    W = rng.normal(0, 0.5, (2, 5))
    squared = (x - x @ W.T @ W) ** 2 @ IMPORTANCE[:5]
    predicted = linear.loss(W, IMPORTANCE[:5], mixing @ mixing.T)
    assert abs(squared.mean() - predicted) < 4 * squared.std() / np.sqrt(len(x))


def test_no_bias_beats_the_best_bias() -> None:
    W = RNG.normal(0, 0.6, (2, 6))
    mean, variance = np.linspace(0.1, 0.6, 6), np.linspace(0.2, 0.3, 6)
    best = linear.best_bias(W, mean)
    at_best = linear.loss_with_bias(W, best, IMPORTANCE, mean, variance)
    assert float(at_best) == pytest.approx(float(linear.loss(W, IMPORTANCE, variance)), rel=1e-12)
    for step in np.eye(6) * 1e-3:
        assert linear.loss_with_bias(W, best + step, IMPORTANCE, mean, variance) > at_best


def test_loss_is_missing_benefit_plus_interference() -> None:
    W = RNG.normal(0, 0.6, (4, 2, 6))
    variance = np.linspace(0.1, 0.4, 6)
    terms = linear.forces(W, IMPORTANCE, variance)
    for k, model in enumerate(W):
        benefit = interference = 0.0
        for i in range(6):
            benefit += IMPORTANCE[i] * variance[i] * (1 - model[:, i] @ model[:, i]) ** 2
            for j in range(6):
                if i != j:
                    overlap = (model[:, i] @ model[:, j]) ** 2
                    interference += IMPORTANCE[j] * variance[i] * overlap
        assert terms.missing_benefit[k] == pytest.approx(benefit, rel=1e-12)
        assert terms.interference[k] == pytest.approx(interference, rel=1e-12)
    total = terms.missing_benefit + terms.interference
    np.testing.assert_allclose(total, linear.loss(W, IMPORTANCE, variance), rtol=1e-12)


@pytest.mark.parametrize("variance", [0.2, np.array([0.01, 0.3, 0.02, 0.3, 0.3, 0.3])])
def test_optimum_is_what_minimisation_finds(variance: float | np.ndarray) -> None:
    best = linear.optimum(IMPORTANCE, variance, 2)
    found = min(
        minimize(
            lambda w: float(linear.loss(w.reshape(2, 6), IMPORTANCE, variance)),
            np.random.default_rng(seed).normal(0, 0.5, 12),
            method="BFGS",
        ).fun
        for seed in range(3)
    )
    assert best.loss == pytest.approx(found, abs=1e-7)
    assert float(linear.loss(best.gram[best.kept], IMPORTANCE, variance)) == pytest.approx(
        best.loss, rel=1e-12
    )


def test_optimum_keeps_what_matters_most() -> None:
    equal = linear.optimum(IMPORTANCE, 0.2, 2)
    assert equal.kept.tolist() == [True, True, False, False, False, False]
    assert equal.loss == pytest.approx(0.2 * IMPORTANCE[2:].sum())
    # Rare features matter less: importance times variance decides.
    uneven = linear.optimum([1.0, 0.9, 0.8], [0.01, 0.2, 0.2], 2)
    assert uneven.kept.tolist() == [False, True, True]
    assert linear.optimum([1.0, 0.5], 0.1, 4).loss == 0.0


def test_variance_of_a_uniform_feature() -> None:
    x = sample(0.3, 1_000_000, 1, np.random.default_rng(3))
    assert linear.uniform_variance(0.3) == pytest.approx(float(x.var()), abs=3e-4)
    assert linear.uniform_variance(1.0) == pytest.approx(1 / 12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: linear.optimum([1.0], 0.1, 0),
            "linear.optimum.n_hidden must be an integer >= 1; got 0",
        ),
        (lambda: linear.uniform_variance(1.2), "must be in [0, 1]; got 1.2"),
        (lambda: linear.loss(np.eye(2), [1, np.nan], 1.0), "importance must be finite and >= 0"),
        (lambda: linear.loss(np.eye(2), [1, 2, 3], 1.0), "must be a number or 2 numbers"),
        (lambda: linear.loss(np.eye(2), 1.0, np.eye(3)), "linear.loss.covariance"),
        (lambda: linear.loss(np.zeros(3), 1.0, 1.0), "W must have shape (..., hidden, feature)"),
    ],
)
def test_bad_input_is_named(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(SpecError) as caught:
        call()
    assert words in str(caught.value)

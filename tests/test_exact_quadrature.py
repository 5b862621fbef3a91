"""Every activation and every law against adaptive quadrature and against samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from exact_cases import random_case, random_model
from exact_oracles import monte_carlo, quadrature

import tegum as tg
from examples import DISTRIBUTIONS
from tegum.loss.expected import aimed_loss

ACTIVATIONS = ("relu", "leaky", "identity", "gelu", "quadratic")
MAGNITUDES = ("uniform", "signed", "exponential")
each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
each_magnitude = pytest.mark.parametrize("magnitude", MAGNITUDES)
#: Of one and two features.
SMALL: dict[str, Any] = {
    "one": lambda magnitude: tg.Independent(1, 0.3, magnitude),
    "one, always on": lambda magnitude: tg.Independent(1, 1.0, magnitude),
    "two": lambda magnitude: tg.Independent(2, (0.2, 0.7), magnitude),
    "two, one always on": lambda magnitude: tg.Independent(2, (1.0, 0.05), magnitude),
    "together": lambda magnitude: tg.Correlated(1, 2, 0.4, magnitude),
    "one at a time": lambda magnitude: tg.Anticorrelated(1, 2, 0.8, magnitude),
    "mixed": lambda magnitude: tg.Groups(
        (tg.Independent(1, 0.6, "signed"), tg.Anticorrelated(1, 1, 0.3, magnitude))
    ),
}


def test_quadrature_by_hand() -> None:
    """x' = 0: L = E[x²]. x' = x + 1 for one feature with p = 1: L = 1."""
    two = tg.Problem(tg.Independent(2, (0.25, 0.5), "exponential"), tg.ReLUOutput(1))
    assert quadrature(two, np.zeros((1, 2)), np.zeros(2)) == pytest.approx(1.5, abs=1e-12)
    one = tg.Problem(tg.Independent(1, 1.0, "signed"), tg.Linear(1))
    assert quadrature(one, np.ones((1, 1)), np.ones(1)) == pytest.approx(1.0, abs=1e-12)
    # E[(x − ReLU(x − 1/2))²] = ∫ x² up to 1/2, and 1/4 from there on
    relu = tg.Problem(tg.Independent(1, 1.0), tg.ReLUOutput(1))
    assert quadrature(relu, np.ones((1, 1)), [-0.5]) == pytest.approx(1 / 24 + 1 / 8, abs=1e-12)


@each_activation
@each_magnitude
@pytest.mark.parametrize("name", SMALL)
def test_one_and_two_features(name: str, magnitude: str, activation: str) -> None:
    """To 1e-9 of the loss, tied and untied; quadrature is good to 1e-11."""
    x = SMALL[name](magnitude)
    n = x.n_features
    rng = np.random.default_rng(17)
    for bias in (-0.2, 0.3):
        W, V = rng.normal(size=(2, n)), rng.normal(size=(n, 2))
        b = bias * rng.uniform(0.5, 1.5, n)
        for model, weights in (
            (tg.ReLUOutput(2, activation=activation), W),
            (tg.TwoLayer(2, hidden_activation="identity", activation=activation), (W, V)),
        ):
            problem = tg.Problem(x, model, rng.uniform(0.5, 2.0, n))
            wanted = quadrature(problem, weights, b)
            found = aimed_loss(problem, weights, b, aim=1e-11)
            assert found.loss == pytest.approx(wanted, rel=1e-9)
            # the estimate of the error covers the difference, but for the error of the quadrature
            assert abs(found.loss - wanted) <= found.error + 1e-11 * max(1.0, wanted)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("activation", ["relu", "leaky"])
def test_edges_of_one_and_two_features(name: str, activation: str) -> None:
    """Biases of 0, a dead feature, weak interference, all in closed form or by the series."""
    for magnitude in MAGNITUDES:
        x = SMALL[name](magnitude)
        n = x.n_features
        problem = tg.Problem(x, tg.ReLUOutput(1, activation=activation))
        for W in ([0.9, -0.7], [1.0, 1e-3], [1.0, 0.0], [-1e-4, 1e-4], [0.0, 0.0]):
            for b in (np.zeros(n), np.full(n, -0.1), np.full(n, 1e-3)):
                weights = np.array([W[:n]])
                wanted = quadrature(problem, weights, b)
                found = aimed_loss(problem, weights, b, aim=1e-11)
                # two exponentials, one of them hardly felt, may need more than 4,096 nodes
                assert found.error <= 1e-7 * max(1.0, wanted)
                assert abs(found.loss - wanted) <= max(1e-9 * max(wanted, 1e-2), found.error)


@each_activation
@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS.keys() - {"Activations", "Copula", "Custom"}))
def test_samples_of_every_distribution(name: str, activation: str) -> None:
    """Within five standard errors of 200,000 samples: wrong once in 10^6 times."""
    x = DISTRIBUTIONS[name]
    n = x.n_features
    if name in ("Hierarchy", "Mixture") and activation in ("gelu", "quadratic"):
        problem = tg.Problem(x, tg.ReLUOutput(1, activation=activation))
        with pytest.raises(tg.SpecError, match="must be relu, leaky or identity for an exact"):
            tg.expected_loss(problem, np.ones((1, n)))
        return
    rng = np.random.default_rng(23)
    for model in (
        tg.ReLUOutput(3, activation=activation),
        tg.ReLUOutput(2, activation=activation, bias=False),
        tg.TwoLayer(2, hidden_activation="identity", activation=activation),
    ):
        problem = tg.Problem(x, model, rng.uniform(0.0, 2.0, n))
        W, b = random_model(rng, n, model.n_hidden, "trained")
        weights = W if model.tied else (W, W.T + 0.2 * rng.normal(size=W.T.shape))
        mean, error = monte_carlo(problem, weights, b)
        found = tg.expected_loss(problem, weights, b if model.has_bias else None)
        assert abs(found.loss - mean) < 5 * error + found.error


@each_magnitude
@each_activation
def test_samples_of_every_magnitude(magnitude: str, activation: str) -> None:
    rng = np.random.default_rng(29)
    for x in (
        tg.Independent(7, 0.2, magnitude),
        tg.Correlated(2, 3, (0.4, 0.1), magnitude),
        tg.Anticorrelated(2, 4, (0.3, 1.0), magnitude),
    ):
        problem = tg.Problem(x, tg.ReLUOutput(3, activation=activation))
        W, b = random_model(rng, x.n_features, 3, "trained")
        mean, error = monte_carlo(problem, W, b)
        found = tg.expected_loss(problem, W, b)
        assert abs(found.loss - mean) < 5 * error + found.error


@pytest.mark.parametrize("chunk", range(4))
def test_samples_of_random_problems(chunk: int) -> None:
    """Ten random problems each, exponential magnitudes among them, 10 to 20 features."""
    rng = np.random.default_rng([43, chunk])
    for _ in range(10):
        case = random_case(rng, (10, 20), MAGNITUDES, ACTIVATIONS)
        mean, error = monte_carlo(case.problem, case.W, case.b, 100_000)
        found = tg.expected_loss(case.problem, case.W, case.b)
        assert abs(found.loss - mean) < 5 * error + found.error


def test_target_abs_of_features_that_are_not_negative() -> None:
    """|x| = x there: the same loss."""
    problem = tg.Problem(tg.Independent(5, 0.3), tg.ReLUOutput(2))
    W, b = random_model(np.random.default_rng(0), 5, 2, "trained")
    one, two = (tg.expected_loss(problem.replace(target=t), W, b) for t in ("x", "abs"))
    assert one.loss == two.loss
    mean, error = monte_carlo(problem.replace(target="abs"), W, b)
    assert abs(two.loss - mean) < 5 * error

"""Two ways to the same expectation, which share no formula: enumeration and the Fourier series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from exact_cases import PLAIN, REGIMES, Array, Case, off_by, random_case, random_model

import tegum as tg
from tegum.loss.expected import aimed_loss

#: Regimes with features that barely interfere: the series cannot tell two of them from an atom.
WEAK = tuple(regime for regime in REGIMES if regime.startswith("weak"))
STRUCTURES = {
    "one set of two, together": tg.Correlated(1, 2, 0.4),
    "one set of two, one at a time": tg.Anticorrelated(1, 2, 0.4),
    "one set of two, always on": tg.Correlated(1, 2, 1.0, "signed"),
    "two signed": tg.Independent(2, (0.3, 1.0), "signed"),
    "sets of three, together": tg.Correlated(2, 3, (0.2, 1.0)),
    "sets of three, one at a time": tg.Anticorrelated(2, 3, (0.2, 1.0), "signed"),
    "one set of all, together": tg.Correlated(1, 6, 0.3),
    "one set of all, one at a time": tg.Anticorrelated(1, 6, 0.9),
    "all kinds": tg.Groups(
        (
            tg.Independent(2, (0.05, 1.0)),
            tg.Correlated(1, 2, 0.5, "signed"),
            tg.Anticorrelated(1, 2, 0.7),
            tg.Correlated(1, 2, 0.001),
        )
    ),
    "a pair beside one": tg.Groups((tg.Correlated(1, 2, 0.5), tg.Independent(1, 0.2))),
}


def both(problem: tg.Problem, W: Any, b: Array) -> tuple[tg.ExpectedLoss, tg.ExpectedLoss]:
    """By enumeration and by the series, with gradients."""
    one = tg.expected_loss(problem, W, b, gradient=True, method="enumeration", jobs=1)
    two = aimed_loss(problem, W, b, gradient=True, method="series", aim=1e-12, jobs=1)
    return one, two


def assert_agreement(problem: tg.Problem, W: Any, b: Array) -> None:
    """Loss to 1e-11 and gradients to 1e-7, of the loss where that is above 1."""
    one, two = both(problem, W, b)
    scale = np.maximum(1.0, np.max(one.loss))
    assert off_by(two.loss, one.loss) <= 1e-11 * scale
    assert off_by(two.gradient, one.gradient) <= 1e-7 * scale


def cases(seed: int, count: int, regimes: tuple[str, ...]) -> list[Case]:
    """The first `count` random cases of these regimes."""
    rng, found = np.random.default_rng([41, seed]), []
    while len(found) < count:
        case = random_case(rng)
        if case.regime in regimes:
            found.append(case)
    return found


@pytest.mark.parametrize("regime", [name for name in REGIMES if name not in WEAK])
def test_random_problems(regime: str) -> None:
    for case in cases(0, 60, (regime,)):
        assert_agreement(case.problem, case.W, case.b)


@pytest.mark.parametrize("regime", WEAK)
def test_loss_where_features_barely_interfere(regime: str) -> None:
    """The loss to what 4,096 nodes are good for, at the least.

    With half-period P, the odd harmonics k > 2 N that are left out of E[x_i|z|] are at most
    (4 P/π²) Σ |Ψ_k − Ψ_T,k| / k² <= (4 P/π²) · 2 E|x_i| / (4 N); those of E[z|z|] are smaller by
    another factor of N.
    """
    for case in cases(1, 60, (regime,)):
        one, two = both(case.problem, case.W, case.b)
        A = case.W.T @ case.W if case.problem.model.tied else case.W[1] @ case.W[0]
        period = np.abs(case.b) + np.abs(A).sum(axis=1)
        mean = case.problem.distribution.active_probability() / 2
        bound = case.problem.importance_vector() * 8 * period * mean / (np.pi**2 * 4 * 4096)
        assert abs(one.loss - two.loss) <= bound.sum() + 1e-14


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("activation", ["relu", "leaky", "identity"])
def test_structures(name: str, activation: str) -> None:
    x = STRUCTURES[name]
    n = x.n_features
    rng = np.random.default_rng(3)
    for m in (1, min(n, 3)):
        for regime in ("generic", "trained", "no bias", "dead"):
            W, b = random_model(rng, n, m, regime)
            problem = tg.Problem(x, tg.ReLUOutput(m, activation=activation), rng.uniform(0, 2, n))
            assert_agreement(problem, W, b)
            untied = tg.TwoLayer(m, hidden_activation="identity", activation=activation)
            assert_agreement(problem.replace(model=untied), (W, rng.normal(size=(n, m))), b)


@pytest.mark.parametrize("magnitude", PLAIN)
@pytest.mark.parametrize("p", [0.001, 0.3, 1.0])
def test_biases_of_exactly_zero(magnitude: str, p: float) -> None:
    """Where nothing is active every output is at its kink."""
    for n in (2, 3, 5, 8):
        W, b = random_model(np.random.default_rng(n), n, 2, "no bias")
        assert not b.any()
        assert_agreement(tg.Problem(tg.Independent(n, p, magnitude), tg.ReLUOutput(2)), W, b)


@pytest.mark.parametrize("p", [0.001, 0.3, 1.0])
def test_features_without_weights_and_features_with_the_same(p: float) -> None:
    for n in (3, 6, 8):
        W, b = random_model(np.random.default_rng(n), n, 2, "trained")
        problem = tg.Problem(tg.Independent(n, p), tg.ReLUOutput(2))
        dead, twice, nothing = W.copy(), W.copy(), np.zeros_like(W)
        dead[:, [0, n - 1]] = 0.0
        twice[:, 1:] = twice[:, :1]
        for weights in (dead, twice, nothing):
            for bias in (b, -b, 0 * b):
                assert_agreement(problem, weights, bias)


def test_no_weights_by_hand() -> None:
    """x' = max(b, 0): L = Σ I (p/3 − p max(b, 0) + max(b, 0)²), dL/db = I (2b − p) for b > 0."""
    n = 9
    p, b = np.linspace(0.1, 0.9, n), np.linspace(-0.4, 0.4, n)
    importance = np.arange(1.0, n + 1)
    problem = tg.Problem(tg.Independent(n, p), tg.ReLUOutput(3), importance)
    up = np.maximum(b, 0.0)
    wanted = importance @ (p / 3 - p * up + up**2)
    for method in ("auto", "series", "enumeration"):
        found = tg.expected_loss(problem, np.zeros((3, n)), b, gradient=True, method=method)
        assert found.gradient is not None
        assert found.loss == pytest.approx(wanted, rel=1e-13)
        slope = np.where(b > 0, importance * (2 * b - p), 0.0)
        alive = b != 0
        np.testing.assert_allclose(found.gradient["b"][alive], slope[alive], rtol=0, atol=1e-13)
        assert not found.gradient["W"].any()


def test_weights_of_no_importance_do_not_count() -> None:
    problem = tg.Problem(tg.Independent(8, 0.2), tg.ReLUOutput(2), [1.0] * 4 + [0.0] * 4)
    W, b = random_model(np.random.default_rng(0), 8, 2, "generic")
    for method in ("series", "enumeration"):
        one = tg.expected_loss(problem, W, b, gradient=True, method=method)
        other = np.where(np.arange(8) < 4, b, 7.0)
        two = tg.expected_loss(problem, W, other, gradient=True, method=method)
        assert two.loss == one.loss
        assert one.gradient is not None
        assert not one.gradient["b"][4:].any()


@pytest.mark.parametrize("method", ["auto", "series", "enumeration"])
def test_the_order_of_features_does_not_matter(method: str) -> None:
    rng = np.random.default_rng(8)
    W, b = random_model(rng, 7, 3, "generic")
    p, importance = rng.uniform(0.05, 1.0, 7), rng.uniform(0.0, 2.0, 7)

    def loss(order: Array) -> float:
        problem = tg.Problem(tg.Independent(7, p[order]), tg.ReLUOutput(3), importance[order])
        return float(aimed_loss(problem, W[:, order], b[order], method=method, aim=1e-12).loss)

    wanted = loss(np.arange(7))
    for _ in range(5):
        assert loss(rng.permutation(7)) == pytest.approx(wanted, rel=1e-12)

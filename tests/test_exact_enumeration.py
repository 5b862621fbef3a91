"""Enumeration of all patterns against rational arithmetic: delicate places lose no digits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from exact_cases import REGIMES, random_model, random_probability
from exact_fractions import exact, moment, pull_back
from scipy.integrate import dblquad

import tegum as tg
from tegum.engines.exact import MOST_FEATURES
from tegum.loss.expected import aimed_loss


def test_moments_in_rational_arithmetic_by_hand() -> None:
    half, third = Fraction(1, 2), Fraction(1, 3)
    one = Fraction(1)
    assert moment((), (), half, 2) == Fraction(1, 4)
    assert moment((one,), (0,), Fraction(0), 1) == half  # E[u]
    assert moment((one,), (1,), Fraction(0), 1) == third  # E[u²]
    assert moment((one,), (0,), -half, 0) == half  # P(u > 1/2)
    assert moment((one, one), (0, 0), -one, 1) == Fraction(1, 6)  # E[(u + v − 1)₊]
    assert moment((-one, Fraction(0)), (1, 1), half, 0) == Fraction(1, 16)  # E[u v 1{u < 1/2}]


@pytest.mark.parametrize(("r", "p"), [((0, 0), 2), ((1, 0), 1), ((1, 1), 0), ((2, 1), 1)])
def test_moments_in_rational_arithmetic_by_quadrature(r: tuple[int, int], p: int) -> None:
    c, t = (0.75, -0.5), -0.125

    def inside(v: float, u: float) -> float:
        z = t + c[0] * u + c[1] * v
        return u ** r[0] * v ** r[1] * z**p

    def kink(u: float) -> float:
        return float(np.clip((t + c[0] * u) / -c[1], 0, 1))  # z > 0 for v below it

    wanted = dblquad(inside, 0, 1, 0, kink, epsabs=1e-9)[0]
    found = float(moment((Fraction(3, 4), Fraction(-1, 2)), r, Fraction(-1, 8), p))
    assert found == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("regime", REGIMES)
def test_loss_and_gradient_have_all_digits(regime: str) -> None:
    """Differences are a few roundings of numbers of size E[x²] + E[z²], 1e-14 of them at most."""
    for seed in range(6):
        rng = np.random.default_rng([31, seed])
        n, m = (2, 3, 4)[seed % 3], (1, 2)[seed % 2]
        W, b = random_model(rng, n, m, regime)
        importance = rng.uniform(0.1, 2.0, n)
        problem = tg.Problem(
            tg.Independent(n, random_probability(rng, n)),
            tg.TwoLayer(m, hidden_activation="identity"), importance,
        )  # fmt: skip
        # W_out = 1 makes A a given matrix, to the last bit
        A = W.T @ W
        square = problem.replace(model=tg.TwoLayer(n, hidden_activation="identity"))
        found = tg.expected_loss(square, (A, np.eye(n)), b, gradient=True, method="enumeration")
        wanted = exact(problem, A, b)
        scale = 1.0 + np.abs(A).max() ** 2 + np.abs(b).max() ** 2
        assert found.gradient is not None
        assert abs(found.loss - wanted.loss) < 1e-14 * scale
        np.testing.assert_allclose(found.gradient["W_in"], wanted.by_A, rtol=0, atol=1e-13 * scale)
        np.testing.assert_allclose(found.gradient["b"], wanted.by_b, rtol=0, atol=1e-13 * scale)


@pytest.mark.parametrize("bits", [10, 14, 20, 27])
def test_weak_interference_of_a_tied_model(bits: int) -> None:
    """From 1e-3 to 1e-8: up to six features all digits are there by default.

    The weights are such that A = WᵀW is free of rounding, which would move kinks at b = 0.
    """
    rng = np.random.default_rng(5)
    problem = tg.Problem(tg.Independent(4, 0.5), tg.ReLUOutput(2), (1.0, 0.5, 2.0, 1.0))
    W = np.hstack([np.eye(2), 2.0**-bits * rng.integers(-9, 10, (2, 2)) / 8])
    found = tg.expected_loss(problem, W, np.zeros(4), gradient=True)
    assert found.method == "enumeration"
    assert found.gradient is not None
    wanted = exact(problem, W.T @ W, np.zeros(4))
    assert found.loss == pytest.approx(wanted.loss, rel=1e-14)
    np.testing.assert_allclose(found.gradient["b"], wanted.by_b, rtol=0, atol=1e-14)
    np.testing.assert_allclose(found.gradient["W"], pull_back(W, wanted.by_A), rtol=0, atol=1e-14)


def test_series_and_rational_arithmetic_agree() -> None:
    """The series shares nothing with either of the two enumerations."""
    for seed in range(8):
        rng = np.random.default_rng([32, seed])
        W, b = random_model(rng, 4, 2, "trained" if seed % 2 else "generic")
        problem = tg.Problem(tg.Independent(4, random_probability(rng, 4)), tg.ReLUOutput(2))
        found = aimed_loss(problem, W, b, gradient=True, method="series", aim=1e-12)
        wanted = exact(problem, W.T @ W, b)
        assert found.gradient is not None
        assert abs(found.loss - wanted.loss) < 1e-13 * max(1.0, wanted.loss)
        by_W = pull_back(W, wanted.by_A)
        scale = max(1.0, np.abs(by_W).max())
        np.testing.assert_allclose(found.gradient["W"], by_W, rtol=0, atol=1e-9 * scale)
        np.testing.assert_allclose(found.gradient["b"], wanted.by_b, rtol=0, atol=1e-9 * scale)


def test_many_features_by_symmetry() -> None:
    """Twelve features, the most there may be: the loss of identical ones, found for each alone."""
    problem = tg.Problem(tg.Independent(MOST_FEATURES, 0.1), tg.ReLUOutput(MOST_FEATURES))
    W = 1.2 * np.eye(MOST_FEATURES)
    b = np.full(MOST_FEATURES, -0.3)
    one = tg.Problem(tg.Independent(1, 0.1), tg.ReLUOutput(1))
    wanted = exact(one, [[1.44]], [-0.3])
    found = tg.expected_loss(problem, W, b, gradient=True, method="enumeration")
    assert found.loss == pytest.approx(MOST_FEATURES * wanted.loss, rel=1e-13)
    assert found.gradient is not None
    np.testing.assert_allclose(found.gradient["b"], wanted.by_b[0], rtol=1e-12)

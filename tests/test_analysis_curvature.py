"""Hessians by algebra and by second differences."""

from __future__ import annotations

import numpy as np
import pytest

from tegum.analysis import curvature
from tegum.distributions import Independent
from tegum.loss.expected import aimed_loss
from tegum.models import Linear, ReLUOutput
from tegum.problem import Problem


def relu(n: int, m: int, p: float = 0.05, importance: object = 1.0) -> Problem:
    return Problem(Independent(n, p), ReLUOutput(m), importance)  # type: ignore[arg-type]


def test_the_origin_is_a_saddle() -> None:
    # At W = 0 the best bias is E[x] = p/2; by hand, with b fixed at it, the outputs are
    # b_i + Σ_j G_ij x_j > 0 for small W, so that L = Σ_i E[(x_i − b_i − (Gx)_i)²] falls with
    # −2 Σ_ij G_ij Cov(x_i, x_j) = −2 σ² ‖W‖² (of second order in W): ten eigenvalues −4 σ².
    p = 0.1
    problem = relu(5, 2, p)
    at = curvature.signature(problem, np.zeros((2, 5)), np.full(5, p / 2))
    assert (at.negative, at.rotation, at.flat, at.positive) == (10, 0, 0, 5)
    variance = p / 3 - p**2 / 4
    np.testing.assert_allclose(at.eigenvalues[:10], -4 * variance, rtol=1e-4)
    np.testing.assert_allclose(at.eigenvalues[10:], 2.0, rtol=1e-6)


def test_hessian_of_the_linear_model_is_the_algebraic_one() -> None:
    # L = σ² Σ_ij I_i R_ij² + Σ_i I_i b_i² with R = 1 − WᵀW, so that along V and V' in W
    # V·H·V' = 2σ² Σ_ij I_i (G'_ij G''_ij − R_ij (VᵀV' + V'ᵀV)_ij),  G' = VᵀW + WᵀV.
    rng = np.random.default_rng(0)
    p, n, m = 0.3, 4, 2
    importance = np.array([1.0, 0.7, 0.5, 0.2])
    problem = Problem(Independent(n, p, "signed"), Linear(m), importance)
    W, b = rng.normal(size=(m, n)), rng.normal(size=n)
    size = m * n
    basis = np.eye(size).reshape(size, m, n)
    first = basis.transpose(0, 2, 1) @ W
    first = first + first.transpose(0, 2, 1)
    expected = np.zeros((size + n, size + n))
    for u, v in np.ndindex(size, size):
        both = basis[u].T @ basis[v] + basis[v].T @ basis[u]
        terms = first[u] * first[v] - (np.eye(n) - W.T @ W) * both
        expected[u, v] = 2 * (p / 3) * float(importance @ terms.sum(axis=1))
    expected[size:, size:] = np.diag(2 * importance)
    found = curvature.hessian(problem, W, b)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_hessian_is_that_of_the_loss_by_second_differences() -> None:
    rng = np.random.default_rng(5)
    problem, h = relu(3, 2, 0.4), 1e-3
    W, b = rng.normal(size=(2, 3)), rng.normal(0, 0.2, 3)
    H = curvature.hessian(problem, W, b)
    for _ in range(5):
        v = rng.normal(size=9)
        at = [(W + s * h * v[:6].reshape(2, 3), b + s * h * v[6:]) for s in (-1, 0, 1)]
        low, mid, high = (
            float(aimed_loss(problem, w, c, method="series", aim=1e-13).loss) for w, c in at
        )
        assert v @ H @ v == pytest.approx((low + high - 2 * mid) / h**2, rel=1e-3, abs=1e-4)


def test_without_a_bias_there_are_only_weights() -> None:
    problem = Problem(Independent(4, 0.1), ReLUOutput(2, bias=False))
    W = np.random.default_rng(0).normal(size=(2, 4))
    assert curvature.hessian(problem, W).shape == (8, 8)

"""A quadratic toy model and its optimum in closed form: capacity, shared or not.

y = Σ_i v_i x_i² is to be ŷ = ‖Wx‖² + β, with independent x_i of mean 0, variance 1 and kurtosis κ.
At the best β the loss is E(y − ŷ)² = (κ − 1) Σ_i (v_i − ‖W_i‖²)² + 2 Σ_{i≠j} (W_i·W_j)².
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tegum.dims import F64

#: Normal numbers have this kurtosis, where the loss has no privileged basis.
NORMAL: Final = 3.0


def loss(W: F64, v: F64, kurtosis: float) -> float:
    """The expected loss of W (m, n)."""
    return _loss_and_gradient(W, v, kurtosis)[0]


def _loss_and_gradient(W: F64, v: F64, kurtosis: float) -> tuple[float, F64]:
    gram = W.T @ W
    own = v - np.diag(gram)
    np.fill_diagonal(gram, 0.0)
    total = (kurtosis - 1) * np.square(own).sum() + 2 * np.square(gram).sum()
    return float(total), 8 * W @ gram - 4 * (kurtosis - 1) * W * own


def capacity(W: F64) -> F64:
    """C_i = ‖W_i‖⁴ / Σ_j (W_i·W_j)², the dimensionality of feature i, (n,); 0 where W_i is 0."""
    gram = W.T @ W
    total = np.square(gram).sum(axis=0)
    none = total < 1e-16
    return np.where(none, 0.0, np.diag(gram) ** 2 / np.where(none, 1.0, total))


def feature_loss(v: F64, C: F64, kurtosis: float) -> F64:
    """L_i = 2 (κ − 1) v_i² (1 − C_i) / (2 + (κ − 3) C_i), at the best length of W_i."""
    return np.asarray(2 * (kurtosis - 1) * v**2 * (1 - C) / (2 + (kurtosis - 3) * C))


def allocation(v: F64, m: int, kurtosis: float) -> F64:
    """The capacities (n,) that minimise Σ_i L_i with Σ_i C_i = m < n and 0 <= C_i <= 1; v_i >= 0.

    L_i is concave in C_i for κ < 3, so that the m largest v_i get 1 and the others nothing. For
    κ > 3 it is convex, and −dL_i/dC_i is the same for all features that share.
    """
    from scipy.optimize import brentq

    if kurtosis <= NORMAL or np.count_nonzero(v) <= m:
        found = np.zeros(len(v))
        found[np.argsort(-v, kind="stable")[:m]] = 1.0
        return found

    def shares(level: float) -> F64:
        return np.clip(((kurtosis - 1) * v / level - 2) / (kurtosis - 3), 0.0, 1.0)

    high = (kurtosis - 1) * v.max() / 2  # nobody gets anything
    left = v[v > 0].min() * 1e-9  # everybody of a value gets all
    level = brentq(  # type: ignore[no-untyped-call]
        lambda t: shares(t).sum() - m, left, high, xtol=1e-14, rtol=1e-14
    )
    return shares(level)


def boundary(kurtosis: F64) -> F64:
    """The v₂/v₁ up to which the weaker of two features gets no part of one dimension."""
    return np.asarray(2.0 / np.maximum(kurtosis - 1.0, 2.0))


def descend(v: F64, m: int, kurtosis: float, rng: np.random.Generator, starts: int) -> F64:
    """The W (m, n) of lowest loss of some descents by L-BFGS from random weights.

    Every other start is of small weights, of which those of large v_i grow first: below κ = 3 any
    m features are a local minimum.
    """
    from scipy.optimize import minimize

    def both(flat: F64) -> tuple[float, F64]:
        total, gradient = _loss_and_gradient(flat.reshape(m, len(v)), v, kurtosis)
        return total, gradient.ravel()

    ends = [
        minimize(  # type: ignore[no-untyped-call]
            both, (0.05, 1.0)[k % 2] * rng.normal(size=m * len(v)) / np.sqrt(m), jac=True,
            method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-10},
        )
        for k in range(starts)
    ]  # fmt: skip
    lowest = min(ends, key=lambda end: float(end.fun))
    return np.asarray(lowest.x.reshape(m, len(v)))

"""Principal components: what the best linear model keeps of correlated features, in closed form.

A linear model x' = WᵀWx + b with equal importance does best with the projector on the leading
eigenvectors of the covariance C; what it loses is the sum of the other eigenvalues (Eckart and
Young).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from tegum.arguments import array, whole
from tegum.dims import F64
from tegum.errors import SpecError
from tegum.theory._arrays import probability


class Components(NamedTuple):
    """The principal components of x, the largest variance first.

    Args:
        variance: >= 0, descending, (feature,).
        direction: of length 1, as columns, (feature, component).

    Source: "Collapsing of Correlated Features".
    """

    variance: Float[F64, " feature"]
    direction: Float[F64, "feature component"]


class PairSpectrum(NamedTuple):
    """Variances of a correlated pair's two components.

    Args:
        together: of (a + b)/√2, in [0, 49/288].
        apart: of (a − b)/√2, in [0, 1/12].

    Source: "Collapsing of Correlated Features".
    """

    together: float
    apart: float


def components(covariance: Float[F64, "feature feature"]) -> Components:
    """The principal components of a covariance matrix, the largest variance first.

    Args:
        covariance: C, symmetric, (feature, feature).

    Returns:
        Variances, (feature,), and directions, (feature, component).

    Raises:
        SpecError: unless it is a symmetric matrix of finite numbers.

    Source: "Collapsing of Correlated Features".
    """
    C = array("components", "covariance", covariance)
    square = C.ndim == 2 and C.shape[0] == C.shape[1]
    if not square or not np.isfinite(C).all() or not np.allclose(C, C.T):
        raise SpecError.of("components", "covariance", "must be a symmetric matrix", C.shape)
    variance, direction = np.linalg.eigh(C)
    return Components(np.maximum(variance[::-1], 0.0), direction[:, ::-1])


def least_loss(covariance: Float[F64, "feature feature"], n_hidden: int) -> float:
    """Σ_{k > m} λ_k: what the best linear model with m = n_hidden loses, at equal importance 1.

    Args:
        covariance: C, symmetric, (feature, feature).
        n_hidden: m >= 1.

    Returns:
        The loss, >= 0.

    Raises:
        SpecError: as `components`, and unless n_hidden is an integer >= 1.

    Source: "Collapsing of Correlated Features".
    """
    n_hidden = whole("least_loss", "n_hidden", n_hidden, "must be an integer >= 1", 1)
    return float(components(covariance).variance[n_hidden:].sum())


def pair_spectrum(feature_probability: float) -> PairSpectrum:
    """The components of two features that are on together, with chance p, and uniform on [0, 1].

    Var[x] = p/3 − p²/4 and Cov[a, b] = p/4 − p²/4, so that (a + b)/√2 has the variance
    7p/12 − p²/2 and (a − b)/√2 has p/12. They are the same at p = 1 alone.

    Args:
        feature_probability: p in [0, 1].

    Returns:
        Both variances.

    Raises:
        SpecError: for p outside [0, 1].

    Source: "Collapsing of Correlated Features".
    """
    p = probability("pair_spectrum", feature_probability)
    return PairSpectrum(7 * p / 12 - p * p / 2, p / 12)

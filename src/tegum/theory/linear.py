"""The linear model x' = WᵀWx + b: its loss in closed form and its optimum.

With G = WᵀW, D = diag(importance) and x of covariance C, the loss at the best bias is

    L = ‖D^½ (1 − G) C^½‖_F²,

which for independent features of variance s_i² splits into what is lost by not representing
features and what is lost by representing more of them than fit (after Saxe et al.):

    L = Σ_i I_i s_i² (1 − ‖W_i‖²)²  +  Σ_{i≠j} I_j s_i² (W_i·W_j)².
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from tegum.arguments import array, whole
from tegum.dims import F64, Bools
from tegum.errors import SpecError
from tegum.theory._arrays import (
    Numbers,
    PerFeature,
    Scalars,
    biases,
    gram,
    per_feature,
    probability,
    weights,
)


class Forces(NamedTuple):
    """The two terms of the linear loss; their sum is the loss.

    Args:
        missing_benefit: what is lost by not representing features, (...), >= 0.
        interference: what is lost by representing more than fit, (...), >= 0.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """

    missing_benefit: Scalars
    interference: Scalars


class LinearOptimum(NamedTuple):
    """The best linear model.

    Args:
        loss: its expected loss, >= 0.
        kept: which features it keeps, boolean (feature,).
        gram: its G = WᵀW, (feature, feature).

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """

    loss: float
    kept: Bools
    gram: Float[F64, "feature feature"]


def uniform_variance(feature_probability: float) -> float:
    """σ² = p/3 − p²/4, the variance of a feature that is uniform on [0, 1] with probability p.

    Args:
        feature_probability: p in [0, 1].

    Returns:
        The variance, in [0, 1/9].

    Raises:
        SpecError: for p outside [0, 1].

    Source: "Demonstrating Superposition: Experiment Setup".
    """
    p = probability("uniform_variance", feature_probability)
    return p / 3 - p * p / 4


def loss(W: Numbers, importance: Numbers, covariance: Numbers) -> Scalars:
    """tr(D (1−G) C (1−G)ᵀ): the expected loss at the best bias, or without bias if E[x] = 0.

    Args:
        W: weights (..., hidden, feature).
        importance: I >= 0, a number or (feature,).
        covariance: of x: a variance, one per feature (feature,), or the matrix (feature, feature).

    Returns:
        The losses, (...), >= 0.

    Raises:
        SpecError: for arrays of other shapes, and an importance or variance < 0.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    w = weights("linear.loss", W)
    n = w.shape[-1]
    weight = per_feature("linear.loss", "importance", importance, n)
    residual = np.eye(n) - gram(w)  # (..., i, j): what of x_j is missing from output i
    C = array("linear.loss", "covariance", covariance)
    if C.shape == (n, n):
        product = np.einsum("i,...ij,jk,...ik->...", weight, residual, C, residual, optimize=True)
        return np.asarray(product)
    s = per_feature("linear.loss", "covariance", covariance, n)
    return np.asarray(np.einsum("i,...ij,j->...", weight, residual**2, s))


def best_bias(W: Numbers, mean: Numbers) -> Float[F64, "... feature"]:
    """b = (1 − G) E[x], the bias that minimises the loss at given weights.

    Args:
        W: weights (..., hidden, feature).
        mean: E[x], a number or (feature,).

    Returns:
        The biases, (..., feature).

    Raises:
        SpecError: for weights of another shape.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    w = weights("linear.best_bias", W)
    mean = array("linear.best_bias", "mean", mean)
    if mean.shape not in ((), w.shape[-1:]):
        rule = f"must be a number or {w.shape[-1]} numbers"
        raise SpecError.of("linear.best_bias", "mean", rule, mean.shape)
    mu = np.broadcast_to(mean, w.shape[-1:])
    return mu - gram(w) @ mu


def loss_with_bias(
    W: Numbers, b: Numbers, importance: Numbers, mean: Numbers, covariance: Numbers
) -> Scalars:
    """`loss` + Σ_i I_i (b_i − best_bias_i)²: the expected loss at any bias.

    Args:
        W: weights (..., hidden, feature).
        b: biases (..., feature).
        importance: I >= 0, a number or (feature,).
        mean: E[x], a number or (feature,).
        covariance: as of `loss`: a number, (feature,) or (feature, feature).

    Returns:
        The losses, (...), >= 0.

    Raises:
        SpecError: for arrays of other shapes, and an importance or variance < 0.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    w = weights("linear.loss_with_bias", W)
    n = w.shape[-1]
    weight = per_feature("linear.loss_with_bias", "importance", importance, n)
    off = biases("linear.loss_with_bias", b, n) - best_bias(w, mean)
    return np.asarray(loss(w, weight, covariance) + off**2 @ weight)


def forces(W: Numbers, importance: Numbers, variance: Numbers) -> Forces:
    """The loss of independent features as missing feature benefit and interference.

    Args:
        W: weights (..., hidden, feature).
        importance: I >= 0, a number or (feature,).
        variance: s² >= 0 of the features, a number or (feature,).

    Returns:
        Both terms, each (...); their sum is `loss`.

    Raises:
        SpecError: for arrays of other shapes, and an importance or variance < 0.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    w = weights("linear.forces", W)
    n = w.shape[-1]
    weight = per_feature("linear.forces", "importance", importance, n)
    s = per_feature("linear.forces", "variance", variance, n)
    own = weight * s * (1 - (w**2).sum(-2)) ** 2
    squared = gram(w) ** 2 * (1 - np.eye(n))
    return Forces(
        np.asarray(own.sum(-1)), np.asarray(np.einsum("i,...ij,j->...", weight, squared, s))
    )


def optimum(importance: Numbers, variance: Numbers, n_hidden: int) -> LinearOptimum:
    """The global optimum over W and b for independent features: which are kept, at what loss.

    D^½ G C^½ has rank <= n_hidden and approximates the diagonal matrix of √(I_i s_i²): by
    Eckart and Young no such matrix leaves less than the sum of the smallest I_i s_i², and the
    projector on the other features attains it. Sparsity enters only through a common factor.
    Ties are broken by feature order.

    Args:
        importance: I >= 0, a number or (feature,).
        variance: s² >= 0 of the features, a number or (feature,).
        n_hidden: m >= 1.

    Returns:
        The optimum, of as many features as the longer of the two has entries.

    Raises:
        SpecError: for n_hidden < 1, shapes that do not agree, an importance or variance < 0.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    n_hidden = whole("linear.optimum", "n_hidden", n_hidden, "must be an integer >= 1", 1)
    given = {"importance": importance, "variance": variance}
    rows = {name: array("linear.optimum", name, value) for name, value in given.items()}
    n = max(row.size for row in rows.values())
    weight, spread = (per_feature("linear.optimum", name, row, n) for name, row in rows.items())
    worth: PerFeature = weight * spread
    kept = np.zeros(n, dtype=bool)
    kept[np.argsort(-worth, kind="stable")[:n_hidden]] = True
    return LinearOptimum(float(worth[~kept].sum()), kept, np.diag(kept.astype(np.float64)))

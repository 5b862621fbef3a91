"""The loss of the ReLU-output model by the number of active features.

Grouping inputs by how many features are active,

    L = Σ_k p^k (1−p)^(n−k) L_k,

where L_k is the sum, over the active sets of size k, of the expected loss given that exactly
this set is active (each active feature uniform on [0, 1]). L_0 = Σ_i I_i ReLU(b_i)². L_1 and L_2
are exact: the squared error is quadratic on each side of the kink of the ReLU, so an integral
over one feature is elementary, and as a function of a second feature it is a cubic between
known breakpoints, which two Gauss-Legendre nodes integrate without error.
"""

from __future__ import annotations

from math import comb, sqrt
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from tegum.arguments import array, whole
from tegum.dims import F64, Bools
from tegum.errors import SpecError
from tegum.theory._arrays import (
    Biases,
    Numbers,
    PerFeature,
    Scalars,
    biases,
    gram,
    per_feature,
    probability,
    weights,
)

#: Two-point Gauss-Legendre nodes on [0, 1]: exact for cubics.
_NODES = (0.5 - 0.5 / sqrt(3.0), 0.5 + 0.5 / sqrt(3.0))


class Estimate(NamedTuple):
    """A Monte Carlo estimate.

    Args:
        value: the mean.
        error: its standard error, >= 0.

    Source: method, Monte Carlo.
    """

    value: float
    error: float


def term_weights(n_features: int, feature_probability: float) -> Float[F64, " active"]:
    """p^k (1−p)^(n−k) for k = 0 … n: what L_k is multiplied by (the number of sets is in L_k).

    Args:
        n_features: n >= 1.
        feature_probability: p in [0, 1], of all features.

    Returns:
        The factors, (active,), of n + 1 entries.

    Raises:
        SpecError: for n < 1, and p outside [0, 1].

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    p = probability("term_weights", feature_probability)
    n_features = whole("term_weights", "n_features", n_features, "must be an integer >= 1", 1)
    k = np.arange(n_features + 1)
    return p**k * (1.0 - p) ** (n_features - k)


def loss_zero(b: Numbers, importance: Numbers = 1.0) -> Scalars:
    """L_0 = Σ_i I_i ReLU(b_i)², the loss on x = 0.

    Args:
        b: biases (..., feature).
        importance: I >= 0, a number or (feature,).

    Returns:
        The losses, (...), >= 0.

    Raises:
        SpecError: for biases without features, and an importance < 0 or of another shape.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    row = array("loss_zero", "b", b)
    bias = biases("loss_zero", row, row.shape[-1] if row.ndim else 0)
    weight = per_feature("loss_zero", "importance", importance, bias.shape[-1])
    return np.asarray(np.maximum(bias, 0.0) ** 2 @ weight)


def loss_one(W: Numbers, b: Numbers | None = None, importance: Numbers = 1.0) -> Scalars:
    """L_1 = Σ_i ∫₀¹ [I_i (x − ReLU(‖W_i‖²x + b_i))² + Σ_{j≠i} I_j ReLU(W_j·W_i x + b_j)²] dx.

    Exact.

    Args:
        W: weights (..., hidden, feature).
        b: biases (..., feature), None for zero.
        importance: I >= 0, a number or (feature,).

    Returns:
        The losses, (...), >= 0.

    Raises:
        SpecError: for arrays of other shapes, and an importance < 0.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    w, bias, weight = _model("loss_one", W, b, importance)
    n = w.shape[-1]
    # (..., output j, active i): the error of output j is [i = j] x − ReLU(G_ji x + b_j).
    per_output = _segment_integral(np.zeros(()), np.eye(n), bias[..., :, None], gram(w))
    return np.asarray(np.einsum("...ji,j->...", per_output, weight))


def loss_two(W: Numbers, b: Numbers | None = None, importance: Numbers = 1.0) -> Scalars:
    """L_2, the sum over pairs {i, j} of the expected loss with exactly x_i, x_j active.

    Exact up to rounding (about 1e-14 of the loss); the cost grows as n³.

    Args:
        W: weights (..., hidden, feature).
        b: biases (..., feature), None for zero.
        importance: I >= 0, a number or (feature,).

    Returns:
        The losses, (...), >= 0.

    Raises:
        SpecError: for arrays of other shapes, and an importance < 0.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    w, bias, weight = _model("loss_two", W, b, importance)
    n = w.shape[-1]
    G = gram(w)
    own = np.eye(n)
    total = np.zeros(np.broadcast_shapes(w.shape[:-2], bias.shape[:-1]))
    for i in range(n - 1):
        # (..., output, second active feature j > i)
        pair = _square_integral_2d(
            own[:, i, None],
            own[:, i + 1 :],
            G[..., :, i, None],
            G[..., :, i + 1 :],
            bias[..., None],
        )
        total = total + np.einsum("...kj,k->...", pair, weight)
    return np.asarray(total)


def loss_k_sampled(
    W: Numbers,
    b: Numbers | None,
    importance: Numbers,
    k: int,
    *,
    samples: int,
    rng: np.random.Generator,
) -> Estimate:
    """Monte Carlo estimate of L_k for one model: random active sets of size k, uniform values.

    Args:
        W: weights (hidden, feature).
        b: biases (feature,), None for zero.
        importance: I >= 0, a number or (feature,).
        k: number of active features, 0 … n.
        samples: number of inputs drawn, >= 2.
        rng: the random numbers to use.

    Returns:
        The estimate and its standard error.

    Raises:
        SpecError: for k outside 0 … n, fewer than 2 samples, or W with leading axes.

    Source: method, Monte Carlo; an oracle for `loss_one` and `loss_two`.
    """
    w, bias, weight = _model("loss_k_sampled", W, b, importance)
    n = w.shape[-1]
    if w.ndim != 2 or bias.ndim != 1:
        raise SpecError.of("loss_k_sampled", "W", "must be one model (hidden, feature)", w.shape)
    k = whole("loss_k_sampled", "k", k, f"must be an integer in 0 … {n}", below=n + 1)
    samples = whole("loss_k_sampled", "samples", samples, "must be an integer >= 2", 2)
    squared = np.empty(samples)
    chunk = max(1, 2_000_000 // n)
    for start in range(0, samples, chunk):
        size = min(chunk, samples - start)
        active = rng.random((size, n)).argsort(axis=1) < k
        x = np.where(active, rng.random((size, n)), 0.0)
        error = x - np.maximum(x @ w.T @ w + bias, 0.0)
        squared[start : start + size] = error**2 @ weight
    sets = comb(n, k)
    return Estimate(sets * float(squared.mean()), sets * float(squared.std(ddof=1)) / sqrt(samples))


def expand(
    W: Numbers,
    b: Numbers | None,
    importance: Numbers,
    feature_probability: float,
) -> Float[F64, "... 3"]:
    """The exact contributions p^k (1−p)^(n−k) L_k to the loss, for k = 0, 1, 2.

    Their sum is a lower bound of the loss, and misses at most the contribution of inputs with
    three or more active features.

    Args:
        W: weights (..., hidden, feature).
        b: biases (..., feature), None for zero.
        importance: I >= 0, a number or (feature,).
        feature_probability: p in [0, 1], of all features.

    Returns:
        The contributions, (..., 3), >= 0.

    Raises:
        SpecError: for arrays of other shapes, an importance < 0, and p outside [0, 1].

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    w, bias, weight = _model("expand", W, b, importance)
    terms = np.stack(
        np.broadcast_arrays(
            loss_zero(bias, weight), loss_one(w, bias, weight), loss_two(w, bias, weight)
        ),
        axis=-1,
    )
    scale = term_weights(w.shape[-1], feature_probability)[:3]
    return terms * np.pad(scale, (0, 3 - len(scale)))  # a single feature has no pairs


def _model(
    owner: str, W: Numbers, b: Numbers | None, importance: Numbers
) -> tuple[F64, Biases, PerFeature]:
    w = weights(owner, W)
    n = w.shape[-1]
    return w, biases(owner, b, n), per_feature(owner, "importance", importance, n)


def _segment_integral(target: F64, target_slope: F64, pre: F64, slope: F64) -> F64:
    """∫₀¹ (target + target_slope·x − ReLU(pre + slope·x))² dx, elementwise and without loss.

    Split at the kink; on each side the error e is linear, so that the integral over a piece of
    length h is h (e₀² + e₀e₁ + e₁²)/3: a sum of positive terms, without cancellation.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        kink = np.where(slope == 0.0, 0.0, -pre / slope)
    kink = np.clip(np.nan_to_num(kink, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)

    def piece(start: F64 | float, end: F64 | float, on: Bools) -> F64:
        e0 = target + target_slope * start - np.where(on, pre + slope * start, 0.0)
        e1 = target + target_slope * end - np.where(on, pre + slope * end, 0.0)
        return (end - start) * (e0 * e0 + e0 * e1 + e1 * e1) / 3

    # Between 0 and the kink the ReLU is on iff it is on at the piece's middle; so after it.
    before = pre + slope * (kink / 2) > 0
    after = pre + slope * ((1 + kink) / 2) > 0
    return piece(0.0, kink, before) + piece(kink, 1.0, after)


def _square_integral_2d(own_x: F64, own_y: F64, slope_x: F64, slope_y: F64, b: F64) -> F64:
    """∫₀¹∫₀¹ (own_x·x + own_y·y − ReLU(slope_x·x + slope_y·y + b))² dx dy, elementwise.

    The inner integral is a cubic in y between the two values of y at which the kink enters or
    leaves 0 <= x <= 1.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        enter = np.where(slope_y == 0.0, 0.0, -b / slope_y)
        leave = np.where(slope_y == 0.0, 0.0, -(b + slope_x) / slope_y)
    marks = [np.clip(np.nan_to_num(at, nan=0.0), 0.0, 1.0) for at in (enter, leave)]
    first, second = np.minimum(*marks), np.maximum(*marks)
    total = np.zeros(np.broadcast_shapes(first.shape, np.shape(own_x), np.shape(own_y)))
    for start, end in ((0.0, first), (first, second), (second, 1.0)):
        width = np.asarray(end - start)
        for node in _NODES:
            y = start + width * node
            inner = _segment_integral(own_y * y, own_x, slope_y * y + b, slope_x)
            total = total + width / 2 * inner
    return total

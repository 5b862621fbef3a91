"""Phase diagrams of one extra feature: candidate solutions, their losses, and who wins where.

Paper, "Superposition as a Phase Change". Two features in one dimension, importance (1, r), or
three in two, importance (1, 1, r); each feature is active with probability p and then uniform on
[0, 1]; σ² = p/3 − p²/4 is its variance. Every candidate is one way to arrange the features, at
unit length, and its loss is a line in r and a polynomial in p:

    two in one        W         b                     loss
    not represented   [1, 0]    p/2 on what is left   r σ²           (b = 0: r p/3)
    dedicated         [0, 1]    p/2 on what is left   σ²             (b = 0: p/3)
    superposition     [1, −1]   0                     (1 + r) p²/6

    three in two      W is orthogonal to
    not represented   [0, 0, 1]                       r σ²           (b = 0: r p/3)
    replaces another  [1, 0, 0]                       σ²             (b = 0: p/3)
    pair with another [0, 1, 1]   0                   (1 + r) p²/6
    others in a pair  [1, 1, 0]   0                   p²/3

The first two candidates leave a feature out: with `bias` its output is its mean p/2, without
it is 0. A pair wants no bias at unit length: it errs only when both its features are active. The
paper leaves out the arrangement of all three features in one triangle, W ⊥ [1, 1, 1], and so do
these lists. Nothing here is optimised but the choice among candidates: `two_features` has what
the best weights gain on top.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from tegum.dims import F64, I64
from tegum.theory._arrays import Numbers, Scalars, checked

#: The candidates of two features in one dimension, in the order of `losses_two`.
TWO: Final = ("not represented", "dedicated", "superposition")
#: The candidates of three features in two dimensions, in the order of `losses_three`.
THREE: Final = ("not represented", "replaces another", "pair with another", "others in a pair")
#: Length of the extra feature, and its superposition, in each candidate.
NORM_TWO: Final = (0.0, 1.0, 1.0)
SHARED_TWO: Final = (0.0, 0.0, 1.0)
NORM_THREE: Final = (0.0, 1.0, 1.0, 1.0)
SHARED_THREE: Final = (0.0, 0.0, 1.0, 0.0)
#: Where all three candidates of two features lose alike: r = 1, p = 4/7.
TRIPLE_POINT: Final = (1.0, 4 / 7)


def losses_two(
    relative_importance: Numbers, feature_probability: Numbers, *, bias: bool = True
) -> Float[F64, "... candidate"]:
    """Losses of the candidates `TWO` of two features in one dimension.

    Args:
        relative_importance: r >= 0, a number or (...).
        feature_probability: p in [0, 1], which broadcasts with r to (...).
        bias: False leaves b = 0 for features that are left out.

    Returns:
        The losses, (..., candidate), in the order of `TWO`.

    Raises:
        SpecError: unless r >= 0 is finite, p is in [0, 1] and the two broadcast.

    Source: "Superposition as a Phase Change".
    """
    r, p = checked("losses_two", relative_importance, feature_probability)
    dropped = _dropped(p, bias)
    return np.stack([r * dropped, dropped, (1 + r) * p * p / 6], axis=-1)


def losses_three(
    relative_importance: Numbers, feature_probability: Numbers, *, bias: bool = True
) -> Float[F64, "... candidate"]:
    """Losses of the candidates `THREE` of three features in two dimensions.

    Args:
        relative_importance: r >= 0, a number or (...).
        feature_probability: p in [0, 1], which broadcasts with r to (...).
        bias: False leaves b = 0 for features that are left out.

    Returns:
        The losses, (..., candidate), in the order of `THREE`.

    Raises:
        SpecError: as `losses_two`.

    Source: "Superposition as a Phase Change".
    """
    r, p = checked("losses_three", relative_importance, feature_probability)
    dropped, pair = _dropped(p, bias), p * p / 6
    return np.stack([r * dropped, dropped, (1 + r) * pair, 2 * pair], axis=-1)


def winner_two(
    relative_importance: Numbers, feature_probability: Numbers, *, bias: bool = True
) -> I64:
    """The candidate of least loss among `TWO`; of equal ones the first.

    Args:
        relative_importance: r >= 0, a number or (...).
        feature_probability: p in [0, 1], which broadcasts with r to (...).
        bias: False leaves b = 0 for features that are left out.

    Returns:
        Positions in `TWO`, integer (...).

    Raises:
        SpecError: as `losses_two`.

    Source: "Superposition as a Phase Change".
    """
    return _first_least(losses_two(relative_importance, feature_probability, bias=bias))


def winner_three(
    relative_importance: Numbers, feature_probability: Numbers, *, bias: bool = True
) -> I64:
    """The candidate of least loss among `THREE`; of equal ones the first.

    Args:
        relative_importance: r >= 0, a number or (...).
        feature_probability: p in [0, 1], which broadcasts with r to (...).
        bias: False leaves b = 0 for features that are left out.

    Returns:
        Positions in `THREE`, integer (...).

    Raises:
        SpecError: as `losses_two`.

    Source: "Superposition as a Phase Change".
    """
    return _first_least(losses_three(relative_importance, feature_probability, bias=bias))


def boundary_two(relative_importance: Numbers, *, bias: bool = True) -> Scalars:
    """The feature probability below which superposition is the best candidate of `TWO`.

    With s = min(r, 1): p = (s/3) / ((1 + r)/6 + s/4), or 2s/(1 + r) without `bias`. Above it the
    more important of the two features has the dimension to itself; r = 1 separates the two cases.

    Args:
        relative_importance: r >= 0, a number or (...).
        bias: False leaves b = 0 for features that are left out.

    Returns:
        The probabilities, (...), in [0, 1].

    Raises:
        SpecError: unless r >= 0 is finite.

    Source: "Superposition as a Phase Change".
    """
    r, _ = checked("boundary_two", relative_importance, 0.0)
    s = np.minimum(r, 1.0)
    return np.asarray((s / 3) / ((1 + r) / 6 + (s / 4 if bias else 0.0)))


def boundary_three(relative_importance: Numbers, *, bias: bool = True) -> Scalars:
    """The feature probability below which a pair is the best candidate of `THREE`.

    For r <= 1 the pair holds the extra feature and the boundary is that of two features in one
    dimension. For r >= 1 it holds the two others, whatever r: p = 4/7, or 1 without `bias`.

    Args:
        relative_importance: r >= 0, a number or (...).
        bias: False leaves b = 0 for features that are left out.

    Returns:
        The probabilities, (...), in [0, 1].

    Raises:
        SpecError: unless r >= 0 is finite.

    Source: "Superposition as a Phase Change".
    """
    r, _ = checked("boundary_three", relative_importance, 0.0)
    return boundary_two(np.minimum(r, 1.0), bias=bias)


def scaled_pair(feature_probability: Numbers) -> tuple[Scalars, Scalars]:
    """The pair [w, −w] at b = 0 at its best length: w² = (8 − 5p) / (8 − 6p).

    It does not depend on the importances, and the loss of importance (1, r) is (1 + r) times
    p [1/3 − (8 − 5p)² / (48 (4 − 3p))].

    Args:
        feature_probability: p in [0, 1], a number or (...).

    Returns:
        w² >= 1, and the loss per unit of importance, each (...).

    Raises:
        SpecError: for p outside [0, 1].

    Source: "Superposition as a Phase Change".
    """
    _, p = checked("scaled_pair", 0.0, feature_probability)
    square = (8 - 5 * p) / (8 - 6 * p)
    # 1/3 − (8 − 5p)²/(48 (4 − 3p)) without the cancellation at small p
    return np.asarray(square), np.asarray(p * p * (32 - 25 * p) / (48 * (4 - 3 * p)))


def boundary_scaled(relative_importance: Numbers) -> Scalars:
    """`boundary_two` with the pair at its best length instead of 1 (and the bias p/2).

    The smaller root of (36s + 25(1 + r)) p² − (96s + 32(1 + r)) p + 64s = 0, s = min(r, 1): at
    r = 1 it is (40 − 4√14)/43 = .58217.

    Args:
        relative_importance: r >= 0, a number or (...).

    Returns:
        The probabilities, (...), in [0, 1].

    Raises:
        SpecError: unless r >= 0 is finite.

    Source: "Superposition as a Phase Change".
    """
    r, _ = checked("boundary_scaled", relative_importance, 0.0)
    s = np.minimum(r, 1.0)
    square, linear, constant = 36 * s + 25 * (1 + r), 96 * s + 32 * (1 + r), 64 * s
    # the form of the smaller root that does not subtract nearly equal numbers
    return np.asarray(2 * constant / (linear + np.sqrt(linear**2 - 4 * square * constant)))


def _dropped(p: Scalars, bias: bool) -> Scalars:
    """Loss of a feature that is left out, per unit of importance: σ², or E[x²] without bias."""
    return np.asarray(p / 3 - p * p / 4 if bias else p / 3)


def _first_least(losses: Float[F64, "... candidate"]) -> I64:
    return np.asarray(np.argmin(losses, axis=-1))

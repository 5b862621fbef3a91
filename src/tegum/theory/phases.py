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
from tegum.errors import SpecError
from tegum.theory._arrays import Numbers, Scalars

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
    """Losses of the candidates `TWO`, on the last axis; the arguments broadcast.

    `bias` False leaves b = 0 for features that are left out.
    Raises `SpecError` unless r >= 0 is finite and p in [0, 1].
    """
    r, p = checked("losses_two", relative_importance, feature_probability)
    dropped = _dropped(p, bias)
    return np.stack([r * dropped, dropped, (1 + r) * p * p / 6], axis=-1)


def losses_three(
    relative_importance: Numbers, feature_probability: Numbers, *, bias: bool = True
) -> Float[F64, "... candidate"]:
    """Losses of the candidates `THREE`, on the last axis. Arguments and errors as `losses_two`."""
    r, p = checked("losses_three", relative_importance, feature_probability)
    dropped, pair = _dropped(p, bias), p * p / 6
    return np.stack([r * dropped, dropped, (1 + r) * pair, 2 * pair], axis=-1)


def winner_two(
    relative_importance: Numbers, feature_probability: Numbers, *, bias: bool = True
) -> I64:
    """Index into `TWO` of the candidate of least loss; of equal ones the first. Shape (...)."""
    return _first_least(losses_two(relative_importance, feature_probability, bias=bias))


def winner_three(
    relative_importance: Numbers, feature_probability: Numbers, *, bias: bool = True
) -> I64:
    """Index into `THREE` of the candidate of least loss; of equal ones the first. Shape (...)."""
    return _first_least(losses_three(relative_importance, feature_probability, bias=bias))


def boundary_two(relative_importance: Numbers, *, bias: bool = True) -> Scalars:
    """The feature probability below which superposition is the best candidate of `TWO`.

    With s = min(r, 1): p = (s/3) / ((1 + r)/6 + s/4), or 2s/(1 + r) without `bias`. Above it the
    more important of the two features has the dimension to itself; r = 1 separates the two cases.
    Shape (...). Raises `SpecError` unless r >= 0 is finite.
    """
    r, _ = checked("boundary_two", relative_importance, 0.0)
    s = np.minimum(r, 1.0)
    return np.asarray((s / 3) / ((1 + r) / 6 + (s / 4 if bias else 0.0)))


def boundary_three(relative_importance: Numbers, *, bias: bool = True) -> Scalars:
    """The feature probability below which a pair is the best candidate of `THREE`.

    For r <= 1 the pair holds the extra feature and the boundary is that of two features in one
    dimension. For r >= 1 it holds the two others, whatever r: p = 4/7, or 1 without `bias`.
    Shape (...). Raises `SpecError` unless r >= 0 is finite.
    """
    r, _ = checked("boundary_three", relative_importance, 0.0)
    return boundary_two(np.minimum(r, 1.0), bias=bias)


def scaled_pair(feature_probability: Numbers) -> tuple[Scalars, Scalars]:
    """The pair [w, −w] at b = 0 at its best length: w² and the loss per unit of importance.

    w² = (8 − 5p) / (8 − 6p), whatever the importances, and the loss of importance (1, r) is
    (1 + r) times p [1/3 − (8 − 5p)² / (48 (4 − 3p))]. Raises `SpecError` unless p in [0, 1].
    """
    _, p = checked("scaled_pair", 0.0, feature_probability)
    square = (8 - 5 * p) / (8 - 6 * p)
    # 1/3 − (8 − 5p)²/(48 (4 − 3p)) without the cancellation at small p
    return np.asarray(square), np.asarray(p * p * (32 - 25 * p) / (48 * (4 - 3 * p)))


def boundary_scaled(relative_importance: Numbers) -> Scalars:
    """`boundary_two` with the pair at its best length instead of 1 (and the bias p/2).

    The smaller root of (36s + 25(1 + r)) p² − (96s + 32(1 + r)) p + 64s = 0, s = min(r, 1): at
    r = 1 it is (40 − 4√14)/43 = .58217. Raises `SpecError` unless r >= 0 is finite.
    """
    r, _ = checked("boundary_scaled", relative_importance, 0.0)
    s = np.minimum(r, 1.0)
    square, linear, constant = 36 * s + 25 * (1 + r), 96 * s + 32 * (1 + r), 64 * s
    # the form of the smaller root that does not subtract nearly equal numbers
    return np.asarray(2 * constant / (linear + np.sqrt(linear**2 - 4 * square * constant)))


def checked(
    owner: str, relative_importance: Numbers, feature_probability: Numbers
) -> tuple[Scalars, Scalars]:
    """r and p as float64 of one shape. Raises `SpecError` unless r >= 0 is finite, p in [0, 1]."""
    r = np.asarray(relative_importance, dtype=np.float64)
    p = np.asarray(feature_probability, dtype=np.float64)
    if not (np.isfinite(r).all() and (r >= 0).all()):
        rule = "must be finite and >= 0"
        raise SpecError.of(owner, "relative_importance", rule, relative_importance)
    if not ((p >= 0) & (p <= 1)).all():
        rule = "must be in [0, 1]"
        raise SpecError.of(owner, "feature_probability", rule, feature_probability)
    try:
        shape = np.broadcast_shapes(r.shape, p.shape)
    except ValueError:
        rule = f"must broadcast with relative_importance of shape {r.shape}"
        raise SpecError.of(owner, "feature_probability", rule, p.shape) from None
    return np.broadcast_to(r, shape), np.broadcast_to(p, shape)


def _dropped(p: Scalars, bias: bool) -> Scalars:
    """Loss of a feature that is left out, per unit of importance: σ², or E[x²] without bias."""
    return np.asarray(p / 3 - p * p / 4 if bias else p / 3)


def _first_least(losses: Float[F64, "... candidate"]) -> I64:
    return np.asarray(np.argmin(losses, axis=-1))

"""Two features in one dimension without bias: the exact loss of any weights.

x' = ReLU(w (w·x)) with w = (w₁, w₂), importance (1, r), features active with probability p and
then uniform on [0, 1]. With a = w₁², d = w₂², c = w₁w₂, E_i the mean square error of output i
with both features active,

    L = p (1−p) [(1−a)²/3 + r (1−d)²/3 + (1 + r) max(c, 0)²/3] + p² [E_1 + r E_2].

Weights of one sign (c >= 0) keep the ReLU on:

    E_1 = (1−a)²/3 + c²/3 − (1−a) c/2.

Of opposite signs, with u = |w₁| and v = |w₂|, output 1 is on where u x₁ > v x₂:

    u <= v:  E_1 = 1/3 − u³/(4v) + u⁵/(12v)
    u >= v:  E_1 = (1−u²)²/3 + uv (1−u²)/2 + u²v²/3 − uv³/12 − v³/(12u),

and output 2 likewise. (w₁, w₂) and (−w₁, −w₂) are one model. On the axes the loss has a kink:
leaving w₁ = 0 towards the sign of w₂ gains p²|w₂|/2 per unit, so that every minimum has both
weights at work: [1, 0] is no minimum of a model without bias.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from tegum.arguments import array
from tegum.dims import F64, Bools
from tegum.theory._arrays import Numbers, Scalars, checked

#: A polynomial in u, v, 1/u, 1/v: (coefficient, power of u, power of v).
_Terms = tuple[tuple[float, int, int], ...]
_OWN: Final[_Terms] = ((1 / 3, 0, 0), (-2 / 3, 2, 0), (1 / 3, 4, 0))  # (1−u²)²/3
_BOTH_ON: Final[_Terms] = (*_OWN, (1 / 3, 2, 2), (-1 / 2, 1, 1), (1 / 2, 3, 1))
_WEAKER: Final[_Terms] = ((1 / 3, 0, 0), (-1 / 4, 3, -1), (1 / 12, 5, -1))  # u <= v
_STRONGER: Final[_Terms] = (
    *(*_OWN, (1 / 2, 1, 1), (-1 / 2, 3, 1), (1 / 3, 2, 2)),
    *((-1 / 12, 1, 3), (-1 / 12, -1, 3)),
)  # u >= v

#: Powers go up to the degree of the polynomials, and down by two derivatives from 1/u.
_HIGHEST, _LOWEST = 5, 3

#: |w| is held at least this far from the axes, where E has removable poles and kinks.
SMALLEST: Final = 1e-9


def loss_without_bias(
    w1: Numbers, w2: Numbers, feature_probability: Numbers, relative_importance: Numbers = 1.0
) -> Scalars:
    """L at any weights, exactly; all arguments broadcast.

    Args:
        w1: the weight of feature 1, a number or (...).
        w2: that of feature 2, a number or (...).
        feature_probability: p in [0, 1], a number or (...).
        relative_importance: r >= 0 of feature 2, a number or (...).

    Returns:
        The losses, (...), >= 0.

    Raises:
        SpecError: unless r >= 0 is finite and p is in [0, 1].

    Source: "Comments & Replications: Tom McGrath".
    """
    r, p = checked("loss_without_bias", relative_importance, feature_probability)
    single, pair = _errors(w1, w2, r)
    return np.asarray(p * (1 - p) * single + p * p * pair)


def slope_in_probability(
    w1: Numbers, w2: Numbers, feature_probability: Numbers, relative_importance: Numbers = 1.0
) -> Scalars:
    """∂L/∂p at fixed weights; at a minimum, the slope of its loss as p varies.

    Args:
        w1: the weight of feature 1, a number or (...).
        w2: that of feature 2, a number or (...).
        feature_probability: p in [0, 1], a number or (...).
        relative_importance: r >= 0 of feature 2, a number or (...).

    Returns:
        The slopes, (...).

    Raises:
        SpecError: as `loss_without_bias`.

    Source: "Comments & Replications: Tom McGrath".
    """
    r, p = checked("slope_in_probability", relative_importance, feature_probability)
    single, pair = _errors(w1, w2, r)
    return np.asarray((1 - 2 * p) * single + 2 * p * pair)


def gradient_without_bias(
    w1: Numbers, w2: Numbers, feature_probability: Numbers, relative_importance: Numbers = 1.0
) -> Float[F64, "... 2"]:
    """(∂L/∂w₁, ∂L/∂w₂); on the kinks, w = 0, that of the side w > 0.

    Args:
        w1: the weight of feature 1, a number or (...).
        w2: that of feature 2, a number or (...).
        feature_probability: p in [0, 1], a number or (...).
        relative_importance: r >= 0 of feature 2, a number or (...).

    Returns:
        The gradients, (..., 2).

    Raises:
        SpecError: as `loss_without_bias`.

    Source: "Comments & Replications: Tom McGrath".
    """
    r, p = checked("gradient_without_bias", relative_importance, feature_probability)
    owner = "gradient_without_bias"
    w = np.broadcast_arrays(array(owner, "w1", w1), array(owner, "w2", w2), r, p)
    signs = [np.where(one >= 0, 1.0, -1.0) for one in w[:2]]
    u, v = (np.maximum(np.abs(one), SMALLEST) for one in w[:2])
    slopes, _ = derivatives(u, v, signs[0] == signs[1], w[3], w[2])
    return np.stack([sign * slope for sign, slope in zip(signs, slopes, strict=True)], axis=-1)


def derivatives(
    u: F64, v: F64, same: Bools, p: F64, r: F64
) -> tuple[tuple[F64, F64], tuple[F64, F64, F64]]:
    """Gradient and Hessian of the loss in (u, v) = (|w₁|, |w₂|), off the axes.

    Args:
        u: |w₁| > 0, (...,).
        v: |w₂| > 0, (...,).
        same: whether the weights have one sign, boolean (...,).
        p: feature probabilities, (...,).
        r: relative importances, (...,).

    Returns:
        The derivatives (u, v) and (uu, uv, vv), each (...).

    Source: method, derivatives of polynomials.
    """
    at = _at(u, v, same)

    def derived(du: int, dv: int) -> F64:
        alone, both = _by_output(at, du, dv)
        single, pair = alone[0] + r * alone[1], both[0] + r * both[1]
        return np.asarray(p * (1 - p) * single + p * p * pair)

    return (derived(1, 0), derived(0, 1)), (derived(2, 0), derived(1, 1), derived(0, 2))


def _errors(w1: Numbers, w2: Numbers, r: Scalars) -> tuple[Scalars, Scalars]:
    """Σ_i I_i times the error with one feature active (summed over which), and with both."""
    first, second = array("two_features", "w1", w1), array("two_features", "w2", w2)
    u, v = np.maximum(np.abs(first), SMALLEST), np.maximum(np.abs(second), SMALLEST)
    same = first * second >= 0
    single, pair = (one + r * two for one, two in by_output(u, v, same))
    return np.asarray(single), np.asarray(pair)


def by_output(u: F64, v: F64, same: Bools) -> tuple[tuple[F64, F64], tuple[F64, F64]]:
    """What either output is off by with one feature active, and with both.

    Args:
        u: |w₁| > 0, (...,).
        v: |w₂| > 0, (...,).
        same: whether the weights have one sign, boolean (...,).

    Returns:
        (output 1, output 2) twice, each (...): with one feature active, summed over which, and
        with both.

    Source: "Comments & Replications: Tom McGrath".
    """
    return _by_output(_at(u, v, same), 0, 0)


class _At(NamedTuple):
    """Where polynomials are evaluated: powers of u and of v, and which of the forms hold."""

    u: dict[int, F64]
    v: dict[int, F64]
    same: Bools
    weaker: Bools  # u <= v
    stronger: Bools  # u >= v

    def swapped(self) -> _At:
        """The point as output 2 sees it."""
        return _At(self.v, self.u, self.same, self.stronger, self.weaker)


def _at(u: F64, v: F64, same: Bools) -> _At:
    return _At(_powers(u), _powers(v), same, u <= v, u >= v)


def _powers(x: F64) -> dict[int, F64]:
    """x to all powers that occur here, by products: `**` takes a logarithm of every entry."""
    powers = {0: np.ones_like(x), 1: x, -1: 1.0 / x}
    for k in range(2, _HIGHEST + 1):
        powers[k] = powers[k - 1] * x
    for k in range(2, _LOWEST + 1):
        powers[-k] = powers[1 - k] * powers[-1]
    return powers


def _by_output(at: _At, du: int, dv: int) -> tuple[tuple[F64, F64], tuple[F64, F64]]:
    """`by_output`, du times derived in u and dv times in v."""
    swapped = at.swapped()
    both = _both_active(at, du, dv), _both_active(swapped, dv, du)
    interference = np.where(at.same, _sum(((1 / 3, 2, 2),), at, du, dv), 0.0)
    alone = _sum(_OWN, at, du, dv) + interference, _sum(_OWN, swapped, dv, du) + interference
    return alone, both


def _both_active(at: _At, du: int, dv: int) -> F64:
    opposite = np.where(at.weaker, _sum(_WEAKER, at, du, dv), _sum(_STRONGER, at, du, dv))
    return np.where(at.same, _sum(_BOTH_ON, at, du, dv), opposite)


def _sum(terms: _Terms, at: _At, du: int, dv: int) -> F64:
    """The polynomial, derived du times in u and dv times in v."""
    total: F64 = np.zeros(())
    for coefficient, i, j in terms:
        factor = coefficient
        for power, times in ((i, du), (j, dv)):
            for k in range(times):
                factor *= power - k
        if factor != 0.0:
            total = total + factor * at.u[i - du] * at.v[j - dv]
    return total

"""Features in the plane: where they point, and how far neighbours are apart."""

from __future__ import annotations

from tegum.analysis import _geometry
from tegum.analysis._arrays import Array, lift
from tegum.analysis._geometry import REPRESENTED
from tegum.dims import FEATURE


def angles_2d(W: Array) -> Array:
    """The direction of each feature in the plane.

    Args:
        W: weights (..., 2, feature), plain or labelled.

    Returns:
        Degrees in [0, 360), (..., feature), of the kind of `W`; NaN for a zero column.

    Raises:
        SpecError: unless there are two hidden dimensions.

    Source: "Introduction".
    """
    return lift(_geometry.angles, W, (FEATURE,))


def gaps_2d(W: Array, threshold: float = REPRESENTED) -> Array:
    """Angles between neighbouring represented features in the plane, ascending.

    Args:
        W: weights (..., 2, feature), plain or labelled.
        threshold: of the length, >= 0.

    Returns:
        Degrees, (..., gap) with as many places as features: k represented features leave k gaps,
        which sum to 360; the rest is NaN.

    Raises:
        SpecError: unless there are two hidden dimensions.

    Source: "The Geometry of Superposition: Perturbing a Single Feature".
    """
    return lift(lambda w: _geometry.gaps(w, threshold), W, ("gap",))

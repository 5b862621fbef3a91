"""What activity of hidden neurons costs: a penalty on it, and loss reduction per activation.

An isolated feature of importance I and probability p on a neuron of its own, tied, with no biases
and a weight w >= 0: h = wx, x' = w²x. With the penalty λ‖h‖₁ its expected loss is

    p I [(1 − w²)²/3 + (λ/I) w/2],

against p I/3 without a neuron. The feature survives where some w > 0 is better: λ/I < SURVIVES.
The best w jumps there, from √(2/3) to 0; it stays a local minimum up to λ/I = METASTABLE.

A neuron's activation frequency is the probability that any of its features is active.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from tegum.arguments import array
from tegum.dims import F64
from tegum.errors import SpecError

#: An isolated feature has a neuron as long as λ/I is below this, (8/9)√(2/3) = .7258 …
SURVIVES: Final = 8 / 9 * sqrt(2 / 3)
#: … and keeps one that it has up to this, 16/(9√3) = 1.0264.
METASTABLE: Final = 16 / (9 * sqrt(3))


def isolated_loss(w: ArrayLike, ratio: ArrayLike) -> Float[F64, ...]:
    """(1 − w²)²/3 + (λ/I) w/2: the loss of an isolated feature, per p I.

    Args:
        w: weights of the neuron, >= 0, a number or (...).
        ratio: λ/I >= 0, which broadcasts with `w` to (...).

    Returns:
        The losses, (...), >= 0; 1/3 without a neuron.

    Source: "The Strategic Picture of Superposition".
    """
    weight, cost = array("isolated_loss", "w", w), array("isolated_loss", "ratio", ratio)
    return np.asarray((1 - weight**2) ** 2 / 3 + cost * weight / 2)


def isolated_weight(ratio: ArrayLike) -> Float[F64, ...]:
    """The w of the local minimum with a neuron: the largest root of w(1 − w²) = (3/8) λ/I.

    Args:
        ratio: λ/I >= 0, a number or (...).

    Returns:
        The weights, (...), in [1/√3, 1]; NaN for λ/I > METASTABLE.

    Raises:
        SpecError: for λ/I < 0.

    Source: "The Strategic Picture of Superposition".
    """
    cost = array("isolated_weight", "ratio", ratio)
    if not (cost >= 0).all():
        raise SpecError.of("isolated_weight", "ratio", "must be >= 0", ratio)
    # w = 2/√3 cos(t): 4cos³t − 3cos t = cos 3t = −(3√3/2)(3/8) λ/I = −(λ/I)/METASTABLE
    with np.errstate(invalid="ignore"):
        angle = np.arccos(np.where(cost <= METASTABLE, -cost / METASTABLE, np.nan)) / 3
    return np.asarray(2 / sqrt(3) * np.cos(angle))


def dedicated_reduction(feature_probability: ArrayLike) -> Float[F64, ...]:
    """σ²/p = 1/3 − p/4: loss reduction per activation of a neuron for one feature.

    Against predicting the mean, at importance 1.

    Args:
        feature_probability: p in [0, 1], a number or (...).

    Returns:
        The reductions, (...), in [1/12, 1/3].

    Raises:
        SpecError: for p outside [0, 1].

    Source: "The Strategic Picture of Superposition".
    """
    p = _probability("dedicated_reduction", feature_probability)
    return np.asarray(1 / 3 - p / 4)


def antipodal_reduction(feature_probability: ArrayLike) -> Float[F64, ...]:
    """(2/3 − 5p/6)/(2 − p): the same of a neuron for an antipodal pair, [1, −1].

    Both features' variance 2σ², less the interference p²/3, over 1 − (1 − p)² = p(2 − p).

    Args:
        feature_probability: p in [0, 1], a number or (...).

    Returns:
        The reductions, (...), in [−1/6, 1/3].

    Raises:
        SpecError: for p outside [0, 1].

    Source: "The Strategic Picture of Superposition".
    """
    p = _probability("antipodal_reduction", feature_probability)
    return np.asarray((2 / 3 - 5 * p / 6) / (2 - p))


def antipodal_deficit(feature_probability: ArrayLike) -> Float[F64, ...]:
    """p²/(4(2 − p)) = `dedicated_reduction` − `antipodal_reduction`: what sharing a neuron costs.

    Args:
        feature_probability: p in [0, 1], a number or (...).

    Returns:
        The deficits, (...), in [0, 1/4].

    Raises:
        SpecError: for p outside [0, 1].

    Source: "The Strategic Picture of Superposition".
    """
    p = _probability("antipodal_deficit", feature_probability)
    return np.asarray(p**2 / (4 * (2 - p)))


def _probability(owner: str, value: ArrayLike) -> F64:
    p = array(owner, "feature_probability", value)
    if not ((p >= 0) & (p <= 1)).all():
        raise SpecError.of(owner, "feature_probability", "must be in [0, 1]", value)
    return p

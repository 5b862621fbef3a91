"""How features share the hidden space: norms, overlaps, dimensionalities, pairs, angles.

Every function takes weights `W` whose columns are the feature directions W_i: a NumPy array of
shape (..., hidden, feature), or an `xarray.DataArray` with dimensions `hidden` and `feature` in
any place, whose other dimensions are kept. The answer is of the same kind. Ŵ_i is W_i divided
by its length; a zero column has no direction, and what would divide by its length is 0.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from tegum.analysis import _geometry
from tegum.analysis._arrays import Array, lift, one_model
from tegum.analysis._geometry import REPRESENTED as REPRESENTED
from tegum.arguments import explained
from tegum.dims import FEATURE, FEATURE_J

#: A represented feature has a dimension to itself when its superposition is below this.
DEDICATED: Final = 0.1
#: Two features are antipodal when the cosine of their directions is at most this.
ANTIPODAL: Final = -0.98


def norms(W: Array) -> Array:
    """‖W_i‖: the lengths of the features.

    Args:
        W: weights (..., hidden, feature), plain or labelled.

    Returns:
        Lengths >= 0, (..., feature), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    return lift(_geometry.norms, W, (FEATURE,))


def gram(W: Array) -> Array:
    """G = WᵀW: what output i receives of feature j.

    Args:
        W: weights (..., hidden, feature), plain or labelled.

    Returns:
        G, (..., feature, feature_j), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    return lift(_geometry.gram, W, (FEATURE, FEATURE_J))


def cosines(W: Array) -> Array:
    """Ŵ_i·Ŵ_j: the cosines between directions.

    Args:
        W: weights (..., hidden, feature), plain or labelled.

    Returns:
        Cosines in [−1, 1], (..., feature, feature_j), of the kind of `W`; 0 for a zero column.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Local Almost-Orthogonal Bases".
    """
    return lift(_geometry.cosines, W, (FEATURE, FEATURE_J))


def superposition(W: Array) -> Array:
    """Σ_{j≠i} (Ŵ_i·W_j)²: how much the other features share the direction of each.

    0: feature i is orthogonal to all others; >= 1: together the others can activate its
    direction as strongly as it does itself.

    Args:
        W: weights (..., hidden, feature), plain or labelled.

    Returns:
        The sums, (..., feature), >= 0; of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    return lift(_geometry.superposition, W, (FEATURE,))


@explained(example="tg.dimensionality(runs.W)")
def dimensionality(W: Array) -> Array:
    """D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)²: the share of a dimension that each feature has.

    1 alone, 1/2 in an antipodal pair, 2/k in a regular k-gon. Σ_i D_i is at most the rank of W.

    Args:
        W: weights (..., hidden, feature), plain or labelled.

    Returns:
        Shares in [0, 1], (..., feature), of the kind of `W`; 0 for a zero column.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    return lift(_geometry.dimensionality, W, (FEATURE,))


def dimensions_per_feature(W: Array) -> Array:
    """D* = m / ‖W‖_F²: the dimensions that a feature has on average.

    Args:
        W: weights (..., hidden, feature), plain or labelled.

    Returns:
        D* > 0, (...), of the kind of `W`; infinite when W is zero.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    return lift(_geometry.dimensions_per_feature, W, ())


def represented(W: Array, threshold: float = REPRESENTED) -> Array:
    """Whether ‖W_i‖ > threshold.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        threshold: of the length, >= 0.

    Returns:
        Boolean (..., feature), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    return lift(lambda w: _geometry.norms(w) > threshold, W, (FEATURE,))


def count_represented(W: Array, threshold: float = REPRESENTED) -> Array:
    """The number of represented features.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        threshold: of the length, >= 0.

    Returns:
        Integers, (...), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    return lift(lambda w: (_geometry.norms(w) > threshold).sum(-1), W, ())


def dedicated(W: Array, threshold: float = DEDICATED) -> Array:
    """Whether a feature is represented and has a dimension to itself.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        threshold: `superposition` is below this, > 0.

    Returns:
        Boolean (..., feature), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    return lift(lambda w: _geometry.dedicated(w, threshold), W, (FEATURE,))


def count_dedicated(W: Array, threshold: float = DEDICATED) -> Array:
    """The number of dedicated features.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        threshold: as of `dedicated`.

    Returns:
        Integers, (...), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    return lift(lambda w: _geometry.dedicated(w, threshold).sum(-1), W, ())


def antipodal_partners(W: Array, cosine: float = ANTIPODAL) -> Array:
    """The feature opposite to each.

    i and j are partners when both are represented, their cosine is at most `cosine`, and each
    is the represented feature that points most against the other.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        cosine: the most that two opposite features may have, in [−1, 0).

    Returns:
        Positions, integer (..., feature), of the kind of `W`; −1 where there is none.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    return lift(lambda w: _geometry.partners(w, cosine), W, (FEATURE,))


def count_antipodal_pairs(W: Array, cosine: float = ANTIPODAL) -> Array:
    """The number of antipodal pairs.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        cosine: as of `antipodal_partners`.

    Returns:
        Integers, (...), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    return lift(lambda w: (_geometry.partners(w, cosine) >= 0).sum(-1) // 2, W, ())


def antipodal_pairs(
    W: NDArray[Any] | xr.DataArray, cosine: float = ANTIPODAL
) -> list[tuple[int, int]]:
    """The antipodal pairs of one model.

    Args:
        W: weights (hidden, feature), plain or labelled.
        cosine: as of `antipodal_partners`.

    Returns:
        Positions (i, j), i < j.

    Raises:
        SpecError: if W has further dimensions.

    Source: "Demonstrating Superposition: Basic Results".
    """
    partners = antipodal_partners(one_model("antipodal_pairs", "W", W), cosine)
    return [(i, int(j)) for i, j in enumerate(partners) if i < j]


def interference_signs(W: Array) -> tuple[Array, Array]:
    """Σ_{i≠j} G_ij² over G_ij > 0, and the same over G_ij < 0.

    In the ReLU-output model negative interference is free as long as one feature is active.

    Args:
        W: weights (..., hidden, feature), plain or labelled.

    Returns:
        Both sums >= 0, each (...), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    return (
        lift(lambda w: _geometry.off_diagonal(np.maximum(_geometry.gram(w), 0.0)), W, ()),
        lift(lambda w: _geometry.off_diagonal(np.minimum(_geometry.gram(w), 0.0)), W, ()),
    )

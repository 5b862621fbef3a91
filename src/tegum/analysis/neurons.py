"""Neurons: which features each of them stores, an order for them, and a name for their structure.

In a model with a hidden activation the hidden dimensions are neurons. A tied model is given by
its weights W (..., hidden, feature), an untied one by the pair W = (W_in, W_out), the second
(..., feature, hidden); NumPy arrays or `xarray.DataArray`s, whose other dimensions are kept.
Neuron k *stores* feature i where the strength of i on k exceeds a threshold:

    tied      |W_ki|
    untied    min(|v_ki|, |v_ki w_ik|), with v, w the weights rescaled so that max_i |v_ki| = 1.

A neuron that stores one feature is monosemantic, one that stores more is polysemantic. Counts
depend on the threshold: `threshold_range` says how far it may move without changing them.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from tegum.analysis._arrays import Array
from tegum.analysis._neurons import (
    Plain,
    bound_of,
    check_pair,
    check_threshold,
    count_of,
    lifted,
    one_of,
    order_of,
    rescaled,
    strength_of,
)
from tegum.arguments import array
from tegum.dims import F64, FEATURE, HIDDEN, I64
from tegum.errors import SpecError

#: A neuron stores a feature when its strength exceeds this.
STORED: Final = 0.2

Order = Literal["kind", "primary"]
#: W (hidden, feature), or the pair (W_in, W_out).
OneModel = Plain | tuple[Plain, Plain]


def rescale(
    W: tuple[Float[NDArray[Any], "... hidden feature"], Float[NDArray[Any], "... feature hidden"]],
) -> tuple[Float[F64, "... hidden feature"], Float[F64, "... feature hidden"]]:
    """(W_in, W_out) with max_i |W_in,ki| = 1 for every neuron: the same model.

    ReLU(αz) = αReLU(z) for α > 0, so that a row of W_in may be divided by what the column of W_out
    is multiplied by. A neuron without input weights stays as it is.

    Args:
        W: the pair W_in (..., hidden, feature) and W_out (..., feature, hidden).

    Returns:
        The pair rescaled, (..., hidden, feature) and (..., feature, hidden).

    Raises:
        SpecError: unless the shapes fit.

    Source: "Computation in Superposition", a footnote.
    """
    v, w = (array("rescale", "W", one) for one in W)
    check_pair(v.shape, w.shape)
    return rescaled(v, w)


def strength(W: Array | tuple[Array, Array]) -> Array:
    """How strongly each neuron stores each feature.

    Args:
        W: weights (..., hidden, feature), or the pair (W_in, W_out); plain or labelled.

    Returns:
        Strengths >= 0, (..., hidden, feature), of the kind of `W`.

    Raises:
        SpecError: for weights of other shapes.

    Source: "Superposition in a Privileged Basis".
    """
    return lifted(strength_of, W, (HIDDEN, FEATURE))


def stored(W: Array | tuple[Array, Array], *, threshold: float = STORED) -> Array:
    """Whether a neuron stores a feature.

    Args:
        W: weights (..., hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.

    Returns:
        Boolean (..., hidden, feature), of the kind of `W`.

    Raises:
        SpecError: for weights of other shapes, and a threshold that is not >= 0 and finite.

    Source: "Superposition in a Privileged Basis".
    """
    check_threshold("stored", threshold)
    return lifted(lambda w, o: strength_of(w, o) > threshold, W, (HIDDEN, FEATURE))


def features_per_neuron(W: Array | tuple[Array, Array], *, threshold: float = STORED) -> Array:
    """How many features each neuron stores.

    Args:
        W: weights (..., hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.

    Returns:
        Integers, (..., hidden), of the kind of `W`.

    Raises:
        SpecError: as `stored`.

    Source: "Superposition in a Privileged Basis".
    """
    check_threshold("features_per_neuron", threshold)
    return lifted(lambda w, o: (strength_of(w, o) > threshold).sum(-1), W, (HIDDEN,))


def count_monosemantic(W: Array | tuple[Array, Array], *, threshold: float = STORED) -> Array:
    """The number of neurons that store exactly one feature.

    Args:
        W: weights (..., hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.

    Returns:
        Integers, (...), of the kind of `W`.

    Raises:
        SpecError: as `stored`.

    Source: "Superposition in a Privileged Basis".
    """
    check_threshold("count_monosemantic", threshold)
    return lifted(lambda w, o: count_of(w, o, threshold, 1), W, ())


def count_polysemantic(W: Array | tuple[Array, Array], *, threshold: float = STORED) -> Array:
    """The number of neurons that store two features or more.

    Args:
        W: weights (..., hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.

    Returns:
        Integers, (...), of the kind of `W`.

    Raises:
        SpecError: as `stored`.

    Source: "Superposition in a Privileged Basis".
    """
    check_threshold("count_polysemantic", threshold)
    return lifted(lambda w, o: count_of(w, o, threshold, 2), W, ())


def threshold_range(
    W: Array | tuple[Array, Array], *, threshold: float = STORED
) -> tuple[Array, Array]:
    """Thresholds low <= t < high at which both counts are those at `threshold`.

    A count changes only where the threshold passes the largest or the second largest strength on
    a neuron: low is the greatest of these up to `threshold` (0 if there is none), high the least
    one beyond it (infinite if there is none).

    Args:
        W: weights (..., hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.

    Returns:
        Low and high, each (...), of the kind of `W`.

    Raises:
        SpecError: as `stored`.

    Source: method, the sorted strengths.
    """
    check_threshold("threshold_range", threshold)
    return (
        lifted(lambda w, o: bound_of(w, o, threshold, above=False), W, ()),
        lifted(lambda w, o: bound_of(w, o, threshold, above=True), W, ()),
    )


def neuron_order(
    W: OneModel,
    *,
    threshold: float = STORED,
    by: Order = "kind",
) -> I64:
    """An order of the neurons of one model that does not depend on how they come.

    "kind": monosemantic neurons first, then polysemantic ones, each by the features they store
    (the first feature, its sign, the second feature, …), silent ones last. "primary": by the
    feature that is strongest on the neuron, and then as before. What is left equal goes by
    strength.

    Args:
        W: weights (hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.
        by: "kind" or "primary".

    Returns:
        Positions, (hidden,).

    Raises:
        SpecError: for more than one model, and for another order.

    Source: "Superposition in a Privileged Basis".
    """
    if by not in ("kind", "primary"):
        raise SpecError.of("neuron_order", "by", "must be 'kind' or 'primary'", by)
    return order_of(*one_of("neuron_order", W), threshold, primary=by == "primary")


def feature_order(
    W: OneModel,
    *,
    threshold: float = STORED,
) -> I64:
    """An order of one model's features that follows the order of its neurons.

    Each feature goes with the first neuron, in `neuron_order`, that stores it, the strongest of a
    neuron first; features that no neuron stores come last. For features of equal importance, which
    have no order of their own.

    Args:
        W: weights (hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.

    Returns:
        Positions, (feature,).

    Raises:
        SpecError: for more than one model.

    Source: "Superposition in a Privileged Basis".
    """
    w, out = one_of("feature_order", W)
    size = strength_of(w, out)[neuron_order(W, threshold=threshold)]
    held = size > threshold
    first = np.where(held.any(axis=0), held.argmax(axis=0), len(size))
    there = np.append(size, np.zeros((1, size.shape[1])), axis=0)[first, np.arange(size.shape[1])]
    return np.lexsort((-there, first)).astype(np.int64)

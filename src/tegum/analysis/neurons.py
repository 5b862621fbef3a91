"""Neurons: which features each of them stores, an order for them, and a name for their structure.

In a model with a hidden activation the hidden dimensions are neurons. A tied model is given by
its weights W (..., hidden, feature), an untied one by the pair W = (W_in, W_out), the second
(..., feature, hidden); NumPy arrays or `xarray.DataArray`s, whose other dimensions are kept.
Neuron k *stores* feature i where the strength of i on k exceeds a threshold:

    tied      |W_ki|
    untied    min(|v_ki|, |v_ki w_ik|), with v, w the weights rescaled so that max_i |v_ki| = 1.

A neuron that stores one feature is monosemantic, one that stores more is polysemantic. Counts
depend on the threshold: `threshold_range` says how far it may move without changing them.

Source: paper, "Superposition in a Privileged Basis", "Computation in Superposition".
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from tegum.analysis._arrays import Array
from tegum.analysis._neurons import (
    SIGNS,
    Plain,
    check_pair,
    check_threshold,
    codes_of,
    lifted,
    one_of,
    pattern_of,
    rescaled,
    strength_of,
)
from tegum.dims import F64, FEATURE, HIDDEN, I64, Bools
from tegum.errors import SpecError

#: A neuron stores a feature when its strength exceeds this.
STORED: Final = 0.2

Order = Literal["kind", "primary"]
#: W (hidden, feature), or the pair (W_in, W_out).
OneModel = Plain | tuple[Plain, Plain]


class Group(NamedTuple):
    """Neurons and features that nothing outside shares, by position, both ascending."""

    neurons: tuple[int, ...]
    features: tuple[int, ...]


def rescale(
    W: tuple[Float[NDArray[Any], "... hidden feature"], Float[NDArray[Any], "... feature hidden"]],
) -> tuple[Float[F64, "... hidden feature"], Float[F64, "... feature hidden"]]:
    """(W_in, W_out) with max_i |W_in,ki| = 1 for every neuron: the same model.

    ReLU(αz) = αReLU(z) for α > 0, so that a row of W_in may be divided by what the column of W_out
    is multiplied by. A neuron without input weights stays as it is. Raises SpecError unless the
    shapes fit. Source: paper, "Computation in Superposition", footnote.
    """
    v, w = (np.asarray(array, np.float64) for array in W)
    check_pair(v.shape, w.shape)
    return rescaled(v, w)


def strength(W: Array | tuple[Array, Array]) -> Array:
    """How strongly each neuron stores each feature, >= 0, shape (..., hidden, feature)."""
    return lifted(strength_of, W, (HIDDEN, FEATURE))


def stored(W: Array | tuple[Array, Array], *, threshold: float = STORED) -> Array:
    """Whether a neuron stores a feature, boolean (..., hidden, feature)."""
    check_threshold("stored", threshold)
    return lifted(lambda w, o: strength_of(w, o) > threshold, W, (HIDDEN, FEATURE))


def features_per_neuron(W: Array | tuple[Array, Array], *, threshold: float = STORED) -> Array:
    """How many features each neuron stores, integer (..., hidden)."""
    check_threshold("features_per_neuron", threshold)
    return lifted(lambda w, o: (strength_of(w, o) > threshold).sum(-1), W, (HIDDEN,))


def count_monosemantic(W: Array | tuple[Array, Array], *, threshold: float = STORED) -> Array:
    """The number of neurons that store exactly one feature, shape (...)."""
    check_threshold("count_monosemantic", threshold)
    return lifted(lambda w, o: _count(w, o, threshold, 1), W, ())


def count_polysemantic(W: Array | tuple[Array, Array], *, threshold: float = STORED) -> Array:
    """The number of neurons that store two features or more, shape (...)."""
    check_threshold("count_polysemantic", threshold)
    return lifted(lambda w, o: _count(w, o, threshold, 2), W, ())


def threshold_range(
    W: Array | tuple[Array, Array], *, threshold: float = STORED
) -> tuple[Array, Array]:
    """(low, high), each (...): at thresholds low <= t < high both counts are those at `threshold`.

    A count changes only where the threshold passes the largest or the second largest strength on
    a neuron: low is the greatest of these up to `threshold` (0 if there is none), high the least
    one beyond it (infinite if there is none).
    """
    check_threshold("threshold_range", threshold)
    return (
        lifted(lambda w, o: _bound(w, o, threshold, above=False), W, ()),
        lifted(lambda w, o: _bound(w, o, threshold, above=True), W, ()),
    )


def neuron_order(
    W: OneModel,
    *,
    threshold: float = STORED,
    by: Order = "kind",
) -> I64:
    """An order (hidden,) of the neurons of one model that does not depend on how they come.

    "kind": monosemantic neurons first, then polysemantic ones, each by the features they store
    (the first feature, its sign, the second feature, …), silent ones last. "primary": by the
    feature that is strongest on the neuron, and then as before. What is left equal goes by
    strength. Raises SpecError for more than one model and for another order.
    """
    if by not in ("kind", "primary"):
        raise SpecError.of("neuron_order", "by", "must be 'kind' or 'primary'", by)
    w, out = one_of("neuron_order", W)
    size, codes = strength_of(w, out), codes_of(w, out, threshold)
    primary = size.argmax(axis=1)

    def key(k: int) -> tuple[Any, ...]:
        held = np.flatnonzero(codes[k])
        kind = 3 if len(held) == 0 else min(len(held), 2)
        pattern = tuple((int(i), int(codes[k, i])) for i in held)
        first = int(primary[k]) if kind < 3 else len(w[0])
        lead = (first, kind) if by == "primary" else (kind,)
        return (*lead, pattern, *(-np.round(size[k], 9)).tolist())

    return np.array(sorted(range(len(w)), key=key), np.int64)


def feature_order(
    W: OneModel,
    *,
    threshold: float = STORED,
) -> I64:
    """An order (feature,) of one model's features that follows the order of its neurons.

    Each feature goes with the first neuron, in `neuron_order`, that stores it, the strongest of a
    neuron first; features that no neuron stores come last. For features of equal importance, which
    have no order of their own. Raises SpecError for more than one model.
    """
    w, out = one_of("feature_order", W)
    size = strength_of(w, out)[neuron_order(W, threshold=threshold)]
    held = size > threshold
    first = np.where(held.any(axis=0), held.argmax(axis=0), len(size))
    there = np.append(size, np.zeros((1, size.shape[1])), axis=0)[first, np.arange(size.shape[1])]
    return np.lexsort((-there, first)).astype(np.int64)


def signature(
    W: OneModel,
    *,
    threshold: float = STORED,
) -> str:
    """Which features each neuron of one model stores, with which signs, as words.

    Equal for two models exactly if the stored features and their signs are the same up to the
    order of neurons. Neurons in `neuron_order` are separated by spaces: "+0 +1+2 +1-2 ." is a
    neuron for feature 0, two neurons that share features 1 and 2, and a silent one. In an untied
    model the sign is that of the input weight, and "!" follows a negative output weight.
    Raises SpecError for more than one model.
    """
    w, out = one_of("signature", W)
    codes = codes_of(w, out, threshold)
    words = []
    for k in neuron_order(W, threshold=threshold):
        held = [f"{SIGNS[codes[k, i]]}".replace("#", str(i)) for i in np.flatnonzero(codes[k])]
        words.append("".join(held) or ".")
    return " ".join(words)


def pattern(
    W: OneModel,
    *,
    threshold: float = STORED,
) -> str:
    """Which sets of neurons store features, as words: the structure without the features' names.

    Equal for two models exactly if one is the other up to the order of neurons and of features.
    Every group of `groups` that stores features has its features as sets of signed neurons, A, B,
    …: "3 x +A; +A+B +A-B -A+B" is three dedicated neurons, and two that code three features. A
    silent neuron is ".", features that no neuron stores are left out. To ask which neurons a
    feature excites, whatever it inhibits, give np.maximum(W, 0). Raises SpecError for more than
    one model, and for a group with too many equivalent neurons (over 50,000 orders).
    """
    w, out = one_of("pattern", W)
    codes = codes_of(w, out, threshold)
    found: dict[str, int] = {}
    for group in groups(W, threshold=threshold):
        if group.neurons:
            words = pattern_of(codes[np.ix_(group.neurons, group.features)])
            found[words] = found.get(words, 0) + 1
    ranked = sorted(found.items(), key=lambda item: (len(item[0]), item[0]))
    return "; ".join(words if count == 1 else f"{count} x {words}" for words, count in ranked)


def groups(
    W: OneModel,
    *,
    threshold: float = STORED,
) -> list[Group]:
    """The connected parts of one model's graph of neurons and the features they store.

    A dedicated neuron with its feature is a part of its own; so are a silent neuron and a feature
    that no neuron stores. In order of the first feature, silent neurons last. Raises SpecError for
    more than one model.
    """
    held = codes_of(*one_of("groups", W), threshold) != 0
    m, n = held.shape
    graph = np.block([[np.zeros((m, m), bool), held], [held.T, np.zeros((n, n), bool)]])
    count, part = connected_components(graph, directed=False)
    members = [np.flatnonzero(part == k) for k in range(count)]
    found = [
        Group(tuple(all_[all_ < m].tolist()), tuple((all_[all_ >= m] - m).tolist()))
        for all_ in members
    ]
    return sorted(found, key=lambda g: (g.features or (n,), g.neurons))


def _count(w: F64, out: F64 | None, threshold: float, least: int) -> I64:
    """Neurons with one feature (least 1) or with two and more (least 2)."""
    per_neuron = (strength_of(w, out) > threshold).sum(-1)
    chosen: Bools = per_neuron == 1 if least == 1 else per_neuron >= 2
    return np.asarray(chosen.sum(-1))


def _bound(w: F64, out: F64 | None, threshold: float, *, above: bool) -> F64:
    size = np.sort(strength_of(w, out), axis=-1)[..., -2:]
    edges = size.reshape(*size.shape[:-2], -1)
    if above:
        return np.asarray(np.where(edges > threshold, edges, np.inf).min(-1))
    return np.asarray(np.where(edges <= threshold, edges, 0.0).max(-1))

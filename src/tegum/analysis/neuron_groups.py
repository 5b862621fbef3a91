"""The structure of a model's neurons in words: who stores what, and which of them belong together.

Weights and thresholds are those of `tegum.analysis.neurons`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tegum.analysis._neurons import SIGNS, codes_of, one_of, parts_of, pattern_of
from tegum.analysis.neurons import STORED, OneModel, neuron_order


class Group(NamedTuple):
    """Neurons and features that nothing outside shares.

    Args:
        neurons: positions, ascending.
        features: positions, ascending.

    Source: "Superposition in a Privileged Basis".
    """

    neurons: tuple[int, ...]
    features: tuple[int, ...]


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

    Args:
        W: weights (hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.

    Returns:
        The words.

    Raises:
        SpecError: for more than one model.

    Source: "Superposition in a Privileged Basis".
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
    feature excites, whatever it inhibits, give np.maximum(W, 0).

    Args:
        W: weights (hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.

    Returns:
        The words.

    Raises:
        SpecError: for more than one model, and for a group with too many equivalent neurons (over
            50,000 orders).

    Source: "Superposition in a Privileged Basis".
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
    that no neuron stores.

    Args:
        W: weights (hidden, feature), or the pair (W_in, W_out); plain or labelled.
        threshold: of the strength, >= 0.

    Returns:
        The parts, in order of the first feature, silent neurons last.

    Raises:
        SpecError: for more than one model.

    Source: method, connected components.
    """
    held = codes_of(*one_of("groups", W), threshold) != 0
    return [Group(*part) for part in parts_of(held)]

"""The 1-sparse loss without bias as a packing energy on the sphere.

With one active feature and b = 0,

    L_1 = (1/3) [ Σ_i I_i (1 − ‖W_i‖²)²  +  Σ_{i≠j} I_j ReLU(W_i·W_j)² ].

For unit (or zero) columns of equal importance the first sum is the number of features left out,
and the second is a Thomson problem with the energy ReLU(cos)²: only acute angles cost.
"""

from __future__ import annotations

import numpy as np

from tegum.theory._arrays import Numbers, Scalars, gram, per_feature, weights


def energy(W: Numbers, importance: Numbers = 1.0) -> Scalars:
    """Σ_{i≠j} I_j ReLU(W_i·W_j)² over ordered pairs.

    Args:
        W: weights (..., hidden, feature).
        importance: I >= 0, a number or (feature,).

    Returns:
        The energies, (...), >= 0.

    Raises:
        SpecError: for arrays of other shapes, and an importance < 0.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    w = weights("thomson.energy", W)
    n = w.shape[-1]
    weight = per_feature("thomson.energy", "importance", importance, n)
    overlap = np.maximum(gram(w), 0.0) * (1 - np.eye(n))
    return np.asarray(np.einsum("...ij,j->...", overlap**2, weight))


def loss_one(W: Numbers, importance: Numbers = 1.0) -> Scalars:
    """L_1 of the ReLU-output model at b = 0, for columns of any length.

    Args:
        W: weights (..., hidden, feature).
        importance: I >= 0, a number or (feature,).

    Returns:
        The losses, (...), >= 0.

    Raises:
        SpecError: for arrays of other shapes, and an importance < 0.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    w = weights("thomson.loss_one", W)
    weight = per_feature("thomson.loss_one", "importance", importance, w.shape[-1])
    missing = (1 - (w**2).sum(-2)) ** 2 @ weight
    return np.asarray((missing + energy(w, weight)) / 3)

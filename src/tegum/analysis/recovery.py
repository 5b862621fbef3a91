"""How well a dictionary found the true directions of features.

The truth is `W`, (hidden, feature), as everywhere here: feature i lies along its column. A
dictionary is `W_dec`, (latent, hidden), one atom a row, as libraries of sparse autoencoders keep
their decoders. How latents fire is `tegum.analysis.firing`'s.

Cosines have their sign: the two features of an antipodal pair, the commonest of small models, are
two features, of which one atom finds one. With `signed=False` an atom stands for its direction
and for the opposite one, as some libraries count; half a dictionary then looks like a whole one.

Source: "Solving Superposition" of the paper; Sharkey, Braun and Millidge, "Taking features out of
superposition with sparse autoencoders" (2022), for the mean max cosine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment  # type: ignore[attr-defined]

from tegum.analysis._arrays import cosine_above, matrix
from tegum.arguments import flag
from tegum.dims import F64, I64, Bools
from tegum.errors import SpecError


class Matching(NamedTuple):
    """Which latent stands for which feature, one to one.

    Args:
        features: the features that have a latent, in order, (pair,).
        latents: theirs, (pair,).
        cosines: between the two, in [−1, 1], (pair,).

    Source: the Hungarian method.
    """

    features: I64
    latents: I64
    cosines: F64


def cosines(W: ArrayLike, W_dec: ArrayLike, *, signed: bool = True) -> F64:
    """Ŵ_i·D̂_k of every feature and every atom.

    Args:
        W: true directions, (hidden, feature).
        W_dec: atoms, (latent, hidden).
        signed: False for their absolute values.

    Returns:
        (feature, latent), in [−1, 1]; 0 for a feature or atom of length 0.

    Raises:
        SpecError: for arrays of other shapes, or of different numbers of hidden dimensions.

    Source: the geometry behind every method below.
    """
    truth, atoms = matrix("W", W, "(hidden, feature)"), matrix("W_dec", W_dec, "(latent, hidden)")
    if atoms.shape[1] != truth.shape[0]:
        rule = f"must be (latent, {truth.shape[0]}), as W is (hidden, feature) = {truth.shape}"
        raise SpecError.of("W_dec", "shape", rule, atoms.shape)
    found = np.clip(_unit(truth.T) @ _unit(atoms).T, -1.0, 1.0)
    return found if flag("cosines", "signed", signed) else np.abs(found)


def matching(W: ArrayLike, W_dec: ArrayLike, *, signed: bool = True) -> Matching:
    """The one-to-one matching with the largest sum of cosines (the Hungarian method).

    There are min(features, latents) pairs: of surplus latents it says nothing, so report the width
    of a dictionary beside it.

    Args:
        W: true directions, (hidden, feature).
        W_dec: atoms, (latent, hidden).
        signed: False: by the absolute values.

    Returns:
        The pairs, in the order of features.

    Raises:
        SpecError: as `cosines`.

    Source: the Hungarian method.
    """
    found = cosines(W, W_dec, signed=signed)
    features, latents = linear_sum_assignment(found, maximize=True)
    return Matching(features, latents, found[features, latents])


def matched_cosine(W: ArrayLike, W_dec: ArrayLike, *, signed: bool = True) -> float:
    """The mean cosine of `matching`, in [−1, 1]; also known as mean correlation coefficient.

    Args:
        W: true directions, (hidden, feature).
        W_dec: atoms, (latent, hidden).
        signed: False: by the absolute values.

    Returns:
        The mean over min(features, latents) pairs.

    Raises:
        SpecError: as `cosines`.

    Source: the matching of independent component analysis, by the Hungarian method.
    """
    return float(matching(W, W_dec, signed=signed).cosines.mean())


def mean_max_cosine(W: ArrayLike, W_dec: ArrayLike, *, signed: bool = True) -> float:
    """mean_i max_k Ŵ_i·D̂_k: how near the nearest atom is to a feature, in [−1, 1].

    Args:
        W: true directions, (hidden, feature).
        W_dec: atoms, (latent, hidden).
        signed: False: by the absolute values.

    Returns:
        The mean over features.

    Raises:
        SpecError: as `cosines`.

    Source: the method of Sharkey, Braun and Millidge (2022) and its mean max cosine similarity.
    """
    return float(cosines(W, W_dec, signed=signed).max(1).mean())


def mean_max_cosine_of_atoms(W: ArrayLike, W_dec: ArrayLike, *, signed: bool = True) -> float:
    """mean_k max_i Ŵ_i·D̂_k: how near the nearest feature is to an atom, in [−1, 1].

    Args:
        W: true directions, (hidden, feature).
        W_dec: atoms, (latent, hidden).
        signed: False: by the absolute values.

    Returns:
        The mean over atoms; those of length 0 count as 0.

    Raises:
        SpecError: as `cosines`.

    Source: the method of Sharkey, Braun and Millidge (2022), the other way round.
    """
    return float(cosines(W, W_dec, signed=signed).max(0).mean())


def found(W: ArrayLike, W_dec: ArrayLike, *, signed: bool = True, threshold: float = 0.9) -> Bools:
    """Which features have an atom whose cosine with them is above a threshold.

    Args:
        W: true directions, (hidden, feature).
        W_dec: atoms, (latent, hidden).
        signed: False: by the absolute values.
        threshold: in [−1, 1].

    Returns:
        (feature,); its sum is the number of features found.

    Raises:
        SpecError: as `cosines`, and for a threshold that no cosine has.

    Source: the method of Sharkey, Braun and Millidge (2022); the threshold is theirs.
    """
    least = cosine_above("found", threshold)
    return np.asarray(cosines(W, W_dec, signed=signed).max(1) > least)


def uniqueness(W: ArrayLike, W_dec: ArrayLike, *, signed: bool = True) -> float:
    """The number of different features that are the nearest of some atom, by that of atoms.

    1 where each atom stands for a feature of its own. It is counted over each atom's nearest
    feature: over a one-to-one matching it would be 1 by construction.

    Args:
        W: true directions, (hidden, feature).
        W_dec: atoms, (latent, hidden). Those of length 0 are near nothing, and not counted.
        signed: False: by the absolute values.

    Returns:
        In (0, 1]; NaN where all atoms have length 0.

    Raises:
        SpecError: as `cosines`.

    Source: a method of the field's synthetic benchmarks, over each atom's nearest feature.
    """
    near = cosines(W, W_dec, signed=signed)
    nearest = near.argmax(0)[np.asarray(matrix("W_dec", W_dec, "(latent, hidden)")).any(1)]
    return len(np.unique(nearest)) / len(nearest) if len(nearest) else np.nan


def _unit(rows: F64) -> F64:
    """Rows of length 1, of the sizes that float64 has; those of length 0 stay."""
    largest = np.abs(rows).max(1, keepdims=True)
    scaled = np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0)
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.asarray(np.divide(scaled, length, out=scaled, where=length > 0))

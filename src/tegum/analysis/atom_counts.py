"""How many features there are, by dictionaries of many sizes alone: no truth is asked for.

A dictionary is `W_dec`, (latent, hidden), one atom a row; rows of zeros are no atoms. Three signs
of the number of features: where the loss stops to fall (`elbow`), how many atoms are different
(`distinct`), and up to which size a dictionary is found again in larger ones (`agreed_size`).
How many latents fire is `tegum.analysis.firing.dead`'s to say.

Source: "Solving Superposition" of the paper; Sharkey, Braun and Millidge, "Taking features out of
superposition with sparse autoencoders" (2022), who compare dictionaries of different sizes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import connected_components

from tegum.analysis._arrays import cosine_above, matrix
from tegum.analysis.recovery import cosines, matching
from tegum.arguments import array, number
from tegum.dims import F64
from tegum.errors import SpecError


def elbow(sizes: ArrayLike, losses: ArrayLike, *, part: float = 0.05) -> int:
    """The smallest size after which the loss has hardly anything to fall.

    That is where at most `part` of the fall from the smallest size to the lowest loss is left.

    Args:
        sizes: numbers of latents, rising, (size,).
        losses: of the best dictionary of each, price included where there is one, (size,).
        part: what may be left of the fall, in [0, 1].

    Returns:
        One of the sizes.

    Raises:
        SpecError: for other shapes, fewer than two sizes, sizes that are no integers or do not
            rise, losses that are not finite, and a part that is none.

    Source: the method of Sharkey, Braun and Millidge (2022), whose losses have such an elbow.
    """
    counts, values = array("elbow", "sizes", sizes), array("elbow", "losses", losses)
    if counts.ndim != 1 or len(counts) < 2 or (np.diff(counts) <= 0).any():
        raise SpecError.of("elbow", "sizes", "must be two or more, rising", sizes)
    if values.shape != counts.shape:
        rule = f"must have one for each of {len(counts)} sizes"
        raise SpecError.of("elbow", "losses", rule, values.shape)
    if (counts != np.floor(counts)).any() or counts[0] < 1 or not np.isfinite(counts).all():
        raise SpecError.of("elbow", "sizes", "must be integers >= 1", sizes)
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        raise SpecError.of("elbow", f"losses[{at}]", "must be finite", values[at].item())
    left = values - values.min()
    return int(counts[np.argmax(left <= _part("elbow", part) * left[0])])


def shared(W_dec: ArrayLike, second: ArrayLike, *, threshold: float = 0.9) -> int:
    """How many atoms of one dictionary are found again in another, one to one.

    Args:
        W_dec: atoms, (latent, hidden).
        second: those of the other, (latent, hidden).
        threshold: two are the same where their cosine is above it, in [−1, 1].

    Returns:
        The pairs above the threshold in the matching with the largest sum of cosines.

    Raises:
        SpecError: for arrays of other shapes, or of different numbers of hidden dimensions, and a
            threshold that no cosine has.

    Source: the method of Sharkey, Braun and Millidge (2022), one to one.
    """
    rows, others = _atoms(W_dec), _atoms(second)
    least = cosine_above("shared", threshold)
    if not (len(rows) and len(others)):
        return 0
    return int((matching(rows.T, others).cosines > least).sum())


def distinct(W_dec: ArrayLike, *, threshold: float = 0.9) -> int:
    """How many directions there are in a dictionary, where copies count once.

    Args:
        W_dec: atoms, (latent, hidden).
        threshold: atoms whose cosine is above it are copies, and so are copies of copies.

    Returns:
        The groups of atoms.

    Raises:
        SpecError: for arrays of another shape, and a threshold that no cosine has.

    Source: a method of clustering (single linkage) on the cosines of atoms.
    """
    rows, least = _atoms(W_dec), cosine_above("distinct", threshold)
    if not len(rows):
        return 0
    near = (cosines(rows.T, rows) > least).astype(np.float64)
    return int(connected_components(near, directed=False)[0])


def agreed_size(
    dictionaries: Sequence[ArrayLike], *, part: float = 0.95, threshold: float = 0.9
) -> int:
    """The size of the largest dictionary that is found again in every larger one.

    Too small a dictionary mixes features in ways that larger ones do not, one with as many atoms
    as there are features has them all, and surplus atoms are others each time.

    Args:
        dictionaries: atoms of each, (latent, hidden), from small to large; the largest is compared
            with and never the answer.
        part: so many of its atoms must be found again, in [0, 1].
        threshold: two atoms are the same where their cosine is above it, in [−1, 1].

    Returns:
        How many atoms it has; 0 where there is none.

    Raises:
        SpecError: for fewer than two dictionaries, a part that is none, and as `shared`.

    Source: the method of Sharkey, Braun and Millidge (2022): agreement across sizes.
    """
    if len(dictionaries) < 2:
        rule = "must be two or more, from small to large"
        raise SpecError.of("agreed_size", "dictionaries", rule, len(dictionaries))
    found, share = 0, _part("agreed_size", part)
    for i, own in enumerate(dictionaries[:-1]):
        size = len(_atoms(own))
        again = (shared(own, other, threshold=threshold) for other in dictionaries[i + 1 :])
        if size and min(again) >= share * size:
            found = size
    return found


def _part(owner: str, part: float) -> float:
    return number(owner, "part", part, "must be in [0, 1]", lambda x: 0 <= x <= 1)


def _atoms(W_dec: ArrayLike) -> F64:
    """The rows that are not all 0."""
    rows = matrix("W_dec", W_dec, "(latent, hidden)")
    return np.asarray(rows[rows.any(1)])

"""How the latents of a dictionary fire with the true features, and what they rebuild.

`x`, (sample, feature), says which features were active, `codes`, (sample, latent), which latents
fired; both are where they are not 0. Measure on samples that were not trained on. Which latent is
which feature's is `tegum.analysis.recovery.matching`'s to say.

Source: "Solving Superposition" of the paper. Absorption is defined per edge of a hierarchy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tegum.analysis._arrays import matrix
from tegum.analysis.recovery import Matching
from tegum.arguments import array
from tegum.dims import F64, I64, Bools
from tegum.errors import SpecError

#: What rounding may leave of a variance of 0, of the mean square.
_ROUNDING: Final = 1e-28


class Firing(NamedTuple):
    """How a feature's own latent fires with it, in [0, 1]; NaN where a share is of nothing.

    Of a feature without a latent precision and F1 are NaN, and recall is 0 where it is ever active.

    Args:
        precision: of the samples in which the latent fires, the share in which the feature is
            active, (feature,).
        recall: the other way round, (feature,).
        f1: their harmonic mean, 2 TP / (2 TP + FP + FN), (feature,).

    Source: precision and recall, the method of every detector.
    """

    precision: F64
    recall: F64
    f1: F64


class Absorption(NamedTuple):
    """How a parent's latent fires, by whether a child is active too.

    Args:
        parent: the parent of each edge, (edge,).
        child: its child, (edge,).
        alone: recall of the parent's latent where the parent is active and the child is not,
            (edge,); NaN where that is never so.
        together: the same where both are active, (edge,).
        gap: alone − together, in [−1, 1], (edge,); positive where the child's latent has taken the
            parent over.
        alone_count: the samples behind `alone`, (edge,).
        together_count: the samples behind `together`, (edge,).

    Source: the method of feature absorption (Chanin and others, 2024), per edge of a hierarchy.
    """

    parent: I64
    child: I64
    alone: F64
    together: F64
    gap: F64
    alone_count: I64
    together_count: I64


def scores(x: ArrayLike, codes: ArrayLike, pairs: Matching) -> Firing:
    """Precision, recall and F1 of each feature's own latent as a detector of the feature.

    Args:
        x: features, (sample, feature); active where not 0.
        codes: latents, (sample, latent); they fire where not 0.
        pairs: which latent is which feature's: `matching`.

    Returns:
        Three arrays, (feature,).

    Raises:
        SpecError: for other shapes, and for pairs that name what is not there.

    Source: precision and recall, the method of every detector.
    """
    active, fires, latent_of = _active(x, codes, pairs)
    own = np.where(latent_of >= 0, fires[:, latent_of], False)
    hits, said, true = (active & own).sum(0), own.sum(0), active.sum(0)
    precision, recall = _share(hits, said), _share(hits, true)
    f1 = np.where(latent_of < 0, np.nan, _share(2 * hits, said + true))
    return Firing(precision, recall, f1)


def absorption(
    x: ArrayLike, codes: ArrayLike, pairs: Matching, parents: Sequence[int]
) -> Absorption:
    """Whether the latents of parents keep silent where a child is active.

    Where a child is active its parent is too. A dictionary under sparsity pressure saves a latent
    by writing the parent's direction into the child's atom: the parent is *absorbed*.

    Args:
        x: features, (sample, feature); active where not 0.
        codes: latents, (sample, latent); they fire where not 0.
        pairs: which latent is which feature's: `matching`.
        parents: the parent of each feature, −1 for a root, as in `tegum.Hierarchy`.

    Returns:
        One entry for each feature that has a parent. The recall of a parent without a latent is 0.

    Raises:
        SpecError: for other shapes, pairs that name what is not there, and other parents.

    Source: the method of feature absorption (Chanin and others, 2024), per edge of a hierarchy.
    """
    active, fires, latent_of = _active(x, codes, pairs)
    n = active.shape[1]
    parent = _integers("absorption", "parents", parents, -1, n)
    if parent.shape != (n,):
        raise SpecError.of("absorption", "parents", f"must be {n} numbers in [-1, {n})", parents)
    if (own := np.flatnonzero(parent == np.arange(n))).size:
        rule = "must not be itself: no feature is above itself"
        raise SpecError.of("absorption", f"parents[{own[0]}]", rule, int(own[0]))
    children = np.flatnonzero(parent >= 0)
    above = parent[children]
    own = np.where(latent_of[above] >= 0, fires[:, latent_of[above]], False)
    both = active[:, above] & active[:, children]
    only = active[:, above] & ~active[:, children]
    alone, together = (
        _share((own & only).sum(0), only.sum(0)),
        _share((own & both).sum(0), both.sum(0)),
    )
    return Absorption(
        *(above, children, alone, together, alone - together, only.sum(0), both.sum(0))
    )


def dead(codes: ArrayLike) -> Bools:
    """Which latents fire in no sample.

    Args:
        codes: latents, (sample, latent).

    Returns:
        (latent,).

    Raises:
        SpecError: for arrays of another shape.

    Source: a method of sparse autoencoders: what never fires.
    """
    return np.asarray(~(matrix("codes", codes, "(sample, latent)") != 0).any(0))


def mean_l0(codes: ArrayLike) -> float:
    """E‖z‖₀: how many latents fire in a sample, of features as well: how many are active.

    Args:
        codes: latents or features, (sample, latent).

    Returns:
        The mean over samples, those without any included.

    Raises:
        SpecError: for arrays of another shape.

    Source: a method of sparse autoencoders: the L0 norm.
    """
    return float((matrix("codes", codes, "(sample, latent)") != 0).sum(1).mean())


def explained_variance(h: ArrayLike, rebuilt: ArrayLike) -> float:
    """1 − Σ|h − ĥ|² / Σ|h − h̄|², over samples and dimensions; h̄ is the mean of each dimension.

    Args:
        h: activations, (sample, hidden).
        rebuilt: what the dictionary makes of them, (sample, hidden).

    Returns:
        At most 1; NaN where h does not vary: nothing is there to be explained.

    Raises:
        SpecError: for arrays of other or different shapes.

    Source: the method of regression: 1 − the share of variance that is unexplained.
    """
    real, made = _both(h, rebuilt)
    varied = real - real[0]  # exactly 0 where h does not vary, as differences from a mean are not
    spread = float(((varied - varied.mean(0)) ** 2).sum())
    there = spread > _ROUNDING * float((real**2).sum())
    return 1.0 - float(((real - made) ** 2).sum()) / spread if there else np.nan


def shrinkage(h: ArrayLike, rebuilt: ArrayLike) -> float:
    """E[‖ĥ‖ / ‖h‖] over samples with h ≠ 0: below 1 where a penalty has made activations smaller.

    Args:
        h: activations, (sample, hidden).
        rebuilt: what the dictionary makes of them, (sample, hidden).

    Returns:
        At least 0; NaN where every h is 0.

    Raises:
        SpecError: for arrays of other or different shapes.

    Source: a method of sparse autoencoders: what an L1 penalty does to lengths.
    """
    real, made = _both(h, rebuilt)
    length = np.linalg.norm(real, axis=1)
    there = length > 0
    return (
        float((np.linalg.norm(made, axis=1)[there] / length[there]).mean())
        if there.any()
        else np.nan
    )


def _both(h: ArrayLike, rebuilt: ArrayLike) -> tuple[F64, F64]:
    real = matrix("h", h, "(sample, hidden)")
    made = matrix("rebuilt", rebuilt, "(sample, hidden)")
    if made.shape != real.shape:
        raise SpecError.of("rebuilt", "shape", f"must be that of h, {real.shape}", made.shape)
    return real, made


def _active(x: ArrayLike, codes: ArrayLike, pairs: Matching) -> tuple[Bools, Bools, I64]:
    """What is active, what fires, and the latent of each feature, −1 without."""
    active = matrix("x", x, "(sample, feature)") != 0
    fires = matrix("codes", codes, "(sample, latent)") != 0
    if len(active) != len(fires):
        rule = f"must have the {len(active)} samples of x"
        raise SpecError.of("codes", "shape", rule, fires.shape)
    if not isinstance(pairs, Matching):
        raise SpecError.of("pairs", "", "must be a Matching, as recovery.matching gives", pairs)
    features = _integers("Matching", "features", pairs.features, 0, active.shape[1])
    latents = _integers("Matching", "latents", pairs.latents, 0, fires.shape[1])
    if features.shape != latents.shape:
        rule = f"must be {features.size}, one for each of its features"
        raise SpecError.of("Matching", "latents", rule, pairs.latents)
    latent_of = np.full(active.shape[1], -1)
    latent_of[features] = latents
    return active, fires, latent_of


def _integers(owner: str, field: str, given: ArrayLike, low: int, high: int) -> I64:
    """A row of integers in [low, high)."""
    found = array(owner, field, given)
    with np.errstate(invalid="ignore"):
        whole = (found == np.floor(found)) & (found >= low) & (found < high)
    if found.ndim != 1 or not whole.all():
        wrong = np.asarray(given)[~whole][0].item() if found.ndim == 1 else given
        raise SpecError.of(owner, field, f"must be integers in [{low}, {high})", wrong)
    return found.astype(np.int64)


def _share(part: I64, whole: I64) -> F64:
    """NaN of nothing."""
    out = np.full(np.shape(whole), np.nan)
    return np.asarray(np.divide(part, whole, out=out, where=np.asarray(whole) > 0))

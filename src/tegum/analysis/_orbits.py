"""Whether two models are the same up to the symmetries of their problem.

Exchangeable are features of equal importance whose blocks agree in kind, size, probability and
magnitude: independent features freely, the members of a set with one another, and whole sets.
Rotations of the hidden space leave A (WᵀW, or W_out W_in) as it is, so models are compared by A
and b. Converged models agree to many digits: an order is built feature by feature, and one that
does not fit is given up at once.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tegum.analysis._matching import anchors
from tegum.dims import F64, I64, Bools
from tegum.problem import Problem

#: Placements of a feature that are tried before two models are taken for different.
_MOST: Final = 100_000
#: Singular values below this share of the largest are no dimension.
_FLAT: Final = 1e-3


class Symmetry(NamedTuple):
    """Which features a problem lets change places."""

    label: I64  # (n,): only features of one label may
    block: I64  # (n,): the set of a feature; a set stays together
    importance: F64  # (n,)
    slope: float  # of the output's activation below 0, 1 where nothing is cut off


class Form(NamedTuple):
    """A model as far as its outputs go."""

    A: F64  # (n, n)
    b: F64  # (n,): 0 where it is of no consequence
    order: I64  # (n,): features in the order in which they tell models apart


def symmetry_of(problem: Problem) -> Symmetry:
    """The exchangeable features of a problem."""
    importance = problem.importance_vector()
    labels: list[tuple[object, ...]] = []
    block_of: list[int] = []
    for number, block in enumerate(problem.distribution.blocks()):
        own = importance[block.start : block.start + block.size]
        kind = "independent" if block.size == 1 else block.kind
        law = (kind, block.size, block.probability, block.magnitude, tuple(sorted(own.tolist())))
        labels += [(*law, float(value)) for value in own]
        block_of += [number] * block.size
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return Symmetry(
        np.array([numbers[label] for label in labels], np.int64),
        np.array(block_of, np.int64),
        importance,
        0.0 if problem.model.output_activation == "relu" else 1.0,
    )


def form_of(A: F64, b: F64, symmetry: Symmetry, tolerance: float) -> Form:
    """A model without what has no effect.

    With a ReLU an output that receives nothing and has a bias below 0 is 0 whatever the bias; an
    output of importance 0 may be anything.
    """
    bias, ignored = b.copy(), symmetry.importance == 0
    silent = np.abs(A).max(axis=1) <= tolerance
    if symmetry.slope == 0.0:
        bias[silent] = np.maximum(bias[silent], 0.0)
    bias[ignored] = 0.0
    shape = A.T @ A + A @ A.T  # of a tied model: G², with the same independent features
    singular = np.linalg.svd(A, compute_uv=False)
    rank = int((singular > _FLAT * singular[0]).sum()) if singular[0] > 0 else 0
    first = anchors(shape, rank) if rank else np.zeros(0, np.int64)
    size = np.diagonal(shape)
    rest = [j for j in np.argsort(-size, kind="stable") if j not in first]
    return Form(A, bias, np.array([*first, *rest], np.int64))


def same(one: Form, other: Form, symmetry: Symmetry, tolerance: float) -> I64 | None:
    """The order of features, one.A[order][:, order] = other.A and so for b; None if there is none.

    No entry may differ by more than `tolerance`.
    """
    diagonals = np.abs(np.diagonal(one.A) - np.diagonal(other.A)[:, None])
    allowed = (symmetry.label == symmetry.label[:, None]) & (diagonals <= tolerance)
    allowed &= np.abs(one.b - other.b[:, None]) <= tolerance
    if not allowed.any(axis=1).all():
        return None
    found = _extend(one, other, symmetry, tolerance, allowed)
    if found is None:
        return None
    order = np.empty(len(found), np.int64)
    order[other.order] = found
    return order


def _extend(
    one: Form, other: Form, symmetry: Symmetry, tolerance: float, allowed: Bools
) -> I64 | None:
    """Depth first: what stands for other.order[0], other.order[1], … in `one`."""
    n, tries = len(one.b), 0
    placed = np.empty(n, np.int64)
    waiting = [_candidates(0, placed, one, other, symmetry, tolerance, allowed)]
    while waiting:
        level = len(waiting) - 1
        if not waiting[-1]:
            waiting.pop()
            continue
        tries += 1
        if tries > _MOST:
            return None
        placed[level] = waiting[-1].pop(0)
        if level == n - 1:
            return placed
        waiting.append(_candidates(level + 1, placed, one, other, symmetry, tolerance, allowed))
    return None


def _candidates(
    level: int,
    placed: I64,
    one: Form,
    other: Form,
    symmetry: Symmetry,
    tolerance: float,
    allowed: Bools,
) -> list[int]:
    """The features that may stand for the next one, given where those before it stand."""
    feature, before, at = other.order[level], other.order[:level], placed[:level]
    fits = allowed[feature].copy()
    fits[at] = False
    fits &= (np.abs(one.A[:, at] - other.A[feature, before]) <= tolerance).all(axis=1)
    fits &= (np.abs(one.A[at] - other.A[before, feature][:, None]) <= tolerance).all(axis=0)
    # a set goes where its first member went, and no two sets go to one place
    own = symmetry.block[before] == symmetry.block[feature]
    homes = symmetry.block[at]
    if own.any():
        fits &= symmetry.block == homes[own][0]
    else:
        fits &= ~np.isin(symmetry.block, homes)
    return [int(j) for j in np.flatnonzero(fits)]

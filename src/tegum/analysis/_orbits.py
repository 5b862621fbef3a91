"""Whether two models are the same up to the symmetries of their problem.

Exchangeable are features of equal importance whose blocks agree in kind, size, probability and
magnitude: independent features freely, the members of a set with one another, and whole sets.
Rotations of the hidden space leave A (WᵀW, or W_out W_in) as it is, so models are compared by A
and b. Converged models agree to many digits: an order is built feature by feature, and one that
does not fit is given up at once. Features that A and sets do not connect are parts on their own:
where one part finds no place, none of the others' places is to blame.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment  # type: ignore[attr-defined]
from scipy.sparse.csgraph import connected_components

from tegum.dims import F64, I64, Bools
from tegum.problem import Problem

#: Placements of a feature that are tried before two models are taken for different.
_MOST: Final = 20_000


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
    rows: F64  # (n, 2 n): the sorted entries of each row and column of A
    order: I64  # (n,): features part by part, each after those it is most connected with
    first: Bools  # (n,): whether a part begins at this place of the order


def symmetry_of(problem: Problem) -> Symmetry:
    """The exchangeable features of a problem."""
    importance = problem.importance_vector()
    blocks = problem.distribution.blocks()
    # features with a place of their own: of trees, and of laws that blocks do not say
    apart = {block.parent for block in blocks} | {
        block.start + k
        for block in blocks
        if block.kind in ("child", "joint")
        for k in range(block.size)
    }
    labels: list[tuple[object, ...]] = []
    block_of: list[int] = []
    for number, block in enumerate(blocks):
        own = importance[block.start : block.start + block.size]
        kind = "independent" if block.size == 1 else block.kind
        law = (kind, block.size, block.probability, block.magnitude, tuple(sorted(own.tolist())))
        labels += [
            (*law, float(value), block.start + k if block.start + k in apart else -1)
            for k, value in enumerate(own)
        ]
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
    rows = np.concatenate([np.sort(A, axis=1), np.sort(A.T, axis=1)], axis=1)
    order, first = _order(A, symmetry.block, tolerance)
    return Form(A, bias, rows, order, first)


def _order(A: F64, block: I64, tolerance: float) -> tuple[I64, Bools]:
    """The places of features, part by part, and where the parts begin."""
    coupling = np.maximum(np.abs(A), np.abs(A.T))
    joined = (coupling > tolerance) | (block == block[:, None])
    amount, part = connected_components(joined, directed=False)
    size = np.diagonal(coupling)
    order: list[int] = []
    first = np.zeros(len(A), np.bool_)
    for number in np.argsort([-size[part == k].max() for k in range(amount)], kind="stable"):
        left = np.flatnonzero(part == number).tolist()
        first[len(order)] = True
        near = size.copy()
        while left:
            order.append(left.pop(int(np.argmax(near[left]))))
            near = near + coupling[order[-1]] + (block == block[order[-1]])
    return np.array(order, np.int64), first


def same(one: Form, other: Form, symmetry: Symmetry, tolerance: float) -> I64 | None:
    """The order of features, one.A[order][:, order] = other.A and so for b; None if there is none.

    No entry may differ by more than `tolerance`.
    """
    allowed = symmetry.label == symmetry.label[:, None]
    allowed &= np.abs(np.diagonal(one.A) - np.diagonal(other.A)[:, None]) <= tolerance
    allowed &= np.abs(one.b - other.b[:, None]) <= tolerance
    allowed &= np.abs(one.rows - other.rows[:, None]).max(axis=2) <= tolerance
    rows, columns = linear_sum_assignment(~allowed)
    if not allowed[rows, columns].all():
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
            if other.first[level]:
                return None
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

"""The distribution as the kernels read it, and what is frozen while an optimiser moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64, I64
from tegum.distributions import Block
from tegum.distributions.magnitudes import magnitude_of
from tegum.engines.exact.numeric import CONSTANT, EXPONENTIAL, SIGNED, UNIFORM
from tegum.engines.exact.pieces import boxes_of

if TYPE_CHECKING:
    from tegum.distributions import Distribution

#: The magnitudes whose characteristic functions the kernels know.
FAMILIES = {"uniform": UNIFORM, "signed": SIGNED, "exponential": EXPONENTIAL, "one": CONSTANT}


class Law(NamedTuple):
    """The blocks of features, common to all points of a batch.

    A block of independent or anticorrelated features has at most one active member; those of a
    correlated block (`together`) are active at once.
    """

    start: I64  # (B,): its first feature
    size: I64  # (B,)
    together: NDArray[np.bool_]  # (B,)
    block_of: I64  # (n,)
    family: I64  # (n,): UNIFORM, SIGNED, EXPONENTIAL, CONSTANT
    mean: F64  # (n,): of the magnitude
    square: F64  # (n,): mean square of the magnitude
    shift: F64  # (K, n): of boxes, in place of blocks, if there are any
    scale: F64  # (K, n), or no rows where it is 0
    target: F64  # (n, n): M of the targets M x; no rows where they are x
    single: bool  # every block is one feature, uniform or signed


class Point(NamedTuple):
    """The numbers of one axis point; of many, with a leading axis."""

    probability: F64  # (B,): that a block is on
    share: F64  # (n,): probability that a feature is active, given that its block is on
    importance: F64  # (n,)
    mean: F64  # (n,): E[x]
    moment: F64  # (n, n): E[x xᵀ]
    costs: F64  # (2,): λ₂ of W_in, or W, and of W_out, whose squared weights cost so much
    chance: F64  # (K,): of boxes
    wanted: F64  # (n,): E[y²] of the targets


class Frozen(NamedTuple):
    """What must not move while values are compared: any choice gives the same expectations."""

    period: F64  # (n,): P of each output
    small: NDArray[np.bool_]  # (n, B): blocks that enter T by their mean, and first order about it
    lead: I64  # (n, B): the member of a `together` block that T lets vary; -1: none, it is left out
    nodes: I64  # (n,): of the series of each output, while an optimiser moves


class Setting(NamedTuple):
    """What an expectation is taken over: the law at one point, and what is frozen meanwhile."""

    law: Law
    point: Point
    frozen: Frozen


def law_of(distribution: Distribution, boxed: bool, target: F64) -> Law:
    """The blocks as arrays, or one block of boxes; targets as in `Law`."""
    if boxed:
        return _law_of_boxes(distribution, target)
    blocks = distribution.blocks()
    size = np.array([block.size for block in blocks], np.int64)
    names = [block.magnitude for block in blocks for _ in range(block.size)]
    return Law(
        start=np.array([block.start for block in blocks], np.int64),
        size=size,
        together=np.array([b.kind == "correlated" and b.size > 1 for b in blocks]),
        block_of=np.repeat(np.arange(len(blocks), dtype=np.int64), size),
        family=np.array([FAMILIES[str(name)] for name in names], np.int64),
        mean=np.array([magnitude_of(name).mean for name in names]),
        square=np.array([magnitude_of(name).mean_square for name in names]),
        shift=np.zeros((0, len(names))),
        scale=np.zeros((0, len(names))),
        target=target,
        single=bool((size == 1).all()) and set(names) <= {"uniform", "signed"},
    )


def _law_of_boxes(distribution: Distribution, target: F64) -> Law:
    boxes, n = boxes_of(distribution), distribution.n_features
    return Law(
        start=np.zeros(1, np.int64),
        size=np.full(1, n, np.int64),
        together=np.zeros(1, np.bool_),
        block_of=np.zeros(n, np.int64),
        family=np.full(n, UNIFORM, np.int64),
        mean=np.zeros(n),
        square=np.zeros(n),
        shift=np.array(boxes.shift, order="C"),
        scale=np.array(boxes.scale, order="C"),
        target=target,
        single=False,
    )


def points_of(
    distributions: Sequence[Distribution], which: I64, importance: F64, costs: F64, law: Law
) -> Point:
    """The numbers of many points, with a leading axis `points`.

    which (points,): the place of a point's distribution among `distributions`, which differ in
    their probabilities only; importance (points, n); costs (points, 2); law: theirs.
    """
    boxed = len(law.shift) > 0
    rows = [
        (Block("joint", 0, d.n_features, 1.0, "uniform"),) if boxed else d.blocks()
        for d in distributions
    ]
    chance = [boxes_of(d).chance if boxed else np.zeros(0) for d in distributions]
    share = [1.0 / b.size if b.kind == "anticorrelated" else 1.0 for b in rows[0]]
    moment = np.stack([d.second_moment() for d in distributions])
    wanted = np.diagonal(moment, axis1=1, axis2=2)
    if len(law.target):
        wanted = np.einsum("ij,pjk,ik->pi", law.target, moment, law.target)
    per_feature = np.repeat(np.array(share), [block.size for block in rows[0]])
    return Point(
        probability=np.array([[block.probability for block in blocks] for blocks in rows])[which],
        share=np.tile(per_feature, (len(which), 1)),
        importance=np.array(importance, np.float64),
        mean=np.stack([distribution.mean() for distribution in distributions])[which],
        moment=moment[which],
        costs=costs,
        chance=np.stack(chance)[which],
        wanted=np.array(wanted[which], order="C"),
    )


def frozen_room(n: int, blocks: int) -> Frozen:
    """Room for what is frozen: everything enters T as it is."""
    small, lead = np.zeros((n, blocks), np.bool_), np.full((n, blocks), -1, np.int64)
    return Frozen(np.ones(n), small, lead, np.zeros(n, np.int64))

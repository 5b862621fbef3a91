"""Gram matrices up to the order of their vertices: the best order, and how many are equally good.

Comparing two shapes in any order is a quadratic assignment; rigidity makes it easy. A shape of
rank d is fixed by where d independent vertices go, its *anchors*. A beam search places the
anchors, a linear assignment places the rest, and repeated linear assignments polish the order.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment  # type: ignore[attr-defined]

from tegum.dims import F64, I64, Bools

#: Placements of the anchors kept at every step of the search, and how many of them are polished.
BEAM: Final = 96
STARTS: Final = 8
#: Numbers held at a time when all placements are compared: large shapes get a narrower beam.
_ROOM: Final = 4_000_000
#: Rounds of polishing; it nearly always stops after two or three.
_ROUNDS: Final = 12
#: Symmetries are counted up to this many vertices and this many partial symmetries at a time.
_LARGEST: Final = 24
_MOST: Final = 12_000


class Match(NamedTuple):
    """`order[i]` is the vertex that vertex i of the reference stands for; `distance` the RMS.

    The distance is over all ordered pairs of two different vertices.
    """

    order: I64
    distance: float


def match(gram: F64, reference: F64, rank: int, enough: float = 0.0) -> Match:
    """The order that brings `gram` closest to `reference`, both (size, size), as far as found.

    The search stops at the first order with a distance of at most `enough`.
    """
    size = len(reference)
    if size == 1 or _all_alike(reference, 1e-9):
        order = np.arange(size)
        return Match(order, rms(gram, reference))
    best = Match(np.arange(size), math.inf)
    for order in starts(gram, reference, rank):
        found = _polish(gram, reference, order)
        if found.distance < best.distance:
            best = found
        if best.distance <= enough:
            break
    return best


def starts(gram: F64, reference: F64, rank: int, allowed: Bools | None = None) -> I64:
    """Promising orders, best first, shape (≤ 8, size); `allowed[i, j]`: i may stand for j."""
    size = len(reference)
    blocked = np.zeros((size, size)) if allowed is None else np.where(allowed, 0.0, np.inf)
    chosen = anchors(reference, rank)
    placed = _place(gram, reference, chosen, blocked)
    # Σ_anchors (reference − gram)² for every placement, vertex and place: (placement, size, size).
    # Placements that no order extends cost much here, even with the right cosines among anchors.
    seen = np.moveaxis(gram[:, placed], 0, 1)  # (placement, size, anchor)
    wanted = reference[:, chosen]  # (size, anchor)
    cost = (seen**2).sum(-1)[:, None, :] - 2 * wanted @ np.swapaxes(seen, 1, 2) + blocked
    promising = cost.min(-1).sum(-1).argsort(kind="stable")[:STARTS]
    return np.array([assign(cost[index]) for index in promising])


def _place(gram: F64, reference: F64, chosen: I64, blocked: F64) -> I64:
    """Where the anchors may go, shape (placement, anchor): a beam search, one anchor at a time."""
    size = len(reference)
    beam = max(1, min(BEAM, _ROOM // size**2))
    # How unlike two vertices are in all their cosines at once, whatever the order of the others.
    rows, wanted = np.sort(gram, axis=1), np.sort(reference[chosen], axis=1)
    unlike = blocked[chosen]  # (anchor, size)
    for level, row in enumerate(wanted):
        unlike[level] += ((rows - row) ** 2).mean(-1)
    placed = np.empty((1, 0), dtype=np.int64)
    cost = np.zeros(1)
    for level, anchor in enumerate(chosen):
        targets = reference[anchor, chosen[:level]]  # (level,)
        # (partial, size): the cost so far and of the cosines with the anchors already placed
        miss = ((gram[placed] - targets[:, None]) ** 2).sum(1)
        total = cost[:, None] + unlike[level] + miss
        np.put_along_axis(total, placed, np.inf, axis=1)
        flat = total.ravel()
        kept = flat.argsort(kind="stable")[:beam]
        kept = kept[np.isfinite(flat[kept])]
        cost = flat[kept]
        parent, vertex = np.divmod(kept, size)
        placed = np.concatenate([placed[parent], vertex[:, None]], axis=1)
    return placed


def anchors(gram: F64, rank: int) -> I64:
    """`rank` independent vertices, close to one another: few placements have the same cosines.

    Pivoted Cholesky, each pivot the nearest of those that are half as far from the span of the
    others as the farthest. Fewer than `rank` when the vertices span less.
    """
    left = np.array(gram, dtype=np.float64)
    near = np.zeros(len(left))
    least = 1e-9 * float(np.diagonal(left).max())
    chosen: list[int] = []
    for _ in range(min(rank, len(left))):
        height = np.diagonal(left)
        if height.max() <= least:
            break
        pivot = int(np.where(height >= 0.5 * height.max(), near.round(9), -1.0).argmax())
        chosen.append(pivot)
        near += np.abs(gram[pivot])
        left -= np.outer(left[pivot], left[pivot]) / left[pivot, pivot]
    return np.array(chosen, dtype=np.int64)


def least_distance(gram: F64, reference: F64) -> float:
    """What no order can better: the RMS difference of the cosines sorted by size."""
    size = len(reference)
    if size < 2:
        return 0.0
    apart = np.triu_indices(size, 1)
    return float(np.sqrt(((np.sort(gram[apart]) - np.sort(reference[apart])) ** 2).mean()))


def rms(gram: F64, reference: F64) -> float:
    """The root mean square difference over pairs of different vertices; 0 for a single one."""
    size = len(reference)
    if size < 2:
        return 0.0
    difference = (gram - reference).ravel()
    return math.sqrt(float(difference @ difference) / (size * (size - 1)))


def symmetry(gram: F64, tolerance: float) -> int | None:
    """The number of orders of the vertices that change no cosine by more than `tolerance`.

    They are found level by level: all ways to place the first t vertices, then those that extend.
    None when there are more than 24 vertices, or too many ways on the road.
    """
    size = len(gram)
    if size > _LARGEST:
        return None
    if _all_alike(gram, tolerance):
        return math.factorial(size)
    placed = np.arange(size)[:, None]
    for level in range(1, size):
        changed = np.abs(gram[placed] - gram[level, :level][:, None])  # (partial, level, size)
        fits = np.asarray((changed <= tolerance).all(1))
        np.put_along_axis(fits, placed, False, axis=1)
        parent, vertex = np.nonzero(fits)
        if len(parent) > _MOST:
            return None
        placed = np.concatenate([placed[parent], vertex[:, None]], axis=1)
    return len(placed)


def _all_alike(gram: F64, tolerance: float) -> bool:
    """Whether all cosines of different vertices agree: then every order is as good as another."""
    others = gram[~np.eye(len(gram), dtype=bool)]
    return not others.size or float(np.ptp(others)) <= tolerance


def _polish(gram: F64, reference: F64, order: I64) -> Match:
    """Re-place every vertex with the others held, until the distance stops falling."""
    length = (gram**2).sum(1)
    best = Match(order, rms(gram[np.ix_(order, order)], reference))
    for _ in range(_ROUNDS):
        order = assign(length - 2 * reference @ gram[:, best.order].T)
        distance = rms(gram[np.ix_(order, order)], reference)
        if distance >= best.distance:
            break
        best = Match(order, distance)
    return best


def assign(cost: F64) -> I64:
    """The column for each row of `cost` (size, size) with the least sum; infinite is forbidden."""
    return np.asarray(linear_sum_assignment(cost)[1], dtype=np.int64)

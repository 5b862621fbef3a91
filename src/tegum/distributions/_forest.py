"""Blocks with parents: their order, and which of them are on together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tegum.dims import F64

if TYPE_CHECKING:
    from tegum.distributions.base import Block


def by_depth(blocks: Sequence[Block]) -> list[int]:
    """The places of blocks, each after its parent, and the children of a parent side by side.

    Blocks without parents come first, in their own order.
    """
    place = {block.start: g for g, block in enumerate(blocks) if block.size == 1}
    depth: dict[int, int] = {}
    for g in range(len(blocks)):
        path = []
        while g not in depth and blocks[g].kind == "child":
            path.append(g)
            g = place[blocks[g].parent]
        above = depth.setdefault(g, 0)
        for number, below in enumerate(reversed(path)):
            depth[below] = above + number + 1
    return sorted(depth, key=lambda g: (depth[g], blocks[g].parent, g))


def active_together(children: Sequence[Block], active: F64, both: F64) -> None:
    """both (n, n) <- P(x_i ≠ 0 and x_j ≠ 0); it holds that of features without parents.

    children: each after its parent, the children of a parent side by side. active: (n,).
    """
    waiting = {block.start for block in children}
    for block in children:
        i, up = block.start, block.parent
        waiting.remove(i)
        row = block.probability * both[up]
        row[up] = active[i]
        for other in children:
            if other.start == i:
                break
            if block.exclusive and other.exclusive and other.parent == up:
                row[other.start] = 0.0
        for j in waiting:  # they are dealt with in their turn
            row[j] = both[i, j]
        row[i] = active[i]
        both[i], both[:, i] = row, row

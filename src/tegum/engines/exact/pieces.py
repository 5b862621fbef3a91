"""Distributions as lists of boxes, x = shift + scale·u with u uniform on [0, 1]ⁿ."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64
from tegum.distributions import Constant, Discrete, Groups, Law, Samples, Uniform
from tegum.distributions.base import by_depth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tegum.distributions import Block, Distribution
    from tegum.distributions.magnitudes import OneMagnitude

#: The most boxes that are listed, where some of their features vary or not.
MOST_BOXES: Final = 2**16
_TOO_MANY: Final = f"must have at most {MOST_BOXES} patterns of active features to be exact"
#: Shift and scale of an active feature.
_AFFINE: Final = {"uniform": (0.0, 1.0), "signed": (-1.0, 2.0), "one": (1.0, 0.0)}


class Boxes(NamedTuple):
    """K boxes."""

    chance: F64  # (K,)
    shift: F64  # (K, n)
    scale: F64  # (K, n); no rows where it is 0 throughout


class NoBoxes(Exception):
    """Why a law has no list of boxes, in words."""


def is_boxed(distribution: Distribution) -> bool:
    """Whether a law is taken box by box: there are better ways for blocks of named magnitudes."""
    components = distribution.components()
    return len(components) > 1 or any(
        block.kind in ("child", "joint") or isinstance(block.magnitude, Law)
        for block in components[0][1].blocks()
    )


def boxes_of(distribution: Distribution) -> Boxes:
    """All boxes, in an order that does not depend on probabilities; else raises `NoBoxes`."""
    if isinstance(distribution, Samples):
        return Boxes(distribution.chances(), distribution.x.values, np.zeros((0, 0)))
    found = [(weight, _of_one(one)) for weight, one in distribution.components()]
    chance = np.concatenate([weight * boxes.chance for weight, boxes in found])
    if len(chance) > MOST_BOXES:
        raise NoBoxes(_TOO_MANY)
    scale = np.concatenate([_scale(boxes) for _, boxes in found])
    shift = np.concatenate([boxes.shift for _, boxes in found])
    return Boxes(chance, shift, scale if scale.any() else np.zeros((0, 0)))


def _of_one(one: Distribution) -> Boxes:
    """Of a component."""
    if isinstance(one, Samples):
        return boxes_of(one)
    if isinstance(one, Groups) and any(block.kind == "joint" for block in one.blocks()):
        return _side_by_side([boxes_of(part) for part in one.parts])
    if any(block.kind == "joint" for block in one.blocks()):
        raise NoBoxes("must be one of which patterns can be listed to be exact")
    return _of_blocks(one.blocks())


def _side_by_side(parts: Sequence[Boxes]) -> Boxes:
    """Every combination of independent parts."""
    if np.prod([float(len(part.chance)) for part in parts]) > MOST_BOXES:
        raise NoBoxes(_TOO_MANY)
    rows = list(product(*(range(len(part.chance)) for part in parts)))
    which = np.array(rows).T
    pairs = list(zip(parts, which, strict=True))
    return Boxes(
        np.prod([part.chance[k] for part, k in pairs], axis=0),
        np.concatenate([part.shift[k] for part, k in pairs], axis=1),
        np.concatenate([_scale(part)[k] for part, k in pairs], axis=1),
    )


def _scale(boxes: Boxes) -> F64:
    return boxes.scale if len(boxes.scale) else np.zeros_like(boxes.shift)


def _of_blocks(blocks: Sequence[Block]) -> Boxes:
    """The patterns of active features."""
    n = sum(block.size for block in blocks)
    on, chance = np.zeros((1, n), np.bool_), np.ones(1)
    done: set[int] = set()
    for g in by_depth(blocks):
        if g in done:
            continue
        block = blocks[g]
        own = [g]
        if block.exclusive:
            own = [h for h, b in enumerate(blocks) if b.exclusive and b.parent == block.parent]
        done.update(own)
        ways = _ways([blocks[h] for h in own])
        on, chance = _split(on, chance, ways, block.parent if block.kind == "child" else -1)
        if len(chance) > MOST_BOXES:
            raise NoBoxes(_TOO_MANY)
    laws = [block.magnitude for block in blocks for _ in range(block.size)]
    affine = np.array([_affine(law) for law in laws])
    boxes = Boxes(chance, np.where(on, affine[:, 0], 0.0), np.where(on, affine[:, 1], 0.0))
    for i, law in enumerate(laws):
        if isinstance(law, Discrete):
            boxes = _with_values(boxes, i, law)
    return boxes


def _affine(law: OneMagnitude) -> tuple[float, float]:
    """Shift and scale of an active feature; of a discrete one the first value."""
    if isinstance(law, Uniform):
        return law.low, law.high - law.low
    if isinstance(law, Constant):
        return law.value, 0.0
    if isinstance(law, Discrete):
        return law.values[0], 0.0
    if not isinstance(law, str) or law not in _AFFINE:
        known = f"{', '.join(_AFFINE)}, Uniform, Discrete and Constant"
        said = law if isinstance(law, str) else type(law).__name__
        raise NoBoxes(f"must have magnitudes among {known}, not {said}, to be exact")
    return _AFFINE[law]


def _with_values(boxes: Boxes, i: int, law: Discrete) -> Boxes:
    """A box for each value of feature i, where it is active."""
    on, values = boxes.shift[:, i] != 0.0, len(law.values)
    if len(on) + int(on.sum()) * (values - 1) > MOST_BOXES:
        raise NoBoxes(_TOO_MANY)
    count = np.where(on, values, 1)
    which = np.repeat(np.arange(len(on)), count)
    order = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    chance, shift = boxes.chance[which], boxes.shift[which]
    active = on[which]
    chance[active] *= law.chances()[order[active]]
    shift[active, i] = np.array(law.values)[order[active]]
    return Boxes(chance, shift, boxes.scale[which])


def _ways(own: Sequence[Block]) -> list[tuple[float, list[int]]]:
    """What a block, or exclusive ones, can be: chances, and the features that are active."""
    first = own[0]
    members = list(range(first.start, first.start + first.size))
    if first.kind == "anticorrelated":
        on = [(first.probability / first.size, [i]) for i in members]
    elif first.exclusive:
        on = [(block.probability, [block.start]) for block in own]
    else:
        on = [(first.probability, members)]
    return [(max(1.0 - sum(p for p, _ in on), 0.0), []), *on]


def _split(
    on: NDArray[np.bool_], chance: F64, ways: list[tuple[float, list[int]]], parent: int
) -> tuple[NDArray[np.bool_], F64]:
    """Patterns with all that a block can be; as they are where its parent is off."""
    free = np.ones(len(on), np.bool_) if parent < 0 else on[:, parent]
    rows, chances = [on[~free]], [chance[~free]]
    for p, active in ways:
        more = on[free]
        more[:, active] = True
        rows.append(more)
        chances.append(chance[free] * p)
    return np.concatenate(rows), np.concatenate(chances)

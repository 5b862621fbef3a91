"""What a kernel is compiled for: numbers and codes, as the lengths of tuples.

Sizes known at compile time are passed as tuples: the *length* of a tuple is part of its type.
"""

from __future__ import annotations

from typing import Any, NamedTuple

IDENTITY, RELU, LEAKY, QUADRATIC, GELU = 1, 2, 3, 4, 5  # activations
SAME, ABSOLUTE, FILLED = 1, 2, 3  # targets: y is x, |x|, or an array of its own
FREE, PENALISED = 1, 2  # whether hidden activations have a penalty

Tag = tuple[int, ...]


class Tags(NamedTuple):
    """What a kernel is compiled for: of each entry, the length counts."""

    hidden: Tag  # units of the lane kernel; the others take any number, and have 1 here
    hidden_activation: Tag
    output_activation: Tag
    target: Tag
    penalty: Tag
    vectors: Tag  # of a tile (lane), or of a padded row of hidden units


def count(tags: Any, name: str) -> int:
    """The number that the type of some `Tags` has under a name."""
    return int(tags[tags.fields.index(name)].count)

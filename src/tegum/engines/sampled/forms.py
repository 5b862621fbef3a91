"""What is asked of a kernel: codes that it reads as it runs, and some that it is compiled for."""

from __future__ import annotations

from typing import Any, NamedTuple

IDENTITY, RELU, LEAKY, QUADRATIC, GELU = 1, 2, 3, 4, 5  # activations
SAME, ABSOLUTE, FILLED = 1, 2, 3  # targets: y is x, |x|, or an array of its own
FREE, PENALISED = 1, 2  # whether hidden activations have a penalty
SQUARE, FOURTH, OTHER = 1, 2, 3  # powers of errors
NOISY, THINNED = 1, 2  # what disturbs hidden activations, added up: noise, units left out

Tag = tuple[int, ...]

#: The lane kernel and `evaluate` have two forms, by the type of their argument `rare`: a plain one,
#: and one that also reads what few problems ask for (`lowering`), which costs time. Whether an
#: argument is None numba knows before all else, and compiles nothing that a branch on it excludes.
PLAIN: None = None
RARE: tuple[()] = ()


class Codes(NamedTuple):
    """What a model computes and is to give: numbers, for which no kernel is compiled anew."""

    hidden_activation: int
    output_activation: int
    target: int
    penalty: int
    power: int
    disturbed: int


class Tags(NamedTuple):
    """Codes at compile time, as tuples: the *length* of a tuple is part of its type."""

    output_activation: Tag
    target: Tag


def count(tags: Any, name: str) -> int:
    """The number that the type of some `Tags` has under a name."""
    return int(tags[tags.fields.index(name)].count)

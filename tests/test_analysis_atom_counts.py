"""How many features there are, by dictionaries made by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tegum.analysis import atom_counts
from tegum.errors import SpecError

EYE = np.eye(4)


def test_the_elbow_is_where_little_is_left() -> None:
    sizes, losses = [1, 2, 4, 8], [1.0, 0.3, 0.04, 0.0]
    assert atom_counts.elbow(sizes, losses) == 4
    assert atom_counts.elbow(sizes, losses, part=0.03) == 8
    assert atom_counts.elbow(sizes, losses, part=0.3) == 2
    assert atom_counts.elbow(sizes, [1.0, 0.1, 0.1, 0.3], part=0.0) == 2  # it may rise again
    assert atom_counts.elbow(sizes, [2.0] * 4) == 1


def test_atoms_found_again_are_counted_one_to_one() -> None:
    turned = np.array([[1.0, 0.4, 0, 0], [1.0, 0.6, 0, 0]])  # cosines .928 and .857 with the first
    assert atom_counts.shared(EYE[:2], 3 * EYE) == 2
    assert atom_counts.shared(EYE[[0, 0]], EYE) == 1  # a copy has no second partner
    assert atom_counts.shared(EYE[:1], turned[:1]) == 1
    assert atom_counts.shared(EYE[:1], turned[1:]) == 0
    assert atom_counts.shared(EYE[:1], turned[1:], threshold=0.85) == 1
    assert atom_counts.shared(EYE, -EYE) == 0
    assert atom_counts.shared(0 * EYE, EYE) == 0


def test_copies_and_copies_of_copies_count_once() -> None:
    angle = np.deg2rad([0, 20, 40, 90, 180])  # 20° is a cosine of .94, 40° of .77
    fan = np.stack([np.cos(angle), np.sin(angle)], 1)
    assert atom_counts.distinct(fan) == 3
    assert atom_counts.distinct(fan[[0, 2, 3, 4]]) == 4
    assert atom_counts.distinct(np.vstack([fan, 0 * fan])) == 3
    assert atom_counts.distinct(0 * fan) == 0


def test_the_size_that_larger_ones_have_again() -> None:
    mixed = (EYE[:2] + EYE[2:]) / 2
    surplus = [np.vstack([EYE, row]) for row in ([[1.0, 1, 0, 0]], [[0.0, 1, 1, 0], [1, 0, 0, 1]])]
    assert atom_counts.agreed_size([mixed, EYE, *surplus]) == 4
    assert atom_counts.agreed_size([mixed, EYE, *surplus], part=0.8) == 5
    padded = np.vstack([EYE, np.zeros((2, 4))])  # rows of zeros are no atoms
    assert atom_counts.agreed_size([padded, surplus[0]]) == 4
    assert atom_counts.agreed_size([mixed, EYE]) == 0
    assert atom_counts.agreed_size([0 * EYE, EYE]) == 0


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: atom_counts.elbow([1], [1.0]), "elbow.sizes must be two or more, rising"),
        (lambda: atom_counts.elbow([2, 1], [1.0, 2]), "elbow.sizes must be two or more, rising"),
        (lambda: atom_counts.elbow([1, 2], [1.0]), "elbow.losses must have one for each of 2"),
        (lambda: atom_counts.elbow([1, 2.5], [2, 1]), "elbow.sizes must be integers >= 1; got"),
        (lambda: atom_counts.elbow([1, 2], [np.nan, 1]), "elbow.losses[0] must be finite; got nan"),
        (lambda: atom_counts.elbow([1, 2], [1, np.inf]), "elbow.losses[1] must be finite; got inf"),
        (lambda: atom_counts.elbow([1, 2], [2, 1], part=2), "elbow.part must be in [0, 1]; got 2"),
        (lambda: atom_counts.distinct(EYE, threshold=2), "distinct.threshold must be in [-1, 1]"),
        (lambda: atom_counts.shared(EYE, EYE, threshold=np.nan), "shared.threshold must be in"),
        (
            lambda: atom_counts.agreed_size([EYE, EYE], part=-1),
            "agreed_size.part must be in [0, 1]; got -1",
        ),
        (lambda: atom_counts.agreed_size([EYE]), "agreed_size.dictionaries must be two or more"),
        (lambda: atom_counts.shared(EYE, np.eye(3)), "must be (latent, 4)"),
    ],
)
def test_what_does_not_fit_is_said(call: object, line: str) -> None:
    assert callable(call)
    with pytest.raises(SpecError, match=re.escape(line)):
        call()

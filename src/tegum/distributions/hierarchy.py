"""Hierarchies: a feature is active only if the feature above it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.distributions.base import Block, Distribution, Probability, per_draw
from tegum.distributions.magnitudes import MagnitudeField, OneMagnitude, laws_of
from tegum.errors import SpecError
from tegum.memory import check_listed
from tegum.spec import BrokenRule, Flag, as_integer

if TYPE_CHECKING:
    from jaxtyping import Float64

#: Rounding may add so much to a sum of probabilities.
_ROUNDING = 1e-12


def _parents(value: Any) -> tuple[int, ...]:
    rows = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(rows, (list, tuple, range)) or not len(rows):
        raise BrokenRule("must be a list with the parent of each feature, -1 for none", value)
    check_listed("Hierarchy", "parents", len(rows))
    found, rule = [], f"must be a feature, 0 to {len(rows) - 1}, or -1 for none"
    for i, row in enumerate(rows):
        try:
            parent = as_integer(row, -1)
        except BrokenRule:
            raise BrokenRule(rule, row, f"[{i}]") from None
        if parent >= len(rows):
            raise BrokenRule(rule, row, f"[{i}]")
        found.append(parent)
    _check_no_cycle(found)
    return tuple(found)


def _check_no_cycle(parents: list[int]) -> None:
    """Raise BrokenRule where a feature is above itself."""
    rooted: set[int] = set()
    for first in range(len(parents)):
        path: dict[int, None] = {}
        i = first
        while i >= 0 and i not in rooted:
            if i in path:
                cycle = [*list(path)[list(path).index(i) :], i]
                said = " -> ".join(map(str, cycle[:8])) + (" …" if len(cycle) > 8 else "")
                raise BrokenRule("must have no cycle: no feature is above itself", said)
            path[i] = None
            i = parents[i]
        rooted |= path.keys()


class Hierarchy(Distribution):
    """A forest: x_i can be other than 0 only if its parent is; p_i is given that.

    P(x_i ≠ 0) is the product of the p on the way from a root down to i (`marginals`), and
    E[x_i x_j] = P(both ≠ 0) E[v]². Features without parents are as those of `Independent`.

    Args:
        parents: the parent of each feature, -1 for a root, (n,); no feature is above itself.
        feature_probability: p that a feature is active while its parent is, in [0, 1], a number or
            one each.
        exclusive: whether at most one child of a parent is active at a time; the p of its children
            then sum to at most 1. Roots have no parent, and do not exclude one another.
        magnitude: what v is drawn from, as in `Independent`.

    Raises:
        SpecError: for a parent that there is not, a cycle, a value out of its range, another number
            of probabilities than of features, and exclusive ones that sum to more than 1.

    Source: method, features in a tree; not in the paper.
    """

    parents: Annotated[tuple[int, ...], PlainValidator(_parents)]
    feature_probability: Probability
    exclusive: Flag = False
    magnitude: MagnitudeField = "uniform"
    kind: Literal["hierarchy"] = Field("hierarchy", repr=False)

    @model_validator(mode="after")
    def _shapes_agree(self) -> Hierarchy:
        given = self._probabilities()
        self._laws()
        if not self.exclusive:
            return self
        total: dict[int, float] = {}
        for parent, p in zip(self.parents, given, strict=True):
            if parent >= 0:
                total[parent] = total.get(parent, 0.0) + p
        for parent, together in total.items():
            if together > 1.0 + _ROUNDING:
                rule = f"must sum to at most 1 over the exclusive children of feature {parent}"
                raise SpecError.of("Hierarchy", "feature_probability", rule, together)
        return self

    def _probabilities(self) -> tuple[float, ...]:
        return per_draw("Hierarchy", self.feature_probability, self.n_features, "n_features")

    def _laws(self) -> tuple[OneMagnitude, ...]:
        return laws_of("Hierarchy", self.magnitude, self.n_features, "n_features")

    @property
    def n_features(self) -> int:
        """The number of parents that are stated."""
        return len(self.parents)

    @property
    def marginals(self) -> Float64[np.ndarray, " n"]:
        """P(x_i ≠ 0), (n,)."""
        return self.active_probability()

    def blocks(self) -> tuple[Block, ...]:
        """One block of size 1 per feature."""
        rows = zip(self.parents, self._probabilities(), self._laws(), strict=True)
        return tuple(
            Block("independent", i, 1, p, law)
            if parent < 0
            else Block("child", i, 1, p, law, parent, self.exclusive)
            for i, (parent, p, law) in enumerate(rows)
        )


EXAMPLE = Hierarchy(
    parents=(2, 0, -1, 2, 2, -1, 5),
    feature_probability=(0.5, 0.9, 0.9, 0.3, 0.2, 0.8, 0.9),
    exclusive=True,
)

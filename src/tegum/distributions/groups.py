"""Groups: distributions side by side, independent of one another."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field, PlainValidator

from tegum.dims import F64
from tegum.distributions._parts import Parted, read_parts
from tegum.distributions.base import Block, Distribution

if TYPE_CHECKING:
    from jaxtyping import Float64

#: Of more combinations of the parts' components there is no list.
_COMBINATIONS: Final = 256


def _flat(value: Any) -> tuple[Distribution, ...]:
    return tuple(
        inner
        for part in read_parts(value)
        for inner in (part.parts if isinstance(part, Groups) else (part,))
    )


class Groups(Parted):
    """x = (x⁽¹⁾, x⁽²⁾, …), each part from its own distribution, independently.

    Groups within groups are flattened: Groups((Groups((a, b)), c)) == Groups((a, b, c)).

    Args:
        parts: one or more distributions, in the order of their features.

    Raises:
        SpecError: for no parts, and what is no distribution.

    Source: "Collapsing of Correlated Features".
    """

    parts: Annotated[tuple[Distribution, ...], PlainValidator(_flat)]
    kind: Literal["groups"] = Field("groups", repr=False)

    @property
    def n_features(self) -> int:
        """The sum over the parts."""
        return sum(part.n_features for part in self.parts)

    def blocks(self) -> tuple[Block, ...]:
        """The blocks of the parts, shifted to their place."""
        rows: list[Block] = []
        start = 0
        for part in self.parts:
            rows.extend(block.moved(start) for block in part.blocks())
            start += part.n_features
        return tuple(rows)

    def components(self) -> tuple[tuple[float, Distribution], ...]:
        """Every combination of the parts' components, with its chance; itself for too many."""
        ways = [part.components() for part in self.parts]
        if not 1 < prod(map(len, ways)) <= _COMBINATIONS:
            return ((1.0, self),)
        return tuple(
            (prod(chance for chance, _ in row), Groups(parts=tuple(one for _, one in row)))
            for row in product(*ways)
        )

    def mean(self) -> Float64[np.ndarray, " n"]:
        """E[x], (n,): those of the parts, one after the other."""
        return np.concatenate([part.mean() for part in self.parts])

    def active_probability(self) -> Float64[np.ndarray, " n"]:
        """P(x_i ≠ 0), (n,)."""
        return np.concatenate([part.active_probability() for part in self.parts])

    def active_together(self) -> Float64[np.ndarray, "n n"]:
        """P(x_i ≠ 0 and x_j ≠ 0), (n, n)."""
        return self._side_by_side(
            self.active_probability(), [part.active_together() for part in self.parts]
        )

    def second_moment(self) -> Float64[np.ndarray, "n n"]:
        """E[x xᵀ], (n, n): those of the parts, and between parts E[x_i] E[x_j]."""
        return self._side_by_side(self.mean(), [part.second_moment() for part in self.parts])

    def _drawn(self, rng: np.random.Generator, size: int) -> F64:
        if all(block.kind != "joint" for block in self.blocks()):
            return super()._drawn(rng, size)
        return np.concatenate([part.sample(rng, size) for part in self.parts], axis=1)

    def _side_by_side(self, mean: F64, of_parts: list[F64]) -> F64:
        moment, start = np.asarray(np.outer(mean, mean)), 0
        for own in of_parts:
            span = slice(start, start + len(own))
            moment[span, span] = own
            start += len(own)
        return moment

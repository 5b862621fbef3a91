"""Groups: distributions side by side, independent of one another."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from tegum.distributions.base import Block, Distribution, no_such_draw
from tegum.spec import BrokenRule, spec_of


def _parts(value: Any) -> tuple[Distribution, ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise BrokenRule("must be one or more distributions", value)
    parts = [spec_of(Distribution, part) for part in value]  # type: ignore[type-abstract]
    return tuple(
        inner for part in parts for inner in (part.parts if isinstance(part, Groups) else (part,))
    )


class Groups(Distribution):
    """x = (x⁽¹⁾, x⁽²⁾, …), each part from its own distribution, independently.

    Groups within groups are flattened: Groups((Groups((a, b)), c)) == Groups((a, b, c)).

    Args:
        parts: one or more distributions, in the order of their features.

    Raises:
        SpecError: for no parts, and what is no distribution.

    Source: "Collapsing of Correlated Features".
    """

    parts: Annotated[tuple[Distribution, ...], PlainValidator(_parts)]
    kind: Literal["groups"] = Field("groups", repr=False)

    @property
    def n_features(self) -> int:
        """The sum over the parts."""
        return sum(part.n_features for part in self.parts)

    @property
    def feature_probability(self) -> tuple[float, ...]:
        """The probability of every on/off draw, part after part."""
        return tuple(block.probability for part in self.parts for block in part.blocks())

    def with_probability(self, value: object, index: int | None = None) -> Groups:
        """A copy with a new probability for all draws, or for the index-th over all parts.

        Args:
            value: in [0, 1].
            index: which draw, from 0, part after part; None for all.

        Returns:
            The copy.

        Raises:
            SpecError: for a value out of its range, and a draw that there is not.
        """
        if index is None:
            return self.replace(parts=tuple(part.with_probability(value) for part in self.parts))
        parts, first = list(self.parts), 0
        for i, part in enumerate(parts):
            count = len(part.blocks())
            if first <= index < first + count:
                parts[i] = part.with_probability(value, index - first)
                return self.replace(parts=tuple(parts))
            first += count
        raise no_such_draw("Groups", index, first)

    def blocks(self) -> tuple[Block, ...]:
        """The blocks of the parts, shifted to their place."""
        rows: list[Block] = []
        start = 0
        for part in self.parts:
            rows.extend(replace(block, start=block.start + start) for block in part.blocks())
            start += part.n_features
        return tuple(rows)

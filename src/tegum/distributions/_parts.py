"""What distributions that are made of others have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tegum.distributions.base import Distribution, no_such_draw
from tegum.spec import BrokenRule, spec_of


def read_parts(value: Any) -> tuple[Distribution, ...]:
    """One or more distributions, or their JSON; else BrokenRule."""
    if not isinstance(value, (list, tuple)) or not value:
        raise BrokenRule("must be one or more distributions", value)
    return tuple(spec_of(Distribution, part) for part in value)  # type: ignore[type-abstract]


class Parted(Distribution):
    """Made of `parts`, whose on/off draws are counted part after part."""

    if TYPE_CHECKING:  # a field of the subclasses

        @property
        def parts(self) -> tuple[Distribution, ...]:
            """One or more distributions."""

    @property
    def feature_probability(self) -> tuple[float, ...]:
        """The probability of every on/off draw, part after part."""
        return self.draws()

    def draws(self) -> tuple[float, ...]:
        """The same."""
        return tuple(p for part in self.parts for p in part.draws())

    def with_probability(self, value: object, index: int | None = None) -> Distribution:
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
            parts = [part.with_probability(value) if part.draws() else part for part in self.parts]
            return self.replace(parts=tuple(parts))
        parts, first = list(self.parts), 0
        for k, part in enumerate(parts):
            count = len(part.draws())
            if first <= index < first + count:
                parts[k] = part.with_probability(value, index - first)
                return self.replace(parts=tuple(parts))
            first += count
        raise no_such_draw(type(self).__name__, index, first)

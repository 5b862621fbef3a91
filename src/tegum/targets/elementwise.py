"""Any function of each feature by itself, as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.arguments import array
from tegum.dims import F64
from tegum.errors import SpecError
from tegum.spec import BrokenRule, as_integer, as_number, as_number_or_vector
from tegum.targets.base import Target

if TYPE_CHECKING:
    from jaxtyping import Float

_NEARLY_0 = 1e-9
#: What a table reaches over at least: less has no inverse.
_NARROWEST = 1e-30
_MOST = 65_537


def _is_moderate(x: float) -> bool:
    return abs(x) < 1e30


def _table(value: Any) -> tuple[float, ...]:
    table = as_number_or_vector(value, "must be finite", _is_moderate)
    if not isinstance(table, tuple) or not 2 <= len(table) <= _MOST:
        raise BrokenRule(f"must be 2 to {_MOST} numbers", value)
    return table


def _as_end(value: Any) -> float:
    return as_number(value, "must be finite", _is_moderate)


End = Annotated[float, PlainValidator(_as_end)]


class Elementwise(Target):
    """t(x)_i = f(x_i), f the straight lines through a table of its values.

    f(0) must be 0 (to 1e-9): a feature that is absent has nothing to output.
    `Elementwise.from_function(np.sin)` makes the table.

    Args:
        table: f at k >= 2 evenly spaced points from `low` to `high`, (k,); beyond them it goes on
            along its first and last line.
        low: x where the table begins, <= 0.
        high: x where the table ends, >= 0; low < high, 1e-30 apart or more.

    Raises:
        SpecError: for a value out of its range, and a function that is not 0 at 0.

    Source: "Computation in Superposition", for any function in place of |x|.
    """

    table: Annotated[tuple[float, ...], PlainValidator(_table)]
    low: End = -1.0
    high: End = 1.0
    kind: Literal["elementwise"] = Field("elementwise", repr=False)

    @model_validator(mode="after")
    def _is_0_at_0(self) -> Elementwise:
        if not (self.low <= 0 <= self.high and self.low < self.high):
            rule = "must hold 0 between low and high"
            raise SpecError.of("Elementwise", "", rule, (self.low, self.high))
        if self.high - self.low < _NARROWEST:
            rule = f"must have low and high at least {_NARROWEST:g} apart"
            raise SpecError.of("Elementwise", "", rule, (self.low, self.high))
        at_0 = float(self.values(np.zeros((1, 1)))[0, 0])
        if abs(at_0) > _NEARLY_0:
            rule = "must be 0 at x = 0, where a feature is absent; subtract f(0)"
            raise SpecError.of("Elementwise", "table", rule, at_0)
        return self

    @classmethod
    def from_function(
        cls, f: Callable[[F64], Any], low: float = -1.0, high: float = 1.0, points: int = 257
    ) -> Elementwise:
        """The table of `f`, called once with an array of `points` numbers, low to high.

        An odd number of points has one at 0 where low = −high.

        Args:
            f: gives one finite number for each of an array (points,).
            low: x where the table begins, <= 0.
            high: x where the table ends, >= 0; low < high.
            points: how many values the table has, >= 3.

        Returns:
            The target.

        Raises:
            SpecError: for other `points`, ends that are no finite numbers, and where `f` gives
                anything but one finite number for each.
        """
        for name, value, check in (
            ("points", points, lambda k: as_integer(k, 3)),
            ("low", low, _as_end),
            ("high", high, _as_end),
        ):
            try:
                check(value)
            except BrokenRule as error:
                raise SpecError.of("Elementwise.from_function", name, error.rule, value) from None
        at = np.linspace(low, high, points)
        # 0 itself, not what rounding makes of it: functions with a jump there are given it
        at[np.abs(at) < 1e-12 * (high - low)] = 0.0
        found = np.asarray(f(at))
        if found.shape != at.shape:
            rule = "must give one number for each of the numbers it is called with"
            raise SpecError.of("Elementwise.from_function", "f", rule, found.shape)
        return cls(table=found, low=low, high=high)

    def values(self, x: Float[np.ndarray, "batch n"]) -> Float[np.ndarray, "batch n"]:
        """f of every number.

        Args:
            x: samples (batch, n).

        Returns:
            The targets, (batch, n).
        """
        table: F64 = np.array(self.table)
        last = len(table) - 1
        at = (array("Elementwise", "x", x) - self.low) * (last / (self.high - self.low))
        knot = np.clip(np.floor(at), 0, last - 1).astype(np.int64)
        return np.asarray(table[knot] + (at - knot) * (table[knot + 1] - table[knot]))


EXAMPLE = Elementwise.from_function(np.sin, points=65)

"""Magnitudes with numbers of their own: uniform, normal, half-normal, discrete, constant."""

from __future__ import annotations

from abc import abstractmethod
from math import erf, exp, inf, pi, sqrt
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.dims import F64
from tegum.errors import SpecError
from tegum.spec import BrokenRule, Interval, Spec, as_number, as_number_or_vector

#: Squares of more would not hold in float32, in which samples are.
_LARGEST: Final = 1e15
_RULE: Final = f"must be at most {_LARGEST:g} in size"
_NOT_0: Final = "must not be 0: a feature of value 0 is off"
_Number = Annotated[float, Interval(-_LARGEST, _LARGEST)]
#: Where a quantile stands in for the end of the interval, which is at infinity.
_END: Final = 2.0**-60


class Law(Spec):
    """The law of the value v of an active feature, as `magnitude` of a distribution.

    Source: method, laws of magnitudes.
    """

    @abstractmethod
    def moments(self) -> tuple[float, float, float]:
        """E[v], E[v²] and E|v|."""

    @abstractmethod
    def from_uniform(self, u: F64) -> F64:
        """Draws of v from independent draws of U[0, 1).

        Args:
            u: of any shape.

        Returns:
            As many values.
        """


class Uniform(Law):
    """v uniform on [low, high].

    Args:
        low: the lower end.
        high: the upper end, > low.

    Raises:
        SpecError: for ends that are no numbers, and unless low < high.

    Source: "Demonstrating Superposition: Experiment Setup", where it is [0, 1].
    """

    low: _Number
    high: _Number
    kind: Literal["uniform"] = Field("uniform", repr=False)

    @model_validator(mode="after")
    def _is_no_point(self) -> Uniform:
        if self.high <= self.low:
            raise SpecError.of("Uniform", "high", f"must be > low = {self.low:g}", self.high)
        return self

    def moments(self) -> tuple[float, float, float]:
        """E[v], E[v²] and E|v|."""
        a, b = self.low, self.high
        inside = (a * a + b * b) / (2 * (b - a)) if a < 0 < b else abs(a + b) / 2
        return (a + b) / 2, (a * a + a * b + b * b) / 3, inside

    def from_uniform(self, u: F64) -> F64:
        """Draws of v, as of `Law`."""
        return self.low + (self.high - self.low) * u


class Normal(Law):
    """v normal: E[v] = mean, with standard deviation std.

    Args:
        mean: E[v].
        std: the standard deviation, > 0.

    Raises:
        SpecError: for what are no such numbers.

    Source: method, laws of magnitudes.
    """

    mean: _Number = 0.0
    std: Annotated[float, Interval(0, _LARGEST, open="low")] = 1.0
    kind: Literal["normal"] = Field("normal", repr=False)

    def moments(self) -> tuple[float, float, float]:
        """E[v], E[v²] and E|v|."""
        mean, std = self.mean, self.std
        z = mean / std
        size = std * sqrt(2 / pi) * exp(-z * z / 2) + mean * erf(z / sqrt(2))
        return mean, mean * mean + std * std, size

    def from_uniform(self, u: F64) -> F64:
        """Draws of v, as of `Law`."""
        return self.mean + self.std * _quantile(u)


class HalfNormal(Law):
    """v = std·|z| with z standard normal.

    Args:
        std: the root mean square of v, > 0.

    Raises:
        SpecError: for what is no such number.

    Source: method, laws of magnitudes.
    """

    std: Annotated[float, Interval(0, _LARGEST, open="low")] = 1.0
    kind: Literal["half_normal"] = Field("half_normal", repr=False)

    def moments(self) -> tuple[float, float, float]:
        """E[v], E[v²] and E|v|."""
        mean = self.std * sqrt(2 / pi)
        return mean, self.std * self.std, mean

    def from_uniform(self, u: F64) -> F64:
        """Draws of v, as of `Law`."""
        return -self.std * _quantile(u / 2)


def _numbers(value: Any) -> tuple[float, ...]:
    found = as_number_or_vector(value, _RULE, lambda x: abs(x) <= _LARGEST)
    row = found if isinstance(found, tuple) else (found,)
    if 0.0 in row:
        raise BrokenRule(_NOT_0, 0.0, f"[{row.index(0.0)}]")
    return row


def _odds(value: Any) -> tuple[float, ...] | None:
    if value is None:
        return None
    found = as_number_or_vector(value, "must be >= 0", lambda x: 0 <= x < inf)
    row = found if isinstance(found, tuple) else (found,)
    if not any(row):
        raise BrokenRule("must not all be 0", value)
    return row


class Discrete(Law):
    """v one of several values, each by its odds.

    Args:
        values: what v may be, not 0.
        odds: >= 0, one for each value, not all 0; equal ones by default.

    Raises:
        SpecError: for a value of 0, what are no numbers, and another number of odds than of values.

    Source: method, laws of magnitudes.
    """

    values: Annotated[tuple[float, ...], PlainValidator(_numbers)]
    odds: Annotated[tuple[float, ...] | None, PlainValidator(_odds)] = None
    kind: Literal["discrete"] = Field("discrete", repr=False)

    @model_validator(mode="after")
    def _shapes_agree(self) -> Discrete:
        if self.odds and len(self.odds) != len(self.values):
            rule = f"must be {len(self.values)}, one for each value"
            raise SpecError.of("Discrete", "odds", rule, len(self.odds))
        return self

    def chances(self) -> F64:
        """The probability of each value."""
        odds = np.array(self.odds or (1.0,) * len(self.values))
        return np.asarray(odds / odds.max() / (odds / odds.max()).sum())

    def moments(self) -> tuple[float, float, float]:
        """E[v], E[v²] and E|v|."""
        values, chances = np.array(self.values), self.chances()
        return float(chances @ values), float(chances @ values**2), float(chances @ np.abs(values))

    def from_uniform(self, u: F64) -> F64:
        """Draws of v, as of `Law`."""
        which = np.searchsorted(np.cumsum(self.chances()), u, side="right")
        return np.array(self.values)[np.minimum(which, len(self.values) - 1)]


def _value(value: Any) -> float:
    number = as_number(value, _RULE, lambda x: abs(x) <= _LARGEST)
    if number == 0.0:
        raise BrokenRule(_NOT_0, number)
    return number


class Constant(Law):
    """v always the same.

    Args:
        value: v, not 0.

    Raises:
        SpecError: for 0, and what is no number.

    Source: method, laws of magnitudes.
    """

    value: Annotated[float, PlainValidator(_value)]
    kind: Literal["constant"] = Field("constant", repr=False)

    def moments(self) -> tuple[float, float, float]:
        """E[v], E[v²] and E|v|."""
        return self.value, self.value**2, abs(self.value)

    def from_uniform(self, u: F64) -> F64:
        """Draws of v, as of `Law`."""
        return np.full_like(u, self.value)


def _quantile(u: F64) -> F64:
    """That of the standard normal distribution; finite at the ends."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(u, _END, 1.0 - _END)))

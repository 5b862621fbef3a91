"""Magnitudes: what an active feature is worth, each a law with its moments.

Source: "Demonstrating Superposition: Experiment Setup" (uniform [0, 1]) and "Superposition in a
Privileged Basis: Computation in Superposition" (uniform [-1, 1]).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import PlainValidator

from tegum.dims import F64
from tegum.distributions.laws import Constant, Law, Uniform
from tegum.errors import SpecError
from tegum.memory import check_listed
from tegum.spec import BrokenRule, spec_of


@dataclass(frozen=True)
class Magnitude:
    """The law of a feature's value v given that the feature is active; P(v = 0) = 0.

    Args:
        name: what `magnitude` of a distribution calls it.
        mean: E[v].
        mean_square: E[v²].
        mean_abs: E|v|.
        from_uniform: maps independent draws u from U[0, 1), of any shape, to draws of v.
    """

    name: str
    mean: float
    mean_square: float
    mean_abs: float
    from_uniform: Callable[[F64], F64]


def _uniform(u: F64) -> F64:
    return u


def _signed(u: F64) -> F64:
    return 2.0 * u - 1.0


def _exponential(u: F64) -> F64:
    return -np.log1p(-u)


def _one(u: F64) -> F64:
    return np.ones_like(u)


_LAWS = (
    Magnitude("uniform", 1 / 2, 1 / 3, 1 / 2, _uniform),
    Magnitude("signed", 0.0, 1 / 3, 1 / 2, _signed),
    Magnitude("exponential", 1.0, 2.0, 1.0, _exponential),
    Magnitude("one", 1.0, 1.0, 1.0, _one),
)

#: Every law with a name: v ~ U[0, 1], v ~ U[-1, 1], v ~ Exp(1), v = 1 (features that are 0 or 1).
MAGNITUDES: Mapping[str, Magnitude] = MappingProxyType({law.name: law for law in _LAWS})
#: Laws that have a name of their own.
_NAMES: Mapping[Law, str] = MappingProxyType(
    {
        Uniform(low=0, high=1): "uniform",
        Uniform(low=-1, high=1): "signed",
        Constant(value=1): "one",
    }
)

if TYPE_CHECKING:
    MagnitudeName = str
else:
    #: One of their names.
    MagnitudeName = Literal[tuple(MAGNITUDES)]

#: The law of one feature.
OneMagnitude: TypeAlias = MagnitudeName | Law


def magnitude_of(given: OneMagnitude) -> Magnitude:
    """The law of a name, or of a description.

    Args:
        given: what a block has.

    Returns:
        Its moments, and how it is drawn.

    Source: method, laws of magnitudes.
    """
    if isinstance(given, str):
        return MAGNITUDES[given]
    return Magnitude(type(given).__name__, *given.moments(), given.from_uniform)


def _one_of(value: Any, where: str = "") -> OneMagnitude:
    if isinstance(value, (Law, Mapping)):
        law = spec_of(Law, value)  # type: ignore[type-abstract]
        return _NAMES.get(law, law)
    if not isinstance(value, str) or value not in MAGNITUDES:
        *first, last = map(repr, MAGNITUDES)
        rule = f"must be {', '.join(first)} or {last}, or a law, as tg.Uniform(0.5, 1) is"
        raise BrokenRule(rule, value, where)
    return value


def _read(value: Any) -> OneMagnitude | tuple[OneMagnitude, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(_one_of(one, f"[{k}]") for k, one in enumerate(value))
    return _one_of(value)


def laws_of(
    owner: str, given: OneMagnitude | tuple[OneMagnitude, ...], count: int, what: str
) -> tuple[OneMagnitude, ...]:
    """`given` as one law per draw; `SpecError` when there are not `count` of them."""
    if not isinstance(given, tuple):
        check_listed(owner, "magnitude", count)
        return (given,) * count
    if len(given) != count:
        rule = f"must be one law or have {what} = {count} entries"
        raise SpecError(f"{owner}.magnitude {rule}; got {len(given)} entries")
    return given


#: The magnitude of all features, or of each.
MagnitudeField: TypeAlias = Annotated[MagnitudeName | Law | tuple[Any, ...], PlainValidator(_read)]

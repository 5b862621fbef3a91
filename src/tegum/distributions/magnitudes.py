"""Magnitudes: what an active feature is worth, each a named law with its moments.

Source: "Demonstrating Superposition: Experiment Setup" (uniform [0, 1]) and "Superposition in a
Privileged Basis: Computation in Superposition" (uniform [-1, 1]).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from tegum.dims import F64


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

#: Every law by name: v ~ U[0, 1], v ~ U[-1, 1], v ~ Exp(1), v = 1 (features that are 0 or 1).
MAGNITUDES: Mapping[str, Magnitude] = MappingProxyType({law.name: law for law in _LAWS})

if TYPE_CHECKING:
    MagnitudeName = str
else:
    #: One of their names.
    MagnitudeName = Literal[tuple(MAGNITUDES)]

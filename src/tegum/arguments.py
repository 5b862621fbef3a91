"""Numbers and arrays as users write them: what they mean, or one line that says what is wrong.

Numbers are Python's and numpy's, or 0-d arrays; arrays are lists, tuples, ranges, DataArrays and
arrays of numbers of any kind. True is no number, but an array of bools is one of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np

from tegum.dims import F64
from tegum.errors import SpecError
from tegum.spec import BrokenRule, as_number


def number(owner: str, field: str, value: Any, rule: str, check: Callable[[float], bool]) -> float:
    """A finite real number that passes `check`, which `rule` says in words."""
    try:
        return as_number(value, rule, check)
    except BrokenRule:
        raise SpecError.of(owner, field, rule, value) from None


def whole(owner: str, field: str, value: Any, rule: str, low: int = 0, below: int = 2**63) -> int:
    """An integer in [low, below), which `rule` says in words."""
    plain = value.item() if getattr(value, "shape", None) == () else value
    is_whole = isinstance(plain, Integral) and not isinstance(plain, bool)
    if not is_whole or not low <= int(plain) < below:
        raise SpecError.of(owner, field, rule, value)
    return int(plain)


def flag(owner: str, field: str, value: Any) -> bool:
    """True or False."""
    plain = value.item() if getattr(value, "shape", None) == () else value
    if not isinstance(plain, bool):
        raise SpecError.of(owner, field, "must be True or False", value)
    return plain


def array(owner: str, field: str, value: Any) -> F64:
    """Real numbers of any shape in float64; NaN and infinity are left to the caller."""
    try:
        plain = np.asarray(value)
        real = plain.dtype.kind in "fiub" or (
            plain.dtype.kind == "O" and all(isinstance(x, Real | np.bool_) for x in plain.flat)
        )
        if not real:
            raise TypeError
        return plain.astype(np.float64)
    except (TypeError, ValueError):
        raise SpecError.of(owner, field, "must be an array of real numbers", value) from None

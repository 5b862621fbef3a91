"""Numbers that users write, read as Python's own, and the rule that one of them breaks."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray


class BrokenRule(ValueError):
    """What a field validator raises; `Spec` adds class and field and makes it a `SpecError`."""

    def __init__(self, rule: str, value: Any, where: str = "") -> None:
        """The rule in words, the value that breaks it, and where in the field it is ("[3]")."""
        super().__init__(rule)
        self.rule, self.value, self.where = rule, value, where


Check = Callable[[float], bool]


def as_plain(value: Any) -> Any:
    """The scalar in a 0-d array or DataArray; anything else as it is."""
    return value.item() if getattr(value, "shape", None) == () else value


def as_integer(value: Any, low: int) -> int:
    """An integer in [low, 2^63), from Python or numpy; a bool or a float is a BrokenRule."""
    plain = as_plain(value)
    if not isinstance(plain, Integral) or isinstance(plain, bool) or plain < low:
        raise BrokenRule(f"must be an integer >= {low}", value)
    if int(plain) >= 2**63:
        raise BrokenRule("must be < 2^63", value)
    return int(plain)


def geometric(first: float, last: float, count: int) -> list[float]:
    """`count` numbers of equal ratio from first to last, both > 0, the ends exactly.

    To twelve digits, which are the same on machines whose powers differ in their last bits. May
    hold what is not finite where the ends are far apart.
    """
    if count == 1:
        return [first]
    with np.errstate(all="ignore"):
        between = np.geomspace(first, last, count)[1:-1]
    return [first, *(float(f"{x:.12g}") for x in between), last]


def powers(base: float, count: int) -> NDArray[np.float64]:
    """base⁰, base¹, … (count,), by products, which all machines round alike; powers they do not."""
    factors = np.full(count, base, np.float64)
    factors[:1] = 1.0
    return np.multiply.accumulate(factors)


def as_float32(value: float) -> float:
    """The shortest number that is the same in float32; itself where that has no such number."""
    with np.errstate(over="ignore", under="ignore"):
        short = float(str(np.float32(value)))
    return short if isfinite(short) and (short != 0.0 or value == 0.0) else value


def as_number(value: Any, rule: str, check: Check, where: str = "") -> float:
    """A finite real number that passes `check`, which `rule` says in words; else BrokenRule."""
    plain = as_plain(value)
    if isinstance(plain, bool) or not isinstance(plain, Real):
        raise BrokenRule("must be a real number", value, where)
    try:
        plain = float(plain) + 0.0  # -0.0 becomes 0.0: equal numbers, equal JSON
    except OverflowError:
        plain = inf
    if not isfinite(plain):
        raise BrokenRule("must be finite", value, where)
    if not check(plain):
        raise BrokenRule(rule, plain, where)
    return plain


def as_number_or_vector(value: Any, rule: str, check: Check) -> float | tuple[float, ...]:
    """A number, or a row (bools alone: of 0 and 1) as a tuple; BrokenRule names a bad entry."""
    plain = as_plain(value)
    if isinstance(plain, (list, tuple, range)):
        entries = list(plain)
    elif getattr(plain, "shape", ()) != ():
        entries = np.asarray(plain).tolist()
    else:
        return as_number(plain, rule, check)
    if any(isinstance(x, (list, tuple)) or getattr(x, "shape", ()) for x in entries):
        raise BrokenRule("must be a number or one-dimensional", value)
    if not entries:
        raise BrokenRule("must not be empty", value)
    if all(isinstance(as_plain(x), bool) for x in entries):
        entries = [float(x) for x in entries]
    return tuple(as_number(x, rule, check, f"[{i}]") for i, x in enumerate(entries))

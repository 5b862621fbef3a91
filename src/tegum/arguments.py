"""Numbers and arrays as users write them: what they mean, or one line that says what is wrong.

Numbers are Python's and numpy's, or 0-d arrays; arrays are lists, tuples, ranges, DataArrays and
arrays of numbers of any kind. True is no number, but an array of bools is one of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import wraps
from inspect import signature
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64
from tegum.errors import CallError, SpecError
from tegum.hints import nearest
from tegum.spec import BrokenRule, Spec, as_number

P = ParamSpec("P")
T = TypeVar("T")


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
        return doubles(plain)
    except (TypeError, ValueError, OverflowError):
        raise no_array(owner, field, value) from None


def doubles(plain: NDArray[Any]) -> F64:
    """The numbers in float64; what a longer kind holds beyond its range is infinite there."""
    with np.errstate(over="ignore"):
        return plain.astype(np.float64)


def no_array(owner: str, field: str, value: Any) -> SpecError:
    """What is said of a value that is no array of numbers; of a Dataset, which of it are some."""
    if hasattr(value, "data_vars"):
        rule = "must be an array of real numbers, as runs.W and runs.b are"
        return SpecError.of(owner, field, rule, type(value))
    return SpecError.of(owner, field, "must be an array of real numbers", value)


def explained(
    *,
    example: str = "",
    axes: Collection[str] = (),
    instead: Mapping[str, str] | None = None,
    **parts: type[Spec],
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Calls of a function that do not fit it are refused in a line that says what would.

    `example` is a call that fits. Fields of the descriptions `parts`, by the arguments that they
    are, and names of `axes` are often given as arguments of their own; `instead` says of names what
    does what they ask for.
    """

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        fits = signature(function)

        @wraps(function)
        def call(*args: P.args, **named: P.kwargs) -> T:
            try:
                fits.bind(*args, **named)
            except TypeError as error:
                owner = function.__qualname__
                known = [name for name in fits.parameters if name != "self"]
                for name in (name for name in named if name not in fits.parameters):
                    why = _belongs(name, known, axes, parts)
                    if instead and name in instead:
                        why = f": {instead[name]}"
                    listed = ", ".join(known)
                    text = f'{owner} has no argument "{name}"{why}; arguments: {listed}'
                    raise CallError(text) from None
                raise CallError(f"{owner}: {error}{example and f'; e.g. {example}'}") from None
            return function(*args, **named)

        return call

    return wrap


def _belongs(
    name: str, known: Collection[str], axes: Collection[str], parts: Mapping[str, type[Spec]]
) -> str:
    """What is to be said of an argument that a function has not."""
    if (meant := nearest(name, known)) is not None:
        return f": it is {meant} here"
    for argument, part in parts.items():
        if (meant := nearest(name, part.__pydantic_fields__)) is not None:
            kind = part.__name__
            return f": it is a field of {kind}, {argument}={kind}({meant}=…)"
    if (meant := nearest(name, axes)) is not None:
        return f": it may be an axis, axes={{{meant!r}: values}}"
    return ""

"""Numbers as they are written on the command line: lists, ranges, powers and axes."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib import import_module
from typing import Any

import numpy as np

from tegum.errors import SpecError, joined
from tegum.memory import check_listed
from tegum.scalars import geometric

_POWER = re.compile(r"(?P<base>[^^]+)\^i")
_RANGE = re.compile(r"(?P<kind>geom|lin):(?P<first>[^:]+):(?P<last>[^:]+):(?P<count>\d+)")
_PAIR = re.compile(r"(\d+)\+(\d+)")

AxisValues = list[float] | tuple[str, list[float]]


def number(option: str, text: str) -> float:
    """One finite number; `SpecError` otherwise."""
    try:
        value = float(text)
    except ValueError:
        raise SpecError.of(option, "", "must be a number", text) from None
    if not np.isfinite(value):
        raise SpecError.of(option, "", "must be finite", text)
    return value


def numbers(option: str, text: str) -> list[float]:
    """`a,b,c`, `geom:FIRST:LAST:COUNT` or `lin:FIRST:LAST:COUNT`."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        if ":" in text:
            rule = "must be a,b,c or geom:FIRST:LAST:COUNT or lin:FIRST:LAST:COUNT"
            raise SpecError.of(option, "", rule, text)
        return [number(option, part) for part in text.split(",")]
    first, last = number(option, found["first"]), number(option, found["last"])
    count = _whole(option, found["count"])
    if not 1 <= count <= 1_000_000:
        raise SpecError.of(option, "", "must have a COUNT from 1 to 1000000", text)
    if found["kind"] == "geom" and (first <= 0 or last <= 0):
        raise SpecError.of(option, "", "must have FIRST and LAST > 0 with geom", text)
    between = np.linspace if found["kind"] == "lin" else geometric
    with np.errstate(all="ignore"):
        values = np.array(between(first, last, count))
    if not np.isfinite(values).all():
        raise SpecError.of(option, "", "must have FIRST and LAST less far apart", text)
    return [float(value) for value in values]


def number_or_vector(option: str, text: str) -> float | tuple[float, ...]:
    """One number for all features, or a list with one for each."""
    values = numbers(option, text)
    return values[0] if len(values) == 1 else tuple(values)


def importance(option: str, text: str, n_features: int) -> float | tuple[float, ...]:
    """A number, a list, or `0.9^i`: powers with i = 0 … n_features − 1."""
    power = _POWER.fullmatch(text.replace(" ", ""))
    if power is None:
        return number_or_vector(option, text)
    base = number(option, power["base"])
    check_listed(option, "", n_features)
    try:
        return tuple(base**i for i in range(n_features))
    except OverflowError:
        rule = f"must have powers up to {n_features - 1} that are finite"
        raise SpecError.of(option, "", rule, text) from None


def pairs(option: str, text: str) -> tuple[tuple[int, int], ...]:
    """`0+1,2+3`: pairs of features, counted from 0."""
    found = [_PAIR.fullmatch(part.replace(" ", "")) for part in text.split(",")]
    if None in found:
        raise SpecError.of(option, "", "must be pairs of features, as 0+1,2+3", text)
    return tuple((_whole(option, pair[1]), _whole(option, pair[2])) for pair in found if pair)


def whole(option: str, text: str) -> int:
    """One integer, of either sign."""
    if not text.strip().removeprefix("-").isdecimal():
        raise SpecError.of(option, "", "must be an integer", text)
    return _whole(option, text)


def wholes(option: str, text: str) -> tuple[int, ...]:
    """`a,b,c`: integers of either sign."""
    return tuple(whole(option, part) for part in text.split(","))


def array(option: str, text: str) -> Any:
    """Numbers as a list or as JSON; else the path of a file that has them."""
    if text.lstrip().startswith("["):
        return any_json(option, text)
    try:
        return numbers(option, text)
    except SpecError:
        return text


def function(option: str, text: str) -> str:
    """The name of a function, whose module may be a file of the working folder."""
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)
    return text


def law(option: str, text: str) -> Any:
    """A name, or the JSON of a law or of several."""
    return any_json(option, text) if text.lstrip()[:1] in ("{", "[") else text


def code(option: str, text: str) -> Any:
    """The class or function that `module:name` leads to, from here or from what is installed."""
    module, _, path = function(option, text).partition(":")
    if not module or not path:
        raise SpecError.of(option, "", "must be MODULE:NAME, of a class or function", text)
    try:
        found: Any = import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever the code of a user may raise
        rule = f"must be MODULE:NAME of code that can be imported: {joined(error)[:200]}"
        raise SpecError.of(option, "", rule, text) from None
    return found


def checkpoints(option: str, text: str) -> int | tuple[int, ...]:
    """`20` (as many, log-spaced) or `0,10,100` (these steps; `100,` for one)."""
    parts = [part for part in text.split(",") if part.strip()]
    if not parts or not all(part.strip().isdecimal() for part in parts):
        raise SpecError.of(option, "", "must be a count or a list of steps", text)
    steps = tuple(_whole(option, part) for part in parts)
    return steps if "," in text else steps[0]


def _whole(option: str, digits: str) -> int:
    """The integer that digits spell; `SpecError` where Python reads no more of them."""
    try:
        return int(digits)
    except ValueError:
        raise SpecError.of(option, "", "must have numbers of at most 4300 digits", digits) from None


def any_json(option: str, text: str) -> Any:
    """What the JSON text holds."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise SpecError.of(option, "", "must be JSON", text) from None


def axis(option: str, text: str) -> tuple[str, AxisValues]:
    """`NAME=VALUES`, or `NAME:TARGET=VALUES` to call the swept number TARGET by another name."""
    name, equals, values = text.partition("=")
    if not equals or not name.strip() or not values.strip():
        raise SpecError.of(option, "", "must be NAME=VALUES or NAME:TARGET=VALUES", text)
    new, colon, target = (part.strip() for part in name.partition(":"))
    found = numbers(f"{option} {name}", values)
    return new, (target, found) if colon else found


def axes(option: str, texts: tuple[str, ...]) -> dict[str, AxisValues]:
    """Every axis, in the order given; a name given twice raises `SpecError`."""
    found: dict[str, AxisValues] = {}
    for text in texts:
        name, values = axis(option, text)
        if name in found:
            raise SpecError.of(option, "", "must not name an axis twice", name)
        found[name] = values
    return found

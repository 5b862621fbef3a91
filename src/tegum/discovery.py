"""What can be chosen, found by file: a new file in a package is offered by every face.

For the command line, the report, the explorer and tests; library code imports explicitly.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any, Final, TypeVar

from tegum.distributions.base import Distribution
from tegum.models.base import Model
from tegum.spec import Spec
from tegum.targets.base import Target

S = TypeVar("S", bound=Spec)

#: The parts of a problem of which there are kinds.
PARTS: Final[dict[str, type[Any]]] = {
    "distribution": Distribution,
    "model": Model,
    "target": Target,
}


def modules_of(package: str) -> list[ModuleType]:
    """The modules of a package by name, but for `base` and those whose name starts with `_`."""
    home = importlib.import_module(package)
    names = sorted(info.name for info in pkgutil.iter_modules(home.__path__))
    return [
        importlib.import_module(f"{package}.{name}")
        for name in names
        if name != "base" and not name.startswith("_")
    ]


def load() -> None:
    """Import every file of every part: what they define can then be read from JSON."""
    for base in PARTS.values():
        found(base)


def found(base: type[S], first: str = "") -> dict[str, type[S]]:
    """The classes by `kind` that the files beside the one of `base` define.

    In the order of the files, but for the kind that comes `first`.
    """
    package, _, _ = base.__module__.rpartition(".")
    classes = {
        str(value.__pydantic_fields__["kind"].default): value
        for module in modules_of(package)
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
        and "kind" in value.__pydantic_fields__
    }
    return {kind: classes[kind] for kind in sorted(classes, key=lambda kind: kind != first)}


def example_of(cls: type[S]) -> S | None:
    """The small example in the file of a description; None where it has none."""
    example = getattr(importlib.import_module(cls.__module__), "EXAMPLE", None)
    return example if type(example) is cls else None

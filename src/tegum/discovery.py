"""What can be chosen, found by file: a new file in a package is offered by every face.

For the command line, the report, the explorer and tests; library code imports explicitly.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

from tegum.spec import Spec

S = TypeVar("S", bound=Spec)


def modules_of(package: str) -> list[ModuleType]:
    """The modules of a package by name, but for `base` and those whose name starts with `_`."""
    home = importlib.import_module(package)
    names = sorted(info.name for info in pkgutil.iter_modules(home.__path__))
    return [
        importlib.import_module(f"{package}.{name}")
        for name in names
        if name != "base" and not name.startswith("_")
    ]


def found(base: type[S]) -> dict[str, type[S]]:
    """The classes by `kind` that the files beside the one of `base` define, by file name.

    `base` is `Distribution`, `Model` or `Target`. What was found can also be read from JSON.
    """
    package, _, _ = base.__module__.rpartition(".")
    return {
        kind_of(value): value
        for module in modules_of(package)
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
        and "kind" in value.__pydantic_fields__
    }


def kind_of(cls: type[Spec]) -> str:
    """The name by which a description is known."""
    return str(cls.__pydantic_fields__["kind"].default)


def example_of(cls: type[S]) -> S | None:
    """The small example in the file of a description; None where it has none."""
    example = getattr(importlib.import_module(cls.__module__), "EXAMPLE", None)
    return example if type(example) is cls else None

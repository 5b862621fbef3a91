"""Every distribution and model of the package, found by file, each with a small example."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TypeVar

from tegum.distributions import Distribution, Groups
from tegum.models import Model
from tegum.spec import Spec

S = TypeVar("S", bound=Spec)


def _classes(package_name: str, base: type[S]) -> list[type[S]]:
    package = importlib.import_module(package_name)
    found: list[type[S]] = []
    for file in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package_name}.{file.name}")
        found += [
            value
            for _, value in inspect.getmembers(module, inspect.isclass)
            if issubclass(value, base) and value is not base and value.__module__ == module.__name__
        ]
    return found


def _example(cls: type[S]) -> S:
    example: S = importlib.import_module(cls.__module__).EXAMPLE
    assert type(example) is cls, f"{cls.__module__}.EXAMPLE must be a {cls.__name__}"
    return example


MODELS: dict[str, Model] = {cls.__name__: _example(cls) for cls in _classes("tegum.models", Model)}
DISTRIBUTIONS: dict[str, Distribution] = {
    cls.__name__: _example(cls)
    for cls in _classes("tegum.distributions", Distribution)  # type: ignore[type-abstract]
    if cls is not Groups
}
DISTRIBUTIONS["Groups"] = Groups(parts=tuple(DISTRIBUTIONS.values()))

"""Public names that are loaded when they are first used: an import costs next to nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazy(
    package: str, homes: Mapping[str, str] | None = None
) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """What a package sets as `__all__`, `__getattr__` and `__dir__`.

    Public are the names of `homes`, each of which comes from the module it says; without `homes`,
    the package's public modules are. The modules can be reached as attributes in either case.
    """
    module = sys.modules[package]

    def modules() -> list[str]:
        import pkgutil

        names = [found.name for found in pkgutil.iter_modules(module.__path__)]
        return sorted(name for name in names if not name.startswith("_"))

    def load(name: str) -> Any:
        if homes is not None and name in homes:
            return getattr(importlib.import_module(homes[name]), name)
        if not name.startswith("_") and name in modules():
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    public = modules() if homes is None else sorted(homes)
    own = {name for name in vars(module) if name.startswith("__")}
    return public, load, lambda: sorted({*public, *modules(), *own})

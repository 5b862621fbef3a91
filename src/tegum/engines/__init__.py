"""Ways to solve a Problem, behind one protocol; an engine is loaded when it is first asked for."""

from __future__ import annotations

from typing import Final

from tegum.engines.base import Engine
from tegum.errors import UnknownNameError

#: The engines there are, by the name `Training.engine` gives.
NAMES: Final = ("sampled", "exact")


def get_engine(name: str) -> Engine:
    """The engine of this name; UnknownNameError lists those there are."""
    if name == "sampled":
        from tegum.engines.sampled.engine import SampledEngine

        return SampledEngine()
    if name == "exact":
        from tegum.engines.exact.engine import ExactEngine

        return ExactEngine()
    raise UnknownNameError.of("engine", name, NAMES)

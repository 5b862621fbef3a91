"""Ways to solve a Problem, behind one protocol; an engine is loaded when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from tegum.engines.base import Engine
from tegum.errors import SpecError, UnknownNameError

#: The engines there are, by the name `Training.engine` gives.
NAMES: Final = ("sampled", "exact", "torch")
#: Those with kernels to compile; what lessons need first.
COMPILED: Final = ("sampled", "exact", "dictionaries")


def get_engine(name: str, **place: str) -> Engine:
    """The engine of this name; UnknownNameError lists those there are.

    `place` is `Training.place()`: where it works and with what numbers, for an engine that has a
    choice. Raises SpecError where what an engine needs is not installed.
    """
    if name == "sampled":
        from tegum.engines.sampled.engine import SampledEngine

        return SampledEngine()
    if name == "exact":
        from tegum.engines.exact.engine import ExactEngine

        return ExactEngine()
    if name == "dictionaries":
        from tegum.engines.dictionaries.engine import DictionaryEngine

        return DictionaryEngine()
    if name == "torch":
        try:
            import_module("torch")
        except ImportError:
            others = ", ".join(other for other in NAMES if other != name)
            rule = f"needs PyTorch, pip install 'tegum[torch]', or another engine: {others}"
            raise SpecError.of("Training", "engine", rule, name) from None
        from tegum.engines.torch.engine import TorchEngine

        return TorchEngine(**place)
    raise UnknownNameError.of("engine", name, NAMES)

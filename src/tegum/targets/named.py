"""The targets that have a name: t(x)_i = f(x_i) for a function that is 0 at 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from tegum.dims import F64

#: By name: x, |x|, max(x, 0), x², x³, the sign of x, and 1 where x > 0.
NAMED: Final[Mapping[str, Callable[[F64], F64]]] = MappingProxyType(
    {
        "x": lambda x: x,
        "abs": np.abs,
        "relu": lambda x: np.maximum(x, 0.0),
        "square": np.square,
        "cube": lambda x: x * x * x,
        "sign": np.sign,
        "step": lambda x: np.asarray(x > 0, np.float64),
    }
)
_OTHER_WORDS: Final = {"|x|": "abs", "x^2": "square", "x**2": "square", "x^3": "cube"}


def canonical(name: Any) -> Any:
    """A name of `NAMED` for its other ways of writing; anything else as it is."""
    return _OTHER_WORDS.get(name, name) if isinstance(name, str) else name

"""Activation functions f and their derivatives f', on numpy arrays of any shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from tegum.dims import F64

ActivationName = Literal["relu", "gelu", "leaky", "quadratic", "identity"]

#: The slope of the leaky ReLU below 0.
LEAKY_SLOPE = 0.01


@dataclass(frozen=True)
class Activation:
    """An activation and its derivative, of arrays of any shape.

    Args:
        name: what models call it.
        f: f(z).
        derivative: f'(z); where f has a kink, f'(0) is the slope from the left.
    """

    name: str
    f: Callable[[F64], F64]
    derivative: Callable[[F64], F64]


def _relu(z: F64) -> F64:
    return np.maximum(z, 0.0)


def _relu_derivative(z: F64) -> F64:
    return (z > 0).astype(np.float64)


def _gelu(z: F64) -> F64:
    from scipy.special import ndtr  # kept out of `import tegum`

    cdf: F64 = ndtr(z)
    return z * cdf


def _gelu_derivative(z: F64) -> F64:
    from scipy.special import ndtr

    cdf: F64 = ndtr(z)
    density: F64 = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    return cdf + z * density


def _leaky(z: F64) -> F64:
    return np.where(z > 0, z, LEAKY_SLOPE * z)


def _leaky_derivative(z: F64) -> F64:
    return np.where(z > 0, 1.0, LEAKY_SLOPE)


_ALL = (
    Activation("relu", _relu, _relu_derivative),
    Activation("gelu", _gelu, _gelu_derivative),
    Activation("leaky", _leaky, _leaky_derivative),
    Activation("quadratic", np.square, lambda z: 2.0 * z),
    Activation("identity", lambda z: z, np.ones_like),
)

#: By name: max(z, 0); z Φ(z) with Φ the normal cdf (exact, no tanh); z or 0.01 z; z²; z.
ACTIVATIONS: Mapping[str, Activation] = MappingProxyType({entry.name: entry for entry in _ALL})

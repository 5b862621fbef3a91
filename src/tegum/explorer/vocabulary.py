"""The names that menus offer, read from the descriptions themselves."""

from __future__ import annotations

from typing import Any, get_args

from tegum.distributions.magnitudes import MagnitudeName
from tegum.engines import NAMES
from tegum.models.activations import ActivationName
from tegum.targets import NAMED
from tegum.training import Training


def choices() -> dict[str, list[str]]:
    """Each choice and its names."""
    fields = Training.model_fields
    return {
        "distribution": ["independent", "correlated", "anticorrelated", "groups"],
        "magnitude": _names(MagnitudeName),
        "model": ["linear", "relu_output", "relu_hidden", "two_layer"],
        "activation": _names(ActivationName),
        "hidden_activation": ["identity", "relu"],
        "optimizer": _names(fields["optimizer"].annotation),
        "schedule": _names(fields["schedule"].annotation),
        "engine": list(NAMES),
        "target": list(NAMED),
    }


def _names(literal: Any) -> list[str]:
    return [str(name) for name in get_args(literal)]

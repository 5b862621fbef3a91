"""tegum: the laboratory for toy models of superposition."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tegum.analysis.circuits import motifs
    from tegum.analysis.dynamics import jumps
    from tegum.analysis.factors import factors
    from tegum.analysis.geometry import dimensionality
    from tegum.analysis.minima import minima
    from tegum.distributions import Anticorrelated, Correlated, Groups, Independent
    from tegum.ensemble import best, train
    from tegum.errors import TegumError
    from tegum.loss.by_active import loss_by_active
    from tegum.loss.expected import expected_loss, polish, score
    from tegum.models import Linear, ReLUHidden, ReLUOutput, TwoLayer
    from tegum.problem import Problem
    from tegum.targets import Elementwise, Pairs
    from tegum.training import Training

__version__ = "0.1.0"

__all__ = [
    "Anticorrelated",
    "Correlated",
    "Elementwise",
    "Groups",
    "Independent",
    "Linear",
    "Pairs",
    "Problem",
    "ReLUHidden",
    "ReLUOutput",
    "TegumError",
    "Training",
    "TwoLayer",
    "best",
    "dimensionality",
    "expected_loss",
    "factors",
    "jumps",
    "loss_by_active",
    "minima",
    "motifs",
    "polish",
    "score",
    "train",
]

# Public names are loaded when first used: `import tegum` stays quick.
_HOME = {
    "Anticorrelated": "tegum.distributions",
    "Correlated": "tegum.distributions",
    "Elementwise": "tegum.targets",
    "Groups": "tegum.distributions",
    "Independent": "tegum.distributions",
    "Linear": "tegum.models",
    "Pairs": "tegum.targets",
    "Problem": "tegum.problem",
    "ReLUHidden": "tegum.models",
    "ReLUOutput": "tegum.models",
    "TegumError": "tegum.errors",
    "Training": "tegum.training",
    "TwoLayer": "tegum.models",
    "best": "tegum.ensemble",
    "dimensionality": "tegum.analysis.geometry",
    "expected_loss": "tegum.loss.expected",
    "factors": "tegum.analysis.factors",
    "jumps": "tegum.analysis.dynamics",
    "loss_by_active": "tegum.loss.by_active",
    "minima": "tegum.analysis.minima",
    "motifs": "tegum.analysis.circuits",
    "polish": "tegum.loss.expected",
    "score": "tegum.loss.expected",
    "train": "tegum.ensemble",
}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is not None:
        return getattr(importlib.import_module(home), name)
    if name in ("analysis", "plots", "theory", "experiments", "widgets"):
        return importlib.import_module(f"tegum.{name}")
    raise AttributeError(f"module 'tegum' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

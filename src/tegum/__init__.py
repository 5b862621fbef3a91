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
    from tegum.ensemble import train
    from tegum.errors import InputFileError, SpecError, StoreError, TegumError, UnknownNameError
    from tegum.loss import expected_loss, loss_by_active, score
    from tegum.loss.polish import polish
    from tegum.models import Linear, ReLUHidden, ReLUOutput, TwoLayer
    from tegum.problem import Problem
    from tegum.runs.files import load, save
    from tegum.runs.models import problem_of
    from tegum.runs.outputs import forward
    from tegum.runs.select import average, best, drop_worst
    from tegum.store import Store
    from tegum.targets import Elementwise, Pairs
    from tegum.training import Training

__version__ = "0.1.0"

__all__ = [
    "Anticorrelated",
    "Correlated",
    "Elementwise",
    "Groups",
    "Independent",
    "InputFileError",
    "Linear",
    "Pairs",
    "Problem",
    "ReLUHidden",
    "ReLUOutput",
    "SpecError",
    "Store",
    "StoreError",
    "TegumError",
    "Training",
    "TwoLayer",
    "UnknownNameError",
    "average",
    "best",
    "dimensionality",
    "drop_worst",
    "expected_loss",
    "factors",
    "forward",
    "jumps",
    "load",
    "loss_by_active",
    "minima",
    "motifs",
    "polish",
    "problem_of",
    "save",
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
    "InputFileError": "tegum.errors",
    "Linear": "tegum.models",
    "Pairs": "tegum.targets",
    "Problem": "tegum.problem",
    "ReLUHidden": "tegum.models",
    "ReLUOutput": "tegum.models",
    "SpecError": "tegum.errors",
    "Store": "tegum.store",
    "StoreError": "tegum.errors",
    "TegumError": "tegum.errors",
    "Training": "tegum.training",
    "TwoLayer": "tegum.models",
    "UnknownNameError": "tegum.errors",
    "average": "tegum.runs.select",
    "best": "tegum.runs.select",
    "dimensionality": "tegum.analysis.geometry",
    "drop_worst": "tegum.runs.select",
    "expected_loss": "tegum.loss",
    "factors": "tegum.analysis.factors",
    "forward": "tegum.runs.outputs",
    "jumps": "tegum.analysis.dynamics",
    "load": "tegum.runs.files",
    "loss_by_active": "tegum.loss",
    "minima": "tegum.analysis.minima",
    "motifs": "tegum.analysis.circuits",
    "polish": "tegum.loss",
    "problem_of": "tegum.runs.models",
    "save": "tegum.runs.files",
    "score": "tegum.loss",
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

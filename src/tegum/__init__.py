"""tegum: the laboratory for toy models of superposition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.faces import lazy

if TYPE_CHECKING:
    from tegum import analysis as analysis
    from tegum import experiments as experiments
    from tegum import loss as loss
    from tegum import plots as plots
    from tegum import runs as runs
    from tegum import theory as theory
    from tegum import torch as torch
    from tegum import widgets as widgets
    from tegum.analysis.alignment import align as align
    from tegum.analysis.branches import crossings as crossings
    from tegum.analysis.branches import follow as follow
    from tegum.analysis.circuits import motifs as motifs
    from tegum.analysis.dynamics import jumps as jumps
    from tegum.analysis.geometry import dimensionality as dimensionality
    from tegum.analysis.local_minima import minima as minima
    from tegum.analysis.tegum_factors import factors as factors
    from tegum.distributions import Activations as Activations
    from tegum.distributions import Anticorrelated as Anticorrelated
    from tegum.distributions import Constant as Constant
    from tegum.distributions import Copula as Copula
    from tegum.distributions import Correlated as Correlated
    from tegum.distributions import Custom as Custom
    from tegum.distributions import Discrete as Discrete
    from tegum.distributions import Groups as Groups
    from tegum.distributions import HalfNormal as HalfNormal
    from tegum.distributions import Hierarchy as Hierarchy
    from tegum.distributions import Independent as Independent
    from tegum.distributions import Mixture as Mixture
    from tegum.distributions import Normal as Normal
    from tegum.distributions import Samples as Samples
    from tegum.distributions import Uniform as Uniform
    from tegum.ensemble import train as train
    from tegum.errors import InputFileError as InputFileError
    from tegum.errors import SpecError as SpecError
    from tegum.errors import StoreError as StoreError
    from tegum.errors import TegumError as TegumError
    from tegum.errors import UnknownNameError as UnknownNameError
    from tegum.foreign import from_weights as from_weights
    from tegum.loss import expected_loss as expected_loss
    from tegum.loss import loss_by_active as loss_by_active
    from tegum.loss import score as score
    from tegum.loss.polishing import polish as polish
    from tegum.models import SAE as SAE
    from tegum.models import Deep as Deep
    from tegum.models import Linear as Linear
    from tegum.models import ReLUHidden as ReLUHidden
    from tegum.models import ReLUOutput as ReLUOutput
    from tegum.models import TorchModel as TorchModel
    from tegum.models import TwoLayer as TwoLayer
    from tegum.problem import Problem as Problem
    from tegum.runs.files import load as load
    from tegum.runs.files import save as save
    from tegum.runs.models import problem_of as problem_of
    from tegum.runs.outputs import forward as forward
    from tegum.runs.select import average as average
    from tegum.runs.select import best as best
    from tegum.runs.select import drop_worst as drop_worst
    from tegum.store import Store as Store
    from tegum.targets import Elementwise as Elementwise
    from tegum.targets import LinearMap as LinearMap
    from tegum.targets import Pairs as Pairs
    from tegum.training import Training as Training

__version__ = "0.1.0"

__all__, __getattr__, __dir__ = lazy(
    __name__,
    {
        "Activations": "tegum.distributions",
        "Anticorrelated": "tegum.distributions",
        "Constant": "tegum.distributions",
        "Copula": "tegum.distributions",
        "Correlated": "tegum.distributions",
        "Custom": "tegum.distributions",
        "Deep": "tegum.models",
        "Discrete": "tegum.distributions",
        "Elementwise": "tegum.targets",
        "Groups": "tegum.distributions",
        "HalfNormal": "tegum.distributions",
        "Hierarchy": "tegum.distributions",
        "Independent": "tegum.distributions",
        "InputFileError": "tegum.errors",
        "Linear": "tegum.models",
        "LinearMap": "tegum.targets",
        "Mixture": "tegum.distributions",
        "Normal": "tegum.distributions",
        "Pairs": "tegum.targets",
        "Problem": "tegum.problem",
        "ReLUHidden": "tegum.models",
        "ReLUOutput": "tegum.models",
        "SAE": "tegum.models",
        "Samples": "tegum.distributions",
        "SpecError": "tegum.errors",
        "Store": "tegum.store",
        "StoreError": "tegum.errors",
        "TegumError": "tegum.errors",
        "TorchModel": "tegum.models",
        "Training": "tegum.training",
        "TwoLayer": "tegum.models",
        "Uniform": "tegum.distributions",
        "UnknownNameError": "tegum.errors",
        "align": "tegum.analysis.alignment",
        "average": "tegum.runs.select",
        "best": "tegum.runs.select",
        "crossings": "tegum.analysis.branches",
        "dimensionality": "tegum.analysis.geometry",
        "drop_worst": "tegum.runs.select",
        "expected_loss": "tegum.loss",
        "factors": "tegum.analysis.tegum_factors",
        "follow": "tegum.analysis.branches",
        "forward": "tegum.runs.outputs",
        "from_weights": "tegum.foreign",
        "jumps": "tegum.analysis.dynamics",
        "load": "tegum.runs.files",
        "loss_by_active": "tegum.loss",
        "minima": "tegum.analysis.local_minima",
        "motifs": "tegum.analysis.circuits",
        "polish": "tegum.loss",
        "problem_of": "tegum.runs.models",
        "save": "tegum.runs.files",
        "score": "tegum.loss",
        "train": "tegum.ensemble",
    },
)

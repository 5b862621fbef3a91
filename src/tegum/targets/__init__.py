"""What a model is to output: functions of each feature, and of pairs of features."""

from tegum.targets.base import AnyTarget, Target, target_values
from tegum.targets.elementwise import Elementwise
from tegum.targets.named import NAMED
from tegum.targets.pairs import Pairs

__all__ = ["NAMED", "AnyTarget", "Elementwise", "Pairs", "Target", "target_values"]

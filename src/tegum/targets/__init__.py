"""What a model is to output: functions of each feature, of pairs of features, and a matrix."""

from tegum.targets.base import AnyTarget as AnyTarget
from tegum.targets.base import Target as Target
from tegum.targets.base import target_values as target_values
from tegum.targets.elementwise import Elementwise as Elementwise
from tegum.targets.linear_map import LinearMap as LinearMap
from tegum.targets.named import NAMED as NAMED
from tegum.targets.pairs import Pairs as Pairs

"""What is trained: models, one file each."""

from tegum.models.base import Model
from tegum.models.linear import Linear
from tegum.models.relu_hidden import ReLUHidden
from tegum.models.relu_output import ReLUOutput
from tegum.models.two_layer import TwoLayer

__all__ = ["Linear", "Model", "ReLUHidden", "ReLUOutput", "TwoLayer"]

"""What is trained: models, one file each."""

from tegum.models.base import Model as Model
from tegum.models.base import Shallow as Shallow
from tegum.models.base import shallow as shallow
from tegum.models.deep import Deep as Deep
from tegum.models.linear import Linear as Linear
from tegum.models.relu_hidden import ReLUHidden as ReLUHidden
from tegum.models.relu_output import ReLUOutput as ReLUOutput
from tegum.models.sae import SAE as SAE
from tegum.models.torch_model import TorchModel as TorchModel
from tegum.models.two_layer import TwoLayer as TwoLayer

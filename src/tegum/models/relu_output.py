"""The ReLU output model: linear to the hidden space, an activation on the way out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tegum.models.activations import ActivationName
from tegum.models.base import Shallow
from tegum.spec import Flag


class ReLUOutput(Shallow):
    """h = W x, x' = f(Wᵀ h + b), with W (m, n) and b (n,).

    Args:
        n_hidden: the number of hidden dimensions (neurons) m, >= 1.
        bias: an output bias b (n,), or none.
        activation: f of the outputs: relu, gelu, leaky, quadratic or identity.
        layer_norm: Whether h is normalised, (h − mean)/√(variance + 1e-5) over the units of a
            sample; the torch engine alone trains it.

    Raises:
        SpecError: for a value out of its range.

    Source: "Demonstrating Superposition: Experiment Setup", the ReLU output model.
    """

    activation: ActivationName = "relu"
    layer_norm: Flag = False
    kind: Literal["relu_output"] = Field("relu_output", repr=False)

    @property
    def hidden_activation(self) -> ActivationName:
        """Identity."""
        return "identity"

    @property
    def output_activation(self) -> ActivationName:
        """`activation`."""
        return self.activation


EXAMPLE = ReLUOutput(n_hidden=2, activation="gelu")

"""The ReLU hidden-layer model: its hidden dimensions are neurons, a privileged basis."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tegum.models.activations import ActivationName
from tegum.models.base import Shallow
from tegum.spec import Flag


class ReLUHidden(Shallow):
    """h = ReLU(W x + b_hidden), x' = f(Wᵀ h + b), with W (m, n), b (n,) and b_hidden (m,).

    Args:
        n_hidden: the number of hidden dimensions (neurons) m, >= 1.
        bias: an output bias b (n,), or none.
        hidden_bias: a bias b_hidden (m,) of the neurons, or none.
        activation: f of the outputs: relu, gelu, leaky, quadratic or identity.
        layer_norm: Whether h is normalised, (h − mean)/√(variance + 1e-5) over the units of a
            sample; the torch engine alone trains it.

    Raises:
        SpecError: for a value out of its range.

    Source: "Superposition in a Privileged Basis".
    """

    hidden_bias: Flag = False
    activation: ActivationName = "relu"
    layer_norm: Flag = False
    kind: Literal["relu_hidden"] = Field("relu_hidden", repr=False)

    @property
    def has_hidden_bias(self) -> bool:
        """`hidden_bias`."""
        return self.hidden_bias

    @property
    def hidden_activation(self) -> ActivationName:
        """ReLU."""
        return "relu"

    @property
    def output_activation(self) -> ActivationName:
        """`activation`."""
        return self.activation


EXAMPLE = ReLUHidden(n_hidden=3, hidden_bias=True)

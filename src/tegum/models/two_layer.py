"""The two-layer model: encoder and decoder are trained apart, so that it can compute."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from tegum.models.activations import ActivationName
from tegum.models.base import Shallow
from tegum.spec import Flag


class TwoLayer(Shallow):
    """h = f_h(W_in x + b_hidden), x' = f(W_out h + b), with W_in (m, n) and W_out (n, m).

    Args:
        n_hidden: the number of hidden dimensions (neurons) m, >= 1.
        bias: an output bias b (n,), or none.
        hidden_bias: a bias b_hidden (m,) of the neurons, or none.
        hidden_activation: f_h of the neurons: one of the same.
        activation: f of the outputs: relu, gelu, leaky, quadratic or identity.
        layer_norm: Whether h is normalised, (h − mean)/√(variance + 1e-5) over the units of a
            sample; the torch engine alone trains it.

    Raises:
        SpecError: for a value out of its range.

    Source: "Computation in Superposition", with the target |x|.
    """

    tied: ClassVar[bool] = False

    hidden_bias: Flag = False
    hidden_activation: ActivationName = "relu"
    activation: ActivationName = "relu"
    layer_norm: Flag = False
    kind: Literal["two_layer"] = Field("two_layer", repr=False)

    @property
    def has_hidden_bias(self) -> bool:
        """`hidden_bias`."""
        return self.hidden_bias

    @property
    def output_activation(self) -> ActivationName:
        """`activation`."""
        return self.activation


EXAMPLE = TwoLayer(n_hidden=3, bias=False, hidden_bias=True, hidden_activation="leaky")

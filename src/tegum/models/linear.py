"""The linear model: no activation anywhere."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tegum.models.activations import ActivationName
from tegum.models.base import Shallow
from tegum.spec import Flag


class Linear(Shallow):
    """h = W x, x' = Wᵀ h + b, with W (m, n) and b (n,).

    Args:
        n_hidden: the number of hidden dimensions (neurons) m, >= 1.
        bias: an output bias b (n,), or none.
        layer_norm: Whether h is normalised, (h − mean)/√(variance + 1e-5) over the units of a
            sample; the torch engine alone trains it.

    Raises:
        SpecError: for a value out of its range.

    Source: "Demonstrating Superposition: Experiment Setup", the linear model.
    """

    layer_norm: Flag = False
    kind: Literal["linear"] = Field("linear", repr=False)

    @property
    def hidden_activation(self) -> ActivationName:
        """Identity."""
        return "identity"

    @property
    def output_activation(self) -> ActivationName:
        """Identity."""
        return "identity"


EXAMPLE = Linear(n_hidden=2)

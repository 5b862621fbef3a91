"""What a model is: an encoder to `n_hidden` dimensions and a decoder back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float

from tegum.dims import F64, FEATURE, HIDDEN
from tegum.errors import SpecError
from tegum.models.activations import ACTIVATIONS, ActivationName
from tegum.runs.schema import PARAMETERS, TIED, UNTIED
from tegum.spec import Flag, PositiveInt, Spec, nested


class Model(Spec):
    """h = f_h(W_in x + b_hidden), x' = f(W_out h + b); tied models have W_in = W, W_out = Wᵀ.

    Engines read the structure: `tied`, `n_hidden`, `hidden_activation`, `output_activation`,
    `has_bias`, `has_hidden_bias`. A bias that a model does not have is 0.

    Args:
        n_hidden: m >= 1.
        bias: False keeps b (n,) = 0.

    Source: "Demonstrating Superposition: Experiment Setup".
    """

    #: Whether the decoder is the transposed encoder.
    tied: ClassVar[bool] = True

    n_hidden: PositiveInt
    bias: Flag = True

    if TYPE_CHECKING:  # a field in some subclasses, a property in others

        @property
        def hidden_activation(self) -> ActivationName:
            """f_h, by name."""

        @property
        def output_activation(self) -> ActivationName:
            """f, by name."""

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of its weight matrices: W, or W_in and W_out."""
        return TIED if self.tied else UNTIED

    @property
    def has_bias(self) -> bool:
        """Whether the output bias b is trained."""
        return self.bias

    @property
    def has_hidden_bias(self) -> bool:
        """Whether the hidden bias b_hidden is trained."""
        return False

    def parameters(self, n_features: int) -> dict[str, tuple[int, ...]]:
        """The shape of every trained array.

        Args:
            n_features: n >= 1.

        Returns:
            By name: W (m, n), or W_in (m, n) and W_out (n, m); b (n,); b_hidden (m,).
        """
        names = list(self.weights)
        names += ["b"] if self.has_bias else []
        names += ["b_hidden"] if self.has_hidden_bias else []
        sizes = {FEATURE: n_features, HIDDEN: self.n_hidden}
        return {name: tuple(sizes[dim] for dim in PARAMETERS[name]) for name in names}

    def forward(
        self, parameters: Mapping[str, np.ndarray], x: Float[np.ndarray, "batch n"]
    ) -> tuple[Float[np.ndarray, "batch m"], Float[np.ndarray, "batch n"]]:
        """h and x' of each row of x, in float64: the plain reference, not the fast path.

        Args:
            parameters: arrays as named and shaped by `parameters(n)`.
            x: samples (batch, n).

        Returns:
            h (batch, m) and x' (batch, n).

        Raises:
            SpecError: for samples or parameters of other shapes or names.
        """
        x = np.asarray(x, dtype=np.float64)
        if x.ndim != 2:
            raise SpecError(f"{type(self).__name__}.forward takes x (batch, n); got {x.shape}")
        given = {name: np.asarray(array, dtype=np.float64) for name, array in parameters.items()}
        wanted = self.parameters(x.shape[1])
        shapes = {name: array.shape for name, array in given.items()}
        if shapes != wanted:
            raise SpecError(f"{type(self).__name__}.forward needs {wanted}; got {shapes}")
        w_in = given["W"] if self.tied else given["W_in"]  # (m, n)
        w_out = w_in.T if self.tied else given["W_out"]  # (n, m)
        zero: F64 = np.zeros(1)
        h = ACTIVATIONS[self.hidden_activation].f(x @ w_in.T + given.get("b_hidden", zero))
        y = ACTIVATIONS[self.output_activation].f(h @ w_out.T + given.get("b", zero))
        return h, y


AnyModel: TypeAlias = Annotated[Model, nested(Model)]

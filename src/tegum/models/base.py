"""What a model is: shallow, an encoder to `n_hidden` dimensions and a decoder back, or deeper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias

import numpy as np
from pydantic import model_validator

from tegum.arguments import array
from tegum.dims import F64, FEATURE, HIDDEN
from tegum.errors import SpecError
from tegum.models._dense import NORM_FLOOR as NORM_FLOOR
from tegum.models._dense import affine, normalised
from tegum.models.activations import ACTIVATIONS
from tegum.runs.schema import PARAMETERS, TIED, UNTIED
from tegum.spec import Flag, PositiveInt, Spec, nested

if TYPE_CHECKING:
    from jaxtyping import Float


class Model(Spec):
    """What makes outputs x' of samples x, by parameters that are trained.

    Engines read what it trains, and of a `Shallow` one its structure.

    Source: "Demonstrating Superposition: Experiment Setup".
    """

    #: Whether the decoder is the transposed encoder.
    tied: ClassVar[bool] = True
    #: What the dimension of samples is called where they come in and go out.
    inputs: ClassVar[str] = FEATURE
    #: The engine that alone trains it, which takes nothing of a problem but x; "" for any.
    engine: ClassVar[str] = ""

    if TYPE_CHECKING:  # a field in some subclasses, a property in others

        @property
        def n_hidden(self) -> int:
            """m: how many hidden units there are."""

        @property
        def hidden_activation(self) -> str:
            """f_h, by name; "" where it is no one function."""

        @property
        def output_activation(self) -> str:
            """f, by name; "" where it is no one function."""

    @property
    def only_torch(self) -> str:
        """What it must not be for other engines than torch, "must have no …"; "" for nothing."""
        return ""

    @property
    def code(self) -> str:
        """What a store knows it by beside its description; "" where that says all."""
        return ""

    def check_storable(self) -> None:
        """Raise SpecError where a store could not tell it from another."""

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of its weight matrices: W, or W_in and W_out."""
        return TIED if self.tied else UNTIED

    @property
    def has_bias(self) -> bool:
        """Whether the output bias b is trained."""
        return False

    @property
    def has_hidden_bias(self) -> bool:
        """Whether the hidden bias b_hidden is trained."""
        return False

    @property
    def has_layer_norm(self) -> bool:
        """Whether hidden activations are normalised, sample by sample."""
        return bool(getattr(self, "layer_norm", False))

    @property
    def layers(self) -> tuple[str, ...]:
        """What `tegum.forward` gives of it, by name; the outputs first."""
        return "output", HIDDEN

    def parameters(self, n_features: int) -> dict[str, tuple[int, ...]]:
        """The shape of every array that a model is made of.

        Args:
            n_features: n >= 1.

        Returns:
            By name.

        Raises:
            SpecError: for a model that its description does not make.
        """
        raise NotImplementedError

    def dimensions(self, n_features: int) -> dict[str, tuple[str, ...]]:
        """What the dimensions of these arrays are called in a Dataset.

        Args:
            n_features: n >= 1.

        Returns:
            By name.

        Raises:
            SpecError: as `parameters`.
        """
        return {name: PARAMETERS[name] for name in self.parameters(n_features)}

    def trained(self, n_features: int) -> dict[str, tuple[int, ...]]:
        """Those of `parameters` that are trained.

        Args:
            n_features: n >= 1.

        Returns:
            By name.

        Raises:
            SpecError: as `parameters`.
        """
        return self.parameters(n_features)

    def matrices(self, n_features: int) -> tuple[str, ...]:
        """The arrays whose entries are weights: what a cost of weights is for.

        Args:
            n_features: n >= 1.

        Returns:
            Their names.

        Raises:
            SpecError: as `parameters`.
        """
        return self.weights

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
        owner = f"{type(self).__name__}.forward"
        x = array(owner, "x", x)
        if x.ndim != 2:
            raise SpecError(f"{owner} takes x (batch, n); got {x.shape}")
        given = {name: array(owner, name, value) for name, value in parameters.items()}
        wanted = self.parameters(x.shape[1])
        shapes = {name: values.shape for name, values in given.items()}
        if shapes != wanted:
            raise SpecError(f"{owner} needs {wanted}; got {shapes}")
        found = self.values({name: values[None] for name, values in given.items()}, x[None])
        return found[HIDDEN][0], found["output"][0]

    def values(self, named: Mapping[str, np.ndarray], x: F64) -> dict[str, F64]:
        """What the layers of many models give at once, in float64.

        Args:
            named: arrays (N, ...) as named by `parameters(n)`.
            x: samples (N or 1, batch, n).

        Returns:
            By the names of `layers`, (N, batch, …).

        Raises:
            SpecError: for a model that numpy does not know.
        """
        rule = "has no values outside of PyTorch; tegum.forward takes its runs"
        raise SpecError(f"{type(self).__name__} {rule}")


class Shallow(Model):
    """h = f_h(W_in x + b_hidden), x' = f(W_out h + b); tied models have W_in = W, W_out = Wᵀ.

    Engines read the structure: `tied`, `n_hidden`, `hidden_activation`, `output_activation`,
    `has_bias`, `has_hidden_bias`, `has_layer_norm`. A bias that a model does not have is 0.

    Args:
        n_hidden: m >= 1.
        bias: False keeps b (n,) = 0.

    Source: "Demonstrating Superposition: Experiment Setup".
    """

    later: ClassVar[frozenset[str]] = frozenset({"layer_norm"})

    n_hidden: PositiveInt
    bias: Flag = True

    @model_validator(mode="after")
    def _norm_has_units(self) -> Shallow:
        if self.has_layer_norm and self.n_hidden == 1:
            rule = "must be False where there is one hidden unit, of which 0 would be left"
            raise SpecError.of(type(self).__name__, "layer_norm", rule, True)
        return self

    @property
    def only_torch(self) -> str:
        """A LayerNorm."""
        return "must have no LayerNorm" if self.has_layer_norm else ""

    @property
    def has_bias(self) -> bool:
        """Whether the output bias b is trained."""
        return self.bias

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

    def values(self, named: Mapping[str, np.ndarray], x: F64) -> dict[str, F64]:
        """h and x' of many models at once, in float64.

        Args:
            named: arrays (N, ...) as named by `parameters(n)`; biases may be missing.
            x: samples (N or 1, batch, n).

        Returns:
            By the names of `layers`, (N, batch, …).
        """
        w_in = named["W"] if self.tied else named["W_in"]  # (N, m, n)
        w_out = np.swapaxes(w_in, -1, -2) if self.tied else named["W_out"]  # (N, n, m)
        h = ACTIVATIONS[self.hidden_activation].f(affine(x, w_in, named.get("b_hidden")))
        h = normalised(h) if self.has_layer_norm else h
        y = ACTIVATIONS[self.output_activation].f(affine(h, w_out, named.get("b")))
        return {"output": y, HIDDEN: h}


def shallow(owner: str, model: Model) -> Shallow:
    """The model, if it is a shallow one.

    Args:
        owner: the function that takes no other.
        model: any.

    Returns:
        The model.

    Raises:
        SpecError: for another.

    Source: method, a check.
    """
    if not isinstance(model, Shallow):
        rule = (
            "must have one hidden layer, W or W_in and W_out; tegum.forward and tegum.torch.module "
            "take runs of any"
        )
        raise SpecError.of(owner, "model", rule, model)
    return model


AnyModel: TypeAlias = Annotated[Model, nested(Model)]

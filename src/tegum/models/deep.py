"""Several hidden layers, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.dims import F64, FEATURE, HIDDEN
from tegum.errors import SpecError
from tegum.models._dense import affine, normalised
from tegum.models.activations import ACTIVATIONS, ActivationName
from tegum.models.base import Model
from tegum.scalars import BrokenRule, as_integer, as_plain
from tegum.spec import Flag


def _widths(value: Any) -> tuple[int, ...]:
    value = value.tolist() if hasattr(value, "tolist") else value
    entries = value if isinstance(value, tuple | list) else [value]
    if not entries:
        raise BrokenRule("must have one hidden layer at least", value)
    whole = [int(one) if isinstance(one, float) and one.is_integer() else one for one in entries]
    return tuple(as_integer(as_plain(one), 1) for one in whole)


class Deep(Model):
    """h_k = f_h(W_k h_{k-1} + b_k), k = 1 … L, h_0 = x; x' = f(W_{L+1} h_L + b).

    Trained by the torch engine. h is that of all layers, one after another: what l1 is a penalty
    on, and hidden_noise and hidden_dropout change. A Dataset has W_1 (hidden_1, feature), W_2
    (hidden_2, hidden_1), …, the last one (feature, hidden_L), b, and b_1 (hidden_1), …

    Args:
        widths: How many units each hidden layer has, first to last, >= 1.
        bias: an output bias b (n,), or none.
        hidden_bias: Biases b_k of the hidden layers, or none.
        hidden_activation: f_h of the neurons: one of the same.
        activation: f of the outputs: relu, gelu, leaky, quadratic or identity.
        layer_norm: Whether every h_k is normalised, (h − mean)/√(variance + 1e-5) over the units of
            a sample.

    Raises:
        SpecError: for a value out of its range.

    Source: method, "Computation in Superposition" with more layers.
    """

    tied: ClassVar[bool] = False

    widths: Annotated[tuple[int, ...], PlainValidator(_widths)]
    bias: Flag = True
    hidden_bias: Flag = False
    hidden_activation: ActivationName = "relu"
    activation: ActivationName = "relu"
    layer_norm: Flag = False
    kind: Literal["deep"] = Field("deep", repr=False)

    if TYPE_CHECKING:

        def __init__(
            self,
            widths: Any,
            bias: bool = ...,
            hidden_bias: bool = ...,
            hidden_activation: str = ...,
            activation: str = ...,
            layer_norm: bool = ...,
        ) -> None: ...

    @model_validator(mode="after")
    def _norm_has_units(self) -> Deep:
        if self.layer_norm and 1 in self.widths:
            rule = "must be False where a layer has one unit, of which 0 would be left"
            raise SpecError.of("Deep", "layer_norm", rule, True)
        return self

    @property
    def n_hidden(self) -> int:
        """Units of all hidden layers together."""
        return sum(self.widths)

    @property
    def only_torch(self) -> str:
        """Layers after the first."""
        return "must not be Deep"

    @property
    def output_activation(self) -> ActivationName:
        """`activation`."""
        return self.activation

    @property
    def weights(self) -> tuple[str, ...]:
        """W_1, W_2 and so on."""
        return tuple(f"W_{k + 1}" for k in range(len(self.widths) + 1))

    @property
    def has_bias(self) -> bool:
        """Whether the output bias b is trained."""
        return self.bias

    @property
    def has_hidden_bias(self) -> bool:
        """Whether the hidden biases are trained."""
        return self.hidden_bias

    @property
    def layers(self) -> tuple[str, ...]:
        """The outputs, hidden_1, hidden_2, …, and all of these one after another."""
        return "output", *self._inner, HIDDEN

    @property
    def _inner(self) -> tuple[str, ...]:
        return tuple(f"{HIDDEN}_{k + 1}" for k in range(len(self.widths)))

    def parameters(self, n_features: int) -> dict[str, tuple[int, ...]]:
        """The shape of every trained array.

        Args:
            n_features: n >= 1.

        Returns:
            By name: the matrices, b, and the hidden biases.
        """
        sizes = {FEATURE: n_features, **dict(zip(self._inner, self.widths, strict=True))}
        dims = self.dimensions(n_features)
        return {name: tuple(sizes[dim] for dim in own) for name, own in dims.items()}

    def dimensions(self, n_features: int) -> dict[str, tuple[str, ...]]:
        """What the dimensions of these arrays are called in a Dataset.

        Args:
            n_features: n >= 1.

        Returns:
            By name.
        """
        chain = pairwise((FEATURE, *self._inner, FEATURE))
        found: dict[str, tuple[str, ...]] = {
            name: (after, before) for name, (before, after) in zip(self.weights, chain, strict=True)
        }
        found |= {"b": (FEATURE,)} if self.bias else {}
        rows = enumerate(self._inner, 1) if self.hidden_bias else ()
        return found | {f"b_{k}": (dim,) for k, dim in rows}

    def values(self, named: Mapping[str, np.ndarray], x: F64) -> dict[str, F64]:
        """What the layers of many models give at once, in float64.

        Args:
            named: arrays (N, ...) as named by `parameters(n)`.
            x: samples (N or 1, batch, n).

        Returns:
            By the names of `layers`, (N, batch, …).
        """
        found, h = {}, x
        for k, layer in enumerate(self._inner, 1):
            z = affine(h, named[f"W_{k}"], named.get(f"b_{k}"))
            h = ACTIVATIONS[self.hidden_activation].f(z)
            h = found[layer] = normalised(h) if self.layer_norm else h
        y = ACTIVATIONS[self.activation].f(affine(h, named[self.weights[-1]], named.get("b")))
        return {"output": y, **found, HIDDEN: np.concatenate(list(found.values()), -1)}


EXAMPLE = Deep(widths=(4, 3), hidden_bias=True)

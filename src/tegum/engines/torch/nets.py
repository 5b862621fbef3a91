"""Models on tensors, stacked over instances: x (N, n, batch) → h (N, m, batch), x' (N, n, batch).

Samples are the last axis: matrix products and everything by element then run along it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import gelu, leaky_relu

from tegum.errors import SpecError
from tegum.models import Deep
from tegum.models.activations import LEAKY_SLOPE
from tegum.models.base import NORM_FLOOR

if TYPE_CHECKING:
    from tegum.models import Model

#: By the names of `models.activations.ACTIVATIONS`.
ACTIVATIONS: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "relu": torch.relu,
    "gelu": gelu,
    "leaky": lambda z: leaky_relu(z, LEAKY_SLOPE),
    "quadratic": torch.square,
    "identity": lambda z: z,
}


class Disturb(NamedTuple):
    """What the decoder reads in place of h: h∘scale + shift, each of the shape of h if any."""

    scale: Tensor | None = None
    shift: Tensor | None = None

    def units(self, first: int, stop: int) -> Disturb:
        """What is done to some of the units."""
        return Disturb(*(None if part is None else part[:, first:stop] for part in self))

    def __call__(self, h: Tensor) -> Tensor:
        """h, changed."""
        if self.scale is not None:
            h = h * self.scale
        return h if self.shift is None else h + self.shift


as_it_is: Final = Disturb()
#: The parameters, each (N, ...), x, and what is done to h on its way, to h and x'.
Net = Callable[[Mapping[str, Tensor], Tensor, Disturb], tuple[Tensor, Tensor]]


def split(theta: Any, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The parameters of these shapes in rows (N, P), which they fill in order: views, (N, ...)."""
    found, at = {}, 0
    for name, shape in shapes.items():
        found[name] = theta[:, at : at + prod(shape)].reshape(-1, *shape)
        at += prod(shape)
    return found


def net_of(model: Model) -> Net:
    """The forward pass of a model; SpecError for an activation that this engine does not know."""
    hidden = _hidden(model)
    output = _activation(model, "output_activation")
    if isinstance(model, Deep):
        return _deep(model, hidden, output)

    def forward(
        parameters: Mapping[str, Tensor], x: Tensor, disturb: Disturb
    ) -> tuple[Tensor, Tensor]:
        w_in = parameters["W" if model.tied else "W_in"]
        w_out = w_in.transpose(1, 2) if model.tied else parameters["W_out"]
        h = hidden(_affine(w_in, x, parameters.get("b_hidden")))
        return h, output(_affine(w_out, disturb(h), parameters.get("b")))

    return forward


def _hidden(model: Model) -> Callable[[Tensor], Tensor]:
    """f_h, and what is normalised of it, over the units of (N, m, batch)."""
    f = _activation(model, "hidden_activation")
    return (lambda z: normalised(f(z), 1)) if model.has_layer_norm else f


def normalised(h: Tensor, axis: int) -> Tensor:
    """(h − mean)/√(variance + ε) over an axis."""
    apart = h - h.mean(axis, keepdim=True)
    return apart * (apart.square().mean(axis, keepdim=True) + NORM_FLOOR).rsqrt()


def _deep(
    model: Deep, hidden: Callable[[Tensor], Tensor], output: Callable[[Tensor], Tensor]
) -> Net:
    def forward(
        parameters: Mapping[str, Tensor], x: Tensor, disturb: Disturb
    ) -> tuple[Tensor, Tensor]:
        found, read, at = [], x, 0
        for k, width in enumerate(model.widths, 1):
            h = hidden(_affine(parameters[f"W_{k}"], read, parameters.get(f"b_{k}")))
            found.append(h)
            read = disturb.units(at, at + width)(h)
            at += width
        y = output(_affine(parameters[model.weights[-1]], read, parameters.get("b")))
        return torch.cat(found, 1), y

    return forward


def _affine(w: Tensor, x: Tensor, b: Tensor | None) -> Tensor:
    """w (N, r, k) times x (N, k, batch), plus b (N, r).

    Products of vectors are summed by element: a library has ways of its own for a single one.
    """
    if 1 in w.shape[1:]:
        z = w * x if w.shape[2] == 1 else (w.transpose(1, 2) * x).sum(1, keepdim=True)
        return z if b is None else z + b[:, :, None]
    return torch.bmm(w, x) if b is None else torch.baddbmm(b[:, :, None], w, x)


def _activation(model: Model, field: str) -> Callable[[Tensor], Tensor]:
    name = getattr(model, field)
    if name not in ACTIVATIONS:
        rule = f"must be one that the torch engine knows: {', '.join(ACTIVATIONS)}"
        raise SpecError.of(type(model).__name__, field, rule, name)
    return ACTIVATIONS[name]

"""The module behind `tegum.torch.module`: loaded where PyTorch is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tegum.engines.torch.nets import ACTIVATIONS, normalised
from tegum.models import Deep, Model


class ToyModel(nn.Module):
    """h = f_h(W_in x + b_hidden), x' = f(W_out h + b), of one model or a stack."""

    def __init__(self, model: Model, arrays: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        self._matrices = model.weights
        self._f_hidden = ACTIVATIONS[model.hidden_activation]
        self._normalise = model.has_layer_norm
        self._f = ACTIVATIONS[model.output_activation]
        for name, array in arrays.items():
            self.register_parameter(name, nn.Parameter(torch.from_numpy(array)))

    def hidden(self, x: Tensor) -> Tensor:
        """The hidden activations h (..., hidden) of x (..., feature)."""
        encoder = getattr(self, self._matrices[0])
        h = self._f_hidden(self._plus(x @ encoder.mT, "b_hidden"))
        return normalised(h, -1) if self._normalise else h

    def forward(self, x: Tensor) -> Tensor:
        """The outputs x' (..., feature) of x (..., feature)."""
        first, *rest = self._matrices
        turned = getattr(self, rest[0]).mT if rest else getattr(self, first)
        return self._f(self._plus(self.hidden(x) @ turned, "b"))

    def _plus(self, z: Tensor, name: str) -> Tensor:
        return _plus(z, getattr(self, name, None))


class DeepModel(nn.Module):
    """h_k = f_h(W_k h_{k-1} + b_k), x' = f(W_{L+1} h_L + b), of one model or a stack."""

    def __init__(self, model: Deep, arrays: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        self._model = model
        for name, array in arrays.items():
            self.register_parameter(name, nn.Parameter(torch.from_numpy(array)))

    def _layers(self, x: Tensor) -> list[Tensor]:
        found = [x]
        for k, name in enumerate(self._model.weights[:-1], 1):
            z = _plus(found[-1] @ getattr(self, name).mT, getattr(self, f"b_{k}", None))
            h = ACTIVATIONS[self._model.hidden_activation](z)
            found.append(normalised(h, -1) if self._model.layer_norm else h)
        return found[1:]

    def hidden(self, x: Tensor) -> Tensor:
        """All hidden activations, layer after layer, of x (..., feature)."""
        return torch.cat(self._layers(x), -1)

    def forward(self, x: Tensor) -> Tensor:
        """The outputs x' (..., feature) of x (..., feature)."""
        last = getattr(self, self._model.weights[-1])
        z = _plus(self._layers(x)[-1] @ last.mT, getattr(self, "b", None))
        return ACTIVATIONS[self._model.activation](z)


def _plus(z: Tensor, bias: Tensor | None) -> Tensor:
    if bias is None:
        return z
    return z + (bias if bias.ndim == 1 else bias[..., None, :])

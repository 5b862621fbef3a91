"""The module behind `tegum.torch.module`: loaded where PyTorch is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tegum.engines.torch.nets import ACTIVATIONS
from tegum.models import Model


class ToyModel(nn.Module):
    """h = f_h(W_in x + b_hidden), x' = f(W_out h + b), of one model or a stack."""

    def __init__(self, model: Model, arrays: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        self._matrices = model.weights
        self._f_hidden = ACTIVATIONS[model.hidden_activation]
        self._f = ACTIVATIONS[model.output_activation]
        for name, array in arrays.items():
            self.register_parameter(name, nn.Parameter(torch.from_numpy(array)))

    def hidden(self, x: Tensor) -> Tensor:
        """The hidden activations h (..., hidden) of x (..., feature)."""
        encoder = getattr(self, self._matrices[0])
        return self._f_hidden(self._plus(x @ encoder.mT, "b_hidden"))

    def forward(self, x: Tensor) -> Tensor:
        """The outputs x' (..., feature) of x (..., feature)."""
        first, *rest = self._matrices
        turned = getattr(self, rest[0]).mT if rest else getattr(self, first)
        return self._f(self._plus(self.hidden(x) @ turned, "b"))

    def _plus(self, z: Tensor, name: str) -> Tensor:
        bias = getattr(self, name, None)
        if bias is None:
            return z
        return z + (bias if bias.ndim == 1 else bias[..., None, :])

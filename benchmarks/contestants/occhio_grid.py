"""occhio: its `ModelGrid.fit`, which trains a grid of `ToyModel`s under vmap.

Each model gets a distribution with its own generator, as the work asks for data of its own for
every model; the grid's sample cache, which would hand one batch to all of them, is off. AdamW
without weight decay is Adam. What the package has no class for is done by a subclass of its public
base classes.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from occhio import AutoEncoderBase, ModelGrid, ToyModel
from occhio.autoencoder import TiedLinearRelu
from occhio.distributions import SparseUniform
from occhio.model_grid import Axis
from torch import Tensor
from works import BATCH, Settings, Work

from contestants.base import (
    Trainer,
    Weights,
    is_signed,
    stack_size,
    stack_sizes,
    start_weights,
)
from contestants.torch_loop import thread_counts

#: Steps at the start of a `fit` that are not timed: compilation and allocation happen there.
WARM_UP = 1


class HiddenReLU(TiedLinearRelu):
    """The package's tied model with a rectified hidden layer."""

    def encode(self, x: Tensor) -> Tensor:
        return torch.relu(super().encode(x))


class TwoLayerAbs(AutoEncoderBase):
    """Untied weights and a hidden ReLU, with |x| as the target."""

    def __init__(self, n_features: int, n_hidden: int) -> None:
        super().__init__()
        self.n_features, self.n_hidden = n_features, n_hidden
        self.resample_weights()

    def resample_weights(self) -> None:
        self.W = torch.nn.Parameter(torch.randn(self.n_hidden, self.n_features))
        self.W_out = torch.nn.Parameter(torch.randn(self.n_features, self.n_hidden))
        self.b = torch.nn.Parameter(torch.zeros(self.n_features))

    def encode(self, x: Tensor) -> Tensor:
        return torch.relu(x @ self.W.T)

    def decode(self, z: Tensor) -> Tensor:
        return torch.relu(z @ self.W_out.T + self.b)

    def loss(self, x_true: Tensor, x_hat: Tensor, importances: Tensor | None) -> Tensor:
        loss: Tensor = super().loss(x_true.abs(), x_hat, importances)
        return loss


class Features(SparseUniform):
    """The package's distribution, signed if wanted; `clock`, if any, notes when it is asked."""

    signed = False
    clock: list[float] | None = None

    def sample(self, batch_size: int) -> Tensor:
        if self.clock is not None:
            self.clock.append(time.perf_counter())
        if not self.signed:
            return super().sample(batch_size)
        mask = self._rand(batch_size, self.n_features) < self.p_active
        return mask * (2 * self._rand(batch_size, self.n_features) - 1)


MODELS = {"relu_output": TiedLinearRelu, "relu_hidden": HiddenReLU, "two_layer_abs": TwoLayerAbs}


class Grid(Trainer):
    """A one-axis grid, trained by calls of `fit`."""

    def __init__(
        self, work: Work, p: float, settings: Settings, learning_rate: float, start: Weights
    ) -> None:
        torch.set_num_threads(int(settings["threads"]))
        self.work, self.instances, self.learning_rate = work, start.instances, learning_rate
        self.compile = bool(settings.get("compile"))
        self.clock: list[float] = []

        def create(params: dict[str, Tensor]) -> ToyModel:
            return self._model(p, int(params["model"]), start)

        axis = Axis("model", list(range(self.instances)))
        self.grid = ModelGrid(create, [axis], cache_samples=False)

    def _model(self, p: float, index: int, start: Weights) -> ToyModel:
        generator = torch.Generator().manual_seed(index)
        features = Features(self.work.n, p, generator=generator)
        features.signed = is_signed(self.work)
        features.clock = self.clock if index == 0 else None
        model = MODELS[self.work.kind](self.work.n, self.work.m)
        with torch.no_grad():
            model.W.copy_(torch.from_numpy(start.w_in[index]))
            if isinstance(model, TwoLayerAbs):
                model.W_out.copy_(torch.from_numpy(start.w_out[index]))
        return ToyModel(features, model)

    def advance(self, steps: int) -> None:
        self.grid.fit(
            n_epochs=steps,
            batch_size=BATCH,
            learning_rate=self.learning_rate,
            weight_decay=0.0,
            compile=self.compile,
        )

    def timed(self, steps: int) -> float:
        """From the start of a step after the warm-up to the start of the last step."""
        self.clock.clear()
        self.advance(WARM_UP + steps + 1)
        return self.clock[WARM_UP + steps] - self.clock[WARM_UP]

    def weights(self) -> Weights:
        def stacked(name: str) -> np.ndarray:
            each = [getattr(model.ae, name).detach().numpy() for model in self.grid.models]
            return np.stack(each)

        if self.work.kind == "two_layer_abs":
            return Weights(stacked("W"), stacked("W_out"), stacked("b"))
        return Weights.tied(stacked("W"), stacked("b"))


def candidates(work: Work, cores: int) -> list[Settings]:
    """Stack sizes, one thread and all, and compiled."""
    found: list[Settings] = []
    for stack in stack_sizes(work):
        found += [{"stack": stack, "threads": k} for k in thread_counts(cores)]
    return [*found, {"stack": work.instances, "threads": cores, "compile": True}]


def build(
    work: Work, p: float, settings: Settings, learning_rate: float, start: Weights | None
) -> Grid:
    """A grid of the package's models."""
    if start is None:
        start = start_weights(work, stack_size(work, settings), 0)
    return Grid(work, p, settings, learning_rate, start)

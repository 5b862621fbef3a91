"""tms-kit: its `optimize` on its `Model`, which is a stack of models.

What the package has no class for (a hidden ReLU, untied weights, |x|, signed magnitudes) is done
the way its user would: by a subclass of its public classes.
"""

from __future__ import annotations

import numpy as np
import torch
from tms_kit.data import DataGenerator, IIDFeatureGenerator
from tms_kit.loss import ImportanceWeightedLoss
from tms_kit.model import Model
from tms_kit.optimize import optimize
from tms_kit.tms import TMS
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
from contestants.torch_loop import compiled, thread_counts


class HiddenReLU(Model):
    """The package's tied model with a rectified hidden layer."""

    def encode(self, features: Tensor) -> Tensor:
        return torch.relu(super().encode(features))


class TwoLayer(HiddenReLU):
    """Untied weights: `W` encodes, `W_out` (instance, hidden, feature) decodes."""

    def __init__(self, n_features: int, n_inst: int, d_hidden: int) -> None:
        super().__init__(n_features, n_inst, d_hidden)
        self.W_out = torch.nn.Parameter(torch.empty((n_inst, d_hidden, n_features)))

    def decode(self, hidden: Tensor) -> Tensor:
        out = torch.einsum("...ih,ihf->...if", hidden, self.W_out)
        return torch.relu(out + self.b_final)


class SignedFeatures(DataGenerator):
    """The package's independent features with magnitudes in [-1, 1]."""

    def generate_batch(self, batch_size: int) -> Tensor:
        shape = (batch_size, self.n_inst, self.n_features)
        magnitude = 2 * torch.rand(shape) - 1
        return torch.where(torch.rand(shape) <= self.feature_probability, magnitude, 0.0)


class AbsoluteLoss(ImportanceWeightedLoss):
    """The package's loss against |x|."""

    def calculate_loss(self, pred: Tensor, target: Tensor) -> Tensor:
        loss: Tensor = super().calculate_loss(pred, target.abs())
        return loss


MODELS = {"relu_output": Model, "relu_hidden": HiddenReLU, "two_layer_abs": TwoLayer}


class Bundle(TMS):
    """Model, data and loss, as the package wants them."""

    def __init__(self, work: Work, p: float, instances: int) -> None:
        shape = (work.n, instances)
        self.model = MODELS[work.kind](work.n, instances, work.m)
        generator = SignedFeatures if is_signed(work) else IIDFeatureGenerator
        self.data_gen = generator(*shape, torch.full((instances, work.n), p))
        loss = AbsoluteLoss if is_signed(work) else ImportanceWeightedLoss
        self.loss_calc = loss(work.n, torch.ones(work.n))


class Stack(Trainer):
    """One stack, trained by calls of `optimize`."""

    def __init__(
        self, work: Work, p: float, settings: Settings, learning_rate: float, start: Weights
    ) -> None:
        torch.set_num_threads(int(settings["threads"]))
        self.work, self.instances, self.learning_rate = work, start.instances, learning_rate
        self.bundle = Bundle(work, p, self.instances)
        self.model = self.bundle.model
        with torch.no_grad():
            self.model.W.copy_(torch.from_numpy(start.w_in))
            if isinstance(self.model, TwoLayer):
                self.model.W_out.copy_(torch.from_numpy(start.w_out.transpose(0, 2, 1).copy()))
        if settings.get("compile"):
            self.bundle.model = compiled(self.model)

    def advance(self, steps: int) -> None:
        optimize(
            self.bundle,
            disable_tqdm=True,
            batch_size=BATCH,
            steps=steps,
            log_freq=steps,
            lr=self.learning_rate,
        )

    def weights(self) -> Weights:
        w_in, b = self.model.W.detach().numpy(), self.model.b_final.detach().numpy()
        if isinstance(self.model, TwoLayer):
            return Weights(w_in, np.swapaxes(self.model.W_out.detach().numpy(), 1, 2), b)
        return Weights.tied(w_in, b)


def candidates(work: Work, cores: int) -> list[Settings]:
    """Stack sizes, one thread and all, and a compiled model."""
    found: list[Settings] = []
    for stack in stack_sizes(work):
        found += [{"stack": stack, "threads": k} for k in thread_counts(cores)]
    return [*found, {"stack": work.instances, "threads": cores, "compile": True}]


def build(
    work: Work, p: float, settings: Settings, learning_rate: float, start: Weights | None
) -> Stack:
    """A stack of the package's models."""
    if start is None:
        start = start_weights(work, stack_size(work, settings), 0)
    return Stack(work, p, settings, learning_rate, start)

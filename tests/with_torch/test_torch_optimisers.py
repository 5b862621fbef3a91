"""The optimisers of PyTorch beside ours: `make test-torch`, which installs it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from optimisers import PROBLEMS, TRAININGS, check_training, plain, rate_by_hand
from sampled_reference import Array

import tegum as tg


class TorchOptimiser:
    """torch.optim on one array in float64."""

    def __init__(self, training: tg.Training) -> None:
        self.training = training
        self.optimiser: torch.optim.Optimizer | None = None

    def step(self, theta: Array, gradient: Array, rate: float) -> Array:
        if self.optimiser is None:
            self.theta = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
            t, optim = self.training, torch.optim
            options: dict[str, Any] = {"lr": 1.0, "weight_decay": t.weight_decay}
            kind = {"adam": optim.Adam, "adamw": optim.AdamW, "sgd": optim.SGD}[t.optimizer]
            if t.optimizer == "sgd":
                options["momentum"] = t.momentum
            self.optimiser = kind([self.theta], **options)
        self.theta.grad = torch.tensor(gradient, dtype=torch.float64)
        self.optimiser.param_groups[0]["lr"] = rate
        self.optimiser.step()
        return self.theta.detach().numpy().copy()


@pytest.mark.parametrize("name", TRAININGS)
@pytest.mark.parametrize("kernel", PROBLEMS)
def test_training_follows_pytorch(kernel: str, name: str) -> None:
    check_training(kernel, name, TorchOptimiser)


@pytest.mark.parametrize("name", TRAININGS)
def test_the_published_formulas_are_those_of_pytorch(name: str) -> None:
    rng = np.random.default_rng(0)
    training = TRAININGS[name].replace(steps=50)
    theta = other = rng.normal(size=100)
    ours, theirs = plain(training), TorchOptimiser(training)
    for step in range(training.steps):
        gradient, rate = rng.normal(size=100), rate_by_hand(training, step)
        theta = ours.step(theta, gradient, rate)
        other = theirs.step(other, gradient, rate)
        np.testing.assert_allclose(theta, other, rtol=1e-12, atol=1e-14)

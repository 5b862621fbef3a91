"""Both engines, and modules of users, train alike: losses of 64 seeds have one distribution."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torch import Tensor, nn

import tegum as tg

PROBLEMS = {
    "two features": tg.Problem(tg.Independent(2, 0.3), tg.ReLUOutput(1), importance=(1.0, 0.7)),
    "superposition": tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2)),
    "neurons": tg.Problem(tg.Independent(6, 0.2, "exponential"), tg.ReLUHidden(3), l1=0.01),
    "sets": tg.Problem(
        tg.Groups([tg.Anticorrelated(2, 2, 0.5), tg.Correlated(1, 2, 0.4)]), tg.ReLUOutput(2)
    ),
    "absolute value": tg.Problem(
        tg.Independent(5, 0.2, "signed"), tg.TwoLayer(6, hidden_bias=True), target="abs"
    ),
}


class Tied(nn.Module):
    """The model of the paper, as one writes it in PyTorch."""

    def __init__(self, n: int, m: int) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.randn(m, n) * sqrt(2 / (n + m)))
        self.b = nn.Parameter(torch.zeros(n))
        self.h = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.h(x @ self.W.T) @ self.W + self.b)


class Neurons(Tied):
    """With neurons."""

    def __init__(self, n: int, m: int) -> None:
        super().__init__(n, m)
        self.h = nn.ReLU()


class Apart(nn.Module):
    """Of two layers."""

    def __init__(self, n: int, m: int) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(n, m), nn.Linear(m, n)
        for layer in (self.encoder, self.decoder):
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.decoder(torch.relu(self.encoder(x))))


MODULES = {"neurons": Neurons, "absolute value": Apart}
TRAINING = tg.Training(steps=600, batch_size=128, learning_rate=5e-3, curve_points=0, held_out=8192)


def losses(problem: tg.Problem, training: tg.Training, seed: int) -> Any:
    runs = tg.train(problem, training=training, seeds=64, seed=seed, progress=False)
    return runs.loss.to_numpy()


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_modules_are_trained_as_models_are(name: str) -> None:
    """Kolmogorov and Smirnov's test of a module against the sampled engine; each p > 0.01."""
    problem = PROBLEMS[name]
    model = tg.TorchModel(MODULES.get(name, Tied), problem.n_hidden, ["h"] if problem.l1 else [])
    training = TRAINING.replace(engine="torch")
    ours = losses(problem.replace(model=model), training, 1)
    theirs = losses(problem, TRAINING, 2)
    assert ks_2samp(ours, theirs).pvalue > 0.01
    short = losses(problem.replace(model=model), training.replace(steps=100), 1)
    assert ks_2samp(short, theirs).pvalue < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_losses_are_equally_distributed(problem: tg.Problem) -> None:
    """Kolmogorov and Smirnov's test, of other initial weights each; each p > 0.01."""
    ours = losses(problem, TRAINING.replace(engine="torch"), 1)
    theirs = losses(problem, TRAINING, 2)
    untrained = tg.train(problem, training=TRAINING.replace(steps=0), seeds=64, progress=False)
    assert np.median(ours) < 0.7 * float(untrained.loss.median())
    assert ks_2samp(ours, theirs).pvalue > 0.01
    # the test sees a difference: of a sixth of the steps
    less = TRAINING.replace(engine="torch", steps=100)
    assert ks_2samp(losses(problem, less, 1), theirs).pvalue < 0.01

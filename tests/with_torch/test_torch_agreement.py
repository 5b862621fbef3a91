"""Both engines, and modules of users, train alike: losses of 64 seeds have one distribution.

On the same samples, from the same weights, they take the same steps.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torch import Tensor, nn

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.torch.engine import TorchEngine

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


DATA = {
    "hierarchy": tg.Hierarchy((-1, 0, 0, 1, -1), (0.3, 0.5, 0.4, 0.9, 0.1), exclusive=True),
    "copula": tg.Copula((0.1, 0.2, 0.1, 0.3, 0.1), factors=[[0.9], [0.7], [0.5], [-0.6], [0.2]]),
    "mixture": tg.Mixture(
        [tg.Independent(5, 0.1), tg.Correlated(1, 5, 0.3), tg.Samples(np.eye(5))], weights=(3, 1, 1)
    ),
    "rows": tg.Samples(np.random.default_rng(1).random((200, 5)) ** 4),
    "function": tg.Custom(lambda rng, count: rng.random((count, 5)) ** 9, 5),
}
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


@pytest.mark.slow
@pytest.mark.parametrize("law", DATA.values(), ids=DATA)
def test_so_are_those_of_data_of_every_kind(law: Any) -> None:
    test_losses_are_equally_distributed(tg.Problem(law, tg.ReLUOutput(2)))


ROWS = np.random.default_rng(2).normal(size=(150, 6)) * (np.random.default_rng(3).random(6) < 0.7)


def some_rows(rng: np.random.Generator, count: int) -> Any:
    """Of the same data set, drawn by whoever asks."""
    return ROWS[rng.integers(len(ROWS), size=count)]


@pytest.mark.parametrize("law", [tg.Samples(ROWS), tg.Custom(some_rows, 6)], ids=["all", "some"])
@pytest.mark.parametrize("fields", [{}, {"l1": 0.01, "loss_power": 3.0, "weight_l2": 0.01}])
def test_steps_on_the_same_samples_are_the_same(law: Any, fields: Any) -> None:
    """All rows in each step, and minibatches of them: parameters agree to 1e-5 after each slice."""
    size: Any = "all" if isinstance(law, tg.Samples) else 64
    problem = tg.Problem(law, tg.ReLUOutput(3), importance=np.geomspace(1, 0.2, 6), **fields)
    training = tg.Training(
        steps=100, batch_size=size, checkpoints=[1, 2, 5, 20, 100], curve_points=2, held_out=1024
    )
    theirs = tg.train(problem, training=training, seeds=2, progress=False)
    on_cpu = training.replace(engine="torch", device="cpu")
    ours = tg.train(problem, training=on_cpu, seeds=2, progress=False)
    for name in ("W_checkpoint", "b_checkpoint", "W", "b"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5)
    assert float(abs(ours.W - ours.W_checkpoint[..., 0]).max()) > 0.01
    for name in ("loss", "loss_error", "loss_curve"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5, atol=1e-7)


def named(law: Any) -> Any:
    return type(law).__name__


@pytest.mark.parametrize("law", DATA.values(), ids=named)
@pytest.mark.parametrize(
    "model", [tg.ReLUOutput(2), tg.Deep((3, 2), hidden_bias=True), tg.Deep((70, 3))], ids=repr
)
def test_data_of_every_kind_has_the_same_bits_in_any_company(law: Any, model: Any) -> None:
    """Alone, beside other seeds and another problem, in slices, on two threads."""
    problem = tg.Problem(law, model)
    training = tg.Training(engine="torch", steps=7, batch_size=40, held_out=1100, device="cpu")
    points = (problem.replace(importance=0.5), problem)
    together = Batch(problem, points, (training,) * 2, (0, 1, 5), 5)
    alone = Batch(problem, (problem,), (training,), (5,), 5)
    engine = TorchEngine("cpu")
    whole = engine.advance(together, engine.init(together), 7, jobs=2)
    own = engine.init(alone)
    for steps in (3, 4):
        own = engine.advance(alone, own, steps, jobs=1)
    np.testing.assert_array_equal(whole["theta"][-1], own["theta"][0])
    assert engine.probe(together, whole, jobs=2)[-1] == engine.probe(alone, own, jobs=1)[0]
    for name, value in engine.score(alone, own, jobs=1).items():
        assert engine.score(together, whole, jobs=2)[name][-1] == value[0], name


@pytest.mark.parametrize("law", DATA.values(), ids=named)
def test_modules_and_deep_models_take_data_of_every_kind(law: Any) -> None:
    """A module of the paper's model is trained on the samples that the model itself is given."""
    training = tg.Training(engine="torch", steps=6, batch_size=32, held_out=64, curve_points=2)
    modules = tg.Problem(law, tg.TorchModel(Tied, 2, ["h"]), l1=0.01)
    runs = tg.train(modules, training=training, progress=False)
    if isinstance(law, tg.Samples):
        forward = runs.W[0].to_numpy().T @ runs.W[0].to_numpy()
        y = np.maximum(law.x.values @ forward + runs.b[0].to_numpy(), 0)
        exact = ((law.x.values - y) ** 2).sum(axis=1).mean()
        np.testing.assert_allclose(runs.loss[0], exact, rtol=1e-5)
        assert float(runs.loss_error[0]) == 0
    deep = tg.train(tg.Problem(law, tg.Deep((4, 3))), training=training, progress=False)
    for found in (runs, deep):
        assert np.isfinite(found.loss).all()
        assert not found.diverged.any()

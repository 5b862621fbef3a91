"""Adversarial training: its gradients against plain ones on samples that were moved by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from sampled_reference import Array, reference_gradient, samples_of_step

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.sampled.attack import ATTACK
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.sampled.lowering import lower
from tegum.engines.sampled.random import draw, step_key, u32, u64
from tegum.errors import SpecError

MODELS = {
    "relu": tg.ReLUOutput(n_hidden=7),
    "linear": tg.Linear(n_hidden=3),
    "two-layer": tg.TwoLayer(n_hidden=5, hidden_activation="identity", hidden_bias=True),
    "gelu": tg.ReLUOutput(n_hidden=4, activation="gelu"),
}
SGD = {"optimizer": "sgd", "momentum": 0.0, "learning_rate": 1e-3, "held_out": 64}


def chosen(batch: Batch, step: int) -> Array:
    """The features that are attacked in a step, from the addresses of their random numbers."""
    bits = np.zeros(batch.training.batch_size, np.uint32)
    hashes(lower(batch).instances.keys[0], step, bits)
    return np.array([int(b) * batch.problem.n_features >> 32 for b in bits])


@njit
def hashes(instance, step, into):  # type: ignore[no-untyped-def]
    key = step_key(instance, ATTACK, step)
    for sample in range(len(into)):
        into[sample] = draw(u32(sample), u32(key), u32(key >> u64(32)))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("p", [1.0, 0.05])
@pytest.mark.parametrize("size", [0.1, 2.0])
def test_gradient_is_that_of_moved_samples(model: tg.ReLUOutput, p: float, size: float) -> None:
    rng = np.random.default_rng(1)
    problem = tg.Problem(tg.Independent(25, p), model, rng.uniform(0.2, 1.0, 25))
    training = tg.Training(steps=4, batch_size=300, attack=size, **SGD)
    batch = Batch(problem, (problem,), (training,), (0,), 7)
    engine = SampledEngine()
    state = engine.init(batch)
    state["theta"] += np.float32(0.1) * np.cos(np.arange(state["theta"].size), dtype=np.float32)
    if not model.has_hidden_bias:
        state["theta"][:, -model.n_hidden :] = 0.0
    for step in range(2):
        before = {k: v.copy() for k, v in engine.parameters(batch, state).items()}
        state = engine.advance(batch, state, 1, jobs=1)
        x = samples_of_step(batch, step).astype(np.float64)
        w_in = before["W" if model.tied else "W_in"][0].astype(np.float64)
        w_out = w_in.T if model.tied else before["W_out"][0].astype(np.float64)
        G = w_out @ w_in  # row i: the gradient of the pre-activation of output i
        delta = size * G / np.linalg.norm(G, axis=1, keepdims=True)
        wanted = reference_gradient(problem, before, x, x + delta[chosen(batch, step)])
        found = engine.parameters(batch, {**state, "theta": state["moment"]})
        for name, gradient in wanted.items():
            scale = np.abs(gradient).max() + 1e-3
            np.testing.assert_allclose(found[name][0] / scale, gradient / scale, atol=1e-5)


def test_every_feature_is_attacked_alike() -> None:
    """30,000 choices among 25: χ² with 24 degrees of freedom is above 52.6 once in 1,500 times."""
    problem = tg.Problem(tg.Independent(25, 0.1), MODELS["relu"])
    training = tg.Training(steps=40, batch_size=1000, attack=0.1)
    batch = Batch(problem, (problem,), (training,), (0,), 7)
    counts = np.bincount(np.concatenate([chosen(batch, step) for step in range(30)]), minlength=25)
    assert ((counts - 1200.0) ** 2 / 1200.0).sum() < 52.6


def test_an_output_that_nothing_moves_is_not_attacked() -> None:
    problem = tg.Problem(tg.Independent(12, 0.3), tg.ReLUOutput(2))
    training = tg.Training(steps=3, batch_size=64, attack=0.5, **SGD)
    batch = Batch(problem, (problem,), (training,), (0,), 7)
    engine = SampledEngine()
    state = engine.init(batch)
    engine.parameters(batch, state)["W"][:] = 0.0
    state = engine.advance(batch, state, 3, jobs=1)
    assert np.isfinite(state["theta"]).all()
    assert not engine.parameters(batch, state)["W"].any()


def test_company_and_attack_zero_change_no_bit() -> None:
    """Models that nobody attacks are the same beside attacked ones, and as without the word."""
    problem = tg.Problem(tg.Independent(20, 0.05), tg.ReLUOutput(5))
    training = tg.Training(steps=30, batch_size=128)
    alone = tg.train(problem, training=training, seeds=2, progress=False)
    both = tg.train(problem, {"attack": [0.0, 0.4]}, training, seeds=2, progress=False)
    only = tg.train(problem, training=training.replace(attack=0.4), seeds=2, progress=False)
    np.testing.assert_array_equal(both.W.sel(attack=0.0), alone.W)
    np.testing.assert_array_equal(both.W.sel(attack=0.4), only.W)
    assert not np.array_equal(alone.W, only.W)


def test_bad_attacks_are_refused() -> None:
    problem = tg.Problem(tg.Independent(5, 0.1), tg.ReLUHidden(2))
    with pytest.raises(SpecError, match=r"Training\.attack must be 0 where h is not linear"):
        tg.train(problem, training=tg.Training(steps=1, attack=0.1), progress=False)
    with pytest.raises(SpecError, match=r"Training\.attack must be 0\.0 for the exact engine"):
        tg.Training(engine="exact", attack=0.1)
    with pytest.raises(SpecError, match=r"Training\.attack must be .*; got -0\.1"):
        tg.Training(attack=-0.1)

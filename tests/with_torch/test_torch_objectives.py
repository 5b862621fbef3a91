"""Powers of errors, costs of weights, columns of norm 1, noise and dropout, in the torch engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from optimisers import batch_of

import tegum as tg
from tegum.engines.base import Batch, first_state
from tegum.engines.torch.addressed import TRAIN, ramp, words
from tegum.engines.torch.descent import batch_of as drawn
from tegum.engines.torch.descent import gradient
from tegum.engines.torch.engine import TorchEngine
from tegum.engines.torch.lowering import Lowered, lower
from tegum.engines.torch.nets import split

Array = np.ndarray[Any, Any]
X = tg.Independent(4, 0.6, magnitude="signed")
TIED, UNTIED = tg.Problem(X, tg.ReLUHidden(3)), tg.Problem(X, tg.TwoLayer(3, hidden_bias=True))
CASES: dict[str, tuple[tg.Problem, dict[str, float]]] = {
    "fourth power": (TIED.replace(loss_power=4, importance=(1, 2, 3, 4)), {}),
    "power 1.5": (UNTIED.replace(loss_power=1.5), {}),
    "absolute": (TIED.replace(loss_power=1), {}),
    "costs": (UNTIED.replace(weight_l1=(0.1, 0.2), weight_l2=(0.3, 0.0), l1=0.1), {}),
    "costs of a tied model": (TIED.replace(weight_l1=0.1, weight_l2=0.2), {}),
    "noise": (UNTIED, {"hidden_noise": 0.5}),
    "dropout": (TIED.replace(l1=0.3), {"hidden_dropout": 0.4}),
    "both, unit columns": (
        TIED.replace(unit_norm=True, weight_l1=0.1),
        {"hidden_noise": 0.2, "hidden_dropout": 0.2},
    ),
    "matrix": (UNTIED.replace(target=tg.LinearMap([[1.0, 0.5, 0, 0], [0, 0, -1.0, 2.0]])), {}),
}


def training_of(**fields: Any) -> tg.Training:
    given = {"engine": "torch", "dtype": "float64", "batch_size": 40, "curve_points": 0}
    return tg.Training(**{**given, "steps": 20, "held_out": 300, **fields})


def lowered(batch: Batch) -> Lowered:
    return lower(batch, torch.device("cpu"), torch.float64, False)


def objective(problem: tg.Problem, low: Lowered, theta: Array, number: int) -> float:
    """What a step minimises, by numpy; only x and what happens to h are the engine's."""
    named = {k: v[0] for k, v in split(theta[None], low.shapes).items()}
    w_in = named["W"] if problem.model.tied else named["W_in"]
    w_out = named["W"].T if problem.model.tied else named["W_out"]
    ((x, real, disturb),) = drawn(low, TRAIN, number, 40)
    plain = x[0].numpy().T
    h = np.maximum(plain @ w_in.T + named.get("b_hidden", 0.0), 0)
    read = disturb(torch.from_numpy(h.T[None]))[0].numpy().T
    y = np.maximum(read @ w_out.T + named["b"], 0)
    error = np.abs(problem.target_of(plain) - y) ** problem.loss_power
    each = error @ problem.importance_vector() + problem.l1 * np.abs(h).sum(1)
    (flat, square), matrices = problem.weight_costs(), (w_in, w_out)
    cost = sum(flat[k] * np.abs(w).sum() + square[k] * (w**2).sum() for k, w in enumerate(matrices))
    return float(each[:real].mean() + cost)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    problem, fields = CASES[name]
    training = training_of(init_std=0.7, **fields)
    batch, engine = batch_of(problem, training), TorchEngine(dtype="float64")
    low, theta = lowered(batch), first_state(engine, batch)["theta"]
    theta[:, 12 * len(low.matrices) :] += 0.1  # biases off 0, where ReLU has its kink
    leaves = [v.requires_grad_() for v in split(torch.from_numpy(theta), low.shapes).values()]
    found = gradient(low, leaves, drawn(low, TRAIN, 2, 40), 40)[0].numpy()
    wanted = np.zeros_like(found)
    for k in range(len(wanted)):
        step = np.zeros_like(wanted)
        step[k] = 1e-6
        up, down = (objective(problem, low, theta[0] + s, 2) for s in (step, -step))
        wanted[k] = (up - down) / 2e-6
    if problem.unit_norm:
        slope, columns = wanted[:12].reshape(3, 4), theta[0, :12].reshape(3, 4)
        slope -= (slope * columns).sum(0) * columns
        assert np.abs((found[:12].reshape(3, 4) * columns).sum(0)).max() < 1e-12
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


def test_columns_stay_at_norm_1() -> None:
    for problem in (TIED, UNTIED):
        problem, training = problem.replace(unit_norm=True), training_of(steps=30)
        batch, engine = batch_of(problem, training, seeds=2), TorchEngine(dtype="float64")
        state = first_state(engine, batch)
        before = state["theta"].copy()
        for steps in (0, 1, 29):
            state = engine.advance(batch, state, steps, jobs=1)
            columns = engine.parameters(batch, state)[problem.model.weights[0]]
            np.testing.assert_allclose(np.linalg.norm(columns, axis=1), 1, rtol=1e-12)
        assert np.abs(state["theta"] - before).max() > 0.01


def test_noise_and_dropout_have_their_laws() -> None:
    count, sigma, rate = 100_000, 0.3, 0.25
    training = training_of(hidden_noise=sigma, hidden_dropout=rate)
    low = lowered(batch_of(TIED, training))
    assert low.objective.streams == 6
    of = words(low.addresses, TRAIN, torch.tensor([0]), low.source.streams + 6)[0]
    own = of.of_streams(low.source.streams, low.source.streams + 6)
    h = torch.full((1, 3, count), 2.0, dtype=torch.float64)
    read = low.objective.disturbance(own, ramp(0, count, torch.device("cpu")))(h)[0].numpy()
    kept = read > 1.0  # what stays is 2/(1 - d) = 2.67, some five standard deviations off
    error = 5 / count**0.5
    assert np.abs(kept.mean(1) - (1 - rate)).max() < error
    assert np.abs(read.mean(1) - 2).max() < error * read.std()
    noise = read - kept * 2 / (1 - rate)
    assert np.abs(noise.mean(1)).max() < error * sigma
    assert np.abs(noise.std(1) / sigma - 1).max() < error
    together = np.corrcoef(np.concatenate([noise, kept]))
    assert np.abs(together - np.eye(6)).max() < error
    fourth = ((noise / sigma) ** 4).mean(1)
    assert np.abs(fourth - 3).max() < 5 * (96 / count) ** 0.5


def test_losses_are_of_h_as_it_is_and_penalties_of_all_costs() -> None:
    problem = UNTIED.replace(weight_l1=(0.1, 0.2), weight_l2=0.3, l1=0.1, loss_power=3)
    quiet, noisy = training_of(), training_of(hidden_noise=1.0, hidden_dropout=0.5)
    engine = TorchEngine(dtype="float64")
    found = []
    for training in (quiet, noisy):
        batch = batch_of(problem, training)
        found.append(engine.score(batch, first_state(engine, batch), jobs=1))
    assert found[0]["loss"] == found[1]["loss"]
    assert found[0]["penalty"] == found[1]["penalty"]
    batch = batch_of(problem, quiet)
    theta = {k: v[0] for k, v in engine.parameters(batch, first_state(engine, batch)).items()}
    parts = drawn(lowered(batch), 3, 0, 300)
    x = np.concatenate([x[0, :, :real].numpy().T for x, real, _ in parts])
    h, y = problem.model.forward(theta, x)
    costs = 0.1 * np.abs(theta["W_in"]).sum() + 0.2 * np.abs(theta["W_out"]).sum()
    costs += 0.3 * ((theta["W_in"] ** 2).sum() + (theta["W_out"] ** 2).sum())
    assert found[0]["penalty"][0] == pytest.approx(0.1 * np.abs(h).sum(1).mean() + costs)
    assert found[0]["loss"][0] == pytest.approx((np.abs(x - y) ** 3).sum(1).mean())


def test_alone_and_in_company_with_noise_and_costs() -> None:
    axes = {"hidden_noise": [0.0, 0.3], "hidden_dropout": [0.0, 0.5], "weight_l1": [0.0, 0.1]}
    training = training_of(dtype="float32", batch_size=37)
    problem, engine = UNTIED.replace(unit_norm=True), TorchEngine()
    batch = batch_of(problem, training, axes, seeds=2)
    state = engine.advance(batch, first_state(engine, batch), 6, jobs=2)
    for k in range(batch.n_instances):
        point, own, seed = batch.coordinates(k)
        alone = Batch(problem, (point,), (own,), (seed,), batch.run_seed)
        single = engine.advance(
            alone, engine.advance(alone, first_state(engine, alone), 2, jobs=1), 4, jobs=1
        )
        np.testing.assert_array_equal(single["theta"][0], state["theta"][k])


def test_powers_of_errors_are_swept() -> None:
    """Each point has the bits of a problem with its power alone."""
    powers = [2.0, 1.5, 4.0]
    training = tg.Training(engine="torch", steps=12, batch_size=40, held_out=64, curve_points=2)
    runs = tg.train(TIED, {"loss_power": powers}, training, 2, progress=False)
    for power in powers:
        alone = tg.train(TIED.replace(loss_power=power), None, training, 2, progress=False)
        for name in ("W", "b", "loss", "loss_curve"):
            np.testing.assert_array_equal(runs[name].sel(loss_power=power), alone[name])

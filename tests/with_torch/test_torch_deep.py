"""Several hidden layers, and LayerNorm: gradients beside autograd's, and the Dataset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from optimisers import batch_of
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.torch.addressed import TRAIN
from tegum.engines.torch.descent import batch_of as drawn
from tegum.engines.torch.engine import TorchEngine
from tegum.engines.torch.lowering import lower

N = 6
X = tg.Independent(N, 0.3)
MODELS: dict[str, Any] = {
    "tied": tg.ReLUOutput(3, layer_norm=True),
    "neurons": tg.ReLUHidden(4, hidden_bias=True, layer_norm=True),
    "untied": tg.TwoLayer(4, hidden_bias=True, hidden_activation="gelu", layer_norm=True),
    "deep": tg.Deep((5, 2, 4), hidden_bias=True),
    "deep norm": tg.Deep([5, 3], bias=False, hidden_activation="gelu", layer_norm=True),
}
F = {"relu": torch.relu, "gelu": gelu, "identity": lambda z: z}


def by_hand(model: Any, theta: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """h and x', layer by layer, with PyTorch's own LayerNorm."""
    if isinstance(model, tg.Deep):
        names = [f"W_{k + 1}" for k in range(len(model.widths))]
        biases, last = [name.replace("W", "b") for name in names], f"W_{len(names) + 1}"
        matrices, out = [theta[name] for name in names], theta[last]
    else:
        matrices, biases = [theta["W"] if "W" in theta else theta["W_in"]], ["b_hidden"]
        out = theta["W"].T if "W" in theta else theta["W_out"]
    found, h = [], x
    for W, bias in zip(matrices, biases, strict=True):
        h = F[model.hidden_activation](nn.functional.linear(h, W, theta.get(bias)))
        h = layer_norm(h, h.shape[-1:]) if model.layer_norm else h
        found.append(h)
    return torch.cat(found, -1), F[model.output_activation](
        nn.functional.linear(h, out, theta.get("b"))
    )


def samples(batch: Batch, instance: int, number: int, count: int) -> Tensor:
    low = lower(batch, torch.device("cpu"), torch.float64, False)
    parts = drawn(low.rows(slice(instance, instance + 1)), TRAIN, number, count)
    return torch.cat([x[0, :, :real].T for x, real, _ in parts])


@pytest.mark.parametrize("name", MODELS)
def test_steps_are_those_of_autograd_by_hand(name: str) -> None:
    """PyTorch's own Adam, penalties and all, in float64; then outputs, modules and starts."""
    model = MODELS[name]
    problem = tg.Problem(X, model, l1=0.02, weight_l2=0.003, importance=np.geomspace(1, 0.1, N))
    training = tg.Training(engine="torch", steps=10, batch_size=40, dtype="float64")
    batch, engine = batch_of(problem, training, seeds=2), TorchEngine("cpu", "float64")
    state = engine.init(batch)
    first = engine.parameters(batch, state)
    theta = {k: torch.tensor(v[1]).requires_grad_() for k, v in first.items()}
    optimiser = torch.optim.Adam(theta.values(), lr=1e-3)
    importance = torch.tensor(problem.importance_vector())
    for step in range(10):
        x = samples(batch, 1, step, 40)
        h, y = by_hand(model, theta, x)
        loss = ((x - y) ** 2 @ importance).mean() + 0.02 * h.abs().sum(1).mean()
        loss = loss + 0.003 * sum((w**2).sum() for k, w in theta.items() if k.startswith("W"))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    engine.advance(batch, state, 10, jobs=2)
    for key, wanted in theta.items():
        found = engine.parameters(batch, state)[key][1]
        np.testing.assert_allclose(found, wanted.detach(), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", MODELS)
def test_runs_give_outputs_modules_and_starts(name: str) -> None:
    model, x = MODELS[name], X.sample(np.random.default_rng(0), 9)
    training = tg.Training(engine="torch", steps=3, batch_size=32, dtype="float64", checkpoints=2)
    runs = tg.train(tg.Problem(X, model), training=training, seeds=2, progress=False)
    module, given = tg.torch.module(runs), torch.tensor(x)
    with torch.no_grad():
        h, y = module.hidden(given).numpy(), module(given).numpy()
        for seed in range(2):
            theta = {
                str(k): torch.tensor(runs[k][seed].to_numpy()) for k in tg.torch.state_dict(runs)
            }
            wanted = by_hand(model, theta, given)
            np.testing.assert_allclose(h[seed], wanted[0], atol=1e-12)
            np.testing.assert_allclose(y[seed], wanted[1], atol=1e-12)
    np.testing.assert_allclose(tg.forward(runs, x), y, atol=1e-12)
    np.testing.assert_allclose(tg.forward(runs, x, layer="hidden"), h, atol=1e-12)
    again = tg.train(
        tg.Problem(X, model), training=training.replace(steps=0, checkpoints=0), seeds=2,
        start=runs, progress=False,
    )  # fmt: skip
    np.testing.assert_array_equal(again.loss, runs.loss)


def test_a_deep_dataset_has_a_dimension_for_every_layer() -> None:
    problem = tg.Problem(X, MODELS["deep"], unit_norm=True)
    training = tg.Training(engine="torch", steps=3, batch_size=32, curve_points=0)
    runs = tg.train(problem, {"l1": [0.0, 0.1]}, training, 2, progress=False)
    assert {str(k): array.dims[2:] for k, array in runs.items() if array.ndim > 2} == {
        "W_1": ("hidden_1", "feature"),
        "W_2": ("hidden_2", "hidden_1"),
        "W_3": ("hidden_3", "hidden_2"),
        "W_4": ("feature", "hidden_3"),
        "b": ("feature",),
        **{f"b_{k}": (f"hidden_{k}",) for k in (1, 2, 3)},
    }
    np.testing.assert_allclose((runs.W_1**2).sum("hidden_1"), 1, rtol=1e-5)
    assert tg.forward(runs, np.eye(N), layer="hidden_2").dims[-1] == "hidden_2"
    with pytest.raises(tg.SpecError, match="another name, the model has an array or a"):
        tg.train(problem, {"hidden_1": ("l1", [0.0])}, training, progress=False)


def test_every_layer_starts_at_the_scale_of_its_own_sizes() -> None:
    """N(0, 2/(in + out)) for each matrix, by the mean square of 200 models; biases 0."""
    problem = tg.Problem(tg.Independent(12, 0.1), tg.Deep((30, 5), hidden_bias=True))
    for std in (None, 0.3):
        training = tg.Training(engine="torch", steps=0, curve_points=0, held_out=8, init_std=std)
        runs = tg.train(problem, training=training, seeds=200, progress=False)
        for name, size in (("W_1", 12 + 30), ("W_2", 30 + 5), ("W_3", 5 + 12)):
            wanted = 2 / size if std is None else std**2
            squares = runs[name].to_numpy().astype(float) ** 2
            assert squares.mean() == pytest.approx(wanted, rel=5 * (2 / squares.size) ** 0.5)
        assert not runs.b.any()
        assert not runs.b_1.any()


def test_noise_reaches_every_layer_by_streams_of_its_own() -> None:
    """With identities all the way, x' = x + Σ noise: the slopes of the biases say how much."""
    n, count = 2, 40_000
    model = tg.Deep((n, n), hidden_activation="identity", activation="identity")
    problem = tg.Problem(tg.Independent(n, 1.0, "one"), model)
    training = tg.Training(
        engine="torch", optimizer="sgd", momentum=0, steps=1, batch_size=count, learning_rate=1e-3,
        hidden_noise=0.5, curve_points=0,
    )  # fmt: skip
    eye = tg.train(problem, training=training.replace(steps=0, hidden_noise=0), progress=False)
    for name in ("W_1", "W_2", "W_3"):
        eye[name][:] = np.eye(n)
    runs = tg.train(problem, training=training, start=eye, progress=False)
    # dL/dW_3 = 2 E[(x' − x) hᵀ] with x' − x = ξ_1 + ξ_2 = h − x: 2 · 2σ² on the diagonal alone
    slope = (np.eye(n) - runs.W_3[0].to_numpy()) / 1e-3
    np.testing.assert_allclose(slope, 4 * 0.25 * np.eye(n), atol=0.06)
    # dL/dW_2 = 2 E[(ξ_1 + ξ_2)(1 + ξ_1)ᵀ] = 2σ² on the diagonal
    slope = (np.eye(n) - runs.W_2[0].to_numpy()) / 1e-3
    np.testing.assert_allclose(slope, 2 * 0.25 * np.eye(n), atol=0.06)

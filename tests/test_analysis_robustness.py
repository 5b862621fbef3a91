"""Attacks on models whose answers are known, and against a slow loop."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.analysis.robustness import attacks, vulnerability
from tegum.dims import F64
from tegum.errors import SpecError
from tegum.runs.schema import PARAMETERS


def runs_of(problem: tg.Problem, W: F64, b: F64) -> xr.Dataset:
    """One model as a Dataset that `train` might have made."""
    variables = {"W": (("hidden", "feature"), W), "b": (("feature",), b)}
    return xr.Dataset(variables, attrs={"problem": problem.to_json()})


def test_no_move_of_that_length_raises_an_output_more() -> None:
    rng = np.random.default_rng(0)
    G = rng.normal(size=(3, 6, 6))
    delta = attacks(G, 0.3)
    np.testing.assert_allclose(np.linalg.norm(delta, axis=-1), 0.3)
    risen = np.einsum("kij,kij->ki", G, delta)
    np.testing.assert_allclose(risen, 0.3 * np.linalg.norm(G, axis=-1))
    other = rng.normal(size=(1000, 6))
    other *= 0.3 / np.linalg.norm(other, axis=1, keepdims=True)
    assert (np.einsum("kij,sj->kis", G, other).max(-1) <= risen).all()


def test_an_output_without_input_has_no_attack() -> None:
    assert not attacks(np.diag([1.0, 0.0]), 1.0)[1].any()


def test_the_identity_is_moved_by_the_attack_itself() -> None:
    """x' = x + δ: every attack of length λ costs λ², and there is no gradient to follow."""
    problem = tg.Problem(tg.Independent(4, 0.5), tg.Linear(4))
    found = vulnerability(runs_of(problem, np.eye(4), np.zeros(4)), size=0.2)
    assert found.per_example.item() == pytest.approx(0.04)
    assert found.per_model.item() == pytest.approx(0.04)
    assert (found.masked.item(), found.one_step.item(), found.iterated.item()) == (1.0, 0.0, 0.0)
    assert found.unseen.item() == pytest.approx(0.04)


def test_an_antipodal_pair_without_active_features() -> None:
    """δ = ±λ(1, −1)/√2 lifts one output to √2 λ: 2λ², unseen by gradients; a bias −b holds it."""
    problem = tg.Problem(tg.Independent(2, 1e-12), tg.ReLUOutput(1))
    W = np.array([[1.0, -1.0]])
    found = vulnerability(runs_of(problem, W, np.zeros(2)), size=0.1)
    assert found.per_example.item() == pytest.approx(0.02)
    assert found.per_example_error.item() == 0.0
    assert (found.masked.item(), found.one_step.item()) == (1.0, 0.0)
    low = vulnerability(runs_of(problem, W, np.full(2, -0.1)), size=0.1)
    assert low.per_example.item() == pytest.approx((0.1 * np.sqrt(2) - 0.1) ** 2)


def test_every_number_by_a_slow_loop() -> None:
    rng = np.random.default_rng(2)
    importance = rng.uniform(0.5, 1.0, 5)
    problem = tg.Problem(tg.Independent(5, 0.4), tg.ReLUOutput(2), importance)
    W, b, size = rng.normal(0, 0.8, (2, 5)), rng.normal(0, 0.2, 5), 0.3
    found = vulnerability(runs_of(problem, W, b), size=size, samples=40, seed=7)
    x = problem.distribution.sample(np.random.default_rng(7), 40)
    G = W.T @ W

    def loss(moved: F64, wanted: F64) -> float:
        return float((importance * (np.maximum(G @ moved + b, 0) - wanted) ** 2).sum())

    rises, steps, masked = [], [], 0
    for row in x:
        clean = loss(row, row)
        moves = [s * size * G[i] / np.linalg.norm(G[i]) for i in range(5) for s in (1, -1)]
        rises.append([loss(row + move, row) - clean for move in moves])
        gradient = np.array(
            [(loss(row + e, row) - loss(row - e, row)) / 2e-6 for e in 1e-6 * np.eye(5)]
        )
        length = np.linalg.norm(gradient)
        masked += length < 1e-9
        steps.append(loss(row + size * gradient / max(length, 1e-9), row) - clean)
    worst = np.max(rises, axis=1)
    assert found.per_example.item() == pytest.approx(worst.mean(), rel=1e-10)
    assert found.per_example_error.item() == pytest.approx(worst.std(ddof=1) / np.sqrt(40))
    assert found.per_model.item() == pytest.approx(np.mean(rises, axis=0).max(), rel=1e-10)
    assert found.one_step.item() == pytest.approx(np.mean(steps), rel=1e-4)
    assert found.masked.item() == masked / 40
    # ten steps with a look after each find more than one does
    assert found.iterated.item() > found.one_step.item()


def test_a_bias_of_the_hidden_layer_counts() -> None:
    """x' = ReLU(W_out (W_in x + b_hidden) + b), as `Model.forward` says."""
    rng = np.random.default_rng(3)
    model = tg.TwoLayer(2, hidden_activation="identity", hidden_bias=True)
    problem = tg.Problem(tg.Independent(4, 0.5), model)
    given = {name: rng.normal(size=shape) for name, shape in model.parameters(4).items()}
    variables = {name: (PARAMETERS[name], array) for name, array in given.items()}
    runs = xr.Dataset(variables, attrs={"problem": problem.to_json()})
    x = problem.distribution.sample(np.random.default_rng(5), 64)
    expected = ((model.forward(given, x)[1] - x) ** 2).sum(axis=1).mean()
    assert vulnerability(runs, samples=64, seed=5).clean.item() == pytest.approx(expected)
    with pytest.raises(SpecError, match=r"vulnerability\.runs must hold b_hidden"):
        vulnerability(runs.drop_vars("b_hidden"))


def test_the_length_is_a_part_of_the_mean_length_of_inputs() -> None:
    """n features that are always 1: ‖x‖ = √n; of each axis point its own."""
    data = tg.Independent(9, 1.0, magnitude="one")
    runs = tg.train(
        tg.Problem(data, tg.ReLUOutput(2)), {"feature_probability": [1.0, 1e-12]},
        tg.Training(steps=1), seeds=2, progress=False,
    )  # fmt: skip
    found = vulnerability(runs, relative_size=0.2, samples=16)
    assert found["size"].dims == ("feature_probability", "seed")
    np.testing.assert_allclose(found["size"], [[0.6, 0.6], [0.0, 0.0]])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": 0.0}, "vulnerability.size must be a finite number > 0; got 0.0"),
        ({"relative_size": np.nan}, "vulnerability.relative_size must be a finite number > 0"),
        ({"samples": 1}, "vulnerability.samples must be an integer >= 2; got 1"),
        ({"samples": 2.5}, "vulnerability.samples must be an integer >= 2; got 2.5"),
        ({"seed": -1}, "vulnerability.seed must be an integer >= 0; got -1"),
    ],
)
def test_bad_numbers_are_refused(change: dict[str, float], said: str) -> None:
    problem = tg.Problem(tg.Independent(2, 0.5), tg.ReLUOutput(1))
    with pytest.raises(SpecError, match=said.replace(".", r"\.")):
        vulnerability(runs_of(problem, np.ones((1, 2)), np.zeros(2)), **change)


def test_hidden_neurons_are_refused() -> None:
    problem = tg.Problem(tg.Independent(2, 0.5), tg.ReLUHidden(1))
    with pytest.raises(SpecError, match=r"ReLUHidden\.hidden_activation must be identity"):
        vulnerability(runs_of(problem, np.ones((1, 2)), np.zeros(2)))
    with pytest.raises(SpecError, match=r"attacks\.G must be \(\.\.\., n, n\)"):
        attacks(np.ones((2, 3)), 0.1)
    with pytest.raises(SpecError, match=r"attacks\.size must be >= 0"):
        attacks(np.eye(2), -0.1)
    with pytest.raises(SpecError, match=r"attacks\.size must be >= 0 and finite; got inf"):
        attacks(np.eye(2), np.inf)

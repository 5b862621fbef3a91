"""Powers of errors, costs of weights, noise and dropout on h: described, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.analysis.curvature import hessian
from tegum.cli.describe import problem_of, training_of
from tegum.engines.base import Batch
from tegum.errors import SpecError
from tegum.spec import Spec

X = tg.Independent(3, 0.1)
EXACT = tg.Training(engine="exact")
TIED, UNTIED = tg.Problem(X, tg.ReLUOutput(2)), tg.Problem(X, tg.TwoLayer(2))


def test_what_was_written_before_keeps_its_json_and_its_random_numbers() -> None:
    """By which instances and stored units are found."""
    fields = {"kind", "distribution", "model", "importance", "target", "l1"}
    assert json.loads(TIED.to_json()).keys() == fields
    assert not {"hidden_noise", "hidden_dropout"} & json.loads(tg.Training().to_json()).keys()
    assert TIED.replace(loss_power=2, weight_l1=0, unit_norm=False).to_json() == TIED.to_json()
    address = Batch(TIED, (TIED,), (tg.Training(),), (0, 1), 7).addresses()
    assert address.tolist() == [12017096608121864930, 550928412754271381]


def test_new_fields_are_in_json_when_they_say_something() -> None:
    given = {"loss_power": 4.0, "weight_l1": 0.5, "weight_l2": [0.25, 0.0], "unit_norm": True}
    problem = UNTIED.replace(**given)
    assert {name: json.loads(problem.to_json())[name] for name in given} == given
    assert Spec.from_json(problem.to_json()) == problem
    noisy = tg.Training(hidden_noise=0.5, hidden_dropout=0.25)
    assert Spec.from_json(noisy.to_json()) == noisy
    every = TIED.every_field()
    assert tg.Problem(**every) == TIED
    assert every.keys() == {*json.loads(TIED.to_json()), *given}


def test_what_weights_cost() -> None:
    assert TIED.replace(weight_l1=2, weight_l2=3).weight_costs().tolist() == [[2, 0], [3, 0]]
    both = UNTIED.replace(weight_l1=2, weight_l2=np.array([3, 4]))
    assert both.weight_costs().tolist() == [[2, 2], [3, 4]]
    assert both.replace(l1=1, unit_norm=True).without_costs() == UNTIED


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: TIED.replace(loss_power=0.5), "Problem.loss_power must be in [1, 32]; got 0.5"),
        (lambda: TIED.replace(loss_power=33), "Problem.loss_power must be in [1, 32]; got 33.0"),
        (lambda: TIED.replace(weight_l1=-1), "Problem.weight_l1 must be >= 0; got -1.0"),
        (
            lambda: TIED.replace(weight_l2=(1, 2)),
            "Problem.weight_l2 must be a number, or two for W_in and W_out of an untied model; "
            "got (1.0, 2.0)",
        ),
        (
            lambda: UNTIED.replace(weight_l1=(1, 2, 3)),
            "Problem.weight_l1 must be a number, or two for W_in and W_out of an untied model; "
            "got (1.0, 2.0, 3.0)",
        ),
        (lambda: TIED.replace(unit_norm=1), "Problem.unit_norm must be True or False; got 1"),
        (lambda: tg.Training(hidden_noise=-1), "Training.hidden_noise must be >= 0; got -1.0"),
        (
            lambda: tg.Training(hidden_dropout=1),
            "Training.hidden_dropout must be in [0, 1); got 1.0",
        ),
        (
            lambda: tg.Training(engine="exact", hidden_noise=1),
            "Training.hidden_noise must be 0.0 for the exact engine; got 1.0",
        ),
        (
            lambda: tg.Training(engine="exact", hidden_dropout=0.5),
            "Training.hidden_dropout must be 0.0 for the exact engine; got 0.5",
        ),
        (
            lambda: tg.expected_loss(TIED.replace(loss_power=4), np.eye(2, 3)),
            "Problem.loss_power must be 2 for an exact expected loss; the sampled engine, "
            "Training(engine='sampled'), has no such limit; got 4.0",
        ),
        (
            lambda: tg.train(TIED.replace(weight_l1=1), training=EXACT),
            "Problem.weight_l1 must be 0 for the exact engine, which takes weight_l2; the sampled "
            "engine, Training(engine='sampled'), has no such limit; got 1.0",
        ),
        (
            lambda: tg.train(TIED.replace(unit_norm=True), training=EXACT),
            "Problem.unit_norm must be False for the exact engine; the sampled engine, "
            "Training(engine='sampled'), has no such limit; got True",
        ),
    ],
)  # fmt: skip
def test_bad_values_get_one_line(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "problem",
    [
        TIED.replace(weight_l2=0.02),
        tg.Problem(X, tg.TwoLayer(2, hidden_activation="identity"), weight_l2=(0.02, 0.01)),
    ],
)
def test_the_exact_engine_ends_where_loss_and_squared_weights_balance(problem: tg.Problem) -> None:
    """∇E[loss] = −2 λ₂ W, with the gradient of the loss alone from `expected_loss`."""
    runs = tg.train(problem, training=EXACT, seeds=2)
    assert (runs.status == 1).all()
    weights, costs = (
        [runs[name].values for name in problem.model.weights],
        problem.weight_costs()[1],
    )
    b, W = runs.b.values, weights[0] if len(weights) == 1 else tuple(weights)
    found = tg.expected_loss(problem, W, b, gradient=True)
    assert found.gradient is not None
    plain = tg.expected_loss(problem.without_costs(), W, b, gradient=True)
    np.testing.assert_allclose(runs.loss, plain.loss, rtol=1e-12)
    squares = sum(c * (w**2).sum((1, 2)) for c, w in zip(costs, weights, strict=False))
    np.testing.assert_allclose(runs.penalty, squares)
    for name, w, cost in zip(problem.model.weights, weights, costs, strict=False):
        np.testing.assert_array_equal(found.gradient[name], plain.gradient[name])  # type: ignore[index]
        np.testing.assert_allclose(found.gradient[name], -2 * cost * w, atol=1e-9)
        assert np.abs(w).max() > 0.1
    again = tg.polish(runs)
    np.testing.assert_allclose(again[problem.model.weights[0]], weights[0], atol=1e-6)


def test_axes_sweep_what_weights_cost_and_noise() -> None:
    """Each value as if alone, to the bit."""
    training = tg.Training(steps=3, batch_size=64, held_out=64, curve_points=0)
    runs = tg.train(TIED, {"weight_l2": [0.0, 0.5], "hidden_noise": [0.0, 0.2]}, training)
    for i, cost in enumerate((0.0, 0.5)):
        for j, noise in enumerate((0.0, 0.2)):
            alone = tg.train(
                TIED.replace(weight_l2=cost), training=training.replace(hidden_noise=noise)
            )
            np.testing.assert_array_equal(runs.W[i, j], alone.W)


def test_a_hessian_is_of_the_loss_alone() -> None:
    with pytest.raises(SpecError, match=r"^Problem\.weight_l2 must be 0 for a Hessian; "):
        hessian(TIED.replace(weight_l2=0.1), np.eye(2, 3))


def test_the_command_line_has_them_as_options() -> None:
    given = {
        "features": 3, "probability": 0.1, "model": "two-layer", "hidden": 2, "loss_power": 4.0,
        "weight_l1": "0.5", "weight_l2": "0.25,0", "unit_norm": True, "target": "linear-map",
        "target_matrix": "[[1, 2, 0], [0, 0, 1]]",
    }  # fmt: skip
    wanted = UNTIED.replace(
        loss_power=4, weight_l1=0.5, weight_l2=(0.25, 0), unit_norm=True,
        target=tg.LinearMap([[1, 2, 0], [0, 0, 1]]),
    )  # fmt: skip
    assert problem_of(given, None) == wanted
    noisy = training_of({"hidden_noise": 0.5, "hidden_dropout": 0.25})
    assert noisy == tg.Training(hidden_noise=0.5, hidden_dropout=0.25)


def test_the_power_of_errors_is_swept() -> None:
    """A point is what a problem of its power is by itself; losses of squares are exact."""
    training = tg.Training(steps=20, batch_size=32, held_out=64, curve_points=3)
    powers = [1.0, 2.0, 3.0, 4.0]
    runs = tg.train(TIED, {"loss_power": powers}, training, 3, progress=False)
    for power in powers:
        alone = tg.train(TIED.replace(loss_power=power), None, training, 3, progress=False)
        for name in ("W", "b", "loss", "loss_curve"):
            np.testing.assert_array_equal(runs[name].sel(loss_power=power), alone[name])
    assert tg.problem_of(runs, loss_power=3).loss_power == 3
    with pytest.raises(SpecError, match="must be 2 for an exact expected loss"):
        tg.score(runs)
    two = tg.score(runs.sel(loss_power=[2.0]))
    alone = tg.score(runs.sel(loss_power=2.0))
    np.testing.assert_array_equal(two.loss[0], alone.loss)
    given = tg.from_weights(TIED, runs.W, runs.b, axes={"loss_power": powers})
    assert np.isfinite(given.loss).all()
    assert "loss" not in tg.analysis.dynamics.traces(
        tg.train(TIED, {"loss_power": [2.0, 4.0]}, training.replace(checkpoints=2), progress=False)
    )

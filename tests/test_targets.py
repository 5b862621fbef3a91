"""Targets: values by hand, kernels against a plain float64 computation, losses in closed form."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import xarray as xr
from sampled_reference import reference_gradient, samples_of_step

import tegum as tg
from examples import TARGETS
from tegum.engines.base import Batch
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.sampled.lowering import lower
from tegum.errors import SpecError
from tegum.spec import Spec
from tegum.targets import NAMED, Elementwise, LinearMap, Pairs, Target, target_values

TENT = Elementwise(table=(0.0, 1.0, 0.0), low=0.0, high=1.0)
EXAMPLES = (*TARGETS.values(), TENT, Pairs("xor", [(0, 2), (2, 1)]))
X = np.array([[-1.0, 0.0, 0.5], [0.25, -0.5, 2.0]])
MODEL = tg.TwoLayer(3, hidden_bias=True)


# values, by hand


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("x", X),
        ("abs", [[1, 0, 0.5], [0.25, 0.5, 2]]),
        ("relu", [[0, 0, 0.5], [0.25, 0, 2]]),
        ("square", [[1, 0, 0.25], [0.0625, 0.25, 4]]),
        ("cube", [[-1, 0, 0.125], [0.015625, -0.125, 8]]),
        ("sign", [[-1, 0, 1], [1, -1, 1]]),
        ("step", [[0, 0, 1], [1, 0, 1]]),
        (TENT, [[-2, 0, 1], [0.5, -1, -2]]),  # straight on beyond both ends
        (LinearMap([[1, 2, 0], [0, 0, -1]]), [[-1, -0.5, 0], [-0.75, -2, 0]]),
        (LinearMap(np.eye(3)[::-1]), X[:, ::-1]),
        (Pairs(), [[0, 0, -0.5], [-0.125, -1, 0.5]]),
        (Pairs("and"), [[-1, 0, -1], [-0.5, -0.5, 0.25]]),
        (Pairs("max", ((0, 2),)), [[0.5, 0, 0], [2, 0, 0]]),
        (Pairs("distance", np.array([[2, 0], [0, 1]])), [[1.5, 1, 0], [1.75, 0.75, 0]]),
    ],
)
def test_values(target: Any, wanted: Any) -> None:
    np.testing.assert_allclose(target_values(target, X), wanted, atol=1e-15)


def test_boolean_pairs_are_their_truth_tables() -> None:
    x = np.array([[0.0, 0.0], [0, 1], [1, 0], [1, 1]])
    tables = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0], "product": [0, 0, 0, 1]}
    for name, wanted in tables.items():
        assert Pairs(name).values(x)[:, 0].tolist() == wanted


def test_a_table_of_a_function_is_as_near_as_its_step() -> None:
    """The lines through a function are off by at most h²/8 max|f''|."""
    x = np.random.default_rng(0).uniform(-1, 1, (1, 1000))
    for points in (17, 257):
        off = np.abs(Elementwise.from_function(np.sin, points=points).values(x) - np.sin(x)).max()
        assert off <= (2 / (points - 1)) ** 2 / 8
        assert off > 1e-8
    gate = Elementwise.from_function(lambda u: np.where(u > 0, u * u, 0), low=-3, high=2, points=6)
    assert gate.table == (0, 0, 0, 0, 1, 4)


@pytest.mark.parametrize("target", EXAMPLES)
def test_every_description_round_trips(target: Target) -> None:
    problem = tg.Problem(tg.Independent(3, 0.5), MODEL, target=target)
    for reader in (tg.Problem, Spec):
        back = reader.from_json(problem.to_json())
        assert back == problem
        assert hash(back) == hash(problem)
    assert Spec.from_json(target.to_json()) == target
    assert (target.values(np.zeros((2, 3))) == 0).all()


def test_names_keep_their_json() -> None:
    """What was stored under x and |x| is found again."""
    problem = tg.Problem(tg.Independent(3, 0.5), MODEL, target="|x|")
    assert json.loads(problem.to_json())["target"] == "abs"
    assert tg.Problem(tg.Independent(3, 0.5), MODEL, target="x^2").target == "square"


# kernels


def _gradient_cases() -> dict[str, tuple[str, tg.Problem]]:
    rng = np.random.default_rng(1)
    sine = Elementwise.from_function(np.sin, points=33)
    some = Pairs("max", tuple((i, (7 * i + 3) % 20) for i in range(0, 20, 2)))
    targets: dict[str, Any] = {name: name for name in NAMED if name not in ("x", "abs")}
    targets |= {"sine": sine, "ring": Pairs(), "some": some, "and": Pairs("and")}
    targets |= {"xor": Pairs("xor")}
    found = {}
    for name, target in targets.items():
        for p, magnitude in ((0.6, "signed"), (0.05, "signed"), (0.1, "one"), (0.1, "exponential")):
            importance = rng.uniform(0.2, 1.0, 20)
            x = tg.Independent(20, p, magnitude)
            small = tg.Problem(x, MODEL, importance, target)
            found[f"{name} {p} {magnitude} lane"] = ("lane", small)
            kernel = "sparse" if p < 0.15 and not isinstance(target, Pairs) else "dense"
            large = small.replace(model=MODEL.replace(n_hidden=21))
            found[f"{name} {p} {magnitude} {kernel}"] = (kernel, large)
    gelu = tg.TwoLayer(21, hidden_bias=True, activation="gelu")
    x = tg.Independent(20, 0.6, "signed")
    found["gelu dense"] = ("dense", tg.Problem(x, gelu, target="square"))
    sets = tg.Groups((tg.Correlated(2, 5, 0.1, "signed"), tg.Anticorrelated(2, 5, 0.1, "one")))
    found["sets lane"] = ("lane", tg.Problem(sets, MODEL, target=Pairs("product")))
    large = MODEL.replace(n_hidden=21)
    found["sets dense"] = ("dense", tg.Problem(sets, large, target=Pairs("product")))
    found["sets sparse"] = ("sparse", tg.Problem(sets, large, target=sine))
    return found


GRADIENTS = _gradient_cases()


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient_equals_a_plain_float64_one(name: str) -> None:
    kernel, problem = GRADIENTS[name]
    training = tg.Training(batch_size=200, optimizer="sgd", momentum=0.0, held_out=64)
    batch = Batch(problem, (problem,), (training,), (0,), 7)
    assert lower(batch).forms[0].kernel == kernel
    engine = SampledEngine()
    state = engine.init(batch)
    state["theta"] += np.float32(0.1) * np.cos(np.arange(state["theta"].size), dtype=np.float32)
    # the sparse kernel goes backward densely at first, by lists once it knows few are positive
    for step, memory in enumerate((1.0, 0.0)):
        state["memory"][:] = memory
        before = {k: v.copy() for k, v in engine.parameters(batch, state).items()}
        state = engine.advance(batch, state, 1, jobs=1)
        wanted = reference_gradient(problem, before, samples_of_step(batch, step))
        found = engine.parameters(batch, {**state, "theta": state["moment"]})
        for parameter, gradient in wanted.items():
            scale = np.abs(gradient).max() + 1e-3
            np.testing.assert_allclose(found[parameter][0] / scale, gradient / scale, atol=5e-6)


P = 0.3


@pytest.mark.parametrize(
    ("target", "magnitude", "each"),
    [
        ("square", "uniform", P / 5),
        ("cube", "signed", P / 7),
        ("relu", "signed", P / 6),
        ("sign", "signed", P),
        ("step", "uniform", P),
        ("square", "exponential", 24 * P),
        (TENT, "uniform", P / 3),
        (Pairs(), "uniform", P**2 / 9),
        (Pairs("and"), "one", P**2),
        (Pairs("or"), "one", 1 - (1 - P) ** 2),
        (Pairs("xor"), "one", 2 * P * (1 - P)),
        (Pairs("min"), "uniform", P**2 / 6),
    ],
)
def test_the_loss_of_a_model_that_says_nothing_is_the_second_moment(
    target: Any, magnitude: Any, each: float
) -> None:
    problem = tg.Problem(tg.Independent(4, P, magnitude), MODEL, (1, 2, 3, 4), target)
    silent = xr.Dataset(
        {
            "W_in": (("hidden", "feature"), np.zeros((3, 4))),
            "W_out": (("feature", "hidden"), np.zeros((4, 3))),
            "b": ("feature", np.zeros(4)),
            "b_hidden": ("hidden", np.zeros(3)),
        }
    )
    run = tg.train(problem, training=tg.Training(steps=0), start=silent, progress=False)
    assert float(run.loss[0]) == pytest.approx(10 * each, abs=5 * float(run.loss_error[0]))


def test_outputs_without_a_pair_do_not_count() -> None:
    target = Pairs("and", [(0, 1), (2, 3)])
    problem = tg.Problem(tg.Independent(4, 0.5, "one"), MODEL, target=target)
    assert problem.importance_vector().tolist() == [1, 1, 0, 0]
    # ReLU(a + b - 1) is AND; the bias of the other outputs is wrong and does not matter
    by_hand = xr.Dataset(
        {
            "W_in": (("hidden", "feature"), [[1.0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]]),
            "W_out": (("feature", "hidden"), [[1.0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]]),
            "b": ("feature", [0.0, 0, 1, 1]),
            "b_hidden": ("hidden", [-1.0, -1, 0]),
        }
    )
    run = tg.train(problem, training=tg.Training(steps=0), start=by_hand, progress=False)
    assert float(run.loss[0]) == 0.0


def test_models_learn_to_compute() -> None:
    plan = tg.Training(steps=2000, learning_rate=1e-2, schedule="cosine", batch_size=256)
    x = tg.Independent(3, 0.5, "one")
    for name in ("and", "or", "xor"):
        wide = tg.TwoLayer(6, hidden_bias=True)
        problem = tg.Problem(x, wide, target=Pairs(name))
        assert float(tg.best(tg.train(problem, None, plan, 8, progress=False)).loss) < 1e-3


# bad input


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Elementwise.from_function(np.cos),
            "Elementwise.table must be 0 at x = 0, where a feature is absent; subtract f(0); "
            "got 1.0",
        ),
        (
            lambda: Elementwise(table=(0, 1), low=0.5, high=1),
            "Elementwise must hold 0 between low and high; got (0.5, 1.0)",
        ),
        (
            lambda: Elementwise(table=(0, 1), low=0, high=0),
            "Elementwise must hold 0 between low and high; got (0.0, 0.0)",
        ),
        (lambda: Elementwise(table=(0,)), "Elementwise.table must be 2 to 65537 numbers; got (0,)"),
        (
            lambda: Elementwise.from_function(np.log, low=0),
            "Elementwise.table[0] must be finite; got -inf",
        ),
        (
            lambda: Elementwise.from_function(np.sin, points=2.5),  # type: ignore[arg-type]
            "Elementwise.from_function.points must be an integer >= 3; got 2.5",
        ),
        (
            lambda: Elementwise.from_function(np.sin, low=np.nan),
            "Elementwise.from_function.low must be finite; got nan",
        ),
        (
            lambda: Elementwise.from_function(np.sum),
            "Elementwise.from_function.f must give one number for each of the numbers it is "
            "called with; got ()",
        ),
        (
            lambda: Pairs("nand"),
            "Pairs.operation must be 'product', 'min', 'max' or 'distance'; got 'nand'",
        ),
        (lambda: LinearMap([]), "LinearMap.matrix must be a matrix of at least one row; got []"),
        (
            lambda: LinearMap([[1, 2], [3]]),
            "LinearMap.matrix[1] must be rows of one length; got [3]",
        ),
        (lambda: LinearMap([[1, np.nan]]), "LinearMap.matrix[0][1] must be finite; got nan"),
        (
            lambda: tg.Problem(tg.Independent(3, 0.5), MODEL, target=LinearMap(np.eye(2))),
            "LinearMap.matrix must have 3 columns, one for each feature, and at most as many rows; "
            "got (2, 2)",
        ),
        (
            lambda: tg.Problem(tg.Independent(2, 0.5), MODEL, target=LinearMap(np.ones((3, 2)))),
            "LinearMap.matrix must have 2 columns, one for each feature, and at most as many rows; "
            "got (3, 2)",
        ),
        (lambda: Pairs(pairs=[]), "Pairs.pairs must be a list of at least one pair of features;"),
        (lambda: Pairs(pairs=[(0, 1), 2]), "Pairs.pairs[1] must be a pair of features; got 2"),
        (lambda: Pairs(pairs=[(0, -1)]), "Pairs.pairs must be an integer >= 0; got -1"),
        (
            lambda: Pairs(pairs=[(1, 1)]),
            "Pairs.pairs[0] must be two different features; got (1, 1)",
        ),
        (
            lambda: tg.Problem(tg.Independent(3, 0.5), MODEL, target=Pairs(pairs=[(0, 3)])),
            "Pairs.pairs[0] must be of features 0 to 2; got (0, 3)",
        ),
        (
            lambda: tg.Problem(tg.Independent(2, 0.5), MODEL, target=Pairs(pairs=[(0, 1)] * 3)),
            "Pairs.pairs must be at most 2, one for each output; got 3",
        ),
        (
            lambda: tg.Problem(tg.Independent(1, 0.5), MODEL, target=Pairs()),
            "Pairs must have at least 2 features; got 1",
        ),
        (
            lambda: tg.Problem(
                tg.Independent(3, 0.5), MODEL, (0, 0, 1), target=Pairs(pairs=[(0, 1), (1, 2)])
            ),
            "Problem.importance must not be all zero; got (0.0, 0.0, 1.0)",
        ),
        (
            lambda: tg.train(
                tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2), target="square"),
                training=tg.Training(engine="exact"),
            ),
            "Problem.target must be 'x', 'abs' or a LinearMap for an exact expected loss; the "
            "sampled engine, Training(engine='sampled'), has no such limit; got 'square'",
        ),
    ],
)
def test_bad_input(make: Any, message: str) -> None:
    with np.errstate(all="ignore"), pytest.raises(SpecError) as caught:
        make()
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)

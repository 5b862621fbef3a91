"""Expected losses of trees, mixtures and data sets, against other ways to the same number."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.distributions import Distribution

RNG = np.random.default_rng(17)
ROWS = RNG.normal(size=(300, 4)) * (RNG.random((300, 4)) < 0.4)
TREE = tg.Hierarchy((-1, 0, 0, 1), (0.6, 0.5, 0.3, 0.7), True, "one")


def weights(n: int, m: int = 2, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, n)) * 0.8, rng.normal(size=n) * 0.2


def losses(problem: tg.Problem, W: Any, b: Any, x: Any) -> Any:
    _, y = problem.model.forward({"W": W, "b": b}, x)
    return ((problem.target_of(x) - y) ** 2) @ problem.importance_vector()


def loss(law: Distribution, activation: str = "relu", **more: Any) -> float:
    problem = tg.Problem(law, tg.ReLUOutput(2, activation=activation), **more)
    return float(tg.expected_loss(problem, *weights(law.n_features)).loss)


@pytest.mark.parametrize("activation", ["relu", "leaky", "identity"])
def test_trees_that_are_sets_have_their_losses(activation: str) -> None:
    """Laws that have series and closed forms of their own, written as trees."""
    pairs: list[tuple[Distribution, Distribution]] = [
        (tg.Hierarchy((-1, 0), (0.3, 1.0)), tg.Correlated(1, 2, 0.3)),
        (tg.Hierarchy((1, -1, 1), (0.3, 1.0, 0.6)), tg.Independent(3, (0.3, 1.0, 0.6))),
        (
            tg.Hierarchy((-1, 0, 0), (1.0, 0.4, 0.4), True, "signed"),
            tg.Groups(
                parts=[
                    tg.Independent(1, 1.0, "signed"),
                    tg.Anticorrelated(1, 2, 0.8, magnitude="signed"),
                ]
            ),
        ),
    ]
    for tree, same in pairs:
        assert loss(tree, activation) == pytest.approx(loss(same, activation), rel=1e-9)


def test_a_tree_is_its_root_on_or_off() -> None:
    tree = tg.Hierarchy((-1, 0, 1, 0), (0.3, 0.5, 0.8, 0.2))
    below = tg.Groups(parts=[tg.Independent(1, 1.0), tg.Hierarchy((-1, 0, -1), (0.5, 0.8, 0.2))])
    off = tg.Independent(4, 0.0)
    assert loss(tree) == pytest.approx(loss(tg.Mixture([below, off], (0.3, 0.7))), rel=1e-12)


@pytest.mark.parametrize("activation", ["relu", "leaky", "identity"])
def test_the_loss_of_a_mixture_is_that_of_its_parts(activation: str) -> None:
    parts = tg.Independent(4, 0.3), tg.Anticorrelated(2, 2, 0.7, magnitude="signed"), TREE
    wanted = np.array([0.5, 0.3, 0.2]) @ [loss(part, activation) for part in parts]
    assert loss(tg.Mixture(parts, (5, 3, 2)), activation) == pytest.approx(wanted, rel=1e-9)


def test_patterns_of_features_that_are_0_or_1_are_summed() -> None:
    """Every pattern by hand: a child needs its parent, and excludes its sibling."""
    problem = tg.Problem(TREE, tg.ReLUOutput(2), importance=(1, 2, 3, 4))
    W, b = weights(4)
    total = 0.0
    for a, first, second, grandchild in product((0, 1), repeat=4):
        chance = 0.6 if a else 0.4
        either = {(0, 0): 0.2, (1, 0): 0.5, (0, 1): 0.3, (1, 1): 0.0}
        chance *= either[first, second] if a else (first, second) == (0, 0)
        chance *= (0.7 if grandchild else 0.3) if first else 1 - grandchild
        x = np.array([[a, first, second, grandchild]], float)
        total += chance * losses(problem, W, b, x)[0]
    assert float(tg.expected_loss(problem, W, b).loss) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("model", [
    tg.ReLUOutput(2), tg.ReLUOutput(2, activation="gelu"), tg.ReLUHidden(2), tg.Linear(2),
], ids=lambda model: type(model).__name__ + model.output_activation)  # fmt: skip
@pytest.mark.parametrize("target", ["x", "abs", "square"])
def test_a_data_set_has_the_mean_over_its_rows(model: Any, target: str) -> None:
    share = np.arange(300) % 3
    problem = tg.Problem(tg.Samples(ROWS, share), model, (1, 0.5, 2, 0), target)
    rng = np.random.default_rng(1)
    shapes = model.parameters(4)
    named = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    _, y = model.forward(named, ROWS)
    wanted = share @ ((problem.target_of(ROWS) - y) ** 2 @ [1, 0.5, 2, 0]) / share.sum()
    given = dict(zip(named, (array[None] for array in named.values()), strict=True))
    runs = tg.from_weights(problem, **given)
    assert float(tg.score(runs).loss[0]) == pytest.approx(wanted, rel=1e-12)


def test_gradients_are_those_of_finite_differences() -> None:
    laws = (tg.Hierarchy((-1, 0, 0, 1), 0.6), TREE, tg.Mixture([TREE, tg.Samples(ROWS)]))
    for seed, law in enumerate((*laws, tg.Samples(ROWS))):
        problem = tg.Problem(law, tg.ReLUOutput(2), importance=(1, 2, 0, 0.5))
        W, b = weights(4, seed=seed)
        found = tg.expected_loss(problem, W, b, gradient=True)
        assert found.gradient is not None
        rng = np.random.default_rng(seed)
        to_w, to_b = rng.normal(size=W.shape), rng.normal(size=4)
        step = 1e-5
        up, down = (
            float(tg.expected_loss(problem, W + h * to_w, b + h * to_b).loss) for h in (step, -step)
        )
        slope = (found.gradient["W"] * to_w).sum() + (found.gradient["b"] * to_b).sum()
        assert slope == pytest.approx((up - down) / (2 * step), rel=1e-6)


def test_the_exact_engine_descends_to_minima_of_data_sets_and_trees() -> None:
    """Where no direction of 50 leads further down."""
    for law in (tg.Samples(ROWS), tg.Hierarchy((-1, 0, 0, 1), 0.6)):
        problem = tg.Problem(law, tg.ReLUOutput(2))
        runs = tg.train(problem, training=tg.Training(engine="exact"), seeds=2)
        best = tg.best(runs)
        W, b = best.W.to_numpy(), best.b.to_numpy()
        here = float(tg.expected_loss(problem, W, b).loss)
        assert float(best.loss) == pytest.approx(here, rel=1e-9)
        rng = np.random.default_rng(2)
        around = tg.expected_loss(
            problem, W + 1e-3 * rng.normal(size=(50, *W.shape)), b + 1e-3 * rng.normal(size=(50, 4))
        ).loss
        assert (around > here).all()


def test_what_has_no_exact_loss_says_so() -> None:
    cases = [
        (tg.Hierarchy((-1, 0), 0.5, magnitude="exponential"), {},
         "Problem.distribution must have magnitudes among uniform, signed, one, Uniform, Discrete "
         "and Constant, not exponential, to be exact"),
        (tg.Hierarchy((-1, *range(13)), 0.5), {},
         "Problem.distribution must have at most 12 active features that vary"),
        (tg.Hierarchy((-1, *[0] * 17), 0.5, magnitude="one"), {},
         "Problem.distribution must have at most 65536 patterns of active features"),
        (tg.Hierarchy((-1, 0), 0.5, magnitude="signed"), {"target": "abs"},
         "Problem.target must be 'x' for an exact expected loss of features below 0"),
    ]  # fmt: skip
    for law, more, said in cases:
        with pytest.raises(tg.SpecError) as caught:
            loss(law, **more)
        assert str(caught.value).startswith(said)
        assert "the sampled engine" in str(caught.value)
    with pytest.raises(tg.SpecError, match="cannot be 'series'"):
        tg.expected_loss(tg.Problem(TREE, tg.ReLUOutput(2)), *weights(4), method="series")

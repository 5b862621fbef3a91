"""Laws of single features, which have a series of their own, against the series of all blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from exact_cases import PLAIN, REGIMES, Array, random_model, random_probability
from exact_oracles import odd_harmonics

import tegum as tg
from tegum.engines.exact import lower, measure, run
from tegum.engines.exact.descent import LAST_LEVEL, LEVEL, MISSED, NODES, STATUS
from tegum.engines.exact.lowering import Lowered, flat, named

N, M, SEEDS = 9, 3, 6


def case(regime: str, magnitude: str, activation: str = "relu") -> tuple[Lowered, dict[str, Array]]:
    """Models of one regime, and their problem."""
    rng = np.random.default_rng(REGIMES.index(regime))
    law = tg.Independent(N, random_probability(rng, N), magnitude)
    problem = tg.Problem(law, tg.ReLUOutput(M, activation=activation))
    found = [random_model(rng, N, M, regime) for _ in range(SEEDS)]
    arrays = {"W": np.stack([W for W, _ in found]), "b": np.stack([b for _, b in found])}
    return lower((problem,), np.zeros(SEEDS, np.int64)), arrays


@pytest.mark.parametrize("activation", ["relu", "leaky"])
@pytest.mark.parametrize("magnitude", PLAIN)
@pytest.mark.parametrize("regime", REGIMES)
def test_it_is_the_series_of_all_blocks(regime: str, magnitude: str, activation: str) -> None:
    """The same sums in another order: losses and derivatives up to rounding."""
    low, arrays = case(regime, magnitude, activation)
    assert low.law.single
    general = low._replace(law=low.law._replace(single=False))
    one, other = (measure(each, arrays, tolerance=1e-6, gradient=True) for each in (low, general))
    size = np.maximum(np.abs(other.loss), 1e-3)
    assert (np.abs(one.loss - other.loss) <= 1e-11 * size).all()
    for name, wanted in other.gradient.items():
        worst = np.abs(one.gradient[name] - wanted).reshape(SEEDS, -1).max(axis=1)
        most = np.abs(wanted).reshape(SEEDS, -1).max(axis=1)
        assert (worst <= 1e-9 * np.maximum(most, size)).all()


def test_which_laws_are_single() -> None:
    """Blocks of one feature, uniform or signed; others have the series of all blocks."""

    def is_single(law: tg.Distribution) -> bool:
        problem = tg.Problem(law, tg.ReLUOutput(2))
        return lower((problem,), np.zeros(1, np.int64)).law.single

    assert is_single(tg.Groups((tg.Independent(3, 0.1), tg.Independent(2, 0.2, "signed"))))
    assert is_single(tg.Correlated(3, 1, 0.1))
    assert not is_single(tg.Independent(4, 0.1, "exponential"))
    assert not is_single(tg.Correlated(2, 2, 0.1))
    assert not is_single(tg.Anticorrelated(2, 2, 0.1))


def at_level(level: int, low: Lowered, arrays: dict[str, Array]) -> dict[str, Any]:
    """A state whose values and gradients are evaluated anew, at a level, without a move."""
    low = low._replace(shape=low.shape._replace(warm=1 if level == 0 else 0))
    state = run.start_state(flat(arrays, low.shape), low)
    state["tally"][:, LEVEL] = level
    state["tally"][:, 1] = 10**6  # things are due to be frozen anew
    run.advance(state, low, 0, 1, 1)
    return {**state, "names": named(state["gradient"], low.shape)}


@pytest.mark.parametrize("p", [0.03, 0.3, 0.9])
def test_few_nodes_mistake_gradients_by_what_a_level_allows(p: float) -> None:
    """Of Adam's steps: less than the level's part of the loss of predicting 0, for all outputs."""
    law = tg.Independent(N, p)
    problem = tg.Problem(law, tg.ReLUOutput(M))
    low = lower((problem,), np.zeros(SEEDS, np.int64), np.array([1e-300]))
    rng = np.random.default_rng(3)
    found = [random_model(rng, N, M, "generic") for _ in range(SEEDS)]
    arrays = {"W": np.stack([W for W, _ in found]), "b": np.stack([b for _, b in found])}
    state = at_level(0, low, arrays)
    exact = measure(low, arrays, tolerance=1e-8, gradient=True)
    blank = N * p / 3.0
    allowed = 10.0 * MISSED[0] * blank
    assert np.abs(state["names"]["b"] - exact.gradient["b"]).max() <= allowed
    assert np.abs(state["names"]["W"] - exact.gradient["W"]).max() <= allowed
    assert (state["nodes"] <= NODES[0] * low.shape.nodes).all()
    assert (state["nodes"] >= 16).all()


@pytest.mark.parametrize(("n", "m", "p"), [(N, M, 0.05), (N, M, 0.6), (3, 3, 0.2)])
def test_descents_end_where_the_loss_of_all_nodes_is_level(n: int, m: int, p: float) -> None:
    """At the last level the gradient that is left out is next to nothing, dense or sparse.

    With room for all features, too, where weights that end at 0 are frozen while they are not.
    """
    problem = tg.Problem(tg.Independent(n, p), tg.ReLUOutput(m))
    runs = tg.train(problem, training=tg.Training(engine="exact"), seeds=8, progress=False)
    assert (runs.status == 1).all()
    assert float(runs.gradient_norm.max()) <= 2e-6 * n * p / 3.0


def test_dense_features_take_few_nodes_to_the_end() -> None:
    """Where many features are active the series ends soon, and nobody sums what it has not."""
    problem = tg.Problem(tg.Independent(24, 0.7), tg.ReLUOutput(3))
    low = lower((problem,), np.zeros(4, np.int64), np.array([1e-2]), warm=50)
    rng = np.random.default_rng(0)
    arrays = {"W": rng.normal(0, 0.5, (4, 3, 24)), "b": np.zeros((4, 24))}
    state = run.start_state(flat(arrays, low.shape), low)
    run.advance(state, low, 0, 3000, 2)
    assert (state["tally"][:, STATUS] == 1).all()
    assert (state["tally"][:, LEVEL] == LAST_LEVEL).all()
    assert state["nodes"].mean() < 0.5 * NODES[LAST_LEVEL] * low.shape.nodes


def test_a_wide_model_against_a_plain_series() -> None:
    """The loss of 40 features against 65,536 nodes of numpy's, with nothing taken out of it."""
    rng = np.random.default_rng(5)
    problem = tg.Problem(tg.Independent(40, 0.1), tg.ReLUOutput(6))
    W, b = random_model(rng, 40, 6, "trained")
    wanted, unsure = odd_harmonics(problem, W, b)
    found = tg.expected_loss(problem, W, b)
    assert abs(float(found.loss) - wanted) <= unsure + float(found.error) + 1e-9

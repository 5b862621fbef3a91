"""Trees, mixtures and data sets in the kernels: their laws, their bits, and full batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampled_reference import reference_gradient

import tegum as tg
from tegum.distributions import Distribution
from tegum.engines.base import Batch
from tegum.engines.sampled import draw
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.sampled.lowering import lower

Array = np.ndarray[Any, Any]

Z_BOUND = 5.0  # two-sided 6e-7 each
BATCH, STEPS = 1024, 100
WAYS = {"lane": 2, "dense": 30}
EVERY_WAY = pytest.mark.parametrize("way", WAYS)

TREE = tg.Hierarchy((2, 0, -1, 2, 2, -1, 5), (0.3, 0.8, 0.7, 0.4, 0.25, 0.5, 0.6), True)
ROWS = np.random.default_rng(3).normal(size=(40, 5)) * (np.arange(200).reshape(40, 5) % 3 > 0)
DATA = tg.Samples(ROWS, np.arange(40) % 4)
PAIR = tg.Mixture([tg.Independent(4, (0.6, 0.1, 0.9, 0.5)), tg.Correlated(2, 2, 0.3)], (3, 1))


def padded(law: Distribution) -> Distribution:
    """Beside so many features that no kernel of small models takes it."""
    return tg.Groups(parts=[law, tg.Independent(12, 0.02, "signed")])


LAWS: dict[str, Distribution] = {
    "exclusive children": TREE,
    "children, signed": tg.Hierarchy(TREE.parents, TREE.feature_probability, False, "signed"),
    "rare children": TREE.with_probability(0.05),
    "parents never on": TREE.with_probability(0.0, 2),
    "a mixture": PAIR,
    "a rare mixture": PAIR.with_probability(0.05),
    "a mixture of trees and sets": tg.Mixture(
        [TREE, tg.Hierarchy(TREE.parents, 0.1, False, "exponential"), tg.Anticorrelated(1, 7, 0.2)],
        (1, 2, 0.5),
    ),
    "groups of a mixture and a tree": tg.Groups(parts=[PAIR, TREE]),
    "a data set": tg.Samples(ROWS),
    "a weighted data set": DATA,
    "a mixture with a data set": tg.Mixture([tg.Independent(5, 0.3), DATA]),
}
EVERY_LAW = pytest.mark.parametrize("name", LAWS)


def problem_of(name: str, way: str) -> tg.Problem:
    law = LAWS[name] if way == "lane" else padded(LAWS[name])
    return tg.Problem(law, tg.ReLUOutput(n_hidden=WAYS[way]))


def drawn(name: str, way: str) -> Array:
    problem, training = problem_of(name, way), tg.Training(batch_size=BATCH)
    assert lower(Batch(problem, (problem,), (training,), (0,), 0)).forms[0].kernel == way
    x = draw.samples(problem, training, steps=STEPS)
    return x.reshape(-1, x.shape[-1]).astype(np.float64)


def check(stated: Array, terms: Array) -> None:
    """Means of terms (samples, …) are as stated, within five standard errors.

    And a few of the largest terms: what is rare is seen once or twice, or not at all.
    """
    error, largest = terms.std(0) / np.sqrt(len(terms)), np.maximum(np.abs(terms).max(0), 1.0)
    assert (np.abs(terms.mean(0) - stated) <= Z_BOUND * error + 12.0 * largest / len(terms)).all()


@EVERY_WAY
@EVERY_LAW
def test_moments_and_what_is_active_together_are_the_stated_ones(name: str, way: str) -> None:
    x, law = drawn(name, way), problem_of(name, way).distribution
    i, j = np.triu_indices(law.n_features)
    check(law.mean(), x)
    check(law.second_moment()[i, j], x[:, i] * x[:, j])
    check(law.active_together()[i, j], (x[:, i] * x[:, j] != 0).astype(np.float64))


@EVERY_WAY
def test_no_child_is_active_without_its_parent(way: str) -> None:
    for name in ("exclusive children", "children, signed"):
        x = drawn(name, way)
        for child, parent in enumerate(TREE.parents):
            assert parent < 0 or not (x[:, child] != 0)[x[:, parent] == 0].any()


@EVERY_WAY
def test_rows_are_those_of_the_data_set(way: str) -> None:
    x = drawn("a weighted data set", way)[:, :5]
    found = (x[:200, None] == ROWS.astype(np.float32)).all(2)
    assert found.any(1).all()
    assert not found[:, ::4].any(), "rows of weight 0"


@EVERY_WAY
@EVERY_LAW
def test_an_instance_has_the_same_bits_alone_and_in_company(name: str, way: str) -> None:
    problem = problem_of(name, way)
    training = tg.Training(steps=5, batch_size=70, held_out=1100)
    points = (problem,)
    if problem.distribution.draws():
        changed = problem.distribution.with_probability(0.2)
        points = (problem.replace(distribution=changed), problem)
    together = Batch(problem, points, (training,) * len(points), (0, 1, 2), 5)
    alone = Batch(problem, (problem,), (training,), (2,), 5)
    engine = SampledEngine()
    whole, own = engine.init(together), engine.init(alone)
    whole = engine.advance(together, whole, 5, jobs=2)
    for steps in (2, 3):
        own = engine.advance(alone, own, steps, jobs=1)
    np.testing.assert_array_equal(whole["theta"][-1], own["theta"][0])
    assert engine.probe(together, whole, jobs=2)[-1] == engine.probe(alone, own, jobs=1)[0]
    for key, value in engine.score(alone, own, jobs=1).items():
        assert engine.score(together, whole, jobs=2)[key][-1] == value[0], key


@pytest.mark.parametrize("way", [*WAYS, "sparse"])
def test_a_step_on_all_rows_is_one_of_their_mean_gradient(way: str) -> None:
    n, m = (5, 2) if way == "lane" else (40, 30)
    rows = np.random.default_rng(4).normal(size=(173, n))
    if way == "sparse":
        rows *= np.random.default_rng(5).random(rows.shape) < 0.04  # some rows are all zero
    problem = tg.Problem(tg.Samples(rows), tg.ReLUOutput(n_hidden=m))
    training = tg.Training(1, "all", 0.1, optimizer="sgd", momentum=0.0)
    batch = Batch(problem, (problem,), (training,), (0,), 0)
    assert lower(batch).forms[0].kernel == way
    engine = SampledEngine()
    state = engine.init(batch)
    before = {name: array.copy() for name, array in engine.parameters(batch, state).items()}
    wanted = reference_gradient(problem, before, rows)
    _, y = problem.model.forward({name: before[name][0] for name in ("W", "b")}, rows)
    loss = ((rows - y) ** 2).sum(1).mean()
    np.testing.assert_allclose(engine.probe(batch, state, jobs=1), [loss], rtol=1e-5)
    np.testing.assert_allclose(engine.score(batch, state, jobs=1)["loss"], [loss], rtol=1e-6)
    state = engine.advance(batch, state, 1, jobs=1)
    for name, array in engine.parameters(batch, state).items():
        if name in wanted:
            step = (before[name][0] - array[0]) / 0.1
            np.testing.assert_allclose(step, wanted[name], atol=2e-5 * np.abs(wanted[name]).max())


def test_sparse_rows_are_drawn_by_their_weights() -> None:
    """Of 200 rows of one feature each, of which a third are never drawn; others by their odds."""
    rows = np.kron(np.eye(20), np.ones((10, 1))) * np.linspace(0.1, 1.0, 200)[:, None]
    weights = np.arange(200) % 3
    problem = tg.Problem(tg.Samples(rows, weights), tg.ReLUOutput(n_hidden=30))
    training = tg.Training(batch_size=BATCH)
    assert lower(Batch(problem, (problem,), (training,), (0,), 0)).forms[0].kernel == "sparse"
    x = draw.samples(problem, training, steps=30).reshape(-1, 20)
    check(problem.distribution.mean(), x.astype(np.float64))
    found = np.unique(x.max(1))
    np.testing.assert_allclose(found, rows.max(1)[weights > 0].astype(np.float32))


def test_models_learn_what_a_data_set_has(tmp_path: Any) -> None:
    """The two features that are never together share a dimension, from a file and a store."""
    rows = np.kron(np.eye(2), np.linspace(0.1, 1.0, 50)[:, None])
    np.save(tmp_path / "x.npy", rows)
    training = tg.Training(steps=1500, batch_size="all", learning_rate=0.02)
    problem = tg.Problem(tg.Samples(tmp_path / "x.npy"), tg.ReLUOutput(n_hidden=1))
    runs = tg.train(problem, training=training, seeds=6, store=tmp_path / "store")
    best = tg.best(runs)
    assert best.loss < 1e-4
    assert best.W.prod() < 0
    again = tg.train(
        tg.Problem(tg.Samples(rows), tg.ReLUOutput(n_hidden=1)),
        training=training,
        seeds=6,
        store=tmp_path / "store",
    )
    np.testing.assert_array_equal(again.W, runs.W)
    np.testing.assert_allclose(tg.score(runs).loss, runs.loss, rtol=1e-9)

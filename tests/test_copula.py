"""Features on by thresholded Gaussians: their odds, their bits in the kernels, refusals."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.sampled import draw
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.sampled.factors import factors_of
from tegum.engines.sampled.lowering import lower

Array = np.ndarray[Any, Any]

Z_BOUND = 5.0  # two-sided 6e-7 each
R = np.array(
    [
        [1.0, 0.7, -0.4, 0.0, 0.0],
        [0.7, 1.0, 0.1, 0.0, 0.0],
        [-0.4, 0.1, 1.0, 0.5, 0.5],
        [0.0, 0.0, 0.5, 1.0, 1.0],
        [0.0, 0.0, 0.5, 1.0, 1.0],
    ]
)
ODDS = (0.3, 0.05, 0.8, 0.5, 0.2)
LAW = tg.Copula(ODDS, R, magnitude=["uniform", "one", "signed", "uniform", tg.Normal(1, 2)])


def test_pairs_are_on_together_as_the_bivariate_normal_law_says() -> None:
    for p in (0.001, 0.5):
        for q in (0.0011, 0.51, 0.97):
            for r in (-0.999, -0.3, 0.0, 0.2, 0.99, 0.9999):
                law = tg.Copula((p, q), [[1, r], [r, 1]])
                wanted = multivariate_normal([0, 0], [[1, r], [r, 1]]).cdf(norm.ppf([p, q]))
                assert law.active_together()[0, 1] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("r", [-1.0, -0.5, 0.25, 1.0])
def test_even_odds_have_a_closed_form(r: float) -> None:
    """Sheppard's: P(both on) = 1/4 + asin(r)/2π, and on and off have correlation 2 asin(r)/π."""
    law = tg.Copula(0.5, [[1, r], [r, 1]])
    np.testing.assert_allclose(law.active_together()[0, 1], 0.25 + np.arcsin(r) / (2 * np.pi))
    np.testing.assert_allclose(law.on_correlation[0, 1], 2 * np.arcsin(r) / np.pi)
    np.testing.assert_array_equal(np.diag(law.on_correlation), 1)


def test_factors_are_correlations_of_low_rank() -> None:
    F = np.array([[0.6, 0.3], [0.5, -0.2], [0.0, 0.9]])
    law = tg.Copula(0.1, factors=F)
    wanted = F @ F.T
    np.fill_diagonal(wanted, 1)
    np.testing.assert_allclose(law.correlations(), wanted)
    np.testing.assert_allclose(law.mixing() @ law.mixing().T, wanted, atol=1e-14)
    np.testing.assert_array_equal(np.triu(law.mixing(), 1), 0)
    same = tg.Copula(0.1, wanted)
    np.testing.assert_allclose(law.second_moment(), same.second_moment())


def test_what_is_always_on_or_off_is_correlated_with_nothing() -> None:
    law = tg.Copula((0.0, 1.0, 0.5), np.full((3, 3), 1.0))
    np.testing.assert_array_equal(law.on_correlation, np.eye(3))
    np.testing.assert_allclose(law.active_together(), [[0, 0, 0], [0, 1, 0.5], [0, 0.5, 0.5]])


#: Two groups and a feature by itself: 0, 3 and 5 by one factor, 1 and 4 against one another.
LOADING = np.array([0.9, 0.7, 0.0, -0.6, -0.7, 0.5])
SAME_GROUP = np.equal.outer([0, 1, 2, 0, 1, 0], [0, 1, 2, 0, 1, 0])
GROUPED = tg.Copula(
    (0.3, 0.05, 0.8, 0.5, 0.2, 0.1),
    np.where(SAME_GROUP, np.outer(LOADING, LOADING), 0.0) + np.diag(1 - LOADING**2),
    magnitude=["uniform", "one", "signed", "uniform", "exponential", tg.Normal(1, 2)],
)


#: Five of these side by side, which no kernel of small models takes.
WIDE = tg.Copula(
    np.tile(GROUPED.feature_probability, 5), np.kron(np.eye(5), GROUPED.correlations())
)


KERNEL = {"grouped": "lane", "wide": "dense"}


def problem_of(way: str) -> tg.Problem:
    if way == "wide":
        return tg.Problem(WIDE, tg.ReLUOutput(n_hidden=30))
    if way == "grouped":
        return tg.Problem(GROUPED, tg.ReLUOutput(n_hidden=2))
    if way == "lane":
        return tg.Problem(LAW, tg.ReLUOutput(n_hidden=2))
    r = np.kron(R, np.eye(6))
    return tg.Problem(tg.Copula(np.repeat(ODDS, 6), r), tg.ReLUOutput(n_hidden=30))


def lowered(problem: tg.Problem) -> Any:
    return lower(Batch(problem, (problem,), (tg.Training(batch_size=1024),), (0,), 0))


def test_groups_of_one_factor_each_are_found() -> None:
    found = factors_of(GROUPED.correlations())
    np.testing.assert_array_equal(found.member, [0, 3, 5, 1, 4, 2])
    np.testing.assert_array_equal(found.first, [0, 3, 5, 6])
    for first, stop in pairwise(found.first):
        own, wanted = found.loading[first:stop], LOADING[found.member[first:stop]]
        off = ~np.eye(stop - first, dtype=bool)
        np.testing.assert_allclose(np.outer(own, own)[off], np.outer(wanted, wanted)[off])
    assert found.share @ found.node**2 == pytest.approx(1.0, abs=1e-12)
    large = np.full((9, 9), 0.5)
    np.fill_diagonal(large, 1)
    for other in (R, large, np.array([[1.0, 1.0], [1.0, 1.0]]), R[:3, :3]):
        assert len(factors_of(other).member) == 0
    assert len(factors_of(large[:8, :8]).member) == 8


@pytest.mark.parametrize("odds", [None, (0.0, 0.3, 1.0, 1e-4, 0.0, 1.0)])
def test_the_patterns_of_groups_have_their_odds(odds: Any) -> None:
    """Walker's shares add up to the odds of one feature and of two, by the bivariate normal law."""
    law = GROUPED if odds is None else GROUPED.replace(feature_probability=odds)
    instances = lowered(tg.Problem(law, tg.ReLUOutput(n_hidden=2))).instances
    factors, patterns = (
        instances.blocks.factors,
        draw.source_of(instances)[0].chances.patterns,
    )
    together = np.outer(law.draws(), law.draws())
    for group, (first, stop) in enumerate(pairwise(factors.first)):
        start, shares = factors.start[group], 2 ** (stop - first) - 1
        assert factors.start[group + 1] - start == shares + 1
        chance = np.zeros(shares + 1)
        for k in range(start + 1, start + shares + 1):
            chance[patterns.pair[2 * k]] += patterns.keep[k]
            chance[patterns.pair[2 * k + 1]] += 1 - patterns.keep[k]
        chance *= patterns.any_on[group] / shares
        assert chance[0] == 0
        on = (np.arange(shares + 1)[:, None] >> np.arange(stop - first)) & 1
        own = factors.member[first:stop]
        together[np.ix_(own, own)] = (on * chance[:, None]).T @ on
    wanted = law.active_together()
    np.fill_diagonal(wanted, law.draws())
    np.fill_diagonal(together, np.where(together.diagonal() == 0, law.draws(), together.diagonal()))
    np.testing.assert_allclose(together, wanted, atol=3e-7)


def test_three_features_of_a_group_are_on_together_as_often_as_normal_numbers_are_low() -> None:
    x = draw.samples(problem_of("grouped"), tg.Training(batch_size=1024), steps=200)
    on = (x != 0).reshape(-1, 6)[:, [0, 3, 5]].all(axis=1)
    R3 = GROUPED.correlations()[np.ix_([0, 3, 5], [0, 3, 5])]
    wanted = multivariate_normal([0, 0, 0], R3, seed=0).cdf(norm.ppf([0.3, 0.5, 0.1]))
    assert abs(on.mean() - wanted) < Z_BOUND * np.sqrt(wanted / len(on)) + 1e-5


def test_dense_kernels_draw_groups_as_those_of_small_models_do() -> None:
    low = lowered(problem_of("wide"))
    assert low.forms[0].kernel == "dense"
    x = draw.samples(problem_of("wide"), tg.Training(batch_size=1024), steps=2)
    keys = np.zeros(2, np.uint64)
    draw._step_keys(low.instances.keys[0], keys)
    source = draw.source_of(low.instances)[0]
    np.testing.assert_array_equal(x, draw.by_tiles(keys, x.shape[1:], source, None))


@pytest.mark.parametrize("way", ["lane", "grouped", "dense", "wide"])
def test_kernels_draw_the_stated_law(way: str) -> None:
    problem, training = problem_of(way), tg.Training(batch_size=1024)
    assert lowered(problem).forms[0].kernel == KERNEL.get(way, way)
    x, law = draw.samples(problem, training, steps=100), problem.distribution
    x = x.reshape(-1, law.n_features).astype(np.float64)
    i, j = np.triu_indices(law.n_features)
    for stated, terms in (
        (law.mean(), x),
        (law.active_probability(), (x != 0).astype(np.float64)),
        (law.second_moment()[i, j], x[:, i] * x[:, j]),
        (law.active_together()[i, j], (x[:, i] * x[:, j] != 0).astype(np.float64)),
    ):
        error, largest = terms.std(0) / np.sqrt(len(terms)), np.maximum(np.abs(terms).max(0), 1)
        bound = Z_BOUND * error + 12 * largest / len(terms)
        assert (np.abs(terms.mean(0) - stated) <= bound).all()


@pytest.mark.parametrize("way", ["lane", "grouped", "dense", "wide"])
def test_an_instance_has_the_same_bits_alone_and_in_company(way: str) -> None:
    problem = problem_of(way)
    training = tg.Training(steps=5, batch_size=70, held_out=1100)
    other = problem.replace(distribution=problem.distribution.with_probability(0.2))
    together = Batch(problem, (other, problem), (training,) * 2, (0, 1), 5)
    alone = Batch(problem, (problem,), (training,), (1,), 5)
    engine = SampledEngine()
    whole, own = engine.init(together), engine.init(alone)
    whole = engine.advance(together, whole, 5, jobs=2)
    for steps in (2, 3):
        own = engine.advance(alone, own, steps, jobs=1)
    np.testing.assert_array_equal(whole["theta"][-1], own["theta"][0])
    for name, value in engine.score(alone, own, jobs=1).items():
        assert engine.score(together, whole, jobs=2)[name][-1] == value[0], name


def test_it_is_swept_and_kept_like_others(tmp_path: Any) -> None:
    problem = tg.Problem(tg.Copula(0.1, R), tg.ReLUOutput(n_hidden=2))
    training = tg.Training(steps=3, batch_size=32, held_out=64, curve_points=0)
    axes = {"feature_probability": [0.1, 0.5]}
    first = tg.train(problem, axes, training=training, seeds=2, store=tmp_path)
    again = tg.train(problem, axes, training=training, seeds=2, store=tmp_path)
    np.testing.assert_array_equal(first.W, again.W)
    assert tg.problem_of(first.isel(feature_probability=1)).distribution == tg.Copula(0.5, R)


def test_expected_losses_are_refused_by_name() -> None:
    problem = tg.Problem(LAW, tg.ReLUOutput(n_hidden=2))
    with pytest.raises(tg.SpecError, match=r"patterns can be listed to be exact; .*'Copula'$"):
        tg.expected_loss(problem, np.zeros((2, 5)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "correlation must be given, or factors in its place; got neither"),
        ({"correlation": np.eye(2), "factors": [[1.0], [1.0]]},
         "correlation must be given, or factors in its place; got both"),
        ({"correlation": [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]},
         "correlation must be positive semi-definite: no eigenvalue below 0; got -0.8"),
        ({"correlation": [[1, 0.2], [0.3, 1]]},
         "correlation must be symmetric, as r[1, 0] = 0.3 is not; got 0.2"),
        ({"correlation": [[1, 0.2], [0.2, 2]]},
         "correlation[1][1] must be 1 on the diagonal; got 2.0"),
        ({"correlation": [1, 2]}, "correlation must be a square matrix (n, n); got [1.0, 2.0]"),
        ({"correlation": [[1, np.nan], [np.nan, 1]]},
         "correlation[0][1] must be finite; got nan"),
        ({"factors": [[1.0, 0.5]]}, "factors[0] must have rows of norm at most 1; got 1.11803"),
        ({"factors": [1.0]}, "factors must be a matrix (n, k), a row for each feature; got [1.0]"),
    ],
)  # fmt: skip
def test_what_is_no_copula_is_refused_in_a_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        tg.Copula(0.2, **given)
    assert str(caught.value) == f"Copula.{said}"

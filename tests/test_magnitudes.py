"""Magnitudes with numbers of their own: moments, kernels, exact losses, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from exact_oracles import monte_carlo
from scipy import stats

import tegum as tg
from tegum.distributions import Law
from tegum.distributions.magnitudes import magnitude_of
from tegum.engines.base import Batch
from tegum.engines.sampled import draw
from tegum.engines.sampled.lowering import lower

Array = np.ndarray[Any, Any]

Z_BOUND = 5.0  # two-sided 6e-7 each
LAWS: dict[str, Law] = {
    "uniform": tg.Uniform(0.5, 2.0),
    "uniform about 0": tg.Uniform(-0.5, 2.0),
    "normal": tg.Normal(0.25, 0.5),
    "half-normal": tg.HalfNormal(2.0),
    "discrete": tg.Discrete((1.0, -2.0, 0.25), (3, 1, 0)),
    "constant": tg.Constant(-0.75),
}
EVERY_LAW = pytest.mark.parametrize("name", LAWS)


@EVERY_LAW
def test_moments_by_quadrature(name: str) -> None:
    """The midpoint rule in u; its error is worst for what is not bounded, ~1e-5."""
    law = magnitude_of(LAWS[name])
    v = law.from_uniform((np.arange(1_000_000) + 0.5) / 1_000_000)
    found = np.mean(v), np.mean(v**2), np.mean(np.abs(v))
    np.testing.assert_allclose(found, (law.mean, law.mean_square, law.mean_abs), atol=5e-5)
    assert np.isfinite(law.from_uniform(np.array([0.0, np.nextafter(1.0, 0.0)]))).all()


def test_laws_that_have_a_name_are_that() -> None:
    for law, name in (
        (tg.Uniform(0, 1), "uniform"),
        (tg.Uniform(-1, 1), "signed"),
        (tg.Constant(1), "one"),
    ):
        assert tg.Independent(2, 0.5, law) == tg.Independent(2, 0.5, name)
        assert tg.Independent(2, 0.5, law).to_json() == tg.Independent(2, 0.5, name).to_json()


def test_json_round_trip_and_laws_of_each_feature() -> None:
    laws = (tg.Normal(1, 2), "one", tg.Discrete([1, 2]))
    x = tg.Independent(3, 0.5, laws)
    assert tg.Independent.from_json(x.to_json()) == x
    np.testing.assert_allclose(x.mean(), [0.5, 0.5, 0.75])
    np.testing.assert_allclose(np.diag(x.second_moment()), [2.5, 0.5, 1.25])
    tree = tg.Hierarchy((-1, 0, 0), 0.5, magnitude=laws)
    np.testing.assert_allclose(tree.second_moment()[0, 1:], [0.25, 0.375])
    sets = tg.Correlated(2, 2, 0.5, ("one", tg.Constant(3)))
    np.testing.assert_allclose(sets.mean(), [0.5, 0.5, 1.5, 1.5])


def drawn(law: Any, way: str) -> Array:
    """Active features as a kernel draws them, and how many there could be."""
    n, m, p = {"lane": (5, 2, 0.9), "dense": (60, 30, 0.9), "sparse": (60, 30, 0.1)}[way]
    problem = tg.Problem(tg.Independent(n, p, law), tg.ReLUOutput(n_hidden=m))
    training = tg.Training(batch_size=1024)
    assert lower(Batch(problem, (problem,), (training,), (0,), 0)).forms[0].kernel == way
    x = draw.samples(problem, training, steps=20).astype(np.float64)
    assert abs(np.mean(x != 0) - p) < Z_BOUND * np.sqrt(p * (1 - p) / x.size)
    return x[x != 0]


@EVERY_LAW
@pytest.mark.parametrize("way", ["lane", "dense", "sparse"])
def test_kernels_draw_every_law(name: str, way: str) -> None:
    v, law = drawn(LAWS[name], way), magnitude_of(LAWS[name])
    for seen, stated in ((v, law.mean), (v**2, law.mean_square), (np.abs(v), law.mean_abs)):
        error = seen.std() / np.sqrt(len(seen))
        assert abs(seen.mean() - stated) <= Z_BOUND * error + 1e-6
    cdf = {
        "uniform": stats.uniform(0.5, 1.5),
        "uniform about 0": stats.uniform(-0.5, 2.5),
        "normal": stats.norm(0.25, 0.5),
        "half-normal": stats.halfnorm(scale=2.0),
    }.get(name)
    if cdf is not None:  # Kolmogorov: exceeded once in 10^6 times
        assert stats.kstest(v, cdf.cdf).statistic * np.sqrt(len(v)) < 2.7
    else:
        assert set(np.unique(v)) <= {1.0, -2.0, -0.75}


def test_each_feature_and_each_set_has_its_own_law() -> None:
    laws = [*LAWS.values(), "uniform"]
    for x in (
        tg.Independent(7, 0.8, laws),
        tg.Hierarchy((-1, 0, 0, 0, 3, 3, -1), 0.8, magnitude=laws),
        tg.Correlated(7, 2, 0.8, laws),
        tg.Anticorrelated(7, 2, 0.8, laws),
        tg.Mixture([tg.Independent(7, 0.8, laws), tg.Independent(7, 0.3, laws[::-1])]),
    ):
        problem = tg.Problem(x, tg.ReLUOutput(n_hidden=2))
        seen = draw.samples(problem, tg.Training(batch_size=1024), steps=20).astype(np.float64)
        for terms, stated in (
            (seen.reshape(-1, x.n_features), x.mean()),
            (seen.reshape(-1, x.n_features) ** 2, x.mean_square()),
        ):
            error = terms.std(0) / np.sqrt(len(terms))
            assert (np.abs(terms.mean(0) - stated) <= Z_BOUND * error + 1e-6).all()


EXACT = ("uniform", "uniform about 0", "discrete", "constant")


@pytest.mark.parametrize("activation", ["relu", "leaky", "identity"])
def test_expected_losses_are_those_of_samples(activation: str) -> None:
    """Within five standard errors of 200,000 samples: wrong once in 10^6 times."""
    rng = np.random.default_rng(3)
    for x in (
        tg.Independent(4, (0.4, 0.7, 0.2, 1.0), [LAWS[name] for name in EXACT]),
        tg.Hierarchy((-1, 0, 0, 1), 0.4, True, [LAWS[name] for name in EXACT]),
        tg.Correlated(2, 2, 0.5, (LAWS["discrete"], LAWS["uniform"])),
        tg.Anticorrelated(2, 2, 0.5, (LAWS["discrete"], "uniform")),
    ):
        problem = tg.Problem(x, tg.ReLUOutput(2, activation=activation), [1.0, 0.5, 2.0, 1.0])
        W, b = rng.normal(size=(2, 4)), 0.2 * rng.normal(size=4)
        mean, error = monte_carlo(problem, W, b)
        found = tg.expected_loss(problem, W, b)
        assert abs(found.loss - mean) < 5 * error + found.error


def test_expected_losses_by_hand() -> None:
    """One feature, x' = ReLU(w² x + b): it is on half of the time, 1 or -2 with odds 3 to 1."""
    problem = tg.Problem(tg.Independent(1, 0.5, tg.Discrete([1, -2], [3, 1])), tg.ReLUOutput(1))
    found = tg.expected_loss(problem, [[0.5]], [0.1])
    off, one, two = 0.1**2, (1 - 0.35) ** 2, 4.0
    assert found.loss == pytest.approx(0.5 * off + 0.375 * one + 0.125 * two, rel=1e-12)


def test_a_wider_uniform_law_scales_the_loss() -> None:
    """Without biases the model of 2x is twice that of x: of U[0, 2] four times the loss."""
    W = np.random.default_rng(4).normal(size=(2, 5))
    model = tg.ReLUOutput(2, bias=False)
    narrow = tg.expected_loss(tg.Problem(tg.Independent(5, 0.3), model), W)
    wide = tg.expected_loss(tg.Problem(tg.Independent(5, 0.3, tg.Uniform(0, 2)), model), W)
    np.testing.assert_allclose(wide.loss, 4 * narrow.loss, rtol=1e-9)


def test_the_exact_engine_descends_on_discrete_features() -> None:
    problem = tg.Problem(tg.Independent(3, 0.2, tg.Discrete([0.5, 1.0])), tg.ReLUOutput(2))
    runs = tg.train(problem, training=tg.Training(engine="exact", steps=200), seeds=4)
    best = tg.best(runs)
    at = tg.expected_loss(problem, best.W, best.b)
    np.testing.assert_allclose(at.loss, best.loss, rtol=1e-9)
    assert best.gradient_norm < 1e-3


@pytest.mark.parametrize(
    ("law", "n", "said"),
    [
        (tg.Normal(), 3, "magnitudes among uniform, signed, one, Uniform, Discrete and Constant, "
         "not Normal, to be exact"),
        (tg.HalfNormal(), 3, "not HalfNormal, to be exact"),
        (tg.Constant(2), 17, "at most 65536 patterns of active features to be exact"),
        (tg.Discrete(range(1, 20)), 6, "at most 65536 patterns of active features to be exact"),
    ],
)  # fmt: skip
def test_what_has_no_exact_loss_is_refused_by_name(law: Law, n: int, said: str) -> None:
    problem = tg.Problem(tg.Independent(n, 0.1, law), tg.ReLUOutput(2))
    with pytest.raises(tg.SpecError) as caught:
        tg.expected_loss(problem, np.zeros((2, n)))
    assert said in str(caught.value)
    assert str(caught.value).startswith("Problem.distribution must have ")
    assert "the sampled engine" in str(caught.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tg.Uniform(1, 1), "Uniform.high must be > low = 1; got 1.0"),
        (lambda: tg.Uniform(-1e20, 1), "Uniform.low must be in [-1e+15, 1e+15]; got -1e+20"),
        (lambda: tg.Normal(0, 0), "Normal.std must be in (0, 1e+15]; got 0.0"),
        (lambda: tg.HalfNormal(-1), "HalfNormal.std must be in (0, 1e+15]; got -1.0"),
        (lambda: tg.Discrete([1, 0]),
         "Discrete.values[1] must not be 0: a feature of value 0 is off; got 0.0"),
        (lambda: tg.Discrete([1, 2], [1]), "Discrete.odds must be 2, one for each value; got 1"),
        (lambda: tg.Discrete([1], [0]), "Discrete.odds must not all be 0; got [0]"),
        (lambda: tg.Discrete([1, 2], [1, -1]), "Discrete.odds[1] must be >= 0; got -1.0"),
        (lambda: tg.Constant(0),
         "Constant.value must not be 0: a feature of value 0 is off; got 0.0"),
        (lambda: tg.Independent(2, 0.5, ["one"]),
         "Independent.magnitude must be one law or have n_features = 2 entries; got 1 entries"),
        (lambda: tg.Independent(2, 0.5, ["one", "two"]),
         "Independent.magnitude[1] must be 'uniform', 'signed', 'exponential' or 'one', or a law, "
         "as tg.Uniform(0.5, 1) is; got 'two'"),
        (lambda: tg.Correlated(2, 2, 0.5, ["one"]),
         "Correlated.magnitude must be one law or have n_sets = 2 entries; got 1 entries"),
    ],
)  # fmt: skip
def test_what_is_no_law_is_refused_in_a_line(make: Any, said: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        make()
    assert str(caught.value) == said


def test_the_command_line_takes_laws_as_json() -> None:
    from tegum.cli.describe import problem_of

    given = {"features": 2, "probability": "0.5", "hidden": 2}
    for text, law in (
        ('{"kind": "normal", "std": 2}', tg.Normal(0, 2)),
        ('["one", {"kind": "uniform", "low": 1, "high": 2}]', ("one", tg.Uniform(1, 2))),
        ("signed", "signed"),
    ):
        problem = problem_of({**given, "magnitude": text}, None)
        assert problem.distribution == tg.Independent(2, 0.5, law)

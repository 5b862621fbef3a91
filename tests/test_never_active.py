"""Features that are never active, p = 0: the limit of small p, in every place that takes p."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.distributions import Distribution
from tegum.distributions.magnitudes import MAGNITUDES
from tegum.loss.expected import aimed_loss
from tegum.models.activations import ACTIVATIONS
from tegum.theory import activity, linear, packing, phases, sparse_expansion

Array = np.ndarray[Any, np.dtype[np.float64]]
DEAD = 2  # the feature that never is, of five
LIVE = np.arange(5) != DEAD


def laws(name: str, p: float) -> dict[str, tuple[Distribution, Distribution]]:
    """By kind: five features of which one has probability p, and the four others alone."""
    sets = tg.Correlated(1, 2, 0.4, name), tg.Anticorrelated(1, 2, 0.6, name)
    return {
        "independent": (
            tg.Independent(5, (0.3, 1.0, p, 0.2, 0.6), name),
            tg.Independent(4, (0.3, 1.0, 0.2, 0.6), name),
        ),
        "sets": (
            tg.Groups((sets[0], tg.Independent(1, p, name), sets[1])), tg.Groups(sets),
        ),
        "a set": (
            tg.Groups((tg.Independent(2, 0.3, name), tg.Correlated(1, 1, p, name), sets[1])),
            tg.Groups((tg.Independent(2, 0.3, name), sets[1])),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", MAGNITUDES)
@pytest.mark.parametrize("kind", ["independent", "sets", "a set"])
def test_moments_and_samples(kind: str, name: str) -> None:
    law, rest = laws(name, 0.0)[kind]
    assert law.active_probability()[DEAD] == law.mean()[DEAD] == 0.0
    assert not law.second_moment()[DEAD].any()
    np.testing.assert_array_equal(law.second_moment()[np.ix_(LIVE, LIVE)], rest.second_moment())
    x = law.sample(np.random.default_rng(0), 500)
    assert not x[:, DEAD].any()
    assert x[:, LIVE].any(axis=0).all()
    assert tg.Problem.from_json(tg.Problem(law, tg.ReLUOutput(2)).to_json()).distribution == law


@pytest.mark.parametrize(
    ("name", "activation", "method"),
    [
        *((name, activation, "auto") for name in MAGNITUDES for activation in ACTIVATIONS),
        *((name, f, "series") for name in MAGNITUDES if name != "one" for f in ("relu", "leaky")),
    ],
)
@pytest.mark.parametrize("kind", ["independent", "sets", "a set"])
def test_the_loss_is_that_of_the_others_and_a_bias(
    kind: str, name: str, activation: Any, method: str
) -> None:
    """An output without weights loses I f(b)²; weights of the dead input do nothing to others."""
    law, rest = laws(name, 0.0)[kind]
    rng = np.random.default_rng(1)
    W, b, importance = rng.normal(size=(3, 5)), rng.normal(size=5), rng.uniform(0.2, 1.0, 5)
    b[DEAD] = 0.3
    out, f = W.T.copy(), ACTIVATIONS[activation].f
    out[DEAD] = 0.0
    model = tg.TwoLayer(3, hidden_activation="identity", activation=activation)
    options: dict[str, Any] = {"method": method, "aim": 1e-12}
    found = aimed_loss(tg.Problem(law, model, importance), (W, out), b, **options)
    others = aimed_loss(
        tg.Problem(rest, model, importance[LIVE]), (W[:, LIVE], out[LIVE]), b[LIVE], **options
    )
    wanted = others.loss + importance[DEAD] * float(f(np.array([b[DEAD]]))[0]) ** 2
    assert abs(found.loss - wanted) <= found.error + others.error
    assert found.error < 1e-6 * (1.0 + wanted)


@pytest.mark.parametrize("name", MAGNITUDES)
def test_it_is_the_limit_of_small_probabilities(name: str) -> None:
    """Loss and gradient are polynomials in p: at 1e-9 they are within some 1e-9."""
    rng = np.random.default_rng(2)
    W, b = 0.6 * rng.normal(size=(2, 5)), 0.2 * rng.normal(size=5)
    found = [
        aimed_loss(
            tg.Problem(laws(name, p)["independent"][0], tg.ReLUOutput(2)), W, b,
            gradient=True, aim=1e-12,
        )
        for p in (0.0, 1e-9)
    ]  # fmt: skip
    assert found[0].loss == pytest.approx(found[1].loss, abs=1e-7)
    for one, other in zip(*(one.gradient.values() for one in found if one.gradient), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    assert found[0].loss != found[1].loss


@pytest.mark.parametrize("n", [1, 2, 4, 9])
@pytest.mark.parametrize("name", MAGNITUDES)
@pytest.mark.parametrize("activation", ["relu", "leaky", "identity", "gelu", "quadratic"])
def test_no_feature_at_all(activation: Any, name: str, n: int) -> None:
    """x = 0: the loss is Σ I f(b)², its gradient Σ 2 I f(b) f'(b) in b and 0 in W."""
    rng = np.random.default_rng(3)
    problem = tg.Problem(tg.Independent(n, 0.0, name), tg.ReLUOutput(2, activation=activation))
    W, b = rng.normal(size=(2, n)), rng.normal(size=n)
    kinked = activation in ("relu", "leaky", "identity")
    found = tg.expected_loss(problem, W, b, gradient=kinked)
    f, slope = ACTIVATIONS[activation].f(b), ACTIVATIONS[activation].derivative(b)
    assert found.loss == pytest.approx((f**2).sum(), rel=1e-12)
    if kinked:
        assert found.gradient is not None
        np.testing.assert_allclose(found.gradient["b"], 2 * f * slope, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(found.gradient["W"], 0.0, atol=1e-13)


@pytest.mark.parametrize("p", [(0.3, 0.0, 0.6, 1.0), (0.0, 0.0, 1.0, 1.0), (0.3, 0.0, 0.0, 0.2)])
def test_by_the_number_of_active_features(p: tuple[float, ...]) -> None:
    rng = np.random.default_rng(4)
    problem = tg.Problem(tg.Independent(4, p), tg.ReLUOutput(2))
    W, b = 0.5 * rng.normal(size=(2, 4)), 0.2 * rng.normal(size=4)
    parts = tg.loss_by_active(problem, W, b)
    assert float(parts.probability.sum()) == pytest.approx(1.0)
    assert float(parts.contribution.sum()) == pytest.approx(
        tg.expected_loss(problem, W, b).loss, rel=1e-9
    )


def test_the_terms_of_the_expansion_do_not_depend_on_p() -> None:
    """L_k is a sum over sets of k features: at p = 0 it is what it is at .3."""
    rng = np.random.default_rng(5)
    W, b = 0.5 * rng.normal(size=(2, 4)), 0.2 * rng.normal(size=4)
    found = [
        tg.loss_by_active(tg.Problem(tg.Independent(4, p), tg.ReLUOutput(2)), W, b)
        for p in (0.0, 0.3)
    ]
    np.testing.assert_allclose(found[0].L, found[1].L, rtol=1e-9)
    np.testing.assert_array_equal(found[0].contribution[1:], 0.0)


@pytest.mark.parametrize("p", [(0.2, 0.0, 0.3, 0.1, 0.0), (0.0,) * 5, (0.5, 0.0, 1.0, 0.3, 0.0)])
@pytest.mark.parametrize("engine", ["sampled", "exact"])
def test_both_engines_train(engine: Any, p: tuple[float, ...]) -> None:
    problem = tg.Problem(tg.Independent(5, p), tg.ReLUOutput(2))
    training = tg.Training(engine=engine, steps=400, learning_rate=0.01, held_out=4096)
    runs = tg.train(problem, None, training, seeds=3, progress=False)
    assert not runs.diverged.any()
    exact = tg.score(runs).loss
    assert (np.abs(runs.loss - exact) <= 5 * runs.loss_error + 1e-12).all()
    blank = tg.expected_loss(problem, np.zeros((2, 5))).loss
    assert (exact <= blank + 1e-12).all()
    if not any(p):
        np.testing.assert_allclose(exact, 0.0, atol=1e-12)


def test_an_axis_from_zero() -> None:
    problem = tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(1))
    axes = {"feature_probability": [0.0, 0.5], "one": ("feature_probability[1]", [0.0, 1.0])}
    training = tg.Training(engine="exact", steps=60)
    runs = tg.train(problem, axes, training, progress=False)
    assert np.isfinite(runs.loss).all()
    assert float(runs.loss.sel(feature_probability=0, one=0)[0]) == pytest.approx(0.0, abs=1e-12)


def test_closed_forms_at_zero() -> None:
    """By hand: what is never active has no variance, and costs nothing to leave out."""
    assert activity.dedicated_reduction(0.0) == pytest.approx(1 / 3)
    assert activity.antipodal_reduction(0.0) == pytest.approx(1 / 3)
    assert activity.antipodal_deficit(0.0) == 0.0
    assert linear.uniform_variance(0) == 0.0
    assert linear.optimum([1.0, 1.0, 1.0], [0.1, 0.0, 0.2], 1).loss == pytest.approx(0.1)
    np.testing.assert_array_equal(packing.digon_losses(np.ones(4), 2, 0), 0.0)
    np.testing.assert_array_equal(phases.losses_two(1.0, 0.0), 0.0)
    np.testing.assert_array_equal(phases.losses_three(2.0, 0.0), 0.0)
    np.testing.assert_array_equal(sparse_expansion.term_weights(3, 0), [1, 0, 0, 0])

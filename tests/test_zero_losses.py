"""Losses of 0: never below it, and equal to one another whatever rounding leaves of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.analysis import branches, curvature
from tegum.analysis._path import FINEST, Path
from tegum.explorer.limits import Limits
from tegum.explorer.live import Live
from tegum.explorer.state import FIRST
from tegum.loss import _exact
from tegum.loss.expected import loss_of_zero, same_loss

EXACT = tg.Training(engine="exact", curve_points=3)
#: (n, m) with room for every feature, and surplus features of no importance.
ROOMY = {
    "n = m": tg.Problem(tg.Independent(3, 0.2), tg.ReLUOutput(3)),
    "n < m": tg.Problem(tg.Independent(2, 0.2), tg.ReLUOutput(3)),
    "linear": tg.Problem(tg.Independent(3, 0.2), tg.Linear(3)),
}


@pytest.mark.parametrize("problem", ROOMY.values(), ids=ROOMY.keys())
def test_models_without_loss_are_one_minimum(problem: tg.Problem) -> None:
    runs = tg.train(problem, training=EXACT, seeds=10, progress=False)
    assert (runs["loss"] >= 0).all()
    assert (runs["loss"] < 1e-15).all()
    assert (runs["loss_curve"] >= 0).all()
    for models in (runs, tg.polish(runs), tg.score(runs)):
        assert (models["loss"] >= 0).all()
        found = tg.minima(models)
        assert found.table[["count", "above"]].to_numpy().tolist() == [[10, 0.0]]
    loss, _ = tg.expected_loss(problem, runs["W"], runs["b"])
    assert (loss >= 0).all()


def test_what_lies_above_a_loss_of_0_is_infinitely_far_above() -> None:
    """Two features count; a model that keeps one of them has lost a half of what there is."""
    problem = tg.Problem(tg.Independent(4, 0.2), tg.ReLUOutput(2), (1, 1, 0, 0))
    W, b = np.zeros((3, 2, 4)), np.zeros((3, 4))
    W[0, :, :2], W[1, :, 1::-1] = np.eye(2), np.eye(2)
    W[2, 0, 0] = 1.0
    b[2] = [0, 0.1, 0, 0]  # the best constant: p/2
    runs = tg.train(problem, training=EXACT.replace(steps=0), seeds=3, progress=False)
    runs = runs.assign(W=runs["W"].copy(data=W), b=runs["b"].copy(data=b))
    runs = tg.score(runs).assign(status=("seed", [1, 1, 1]))
    noise = xr.DataArray([1e-17, 3e-16, 0.0], dims="seed")
    found = tg.minima(runs.assign(loss=runs["loss"] + noise), hessian=False).table
    assert found["count"].tolist() == [2, 1]
    assert found["above"].tolist() == [0.0, float("inf")]
    # E[(x − p/2)²] of U[0, 1] with probability p
    assert found["loss"][1] == pytest.approx(0.2 / 3 - 0.1**2)


def test_a_loss_of_0_has_no_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an engine's rounding leaves, what is handed out is 0 or more; NaN stays NaN."""

    def below(low: Any, weights: Any, **question: Any) -> Any:
        count = len(weights["b"])
        loss = np.resize([-1e-17, 2.0], count)
        return type("Found", (), {"loss": loss, "error": loss * 0, "gradient": {}})

    monkeypatch.setattr(_exact, "measure", below)
    problem, W = ROOMY["n = m"], np.ones((2, 3, 3))
    assert tg.expected_loss(problem, W).loss.tolist() == [0.0, 2.0]


def test_contributions_are_not_below_0() -> None:
    problem = ROOMY["n = m"]
    W = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    parts = tg.loss_by_active(problem, W, np.zeros(3))
    assert (parts["contribution"] >= 0).all()
    assert float(parts["contribution"].sum()) < 1e-15


def test_losses_are_equal_by_a_share_of_the_larger_or_of_the_least_that_counts() -> None:
    blank = loss_of_zero(ROOMY["n = m"])
    assert blank == pytest.approx(3 * 0.2 / 3)
    assert loss_of_zero(tg.Problem(tg.Correlated(2, 2, 0.3), tg.ReLUOutput(2), (1, 2, 0, 1))) == (
        pytest.approx(4 * 0.3 / 3)
    )
    one, other = np.array([0.1, 0.1, 0.0, -1e-16, np.nan]), np.array([0.1001, 0.101, 1e-16, 0, 1])
    assert same_loss(one, other, 5e-3, blank).tolist() == [True, False, True, True, False]


def test_branches_without_loss_do_not_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, W = ROOMY["n = m"], np.eye(3)
    values = [0.2, 0.3, 0.4]
    one = tg.follow(problem, W, target="feature_probability", values=values, hessian=False)
    noise = one.assign(loss=one["loss"] + np.array([1e-17, -1e-17, 1e-17]))
    assert tg.crossings(noise, one.assign(loss=0 * one["loss"])) == []
    monkeypatch.setattr(branches, "_solve", lambda path, models, low, high: (low, high))
    apart = one.assign(loss=("feature_probability", [0.1, -1e-9, 0.1]))
    assert tg.crossings(apart, one.assign(loss=0 * one["loss"])) == [(0.2, 0.3), (0.3, 0.4)]


def test_a_branch_that_ends_at_0_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps from a value of 0 are halved until they are small beside where they were to go."""
    goals: list[float] = []
    path = Path(ROOMY["n = m"], "l1", hessian=False)
    monkeypatch.setattr(path, "settle", lambda model, value: goals.append(value))
    monkeypatch.setattr(path, "_returns", lambda *models: False)
    monkeypatch.setattr("tegum.analysis._path._weights", lambda model: model)
    assert path.walk(xr.Dataset(), 0.0, 1.0, FINEST) == (None, 0.0)
    assert 1e-9 < goals[-1] < 1e-3
    assert len(goals) < 40


def test_a_model_that_does_nothing_is_flat_and_not_curved_by_rounding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = np.random.default_rng(0).normal(size=(12, 12)) * 1e-13
    monkeypatch.setattr(curvature, "hessian", lambda *given, **how: noise + noise.T)
    found = curvature.signature(ROOMY["n = m"], np.zeros((3, 3)), -np.ones(3))
    assert (found.negative, found.rotation, found.flat, found.positive) == (0, 0, 12, 0)


def test_seeds_without_loss_do_not_take_turns_as_the_best() -> None:
    live = Live(FIRST.replace(seeds=3), Limits(), 1)
    live.scores = np.array([1e-15, 3e-16, 2e-15])
    first = live.best()
    live.scores = np.array([4e-16, 1e-15, 1e-16])
    assert live.best() == first
    live.scores = np.array([0.1, 0.1, 1e-16])
    assert live.best() == 2


def test_the_kernels_count_the_same_losses_as_0() -> None:
    from tegum.engines.exact import tolerance
    from tegum.loss import expected

    assert tolerance.FLOOR == expected.FLOOR

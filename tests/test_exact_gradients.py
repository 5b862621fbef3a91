"""Gradients against central differences of the loss, and what must hold between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from exact_cases import Array, random_model

import tegum as tg
from tegum.loss.expected import aimed_loss

#: h of the difference quotients: (h²/6) L''' and the rounding of L, 1e-15/h, are below 1e-9.
STEP = 2e-5
KINDS: dict[str, Any] = {
    "independent": lambda magnitude: tg.Independent(5, (0.05, 0.3, 0.5, 1.0, 0.2), magnitude),
    "one": lambda magnitude: tg.Independent(1, 0.4, magnitude),
    "two": lambda magnitude: tg.Independent(2, (0.4, 0.1), magnitude),
    "two together": lambda magnitude: tg.Correlated(1, 2, 0.4, magnitude),
    "correlated": lambda magnitude: tg.Correlated(2, 3, (0.2, 0.6), magnitude),
    "anticorrelated": lambda magnitude: tg.Anticorrelated(2, 3, (0.9, 0.3), magnitude),
    "groups": lambda magnitude: tg.Groups(
        (
            tg.Independent(2, 0.3, magnitude),
            tg.Correlated(1, 3, 0.3, "signed"),
            tg.Anticorrelated(1, 2, 1.0, magnitude),
            tg.Independent(1, 0.1, "exponential"),
        )
    ),
}
each_kind = pytest.mark.parametrize("kind", KINDS)
each_activation = pytest.mark.parametrize("activation", ["relu", "leaky", "identity"])


def loss(problem: tg.Problem, arrays: dict[str, Array], method: str) -> float:
    W = arrays["W"] if problem.model.tied else (arrays["W_in"], arrays["W_out"])
    found = aimed_loss(problem, W, arrays["b"], method=method, aim=1e-12, jobs=1)
    return float(found.loss)


def quotients(problem: tg.Problem, arrays: dict[str, Array], method: str) -> dict[str, Array]:
    """(L(θ + h) − L(θ − h)) / 2h for every number θ."""
    found = {}
    for name, array in arrays.items():
        slopes = np.zeros_like(array)
        for at in np.ndindex(array.shape):
            ends = []
            for sign in (1.0, -1.0):
                moved = array.copy()
                moved[at] += sign * STEP
                ends.append(loss(problem, {**arrays, name: moved}, method))
            slopes[at] = (ends[0] - ends[1]) / (2 * STEP)
        found[name] = slopes
    return found


def model_of(problem: tg.Problem, seed: int = 0) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    n, m = problem.n_features, problem.n_hidden
    W, b = random_model(rng, n, m, "generic")
    b = np.where(np.abs(b) < 0.05, 0.05, b)  # at b = 0 the second derivative jumps
    if problem.model.tied:
        return {"W": W, "b": b}
    return {"W_in": W, "W_out": rng.normal(0, 0.7, (n, m)), "b": b}


def check(problem: tg.Problem, arrays: dict[str, Array], method: str) -> None:
    W = arrays["W"] if problem.model.tied else (arrays["W_in"], arrays["W_out"])
    found = aimed_loss(problem, W, arrays["b"], gradient=True, method=method, aim=1e-12)
    assert found.gradient is not None
    assert set(found.gradient) == set(arrays)
    scale = max(1.0, float(found.loss))
    for name, wanted in quotients(problem, arrays, method).items():
        np.testing.assert_allclose(found.gradient[name], wanted, rtol=0, atol=1e-8 * scale)


@each_kind
@each_activation
@pytest.mark.parametrize("magnitude", ["uniform", "signed", "exponential"])
@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_difference_quotients(kind: str, magnitude: str, activation: str, tied: bool) -> None:
    x = KINDS[kind](magnitude)
    model: Any = tg.ReLUOutput(2, activation=activation)
    if not tied:
        model = tg.TwoLayer(2, hidden_activation="identity", activation=activation)
    importance = np.linspace(0.5, 1.5, x.n_features)
    problem = tg.Problem(x, model, importance)
    methods = ["auto", "series"]
    if magnitude != "exponential" and kind != "groups":
        methods.append("enumeration")
    for method in methods:
        check(problem, model_of(problem), method)


@each_activation
def test_difference_quotients_of_many_features(activation: str) -> None:
    problem = tg.Problem(tg.Independent(20, 0.1), tg.ReLUOutput(4, activation=activation))
    check(problem, model_of(problem), "auto")


def test_a_model_without_bias_has_no_slope_along_it() -> None:
    problem = tg.Problem(tg.Independent(4, 0.5), tg.ReLUOutput(2, bias=False))
    W, _ = random_model(np.random.default_rng(0), 4, 2, "generic")
    for method in ("auto", "series"):
        gradient = tg.expected_loss(problem, W, gradient=True, method=method).gradient
        assert gradient is not None
        assert not gradient["b"].any()
        assert gradient["W"].all()


@pytest.mark.parametrize("n", [2, 5, 9])
def test_rotations_of_the_hidden_space_change_nothing(n: int) -> None:
    """L is a function of WᵀW: the gradient turns with W and has no part along rotations."""
    rng = np.random.default_rng(n)
    problem = tg.Problem(tg.Independent(n, 0.2), tg.ReLUOutput(2))
    W, b = random_model(rng, n, 2, "trained")
    turn, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    one = aimed_loss(problem, W, b, gradient=True, aim=1e-12)
    two = aimed_loss(problem, turn @ W, b, gradient=True, aim=1e-12)
    assert one.gradient is not None
    assert two.gradient is not None
    assert two.loss == pytest.approx(one.loss, rel=1e-12)
    np.testing.assert_allclose(two.gradient["W"], turn @ one.gradient["W"], atol=1e-9)
    moment = W @ one.gradient["W"].T
    assert abs(moment[0, 1] - moment[1, 0]) < 1e-12


def test_value_and_gradient_do_not_depend_on_company_and_threads() -> None:
    """Many models at once, one after the other, on any number of threads: the same bits."""
    rng = np.random.default_rng(1)
    for n, method in ((5, "enumeration"), (5, "series"), (9, "series"), (2, "auto")):
        problem = tg.Problem(tg.Independent(n, 0.2), tg.ReLUOutput(2))
        W, b = rng.normal(size=(3, 4, 2, n)), rng.normal(0, 0.3, (4, n))
        whole = tg.expected_loss(problem, W, b, gradient=True, method=method, jobs=2)
        again = tg.expected_loss(problem, W, b, gradient=True, method=method, jobs=1)
        assert whole.gradient is not None
        assert again.gradient is not None
        assert whole.loss.shape == whole.error.shape == (3, 4)
        assert whole.gradient["W"].shape == W.shape
        assert whole.gradient["b"].shape == (3, 4, n)
        for i, j in np.ndindex(3, 4):
            one = tg.expected_loss(problem, W[i, j], b[j], gradient=True, method=method)
            assert one.gradient is not None
            for same in (whole, again):
                assert same.loss[i, j] == one.loss
                assert same.error[i, j] == one.error
                assert same.gradient is not None
                for name in ("W", "b"):
                    assert np.array_equal(same.gradient[name][i, j], one.gradient[name])

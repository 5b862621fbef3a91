"""What `expected_loss` takes and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from exact_cases import off_by

import tegum as tg
from tegum.errors import SpecError

X = tg.Independent(3, 0.3)
TIED = tg.Problem(X, tg.ReLUOutput(2))
UNTIED = tg.Problem(X, tg.TwoLayer(2, hidden_activation="identity"))
UNBIASED = tg.Problem(X, tg.ReLUOutput(2, bias=False))
W = np.array([[1.0, -0.5, 0.2], [0.3, 0.8, -0.6]])
B = np.array([-0.1, 0.0, 0.2])
NAN = float("nan")


@pytest.mark.parametrize(
    ("problem", "weights", "options", "said"),
    [
        ("x", W, {}, "problem must be a Problem; got 'x'"),
        (TIED, W[:1], {}, "W must have shape (..., 2, 3), (..., n_hidden, n_features); got (1, 3)"),
        (
            TIED,
            W.T,
            {},
            "(..., 2, 3), (..., n_hidden, n_features); transpose it; got (3, 2)",
        ),
        (TIED, W[0], {}, "W must have shape (..., 2, 3), (..., n_hidden, n_features); got (3,)"),
        (TIED, None, {}, "W must"),
        (TIED, "abc", {}, "W must"),
        (TIED, [[1.0, 2.0], [3.0]], {}, "W must"),
        (TIED, (W, W.T), {}, "W must"),
        (TIED, 1j * W, {}, "W must"),
        (TIED, np.where(W > 0, W, NAN), {}, "W must be finite"),
        (TIED, np.where(W > 0, W, np.inf), {}, "W must be finite"),
        (TIED, W, {"b": np.ones(2)}, "b must have shape (..., 3); got (2,)"),
        (TIED, W, {"b": [0.0, NAN, 0.0]}, "b must be finite"),
        (TIED, W, {"b": "abc"}, "b must"),
        (TIED, np.ones((4, 2, 3)), {"b": np.ones((5, 3))}, "b must broadcast against W"),
        (UNTIED, W, {}, "W must be the pair (W_in, W_out)"),
        (UNTIED, (W, W.T, B), {}, "W must be the pair (W_in, W_out)"),
        (
            UNTIED,
            (W, W),
            {},
            "W_out must have shape (..., 3, 2), (..., n_features, n_hidden); transpose",
        ),
        (
            UNTIED,
            (W.T, W.T),
            {},
            "W_in must have shape (..., 2, 3), (..., n_hidden, n_features); transpose",
        ),
        (UNTIED, (W, NAN * W.T), {}, "W_out must be finite"),
        (UNBIASED, W, {"b": B}, "b must be None or 0: the model has no bias"),
        (TIED, W, {"tolerance": 0.0}, "tolerance must be in (0, 1); got 0.0"),
        (TIED, W, {"tolerance": 1.0}, "tolerance must be in (0, 1); got 1.0"),
        (TIED, W, {"tolerance": NAN}, "tolerance must be in (0, 1); got nan"),
        (TIED, W, {"tolerance": "small"}, "tolerance must be in (0, 1); got 'small'"),
        (TIED, W, {"method": "fourier"}, "method must be one of"),
        (TIED, W, {"jobs": 0}, "jobs must be an integer >= 1 or None; got 0"),
        (
            tg.Problem(tg.Independent(13, 0.3), tg.ReLUOutput(2)),
            np.ones((2, 13)),
            {"method": "enumeration"},
            "method can be 'enumeration' for at most 12 features",
        ),
        (
            tg.Problem(tg.Independent(3, 0.3, "exponential"), tg.ReLUOutput(2)),
            W,
            {"method": "enumeration"},
            "none exponential",
        ),
        (
            TIED.replace(model=tg.ReLUOutput(2, activation="gelu")),
            W,
            {"method": "series"},
            "method must be 'auto' for the output activation 'gelu'",
        ),
        (
            TIED.replace(model=tg.ReLUOutput(2, activation="gelu")),
            W,
            {"gradient": True},
            "activation must be relu, leaky or identity",
        ),
        (TIED.replace(model=tg.ReLUHidden(2)), W, {}, "hidden_activation must be identity"),
        (
            tg.Problem(tg.Independent(3, 0.3, "signed"), tg.ReLUOutput(2), target="abs"),
            W,
            {},
            "Problem.target must be 'x'",
        ),
    ],
)
def test_bad_input(problem: Any, weights: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        tg.expected_loss(problem, weights, **options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "b", "said"),
    [
        (xr.DataArray(W, dims=("feature", "x")), None, "W must have the dimensions"),
        (xr.DataArray(W, dims=("hidden", "feature")), xr.DataArray(B, dims="x"), "b must"),
        (
            xr.DataArray(W, dims=("hidden", "feature")),
            xr.DataArray(np.ones((4, 3)), dims=("seed", "feature")),
            "b must",
        ),
    ],
)
def test_dimensions_of_dataarrays(weights: xr.DataArray, b: Any, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        tg.expected_loss(TIED, weights, b)
    assert said in str(caught.value)


def test_numbers_for_one_model() -> None:
    loss, error = found = tg.expected_loss(TIED, W.tolist(), B.tolist())
    assert isinstance(loss, float)
    assert isinstance(error, float)
    assert (loss, error) == (found.loss, found.error)
    assert found.gradient is None
    assert found.method == "enumeration"
    assert tg.expected_loss(TIED, W).loss == tg.expected_loss(TIED, W, np.zeros(3)).loss
    assert tg.expected_loss(UNBIASED, W).loss == tg.expected_loss(UNBIASED, W, 0 * B).loss


def test_leading_shapes() -> None:
    rng = np.random.default_rng(0)
    many, biases = rng.normal(size=(4, 1, 2, 3)), rng.normal(size=(5, 3))
    found = tg.expected_loss(TIED, many, biases, gradient=True)
    assert found.loss.shape == found.error.shape == (4, 5)
    assert found.gradient is not None
    assert found.gradient["W"].shape == (4, 5, 2, 3)
    for i, j in np.ndindex(4, 5):
        one = tg.expected_loss(TIED, many[i, 0], biases[j], gradient=True)
        assert found.loss[i, j] == one.loss
        assert off_by({k: v[i, j] for k, v in found.gradient.items()}, one.gradient) == 0
    assert tg.expected_loss(TIED, np.ones((0, 2, 3))).loss.shape == (0,)
    pair = tg.expected_loss(UNTIED, (many, np.ones((3, 2))), biases)
    assert pair.loss.shape == (4, 5)


def test_dataarrays_in_any_order_of_dimensions() -> None:
    rng = np.random.default_rng(0)
    many = xr.DataArray(rng.normal(size=(3, 2, 3)), dims=("feature", "hidden", "seed"))
    biases = xr.DataArray(rng.normal(size=(3, 3)), dims=("feature", "seed"))
    found = tg.expected_loss(TIED, many, biases, gradient=True)
    assert found.loss.dims == found.error.dims == ("seed",)
    assert found.gradient is not None
    assert found.gradient["W"].dims == ("seed", "hidden", "feature")
    assert found.gradient["b"].dims == ("seed", "feature")
    for k in range(3):
        one = tg.expected_loss(
            TIED, many.isel(seed=k).transpose("hidden", "feature").values, biases[:, k].values
        )
        assert float(found.loss[k]) == one.loss
    with_coordinates = many.assign_coords(seed=[5, 6, 7])
    assert tg.expected_loss(TIED, with_coordinates, biases).loss.sel(seed=6) == found.loss[1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, object])
def test_everything_is_float64_inside(dtype: Any) -> None:
    weights = np.round(4 * W).astype(dtype)
    found = tg.expected_loss(TIED, weights, gradient=True)
    assert found.gradient is not None
    assert found.gradient["W"].dtype == np.float64
    assert found.loss == tg.expected_loss(TIED, np.round(4 * W)).loss


def test_inputs_are_left_as_they_are() -> None:
    weights, biases = W.copy(), B.copy()
    tg.expected_loss(TIED, weights, biases, gradient=True)
    tg.expected_loss(TIED, weights, biases, gradient=True, method="series")
    assert np.array_equal(weights, W)
    assert np.array_equal(biases, B)


@pytest.mark.parametrize(
    ("n", "activation", "magnitude", "method"),
    [
        (2, "relu", "uniform", "closed form"),
        (2, "relu", "exponential", "series"),
        (6, "relu", "signed", "enumeration"),
        (7, "leaky", "uniform", "series"),
        (9, "identity", "uniform", "closed form"),
        (4, "gelu", "uniform", "smooth series"),
        (4, "quadratic", "uniform", "moments"),
    ],
)
def test_what_is_chosen(n: int, activation: Any, magnitude: Any, method: str) -> None:
    model = tg.ReLUOutput(2, activation=activation)
    problem = tg.Problem(tg.Independent(n, 0.3, magnitude), model)
    assert tg.expected_loss(problem, np.full((2, n), 0.3)).method == method


def test_penalties_do_not_count() -> None:
    assert tg.expected_loss(TIED.replace(l1=0.5), W, B).loss == tg.expected_loss(TIED, W, B).loss

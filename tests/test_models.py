"""Models: forward against naive loops, derivatives against differences, shapes, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import MODELS
from tegum.errors import SpecError
from tegum.models import Linear, Model, ReLUHidden, ReLUOutput, TwoLayer
from tegum.models.activations import ACTIVATIONS, ActivationName
from tegum.spec import Spec

ALL = pytest.mark.parametrize("name", MODELS)

#: The definitions again, one number at a time.
SCALAR: dict[str, Callable[[float], float]] = {
    "relu": lambda z: z if z > 0 else 0.0,
    "gelu": lambda z: z * 0.5 * (1.0 + math.erf(z / math.sqrt(2.0))),
    "leaky": lambda z: z if z > 0 else 0.01 * z,
    "quadratic": lambda z: z * z,
    "identity": lambda z: z,
}

_BIAS, _NAME = st.booleans(), st.sampled_from(sorted(SCALAR))
_SIZE = st.integers(1, 4)
_ANY = st.one_of(
    st.builds(Linear, n_hidden=_SIZE, bias=_BIAS),
    st.builds(ReLUOutput, n_hidden=_SIZE, bias=_BIAS, activation=_NAME),
    st.builds(ReLUHidden, n_hidden=_SIZE, bias=_BIAS, hidden_bias=_BIAS, activation=_NAME),
    st.builds(
        TwoLayer,
        n_hidden=_SIZE,
        bias=_BIAS,
        hidden_bias=_BIAS,
        hidden_activation=_NAME,
        activation=_NAME,
    ),
)


def _random_parameters(
    model: Model, n: int, rng: np.random.Generator
) -> dict[str, np.ndarray[Any, Any]]:
    return {name: rng.normal(size=shape) for name, shape in model.parameters(n).items()}


def _naive_forward(model: Model, parameters: Any, x: Any) -> tuple[list[float], list[float]]:
    """h and x' of one sample by loops over scalars."""
    n, m = len(x), model.n_hidden
    b, b_hidden = parameters.get("b", [0.0] * n), parameters.get("b_hidden", [0.0] * m)
    h, y = [], []
    for k in range(m):
        encode = parameters["W"] if model.tied else parameters["W_in"]
        z = b_hidden[k]
        for i in range(n):
            z += encode[k][i] * x[i]
        h.append(SCALAR[model.hidden_activation](z))
    for i in range(n):
        z = b[i]
        for k in range(m):
            z += h[k] * (parameters["W"][k][i] if model.tied else parameters["W_out"][i][k])
        y.append(SCALAR[model.output_activation](z))
    return h, y


@given(_ANY, st.integers(1, 5), st.integers(0, 1000))
def test_forward_by_loops(model: Model, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    parameters = _random_parameters(model, n, rng)
    x = rng.normal(size=(3, n))
    h, y = model.forward(parameters, x)
    assert h.shape == (3, model.n_hidden)
    assert y.shape == (3, n)
    for sample in range(3):
        naive_h, naive_y = _naive_forward(model, parameters, x[sample])
        np.testing.assert_allclose(h[sample], naive_h, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(y[sample], naive_y, rtol=1e-12, atol=1e-12)


def test_forward_by_hand() -> None:
    w, b = np.array([[1.0, -2.0]]), np.array([0.5, 0.25])
    x = np.array([[3.0, 1.0]])  # W x = 1, Wᵀ h + b = (1.5, -1.75)
    for model, expected in (
        (Linear(n_hidden=1), [1.5, -1.75]),
        (ReLUOutput(n_hidden=1), [1.5, 0.0]),
        (ReLUOutput(n_hidden=1, activation="leaky"), [1.5, -0.0175]),
        (ReLUOutput(n_hidden=1, activation="quadratic"), [2.25, 3.0625]),
        (ReLUHidden(n_hidden=1, activation="identity"), [1.5, -1.75]),
    ):
        h, y = model.forward({"W": w, "b": b}, x)
        np.testing.assert_array_equal(h, [[1.0]])
        np.testing.assert_allclose(y, [expected], rtol=1e-15)
    h, y = ReLUHidden(n_hidden=1).forward({"W": -w, "b": b}, x)
    np.testing.assert_array_equal(h, [[0.0]])
    np.testing.assert_array_equal(y, [b])


@given(_ANY)
def test_json_round_trip(model: Model) -> None:
    back = Spec.from_json(model.to_json())
    assert back == model
    assert type(back) is type(model)
    assert hash(back) == hash(model)


@ALL
def test_structure(name: str) -> None:
    model = MODELS[name]
    assert model.hidden_activation in ACTIVATIONS
    assert model.output_activation in ACTIVATIONS
    assert isinstance(model.tied, bool)
    shapes = model.parameters(7)
    m = model.n_hidden
    expected: dict[str, tuple[int, ...]]
    expected = {"W": (m, 7)} if model.tied else {"W_in": (m, 7), "W_out": (7, m)}
    if model.has_bias:
        expected["b"] = (7,)
    if model.has_hidden_bias:
        expected["b_hidden"] = (m,)
    assert shapes == expected


@ALL
def test_json_round_trip_of_examples(name: str) -> None:
    model = MODELS[name]
    for reader in (type(model), Model, Spec):
        assert reader.from_json(model.to_json()) == model


@ALL
def test_examples_compute(name: str) -> None:
    model = MODELS[name]
    parameters = _random_parameters(model, 4, np.random.default_rng(0))
    h, y = model.forward(parameters, np.ones((2, 4)))
    assert (h.shape, y.shape) == ((2, model.n_hidden), (2, 4))
    assert h.dtype == y.dtype == np.float64


@pytest.mark.parametrize(
    ("model", "structure"),
    [
        (Linear(n_hidden=2), (True, "identity", "identity", True, False)),
        (Linear(n_hidden=2, bias=False), (True, "identity", "identity", False, False)),
        (ReLUOutput(n_hidden=2), (True, "identity", "relu", True, False)),
        (ReLUHidden(n_hidden=2), (True, "relu", "relu", True, False)),
        (
            ReLUHidden(n_hidden=2, hidden_bias=True, activation="gelu"),
            (True, "relu", "gelu", True, True),
        ),
        (TwoLayer(n_hidden=2), (False, "relu", "relu", True, False)),
        (
            TwoLayer(n_hidden=2, hidden_bias=True, hidden_activation="quadratic"),
            (False, "quadratic", "relu", True, True),
        ),
    ],
)
def test_what_engines_read(model: Model, structure: tuple[Any, ...]) -> None:
    seen = (
        model.tied,
        model.hidden_activation,
        model.output_activation,
        model.has_bias,
        model.has_hidden_bias,
    )
    assert seen == structure


# --- Activations -------------------------------------------------------------------------------

Z = np.array([-30.0, -3.0, -1.0, -0.3, -1e-3, 1e-3, 0.3, 1.0, 3.0, 30.0])


def test_activation_names() -> None:
    assert get_args(ActivationName) == tuple(ACTIVATIONS)
    assert set(SCALAR) == set(ACTIVATIONS)
    assert all(entry.name == name for name, entry in ACTIVATIONS.items())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_values(name: str) -> None:
    f = ACTIVATIONS[name].f
    np.testing.assert_allclose(f(Z), [SCALAR[name](z) for z in Z], rtol=1e-12, atol=1e-15)
    assert f(np.zeros((2, 3))).shape == (2, 3)
    assert (f(np.zeros(1)) == 0).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_derivatives_by_differences(name: str) -> None:
    entry, step = ACTIVATIONS[name], 1e-5
    slope = (entry.f(Z + step) - entry.f(Z - step)) / (2 * step)
    np.testing.assert_allclose(entry.derivative(Z), slope, rtol=1e-6, atol=1e-9)


def test_derivatives_at_the_kink_are_from_the_left() -> None:
    zero = np.zeros(1)
    assert ACTIVATIONS["relu"].derivative(zero) == 0.0
    assert ACTIVATIONS["leaky"].derivative(zero) == 0.01


# --- Bad input ---------------------------------------------------------------------------------

NAMES = "'relu', 'gelu', 'leaky', 'quadratic' or 'identity'"


@pytest.mark.parametrize(
    ("cls", "fields", "message"),
    [
        (Linear, {}, "Linear.n_hidden is required"),
        (Linear, {"n_hidden": 0}, "Linear.n_hidden must be an integer >= 1; got 0"),
        (Linear, {"n_hidden": 1.5}, "Linear.n_hidden must be an integer >= 1; got 1.5"),
        (Linear, {"n_hidden": 1, "bias": 1}, "Linear.bias must be True or False; got 1"),
        (
            Linear,
            {"n_hidden": 1, "activation": "relu"},
            'Linear has no field "activation": it is a field of Deep, ReLUHidden, ReLUOutput, …; '
            "fields: n_hidden, bias, layer_norm",
        ),
        (
            ReLUOutput,
            {"n_hidden": 1, "activation": "tanh"},
            f"ReLUOutput.activation must be {NAMES}; got 'tanh'",
        ),
        (
            ReLUHidden,
            {"n_hidden": 1, "hidden_bias": "yes"},
            "ReLUHidden.hidden_bias must be True or False; got 'yes'",
        ),
        (
            TwoLayer,
            {"n_hidden": 1, "hidden_activation": None},
            f"TwoLayer.hidden_activation must be {NAMES}; got None",
        ),
    ],
)
def test_bad_fields(cls: type[Model], fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        cls(**fields)
    assert str(caught.value) == message


def test_numpy_flags() -> None:
    assert Linear(n_hidden=1, bias=np.False_) == Linear(n_hidden=1, bias=False)


def test_forward_refuses_other_parameters() -> None:
    model = ReLUOutput(n_hidden=2)
    w = np.zeros((2, 3))
    for parameters in (
        {"W": w},
        {"W": w, "b": np.zeros(2)},
        {"W": w.T, "b": np.zeros(3)},
        {"W": w, "b": np.zeros(3), "b_hidden": np.zeros(2)},
    ):
        with pytest.raises(SpecError, match=r"ReLUOutput\.forward needs .*'W': \(2, 3\)"):
            model.forward(parameters, np.zeros((1, 3)))

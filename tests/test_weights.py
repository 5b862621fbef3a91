"""Weights of tied and untied models: one class, made from three forms and given back in them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from examples import MODELS
from tegum.errors import SpecError
from tegum.models.base import Model
from tegum.runs import weights as module
from tegum.runs.weights import Weights, decoder_in, encoder_in, read, read_named, read_one, split

N = 5
X = tg.Independent(N, 0.3)
TIED = tg.Problem(X, tg.ReLUOutput(2))
UNTIED = tg.Problem(X, tg.TwoLayer(2))
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())


def random(model: Model, *lead: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = model.parameters(N)
    return {name: rng.normal(size=(*lead, *shape)) for name, shape in shapes.items()}


@every_model
def test_names_rows_and_matrices_agree(model: Model) -> None:
    problem, named = tg.Problem(X, model), random(model, 2, 3)
    made = Weights.of(model, named)
    assert list(made.named()) == list(model.parameters(N))
    for name, array in named.items():
        np.testing.assert_array_equal(made.named()[name], array)
    first, second = (made.W, np.swapaxes(made.W, -1, -2)) if "W" in named else made.W
    np.testing.assert_array_equal(first, made.encoder)
    np.testing.assert_array_equal(second, made.decoder)
    assert made.b.shape == (2, 3, N)
    assert made.b_hidden.shape == (2, 3, model.n_hidden)
    for i, j in np.ndindex(2, 3):
        one = made[i, j]
        np.testing.assert_array_equal(one.A, one.decoder @ one.encoder)
        np.testing.assert_allclose(made.A[i, j], one.A, rtol=1e-12)
        flat = np.concatenate([array[i, j].ravel() for array in named.values()])
        np.testing.assert_array_equal(one.flat(), flat)
    np.testing.assert_array_equal(made.flat()[1, 2], made[1, 2].flat())
    again = Weights.of_flat(problem, made.flat())
    for name, array in named.items():
        np.testing.assert_array_equal(again.named()[name], array)


@every_model
def test_finite_models_are_told_apart(model: Model) -> None:
    for name in model.parameters(N):
        named = random(model, 3)
        named[name][1].flat[0] = np.inf
        named[name][2].flat[-1] = np.nan
        assert Weights.of(model, named).finite().tolist() == [True, False, False]


@pytest.mark.parametrize("model", [tg.ReLUOutput(3), tg.TwoLayer(3), tg.ReLUOutput(1)])
def test_rotations_leave_the_product_as_it_is(model: Model) -> None:
    """A of W + t dW is A up to t²; their number is that of generators."""
    problem, made = tg.Problem(X, model), Weights.of(model, random(model))
    m, step, found = model.n_hidden, 1e-6, made.rotations()
    assert len(found) == (m * (m - 1) // 2 if "W" in model.parameters(N) else m * m)
    for direction in found:
        moved = Weights.of_flat(problem, made.flat() + step * direction)
        assert np.abs(moved.A - made.A).max() < 100 * step**2
        assert np.abs(moved.encoder - made.encoder).max() > 0.1 * step
        np.testing.assert_array_equal(moved.b, made.b)


def test_given_weights_are_broadcast_and_laid_out_again() -> None:
    W, b = np.ones((3, 1, 2, N)), np.arange(4.0)[:, None] * np.ones(N)
    made, layout = read("f", TIED, W, b)
    assert layout.lead == (3, 4)
    assert made.encoder.shape == (12, 2, N)
    np.testing.assert_array_equal(layout.shaped(made.b)[2], b)
    assert layout.shaped(np.arange(12.0)).shape == (3, 4)
    one, alone = read("f", TIED, W[0, 0], None)
    assert alone.shaped(np.ones(1)) == 1.0
    assert not one.b.any()


def test_labelled_weights_are_laid_out_by_name() -> None:
    rng = np.random.default_rng(1)
    W = xr.DataArray(rng.normal(size=(N, 3, 2)), {"p": [1, 2, 3]}, dims=("feature", "p", "hidden"))
    b = xr.DataArray(rng.normal(size=N), dims="feature")
    made, layout = read("f", TIED, W, b)
    np.testing.assert_array_equal(made.encoder, np.moveaxis(W.to_numpy(), 0, 2))
    shaped = layout.shaped(made.encoder, "W")
    xr.testing.assert_identical(shaped, W.transpose("p", "hidden", "feature"))
    with pytest.raises(SpecError, match=r"^f\.b must have no leading dimensions but those of W"):
        read("f", TIED, W, np.ones((3, 1, N)))


@pytest.mark.parametrize(
    ("problem", "W", "b", "said"),
    [
        (TIED, (np.ones((2, N)), np.ones((N, 2))), None, "f.W must be one array, as the model is"),
        (UNTIED, np.ones((2, N)), None, "f.W must be the pair (W_in, W_out); got"),
        (UNTIED, (np.ones((2, N)), np.ones((2, N))), None, "f.W_out must have shape (..., 5, 2)"),
        (TIED, np.ones((4, 2, N)), None, "f.W must be one model (hidden, feature); got (4,)"),
        (TIED, np.ones((2, N)), np.ones(4), "f.b must have shape (..., 5); got (4,)"),
    ],
)
def test_what_is_no_model_is_refused(problem, W, b, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SpecError) as caught:
        read_one("f", problem, W, b)
    assert str(caught.value).startswith(said)


def test_parameters_by_name_must_be_all_and_no_others() -> None:
    named = random(UNTIED.model)
    assert read_named("f", UNTIED, named).W[1] is not None
    with pytest.raises(SpecError, match=r"^f\.parameters must hold W_out; got \['W_in', 'b'\]"):
        read_named("f", UNTIED, {name: named[name] for name in ("W_in", "b")})
    for more in ({"b_hidden": np.zeros(2)}, {"b": np.zeros(3)}):
        with pytest.raises(SpecError, match=r"^f\.parameters must have the shapes "):
            read_named("f", UNTIED, named | more)


def test_matrices_of_a_dataset_and_of_arrays() -> None:
    tied, untied = {"W": 1, "b": 2}, {"W_in": 3, "W_out": 4}
    assert (encoder_in(tied, "f"), decoder_in(tied, "f")) == (1, 1)
    assert (encoder_in(untied, "f"), decoder_in(untied, "f")) == (3, 4)
    assert split(module.weights_in(tied, "f")) == (1, None)
    assert split(module.weights_in(untied, "f")) == (3, 4)
    for read_of in (encoder_in, decoder_in, module.weights_in):
        with pytest.raises(SpecError, match=r"^f\.runs must hold W"):
            read_of({"b": 2}, "f")

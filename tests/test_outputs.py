"""Outputs of the models of a run, and the problem at a point of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from examples import MODELS
from tegum.ensemble.grid import Grid
from tegum.errors import SpecError, UnknownNameError
from tegum.models.base import Model
from tegum.runs.write import dataset, stated, variables

N = 5
X = tg.Independent(N, 0.3, "signed")
AXES = {"feature_probability": [0.2, 0.6], "r": ("importance[1]", [0.5, 2.0, 4.0])}


def run(model: Model, axes: Any = AXES, **more: Any) -> xr.Dataset:
    """A run as `train` writes it, of random weights and biases: two axes, two seeds."""
    grid = Grid(tg.Problem(X, model, **more), tg.Training(), axes)
    rng, shape = np.random.default_rng(0), (*grid.shape, 2)
    arrays = {"b": np.zeros((*shape, N)), "loss": np.zeros(shape)}
    arrays |= {name: rng.normal(size=(*shape, *own)) for name, own in model.parameters(N).items()}
    attributes = stated(grid.problem, {axis.name: axis.target for axis in grid.axes})
    found = variables(arrays, (*grid.names, "seed"), shape)
    return dataset(found, {**grid.coordinates(), "seed": np.arange(2)}, attributes)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_outputs_are_those_of_a_slow_loop(model: Model) -> None:
    runs, rng = run(model), np.random.default_rng(1)
    x = rng.uniform(-1, 1, (7, N))
    outputs, hidden = tg.forward(runs, x), tg.forward(runs, x, layer="hidden")
    lead = ("feature_probability", "r", "seed")
    assert outputs.dims == (*lead, "sample", "feature")
    assert hidden.dims == (*lead, "sample", "hidden")
    assert outputs.dtype == hidden.dtype == np.float64
    for i, j, k in np.ndindex(2, 3, 2):
        one = runs.isel(feature_probability=i, r=j, seed=k)
        own = {name: one[name].to_numpy() for name in model.parameters(N)}
        for row, sample in enumerate(x):
            h, y = model.forward(own, sample[None])
            np.testing.assert_allclose(hidden[i, j, k, row], h[0], rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(outputs[i, j, k, row], y[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_squared_errors_are_the_held_out_loss(model: Model) -> None:
    """Of a trained run: means of 40,000 samples each are within five standard errors."""
    if isinstance(model, tg.TwoLayer):  # the engine has no other hidden activation
        model = model.replace(hidden_activation="relu")
    problem = tg.Problem(tg.Independent(N, 0.3), model, importance=0.8 ** np.arange(N))
    training = tg.Training(steps=200, batch_size=128, learning_rate=1e-2, held_out=40_000)
    runs = tg.train(problem, {"feature_probability": [0.1, 0.7]}, training, seeds=2, progress=False)
    for p in runs.feature_probability.values:
        own, part = tg.problem_of(runs, feature_probability=p), runs.sel(feature_probability=p)
        x = own.distribution.sample(np.random.default_rng(2), 40_000)
        miss = (tg.forward(part, x) - own.target_of(x)) ** 2
        losses = (miss * own.importance_vector()).sum("feature")
        error = np.hypot(losses.std("sample") / 200, part.loss_error)
        assert (abs(losses.mean("sample") - part.loss) < 5 * error).all()


def test_coordinates_are_kept_and_labelled_samples_keep_theirs() -> None:
    runs = tg.best(run(tg.ReLUOutput(2)))
    x = xr.DataArray(
        np.random.default_rng(3).normal(size=(N, 2, 3)),
        {"feature": list("abcde"), "batch": [10, 20]},
        ("feature", "batch", "time"),
    )
    found = tg.forward(runs, x)
    assert found.dims == ("feature_probability", "r", "batch", "time", "feature")
    for name in ("feature_probability", "r", "batch", "feature"):
        assert found[name].equals((x if name in x.coords else runs)[name])
    assert found.seed.equals(runs.seed)
    plain = tg.forward(runs, np.moveaxis(x.to_numpy(), 0, -1))
    assert plain.dims == ("feature_probability", "r", "sample_0", "sample_1", "feature")
    np.testing.assert_array_equal(plain, found)
    one = tg.forward(runs.isel(feature_probability=0, r=1), x.isel(batch=0, time=2).to_numpy())
    assert one.dims == ("feature",)
    np.testing.assert_allclose(one, found[0, 1, 0, 2], rtol=1e-12)
    assert tg.forward(runs, np.zeros((0, N))).shape == (2, 3, 0, N)


def test_a_dimension_of_both_gives_every_model_its_own_samples() -> None:
    runs, rng = run(tg.TwoLayer(3, hidden_bias=True)), np.random.default_rng(4)
    x = xr.DataArray(rng.normal(size=(4, 3, N)), {"r": runs.r}, ("sample", "r", "feature"))
    found = tg.forward(runs, x)
    assert found.dims == ("feature_probability", "r", "seed", "sample", "feature")
    for j in range(3):
        own = tg.forward(runs.isel(r=j), x.isel(r=j))
        np.testing.assert_allclose(found.isel(r=j), own, rtol=1e-12)
    with pytest.raises(SpecError, match=r"^forward\.x must have the coordinates .* along r"):
        tg.forward(runs, x.assign_coords(r=[0.5, 2.0, 5.0]))
    with pytest.raises(SpecError, match=r"^forward\.x must have the coordinates .* along r"):
        tg.forward(runs, x.isel(r=slice(2)))


def test_models_that_diverged_are_nan() -> None:
    runs = run(tg.ReLUOutput(2))
    runs.W[1, 0, 0] = np.nan
    found = tg.forward(runs, np.ones((2, N))).isnull().all(("sample", "feature"))
    assert found.to_numpy().sum() == 1
    assert bool(found[1, 0, 0])


@pytest.mark.parametrize(
    ("x", "options", "said"),
    [
        (np.ones((3, 4)), {}, "forward.x must be real numbers (..., feature) of 5 features"),
        (np.ones((3, N)) * 1j, {}, "forward.x must be an array of real numbers"),
        (["a"] * N, {}, "forward.x must be an array of real numbers"),
        (1.0, {}, "forward.x must be (..., feature)"),
        (xr.DataArray(np.ones((2, N)), dims=("a", "b")), {}, "forward.x must be real numbers"),
        (xr.DataArray(np.ones((2, N)), dims=("hidden", "feature")), {}, "forward.x must be real"),
        (np.ones((3, N)), {"layer": "W"}, "forward.layer must be one of ('output', 'hidden')"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x: Any, options: Any, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        tg.forward(run(tg.ReLUOutput(2), None), x, **options)
    assert str(caught.value).startswith(said)
    with pytest.raises(SpecError, match=r"^forward\.runs must be a Dataset of tegum\.train"):
        tg.forward(xr.Dataset(), np.ones(N))


# problem_of


def test_problem_of_every_point_is_what_was_trained() -> None:
    runs = run(tg.ReLUOutput(2), l1=0.5)
    for i, p in enumerate(AXES["feature_probability"]):
        for j, r in enumerate(AXES["r"][1]):
            wanted = tg.Problem(
                X.replace(feature_probability=p), tg.ReLUOutput(2), (1, r, 1, 1, 1), l1=0.5
            )
            assert tg.problem_of(runs, feature_probability=p, r=r) == wanted
            chosen = runs.isel(r=j)
            assert tg.problem_of(chosen, feature_probability=p) == wanted
            assert (
                tg.problem_of(chosen, feature_probability=chosen.feature_probability[i], r=r)
                == wanted
            )
            assert tg.problem_of(tg.best(chosen).isel(feature_probability=i)) == wanted


def test_problem_of_vectors_trainings_and_no_axes() -> None:
    rows = [[1.0, 1, 1, 1, 1], [5, 4, 3, 2, 1]]
    runs = run(tg.ReLUOutput(2), {"importance": rows, "learning_rate": [1e-3, 1e-2]})
    found = tg.problem_of(runs, importance_row=1, learning_rate=1e-2)
    assert found.importance == tuple(rows[1])
    stated = run(tg.ReLUOutput(2), None)
    assert tg.problem_of(stated) == tg.Problem.from_json(stated.attrs["problem"])


def test_coordinates_count_to_nine_digits() -> None:
    values = np.geomspace(1, 0.01, 7)
    runs = run(tg.ReLUOutput(2), {"feature_probability": values})
    found = tg.problem_of(runs, feature_probability=float(f"{values[3]:.10g}"))
    assert found.distribution.feature_probability == values[3]
    with pytest.raises(SpecError, match=r"^problem_of\.feature_probability must be one of \["):
        tg.problem_of(runs, feature_probability=values[3] * (1 + 1e-7))


@pytest.mark.parametrize(
    ("coordinates", "said"),
    [
        (
            {},
            "problem_of.coordinates must name every axis; got none for ['feature_probability', 'r'",
        ),
        ({"r": 2.0}, "problem_of.coordinates must name every axis"),
        (
            {"r": 3.0, "feature_probability": 0.2},
            "problem_of.r must be one of [0.5, 2.0, 4.0], the nearest 2.0; got 3.0",
        ),
        ({"r": "a", "feature_probability": 0.2}, "problem_of.r must be one of"),
        ({"r": [0.5, 2.0], "feature_probability": 0.2}, "problem_of.r must be one of"),
    ],
)
def test_wrong_coordinates_are_named(coordinates: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        tg.problem_of(run(tg.ReLUOutput(2)), **coordinates)
    assert str(caught.value).startswith(said)


def test_what_is_no_axis_is_unknown() -> None:
    runs = run(tg.ReLUOutput(2))
    with pytest.raises(UnknownNameError, match=r"'seed'; known: feature_probability, r$"):
        tg.problem_of(runs, seed=0, feature_probability=0.2, r=2.0)
    with pytest.raises(SpecError, match=r"^problem_of\.runs must be a Dataset of tegum\.train"):
        tg.problem_of(xr.Dataset())
    with pytest.raises(SpecError, match="must keep the coordinate 'r'"):
        tg.problem_of(runs.drop_vars("r"), feature_probability=0.2, r=2.0)

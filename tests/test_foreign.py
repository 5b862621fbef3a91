"""Weights from elsewhere: a Dataset that everything takes, and what is said of bad ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from test_docstrings import FUNCTIONS
from test_schema import strangers

import tegum as tg
from examples import MODELS
from tegum import plots
from tegum.cli.main import main
from tegum.errors import SpecError
from tegum.models.base import Model
from tegum.runs import tables
from tegum.widgets import dataset_frame

N, M = 5, 2
X = tg.Independent(N, 0.3)
PROBLEM = tg.Problem(X, tg.ReLUOutput(M), 0.9 ** np.arange(N))
QUICK = tg.Training(steps=3, batch_size=16, held_out=64, curve_points=0)
RNG = np.random.default_rng(0)


def some(*lead: int) -> tuple[np.ndarray, np.ndarray]:
    return RNG.normal(0, 0.6, (*lead, M, N)), RNG.normal(0, 0.2, (*lead, N))


class Tensor:
    """As a library of tensors has them: neither an array nor ready to be one."""

    def __init__(self, array: Any, ready: int = 0) -> None:
        self.array, self.ready = array, ready

    def detach(self) -> Tensor:
        return Tensor(self.array, 1)

    def cpu(self) -> Tensor:
        return Tensor(self.array, self.ready + 1)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if self.ready < 2:
            raise TypeError("can't convert: it requires grad")
        return np.array(self.array, dtype)


@pytest.fixture(scope="module")
def trained() -> xr.Dataset:
    axes = {"feature_probability": [0.1, 0.5], "r": ("importance[1]", [0.5, 2.0, 3.0])}
    return tg.train(PROBLEM, axes, QUICK, seeds=2, progress=False)


def test_weights_of_a_run_become_that_run_again(trained: xr.Dataset) -> None:
    axes = {"feature_probability": [0.1, 0.5], "r": ("importance[1]", [0.5, 2.0, 3.0])}
    exact = tg.score(trained)
    made = tg.from_weights(PROBLEM, trained["W"], trained["b"], axes=axes)
    for again in (
        made,
        tg.from_weights(PROBLEM, trained["W"].to_numpy(), trained["b"].to_numpy(), axes=axes),
        tg.from_weights(
            PROBLEM,
            trained["W"].transpose("feature", "seed", "r", ...),
            trained["b"].transpose("r", ...),
            axes=axes,
        ),
    ):
        for name in ("W", "b", "loss", "loss_error", "diverged", "seed", "r"):
            xr.testing.assert_identical(again[name], exact[name])
        assert again.attrs == made.attrs
        assert strangers(again) == []
    here = {"feature_probability": 0.5, "r": 2.0}
    assert tg.problem_of(made, **here) == tg.problem_of(trained, **here)


def test_dimensions_of_a_labelled_array_that_may_be_swept_are_axes(trained: xr.Dataset) -> None:
    """Such as a density; a name of its own, r, says nothing of the problem."""
    made = tg.from_weights(PROBLEM, trained["W"], trained["b"])
    assert made["loss"].dims == ("feature_probability", "r", "seed")
    assert tg.problem_of(made, feature_probability=0.1).distribution.feature_probability == 0.1
    rows = [[1.0] * N, [2.0] * N]
    swept = tg.train(PROBLEM, {"importance": rows}, QUICK, progress=False)
    again = tg.from_weights(PROBLEM, swept["W"], swept["b"])
    xr.testing.assert_identical(again["loss"], tg.score(swept)["loss"])
    xr.testing.assert_identical(again["importance"], swept["importance"])


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_losses_are_exact_or_within_the_error_of_samples(model: Model) -> None:
    if isinstance(model, tg.TwoLayer):  # the sampled engine has no other hidden activation
        model = model.replace(hidden_activation="relu")
    problem = tg.Problem(X, model)
    named = {k: RNG.normal(0, 0.4, (2, *s)) for k, s in model.parameters(N).items()}
    runs = tg.from_weights(problem, **named)
    assert strangers(runs) == []
    x = X.sample(np.random.default_rng(1), 40_000)
    for k in range(2):
        own = {name: array[k] for name, array in named.items()}
        losses = ((model.forward(own, x)[1] - x) ** 2).sum(-1)
        error = np.hypot(losses.std() / 200, float(runs["loss_error"][k]))
        assert abs(losses.mean() - float(runs["loss"][k])) < 5 * error


def test_arrays_lists_and_tensors_are_weights() -> None:
    W, b = some(3)
    wanted = tg.from_weights(PROBLEM, W, b)
    assert wanted["W"].dims == ("seed", "hidden", "feature")
    for given in (W.tolist(), Tensor(W), W.astype(object), xr.DataArray(
        W, dims=("seed", "hidden", "feature")
    )):  # fmt: skip
        xr.testing.assert_identical(tg.from_weights(PROBLEM, given, b), wanted)
    single = tg.from_weights(PROBLEM, W.astype(np.float32), b[0])
    assert (single["W"].dtype, single["b"].dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(single["b"], np.broadcast_to(b[0], (3, N)))
    loss = tg.expected_loss(PROBLEM, Tensor(W), Tensor(b)).loss
    np.testing.assert_array_equal(loss, wanted["loss"])


def test_leading_dimensions_have_names() -> None:
    for lead, dims in (
        ((), ("seed",)),
        ((2,), ("seed",)),
        ((2, 3), ("model", "seed")),
        ((2, 1, 3), ("model_0", "model_1", "seed")),
    ):
        made = tg.from_weights(PROBLEM, *some(*lead))
        assert made["loss"].dims == dims
    named = tg.from_weights(PROBLEM, *some(3, 4), dims=("seed", "layer"))
    assert named["loss"].dims == ("layer", "seed")
    assert tg.from_weights(PROBLEM, *some(3), dims=["layer"])["loss"].shape == (3, 1)
    axis = {"p": ("feature_probability", [0.1, 0.2])}
    assert tg.from_weights(PROBLEM, *some(2), axes=axis)["loss"].dims == ("p", "seed")
    assert tg.from_weights(PROBLEM, *some(2, 4), axes=axis)["loss"].dims == ("p", "seed")


def test_a_model_that_is_not_finite_has_diverged() -> None:
    W, b = some(3)
    W[1, 0, 0] = np.nan
    for problem in (PROBLEM, PROBLEM.replace(target="square")):
        made = tg.from_weights(problem, W, b)
        assert made["diverged"].values.tolist() == [False, True, False]
        assert np.isnan(made["loss"]).values.tolist() == [False, True, False]


def test_everything_takes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    W, b = some(4)
    runs = tg.from_weights(PROBLEM, W, b)
    xr.testing.assert_identical(tg.score(runs), runs)
    assert float(tg.best(runs)["loss"]) == float(runs["loss"].min())
    assert tg.drop_worst(runs)["loss"].sizes == {"candidate": 3}
    settled = tg.polish(runs)
    assert (settled["loss"] <= runs["loss"]).all()
    assert tg.minima(settled, hessian=False).points["models"].tolist() == [4]
    x = X.sample(RNG, 3)
    by_hand = np.maximum(x @ np.swapaxes(W, -1, -2) @ W + b[:, None], 0)
    np.testing.assert_allclose(tg.forward(runs, x), by_hand, rtol=1e-12, atol=1e-12)
    assert len(tables.feature_table(runs)) == 4 * N
    plots.features_2d(tg.best(runs))
    header, arrays = dataset_frame(runs)
    assert (header["seeds"], arrays["W"].shape) == (4, (1, 4, M, N))
    branch = tg.follow(
        PROBLEM, *(settled.isel(seed=0)[k] for k in ("W", "b")), target="l1", values=[0.0],
        hessian=False,
    )  # fmt: skip
    assert branch["loss"].sizes == {"l1": 1}
    path = tmp_path / "w.nc"
    tg.save(runs, path)
    xr.testing.assert_identical(tg.load(path), runs)
    assert main(["show", str(path)]) == 0
    again = tg.train(PROBLEM, training=QUICK.replace(steps=0), seeds=4, start=runs, progress=False)
    np.testing.assert_array_equal(again["W"], W.astype(np.float32))
    (tmp_path / "p.json").write_text(PROBLEM.to_json())
    line = f"train --problem {tmp_path}/p.json --seeds 4 --steps 2 --start {path}"
    assert main([*line.split(), "--out", str(tmp_path / "out.nc")]) == 0
    assert "4 models" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"W": np.ones((N, M))}, "W must have shape (..., 2, 5), (..., n_hidden, n_features); tra"),
        ({"W": np.ones((3, N, M))}, "transpose it; got (3, 5, 2)"),
        ({"W": np.ones((3, 3))}, "W must have shape (..., 2, 5), (..., n_hidden, n_features); got"),
        ({"W": np.ones(N)}, "n_features); got (5,)"),
        ({}, "W must be given: the model has W, b; got None"),
        ({"W": [[1, 2], [3]]}, "W must be an array of real numbers"),
        ({"W": "W"}, "W must be an array of real numbers; got 'W'"),
        ({"W": np.ones((M, N)), "W_in": 1}, "W_in must not be given: the model has W, b"),
        ({"W": np.ones((M, N)), "b_hidden": [1, 0]}, "b_hidden must not be given"),
        ({"W": np.ones((M, N)), "b": np.ones(M)}, "b must have shape (..., 5); got (2,)"),
        ({"W": np.ones((3, M, N)), "b": np.ones((2, N))}, "leading dimensions that agree; got"),
        ({"W": np.ones((3, M, N)), "dims": ()}, "dims must be 1 different names, for leading"),
        ({"W": np.ones((3, M, N)), "dims": "loss"}, "dims needs another name, 'loss' means"),
        ({"W": np.ones((3, M, N)), "dims": (3,)}, "dims must be names that are text; got 3"),
        ({"W": np.ones((3, M, N)), "axes": {"l1": [0, 1]}}, "axes['l1'] must be a leading dim"),
        ({"W": xr.DataArray(np.ones((M, N)))}, "W must have the dimensions ('hidden', 'feature')"),
        ({"problem": 3, "W": 1}, "problem must be a Problem; got 3"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        tg.from_weights(**{"problem": PROBLEM, **given})
    assert str(caught.value).startswith("from_weights.")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_untied_models_take_the_pair_or_its_parts() -> None:
    problem = tg.Problem(X, tg.TwoLayer(M, hidden_bias=True), target="abs")
    W_in, W_out = RNG.normal(size=(3, M, N)), RNG.normal(size=(N, M))
    pair = tg.from_weights(problem, (W_in, W_out), b_hidden=[1.0, 2.0])
    parts = tg.from_weights(problem, W_in=W_in, W_out=W_out, b_hidden=[1.0, 2.0])
    xr.testing.assert_identical(pair, parts)
    with pytest.raises(SpecError, match="W_out must be given: the model has W_in, W_out"):
        tg.from_weights(problem, W_in=W_in)
    with pytest.raises(SpecError, match="W must not be given beside its parts"):
        tg.from_weights(problem, (W_in, W_out), W_in=W_in)
    with pytest.raises(SpecError, match=r"W_out must have shape \(\.\.\., 5, 2\).*transpose it"):
        tg.from_weights(problem, (W_in, W_out.T))


FOREIGN = xr.Dataset({"W": (("a", "b"), np.ones((M, N))), "b": ("b", np.ones(N))})


@pytest.mark.parametrize(
    "call", [tg.score, tg.polish, tg.best, tg.drop_worst, tg.forward, dataset_frame, tg.problem_of]
)
def test_datasets_of_others_are_told_the_way(call: Callable[..., Any]) -> None:
    with pytest.raises(SpecError, match=r"tegum\.from_weights\(problem, W=…, b=…\)"):
        call(FOREIGN, *([np.ones(N)] if call is tg.forward else []))


TAKE_RUNS = [
    name
    for name, thing in FUNCTIONS.items()
    if next(iter(inspect.signature(thing).parameters), "") in ("runs", "ds", "one")
    and ".experiments" not in name
]


@pytest.mark.parametrize("name", TAKE_RUNS)
@pytest.mark.parametrize("given", [None, [], 3, {}], ids=["None", "list", "number", "dict"])
def test_what_is_no_dataset_is_refused_in_a_line(name: str, given: Any) -> None:
    needed = {"x": np.ones(N), "other": None, "path": "/no/such/file", "names": "loss"}
    needed["folder"] = "/no/such/folder"
    thing = FUNCTIONS[name]
    rest = [
        needed[one.name]
        for one in list(inspect.signature(thing).parameters.values())[1:]
        if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    with pytest.raises(SpecError) as caught:
        thing(given, *rest)
    assert "\n" not in str(caught.value)

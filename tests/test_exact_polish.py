"""`score` and `polish`: trained models on their own problems, whatever was selected in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.exact.engine import ExactEngine
from tegum.errors import SpecError

X = tg.Independent(5, 0.1)
PROBLEM = tg.Problem(X, tg.ReLUOutput(2))
QUICK = tg.Training(steps=300, batch_size=256, learning_rate=1e-2, held_out=4096)
VECTORS = [[1.0, 1.0, 1.0, 1.0, 1.0], [2.0, 1.0, 0.5, 0.2, 0.1]]
Operation = Callable[..., xr.Dataset]
both = pytest.mark.parametrize("operation", [tg.score, tg.polish])


def sampled(
    axes: dict[str, Any] | None = None, problem: tg.Problem = PROBLEM, seeds: int = 3
) -> xr.Dataset:
    return tg.train(problem, axes, QUICK, seeds=seeds, progress=False)


def problem_at(p: float = 0.1, importance: Any = 1.0) -> tg.Problem:
    return tg.Problem(X.replace(feature_probability=p), tg.ReLUOutput(2), importance)


#: Axes, and the problem of a model from its coordinates, written down by hand.
AXES: dict[str, tuple[dict[str, Any], Callable[[xr.Dataset], tg.Problem]]] = {
    "none": ({}, lambda one: PROBLEM),
    "probability": (
        {"feature_probability": [0.05, 0.3]},
        lambda one: problem_at(float(one.feature_probability)),
    ),
    "renamed": (
        {"r": ("importance[1]", [0.5, 2.0, 4.0]), "p": ("feature_probability", [0.05, 0.3])},
        lambda one: problem_at(float(one.p), (1.0, float(one.r), 1.0, 1.0, 1.0)),
    ),
    "vectors": (
        {"importance": VECTORS},
        lambda one: problem_at(0.1, one.importance.values),
    ),
    "rates": ({"learning_rate": [1e-3, 1e-2]}, lambda one: PROBLEM),
    "one probability": (
        {"feature_probability[2]": [0.05, 0.9]},
        lambda one: problem_at((0.1, 0.1, float(one["feature_probability[2]"]), 0.1, 0.1)),  # type: ignore[arg-type]
    ),
}
each_axes = pytest.mark.parametrize("name", AXES)


def models(runs: xr.Dataset) -> list[xr.Dataset]:
    """The models one by one, with their coordinates."""
    lead = [dim for dim in runs.W.dims if dim not in ("hidden", "feature")]
    rows = runs.stack(model=lead) if lead else runs.expand_dims("model")
    return [rows.isel(model=k) for k in range(rows.sizes["model"])]


def selections(runs: xr.Dataset) -> dict[str, xr.Dataset]:
    """What people do to a Dataset before they score it."""
    lead = [str(dim) for dim in runs.W.dims if dim not in ("hidden", "feature")]
    found = {
        "as it is": runs,
        "best": tg.best(runs),
        "isel": runs.isel(dict.fromkeys(lead, -1)),
        "a slice": runs.isel({dim: slice(1, None) for dim in lead}),
        "backwards": runs.isel({dim: slice(None, None, -1) for dim in lead}),
        "transposed": runs.transpose(..., "feature", *lead),
        "sel": runs.sel(seed=[2, 0]),
    }
    if "feature_probability" in runs.dims:
        found["sel of an axis"] = runs.sel(feature_probability=0.3)
    return found


@each_axes
def test_scores_are_expected_losses_of_the_models_own_problems(name: str) -> None:
    axes, problem_of = AXES[name]
    runs = sampled(axes)
    for selected in selections(runs).values():
        scored = tg.score(selected)
        assert scored.loss.dims == scored.loss_error.dims
        assert set(scored.loss.dims) == set(selected.loss.dims)
        for one, before in zip(models(scored), models(selected), strict=True):
            W = one.W.transpose("hidden", "feature").values
            wanted = tg.expected_loss(problem_of(before), W, one.b.values)
            assert float(one.loss) == pytest.approx(float(wanted.loss), rel=1e-12)
            assert float(one.loss_error) == pytest.approx(float(wanted.error), rel=1e-6)
            # what was sampled is within its error of it
            assert abs(float(before.loss) - float(one.loss)) < 6 * float(before.loss_error)
            assert np.array_equal(one.W, before.W)
            assert one.W.dtype == before.W.dtype


@each_axes
def test_polished_models_are_at_minima_of_their_own_problems(name: str) -> None:
    axes, problem_of = AXES[name]
    runs = sampled(axes)
    for selected in selections(runs).values():
        polished = tg.polish(selected)
        assert polished.W.dims[-2:] == ("hidden", "feature")
        assert polished.W.dtype == polished.b.dtype == np.float64
        assert set(polished.coords) == set(selected.coords) - {"step"} or set(
            polished.coords
        ) == set(selected.coords)
        assert "loss_curve" not in polished
        for one, before in zip(models(polished), models(selected), strict=True):
            problem = problem_of(before)
            scale = problem.importance_vector() @ np.diag(problem.distribution.second_moment())
            W = before.W.transpose("hidden", "feature").values
            start = tg.expected_loss(problem, W, before.b.values)
            end = tg.expected_loss(problem, one.W.values, one.b.values, gradient=True)
            assert float(one.loss) == pytest.approx(float(end.loss), rel=1e-9)
            assert end.loss <= start.loss
            assert int(one.status) == 1
            assert not bool(one.diverged)
            assert end.gradient is not None
            length = np.sqrt(sum((slope**2).sum() for slope in end.gradient.values()))
            assert length < 1e-5 * scale
            assert float(one.gradient_norm) < 1e-5 * scale


def test_polish_goes_where_exact_training_goes_from_there() -> None:
    """L-BFGS of the engine, begun by hand from the weights of a sampled run: the same bits."""
    runs = sampled(seeds=4)
    polished = tg.polish(runs)
    batch = Batch(
        PROBLEM, (PROBLEM,), (tg.Training(engine="exact", warm_start=0),), (0, 1, 2, 3), 0
    )
    engine, state = ExactEngine(), ExactEngine().init(batch)
    for name, view in engine.parameters(batch, state).items():
        view[...] = runs[name].values
    state = engine.advance(batch, state, 5_000, jobs=1)
    for name, array in engine.parameters(batch, state).items():
        assert np.array_equal(polished[name], array), name
    scores = engine.score(batch, state, jobs=1)
    for name in ("loss", "loss_error", "iterations", "status", "gradient_norm"):
        assert np.array_equal(polished[name], scores[name]), name


def test_polish_finds_the_pentagon_where_sampling_stopped() -> None:
    problem = problem_at(0.05)
    training = QUICK.replace(steps=2_000, batch_size=1024)
    runs = tg.train(problem, {}, training, seeds=10, progress=False)
    best = tg.best(tg.polish(runs))
    assert best.loss == pytest.approx(0.008903593724, abs=1e-12)
    assert (tg.score(runs).loss > best.loss).all()


def test_steps_bound_the_iterations() -> None:
    runs = sampled()
    none = tg.polish(runs, steps=0)
    assert np.array_equal(none.W, runs.W.astype(np.float64))
    assert none.status.values.tolist() == [0, 0, 0]
    np.testing.assert_allclose(none.loss, tg.score(runs).loss, rtol=1e-9)
    some = tg.polish(runs, steps=3)
    assert (some.iterations <= 3).all()
    assert (some.loss < none.loss).all()
    once = tg.polish(runs)
    again = tg.polish(once)
    np.testing.assert_allclose(again.loss, once.loss, rtol=1e-9)
    assert (again.iterations < once.iterations).all()


def test_threads_and_company_change_nothing() -> None:
    runs = sampled(AXES["renamed"][0])
    for operation in (tg.score, tg.polish):
        whole = operation(runs, jobs=2)
        xr.testing.assert_identical(whole, operation(runs, jobs=1))
        part = operation(runs.isel(r=1, seed=[2]))
        for name in part.data_vars:
            assert np.array_equal(part[name], whole[name].isel(r=1, seed=[2])), name


@both
def test_untied_models(operation: Operation) -> None:
    model = tg.TwoLayer(2, hidden_activation="identity")
    runs = sampled({"feature_probability": [0.1, 0.3]}, PROBLEM.replace(model=model))
    found = operation(runs)
    for p in (0.1, 0.3):
        problem = problem_at(p).replace(model=model)
        for k in range(3):
            one = found.sel(feature_probability=p).isel(seed=k)
            wanted = tg.expected_loss(problem, (one.W_in.values, one.W_out.values), one.b.values)
            # a model whose weights run off has losses that are known less well, and say so
            stated = float(one.loss_error) + float(wanted.error)
            assert float(one.loss) == pytest.approx(float(wanted.loss), rel=1e-12, abs=stated)
            assert stated < 1e-6 * float(one.loss)


@both
@pytest.mark.parametrize("n", [2, 5, 8])
def test_diverged_models_stay_what_they_are(operation: Operation, n: int) -> None:
    problem = tg.Problem(tg.Independent(n, 0.1), tg.ReLUOutput(2))
    training = QUICK.replace(steps=20)
    runs = tg.train(problem, {"learning_rate": [1e-2, 1e30]}, training, seeds=2, progress=False)
    assert runs.diverged.values.tolist() == [[False, False], [True, True]]
    found = operation(runs)
    assert found.diverged.values.tolist() == [[False, False], [True, True]]
    assert np.isfinite(found.loss[0]).all()
    assert np.isnan(found.loss[1]).all()


def test_scored_runs_are_selected_without_the_luck_of_samples() -> None:
    runs = tg.score(sampled(seeds=20))
    assert "loss_all" not in runs
    best = tg.best(runs)
    assert float(best.loss) == float(runs.loss.min())


def test_a_scored_selection_keeps_the_losses_by_which_it_was_made() -> None:
    best = tg.best(sampled(seeds=5))
    found = tg.score(best)
    xr.testing.assert_identical(found.loss_all, best.loss_all)
    assert float(found.loss) != float(best.loss)  # exact, no longer of samples
    assert float(found.n_seeds) == 5


# --- Refusals ----------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda runs: xr.Dataset(), "runs must be a Dataset of tegum.train"),
        (lambda runs: runs.drop_attrs(), "runs must be a Dataset of tegum.train"),
        (lambda runs: runs.W, "runs must be a Dataset of tegum.train"),
        (lambda runs: 3, "runs must be a Dataset of tegum.train"),
        (lambda runs: runs.drop_vars("W"), "runs must hold W"),
        (lambda runs: runs.drop_vars("b"), "runs must hold b"),
        (lambda runs: runs.drop_vars("feature_probability"), "must keep the coordinate"),
        (lambda runs: runs.isel(feature=slice(0, 3)), "feature"),
    ],
    ids=["empty", "no attributes", "an array", "a number", "W", "b", "coordinate", "features"],
)
def test_foreign_datasets(operation: Operation, spoil: Callable[..., Any], said: str) -> None:
    runs = sampled({"feature_probability": [0.1, 0.3]})
    with pytest.raises(SpecError) as caught:
        operation(spoil(runs))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@both
def test_models_without_an_exact_loss(operation: Operation) -> None:
    """The problem decides, as the Dataset states it."""
    hidden = PROBLEM.replace(model=tg.ReLUHidden(2))
    runs = sampled().assign_attrs(problem=hidden.to_json())
    rule = r"ReLUHidden\.hidden_activation must be identity .*sampled"
    with pytest.raises(SpecError, match=rule):
        operation(runs)


@pytest.mark.parametrize(
    ("problem", "rule"),
    [
        (
            PROBLEM.replace(model=tg.ReLUOutput(2, activation="gelu")),
            r"ReLUOutput\.activation must be relu, leaky or identity",
        ),
        (PROBLEM.replace(l1=0.1), r"Problem\.l1 must be 0"),
    ],
    ids=["gelu", "penalty"],
)
def test_what_has_a_loss_but_no_gradient(problem: tg.Problem, rule: str) -> None:
    """It is scored, without the penalty, and not polished."""
    runs = sampled().assign_attrs(problem=problem.to_json())
    with pytest.raises(SpecError, match=rule):
        tg.polish(runs)
    wanted = tg.expected_loss(problem, runs.W, runs.b).loss
    np.testing.assert_allclose(tg.score(runs).loss, wanted, rtol=1e-12)


@pytest.mark.parametrize("steps", [-1, 1.5, True, "3"])
def test_steps_that_are_none(steps: Any) -> None:
    with pytest.raises(SpecError, match=r"polish\.steps must be an integer >= 0; got"):
        tg.polish(sampled(), steps=steps)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, 1.0, float("nan")])
def test_tolerances_that_are_none(tolerance: float) -> None:
    with pytest.raises(SpecError, match=r"tolerance must be in \(0, 1\); got"):
        tg.score(sampled(), tolerance=tolerance)

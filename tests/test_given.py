"""Trainings that start from given weights, of both engines, stored, chained and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from reference_engine import ReferenceEngine

import tegum as tg
from tegum import ensemble
from tegum.cli.main import main
from tegum.engines.base import Batch
from tegum.ensemble import solve
from tegum.errors import SpecError
from tegum.report.lab import RunLab

SAMPLED = tg.Training(steps=30, batch_size=32, held_out=256, learning_rate=1e-2, curve_points=4)
EXACT = tg.Training(engine="exact", steps=40, warm_start=20)
PROBLEM = tg.Problem(tg.Independent(4, 0.3), tg.ReLUOutput(2), importance=(1, 0.9, 0.8, 0.7))
HIDDEN = PROBLEM.replace(model=tg.TwoLayer(3, hidden_bias=True), target="abs")
NO_BIAS = PROBLEM.replace(model=tg.ReLUOutput(2, bias=False))
AXES = {"feature_probability": [0.1, 0.6], "r": ("importance[1]", [0.5, 2.0, 4.0])}
VECTORS = {"importance": np.array([[1.0, 1, 1, 1], [1, 2, 3, 4]])}


def train(problem: tg.Problem = PROBLEM, axes: Any = AXES, **options: Any) -> xr.Dataset:
    given = {"training": SAMPLED, "seeds": 3, "progress": False, **options}
    return tg.train(problem, axes, **given)


def assert_same(a: xr.Dataset, b: xr.Dataset) -> None:
    xr.testing.assert_identical(a.drop_attrs(), b.drop_attrs())
    for name in a.data_vars:
        assert a[name].values.tobytes() == b[name].values.tobytes(), name


@pytest.mark.parametrize(
    ("problem", "training"),
    [(PROBLEM, SAMPLED), (PROBLEM, EXACT), (HIDDEN, SAMPLED), (NO_BIAS, SAMPLED)],
    ids=["sampled", "exact", "two-layer", "no bias"],
)
@pytest.mark.parametrize("axes", [AXES, VECTORS, {}], ids=["axes", "vectors", "none"])
def test_from_the_initial_weights_it_is_the_plain_run(
    problem: tg.Problem, training: tg.Training, axes: Any
) -> None:
    plain = train(problem, axes, training=training)
    untrained = train(problem, axes, training=training.replace(steps=0, checkpoints=()))
    assert not np.array_equal(plain["b"], untrained["b"]) or problem is NO_BIAS
    again = train(problem, axes, training=training, start=untrained)
    assert_same(again, plain)
    assert len(again.attrs.pop("start")) == 32
    assert again.attrs == plain.attrs


def test_a_point_starts_from_the_model_at_its_own_coordinates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The start's axes in another order, its values in another, with more of them; any unit."""
    first = train()
    turned = first.transpose("hidden", "r", "seed", ..., "feature_probability").isel(
        r=[2, 0, 1], feature_probability=[1, 0]
    )
    axes = {"r": ("importance[1]", [4.0, 0.5]), "feature_probability": [0.6]}
    for size in (1, 4, 1000):
        monkeypatch.setattr(solve, "unit_size", lambda problem, training, size=size: size)
        kept = train(axes=axes, training=SAMPLED.replace(steps=0), start=turned)
        wanted = first.sel(r=[4.0, 0.5], feature_probability=[0.6])
        for name in ("W", "b"):
            xr.testing.assert_equal(kept[name], wanted[name].transpose(*kept[name].dims))


def test_what_a_start_lacks_is_broadcast_and_seeds_go_by_position() -> None:
    first = train(axes={}, seeds=20)
    still = SAMPLED.replace(steps=0)
    order = np.argsort(first.loss.values)[:5]
    refined = train(training=still, seeds=5, start=first.isel(seed=order))
    for k, index in enumerate(order):
        assert (refined.W.isel(seed=k) == first.W.isel(seed=index)).all()
    assert refined.seed.values.tolist() == list(range(5))
    best = train(training=still, start=tg.best(first))
    assert (first.W.isel(seed=order[0]) == best.W).all()
    assert best.loss_curve.isel(step=0).std("seed").min() > 0  # each seed samples its own


def test_a_chain_is_made_of_its_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stage is the reference engine's, stepped by hand from the weights of the last."""
    monkeypatch.setattr(ensemble, "get_engine", lambda name: ReferenceEngine())
    engine, state, start = ReferenceEngine(), None, None
    for p in (0.5, 0.3, 0.1):
        problem = PROBLEM.replace(distribution=tg.Independent(4, p))
        batch = Batch(problem, (problem,), (SAMPLED,), (0, 1, 2), 0)
        fresh = engine.init(batch)
        fresh |= {name: state[name] for name in ("W", "b")} if state else {}
        state = engine.advance(batch, fresh, SAMPLED.steps, jobs=1)
        start = train(problem, {}, start=start)
        np.testing.assert_allclose(start.W, state["W"], atol=1e-5)  # a stage ends in float32
        state |= {name: start[name].values.astype(float) for name in ("W", "b")}


def test_the_optimiser_is_fresh() -> None:
    """Adam's first step from anywhere has the size of the learning rate."""
    first = train(axes={})
    one = train(axes={}, training=SAMPLED.replace(steps=1), start=first)
    moved = np.abs(one.W - first.W)
    assert float(moved.max()) == pytest.approx(SAMPLED.learning_rate, rel=1e-2)


@pytest.mark.parametrize("training", [SAMPLED, EXACT], ids=["sampled", "exact"])
def test_models_that_diverged_stay_so(training: tg.Training) -> None:
    first = train(axes={}, training=training)
    first["W"][1, 0, 2] = np.nan
    runs = train(axes={}, training=training, start=first)
    assert runs.diverged.values.tolist() == [False, True, False]
    assert np.isnan(runs.loss[1])
    sound = train(axes={}, training=training, start=first.assign(W=first.W.fillna(0.5)))
    for k in (0, 2):
        assert (runs.W[k] == sound.W[k]).all()


# the store


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ReferenceEngine:
    made = ReferenceEngine()
    monkeypatch.setattr(ensemble, "get_engine", lambda name: made)
    return made


def instance_steps(engine: ReferenceEngine) -> int:
    done = sum(instances * steps for instances, steps in engine.calls)
    engine.calls.clear()
    return done


def test_the_store_tells_starts_apart(engine: ReferenceEngine, tmp_path: Any) -> None:
    first, whole = train(store=tmp_path), 2 * 3 * 3 * SAMPLED.steps
    assert instance_steps(engine) == whole
    runs = train(store=tmp_path, start=first)
    assert instance_steps(engine) == whole
    assert_same(train(store=tmp_path, start=first), runs)
    assert_same(train(store=tmp_path), first)
    # float64 that float32 holds exactly is the same start; one seed's other weights are not
    assert_same(train(store=tmp_path, start=first.astype(np.float64)), runs)
    assert instance_steps(engine) == 0
    other = first.copy(deep=True)
    other["W"][1, 2, 2, 0, 0] += 1e-6
    changed = train(store=tmp_path, start=other)
    assert instance_steps(engine) == whole
    assert (changed.W != runs.W).any(("hidden", "feature")).values.sum() == 1


def test_more_seeds_of_one_start_compute_only_the_new(
    engine: ReferenceEngine, tmp_path: Any
) -> None:
    one = train(axes={}).isel(seed=0)
    instance_steps(engine)
    for seeds, new in ((2, 2), (5, 3), (4, 0)):
        train(axes={}, seeds=seeds, start=one, store=tmp_path)
        assert instance_steps(engine) == new * SAMPLED.steps


@pytest.mark.parametrize("training", [SAMPLED, EXACT], ids=["sampled", "exact"])
def test_a_stopped_run_goes_on(
    training: tg.Training, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(solve, "unit_size", lambda problem, training: 4)
    first = train(seeds=2)
    plain, stops = train(seeds=2, training=training, start=first), 0
    for stop in range(0, 2 * 3 * 2 * training.steps, 90):

        def on_progress(done: int, total: int, stop: int = stop) -> None:
            if stop <= done < total:
                raise KeyboardInterrupt

        try:
            train(seeds=2, training=training, store=tmp_path, progress=on_progress, start=first)
        except KeyboardInterrupt:
            stops += 1
    assert stops >= 2
    assert_same(train(seeds=2, training=training, store=tmp_path, start=first), plain)


def test_the_lab_and_the_command_line(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = "train --features 4 --hidden 2 --probability 0.3 --steps 9 --held-out 64 --seeds 2"
    assert main([*line.split(), "--out", "a.nc"]) == 0
    assert main([*line.split(), "--start", "a.nc", "--seed", "1", "--out", "b.nc"]) == 0
    problem = tg.Problem(tg.Independent(4, 0.3), tg.ReLUOutput(2))
    lab = RunLab(run_seed=1)
    plan = tg.Training(steps=9, held_out=64)
    with xr.open_dataset("a.nc") as a, xr.open_dataset("b.nc") as b:
        xr.testing.assert_identical(lab.train(problem, None, plan, 2, start=a.load()), b.load())
    assert main([*line.split(), "--start", "c.nc"]) == 2


# bad starts


def _renamed(runs: xr.Dataset) -> xr.Dataset:
    return runs.rename(r="rate")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda runs: 3, "train.start must be a Dataset with weights; got <class 'int'>"),
        (lambda runs: runs.W, "train.start must be a Dataset with weights"),
        (
            lambda runs: runs.drop_vars("b"),
            "train.start must hold b: the model has W, b; got ['W', 'loss'",
        ),
        (
            lambda runs: runs.assign(b_hidden=runs.W.max("feature")),
            "train.start must not hold b_hidden: the model has W, b; got ['W', 'b'",
        ),
        (
            lambda runs: runs.isel(feature=slice(3)),
            "train.start.W must have hidden x feature = 2 x 4; got {",
        ),
        (
            lambda runs: runs.assign(b=runs.loss),
            "train.start.b must have feature = 4; got {",
        ),
        (
            lambda runs: runs.isel(seed=slice(2)),
            "train.start.W must have 3 seeds, as many as are trained, or no seed; select the "
            "models with .sel or .isel; got 2",
        ),
        (
            _renamed,
            "train.start.W must have no dimension but the axes ('feature_probability', 'r') and "
            "seed; select the models with .sel or .isel; got 'rate'",
        ),
        (
            lambda runs: runs.isel(r=slice(2)),
            "train.start.W must have a model at r = 4.0; select the models with .sel or .isel to "
            "start all alike; got [0.5, 2.0]",
        ),
        (
            lambda runs: runs.drop_vars("r"),
            "train.start.W must have the values of its dimension r as coordinates; got [",
        ),
        (
            lambda runs: runs.assign(W=runs.W.astype(str)),
            "train.start.W must be real numbers; got dtype(",
        ),
    ],
)
def test_bad_starts(change: Any, message: str) -> None:
    runs = train(training=SAMPLED.replace(steps=0))
    with pytest.raises(SpecError) as caught:
        train(start=change(runs))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_start_of_another_model_is_refused_but_for_biases_of_zero() -> None:
    first = train(HIDDEN, {})
    with pytest.raises(SpecError, match=r"^train\.start must not hold W_in: the model has W, b;"):
        train(axes={}, start=first)
    with pytest.raises(
        SpecError, match=r"^train\.start must not hold b_hidden: .* W_in, W_out, b;"
    ):
        train(HIDDEN.replace(model=tg.TwoLayer(3)), {}, start=first)
    zero = first.assign(b_hidden=0.0 * first.b_hidden)
    train(HIDDEN.replace(model=tg.TwoLayer(3)), {}, start=zero)

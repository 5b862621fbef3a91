"""The exact engine: bits that depend on nothing else, its start, its steps, how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tegum as tg
from tegum.engines.base import Batch, State
from tegum.engines.exact.engine import ExactEngine
from tegum.engines.sampled.engine import SampledEngine
from tegum.ensemble.grid import Grid

SMALL = tg.Problem(tg.Independent(5, 0.05), tg.ReLUOutput(2))
#: Short: 20 steps of Adam and up to 40 of L-BFGS.
SHORT = tg.Training(engine="exact", steps=60, warm_start=20, learning_rate=0.01)
MIXES: dict[str, tuple[tg.Problem, dict[str, Any]]] = {
    "relu": (SMALL, {"feature_probability": [0.02, 0.3, 1.0], "importance[1]": [0.5, 2.0]}),
    "rates": (SMALL, {"learning_rate": [1e-3, 3e-2], "init_std": [0.1, 1.0]}),
    "closed form": (
        tg.Problem(tg.Independent(2, 0.1), tg.ReLUOutput(1)),
        {"feature_probability": [0.1, 0.7]},
    ),
    "untied": (
        tg.Problem(
            tg.Groups((tg.Correlated(2, 2, 0.2), tg.Anticorrelated(1, 3, 0.5, "signed"))),
            tg.TwoLayer(2, hidden_activation="identity", activation="leaky"),
        ),
        {"feature_probability[1]": [0.1, 0.9]},
    ),
    "exponential": (
        tg.Problem(tg.Independent(4, 0.3, "exponential"), tg.ReLUOutput(2, bias=False)),
        {"importance[0]": [1.0, 3.0]},
    ),
}
each_mix = pytest.mark.parametrize("mix", MIXES)


def batch_of(mix: str, training: tg.Training = SHORT, seeds: int = 3) -> Batch:
    problem, axes = MIXES[mix]
    grid = Grid(problem, training, axes)
    points, trainings = grid.points(0, len(grid))
    return Batch(problem, points, trainings, tuple(range(seeds)), 7)


def trained(batch: Batch, cuts: tuple[int, ...] = (60,), jobs: int = 1) -> State:
    engine, state = ExactEngine(), ExactEngine().init(batch)
    for steps in cuts:
        state = engine.advance(batch, state, steps, jobs=jobs)
    return measured(batch, state, jobs)


def measured(batch: Batch, state: State, jobs: int = 1) -> State:
    engine = ExactEngine()
    found = {name: array for name, array in state.items() if name != "step"}
    found["probe"] = engine.probe(batch, state, jobs=jobs)
    return found | engine.score(batch, state, jobs=jobs)


def assert_same_bits(found: State, wanted: State, rows: slice = slice(None)) -> None:
    for name, array in found.items():
        assert array.tobytes() == wanted[name][rows].tobytes(), name


# --- Bits --------------------------------------------------------------------------------------


@each_mix
def test_an_instance_alone_is_the_same_as_in_a_batch(mix: str) -> None:
    batch = batch_of(mix)
    together = trained(batch)
    assert len(np.unique(together["theta"], axis=0)) == batch.n_instances
    for k in range(batch.n_instances):
        problem, training, seed = batch.coordinates(k)
        one = Batch(problem, (problem,), (training,), (seed,), batch.run_seed)
        assert_same_bits(trained(one), together, slice(k, k + 1))


@each_mix
@pytest.mark.parametrize("jobs", [2, 3])
def test_threads_change_nothing(mix: str, jobs: int) -> None:
    batch = batch_of(mix, seeds=7)
    assert_same_bits(trained(batch, jobs=jobs), trained(batch))


@each_mix
@pytest.mark.parametrize("cuts", [(1, 59), (20, 0, 40), (19, 2, 39), (7,) * 8 + (4,)], ids=str)
def test_cuts_change_nothing(mix: str, cuts: tuple[int, ...]) -> None:
    batch = batch_of(mix)
    assert_same_bits(trained(batch, cuts), trained(batch))


@each_mix
@pytest.mark.parametrize("stop", [11, 20, 33])
def test_a_stored_state_goes_on_where_it_was(mix: str, stop: int, tmp_path: Path) -> None:
    batch = batch_of(mix)
    state = ExactEngine().advance(batch, ExactEngine().init(batch), stop, jobs=1)
    save_file({k: v.copy() for k, v in state.items()}, tmp_path / "s.safetensors")
    state = ExactEngine().advance(batch, load_file(tmp_path / "s.safetensors"), 60 - stop, jobs=1)
    assert state["step"] == 60
    assert_same_bits(measured(batch, state), trained(batch))


def test_measuring_leaves_the_training_alone() -> None:
    batch = batch_of("relu")
    engine, state = ExactEngine(), ExactEngine().init(batch)
    for _ in range(6):
        before = {name: array.copy() for name, array in state.items()}
        engine.probe(batch, state, jobs=1)
        engine.score(batch, state, jobs=1)
        assert all(np.array_equal(state[name], before[name]) for name in state)
        state = engine.advance(batch, state, 10, jobs=1)
    assert_same_bits(measured(batch, state), trained(batch))


def test_a_store_changes_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """The same run without a store, into one, out of it; and cut in two by number of seeds."""
    training = SHORT.replace(checkpoints=3, curve_points=3)
    axes = {"feature_probability": [0.05, 0.3], "learning_rate": [1e-2, 3e-2]}

    def run(seeds: int, **options: Any) -> Any:
        return tg.train(SMALL, axes, training, seeds=seeds, progress=False, **options)

    plain = run(4, jobs=2)
    for found in (run(2, store=tmp_path), run(4, store=tmp_path), run(4, store=tmp_path)):
        part = plain.isel(seed=slice(0, found.sizes["seed"]))
        assert set(found.data_vars) == set(plain.data_vars)
        for name in plain.data_vars:
            assert found[name].values.tobytes() == part[name].values.tobytes(), name


# --- Start and steps ---------------------------------------------------------------------------


@pytest.mark.parametrize("mix", ["relu", "untied", "rates"])
def test_it_starts_where_the_sampled_engine_starts(mix: str) -> None:
    exact, sampled = batch_of(mix), batch_of(mix, tg.Training(steps=60))
    state, other = ExactEngine().init(exact), SampledEngine().init(sampled)
    wanted = SampledEngine().parameters(sampled, other)
    for name, array in ExactEngine().parameters(exact, state).items():
        assert array.dtype == np.float64
        assert np.array_equal(array, wanted[name].astype(np.float64)), name
        assert array.any() == (name != "b")


@each_mix
def test_the_warm_start_is_a_plain_adam_on_the_gradient_of_expected_loss(mix: str) -> None:
    """The steps in numpy from the gradients of the engine, which few nodes know to 1 %."""
    batch = batch_of(mix, SHORT.replace(init_std=0.5))
    engine, state = ExactEngine(), ExactEngine().init(batch)
    theta, first, second = state["theta"].copy(), 0.0, 0.0
    rates = np.repeat([t.learning_rate for t in batch.trainings], len(batch.seeds))[:, None]
    for t in range(1, 21):
        before = {k: v.copy() for k, v in engine.parameters(batch, state).items()}
        state = engine.advance(batch, state, 1, jobs=1)
        g = state["gradient"]
        first = 0.9 * first + 0.1 * g
        second = 0.999 * second + 0.001 * g * g
        corrected = np.sqrt(second / (1 - 0.999**t)) + 1e-12
        theta = theta - rates * first / (1 - 0.9**t) / corrected
        np.testing.assert_allclose(state["theta"], theta, rtol=0, atol=1e-12)
        found = engine.parameters(batch, {"theta": g})
        for k in range(batch.n_instances):
            problem, _, _ = batch.coordinates(k)
            W = before["W"] if problem.model.tied else (before["W_in"], before["W_out"])
            one = W[k] if problem.model.tied else (W[0][k], W[1][k])
            wanted = tg.expected_loss(problem, one, before["b"][k], gradient=True).gradient
            assert wanted is not None
            size = max(np.abs(array).max() for array in wanted.values())
            for name, array in wanted.items():
                np.testing.assert_allclose(found[name][k], array, rtol=0, atol=0.01 * size)


@each_mix
@pytest.mark.parametrize("warm", [0, 20, 300])
def test_the_loss_never_rises_after_the_warm_start(mix: str, warm: int) -> None:
    """Few nodes mistake the loss by less than 1e-3 of it, and only while it goes on."""
    batch = batch_of(mix, SHORT.replace(steps=1000, warm_start=warm, learning_rate=0.01))
    engine = ExactEngine()
    state = engine.advance(batch, engine.init(batch), warm, jobs=1)
    last = engine.score(batch, state, jobs=1)
    for _ in range(60):
        state = engine.advance(batch, state, 1, jobs=1)
        now = engine.score(batch, state, jobs=1)
        assert (now["loss"] <= last["loss"] * (1 + 1e-3) + now["loss_error"]).all()
        last = now


def test_the_loss_that_the_descent_sees_is_the_loss() -> None:
    """Weights grow severalfold in the first iterations; the window of the series must keep up."""
    training = tg.Training(engine="exact")
    batch = Batch(SMALL, (SMALL,), (training,), tuple(range(30)), 0)
    engine = ExactEngine()
    state = engine.advance(batch, engine.init(batch), 300, jobs=1)
    for _ in range(30):
        state = engine.advance(batch, state, 1, jobs=1)
        now = engine.score(batch, state, jobs=1)
        np.testing.assert_allclose(state["value"], now["loss"], rtol=1e-3)


# --- Ends --------------------------------------------------------------------------------------


def test_how_a_descent_ends() -> None:
    """0 while it is under way, 1 at a minimum, 3 where weights leave the numbers there are."""
    axes = {"learning_rate": [1e-2, 1e200]}
    training = tg.Training(engine="exact", steps=10, warm_start=10)
    early = tg.train(SMALL, axes, training, seeds=2, progress=False)
    assert early.status.values.tolist() == [[0, 0], [3, 3]]
    assert early.iterations.values[0].tolist() == [0, 0]
    late = tg.train(SMALL, axes, training.replace(steps=5_000), seeds=2, progress=False)
    assert late.status.values.tolist() == [[1, 1], [3, 3]]
    assert late.diverged.values.tolist() == [[False, False], [True, True]]
    for name in ("W", "b", "loss", "loss_error", "gradient_norm", "loss_curve"):
        assert np.isnan(late[name].values[1]).any(), name
        assert np.isfinite(late[name].values[0]).all(), name
    scale = 5 * 0.05 / 3
    assert (late.gradient_norm[0] < 1e-5 * scale).all()
    assert (late.iterations[0] > 0).all()
    assert (late.gradient_norm[0] < early.gradient_norm[0]).all()


def test_no_steps_at_all() -> None:
    training = tg.Training(engine="exact", steps=0)
    runs = tg.train(SMALL, {}, training, seeds=2, progress=False)
    assert runs.status.values.tolist() == [0, 0]
    found = tg.expected_loss(SMALL, runs.W, runs.b, gradient=True)
    np.testing.assert_allclose(runs.loss, found.loss, rtol=1e-9)
    assert found.gradient is not None
    norm = np.sqrt((found.gradient["W"] ** 2).sum(("hidden", "feature")) +
                   (found.gradient["b"] ** 2).sum("feature"))  # fmt: skip
    np.testing.assert_allclose(runs.gradient_norm, norm, rtol=1e-6)

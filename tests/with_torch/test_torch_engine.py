"""The torch engine: steps and losses by hand, company, slices, stores, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from optimisers import TRAININGS, batch_of, plain, rate_by_hand
from reference_engine import gradient, losses

import tegum as tg
from tegum import ensemble
from tegum.engines.base import Batch, State
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.torch.addressed import HELD_OUT, PROBE, TRAIN
from tegum.engines.torch.descent import batch_of as drawn
from tegum.engines.torch.engine import TorchEngine
from tegum.engines.torch.lowering import lower

Array = np.ndarray[Any, Any]
GROUPS = tg.Groups(
    [
        tg.Independent(3, (0.5, 0.0, 1.0), magnitude="signed"),
        tg.Anticorrelated(2, 3, (0.9, 0.4)),
        tg.Correlated(1, 2, 0.3, magnitude="exponential"),
    ]
)
#: Every model, target and kind of block, and sizes at which products are those of vectors.
PROBLEMS = {
    "relu": tg.Problem(
        tg.Independent(7, 0.2), tg.ReLUOutput(3), importance=np.geomspace(1, 0.1, 7)
    ),
    "one hidden": tg.Problem(tg.Independent(5, 0.5, "one"), tg.ReLUOutput(1, activation="gelu")),
    "one feature": tg.Problem(tg.Independent(1, 0.5), tg.Linear(3)),
    "penalty": tg.Problem(GROUPS, tg.ReLUHidden(4, hidden_bias=True, activation="leaky"), l1=0.02),
    "two-layer": tg.Problem(
        tg.Independent(6, 0.4, "signed"), tg.TwoLayer(5, hidden_activation="gelu"), target="abs"
    ),
    "quadratic": tg.Problem(
        tg.Independent(4, 0.6, "exponential"),
        tg.TwoLayer(3, bias=False, hidden_activation="quadratic", activation="identity"),
        target=tg.Elementwise.from_function(np.sin, points=65),
    ),
    "pairs": tg.Problem(
        tg.Independent(5, 0.7), tg.TwoLayer(4), target=tg.Pairs("distance", [(0, 1), (3, 2)])
    ),
}


def samples(batch: Batch, instance: int, purpose: int, number: int, count: int) -> Array:
    """x (count, n) as an instance of the engine is given them, in float64."""
    low = lower(batch, torch.device("cpu"), torch.float64, False)
    parts = drawn(low.rows(slice(instance, instance + 1)), purpose, number, count)
    return np.concatenate([x[0, :, :real].numpy().T for x, real, _ in parts])


def engine_of(training: tg.Training) -> TorchEngine:
    return TorchEngine(**training.place())


def small(**fields: Any) -> tg.Training:
    given = {"engine": "torch", "steps": 40, "batch_size": 50, "curve_points": 0, "held_out": 700}
    return tg.Training(**{**given, **fields})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_steps_are_those_of_a_hand_loop(problem: tg.Problem, dtype: str) -> None:
    training = small(dtype=dtype, learning_rate=0.01)
    batch, engine = batch_of(problem, training, seeds=2), engine_of(training)
    state = engine.init(batch)
    views = engine.parameters(batch, state)
    theta = {name: view[1].astype(np.float64) for name, view in views.items()}
    by_hand = {name: plain(training) for name in theta}
    for step in range(training.steps):
        slope = gradient(problem, theta, samples(batch, 1, TRAIN, step, 50))
        theta = {k: by_hand[k].step(v, slope[k], 0.01) for k, v in theta.items()}
    found = engine.parameters(batch, engine.advance(batch, state, training.steps, jobs=2))
    bound = 1e-5 if dtype == "float32" else 1e-12
    for name, wanted in theta.items():
        assert np.abs(found[name][1] - wanted).max() < bound


@pytest.mark.parametrize("name", TRAININGS)
def test_optimisers_and_schedules_are_those_by_hand(name: str) -> None:
    training = TRAININGS[name].replace(engine="torch", steps=60, batch_size=30, dtype="float64")
    problem = PROBLEMS["relu"]
    batch, engine = batch_of(problem, training), engine_of(training)
    state = engine.init(batch)
    theta = {k: v[0].copy() for k, v in engine.parameters(batch, state).items()}
    by_hand = {k: plain(training) for k in theta}
    for step in range(60):
        slope, rate = gradient(problem, theta, samples(batch, 0, TRAIN, step, 30)), rate_by_hand
        theta = {k: by_hand[k].step(v, slope[k], rate(training, step)) for k, v in theta.items()}
    found = engine.parameters(batch, engine.advance(batch, state, 60, jobs=1))
    for k, wanted in theta.items():
        np.testing.assert_allclose(found[k][0], wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_losses_are_those_by_hand(problem: tg.Problem) -> None:
    training = small(dtype="float64")
    batch, engine = batch_of(problem, training, seeds=2), engine_of(training)
    state = engine.advance(batch, engine.init(batch), 3, jobs=1)
    theta = {name: view[1] for name, view in engine.parameters(batch, state).items()}
    each = losses(problem, theta, samples(batch, 1, HELD_OUT, 0, 700))
    scores = engine.score(batch, state, jobs=1)
    assert scores["loss"][1] == pytest.approx(each.mean(), rel=1e-12)
    assert scores["loss_error"][1] == pytest.approx(each.std(ddof=1) / 700**0.5, rel=1e-12)
    probed = losses(problem, theta, samples(batch, 1, PROBE, 3, 50)).mean()
    assert engine.probe(batch, state, jobs=1)[1] == pytest.approx(probed, rel=1e-12)
    h, _ = problem.model.forward(theta, samples(batch, 1, HELD_OUT, 0, 700))
    if problem.l1:
        penalty = problem.l1 * np.abs(h).sum(1).mean()
        assert scores["penalty"][1] == pytest.approx(penalty, rel=1e-12)


def test_initial_weights_are_those_of_the_sampled_engine() -> None:
    for problem in PROBLEMS.values():
        if problem.model.hidden_activation not in ("identity", "relu"):
            continue
        ours, theirs = (batch_of(problem, t, seeds=3) for t in (small(), tg.Training()))
        engine, other = engine_of(small()), SampledEngine()
        found = engine.parameters(ours, engine.init(ours))
        wanted = other.parameters(theirs, other.init(theirs))
        for name, array in found.items():
            np.testing.assert_array_equal(array, wanted[name])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_an_instance_alone_has_the_bits_it_has_in_company(problem: tg.Problem, dtype: str) -> None:
    training = small(dtype=dtype, batch_size=77, weight_decay=0.01)
    axes = {"learning_rate": [1e-3, 1e-2], "l1": [0.0, 0.1], "feature_probability": [0.0, 0.3]}
    batch, engine = batch_of(problem, training, axes, seeds=3), engine_of(training)
    state = engine.advance(batch, engine.init(batch), 5, jobs=2)
    probed, scores = engine.probe(batch, state, jobs=2), engine.score(batch, state, jobs=1)
    for k in range(0, batch.n_instances, 5):
        point, own, seed = batch.coordinates(k)
        alone = Batch(problem, (point,), (own,), (seed,), batch.run_seed)
        single: State = engine.init(alone)
        for steps in (1, 3, 0, 1):
            single = engine.advance(alone, single, steps, jobs=1)
        for name in ("theta", "moment", "square"):
            np.testing.assert_array_equal(single[name][0], state[name][k])
        assert engine.probe(alone, single, jobs=1)[0] == probed[k]
        assert engine.score(alone, single, jobs=1)["loss"][0] == scores["loss"][k]


def test_a_large_batch_is_trained_in_pieces() -> None:
    training = small(batch_size=3001, steps=4, dtype="float64")
    problem = tg.Problem(tg.Independent(60, 0.1), tg.ReLUOutput(4), l1=0.1)
    batch, engine = batch_of(problem, training), engine_of(training)
    low = lower(batch, torch.device("cpu"), torch.float64, False)
    assert 100 < low.piece(3001) < 1000
    state = engine.init(batch)
    theta = {k: v[0].copy() for k, v in engine.parameters(batch, state).items()}
    by_hand = {k: plain(training) for k in theta}
    for step in range(4):
        slope = gradient(problem, theta, samples(batch, 0, TRAIN, step, 3001))
        theta = {k: by_hand[k].step(v, slope[k], 1e-3) for k, v in theta.items()}
    found = engine.parameters(batch, engine.advance(batch, state, 4, jobs=1))
    np.testing.assert_allclose(found["W"][0], theta["W"], rtol=1e-10)


def test_train_gives_the_dataset_of_the_sampled_engine(tmp_path: Path) -> None:
    problem = PROBLEMS["penalty"]
    training = small(steps=30, curve_points=4, checkpoints=3)
    axes = {"importance": [1.0, 2.0]}
    runs = tg.train(problem, axes, training, 3, store=tmp_path / "store", progress=False)
    assert runs.sizes["seed"] == 3
    assert set(runs) == {
        *("W", "b", "b_hidden", "loss", "loss_error", "diverged", "penalty", "loss_curve"),
        *("W_checkpoint", "b_checkpoint", "b_hidden_checkpoint"),
    }
    assert runs.attrs["engine"] == "torch"
    assert torch.__version__ in runs.attrs["engine_version"]
    again = tg.train(problem, axes, training, 3, store=tmp_path / "store", progress=False)
    assert again.identical(runs)
    longer = tg.train(problem, axes, training.replace(steps=0, checkpoints=0), 3, start=runs)
    np.testing.assert_array_equal(longer.W, runs.W)
    np.testing.assert_array_equal(longer.loss, runs.loss)


def test_a_training_that_was_stopped_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = small(steps=300, curve_points=5, optimizer="sgd")
    whole = tg.train(PROBLEMS["relu"], training=training, seeds=2, progress=False)
    engine, calls = engine_of(training), 0
    true = engine.advance

    def stopped(*args: Any, **named: Any) -> State:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        return true(*args, **named)

    monkeypatch.setattr("tegum.ensemble.slices._SLICE_SECONDS", 0.0)  # a step, on any machine
    monkeypatch.setattr(engine, "advance", stopped)
    monkeypatch.setattr(ensemble, "get_engine", lambda name, **place: engine)
    given = {"training": training, "seeds": 2, "store": tmp_path / "s", "progress": False}
    with pytest.raises(KeyboardInterrupt):
        tg.train(PROBLEMS["relu"], **given)
    assert tg.train(PROBLEMS["relu"], **given).identical(whole)


def test_divergence_is_a_status() -> None:
    problem = tg.Problem(tg.Independent(4, 0.5), tg.Linear(2))
    training = small(optimizer="sgd", steps=60, curve_points=3)
    runs = tg.train(problem, {"learning_rate": [1e-3, 1e3]}, training, 2, progress=False)
    assert runs.diverged.values.tolist() == [[False] * 2, [True] * 2]
    for name in ("W", "b", "loss", "loss_error"):
        assert np.isfinite(runs[name][0]).all()
        assert np.isnan(runs[name][1]).all()


def test_numbers_have_the_type_that_was_asked_for() -> None:
    for dtype in ("float32", "float64"):
        runs = tg.train(PROBLEMS["relu"], training=small(steps=2, dtype=dtype), progress=False)
        assert (runs.W.dtype, runs.b.dtype) == (dtype, dtype)


def test_no_kernel_is_compiled() -> None:
    """The engine works where numba cannot be imported."""
    script = (
        "import sys; sys.modules['numba'] = None\n"
        "import tegum as tg\n"
        "t = tg.Training(engine='torch', steps=2, batch_size=8, held_out=8)\n"
        "print(tg.train(tg.Problem(tg.Independent(2, 0.5), tg.Linear(1)), training=t).W.shape)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("(1, 1, 2)\n", 0), done.stderr


def test_threads_of_pytorch_are_left_as_they_were() -> None:
    before = torch.get_num_threads()
    tg.train(PROBLEMS["relu"], training=small(steps=2), seeds=3, jobs=2, progress=False)
    assert torch.get_num_threads() == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_said() -> None:
    with pytest.raises(tg.SpecError) as caught:
        tg.train(PROBLEMS["relu"], training=small(device="cuda"), progress=False)
    said = "Training.device must be 'cpu' or 'auto' here, where PyTorch sees no GPU; got 'cuda'"
    assert str(caught.value) == said

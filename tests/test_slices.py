from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest
from reference_engine import ReferenceEngine, gradient, losses, randomness

import tegum as tg
from tegum.engines.base import Batch
from tegum.ensemble import slices
from tegum.ensemble.machine import available_cores, checked_jobs
from tegum.ensemble.slices import run_unit
from tegum.errors import SpecError, StoreError
from tegum.memory import available_memory
from tegum.store import Row, Store

PROBLEM = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))
TRAINING = tg.Training(
    steps=40, batch_size=8, learning_rate=0.01, held_out=64, checkpoints=(0, 7, 40), curve_points=6
)
ROW = Row("family", 0, 3)


def batch_of(training=TRAINING, seeds=(0, 1, 2), problem=PROBLEM) -> Batch:
    other = problem.replace(l1=0.1)
    return Batch(problem, (problem, other), (training, training), seeds, 5)


def run(engine=None, **options):
    return run_unit(engine or ReferenceEngine(), batch_of(), jobs=1, **options)


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].dtype == b[name].dtype, name
        assert a[name].tobytes() == b[name].tobytes(), name


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def saves_always(monkeypatch):
    monkeypatch.setattr(slices, "_SAVE_SECONDS", 0.0)
    monkeypatch.setattr(slices, "_SAVE_SHARE", 1e9)


@pytest.mark.parametrize(
    "model",
    [
        tg.ReLUOutput(2, activation="gelu"),
        tg.ReLUHidden(2, hidden_bias=True, activation="leaky"),
        tg.TwoLayer(2, hidden_bias=True, activation="quadratic"),
        tg.Linear(2, bias=False),
    ],
)
def test_reference_gradient_is_the_slope_of_its_loss(model):
    problem = tg.Problem(
        tg.Independent(3, 0.6, "signed"), model, importance=(1, 0.5, 2), target="abs"
    )
    rng = np.random.default_rng(0)
    x = problem.distribution.sample(rng, 9)
    at = {name: rng.standard_normal(shape) for name, shape in model.parameters(3).items()}
    slopes = gradient(problem, at, x)
    for name, array in at.items():
        for index in np.ndindex(array.shape):
            value, h = array[index], 1e-6
            array[index] = value + h
            above = losses(problem, at, x).mean()
            array[index] = value - h
            below = losses(problem, at, x).mean()
            array[index] = value
            assert slopes[name][index] == pytest.approx((above - below) / (2 * h), abs=1e-7)


def naive(problem, training, address):
    """One instance, by a plain loop with Adam written out; curve and checkpoints on the way."""
    init = np.sqrt(2 / 5) * randomness(address, 0).standard_normal((2, 3))
    own = {"W": init, "b": np.zeros(3)}
    m = {name: np.zeros_like(w) for name, w in own.items()}
    v = {name: np.zeros_like(w) for name, w in own.items()}
    curve, kept = {}, {}
    for step in range(training.steps + 1):
        fresh = problem.distribution.sample(randomness(address, 2, step), training.batch_size)
        curve[step] = losses(problem, own, fresh).mean()
        kept[step] = {name: w.copy() for name, w in own.items()}
        if step == training.steps:
            break
        x = problem.distribution.sample(randomness(address, 1, step), training.batch_size)
        for name, g in gradient(problem, own, x).items():
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g * g
            top, bottom = m[name] / (1 - 0.9 ** (step + 1)), v[name] / (1 - 0.999 ** (step + 1))
            own[name] = own[name] - training.learning_rate * top / (np.sqrt(bottom) + 1e-8)
    x = problem.distribution.sample(randomness(address, 3), training.held_out)
    return own, curve, kept, losses(problem, own, x)


def test_results_equal_a_naive_loop():
    batch = batch_of()
    results = run()
    assert set(results) == {
        *("W", "b", "loss", "loss_error", "diverged", "loss_curve"),
        *("W_checkpoint", "b_checkpoint"),
    }
    for k, address in enumerate(batch.addresses()):
        own, curve, kept, samples = naive(batch.coordinates(k)[0], TRAINING, address)
        for name in ("W", "b"):
            assert results[name].dtype == np.float32
            np.testing.assert_allclose(results[name][k], own[name], rtol=1e-6)
            for j, step in enumerate((0, 7, 40)):
                now = results[f"{name}_checkpoint"][k, j]
                np.testing.assert_allclose(now, kept[step][name], rtol=1e-6)
        assert results["loss"].dtype == np.float64
        assert results["loss"][k] == pytest.approx(samples.mean(), rel=1e-12)
        assert results["loss_error"][k] == pytest.approx(samples.std() / 8, rel=1e-12)
        expected = [curve[step] for step in TRAINING.curve_steps()]
        np.testing.assert_allclose(results["loss_curve"][k], expected, rtol=1e-6)


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_slices_do_not_matter(monkeypatch, limit):
    usual = run()
    monkeypatch.setattr(slices, "_timed_slice", lambda run, wanted: _sliced(run, limit))
    assert_same(run(), usual)


def _sliced(run, limit):
    run.advance(min(limit, run.next_boundary() - run.step))
    return limit


def test_slices_grow_to_the_time_aimed_at(monkeypatch):
    """A step of the fake takes 1 s by the clock, then 1 ms: slices shrink to 1, then grow by 8."""
    clock = [0.0]
    engine = ReferenceEngine()
    cost = [1.0]

    def advance(batch, state, steps, *, jobs):
        clock[0] += cost[0] * steps
        cost[0] = 2.0**-10
        engine.calls.append((batch.n_instances, steps))
        state["step"] = state["step"] + steps
        return state

    monkeypatch.setattr(engine, "advance", advance)
    monkeypatch.setattr(slices.time, "perf_counter", lambda: clock[0])
    training = TRAINING.replace(steps=2000, curve_points=0, checkpoints=())
    run_unit(engine, batch_of(training), jobs=1)
    assert [steps for _, steps in engine.calls[:6]] == [1, 1, 8, 64, 204, 204]
    assert sum(steps for _, steps in engine.calls) == 2000


def test_steps_0():
    training = TRAINING.replace(steps=0, checkpoints=(0,))
    results = run_unit(ReferenceEngine(), batch_of(training), jobs=1)
    assert np.array_equal(results["W_checkpoint"][:, 0], results["W"])
    assert results["loss_curve"].shape == (6, 1)
    assert np.all(results["b"] == 0)


def test_nothing_recorded_when_nothing_is_asked_for():
    training = TRAINING.replace(curve_points=0, checkpoints=())
    results = run_unit(ReferenceEngine(), batch_of(training), jobs=1)
    assert set(results) == {"W", "b", "loss", "loss_error", "diverged"}


def test_model_without_bias_has_zero_b():
    results = run_unit(
        ReferenceEngine(), batch_of(problem=PROBLEM.replace(model=tg.Linear(2, False))), jobs=1
    )
    assert results["b"].shape == (6, 3)
    assert results["b_checkpoint"].shape == (6, 3, 3)
    assert np.all(results["b"] == 0)


def test_divergence_is_a_status():
    """The second point's learning rate sends SGD to infinity; the first point does not notice."""
    calm = TRAINING.replace(optimizer="sgd", learning_rate=0.01)
    wild = calm.replace(learning_rate=1e6)
    problem = PROBLEM.replace(model=tg.Linear(2))
    batch = Batch(problem, (problem, problem), (calm, wild), (0, 1), 5)
    results = run_unit(ReferenceEngine(), batch, jobs=1)
    assert results["diverged"].tolist() == [False, False, True, True]
    for name in ("W", "b", "loss", "loss_error"):
        assert np.isnan(results[name][2:]).all(), name
        assert np.isfinite(results[name][:2]).all(), name
    assert not np.isinf(results["loss_curve"]).any()
    assert np.isfinite(results["W_checkpoint"][:, 0]).all()
    alone = run_unit(ReferenceEngine(), Batch(problem, (problem,), (calm,), (0, 1), 5), jobs=1)
    for name, array in alone.items():
        assert array.tobytes() == results[name][:2].tobytes(), name


@pytest.mark.parametrize("where", ["diverged", "loss", "b", "W"])
def test_divergence_anywhere_blanks_the_whole_instance(monkeypatch, where):
    engine = ReferenceEngine()
    score, parameters = engine.score, engine.parameters

    def scored(batch, state, *, jobs):
        scores = {**score(batch, state, jobs=jobs), "iterations": np.arange(6)}
        scores["penalty"] = np.ones(6)
        if where in scores:
            scores[where][2] = True if where == "diverged" else np.inf
        return scores

    def trained(batch, state):
        named = {name: array.copy() for name, array in parameters(batch, state).items()}
        if where in named and state["step"] == 40:
            named[where][2, 1] = np.nan
        return named

    monkeypatch.setattr(engine, "score", scored)
    monkeypatch.setattr(engine, "parameters", trained)
    results = run(engine)
    assert results["diverged"].tolist() == [False, False, True, False, False, False]
    for name in ("W", "b", "loss", "loss_error", "penalty"):
        assert np.isnan(results[name][2]).all(), name
        assert np.isfinite(np.delete(results[name], 2, axis=0)).all(), name
    assert results["iterations"].tolist() == list(range(6))


def test_alone_equals_in_a_batch():
    together = run()
    for k in range(6):
        problem, training, seed = batch_of().coordinates(k)
        one = Batch(PROBLEM, (problem,), (training,), (seed,), 5)
        for name, array in run_unit(ReferenceEngine(), one, jobs=1).items():
            assert array[0].tobytes() == together[name][k].tobytes(), name


def test_addresses_are_distinct_and_say_nothing_of_the_batch():
    addresses = batch_of().addresses()
    assert addresses.dtype == np.uint64
    assert len(set(addresses.tolist())) == 6
    problem, training, seed = batch_of().coordinates(4)
    assert Batch(problem, (problem,), (training,), (seed,), 5).addresses() == [addresses[4]]
    assert Batch(problem, (problem,), (training,), (seed,), 6).addresses() != [addresses[4]]
    longer = Batch(problem, (problem,), (training.replace(steps=99),), (seed,), 5)
    assert longer.addresses() == [addresses[4]]


# stopping and resuming


def stop_at(step):
    def on_progress(done):
        if done >= step:
            raise KeyboardInterrupt

    return on_progress


def steps_run(engine):
    return sum(steps for _, steps in engine.calls)


def test_kept_state_does_not_change_results(store, saves_always):
    assert_same(run(store=store, row=ROW), run())
    assert store.get_partial(ROW.key)["state.step"] > 0


@pytest.mark.parametrize("step", [1, 5, 7, 23, 40])
def test_interrupted_run_goes_on_where_it_was(store, step):
    first, second = ReferenceEngine(), ReferenceEngine()
    with pytest.raises(KeyboardInterrupt):
        run(first, store=store, row=ROW, on_progress=stop_at(step))
    assert store.get_partial(ROW.key)["state.step"] == steps_run(first) >= step
    assert_same(run(second, store=store, row=ROW), run())
    assert steps_run(first) + steps_run(second) == 40


def test_interrupted_at_every_slice(store):
    """As many runs as slices, each stopped after its first."""
    for _ in range(100):
        engine = ReferenceEngine()
        try:
            results = run(engine, store=store, row=ROW, on_progress=stop_at(0))
        except KeyboardInterrupt:
            continue
        break
    assert_same(results, run())


@pytest.mark.parametrize("save_seconds", [0.0, 1e9])
def test_interruption_inside_the_engine_is_not_trusted(store, monkeypatch, save_seconds):
    """An exception in mid-advance leaves a state of no step: the last kept one, or none, counts."""
    monkeypatch.setattr(slices, "_SAVE_SECONDS", save_seconds)
    monkeypatch.setattr(slices, "_SAVE_SHARE", 1e9)
    engine = ReferenceEngine()
    countdown = iter(range(30))

    def fail():
        if next(countdown) == 20:
            raise RuntimeError("half-way")

    engine.on_advance = fail
    with pytest.raises(RuntimeError, match="half-way"):
        run(engine, store=store, row=ROW)
    assert_same(run(store=store, row=ROW), run())


def test_a_state_of_another_machine_is_not_gone_on_from(store):
    """Its numbers were rounded otherwise: neither machine's bits would come out."""
    first, second, third = ReferenceEngine(), ReferenceEngine(), ReferenceEngine()
    second.machine = "another"
    for engine in (first, second):
        with pytest.raises(KeyboardInterrupt):
            run(engine, store=store, row=ROW, on_progress=stop_at(10))
        assert store.get_partial(ROW.key, engine.machine)["state.step"] == steps_run(engine) >= 10
    assert_same(run(third, store=store, row=ROW), run())
    assert steps_run(third) == 40


@pytest.mark.parametrize("damage", [lambda raw: raw[:-3], lambda raw: b"", lambda raw: raw[::-1]])
def test_damaged_partial_means_a_fresh_start(store, damage):
    with pytest.raises(KeyboardInterrupt):
        run(store=store, row=ROW, on_progress=stop_at(20))
    path = store.path / "partial" / f"{ROW.key}.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    engine = ReferenceEngine()
    assert_same(run(engine, store=store, row=ROW), run())
    assert steps_run(engine) == 40
    assert store.damaged == 1


def test_full_disk_in_mid_run_is_an_error_but_does_not_hide_an_interruption(
    store, saves_always, monkeypatch
):
    def full(row, arrays, machine):
        raise StoreError("no space")

    monkeypatch.setattr(store, "put_partial", full)
    with pytest.raises(StoreError, match="no space"):
        run(store=store, row=ROW)
    with pytest.raises(KeyboardInterrupt):
        run(store=store, row=ROW, on_progress=stop_at(0))


def test_ctrl_c_waits_for_the_slice_and_keeps_its_steps(store):
    engine = ReferenceEngine()
    countdown = iter(range(1000))

    def press():
        if next(countdown) == 13:
            os.kill(os.getpid(), signal.SIGINT)

    engine.on_advance = press
    with pytest.raises(KeyboardInterrupt):
        run(engine, store=store, row=ROW)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert store.get_partial(ROW.key)["state.step"] == steps_run(engine) < 40
    assert_same(run(store=store, row=ROW), run())


def test_second_ctrl_c_acts_at_once():
    reached = []

    def press_twice():
        with slices.interrupt_between_slices():
            for time in ("first", "second"):
                os.kill(os.getpid(), signal.SIGINT)
                reached.append(time)

    with pytest.raises(KeyboardInterrupt):
        press_twice()
    assert reached == ["first"]


def test_other_threads_and_handlers_are_left_alone():
    results = []
    thread = threading.Thread(target=lambda: results.append(run()))
    thread.start()
    thread.join()
    assert_same(results[0], run())
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        ours = signal.getsignal(signal.SIGINT)
        with slices.interrupt_between_slices():
            assert signal.getsignal(signal.SIGINT) is ours
    finally:
        signal.signal(signal.SIGINT, before)


# resources


def test_checked_jobs():
    assert checked_jobs("train", None) == available_cores() == len(os.sched_getaffinity(0))
    assert checked_jobs("train", np.int64(3)) == 3
    for bad in (0, -1, 1.5, True, "2"):
        with pytest.raises(SpecError, match=r"^score\.jobs must be an integer >= 1 or None; got"):
            checked_jobs("score", bad)


def test_available_memory_is_what_the_system_says(tmp_path, monkeypatch):
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    free = available_memory()
    assert free is not None
    assert 0 < free <= total

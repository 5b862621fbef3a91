from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ensemble_worker
import numpy as np
import pytest
import xarray as xr
from reference_engine import ReferenceEngine

import tegum as tg
from tegum import ensemble
from tegum.engines import get_engine
from tegum.engines.base import Batch
from tegum.ensemble import solve, work
from tegum.ensemble.machine import instance_bytes
from tegum.ensemble.slices import run_unit
from tegum.errors import SpecError, StoreError, UnknownNameError
from tegum.store import Row, Store
from tegum.sweepable import with_axis

PROBLEM, TRAINING, AXES = ensemble_worker.PROBLEM, ensemble_worker.TRAINING, ensemble_worker.AXES
STEPS = TRAINING.steps
WORKER = Path(ensemble_worker.__file__)


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    """Every training here is by the reference engine; the fixture is the latest one made."""
    made = ReferenceEngine()
    monkeypatch.setattr(ensemble, "get_engine", lambda name: made)
    return made


@pytest.fixture
def small_units(monkeypatch):
    """Units of at most 3 instances, so that small ensembles have many."""
    monkeypatch.setattr(solve, "unit_size", lambda problem, training: 3)


def train(axes=AXES, seeds=3, training=TRAINING, **options) -> xr.Dataset:
    return tg.train(PROBLEM, axes, training, seeds, progress=False, **options)


def instance_steps(engine: ReferenceEngine) -> int:
    return sum(instances * steps for instances, steps in engine.calls)


def assert_same(a: xr.Dataset, b: xr.Dataset) -> None:
    xr.testing.assert_identical(a, b)
    for name in a.data_vars:
        assert a[name].values.tobytes() == b[name].values.tobytes(), name
        assert a[name].dtype == b[name].dtype, name


# axes, dimensions, variables


def test_dataset_has_the_promised_shape():
    runs = train(training=TRAINING.replace(checkpoints=(0, 10)))
    lead = ("feature_probability", "importance[1]", "seed")
    expected = {
        "W": (*lead, "hidden", "feature"),
        "b": (*lead, "feature"),
        "loss": lead,
        "loss_error": lead,
        "diverged": lead,
        "loss_curve": (*lead, "step"),
        "W_checkpoint": (*lead, "checkpoint", "hidden", "feature"),
        "b_checkpoint": (*lead, "checkpoint", "feature"),
    }
    assert {name: array.dims for name, array in runs.data_vars.items()} == expected
    assert list(runs.data_vars) == list(expected)
    assert runs.W.shape == (2, 2, 3, 2, 3)
    assert runs.W.dtype == runs.b.dtype == runs.loss_curve.dtype == np.float32
    assert runs.loss.dtype == np.float64
    assert runs.diverged.dtype == bool
    assert runs.seed.values.tolist() == [0, 1, 2]
    assert runs.feature_probability.values.tolist() == [0.2, 0.5]
    assert runs.step.values.tolist() == list(TRAINING.curve_steps())
    assert runs.checkpoint.values.tolist() == [0, 10]
    assert "sum over features, mean over samples" in runs.loss.attrs["convention"]
    assert tg.Problem.from_json(runs.attrs["problem"]) == PROBLEM
    assert tg.Training.from_json(runs.attrs["training"]).checkpoints == (0, 10)
    assert (runs.attrs["run_seed"], runs.attrs["engine"]) == (0, "sampled")
    assert runs.attrs["engine_version"] == "reference-1"
    assert runs.attrs["tegum_version"] == tg.__version__


def test_untied_model_has_both_matrices_and_its_hidden_bias():
    problem = tg.Problem(tg.Independent(4, 0.5), tg.TwoLayer(2, hidden_bias=True), target="abs")
    runs = tg.train(problem, training=TRAINING, seeds=2)
    assert runs.W_in.dims == ("seed", "hidden", "feature")
    assert runs.W_in.shape == (2, 2, 4)
    assert runs.W_out.dims == ("seed", "feature", "hidden")
    assert runs.W_out.shape == (2, 4, 2)
    assert runs.b_hidden.dims == ("seed", "hidden")
    assert "W" not in runs


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_axis_product_equals_naive_loops(monkeypatch, size):
    """Whatever the unit size, cell (i, j, k) is the training of exactly its own description."""
    monkeypatch.setattr(solve, "unit_size", lambda problem, training: size)
    values = {"p": [0.5, 0.2], "r": [0.5, 2.0, 1.0], "learning_rate": [0.01, 0.1]}
    axes = {
        "p": ("feature_probability", values["p"]),
        "r": ("importance[1]", values["r"]),
        "learning_rate": values["learning_rate"],
    }
    training = TRAINING.replace(steps=5)
    runs = train(axes, seeds=2, seed=9, training=training)
    assert runs.loss.dims == ("p", "r", "learning_rate", "seed")
    for p, r, rate, seed in itertools.product(*values.values(), range(2)):
        problem = PROBLEM.replace(distribution=tg.Independent(3, p), importance=(1.0, r, 1.0))
        own = training.replace(learning_rate=rate)
        alone = run_unit(ReferenceEngine(), Batch(problem, (problem,), (own,), (seed,), 9), jobs=1)
        cell = runs.sel(p=p, r=r, learning_rate=rate, seed=seed)
        for name, array in alone.items():
            assert array[0].tobytes() == cell[name].values.tobytes(), name


def test_importance_rows():
    rows = np.array([[1.0, 1.0, 0.5], [1.0, 2.0, 3.0]])
    runs = train({"importance": rows}, seeds=1)
    assert runs.W.dims == ("importance_row", "seed", "hidden", "feature")
    assert runs.importance_row.values.tolist() == [0, 1]
    assert runs.importance.dims == ("importance_row", "feature")
    assert np.array_equal(runs.importance, rows)
    assert np.array_equal(runs.sel(importance_row=1).importance, rows[1])
    for k, row in enumerate(rows):
        one = tg.train(PROBLEM.replace(importance=row), training=TRAINING, progress=False)
        assert np.array_equal(one.W[0], runs.W[k, 0])


def test_no_axes_and_defaults():
    runs = tg.train(PROBLEM, training=TRAINING)
    assert runs.W.dims == ("seed", "hidden", "feature")
    assert runs.sizes["seed"] == 1


def test_run_seed_changes_everything_and_repeats_exactly():
    assert_same(train(seed=3), train(seed=3))
    a, b = train(seed=3).W.values, train(seed=4).W.values
    assert (a != b).all()


def test_more_seeds_and_points_leave_the_others_alone():
    small = train({"l1": [0.0, 0.1]}, seeds=2)
    large = train({"l1": [0.0, 0.05, 0.1]}, seeds=4).sel(l1=[0.0, 0.1], seed=[0, 1])
    for name in small.data_vars:
        assert small[name].values.tobytes() == large[name].values.tobytes(), name


def test_edges_are_legitimate():
    for problem in (
        tg.Problem(tg.Independent(1, 1.0), tg.ReLUOutput(1)),
        tg.Problem(tg.Independent(2, 0.5), tg.ReLUOutput(5)),
    ):
        for training in (TRAINING.replace(batch_size=1), TRAINING.replace(steps=0)):
            runs = tg.train(problem, training=training, seeds=2)
            assert np.isfinite(runs.loss).all()
            assert runs.sizes["step"] == len(training.curve_steps())


def test_dataset_file_reads_back_identical(tmp_path):
    runs = train({"importance": [[1, 1, 1], [1, 2, 3]]}, training=TRAINING.replace(checkpoints=3))
    for k, written in enumerate((runs, tg.best(runs), tg.drop_worst(runs))):
        path = tmp_path / f"{k}.nc"
        written.to_netcdf(path, engine="h5netcdf")
        with xr.open_dataset(path, engine="h5netcdf") as back:
            assert_same(back.load(), written)


def test_divergence_is_a_status_and_raises_nothing():
    problem = PROBLEM.replace(model=tg.Linear(2))
    training = TRAINING.replace(optimizer="sgd")
    runs = tg.train(problem, {"learning_rate": [0.01, 1e6]}, training, seeds=2)
    assert runs.diverged.values.tolist() == [[False, False], [True, True]]
    assert np.array_equal(np.isnan(runs.loss), runs.diverged)
    assert np.array_equal(np.isnan(runs.W).any(("hidden", "feature")), runs.diverged)
    chosen = tg.best(runs)
    assert chosen.diverged.values.tolist() == [False, True]
    assert np.isnan(chosen.loss[1])
    assert chosen.n_seeds.values.tolist() == [2, 0]


# bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": 0}, "train.seeds must be an integer >= 1 of at most 31 bits; got 0"),
        ({"seeds": 2.0}, "train.seeds must be an integer >= 1"),
        ({"seeds": True}, "train.seeds must be an integer >= 1"),
        ({"seed": -1}, "train.seed must be an integer >= 0 of at most 64 bits; got -1"),
        ({"seed": 2**64}, "train.seed must be an integer >= 0 of at most 64 bits"),
        ({"seed": "1"}, "train.seed must be an integer"),
        ({"jobs": 0}, "train.jobs must be"),
        (
            {"training": "fast"},
            "train.training must be a Training, as tg.",
        ),
        ({"axes": [1, 2]}, "train.axes must be a mapping"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(SpecError) as caught:
        train(**options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_problem_must_be_a_problem():
    with pytest.raises(SpecError, match=r"train\.problem must be a Problem, as tg.*; got 3"):
        tg.train(3)


def test_bad_values_are_refused_before_anything_is_trained(engine):
    with pytest.raises(SpecError, match="feature_probability"):
        train({"l1": [0.0, 0.1], "feature_probability": [0.5, 1.5]})
    with pytest.raises(UnknownNameError):
        train({"sparsity": [0.5]})
    assert engine.calls == []


def test_result_larger_than_memory_is_refused_before_it_starts(engine):
    with pytest.raises(SpecError, match=r"train: .* need .* GB of memory, and .* GB are free"):
        train(seeds=2**31 - 1)
    assert engine.calls == []


def test_memory_need_is_the_size_of_the_result():
    training = TRAINING.replace(checkpoints=5)
    runs = train(training=training)
    need = 2 * 2 * 3 * instance_bytes(PROBLEM, training, 4)
    size = sum(array.nbytes for array in runs.data_vars.values())
    assert size <= need <= size + 12 * 32


def test_unwritable_store_is_an_error_before_it_starts(engine, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        train(store=tmp_path / "file")
    assert engine.calls == []


# progress


def test_progress_counts_model_steps(small_units):
    told = []
    tg.train(PROBLEM, AXES, TRAINING, 3, progress=lambda done, total: told.append((done, total)))
    total = 2 * 2 * 3 * STEPS
    assert told[0] == (0, total)
    assert told[-1] == (total, total)
    assert {t for _, t in told} == {total}
    done = [d for d, _ in told]
    assert done == sorted(done)
    assert len(set(done)) >= 1 + 4 * 3  # four units, three slices between curve points


def test_progress_starts_with_what_the_store_has(small_units, tmp_path):
    train(seeds=2, store=tmp_path)
    told = []
    tg.train(PROBLEM, AXES, TRAINING, 3, store=tmp_path, progress=lambda *now: told.append(now))
    assert told[0] == (2 * 2 * 2 * STEPS, 2 * 2 * 3 * STEPS)
    assert told[-1] == (2 * 2 * 3 * STEPS, 2 * 2 * 3 * STEPS)


# the store


@pytest.mark.parametrize("size", [1, 3, 4, 1000])
def test_same_bits_with_a_store_and_from_it(engine, monkeypatch, tmp_path, size):
    monkeypatch.setattr(solve, "unit_size", lambda problem, training: size)
    plain = train()
    first = train(store=tmp_path)
    before = len(engine.calls)
    second = train(store=tmp_path)
    assert len(engine.calls) == before
    assert_same(plain, first)
    assert_same(plain, second)


@pytest.mark.parametrize("size", [1, 3, 4, 6, 1000])
def test_more_seeds_compute_only_the_new(engine, monkeypatch, tmp_path, size):
    monkeypatch.setattr(solve, "unit_size", lambda problem, training: size)
    full = train(seeds=7)
    engine.calls.clear()
    for seeds, new in ((3, 3), (5, 2), (4, 0), (7, 2), (1, 0), (7, 0)):
        runs = train(seeds=seeds, store=tmp_path)
        assert instance_steps(engine) == 4 * new * STEPS
        assert_same(runs, full.isel(seed=slice(seeds)))
        engine.calls.clear()


def test_eight_threads_train_with_one_store(monkeypatch, small_units, tmp_path):
    """Different numbers of seeds of the same points: some wait for what others compute."""
    monkeypatch.setattr(ensemble, "get_engine", lambda name: ReferenceEngine())
    monkeypatch.setattr(solve, "_WAIT_SECONDS", 0.01)
    counts = [1, 2, 3, 4] * 2
    alone = {seeds: train(seeds=seeds) for seeds in set(counts)}
    store = Store(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(train, seeds=seeds, store=store) for seeds in counts]
        for seeds, future in zip(counts, futures, strict=True):
            assert_same(future.result(60), alone[seeds])
        assert (store.damaged, store.verify()) == (0, [])


@pytest.mark.parametrize("store", ["", 3, b"x", False, "a\0b"])
def test_a_store_that_is_no_folder(engine, store):
    with pytest.raises(StoreError, match=r"^store must be the path of a folder; got "):
        train(store=store)
    assert engine.calls == []


def test_store_object_stays_open(engine, tmp_path):
    store = Store(tmp_path)
    train(store=store)
    train(store=store)
    assert len(store) == 1
    assert instance_steps(engine) == 12 * STEPS


@pytest.mark.parametrize("change", ["training", "seed", "problem", "version", "axes"])
def test_anything_that_matters_misses_the_store(engine, tmp_path, change):
    train(store=tmp_path)
    engine.calls.clear()
    if change == "training":
        train(store=tmp_path, training=TRAINING.replace(held_out=33))
    elif change == "seed":
        train(store=tmp_path, seed=1)
    elif change == "problem":
        tg.train(PROBLEM.replace(target="abs"), AXES, TRAINING, 3, store=tmp_path, progress=False)
    elif change == "version":
        engine.version = "reference-2"
        train(store=tmp_path)
    else:
        train({**AXES, "importance[1]": [0.5, 2.5]}, store=tmp_path)
    assert instance_steps(engine) == 12 * STEPS


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: b"", lambda raw: raw[:9]])
def test_damaged_unit_is_computed_again(engine, small_units, tmp_path, damage):
    """Each unit in turn; the others are not computed again."""
    plain = train(store=tmp_path)
    victims = sorted((tmp_path / "units").iterdir())
    assert len(victims) == 4
    for victim in victims:
        victim.write_bytes(damage(victim.read_bytes()))
        engine.calls.clear()
        store = Store(tmp_path)
        assert_same(train(store=store), plain)
        assert store.damaged == 1
        assert instance_steps(engine) == 3 * STEPS
        assert store.verify() == []


def test_interrupted_run_continues(engine, small_units, tmp_path):
    """Stopped ever a little later, with what is done kept: no step is computed twice."""
    plain = train()
    engine.calls.clear()
    for stop in range(0, 300, 25):

        def on_progress(done, total, stop=stop):
            if stop <= done < total:
                raise KeyboardInterrupt

        try:
            runs = tg.train(PROBLEM, AXES, TRAINING, 3, store=tmp_path, progress=on_progress)
        except KeyboardInterrupt:
            continue
        break
    assert_same(runs, plain)
    assert instance_steps(engine) == 12 * STEPS
    assert list((tmp_path / "partial").iterdir()) == []
    assert list((tmp_path / "locks").iterdir()) == []


def test_ctrl_c_says_how_far_it_came_what_is_kept_and_how_to_go_on(engine, small_units, tmp_path):
    def on_progress(done, total):
        if 2 * done >= total:
            raise KeyboardInterrupt

    for place, said in (
        (None, "nothing is kept; with store='FOLDER' the same call would go on from where it was"),
        (tmp_path, f"{str(tmp_path)!r} keeps them; the same call goes on from there"),
    ):
        with pytest.raises(KeyboardInterrupt) as caught:
            tg.train(PROBLEM, AXES, TRAINING, 3, store=place, progress=on_progress)
        assert str(caught.value) == f"train: stopped after 50 % of the steps; {said}"
        # what IPython asks for in place of a traceback
        assert caught.value._render_traceback_() == [f"Interrupted: {caught.value}"]


def test_fused_engine_stopped_and_resumed_gives_the_same_bits(monkeypatch, small_units, tmp_path):
    monkeypatch.setattr(ensemble, "get_engine", get_engine)
    training = TRAINING.replace(steps=100, checkpoints=5)
    plain = train(training=training, jobs=1)
    stops = 0
    for stop in range(0, 1200, 150):

        def on_progress(done, total, stop=stop):
            if stop <= done < total:
                raise KeyboardInterrupt

        try:
            runs = tg.train(
                PROBLEM, AXES, training, 3, store=tmp_path, jobs=2, progress=on_progress
            )
        except KeyboardInterrupt:
            stops += 1
    assert stops > 3
    assert_same(runs, plain)


def launch(store: Path, out: Path, delay: float = 0.0) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), str(store), str(out)]
    return subprocess.Popen(
        command, env={**os.environ, "DELAY": str(delay)}, stdout=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> int:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return int(out)


def assert_file_equals(path: Path, runs: xr.Dataset) -> None:
    with np.load(path) as saved:
        assert set(saved) == set(runs.data_vars)
        for name in saved:
            assert saved[name].tobytes() == runs[name].values.tobytes(), name


def test_killed_process_is_continued_by_another(tmp_path):
    """SIGKILL in mid-unit: the next process takes up the kept state, with the same bits."""
    store, out = tmp_path / "store", tmp_path / "out.npz"
    victim = launch(store, out, delay=0.01)
    deadline = time.monotonic() + 60
    while not list(store.glob("partial/*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL
    assert not out.exists()
    computed = finish(launch(store, out))
    assert 0 < computed < 12 * STEPS
    assert_file_equals(out, train())


def test_ctrl_c_in_a_process_leaves_a_store_that_continues(tmp_path):
    store, out = tmp_path / "store", tmp_path / "out.npz"
    victim = launch(store, out, delay=0.01)
    deadline = time.monotonic() + 60
    while not list(store.glob("partial/*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.01)
    victim.send_signal(signal.SIGINT)
    victim.communicate()
    assert victim.returncode not in (0, -signal.SIGKILL)
    assert finish(launch(store, out)) < 12 * STEPS
    assert_file_equals(out, train())


def test_two_processes_share_the_work(tmp_path):
    """Both want the same unit: one computes it, the other waits for it."""
    store = tmp_path / "store"
    both = [launch(store, tmp_path / f"{k}.npz", delay=0.002) for k in range(2)]
    computed = [finish(process) for process in both]
    assert sum(computed) == 12 * STEPS
    for k in range(2):
        assert_file_equals(tmp_path / f"{k}.npz", train())


def test_unit_locked_elsewhere_is_done_last(small_units, tmp_path, monkeypatch):
    """The lock is free on the third try; the other units are not held up."""
    order: list[str] = []
    waits: list[float] = []
    monkeypatch.setattr(solve.time, "sleep", waits.append)
    store = Store(tmp_path)
    really = store.lock

    def lock(key):
        order.append(key)
        return None if key == order[0] and order.count(key) < 3 else really(key)

    monkeypatch.setattr(store, "lock", lock)
    runs = train(store=store)
    assert_same(runs, train())
    assert order[0] == order[-1]
    assert order.count(order[0]) == 3
    assert len(order) == len(set(order)) + 2
    assert waits == [solve._WAIT_SECONDS]


# how work is cut


def test_family_depends_on_everything_but_the_seeds():
    engine = ReferenceEngine()
    other = with_axis(PROBLEM, TRAINING, "l1", 0.1)[0]
    shorter = TRAINING.replace(steps=29)
    families = [
        work.family_of(engine, (PROBLEM,), (TRAINING,), 0),
        work.family_of(engine, (PROBLEM,), (TRAINING,), 1),
        work.family_of(engine, (PROBLEM,), (shorter,), 0),
        work.family_of(engine, (other,), (TRAINING,), 0),
        work.family_of(engine, (PROBLEM, other), (TRAINING, TRAINING), 0),
        work.family_of(engine, (other, PROBLEM), (TRAINING, TRAINING), 0),
        work.family_of(ReferenceEngine("2"), (PROBLEM,), (TRAINING,), 0),
    ]
    assert len(set(families)) == len(families)
    assert work.family_of(ReferenceEngine(), (PROBLEM,), (TRAINING,), 0) == families[0]


def test_ranges_that_cover():
    rows = [Row("f", *bounds) for bounds in ((0, 2), (0, 5), (3, 9), (12, 14))]
    assert [work.longest_at(rows, seed) for seed in (0, 4, 5, 11, 13)] == [
        *(rows[1], rows[2], rows[2], None, rows[3]),
    ]
    assert [work.next_start(rows, seed, 20) for seed in (0, 9, 12)] == [3, 12, 20]
    assert work.next_start(rows, 9, 10) == 10


@pytest.mark.parametrize(
    ("n", "m"), [(1, 1), (2, 1), (10, 5), (400, 30), (2000, 500), (20000, 5000)]
)
def test_unit_size_bounds(n, m):
    problem = tg.Problem(tg.Independent(n, 0.1), tg.ReLUOutput(m))
    size = work.unit_size(problem, tg.Training())
    assert 1 <= size <= 8192
    assert size == 1 or size * 12 * (n * m + n) <= work._STATE_BYTES
    if n * m < 15_000:
        assert size >= 64


def test_many_tiny_instances_make_few_units(monkeypatch, tmp_path):
    calls = []

    def fake(engine, batch, **options):
        calls.append(batch.n_instances)
        n = batch.n_instances
        return {"W": np.zeros((n, 1, 2), np.float32), "loss": np.zeros(n)}

    monkeypatch.setattr(solve, "run_unit", fake)
    problem = tg.Problem(tg.Independent(2, 0.1), tg.ReLUOutput(1))
    axes = {"feature_probability": np.linspace(0.01, 1, 200)}
    runs = tg.train(problem, axes, tg.Training(), seeds=500, store=tmp_path, progress=False)
    assert runs.loss.shape == (200, 500)
    assert sum(calls) == 100_000
    assert len(calls) < 40

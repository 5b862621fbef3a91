"""Trainings by workers elsewhere: the same bits, whatever is lost on the way."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path

import distant
import numpy as np
import pytest
import xarray as xr
from units import assert_same

import tegum as tg
from tegum import executors
from tegum.ensemble import elsewhere, orders, solve, worker
from tegum.ensemble.orders import results_of
from tegum.errors import DamagedFileError, ExecutorError, SpecError, StoreError, UnknownNameError
from tegum.store import Row, Store
from tegum.store.files import decode, encode

PROBLEM = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))
AXES = {"feature_probability": [1.0, 0.5, 0.25], "learning_rate": [0.01, 0.001]}
TRAINING = tg.Training(steps=30, batch_size=32, held_out=256, checkpoints=2)


@pytest.fixture(autouse=True)
def small_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders of at most 4 instances, in blocks of 2 points, so that small ensembles have many."""
    monkeypatch.setattr(solve, "order_size", lambda problem, training: 4)
    monkeypatch.setattr(solve, "points_per_order", lambda size: 2)


@pytest.fixture(scope="module")
def here() -> xr.Dataset:
    return train()


def train(seeds: int = 5, **how: object) -> xr.Dataset:
    return tg.train(PROBLEM, AXES, TRAINING, seeds, progress=False, **how)  # type: ignore[arg-type]


def test_workers_give_the_same_bits(here: xr.Dataset) -> None:
    by = distant.AtOnce()
    assert_same(train(executor=by), here)
    assert len(by.orders) == 9  # three blocks of two points, of 2 + 2 + 1 seeds each


def test_given_weights_travel_with_their_order() -> None:
    first = train()
    assert_same(train(start=first, seed=1, executor=distant.AtOnce()), train(start=first, seed=1))


def test_the_exact_engine_too() -> None:
    how = tg.Training(engine="exact", steps=20)
    problem = tg.Problem(tg.Independent(2, 0.3), tg.ReLUOutput(1))
    a = tg.train(problem, training=how, seeds=6, executor=distant.AtOnce())
    assert_same(a, tg.train(problem, training=how, seeds=6))


def trained_units(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(models, steps) of what is trained from here on in this process."""
    seen: list[tuple[int, int]] = []
    for module in (solve, worker):
        inner = module.run_unit

        def told(engine, batch, inner=inner, **how):  # type: ignore[no-untyped-def]
            seen.append((batch.n_instances, batch.training.steps))
            return inner(engine, batch, **how)

        monkeypatch.setattr(module, "run_unit", told)
    return seen


def test_a_store_serves_those_who_train_here_and_elsewhere(
    here: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = trained_units(monkeypatch)
    assert_same(
        train(seeds=2, store=tmp_path / "a", executor=distant.AtOnce()), here.isel(seed=[0, 1])
    )
    assert sum(models for models, _ in seen) == 12
    seen.clear()
    assert_same(train(store=tmp_path / "a"), here)  # here, from what was made elsewhere
    assert sum(models for models, _ in seen) == 18
    seen.clear()
    assert_same(train(store=tmp_path / "b"), here)
    seen.clear()
    assert_same(train(store=tmp_path / "b", executor=distant.AtOnce()), here)
    assert_same(train(store=tmp_path / "a", executor=distant.AtOnce()), here)
    assert seen == []
    assert list((tmp_path / "a" / "locks").iterdir()) == []


def test_workers_who_do_not_reach_the_store_send_their_results(
    here: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_store", lambda path, sign: None)
    assert_same(train(store=tmp_path, executor=distant.AtOnce()), here)
    assert Store(tmp_path).verify() == []
    assert len(Store(tmp_path)) == 9


@pytest.mark.parametrize("reached", [True, False])
def test_a_mixed_cluster_says_whose_each_model_is(
    here: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reached: bool
) -> None:
    if not reached:
        monkeypatch.setattr(worker, "_store", lambda path, sign: None)
    by = distant.Mixed()
    runs = train(store=tmp_path, executor=by)
    mine = here.attrs["machine"]
    assert mine.startswith(("x86-64-v", "x86_64/", "aarch64/", "arm64/"))
    assert runs.attrs["machine"] == f"another, {mine}"
    assert runs.machine.attrs["flag_meanings"] == f"0 another, 1 {mine}"
    # blocks of two of the six points, and in each seeds 0 and 1, 2 and 3, 4, in turns
    seeds = np.array([0, 0, 1, 1, 2])
    order = 3 * (np.arange(6)[:, None] // 2) + seeds
    np.testing.assert_array_equal(runs.machine.values.reshape(6, 5), (order + 1) % 2)
    assert_same(runs.drop_vars("machine").assign_attrs(machine=mine), here)
    monkeypatch.setattr(by, "submit", None)  # what the store has is not asked for again
    assert_same(train(store=tmp_path, executor=by), runs)
    assert_same(train(store=tmp_path), runs)
    last = tg.best(runs.isel(seed=[4])).machine  # of one seed the best is that one
    np.testing.assert_array_equal(last, runs.machine.isel(seed=4))


def test_a_sign_tells_the_store_from_another_of_its_name(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.sign("driver-1"):
        assert worker._store(str(tmp_path), "driver-1") is not None
        assert worker._store(str(tmp_path), "driver-2") is None
    assert worker._store(str(tmp_path), "driver-1") is None


# --- what is lost --------------------------------------------------------------------------------


def _lost(times: int, answer: bytes) -> bytes:
    if times < 3:
        raise BrokenExecutor("a worker died")
    return answer


def _cut_off(times: int, answer: bytes) -> bytes:
    return answer[: len(answer) // 2] if times < 3 else answer


def _bit(times: int, answer: bytes) -> bytes:
    flipped = bytearray(answer)
    flipped[len(flipped) * 2 // 3] ^= 4 if times < 3 else 0
    return bytes(flipped)


def _nothing(times: int, answer: bytes) -> bytes | None:
    return None if times < 3 else answer


@pytest.mark.parametrize("spoil", [_lost, _cut_off, _bit, _nothing])
def test_what_is_lost_or_spoilt_on_the_way_is_done_again(spoil, here: xr.Dataset) -> None:  # type: ignore[no-untyped-def]
    by = distant.AtOnce(spoil)
    assert_same(train(executor=by), here)
    assert len(by.orders) == 27


def test_an_answer_for_another_unit_is_not_taken() -> None:
    raw = orders.answer(Row("a", 0, 1), "results", {"x": np.zeros(1)}, machine="here")
    assert results_of(raw, Row("a", 0, 1)) is not None
    with pytest.raises(DamagedFileError, match="another unit's"):
        results_of(raw, Row("a", 1, 2))


def test_a_unit_that_is_always_lost_is_given_up_and_the_others_are_kept(tmp_path: Path) -> None:
    def spoil(times: int, answer: bytes) -> bytes:
        if b'start\\":4' in by.orders[-1]:
            raise BrokenExecutor("a worker died")
        return answer

    by = distant.AtOnce(spoil)
    with pytest.raises(ExecutorError, match=r"was lost 5 times .*BrokenExecutor: a worker died"):
        train(executor=by, store=tmp_path)
    assert len(Store(tmp_path)) >= 2
    assert list((tmp_path / "locks").iterdir()) == []


def test_no_more_files_are_open_than_a_process_may_have(
    here: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of units may be wanted at once, each of which has a lock."""
    open_at_once: list[int] = []

    class Later(distant.AtOnce):
        units_ahead = 5000

        def submit(self, call, /, *args, **named):  # type: ignore[no-untyped-def]
            open_at_once.append(len(list((tmp_path / "locks").glob("*.lock"))))
            return super().submit(call, *args, **named)

    monkeypatch.setattr(elsewhere, "_MOST_LOCKS", 3)
    assert_same(train(store=tmp_path, executor=Later()), here)
    assert len(open_at_once) == 9
    assert max(open_at_once) == 3
    assert_same(train(executor=Later()), here)  # without a store there are none


def test_an_executor_that_takes_no_work_says_so() -> None:
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    with pytest.raises(ExecutorError, match="takes no more work: RuntimeError"):
        train(executor=closed)


# --- what workers say ----------------------------------------------------------------------------


def changed(**meta: object) -> bytes:
    """An order, with something else in it."""
    by = distant.AtOnce()
    train(seeds=1, executor=by)
    arrays, said = decode(by.orders[0], "an order")
    return encode(arrays, {**said, **meta})


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"tegum_version": "9.9"}, f"version {tg.__version__} of tegum, and the work is for 9.9"),
        ({"engine_version": "x"}, "of the sampled engine, and the work is for x"),
    ],
)
def test_a_worker_of_another_version_refuses_with_both(meta, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ExecutorError, match=message):
        results_of(worker.work(changed(**meta)), Row("a", 0, 1))


def test_a_worker_that_would_train_something_else_refuses() -> None:
    other = PROBLEM.replace(distribution=tg.Independent(3, 0.2)).to_json()
    with pytest.raises(SpecError, match="must mean the same here"):
        results_of(worker.work(changed(problem=other, points=[[], []])), Row("a", 0, 1))


def test_errors_of_a_unit_are_told_and_interrupts_are_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ends_with(error: BaseException) -> None:
        def ends(*args: object, **how: object) -> None:
            raise error

        monkeypatch.setattr(worker, "run_unit", ends)

    order = changed()
    for error, kind, message in (
        (SystemExit(3), ExecutorError, r"a worker failed \(.*, process \d+\): SystemExit: 3"),
        (MemoryError("no room"), ExecutorError, "MemoryError: no room"),
        (StoreError("store cannot write x"), StoreError, "^store cannot write x$"),
    ):
        ends_with(error)
        with pytest.raises(kind, match=message):
            train(executor=distant.AtOnce())
    # such as submitit's, which arrives inside the unit when its job is about to be stopped
    told = type("Told", (RuntimeError,), {})
    ends_with(told("time is up"))
    with pytest.raises(ExecutorError, match="Told: time is up"):
        results_of(worker.work(order), Row("a", 0, 1))
    monkeypatch.setattr(executors, "INTERRUPTS", {told})
    monkeypatch.setattr(worker, "INTERRUPTS", executors.INTERRUPTS)
    with pytest.raises(told, match="time is up"):
        worker.work(order)


def test_ctrl_c_calls_back_what_has_not_begun_and_keeps_the_rest(tmp_path: Path) -> None:
    def stop(times: int, answer: bytes) -> bytes:
        if len(by.orders) == 5:
            raise KeyboardInterrupt
        return answer

    by = distant.AtOnce(stop)
    with pytest.raises(tg.errors.Interrupted, match="the same call goes on from there"):
        train(executor=by, store=tmp_path)
    assert len(Store(tmp_path)) >= 4
    assert list((tmp_path / "locks").iterdir()) == []


# --- code and names ------------------------------------------------------------------------------


def test_code_of_a_module_is_found_by_workers_and_other_code_refused() -> None:
    problem = tg.Problem(tg.Custom(distant.sparse_rows, 3), tg.ReLUOutput(2))
    by = distant.AtOnce()
    a = tg.train(problem, training=TRAINING, seeds=2, executor=by)
    assert_same(a, tg.train(problem, training=TRAINING, seeds=2))
    assert b"distant:sparse_rows" in by.orders[0]
    unnamed = tg.Problem(tg.Custom(lambda rng, k: rng.random((k, 3)), 3), tg.ReLUOutput(2))
    with pytest.raises(SpecError, match="in a module that workers can import"):
        tg.train(unnamed, training=TRAINING, executor=by)


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ("clusters", UnknownNameError, "unknown executor 'clusters'; known: processes, dask"),
        ("processes:0", SpecError, "must have N from 1 to 1024; got '0'"),
        ("processes:two", SpecError, "must be processes or processes:N"),
        (7, SpecError, r"must be a concurrent.futures.Executor or one of processes.*; got 7"),
    ],
)
def test_a_wrong_executor_is_one_line(given, kind, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(kind, match=message):
        train(executor=given)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "tegum.executors.dask", raising=False)
    with pytest.raises(SpecError, match=r"needs distributed: pip install 'tegum\[dask\]'"):
        executors.executor("dask")


def test_two_drivers_of_one_store_do_nothing_twice(
    here: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = trained_units(monkeypatch)
    monkeypatch.setattr(elsewhere, "_WAIT_SECONDS", 0.01)
    found: list[xr.Dataset] = []
    drivers = [
        threading.Thread(
            target=lambda pool=pool: found.append(train(store=tmp_path, executor=pool))
        )
        for pool in (ThreadPoolExecutor(1), ThreadPoolExecutor(1))
    ]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join()
    assert len(found) == 2
    for runs in found:
        assert_same(runs, here)
    assert sum(models for models, _ in seen) == 30

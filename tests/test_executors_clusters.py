"""Trainings by Dask and submitit on this machine: real workers, that die."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import distributed
import pytest
import xarray as xr
from submitit.core.utils import UncompletedJobError
from units import assert_same, train

from tegum.ensemble import elsewhere, worker
from tegum.ensemble.orders import results_of
from tegum.errors import ExecutorError, SpecError
from tegum.executors import INTERRUPTS, dask, executor, slurm
from tegum.store import Row, Store

pytestmark = pytest.mark.filterwarnings("default")  # what engines warn of is theirs


@pytest.fixture(scope="module")
def here() -> xr.Dataset:
    return train()


def test_dask_gives_the_same_bits_and_outlives_a_worker(here: xr.Dataset, tmp_path: Path) -> None:
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        address = client.scheduler.address
        assert_same(train(executor=f"dask:{address}"), here)
        assert_same(train(executor=client.get_executor()), here)
        pid = next(iter(client.run(os.getpid).values()))
        killed: list[int] = []

        def kill(done: int, total: int) -> None:
            if 0 < done < total and not killed:
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

        with executor(f"dask:{address}") as by:
            runs = train(progress=kill, executor=by, store=tmp_path)
        assert killed
        assert_same(runs, here)
        assert Store(tmp_path).verify() == []


def test_nobody_at_an_address_is_said_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dask._SECONDS == 10
    monkeypatch.setattr(dask, "_SECONDS", 1)
    with pytest.raises(SpecError, match="must be the address of a scheduler that answers in 1 s"):
        train(executor="dask:tcp://127.0.0.1:1")


def test_submitit_gives_the_same_bits(
    here: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_ROUNDS", 1)  # a job is a process that loads everything
    name = f"slurm:cluster=local,workers=2,folder={tmp_path / 'jobs'}"
    assert_same(train(12, executor=name, store=tmp_path / "store"), here)
    assert len(Store(tmp_path / "store")) == 2
    with pytest.raises(SpecError, match="must have a time of at least 11 minutes"):
        train(executor="slurm:time=5")
    with pytest.raises(SpecError, match=r"takes NAME=VALUE after slurm:.*; got 'x=1'"):
        train(executor="slurm:x=1")


def test_a_warning_of_submitit_goes_through_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes as an exception inside the unit: with an answer the job would count as done."""

    def ends(raw: bytes) -> None:
        raise UncompletedJobError("time is up")

    monkeypatch.setattr(worker.Order, "read", ends)
    INTERRUPTS.discard(UncompletedJobError)
    with pytest.raises(ExecutorError, match="UncompletedJobError: time is up"):
        results_of(worker.work(b""), Row("a", 0, 1))
    with pytest.raises(UncompletedJobError):
        slurm.Task([(worker.work, (b"",))])()


class Slow:
    """What takes jobs, and does them when it is told to."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.tasks: list[Slow.Job] = []

    def submit(self, task: slurm.Task) -> Job:
        self.sizes.append(len(task._calls))
        self.tasks.append(self.Job(task))
        return self.tasks[-1]

    class Job:
        def __init__(self, task: slurm.Task) -> None:
            self.task, self.ended = task, False

        def done(self) -> bool:
            return self.ended

        def result(self) -> list[object]:
            return self.task()

        def cancel(self, check: bool) -> None:
            self.ended = True


def test_a_job_has_a_fair_share_of_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "_LOOK_SECONDS", 0.05)
    jobs = Slow()
    with slurm._Jobs(jobs, workers=2, units=8) as by:
        futures = [by.submit(pow, k, 2) for k in range(19)]
        until(lambda: len(jobs.sizes) == 2)
        assert jobs.sizes == [8, 8]
        futures[17].cancel()
        for job in list(jobs.tasks):
            job.ended = True
        until(lambda: len(jobs.sizes) == 4)
        assert jobs.sizes == [8, 8, 1, 1]  # two of the three are left, for two who are idle
        for job in jobs.tasks:
            job.ended = True
        assert [future.result(10) for future in futures if not future.cancelled()] == [
            k * k for k in range(19) if k != 17
        ]


def test_where_no_job_is_taken_the_error_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "_LOOK_SECONDS", 0.05)
    jobs = Slow()
    monkeypatch.setattr(jobs, "submit", Mock(side_effect=OSError("sbatch refuses")))
    with pytest.raises(ExecutorError, match="takes no more work: OSError: sbatch refuses"):
        train(executor=slurm._Jobs(jobs, workers=2, units=8))


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)

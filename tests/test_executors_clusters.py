"""Trainings by Dask and submitit on this machine: real workers, that die."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import distributed
import pytest
import xarray as xr
from submitit.core.utils import UncompletedJobError
from units import assert_same, train

from tegum.ensemble import elsewhere, unit
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

    monkeypatch.setattr(unit.Order, "read", ends)
    INTERRUPTS.discard(UncompletedJobError)
    with pytest.raises(ExecutorError, match="UncompletedJobError: time is up"):
        results_of(unit.work(b""), Row("a", 0, 1))
    with pytest.raises(UncompletedJobError):
        slurm.Task(unit.work)(b"")

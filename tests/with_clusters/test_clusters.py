"""Trainings by real engines on this machine; `make test-cluster` installs them.

Each is left out, and named in the summary, where it is not installed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import slurm_node
import xarray as xr

import tegum as tg
from tegum.ensemble import solve
from tegum.errors import SpecError
from tegum.executors import executor
from tegum.store import Store

pytestmark = pytest.mark.filterwarnings("default")  # what engines warn of is theirs

PROBLEM = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))
TRAINING = tg.Training(steps=3000, batch_size=64, held_out=256)


@pytest.fixture(autouse=True)
def small_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solve, "order_size", lambda problem, training: 4)


def train(**how: object) -> xr.Dataset:
    return tg.train(PROBLEM, training=TRAINING, seeds=24, progress=False, **how)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def here() -> xr.Dataset:
    return train()


def assert_same(a: xr.Dataset, b: xr.Dataset) -> None:
    xr.testing.assert_identical(a, b)
    for name in a.data_vars:
        assert a[name].values.tobytes() == b[name].values.tobytes(), name


def test_dask_gives_the_same_bits_and_outlives_a_worker(here: xr.Dataset, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
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
            runs = tg.train(
                PROBLEM, training=TRAINING, seeds=24, progress=kill, executor=by, store=tmp_path
            )
        assert killed
        assert_same(runs, here)
        assert Store(tmp_path).verify() == []


def test_nobody_at_an_address_is_said_in_time() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(SpecError, match="must be the address of a scheduler that answers in 10 s"):
        train(executor="dask:tcp://127.0.0.1:1")


def test_submitit_gives_the_same_bits(here: xr.Dataset, tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    name = f"slurm:cluster=local,workers=2,folder={tmp_path / 'jobs'}"
    assert_same(train(executor=name, store=tmp_path / "store"), here)
    assert len(Store(tmp_path / "store")) == 8
    with pytest.raises(SpecError, match="must have a time of at least 11 minutes"):
        train(executor="slurm:time=5")
    with pytest.raises(SpecError, match=r"takes NAME=VALUE after slurm:.*; got 'x=1'"):
        train(executor="slurm:x=1")


@pytest.fixture
def controller() -> Iterator[slurm_node.Controller]:
    pytest.importorskip("submitit")
    if why := slurm_node.missing():
        pytest.skip(f"no SLURM on this machine: {why}")
    with slurm_node.one_node() as controller:
        yield controller


def test_slurm_gives_the_same_bits_and_outlives_jobs_and_controller(
    controller: slurm_node.Controller, here: xr.Dataset, tmp_path: Path
) -> None:
    name = f"slurm:partition=main,workers=2,folder={tmp_path / 'jobs'}"
    assert_same(train(executor=name), here)
    killed: list[str] = []

    def kill(done: int, total: int) -> None:
        if 0 < done < total and not killed:
            killed.extend(slurm_node.running_jobs())
            for job in killed:
                slurm_node.kill(job)
            controller.lose()

    with executor(name) as by:
        runs = tg.train(
            PROBLEM, training=TRAINING, seeds=24, progress=kill, executor=by, store=tmp_path / "s"
        )
    assert killed
    assert_same(runs, here)
    assert Store(tmp_path / "s").verify() == []


def test_ray_gives_the_same_bits(here: xr.Dataset) -> None:
    pytest.importorskip("ray")
    assert_same(train(executor="ray"), here)

"""Trainings by Ray, a real SLURM and a Dask scheduler that dies; `make test-cluster` installs them.

Each is left out, and named in the summary, where it is not installed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import slurm_node
import xarray as xr
from units import assert_same, train

from tegum.errors import ExecutorError
from tegum.executors import executor
from tegum.store import Store

pytestmark = pytest.mark.filterwarnings("default")  # what engines warn of is theirs


@pytest.fixture(scope="module")
def here() -> xr.Dataset:
    return train()


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
        runs = train(progress=kill, executor=by, store=tmp_path / "s")
    assert killed
    assert_same(runs, here)
    assert Store(tmp_path / "s").verify() == []


def test_ray_gives_the_same_bits(here: xr.Dataset) -> None:
    pytest.importorskip("ray")
    assert_same(train(executor="ray"), here)


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler of Dask with two workers: its address and its process."""
    pytest.importorskip("distributed")
    file, nowhere = tmp_path / "scheduler.json", subprocess.DEVNULL

    def start(module: str, *more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", "--no-dashboard"]
        command += ["--scheduler-file", str(file), *more]
        return subprocess.Popen(command, stdout=nowhere, stderr=nowhere)

    head = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    end = time.monotonic() + 60
    while not file.exists() or not file.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    alone = ("--no-nanny", "--nthreads", "1", "--death-timeout", "5")
    workers = [start("dask_worker", *alone) for _ in range(2)]
    yield json.loads(file.read_text())["address"], head
    for process in (head, *workers):
        process.kill()
        process.wait()


@pytest.mark.parametrize("own", [False, True])
def test_a_dead_scheduler_of_dask_is_said_and_nothing_is_lost(
    scheduler: tuple[str, subprocess.Popen[bytes]], here: xr.Dataset, tmp_path: Path, own: bool
) -> None:
    address, process = scheduler

    def kill(done: int, total: int) -> None:
        if 0 < done < total:
            process.kill()

    with ExitStack() as stack:
        by: Any = f"dask:{address}"
        if own:
            client = stack.enter_context(import_module("distributed").Client(address))
            by = client.get_executor()
        with pytest.raises(ExecutorError, match="the scheduler is gone"):
            train(progress=kill, executor=by, store=tmp_path / "store")
    store = Store(tmp_path / "store")
    assert 0 < len(store) < 6
    assert store.verify() == []
    assert list((store.path / "locks").iterdir()) == []
    assert_same(train(store=store), here)

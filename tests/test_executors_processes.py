"""Trainings by `processes:N`: what is left when a worker or the driver is killed, to the bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import processes
import pytest
import xarray as xr
from units import assert_same

import tegum as tg
from tegum.store import Store

PROBLEM = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))

LONG = """
import sys
import tegum as tg
from tegum.ensemble import solve

solve.order_size = lambda problem, training: 4
problem = tg.Problem(tg.Independent(3, .3), tg.ReLUOutput(2))
training = tg.Training(steps=6000, batch_size=64, held_out=256)
how = {"store": sys.argv[1], "executor": "processes:2"}
runs = tg.train(problem, training=training, seeds=24, **how)
tg.save(runs, sys.argv[2])
"""


def run_long(store: str, out: Path) -> subprocess.Popen[str]:
    script = [sys.executable, "-c", LONG, store, str(out)]
    return subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def long_here() -> xr.Dataset:
    training = tg.Training(steps=6000, batch_size=64, held_out=256)
    return tg.train(PROBLEM, training=training, seeds=24)


def until(holds, seconds: float = 120.0) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_killed_worker_costs_no_bit(tmp_path: Path, long_here: xr.Dataset) -> None:
    store = tmp_path / "store"
    driver = run_long(str(store), tmp_path / "runs.nc")
    until(lambda: len(list(store.glob("units/*"))) >= 1)
    workers = processes.children(driver.pid)
    os.kill(max(workers, key=processes.seconds), signal.SIGKILL)
    _, said = driver.communicate(timeout=300)
    assert driver.returncode == 0, said
    assert_same(tg.load(tmp_path / "runs.nc"), long_here)


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_killed_driver_leaves_no_worker_and_the_next_goes_on(
    tmp_path: Path, long_here: xr.Dataset
) -> None:
    store = tmp_path / "store"
    driver = run_long(str(store), tmp_path / "runs.nc")
    until(lambda: len(list(store.glob("units/*"))) >= 1)
    workers = processes.children(driver.pid)
    driver.kill()
    driver.communicate()
    until(lambda: not any(processes.command(pid) for pid in workers))
    kept = len(Store(store))
    assert kept >= 1
    again = run_long(str(store), tmp_path / "runs.nc")
    _, said = again.communicate(timeout=300)
    assert again.returncode == 0, said
    assert_same(tg.load(tmp_path / "runs.nc"), long_here)

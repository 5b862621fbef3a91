"""Random numbers are found by a problem, and on every machine by the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy._core import _multiarray_umath as parts

import tegum as tg
from tegum.engines.base import Batch
from tegum.scalars import as_float32, geometric

#: The axis of README's first figure, and what is asked of it.
AXIS = """
import json, numpy as np, tegum as tg
from tegum.engines.base import Batch
from tegum.scalars import geometric
p = np.geomspace(1, 0.01, 20)
points = [tg.Problem(tg.Independent(5, float(q)), tg.ReLUOutput(2), 0.9 ** np.arange(5)) for q in p]
batch = Batch(points[0], tuple(points), (tg.Training(),) * 20, (0, 1), 7)
addresses = [int(one) for one in batch.addresses()]
print(json.dumps({"axis": p.tolist(), "own": geometric(1, 0.01, 20), "addresses": addresses}))
"""


def _asked(**environment: str) -> dict[str, list[float]]:
    how = {"capture_output": True, "check": True, "text": True}
    run = subprocess.run(  # type: ignore[call-overload]
        [sys.executable, "-W", "ignore", "-c", AXIS], env={**os.environ, **environment}, **how
    )
    found: dict[str, list[float]] = json.loads(run.stdout)
    return found


def test_a_cpu_whose_logarithms_differ_has_the_same_random_numbers() -> None:
    usual = _asked()
    plain = _asked(NPY_DISABLE_CPU_FEATURES=" ".join(parts.__cpu_dispatch__))
    if usual["axis"] == plain["axis"]:
        pytest.skip("this CPU has no instructions by which numpy's logarithms differ")
    assert usual["axis"] == pytest.approx(plain["axis"], rel=1e-15)
    assert usual["addresses"] == plain["addresses"]
    assert usual["own"] == plain["own"]


def _address(p: float) -> int:
    problem = tg.Problem(tg.Independent(3, p), tg.ReLUOutput(2))
    return int(Batch(problem, (problem,), (tg.Training(),), (0,), 0).addresses()[0])


def test_neighbours_share_their_numbers_and_others_do_not() -> None:
    p = 1 / 3
    assert _address(p) == _address(float(np.nextafter(p, 1))) == _address(float(np.float32(p)))
    assert _address(p) != _address(float(np.nextafter(np.float32(p), np.float32(1))))


@pytest.mark.parametrize("value", [0.0, 0.05, 0.1, 123.25, 1e-7, 1e300, -1e300, 1e-60])
def test_what_float32_has_as_it_is_written_stays(value: float) -> None:
    assert as_float32(value) == value


def test_other_numbers_become_the_shortest_that_float32_takes_for_them() -> None:
    rng = np.random.default_rng(0)
    for value in rng.lognormal(0, 20, 2000):
        short = as_float32(float(value))
        assert np.float32(short) == np.float32(value)
        assert len(repr(short)) <= len(repr(float(value)))


def test_a_geometric_axis_has_its_ends_and_one_ratio() -> None:
    found = np.array(geometric(0.3, 7.0, 9))
    assert (found[0], found[-1]) == (0.3, 7.0)
    assert found[1:] / found[:-1] == pytest.approx(np.full(8, (7 / 0.3) ** (1 / 8)), rel=1e-11)
    assert geometric(2.0, 5.0, 1) == [2.0]
    assert all(float(f"{x:.12g}") == x for x in geometric(1, 0.01, 20))

"""All machines of level x86-64-v3 or above train the same models, to the last bit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import njit
from numba.core.registry import cpu_target
from numpy._core import _multiarray_umath as parts

import tegum
from tegum.engines.sampled import listing, packing
from tegum.engines.sampled.emitter import LANES, MOVES_LANES
from tegum.engines.shipped import LEVELS, level_of

V3 = ",".join(f"+{feature}" for feature in LEVELS["x86-64-v3"])
V4 = ",".join(f"+{feature}" for feature in LEVELS["x86-64-v4"])
#: CPUs of other makers, years and register widths, by LLVM's names, and what they have.
OTHERS = {"haswell": V3, "znver1": V3, "skylake-avx512": V4, "znver4": V4}
EXPERIMENTS = ("introduction", "basic-results", "mathematical-understanding", "phase-change")
HERE = level_of(cpu_target.target_context.codegen().magic_tuple()[2])

pytestmark = pytest.mark.skipif(HERE is None, reason="a machine below the level, or another")


def _run(cpu: str | None, *command: str) -> str:
    """What a Python process prints on this CPU, or on one like the one named."""
    environment = dict(os.environ)
    if cpu is not None:
        environment |= {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": OTHERS[cpu]}
        environment["NPY_DISABLE_CPU_FEATURES"] = " ".join(parts.__cpu_dispatch__)
        environment["OPENBLAS_CORETYPE"] = "Haswell"
    command = (sys.executable, "-W", "ignore", *command)
    return subprocess.run(
        command, env=environment, capture_output=True, check=True, text=True
    ).stdout


def _digests(cpu: str | None = None, part: str = "") -> dict[str, str]:
    script = Path(__file__).with_name("same_bits.py")
    found: dict[str, str] = json.loads(_run(cpu, str(script), part))
    return found


def _is_run_here(cpu: str) -> bool:
    return OTHERS[cpu] == V3 or HERE == "x86-64-v4"


def test_an_older_cpu_trains_the_same_models() -> None:
    found = _digests(part="lane")
    assert len(found) == 3
    assert _digests("haswell", "lane") == found


@pytest.mark.slow
@pytest.mark.parametrize("cpu", OTHERS)
def test_every_kernel_has_the_same_bits_on_every_cpu(cpu: str) -> None:
    if not _is_run_here(cpu):
        pytest.skip("this CPU has no registers of 16 lanes")
    assert _digests(cpu) == _digests()


@pytest.mark.slow
def test_an_older_cpu_gives_the_same_verdicts_and_numbers(tmp_path: Path) -> None:
    runs = []
    for cpu in (None, "haswell"):
        out = tmp_path / str(cpu)
        _run(cpu, "-m", "tegum", "reproduce", *EXPERIMENTS, "--quick", "--out", str(out))
        runs.append(json.loads((out / "claims.json").read_text("utf-8")))
    mine, theirs = runs
    assert [(c["id"], c["status"]) for c in mine] == [(c["id"], c["status"]) for c in theirs]
    same = []
    for claim, other in zip(mine, theirs, strict=True):
        assert claim["values"].keys() == other["values"].keys()
        # models are the same; numpy's logarithms in what is computed from them differ by rounding
        for name, value in claim["values"].items():
            assert other["values"][name] == pytest.approx(value, rel=1e-13, abs=1e-15), claim["id"]
            same.append(other["values"][name] == value)
    assert len(same) > 80
    assert sum(same) >= 0.9 * len(same)


def test_no_experiment_takes_powers_whose_bits_are_the_cpus() -> None:
    home = Path(tegum.__file__).parent / "experiments"
    found = [
        path.name
        for path in home.glob("**/*.py")
        if re.search(r"\*\* *\(?np\.arange", path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("way", ["by_vectors", "by_halves", "one_by_one"])
def test_positive_outputs_are_listed_in_order_whatever_the_instructions(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "by_halves" and not MOVES_LANES:
        pytest.skip("no instruction moves lanes")
    monkeypatch.setattr(packing, "list_lanes", getattr(packing, way))
    listed = listing.list_positive

    @njit
    def count(z, bias, width, which, amount):  # type: ignore[no-untyped-def]
        return listed(z, 2, bias, width, which, amount)

    rng = np.random.default_rng(3)
    for share in (0.0, 0.1, 0.5, 1.0):
        z = rng.normal(size=5 * LANES + 2).astype(np.float32)
        bias = np.where(rng.random(5 * LANES) < share, 9, -9).astype(np.float32)
        which = np.zeros(6 * LANES, np.int32)
        amount = np.zeros(6 * LANES, np.float32)
        total = z[2:] + bias
        wanted = np.flatnonzero(total > 0)
        assert count(z, bias, 5 * LANES, which, amount) == len(wanted)
        np.testing.assert_array_equal(which[: len(wanted)], wanted)
        np.testing.assert_array_equal(amount[: len(wanted)], total[wanted])

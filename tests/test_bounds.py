"""The kernels' own tests, once, with numba's checks of every index: what is compiled has none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
#: Small models of every kind, through every kernel of an engine.
EXACT = ("test_exact_enumeration", "test_exact_agreement", "test_exact_engine", "test_exact_huge")
SAMPLED = ("test_sampled_engine", "test_sampled_evaluate", "test_sampled_data", "test_extremes")
DICTIONARIES = ("test_dictionaries", "test_dictionaries_gradients")
READ = """
import numpy as np
from tegum.engines.exact import numeric
from tegum.engines.sampled import random

def read(array, at):
    return array[at]

for make in (numeric.kernel, random.kernel):
    try:
        make(read)(np.zeros(3), 3)
    except IndexError:
        continue
    raise SystemExit("not checked: " + make.__module__)
"""


def checked(folder: Path) -> dict[str, str]:
    """The switch overrides what is said where a kernel is made; such forms are kept apart."""
    return {**os.environ, "NUMBA_BOUNDSCHECK": "1", "TEGUM_CACHE_DIR": str(folder)}


def test_the_switch_reaches_the_kernels_of_both_engines(tmp_path: Path) -> None:
    command = [sys.executable, "-c", READ]
    done = subprocess.run(command, env=checked(tmp_path), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [EXACT, SAMPLED, DICTIONARIES], ids=["exact", "sampled", "dictionaries"]
)
def test_no_kernel_leaves_its_arrays(names: tuple[str, ...], tmp_path: Path) -> None:
    files = [str(TESTS / f"{name}.py") for name in names]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", *files]
    done = subprocess.run(command, env=checked(tmp_path), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]

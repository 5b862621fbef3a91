"""Kernels that were just compiled and those that come from disk are the same, to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
import numpy as np, tegum as tg
law = tg.Independent(n_features=4, feature_probability=0.3)
problem = tg.Problem(law, tg.ReLUOutput(n_hidden=2), importance=0.9 ** np.arange(4))
rng = np.random.default_rng(1)
W, b = rng.normal(size=(3, 2, 4)), 0.2 * rng.normal(size=(3, 4))
found = tg.expected_loss(problem, W, b, method=sys.argv[1], gradient=True)
print([x.hex() for x in [*found.loss, *found.gradient["W"].ravel()]])
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["enumeration", "series"])
def test_a_second_process_finds_the_same_bits(method: str, tmp_path: Path) -> None:
    # A compiled form was seen to differ from its copy on disk, and a recursive one to crash.
    environment = {**os.environ, "TEGUM_CACHE_DIR": str(tmp_path)}
    outputs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, method], env=environment, capture_output=True, text=True
        )
        for _ in range(2)
    ]
    assert [done.returncode for done in outputs] == [0, 0], outputs[-1].stderr
    assert outputs[0].stdout == outputs[1].stdout
    assert outputs[0].stdout.count("0x") == 3 * (1 + 2 * 4)

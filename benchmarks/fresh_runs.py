"""Runs of `fresh.py` and of the command line: start-up, compile time, peak memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from works import FOOTPRINTS, Work

_SCRIPT: Final = Path(__file__).parent / "fresh.py"
_REPEATS: Final = 3
_P: Final = 0.05


def _run(arguments: Sequence[str], cache: str | None = None) -> dict[str, float]:
    environment = dict(os.environ) if cache is None else {**os.environ, "TEGUM_CACHE_DIR": cache}
    command = [sys.executable, str(_SCRIPT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _start(work: Work, cache: str) -> dict[str, float]:
    return _run(["start", work.key, str(_P), str(time.monotonic())], cache)


def starts(works: Sequence[Work]) -> dict[str, Any]:
    """Seconds to the first step with an empty kernel cache (cold) and a filled one (warm)."""
    found: dict[str, Any] = {}
    for work in works:
        with tempfile.TemporaryDirectory() as cache:
            cold = _start(work, cache)
            warm = [_start(work, cache) for _ in range(_REPEATS)]
        found[work.key] = {"cold": cold, "warm": _medians(warm)}
    return found


def _medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def footprints() -> dict[str, Any]:
    """Peak memory of the two trainings that have a ceiling."""
    return {
        one.title: {
            "ceiling": one.ceiling,
            **_run(["memory", *map(str, (one.n, one.m, one.instances, one.steps))]),
        }
        for one in FOOTPRINTS
    }


def help_seconds() -> float | None:
    """Seconds of `tegum --help`; None where the command is not beside the interpreter."""
    command = Path(sys.executable).parent / "tegum"
    if not command.exists():
        return None
    taken = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        subprocess.run([str(command), "--help"], capture_output=True, check=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)

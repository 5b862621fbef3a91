"""What tests of the report share: a lab that trains nothing, and the fake experiments, run."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tegum.report import discovery, facts
from tegum.report.lab import RunLab, TrainingRecord
from tegum.report.run import Finished, run

FAKES = "fake_experiments"


class FakeLab(RunLab):
    """A lab whose models are trained by nobody: every loss is 1."""

    def train(self, *args: Any, **named: Any) -> xr.Dataset:
        self.records.append(TrainingRecord(4, 2, 1, 20, 0.1))
        return xr.Dataset({"loss": (("feature_probability", "seed"), np.ones((2, 2)))})


def run_facts(quick: bool = True) -> facts.RunFacts:
    return facts.gather(["reproduce", "--out", "a b"], RunLab(quick=quick, run_seed=3))


@cache
def finished_fakes() -> tuple[Finished, ...]:
    """Both fake experiments after a quick run."""
    return tuple(run(e, FakeLab(quick=True)) for e in discovery.find((), FAKES))


def start(*arguments: str, **named: Any) -> subprocess.Popen[str]:
    """`tegum` with the fake experiments, in a process of its own."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        f"from tegum.report import overview; overview.PACKAGE = {FAKES!r}\n"
        "from tegum.cli.main import main; sys.exit(main())"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **named,
    )

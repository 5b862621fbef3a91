"""What a report says about the run itself: version, machine, command, settings."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tegum.report.lab import RunLab


@dataclass(frozen=True)
class RunFacts:
    """The circumstances of a run, as they stand at the foot of its report."""

    command: str
    started: str
    version: str
    machine: str
    cores: int
    python: str
    libraries: str
    quick: bool
    fine: bool
    jobs: int | None
    run_seed: int

    def rows(self) -> list[tuple[str, str]]:
        """Label and text of each fact, in the order of the footer."""
        return [
            ("tegum", self.version),
            ("command", self.command),
            ("started", self.started),
            ("machine", f"{self.machine}, {self.cores} cores"),
            ("software", f"{self.python}; {self.libraries}"),
            ("size", "quick run" if self.quick else "fine run" if self.fine else "full run"),
            ("jobs", "all cores" if self.jobs is None else str(self.jobs)),
            ("run seed", str(self.run_seed)),
        ]


def gather(arguments: Sequence[str], lab: RunLab) -> RunFacts:
    """The facts of a run in `lab` that starts now, called as `tegum` with these arguments."""
    from tegum import __version__
    from tegum.ensemble.machine import available_cores

    libraries = (f"{name} {metadata.version(name)}" for name in ("numpy", "numba", "xarray"))
    return RunFacts(
        command=shlex.join(["tegum", *arguments]),
        started=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S %z"),
        version=__version__,
        machine=f"{platform.system()} {platform.machine()}",
        cores=available_cores(),
        python=f"Python {platform.python_version()}",
        libraries=", ".join(libraries),
        quick=lab.quick,
        fine=lab.fine,
        jobs=lab.jobs,
        run_seed=lab.run_seed,
    )


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"

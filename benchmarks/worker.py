"""One contestant in a process of its own, taking orders on standard input.

    python worker.py MODULE WORK CORES     (CORES: 0,1,...)

One JSON object a line in, one out. The orders are the methods of `Worker` whose names begin with
`do_`. Whatever libraries print goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

#: Calibration stops when one measurement is at least this long (seconds).
CALIBRATED = 0.12


def peak_megabytes() -> float:
    """The most memory this process has held.

    VmHWM where there is one: ru_maxrss of a child may also count what its parent held.
    """
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


class Worker:
    """Answers orders about one contestant and one work."""

    def __init__(self, module: str, work_key: str) -> None:
        # imported late: the cores must be set before numpy or torch count them
        from works import LEARNING_RATE, work_of

        self.learning_rate = LEARNING_RATE
        self.contestant = importlib.import_module(f"contestants.{module}")
        self.work = work_of(work_key)
        self.trainer: Any = None
        self.steps_per_second = 0.0

    def do_candidates(self, cores: int) -> dict[str, Any]:
        return {"candidates": self.contestant.candidates(self.work, cores)}

    def do_build(self, p: float, settings: dict[str, Any]) -> dict[str, Any]:
        """Build the models and time the first two steps, in which everything is compiled."""
        self.trainer = None
        start = time.perf_counter()
        trainer = self.contestant.build(self.work, p, settings, self.learning_rate, None)
        trainer.advance(2)
        first = time.perf_counter() - start
        self.trainer = trainer
        self.steps_per_second = self._calibrated()
        return {"first_seconds": first}

    def _calibrated(self) -> float:
        steps = 1
        while True:
            seconds = self.trainer.timed(steps)
            if seconds >= CALIBRATED:
                return steps / float(seconds)
            steps *= 2 if seconds < CALIBRATED / 4 else 4

    def do_settle(self, steps: int, seconds: float) -> dict[str, Any]:
        """Train on, at most so many steps and so long, to where speed no longer changes."""
        done = max(1, min(steps, round(self.steps_per_second * seconds)))
        taken = self.trainer.timed(done)
        return {"steps": done, "rate": done * self.trainer.instances / taken}

    def do_measure(self, seconds: float) -> dict[str, Any]:
        """Model-steps per second over about so long."""
        steps = max(1, round(self.steps_per_second * seconds))
        taken = self.trainer.timed(steps)
        self.steps_per_second = steps / taken
        return {"rate": steps * self.trainer.instances / taken, "seconds": taken}

    def do_whole_call(self, p: float, settings: dict[str, Any], seconds: float) -> dict[str, Any]:
        """One call of the library's public function, about so long, everything included."""
        steps = max(1, round(self.steps_per_second * seconds))
        taken = self.contestant.whole_call(self.work, p, settings, self.learning_rate, steps)
        return {"rate": steps * self.work.instances / taken, "seconds": taken, "steps": steps}

    def do_check(
        self, p: float, settings: dict[str, Any], learning_rate: float, path: str
    ) -> dict[str, Any]:
        """Train the check's models from its initial weights and write what became of them."""
        from contestants.base import start_weights

        start = start_weights(self.work, self.work.check_instances, 1)
        trainer = self.contestant.build(self.work, p, settings, learning_rate, start)
        trainer.advance(self.work.check_steps)
        trainer.weights().save(Path(path))
        return {}

    def do_course(
        self,
        p: float,
        settings: dict[str, Any],
        learning_rate: float,
        instances: int,
        steps: list[int],
        folder: str,
    ) -> dict[str, Any]:
        """Train from common starts; write the weights after each number of steps; CPU seconds."""
        from contestants.base import start_weights

        start = start_weights(self.work, instances, 7)
        trainer = self.contestant.build(self.work, p, settings, learning_rate, start)
        trainer.advance(1)  # compiles; begun anew below
        trainer = self.contestant.build(self.work, p, settings, learning_rate, start)
        seconds, done = [], 0
        for number, until in enumerate(steps):
            began = time.process_time()
            if until > done:
                trainer.advance(until - done)
            seconds.append(time.process_time() - began)
            done = until
            trainer.weights().save(Path(folder) / f"{number}.npz")
        return {"seconds": [sum(seconds[: k + 1]) for k in range(len(seconds))]}

    def do_peak(self) -> dict[str, Any]:
        return {"megabytes": peak_megabytes()}

    def do_versions(self, packages: list[str]) -> dict[str, Any]:
        return {"versions": {package: version(package) for package in packages}}

    def answer(self, order: dict[str, Any]) -> dict[str, Any]:
        """The reply to one order, errors included."""
        name = order.pop("order")
        try:
            reply: dict[str, Any] = getattr(self, f"do_{name}")(**order)
        except Exception:
            return {"error": traceback.format_exc()}
        return reply


def serve(worker: Worker, orders: TextIO, replies: TextIO) -> None:
    """Answer until there are no more orders."""
    for line in orders:
        replies.write(json.dumps(worker.answer(json.loads(line))) + "\n")
        replies.flush()


def main() -> None:
    """Keep standard output for replies, take the cores, and serve."""
    module, work, cores = sys.argv[1:]
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    started = time.perf_counter()
    worker = Worker(module, work)
    ready = {"import_seconds": time.perf_counter() - started, "megabytes": peak_megabytes()}
    replies.write(json.dumps(ready) + "\n")
    replies.flush()
    serve(worker, sys.stdin, replies)


if __name__ == "__main__":
    main()

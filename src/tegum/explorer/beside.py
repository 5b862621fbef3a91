"""Work beside the training, in slices of time: a phase diagram, or a dictionary."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from tegum.explorer.frames import encode
from tegum.explorer.trainer import Pace


class Job(Protocol):
    """What is worked on, and what there is to see of it."""

    @property
    def ended(self) -> bool:
        """Whether there is no more to do."""

    def advance(self, steps: int) -> int:
        """Up to `steps` more; how many it were."""

    def header(self) -> dict[str, Any]:
        """Of a frame of it."""

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Of a frame of it."""


J = TypeVar("J", bound=Job)


class Beside(Generic[J]):
    """At most one job, which is told of every `seconds` of it, and when it ends."""

    def __init__(self, send: Callable[[bytes], None], seconds: float) -> None:
        self.job: J | None = None
        self.number = 0
        self._send, self._seconds = send, seconds
        self._pace, self._shown = Pace(), 0.0
        self._most: float | None = None  # steps per second
        self._since, self._done = 0.0, 0  # when it was begun, and its steps since

    def next(self) -> int:
        """The number of the next job."""
        self.number += 1
        return self.number

    def begin(self, job: J, most: float | None = None) -> None:
        """Another one, of which a picture is sent at once; at most so many steps per second."""
        self.job, self._pace, self._most = job, Pace(), most
        self._since, self._done = time.perf_counter(), 0
        self.show()

    def end(self) -> None:
        """No more of it."""
        self.job = None

    def wait(self) -> float | None:
        """Seconds until there is something to do; None where there is nothing."""
        if self.job is None:
            return None
        if self._most is None:
            return 0.0
        return max(0.0, self._since + (self._done + 1) / self._most - time.perf_counter())

    def work(self) -> None:
        """A slice of it, if it is time for one."""
        job = self.job
        if job is None or self.wait() != 0.0:
            return
        start = time.perf_counter()
        steps = self._pace.steps
        if self._most is not None:
            due = int((start - self._since) * self._most) - self._done
            steps = max(1, min(steps, due))
        done = job.advance(steps)
        self._done += done
        self._pace.took(done, time.perf_counter() - start)
        if job.ended or time.perf_counter() - self._shown >= self._seconds:
            self.show()
        if job.ended:
            self.job = None

    def show(self) -> None:
        """A picture of it now."""
        if self.job is not None:
            self._send(encode(self.job.header(), self.job.arrays()))
            self._shown = time.perf_counter()

"""When to train, and how far: slices of a training, at a speed, to a target, until its horizon."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tegum.explorer.live import Live
from tegum.explorer.screen import Screen, Status

#: How long a slice of training is meant to take: what waits in between waits no longer.
SLICE_SECONDS: Final = 0.015


class StateError(Exception):
    """A wish that means nothing now."""


class Pace:
    """How many steps make a slice."""

    def __init__(self) -> None:
        self.steps = 1

    def took(self, steps: int, seconds: float) -> None:
        """Learn from a slice; growth is gentle, as the first slices load kernels."""
        if steps > 0:
            wanted = int(steps * SLICE_SECONDS / max(seconds, 1e-6))
            self.steps = max(1, min(wanted, 2 * self.steps))


class Trainer:
    """The training under way, if there is one, and its clock."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.live: Live | None = None
        self._target: int | None = None  # where to pause
        self._most: float | None = None  # steps per second
        self._pace = Pace()
        self._since = (0.0, 0)  # when the training was set going, and at which step

    @property
    def present(self) -> Live:
        """The training. Raises `StateError` without one."""
        if self.live is None:
            raise StateError("there is no training: configure one first")
        return self.live

    def begin(self, live: Live, run: int) -> None:
        """Another training, paused at its start."""
        self.live, self._pace, self._target = live, Pace(), None
        self.screen.status = "paused"
        self.screen.start(live, run)

    def go(self, until: int | None) -> None:
        """On, to a step if one is given. Raises `StateError` where it cannot go on."""
        live = self.present
        if self.screen.status == "failed":
            raise StateError("the training has failed: restart or configure one")
        self.screen.past = None
        if live.ended or (until is not None and until <= live.step):
            self.stop("done" if live.ended else "paused")
            return
        self.screen.status, self._target = "running", until
        self._since = (time.perf_counter(), live.step)
        self.screen.want("frame")

    def stop(self, status: Status) -> None:
        """No further; keep and show where it is."""
        if self.live is not None and status != "failed" and self.live.history.records():
            self.live.record()
        self.screen.status, self._target = status, None
        self.screen.want("frame", "analysis")

    def limit(self, steps_per_second: float | None) -> None:
        """At most so fast from now on."""
        self._most = steps_per_second
        if self.live is not None:
            self._since = (time.perf_counter(), self.live.step)

    def wait(self) -> float | None:
        """Seconds until there is something to do; None where there is nothing."""
        if self.live is None or self.screen.status != "running":
            return None
        if self.screen.asleep():
            return None
        if self._most is None or self._target is not None:
            return 0.0
        start, step = self._since
        return max(0.0, start + (self.live.step + 1 - step) / self._most - time.perf_counter())

    def work(self, prepare: Callable[[], None]) -> None:
        """A slice, if it is time for one; `prepare` is called before the first loads kernels."""
        live = self.live
        if live is None or self.screen.status == "failed":
            return
        if not live.history.records():
            self.screen.show()
            prepare()
            live.record()
            self.screen.want("frame", "analysis", "traces")
        elif self.wait() == 0:
            self._slice(live)

    def _slice(self, live: Live) -> None:
        steps = self._pace.steps
        start = time.perf_counter()
        if self._target is not None:
            steps = min(steps, self._target - live.step)
        elif self._most is not None:
            since, first = self._since
            allowed = int((start - since) * self._most) + first - live.step
            steps = max(1, min(steps, allowed))
        done = live.advance(steps)
        self._pace.took(done, time.perf_counter() - start)
        self.screen.moved()
        if live.ended:
            self.stop("done")
        elif self._target is not None and live.step >= self._target:
            self.stop("paused")

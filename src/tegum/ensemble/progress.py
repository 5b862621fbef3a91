"""Progress of a training on stderr: a bar with the time left, or plain lines without a terminal."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_LINE_SECONDS: Final = 5.0
_SOON_SECONDS: Final = 0.5


class Progress(Protocol):
    """What `train` tells about its progress, several times a second.

    `done` and `total` count model-steps: optimiser steps times instances. The first call of a
    training says what was there already, the last has `done == total`. An exception raised here
    (KeyboardInterrupt, say) stops the training, which a store can then continue.
    """

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` model-steps are behind us."""
        ...


@contextmanager
def shown(progress: Progress | bool | None) -> Iterator[Progress]:
    """What to tell progress to: a bar if True, by default where there is a terminal to show it."""
    if progress is True or (progress is None and sys.stderr and sys.stderr.isatty()):
        with Display() as display:
            yield display
    else:
        yield progress or (lambda done, total: None)


class Display:
    """A Progress that shows itself once a training takes, or is going to take, over `delay` s.

    One display may serve several trainings in turn; its label says what is under way. Use it in
    `with`, or call `close`. On a terminal it is a bar that vanishes at the end; elsewhere a line
    every five seconds at most.
    """

    def __init__(
        self,
        label: str = "training",
        *,
        stream: TextIO | None = None,
        delay: float = 2.0,
        bars: Bars | None = None,
    ) -> None:
        """`bars` is the place of this display's bar, beside those of others; its stream counts."""
        self._label = label
        self._bars = Bars(stream) if bars is None else bars
        self._stream = self._bars.stream
        self._delay = delay
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._bar: TaskID | None = None
        self._shown = False
        self._last_line = -_LINE_SECONDS
        self._start = self._before = self._done = self._total = 0.0
        self._pace: tuple[float, float] | None = None  # when, and what was done, after one slice

    def __call__(self, done: int, total: int) -> None:
        """Take note, and show it where it is time to."""
        with self._lock:
            if total != self._total or done < self._done or self._done >= self._total:
                self._begin(done)
            self._done, self._total = done, total
            if self._pace is None and done > self._before:
                self._pace = time.monotonic(), float(done)
            if done >= total:
                self._hide()
            elif self._shown or self._is_long():
                self._show()

    def close(self) -> None:
        """Clear the display."""
        with self._lock:
            self._hide()
            self._done = self._total = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin(self, done: int) -> None:
        self._hide()
        self._start, self._before, self._pace = time.monotonic(), float(done), None
        # the first slice of a training may compile for seconds without a word
        self._timer = threading.Timer(self._delay, self._show_late, (self._start,))
        self._timer.daemon = True
        self._timer.start()

    def _show_late(self, start: float) -> None:
        with self._lock:
            if start == self._start:
                self._show()

    def _is_long(self) -> bool:
        elapsed = time.monotonic() - self._start
        fraction = (self._done - self._before) / (self._total - self._before)
        return elapsed > self._delay or (
            elapsed > _SOON_SECONDS and elapsed > self._delay * fraction
        )

    def _show(self) -> None:
        if self._timer is None or self._done >= self._total:
            return
        self._shown = True
        if self._stream.isatty():
            self._show_bar()
        else:
            self._show_line()

    def _show_bar(self) -> None:
        if self._bar is None:
            self._bar = self._bars.add(self._label, self._total, int(self._before))
        self._bars.update(self._bar, self._done)

    def _show_line(self) -> None:
        now = time.monotonic()
        if now - self._last_line < _LINE_SECONDS:
            return
        self._last_line = now
        share = f"{100 * self._done / self._total:.0f} % of {self._total:.3g} model-steps"
        with suppress(OSError):  # a log that is full or closed stops no training
            print(f"{self._label}: {share}{self._left(now)}", file=self._stream, flush=True)

    def _left(self, now: float) -> str:
        """The time left, by the pace since the first slice, which may have compiled for long."""
        since, before = self._pace or (now, self._done)
        if now <= since or self._done <= before:
            return ""
        seconds = (now - since) * (self._total - self._done) / (self._done - before)
        return f", {_duration(seconds)} left"

    def _hide(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._bar is not None:
            self._bars.remove(self._bar)
            self._bar = None
        self._shown = False


class Bars:
    """The bars of displays that share a terminal, one below the other; none when none is shown."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Without a stream they are on stderr."""
        # a process without stderr shows nothing
        self.stream = stream or sys.stderr or io.StringIO()
        self._lock = threading.RLock()
        self._shown: Bar | None = None

    def add(self, label: str, total: float, completed: int) -> TaskID:
        """A new bar, at the bottom."""
        with self._lock:
            if self._shown is None:
                self._shown = _new_bar(self.stream)
                self._shown.start()
            return self._shown.add_task(label, total=total, completed=completed)

    def update(self, bar: TaskID, completed: float) -> None:
        """Move a bar."""
        with self._lock:
            if self._shown is not None:
                self._shown.update(bar, completed=completed)

    def remove(self, bar: TaskID) -> None:
        """Take a bar away; the terminal is as before when it was the last."""
        with self._lock:
            if self._shown is None:
                return
            if len(self._shown.tasks) > 1:
                self._shown.remove_task(bar)
            else:  # an empty display would leave its line behind
                self._shown.stop()
                self._shown = None


def _new_bar(stream: TextIO) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=False),
        TimeRemainingColumn(elapsed_when_finished=True),
    ]
    return Bar(*columns, console=Console(file=stream), transient=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

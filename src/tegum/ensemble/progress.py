"""Progress of what takes long: a bar with the time left, or lines where there can be none."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from multiprocessing import parent_process
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self, TextIO

from tegum.ensemble.bars import Bars, TerminalBars, bars_here, in_notebook

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

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


#: Whether what runs in here is shown, if at all, by somebody else.
_SILENT: ContextVar[bool] = ContextVar("silent", default=False)


@contextmanager
def shown(
    progress: Progress | bool | None, label: str = "training", unit: str = "model-steps"
) -> Iterator[Progress]:
    """What to tell progress to: a bar if True, by default where a terminal or notebook shows it.

    A display, whoever made it, also hears of kernels that are being compiled. What is called within
    shows nothing by default.
    """
    if progress is True or (progress is None and _somebody_looks()):
        with silent(), Display(label, unit=unit) as display, _compiling_told(display):
            yield display
    else:
        with silent(), _compiling_told(progress):
            yield progress or (lambda done, total: None)


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Show, where a terminal or notebook can, that something is under way which may take long."""
    with shown(None, label) as report:
        report(0, 1)
        yield
        report(1, 1)


@contextmanager
def silent() -> Iterator[None]:
    """Nothing within shows progress unless it is told to."""
    token = _SILENT.set(True)
    try:
        yield
    finally:
        _SILENT.reset(token)


def _somebody_looks() -> bool:
    """A notebook, or a terminal that no other thread or process has first claim to."""
    if _SILENT.get():
        return False
    if in_notebook():
        return True
    first = threading.current_thread() is threading.main_thread() and parent_process() is None
    return first and sys.stderr is not None and sys.stderr.isatty()


def _compiling_told(progress: Progress | bool | None) -> AbstractContextManager[None]:
    if not isinstance(progress, Display):
        return nullcontext()
    # what is shown here is computed here, by kernels that need numba all the same
    from tegum.engines.compiling import compiling_told

    return compiling_told(progress.compiling)


class Display:
    """A Progress that shows itself once a training takes, or is going to take, over `delay` s.

    One display may serve several trainings in turn; its label says what is under way. Use it in
    `with`, or call `close`. On a terminal it is a bar that vanishes at the end, in a notebook one
    that stays; elsewhere a line every five seconds at most, and a last one after others.
    """

    def __init__(
        self,
        label: str = "training",
        *,
        unit: str = "model-steps",
        stream: TextIO | None = None,
        delay: float = 2.0,
        bars: Bars | None = None,
    ) -> None:
        """Of what lines say how much is done; `bars`, the place of its bar, beside those of others.

        Of a stream and bars the bars count.
        """
        self._label, self._unit = label, unit
        here = TerminalBars(stream) if stream else bars_here()
        self._bars: Bars = here if bars is None else bars
        self._stream = self._bars.stream
        self._delay = delay
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._bar: int | None = None
        self._shown = self._compiling = self._written = False
        self._last_line = -_LINE_SECONDS
        self._start = 0.0
        self._before = self._done = self._total = 0
        self._pace: tuple[float, int] | None = None  # when, and what was done, after one slice

    def __call__(self, done: int, total: int) -> None:
        """Take note, and show it where it is time to."""
        with self._lock:
            if total != self._total or done < self._done or self._done >= self._total:
                self._begin(done)
            self._done, self._total = done, total
            if self._pace is None and done > self._before:
                self._pace = time.monotonic(), done
            if done >= total:
                if self._written:
                    self._write_line()
                self._hide()
            elif self._shown or self._is_long():
                self._show()

    def compiling(self, on: bool) -> None:
        """Whether kernels are being compiled at this moment, and no step is made."""
        with self._lock:
            self._compiling = on
            # where no timer may draw, nobody else will for the next seconds
            if self._shown or (on and not self._bars.shared):
                self._show()

    def close(self) -> None:
        """Clear the display."""
        with self._lock:
            self._hide()
            self._done = self._total = 0

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
        self._start, self._before, self._pace = time.monotonic(), done, None
        # the first slice of a training may compile for seconds without a word
        self._timer = threading.Timer(self._delay, self._show_late, (self._start,))
        self._timer.daemon = True
        self._timer.start()

    def _show_late(self, start: float) -> None:
        with self._lock:
            if start == self._start and self._bars.shared:
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
        if self._bars.drawn:
            self._show_bar()
        else:
            self._show_line()

    def _show_bar(self) -> None:
        if self._bar is None:
            self._bar = self._bars.add(self._label, self._total, self._before)
        label = f"{self._label}: compiling …" if self._compiling else self._label
        self._bars.update(self._bar, label, self._done)

    def _show_line(self) -> None:
        now = time.monotonic()
        if now - self._last_line < _LINE_SECONDS:
            return
        self._last_line = now
        self._written = True
        self._write_line()

    def _write_line(self) -> None:
        share = f"{100 * self._done / self._total:.0f} % of {self._total:.3g} {self._unit}"
        said = "compiling …" if self._compiling else f"{share}{self._left()}"
        with suppress(OSError):  # a log that is full or closed stops no training
            print(f"{self._label}: {said}", file=self._stream, flush=True)

    def _left(self) -> str:
        """The time left, by the pace since the first slice, which may have compiled for long."""
        now = time.monotonic()
        since, before = self._pace or (now, self._done)
        if now <= since or not before < self._done < self._total:
            return ""
        seconds = (now - since) * (self._total - self._done) / (self._done - before)
        return f", {_duration(seconds)} left"

    def _hide(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._bar is not None:
            self._bars.update(self._bar, self._label, self._done)
            self._bars.remove(self._bar)
            self._bar = None
        self._shown = self._written = False


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

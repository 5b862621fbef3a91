"""Where progress is shown: bars in a terminal, bars in a notebook's cell, else nothing but lines.

A terminal's bars vanish; a cell keeps each bar as it was last, so that a saved or exported notebook
has one line of it.
"""

from __future__ import annotations

import io
import itertools
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

#: Seconds between two changes of what a cell shows.
_CELL_SECONDS: Final = 0.25
#: Characters of a line in a cell.
_CELL_WIDTH: Final = 88


class Bars(Protocol):
    """A place for the bars of displays, which know theirs by a number."""

    stream: TextIO

    @property
    def drawn(self) -> bool:
        """Whether bars can be drawn there; else there are lines on `stream`."""

    @property
    def shared(self) -> bool:
        """Whether every thread may draw, or only the one whose work is shown."""

    def add(self, label: str, total: int, done: int) -> int:
        """A new bar."""
        ...

    def update(self, bar: int, label: str, done: int) -> None:
        """Move a bar."""
        ...

    def remove(self, bar: int) -> None:
        """A bar is moved no more."""
        ...


def in_notebook() -> bool:
    """Whether what is displayed goes to a cell: of Jupyter, VS Code, Colab, or marimo."""
    return _in_kernel() or _in_marimo()


def bars_here() -> Bars:
    """Where this process shows progress."""
    if _in_marimo():
        return MarimoBars()
    return CellBars() if _in_kernel() else TerminalBars()


def _in_kernel() -> bool:
    # nobody who has not loaded IPython runs in it
    core = sys.modules.get("IPython.core.getipython")
    shell = None if core is None else core.get_ipython()
    return getattr(shell, "kernel", None) is not None


def _in_marimo() -> bool:
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


class TerminalBars:
    """The bars of a terminal, one below the other; none when none is shown."""

    shared = True

    def __init__(self, stream: TextIO | None = None) -> None:
        """Without a stream they are on stderr."""
        # a process without stderr shows nothing
        self.stream: TextIO = stream or sys.stderr or io.StringIO()
        self._lock = threading.RLock()
        self._shown: Bar | None = None

    @property
    def drawn(self) -> bool:
        """Whether the stream is a terminal's."""
        return self.stream.isatty()

    def add(self, label: str, total: int, done: int) -> int:
        """A new bar, at the bottom."""
        from rich.console import Console

        with self._lock:
            if self._shown is None:
                self._shown = _new_bar(Console(file=self.stream))
                self._shown.start()
            return self._shown.add_task(label, total=total, completed=done)

    def update(self, bar: int, label: str, done: int) -> None:
        """Move a bar."""
        with self._lock:
            if self._shown is not None:
                self._shown.update(_task(bar), description=label, completed=done)

    def remove(self, bar: int) -> None:
        """Take a bar away; the terminal is as before when it was the last."""
        with self._lock:
            if self._shown is None:
                return
            if len(self._shown.tasks) > 1:
                self._shown.remove_task(_task(bar))
            else:  # an empty display would leave its line behind
                self._shown.stop()
                self._shown = None


class CellBars:
    """Bars in the output of a cell of an IPython kernel, each an output of its own."""

    drawn = shared = True

    def __init__(self) -> None:
        self.stream: TextIO = sys.stderr or io.StringIO()
        self._numbers = itertools.count()
        self._bars: dict[int, tuple[Bar, Any]] = {}
        self._last = 0.0

    def add(self, label: str, total: int, done: int) -> int:
        """A new bar, below what the cell has shown."""
        from IPython.display import display
        from rich.console import Console

        # plain text suits every theme and format; rich would display by itself what it prints
        console = Console(
            file=io.StringIO(), width=_CELL_WIDTH, color_system=None, force_jupyter=False
        )
        bar = _new_bar(console)
        bar.add_task(label, total=total, completed=done)
        number = next(self._numbers)
        self._bars[number] = bar, display(_Line(bar), display_id=True)  # type: ignore[no-untyped-call]
        self._last = time.monotonic()
        return number

    def update(self, bar: int, label: str, done: int) -> None:
        """Move a bar, a few times a second; its end is always shown."""
        drawn, handle = self._bars[bar]
        (task,) = drawn.tasks
        now, changed = time.monotonic(), task.description != label
        drawn.update(task.id, description=label, completed=done)
        if changed or task.finished or now >= self._last + _CELL_SECONDS:
            handle.update(_Line(drawn))
            self._last = now

    def remove(self, bar: int) -> None:
        """It stays where it is, as far as it has come."""
        drawn, handle = self._bars.pop(bar)
        handle.update(_Line(drawn))


class MarimoBars:
    """Bars in the output of a cell of marimo, drawn by marimo."""

    drawn, shared = True, False

    def __init__(self) -> None:
        self.stream: TextIO = sys.stderr or io.StringIO()
        self._thread = threading.get_ident()
        self._numbers = itertools.count()
        self._bars: dict[int, tuple[Any, Any, int]] = {}

    def add(self, label: str, total: int, done: int) -> int:
        """A new bar."""
        from marimo import status

        context = status.progress_bar(total=total, title=label, remove_on_exit=False)
        number = next(self._numbers)
        self._bars[number] = context, context.__enter__(), 0
        self.update(number, label, done)
        return number

    def update(self, bar: int, label: str, done: int) -> None:
        """Move a bar."""
        if threading.get_ident() == self._thread:
            context, drawn, before = self._bars[bar]
            drawn.update(increment=done - before, title=label)
            self._bars[bar] = context, drawn, done

    def remove(self, bar: int) -> None:
        """It stays where it is, as far as it has come."""
        context, _, _ = self._bars.pop(bar)
        context.__exit__(None, None, None)


class _Line:
    """A bar as it is now, for IPython to show."""

    def __init__(self, bar: Bar) -> None:
        console = bar.console
        with console.capture() as caught:
            console.print(bar.get_renderable())
        self._text = caught.get()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self._text}


def _new_bar(console: Console) -> Bar:
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=False),
        TimeRemainingColumn(elapsed_when_finished=True),
    ]
    return Bar(*columns, console=console, transient=True)


def _task(bar: int) -> TaskID:
    from rich.progress import TaskID

    return TaskID(bar)

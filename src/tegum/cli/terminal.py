"""What the commands print: tables that suit a terminal or a pipe, and notes on stderr.

Names and paths may hold newlines and what steers a terminal: texts of others go through `printable`
before they are printed.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from textwrap import wrap
from typing import Any, Final, TextIO

from tegum.errors import TegumError, printable

_STYLES = {
    "holds": "green",
    "differs, as recorded": "yellow",
    "not tested": "dim",
    "error": "bold red",
}
_SURPRISE = "bold red"
#: Between two columns of a plain table, and how long its lines are where words may be wrapped.
_GAP: Final = "  "
_PLAIN_WIDTH: Final = 100


class OutputError(TegumError):
    """Standard output that takes nothing: it is closed, or its disk is full."""


@contextmanager
def standard_output() -> Iterator[None]:
    """Where commands print: what stdout cannot encode is escaped, and none of it is lost unseen.

    Raises `OutputError`, or `BrokenPipeError` where nobody reads; what is not written then is
    thrown away, so that the interpreter does not complain of it on the way out.
    """
    stream = sys.stdout
    if stream is None:
        raise OutputError("cannot write to stdout: it is closed")
    errors = stream.errors
    _on_unencodable(stream, "backslashreplace")
    guarded = _Guarded(stream)
    sys.stdout = guarded
    try:
        yield
        guarded.flush()
    except (BrokenPipeError, OutputError):
        _discard(stream)
        raise
    finally:
        sys.stdout = stream
        _on_unencodable(stream, errors)


class _Guarded:
    """A stream whose failures have a name of their own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with _named():
            return self._stream.write(text)

    def flush(self) -> None:
        with _named():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write to stdout: {error.strerror}") from None


def _on_unencodable(stream: TextIO, errors: str | None) -> None:
    if hasattr(stream, "reconfigure"):  # streams in memory take everything
        with suppress(OSError):  # it writes first what is waiting
            stream.reconfigure(errors=errors)


def _discard(stream: TextIO) -> None:
    """Let everything that is written from now on go nowhere."""
    with suppress(OSError):  # streams in memory have no number
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def note(text: str) -> None:
    """A line for the person who waits, on stderr."""
    if sys.stderr is not None:
        with suppress(OSError):  # there is no other place to say so
            print(printable(text), file=sys.stderr, flush=True)


def end_notes() -> None:
    """Throw away what stderr does not take, or the interpreter would end with a code of its own."""
    if sys.stderr is not None:
        try:
            sys.stderr.flush()
        except OSError:
            _discard(sys.stderr)


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    status: int | None = None,
) -> None:
    """A table on stdout: fitted to a terminal, or in plain columns of words wrapped at 100.

    Columns `right` are right-aligned; column `status` holds verdicts and is coloured on terminals.
    """
    header, rows = _clean(header), [_clean(row) for row in rows]
    if sys.stdout.isatty():
        _print_rich(header, rows, right, status)
    else:
        _print_plain(header, rows, right, sys.stdout)


def _clean(cells: Sequence[str]) -> list[str]:
    return [printable(text) for text in cells]


def _print_plain(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int], stream: TextIO
) -> None:
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    _narrow(widths, lines, fixed=(0, *right))
    for line in lines:
        parts = [wrap(text, width) or [""] for text, width in zip(line, widths, strict=True)]
        for cells in zip_longest(*parts, fillvalue=""):
            placed = [
                text.rjust(width) if i in right else text.ljust(width)
                for i, (text, width) in enumerate(zip(cells, widths, strict=True))
            ]
            print(_GAP.join(placed).rstrip(), file=stream)


def _narrow(widths: list[int], lines: Sequence[Sequence[str]], fixed: Sequence[int]) -> None:
    """Take from the widest column, but not from `fixed` ones, until lines are short enough.

    No column gets narrower than its longest word: what still is too long stays so.
    """
    least = [
        max(len(word) for line in lines for word in (*line[i].split(), ""))
        for i in range(len(widths))
    ]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > _PLAIN_WIDTH:
        open_columns = [i for i in range(len(widths)) if i not in fixed and widths[i] > least[i]]
        if not open_columns:
            return
        widths[max(open_columns, key=widths.__getitem__)] -= 1


def _print_rich(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int],
    status: int | None,
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for i, name in enumerate(header):
        table.add_column(
            Text(name), justify="right" if i in right else "left", no_wrap=i in right or i == 0
        )
    for row in rows:
        cells = [Text(text) for text in row]
        if status is not None:
            cells[status].stylize(_STYLES.get(row[status], _SURPRISE))
        table.add_row(*cells)
    Console(width=shutil.get_terminal_size().columns).print(table)

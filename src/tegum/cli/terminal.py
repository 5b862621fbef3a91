"""What the commands print: tables that suit a terminal or a pipe, and notes on stderr."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TextIO

_STYLES = {
    "holds": "green",
    "differs, as recorded": "yellow",
    "not tested": "dim",
    "error": "bold red",
}
_SURPRISE = "bold red"


def note(text: str) -> None:
    """A line for the person who waits, on stderr."""
    print(text, file=sys.stderr, flush=True)


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    status: int | None = None,
) -> None:
    """A table on stdout: fitted to a terminal, or in plain aligned columns for a pipe or file.

    Columns `right` are right-aligned; column `status` holds verdicts and is coloured on terminals.
    """
    if sys.stdout.isatty():
        _print_rich(header, rows, right, status)
    else:
        _print_plain(header, rows, right, sys.stdout)


def _print_plain(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int], stream: TextIO
) -> None:
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        cells = [
            text.rjust(width) if i in right else text.ljust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip(), file=stream)


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

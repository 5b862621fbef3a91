"""`tegum warm`: kernels compiled before anybody waits for them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tegum.cli.options import Flag
from tegum.cli.terminal import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from tegum.explorer.warm import Made


@dataclass(frozen=True)
class Warm:
    """Compile ahead what lessons, presets, experiments and exact losses need.

    Compiled kernels are kept, and later processes find them: run it once, before a lecture, and no
    model is waited for. What is there already takes no time. Ctrl-C ends it; what is done stays.
    """

    json: Flag = False
    """Print JSON."""

    def run(self, arguments: list[str]) -> int:
        """Compile, and print what was made."""
        from tegum.explorer.warm import warm

        with _line() as tell:
            made = warm(tell)
        if self.json:
            print(json.dumps([one._asdict() for one in made], indent=2, ensure_ascii=False))
        else:
            print(_in_words(made))
        return 0


def _in_words(made: list[Made]) -> str:
    new = [one for one in made if one.kernels]
    lines = [f"{one.title}: {one.seconds:.1f} s" for one in new]
    kernels, seconds = sum(one.kernels for one in new), sum(one.seconds for one in made)
    said = f"compiled {kernels} kernels" if kernels else "all kernels were there"
    return "\n".join([*lines, f"{said}: {len(made)} kinds of model are ready, {seconds:.0f} s"])


@contextmanager
def _line() -> Iterator[Callable[[int, int, str], None]]:
    """One line on stderr that says what is under way; without a terminal, one after another."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, total, title: note(f"{done + 1} of {total}: {title}")
        return
    from rich.console import Console

    with Console(stderr=True).status("…") as status:
        yield lambda done, total, title: status.update(
            f"{done + 1} of {total}: compiling for {title}"
        )

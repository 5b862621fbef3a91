"""Inputs made at random, good and bad, for every way into tegum.

A module of this folder is a *surface*, and the runner takes up whatever lies here:

    def inputs(rng: random.Random) -> Iterator[Any]
        Endless inputs: of plain values, whose `repr` is enough to try one again by hand, and cheap
        (at most two steps of small models).

    def attempt(one: Any) -> None
        Gives an input to tegum. It returns where tegum did what was asked or refused it as it
        promises (`refusal`), and raises AssertionError for anything else. An exception that is
        none of tegum's may pass through: it counts as found, as does a warning.

    around: Callable[[], AbstractContextManager[None]]      (may be left out)
        What holds during all attempts, such as a folder to work in.

`python -m tests.fuzz --surface cli --seconds 3600 --seed 0` tries inputs for an hour; `make fuzz`
all surfaces. `tests/test_fuzz.py` tries the same few every time.
"""

from __future__ import annotations

import random
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from time import monotonic
from typing import Any

from tegum.errors import TegumError

#: So long may one input take, in seconds; a machine with much else to do is slow.
LONGEST = 60.0


class Overdue(BaseException):
    """An input that takes too long; no `except Exception` stops it."""


def names() -> list[str]:
    """The surfaces there are."""
    return sorted(info.name for info in iter_modules(__path__) if not info.name.startswith("_"))


def refusal(error: BaseException) -> str:
    """The message of a refusal as promised: an error of ours, in one printable line."""
    assert isinstance(error, TegumError), f"{type(error).__name__}: {error}"
    text = str(error)
    assert text, "an error without a word"
    assert one_line(text), f"more than a line, or not printable: {text!r}"
    return text


def one_line(text: str) -> bool:
    """Whether the text is a line that a terminal shows as it is."""
    return text.isprintable()


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `Overdue` in what takes longer, where the system has such a clock."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise Overdue(f"not done after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@dataclass
class Found:
    """What was tried of a surface, and what went wrong: by the place, the first input and why."""

    surface: str
    tried: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[Any, str]] = field(default_factory=dict)

    def add(self, one: Any, error: BaseException) -> None:
        """Count a fault under the line it comes from."""
        frames = traceback.extract_tb(error.__traceback__)
        last = next((f for f in reversed(frames) if f.filename != __file__), frames[-1])
        told = str(error).splitlines()[0][:60] if isinstance(error, AssertionError) else ""
        place = f"{type(error).__name__} {Path(last.filename).name}:{last.lineno} {told}".strip()
        if place not in self.wrong:  # a long search says so at once
            print(f"{self.surface}: {place}", file=sys.stderr, flush=True)
        self.wrong[place] += 1
        self.first.setdefault(place, (one, "".join(traceback.format_exception(error))))


def search(surface: str, seed: int, seconds: float, most: int | None = None) -> Found:
    """Try the inputs of a surface for so long, at most so many."""
    module = import_module(f"{__name__}.{surface}")
    around: Callable[[], AbstractContextManager[None]] = getattr(module, "around", nullcontext)
    found, end = Found(surface), monotonic() + seconds
    with around(), warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning that tegum did not mean is a fault
        for one in module.inputs(random.Random(seed)):
            if found.tried == most or monotonic() > end:
                break
            found.tried += 1
            try:
                with limited(LONGEST):
                    module.attempt(one)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                found.add(one, error)
    return found

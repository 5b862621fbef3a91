"""Kinds of options, and the checks and manners that commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from tegum.errors import SpecError

#: A switch, off unless it is given.
Flag = Annotated[bool, arg(help_behavior_hint="")]
Whole = Annotated[int, arg(metavar="N")]
Real = Annotated[float, arg(metavar="X")]
#: Options whose text says what happens without them.
MaybeWhole = Annotated[int | None, arg(metavar="N", help_behavior_hint="")]
MaybeReal = Annotated[float | None, arg(metavar="X", help_behavior_hint="")]
MaybeExecutor = Annotated[str | None, arg(metavar="NAME[:…]", help_behavior_hint="")]
MaybeFolder = Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")]


def at_least_one(option: str, value: int | None) -> None:
    """Raise `SpecError` for a number below 1; None passes."""
    if value is not None and value < 1:
        raise SpecError.of(option, "", "must be at least 1", value)


def seed_in_range(option: str, value: int) -> None:
    """Raise `SpecError` for a seed that has no place in 64 bits."""
    if not 0 <= value < 2**64:
        raise SpecError.of(option, "", "must be in [0, 2^64)", value)


@contextmanager
def interruptible(keeps: bool) -> Iterator[None]:
    """Give Ctrl-C a message: whether a store `keeps` what was done so far."""
    try:
        yield
    except KeyboardInterrupt:
        if keeps:
            message = "the store keeps what is done, run the same command to continue"
        else:
            message = "nothing was saved; with --store DIR the next run would continue"
        raise KeyboardInterrupt(f"interrupted; {message}") from None

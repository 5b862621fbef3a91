"""Kinds of options, and the checks and manners that commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, Union

from tyro.conf import Positional, arg
from tyro.constructors import PrimitiveConstructorSpec

from tegum.errors import SpecError

T = TypeVar("T")
# tyro tries defaults by typeguard, which takes a tenth of a second to import, unless types are
# classes or unions of this form.
Maybe = Union[T, None]  # noqa: UP007

#: A switch, off unless it is given.
Flag = Annotated[bool, arg(help_behavior_hint="")]
Whole = Annotated[int, arg(metavar="N")]
Real = Annotated[float, arg(metavar="X")]
#: Options whose text says what happens without them.
MaybeWhole = Annotated[Maybe[int], arg(metavar="N", help_behavior_hint="")]
MaybeReal = Annotated[Maybe[float], arg(metavar="X", help_behavior_hint="")]
MaybeExecutor = Annotated[Maybe[str], arg(metavar="NAME[:…]", help_behavior_hint="")]
MaybeFolder = Annotated[Maybe[Path], arg(metavar="DIR", help_behavior_hint="")]


def maybe(kind: type) -> Any:
    """`Maybe` of a kind that is known when the program runs."""
    return Union[kind, None]  # noqa: UP007


class Words(tuple[str, ...]):
    """Words without an option before them, as many as there are."""

    __slots__ = ()


_WORDS: Final = PrimitiveConstructorSpec(
    nargs="*",
    metavar="NAME …",
    instance_from_str=Words,
    is_instance=lambda value: isinstance(value, Words),
    str_from_instance=list,
)
PositionalNames = Annotated[Positional[Words], _WORDS, arg(help_behavior_hint="")]
NO_NAMES: Final = Words()


def at_least_one(option: str, value: int | None) -> None:
    """Raise `SpecError` for a number below 1; None passes."""
    if value is not None and value < 1:
        raise SpecError.of(option, "", "must be at least 1", value)


def seed_in_range(option: str, value: int) -> None:
    """Raise `SpecError` for a seed that has no place in 64 bits."""
    if not 0 <= value < 2**64:
        raise SpecError.of(option, "", "must be in [0, 2^64)", value)


@contextmanager
def interruptible(kept: str) -> Iterator[None]:
    """Give Ctrl-C a message: what is `kept`, or "" where that is nothing."""
    try:
        yield
    except KeyboardInterrupt:
        if kept:
            message = f"{kept}, run the same command to continue"
        else:
            message = "nothing was saved; with --store DIR the next run would continue"
        raise KeyboardInterrupt(f"interrupted; {message}") from None

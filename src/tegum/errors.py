"""The error tree. Every message is one line: object, field, rule, value."""

from __future__ import annotations

from typing import Any

_LONGEST_VALUE = 80


def printable(text: str) -> str:
    r"""The text with what no line shows, as newlines and terminals' escapes, as `\n` and `\x1b`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def joined(text: object) -> str:
    """What another library says, its lines made one."""
    return printable(" ".join(str(text).split()))


def shorten(value: Any) -> str:
    """`repr(value)` on one line of at most 80 characters."""
    if isinstance(value, (str, bytes, list, tuple)):
        value = value[:_LONGEST_VALUE]  # each entry takes a character or more
    try:
        text = joined(repr(value))
    except (ValueError, RecursionError):  # Python writes no integer of thousands of digits
        text = f"a large {type(value).__name__}"
    if len(text) <= _LONGEST_VALUE:
        return text
    return text[: _LONGEST_VALUE - 1] + "…"


class TegumError(Exception):
    """The base of every error tegum raises on purpose; `str()` of it is one printable line."""

    def __str__(self) -> str:
        return printable(" ".join(str(part) for part in self.args))


class SpecError(TegumError, ValueError):
    """A description (distribution, model, problem, training, axis) breaks a rule."""

    @classmethod
    def of(cls, owner: str, field: str, rule: str, value: Any) -> SpecError:
        """`Owner.field rule; got value`, e.g. `Independent.n_features must be >= 1; got 0`.

        Args:
            owner: the class or function.
            field: the field or argument, "" for the whole.
            rule: what is asked for.
            value: what was given.

        Returns:
            The error.
        """
        where = f"{owner}.{field}" if field else owner
        return cls(f"{where} {rule}; got {shorten(value)}")


class UnknownNameError(TegumError, LookupError):
    """A name (experiment, axis, variable) that nothing answers to; the message lists what does."""

    @classmethod
    def of(cls, kind: str, name: str, known: list[str] | tuple[str, ...]) -> UnknownNameError:
        """`unknown kind 'name'; known: a, b`.

        Args:
            kind: what the name is to be of.
            name: what was given.
            known: what there is.

        Returns:
            The error.
        """
        return cls(f"unknown {kind} {shorten(name)}; known: {', '.join(map(str, known))}")


class StoreError(TegumError, OSError):
    """The store cannot be read or written (permissions, full disk)."""


class DamagedFileError(StoreError):
    """A stored unit fails its checksum or is not what its name says."""


class InputFileError(TegumError, OSError):
    """A file given by the user is missing, truncated or not a tegum file."""


class ExecutorError(TegumError, RuntimeError):
    """Workers that an executor has failed, or it loses them again and again."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with a line that says what is kept and how to go on.

    It is the KeyboardInterrupt that it stands for: what handles one handles it.
    """

    def _render_traceback_(self) -> list[str]:
        """All that IPython shows of it: where the work was stopped tells nobody anything."""
        return [f"{type(self).__name__}: {self}"]


class CallError(SpecError, TypeError):
    """A call whose arguments do not fit the function's, with a way to mend it."""

"""Commands found by name, their options read by tyro, and errors of arguments in one line."""

from __future__ import annotations

import importlib
import io
import re
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from tegum.errors import TegumError
from tegum.hints import FIELDS, close, is_sparsity, nearest, rest


class Command(Protocol):
    """What a command line asks for."""

    def run(self, arguments: list[str]) -> int:
        """Do it, and return the exit code; `arguments` is the command line, for the record."""
        ...


@dataclass(frozen=True)
class _Entry:
    """Where a command is defined, and what it is for in the overview."""

    module: str
    name: str
    purpose: str


# Modules are named, not imported: no command waits for what another one needs.
COMMANDS = {
    "list": _Entry("listing", "List", "list the experiments"),
    "reproduce": _Entry("reproduce", "Reproduce", "run experiments and write the report"),
    "train": _Entry("train", "Train", "train models of any problem and save them"),
    "explore": _Entry("explore", "Explore", "open the live page in the browser"),
    "site": _Entry("site", "Site", "write the live page as files for a static host"),
    "warm": _Entry("warm", "Warm", "compile ahead what the explorer and the library need"),
    "show": _Entry("show", "Show", "show a file of trained models as a table"),
}

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_WRONG_NUMBER = re.compile(
    r"parsing (?P<option>--[\w-]+): .*(?:int\(\)|to float|INT|FLOAT).* \[?(?P<value>'.*?')\]?$"
)
_UNKNOWN = "unrecognized options"
_RULE = re.compile(r"^[─━-]{3,}$")


class ArgumentError(TegumError):
    """Command-line arguments that cannot be understood."""


def parse(arguments: Sequence[str]) -> Command | None:
    """The command that the arguments ask for; None when they asked for help, which was printed.

    Raises `ArgumentError`.
    """
    if not arguments:
        raise ArgumentError(f"a command is missing: {_choices()} (see tegum --help)")
    if arguments[0] in ("-h", "--help"):
        print(overview())
        return None
    name, rest = arguments[0], list(arguments[1:])
    for before, value in pairwise(["", *rest]):
        # of an empty path the parser would make the current folder
        if before.startswith("--") and value == "":
            raise ArgumentError(f"{before} must not be empty; got ''")
        if value.startswith("--") and value.endswith("="):
            raise ArgumentError(f"{value[:-1]} must not be empty; got ''")
    if name not in COMMANDS:
        raise ArgumentError(_unknown(name))
    entry = COMMANDS[name]
    kind = getattr(importlib.import_module(f"tegum.cli.{entry.module}"), entry.name)
    return _read(kind, f"tegum {name}", rest)


def overview() -> str:
    """The help text of `tegum` itself."""
    width = max(len(name) for name in [*COMMANDS, "-h, --help"]) + 2
    commands = "\n".join(f"  {name:{width}}{e.purpose}" for name, e in COMMANDS.items())
    return (
        "usage: tegum COMMAND [OPTIONS]\n\n"
        "The laboratory for toy models of superposition: train them by the thousand,\n"
        "see, check and extend every result.\n\n"
        f"commands:\n{commands}\n\n"
        "options:\n"
        f"  {'-h, --help':{width}}show this text, or the options of a command after its name\n"
        f"  {'--version':{width}}show the version\n"
        f"  {'--cite':{width}}show how to cite tegum, as BibTeX\n\n"
        "environment:\n"
        "  TEGUM_CACHE_DIR  folder of your own for compiled kernels, else in your user cache"
    )


def _read(kind: type[Command], program: str, arguments: list[str]) -> Command | None:
    import tyro

    settings: Any = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes)
    complaint = io.StringIO()
    try:
        with redirect_stderr(complaint):
            return tyro.cli(kind, prog=program, args=arguments, config=settings)
    except SystemExit as stop:
        if stop.code in (0, None):
            return None
        said = _first_sentence(complaint.getvalue())
        if said.startswith(_UNKNOWN):
            said = _called_here(program, kind, arguments) or said
        raise ArgumentError(f"{said} (see {program} --help)") from None


def _called_here(program: str, kind: type[Command], arguments: Sequence[str]) -> str:
    """What the first option that a command has not is called there; "" where it is a riddle."""
    from tegum.cli.parts import called, option_names, words

    own = option_names(kind)
    known = {name: name for name in own} | {
        field: called(field) for field in FIELDS if called(field) in own
    }
    for at, word in enumerate(arguments):
        name, _, value = word.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if not word.startswith("--") or name.removeprefix("no_") in own:
            continue
        meant = nearest(name, known)
        if meant is None:
            return ""
        option = f"--{words(known[meant])}"
        if is_sparsity(name):
            value = value or "".join(arguments[at + 1 : at + 2])
            option = f"p = 1 − S, {option} {rest(value)}"
        return f"{program} has no option {word.partition('=')[0]}: it is {option}"
    return ""


def _first_sentence(box: str) -> str:
    """What a framed message of the parser says, without frame, colours and advice."""
    lines = [line.strip("│┃| ") for line in _ESCAPES.sub("", box).splitlines()]
    said: list[str] = []
    for line in lines[1:]:
        if line and not _RULE.match(line):
            said.append(line)
        elif said:
            break
    if len(said) > 1 and said[0].startswith("Missing from"):
        return f"{said[1]} is missing"
    text = " ".join(said).rstrip(".") or "the arguments cannot be understood"
    wrong = _WRONG_NUMBER.search(text)
    if wrong is None:
        return text[0].lower() + text[1:]
    kind = "a number" if "float" in text.lower() else "an integer"
    return f"{wrong['option']} must be {kind}; got {wrong['value']}"


def _unknown(name: str) -> str:
    kind = "option" if name.startswith("-") else "command"
    meant = close(name, COMMANDS)
    guess = f"did you mean {meant[0]!r}?" if meant else f"commands: {_choices()}"
    return f"unknown {kind} {name!r}; {guess} (see tegum --help)"


def _choices() -> str:
    return ", ".join(COMMANDS)

"""Options that stand for the fields of descriptions: their names, and what is read of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, make_dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Generic, TypeVar

from tyro.conf import arg

from tegum.cli import values
from tegum.cli.options import maybe
from tegum.discovery import found
from tegum.errors import TegumError, UnknownNameError
from tegum.fields import Field, fields_of
from tegum.spec import Spec

S = TypeVar("S", bound=Spec)
#: Annotation and default of options by name.
Options = dict[str, tuple[Any, Any]]

_METAVARS: Final = {
    "whole": "N",
    "number": "X",
    "vector": "X[,X…]",
    "wholes": "N[,N…]",
    "steps": "K | STEP,STEP…",
    "pairs": "A+B[,A+B…]",
    "array": "FILE | X,X…",
    "function": "MODULE:FUNCTION",
    "code": "MODULE:NAME",
    "words": "NAME[,NAME…]",
    "json": "JSON",
}
_TYPES: Final = {"whole": int, "number": float}
_READERS: Final[dict[str, Callable[[str, str], Any]]] = {
    "vector": values.number_or_vector,
    "wholes": values.wholes,
    "steps": values.checkpoints,
    "pairs": values.pairs,
    "array": values.array,
    "function": values.function,
    "law": values.law,
    "code": values.code,
    "words": lambda option, text: tuple(text.split(",")),
    "json": values.any_json,
}
#: Fields with an option of another name than their own without "n_".
_CALLED: Final = {"feature_probability": "probability", "distribution": "features_as"}


def words(kind: str) -> str:
    """The name of an option or a kind as it is typed."""
    return kind.replace("_", "-")


def with_options(command: type, groups: Mapping[str, Options]) -> Any:
    """The command with further options, each group an attribute of its name.

    Raises `TegumError` where two options have one name.
    """
    names = [row.name for row in _rows(command)]
    fields = []
    for group, options in groups.items():
        names += options
        rows = [(name, kind, field(default=unsaid)) for name, (kind, unsaid) in options.items()]
        kind: Any = make_dataclass("Options", rows, frozen=True)
        fields.append((group, kind, field(default_factory=kind)))
    for name in names:
        if names.count(name) > 1:
            raise TegumError(f"--{words(name)} would be two options: another name for the field?")
    namespace = {"__doc__": command.__doc__}
    return make_dataclass("Command", fields, bases=(command,), frozen=True, namespace=namespace)


def option(given: Field, text: str, hint: str = "") -> tuple[Any, Any]:
    """Annotation and default of the option for a field; None, or the switch as it is, is unsaid."""
    if given.form == "flag":
        return Annotated[bool, arg(help=text, help_behavior_hint="")], bool(given.default)
    metavar = "|".join(given.choices)
    if given.form == "whole" and given.choices:
        metavar = f"{_METAVARS['whole']}|{metavar}"
    if given.form == "law":
        metavar = f"{metavar}|JSON"
    about = arg(metavar=metavar or _METAVARS[given.form], help=text, help_behavior_hint=hint)
    kind = str if given.choices else _TYPES.get(given.form, str)
    return Annotated[maybe(kind), about], None


def said(options: Any) -> dict[str, Any]:
    """The options that were given, by name."""
    rows = ((row.name, getattr(options, row.name), row.default) for row in _rows(options))
    return {name: value for name, value, default in rows if value not in (None, default)}


def typed(options: Any, name: str) -> str:
    """An option as it was typed: switches that are on unless given are `--no-…`."""
    on = any(row.name == name and row.default is True for row in _rows(options))
    return f"--{'no-' if on else ''}{words(name)}"


def called(field: str) -> str:
    """What the option for a field is called."""
    return _CALLED.get(field, field.removeprefix("n_"))


def option_names(command: type) -> list[str]:
    """The options of a command, those in groups too, as names of Python."""
    names = []
    for row in dataclasses.fields(command):
        group = row.default_factory
        if dataclasses.is_dataclass(group):
            names += [inner.name for inner in dataclasses.fields(group)]
        elif "Positional" not in str(row.type):
            names.append(row.name)
    return names


def _rows(options: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(options)


def read(name: str, given: Field, value: Any) -> Any:
    """What the value of an option means for its field. Raises `SpecError`."""
    if given.form == "whole" and value not in given.choices and isinstance(value, str):
        return values.whole(f"--{words(name)}", value)
    reader = _READERS.get(given.form)
    if reader is None or not isinstance(value, str):
        return value
    return reader(f"--{words(name)}", value)


@dataclass(frozen=True)
class Part(Generic[S]):
    """A part of a problem: the kinds of it that there are, and the options of their fields.

    `--WORD` names the kind, `usual` where it is not given; `about` says what it is. An option is
    called as its field, after `prefix`, and shared by all kinds with such a field.
    """

    word: str
    base: type[S]
    usual: str
    about: str
    prefix: str = ""

    @cached_property
    def kinds(self) -> dict[str, type[S]]:
        """The classes by the name that is typed, the usual one first."""
        kinds = found(self.base, self.usual.replace("-", "_"))
        return {words(kind): cls for kind, cls in kinds.items()}

    @cached_property
    def fields(self) -> dict[str, dict[str, Field]]:
        """The fields of each kind by the names of their options."""
        return {
            kind: {self._called(kind, own.name): own for own in fields_of(cls).values()}
            for kind, cls in self.kinds.items()
        }

    @cached_property
    def options(self) -> Options:
        """Annotation and default of every option. Raises `TegumError` for one of two forms."""
        entries: dict[str, Field] = {}
        for rows in self.fields.values():
            for name, own in rows.items():
                if entries.setdefault(name, own).form != own.form:
                    raise TegumError(f"{self.word}: --{words(name)} would be of two forms")
        return {name: option(own, self._help(name)) for name, own in entries.items()}

    def fields_of(self, kind: str) -> dict[str, Field]:
        """The fields of a kind by the names of their options. Raises `UnknownNameError`."""
        if kind not in self.kinds:
            raise UnknownNameError.of(self.word, kind, list(self.kinds))
        return self.fields[kind]

    def described(self, kind: str, given: Mapping[str, Any]) -> S:
        """The description of a kind from what was given. Raises `TegumError`."""
        every = {name: own for rows in self.fields.values() for name, own in rows.items()}
        own = every | self.fields_of(kind)
        values = {own[name].name: read(name, own[name], value) for name, value in given.items()}
        return self.kinds[kind](**values)

    def choice(self, kinds: Iterable[str]) -> tuple[Any, Any]:
        """Annotation and default of the option that names one of the `kinds`."""
        text = f"{self.about}; {self.usual} by default."
        about = arg(metavar="|".join(kinds), help=text, help_behavior_hint="")
        return Annotated[maybe(str), about], None

    def chosen(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What was given of the options of this part."""
        return {name: value for name, value in given.items() if name in self.options}

    def _called(self, kind: str, field: str) -> str:
        short = called(field)
        return short if short == kind else self.prefix + short

    def _help(self, name: str) -> str:
        """What the kinds say of the field, and which they are where others have none."""
        kinds_of: dict[str, list[str]] = {}
        for kind, rows in self.fields.items():
            if name in rows:
                kinds_of.setdefault(rows[name].help.rstrip("."), []).append(kind)
        if len(kinds_of) == 1 and sum(map(len, kinds_of.values())) == len(self.kinds):
            return next(iter(kinds_of))
        said = (f"{text} ({', '.join(kinds)})" for text, kinds in kinds_of.items())
        return "; ".join(said).strip()

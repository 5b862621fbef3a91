"""What the fields of a description hold, for those who offer them: command line and explorer."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from tegum.contents import Content
from tegum.factories import Factory
from tegum.functions import Function
from tegum.spec import Interval, Spec

#: How a value is written: one of `choices`; a switch; numbers; whole ones; steps, as many or these;
#: pairs of features; an array, as numbers, JSON or a file; the name of a function or of other code;
#: words; one of `choices`, or JSON of another description; JSON of anything else.
Form = Literal[
    "choice", "flag", "whole", "number", "vector", "wholes", "steps", "pairs", "array", "function",
    "code", "words", "law", "json",
]  # fmt: skip

_FORMS: Final[tuple[tuple[Any, Form], ...]] = (
    (bool, "flag"),
    (int, "whole"),
    (float, "number"),
    (int | Literal["all"], "whole"),
    (tuple[float, ...], "vector"),
    (float | tuple[float, ...], "vector"),
    (int | tuple[int, ...], "steps"),
    (tuple[tuple[int, int], ...], "pairs"),
    (Content, "array"),
    (Function, "function"),
    (Factory, "code"),
    (tuple[str, ...], "words"),
    (tuple[int, ...], "wholes"),
)
_ENTRY = re.compile(r"(\w+):\s*(.*)")


@dataclass(frozen=True)
class Field:
    """One field of a description.

    `default` is None for one that is `required`; `interval` bounds numbers; `help` is what the
    docstring of the class says of it under `Args:`.
    """

    name: str
    form: Form
    required: bool
    default: Any
    choices: tuple[str, ...]
    interval: Interval | None
    help: str


def fields_of(cls: type[Spec]) -> dict[str, Field]:
    """The fields of a description by name, but for its `kind`."""
    said = _arguments(inspect.getdoc(cls) or "")
    return {
        name: Field(
            name,
            _form(info.annotation),
            info.is_required(),
            None if info.is_required() else info.default,
            _words(info.annotation),
            next((entry for entry in info.metadata if isinstance(entry, Interval)), None),
            said.get(name, ""),
        )
        for name, info in cls.__pydantic_fields__.items()
        if name != "kind"
    }


def _words(annotation: Any) -> tuple[str, ...]:
    """What may be said in words: every choice, or what stands beside numbers."""
    kinds = (annotation,) if _is_choice(annotation) else get_args(annotation)
    return tuple(str(word) for kind in kinds if _is_choice(kind) for word in get_args(kind))


def _is_choice(annotation: Any) -> bool:
    return get_origin(annotation) is Literal


def _is_spec(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Spec)


def _form(annotation: Any) -> Form:
    if _is_choice(annotation):
        return "choice"
    for kind, form in _FORMS:
        if annotation in (kind, kind | None):
            return form
    kinds = get_args(annotation)
    if any(map(_is_choice, kinds)) and any(_is_spec(kind) for kind in kinds):
        return "law"
    return "json"


def _arguments(docstring: str) -> dict[str, str]:
    """The entries of the section `Args:` of a clean docstring, each on one line."""
    found: dict[str, str] = {}
    _, _, section = docstring.partition("\nArgs:\n")
    indent, name = "", ""
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break  # the next section
        indent = indent or line[: len(line) - len(line.lstrip())]
        entry = _ENTRY.fullmatch(line.removeprefix(indent))
        if entry is not None:
            name = entry[1]
            found[name] = entry[2]
        elif name and line.strip():
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found

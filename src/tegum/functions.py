"""Functions that descriptions hold: known by the module and the name that they are found under."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from typing import Any, Final, NoReturn
from uuid import uuid4

from tegum.contents import may_read_files
from tegum.errors import SpecError, joined
from tegum.factories import Factory
from tegum.source_text import digest_of, found_under
from tegum.spec import BrokenRule, Spec, is_read

_HOW: Final = "must be a function, or the module:function under which one is found"


class Function:
    """A function that a description holds, equal to no other function.

    Args:
        call: the function, or what stands for one that is not at hand.
    """

    __slots__ = ("call", "digest", "name")

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call
        kind: Any = call if hasattr(call, "__qualname__") else type(call)
        self.name = getattr(call, "stands_for", f"{kind.__module__}:{kind.__qualname__}")
        self.digest = _digest(call)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Function) and self.call == other.call

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name

    @property
    def is_named(self) -> bool:
        """Whether it is what is found under its name, in the module as it is now."""
        return found_under(self.name) is self.call

    @property
    def is_known(self) -> bool:
        """Whether name and source say all of it: it is named, and has a source."""
        return self.is_named and bool(self.digest)

    def written(self, placed: bool) -> Any:
        """What JSON has: the name; of what is not named, what it goes by in this process.

        Unless `placed`, name and digest: the same in every process, another one for another source.
        """
        if isinstance(self.call, Absent):
            return self.call.written
        if not placed:
            return {"name": self.name, "source": self.digest}
        if self.is_named:
            return self.name
        for number, known in _HERE.items():
            if known == self:
                return {"name": self.name, "process": _PROCESS, "number": number}
        number = next(_NUMBERS)
        _HERE[number] = self
        return {"name": self.name, "process": _PROCESS, "number": number}


@dataclass(frozen=True)
class Absent:
    """What stands for a function that is known by its name, and raises when it is called.

    Args:
        stands_for: the name.
        rule: what would have it at hand.
        written: what JSON has of it.
    """

    stands_for: str
    rule: str
    written: Any = field(hash=False)

    def __call__(self, *arguments: Any) -> NoReturn:
        """Raise SpecError."""
        raise SpecError.of("Custom", "function", self.rule, self.stands_for)


#: This process, in which functions without a name of their own have numbers.
_PROCESS: Final = uuid4().hex
_NUMBERS: Final = count()
_HERE: Final[dict[int, Function]] = {}


def function_of(value: Any) -> Function:
    """A function, from itself, its name or what JSON has; else BrokenRule.

    Only a name that is given outright has its module imported: no file decides what is run. What
    JSON has and what is not at hand raises when it is called.
    """
    if isinstance(value, Function):
        return value
    if isinstance(value, str):
        return _named(value)
    if isinstance(value, Mapping):
        return _of_process(value)
    if not callable(value):
        raise BrokenRule(_HOW, value)
    return _taking_two(Function(value))


def _taking_two(function: Function) -> Function:
    try:
        signature = inspect.signature(function.call)
    except (TypeError, ValueError):  # of what is not written in Python
        return function
    try:
        signature.bind(None, 1)
    except TypeError:
        named = f"{function.name}({', '.join(signature.parameters)})"
        raise BrokenRule("must take (rng, count)", named) from None
    return function


def _digest(call: Callable[..., Any]) -> str:
    """Of the source, and of what that names in the same package; "" where there is none."""
    try:
        inspect.getsource(call)
    except (OSError, TypeError):
        return ""
    return digest_of(call)


def _named(name: str) -> Function:
    module, _, path = name.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *path.split("."))):
        raise BrokenRule(_HOW, name)
    if not may_read_files():
        raise BrokenRule("must be a function: none are looked up here", name)
    if not is_read():
        try:
            import_module(module)
        except Exception as error:  # whatever a module does when it is imported
            rule = f"must be in a module that can be imported ({joined(error)})"
            raise BrokenRule(rule, name) from None
    call = found_under(name)
    if not callable(call) and is_read():
        rule = f"must be in a module that is imported, as by `import {module}`"
        return Function(Absent(name, rule, name))
    if not callable(call):
        raise BrokenRule(f"must be a function that {module} has", name)
    return _taking_two(Function(call))


def _of_process(value: Mapping[Any, Any]) -> Function:
    kinds = {name: type(part) for name, part in value.items()}
    if kinds != {"name": str, "process": str, "number": int}:
        raise BrokenRule(_HOW, value)
    if value["process"] == _PROCESS and value["number"] in _HERE:
        return _HERE[value["number"]]
    rule = "is known in the process alone that made it: only functions of modules are found again"
    return Function(Absent(value["name"], rule, dict(value)))


def code_in(spec: Spec) -> Iterator[tuple[str, str, Function | Factory]]:
    """All code that a description names: class and field of each, and the code."""
    for name, value in spec:
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Function | Factory):
                yield type(spec).__name__, name, one
            elif isinstance(one, Spec):
                yield from code_in(one)


def unknown_in(spec: Spec) -> tuple[str, str, Function] | None:
    """The first function in a description that name and source do not say: class and field, too."""
    for owner, name, one in code_in(spec):
        if isinstance(one, Function) and not one.is_known:
            return owner, name, one
    return None


def bring(name: str) -> None:
    """Have code at hand that somebody who may run it here names, as `module:qualname`.

    Raises ImportError where there is none.
    """
    import_module(name.partition(":")[0])
    found = found_under(name)
    if found is None:
        raise ImportError(f"there is no {name}")
    Factory.of(found)

"""What makes a module: a class or function of the user's, known by its name and by what it says.

A description names code and never imports it: what a file names is called only where this program
has itself given the same code, with the same text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tegum.source_text import digest_of, found_under, name_of
from tegum.spec import BrokenRule

_RULE: Final = "must be a class or function that makes a torch.nn.Module"
#: The code that this program has given, by name and digest.
_GIVEN: Final[dict[tuple[str, str], Callable[..., Any]]] = {}


class Factory:
    """Code that makes modules, equal to all of the same name and text.

    Args:
        name: module:qualname.
        digest: of its source, and of what that names in the same package.
        importable: whether the name leads to it.
    """

    __slots__ = ("digest", "importable", "name")

    def __init__(self, name: str, digest: str, importable: bool = True) -> None:
        self.name, self.digest, self.importable = name, digest, importable

    @classmethod
    def of(cls, given: Any) -> Factory:
        """From a class, a function, or what `written` wrote. Raises `BrokenRule`."""
        if isinstance(given, Factory):
            return given
        if isinstance(given, str):
            name, _, digest = given.partition("#")
            if not digest or ":" not in name:
                raise BrokenRule(f"{_RULE}, itself, not its name", given)
            return cls(name, digest)
        if not callable(given):
            raise BrokenRule(_RULE, given)
        if hasattr(given, "named_parameters") and not isinstance(given, type):
            raise BrokenRule(f"{_RULE}, not one: every model gets its own", type(given).__name__)
        name = name_of(given)
        found = cls(name, digest_of(given), found_under(name) is given)
        _GIVEN[name, found.digest] = given
        return found

    @property
    def call(self) -> Callable[..., Any] | None:
        """The code, or None where this program has not given it."""
        return _GIVEN.get((self.name, self.digest))

    def written(self, fully: bool) -> str:
        """Its name, and `fully` the digest of what it says too."""
        return f"{self.name}#{self.digest}" if fully else self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Factory) and self.written(True) == other.written(True)

    def __hash__(self) -> int:
        return hash((self.name, self.digest))

    def __repr__(self) -> str:
        return self.name

"""The code of functions and classes: where it is found, and a digest of what it says."""

from __future__ import annotations

import functools
import inspect
import sys
from hashlib import blake2b
from types import CodeType, FunctionType
from typing import Any, Final

#: Values of these types are read as what they are.
_PLAIN: Final = (bool, int, float, str, bytes, tuple, type(None))


def name_of(code: Any) -> str:
    """module:qualname; of a partial that of what it calls, of an object that of its class."""
    inner = code.func if isinstance(code, functools.partial) else code
    owner = inner if hasattr(inner, "__qualname__") else type(inner)
    return f"{owner.__module__ or '?'}:{owner.__qualname__}"


def found_under(name: str) -> Any:
    """What a name leads to in a module that is loaded; None for nothing."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found


def digest_of(code: Any) -> str:
    """Of its source, and of what that names in the same package."""
    said: dict[str, str] = {}
    _gather(code, name_of(code).partition(":")[0].partition(".")[0], said)
    digest = blake2b(digest_size=8)
    for name, text in sorted(said.items()):
        digest.update(f"{name}\n{text}\n".encode())
    return digest.hexdigest()


def _gather(code: Any, package: str, said: dict[str, str]) -> None:
    """The texts of classes and functions of a package: of `code`, and of what they name."""
    if isinstance(code, functools.partial):
        said["partial"] = repr((code.args, sorted(code.keywords.items())))
        code = code.func
    if not isinstance(code, type | FunctionType):
        code = type(code)
    module = code.__module__ or "?"
    name = f"{module}:{code.__qualname__}"
    if name in said or module.partition(".")[0] != package:
        return
    functions = _functions(code)
    said[name] = "\n".join(map(_text, functions))
    for base in getattr(code, "__bases__", ()):
        _gather(base, package, said)
    for word, value in getattr(code, "__dict__", {}).items():
        _note(f"{name}.{word}", value, package, said)
    around = vars(sys.modules[module]) if module in sys.modules else {}
    for function in functions:
        for one in _codes(function):
            for word in set(one.co_names) & around.keys():
                _note(f"{module}:{word}", around[word], package, said)
        for word, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            _note(f"{name}:{word}", cell.cell_contents, package, said)


def _note(name: str, value: Any, package: str, said: dict[str, str]) -> None:
    """What a name stands for: code of the package, or a plain value."""
    if isinstance(value, type | FunctionType):
        _gather(value, package, said)
    elif isinstance(value, _PLAIN) and "__" not in name.rpartition(".")[2]:
        said[name] = repr(value)


def _functions(code: Any) -> list[FunctionType]:
    """A function, or those that a class defines."""
    if isinstance(code, FunctionType):
        return [code]
    inner = [getattr(value, "fget", None) or getattr(value, "__func__", value)
             for value in vars(code).values()]  # fmt: skip
    return [value for value in inner if isinstance(value, FunctionType)]


def _codes(function: FunctionType) -> list[CodeType]:
    """The code of a function, and of what it defines inside."""
    found = [function.__code__]
    for one in found:
        found += [inner for inner in one.co_consts if isinstance(inner, CodeType)]
    return found


def _text(function: FunctionType) -> str:
    """The source, or the instructions where there is none, and the usual values of arguments."""
    usual = repr((function.__defaults__, function.__kwdefaults__))
    try:
        return inspect.getsource(function) + usual
    except (OSError, TypeError):
        codes = _codes(function)
        plain = [[c for c in one.co_consts if isinstance(c, _PLAIN)] for one in codes]
        return repr(([(one.co_code.hex(), one.co_names) for one in codes], plain)) + usual

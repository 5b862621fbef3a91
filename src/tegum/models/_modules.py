"""Modules as a factory makes them: what they hold, without a word of PyTorch."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from tegum.dims import FEATURE, HIDDEN
from tegum.errors import SpecError, joined
from tegum.factories import Factory
from tegum.runs.schema import DIMENSIONS, PARAMETERS, VARIABLES

_OWNER: Final = "TorchModel"
#: Before the name of an array that means something else in a Dataset.
_OWN: Final = "module."


class Described(NamedTuple):
    """What the modules of a factory hold, by the names that a Dataset has for it."""

    named: dict[str, str]  # what the module calls it
    shapes: dict[str, tuple[int, ...]]
    dims: dict[str, tuple[str, ...]]
    trained: tuple[str, ...]  # of these
    layers: tuple[str, ...]  # the names of submodules


def arrays_of(module: Any) -> dict[str, Any]:
    """Parameters and real buffers of a module by name: those that need a gradient first.

    Args:
        module: a torch.nn.Module.

    Returns:
        Tensors by the names that the module has for them.
    """
    own = dict(module.named_parameters())
    trained = {name: tensor for name, tensor in own.items() if tensor.requires_grad}
    fixed = {name: tensor for name, tensor in own.items() if not tensor.requires_grad}
    buffers = {n: t for n, t in module.named_buffers() if t.is_floating_point()}
    return trained | fixed | buffers


def make(factory: Factory, n: int, m: int) -> Any:
    call = factory.call
    if call is None:
        rule = (
            "names code that this program has not given: import it, and make tg.TorchModel of it "
            "first; what is not the same text is not the same"
        )
        raise SpecError.of(_OWNER, "factory", rule, factory.written(True))
    try:
        module = call(*_arguments(factory, call, n, m))
    except SpecError:
        raise
    except Exception as error:  # whatever the code of a user may raise
        rule = f"must make a module for n_features={n}, n_hidden={m}: {joined(error)[:200]}"
        raise SpecError.of(_OWNER, "factory", rule, factory.name) from error
    if not (hasattr(module, "named_parameters") and hasattr(module, "named_buffers")):
        raise SpecError.of(_OWNER, "factory", "must make a torch.nn.Module", type(module).__name__)
    return module


def _arguments(factory: Factory, call: Callable[..., Any], n: int, m: int) -> tuple[int, ...]:
    """What the code is called with: n and m, or nothing."""
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):  # of what is not written in Python
        return n, m
    for given in ((n, m), ()):
        try:
            signature.bind(*given)
        except TypeError:
            continue
        return given
    rule = "must take (n_features, n_hidden), or nothing"
    raise SpecError.of(_OWNER, "factory", rule, f"{factory.name}{signature}")


@lru_cache(maxsize=64)
def describe(factory: Factory, n: int, m: int) -> Described:
    torch = sys.modules.get("torch")  # loaded by the code that makes modules, if not before
    before = None if torch is None else torch.random.get_rng_state()
    module = make(factory, n, m)
    if torch is not None:
        torch.random.set_rng_state(before)
    tensors = arrays_of(module)
    trained = {name for name, tensor in tensors.items() if tensor.requires_grad}
    if not trained:
        rule = "must make a module with parameters to train"
        raise SpecError.of(_OWNER, "factory", rule, factory.name)
    own = {name: _dims(name, tuple(tensor.shape), n, m) for name, tensor in tensors.items()}
    calls = {name: _OWN + name if _means_else(name, own[name]) else name for name in tensors}
    for name in tensors:
        if not name.isprintable() or "/" in name:
            rule = "must make a module with names that a file can hold: printable, without '/'"
            raise SpecError.of(_OWNER, "factory", rule, name)
    return Described(
        {calls[name]: name for name in tensors},
        {calls[name]: tuple(tensor.shape) for name, tensor in tensors.items()},
        {calls[name]: own[name] for name in tensors},
        tuple(calls[name] for name in tensors if name in trained),
        tuple(name for name, _ in module.named_modules() if name),
    )


def _dims(name: str, shape: tuple[int, ...], n: int, m: int) -> tuple[str, ...]:
    """Names of the dimensions of an array."""
    known = {FEATURE: n, HIDDEN: m} if n != m else {}
    found = []
    for k, size in enumerate(shape):
        fits = [dim for dim, wanted in known.items() if size == wanted and shape.count(size) == 1]
        found.append(fits[0] if fits else f"{name}_{k}")
    return tuple(found)


def _means_else(name: str, dims: tuple[str, ...]) -> bool:
    return name in {*VARIABLES, *DIMENSIONS} and PARAMETERS.get(name) != dims

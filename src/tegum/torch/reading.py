"""Weights of checkpoints, as a Dataset like those of `train`."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.errors import InputFileError, SpecError, TegumError, joined
from tegum.foreign import from_weights
from tegum.models import shallow
from tegum.problem import Problem
from tegum.runs.weights import as_array
from tegum.store.reader import require_file
from tegum.torch._layouts import check_layout, guessed, read, without_prefix

if TYPE_CHECKING:
    import xarray as xr

_OWNER: Final = "load"
#: Where checkpoints keep the weights beside other things.
_INNER: Final = ("state_dict", "model_state_dict", "model", "module")


def load(
    source: str | os.PathLike[str] | Mapping[str, Any],
    problem: Problem,
    *,
    layout: str | None = None,
) -> xr.Dataset:
    """The models of a checkpoint or a state dict, as `from_weights` gives them.

    Files are read as tensors and nothing else: what a pickle could run is not.

    Args:
        source: a mapping of names to tensors or arrays; or a file: `.safetensors`, `.npz`, or what
            `torch.save` wrote of a state dict, by itself or under `state_dict` or `model`.
            Prefixes that all names have, as `module.`, are left out.
        problem: what the models are for; its model says what there is to be, its sizes which way
            round a matrix lies.
        layout: "plain", "notebook", "arena" or "linear", as `help(tegum.torch)` says; by default
            what names and shapes show, which those of a square W do not. Layers from hidden units
            to hidden units become part of W_out.

    Returns:
        The Dataset of `from_weights`; an instance axis is `seed`.

    Raises:
        InputFileError: for a file that is missing or damaged, or holds objects.
        SpecError: for names and shapes that do not fit.
        UnknownNameError: for a layout that there is not.
        TegumError: for a file of PyTorch where it is not installed.

    Source: method; the model is that of "Demonstrating Superposition: Experiment Setup".
    """
    if not isinstance(problem, Problem):
        raise SpecError.of(_OWNER, "problem", "must be a Problem", problem)
    shallow(_OWNER, problem.model)
    if layout is not None:
        check_layout(_OWNER, layout)
    named = source if isinstance(source, Mapping) else _read(_path(source))
    named = without_prefix(_inner(named))
    layout = guessed(_OWNER, named, problem) if layout is None else layout
    arrays = _arrays(_OWNER, named)
    given: dict[str, Any] = dict(read(_OWNER, arrays, problem, layout))
    return from_weights(problem, **given)


def arrays_in(owner: str, path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by their names, as `load` reads them."""
    return _arrays(owner, _inner(_read(path)))


def _arrays(owner: str, named: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    return {name: as_array(owner, name, _plain(value)) for name, value in named.items()}


def _path(source: Any) -> Path:
    if not isinstance(source, str | os.PathLike):
        rule = "must be a file or a mapping of names to arrays"
        raise SpecError.of(_OWNER, "source", rule, type(source))
    return Path(source)


def _inner(named: Mapping[Any, Any]) -> dict[str, Any]:
    """The mapping that holds the arrays."""
    for key in _INNER:
        if isinstance(named.get(key), Mapping):
            return _inner(named[key])
    return {str(name): value for name, value in named.items()}


def _plain(value: Any) -> Any:
    """A tensor of a type that numpy does not have as one of float32, which holds its numbers."""
    half = "float16" in str(getattr(value, "dtype", ""))
    return value.float() if half and hasattr(value, "float") else value


def _read(path: Path) -> Mapping[str, Any]:
    require_file(path)
    if path.suffix == ".safetensors":
        return _safetensors(path)
    if path.suffix == ".npz":
        return _npz(path)
    return _pickle(path)


def _safetensors(path: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, KeyError, TypeError, AttributeError) as error:
        raise InputFileError(f"{path} cannot be read as safetensors: {joined(error)}") from None


def _npz(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputFileError(f"{path} cannot be read as arrays: {joined(error)}") from None


def _pickle(path: Path) -> Mapping[str, Any]:
    torch = need_torch("load")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        rule = "is no checkpoint of tensors alone: nothing else is read; save model.state_dict()"
        raise InputFileError(f"{path} {rule}") from None
    except Exception as error:  # whatever a damaged pickle may raise
        said = joined(error)[:200]
        raise InputFileError(f"{path} cannot be read as a PyTorch checkpoint: {said}") from None
    if not isinstance(found, Mapping):
        raise InputFileError(f"{path} holds no state dict but a {type(found).__name__}")
    return found


def need_torch(function: str) -> Any:
    """PyTorch, or a TegumError that says how to install it."""
    try:
        import torch
    except ImportError:
        said = f"tegum.torch.{function} needs PyTorch: pip install 'tegum[torch]'"
        raise TegumError(said) from None
    return torch

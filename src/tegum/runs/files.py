"""Datasets as netCDF files, which xarray reads back: written whole, checked when read."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tegum.dims import FEATURE, HIDDEN, SEED
from tegum.errors import InputFileError, SpecError, joined
from tegum.memory import lacking
from tegum.problem import Problem
from tegum.runs.models import targets_of
from tegum.runs.schema import PROBLEM, TRAINING
from tegum.runs.weights import check_dataset, decoder_in
from tegum.store.reader import require_file
from tegum.store.writer import replacing, require_folder, require_replaceable
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

S = TypeVar("S", Problem, Training)

#: What a netCDF file has beside the numbers themselves, in bytes, generously.
_OVERHEAD = 256 * 1024


def check_target(path: Path) -> None:
    """Raise `TegumError` now if a file could not be written at `path` later."""
    require_replaceable(path)
    require_folder(path.parent)


def save(runs: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a Dataset to a netCDF file in one step: a file that was there stays until it is whole.

    `load`, and `xarray.open_dataset`, read it.

    Args:
        runs: a Dataset of `tegum.train`, or anything made of one.
        path: the file; its folder is made where it is missing.

    Raises:
        SpecError: for what is no Dataset.
        TegumError: where the file cannot be written (permissions, a full disk, a folder).

    Source: method, netCDF 4 by h5netcdf.
    """
    check_dataset("save", runs)
    path = Path(path)
    with replacing(path) as temporary:
        _require_room(temporary, runs.nbytes + _OVERHEAD)
        runs.to_netcdf(temporary, engine="h5netcdf")


def _require_room(path: Path, size: int) -> None:
    """Raise `OSError` where `path` cannot grow to `size` bytes: HDF5 crashes on a full disk."""
    if hasattr(os, "posix_fallocate"):
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def load(path: str | os.PathLike[str]) -> xr.Dataset:
    """The Dataset in a file that `save`, or `tegum train`, wrote.

    Args:
        path: the file.

    Returns:
        The Dataset in memory; the file is closed.

    Raises:
        InputFileError: for a file that is missing, truncated or not of tegum's making.

    Source: method, netCDF 4 by h5netcdf.
    """
    path = Path(path)
    require_file(path)
    found = _read(path)
    if isinstance(found, str):
        raise InputFileError(f"{path} {found}")
    described(found, path, Problem)
    if TRAINING in found.attrs:
        described(found, path, Training)
    try:
        targets_of(found)
    except SpecError as error:
        raise InputFileError(f"{path} is not a tegum file: {error}") from None
    return found


def load_trained(path: Path) -> xr.Dataset:
    """As `load`, and the Dataset has weights, and losses (..., seed)."""
    runs = load(path)
    described(runs, path, Training)
    if "loss" not in runs or SEED not in runs["loss"].dims or 0 in runs["loss"].shape:
        raise InputFileError(f"{path} is not a tegum file: it has no loss for each seed")
    try:
        weights = decoder_in(runs, "load")
    except SpecError:
        raise InputFileError(f"{path} is not a tegum file: it has no weights") from None
    if set(weights.dims) != {*runs["loss"].dims, HIDDEN, FEATURE}:
        dims = ", ".join(map(str, weights.dims))
        raise InputFileError(f"{path} is not a tegum file: its weights have dimensions {dims}")
    for array in (weights, runs["loss"]):
        if array.dtype.kind != "f":
            raise InputFileError(f"{path} is not a tegum file: its {array.name} is {array.dtype}")
    return runs


def described(runs: xr.Dataset, path: Path, kind: type[S]) -> S:
    """The Problem or Training that a Dataset says it holds the results of; InputFileError."""
    name = PROBLEM if issubclass(kind, Problem) else TRAINING
    if not isinstance(runs.attrs.get(name), str):
        raise InputFileError(f"{path} is not a tegum file: it has no attribute {name!r}")
    try:
        return kind.from_json(runs.attrs[name])
    except SpecError as error:
        raise InputFileError(f"{path} is not a tegum file: {error}") from None


def _read(path: Path) -> xr.Dataset | str:
    """The Dataset in memory, or what is wrong with the file."""
    import xarray as xr

    # A file object that failed to open complains again, on stderr, when it is thrown away.
    complain, sys.unraisablehook = sys.unraisablehook, lambda unraisable: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of conventions that a foreign file does not keep
            with xr.open_dataset(path, engine="h5netcdf") as opened:
                said = lacking(opened.nbytes)
                return opened.load() if said is None else f"needs {said}"
    except PermissionError:
        return "cannot be read: permission denied"
    except Exception as error:
        # Each layer below (HDF5, netCDF conventions, decoding) has errors of its own.
        return f"is not a whole netCDF file: {joined(error)[:120]}"
    finally:
        gc.collect(1)
        sys.unraisablehook = complain

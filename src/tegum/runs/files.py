"""Datasets as netCDF files, which xarray reads back: written whole, checked when read."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from tegum.errors import InputFileError, SpecError, TegumError
from tegum.store.writer import replacing, require_folder

if TYPE_CHECKING:
    import xarray as xr

    from tegum.problem import Problem
    from tegum.training import Training

#: What a netCDF file has beside the numbers themselves, in bytes, generously.
_OVERHEAD = 256 * 1024


def check_target(path: Path) -> None:
    """Raise `TegumError` now if a file could not be written at `path` later."""
    if path.is_dir():
        raise TegumError(f"cannot write {path}: it is a folder")
    require_folder(path.parent)


def save(runs: xr.Dataset, path: Path) -> None:
    """Write `runs` to `path` in one step; `xarray.open_dataset(path)` reads it."""
    with replacing(path) as temporary:
        _require_room(temporary, runs.nbytes + _OVERHEAD)
        runs.to_netcdf(temporary, engine="h5netcdf")


def _require_room(path: Path, size: int) -> None:
    """Raise `OSError` where `path` cannot grow to `size` bytes: HDF5 crashes on a full disk."""
    if hasattr(os, "posix_fallocate"):
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def load(path: Path) -> xr.Dataset:
    """The Dataset in a file that `save` wrote, in memory.

    Raises `InputFileError` for a file that is missing, truncated or not of tegum's making.
    """
    if not path.is_file():
        raise InputFileError(f"{path} is not there" if not path.exists() else f"{path} is a folder")
    found = _read(path)
    if isinstance(found, str):
        raise InputFileError(f"{path} {found}")
    descriptions(found, path)
    return found


def _read(path: Path) -> xr.Dataset | str:
    """The Dataset in memory, or what is wrong with the file."""
    import xarray as xr

    # A file object that failed to open complains again, on stderr, when it is thrown away.
    complain, sys.unraisablehook = sys.unraisablehook, lambda unraisable: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of conventions that a foreign file does not keep
            with xr.open_dataset(path, engine="h5netcdf") as opened:
                return opened.load()
    except PermissionError:
        return "cannot be read: permission denied"
    except Exception as error:
        # Each layer below (HDF5, netCDF conventions, decoding) has errors of its own.
        return f"is not a whole netCDF file: {' '.join(str(error).split())[:120]}"
    finally:
        gc.collect(1)
        sys.unraisablehook = complain


def descriptions(runs: xr.Dataset, path: Path) -> tuple[Problem, Training]:
    """The problem and training that a Dataset says it holds the results of.

    Raises `InputFileError` where it does not say, or lacks the losses of the seeds.
    """
    from tegum.dims import FEATURE, HIDDEN, SEED
    from tegum.problem import Problem
    from tegum.training import Training

    for name in ("problem", "training"):
        if not isinstance(runs.attrs.get(name), str):
            raise InputFileError(f"{path} is not a tegum file: it has no attribute {name!r}")
    if "loss" not in runs or SEED not in runs["loss"].dims or 0 in runs["loss"].shape:
        raise InputFileError(f"{path} is not a tegum file: it has no loss for each seed")
    if "W" not in runs and "W_out" not in runs:
        raise InputFileError(f"{path} is not a tegum file: it has no weights")
    weights = runs["W" if "W" in runs else "W_out"]
    if set(weights.dims) != {*runs["loss"].dims, HIDDEN, FEATURE}:
        dims = ", ".join(map(str, weights.dims))
        raise InputFileError(f"{path} is not a tegum file: its weights have dimensions {dims}")
    for array in (weights, runs["loss"]):
        if array.dtype.kind != "f":
            raise InputFileError(f"{path} is not a tegum file: its {array.name} is {array.dtype}")
    try:
        return Problem.from_json(runs.attrs["problem"]), Training.from_json(runs.attrs["training"])
    except SpecError as error:
        raise InputFileError(f"{path} is not a tegum file: {error}") from None

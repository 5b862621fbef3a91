"""Datasets as netCDF files, which xarray reads back: written whole, checked when read.

A file of `save` ends with a checksum, behind what netCDF libraries read; one that others wrote, or
wrote to, has none and is read as it is.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tegum import checksum
from tegum.arguments import explained
from tegum.dims import FEATURE, HIDDEN, SEED
from tegum.errors import InputFileError, SpecError, joined
from tegum.memory import lacking
from tegum.models import Shallow
from tegum.problem import Problem
from tegum.runs.models import stated_problem, targets_of
from tegum.runs.schema import PROBLEM, TRAINING
from tegum.runs.shapes import check_dataset
from tegum.runs.weights import decoder_in
from tegum.store.reader import require_file
from tegum.store.writer import replacing, require_folder, require_replaceable
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
#: Where an HDF5 file says at which byte it ends, by the version of its layout.
_END_AT: Final = {0: 40, 1: 44, 2: 28, 3: 28}
#: How names of netCDF files end.
_ENDINGS: Final = (".nc", ".nc4", ".netcdf", ".h5", ".hdf5")
#: What a netCDF file has beside the numbers themselves, in bytes, generously.
_OVERHEAD = 256 * 1024


def check_target(path: Path) -> None:
    """Raise `TegumError` now if a file could not be written at `path` later."""
    _require_ending("--out", path)
    require_replaceable(path)
    require_folder(path.parent)


@explained(example="tg.save(runs, 'runs.nc')")
def save(runs: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a Dataset to a netCDF file in one step: a file that was there stays until it is whole.

    `load`, and `xarray.open_dataset`, read it.

    Args:
        runs: a Dataset of `tegum.train`, or anything made of one that still says of what problem.
        path: the file, of any name or one that ends in `.nc`, `.nc4`, `.netcdf`, `.h5` or `.hdf5`;
            its folder is made where it is missing.

    Raises:
        SpecError: for what is no Dataset, what `load` would not read, or netCDF cannot hold, and
            for the ending of another kind of file.
        TegumError: where the file cannot be written (permissions, a full disk, a folder).

    Source: method, netCDF 4 by h5netcdf, and a BLAKE2b of its bytes.
    """
    check_dataset("save", runs)
    wrong = _misdescribed(runs)
    if wrong:
        raise SpecError(f"save.runs must be a Dataset that tegum can load: {wrong}")
    path = Path(path)
    _require_ending("save.path", path)
    with replacing(path) as temporary:
        _require_room(temporary, runs.nbytes + _OVERHEAD)
        try:
            runs.to_netcdf(temporary, engine="h5netcdf")
        except (TypeError, ValueError, NotImplementedError) as error:
            raise SpecError(
                f"save.runs must be what netCDF can hold: {joined(error)[:120]}"
            ) from error
        checksum.seal_file(temporary)


def _require_ending(field: str, path: Path) -> None:
    """Raise `SpecError` where the name of a file says that something else is in it."""
    if path.suffix[1:2].isalpha() and path.suffix.lower() not in _ENDINGS:
        rule = "must end in .nc, it is netCDF (tg.runs.tables.loss_table(runs) is a table)"
        raise SpecError.of(field, "", rule, path.name)


def _require_room(path: Path, size: int) -> None:
    """Raise `OSError` where `path` cannot grow to `size` bytes: HDF5 crashes on a full disk."""
    if hasattr(os, "posix_fallocate"):
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)


@explained(example="tg.load('runs.nc')")
def load(path: str | os.PathLike[str]) -> xr.Dataset:
    """The Dataset in a file that `save`, or `tegum train`, wrote.

    Args:
        path: the file.

    Returns:
        The Dataset in memory; the file is closed.

    Raises:
        InputFileError: for a file that is missing, damaged or not of tegum's making.

    Source: method, netCDF 4 by h5netcdf.
    """
    path = Path(path)
    require_file(path)
    found = _damage(path) or _read(path)
    if isinstance(found, str):
        raise InputFileError(f"{path} {found}")
    wrong = _misdescribed(found)
    if wrong:
        raise InputFileError(f"{path} is not a tegum file: {wrong}")
    return found


def load_trained(path: Path) -> xr.Dataset:
    """As `load`, and the Dataset has weights, and losses (..., seed)."""
    runs = load(path)
    if TRAINING not in runs.attrs:
        raise InputFileError(f"{path} is not a tegum file: it has no attribute {TRAINING!r}")
    if "loss" not in runs or SEED not in runs["loss"].dims or 0 in runs["loss"].shape:
        raise InputFileError(f"{path} is not a tegum file: it has no loss for each seed")
    if inner := [dim for dim in (HIDDEN, FEATURE) if dim in runs["loss"].dims]:
        raise InputFileError(f"{path} is not a tegum file: it has a loss for each {inner[0]}")
    if not isinstance(stated_problem(runs, "load").model, Shallow):
        return runs
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


def _misdescribed(runs: xr.Dataset) -> str:
    """What is wrong with its description: of a problem and, where it has one, of a training."""
    for name, kind in ((PROBLEM, Problem), (TRAINING, Training)):
        said = runs.attrs.get(name)
        if name == TRAINING and name not in runs.attrs:
            continue
        if not isinstance(said, str):
            return f"it has no attribute {name!r}"
        try:
            kind.from_json(said)
        except SpecError as error:
            return str(error)
    try:
        targets_of(runs)
    except SpecError as error:
        return str(error)
    return ""


def _damage(path: Path) -> str:
    """What the file's own checksum and length say is wrong with it, or nothing."""
    try:
        found = checksum.check_file(path)
        with path.open("rb") as file:
            head, size = file.read(64), path.stat().st_size
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if found == "damaged":
        return "is damaged: its checksum does not match its content"
    at = _END_AT.get(head[8]) if head.startswith(_SIGNATURE) and len(head) == 64 else None
    if found == "bare" and at and size > int.from_bytes(head[at : at + 8], "little"):
        return "is damaged: what follows its end is no checksum"
    return ""


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
        return "cannot be read: Permission denied"
    except Exception as error:
        # Each layer below (HDF5, netCDF conventions, decoding) has errors of its own.
        return f"is not a whole netCDF file: {joined(error)[:120]}"
    finally:
        gc.collect(1)
        sys.unraisablehook = complain

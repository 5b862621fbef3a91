"""One unit on disk: a safetensors file with checked JSON metadata, written whole or not at all."""

from __future__ import annotations

import itertools
import json
import os
import socket
import time
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.errors import DamagedFileError, StoreError

Arrays = dict[str, NDArray[Any]]
Meta = dict[str, Any]

SUFFIX: Final = ".safetensors"
_ENTRY: Final = "tegum"
_TEMPORARY: Final = ".tmp-"
_HOST: Final = socket.gethostname().replace("/", "_") or "localhost"
_ORPHAN_SECONDS: Final = 86_400.0
_LONGEST_HEADER: Final = 100_000_000
#: On Windows the signal that only asks whether a process lives would end it.
_CAN_ASK: Final = os.name == "posix"
_counter = itertools.count()


def encode(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> bytes:
    """The bytes of a unit's file; equal arrays and metadata give equal bytes.

    The metadata is one JSON entry of the safetensors header. Its `checksum` is the BLAKE2b of the
    rest of the metadata and of every array's name, type, shape and bytes.
    """
    from safetensors.numpy import save

    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    sealed = {**meta, "checksum": _checksum(plain, meta)}
    return save(plain, metadata={_ENTRY: _canonical(sealed)})


def decode(raw: bytes, name: str = "file") -> tuple[Arrays, Meta]:
    """The writable arrays and the metadata (without the checksum) of a unit's bytes.

    Raises DamagedFileError, which names `name`, unless everything is as `encode` left it.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    meta = _header(raw, name)
    expected = meta.pop("checksum", None)
    try:
        arrays = load(raw)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise DamagedFileError(f"{name} is damaged: {_line(error)}") from None
    try:
        found = _checksum(arrays, meta)
    except ValueError:  # NaN, which we do not write
        found = None
    if found is None or found != expected:
        raise DamagedFileError(f"{name} is damaged: its checksum does not match its content")
    return {
        key: array if array.flags.writeable else array.copy() for key, array in arrays.items()
    }, meta


def read(path: Path) -> tuple[Arrays, Meta]:
    """`decode` of a file; DamagedFileError, or FileNotFoundError, or StoreError if unreadable."""
    _require_plain(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise failure("read", path, error) from error
    return decode(raw, path.name)


def _require_plain(path: Path) -> None:
    """Raise `DamagedFileError` for a folder, a pipe or a device, which may keep us waiting."""
    if path.exists() and not path.is_file():
        raise DamagedFileError(f"{path.name} is not a plain file")


def write(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write to a temporary name beside `path`, flush to the disk, then rename.

    Whoever looks sees the old file, or none, or the whole new one. `durable=False` leaves out the
    flush: a power failure may then damage the file, which its checksum will tell. Raises
    StoreError, and leaves nothing behind, when the disk is full or not writable.
    """
    temporary = temporary_beside(path)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, path)
        if durable:
            _flush_folder(path.parent)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise failure("write", path, error) from error
        raise


def failure(verb: str, path: Path, error: OSError) -> StoreError:
    """A one-line StoreError for an operating-system error."""
    return StoreError(f"store cannot {verb} {path}: {error.strerror or _line(error)}")


def temporary_beside(path: Path, prefix: str = _TEMPORARY) -> Path:
    """A name in the same folder that nobody has, and that says which process is writing."""
    return path.parent / f"{prefix}{_HOST}-{os.getpid()}-{next(_counter)}"


def remove_orphans(folder: Path, prefix: str = _TEMPORARY) -> int:
    """Remove the temporary files that no living process is writing; their number.

    A file of a process that cannot be asked, as on another machine, is orphaned after a day.
    """
    removed = 0
    for path in folder.glob(f"{prefix}*"):
        host, _, rest = path.name.removeprefix(prefix).rpartition("-")[0].rpartition("-")
        try:
            if host == _HOST and rest.isdigit() and _CAN_ASK:
                orphan = not _alive(int(rest))
            else:
                orphan = time.time() - path.stat().st_mtime > _ORPHAN_SECONDS
            if orphan:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue
    return removed


def _header(raw: bytes, name: str) -> Meta:
    size = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or size > min(len(raw) - 8, _LONGEST_HEADER):
        raise DamagedFileError(f"{name} is damaged: {len(raw)} bytes are not a whole file")
    try:
        meta = json.loads(json.loads(raw[8 : 8 + size])["__metadata__"][_ENTRY])
    except (ValueError, KeyError, TypeError, RecursionError):
        meta = None
    if not isinstance(meta, dict):
        raise DamagedFileError(f"{name} is damaged or foreign: it holds no tegum metadata")
    return meta


def _checksum(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> str:
    digest = blake2b(_canonical(meta).encode(), digest_size=20)
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.asarray(array, order="C").reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _canonical(meta: Mapping[str, Any]) -> str:
    return json.dumps(meta, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _flush_folder(folder: Path) -> None:
    """Make a rename durable, where a folder can be opened like a file."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())

"""Files that somebody names: opened where they are plain files, and refused in one line elsewhere.

A folder is no file, and a pipe or a device may keep whoever opens it waiting for ever.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tegum.errors import InputFileError, joined


def path_of(given: str | os.PathLike[str]) -> Path:
    """The path, if it can be one; InputFileError."""
    path = Path(given)
    if "\0" in str(path):
        raise InputFileError(f"{str(path)!r} cannot be a path: it holds a null character")
    return path


def require_file(path: Path) -> None:
    """Raise `InputFileError` unless there is a plain file at `path`."""
    try:
        mode = path_of(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise InputFileError(f"{path} is not there") from None
    except OSError as error:
        raise cannot_read(path, error) from None
    if stat.S_ISDIR(mode):
        raise InputFileError(f"{path} is a folder")
    if not stat.S_ISREG(mode):
        raise InputFileError(f"{path} is not a plain file")


def read(path: Path) -> bytes:
    """What the plain file at `path` holds; `InputFileError`."""
    require_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise cannot_read(path, error) from None


def cannot_read(path: Path, error: OSError) -> InputFileError:
    """The one-line error for a file that could not be read."""
    return InputFileError(f"{path} cannot be read: {error.strerror or joined(error)}")

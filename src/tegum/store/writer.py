"""Files that are whole or not there: written under a temporary name, then renamed."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from tegum.errors import TegumError
from tegum.store.files import remove_orphans, temporary_beside
from tegum.store.reader import path_of


def cannot_write(path: Path, error: OSError) -> TegumError:
    """The one-line error for a file that could not be written."""
    return TegumError(f"cannot write {path}: {error.strerror or error}")


def require_replaceable(path: Path) -> None:
    """Raise `TegumError` unless there is nothing at `path`, or a plain file."""
    try:
        mode = path_of(path).stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_write(path, error) from error
    if stat.S_ISDIR(mode):
        raise TegumError(f"cannot write {path}: it is a folder")
    if not stat.S_ISREG(mode):
        raise TegumError(f"cannot write {path}: it is not a plain file")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the name, on failure it goes.

    What a process that was killed left of an earlier try goes too. Raises `TegumError` when the
    file system refuses (permissions, full disk), and for what is no file.
    """
    require_replaceable(path)
    temporary: Path | None = None
    prefix = f".tegum-{blake2b(os.fsencode(path.name), digest_size=6).hexdigest()}-"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_orphans(path.parent, prefix)
        new = temporary_beside(path, prefix)
        new.touch(exist_ok=False)
        temporary = new
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if isinstance(error, TegumError):
            raise
        raise cannot_write(path, error) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def write(path: Path, content: str | bytes) -> None:
    r"""Write text (UTF-8, `\n`) or bytes to `path` in one step, making its folder."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def require_folder(folder: Path) -> None:
    """Make `folder` and check that files can be made in it; `TegumError` where they cannot."""
    try:
        path_of(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise cannot_write(folder, error) from error

"""Advisory claims: one process at a time computes a unit; a dead process blocks nobody."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from tegum.store.files import failure


class Claim:
    """A lock held on a file until `release`; the operating system drops it with the process."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle

    @classmethod
    def take(cls, path: Path) -> Claim | None:
        """The claim on `path`, or None while another holds it.

        On a file system without locks every claim is granted: work may then be done twice, with
        the same bits.
        """
        while True:
            try:
                handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except OSError as error:
                raise failure("lock", path, error) from error
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return None
            except OSError:
                return cls(path, handle)
            # the former holder may have removed the file between our open and our lock
            if _same_file(handle, path):
                return cls(path, handle)
            os.close(handle)

    def release(self) -> None:
        """Give the claim up; a second call does nothing."""
        if self._handle >= 0:
            if _same_file(self._handle, self._path):
                self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False

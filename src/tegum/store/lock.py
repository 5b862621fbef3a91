"""Advisory locks: one process at a time computes a unit; a dead process blocks nobody."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from filelock import FileLock, Timeout

from tegum.store.files import failure

#: How file systems without locks answer.
_NO_LOCKS: Final = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


class Lock:
    """A lock held on a file until `release`; the operating system drops it with the process."""

    def __init__(self, path: Path, held: FileLock | None) -> None:
        self._path = path
        self._held = held

    @classmethod
    def take(cls, path: Path) -> Lock | None:
        """The lock on `path`, or None while another holds it.

        On a file system without locks every lock is granted: work may then be done twice, with
        the same bits.

        Raises:
            StoreError: the file at `path` cannot be made or written.
        """
        held = FileLock(path, thread_local=False)
        try:
            held.acquire(blocking=False)
        except Timeout:
            return None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise failure("lock", path, error) from error
            return cls(path, None)
        return cls(path, held)

    def release(self) -> None:
        """Give the lock up; a second call does nothing."""
        if self._held is not None:
            # a file that is locked after it was removed is given back, and a new one is made
            with suppress(OSError):  # where a file that is open cannot be removed
                self._path.unlink()
            self._held.release()
            self._held = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

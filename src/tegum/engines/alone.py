"""Of processes that come to one kernel at the same time the first compiles it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout
from numba.core.event import trigger_event

#: Seconds after which a process that compiles is taken to have stopped.
PATIENCE: Final = 300.0


class Turn:
    """The turn to compile a kernel; a process that ends has it no longer."""

    def __init__(self, path: Path, kernel: str) -> None:
        # whoever comes holds numba's lock: one thread of a process at a time
        self._lock, self._kernel = FileLock(path, thread_local=False), kernel

    def come(self) -> None:
        """Wait for it; whoever had it till now may have left its work, or have stopped."""
        with suppress(OSError):  # a file system without locks
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                with trigger_event("numba:compile", data={"dispatcher": self._kernel}):
                    self._lock.acquire(timeout=PATIENCE, poll_interval=0.05)

    def within(self, compile: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The same, after which the turn is over, however it ends."""

        def compile_and_leave(signature: Any) -> Any:
            try:
                return compile(signature)
            finally:
                self._lock.release(force=True)

        return compile_and_leave

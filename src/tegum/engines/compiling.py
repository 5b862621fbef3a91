"""Word of kernels being compiled: the first call of one can take many seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba.core.event import Event, Listener, install_listener


@contextmanager
def compiling_told(tell: Callable[[bool], None]) -> Iterator[None]:
    """Call `tell(True)` when a kernel begins to be compiled in this process, `tell(False)` after.

    A kernel that is read from the cache is not compiled. What others call, compiled with it, is
    part of it. The thread that compiles is the one that tells.
    """
    with install_listener("numba:compile", _Teller(tell)):
        yield


class _Teller(Listener):
    """Counts what begins and ends: kernels are compiled within others."""

    def __init__(self, tell: Callable[[bool], None]) -> None:
        self._tell, self._depth = tell, 0

    def on_start(self, event: Event) -> None:
        self._depth += 1
        if self._depth == 1:
            self._tell(True)

    def on_end(self, event: Event) -> None:
        self._depth = max(0, self._depth - 1)  # it may have begun before we listened
        if self._depth == 0:
            self._tell(False)

"""`processes:N`: processes of this machine, by loky: they do not run the user's script again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any, Final

from loky import ProcessPoolExecutor

from tegum.errors import SpecError
from tegum.executors import number

#: Variables that say to libraries how many threads they may start.
_THREADS: Final = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
_MOST: Final = 1024
#: How often a process looks for its parent, and how long it then has to keep what it was at.
_LOOK_SECONDS, _PATIENCE_SECONDS = 1.0, 10.0


def executor(settings: str, threads: int) -> Executor:
    """So many processes; by default one for each core, or for as many cores as it has threads."""
    if settings and not settings.isdecimal():
        rule = "must be processes or processes:N, N a number of processes"
        raise SpecError.of("executor", "name", rule, f"processes:{settings}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    rule = f"processes:N must have N from 1 to {_MOST}"
    usual = max(1, (cores or 1) // threads)
    return _Processes(number(settings, _MOST, rule) if settings else usual, threads)


class _Processes(Executor):
    """A pool that is replaced when it broke, as it does when a process of it dies."""

    def __init__(self, processes: int, threads: int) -> None:
        self._max_workers = processes
        self._environment = dict.fromkeys(_THREADS, str(threads))
        self._pool = self._new()

    def _new(self) -> Any:
        return ProcessPoolExecutor(
            self._max_workers, env=self._environment, initializer=_end_with, initargs=(os.getpid(),)
        )

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        try:
            future: Future[Any] = self._pool.submit(call, *args, **named)
        except BrokenExecutor:
            self._pool.shutdown(kill_workers=True)
            self._pool = self._new()
            future = self._pool.submit(call, *args, **named)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Without waiting it ends its processes: what they were at is in the store, or lost."""
        self._pool.shutdown(wait=wait, kill_workers=not wait)


def _end_with(parent: int) -> None:
    """Have this process end when its parent is gone: loky's would wait for ever."""
    if os.name == "posix":
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGINT)  # a training keeps its state
    time.sleep(_PATIENCE_SECONDS)
    os._exit(1)

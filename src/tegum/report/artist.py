"""Figures drawn in a process of their own, while the next experiment trains."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import Self

from tegum.report.run import Finished, illustrate


class Artist:
    """Draws what was measured, on another core if there is one.

    Drawing is Python, and so is what stands between two trainings: in one process they would
    wait for each other. What cannot be sent to a process (functions of a notebook, say), or is
    lost with it, is drawn here.
    """

    def __init__(self, *, apart: bool) -> None:
        """`apart` is whether to draw in another process, which takes a second to start."""
        self._pool: ProcessPoolExecutor | None = None
        if apart:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _prepare)
            self._pool.submit(_prepare)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def illustrate(self, measured: Finished) -> Finished:
        """`tegum.report.run.illustrate`, which turns what a figure raises into a `Failure`."""
        if self._pool is not None:
            with suppress(Exception):  # a failure of the process or of the way to it
                return self._pool.submit(illustrate, measured).result()
        return illustrate(measured)


def _prepare() -> None:
    """Import what drawing needs, leave Ctrl-C to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()
    import tegum.plots  # noqa: F401


def _follow_parent() -> None:
    """A worker whose parent was killed would wait for work for ever, and hold its terminal."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""What every page needs, loaded before one asks for it."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache

from tegum.explorer.limits import Limits
from tegum.explorer.live import Live
from tegum.explorer.state import FIRST


@cache
def ready() -> None:
    """Make way for others, and load from disk or compile; once in a process and in its forks."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(5)  # the server, and the browser, answer first
    live = Live(FIRST.replace(seeds=1), Limits(), jobs=1)
    live.record()
    live.advance(1)
    live.score()

"""The notebook's loop made faster by hand: instance axis first, the best stack size."""

from __future__ import annotations

from works import Settings, Work

from contestants.base import stack_sizes
from contestants.torch_loop import build, thread_counts

__all__ = ["build", "candidates"]


def candidates(work: Work, cores: int) -> list[Settings]:
    """Stack sizes, one thread and all, and compiled."""
    found: list[Settings] = []
    for stack in stack_sizes(work):
        common: Settings = {"layout": "instance first", "stack": stack}
        found += [{**common, "threads": k} for k in thread_counts(cores)]
        found.append({**common, "threads": cores, "compile": True})
    return found

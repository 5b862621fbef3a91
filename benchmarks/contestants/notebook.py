"""The notebook's loop: all models in one stack, data (batch, instance, feature)."""

from __future__ import annotations

from works import Settings, Work

from contestants.torch_loop import LAYOUTS, build, thread_counts

__all__ = ["build", "candidates"]


def candidates(work: Work, cores: int) -> list[Settings]:
    """Both orders of W's axes, one thread and all, and compiled."""
    found: list[Settings] = []
    for layout in (name for name in LAYOUTS if name.startswith("batch first")):
        found += [{"layout": layout, "threads": k} for k in thread_counts(cores)]
        found.append({"layout": layout, "threads": cores, "compile": True})
    return found

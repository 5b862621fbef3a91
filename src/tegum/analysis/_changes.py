"""Changes of level in one trace, by crossing the middle between levels with room for noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float64, Int64
from numpy.typing import NDArray

Trace = Float64[NDArray[np.float64], "T"]
Steps = Int64[NDArray[np.int64], "T"]


def changes(
    D: Trace, steps: Steps, levels: Sequence[float], margin: float, edge: float
) -> Iterator[tuple[int, int, int, int]]:
    """(first checkpoint, last checkpoint, level before, level after), as positions, in order.

    The rule is that of `tegum.jumps`. A trace that is not finite throughout has no changes.
    """
    if len(D) < 2 or not np.isfinite(D).all():
        return
    middles = (np.asarray(levels)[1:] + np.asarray(levels)[:-1]) / 2
    level = int(np.searchsorted(middles, D[0]))
    speed, settled, i = np.diff(D) / np.diff(steps), 0, 1
    while i < len(D):
        now = _level(D[i], level, middles, margin)
        if now == level:
            i += 1
            continue
        up = now > level
        middle = middles[level] if up else middles[level - 1]
        near = np.flatnonzero(D[settled:i] <= middle if up else D[settled:i] >= middle)
        low = settled + (int(near[-1]) if len(near) else 0)  # none: it settled past the middle
        low, high = _moving(speed if up else -speed, low, i, settled, edge)
        now = _level(D[high], now, middles, margin)
        yield low, high, level, now
        level, settled, i = now, high, high + 1


def _level(value: float, level: int, middles: Trace, margin: float) -> int:
    """The level of a feature that was at `level`, when its D is `value`."""
    while level < len(middles) and value > middles[level] + margin:
        level += 1
    while level > 0 and value < middles[level - 1] - margin:
        level -= 1
    return level


def _moving(speed: Trace, low: int, high: int, first: int, edge: float) -> tuple[int, int]:
    """The checkpoints around low … high between which D moves at `edge` of its fastest or more."""
    fastest, reached = speed[low:high].max(), None
    while reached != (low, high):
        reached = (low, high)
        while low > first and speed[low - 1] >= edge * fastest:
            low -= 1
            fastest = max(fastest, speed[low])
        while high < len(speed) and speed[high] >= edge * fastest:
            fastest = max(fastest, speed[high])
            high += 1
    return low, high

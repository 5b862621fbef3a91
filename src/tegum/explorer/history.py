"""What is kept of a training for time travel: all seeds at log-spaced steps, bounded in memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from tegum.explorer.moment import Moment

#: Kept steps lie this far apart, as a ratio, counted from the last change of numbers.
RATIO: Final = 1.1
_MOST: Final = 400
#: Kept steps after which a change of numbers begins a new log spacing.
_SETTLED: Final = 8


class History:
    """Kept steps in rising order. Where they take too much memory, every second one goes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._kept: list[Moment] = []
        self._origin = 0
        #: Grows whenever kept steps change.
        self.version = 0

    @property
    def steps(self) -> list[int]:
        """The kept steps."""
        return [kept.step for kept in self._kept]

    def records(self) -> Sequence[Moment]:
        """Everything that is kept."""
        return self._kept

    def restart_at(self, step: int) -> None:
        """Log spacing is counted from `step` on, as something new begins there.

        Soon after another such step nothing changes: a slider on the move would fill the history.
        """
        since = sum(kept.step >= self._origin for kept in self._kept)
        if since >= _SETTLED:
            self._origin = step

    def next_due(self) -> int:
        """The next step to keep, from the last kept one on."""
        last = self._kept[-1].step if self._kept else -1
        if last < self._origin:
            return self._origin
        since = last - self._origin
        return self._origin + max(since + 1, math.ceil(since * RATIO))

    def due(self, step: int) -> bool:
        """Whether this step is one to keep, and is not kept yet."""
        return step >= self.next_due()

    def keep(self, moment: Moment) -> None:
        """Copy a step's parameters; a step that is kept already is replaced."""
        if self._kept and self._kept[-1].step == moment.step:
            self._bytes -= self._kept.pop().nbytes
        kept = moment.kept()
        self._kept.append(kept)
        self._bytes += kept.nbytes
        while (self._bytes > self._most_bytes or len(self._kept) > _MOST) and len(self._kept) > 2:
            self._thin()
        self.version += 1

    def at(self, step: int) -> Moment | None:
        """The last kept step at or before `step`; the first one where none is."""
        before = [kept for kept in self._kept if kept.step <= step]
        return before[-1] if before else next(iter(self._kept), None)

    def _thin(self) -> None:
        last = self._kept[-1]
        self._kept = self._kept[:-1:2]
        self._kept.append(last)
        self._bytes = sum(kept.nbytes for kept in self._kept)

"""What a page is sent, and when: frames as they are drawn, analyses and histories more rarely."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np

from tegum.explorer import looking
from tegum.explorer.census import Census
from tegum.explorer.frames import encode
from tegum.explorer.live import Live
from tegum.explorer.moment import Moment
from tegum.explorer.state import numbers

Status = Literal["running", "paused", "done", "failed"]

#: Frames that may be under way, sent and not drawn.
CREDIT: Final = 2
_ANALYSIS_SECONDS: Final = 0.5
#: The part of the time that analyses may take.
_ANALYSIS_SHARE: Final = 0.15
_HISTORY_SECONDS: Final = 0.5
#: The shapes of all seeds are told while there are at most so many features in them together …
_SHAPED: Final = 2000
#: … and counted for so many seconds at a time, between which other work is done: while a training
#: runs it takes all but this part of the time.
_COUNT_SECONDS: Final = 0.02
_COUNT_SHARE: Final = 0.1
#: A page that has drawn nothing for so long is not looked at.
_ASLEEP_SECONDS: Final = 60.0


class Screen:
    """Decides what is due and sends it. Nothing is ever queued: what is late is left out."""

    def __init__(
        self, send_frame: Callable[[bytes], None], send_text: Callable[[dict[str, Any]], None]
    ) -> None:
        self._send_frame, self._send_text = send_frame, send_text
        self.live: Live | None = None
        self.run = 0
        self.status: Status = "paused"
        self.selected: Literal["best"] | int = "best"
        self.all, self.fps = False, 30.0
        self.past: Moment | None = None
        self._frame = 0
        self._framed: int | None = None
        self._in_flight: deque[int] = deque()
        self._last = -1.0
        self._bases: dict[tuple[int, ...], Any] = {}
        self._pace: deque[tuple[float, int]] = deque()
        self._wanted: set[str] = set()
        self._census = Census()
        self._counting = False
        self._analysis_from = self._history_from = self._count_from = 0.0
        self._history_seen = 0

    def start(self, live: Live, run: int) -> None:
        """Another training is on."""
        self.live, self.run, self.past = live, run, None
        if isinstance(self.selected, int) and self.selected >= live.first.seeds:
            self.selected = "best"
        self._bases, self._history_seen = {}, 0
        self._census, self._counting, self._count_from = Census(), False, 0.0
        self._pace.clear()
        # its first picture waits for none of the last training's: kernels may be compiled next
        self._in_flight.clear()
        self._framed, self._last = None, -1.0
        self.want("frame", "analysis", "traces")

    def want(self, *kinds: str) -> None:
        """Send `frame`, `analysis` or `traces` as soon as may be."""
        self._wanted.update(kinds)
        if "analysis" in kinds:
            self._analysis_from = 0.0

    def moved(self) -> None:
        """The training has gone on."""
        self._wanted.update(("frame", "analysis"))

    def drawn(self, frame: int) -> None:
        """The page has drawn this frame and those before it."""
        while self._in_flight and self._in_flight[0] <= frame:
            self._in_flight.popleft()

    def asleep(self) -> bool:
        """Whether the page has not drawn for long: a tab in the background."""
        waiting = len(self._in_flight) >= CREDIT
        return waiting and time.perf_counter() > self._last + _ASLEEP_SECONDS

    def show(self) -> None:
        """Send what is due now."""
        if self.live is None:
            return
        now = time.perf_counter()
        if self._frame_in(now) == 0:
            self._show_frame(self.live, now)
        if "traces" in self._wanted and self.live.history.records():
            self._wanted.discard("traces")
            self._send_frame(self._traces(self.live))
        if self._counting and now >= self._count_from:
            self._count_on()
        if "analysis" in self._wanted and now >= self._analysis_from:
            self._show_analysis(self.live)
        history = self.live.history
        if history.version != self._history_seen and now >= self._history_from:
            self._history_seen, self._history_from = history.version, now + _HISTORY_SECONDS
            self._send_text({"type": "history", "run": self.run, "steps": history.steps})

    def wait(self) -> float | None:
        """Seconds until something may be due though nothing happens; None where nothing is."""
        if self.live is None:
            return None
        now = time.perf_counter()
        waits = [self._frame_in(now)]
        if "analysis" in self._wanted:
            waits.append(max(0.0, self._analysis_from - now))
        if self._counting:
            waits.append(max(0.0, self._count_from - now))
        if self.live.history.version != self._history_seen:
            waits.append(max(0.0, self._history_from - now))
        return min((wait for wait in waits if wait is not None), default=None)

    def seed(self) -> int:
        """The seed that is looked at."""
        assert self.live is not None
        if self.selected != "best":
            return self.selected
        # the first picture waits for no losses
        still = self.status != "running" and bool(self.live.history.records())
        return self.live.best(still=still)

    def moment(self, *, measured: bool = False) -> Moment:
        """The models, now or at the step that is looked at; with the losses of that very step."""
        assert self.live is not None
        if self.past is not None:
            return self.past
        if measured:
            self.live.probe(force=True)
        return self.live.moment()

    def _moving(self) -> bool:
        """Whether what is looked at changes by itself."""
        return self.status == "running" and self.past is None

    def _count(self, W: Any, step: int) -> bool:
        """Go on with the census; whether it is of these models. Without a pause it ends late."""
        return self._census.count(W, step, _COUNT_SECONDS, finish=self._moving())

    def _count_on(self) -> None:
        """A part of the census; of what stands still the analysis that has all of it follows."""
        start, moment, moving = time.perf_counter(), self.moment(), self._moving()
        self._counting = not self._count(moment.all_directions(), moment.step)
        took = time.perf_counter() - start
        self._count_from = start + took / _COUNT_SHARE if moving else 0.0
        if not self._counting and not moving:
            self.want("analysis")

    def _frame_in(self, now: float) -> float | None:
        if "frame" not in self._wanted or len(self._in_flight) >= CREDIT:
            return None
        return max(0.0, self._last + 1.0 / self.fps - now)

    def _show_frame(self, live: Live, now: float) -> None:
        self._wanted.discard("frame")
        if self.past is None and live.history.records():  # the first frame does not wait for losses
            live.probe(force=self.status in ("paused", "done"))
        self._frame += 1
        self._in_flight.append(self._frame)
        self._last = now
        moment, seed = self.moment(), self.seed()
        if self._framed not in (None, seed):
            self.want("traces")
        self._framed = seed
        W = moment.directions(seed)
        arrays = {**moment.model(seed), "D": looking.dimensionality(W), "losses": moment.losses}
        if self.all and live.first.seeds * W.size <= live.limits.watch_weights:
            arrays["W_all"] = looking.directions(moment.parameters)
        header = {
            "type": "frame",
            "frame": self._frame,
            **self._stamp(moment, seed),
            "status": self.status,
            "finite": bool(moment.finite[seed]),
            "loss": float(moment.losses[seed]),
            "measured": moment.measured,
            "rate": self._rate(live, now),
            "diverged": int((~moment.finite).sum()),
            "numbers": numbers(moment.problem, moment.training),
        }
        self._send_frame(encode(header, arrays))

    def _show_analysis(self, live: Live) -> None:
        self._wanted.discard("analysis")
        start = time.perf_counter()
        if self.past is None:
            live.score()
        moment, seed = self.moment(), self.seed()
        everything = moment.all_directions()
        if seed != self._framed:  # the losses have made another the best: it is to be seen, too
            self.want("frame", "traces")
        found = looking.look(everything[seed], self._bases)
        self._bases = found.bases
        few = everything.shape[0] * everything.shape[2] <= _SHAPED
        done = not few or self._count(everything, moment.step)
        self._counting = not done
        header = {
            "type": "analysis",
            **self._stamp(moment, seed),
            **found.header,
            "shapes": self._census.by_name() if few else None,
            "shapes_step": self._census.step if few else None,
        }
        scores = live.scores if self.past is None else moment.losses
        errors = live.errors if self.past is None else np.full_like(scores, np.nan)
        arrays = {"losses": scores, "loss_errors": errors, **found.arrays}
        self._send_frame(encode(header, arrays))
        now = time.perf_counter()
        self._analysis_from = max(start + _ANALYSIS_SECONDS, now + (now - start) / _ANALYSIS_SHARE)
        if not done and self._moving():
            self._wanted.add("analysis")

    def _traces(self, live: Live) -> bytes:
        records, seed = live.history.records(), self.seed()
        losses = np.stack([kept.losses for kept in records])  # (K, N)
        some = np.isfinite(losses).any(axis=1)
        lowest, middle = np.full((2, len(records)), np.nan)
        lowest[some], middle[some] = (f(losses[some], axis=1) for f in (np.nanmin, np.nanmedian))
        W = np.stack([kept.directions(seed) for kept in records])
        arrays = {
            "steps": np.array([kept.step for kept in records]),
            "loss": losses[:, seed],
            "best": lowest,
            "median": middle,
            "D": looking.dimensionality(W),
        }
        header = {"type": "traces", **self._stamp(records[-1], seed, past=False)}
        return encode(header, arrays)

    def _stamp(self, moment: Moment, seed: int, *, past: bool | None = None) -> dict[str, Any]:
        """What all that a page draws says of itself: two of different stamps are of two states."""
        by = "best" if self.selected == "best" else "seed"
        past = self.past is not None if past is None else past
        return {
            "run": self.run,
            "step": moment.step,
            "changes": moment.changes,
            "past": past,
            "selected": {"by": by, "seed": seed},
        }

    def _rate(self, live: Live, now: float) -> dict[str, float]:
        self._pace.append((now, live.step))
        while len(self._pace) > 2 and now - self._pace[0][0] > 1.0:
            self._pace.popleft()
        since, before = self._pace[0]
        if self.status != "running" or now <= since:
            return {"steps": 0.0, "model_steps": 0.0}
        steps = (live.step - before) / (now - since)
        return {"steps": steps, "model_steps": steps * live.first.seeds}

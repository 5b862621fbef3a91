"""A training under way: the engine's stepper, its numbers, and which of its models is looked at."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Final

import numpy as np

from tegum.dims import F64
from tegum.engines import get_engine
from tegum.engines.base import Batch, finite, step_of
from tegum.engines.base import State as Arrays
from tegum.explorer.history import History
from tegum.explorer.limits import Limits
from tegum.explorer.moment import Moment
from tegum.explorer.state import Change, PageState, Values, changed
from tegum.loss.expected import loss_of_zero, same_loss

#: Probing all seeds takes this part of the time at most, but for steps that are kept.
_PROBE_SHARE: Final = 0.15
#: Steps before which models are as they were made, near enough: none is the best for long.
_FORMED: Final = 100
#: Another seed becomes the best one when its loss is lower by this part: equally good models do
#: not take turns.
_CLEARLY: Final = 0.002


class Live:
    """N models of one problem, step by step.

    Changes that the state lists are made again at their steps, so that a training that was
    annealed by hand is repeated to the last bit. Raises `SpecError` where the engine refuses.
    """

    def __init__(self, state: PageState, limits: Limits, jobs: int) -> None:
        self.first, self.limits, self.jobs = state, limits, jobs
        self.problem, self.training = state.problem, state.training
        self.engine = get_engine(state.training.engine)
        self.ahead: list[Change] = list(state.changes)
        self.made: list[Change] = []
        self.repeatable = True
        self._changes = 0
        self.batch = self._batch()
        self.arrays: Arrays = self.engine.init(self.batch)
        self.history = History(limits.history_bytes)
        self._losses, self.scores, self.errors = self._none(), self._none(), self._none()
        #: The best at the last kept step; before there is one, what was shown last.
        self._chosen: int | None = None
        self._early: int | None = None
        self._measured: int | None = None
        self._probe_from = 0.0
        self._scored: int | None = None
        self._make_due()

    # --- steps ---------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """The number of steps done."""
        return step_of(self.arrays)

    @property
    def ended(self) -> bool:
        """Whether the horizon is reached."""
        return self.step >= self.training.steps

    def moment(self) -> Moment:
        """The models as they are, with the losses that were measured last."""
        about = (self._losses, self._measured, self.problem, self.training, self._changes)
        return Moment(self.step, self.parameters(), *about)

    def parameters(self) -> Arrays:
        """All trained parameters by name, each (N, ...), b being 0 where there is none."""
        zero = np.zeros((self.batch.n_instances, self.problem.n_features), np.float32)
        return {"b": zero, **self.engine.parameters(self.batch, self.arrays)}

    def advance(self, steps: int) -> int:
        """Up to `steps` more, to the next step of note at most; how many it were."""
        here = self.step
        stops = [here + steps, self.training.steps, max(self.history.next_due(), here + 1)]
        stops += [step for step, _ in self.ahead[:1]]
        done = min(stops) - here
        if done > 0:
            self.arrays = self.engine.advance(self.batch, self.arrays, done, jobs=self.jobs)
        self._make_due()
        if self.history.due(self.step):
            self.record()
            if self.step >= _FORMED:
                self.score()
                self._chosen = self._better(self._chosen, self.scores)
        return max(done, 0)

    def record(self) -> None:
        """Keep this step for time travel, with its losses."""
        self.probe(force=True)
        self.history.keep(self.moment())

    # --- numbers -------------------------------------------------------------------------------

    def change(self, values: Values) -> None:
        """Go on with other numbers. What was still to be repeated is given up.

        Raises `SpecError`, `UnknownNameError` or `LimitError`, and then changes nothing.
        """
        self.limits.admit_change(values)
        changed(self.problem, self.training, values)
        self.ahead.clear()
        self._note(dict(values))
        self._apply(values)

    def state(self) -> PageState:
        """What would repeat this training."""
        return self.first.replace(changes=(*self.made, *self.ahead))

    def fresh(self, seed: int | None) -> PageState:
        """The numbers as they are, without a past."""
        now = self.first.replace(problem=self.problem, training=self.training, changes=())
        return now.settled(seed)

    def _make_due(self) -> None:
        while self.ahead and self.ahead[0][0] <= self.step:
            entry = self.ahead.pop(0)
            self.made.append(entry)
            self._apply(entry[1])

    def _note(self, values: dict[str, Any]) -> None:
        if self.made and self.made[-1][0] == self.step:
            self.made[-1] = (self.step, {**self.made[-1][1], **values})
        elif len(self.made) < self.limits.changes:
            self.made.append((self.step, values))
        else:
            self.repeatable = False

    def _apply(self, values: Values) -> None:
        self.problem, self.training = changed(self.problem, self.training, values)
        before, old = self.batch, self.arrays
        self.batch = self._batch()
        self._changes += 1
        if self.engine.name == "exact":
            # its state remembers which instances have ended, and curvature of the old loss
            new = self.engine.init(self.batch)
            weights = self.engine.parameters(before, old)
            for name, array in self.engine.parameters(self.batch, new).items():
                array[...] = weights[name]
            self.arrays = {**new, "step": old["step"]}
        self.history.restart_at(self.step)
        self._losses, self._measured, self._probe_from = self._none(), None, 0.0
        self.scores, self.errors, self._scored = self._none(), self._none(), None

    def _none(self) -> F64:
        return np.full(self.first.seeds, np.nan)

    def _batch(self) -> Batch:
        seeds = tuple(range(self.first.seeds))
        return Batch(self.problem, (self.problem,), (self.training,), seeds, self.first.seed)

    # --- losses --------------------------------------------------------------------------------

    def probe(self, *, force: bool = False) -> None:
        """Measure losses on a fresh batch each, unless that was done or takes too much time."""
        start = time.perf_counter()
        if self._measured == self.step or (not force and start < self._probe_from):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            losses = self.engine.probe(self.batch, self.arrays, jobs=self.jobs)
        self._losses, self._measured = np.maximum(np.asarray(losses, float), 0.0), self.step
        now = time.perf_counter()
        self._probe_from = now + (now - start) / _PROBE_SHARE

    def score(self) -> None:
        """Measure `scores` and `errors` on held-out samples, unless they are of this step.

        They say who is best: all models are shown the same samples, so that luck with them makes
        none of them the best.
        """
        if self._scored == self.step:
            return
        together = dataclasses.replace(self.batch, seeds=(0,) * self.batch.n_instances)
        with np.errstate(over="ignore", invalid="ignore"):
            found = self.engine.score(together, self.arrays, jobs=self.jobs)
        lost = found["diverged"] | ~finite(self.parameters())
        self.scores = np.where(lost, np.nan, np.maximum(found["loss"], 0.0))
        self.errors = np.where(lost, np.nan, found["loss_error"])
        self._scored = self.step

    def best(self, *, still: bool = False) -> int:
        """The seed of lowest held-out loss; equally good models do not take turns.

        Of a training that stands `still` it depends on the steps alone, not on how often somebody
        looked: the best at the last kept step, or one that is clearly lower now.
        """
        if still:
            self.score()
            found = self._better(self._chosen, self.scores)
            return 0 if found is None else found
        if self._chosen is None:
            known = self.scores if np.isfinite(self.scores).any() else self.moment().losses
            self._early = self._better(self._early if known is self.scores else None, known)
        found = self._early if self._chosen is None else self._chosen
        return 0 if found is None else found

    def _better(self, now: int | None, known: F64) -> int | None:
        """The seed with the lowest of these losses, or the one before where that is as good."""
        if not np.isfinite(known).any():
            return now
        lowest = int(np.nanargmin(known))
        if now is None or not np.isfinite(known[now]):
            return lowest
        alike = same_loss(known[lowest], known[now], _CLEARLY, loss_of_zero(self.problem))
        return now if alike else lowest

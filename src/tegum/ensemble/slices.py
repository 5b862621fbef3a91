"""Runs one unit in this process: slices of steps, with recording and saving between them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.engines.base import Batch, Engine, State, finite, first_state, step_of
from tegum.errors import StoreError
from tegum.models import Shallow
from tegum.runs.schema import at_checkpoints

if TYPE_CHECKING:
    from types import FrameType

    from tegum.store import Row, Store

#: Named results of a unit, each with a leading instance axis.
Results = State

_SLICE_SECONDS: Final = 0.2
_SAVE_SECONDS: Final = 5.0
#: Saving may take this fraction of the time at most.
_SAVE_SHARE: Final = 0.02


def run_unit(
    engine: Engine,
    batch: Batch,
    *,
    jobs: int,
    on_progress: Callable[[int], None] | None = None,
    store: Store | None = None,
    row: Row | None = None,
) -> Results:
    """Train every instance of a batch to the end and measure it.

    Returns arrays with leading N: the parameters (in the engine's `dtype`), everything
    `engine.score` gives, `loss_curve` (N, curve points) and, with checkpoints, `W_checkpoint`
    (N, checkpoint, ...) and the like. Diverged instances have NaN parameters and losses.
    `on_progress` is told the number of steps done, after every slice of about 0.2 s. With a store
    and the unit's row, the state is kept every few seconds and when the run is interrupted, and a
    kept state of this machine is continued from, with the same bits as an uninterrupted run.
    """
    keeper = _Keeper(store, row, engine.machine)
    run = _Run.resumed(engine, batch, jobs, keeper.load())
    try:
        _advance_to_end(run, on_progress or (lambda steps: None), keeper)
        scores = engine.score(batch, run.state, jobs=jobs)
    except BaseException:
        if run.sound:
            keeper.save_last(run)
        raise
    return _results(run, scores)


class _Run:
    """A unit under way: the engine's state, and what was recorded so far."""

    def __init__(self, engine: Engine, batch: Batch, jobs: int, state: State) -> None:
        self.engine, self.batch, self.jobs, self.state = engine, batch, jobs, state
        training = batch.training
        self.steps = training.steps
        self.curve_steps = training.curve_steps()
        self.checkpoint_steps = training.checkpoint_steps()
        self.boundaries = sorted({*self.curve_steps, *self.checkpoint_steps, self.steps})
        self.records: State = {}
        #: Whether state and records belong together (false while the engine is at work).
        self.sound = True

    @classmethod
    def resumed(cls, engine: Engine, batch: Batch, jobs: int, kept: State | None) -> _Run:
        """A run from a kept state, or from step 0."""
        if kept is None:
            run = cls(engine, batch, jobs, first_state(engine, batch))
        else:
            run = cls(engine, batch, jobs, _part(kept, "state."))
            run.records = _part(kept, "record.")
        run.record()
        return run

    @property
    def step(self) -> int:
        return step_of(self.state)

    def next_boundary(self) -> int:
        return next(step for step in self.boundaries if step > self.step)

    def parameters(self) -> State:
        """The engine's, with a bias b even where a shallow model has none: it is 0 then."""
        named = self.engine.parameters(self.batch, self.state)
        if not isinstance(self.batch.problem.model, Shallow):
            return named
        zero = np.zeros((self.batch.n_instances, self.batch.problem.n_features), np.float32)
        return {"b": zero, **named}

    def advance(self, steps: int) -> None:
        """One slice, which does not cross a boundary."""
        self.sound = False
        self.state = self.engine.advance(self.batch, self.state, steps, jobs=self.jobs)
        self.sound = True
        self.record()

    def record(self) -> None:
        """Write down what this step is a curve point or checkpoint of; twice does no harm."""
        step = self.step
        with np.errstate(over="ignore"):
            if step in self.curve_steps:
                loss = self.engine.probe(self.batch, self.state, jobs=self.jobs)
                sound = finite(self.engine.parameters(self.batch, self.state))
                self._keep("loss_curve", self.curve_steps, np.where(sound, loss, np.nan))
            if step in self.checkpoint_steps:
                for name, now in self.parameters().items():
                    self._keep(at_checkpoints(name), self.checkpoint_steps, now)

    def _keep(self, name: str, steps: tuple[int, ...], now: NDArray[Any]) -> None:
        if name not in self.records:
            full = (len(now), len(steps), *now.shape[1:])
            kind = np.float32 if name == "loss_curve" else self.engine.dtype
            self.records[name] = np.full(full, np.nan, dtype=kind)
        self.records[name][:, steps.index(self.step)] = now


def _advance_to_end(run: _Run, on_progress: Callable[[int], None], keeper: _Keeper) -> None:
    if run.step >= run.steps:
        return
    slice_steps = 1
    # the first slice may compile, and there is nothing to lose yet: Ctrl-C acts at once
    slice_steps = _timed_slice(run, slice_steps)
    with interrupt_between_slices() as check:
        while True:
            check()
            on_progress(run.step)
            keeper.save_if_due(run)
            if run.step >= run.steps:
                return
            slice_steps = _timed_slice(run, slice_steps)


def _timed_slice(run: _Run, wanted: int) -> int:
    """Advance by at most `wanted` steps; the number of steps for the next slice."""
    steps = min(wanted, run.next_boundary() - run.step)
    start = time.perf_counter()
    run.advance(steps)
    seconds = max(time.perf_counter() - start, 1e-6)
    return max(1, min(int(steps * _SLICE_SECONDS / seconds), 8 * wanted))


class _Keeper:
    """Saves a run's state now and then; does nothing without a store."""

    def __init__(self, store: Store | None, row: Row | None, machine: str) -> None:
        self._machine = machine
        self._place = None if store is None or row is None else (store, row)
        self._due = time.perf_counter() + _SAVE_SECONDS
        self._saved_step = 0

    def load(self) -> State | None:
        if self._place is None:
            return None
        store, row = self._place
        kept = store.get_partial(row.key, self._machine)
        if kept is not None:
            self._saved_step = int(kept["state.step"])
        return kept

    def save_if_due(self, run: _Run) -> None:
        if time.perf_counter() >= self._due:
            self._save(run)

    def save_last(self, run: _Run) -> None:
        """Save because the run is being stopped: a store that fails now must not hide why."""
        try:
            self._save(run)
        except StoreError:
            return

    def _save(self, run: _Run) -> None:
        if self._place is None or run.step <= self._saved_step:
            return
        store, row = self._place
        start = time.perf_counter()
        arrays = {f"state.{name}": array for name, array in run.state.items()}
        arrays |= {f"record.{name}": array for name, array in run.records.items()}
        store.put_partial(row, arrays, self._machine)
        self._saved_step = run.step
        now = time.perf_counter()
        self._due = now + max(_SAVE_SECONDS, (now - start) / _SAVE_SHARE)


def _part(arrays: State, prefix: str) -> State:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _results(run: _Run, scores: State) -> Results:
    """The unit's arrays, with every trace of a diverged instance's numbers turned to NaN."""
    diverged = np.array(scores["diverged"], dtype=bool)
    final: Results = {name: np.array(array) for name, array in scores.items()}
    with np.errstate(over="ignore"):
        for name, array in run.parameters().items():
            final[name] = np.array(array, dtype=run.engine.dtype)
            diverged |= ~np.isfinite(final[name]).all(axis=tuple(range(1, array.ndim)))
    diverged |= ~np.isfinite(scores["loss"])
    for array in final.values():
        if np.issubdtype(array.dtype, np.floating):
            array[diverged] = np.nan
    for array in run.records.values():
        array[~np.isfinite(array)] = np.nan
    return {**run.records, **final, "diverged": diverged}


@contextmanager
def interrupt_between_slices() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back until the given function is called; a second Ctrl-C acts at once.

    An engine interrupted half-way would leave a state that belongs to no step. Elsewhere than in
    the main thread, or where somebody else handles the signal, nothing is changed.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: None
        return
    pending = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal pending
        if pending:
            signal.default_int_handler(number, frame)
        pending = True

    def check() -> None:
        if pending:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hold)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    check()

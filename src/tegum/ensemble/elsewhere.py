"""Solves an ensemble by workers elsewhere: orders go out, answers come in, what is lost goes again.

This process keeps the list, the locks and the results; nothing is trained here.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from tegum.ensemble.orders import order, results_of
from tegum.ensemble.solve import Ensemble, Solver
from tegum.ensemble.work import Unit
from tegum.ensemble.worker import work
from tegum.errors import DamagedFileError, ExecutorError, TegumError, joined
from tegum.executors import ahead, count

if TYPE_CHECKING:
    from tegum.ensemble.progress import Progress
    from tegum.ensemble.slices import Results
    from tegum.store import Store

_WAIT_SECONDS: Final = 0.2
#: A unit that is out is a lock, which is an open file, of which a process has about a thousand.
_MOST_LOCKS: Final = 500
#: Units for each worker, so that none is idle for long at the end.
_ROUNDS: Final = 4
#: How often a unit may be lost with its worker before nobody is asked again.
_LOSSES: Final = 5


@dataclass
class _Out:
    """A unit that a worker has, the right to it, and how often it was lost."""

    unit: Unit
    lock: ExitStack
    losses: int = 0


class Elsewhere(Solver):
    """A Solver whose units are computed by the workers of an executor."""

    def __init__(
        self,
        ensemble: Ensemble,
        store: Store | None,
        threads: int,
        report: Progress,
        executor: Executor,
    ) -> None:
        super().__init__(ensemble, store, threads, report)
        self._executor, self._workers = executor, count(executor)
        self._most_out = ahead(executor) * self._workers
        if store is not None:
            self._most_out = min(self._most_out, _MOST_LOCKS)
        self._out: dict[Future[Any], _Out] = {}
        #: What has ended: to ask all that are out, of thousands of workers, would take too long.
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self._shared: tuple[str, str] | None = None

    def solve(self) -> Results:
        """Every result, by name, of shape (points, seeds, ...).

        Raises a worker's TegumError, and ExecutorError where workers fail or are lost.
        """
        with self._signed():
            try:
                self._all()
            finally:
                self._call_back()
        return self._arrays

    def _all(self) -> None:
        todo, elsewhere = self._missing(), deque[Unit]()
        self._tell(self._done)
        while True:
            while len(self._out) < self._most_out:
                unit = next(todo, None)
                if unit is None:
                    break
                if not self._begin(unit):
                    elsewhere.append(unit)
            for _ in range(len(elsewhere) if len(self._out) < self._workers else 0):
                unit = elsewhere.popleft()
                if not self._begin(unit):
                    elsewhere.append(unit)
            if self._out:
                try:
                    landed = self._ended.get(timeout=_WAIT_SECONDS)
                except Empty:
                    pass
                else:
                    self._land(landed)
            elif elsewhere:  # another process is at the rest
                time.sleep(_WAIT_SECONDS)
            else:
                return
            self._tell(self._done)

    def _parts_in_use(self, first: int, n_points: int) -> list[tuple[str, int, int]]:
        return list(self._parts(first, n_points))

    def _order_size(self) -> int:
        """Smaller than it would be, if there are so few instances that workers would have none."""
        return min(super()._order_size(), -(-len(self._of) // (_ROUNDS * self._workers)))

    @contextmanager
    def _signed(self) -> Iterator[None]:
        """A file in the store, by which workers know that theirs is the same."""
        if self._store is None:
            yield
            return
        path = self._store.path.resolve()
        name = f"driver-{uuid4().hex}"
        with self._store.sign(name):
            self._shared = str(path), name
            yield

    def _begin(self, unit: Unit) -> bool:
        """Order a unit, unless it is there by now; False while another process has it."""
        stack = ExitStack()
        if self._store is not None:
            lock = self._store.lock(unit.row.key)
            if lock is None:
                return False
            stack.enter_context(lock)
            if self._take(unit):
                stack.close()
                self._done += unit.n_instances * self._steps
                return True
        self._submit(_Out(unit, stack))
        return True

    def _submit(self, out: _Out) -> None:
        raw = order(self._of, out.unit, self._jobs, self._shared)
        try:
            future = self._executor.submit(work, raw)
        except BaseException as error:
            out.lock.close()
            if not isinstance(error, Exception):
                raise
            message = f"train: the executor takes no more work: {_said(error)}"
            raise ExecutorError(message) from error
        self._out[future] = out
        future.add_done_callback(self._ended.put)

    def _land(self, future: Future[Any]) -> None:
        out = self._out.pop(future)
        try:
            found = results_of(future.result(), out.unit.row)
            if found is not None:
                results, machine = found
                self._keep(out.unit, results, machine)
                self._place(out.unit, results, machine)
            elif not self._take(out.unit):
                raise DamagedFileError(f"{out.unit.row.key} is not in the store")
        except ExecutorError:
            out.lock.close()
            raise
        except Exception as error:
            if not _is_loss(error):
                out.lock.close()
                raise
            self._again(out, error)
            return
        out.lock.close()
        self._done += out.unit.n_instances * self._steps

    def _again(self, out: _Out, error: Exception) -> None:
        """Order a unit that was lost with its worker, or on its way, once more."""
        out.losses += 1
        if out.losses >= _LOSSES:
            out.lock.close()
            raise ExecutorError(
                f"train: a unit of {out.unit.n_instances} models was lost {_LOSSES} times with the "
                f"worker that had it ({_said(error)}); its memory may not suffice"
            ) from error
        self._submit(out)

    def _call_back(self) -> None:
        """Nobody waits any more: what has not begun is not to begin, and others may have it."""
        for future, out in self._out.items():
            future.cancel()
            out.lock.close()
        self._out.clear()


def _is_loss(error: Exception) -> bool:
    """Whether it is the executor's, or a damage on the way; not what a worker said."""
    return isinstance(error, DamagedFileError) or not isinstance(error, TegumError)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {joined(error)}" if str(error) else type(error).__name__

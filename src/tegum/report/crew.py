"""Experiments run in processes of their own, two at a time.

Much of an experiment is Python on one core: what lies between two trainings, and drawing. With two
of them at work, one trains while the other does that, and all cores are busy.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Self

from tegum.ensemble.machine import available_cores, checked_jobs
from tegum.ensemble.progress import Progress
from tegum.experiments.base import Experiment
from tegum.report.lab import RunLab
from tegum.report.run import FATAL, Finished, run
from tegum.store import Store

#: How many experiments are under way at once.
AT_ONCE: Final = 2
#: After Ctrl-C: so long may a training take to keep its state.
_PATIENCE_SECONDS: Final = 10.0
_REPORT_SECONDS: Final = 0.1
#: Kinds of messages from a worker: (kind, value).
_PROGRESS, _DONE, _FAILED, _HERE = "progress", "done", "failed", "here"

#: Is told the number of an experiment that begins, and it; answers with what to tell of progress.
Started = Callable[[int, Experiment], Progress]


def jobs_of_each(jobs: int | None) -> int | None:
    """The cores that one experiment may use, out of `jobs`.

    All are open to each, and the system shares them out; fewer are split, so that no more than
    those are at work.
    """
    cores = checked_jobs("reproduce", jobs)
    return jobs if cores >= available_cores() else max(1, cores // AT_ONCE)


@dataclass
class _Task:
    number: int
    experiment: Experiment
    progress: Progress


class Crew:
    """Runs experiments, `AT_ONCE` at a time, and gives each as it is finished.

    The workers start at once, to be ready when the experiments are known. What cannot be sent to a
    process (functions of a notebook, say), or is lost with it, is run here when the others are
    done. Leaving the context early interrupts the workers, whose trainings keep their state in the
    store.
    """

    def __init__(self, lab: RunLab, store: Path | None) -> None:
        """`lab` is what experiments work in, without store and progress; its jobs are for all."""
        self._lab, self._store = replace(lab, jobs=jobs_of_each(lab.jobs)), store
        self._workers = [_Worker(store) for _ in range(AT_ONCE)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._workers:
            worker.dismiss()
        end = time.monotonic() + _PATIENCE_SECONDS
        try:
            for worker in self._workers:
                worker.process.join(max(0.0, end - time.monotonic()))
        finally:  # a second Ctrl-C acts at once
            for worker in self._workers:
                worker.process.kill()

    def run(
        self, experiments: Sequence[Experiment], started: Started, *, quick: bool = False
    ) -> Iterator[tuple[int, Finished]]:
        """(number, what was found) of each experiment, in the order in which they finish.

        `started` is told when one begins, and answers with what is to be told of its progress;
        `quick` makes quick runs of them, whatever the lab says.
        Raises what no experiment would survive: `StoreError`, before any begins where the store
        cannot be used, and `InputFileError`.
        """
        _opened(self._store)
        lab = self._lab.quickly() if quick else self._lab
        waiting = deque(enumerate(experiments))
        busy: dict[_Worker, _Task] = {}
        left: list[_Task] = []
        while waiting or busy:
            while waiting and len(busy) < AT_ONCE:
                number, experiment = waiting.popleft()
                task = _Task(number, experiment, started(number, experiment))
                worker = self._idle()
                if worker.give(lab, experiment):
                    busy[worker] = task
                else:
                    left.append(task)
            if not busy:  # none of them could be sent
                break
            heard = wait([worker.connection for worker in busy])
            for worker in [worker for worker in busy if worker.connection in heard]:
                message, value = worker.answer()
                if message == _PROGRESS:
                    busy[worker].progress(*value)
                    continue
                task = busy.pop(worker)
                if message == _DONE:
                    yield task.number, value
                elif message == _FAILED:
                    raise value
                else:
                    left.append(task)
        for task in left:
            yield task.number, _run_in(lab, self._store, task.experiment, task.progress)

    def _idle(self) -> _Worker:
        """A worker who has nothing to do, or a new one."""
        self._workers = [w for w in self._workers if w.busy or w.process.is_alive()]
        for worker in self._workers:
            if not worker.busy:
                return worker
        self._workers.append(_Worker(self._store))
        return self._workers[-1]


class Alone:
    """Runs experiments in this process, one after the other; used like a `Crew`."""

    def __init__(self, lab: RunLab, store: Path | None) -> None:
        """`lab` is what experiments work in, without store and progress."""
        self._lab, self._store = lab, store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def run(
        self, experiments: Sequence[Experiment], started: Started, *, quick: bool = False
    ) -> Iterator[tuple[int, Finished]]:
        """As `Crew.run`, in the order of `experiments`."""
        lab = self._lab.quickly() if quick else self._lab
        for number, experiment in enumerate(experiments):
            yield number, _run_in(lab, self._store, experiment, started(number, experiment))


class _Worker:
    """A process and the way to it."""

    def __init__(self, store: Path | None) -> None:
        self.busy = False
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(theirs, store), daemon=True)
        with _ctrl_c_waits():  # until it has said what Ctrl-C means to it, it means nothing
            self.process.start()
        theirs.close()

    def give(self, lab: RunLab, experiment: Experiment) -> bool:
        """Whether the experiment, and what it is to work in, could be sent."""
        with suppress(Exception):  # whatever pickling may raise, or a process that is gone
            self.connection.send_bytes(pickle.dumps((lab, experiment)))
            self.busy = True
        return self.busy

    def answer(self) -> tuple[str, Any]:
        """The next message; that of a process that is gone is `_HERE`."""
        try:
            kind, value = self.connection.recv()
        except Exception:  # closed, or what cannot be read back
            self.process.kill()
            self.process.join()
            kind, value = _HERE, None
        self.busy = kind == _PROGRESS
        return kind, value

    def dismiss(self) -> None:
        """End the process; one at work is interrupted, as by Ctrl-C."""
        if not self.busy:
            self.process.kill()
        elif self.process.pid is not None and self.process.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)
        self.connection.close()


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Block SIGINT, also for a process that starts meanwhile, where signals can be blocked."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, store: Path | None) -> None:
    """Run what comes, in a process of its own, until nothing more does."""
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # Ctrl-C in a terminal goes to the parent, who passes it on once
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_follow_parent, daemon=True).start()
    _warm_up()
    _share_cores()
    with suppress(KeyboardInterrupt, EOFError, OSError):  # interrupted; or the parent is gone
        while True:
            lab, experiment = pickle.loads(connection.recv_bytes())
            signal.signal(signal.SIGINT, signal.default_int_handler)
            answer = _answer(experiment, lab, store, connection)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                data = pickle.dumps(answer)
            except Exception:  # whatever pickling may raise
                data = pickle.dumps((_HERE, None))
            connection.send_bytes(data)


def _warm_up() -> None:
    """Import what every experiment needs, and no module does by itself."""
    import tegum.engines.exact.engine
    import tegum.engines.sampled.engine
    import tegum.ensemble
    import tegum.plots  # noqa: F401


def _share_cores() -> None:
    """Give BLAS its share of the cores: on more of them its threads wait busily for a turn."""
    import scipy.linalg  # noqa: F401  with a BLAS of its own, which must be there to be told
    from threadpoolctl import threadpool_limits

    threadpool_limits(max(1, available_cores() // AT_ONCE), user_api="blas")  # type: ignore[no-untyped-call]


def _answer(
    experiment: Experiment, lab: RunLab, store: Path | None, connection: Connection
) -> tuple[str, Any]:
    try:
        return _DONE, _run_in(lab, store, experiment, _Reporter(connection))
    except FATAL as error:
        return _FAILED, error


def _run_in(
    lab: RunLab, store: Path | None, experiment: Experiment, progress: Progress
) -> Finished:
    return run(experiment, replace(lab, store=_opened(store), progress=progress))


def _opened(store: Path | None) -> Store | None:
    return None if store is None else Store(store)


class _Reporter:
    """A Progress that tells the parent, as often as somebody might look."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last = (0.0, 0, 0)

    def __call__(self, done: int, total: int) -> None:
        when, before, of = self._last
        now = time.monotonic()
        if total == of and before <= done < total and now < when + _REPORT_SECONDS:
            return
        self._last = now, done, total
        self._connection.send((_PROGRESS, (done, total)))


def _follow_parent() -> None:
    """A worker whose parent was killed would work on, and hold its terminal."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

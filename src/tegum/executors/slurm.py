"""`slurm` and `slurm:partition=main,time=60`: jobs of a SLURM cluster, by submitit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from submitit import AutoExecutor
from submitit.core.utils import DelayedSubmission, UncompletedJobError

from tegum.errors import SpecError, joined
from tegum.executors import INTERRUPTS, number

#: What may be said after the colon, and what it is by default. `time` in minutes and `memory` in
#: gigabytes are a job's; `workers` jobs, of at most so many `units`, are in the queue at once;
#: `cluster=local` runs them here.
#: Without `memory` none is asked for: where SLURM does not count it, it refuses jobs that ask.
_SETTINGS: Final = {
    **{"partition": "", "account": "", "qos": "", "constraint": "", "cluster": ""},
    **{"folder": "tegum-slurm", "time": 60, "memory": 0, "workers": 16, "units": 8},
}
#: A job of ten minutes or less that is preempted is booked as timed out, and not requeued.
_SHORTEST: Final = 11
_MOST: Final = 10**9
_NAMED: Final = ("partition", "account", "qos", "constraint")
_LOOK_SECONDS: Final = 0.5


def executor(settings: str, threads: int) -> Executor:
    """Jobs of so many cores each, `workers` of them at once; their logs go into `folder`."""
    said = _said(settings)
    # job numbers may begin again: in an old folder an old result would be the answer
    folder = Path(said["folder"]) / uuid4().hex[:12]
    local = said["cluster"] == "local"
    if said["time"] < _SHORTEST and not local:
        rule = f"must have a time of at least {_SHORTEST} minutes, or what is preempted is lost"
        raise SpecError.of("executor", "name", rule, said["time"])
    try:
        jobs = AutoExecutor(folder, cluster=said["cluster"] or "slurm")
        jobs.update_parameters(timeout_min=said["time"], name="tegum")
        if not local:
            given = {f"slurm_{name}": said[name] for name in _NAMED if said[name]}
            if said["memory"]:
                given["mem_gb"] = said["memory"]
            jobs.update_parameters(cpus_per_task=threads, **given)
    except (RuntimeError, ValueError, OSError) as error:
        rule = f"cannot be had ({joined(error)}); slurm:cluster=local tries it on this machine"
        raise SpecError.of("executor", "name", rule, f"slurm:{settings}") from None
    return _Jobs(jobs, said["workers"], said["units"])


def _said(settings: str) -> dict[str, Any]:
    said: dict[str, Any] = dict(_SETTINGS)
    for setting in filter(None, settings.split(",")):
        name, equals, value = setting.partition("=")
        if name not in _SETTINGS or not equals or not value:
            rule = f"takes NAME=VALUE after slurm:, with the names {', '.join(_SETTINGS)}"
            raise SpecError.of("executor", "name", rule, setting)
        if isinstance(_SETTINGS[name], int):
            said[name] = number(value, _MOST, f"must have a whole number from 1 as {name}")
        else:
            said[name] = value
    return said


class Task:
    """Calls that go on where they were when their job is requeued, since the store knows where."""

    def __init__(self, calls: list[tuple[Callable[..., Any], tuple[Any, ...]]]) -> None:
        self._calls = calls

    def __call__(self) -> list[Any]:
        """What each call gives; the warning before a job's end goes through them."""
        INTERRUPTS.add(UncompletedJobError)
        return [call(*args) for call, args in self._calls]

    def checkpoint(self) -> DelayedSubmission:
        """The same calls: what they had done is in the store, where the store can be reached."""
        return DelayedSubmission(self)


class _Jobs(Executor):
    """Jobs of some calls each: a thread sends them off, and asks for those that are under way.

    A job is a process that loads everything anew, and waits for its turn: some seconds at least.
    """

    def __init__(self, jobs: AutoExecutor, workers: int, units: int) -> None:
        self._jobs, self._max_workers, self._units = jobs, workers, units
        #: Of each worker one job is under way, and the next is there when it is done.
        self.units_ahead = 2 * units
        self._waiting: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []
        self._under_way: dict[Any, list[Future[Any]]] = {}
        self._change = threading.Condition()
        self._closed = False
        self._refused: Exception | None = None
        threading.Thread(target=self._watch, daemon=True).start()

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._change:
            if self._refused is not None:
                raise self._refused
            self._waiting.append((future, partial(call, **named), args))
            self._change.notify()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._change:
            self._closed = True
            left = list(self._under_way)
            self._change.notify()
        for job in left:
            job.cancel(check=False)

    def _watch(self) -> None:
        while not self._closed:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._under_way or self._closed)
            time.sleep(_LOOK_SECONDS)  # what is asked for in a row becomes jobs together
            while not self._closed and (calls := self._next()):
                self._send(calls)
            for job, futures in list(self._under_way.items()):
                if all(future.cancelled() for future in futures):
                    job.cancel(check=False)
                elif not job.done():
                    continue
                else:
                    _settle(futures, job)
                with self._change:
                    del self._under_way[job]

    def _next(self) -> list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]]:
        """The calls of the next job: a fair share of what waits, if a worker is idle."""
        with self._change:
            self._waiting = [one for one in self._waiting if not one[0].cancelled()]
            idle = self._max_workers - len(self._under_way)
            share = min(self._units, -(-len(self._waiting) // max(idle, 1))) if idle > 0 else 0
            calls, self._waiting = self._waiting[:share], self._waiting[share:]
        return calls

    def _send(self, calls: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]]) -> None:
        futures = [future for future, _, _ in calls]
        try:
            job = self._jobs.submit(Task([(call, args) for _, call, args in calls]))
        except Exception as error:  # whatever it is: nobody takes jobs
            with self._change:
                self._refused = error
            _end(futures, error)
        else:
            with self._change:
                self._under_way[job] = futures


def _settle(futures: list[Future[Any]], job: Any) -> None:
    try:
        results = job.result()
    except Exception as error:  # whatever ended it: who gave the calls counts how often
        _end(futures, error)
        return
    for future, result in zip(futures, results, strict=True):
        if future.set_running_or_notify_cancel():
            future.set_result(result)


def _end(futures: list[Future[Any]], error: Exception) -> None:
    for future in futures:
        if future.set_running_or_notify_cancel():
            future.set_exception(error)

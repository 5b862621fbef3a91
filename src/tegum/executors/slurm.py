"""`slurm` and `slurm:partition=main,time=60`: jobs of a SLURM cluster, by submitit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from submitit import AutoExecutor
from submitit.core.utils import DelayedSubmission, UncompletedJobError

from tegum.errors import SpecError, joined
from tegum.executors import INTERRUPTS, number

#: What may be said after the colon, and what it is by default. `time` in minutes and `memory` in
#: gigabytes are a job's; `workers` jobs are in the queue at once; `cluster=local` runs them here.
#: Without `memory` none is asked for: where SLURM does not count it, it refuses jobs that ask.
_SETTINGS: Final = {
    **{"partition": "", "account": "", "qos": "", "constraint": "", "cluster": ""},
    **{"folder": "tegum-slurm", "time": 60, "memory": 0, "workers": 16},
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
    return _Jobs(jobs, said["workers"])


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
    """A call that goes on where it was when its job is requeued, since the store knows where."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *args: Any) -> Any:
        """What the call gives; the warning before a job's end goes through it."""
        INTERRUPTS.add(UncompletedJobError)
        return self._call(*args)

    def checkpoint(self, *args: Any) -> DelayedSubmission:
        """The same call: what it had done is in the store, where the store can be reached."""
        return DelayedSubmission(self, *args)


class _Jobs(Executor):
    """Jobs as futures: a thread asks for those that are under way."""

    def __init__(self, jobs: AutoExecutor, workers: int) -> None:
        self._jobs, self._max_workers = jobs, workers
        self._waiting: dict[Future[Any], Any] = {}
        self._change = threading.Condition()
        self._closed = False
        threading.Thread(target=self._watch, daemon=True).start()

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        job = self._jobs.submit(Task(call), *args, **named)
        with self._change:
            self._waiting[future] = job
            self._change.notify()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._change:
            self._closed = True
            left = list(self._waiting.values())
            self._change.notify()
        for job in left:
            job.cancel(check=False)

    def _watch(self) -> None:
        while not self._closed:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._closed)
                under_way = list(self._waiting.items())
            for future, job in under_way:
                if future.cancelled():
                    job.cancel(check=False)
                elif not job.done():
                    continue
                else:
                    _settle(future, job)
                with self._change:
                    del self._waiting[future]
            time.sleep(_LOOK_SECONDS)


def _settle(future: Future[Any], job: Any) -> None:
    try:
        result = job.result()
    except Exception as error:  # whatever ended it: who gave the call counts how often it was lost
        future.set_exception(error)
    else:
        future.set_result(result)

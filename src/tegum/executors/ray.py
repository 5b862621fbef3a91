"""`ray` and `ray:ADDRESS`: workers of a Ray cluster, or of one on this machine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import ray

from tegum.errors import SpecError, joined


def executor(settings: str, threads: int) -> Executor:
    """Those of the cluster at an address, each of so many cores; without one, of this machine."""
    mine = not ray.is_initialized()
    try:
        if mine:
            ray.init(address=settings or None, include_dashboard=False, logging_level="error")
    except (OSError, RuntimeError, ValueError) as error:
        rule = f"must be the address of a Ray cluster that answers ({joined(error)})"
        raise SpecError.of("executor", "name", rule, f"ray:{settings}") from None
    cores = ray.cluster_resources().get("CPU", 1)
    return _Ray(threads, mine, max(1, int(cores) // threads))


class _Ray(Executor):
    """Tasks that Ray does not repeat by itself: who gave them counts how often they were lost."""

    def __init__(self, threads: int, mine: bool, workers: int) -> None:
        self._max_workers = workers
        self._how, self._mine = {"num_cpus": threads, "max_retries": 0}, mine

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        task = ray.remote(call).options(**self._how)
        future: Future[Any] = task.remote(*args, **named).future()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if self._mine:
            ray.shutdown()

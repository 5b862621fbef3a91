"""`dask` and `dask:ADDRESS`: workers of a Dask cluster, or of one on this machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import suppress
from typing import Any, Final

from distributed import Client

from tegum.errors import SpecError, joined

_SECONDS: Final = 10
_LOOK_SECONDS: Final = 0.5
_GONE: Final = "the scheduler is gone"


def executor(settings: str, threads: int) -> Executor:
    """Those of the scheduler at an address; without one, a cluster of this machine's cores."""
    try:
        client = Client(settings, timeout=_SECONDS) if settings else _here(threads)
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        rule = f"must be the address of a scheduler that answers in {_SECONDS} s ({joined(error)})"
        raise SpecError.of("executor", "name", rule, f"dask:{settings}") from None
    except RuntimeError as error:
        rule = (
            f"could not start its workers ({joined(error)}): they import the script again, which "
            "must train under `if __name__ == '__main__':`; processes:N does not"
        )
        raise SpecError.of("executor", "name", rule, "dask") from None
    return _Dask(client, mine=True)


def _here(threads: int) -> Any:
    count = max(1, (os.cpu_count() or 1) // threads)
    return Client(n_workers=count, threads_per_worker=1, dashboard_address=None)


class _Dask(Executor):
    """Dask's own executor, with a client that ends with it if it is ours.

    When a scheduler dies, the client closes after a while, and Dask leaves the futures of its
    executor (distributed 2026.8) as they are: somebody has to say that nobody is at work.
    """

    def __init__(self, client: Any, mine: bool) -> None:
        self._client, self._mine = client, mine
        self._max_workers = max(1, len(client.nthreads()))
        # calls that are equal are not one call: of one that was lost the next is to be made
        self._inner = client.get_executor(pure=False)
        self._out: set[Future[Any]] = set()
        self._closed = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        if _is_gone(self._client):
            raise ConnectionError(_GONE)
        future: Future[Any] = self._inner.submit(call, *args, **named)
        self._out.add(future)
        future.add_done_callback(self._out.discard)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._closed.set()
        self._inner.shutdown(wait=False)
        if self._mine:
            self._client.close()

    def _watch(self) -> None:
        while not self._closed.wait(_LOOK_SECONDS):
            if _is_gone(self._client):
                for future in list(self._out):
                    with suppress(InvalidStateError):
                        future.set_exception(ConnectionError(_GONE))
                return


def _is_gone(client: Any) -> bool:
    return client.status in ("closing", "closed")


def around(given: Any) -> Executor:
    """Dask's executor as one that notices the death of its scheduler; its client stays open."""
    return _Dask(given._client, mine=False)

"""`dask` and `dask:ADDRESS`: workers of a Dask cluster, or of one on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Final

from distributed import Client

from tegum.errors import SpecError, joined

_SECONDS: Final = 10


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
    return _Dask(client)


def _here(threads: int) -> Any:
    count = max(1, (os.cpu_count() or 1) // threads)
    return Client(n_workers=count, threads_per_worker=1, dashboard_address=None)


class _Dask(Executor):
    """Dask's own executor, with a client that ends with it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._max_workers = max(1, len(client.nthreads()))
        # calls that are equal are not one call: of one that was lost the next is to be made
        self._inner = client.get_executor(pure=False)

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = self._inner.submit(call, *args, **named)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._inner.shutdown(wait=False)
        self._client.close()

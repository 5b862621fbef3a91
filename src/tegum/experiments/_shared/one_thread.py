"""BLAS on one thread: products of small matrices cost more to share out than to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

P = ParamSpec("P")
T = TypeVar("T")


def one_thread(run: Callable[P, T]) -> Callable[P, T]:
    """The function, during which BLAS works on one thread."""

    @wraps(run)
    def limited(*args: P.args, **named: P.kwargs) -> T:
        with threadpool_limits(limits=1, user_api="blas"):  # type: ignore[no-untyped-call]
            return run(*args, **named)

    return limited

"""Instances in chunks on all cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def on_threads(run: Callable[..., None], chunks: Sequence[tuple[Any, ...]], jobs: int) -> None:
    """Call run(*chunk) for every chunk, on up to `jobs` threads; the first error is raised.

    Kernels must have been compiled before: parallel compilation races.
    """
    if jobs <= 1 or len(chunks) <= 1:
        for chunk in chunks:
            run(*chunk)
        return
    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(run, *chunk) for chunk in chunks]:
            future.result()

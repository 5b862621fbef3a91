"""Executors for the tests: one that works at once, and such as lose, spoil and interrupt."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
import pytest

from tegum.engines.sampled.engine import SampledEngine


class AtOnce(Executor):
    """Does what it is given before it gives the future.

    `spoil` is told how often it was given the same order, and the answer; it may raise, or give
    another answer.
    """

    def __init__(self, spoil: Callable[[int, bytes], Any] = lambda times, answer: answer) -> None:
        self._max_workers = 2
        self.spoil, self.orders = spoil, []

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        self.orders.append(args[0])
        future: Future[Any] = Future()
        try:
            future.set_result(self.spoil(self.orders.count(args[0]), call(*args, **named)))
        except Exception as error:
            future.set_exception(error)
        return future


class Mixed(AtOnce):
    """Two machines that take turns: the second says that it is another."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        with pytest.MonkeyPatch.context() as patch:
            if len(self.orders) % 2:
                patch.setattr(SampledEngine, "machine", "another")
            return super().submit(call, *args, **named)


def sparse_rows(rng: np.random.Generator, count: int) -> np.ndarray:
    """A sampler in a module: what workers can import."""
    return rng.random((count, 3)) * (rng.random((count, 3)) < 0.3)

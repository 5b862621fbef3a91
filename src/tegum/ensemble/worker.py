"""What a worker does with a unit, wherever it is: bytes in, bytes out."""

from __future__ import annotations

import os
import socket
import threading
from functools import lru_cache
from pathlib import Path
from typing import Final

from tegum.engines import COMPILED
from tegum.ensemble.orders import KEPT, RESULTS, Order, answer, refusal
from tegum.ensemble.progress import silent
from tegum.ensemble.slices import run_unit
from tegum.ensemble.work import about
from tegum.executors import INTERRUPTS
from tegum.store import Store

#: Kernels are compiled by one thread of a process at a time, and a unit uses its own threads.
_ONE: Final = threading.Lock()


def work(raw: bytes) -> bytes:
    """Carry out an order, and say what came of it.

    Errors are said in the answer: to an executor a unit that was refused is one that was done.
    What is raised is what is not the unit's: an interrupt, or the end of this process.

    Args:
        raw: as `orders.order` makes it.

    Returns:
        As `orders.results_of` reads it.
    """
    try:
        with _ONE, silent():
            return _carried_out(Order.read(bytes(raw)))
    except (Exception, SystemExit) as error:
        if isinstance(error, tuple(INTERRUPTS)):
            raise
        return refusal(error, f"{socket.gethostname()}, process {os.getpid()}")


def _carried_out(order: Order) -> bytes:
    if order.engine.name in COMPILED:
        from tegum.engines import kernels  # which loads numba

        kernels.ahead(order.engine.name, order.batch)
    store = None if order.shared is None else _store(*order.shared)
    if store is not None and order.row.key in store:
        return answer(order.row, KEPT)
    results = run_unit(order.engine, order.batch, jobs=order.threads, store=store, row=order.row)
    if store is None:
        return answer(order.row, RESULTS, results, machine=order.engine.machine)
    engine, batch = order.engine, order.batch
    meta = about(
        engine, batch.problem, order.training, len(batch.points), batch.run_seed, engine.machine
    )
    store.put(order.row, results, meta)
    return answer(order.row, KEPT)


@lru_cache(maxsize=4)
def _at(path: str) -> Store:
    return Store(path)


def _store(path: str, sign: str) -> Store | None:
    """The store of who gave the order, if it is to be reached from here; its sign is in it."""
    return _at(path) if (Path(path) / "locks" / sign).exists() else None

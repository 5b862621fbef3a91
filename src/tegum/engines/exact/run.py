"""The kernels on all cores: instances in chunks, each thread with work arrays of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import nan
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64
from tegum.engines.base import State
from tegum.engines.cache import keep
from tegum.engines.exact import outputs as by_address
from tegum.engines.exact import train
from tegum.engines.exact.descent import (
    COUNTS,
    DIVERGED,
    ITERATIONS,
    RUNNING,
    STATUS,
    Descent,
    DescentWork,
    parameters,
)
from tegum.engines.exact.enumeration import enumeration_work
from tegum.engines.exact.law import Law, Point, frozen_room
from tegum.engines.exact.lbfgs import MEMORY
from tegum.engines.exact.lowering import Lowered, flat, named
from tegum.engines.exact.objective import signature, work_for
from tegum.engines.exact.outputs import outputs_of
from tegum.engines.exact.smooth import gelu_loss, quadratic_loss
from tegum.engines.kernels import beside
from tegum.engines.linked import address_of_kernel
from tegum.engines.threads import on_threads

_advance, _find_within = keep(train.advance), keep(train.find_within)
_enumerate, _window = keep(train.enumerate_all), keep(train.window_of)
_single, _series, _boxes = keep(by_address.single), keep(by_address.series), keep(by_address.boxes)
_patterns, _some_patterns = keep(by_address.patterns), keep(by_address.some_patterns)
_OUTPUTS: Final = {
    "single": _single, "series": _series, "boxes": _boxes,
    "patterns": _patterns, "some_patterns": _some_patterns,
}  # fmt: skip
#: The relative tolerance of final losses.
SCORED: Final = 1e-9
#: What rounding may do to the loss of an output without a kink, in parts of its size.
_ROUNDING: Final = 1e-13
#: Windows of GELU's series that are wider would take millions of nodes.
_WIDEST: Final = 1e5
_CHUNKS_PER_THREAD: Final = 8
#: Models of so many numbers in all are one chunk: a call costs as much as some steps of these.
_TOGETHER: Final = 512
#: Optimiser steps between two words on how far it is.
_SLICE: Final = 50


def _silent(done: int) -> None:
    """What is told of progress goes nowhere."""


class Measured(NamedTuple):
    """Losses of N models."""

    loss: F64  # (N,)
    error: F64  # (N,): an estimate of the absolute error that is rarely exceeded
    gradient: State  # by the names of the parameters, (N, ...); empty unless asked for


def measure(
    low: Lowered,
    arrays: Mapping[str, NDArray[Any]],
    how: str = "series",
    *,
    tolerance: float = SCORED,
    insist: bool = False,
    gradient: bool = False,
    jobs: int = 1,
    tell: Callable[[int], None] = _silent,
) -> Measured:
    """The expected losses of N models.

    Args:
        low: their problems.
        arrays: W (N, m, n), or W_in and W_out (N, n, m), and b (N, n), all finite.
        how: "series" or "closed form", "enumeration" (n <= `MOST_FEATURES`); for activations
            without a kink "smooth series" (GELU) or "moments" (z²), which have no gradient.
        tolerance: of a series, in parts of the loss; ten times that for derivatives.
        insist: the estimate of the error, too, is to be within the tolerance, if nodes can do it.
        gradient: whether to find gradients, too.
        jobs: threads.
        tell: told how many models are done, now and then, by any thread.
    """
    if how in ("smooth series", "moments"):
        out = _smooth(low, arrays, how)
        return Measured(out[:, 0], out[:, 1], {})
    theta = flat(arrays, low.shape)
    by = np.zeros((len(theta) if gradient else 0, theta.shape[1]))
    if how == "enumeration" and not len(low.law.shift):
        out = _enumerated(low, theta, by, jobs, tell)
    else:
        out = found_within(low, theta, (tolerance, insist), by, jobs, tell)
    return Measured(out[:, 0], out[:, 1], named(by, low.shape) if gradient else {})


def polish(
    low: Lowered,
    arrays: Mapping[str, NDArray[Any]],
    steps: int,
    *,
    jobs: int = 1,
    tell: Callable[[int], None] = _silent,
) -> State:
    """N models moved to the nearest local minimum by at most `steps` iterations of L-BFGS.

    `tell` is told how many model-steps are done, of `steps` times N, now and then, and may raise:
    a model that has settled has done them all. Returns the parameters by name, and what `scores`
    says of them.
    """
    state = start_state(flat(arrays, low.shape), low)
    for done in range(0, steps, _SLICE):
        advance(state, low, done, min(_SLICE, steps - done), jobs)
        settled = int((state["tally"][:, STATUS] != RUNNING).sum())
        running = len(state["tally"]) - settled
        tell(settled * steps + running * min(done + _SLICE, steps))
        if not running:
            break
    return {**named(state["theta"], low.shape), **scores(state, low, jobs)}


def start_state(theta: F64, low: Lowered) -> State:
    """The state of instances at their first step, as named arrays (see `Descent`)."""
    count, size = theta.shape
    n, blocks = low.shape.n, len(low.law.start)
    return {
        "theta": theta,
        "gradient": np.zeros((count, size)),
        "value": np.zeros(count),
        "moment": np.zeros((count, size)),
        "square": np.zeros((count, size)),
        "moves": np.zeros((count, MEMORY, size)),
        "changes": np.zeros((count, MEMORY, size)),
        "history": np.zeros((count, 2), np.int64),
        "tally": np.zeros((count, COUNTS), np.int64),
        "mark": np.full(count, -1.0),
        "period": np.ones((count, n)),
        "small": np.zeros((count, n, blocks), np.bool_),
        "lead": np.full((count, n, blocks), -1, np.int64),
        "nodes": np.zeros((count, n), np.int64),
        "anchor": np.zeros((count, n, n + 1)),
    }


def advance(state: State, low: Lowered, step: int, steps: int, jobs: int) -> None:
    """Advance all instances by `steps` steps from number `step` on, in place."""
    descent = Descent(*(state[name] for name in Descent._fields))

    def run(start: int, stop: int) -> None:
        _advance((start, stop), step, steps, descent, low, _descent_work(low, start < stop))

    running = np.flatnonzero(state["tally"][:, STATUS] == RUNNING)
    _spread(_advance, run, running, state["theta"].shape[1], jobs, outputs=outputs_of(low.law))


def scores(state: State, low: Lowered, jobs: int) -> State:
    """What a descent has come to, each (N,).

    `loss` and `loss_error`, an estimate of its error; `gradient_norm` ‖∇L‖, `iterations` of L-BFGS,
    `status` (0 running, 1 converged, 2 stalled, 3 diverged), `diverged`.
    """
    theta, tally = state["theta"], state["tally"]
    out = found_within(low, theta, (SCORED, False), np.zeros_like(theta), jobs)
    finite = np.isfinite(theta).all(axis=1) & np.isfinite(out).all(axis=1)
    return {
        "loss": out[:, 0],
        "loss_error": out[:, 1],
        "gradient_norm": out[:, 2],
        "iterations": tally[:, ITERATIONS].copy(),
        "status": tally[:, STATUS].copy(),
        "diverged": ~finite | (tally[:, STATUS] == DIVERGED),
    }


def found_within(
    low: Lowered,
    theta: F64,
    wanted: tuple[float, bool],
    by: F64,
    jobs: int,
    tell: Callable[[int], None] = _silent,
) -> F64:
    """(N, 4): loss, its error estimate, ‖∇L‖, nodes of the series.

    wanted: tolerance, and whether to insist on it (see `measure`). by (N, P) <- gradients; there
    are none, and ‖∇L‖ is 0, where it has no rows.
    """
    out = np.zeros((len(theta), 4))

    def run(start: int, stop: int) -> None:
        _find_within((start, stop), theta, wanted, low, _descent_work(low, start < stop), by, out)

    every, kind = np.arange(len(theta)), outputs_of(low.law)
    _spread(_find_within, run, every, theta.shape[1], jobs, tell, kind)
    return out


def _enumerated(low: Lowered, theta: F64, by: F64, jobs: int, tell: Callable[[int], None]) -> F64:
    """(N, 2): loss and what rounding may do to it, by enumeration; `by` as in `found_within`."""
    out, n = np.zeros((len(theta), 2)), low.shape.n

    def run(start: int, stop: int) -> None:
        rows, work = np.zeros((n, n)), enumeration_work(n, len(low.law.start))
        _enumerate((start, stop), theta, low, rows, work, by, out)

    _spread(_enumerate, run, np.arange(len(theta)), theta.shape[1], jobs, tell)
    return out


def _smooth(low: Lowered, arrays: Mapping[str, NDArray[Any]], how: str) -> F64:
    """(N, 2): loss and its error for outputs without a kink, GELU or z²; NaN for huge weights."""
    out, law = np.zeros((len(low.point_of), 2)), low.law
    with np.errstate(over="ignore", invalid="ignore"):  # weights that are too large give NaN
        for a, p in enumerate(low.point_of):
            point = Point(*(array[p] for array in low.points))
            encoder = arrays["W" if low.shape.tied else "W_in"][a]
            A = (encoder.T if low.shape.tied else arrays["W_out"][a]) @ encoder
            out[a] = _smooth_one(A, arrays["b"][a], how, law, point)
    return out


def _smooth_one(A: F64, b: F64, how: str, law: Law, point: Point) -> tuple[float, float]:
    """Loss and error of one model."""
    if how == "moments":
        losses = quadratic_loss(A, b, law, point)
    else:
        period = np.array([_window(row, bias, law, point) for row, bias in zip(A, b, strict=True)])
        if not period.max() <= _WIDEST:
            return nan, nan
        losses = gelu_loss(A, b, period, law, point)
    size = np.abs(losses) + np.diagonal(point.moment) + b**2 + (A**2) @ np.diagonal(point.moment)
    error = _ROUNDING * (size**2 if how == "moments" else size) @ point.importance
    return float(losses @ point.importance), float(error)


def _descent_work(low: Lowered, called: bool) -> DescentWork:
    """Work arrays of a thread; not `called`: for the sake of their types."""
    shape, law = low.shape, low.law
    address = address_of_kernel(_OUTPUTS[outputs_of(law)], signature()) if called else 0
    n, blocks, size = shape.n, len(law.start), parameters(shape)
    return DescentWork(
        objective=work_for(law, address),
        frozen=frozen_room(n, blocks),
        rows=np.zeros((n, n)),
        trial=np.zeros(size),
        slope=np.zeros(size),
        direction=np.zeros(size),
        inner=np.zeros(MEMORY),
    )


def _spread(
    kernel: Any,
    run: Callable[[int, int], None],
    which: NDArray[np.int64],
    numbers: int,
    jobs: int,
    tell: Callable[[int], None] = _silent,
    outputs: str | None = None,
) -> None:
    """Call run(start, stop), which calls a kernel, over instances in chunks, on threads.

    `which` are to be done, rising.
    `numbers` is how many a model has; `outputs` is the kernel by address that this one calls.
    Chunks may hold others between them, which the kernels pass over. `tell` is told, by the thread
    that has done them, how many of `which` are done.
    """
    count, jobs = len(which), max(1, jobs)
    forms = getattr(kernel, "overloads", None)  # None: it is only to be compiled
    if not forms:
        if forms is not None and outputs is not None:
            beside("exact", [f"_{outputs}"])
        run(0, 0)  # compile here
    together = min(-(-count // jobs), _TOGETHER // numbers)
    size = max(1, count // (jobs * _CHUNKS_PER_THREAD), together)
    done, alone = 0, Lock()

    def run_chunk(chunk: NDArray[np.int64]) -> None:
        nonlocal done
        run(int(chunk[0]), int(chunk[-1]) + 1)
        with alone:
            done += len(chunk)
            tell(done)

    on_threads(run_chunk, [(which[at : at + size],) for at in range(0, count, size)], jobs)

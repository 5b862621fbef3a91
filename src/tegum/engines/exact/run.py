"""The kernels on all cores: instances in chunks, each thread with work arrays of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64, I64
from tegum.engines.cache import keep
from tegum.engines.exact import train
from tegum.engines.exact.descent import COUNTS, DescentWork, Progress, Shape, parameters
from tegum.engines.exact.enumeration import enumeration_work
from tegum.engines.exact.law import Frozen, Law, Point, frozen_room
from tegum.engines.exact.lbfgs import MEMORY
from tegum.engines.exact.objective import work_for
from tegum.engines.exact.smooth import gelu_loss, quadratic_loss

if TYPE_CHECKING:
    from tegum.models import Model

_advance, _measure = keep(train.advance), keep(train.measure)
_enumerate, _window = keep(train.enumerate_all), keep(train.window_of)
#: What rounding may do to the loss of an output without a kink, in parts of its size.
_ROUNDING: Final = 1e-13
_CHUNKS_PER_THREAD: Final = 8


def start_state(theta: F64, shape: Shape, law: Law) -> dict[str, NDArray[Any]]:
    """The state of instances at their first step, as named arrays (see `Progress`)."""
    count, size = theta.shape
    n, blocks = shape.n, len(law.start)
    return {
        "theta": theta,
        "gradient": np.zeros((count, size)),
        "value": np.zeros(count),
        "first": np.zeros((count, size)),
        "second": np.zeros((count, size)),
        "steps": np.zeros((count, MEMORY, size)),
        "changes": np.zeros((count, MEMORY, size)),
        "history": np.zeros((count, 2), np.int64),
        "tally": np.zeros((count, COUNTS), np.int64),
        "mark": np.full(count, -1.0),
        "period": np.ones((count, n)),
        "small": np.zeros((count, n, blocks), np.bool_),
        "lead": np.full((count, n, blocks), -1, np.int64),
        "anchor": np.zeros((count, n, n + 1)),
    }


def advance(
    state: dict[str, NDArray[Any]],
    step: int,
    steps: int,
    rates: F64,
    shape: Shape,
    law: Law,
    points: Point,
    point_of: I64,
    jobs: int,
) -> None:
    """Advance all instances by `steps` steps from number `step` on, in place."""
    progress = Progress(*(state[name] for name in Progress._fields))

    def run(start: int, stop: int) -> None:
        work = _descent_work(shape, law)
        _advance(start, stop, step, steps, rates, progress, shape, law, points, point_of, work)

    running = np.flatnonzero(state["tally"][:, 0] == 0)
    spread(run, running, jobs)


def measure(
    theta: F64,
    tolerance: float,
    gradient: bool,
    shape: Shape,
    law: Law,
    points: Point,
    point_of: I64,
    jobs: int,
    by_theta: F64 | None = None,
) -> F64:
    """(N, 4): loss, its error estimate, ‖∇L‖ (with `gradient`; else 0), nodes of the series.

    by_theta (N, P), if given and with `gradient`, is filled with the gradients.
    """
    out = np.zeros((len(theta), 4))
    by = np.zeros((len(theta) if gradient else 0, theta.shape[1])) if by_theta is None else by_theta

    def run(start: int, stop: int) -> None:
        frozen: Frozen = frozen_room(shape.n, len(law.start))
        work = _descent_work(shape, law)
        _measure(
            start, stop, theta, tolerance, gradient, shape, law, points, point_of, frozen, work,
            by, out,
        )  # fmt: skip

    spread(run, np.arange(len(theta)), jobs)
    return out


def enumerate_all(
    theta: F64,
    gradient: bool,
    shape: Shape,
    law: Law,
    points: Point,
    point_of: I64,
    jobs: int,
    by_theta: F64 | None = None,
) -> F64:
    """(N, 2): loss and what rounding may do to it, by enumeration; by_theta as in `measure`."""
    out = np.zeros((len(theta), 2))
    by = np.zeros((0, theta.shape[1])) if by_theta is None else by_theta

    def run(start: int, stop: int) -> None:
        work = enumeration_work(shape.n, len(law.start))
        rows = np.zeros((shape.n, shape.n))
        _enumerate(start, stop, theta, gradient, shape, law, points, point_of, rows, work, by, out)

    spread(run, np.arange(len(theta)), jobs)
    return out


def smooth(
    model: Model,
    how: str,
    arrays: Mapping[str, NDArray[Any]],
    law: Law,
    points: Point,
    point_of: I64,
) -> F64:
    """(N, 2): loss and its error for outputs without a kink, GELU or z²."""
    out = np.zeros((len(point_of), 2))
    for a, p in enumerate(point_of):
        point = Point(*(array[p] for array in points))
        encoder = arrays["W" if model.tied else "W_in"][a]
        A = (encoder.T if model.tied else arrays["W_out"][a]) @ encoder
        b = arrays["b"][a]
        if how == "moments":
            losses = quadratic_loss(A, b, law, point)
        else:
            period = np.array(
                [_window(row, bias, law, point) for row, bias in zip(A, b, strict=True)]
            )
            losses = gelu_loss(A, b, period, law, point)
        out[a, 0] = losses @ point.importance
        size = (
            np.abs(losses) + np.diagonal(point.moment) + b**2 + (A**2) @ np.diagonal(point.moment)
        )
        out[a, 1] = _ROUNDING * (size**2 if how == "moments" else size) @ point.importance
    return out


def _descent_work(shape: Shape, law: Law) -> DescentWork:
    n, size = shape.n, parameters(shape)
    return DescentWork(
        objective=work_for(n, len(law.start), int(law.size.max())),
        rows=np.zeros((n, n)),
        trial=np.zeros(size),
        slope=np.zeros(size),
        direction=np.zeros(size),
        inner=np.zeros(MEMORY),
    )


def spread(run: Callable[[int, int], None], which: NDArray[np.int64], jobs: int) -> None:
    """Call run(start, stop) over the instances `which` (rising), in chunks, on threads.

    Chunks may hold others between them, which the kernels pass over.
    """
    run(0, 0)  # compile here: parallel compilation races
    if len(which) == 0:
        return
    size = max(1, len(which) // (max(1, jobs) * _CHUNKS_PER_THREAD))
    chunks = [
        (int(which[at]), int(which[min(at + size, len(which)) - 1]) + 1)
        for at in range(0, len(which), size)
    ]
    if jobs <= 1 or len(chunks) == 1:
        for chunk in chunks:
            run(*chunk)
        return
    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(run, *chunk) for chunk in chunks]:
            future.result()

"""Where values stick: plateaus and slopes of a curve, lines in a scatter of values.

A curve y(x) with x > 0, y > 0 is *sticky* at a value when it stays near it over a range of x,
between steeper parts, as m/‖W‖_F² does. A cloud of values has a *line* at a value when many lie
close to it and few beside it, as feature dimensionalities do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tegum.arguments import array, number
from tegum.dims import F64
from tegum.errors import SpecError

#: A value is on a line when it is no further from it than this …
ON_LINE: Final = 0.005
#: … and beside it when its distance is between these.
BESIDE: Final = (0.01, 0.03)
#: Draws of the bootstrap.
DRAWS: Final = 2000


@dataclass(frozen=True)
class Line:
    """How many values lie on a line, and their density over that of the values beside it.

    Args:
        count: how many are on it.
        contrast: the ratio of densities, >= 0; infinite when values are on the line and none
            beside it, 0 when none are on it.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """

    count: int
    contrast: float


def line(
    values: ArrayLike,
    at: float,
    half_width: float = ON_LINE,
    beside: tuple[float, float] = BESIDE,
) -> Line:
    """The line of values at a value; NaN does not count.

    On it: |value − at| <= half_width. Beside it: beside[0] <= |value − at| <= beside[1]. Densities
    are counts per unit of length.

    Args:
        values: of any shape, (...).
        at: where the line is.
        half_width: how far a value on it may be off, > 0.
        beside: between which distances a value is beside it.

    Returns:
        Count and contrast.

    Raises:
        SpecError: unless 0 < half_width <= beside[0] < beside[1].

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    on, near = _on_and_beside(values, at, half_width, beside)
    count = int(on.sum())
    return Line(count, _contrast(count, int(near.sum()), half_width, beside))


def least_contrast(
    values: ArrayLike,
    at: float,
    groups: ArrayLike,
    half_width: float = ON_LINE,
    beside: tuple[float, float] = BESIDE,
) -> float:
    """The contrast that a line has at least, in the face of chance.

    It is the lower end of the two-sided 95 % percentile bootstrap interval of `Line.contrast`, of
    `DRAWS` seeded draws of whole groups: values of one group, such as the features of one polytope,
    come together.

    Args:
        values: of any shape, (...).
        at: where the line is.
        groups: labels in the shape of `values`, (...).
        half_width: as of `line`.
        beside: as of `line`.

    Returns:
        In [0, ∞]: 0 when nothing is on the line, or a single group on it and beside it; infinite
        when none is beside it.

    Raises:
        SpecError: as `line`, and for labels of another shape.

    Source: method, the bootstrap of groups.
    """
    on, near = _on_and_beside(values, at, half_width, beside)
    labels = np.asarray(groups)
    if labels.shape != on.shape:
        raise SpecError.of("line", "groups", f"must have shape {on.shape}", labels.shape)
    _, place = np.unique(labels[on | near], return_inverse=True)
    if on.sum() == 0 or place.max() == 0:
        return 0.0  # nothing is there, or a single group: chance explains it
    if near.sum() == 0:
        return np.inf
    counts = [np.bincount(place, part[on | near]) for part in (on, near)]

    def share(inside: F64, outside: F64, axis: int = -1) -> F64:
        """On the line, of all on it or beside it: finite, and rising with the contrast."""
        return np.asarray(inside.sum(axis) / (inside + outside).sum(axis))

    from scipy.stats import bootstrap  # type: ignore[attr-defined]  # takes most of a second

    found = bootstrap(
        counts,
        share,
        paired=True,
        vectorized=True,
        n_resamples=DRAWS,
        batch=100,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    low = float(found.confidence_interval.low)
    return _contrast(low, 1 - low, half_width, beside)


def _on_and_beside(
    values: ArrayLike, at: float, half_width: float, beside: tuple[float, float]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    if not 0 < half_width <= beside[0] < beside[1]:
        rule = "must be 0 < half_width <= beside[0] < beside[1]"
        raise SpecError.of("line", "beside", rule, (half_width, *beside))
    distance = np.abs(array("line", "values", values) - at)
    return distance <= half_width, (distance >= beside[0]) & (distance <= beside[1])


def _contrast(on: float, near: float, half_width: float, beside: tuple[float, float]) -> float:
    if near == 0:
        return np.inf if on else 0.0
    return on / half_width / (near / (beside[1] - beside[0]))


def plateau(y: ArrayLike, value: float, tolerance: float) -> slice:
    """The longest run of consecutive y with |y − value| < tolerance; the first of equal ones.

    NaN interrupts a run.

    Args:
        y: (k,).
        value: where the plateau is.
        tolerance: how far from it y may be, > 0.

    Returns:
        Positions in y; an empty slice when there is none.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    near = np.abs(array("plateau", "y", y) - value) < tolerance
    edges = np.flatnonzero(np.diff(np.r_[False, near, False].astype(int)))
    starts, stops = edges[::2], edges[1::2]
    if not starts.size:
        return slice(0, 0)
    longest = int((stops - starts).argmax())
    return slice(int(starts[longest]), int(stops[longest]))


def log_slope(x: ArrayLike, y: ArrayLike) -> float:
    """d log y / d log x of the least-squares line through the points.

    Args:
        x: > 0, (k,).
        y: > 0, (k,).

    Returns:
        The slope.

    Raises:
        SpecError: with fewer than two different x, or values that are not positive.

    Source: method, least squares.
    """
    log_x, log_y = _logs("log_slope", x, y)
    if len(np.unique(log_x)) < 2:
        raise SpecError.of("log_slope", "x", "must have two different values", np.asarray(x))
    away = log_x - log_x.mean()
    total = float(away @ away)
    return float(away @ log_y) / total


def window_slopes(x: ArrayLike, y: ArrayLike, ratio: float) -> F64:
    """`log_slope` over the points from each x on to the first that is `ratio` times as large.

    Args:
        x: > 0, rising, (k,).
        y: > 0, (k,).
        ratio: > 1.

    Returns:
        Slopes, (j,), j < k: points from which no x is that far up have none.

    Raises:
        SpecError: unless x rises strictly, ratio > 1 and all values are positive.

    Source: method, least squares.
    """
    log_x, _ = _logs("window_slopes", x, y)
    if not (np.diff(log_x) > 0).all():
        raise SpecError.of("window_slopes", "x", "must rise strictly", np.asarray(x))
    ratio = number("window_slopes", "ratio", ratio, "must be > 1", lambda x: x > 1)
    ends = np.searchsorted(log_x, log_x + np.log(ratio) - 1e-12)
    a, b = np.asarray(x), np.asarray(y)
    spans = [(i, int(end) + 1) for i, end in enumerate(ends) if end < len(log_x)]
    return np.array([log_slope(a[i:j], b[i:j]) for i, j in spans])


def _logs(owner: str, x: ArrayLike, y: ArrayLike) -> tuple[F64, F64]:
    a, b = array(owner, "x", x), array(owner, "y", y)
    for name, values in (("x", a), ("y", b)):
        if a.shape != b.shape or a.ndim != 1 or not ((values > 0) & np.isfinite(values)).all():
            rule = "must be positive and finite, x and y of one shape (k,)"
            raise SpecError.of(owner, name, rule, values)
    return np.log(a), np.log(b)

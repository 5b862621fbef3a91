"""Minima followed while a number of the problem changes, and where two of them are equally deep.

A minimum of the expected loss moves continuously with a density or an importance until it is a
minimum no more. Another one may have become the lower long before: where the losses of two
branches cross, the optimum jumps from one geometry to the other, a phase change of first order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.analysis._path import FINEST, Path
from tegum.arguments import array, explained, number
from tegum.ensemble.progress import waiting
from tegum.errors import SpecError
from tegum.loss.expected import loss_of_zero, same_loss
from tegum.problem import Problem
from tegum.runs.models import stated_problem, targets_of
from tegum.runs.shapes import check_dataset
from tegum.runs.weights import read_one

if TYPE_CHECKING:
    import xarray as xr

#: How well a crossing is solved for, as a part of its value, …
_ROOT: Final = 1e-10
#: … and by which part losses must differ to be different.
_EQUAL: Final = 1e-9


@waiting("following a minimum")
@explained(example="tg.follow(problem, W, target='importance[1]', values=[0.5, 1, 2])")
def follow(
    problem: Problem,
    W: Any,
    b: Any = None,
    *,
    target: str,
    values: Sequence[float] | NDArray[Any],
    start: float | None = None,
    finest: float = FINEST,
    hessian: bool = True,
) -> xr.Dataset:
    """The local minimum next to (W, b) at `start`, followed as `target` goes through `values`.

    From each value to the next, higher or lower one the model moves to the nearest minimum, which
    may change no entry of WᵀW (or W_out W_in) by over .25, and must come back to where it was when
    the value does: else the step is halved. Where that does not help the branch ends: it has met a
    fold, or its well is too narrow. Where a minimum sits on a kink of the loss its end is known to
    about a percent only.

    Args:
        problem: what the model is for.
        W: weights (hidden, feature), or the pair (W_in, W_out).
        b: (feature,), None for 0.
        target: an axis of `train`, such as "feature_probability[0]".
        values: of the target, (k,), in any order.
        start: the value at which (W, b) is; by default the first of the values.
        finest: steps are halved down to this part of the value, > 0.
        hessian: end the branch also where it is a minimum no more.

    Returns:
        A Dataset along the dimension `target`, ascending: W (or W_in, W_out), b, `loss` and
        `status` as of `polish`; with `hessian`, `curvature`, the lowest eigenvalue of the Hessian
        apart from rotations; NaN, and status −1, where there is no branch; `low` and `high`, the
        values between which it was followed. `polish` and `score` take it.

    Raises:
        SpecError: for shapes that do not agree with the problem, more than one model, a target
            that is no axis of it, no values, a value twice, finest <= 0, a start at which there
            is no minimum nearby, and values none of which the branch reaches.

    Source: "The Geometry of Superposition: Perturbing a Single Feature".
    """
    given = read_one("follow", problem, W, b)
    numbers = _checked(values, finest)
    begin = numbers[0] if start is None else float(start)
    path = Path(problem, target, hessian)
    model = path.settle(given, begin)
    if bool(model["diverged"]) or not path.is_minimum(model, begin):
        raise SpecError.of("follow", "W", "must have a minimum nearby", f"{target} = {begin}")
    up = [value for value in sorted(numbers) if value >= begin]
    down = [value for value in sorted(numbers, reverse=True) if value < begin]
    found: dict[float, xr.Dataset] = {}
    ends = [path.trace(model, begin, side, finest, found) for side in (down, up)]
    return path.table(found, sorted(numbers), (ends[0], ends[1]))


@dataclass(frozen=True, eq=False)
class Crossing:
    """Where two branches are equally deep.

    Args:
        value: of the target, …
        loss: … and of the loss there.
        one: the model of the first branch at `value`, W (hidden, feature) and b (feature,).
        other: that of the second.

    Source: "The Geometry of Superposition: Perturbing a Single Feature".
    """

    value: float
    loss: float
    one: xr.Dataset
    other: xr.Dataset


@waiting("crossings")
@explained(example="tg.crossings(one, other), two branches of tg.follow")
def crossings(one: xr.Dataset, other: xr.Dataset) -> list[Crossing]:
    """All crossings of the losses of two branches of `follow`.

    Only intervals at whose ends both branches have a value are looked at; one that holds two
    crossings shows none, so follow them in steps that are fine enough.

    Args:
        one: a Dataset of `follow`.
        other: another, of the same problem, target and values.

    Returns:
        The crossings, by rising value.

    Raises:
        SpecError: unless both are Datasets of `follow` for one problem, target and values.

    Source: "The Geometry of Superposition: Perturbing a Single Feature".
    """
    path, values = _shared(one, other)
    first, second = (branch["loss"].to_numpy() for branch in (one, other))
    # equal within rounding: the same minimum, or a crossing at this very value
    blank = np.array([loss_of_zero(path.at(float(value))) for value in values])
    apart = np.where(same_loss(first, second, _EQUAL, blank), 0.0, first - second)
    known = np.flatnonzero(apart != 0)  # NaN is, and ends what can be bracketed
    found = []
    for a, b in pairwise(known):
        if apart[a] * apart[b] < 0:
            models = [branch.isel({path.target: a}, drop=True) for branch in (one, other)]
            found.append(_solve(path, models, float(values[a]), float(values[b])))
    return found


def _solve(path: Path, models: list[xr.Dataset], low: float, high: float) -> Crossing:
    """The crossing between two values, from the models of both branches at `low`."""
    from scipy.optimize import brentq

    def lead(value: float) -> float:
        first, second = (path.reach(model, low, value) for model in models)
        return float(first["loss"] - second["loss"])

    margin = _ROOT * max(abs(low), abs(high))
    root = float(brentq(lead, low, high, xtol=margin))  # type: ignore[no-untyped-call]
    first, second = (path.reach(model, low, root) for model in models)
    return Crossing(root, float(first["loss"]), first, second)


def _checked(values: Any, finest: float) -> list[float]:
    number("follow", "finest", finest, "must be > 0", lambda x: x > 0)
    row = array("follow", "values", values)
    if row.ndim != 1 or not row.size or not np.isfinite(row).all():
        raise SpecError.of("follow", "values", "must be a row of numbers", values)
    if len(np.unique(row)) < len(row):
        raise SpecError.of("follow", "values", "must be different from each other", values)
    return [float(value) for value in row]


def _shared(one: xr.Dataset, other: xr.Dataset) -> tuple[Path, NDArray[Any]]:
    """What both branches are along; SpecError unless that is the same."""
    for name, branch in (("one", one), ("other", other)):
        check_dataset("crossings", branch, name)
        if "high" not in branch or not targets_of(branch):
            raise SpecError.of("crossings", name, "must be a Dataset of follow", type(branch))
    (target,) = targets_of(one)
    same = one.attrs == other.attrs and one[target].equals(other[target])
    if not same:
        rule = "must be of the same problem, target and values as the other"
        raise SpecError.of("crossings", "one", rule, target)
    return Path(stated_problem(one, "crossings"), target, False), one[target].to_numpy()

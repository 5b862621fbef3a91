"""Minima followed while a number of the problem changes, and where two of them are equally deep.

A minimum of the expected loss moves continuously with a density or an importance until it is a
minimum no more. Another one may have become the lower long before: where the losses of two
branches cross, the optimum jumps from one geometry to the other, a phase change of first order.

Source: paper, "Non-Uniform Superposition: Perturbing a Single Feature" (loss curves that cross).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.analysis.curvature import Signature, signature
from tegum.analysis.local_minima import TOLERANCE, same_minimum
from tegum.errors import SpecError
from tegum.loss import polish
from tegum.problem import Problem
from tegum.runs.models import rows_of, stated_problem, targets_of
from tegum.runs.schema import PARAMETERS
from tegum.runs.weights import Weights, read_one
from tegum.runs.write import dataset, stated, variables
from tegum.sweepable import with_axis
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

#: Steps are halved down to this part of the value before a branch is said to end.
FINEST: Final = 1e-4
#: No entry of WᵀW changes by more in a step: a minimum that turns into another without an overlap
#: comes back as well.
LEAP: Final = 0.25
#: How far weights and biases are moved before they descend to the minimum.
NUDGE: Final = 1e-4
#: How well a crossing is solved for, as a part of its value, …
_ROOT: Final = 1e-10
#: … and by which part losses must differ to be different.
_EQUAL: Final = 1e-9
_KEPT: Final = ("loss", "status")


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

    W (hidden, feature), or the pair (W_in, W_out); `target` is an axis of `train`, such as
    "feature_probability[0]"; `start` is by default the first of the values, from where the branch
    is followed to higher and to lower ones. From each value to the next the model moves to the
    nearest minimum, which may change no entry of WᵀW (or W_out W_in) by over .25, and must come
    back to where it was when the value does: else the step is halved, down to `finest` > 0 of the
    value. Where that does not help the branch ends: it has met
    a fold, or its well is too narrow. With `hessian` it also ends where it is a minimum no more.
    Where a minimum sits on a kink of the loss its end is known to about a percent only.

    The answer has the dimension `target`, ascending: W (or W_in, W_out), b, `loss` and `status`
    as of `polish`; with `hessian`, `curvature`, the lowest eigenvalue of the Hessian apart from
    rotations; NaN, and status −1, where there is no branch; `low` and `high`, the values between
    which it was followed. `polish` and `score` take it.

    Raises:
        SpecError: for shapes that do not agree with the problem, more than one model, a target
            that is no axis of it, no values, a value twice, finest <= 0, a start at which there
            is no minimum nearby, and values none of which the branch reaches.
    """
    given = read_one("follow", problem, W, b)
    numbers = _checked(values, finest)
    begin = numbers[0] if start is None else float(start)
    path = _Path(problem, target, hessian)
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
    """

    value: float
    loss: float
    one: xr.Dataset
    other: xr.Dataset


def crossings(one: xr.Dataset, other: xr.Dataset) -> list[Crossing]:
    """All crossings of the losses of two branches of `follow`, by rising value.

    Only intervals at whose ends both branches have a value are looked at; one that holds two
    crossings shows none, so follow them in steps that are fine enough.

    Raises:
        SpecError: unless both are Datasets of `follow` for one problem, target and values.
    """
    path, values = _shared(one, other)
    first, second = (branch["loss"].to_numpy() for branch in (one, other))
    # equal within rounding: the same minimum, or a crossing at this very value
    apart = np.where(np.isclose(first, second, rtol=_EQUAL, atol=0), 0.0, first - second)
    known = np.flatnonzero(apart != 0)  # NaN is, and ends what can be bracketed
    found = []
    for a, b in pairwise(known):
        if apart[a] * apart[b] < 0:
            models = [branch.isel({path.target: a}, drop=True) for branch in (one, other)]
            found.append(_solve(path, models, float(values[a]), float(values[b])))
    return found


def _solve(path: _Path, models: list[xr.Dataset], low: float, high: float) -> Crossing:
    """The crossing between two values, from the models of both branches at `low`."""
    from scipy.optimize import brentq

    def lead(value: float) -> float:
        first, second = (path.reach(model, low, value) for model in models)
        return float(first["loss"] - second["loss"])

    margin = _ROOT * max(abs(low), abs(high))
    root = float(brentq(lead, low, high, xtol=margin))  # type: ignore[no-untyped-call]
    first, second = (path.reach(model, low, root) for model in models)
    return Crossing(root, float(first["loss"]), first, second)


class _Path:
    """A problem of which one number varies."""

    def __init__(self, problem: Problem, target: str, hessian: bool) -> None:
        self.problem, self.target, self.hessian = problem, target, hessian

    def at(self, value: float) -> Problem:
        """The problem at a value of the target."""
        return with_axis(self.problem, Training(), self.target, value)[0]

    def settle(self, model: Weights, value: float) -> xr.Dataset:
        """The minimum next to a model at a value."""
        beside = {"b": model.b, **{name: _nudged(array) for name, array in model.named().items()}}
        start = dataset(variables(beside, (), ()), {}, stated(self.at(value), {}))
        return polish(start, jobs=1)

    def walk(
        self, model: xr.Dataset, old: float, new: float, finest: float
    ) -> tuple[xr.Dataset | None, float]:
        """The model at `new` and `new`; None and how far the branch goes if it ends on the way."""
        at, step = old, new - old
        while at != new:
            goal = new if abs(new - at) <= abs(step) * (1 + 1e-9) else at + step
            moved = self.settle(_weights(model), goal)
            if self._returns(model, moved, at) and self.is_minimum(moved, goal):
                model, at, step = moved, goal, 2 * step
            elif abs(goal - at) <= finest * max(abs(at), abs(goal)):
                return None, at
            else:
                step = (goal - at) / 2
        return model, at

    def trace(
        self,
        model: xr.Dataset,
        begin: float,
        values: list[float],
        finest: float,
        found: dict[float, xr.Dataset],
    ) -> float:
        """Fill `found` along one side of `begin`; the last value at which there is the branch."""
        last = begin
        for value in values:
            moved, last = self.walk(model, last, value, finest)
            if moved is None:
                break
            found[value] = model = moved
        return last

    def reach(self, model: xr.Dataset, old: float, new: float) -> xr.Dataset:
        """As `walk`, within a branch that is known to go on."""
        moved, at = self.walk(model, old, new, FINEST)
        if moved is None:
            rule = "must go on between two of its values"
            raise SpecError.of("crossings", "one", rule, f"an end at {self.target} = {at:g}")
        return moved

    def is_minimum(self, model: xr.Dataset, value: float) -> bool:
        """Whether no direction goes down, if that is asked for."""
        return not self.hessian or _signature(self.at(value), model).negative == 0

    def _returns(self, model: xr.Dataset, moved: xr.Dataset, old: float) -> bool:
        """Whether the step is small and the way back leads to where one came from."""
        one, other = _weights(model), _weights(moved)
        if bool(moved["diverged"]) or np.abs(other.A - one.A).max() > LEAP:
            return False
        found = self.settle(other, old)
        if bool(found["diverged"]):
            return False
        back = _weights(found)
        pairs = [(weights.W, weights.b) for weights in (one, back)]
        return same_minimum(self.at(old), *pairs, tolerance=TOLERANCE) is not None

    def table(
        self,
        found: dict[float, xr.Dataset],
        values: list[float],
        ends: tuple[float, float],
    ) -> xr.Dataset:
        """All models along the target."""
        import xarray as xr

        if not found:
            rule = "must have one to which the branch goes on"
            raise SpecError.of("follow", "values", rule, values)
        places = sorted(found)
        names = [name for name in (*PARAMETERS, *_KEPT) if name in found[places[0]]]
        rows = xr.concat([found[value][names] for value in places], self.target)
        rows = rows.assign_coords({self.target: places})
        if self.hessian:
            lowest = [_signature(self.at(v), found[v]).eigenvalues[0] for v in places]
            own = {"curvature": np.array(lowest)}
            rows = rows.assign(variables(own, (self.target,), (len(places),)))
        nothing = {name: -1 if name == "status" else np.nan for name in rows}
        full = rows.reindex({self.target: values}, fill_value=nothing)
        reach = {"low": np.array(min(ends)), "high": np.array(max(ends))}
        full = full.assign(variables(reach, (), ()))
        return full.assign_attrs(stated(self.problem, {self.target: self.target}))


def _nudged(array: NDArray[Any]) -> NDArray[Any]:
    """Parameters a little beside themselves: by symmetry, or on a kink, a descent may not move."""
    return array + NUDGE * np.random.default_rng(0).uniform(-1, 1, array.shape)


def _weights(model: xr.Dataset) -> Weights:
    """The one model of a Dataset."""
    return rows_of(model, "follow").weights[0]


def _signature(problem: Problem, model: xr.Dataset) -> Signature:
    weights = _weights(model)
    return signature(problem, weights.W, weights.b)


def _checked(values: Any, finest: float) -> list[float]:
    if not finest > 0:
        raise SpecError.of("follow", "finest", "must be > 0", finest)
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise SpecError.of("follow", "values", "must be a row of numbers", values)
    if len(np.unique(array)) < len(array):
        raise SpecError.of("follow", "values", "must be different from each other", values)
    return [float(value) for value in array]


def _shared(one: xr.Dataset, other: xr.Dataset) -> tuple[_Path, NDArray[Any]]:
    """What both branches are along; SpecError unless that is the same."""
    for name, branch in (("one", one), ("other", other)):
        if "high" not in branch or not targets_of(branch):
            raise SpecError.of("crossings", name, "must be a Dataset of follow", type(branch))
    (target,) = targets_of(one)
    same = one.attrs == other.attrs and one[target].equals(other[target])
    if not same:
        rule = "must be of the same problem, target and values as the other"
        raise SpecError.of("crossings", "one", rule, target)
    return _Path(stated_problem(one, "crossings"), target, False), one[target].to_numpy()

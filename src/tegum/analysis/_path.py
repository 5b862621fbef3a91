"""A minimum that is followed while one number of its problem varies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.analysis.curvature import Signature, signature
from tegum.analysis.local_minima import TOLERANCE, same_minimum
from tegum.errors import SpecError
from tegum.loss import polish
from tegum.problem import Problem
from tegum.runs.models import rows_of
from tegum.runs.schema import PARAMETERS
from tegum.runs.weights import Weights
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
_KEPT: Final = ("loss", "status")


class Path:
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
        size = max(abs(old), abs(new))  # not of the values between: steps from 0 stay in sight
        while at != new:
            goal = new if abs(new - at) <= abs(step) * (1 + 1e-9) else at + step
            moved = self.settle(_weights(model), goal)
            if self._returns(model, moved, at) and self.is_minimum(moved, goal):
                model, at, step = moved, goal, 2 * step
            elif abs(goal - at) <= finest * max(abs(at), abs(goal), finest * size):
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

"""The axis points of an ensemble: the product of its named axes, in the order given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tegum.dims import FEATURE
from tegum.errors import SpecError
from tegum.runs.schema import RESERVED, rows_of, vectors_of
from tegum.sweepable import TARGETS, split_target, widest, with_axis

if TYPE_CHECKING:
    from tegum.problem import Problem
    from tegum.training import Training

_KEPT_POINTS: Final = 4096
_MOST_POINTS: Final = 2**31


@dataclass(frozen=True, eq=False)
class Axis:
    """A named axis: what it sets, and the values (k,) or, for whole vectors, (k, n)."""

    name: str
    target: str
    values: NDArray[np.float64]

    @classmethod
    def of(cls, name: Any, given: Any) -> Axis:
        """From an entry of `axes`: `name: values`, or `name: (target, values)` under a new name."""
        where = f"axes[{name!r}]"
        if not isinstance(name, str) or not name:
            raise SpecError.of("train", "axes", "must have names that are text", name)
        target, values = name, given
        if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str):
            target, values = given
        check_name("train", where, name, f": {{'r': ({target!r}, values)}}")
        split_target(target)
        if name in TARGETS and name != target:
            rule = f"must have another name, {name!r} is a quantity of its own"
            raise SpecError.of("train", where, rule, target)
        try:
            with np.errstate(over="ignore"):
                array = np.array(values, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            raise SpecError.of("train", where, "must hold numbers", values) from None
        if array.ndim not in (1, 2) or array.size == 0:
            rule = "must be a list of at least one number (or, for whole vectors, rows)"
            raise SpecError.of("train", where, rule, values)
        if np.isnan(array).any():
            raise SpecError.of("train", where, "must not hold NaN", values)
        if len(np.unique(array, axis=0)) < len(array):
            raise SpecError.of("train", where, "must hold distinct values", values)
        if array.ndim == 2 and name == target:
            name = rows_of(name)
        if array.ndim == 2:
            check_name("train", where, vectors_of(name))
        return cls(name, target, array)

    def __len__(self) -> int:
        return len(self.values)

    def value(self, k: int) -> float | tuple[float, ...]:
        """The k-th value, as the descriptions take it."""
        row = self.values[k]
        return float(row) if row.ndim == 0 else tuple(row.tolist())

    def coordinates(self) -> dict[str, Any]:
        """The Dataset coordinates: the values, or the row index beside the rows themselves."""
        if self.values.ndim == 1:
            return {self.name: self.values}
        rows = ((self.name, FEATURE), self.values)
        return {self.name: np.arange(len(self)), vectors_of(self.name): rows}


def check_name(owner: str, where: str, name: str, instead: str = "") -> None:
    """Raise SpecError unless a dimension of a Dataset may be called so; `instead` is advice."""
    if name in (".", "..") or not name.isprintable() or "/" in name:
        rule = "must be a name that a file can hold: printable, without '/', not '.'; rename it"
        raise SpecError.of(owner, where, rule, name)
    if name in RESERVED:
        rule = f"needs another name, {name!r} means something else in a Dataset or a table"
        raise SpecError(f"{owner}.{where} {rule}; rename it{instead}")


class Grid:
    """All axis points of a run; the last axis varies fastest. Points are made when asked for."""

    def __init__(
        self, problem: Problem, training: Training, axes: Mapping[str, Any] | None = None
    ) -> None:
        if axes is not None and not isinstance(axes, Mapping):
            raise SpecError.of("train", "axes", "must be a mapping of names to values", axes)
        self.axes = tuple(Axis.of(name, given) for name, given in (axes or {}).items())
        values = {axis.target: axis.values.ravel().tolist() for axis in self.axes}
        self.problem, self.training = widest(problem, values), training
        _check_names(self.axes)
        _check_targets(self.axes)
        self.shape = tuple(len(axis) for axis in self.axes)
        if prod(self.shape) > _MOST_POINTS:
            rule = f"must make at most {_MOST_POINTS} points together"
            raise SpecError.of("train", "axes", rule, prod(self.shape))
        self._resolved = lru_cache(maxsize=_KEPT_POINTS)(self._resolve)
        for position in range(len(self.axes)):
            self._check_values(position)
        _check_rows(self.axes, problem.n_features)
        _check_arrays(self.axes, problem)

    def __len__(self) -> int:
        return prod(self.shape)

    @property
    def names(self) -> tuple[str, ...]:
        """The axis names in order."""
        return tuple(axis.name for axis in self.axes)

    def points(self, start: int, stop: int) -> tuple[tuple[Problem, ...], tuple[Training, ...]]:
        """The resolved problems and trainings of the points start..stop-1."""
        pairs = [
            self._resolved(tuple(int(k) for k in np.unravel_index(point, self.shape)))
            for point in range(start, stop)
        ]
        return tuple(problem for problem, _ in pairs), tuple(training for _, training in pairs)

    def values(self, start: int, stop: int) -> list[list[tuple[str, Any]]]:
        """What the axes set at the points start..stop-1, in the order in which they do."""
        return [
            [
                (axis.target, axis.value(int(k)))
                for axis, k in zip(self.axes, np.unravel_index(point, self.shape), strict=True)
            ]
            for point in range(start, stop)
        ]

    def coordinates(self) -> dict[str, Any]:
        """The Dataset coordinates of all axes."""
        return {name: c for axis in self.axes for name, c in axis.coordinates().items()}

    def _resolve(self, index: tuple[int, ...]) -> tuple[Problem, Training]:
        if not index:
            return self.problem, self.training
        problem, training = self._resolved(index[:-1])
        axis = self.axes[len(index) - 1]
        return with_axis(problem, training, axis.target, axis.value(index[-1]))

    def _check_values(self, position: int) -> None:
        """Refuse a bad value of one axis before anything is trained."""
        for k in range(self.shape[position]):
            self._resolve((0,) * position + (k,))


def _check_names(axes: tuple[Axis, ...]) -> None:
    """Two axes must not want the same coordinate: one holds rows, counted under another name."""
    for axis in axes:
        others = {other.name for other in axes if other is not axis}
        for name in axis.coordinates().keys() & others:
            rule = f"must have another name, {axis.name!r} keeps its rows under it"
            raise SpecError.of("train", f"axes[{name!r}]", rule, sorted(others))


def _check_rows(axes: tuple[Axis, ...], n: int) -> None:
    """Rows are kept over features: those of draws that are sets of features have no place."""
    for axis in axes:
        if axis.values.ndim == 2 and axis.values.shape[1] != n:
            rule = f"must have rows of {n} numbers, one per feature; sweep '{axis.target}[i]'"
            raise SpecError.of("train", f"axes[{axis.name!r}]", rule, axis.values.tolist())


def _check_arrays(axes: tuple[Axis, ...], problem: Problem) -> None:
    """The arrays of a module, and their dimensions, have names of their own."""
    own = problem.model.dimensions(problem.n_features)
    taken = {*own, *(dim for dims in own.values() for dim in dims)}
    for name in {name for axis in axes for name in axis.coordinates()} & taken:
        rule = "must have another name, the model has an array or a dimension of this one"
        raise SpecError.of("train", f"axes[{name!r}]", rule, name)


def _check_targets(axes: tuple[Axis, ...]) -> None:
    """Two axes must not set the same number: the later would silently win."""
    seen: dict[tuple[str, int | None], str] = {}
    for axis in axes:
        name, index = split_target(axis.target)
        for (other, entry), earlier in seen.items():
            if other == name and (entry == index or index is None):
                raise SpecError(
                    f"train.axes: {axis.name!r} sets {axis.target} again, after {earlier!r}"
                )
        seen[name, index] = axis.name

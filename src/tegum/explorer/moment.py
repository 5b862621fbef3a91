"""All models at one step: what is told of them together, and nothing of another step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tegum.dims import F64
from tegum.engines.base import State as Arrays
from tegum.engines.base import finite
from tegum.explorer import looking
from tegum.problem import Problem
from tegum.training import Training


@dataclass(frozen=True, eq=False)
class Moment:
    """N models, the numbers they are trained with, and their losses (N,) at the step `measured`.

    A model with a parameter that is not finite has diverged: it has no loss and no shape, whatever
    was measured of it before, and whichever of its parameters it is. `measured` is None, and
    losses are NaN, before the first measurement. `changes` counts those of the numbers before it.
    """

    step: int
    parameters: Arrays
    raw_losses: F64
    measured: int | None
    problem: Problem
    training: Training
    changes: int

    @cached_property
    def finite(self) -> np.ndarray:
        """Which models have not diverged, (N,)."""
        return finite(self.parameters)

    @cached_property
    def losses(self) -> F64:
        """Of one fresh batch each, (N,); NaN of what diverged."""
        return np.where(self.finite, self.raw_losses, np.nan)

    def model(self, seed: int) -> Arrays:
        """The parameters of one model."""
        return {name: array[seed] for name, array in self.parameters.items()}

    def directions(self, seed: int) -> F64:
        """W (m, n) of one model, W_in of an untied one, in float64; NaN where it diverged."""
        W = looking.directions(self.model(seed))
        return W if self.finite[seed] else np.full_like(W, np.nan)

    def all_directions(self) -> F64:
        """Those of all, (N, m, n)."""
        W = looking.directions(self.parameters)
        return W if self.finite.all() else np.where(self.finite[:, None, None], W, np.nan)

    def kept(self) -> Moment:
        """A copy that training does not change, in float32."""
        copies = {name: np.array(array, np.float32) for name, array in self.parameters.items()}
        losses = np.array(self.losses, np.float64)
        about = (self.measured, self.problem, self.training, self.changes)
        return Moment(self.step, copies, losses, *about)

    @property
    def nbytes(self) -> int:
        """Of its arrays."""
        arrays = (self.raw_losses, *self.parameters.values())
        return sum(array.nbytes for array in arrays)

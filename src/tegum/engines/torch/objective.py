"""What is minimised beside the squared errors of outputs, and what happens to h on its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from tegum.dims import F64
from tegum.engines.torch.addressed import Words, bits
from tegum.engines.torch.nets import Disturb

if TYPE_CHECKING:
    from tegum.engines.base import Batch

#: Uniform numbers that normal ones are made of stay off -1 and 1 by so much.
_OFF_ONE: Final = 2.0**-24


@dataclass(frozen=True, eq=False)
class Objective:
    """Numbers of instances, each (N, 1, 1) or None where no instance has any."""

    power: F64  # (N,), of errors
    l1: Tensor | None  # what ‖h‖₁ costs
    costs: Tensor | None  # (N, 2, matrix): λ₁ of the matrices, then λ₂
    unit_norm: bool
    noise: Tensor | None  # the standard deviation of what is added to h
    dropout: Tensor | None  # how often a unit is left out
    n_hidden: int

    @classmethod
    def of(cls, batch: Batch, point_of: Tensor, dtype: torch.dtype) -> Objective:
        """What a batch asks for."""

        def column(rows: list[float]) -> Tensor | None:
            tensor = torch.tensor(rows, device=point_of.device, dtype=dtype)[point_of]
            return tensor[:, None, None] if any(rows) else None

        costs = np.array([point.weight_costs() for point in batch.points])
        weighed = torch.from_numpy(costs).to(point_of.device, dtype)[point_of]
        return cls(
            power=np.array([point.loss_power for point in batch.points])[batch.point_of()],
            l1=column([point.l1 for point in batch.points]),
            costs=weighed if costs.any() else None,
            unit_norm=batch.problem.unit_norm,
            noise=column([training.hidden_noise for training in batch.trainings]),
            dropout=column([training.hidden_dropout for training in batch.trainings]),
            n_hidden=batch.problem.n_hidden,
        )

    def rows(self, which: slice) -> Objective:
        """Those of some instances."""
        names = ("power", "l1", "costs", "noise", "dropout")
        own = {name: getattr(self, name) for name in names}
        return replace(self, **{k: v[which] for k, v in own.items() if v is not None})

    @property
    def streams(self) -> int:
        """How many random streams it reads: two for each hidden unit, if any."""
        return 0 if self.noise is None and self.dropout is None else 2 * self.n_hidden

    def pull(self, error: Tensor, weight: Tensor) -> Tensor:
        """The slope of Σ weight |error|^q, which may overwrite the error."""
        powers = np.unique(self.power)
        if len(powers) == 1:
            return _pull(float(powers[0]), error, weight)
        for q in powers:
            rows = torch.from_numpy(np.flatnonzero(self.power == q))
            error[rows] = _pull(float(q), error[rows], weight[rows])
        return error

    def size(self, error: Tensor) -> Tensor:
        """|error|^q, which may overwrite the error."""
        powers = np.unique(self.power)
        if len(powers) == 1:
            return _size(float(powers[0]), error)
        for q in powers:
            rows = torch.from_numpy(np.flatnonzero(self.power == q))
            error[rows] = _size(float(q), error[rows])
        return error

    def disturbance(self, words: Words, samples: Tensor) -> Disturb:
        """h∘k/(1 − d) + σ ξ, of the streams of a step."""
        m, scale, shift = self.n_hidden, None, None
        if self.dropout is not None:
            u = bits(words.of_streams(0, m), samples).to(self.dropout.dtype) * 2.0**-32 + 0.5
            scale = (u >= self.dropout) / (1 - self.dropout)
        if self.noise is not None:
            u = bits(words.of_streams(m, 2 * m), samples).to(self.noise.dtype) * 2.0**-31
            xi = u.clamp_(_OFF_ONE - 1, 1 - _OFF_ONE).erfinv_().mul_(2**0.5)
            shift = xi * self.noise
        return Disturb(scale, shift)

    def add_costs(self, gradients: list[Tensor], weights: list[Tensor]) -> None:
        """Add what the weights cost to the gradients of the matrices, in place."""
        if self.costs is None:
            return
        for k, (gradient, w) in enumerate(zip(gradients, weights, strict=True)):
            flat, square = self.costs[:, :, k].reshape(-1, 2, *[1] * (w.ndim - 1)).unbind(1)
            gradient += flat * w.sign() + 2 * square * w


def _pull(q: float, error: Tensor, weight: Tensor) -> Tensor:
    if q == 2:
        return error.mul_(2 * weight)
    size = error.abs().pow_(q - 1).mul_(q * weight)
    return size.mul_(error.sign_())


def _size(q: float, error: Tensor) -> Tensor:
    return error.square_() if q == 2 else error.abs_().pow_(q)


def along_sphere(gradient: Tensor, columns: Tensor) -> None:
    """Take from a gradient (N, m, n) its part along each column of norm 1, in place."""
    gradient -= (gradient * columns).sum(1, keepdim=True) * columns


def normalise(columns: Tensor) -> None:
    """Bring every column of (N, m, n) to norm 1, in place; those of 0 stay."""
    norm = columns.square().sum(1, keepdim=True).sqrt_()
    columns /= torch.where(norm > 0, norm, 1.0)

"""One step of Adam, AdamW or SGD with momentum on stacked parameters, in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tegum.training import Training

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
#: The arrays of the state: the parameters, the running means of gradient and square, (N, P) each.
ARRAYS: Final = ("theta", "moment", "square")


class Held(NamedTuple):
    """`ARRAYS` as tensors, under way."""

    theta: Tensor
    moment: Tensor
    square: Tensor


class Rates(NamedTuple):
    """What the trainings of instances differ by, each (N, 1); decay where any has some."""

    rate: Tensor
    momentum: Tensor
    decay: Tensor | None

    @classmethod
    def of(cls, trainings: Sequence[Training], point_of: Tensor, dtype: torch.dtype) -> Rates:
        """Of the instances whose points have these trainings."""
        rows = np.array([[t.learning_rate, t.momentum, t.weight_decay] for t in trainings])
        rate, momentum, decay = torch.from_numpy(rows).to(point_of.device, dtype)[point_of].T
        return cls(rate[:, None], momentum[:, None], decay[:, None] if rows[:, 2].any() else None)

    def rows(self, which: slice) -> Rates:
        """Those of some instances."""
        decay = None if self.decay is None else self.decay[which]
        return Rates(self.rate[which], self.momentum[which], decay)


class Step(NamedTuple):
    """What all instances have in common in a step."""

    kind: str
    factor: float  # of the learning rate, by the schedule
    number: int  # of it, from 1

    def apply(self, held: Held, gradient: Tensor, rates: Rates) -> None:
        """Move the parameters by their gradient (N, P), the mean over the batch."""
        theta, moment, square = held
        rate = rates.rate * self.factor
        if rates.decay is not None and self.kind != "adamw":
            gradient = gradient.addcmul_(rates.decay, theta)
        if self.kind == "sgd":
            moment.mul_(rates.momentum).add_(gradient)
            theta.sub_(moment * rate)
            return
        if rates.decay is not None and self.kind == "adamw":
            theta.mul_(1 - rate * rates.decay)
        moment.mul_(BETA1).add_(gradient, alpha=1 - BETA1)
        square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        root = (square / (1 - BETA2**self.number)).sqrt_().add_(EPSILON)
        theta.sub_(torch.div(moment, root, out=root).mul_(rate / (1 - BETA1**self.number)))

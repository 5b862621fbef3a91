"""A batch as the torch engine reads it: tensors on the device, by instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from tegum.engines.torch.modules import ModuleNet, check_module
from tegum.engines.torch.nets import Net, net_of
from tegum.engines.torch.objective import Objective
from tegum.engines.torch.optimiser import Rates
from tegum.engines.torch.sources import Numbers, Source
from tegum.engines.torch.targets import target_of
from tegum.errors import SpecError
from tegum.models import TorchModel

if TYPE_CHECKING:
    from tegum.distributions import Distribution
    from tegum.engines.base import Batch

#: Numbers (features times samples) of one instance that are worked on at once, and samples that are
#: in any case: on a CPU so many that they stay in a core's cache.
_AT_ONCE: Final = {"cpu": 2**15, "cuda": 2**22}
_FEWEST: Final = 128


@dataclass(frozen=True, eq=False)
class Lowered:
    """What some instances of a batch are trained by; all tensors have a leading instance axis."""

    source: Source
    target: Callable[[Tensor], Tensor]
    net: Net
    addresses: Tensor  # (N,) int64
    laws: tuple[Distribution, ...]  # (N,)
    numbers: Numbers  # of these
    importance: Tensor  # (N, n, 1)
    objective: Objective
    rates: Rates
    shapes: dict[str, tuple[int, ...]]  # of the parameters
    matrices: tuple[str, ...]  # which of them are weights
    fixed: dict[str, Tensor]  # what the net reads beside them
    at_once: int  # samples
    size: int  # samples in a step

    def piece(self, count: int) -> int:
        """How many of `count` samples are worked on at once: even parts of them."""
        return -(-count // -(-count // self.at_once))

    def rows(self, which: slice, fixed: Mapping[str, Tensor] | None = None) -> Lowered:
        """Some of the instances, and what is fixed in them."""
        return replace(
            self,
            fixed=dict(fixed or {}),
            addresses=self.addresses[which],
            laws=self.laws[which],
            numbers=self.numbers.rows(which),
            importance=self.importance[which],
            objective=self.objective.rows(which),
            rates=self.rates.rows(which),
        )


def lower(batch: Batch, device: torch.device, dtype: torch.dtype, fuse: bool) -> Lowered:
    """The tensors of a batch; raises SpecError for what this engine cannot train.

    To `fuse` is to compile what is drawn, which takes seconds.
    """
    problem, points = batch.problem, batch.points
    point_of = torch.from_numpy(batch.point_of()).to(device)
    laws = [point.distribution for point in points]
    in_order = batch.training.batch_size == "all"
    source = Source(laws[0], device, dtype, fuse=fuse, in_order=in_order)
    with np.errstate(over="ignore"):
        importance = np.array([point.importance_vector() for point in points])
    return Lowered(
        source=source,
        target=target_of(problem, device),
        net=_net_of(batch, device, dtype),
        addresses=torch.from_numpy(batch.addresses().view(np.int64)).to(device),
        laws=tuple(laws[k] for k in batch.point_of()),
        numbers=source.numbers(laws, point_of),
        importance=torch.from_numpy(importance).to(device, dtype)[point_of, :, None],
        objective=Objective.of(batch, point_of, dtype),
        rates=Rates.of(batch.trainings, point_of, dtype),
        shapes=problem.model.trained(problem.n_features),
        matrices=problem.model.matrices(problem.n_features),
        fixed={},
        at_once=max(_FEWEST, _AT_ONCE[device.type] // problem.n_features),
        size=batch.batch_size,
    )


def _net_of(batch: Batch, device: torch.device, dtype: torch.dtype) -> Net:
    """The forward pass of a batch's model; raises SpecError for one that cannot be trained."""
    model, n = batch.problem.model, batch.problem.n_features
    if not isinstance(model, TorchModel):
        return net_of(model)
    for training in batch.trainings:
        if training.init_std is not None:
            rule = "must be None for a TorchModel, whose factory makes the weights"
            raise SpecError.of("Training", "init_std", rule, training.init_std)
    _check_hidden(batch, model)
    net = ModuleNet(model, n, device, dtype)
    check_module(ModuleNet(model, n, torch.device("cpu"), dtype), model, n, dtype)
    return net


def _check_hidden(batch: Batch, model: TorchModel) -> None:
    """Raise SpecError where something is asked of h, and there is none."""
    asked = {
        "Problem.l1": max(point.l1 for point in batch.points),
        "Training.hidden_noise": max(training.hidden_noise for training in batch.trainings),
        "Training.hidden_dropout": max(training.hidden_dropout for training in batch.trainings),
    }
    for field, value in asked.items():
        if value and not model.outputs:
            rule = "must be 0 for a TorchModel without outputs=, of which the first is h"
            raise SpecError.of(field, "", rule, value)

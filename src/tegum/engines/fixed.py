"""Losses over a fixed data set, in float64: means over its rows, for every model and target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.dims import F64

if TYPE_CHECKING:
    from tegum.distributions import Samples
    from tegum.problem import Problem

#: Rows that are looked at together.
_ROWS: Final = 4096


def row_losses(
    problem: Problem,
    parameters: Mapping[str, Any],
    forward: Callable[[Mapping[str, Any], F64], tuple[F64, F64]] | None = None,
) -> tuple[float, float]:
    """Σ_i I_i E[|t(x)_i − x'_i|^q] and E‖h‖₁ of one model on the problem's `Samples`.

    parameters: arrays by name; a bias that the model does not have is passed over. forward: h and
    x' of arrays and samples, of models that do not say so themselves.
    """
    data: Samples = problem.distribution  # type: ignore[assignment]
    n = problem.n_features
    own = {name: parameters[name] for name in problem.model.parameters(n)}
    chances, importance = data.chances(), problem.importance_vector()
    loss = size = 0.0
    with np.errstate(over="ignore", invalid="ignore"):  # the weights of models that diverged
        for start in range(0, len(data.x), _ROWS):
            x: F64 = data.x.values[start : start + _ROWS]
            h, y = (forward or problem.model.forward)(own, x)
            chance = chances[start : start + _ROWS]
            errors = np.abs(problem.target_of(x) - y) ** problem.loss_power
            loss += float(chance @ (errors @ importance))
            size += float(chance @ np.abs(h).sum(axis=1))
    return loss, size

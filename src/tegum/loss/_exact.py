"""The exact engine, asked for the losses of given weights: every call into it is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.dims import F64, I64
from tegum.distributions import Samples
from tegum.engines.exact import (
    MOST_FEATURES,
    SLOPES,
    check_trainable,
    is_summed,
    lower,
    measure,
    polish,
)
from tegum.engines.exact import check_exact as check_solvable
from tegum.engines.fixed import row_losses
from tegum.errors import SpecError
from tegum.loss.expected import FLOOR, loss_of_zero
from tegum.models import SAE
from tegum.problem import Problem
from tegum.runs.models import Models, models_of, stated_problem
from tegum.runs.weights import Weights
from tegum.targets import LinearMap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    import xarray as xr

    from tegum.engines.base import State

    #: Yields what raises KeyboardInterrupt between two slices.
    Interruption = AbstractContextManager[Callable[[], None]]
    #: Told how much is done, and of how much.
    Report = Callable[[int, int], None]

__all__ = [
    "SLOPES", "check_every", "check_exact", "check_reached", "check_trainable", "descend",
    "evaluate", "method_of", "models_with_losses",
]  # fmt: skip

#: What rounding may do to a mean over rows, in parts of it.
_ROUNDING: Final = 1e-12
#: Up to here (and without exponential magnitudes) every pattern of active features is summed.
ENUMERATED: Final = 6


def check_exact(problem: Problem) -> None:
    """Raise SpecError, naming the alternative, where the expected loss has no form known here."""
    if isinstance(problem.model, SAE):
        rule = (
            "must have no latents for an exact expected loss; `loss` of tegum.train is on samples"
        )
        raise SpecError.of("Problem", "model", rule, problem.model)
    check_solvable(problem)


def check_every(problems: Sequence[Problem]) -> None:
    """`check_exact` of problems that differ by numbers: of every power of errors."""
    for problem in {problem.loss_power: problem for problem in problems}.values():
        check_exact(problem)


def models_with_losses(runs: xr.Dataset, owner: str) -> Models:
    """The models of a Dataset; SpecError where their problems have no exact loss."""
    check_exact(stated_problem(runs, owner).replace(loss_power=2.0))  # an axis may set the power
    models = models_of(runs, owner)
    check_every(models.problems)
    return models


class Question(NamedTuple):
    """How a loss is wanted."""

    how: str  # as `method_of` says
    tolerance: float
    insist: bool  # that the error is within the tolerance, if nodes can do it
    gradient: bool
    jobs: int


def method_of(problem: Problem, asked: str) -> str:
    """How the loss is found; SpecError where what is asked for cannot."""
    n, activation = problem.n_features, problem.model.output_activation
    if is_summed(problem):
        if asked == "series":
            rule = "cannot be 'series' where features are not in independent blocks"
            if isinstance(problem.target, LinearMap):
                rule = "cannot be 'series' for a LinearMap"
            raise SpecError.of("expected_loss", "method", rule, asked)
        return "finite sum" if isinstance(problem.distribution, Samples) else "enumeration"
    magnitudes = {str(block.magnitude) for block in problem.distribution.blocks()}
    exponential = "exponential" in magnitudes
    if activation not in SLOPES:
        if asked != "auto":
            rule = f"must be 'auto' for the output activation {activation!r}"
            raise SpecError.of("expected_loss", "method", rule, asked)
        return "smooth series" if activation == "gelu" else "moments"
    if asked == "enumeration" and (exponential or n > MOST_FEATURES):
        rule = f"can be 'enumeration' for at most {MOST_FEATURES} features, none exponential"
        raise SpecError.of("expected_loss", "method", rule, asked)
    if asked == "series" and "one" in magnitudes and activation != "identity":
        rule = "cannot be 'series' where features are 0 or 1: theirs does not end"
        raise SpecError.of("expected_loss", "method", rule, asked)
    if asked != "auto":
        return asked
    if activation == "identity":
        return "closed form"
    if "one" in magnitudes:
        return "finite sum" if len(magnitudes) == 1 else "enumeration"
    if n <= 2 and not exponential:
        return "closed form"
    return "enumeration" if n <= ENUMERATED and not exponential else "series"


def evaluate(
    problems: tuple[Problem, ...],
    point_of: I64,
    weights: Weights,
    question: Question,
    tell: Callable[[int], None] = lambda done: None,
) -> tuple[F64, F64, State]:
    """Loss (N,), error (N,), and gradients by name if asked for; NaN for diverged models.

    `tell` is told how many models are done.
    """
    alive = weights.finite()
    if not alive.all():
        loss, error = np.full((2, len(point_of)), np.nan)
        if alive.any():
            rest = question._replace(gradient=False)
            found = evaluate(problems, point_of[alive], weights[alive], rest, tell)
            loss[alive], error[alive] = found[:2]
        return loss, error, {}
    if isinstance(problems[0].distribution, Samples) and not question.gradient:
        return (*_over_rows(problems, point_of, weights), {})
    low = lower(problems, point_of)
    found = measure(low, _named(weights), **question._asdict(), tell=tell)
    # rounding may leave less than nothing of a loss of 0
    return np.maximum(found.loss, 0.0), found.error, found.gradient


def _over_rows(problems: tuple[Problem, ...], point_of: I64, weights: Weights) -> tuple[F64, F64]:
    """Loss (N,) and error (N,) on a fixed data set."""
    found = [
        row_losses(problems[p], weights[a].named())[0] for a, p in enumerate(point_of.tolist())
    ]
    blank = np.array([loss_of_zero(problem) for problem in problems])
    loss = np.array(found)
    return loss, _ROUNDING * (loss + blank[point_of])


def check_reached(
    owner: str, problems: tuple[Problem, ...], point_of: I64, question: Question, found: F64
) -> None:
    """Raise SpecError unless errors are within the tolerance; found (2, N): losses, errors.

    As in the kernels, losses below a part of that of predicting 0 count as that; NaN is passed.
    """
    blank = np.array([loss_of_zero(problem) for problem in problems])
    size = np.maximum(found[0], FLOOR * blank[point_of])
    known = size > 0
    worst = float(np.max(found[1, known] / size[known], initial=0.0))
    if worst > question.tolerance:
        rule = f"must be one that can be reached, {1.05 * worst:.1e} for these weights"
        raise SpecError.of(owner, "tolerance", rule, question.tolerance)


def descend(
    models: Models, steps: int, jobs: int, interruption: Interruption, report: Report
) -> State:
    """The local minima next to models after at most `steps` iterations: parameters, scores."""
    low, total = lower(models.problems, models.point_of), steps * len(models.point_of)
    with interruption as check:

        def tell(done: int) -> None:
            check()
            report(done, total)

        report(0, total)
        found = polish(low, _named(models.weights), steps, jobs=jobs, tell=tell)
    report(total, total)
    return found


def _named(weights: Weights) -> State:
    """Weights by name, with a bias b even where the model has none: it is 0 then."""
    return {"b": weights.b, **weights.named()}

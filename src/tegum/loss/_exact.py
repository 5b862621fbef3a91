"""The exact engine, asked for the losses of given weights: every call into it is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.dims import F64, I64
from tegum.engines.exact import (
    FLOOR,
    MOST_FEATURES,
    SLOPES,
    check_exact,
    check_trainable,
    lower,
    measure,
    polish,
)
from tegum.errors import SpecError
from tegum.problem import Problem
from tegum.runs.models import Models
from tegum.runs.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tegum.engines.base import State

    #: Yields what raises KeyboardInterrupt between two slices.
    Interruption = AbstractContextManager[Callable[[], None]]

__all__ = [
    "SLOPES", "check_exact", "check_reached", "check_trainable", "descend", "evaluate", "method_of",
]  # fmt: skip

#: Up to here (and without exponential magnitudes) every pattern of active features is summed.
ENUMERATED: Final = 6


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
    exponential = any(b.magnitude == "exponential" for b in problem.distribution.blocks())
    if activation not in SLOPES:
        if asked != "auto":
            rule = f"must be 'auto' for the output activation {activation!r}"
            raise SpecError.of("expected_loss", "method", rule, asked)
        return "smooth series" if activation == "gelu" else "moments"
    if asked == "enumeration" and (exponential or n > MOST_FEATURES):
        rule = f"can be 'enumeration' for at most {MOST_FEATURES} features, none exponential"
        raise SpecError.of("expected_loss", "method", rule, asked)
    if asked != "auto":
        return asked
    if activation == "identity" or (n <= 2 and not exponential):
        return "closed form"
    return "enumeration" if n <= ENUMERATED and not exponential else "series"


def evaluate(
    problems: tuple[Problem, ...], point_of: I64, weights: Weights, question: Question
) -> tuple[F64, F64, State]:
    """Loss (N,), error (N,), and gradients by name if asked for; NaN for diverged models."""
    alive = weights.finite()
    if not alive.all():
        loss, error = np.full((2, len(point_of)), np.nan)
        if alive.any():
            rest = question._replace(gradient=False)
            found = evaluate(problems, point_of[alive], weights[alive], rest)
            loss[alive], error[alive] = found[:2]
        return loss, error, {}
    found = measure(lower(problems, point_of), _named(weights), **question._asdict())
    return found.loss, found.error, found.gradient


def check_reached(
    owner: str, problems: tuple[Problem, ...], point_of: I64, question: Question, found: F64
) -> None:
    """Raise SpecError unless errors are within the tolerance; found (2, N): losses, errors.

    As in the kernels, losses below a part of that of predicting 0 count as that; NaN is passed.
    """
    blank = [p.importance_vector() @ np.diagonal(p.distribution.second_moment()) for p in problems]
    size = np.maximum(found[0], FLOOR * np.array(blank)[point_of])
    known = size > 0
    worst = float(np.max(found[1, known] / size[known], initial=0.0))
    if worst > question.tolerance:
        rule = f"must be one that can be reached, {1.05 * worst:.1e} for these weights"
        raise SpecError.of(owner, "tolerance", rule, question.tolerance)


def descend(models: Models, steps: int, jobs: int, interruption: Interruption) -> State:
    """The local minima next to models after at most `steps` iterations: parameters, scores."""
    low = lower(models.problems, models.point_of)
    with interruption as check:
        return polish(low, _named(models.weights), steps, jobs=jobs, check=check)


def _named(weights: Weights) -> State:
    """Weights by name, with a bias b even where the model has none: it is 0 then."""
    return {"b": weights.b, **weights.named()}

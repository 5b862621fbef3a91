"""The exact engine, asked for the losses of given weights: every call into it is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.dims import F64, I64
from tegum.engines.exact import run
from tegum.engines.exact.descent import DIVERGED, ITERATIONS, STATUS
from tegum.engines.exact.enumeration import MOST_FEATURES
from tegum.engines.exact.lowering import (
    SLOPES,
    check_exact,
    check_trainable,
    flat,
    lower_points,
    named,
    shape_of,
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

__all__ = ["SLOPES", "check_exact", "check_trainable", "descend", "evaluate", "method_of"]

#: Up to here (and without exponential magnitudes) every pattern of active features is summed.
ENUMERATED: Final = 6
#: What the loss of a polished model is good to.
_TOLERANCE: Final = 1e-9
#: Optimiser steps between two looks at the keyboard.
_SLICE: Final = 50


class Question(NamedTuple):
    """How a loss is wanted."""

    how: str  # as `method_of` says
    tolerance: float
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
    how, tolerance, gradient, jobs = question
    law, points = lower_points(problems)
    if how in ("smooth series", "moments"):
        out = run.smooth(problems[0].model, how, _named(weights), law, points, point_of)
        return out[:, 0], out[:, 1], {}
    shape = shape_of(problems[0])
    theta = flat(_named(weights), shape)
    by = np.zeros_like(theta) if gradient else None
    if how == "enumeration":
        out = run.enumerate_all(theta, gradient, shape, law, points, point_of, jobs, by)
    else:
        out = run.measure(theta, tolerance, gradient, shape, law, points, point_of, jobs, by)
    return out[:, 0], out[:, 1], named(by, shape) if by is not None else {}


def descend(models: Models, steps: int, jobs: int, interruption: Interruption) -> State:
    """The local minima next to models after at most `steps` iterations: parameters, scores."""
    shape = shape_of(models.problems[0])
    law, points = lower_points(models.problems)
    state = run.start_state(flat(_named(models.weights), shape), shape, law)
    rates = np.zeros(len(models.problems))
    with interruption as check:
        for done in range(0, steps, _SLICE):
            more = min(_SLICE, steps - done)
            run.advance(state, done, more, rates, shape, law, points, models.point_of, jobs)
            check()
            if (state["tally"][:, STATUS] != 0).all():
                break
    theta, tally = state["theta"], state["tally"]
    out = run.measure(theta, _TOLERANCE, True, shape, law, points, models.point_of, jobs)
    return {
        **named(theta, shape),
        "loss": out[:, 0],
        "loss_error": out[:, 1],
        "gradient_norm": out[:, 2],
        "iterations": tally[:, ITERATIONS],
        "status": tally[:, STATUS],
        "diverged": ~np.isfinite(out).all(axis=1) | (tally[:, STATUS] == DIVERGED),
    }


def _named(weights: Weights) -> State:
    """Weights by name, with a bias b even where the model has none: it is 0 then."""
    return {"b": weights.b, **weights.named()}

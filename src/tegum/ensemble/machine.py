"""The cores and the memory of this machine, and whether an ensemble fits in them."""

from __future__ import annotations

import os
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from tegum.ensemble.work import unit_size
from tegum.errors import SpecError
from tegum.memory import lacking

if TYPE_CHECKING:
    from tegum.ensemble.solve import Ensemble
    from tegum.problem import Problem
    from tegum.training import Training


def available_cores() -> int:
    """The number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def checked_jobs(owner: str, jobs: int | None) -> int:
    """A number of threads >= 1; None stands for every core this process may use.

    Raises SpecError, in the name of the function that was given `jobs`.
    """
    if jobs is None:
        return available_cores()
    if isinstance(jobs, bool) or not isinstance(jobs, int | np.integer) or jobs < 1:
        raise SpecError.of(owner, "jobs", "must be an integer >= 1 or None", jobs)
    return int(jobs)


def check_memory(ensemble: Ensemble) -> None:
    """Refuse what would not fit, before hours are spent on it."""
    grid, seeds = ensemble.grid, ensemble.seeds
    problem, training, count = grid.problem, grid.training, len(ensemble)
    size = np.dtype(ensemble.engine.dtype).itemsize
    need = count * instance_bytes(problem, training, size)
    need += _working_bytes(problem, training, count)
    said = lacking(need)
    if said is not None:
        raise SpecError(
            f"train: the results of {len(grid)} axis points x {seeds} seeds need {said}; "
            "use fewer points, seeds or checkpoints, or a smaller model"
        )


def _parameters(problem: Problem) -> int:
    return sum(prod(shape) for shape in problem.model.parameters(problem.n_features).values())


def _checkpoints(training: Training) -> int:
    given = training.checkpoints
    return len(given) if isinstance(given, tuple) else _spaced(training, given)


def _spaced(training: Training, count: int) -> int:
    """How many log-spaced steps there are, without listing them: they may be more than memory."""
    return min(count, training.steps + 1)


def instance_bytes(problem: Problem, training: Training, size: int) -> int:
    """What the results of one instance take, its numbers being of `size` bytes."""
    kept = 1 + _checkpoints(training)
    return size * _parameters(problem) * kept + 4 * _spaced(training, training.curve_points) + 32


def _working_bytes(problem: Problem, training: Training, count: int) -> int:
    """What a unit under way takes, roughly: state and initial numbers, blocks, lists of steps."""
    unit = min(count, unit_size(problem, training))
    steps = _checkpoints(training) + _spaced(training, training.curve_points)
    lists = 300 * problem.n_features + 128 * steps
    return 48 * unit * _parameters(problem) + lists

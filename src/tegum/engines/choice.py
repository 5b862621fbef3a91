"""Which engine solves a problem, and what it may not be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.errors import SpecError

if TYPE_CHECKING:
    from tegum.problem import Problem
    from tegum.training import Training


def engine_of(problem: Problem, training: Training) -> str:
    """The name of the engine that solves a problem: the training's, or the model's own.

    Args:
        problem: what is asked.
        training: how it is to be solved.

    Returns:
        The name.

    Raises:
        SpecError: for a training that asks for another than the model's own.
    """
    own = problem.model.engine
    if own and training.engine != "sampled":
        rule = f"must be left out for {type(problem.model).__name__}, which has one of its own"
        raise SpecError.of("Training", "engine", rule, training.engine)
    return own or training.engine


def require_trained(problem: Problem, engine: str) -> None:
    """Raise SpecError for a model that the torch engine alone trains.

    Args:
        problem: what is asked.
        engine: the engine that is to train it, by name.

    Raises:
        SpecError: which names the torch engine.
    """
    if problem.model.engine not in ("", engine):
        rule = f"must be one that the {engine} engine trains; tg.train picks that of others"
        raise SpecError.of("Problem", "model", rule, problem.model)
    if engine != "torch" and problem.model.only_torch:
        rule = f"{problem.model.only_torch} for the {engine} engine"
        rule += "; Training(engine='torch') trains it"
        raise SpecError.of("Problem", "model", rule, problem.model)

"""What can be swept: an axis target names one number of a problem or of a training."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tegum import hints
from tegum.errors import SpecError, UnknownNameError, shorten
from tegum.memory import check_listed
from tegum.models import Model
from tegum.problem import Problem
from tegum.spec import known_fields
from tegum.training import Training

#: Numbers that may be swept; the first two also by entry, as `importance[1]`.
TARGETS: Final = (
    "feature_probability",
    "importance",
    "l1",
    "weight_l1",
    "weight_l2",
    "loss_power",
    "learning_rate",
    "weight_decay",
    "attack",
    "hidden_noise",
    "hidden_dropout",
    "momentum",
    "init_std",
    "k",
    "n_latents",
)
INDEXED: Final = TARGETS[:2]
_OF_PROBLEM: Final = TARGETS[1:6]
#: Of a dictionary; whole numbers.
_OF_MODEL: Final = TARGETS[-2:]
_STATIC_SIZES: Final = frozenset({"n_features", "n_hidden", "seeds"})
_TARGET = re.compile(r"([^\[\]]+)(?:\[(-?\d+)\])?")


def split_target(target: str) -> tuple[str, int | None]:
    """`importance[1]` -> ("importance", 1), `l1` -> ("l1", None).

    Raises `SpecError` for what exists but is not swept or has no entries, `UnknownNameError` for
    what does not exist.
    """
    match = _TARGET.fullmatch(target) if isinstance(target, str) else None
    name, index = match.groups() if match else (target, None)
    if name not in TARGETS:
        if name in _STATIC_SIZES or name in known_fields():
            raise SpecError(
                f"axis {target!r} cannot be swept: shapes and choices are the same for all "
                "instances of a run; call train once for each value"
            )
        known = [*TARGETS, *(f"{entry}[i]" for entry in INDEXED)]
        meant = hints.said_of(name, None, TARGETS, {}) if match else ""
        raise UnknownNameError(f"unknown axis {shorten(target)}{meant}; known: {', '.join(known)}")
    if index is None:
        return name, None
    if name not in INDEXED:
        raise SpecError(f"axis {target!r} cannot have an index: {name} is one number")
    return name, int(index)


def with_axis(
    problem: Problem, training: Training, target: str, value: Any
) -> tuple[Problem, Training]:
    """The problem and training with the number that `target` names set to `value`.

    A target without index sets a field as a whole: all entries when `value` is one number. With
    an index it sets one entry, and a field that was one number for all becomes a vector first;
    `feature_probability[i]` counts on/off draws (features, or sets; over all parts of Groups).
    Raises `SpecError` (bad value, index or kind of target) and `UnknownNameError`.
    """
    name, index = split_target(target)
    if name == "feature_probability":
        distribution = problem.distribution.with_probability(value, index)
        return problem.replace(distribution=distribution), training
    if name == "importance" and index is not None:
        n = problem.n_features
        if not 0 <= index < n:
            raise SpecError(f"Problem.importance has entries 0 to {n - 1}; got index {index}")
        check_listed("Problem", "importance", n)
        given = problem.importance
        entries = list(given) if isinstance(given, tuple) else [given] * n
        entries[index] = value
        return problem.replace(importance=entries), training
    if name in _OF_MODEL:
        return problem.replace(model=_with_size(problem, name, value)), training
    if name in _OF_PROBLEM:
        return problem.replace(**{name: value}), training
    return problem, training.replace(**{name: value})


def widest(problem: Problem, targets: Mapping[str, Any]) -> Problem:
    """The problem with the most latents that an axis gives it: arrays have room for them all.

    `targets` has the values of axes, by what they set.
    """
    values = targets.get("n_latents")
    if values is None:
        return problem
    return problem.replace(model=_with_size(problem, "n_latents", max(values)))


def _with_size(problem: Problem, name: str, value: Any) -> Model:
    """The model with another whole number in a field that it has."""
    model = problem.model
    if name not in type(model).model_fields:
        rule = f"cannot be swept: {type(model).__name__} has no field {name}"
        raise SpecError(f"axis {name!r} {rule}, which is one of tg.SAE")
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return model.replace(**{name: whole})

"""What a page shows, as far as the server knows it: a training of N seeds, and its changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Final

from pydantic import PlainValidator

from tegum import discovery
from tegum.contents import without_files
from tegum.errors import SpecError, UnknownNameError
from tegum.explorer.messages import EXACT
from tegum.problem import Problem
from tegum.spec import BrokenRule, PositiveInt, Spec, as_integer, nested
from tegum.sweepable import with_axis
from tegum.training import Training

#: The numbers of a training under way that may change, but for `steps`.
LIVE: Final = (
    "feature_probability",
    "importance",
    "l1",
    "learning_rate",
    "weight_decay",
    "momentum",
)
STEPS: Final = "steps"
#: Fields of a training that the server sets itself.
OWN: Final[dict[str, Any]] = {
    **{"checkpoints": (), "curve_points": 0, "held_out": 8192},
    **{"device": "auto", "dtype": "float32"},
}
#: A page may ask for any kind of problem.
discovery.load()

Values = Mapping[str, Any]
Change = tuple[int, dict[str, Any]]


def _changes(value: Any) -> tuple[Change, ...]:
    rule = "must be a list of [step, {name: number}], steps rising"
    if not isinstance(value, (list, tuple)):
        raise BrokenRule(rule, value)
    found: list[Change] = []
    for entry in value:
        if not isinstance(entry, (list, tuple)) or len(entry) != 2:
            raise BrokenRule(rule, entry)
        step, values = entry
        if not isinstance(values, Mapping):
            raise BrokenRule(rule, entry)
        found.append((as_integer(step, 0), {str(name): given for name, given in values.items()}))
    if any(later[0] <= earlier[0] for earlier, later in pairwise(found)):
        raise BrokenRule(rule, [step for step, _ in found])
    return tuple(found)


def _run_seed(value: Any) -> int:
    seed = as_integer(value, 0)
    if seed >= EXACT:
        raise BrokenRule("must be < 2^53", value)
    return seed


class PageState(Spec):
    """A training of `seeds` models of one problem, with the changes of its numbers under way.

    `seed` in [0, 2^53) is the run's; `changes` are pairs (step, {name: value}), in rising order:
    before the update that follows `step` updates, these numbers take these values. Raises
    `SpecError`.
    """

    problem: Annotated[Problem, nested(Problem)]
    training: Annotated[Training, nested(Training)] = Training()
    seeds: PositiveInt = 1
    seed: Annotated[int, PlainValidator(_run_seed)] = 0
    changes: Annotated[tuple[Change, ...], PlainValidator(_changes)] = ()

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> PageState:
        """The state in a message, with the server's own fields set; pages name no files.

        Raises `SpecError`, and `UnknownNameError` for a change of what is no number.
        """
        values = {str(name): value for name, value in given.items()}
        training = values.get("training", {})
        if isinstance(training, Mapping):
            values["training"] = {**training, **OWN}
        with without_files():
            return cls(**values)

    def settled(self, seed: int | None = None) -> PageState:
        """The numbers as they are after all changes, without a past; perhaps of another seed."""
        problem, training = self.problem, self.training
        for _, values in self.changes:
            problem, training = changed(problem, training, values)
        run_seed = self.seed if seed is None else seed
        return PageState(problem=problem, training=training, seeds=self.seeds, seed=run_seed)

    def data(self) -> dict[str, Any]:
        """Plain JSON data, every field given but those of the problem that JSON leaves out."""
        return {**self.every_field(), "problem": json.loads(self.problem.to_json())}


def changed(problem: Problem, training: Training, values: Values) -> tuple[Problem, Training]:
    """The descriptions with other numbers. Raises `SpecError` or `UnknownNameError`."""
    for name, value in values.items():
        if name == STEPS:
            training = training.replace(steps=value)
            continue
        if name.partition("[")[0] not in LIVE:
            known = [*LIVE, "feature_probability[i]", "importance[i]", STEPS]
            raise UnknownNameError.of("number", name, known)
        if value is None:
            raise SpecError.of("change", name, "must be a number", value)
        problem, training = with_axis(problem, training, name, value)
    return problem, training


def numbers(problem: Problem, training: Training) -> dict[str, Any]:
    """The numbers that may change, as they are."""
    law = problem.distribution.feature_probability
    fields = {name: getattr(training, name) for name in (*LIVE[3:], STEPS)}
    return {
        "feature_probability": list(law) if isinstance(law, tuple) else law,
        "importance": problem.importance_vector().tolist(),
        "l1": problem.l1,
        **fields,
    }


#: What a page shows first: a pentagon in the making, by the hundred.
FIRST: Final = PageState(
    problem=Problem.from_json(
        '{"kind":"problem","distribution":{"kind":"independent","n_features":5,'
        '"feature_probability":0.05},"model":{"kind":"relu_output","n_hidden":2},'
        '"importance":[1,0.9,0.81,0.729,0.6561]}'
    ),
    training=Training(steps=1_000_000, learning_rate=2e-3, **OWN),
    seeds=100,
)

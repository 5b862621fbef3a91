"""How much one page may ask for, and the refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tegum.distributions import Copula, Samples
from tegum.errors import TegumError
from tegum.explorer.state import STEPS, PageState, Values


class LimitError(TegumError):
    """A valid wish that is larger than this server allows."""


@dataclass(frozen=True)
class PhaseLimits:
    """Of one phase diagram: points along each side, seeds and steps of a cell, models in all."""

    points: int = 40
    seeds: int = 64
    steps: int = 20_000
    models: int = 16_000


@dataclass(frozen=True)
class DictionaryLimits:
    """Of dictionaries: latents and seeds, steps, and weights of all of them together."""

    latents: int = 400
    seeds: int = 64
    steps: int = 1_000_000
    weights: int = 400_000


@dataclass(frozen=True)
class Limits:
    """What one page may ask for.

    `features` and `hidden` are what a page can still draw a few times a second. `weights` counts
    those of all N models; `step_work` the multiply-adds of one step of them all, which is how long
    a pause may have to wait; the exact engine takes `exact_features` at most. A data set comes in a
    message, and has no more numbers than go into `message_bytes`.
    `history_bytes` bounds what is kept for time travel; W of all seeds is sent along while it has
    at most `watch_weights` entries.
    """

    features: int = 400
    hidden: int = 200
    seeds: int = 1000
    weights: int = 4_000_000
    steps: int = 10_000_000
    batch_size: int = 16_384
    step_work: int = 2_000_000_000
    exact_features: int = 32
    message_bytes: int = 256 * 1024
    changes: int = 256
    watch_weights: int = 20_000
    history_bytes: int = 64_000_000
    phase: PhaseLimits = field(default_factory=PhaseLimits)
    dictionary: DictionaryLimits = field(default_factory=DictionaryLimits)

    def data(self) -> Mapping[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    def admit(self, state: PageState) -> None:
        """Raise `LimitError` for a state that is too large. Nothing of its size is allocated."""
        problem, training = state.problem, state.training
        n, m = problem.n_features, problem.n_hidden
        if training.engine == "torch":
            raise LimitError("the torch engine trains in Python and on the command line, not here")
        if problem.model.only_torch:
            said = f"the model {problem.model.only_torch} to be trained here"
            raise LimitError(f"{said}; Training(engine='torch') trains it in Python")
        if problem.model.engine:
            raise LimitError("dictionaries are trained in Python, by tg.train, not here")
        _at_most("features", n, self.features)
        _at_most("hidden dimensions", m, self.hidden)
        _at_most("seeds", state.seeds, self.seeds)
        _at_most("steps", training.steps, self.steps)
        batch = training.samples_in_step(problem.distribution)
        _at_most("samples in a batch", batch, self.batch_size)
        _at_most("changes", len(state.changes), self.changes)
        shapes = problem.model.parameters(n).values()
        weights = sum(n * m for shape in shapes if len(shape) > 1)
        _at_most("weights of all seeds together", weights * state.seeds, self.weights)
        rows = _rows_in_step(state, batch)
        if training.engine == "exact":
            _at_most("features for the exact engine", n, self.exact_features)
        mixed = n if isinstance(problem.distribution, Copula) else 0
        work = state.seeds * rows * n * (m + 2 + mixed)
        _at_most("multiply-adds in one step of all seeds", work, self.step_work)
        for _, values in state.changes:
            self.admit_change(values)

    def admit_change(self, values: Values) -> None:
        """Raise `LimitError` for a horizon that is too far."""
        steps = values.get(STEPS)
        if isinstance(steps, int):
            _at_most("steps", steps, self.steps)

    def admit_phase(self, points: int, seeds: int, steps: int) -> None:
        """Raise `LimitError` for a phase diagram that is too large."""
        _at_most("points along a side", points, self.phase.points)
        _at_most("seeds of a cell", seeds, self.phase.seeds)
        _at_most("steps of a cell", steps, self.phase.steps)
        _at_most("models of the diagram", points * points * seeds, self.phase.models)

    def admit_dictionary(self, latents: int, hidden: int, seeds: int, steps: int) -> None:
        """Raise `LimitError` for dictionaries that are too large."""
        _at_most("latents", latents, self.dictionary.latents)
        _at_most("seeds of a dictionary", seeds, self.dictionary.seeds)
        _at_most("steps of a dictionary", steps, self.dictionary.steps)
        weights = 2 * latents * hidden * seeds
        _at_most("weights of all dictionaries together", weights, self.dictionary.weights)


def _rows_in_step(state: PageState, batch: int) -> int:
    """Samples of which a step of one model is made: an exact one of a data set, of all its rows."""
    if state.training.engine != "exact":
        return batch
    law = state.problem.distribution
    return len(law.x) if isinstance(law, Samples) else 0


def _at_most(what: str, asked: int, most: int) -> None:
    if asked > most:
        raise LimitError(f"too many {what}: {asked} asked for, {most} at most")

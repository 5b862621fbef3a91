"""Dictionaries trained on the activations of the model that is looked at, truth and all."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from tegum.analysis import firing, geometry, recovery
from tegum.dims import F64, LATENT, Bools
from tegum.distributions import Activations
from tegum.engines.base import Batch, finite, step_of
from tegum.engines.base import State as Arrays
from tegum.engines.dictionaries.engine import DictionaryEngine
from tegum.errors import SpecError
from tegum.explorer import looking
from tegum.explorer.messages import Dictionary
from tegum.explorer.moment import Moment
from tegum.explorer.state import OWN
from tegum.models import SAE
from tegum.problem import Problem
from tegum.training import Training

#: Of a batch, and of the samples on which the dictionary that is shown is measured.
_BATCH: Final = 256
_MEASURED: Final = 2048
#: Another dictionary is shown when its objective is lower by this part.
_CLEARLY: Final = 0.01
#: Points that a curve of steps has, at most.
_POINTS: Final = 400
#: Names of b_hidden and of activations that hidden layers may have.
_SHIFT: Final = "b_hidden"
_RECTIFIED: Final = {"identity": False, "relu": True}


class Source(NamedTuple):
    """Whose activations they are: the model of a seed, at a step of a run, and what they are."""

    run: int
    step: int
    seed: int
    law: Activations


class Measured(NamedTuple):
    """Of the dictionary that is shown, on samples that it was not trained on.

    `found` are the represented features along which an atom lies; `l0` is how many latents fire in
    a sample, `true_l0` how many represented features are active in it. What diverged has None.
    """

    represented: int
    found: int | None
    l0: float | None
    true_l0: float
    dead: int
    explained_variance: float | None
    loss: float | None


def source_of(run: int, moment: Moment, seed: int) -> Source:
    """The activations h = f(W x + b) of one model. Raises `SpecError` where it has none such."""
    model, own = moment.problem.model, moment.model(seed)
    if model.hidden_activation not in _RECTIFIED:
        rule = f"must be one of {', '.join(_RECTIFIED)} for a dictionary of it"
        raise SpecError.of("model", "hidden_activation", rule, model.hidden_activation)
    if not moment.finite[seed]:
        raise SpecError.of("dictionary", "of", "must be a model that has not diverged", seed)
    shift = np.asarray(own[_SHIFT], np.float64) if _SHIFT in own else None
    law = Activations(
        looking.directions(own),
        moment.problem.distribution,
        b_hidden=shift,
        rectified=_RECTIFIED[model.hidden_activation],
    )
    return Source(run, moment.step, seed, law)


class DictionaryJob:
    """A few dictionaries of the same activations, side by side, and how much they have found."""

    def __init__(self, number: int, wish: Dictionary, source: Source, jobs: int) -> None:
        self.number, self.wish, self.source, self.jobs = number, wish, source, jobs
        self.engine = DictionaryEngine()
        model = SAE(wish.n_latents, architecture=wish.architecture, k=wish.k)
        self.problem = Problem(source.law, model, l1=wish.l1)
        self.training = Training(
            steps=wish.steps, batch_size=_BATCH, learning_rate=wish.learning_rate, **OWN
        )
        self.batch = self._batch()
        self.state: Arrays = self.engine.init(self.batch)
        self.x, self.h = source.law.sample_both(np.random.default_rng(wish.seed), _MEASURED)
        self.truth = source.law.W
        self.represented: Bools = geometry.norms(self.truth) > geometry.REPRESENTED
        self.best = 0
        self.points: list[tuple[float, ...]] = []

    @property
    def step(self) -> int:
        """The number of steps done."""
        return step_of(self.state)

    @property
    def ended(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.training.steps

    def advance(self, steps: int) -> int:
        """Up to `steps` more; how many it were."""
        done = min(steps, self.training.steps - self.step)
        self.state = self.engine.advance(self.batch, self.state, done, jobs=self.jobs)
        return done

    def change(self, l1: float) -> None:
        """The same dictionaries go on at another price of activity. Raises `SpecError`."""
        self.problem = self.problem.replace(l1=l1)
        self.batch = self._batch()

    def header(self) -> dict[str, Any]:
        """A frame's header, without its arrays."""
        self.engine.calibrate(self.batch, self.state, jobs=self.jobs)
        scores = self.engine.score(self.batch, self.state, jobs=self.jobs)
        self.best = self._choose(scores)
        return {
            "type": "dictionary",
            "dictionary": self.number,
            "of": {"run": self.source.run, "step": self.source.step, "seed": self.source.seed},
            "step": self.step,
            "steps": self.training.steps,
            "status": "done" if self.ended else "running",
            "seed": self.best,
            "architecture": self.wish.architecture,
            "k": self.wish.k,
            "l1": self.problem.l1,
            **self._measured(float(scores["loss"][self.best]))._asdict(),
        }

    def _measured(self, loss: float) -> Measured:
        """What the dictionary that is shown has found; a point of the curves, too."""
        named = self._named()
        own = {name: array[self.best] for name, array in named.items()}
        rebuilt = self.problem.model.values(
            {name: array[None] for name, array in own.items()}, self.h[None]
        )
        codes, output = rebuilt[LATENT][0], rebuilt["output"][0]
        self._rates = (codes > 0).mean(axis=0)
        self._found = self._recovered(named["W_dec"])
        there = bool(finite(named)[self.best] and np.isfinite(output).all())
        l0 = firing.mean_l0(codes) if there else None
        self._note(np.nan if l0 is None else l0)
        along = recovery.found(self.truth, own["W_dec"])[self.represented] if there else None
        return Measured(
            represented=int(self.represented.sum()),
            found=None if along is None else int(along.sum()),
            l0=l0,
            true_l0=float((self.x != 0)[:, self.represented].sum(axis=1).mean()),
            dead=int((self._rates == 0).sum()),
            explained_variance=(
                _number(firing.explained_variance(self.h, output)) if there else None
            ),
            loss=_number(loss),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """A frame's arrays, of what `header` has measured just before."""
        columns = np.array(self.points, np.float64).T
        return {
            "W": self.truth,
            "W_dec": self._named()["W_dec"][self.best],
            "rates": self._rates,
            "cosines": self._found,
            **dict(zip(("steps", "best", "median", "l0"), columns, strict=True)),
        }

    def _named(self) -> Arrays:
        return self.engine.parameters(self.batch, self.state)

    def _recovered(self, atoms: np.ndarray) -> F64:
        """Of each dictionary the mean max cosine of the features that the model represents."""
        truth = self.truth[:, self.represented]
        if not truth.size:
            return np.full(len(atoms), np.nan)
        good = np.isfinite(atoms).all(axis=(1, 2))
        return np.array(
            [
                recovery.mean_max_cosine(truth, own) if fine else np.nan
                for own, fine in zip(atoms, good, strict=True)
            ]
        )

    def _choose(self, scores: Arrays) -> int:
        """The lowest objective; dictionaries that are as good do not take turns."""
        objective = scores["loss"] + scores.get("penalty", 0.0)
        objective = np.where(scores["diverged"], np.inf, objective)
        lowest = int(np.argmin(objective))
        clearly = objective[lowest] < (1 - _CLEARLY) * objective[self.best]
        return lowest if clearly else self.best

    def _note(self, l0: float) -> None:
        """A point of the curves; every other one goes when there are too many."""
        best, some = self._found[self.best], np.isfinite(self._found)
        middle = float(np.median(self._found[some])) if some.any() else np.nan
        if self.points and self.points[-1][0] == self.step:
            self.points.pop()
        self.points.append((float(self.step), float(best), middle, l0))
        if len(self.points) > _POINTS:
            self.points = self.points[::2]

    def _batch(self) -> Batch:
        seeds = tuple(range(self.wish.seeds))
        return Batch(self.problem, (self.problem,), (self.training,), seeds, self.wish.seed)


def _number(value: Any) -> float | None:
    """What JSON can say."""
    return float(value) if np.isfinite(value) else None

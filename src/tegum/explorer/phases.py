"""A phase diagram of trained models, row by row, beside the candidates' theory."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from tegum.analysis import geometry
from tegum.distributions import Independent
from tegum.engines import get_engine
from tegum.engines.base import Batch, step_of
from tegum.engines.base import State as Arrays
from tegum.explorer.messages import Phase
from tegum.explorer.state import OWN, PageState
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.scalars import geometric
from tegum.theory import phases
from tegum.training import Training

#: What becomes of the extra feature.
OUTCOMES: Final = ("not represented", "dedicated", "superposition")
#: The ranges of the paper's diagrams.
PROBABILITIES: Final = (0.01, 1.0)
RATIOS: Final = (0.1, 10.0)
_OUTCOME_OF: Final = {2: (0, 1, 2), 3: (0, 1, 2, 1)}  # of each candidate of the theory


class PhaseJob:
    """The cells of a diagram: one row of equal feature probability is trained at a time."""

    def __init__(self, number: int, wish: Phase, jobs: int) -> None:
        self.number, self.wish, self.jobs = number, wish, jobs
        self.probabilities = np.array(geometric(*PROBABILITIES, wish.points))
        self.ratios = np.array(geometric(*RATIOS, wish.points))
        self.training = Training(steps=wish.steps, learning_rate=5e-3, schedule="cosine", **OWN)
        self.engine = get_engine("sampled")
        shape = (wish.points, wish.points)
        self.cells: dict[str, np.ndarray] = {
            "outcome": np.full(shape, -1, np.int64),
            "seed": np.full(shape, -1, np.int64),
            **{name: np.full(shape, np.nan) for name in ("norm", "superposition", "loss")},
        }
        self.row = 0
        self._under_way: tuple[Batch, Arrays] | None = None

    @property
    def ended(self) -> bool:
        """Whether all cells are there."""
        return self.row >= self.wish.points

    def advance(self, steps: int) -> int:
        """Up to `steps` more of the current row; how many it were."""
        if self._under_way is None:
            batch = self._batch(float(self.probabilities[self.row]))
            self._under_way = batch, self.engine.init(batch)
        batch, arrays = self._under_way
        done = min(steps, self.training.steps - step_of(arrays))
        arrays = self.engine.advance(batch, arrays, done, jobs=self.jobs)
        self._under_way = batch, arrays
        if step_of(arrays) >= self.training.steps:
            self._finish(batch, arrays)
        return done

    def header(self) -> dict[str, Any]:
        """A frame's header, without its arrays."""
        points = self.wish.points
        return {
            "type": "phase",
            "phase": self.number,
            "done": self.row * points,
            "total": points * points,
            "status": "done" if self.ended else "running",
            "n_features": self.wish.n_features,
            "outcomes": OUTCOMES,
            "probabilities": self.probabilities.tolist(),
            "ratios": self.ratios.tolist(),
            "state": self.state().data(),
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """A frame's arrays (P, R): theory, and the cells so far."""
        n, bias = self.wish.n_features, self.wish.bias
        r, p = np.meshgrid(self.ratios, self.probabilities)
        winner = (phases.winner_two if n == 2 else phases.winner_three)(r, p, bias=bias)
        norm = phases.NORM_TWO if n == 2 else phases.NORM_THREE
        shared = phases.SHARED_TWO if n == 2 else phases.SHARED_THREE
        return {
            "theory": np.array(_OUTCOME_OF[n])[winner],
            "theory_norm": np.array(norm)[winner],
            "theory_superposition": np.array(shared)[winner],
            **self.cells,
        }

    def state(self) -> PageState:
        """What a cell is trained from, at probability and ratio 1."""
        seeds, seed = self.wish.seeds, self.wish.seed
        problem = self._problem(1.0, 1.0)
        return PageState(problem=problem, training=self.training, seeds=seeds, seed=seed)

    def _problem(self, p: float, r: float) -> Problem:
        n = self.wish.n_features
        law = Independent(n_features=n, feature_probability=p)
        model = ReLUOutput(n_hidden=n - 1, bias=self.wish.bias)
        return Problem(law, model, (*(1.0,) * (n - 1), r))

    def _batch(self, p: float) -> Batch:
        points = tuple(self._problem(p, float(r)) for r in self.ratios)
        seeds = tuple(range(self.wish.seeds))
        trainings = (self.training,) * len(points)
        return Batch(points[0], points, trainings, seeds, self.wish.seed)

    def _finish(self, batch: Batch, arrays: Arrays) -> None:
        scores = self.engine.score(batch, arrays, jobs=self.jobs)
        size = (self.wish.points, self.wish.seeds)
        loss = np.where(scores["diverged"], np.inf, scores["loss"]).reshape(size)
        best = loss.argmin(axis=1)
        W = np.asarray(self.engine.parameters(batch, arrays)["W"], np.float64)
        W = W.reshape(*size, *W.shape[1:])[np.arange(len(best)), best]  # (R, m, n)
        norm, shared = geometry.norms(W)[:, -1], geometry.superposition(W)[:, -1]
        fate = np.where(shared < geometry.DEDICATED, 1, 2)
        row = {
            "outcome": np.where(norm > geometry.REPRESENTED, fate, 0),
            "seed": best,
            "norm": norm,
            "superposition": shared,
            "loss": loss.min(axis=1),
        }
        for name, values in row.items():
            self.cells[name][self.row] = values
        self.row += 1
        self._under_way = None

"""What an engine is: a stepper over a batch of shape-equal instances, with plain-array state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64, I64
from tegum.engines.choice import require_trained
from tegum.runs.schema import PARAMETERS as PARAMETERS

if TYPE_CHECKING:
    from tegum.problem import Problem
    from tegum.training import Training

#: Plain arrays by name, each with a leading instance axis of length N (but for `step`, an int64
#: scalar array). Everything an instance's future depends on is in here or in the Batch.
State = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Batch:
    """N = len(points) · len(seeds) instances of equal shape; points major, seeds minor.

    Args:
        problem: the static structure: shapes and kinds.
        points: the resolved problem at each axis point, whose numbers may differ.
        trainings: the resolved training at each of them.
        seeds: seed indices, not necessarily from 0.
        run_seed: the seed of the whole run, in [0, 2^64).
        start: parameters (N, ...) to start from, all that the model has; None for random ones.
    """

    problem: Problem
    points: tuple[Problem, ...]
    trainings: tuple[Training, ...]
    seeds: tuple[int, ...]
    run_seed: int
    start: State | None = None

    @property
    def n_instances(self) -> int:
        """N."""
        return len(self.points) * len(self.seeds)

    @property
    def batch_size(self) -> int:
        """Samples in a step, which are common to all points."""
        return self.training.samples_in_step(self.problem.distribution)

    @property
    def training(self) -> Training:
        """The first point's training: steps, batch size, engine and optimiser are common to all."""
        return self.trainings[0]

    def coordinates(self, instance: int) -> tuple[Problem, Training, int]:
        """The resolved problem and training and the seed index of an instance.

        Args:
            instance: its number, in [0, N).

        Returns:
            Problem, training and seed index.
        """
        point, seed = divmod(instance, len(self.seeds))
        return self.points[point], self.trainings[point], self.seeds[seed]

    def point_of(self) -> I64:
        """The number of each instance's point, shape (N,)."""
        return np.repeat(np.arange(len(self.points), dtype=np.int64), len(self.seeds))

    def addresses(self) -> NDArray[np.uint64]:
        """A 64-bit address of each instance's random numbers, shape (N,).

        It depends on the instance's own coordinates (its resolved problem with numbers as float32
        has them, the run seed, its seed index) and on nothing else of the batch. The training is
        left out on purpose: a longer run begins with the same steps, and learning rates are
        compared on common random numbers.
        """
        keys = np.empty((len(self.points), len(self.seeds)), dtype=np.uint64)
        for row, point in zip(keys, self.points, strict=True):
            common = blake2b(point.address().encode(), digest_size=8)
            common.update(self.run_seed.to_bytes(8, "little"))
            for j, seed in enumerate(self.seeds):
                own = common.copy()
                own.update(seed.to_bytes(8, "little"))
                row[j] = int.from_bytes(own.digest(), "little")
        return keys.reshape(-1)


Lowered = TypeVar("Lowered")


class OfLastBatch(Generic[Lowered]):
    """What was made of the batch that was last asked about: all that an engine keeps."""

    def __init__(self, make: Callable[[Batch], Lowered]) -> None:
        self._make = make
        self._last: tuple[Batch, Lowered] | None = None

    def __call__(self, batch: Batch) -> Lowered:
        """Made once, as long as nobody asks about another."""
        if self._last is None or self._last[0] is not batch:
            self._last = (batch, self._make(batch))
        return self._last[1]


class Engine(Protocol):
    """Solves a Batch.

    An instance's results depend on its own coordinates alone, to the last bit: not on the other
    instances of the batch, on `jobs`, nor on how the steps are cut into slices.
    """

    @property
    def name(self) -> str:
        """What `Training.engine` calls it."""
        ...

    @property
    def dtype(self) -> type[np.floating[Any]]:
        """In what the trained parameters are kept: float32, or float64 where digits count."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever results may change by a bit; part of every stored unit's key."""
        ...

    @property
    def machine(self) -> str:
        """What results of one version depend on by rounding: the CPU, or what else computes."""
        ...

    def init(self, batch: Batch) -> State:
        """The state at step 0: weights, optimiser arrays, `step`, laid out as the engine likes.

        The weights are random: `first_state` puts in those of `batch.start`.

        Args:
            batch: what is to be solved.

        Returns:
            The state.

        Raises:
            SpecError: where this engine cannot solve the problem.
        """
        ...

    def parameters(self, batch: Batch, state: State) -> State:
        """What is trained, as views of the state.

        A bias `b` that the model does not have is there as 0, or missing.

        Args:
            batch: what is being solved.
            state: of the batch.

        Returns:
            By the names of `schema.PARAMETERS`, each (N, ...).
        """
        ...

    def advance(self, batch: Batch, state: State, steps: int, *, jobs: int) -> State:
        """The state some optimiser steps later.

        `advance(a + b)` gives the same bits as `advance(a)` then `advance(b)`.

        Args:
            batch: what is being solved.
            state: of the batch; it may be overwritten and returned.
            steps: how many, >= 0.
            jobs: threads that work, >= 1.

        Returns:
            The state.
        """
        ...

    def probe(self, batch: Batch, state: State, *, jobs: int) -> NDArray[Any]:
        """Loss of each instance at this step, by one batch of fresh samples.

        One point of the loss curve. Leaves `state` as it is and the training's random stream too.

        Args:
            batch: what is being solved.
            state: of the batch.
            jobs: threads that work, >= 1.

        Returns:
            The losses, (N,).
        """
        ...

    def score(self, batch: Batch, state: State, *, jobs: int) -> State:
        """Final measurements of each instance.

        Sum over features, mean over samples, weighted by importance, without penalties.

        Args:
            batch: what is being solved.
            state: of the batch.
            jobs: threads that work, >= 1.

        Returns:
            `loss`, `loss_error`, `diverged`, and more, each (N,).
        """
        ...


def first_state(engine: Engine, batch: Batch) -> State:
    """The state at step 0, with fresh optimiser arrays: random weights, or those of `start`.

    Columns that are to have norm 1 are brought to it.

    Args:
        engine: that solves the batch.
        batch: what is to be solved.

    Returns:
        The state.

    Raises:
        SpecError: where the engine cannot solve the problem.
    """
    require_trained(batch.problem, engine.name)
    state = engine.init(batch)
    if batch.start is not None:
        own = engine.parameters(batch, state)
        for name, array in batch.start.items():
            own[name][...] = array
    if batch.problem.unit_norm:
        columns = engine.parameters(batch, state)[batch.problem.model.weights[0]]  # (N, m, n)
        norm = np.sqrt((columns.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
        columns[...] = columns / np.where(norm > 0, norm, 1.0)
    return state


def finite(parameters: State) -> NDArray[np.bool_]:
    """Which instances have parameters that are all finite; the others have diverged.

    Args:
        parameters: by name, each (N, ...).

    Returns:
        A flag for each, (N,).
    """
    found = [
        np.isfinite(array).all(axis=tuple(range(1, array.ndim))) for array in parameters.values()
    ]
    return np.asarray(np.all(found, axis=0))


def cost_of_weights(batch: Batch, parameters: State) -> F64 | None:
    """Σ λ₁|w| + λ₂ w² over the weights of each instance.

    Args:
        batch: what is being solved.
        parameters: by name, each (N, ...).

    Returns:
        The sums, (N,), or None where no weight costs anything.
    """
    costs = np.array([point.weight_costs() for point in batch.points])  # (point, 2, matrix)
    if not costs.any():
        return None
    total = np.zeros(batch.n_instances)
    for at, name in enumerate(batch.problem.model.matrices(batch.problem.n_features)):
        size = np.abs(parameters[name], dtype=np.float64)
        flat, square = costs[batch.point_of(), :, at].T
        inner = tuple(range(1, size.ndim))
        total += flat * size.sum(axis=inner) + square * (size**2).sum(axis=inner)
    return total


def step_of(state: State) -> int:
    """The number of optimiser steps behind a state."""
    step: I64 = state["step"]
    return int(step)

"""tegum: the sampled engine's own stepper, on every core it is given.

`timed` steps an engine state, as `tegum.train` does between two points of a loss curve;
`whole_call` times `tegum.train` itself, with everything that belongs to the call.
"""

from __future__ import annotations

import time

import numpy as np
from works import BATCH, Settings, Work

import tegum as tg
from contestants.base import Trainer, Weights, is_signed, is_tied
from tegum.engines import get_engine
from tegum.engines.base import Batch


def problem_of(work: Work, p: float) -> tg.Problem:
    """The work in tegum's words."""
    magnitude = "signed" if is_signed(work) else "uniform"
    distribution = tg.Independent(n_features=work.n, feature_probability=p, magnitude=magnitude)
    if work.kind == "relu_output":
        return tg.Problem(distribution, tg.ReLUOutput(n_hidden=work.m))
    if work.kind == "relu_hidden":
        return tg.Problem(distribution, tg.ReLUHidden(n_hidden=work.m))
    return tg.Problem(distribution, tg.TwoLayer(n_hidden=work.m), target="abs")


def training_of(steps: int, learning_rate: float) -> tg.Training:
    """Adam on fresh batches; no loss curve and next to no held-out samples."""
    return tg.Training(
        steps=steps, batch_size=BATCH, learning_rate=learning_rate, curve_points=0, held_out=1
    )


class EngineStack(Trainer):
    """A batch of instances and its engine state."""

    def __init__(
        self, work: Work, p: float, threads: int, learning_rate: float, instances: int
    ) -> None:
        problem = problem_of(work, p)
        training = training_of(10_000, learning_rate)
        self.work, self.threads, self.instances = work, threads, instances
        self.batch = Batch(problem, (problem,), (training,), tuple(range(instances)), 0)
        self.engine = get_engine(training.engine)
        self.state = self.engine.init(self.batch)

    def advance(self, steps: int) -> None:
        self.state = self.engine.advance(self.batch, self.state, steps, jobs=self.threads)

    def put(self, start: Weights) -> None:
        """Write initial weights into the state, through the engine's views of it."""
        views = self.engine.parameters(self.batch, self.state)
        if is_tied(self.work):
            views["W"][...] = start.w_in
        else:
            views["W_in"][...], views["W_out"][...] = start.w_in, start.w_out
        if not np.array_equal(self.weights().w_in, start.w_in):
            raise RuntimeError("the engine's parameters are no views of its state")

    def weights(self) -> Weights:
        arrays = {
            name: np.array(array, np.float32)
            for name, array in self.engine.parameters(self.batch, self.state).items()
        }
        if is_tied(self.work):
            return Weights.tied(arrays["W"], arrays["b"])
        return Weights(arrays["W_in"], arrays["W_out"], arrays["b"])


def candidates(work: Work, cores: int) -> list[Settings]:
    """There is nothing to tune."""
    return [{"threads": cores}]


def build(
    work: Work, p: float, settings: Settings, learning_rate: float, start: Weights | None
) -> EngineStack:
    """An engine batch; from the engine's own draw of weights unless `start` is given."""
    instances = work.instances if start is None else start.instances
    stack = EngineStack(work, p, int(settings["threads"]), learning_rate, instances)
    if start is not None:
        stack.put(start)
    return stack


def whole_call(work: Work, p: float, settings: Settings, learning_rate: float, steps: int) -> float:
    """Seconds of one `tegum.train` call from its first line to the Dataset."""
    problem, training = problem_of(work, p), training_of(steps, learning_rate)
    threads = int(settings["threads"])
    start = time.perf_counter()
    tg.train(problem, training=training, seeds=work.instances, jobs=threads, progress=False)
    return time.perf_counter() - start

"""The exact engine: descent on the expected loss, without a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from tegum.dims import F64
from tegum.engines.base import Batch, OfLastBatch, State, cost_of_weights, step_of
from tegum.engines.cache import sources_digest
from tegum.engines.exact import run
from tegum.engines.exact.descent import parameters
from tegum.engines.exact.lowering import lower_batch, named
from tegum.engines.host import cpu
from tegum.engines.xavier import fill_weights

#: The relative tolerance of the points of a loss curve.
_PROBED: Final = 1e-4


class ExactEngine:
    """Exact-gradient Adam, then L-BFGS to a local minimum, an instance at a time per core.

    The state is `Descent`'s arrays and `step`. Instances that have ended stay as they are.
    """

    name = "exact"
    dtype = np.float64

    def __init__(self) -> None:
        self._lower = OfLastBatch(lower_batch)

    @property
    def version(self) -> str:
        """A digest of the kernel sources: any change to them may change a bit."""
        return sources_digest(Path(__file__).parent)

    @property
    def machine(self) -> str:
        """The CPU: kernels are tuned to it."""
        return cpu()

    def init(self, batch: Batch) -> State:
        """The initial weights of the sampled engine, to the last bit, and biases 0."""
        low = self._lower(batch)
        theta = np.zeros((batch.n_instances, parameters(low.shape)))
        fill_weights(theta, theta.shape[1] - low.shape.n, batch.addresses(), batch)
        return {**run.start_state(theta, low), "step": np.array(0, np.int64)}

    def parameters(self, batch: Batch, state: State) -> State:
        """W (N, m, n), or W_in (N, m, n) and W_out (N, n, m); b (N, n). Views, in float64."""
        return named(state["theta"], self._lower(batch).shape)

    def advance(self, batch: Batch, state: State, steps: int, *, jobs: int) -> State:
        """Up to `steps` more steps for every instance that has not ended, in place."""
        step = step_of(state)
        if steps > 0:
            run.advance(state, self._lower(batch), step, steps, jobs)
        state["step"] = np.array(step + steps, np.int64)
        return state

    def probe(self, batch: Batch, state: State, *, jobs: int) -> F64:
        """The expected loss (N,), to a relative tolerance of 1e-4."""
        theta = state["theta"]
        none = np.zeros((0, theta.shape[1]))
        return run.found_within(self._lower(batch), theta, (_PROBED, False), none, jobs)[:, 0]

    def score(self, batch: Batch, state: State, *, jobs: int) -> State:
        """As `run.scores`: losses, ‖∇L‖, iterations and how the descent ended, each (N,)."""
        scores = run.scores(state, self._lower(batch), jobs)
        costs = cost_of_weights(batch, self.parameters(batch, state))
        return scores if costs is None else {**scores, "penalty": costs}

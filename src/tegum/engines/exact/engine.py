"""The exact engine: descent on the expected loss, without a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from tegum.dims import F64
from tegum.engines.base import Batch, State, step_of
from tegum.engines.cache import sources_digest
from tegum.engines.exact import run
from tegum.engines.exact.descent import DIVERGED, ITERATIONS, STATUS, parameters
from tegum.engines.exact.lowering import Lowered, lower, named
from tegum.engines.start import standard_normals, xavier_std

#: The relative tolerance of final losses, and of the points of a loss curve.
TOLERANCE: Final = 1e-9
_PROBED: Final = 1e-4
_INIT_ROWS: Final = 4096


class ExactEngine:
    """Exact-gradient Adam, then L-BFGS to a local minimum, an instance at a time per core.

    The state is `Progress`'s arrays and `step`. Instances that have ended stay as they are.
    """

    name = "exact"
    dtype = np.float64

    def __init__(self) -> None:
        """An engine keeps the lowered form of the batch it was last asked about, nothing else."""
        self._last: tuple[Batch, Lowered] | None = None

    @property
    def version(self) -> str:
        """A digest of the kernel sources: any change to them may change a bit."""
        return sources_digest(Path(__file__).parent)

    def init(self, batch: Batch) -> State:
        """The initial weights of the sampled engine, to the last bit, and biases 0."""
        low = self._lower(batch)
        shape, keys = low.shape, batch.addresses()
        weights = parameters(shape) - shape.n
        xavier = xavier_std(shape.n, shape.m)
        spread = np.array([xavier if t.init_std is None else t.init_std for t in batch.trainings])
        theta = np.zeros((batch.n_instances, parameters(shape)))
        for start in range(0, batch.n_instances, _INIT_ROWS):
            rows = slice(start, start + _INIT_ROWS)
            scale = spread[low.point_of[rows], None].astype(np.float32)
            theta[rows, :weights] = standard_normals(keys[rows], weights) * scale
        state = run.start_state(theta, shape, low.law)
        return {**state, "step": np.array(0, np.int64)}

    def parameters(self, batch: Batch, state: State) -> State:
        """W (N, m, n), or W_in (N, m, n) and W_out (N, n, m); b (N, n). Views, in float64."""
        return named(state["theta"], self._lower(batch).shape)

    def advance(self, batch: Batch, state: State, steps: int, *, jobs: int) -> State:
        """Up to `steps` more steps for every instance that has not ended, in place."""
        low, step = self._lower(batch), step_of(state)
        if steps > 0:
            run.advance(
                state, step, steps, low.rates, low.shape, low.law, low.points, low.point_of, jobs
            )
        state["step"] = np.array(step + steps, np.int64)
        return state

    def probe(self, batch: Batch, state: State, *, jobs: int) -> F64:
        """The expected loss (N,), to a relative tolerance of 1e-4."""
        return self._measure(batch, state, _PROBED, False, jobs)[:, 0]

    def score(self, batch: Batch, state: State, *, jobs: int) -> State:
        """`loss` and `loss_error`, an estimate of its error; `gradient_norm` ‖∇L‖, `iterations`
        of L-BFGS, `status` (0 running, 1 converged, 2 stalled, 3 diverged), `diverged`.
        """
        out = self._measure(batch, state, TOLERANCE, True, jobs)
        finite = np.isfinite(state["theta"]).all(axis=1) & np.isfinite(out).all(axis=1)
        count = state["tally"]
        return {
            "loss": out[:, 0],
            "loss_error": out[:, 1],
            "gradient_norm": out[:, 2],
            "iterations": count[:, ITERATIONS].copy(),
            "status": count[:, STATUS].copy(),
            "diverged": ~finite | (count[:, STATUS] == DIVERGED),
        }

    def _measure(
        self, batch: Batch, state: State, tolerance: float, gradient: bool, jobs: int
    ) -> F64:
        low = self._lower(batch)
        return run.measure(
            state["theta"], tolerance, gradient, low.shape, low.law, low.points, low.point_of, jobs
        )

    def _lower(self, batch: Batch) -> Lowered:
        if self._last is None or self._last[0] is not batch:
            self._last = (batch, lower(batch))
        return self._last[1]

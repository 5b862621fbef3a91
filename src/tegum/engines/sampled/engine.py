"""The sampled engine: addressed randomness, a kernel for each size of model, all cores."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from tegum.dims import F64
from tegum.engines.base import Batch, State, step_of
from tegum.engines.cache import keep, sources_digest
from tegum.engines.sampled.dense import dense_work, train_dense
from tegum.engines.sampled.evaluate import evaluate, evaluate_work
from tegum.engines.sampled.lane import lane_work, train_lane
from tegum.engines.sampled.lowering import Lowered, Plan, lower
from tegum.engines.sampled.optimiser import schedule
from tegum.engines.sampled.random import HELD_OUT, PROBE
from tegum.engines.sampled.sparse import sparse_work, train_sparse
from tegum.engines.xavier import standard_normals, xavier_std

_CHUNKS_PER_THREAD = 4
_INIT_ROWS = 4096  # instances initialised at a time, to bound memory

_lane, _dense, _sparse = keep(train_lane), keep(train_dense), keep(train_sparse)
_evaluate = keep(evaluate)


class SampledEngine:
    """Minibatch training on fresh samples, one instance at a time per core.

    Three kernels: *lane* for small models, *dense* (matrix products) and *sparse* (lists of
    active features) for larger ones. Which one trains an instance depends on its own problem
    only, so that its bits do not depend on its neighbours. State: `theta` (N, P) float32, the
    flat parameters [W columns | W_out rows | b | b_hidden], their optimiser moments `first` and
    `second`, `memory` (N,) of the sparse kernel, and `step`.
    """

    name = "sampled"
    dtype = np.float32

    def __init__(self) -> None:
        """An engine keeps the lowered form of the batch it was last asked about, nothing else."""
        self._last: tuple[Batch, Lowered] | None = None

    @property
    def version(self) -> str:
        """A digest of the kernel sources: any change to them may change a bit."""
        return sources_digest(Path(__file__).parent)

    def init(self, batch: Batch) -> State:
        """W ~ N(0, σ²) with σ² = 2/(n + m) unless given (Xavier), per instance; biases 0."""
        low = self._lower(batch)
        static, count = low.static, batch.n_instances
        weights = static.n * static.m * (1 if static.tied else 2)
        xavier = xavier_std(static.n, static.m)
        spread = np.array([xavier if t.init_std is None else t.init_std for t in batch.trainings])
        theta = np.zeros((count, weights + static.n + static.m), np.float32)
        for start in range(0, count, _INIT_ROWS):
            rows = slice(start, start + _INIT_ROWS)
            normals = standard_normals(low.keys[rows], weights)
            with np.errstate(over="ignore"):  # infinite weights diverge
                scale = spread[low.point_of[rows], None].astype(np.float32)
                theta[rows, :weights] = normals * scale
        return {
            "theta": theta,
            "first": np.zeros_like(theta),
            "second": np.zeros_like(theta),
            "memory": np.ones(count, np.float32),
            "step": np.array(0, np.int64),
        }

    def parameters(self, batch: Batch, state: State) -> State:
        """W (N, m, n), or W_in (N, m, n) and W_out (N, n, m); b (N, n); b_hidden (N, m). Views."""
        model, n = batch.problem.model, batch.problem.n_features
        m, theta = model.n_hidden, state["theta"]
        size = n * m
        encoder = theta[:, :size].reshape(-1, n, m).transpose(0, 2, 1)
        bias_at = size if model.tied else 2 * size
        named: State = {"W": encoder} if model.tied else {"W_in": encoder}
        if not model.tied:
            named["W_out"] = theta[:, size : 2 * size].reshape(-1, n, m)
        named["b"] = theta[:, bias_at : bias_at + n]
        if model.has_hidden_bias:
            named["b_hidden"] = theta[:, bias_at + n :]
        return named

    def advance(self, batch: Batch, state: State, steps: int, *, jobs: int) -> State:
        """Train every instance for `steps` more steps, in place."""
        low, step = self._lower(batch), step_of(state)
        rates = schedule(batch.training.learning_rates(step, step + steps), step)
        arrays = (state["theta"], state["first"], state["second"], state["memory"])
        n_blocks = len(low.blocks[0])
        common = (arrays, low.keys, low.point_of, low.numbers, low.blocks, rates, step, low.static)

        def run(plan: Plan, start: int, stop: int) -> None:
            if plan.kernel == "lane":
                lanes = lane_work(low.static, n_blocks, *low.asked)
                _lane(start, stop, *common, plan.config, lanes)
            elif plan.kernel == "dense":
                rows = dense_work(low.static, n_blocks, *low.asked, low.attacked)
                _dense(start, stop, *common, plan.config, rows)
            else:
                room = sparse_work(low.static, n_blocks, *low.room, *low.asked)
                _sparse(start, stop, *common, plan.config, room)

        if steps > 0:
            _spread(low, run, jobs)
        state["step"] = np.array(step + steps, np.int64)
        return state

    def probe(self, batch: Batch, state: State, *, jobs: int) -> F64:
        """The loss (N,) on one fresh batch of its own stream."""
        size = batch.training.batch_size
        return self._measure(batch, state, PROBE, step_of(state), size, jobs)[:, 0]

    def score(self, batch: Batch, state: State, *, jobs: int) -> State:
        """`loss`, `loss_error` on held-out samples, `diverged`; λ E‖h‖₁ as `penalty` if any."""
        out = self._measure(batch, state, HELD_OUT, 0, batch.training.held_out, jobs)
        finite = np.isfinite(state["theta"]).all(axis=1) & np.isfinite(out).all(axis=1)
        diverged = np.asarray(~finite)
        scores: State = {"loss": out[:, 0], "loss_error": out[:, 1], "diverged": diverged}
        if any(point.l1 > 0 for point in batch.points):
            weights = np.array([point.l1 for point in batch.points])
            scores["penalty"] = weights[self._lower(batch).point_of] * out[:, 2]
        return scores

    def _measure(
        self, batch: Batch, state: State, purpose: Any, number: int, samples: int, jobs: int
    ) -> F64:
        low = self._lower(batch)
        out: F64 = np.full((batch.n_instances, 3), np.nan)

        def run(plan: Plan, start: int, stop: int) -> None:
            # the penalty and the kernel play no part here: one compilation for all of them
            config = ((0,), *plan.config[1:4], (0,))
            _evaluate(
                start, stop, state["theta"], low.keys, purpose, number, samples, low.point_of,
                low.numbers, low.blocks, low.static, config, out,
                evaluate_work(low.static, len(low.blocks[0]), *low.asked),
            )  # fmt: skip

        _spread(low, run, jobs)
        return out

    def _lower(self, batch: Batch) -> Lowered:
        if self._last is None or self._last[0] is not batch:
            self._last = (batch, lower(batch))
        return self._last[1]


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()  # type: ignore[no-untyped-call]


def _spread(low: Lowered, run: Callable[[Plan, int, int], None], jobs: int) -> None:
    """Call `run(plan, start, stop)` over all instances, in chunks of one plan, on threads."""
    count = len(low.point_of)
    most = max(1, count // (max(1, jobs) * _CHUNKS_PER_THREAD))
    plans = [low.plans[point] for point in low.point_of]
    chunks: list[tuple[Plan, int, int]] = []
    start = 0
    for stop in range(1, count + 1):
        if stop == count or stop - start == most or plans[stop] != plans[start]:
            chunks.append((plans[start], start, stop))
            start = stop
    for plan in dict.fromkeys(low.plans):
        run(plan, 0, 0)  # compile here: parallel compilation races
    with _blas().limit(limits=1, user_api="blas"):
        if jobs <= 1 or len(chunks) == 1:
            for chunk in chunks:
                run(*chunk)
            return
        with ThreadPoolExecutor(jobs) as pool:
            for future in [pool.submit(run, *chunk) for chunk in chunks]:
                future.result()

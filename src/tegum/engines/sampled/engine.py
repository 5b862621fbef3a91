"""The sampled engine: addressed randomness, a kernel for each size of model, all cores."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from tegum.dims import F64
from tegum.distributions import Samples
from tegum.engines.base import Batch, OfLastBatch, State, cost_of_weights, step_of
from tegum.engines.cache import keep, sources_digest
from tegum.engines.fixed import row_losses
from tegum.engines.host import cpu
from tegum.engines.sampled.dense import dense_work, train_dense
from tegum.engines.sampled.evaluate import Occasion, evaluate, evaluate_work
from tegum.engines.sampled.forms import FILLED, PLAIN, RARE
from tegum.engines.sampled.lane import lane_work, train_lane
from tegum.engines.sampled.lowering import KernelForm, Lowered, lower
from tegum.engines.sampled.numpy_pools import scoring_pool, training_pools
from tegum.engines.sampled.optimiser import timing_of
from tegum.engines.sampled.random import HELD_OUT, PROBE, twin
from tegum.engines.sampled.shared import Descent, n_parameters
from tegum.engines.sampled.sparse import sparse_work, train_sparse
from tegum.engines.threads import on_threads
from tegum.engines.xavier import fill_weights

_CHUNKS_PER_THREAD = 4

_lane, _dense, _sparse = keep(train_lane), keep(train_dense), keep(train_sparse)
_evaluate = keep(evaluate)
_lane_rare = keep(twin(train_lane, "train_lane_rare"))
_evaluate_rare = keep(twin(evaluate, "evaluate_rare"))


class SampledEngine:
    """Minibatch training on fresh samples, one instance at a time per core.

    Three kernels: *lane* for small models, *dense* (matrix products) and *sparse* (lists of
    active features) for larger ones. Which one trains an instance depends on its own problem
    only, so that its bits do not depend on its neighbours. The state is `Descent`'s arrays, in
    float32, and `step`.
    """

    name = "sampled"
    dtype = np.float32

    def __init__(self) -> None:
        self._lower = OfLastBatch(lower)

    @property
    def version(self) -> str:
        """A digest of the kernel sources: any change to them may change a bit."""
        return sources_digest(Path(__file__).parent)

    @property
    def machine(self) -> str:
        """The CPU: kernels are tuned to it."""
        return cpu()

    def init(self, batch: Batch) -> State:
        """W ~ N(0, σ²) with σ² = 2/(n + m) unless given (Xavier), per instance; biases 0."""
        instances = self._lower(batch).instances
        static = instances.static
        theta = np.zeros((batch.n_instances, n_parameters(static)), np.float32)
        fill_weights(theta, theta.shape[1] - static.n - static.m, instances.keys, batch)
        return {
            "theta": theta,
            "moment": np.zeros_like(theta),
            "square": np.zeros_like(theta),
            "memory": np.ones(len(theta), np.float32),
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
        timing = timing_of(batch.training.learning_rates(step, step + steps), step)
        descent = Descent(*(state[name] for name in Descent._fields))
        numbers, size = range(step, step + steps), batch.batch_size

        def run(form: KernelForm, *which: int) -> None:
            train = _trained(form, low)
            if not low.ahead or which[0] == which[1]:
                train(which, descent, low.instances, step, timing)
                return
            for a in range(*which):
                law, key = batch.coordinates(a)[0].distribution, low.instances.keys[a]
                for pool, first, stop in training_pools(law, key, numbers, size):
                    here = low.instances._replace(pool=pool)
                    train((a, a + 1), descent, here, step + first, timing[first:stop])

        if steps > 0:
            _spread(low, run, jobs)
        state["step"] = np.array(step + steps, np.int64)
        return state

    def probe(self, batch: Batch, state: State, *, jobs: int) -> F64:
        """The loss (N,) on one fresh batch of its own stream."""
        occasion = Occasion(PROBE, step_of(state), batch.batch_size)
        return self._evaluate(batch, state, occasion, jobs)[:, 0]

    def score(self, batch: Batch, state: State, *, jobs: int) -> State:
        """`loss`, `loss_error` on held-out samples, `diverged`; `penalty` if there is any.

        Of a fixed data set the loss is its mean over all rows, without an error.
        """
        if isinstance(batch.problem.distribution, Samples):
            out = self._over_rows(batch, state)
        else:
            out = self._evaluate(batch, state, Occasion(HELD_OUT, 0, batch.training.held_out), jobs)
        finite = np.isfinite(state["theta"]).all(axis=1) & np.isfinite(out).all(axis=1)
        diverged = np.asarray(~finite)
        scores: State = {"loss": out[:, 0], "loss_error": out[:, 1], "diverged": diverged}
        of_weights = cost_of_weights(batch, self.parameters(batch, state))
        l1 = np.array([point.l1 for point in batch.points])
        if l1.any() or of_weights is not None:
            of_h = l1[batch.point_of()] * out[:, 2]
            scores["penalty"] = of_h if of_weights is None else of_h + of_weights
        return scores

    def _over_rows(self, batch: Batch, state: State) -> F64:
        """As `_evaluate`, on a fixed data set."""
        out: F64 = np.zeros((batch.n_instances, 3))
        named = self.parameters(batch, state)
        for a in range(batch.n_instances):
            own = {name: array[a] for name, array in named.items()}
            out[a, 0], out[a, 2] = row_losses(batch.coordinates(a)[0], own)
        return out

    def _evaluate(self, batch: Batch, state: State, occasion: Occasion, jobs: int) -> F64:
        low = self._lower(batch)
        out: F64 = np.full((batch.n_instances, 3), np.nan)

        def run(form: KernelForm, *which: int) -> None:
            work = evaluate_work(low.instances, form.codes.target == FILLED)
            theta, last = state["theta"], (occasion, out, work, form.codes)
            if not form.rare:
                _evaluate(which, theta, low.instances, *last, PLAIN)
                return
            if not low.ahead or which[0] == which[1]:
                _evaluate_rare(which, theta, low.instances, *last, RARE)
                return
            for a in range(*which):
                law, key = batch.coordinates(a)[0].distribution, low.instances.keys[a]
                here = low.instances._replace(pool=scoring_pool(law, key, occasion))
                _evaluate_rare((a, a + 1), theta, here, *last, RARE)

        _spread(low, run, jobs)
        return out


def _trained(form: KernelForm, low: Lowered) -> Callable[..., None]:
    """The kernel of a form, with work arrays: of which, descent, instances, step0 and timing."""
    codes, instances = form.codes, low.instances
    kernel: Any
    last: tuple[Any, ...]
    if form.kernel == "lane":
        kernel, rare = (_lane_rare, RARE) if form.rare else (_lane, PLAIN)
        last = lane_work(instances, codes), codes, rare
    elif form.kernel == "dense":
        kernel, last = _dense, (dense_work(instances, codes), codes)
    else:
        kernel, last = _sparse, (sparse_work(instances, codes, low.room), codes)

    def train(*common: Any) -> None:
        kernel(*common, *last)

    return train


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()  # type: ignore[no-untyped-call]


def _spread(low: Lowered, run: Callable[[KernelForm, int, int], None], jobs: int) -> None:
    """Call `run(form, start, stop)` over all instances, in chunks of one form, on threads."""
    forms = [low.forms[point] for point in low.instances.point_of]
    count, start = len(forms), 0
    most = max(1, count // (max(1, jobs) * _CHUNKS_PER_THREAD))
    chunks: list[tuple[KernelForm, int, int]] = []
    for stop in range(1, count + 1):
        if stop == count or stop - start == most or forms[stop] != forms[start]:
            chunks.append((forms[start], start, stop))
            start = stop
    for form in dict.fromkeys(low.forms):
        run(form, 0, 0)  # compile here
    with _blas().limit(limits=1, user_api="blas"):
        on_threads(run, chunks, jobs)

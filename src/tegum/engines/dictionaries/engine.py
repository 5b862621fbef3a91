"""The engine of dictionaries: sparse autoencoders on activations that are drawn as they train."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from threadpoolctl import ThreadpoolController

from tegum.dims import F32, F64
from tegum.distributions import Samples
from tegum.engines.base import Batch, OfLastBatch, State, step_of
from tegum.engines.cache import keep, sources_digest
from tegum.engines.dictionaries.lanes import lane_work
from tegum.engines.dictionaries.lowering import Lowered, law_of, lower, model_of, size_of
from tegum.engines.dictionaries.measure import CALIBRATION, MEASURES, measure_dictionaries
from tegum.engines.dictionaries.projected import new_few
from tegum.engines.dictionaries.revive import new_revival
from tegum.engines.dictionaries.rows import measured_rows
from tegum.engines.dictionaries.shared import (
    BATCH,
    GATED,
    JUMP,
    Descent,
    Static,
    n_parameters,
    new_work,
)  # fmt: skip
from tegum.engines.dictionaries.train import train_dictionaries
from tegum.engines.host import cpu
from tegum.engines.sampled.evaluate import CHUNK, Occasion
from tegum.engines.sampled.numpy_pools import scoring_pool, training_pools
from tegum.engines.sampled.optimiser import timing_of
from tegum.engines.sampled.random import HELD_OUT, PROBE
from tegum.engines.threads import on_threads
from tegum.engines.xavier import standard_normals

_CHUNKS_PER_THREAD = 4
#: Held-out samples on which the threshold of batch top-k codes is found.
CALIBRATED: Final = 8192

_train, _measure = keep(train_dictionaries), keep(measure_dictionaries)


class DictionaryEngine:
    """Minibatch training of dictionaries on fresh samples, one instance at a time per core.

    h = W x is made of x in the kernel and never stored; the samples in which nothing is active are
    one sample with a weight. What trains an instance depends on its own problem only, so that its
    bits do not depend on its neighbours. The state is `Descent`'s arrays, in float32, and `step`.
    """

    name = "dictionaries"
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
        """Atoms of random directions and norm 1, W_enc their transpose, biases 0."""
        state = self._first(batch)
        self.calibrate(batch, state, jobs=1)
        return state

    def _first(self, batch: Batch) -> State:
        low = self._lower(batch)
        static, numbers = low.instances.static, low.instances.numbers
        theta = np.zeros((batch.n_instances, n_parameters(static)), np.float32)
        named = _named(theta, static)
        size, m = static.latents * static.m, static.m
        for a in range(batch.n_instances):
            own = numbers.latents[low.instances.point_of[a]]
            atoms = standard_normals(low.instances.keys[a : a + 1], size).reshape(-1, m)[:own]
            atoms /= np.linalg.norm(atoms.astype(np.float64), axis=1, keepdims=True)
            for name in ("W_enc", "W_dec"):
                if name in named:
                    named[name][a, :own] = atoms
            if "log_threshold" in named:
                point = batch.coordinates(a)[0]
                start = model_of(point).threshold * size_of(point)
                named["log_threshold"][a, :own] = np.log(start)
        zero = np.zeros_like(theta)
        silent = np.zeros((batch.n_instances, static.latents * (static.aux_weight > 0)), np.int32)
        moments: State = {"moment": zero, "square": zero.copy(), "silent": silent}
        return {"theta": theta, **moments, "step": np.array(0)}

    def parameters(self, batch: Batch, state: State) -> State:
        """W_enc (N, latent, hidden) unless tied, W_dec likewise, b_enc, b_dec. Views."""
        return _named(state["theta"], self._lower(batch).instances.static)

    def advance(self, batch: Batch, state: State, steps: int, *, jobs: int) -> State:
        """Train every instance for `steps` more steps, in place.

        Batch top-k codes have their threshold found wherever weights are kept.
        """
        stop, counted = step_of(state) + steps, model_of(batch.problem).has_common_threshold
        recorded = _recorded(batch, step_of(state), stop) if counted else []
        for end in sorted({*recorded, stop}):
            self._train(batch, state, end - step_of(state), jobs)
            if end in recorded:
                self.calibrate(batch, state, jobs=jobs)
        return state

    def _train(self, batch: Batch, state: State, steps: int, jobs: int) -> None:
        low, step = self._lower(batch), step_of(state)
        timing = _timing(batch, step, steps)
        descent = Descent(*(state[name] for name in Descent._fields))
        if step == 0:
            _clean(self.parameters(batch, state), low)

        def run(*which: int) -> None:
            work = new_work(low.instances, batch.batch_size)
            few, revival = new_few(low.instances, work), new_revival(low.instances)
            ways = lane_work(low.instances, work), few, revival
            if not low.ahead or which[0] == which[1]:
                _train(which, descent, low.instances, step, timing, work, ways)
                return
            numbers = range(step, step + steps)
            for a in range(*which):
                law, key = law_of(batch.coordinates(a)[0]), low.instances.keys[a]
                for pool, first, stop in training_pools(law, key, numbers, batch.batch_size):
                    here = low.instances._replace(pool=pool)
                    _train((a, a + 1), descent, here, step + first, timing[first:stop], work, ways)

        if steps > 0:
            _spread(batch.n_instances, run, jobs)
        state["step"] = np.array(step + steps, np.int64)

    def calibrate(self, batch: Batch, state: State, *, jobs: int) -> None:
        """Set the thresholds of batch top-k codes: held-out samples have L0 = k by them.

        No training reads them.
        """
        static = self._lower(batch).instances.static
        if static.architecture == BATCH:
            many = batch.batch_size if batch.training.batch_size == "all" else CALIBRATED
            found = self._measured(batch, state, Occasion(CALIBRATION, 0, many), jobs, many)
            _named(state["theta"], static)["threshold"][...] = found[:, 0]

    def probe(self, batch: Batch, state: State, *, jobs: int) -> F64:
        """The loss (N,) on one fresh batch of its own stream."""
        occasion = Occasion(PROBE, step_of(state), batch.batch_size)
        whole = model_of(batch.problem).has_common_threshold
        chunk = batch.batch_size if whole else CHUNK
        return self._measured(batch, state, occasion, jobs, chunk)[:, 0]

    def score(self, batch: Batch, state: State, *, jobs: int) -> State:
        """Loss, its error, `l0`, `dead` and `explained_variance` on held-out samples.

        With `penalty` where codes have a price. Of a fixed data set all is over its rows.
        """
        if isinstance(batch.problem.distribution, Samples):
            out = measured_rows(batch, self.parameters(batch, state))
        else:
            occasion = Occasion(HELD_OUT, 0, batch.training.held_out)
            out = self._measured(batch, state, occasion, jobs)
        finite = np.isfinite(state["theta"]).all(axis=1) & np.isfinite(out[:, :5]).all(axis=1)
        scores: State = {
            "loss": out[:, 0],
            "loss_error": out[:, 1],
            "l0": out[:, 3],
            "dead": out[:, 4].astype(np.int64),
            "explained_variance": out[:, 5],
            "diverged": np.asarray(~finite),
        }
        l1 = np.array([point.l1 for point in batch.points])[batch.point_of()]
        if l1.any():
            scores["penalty"] = l1 * out[:, 3 if model_of(batch.problem).has_thresholds else 2]
        return scores

    def _measured(
        self, batch: Batch, state: State, occasion: Occasion, jobs: int, chunk: int = CHUNK
    ) -> F64:
        low = self._lower(batch)
        out: F64 = np.full((batch.n_instances, MEASURES), np.nan)

        def run(*which: int) -> None:
            work = new_work(low.instances, chunk)
            if not low.ahead or which[0] == which[1]:
                _measure(which, state["theta"], low.instances, occasion, out, work)
                return
            for a in range(*which):
                law, key = law_of(batch.coordinates(a)[0]), low.instances.keys[a]
                here = low.instances._replace(pool=scoring_pool(law, key, occasion))
                _measure((a, a + 1), state["theta"], here, occasion, out, work)

        _spread(batch.n_instances, run, jobs)
        return out


def _recorded(batch: Batch, after: int, until: int) -> list[int]:
    """The steps in (after, until] of which weights are kept."""
    training = batch.training
    steps = {*training.checkpoint_steps(), training.steps}
    return sorted(step for step in steps if after < step <= until)


def _timing(batch: Batch, step: int, steps: int) -> F64:
    """(step, 4): as of `timing_of`, and what part of sparsity has set in."""
    training = batch.training
    timing = timing_of(training.learning_rates(step, step + steps), step)
    parts = model_of(batch.problem).sparsity_at(np.arange(step, step + steps), training.steps)
    return np.column_stack([timing, parts])


def _named(theta: F32, static: Static) -> State:
    """What a model is made of, as views of its row of parameters."""
    size, latents, m = static.latents * static.m, static.latents, static.m
    decode = 0 if static.tied else size
    bias = decode + size
    named: State = {} if static.tied else {"W_enc": theta[:, :size].reshape(-1, latents, m)}
    named["W_dec"] = theta[:, decode:bias].reshape(-1, latents, m)
    named["b_enc"] = theta[:, bias : bias + latents]
    named["b_dec"] = theta[:, bias + latents : bias + latents + m]
    if static.architecture == JUMP:
        named["log_threshold"] = theta[:, bias + latents + m :]
    if static.architecture == GATED:
        first = bias + latents + m
        named["r_mag"], named["b_mag"] = (
            theta[:, first : first + latents],
            theta[:, first + latents :],
        )
    if static.architecture == BATCH:
        named["threshold"] = theta[:, -1]
    return named


def _clean(named: State, low: Lowered) -> None:
    """Of given weights: atoms of norm 1 where they are kept so, and nothing behind the last."""
    latents = low.instances.numbers.latents[low.instances.point_of]
    for name, array in named.items():
        if name not in ("b_dec", "threshold"):
            for a, own in enumerate(latents):
                array[a, own:] = 0
    if low.instances.static.unit_norm:
        atoms = named["W_dec"]
        norm = np.linalg.norm(atoms.astype(np.float64), axis=2, keepdims=True)
        atoms[...] = np.where(norm > 0, atoms / np.where(norm > 0, norm, 1.0), atoms)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()  # type: ignore[no-untyped-call]


def _spread(count: int, run: Callable[[int, int], None], jobs: int) -> None:
    """Call `run(start, stop)` over all instances, in chunks, on threads."""
    most = max(1, count // (max(1, jobs) * _CHUNKS_PER_THREAD))
    chunks = [(start, min(start + most, count)) for start in range(0, count, most)]
    run(0, 0)  # compile here
    with _blas().limit(limits=1, user_api="blas"):
        on_threads(run, chunks, jobs)

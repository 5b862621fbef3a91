"""The expected loss of ReLU-output models, sharp enough to tell nearly equal ones apart.

Different arrangements of features often differ by less than a percent in loss, and a loss on
65,536 held-out samples of sparse features is known to no better than a few percent: the lowest
of many such losses is mostly luck. Here inputs are taken apart by the number of active features:
the orders with a closed form are exact, the others are drawn in their right proportions, and all
models see the same inputs.
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from tegum.dims import F32, F64, I64
from tegum.distributions import Independent
from tegum.errors import SpecError
from tegum.models import ReLUOutput
from tegum.theory import sparse_expansion as expansion

if TYPE_CHECKING:
    import xarray as xr

    from tegum.problem import Problem

#: Up to this many features L_2 is taken exactly where it counts; its cost grows as n³.
_SMALL: Final = 40
#: The models of lowest loss that are looked at again, on `_FINER` times as many inputs.
_REFINED, _FINER = 32, 8
#: Numbers in a set of inputs that are looked at together: the work arrays stay in cache.
_WORK: Final = 80_000
#: A seed of its own, so that no training sees these inputs.
_SEED: Final = 20_220_914


class Scores(NamedTuple):
    """Expected loss of each model and its standard error, (model,) each."""

    loss: F64
    error: F64


def rescored(runs: xr.Dataset, problem: Problem, samples: int) -> xr.Dataset:
    """`runs` (seed) with `loss` and `loss_error` by `expected_loss`, sharpest for the lowest.

    The 32 models of lowest loss on `samples` inputs are scored again on eight times as many. The
    others are moved by what that did to these on average: the same inputs err alike for all.
    """
    W, b = (runs[name].to_numpy().astype(np.float64) for name in ("W", "b"))
    alive = np.flatnonzero(~runs["diverged"].to_numpy())
    loss, error = (np.full(len(W), np.nan) for _ in range(2))
    if len(alive):
        loss[alive], error[alive] = expected_loss(problem, W[alive], b[alive], samples, exact=2)
        few = alive[np.argsort(loss[alive], kind="stable")[:_REFINED]]
        exact = 3 if problem.n_features <= _SMALL else 2
        fine = expected_loss(problem, W[few], b[few], _FINER * samples, exact=exact)
        loss[alive] *= float((fine.loss / loss[few]).mean())
        loss[few], error[few] = fine
    dims = runs["loss"].dims
    return runs.assign(loss=(dims, loss), loss_error=(dims, error))


def expected_loss(problem: Problem, W: F64, b: F64, samples: int, exact: int = 3) -> Scores:
    """The loss of ReLU-output models W (model, hidden, feature), b (model, feature).

    Σ_k p^k S^(n−k) L_k with L_k in closed form for k < `exact` (at most 3), and for the others
    from `samples` inputs that are common to all models. Raises `SpecError` for another model or
    target, and unless features are independent, uniform and of one probability.
    """
    p, n = _common_probability(problem), problem.n_features
    importance = np.broadcast_to(np.asarray(problem.importance, dtype=np.float64), (n,))
    weight = expansion.term_weights(n, p)
    loss = weight[0] * expansion.loss_zero(b, importance)
    for k, closed in enumerate((expansion.loss_one, expansion.loss_two)[: exact - 1], start=1):
        loss = loss + weight[k] * closed(W, b, importance)
    odds = np.array([comb(n, k) for k in range(n + 1)]) * weight
    odds[:exact] = 0.0
    left = float(odds.sum())
    if left == 0.0:
        return Scores(loss, np.zeros(len(W)))
    rng = np.random.default_rng([_SEED, n, int(1e9 * p)])
    mean, error = _sampled(W, b, importance, odds / left, samples, rng)
    return Scores(loss + left * mean, left * error)


def _common_probability(problem: Problem) -> float:
    law, model = problem.distribution, problem.model
    if not isinstance(model, ReLUOutput) or model.activation != "relu" or problem.target != "x":
        rule = "must be a ReLUOutput model with relu that is to give x"
        raise SpecError.of("expected_loss", "problem", rule, problem)
    if isinstance(law, Independent) and law.magnitude == "uniform":
        p = law.feature_probability
        if not isinstance(p, tuple):
            return p
    rule = "must be Independent, uniform and of one probability"
    raise SpecError.of("expected_loss", "distribution", rule, law)


def _sampled(
    W: F64, b: F64, importance: F64, odds: F64, samples: int, rng: np.random.Generator
) -> tuple[F64, F64]:
    """Mean squared error (model,) over inputs with k active features in proportions `odds`."""
    n = W.shape[-1]
    # Equally spaced levels instead of random ones: k then has no noise of its own.
    levels = rng.permutation((np.arange(samples) + 0.5) / samples)
    active = np.searchsorted(np.cumsum(odds), levels).clip(max=n)
    encoder, bias, weight = (a.astype(np.float32) for a in (W, b, importance))
    totals = np.zeros((2, len(W)))
    size = max(1, _WORK // n)
    # threads cost more than such small products
    blas = ThreadpoolController()  # type: ignore[no-untyped-call]
    with blas.limit(limits=1, user_api="blas"):
        for start in range(0, samples, size):
            x = _inputs(active[start : start + size], n, rng)
            for model in range(len(W)):
                error = _errors(x, encoder[model], bias[model], weight)
                totals[:, model] += error.sum(dtype=np.float64), error @ error
    mean, square = totals / samples
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0) / max(samples - 1, 1))


def _inputs(active: I64, n: int, rng: np.random.Generator) -> F32:
    """(sample, feature): `active` random features of each sample uniform on [0, 1], others 0."""
    x = np.where(np.arange(n) < active[:, None], rng.random((len(active), n)), 0.0)
    return rng.permuted(x, axis=1).astype(np.float32)


def _errors(x: F32, W: F32, b: F32, importance: F32) -> F32:
    """Σ_i I_i (x_i − ReLU(WᵀWx + b)_i)² of each sample."""
    out = (x @ W.T) @ W
    out += b
    np.maximum(out, 0.0, out=out)
    out -= x
    out *= out
    return np.asarray(out @ importance)

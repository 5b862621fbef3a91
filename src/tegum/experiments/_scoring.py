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
from threadpoolctl import threadpool_limits

from tegum.dims import F32, F64, I64
from tegum.theory import sparse_expansion as expansion

if TYPE_CHECKING:
    import xarray as xr

    from tegum.problem import Problem

#: Up to this many features L_2 is taken exactly; its cost grows as n³.
_SMALL: Final = 40
#: The models of lowest loss that are looked at again, on `_FINER` times as many inputs.
_REFINED, _FINER = 12, 16
#: Inputs looked at together: the work arrays then stay in cache.
_WORK: Final = 80_000
#: A seed of its own, so that no training sees these inputs.
_SEED: Final = 20_220_914


class Scores(NamedTuple):
    """Expected loss of each model and its standard error, (model,) each."""

    loss: F64
    error: F64


def rescored(runs: xr.Dataset, problem: Problem, samples: int) -> xr.Dataset:
    """`runs` (seed) with `loss` and `loss_error` by `expected_loss`, sharpest for the lowest.

    The models of lowest loss are scored on 16 times `samples` inputs. The others are moved by
    what that did to these on average: the same inputs err alike for all models.
    """
    W, b = (runs[name].to_numpy().astype(np.float64) for name in ("W", "b"))
    alive = np.flatnonzero(~runs["diverged"].to_numpy())
    loss, error = (np.full(len(W), np.nan) for _ in range(2))
    if len(alive):
        loss[alive], error[alive] = expected_loss(problem, W[alive], b[alive], samples)
        few = alive[np.argsort(loss[alive])[:_REFINED]]
        fine = expected_loss(problem, W[few], b[few], _FINER * samples)
        loss[alive] *= float((fine.loss / loss[few]).mean())
        loss[few], error[few] = fine
    dims = runs["loss"].dims
    return runs.assign(loss=(dims, loss), loss_error=(dims, error))


def expected_loss(problem: Problem, W: F64, b: F64, samples: int) -> Scores:
    """The loss of ReLU-output models W (model, hidden, feature), b (model, feature).

    Σ_k p^k S^(n−k) L_k with L_0 and L_1 (for few features also L_2) exact, the rest by `samples`
    inputs that are common to all models. Features must be independent and of one probability.
    """
    p = float(problem.distribution.feature_probability)  # type: ignore[attr-defined]
    n = problem.n_features
    importance = np.broadcast_to(np.asarray(problem.importance, dtype=np.float64), (n,))
    weight = expansion.term_weights(n, p)
    loss = weight[0] * expansion.loss_zero(b, importance)
    loss = loss + weight[1] * expansion.loss_one(W, b, importance)
    exact = 2
    if n <= _SMALL:
        loss = loss + weight[2] * expansion.loss_two(W, b, importance)
        exact = 3
    odds = np.array([comb(n, k) for k in range(n + 1)]) * weight
    odds[:exact] = 0.0
    left = float(odds.sum())
    if left == 0.0:
        return Scores(loss, np.zeros(len(W)))
    rng = np.random.default_rng([_SEED, n, int(1e9 * p)])
    mean, error = _sampled(W, b, importance, odds / left, samples, rng)
    return Scores(loss + left * mean, left * error)


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
    with threadpool_limits(1, user_api="blas"):  # threads cost more than such products
        for start in range(0, samples, size):
            x = _inputs(active[start : start + size], n, rng)
            for model in range(len(W)):
                error = _errors(x, encoder[model], bias[model], weight)
                totals[:, model] += error.sum(dtype=np.float64), error @ error
    mean, square = totals / samples
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0) / max(samples - 1, 1))


def _inputs(active: I64, n: int, rng: np.random.Generator) -> F32:
    """(sample, feature): `active` random features of each sample uniform on [0, 1], others 0."""
    rank = rng.random((len(active), n)).argsort(axis=1).argsort(axis=1)
    return np.where(rank < active[:, None], rng.random((len(active), n)), 0.0).astype(np.float32)


def _errors(x: F32, W: F32, b: F32, importance: F32) -> F32:
    """Σ_i I_i (x_i − ReLU(WᵀWx + b)_i)² of each sample."""
    out = (x @ W.T) @ W
    out += b
    np.maximum(out, 0.0, out=out)
    out -= x
    out *= out
    return np.asarray(out @ importance)

"""The expected loss by the number of active features, without sampling."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.arguments import explained, number
from tegum.dims import ACTIVE, F64, I64
from tegum.distributions.magnitudes import magnitude_of
from tegum.ensemble.progress import waiting
from tegum.errors import SpecError
from tegum.loss._counting import chances, tilted
from tegum.loss._series import FEWEST, MOST, Law, Output
from tegum.loss.expected import FLOOR, check_finite
from tegum.problem import Problem
from tegum.runs.weights import Layout, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

_ROUNDING: Final = 2e-15
#: x = β + s u with u uniform on [0, 1]: (β, s) of each magnitude.
_AFFINE: Final = {"uniform": (0.0, 1.0), "signed": (-1.0, 2.0)}


@waiting("loss by active features")
@explained(example="tg.loss_by_active(problem, runs.W, runs.b)")
def loss_by_active(
    problem: Problem,
    W: Any,
    b: Any = None,
    *,
    orders: Sequence[int] | None = None,
    tolerance: float = 1e-9,
) -> xr.Dataset:
    """The expected loss taken apart by the number k of active features, L = Σ_k C_k.

    k <= 2 is a closed form. For more, the characteristic function of each pre-activation given k
    is the coefficient of y^k in a product over features, and the loss a Fourier series, whose
    nodes are doubled until E[loss | k] changes by less than `tolerance`, up to 4,096. The cost
    grows as n³ for all orders. Penalties do not count.

    Args:
        problem: independent features with any probabilities, uniform or signed; ReLU, leaky ReLU
            and identity outputs of a linear hidden layer.
        W: weights (..., hidden, feature), for untied models the pair (W_in, W_out) with W_out
            (..., feature, hidden); arrays or DataArrays.
        b: (..., feature), None for 0; broadcast against W.
        orders: the k wanted, all of 0 … n by default; few small ones cost least.
        tolerance: of E[loss | k] as a part of itself, in (0, 1).

    Returns:
        A Dataset with the leading dimensions of W (`instance_0`, … if it is plain) and `active`,
        the k: `contribution` C_k = P(k) E[loss | k active] >= 0, and `error`, an estimate of its
        absolute error that is rarely exceeded; `probability` P(k), and `given`, E[loss | k
        active]; where all probabilities are equal also `L`, L_k = n!/(k!(n − k)!) E[loss | k
        active], so that C_k = p^k (1 − p)^(n−k) L_k.

    Raises:
        SpecError: for shapes that do not agree with the problem, for distributions, magnitudes
            and activations other than these, for orders that are not among 0 … n, and unless
            tolerance is in (0, 1).

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    from tegum.loss._exact import SLOPES, check_trainable

    if not isinstance(problem, Problem):
        raise SpecError.of("loss_by_active", "problem", "must be a Problem", problem)
    check_trainable(problem.without_costs())
    if problem.target not in ("x", "abs"):
        rule = "must be 'x' or 'abs' for a loss by active features"
        raise SpecError.of("Problem", "target", rule, problem.target)
    number("loss_by_active", "tolerance", tolerance, "must be in (0, 1)", lambda x: 0 < x < 1)
    ks, p = _orders(orders, problem.n_features), _probabilities(problem)
    law, alpha = _law(problem, p), SLOPES[problem.model.output_activation]
    weights, layout = read("loss_by_active", problem, W, b)
    importance, most = problem.importance_vector(), int(ks.max())
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = [
            _one(a, c, alpha, importance, law, most, tolerance)
            for a, c in zip(weights.A, weights.b, strict=True)
        ]
    check_finite("loss_by_active", weights, np.array(found))
    given, error = np.moveaxis(np.array(found).reshape(*layout.lead, 2, most + 1), -2, 0)
    return _dataset(given[..., ks], error[..., ks], chances(p, most)[ks], ks, p, layout)


def _one(
    A: F64, b: F64, alpha: float, importance: F64, law: Law, most: int, tolerance: float
) -> tuple[F64, F64]:
    """E[loss | k] and its error of one model, each (most + 1,)."""
    total = chances(law.q, most)
    parts = []
    for i in np.flatnonzero(importance):
        output = Output(int(i), A[i], float(b[i]), alpha, law, most)
        parts.append((importance[i], output, _share_on(output, law.q[i], total)))
    half = [_mixed(output.losses(FEWEST // 2), on) for _, output, on in parts]
    full = [_mixed(output.losses(FEWEST), on) for _, output, on in parts]
    blank = sum(weight * on * output.x2 for weight, output, on in parts)
    size = sum(weight * now for (weight, _, _), now in zip(parts, full, strict=True))
    target = tolerance * np.maximum(size, FLOOR * blank) / len(parts)
    given, error = np.zeros((2, most + 1))
    for (weight, output, on), before, now in zip(parts, half, full, strict=True):
        nodes = FEWEST
        while (weight * np.abs(now - before) > target).any() and nodes < MOST:
            nodes *= 2
            before, now = now, _mixed(output.losses(nodes), on)
        given += weight * now
        error += weight * (np.abs(now - before) + _ROUNDING * _mixed(output.size, on))
    return np.maximum(given, 0.0), error  # rounding may leave less than nothing


def _share_on(output: Output, q: float, total: F64) -> F64:
    """The probability that the output's own feature is among the k active ones, (most + 1,)."""
    others = np.zeros(len(total))
    others[: len(output.plan.chance)] = output.plan.chance
    on = np.zeros(len(total))
    np.divide(q * others[:-1], total[1:], out=on[1:], where=total[1:] > 0)
    return on


def _mixed(losses: F64, on: F64) -> F64:
    """By all active features, from by the other active ones with the own off and on, (2, …)."""
    off, active = np.zeros((2, len(on)))
    off[: losses.shape[1]] = losses[0][: len(on)]
    active[1:] = losses[1][: len(on) - 1]
    return np.asarray((1 - on) * off + on * active)


def _orders(orders: Sequence[int] | None, n: int) -> I64:
    if orders is None:
        return np.arange(n + 1)
    ks = np.asarray(orders)
    whole = ks.ndim == 1 and ks.size > 0 and np.issubdtype(ks.dtype, np.integer)
    if not whole or ks.min() < 0 or ks.max() > n:
        raise SpecError.of("loss_by_active", "orders", f"must be integers in 0 … {n}", orders)
    return ks.astype(np.int64)


def _probabilities(problem: Problem) -> F64:
    """p_j; SpecError for features that are not independent."""
    blocks = problem.distribution.blocks()
    for block in blocks:
        if block.size > 1 or block.kind in ("child", "joint"):
            rule = "must have independent features for a loss by their number"
            raise SpecError.of("Problem", "distribution", rule, block.kind)
        if block.magnitude not in _AFFINE:
            rule = "must be uniform or signed for a loss by the number of active features"
            raise SpecError.of("Problem", "distribution.magnitude", rule, block.magnitude)
    return np.array([block.probability for block in blocks])


def _law(problem: Problem, p: F64) -> Law:
    names = [str(block.magnitude) for block in problem.distribution.blocks()]
    laws = [magnitude_of(name) for name in names]
    shift, scale = np.array([_AFFINE[name] for name in names]).T
    mean = np.array([law.mean for law in laws])
    return Law(tilted(p), shift, scale, mean, np.array([law.mean_square for law in laws]))


def _dataset(given: F64, error: F64, chance: F64, ks: I64, p: F64, layout: Layout) -> xr.Dataset:
    import xarray as xr

    dims = layout.dims
    if dims is None:
        dims = tuple(f"instance_{k}" for k in range(len(layout.lead)))
    own = (*dims, ACTIVE)
    data: dict[str, Any] = {
        "contribution": (own, chance * given, {"long_name": "part of the expected loss"}),
        "error": (own, chance * error, {"long_name": "estimate of the error of contribution"}),
        "probability": (ACTIVE, chance, {"long_name": "probability of k active features"}),
        "given": (own, given, {"long_name": "expected loss given k active features"}),
    }
    if (p == p[0]).all():
        sets = np.array([float(comb(len(p), int(k))) for k in ks])
        data["L"] = (own, sets * given, {"long_name": "sum over the sets of k features"})
    return xr.Dataset(
        data, coords={**layout.coords, ACTIVE: (ACTIVE, ks, {"long_name": "active features"})}
    )

"""The expected loss by the number of active features, without sampling."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.dims import F64, FEATURE, HIDDEN, I64
from tegum.distributions.magnitudes import MAGNITUDES
from tegum.errors import SpecError
from tegum.loss._counting import chances, tilted
from tegum.loss._series import FEWEST, MOST, Law, Output
from tegum.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

#: The dimension of the answer: the number of active features.
ACTIVE: Final = "active"
#: Losses below this part of that of predicting 0 are asked for no more digits than it.
_FLOOR: Final = 1e-4
_ROUNDING: Final = 2e-15
#: x = β + s u with u uniform on [0, 1]: (β, s) of each magnitude.
_AFFINE: Final = {"uniform": (0.0, 1.0), "signed": (-1.0, 2.0)}


def loss_by_active(
    problem: Problem,
    W: Any,
    b: Any = None,
    *,
    orders: Sequence[int] | None = None,
    tolerance: float = 1e-9,
) -> xr.Dataset:
    """The expected loss taken apart by the number k of active features, L = Σ_k C_k.

    W (..., hidden, feature), for untied models the pair (W_in, W_out) with W_out
    (..., feature, hidden); b (..., feature), None for 0; arrays or DataArrays. `orders`: the k
    wanted, all of 0 … n by default; few small ones cost least. Independent features with any
    probabilities, uniform or signed; ReLU, leaky ReLU and identity outputs; penalties do not
    count. The answer has the leading dimensions of W (`instance_0`, … if it is plain) and
    `active`, the k:

    - `contribution` C_k = P(k) E[loss | k active] >= 0, and `error`, an estimate of its absolute
      error that is rarely exceeded;
    - `probability` P(k), and `given`, E[loss | k active];
    - `L`, where all probabilities are equal: L_k = n!/(k!(n − k)!) E[loss | k active], so that
      C_k = p^k (1 − p)^(n−k) L_k.

    k <= 2 is a closed form. For more, the characteristic function of each pre-activation given k
    is the coefficient of y^k in a product over features, and the loss a Fourier series, whose
    nodes are doubled until E[loss | k] changes by less than `tolerance` (of itself), up to 4,096.
    The cost grows as n³ for all orders.

    Raises:
        SpecError: for shapes that do not agree with the problem, for distributions, magnitudes
            and activations other than these, for orders that are not among 0 … n, and unless
            tolerance is in (0, 1).
    Source: "Mathematical Understanding", the loss as a sum over numbers of active features.
    """
    from tegum.engines.exact import SLOPES, check_trainable

    if not isinstance(problem, Problem):
        raise SpecError.of("loss_by_active", "problem", "must be a Problem", problem)
    check_trainable(problem.replace(l1=0.0))
    if not 0 < tolerance < 1:
        raise SpecError.of("loss_by_active", "tolerance", "must be in (0, 1)", tolerance)
    ks, p = _orders(orders, problem.n_features), _probabilities(problem)
    law, alpha = _law(problem, p), SLOPES[problem.model.output_activation]
    A, bias, dims, lead = _rows(problem, W, b)
    importance, most = problem.importance_vector(), int(ks.max())
    found = [
        _one(a, c, alpha, importance, law, most, tolerance) for a, c in zip(A, bias, strict=True)
    ]
    given, error = np.moveaxis(np.array(found).reshape(*lead, 2, most + 1), -2, 0)
    return _dataset(given[..., ks], error[..., ks], chances(p, most)[ks], ks, p, dims)


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
    target = tolerance * np.maximum(size, _FLOOR * blank) / len(parts)
    given, error = np.zeros((2, most + 1))
    for (weight, output, on), before, now in zip(parts, half, full, strict=True):
        nodes = FEWEST
        while (weight * np.abs(now - before) > target).any() and nodes < MOST:
            nodes *= 2
            before, now = now, _mixed(output.losses(nodes), on)
        given += weight * now
        error += weight * (np.abs(now - before) + _ROUNDING * _mixed(output.size, on))
    return given, error


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
        if block.size > 1:
            rule = "must have independent features for a loss by their number"
            raise SpecError.of("Problem", "distribution", rule, block.kind)
        if block.magnitude not in _AFFINE:
            rule = "must be uniform or signed for a loss by the number of active features"
            raise SpecError.of("Problem", "distribution.magnitude", rule, block.magnitude)
    return np.array([block.probability for block in blocks])


def _law(problem: Problem, p: F64) -> Law:
    names = [block.magnitude for block in problem.distribution.blocks()]
    shift, scale = np.array([_AFFINE[name] for name in names]).T
    mean = np.array([MAGNITUDES[name].mean for name in names])
    return Law(tilted(p), shift, scale, mean, np.array([MAGNITUDES[n].mean_square for n in names]))


def _rows(problem: Problem, W: Any, b: Any) -> tuple[F64, F64, tuple[str, ...], tuple[int, ...]]:
    """A (N, n, n), b (N, n), and the names and sizes of the leading dimensions."""
    n, m, tied = problem.n_features, problem.n_hidden, problem.model.tied
    if not tied and not (isinstance(W, tuple | list) and len(W) == 2):
        raise SpecError.of("loss_by_active", "W", "must be the pair (W_in, W_out)", type(W))
    parts = [(W, (HIDDEN, FEATURE), (m, n))] if tied else [
        (W[0], (HIDDEN, FEATURE), (m, n)), (W[1], (FEATURE, HIDDEN), (n, m))
    ]  # fmt: skip
    first = parts[0][0]
    named = tuple(d for d in getattr(first, "dims", ()) if d not in (HIDDEN, FEATURE))
    arrays = [_plain(array, named, own, shape) for array, own, shape in parts]
    arrays.append(np.zeros(n) if b is None else _plain(b, named, (FEATURE,), (n,)))
    if not problem.model.has_bias and arrays[-1].any():
        rule = "must be None or 0: the model has no bias"
        raise SpecError.of("loss_by_active", "b", rule, b)
    encoder, bias = arrays[0], arrays[-1]
    A = (np.swapaxes(encoder, -1, -2) if tied else arrays[1]) @ encoder
    lead = A.shape[:-2]
    try:
        bias = np.broadcast_to(bias, (*lead, n))
    except ValueError:
        raise SpecError.of("loss_by_active", "b", "must broadcast to W", bias.shape) from None
    dims = named if hasattr(first, "dims") else tuple(f"instance_{k}" for k in range(len(lead)))
    return A.reshape(-1, n, n), bias.reshape(-1, n), dims, lead


def _plain(array: Any, named: tuple[str, ...], own: tuple[str, ...], shape: tuple[int, ...]) -> F64:
    """Finite numbers (..., *shape), labelled or not."""
    if hasattr(array, "dims"):
        if not set(own) <= set(array.dims):
            raise SpecError.of("loss_by_active", "W, b", f"must have {own}", array.dims)
        array = array.transpose(*[dim for dim in named if dim in array.dims], *own).to_numpy()
    plain = np.asarray(array, np.float64)
    if plain.ndim < len(shape) or plain.shape[plain.ndim - len(shape) :] != shape:
        raise SpecError.of("loss_by_active", "W, b", f"must end in shape {shape}", plain.shape)
    if not np.isfinite(plain).all():
        raise SpecError.of("loss_by_active", "W, b", "must be finite", "NaN or infinity")
    return plain


def _dataset(
    given: F64, error: F64, chance: F64, ks: I64, p: F64, dims: tuple[str, ...]
) -> xr.Dataset:
    import xarray as xr

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
    return xr.Dataset(data, coords={ACTIVE: (ACTIVE, ks, {"long_name": "active features"})})

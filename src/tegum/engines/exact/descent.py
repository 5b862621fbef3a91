"""One instance's training on exact gradients: Adam for a start, then L-BFGS to a local minimum.

L-BFGS alone, from small weights, kills features; after a hundred Adam steps it does not. While
it compares values nothing of the series may move: windows, small blocks and nodes are frozen, and
looked after now and then. It goes down in levels: far from the minimum an output has as few nodes
as tell where to go, at the last level as many as add 1e-9 of the loss of predicting 0.
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64, I64
from tegum.engines.exact.freeze import freeze, is_within
from tegum.engines.exact.law import Frozen
from tegum.engines.exact.numeric import EXPONENTIAL, inline, part
from tegum.engines.exact.objective import Work, fewest_nodes, is_complete, loss_of_rows
from tegum.engines.exact.rows import SPAN

#: The levels of a descent: Adam's, two on the way, and the last one.
LAST_LEVEL: Final = 3
#: At most so many times the nodes of the shape, by level.
NODES: Final = (0.5, 1.0, 2.0, 4.0)
#: What the nodes that are left out may be worth, in parts of the loss of predicting 0.
MISSED: Final = (3e-3, 5e-4, 3e-6, 1e-9)
#: A level ends where ‖∇L‖ is at most this part of the loss of predicting 0: the last, converged.
TOLERANCE: Final = (0.0, 1e-4, 1e-6, 1e-9)
#: Where no step gains, rounding or truncation is in the way: good enough below this part.
ACCEPTED: Final = 1e-5
#: The window's margin while weights move, and after how many steps it is chosen anew in any case.
MARGIN: Final = 1.3
REFRESH, REFRESH_ADAM = 20, 8
_LARGEST_EXPONENTIAL = 12.0
#: Settled: between two such moments the value changed by at most this part.
SETTLED: Final = (0.0, 1e-7, 1e-9, 1e-11)
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-12
SEARCHES = 25
#: Relative differences of values that mean nothing.
NOISE = 1e-11

#: Status of an instance, and columns of `Descent.tally`.
RUNNING, CONVERGED, STALLED, DIVERGED = 0, 1, 2, 3
STATUS, SINCE, LEVEL, ITERATIONS = range(4)
COUNTS: Final = 4


class Shape(NamedTuple):
    """The model, common to a batch."""

    n: int
    m: int
    tied: bool
    has_bias: bool
    alpha: float  # slope of the activation below 0; NaN where it has a kink nowhere
    warm: int  # Adam steps
    nodes: int = SPAN  # of the series, while it need not be better


class Descent(NamedTuple):
    """The state of all instances; everything a later step depends on."""

    theta: F64  # (N, P): [W columns | W_out rows | b]
    gradient: F64  # (N, P)
    value: F64  # (N,)
    moment: F64  # (N, P): Adam's mean of gradients
    square: F64  # (N, P): and of their squares
    moves: F64  # (N, MEMORY, P): L-BFGS: what was moved
    changes: F64  # (N, MEMORY, P): and how the gradient changed
    history: I64  # (N, 2): how many pairs are kept, and where the next one goes
    tally: I64  # (N, COUNTS)
    mark: F64  # (N,): the value when things were last frozen anew; -1: not yet
    period: F64  # (N, n): as in `Frozen`
    small: NDArray[np.bool_]  # (N, n, B)
    lead: I64  # (N, n, B)
    nodes: I64  # (N, n)
    anchor: F64  # (N, n, n + 1): A and b when things were last frozen


class DescentWork(NamedTuple):
    """Work arrays of one thread."""

    objective: Work
    frozen: Frozen
    rows: F64  # (n, n): A
    trial: F64  # (P,)
    slope: F64  # (P,): the gradient there
    direction: F64  # (P,)
    inner: F64  # (MEMORY,)


def parameters(shape: Shape) -> int:
    """P."""
    return shape.n * shape.m * (1 if shape.tied else 2) + shape.n


@part
def fill_rows(theta, shape, rows):
    """rows <- A, A_ij = Σ_k decoder_ik encoder_jk: four sums at a time."""
    n, m = shape.n, shape.m
    decode = 0 if shape.tied else n * m
    for i in range(n):
        at = decode + i * m
        j = i // 4 * 4 if shape.tied else 0  # the other half is the same
        while j + 4 <= n:
            s0 = s1 = s2 = s3 = 0.0
            for k in range(m):
                w, to = theta[at + k], j * m + k
                s0 += w * theta[to]
                s1 += w * theta[to + m]
                s2 += w * theta[to + 2 * m]
                s3 += w * theta[to + 3 * m]
            rows[i, j], rows[i, j + 1], rows[i, j + 2], rows[i, j + 3] = s0, s1, s2, s3
            j += 4
        while j < n:
            total = 0.0
            for k in range(m):
                total += theta[at + k] * theta[j * m + k]
            rows[i, j] = total
            j += 1
    if shape.tied:
        for i in range(n):
            for j in range(i):
                rows[i, j] = rows[j, i]


@part
def _gather(weights, theta, start, m, gradient, at):
    """gradient[at + k] <- Σ_j weights_j theta[start + j m + k]: four sums at a time."""
    k = 0
    while k + 4 <= m:
        s0 = s1 = s2 = s3 = 0.0
        for j in range(weights.shape[0]):
            w, to = weights[j], start + j * m + k
            s0 += w * theta[to]
            s1 += w * theta[to + 1]
            s2 += w * theta[to + 2]
            s3 += w * theta[to + 3]
        gradient[at + k], gradient[at + k + 1] = s0, s1
        gradient[at + k + 2], gradient[at + k + 3] = s2, s3
        k += 4
    while k < m:
        total = 0.0
        for j in range(weights.shape[0]):
            total += weights[j] * theta[start + j * m + k]
        gradient[at + k] = total
        k += 1


@part
def pull_back(theta, shape, by_a, by_b, gradient, weights):
    """gradient <- of the flat parameters, from dL/dA and dL/db; weights (n,) is room."""
    n, m = shape.n, shape.m
    size = n * m
    for i in range(n):
        for j in range(n):
            weights[j] = by_a[j, i] + (by_a[i, j] if shape.tied else 0.0)
        _gather(weights, theta, 0 if shape.tied else size, m, gradient, i * m)
        if not shape.tied:
            for j in range(n):
                weights[j] = by_a[i, j]
            _gather(weights, theta, 0, m, gradient, size + i * m)
    bias = theta.shape[0] - n
    for i in range(n):
        gradient[bias + i] = by_b[i] if shape.has_bias else 0.0


@part
def cost_of_weights(theta, shape, costs, gradient):
    """Σ λ₂ w² over the weights, whose gradient is added."""
    size, total = shape.n * shape.m, 0.0
    for half in range(1 if shape.tied else 2):
        if costs[half] > 0.0:
            for k in range(half * size, (half + 1) * size):
                total += costs[half] * theta[k] * theta[k]
                gradient[k] += 2.0 * costs[half] * theta[k]
    return total


@inline
def evaluate(theta, gradient, shape, setting, work):
    """The loss at theta with what weights cost; gradient <- there."""
    bias = theta[theta.shape[0] - shape.n :]
    fill_rows(theta, shape, work.rows)
    value = loss_of_rows(work.rows, bias, shape.alpha, work.objective)
    found = work.objective
    pull_back(theta, shape, found.by_a, found.by_b, gradient, found.plan.a)
    return value + cost_of_weights(theta, shape, setting.point.costs, gradient)


@inline
def refreeze(theta, nodes, missed, shape, setting, anchor, work):
    """Choose windows, small blocks and nodes anew; anchor (n, n + 1) <- A and b as they are here.

    There are so many nodes at most, and those left out are worth `missed` of a derivative.
    """
    if is_complete(setting.law) or shape.alpha == 1.0:
        return
    n, bias = shape.n, theta.shape[0] - shape.n
    nodes = nodes if setting.law.single else max(nodes, SPAN)
    fill_rows(theta, shape, work.rows)
    for i in range(n):
        plan, weight = work.objective.plan, setting.point.importance[i]
        freeze(i, work.rows[i], theta[bias + i], nodes, MARGIN, setting, plan.window)
        setting.frozen.nodes[i] = nodes
        if setting.law.single and weight > 0.0:
            for j in range(n):
                plan.a[j] = work.rows[i, j]
            limits = nodes, missed / weight
            setting.frozen.nodes[i] = fewest_nodes(
                i, theta[bias:], shape.alpha, limits, work.objective
            )
        for j in range(n):
            anchor[i, j] = work.rows[i, j]
        anchor[i, n] = theta[bias + i]


@part
def covered(theta, shape, setting, anchor, work):
    """Whether every z stays in its window: |z| has grown by less than the window's margin.

    By at most Σ |ΔA_ij| max x_j + |Δb_i|, where exponential features count as at most 12; where
    that is too much, by the window that it would have now.
    """
    law, point, frozen = setting
    if is_complete(law) or shape.alpha == 1.0:
        return True
    n, bias = shape.n, theta.shape[0] - shape.n
    fill_rows(theta, shape, work.rows)
    for i in range(n):
        grown = abs(theta[bias + i] - anchor[i, n])
        for j in range(n):
            most = _LARGEST_EXPONENTIAL if law.family[j] == EXPONENTIAL else 1.0
            grown += most * abs(work.rows[i, j] - anchor[i, j])
        period, rows = frozen.period[i], work.objective.plan.window
        if not grown <= (1.0 - 1.0 / MARGIN) * period and not is_within(
            work.rows[i], theta[bias + i], period, law, point, rows
        ):
            return False
    return True


@part
def adam(theta, gradient, moment, square, t, rate):
    """One step, the t-th from 1."""
    up1, up2 = 1.0 / (1.0 - _BETA1**t), 1.0 / (1.0 - _BETA2**t)
    for k in range(theta.shape[0]):
        g = gradient[k]
        moment[k] = _BETA1 * moment[k] + (1.0 - _BETA1) * g
        square[k] = _BETA2 * square[k] + (1.0 - _BETA2) * g * g
        theta[k] -= rate * moment[k] * up1 / (sqrt(square[k] * up2) + _EPSILON)

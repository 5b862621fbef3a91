"""L-BFGS: the direction from the last moves and the changes of the gradient along them."""

from __future__ import annotations

from math import sqrt
from typing import Final

from tegum.engines.exact.numeric import inline, part

#: How many pairs are kept.
MEMORY: Final = 12
#: Columns of the history: how many pairs there are, and where the next one goes.
KEPT, NEXT = range(2)
#: A pair counts when its curvature is above this part of what it could be.
_CURVED = 1e-12


@inline
def dot(x, y):
    """Σ x y: four sums at a time."""
    s0 = s1 = s2 = s3 = 0.0
    whole = x.shape[0] // 4 * 4
    for k in range(0, whole, 4):
        s0 += x[k] * y[k]
        s1 += x[k + 1] * y[k + 1]
        s2 += x[k + 2] * y[k + 2]
        s3 += x[k + 3] * y[k + 3]
    for k in range(whole, x.shape[0]):
        s0 += x[k] * y[k]
    return (s0 + s1) + (s2 + s3)


@part
def direct(gradient, moves, changes, history, inner, d):
    """d <- −H g by the two-loop recursion, −g without pairs; returns whether it descends."""
    kept, last = history[KEPT], history[NEXT] + MEMORY - 1
    for k in range(d.shape[0]):
        d[k] = -gradient[k]
    for back in range(kept):
        at = (last - back) % MEMORY
        inner[at] = dot(moves[at], d) / dot(moves[at], changes[at])
        for k in range(d.shape[0]):
            d[k] -= inner[at] * changes[at, k]
    if kept > 0:
        at = last % MEMORY
        scale = dot(moves[at], changes[at]) / dot(changes[at], changes[at])
        for k in range(d.shape[0]):
            d[k] *= scale
    for forward in range(kept):
        at = (last - kept + 1 + forward) % MEMORY
        beta = dot(changes[at], d) / dot(moves[at], changes[at])
        for k in range(d.shape[0]):
            d[k] += (inner[at] - beta) * moves[at, k]
    return dot(d, gradient) < 0.0


@part
def remember(theta, gradient, to, slope, moves, changes, history):
    """Move to the place `to`, whose gradient is `slope`; keep the pair if it has curvature."""
    at = history[NEXT]
    for k in range(theta.shape[0]):
        moves[at, k] = to[k] - theta[k]
        changes[at, k] = slope[k] - gradient[k]
        theta[k], gradient[k] = to[k], slope[k]
    possible = sqrt(dot(moves[at], moves[at]) * dot(changes[at], changes[at]))
    if dot(moves[at], changes[at]) > _CURVED * possible:
        history[NEXT] = (at + 1) % MEMORY
        history[KEPT] = min(history[KEPT] + 1, MEMORY)
    elif history[KEPT] == MEMORY:
        history[KEPT] -= 1  # the oldest pair was written over

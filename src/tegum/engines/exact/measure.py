"""The expected loss to a tolerance, with an estimate of its error."""

from __future__ import annotations

from tegum.engines.exact.freeze import freeze
from tegum.engines.exact.numeric import inline, part, thin
from tegum.engines.exact.objective import is_complete, output_loss
from tegum.engines.exact.rows import SPAN

#: Nodes at most, and the margin of a window that nothing moves in.
MOST_NODES = 64 * SPAN
_MARGIN = 1.02
_ROUNDING = 2e-15
#: Errors below this part of the loss of predicting 0 count as none.
_FLOOR = 1e-4


@inline
def rounding(i, b, point, a):
    """What rounding may do to the loss of output i: a few units of E[x²] + E[z²]."""
    square = b * b
    for j in range(a.shape[0]):
        square += a[j] * a[j] * point.moment[j, j] + 2.0 * abs(b * a[j] * point.mean[j])
    return _ROUNDING * (point.moment[i, i] + square)


@part
def _change(i, by_b, work):
    """How much the derivatives of output i have changed."""
    worst = abs(by_b - work.by_b[i])
    for j in range(work.da.shape[0]):
        worst = max(worst, abs(work.da[j] - work.by_a[i, j]))
    return worst


@thin
def measure_rows(rows, b, alpha, tolerance, gradient, few, law, point, frozen, work):
    """(loss, error estimate, most nodes); with `gradient`, work.by_a, by_b <- derivatives.

    The nodes of each output, `few` at first, are doubled until the change is small: at most
    tolerance times the loss (or times 1e-4 of the loss of predicting 0, if that is more), shared
    by the outputs; ten times that for derivatives. The error is the sum of the last changes, of
    which the remaining error is a small part, and rounding.
    """
    n, scale, target = b.shape[0], 0.0, 0.0
    total, error, most = 0.0, 0.0, 0
    exact = is_complete(law) or alpha == 1.0
    for last in range(2):  # the first round finds the size of the loss, the second its digits
        for i in range(n):
            weight, nodes = point.importance[i], few if exact or last == 0 else 2 * few
            for j in range(n):
                work.a[j] = rows[i, j]
                if last == 0:
                    work.by_a[i, j] = 0.0
            while True:
                if not exact:
                    freeze(i, work.a, b[i], nodes, _MARGIN, law, point, frozen)
                value, by_b = output_loss(i, b[i], alpha, nodes, gradient, law, point, frozen, work)
                change = abs(value - work.parts[i])
                worst = max(change, 0.1 * _change(i, by_b, work)) if gradient else change
                work.parts[i] = value
                if gradient:
                    work.by_b[i] = by_b
                    for j in range(n):
                        work.by_a[i, j] = work.da[j]
                if last == 0 or exact or weight * worst <= target or nodes >= MOST_NODES:
                    break
                nodes *= 2
            if last == 0:
                total += weight * abs(value)
                scale += weight * point.moment[i, i]
                continue
            error += weight * (change + rounding(i, b[i], point, work.a))
            most = max(most, nodes)
        if last == 0:
            target = tolerance * max(total, _FLOOR * scale) / n
    total = 0.0
    for i in range(n):
        weight = point.importance[i]
        total += weight * work.parts[i]
        work.by_b[i] *= weight
        for j in range(n):
            work.by_a[i, j] *= weight
    return total, error, most

"""The expected loss to a tolerance, with an estimate of its error."""

from __future__ import annotations

from math import exp, inf, pi, sqrt

from tegum.engines.exact.freeze import freeze
from tegum.engines.exact.numeric import inline, part
from tegum.engines.exact.objective import is_complete, loss_of_output, set_frame, slope_of
from tegum.engines.exact.rows import SPAN
from tegum.engines.exact.tail import beyond, has_exponential, is_symmetric

#: Nodes at most, and the margin of a window that nothing moves in.
MOST_NODES = 64 * SPAN
_MARGIN = 1.02
_ROUNDING = 2e-15
#: Weights with |a|·ω below this at the last node are not resolved.
_UNRESOLVED = 6.0
#: With derivatives: changes that grow by more than this end the doubling before the last one.
_WORSE = 50.0
#: Errors below this part of the loss of predicting 0 count as none.
FLOOR = 1e-4
#: Changes may miss this part of what is beyond the last node where T lacks pairs of exponentials.
_MISSED = 1.0 / 16.0
#: A tolerance that is insisted on: errors are to be this part of it, as the loss is not yet known.
_INSIST = 0.5


@inline
def rounding(i, b, point, a):
    """What rounding may do to the loss of output i: a few units of E[y²] + E[z²]."""
    square = b * b
    for j in range(a.shape[0]):
        square += a[j] * a[j] * point.moment[j, j] + 2.0 * abs(b * a[j] * point.mean[j])
    return _ROUNDING * (point.wanted[i] + square)


@part
def _change(i, by_b, work):
    """How much the derivatives of output i have changed."""
    worst = abs(by_b - work.by_b[i])
    for j in range(work.by_a.shape[1]):
        worst = max(worst, abs(work.plan.da[j] - work.by_a[i, j]))
    return worst


@part
def _atom(limit, a, law, point):
    """How near z is to an atom when weights below `limit` alone are left to move it.

    The probability that no other weight is active, the own one included; one that is fades in the
    nodes beyond the last like 2/(|a|·ω), which is 1/3 at the limit.
    """
    chance = 1.0
    for B in range(law.start.shape[0]):
        share = 0.0
        for j in range(law.start[B], law.start[B] + law.size[B]):
            size = abs(a[j])
            if size >= limit:
                faded = 1.0 - limit / (3.0 * size)
                share = max(share, faded) if law.together[B] else share + point.share[j] * faded
        chance *= 1.0 - point.probability[B] * share
    return chance


@part
def _unresolved(i, b, alpha, nodes, setting, plan):
    """What features with next to no weight may do to the loss of output i when several are active.

    T takes such features one at a time, at their exact law or (*small* blocks) beside the mean of
    the others; of two together the series sees an atom, which does not fade before its last node.
    That matters if no weight of some size is active, and if the kink is within their reach.
    A pair then changes |E[R²]| by at most p_B p_C (|a_B| + |a_C|)², but all pairs of small blocks
    by no more than the variance V of their sum, and those beside a block that is not small by
    2 p_B V. Where the own feature, too, has next to no weight, |E[x R]| changes by E|x| times
    the same with first powers. The kink at distance d is crossed with Bernstein's probability
    exp(−d² / (2V + 2Md/3)), M the largest weight, whose root bounds its part of a second moment.
    Weights count times the root mean square of their magnitude where that is over 1.
    """
    law, point, frozen = setting
    limit = _UNRESOLVED * frozen.period[i] / (2.0 * nodes * pi)
    a, own, shift = plan.a, law.block_of[i], b + plan.shift[0]
    reach = mean = most = spread = 0.0  # of all; spread is a variance
    single = double = sum0 = sum1 = sum2 = 0.0  # pairs of blocks that are not small
    variance = small_single = small_double = small0 = small1 = small2 = 0.0
    for B in range(law.start.shape[0]):
        size, total, square, p = 0.0, 0.0, 0.0, point.probability[B]
        for j in range(law.start[B], law.start[B] + law.size[B]):
            reached = abs(a[j]) * max(1.0, sqrt(law.square[j]))
            size, total = max(size, reached), total + reached
            part_of = 1.0 if law.together[B] else point.share[j]
            square += part_of * law.square[j] * a[j] * a[j]
        if size >= limit or own == B:
            continue
        if law.together[B]:
            square *= law.size[B]
        reach += size * law.size[B]
        most = max(most, total)
        spread += p * square
        if frozen.small[i, B]:
            variance += p * square
            small_single += p * (small1 + size * small0)
            small_double += p * (small2 + 2.0 * size * small1 + size * size * small0)
            small0, small1, small2 = small0 + p, small1 + p * size, small2 + p * size * size
        else:
            mean += p * total
            single += p * (sum1 + size * sum0)
            double += p * (sum2 + 2.0 * size * sum1 + size * size * sum0)
            sum0, sum1, sum2 = sum0 + p, sum1 + p * size, sum2 + p * size * size
    kappa1, kappa2 = 1.0 - alpha, 1.0 - alpha * alpha
    alone = abs(a[i]) < limit
    if abs(shift) > reach + (abs(a[i]) if alone else 0.0):
        return 0.0
    beside = min(1.0, 2.0 * sum0)
    error = kappa2 * (double + min(small_double, variance) + beside * variance)
    if alone:
        deviation = sqrt(variance)
        more = single + min(small_single, deviation) + beside * deviation
        error += 2.0 * kappa1 * abs(point.mean[i]) * more
        mean += abs(a[i])
    away = max(0.0, abs(shift) - mean)
    if away > 0.0 and spread > 0.0:
        error *= exp(-0.25 * away * away / (spread + most * away / 3.0))
    # twice as much, as a block may have several members, and there are triples
    return 2.0 * error * _atom(limit, a, law, point)


@part
def _truncation(i, b, change, shape, setting, plan, nodes):
    """What the nodes beyond the last may add to the loss of output i, which they changed by that.

    Twice the change, of which the rest is a small part, and what weights too small for the series
    may do to it; but not more than all summands could be beyond the last node.
    """
    law, alpha = setting.law, shape.alpha
    if slope_of(b, plan.a, alpha, law)[0] or is_symmetric(i, b, plan.a, law):
        return 2.0 * change
    most = beyond(i, alpha, nodes, setting, plan)
    seen = 2.0 * change + _unresolved(i, b, alpha, nodes, setting, plan)
    if has_exponential(law):
        seen += _MISSED * most
    return min(seen, most)


@inline
def loss_within(rows, b, tolerance, insist, gradient, shape, setting, work):
    """(loss, error estimate, most nodes); with `gradient`, work.by_a, by_b <- derivatives.

    The nodes of each output, shape.nodes at first, are doubled until the change is small: at most
    tolerance times the loss (or times 1e-4 of the loss of predicting 0, if that is more), shared
    by the outputs; ten times that for derivatives. Their changes may grow again where weights are
    next to nothing: then they stay as they were before that doubling. The error is the sum of what
    may be missing (see `_truncation`) and of rounding; with `insist` nodes are doubled until that,
    too, is within the tolerance.
    """
    point, plan, alpha, few = setting.point, work.plan, shape.alpha, shape.nodes
    n, scale, target, enough = b.shape[0], 0.0, 0.0, inf
    total, error, most = 0.0, 0.0, 0
    set_frame(setting, work)
    exact = is_complete(setting.law) or alpha == 1.0
    for last in range(2):  # the first round finds the size of the loss, the second its digits
        for i in range(n):
            weight, nodes = point.importance[i], few if exact or last == 0 else 2 * few
            for j in range(n):
                plan.a[j] = rows[i, j]
                if last == 0:
                    work.by_a[i, j] = 0.0
            earlier, settled = inf, not gradient
            while True:
                if not exact:
                    freeze(i, plan.a, b[i], nodes, _MARGIN, setting, plan.window)
                value, by_b = loss_of_output(i, b, alpha, nodes, gradient, work)
                change = abs(value - work.losses[i])
                worst = change if settled else max(change, 0.1 * _change(i, by_b, work))
                if last == 1 and not settled and worst > _WORSE * earlier:
                    # more nodes see weights that are neither large nor small: no better
                    settled, worst = True, change
                earlier = worst
                work.losses[i] = value
                if not settled:
                    work.by_b[i] = by_b
                    for j in range(n):
                        work.by_a[i, j] = plan.da[j]
                missing = 2.0 * change
                if last == 0 or exact:
                    break
                if weight * worst <= target or nodes >= MOST_NODES:
                    missing = _truncation(i, b[i], change, shape, setting, plan, nodes)
                    if weight * missing <= enough or nodes >= MOST_NODES:
                        break
                nodes *= 2
            if last == 0:
                total += weight * abs(value)
                scale += weight * point.wanted[i]
                continue
            error += weight * (missing + rounding(i, b[i], point, plan.a))
            most = max(most, nodes)
        if last == 0:
            target = tolerance * max(total, FLOOR * scale) / n
            enough = _INSIST * target if insist else inf
    total = 0.0
    for i in range(n):
        weight = point.importance[i]
        total += weight * work.losses[i]
        work.by_b[i] *= weight
        for j in range(n):
            work.by_a[i, j] *= weight
    return total, error, most

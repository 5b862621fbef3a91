"""The loss of outputs, by what their features are: kernels that others call by address.

A law needs one of them. Each takes `objective.arguments`, and returns a value and a derivative.
"""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, Any

from tegum.engines.exact.boxes import over_boxes
from tegum.engines.exact.control import control_terms, make_plan
from tegum.engines.exact.enumeration import over_patterns
from tegum.engines.exact.numeric import CONSTANT, inline, linked
from tegum.engines.exact.objective import EVERY, FEWEST, SLOPES, is_complete, read_frame, slope_of
from tegum.engines.exact.patterns import pattern_sums
from tegum.engines.exact.polynomials import polynomials
from tegum.engines.exact.series import series_sums
from tegum.engines.exact.single import fewest_nodes, single_sums
from tegum.engines.exact.single_terms import single_terms

if TYPE_CHECKING:
    from tegum.engines.exact.law import Law


def outputs_of(law: Law) -> str:
    """The name of the kernel of this module that a law needs."""
    if len(law.shift):
        return "boxes"
    constants = law.family == CONSTANT
    if constants.any():
        return "patterns" if constants.all() else "some_patterns"
    # the law of two features alone is known, and there is no series
    return "single" if law.single and len(law.family) > 2 else "series"


def _added(sums: Any) -> Any:
    """(value, by_b) of an output, so far, with what the kink of f adds to them.

    sums(i, b_i, (κ₁, κ₂), gradient, setting, work) gives both; plan.da += by a.
    """

    @inline
    def kink(at, kappa, nodes, gradient, setting, work, so_far):
        both = kappa[0], kappa[1]
        more, more_b = sums(at[0], at[1], both, gradient, setting, work)
        return so_far[0] + more, so_far[1] + more_b

    return kink


@inline
def _over_boxes(i, b, kappa, gradient, setting, work):
    law, point, _ = setting
    plan = work.plan
    return over_boxes(i, b, kappa, gradient, plan.a, law, point, work.mixed, plan.da)


@inline
def _pattern_sums(i, b, kappa, gradient, setting, work):
    law, point, _ = setting
    plan = work.plan
    return pattern_sums(i, b, kappa, gradient, plan.a, law, point, work.patterns, plan.da)


@inline
def _over_patterns(i, b, kappa, gradient, setting, work):
    law, point, _ = setting
    a, da = work.plan.a, work.plan.da
    found = over_patterns(i, b, kappa, gradient, a, law, point, work.mixed)
    for j in range(a.shape[0]):
        da[j] += work.mixed.da[j]
    return found


@inline
def _with_series(found, kappa, gradient, work, value, by_b):
    """(value, by_b) with what sums over nodes are worth; plan.da += by a."""
    s1, s2, s20, s30 = found
    period = 2.0 * kappa[2]
    up, over = 4.0 * kappa[1] * period / (pi * pi), 4.0 * kappa[0] / pi
    if gradient:
        sums, da = work.series.sums, work.plan.da
        for j in range(da.shape[0]):
            da[j] -= up * sums[0, j] + over * sums[1, j]
    return value + period / pi * (over * s2 - up * s1), by_b - (up * s20 + over * s30)


@inline
def _series(at, kappa, nodes, gradient, setting, work, so_far):
    """As `_added`, by T and the series, of so many nodes, of which there may be none.

    kappa: (κ₁, κ₂, half a period, or −1 without a series).
    """
    i, b = at
    plan = work.plan
    make_plan(i, setting, plan)
    more, more_b = control_terms(i, b, setting, plan, kappa)
    value, by_b = so_far[0] + more, so_far[1] + more_b
    if kappa[2] < 0.0:
        return value, by_b
    found = series_sums(i, b, nodes, gradient, setting, plan, work.series)
    return _with_series(found, kappa, gradient, work, value, by_b)


@inline
def _single(at, kappa, nodes, gradient, setting, work, so_far):
    """The same where every block is one feature."""
    i, b = at
    plan = work.plan
    make_plan(i, setting, plan)
    more, more_b = single_terms(i, b, setting, plan, kappa)
    found = single_sums(i, b, nodes, gradient, setting, plan, work.series)
    return _with_series(found, kappa, gradient, work, so_far[0] + more, so_far[1] + more_b)


def _of(kink: Any) -> Any:
    """What a kernel by address returns, and leaves in `work`.

    kink: one of the above, or `_added` of one.
    """

    @inline
    def output(i, b, alpha, nodes, gradient, setting, work):
        # E[(x_i − f(z))²] and its derivative by b_i, for z = a·x + b, a = plan.a; plan.da <- by a
        law, point, frozen = setting
        a, da = work.plan.a, work.plan.da
        for j in range(a.shape[0]):
            da[j] = 0.0
        half = -1.0 if is_complete(law) else 0.5 * frozen.period[i]
        straight, slope = slope_of(b, a, alpha, law)
        value, by_b = polynomials(i, b, -1.0 if straight else half, slope, a, law, point, da)
        if straight:  # no kink within reach
            return value, by_b
        kappa = 1.0 - alpha, 1.0 - alpha * alpha, half
        return kink((i, b), kappa, nodes, gradient, setting, work, (value, by_b))

    @inline
    def outputs(task, i, rows, b, alpha, limits, frame):
        setting, work = read_frame(frame)
        n, total, every = b.shape[0], 0.0, task == EVERY
        for k in range(0 if every else i, n if every else i + 1):
            weight, nodes, gradient = 1.0, limits[0], task == SLOPES
            if every:
                weight, nodes = setting.point.importance[k], setting.frozen.nodes[k]
                gradient = nodes >= 0  # True
                work.by_b[k] = 0.0
                for j in range(n):
                    work.plan.a[j] = rows[k, j]
                    work.by_a[k, j] = 0.0
                if weight == 0.0:
                    continue
            value, by_b = output(k, b[k], alpha, nodes, gradient, setting, work)
            if not every:
                return value, by_b
            total += weight * value
            work.by_b[k] = weight * by_b
            for j in range(n):
                work.by_a[k, j] = weight * work.plan.da[j]
        return total, 0.0

    return outputs


_of_series, _of_single, _of_boxes = _of(_series), _of(_single), _of(_added(_over_boxes))
_of_patterns, _of_some_patterns = _of(_added(_pattern_sums)), _of(_added(_over_patterns))


@linked
def boxes(task, i, rows, b, alpha, limits, frame):
    """Where features are not in independent blocks, or targets are mixtures of them."""
    return _of_boxes(task, i, rows, b, alpha, limits, frame)


@linked
def patterns(task, i, rows, b, alpha, limits, frame):
    """Where all features are 0 or 1."""
    return _of_patterns(task, i, rows, b, alpha, limits, frame)


@linked
def some_patterns(task, i, rows, b, alpha, limits, frame):
    """Where some features are 0 or 1."""
    return _of_some_patterns(task, i, rows, b, alpha, limits, frame)


@linked
def series(task, i, rows, b, alpha, limits, frame):
    """Where there are blocks of several features, or exponential ones."""
    return _of_series(task, i, rows, b, alpha, limits, frame)


@linked
def single(task, i, rows, b, alpha, limits, frame):
    """Where every block is one feature, uniform or signed."""
    if task == FEWEST:
        setting, work = read_frame(frame)
        few = fewest_nodes(i, b[i], alpha, limits, setting, work.plan, work.series)
        return float(few), 0.0
    return _of_single(task, i, rows, b, alpha, limits, frame)

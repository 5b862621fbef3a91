"""Advances instances by optimiser steps, and measures them."""

from __future__ import annotations

from math import isfinite, sqrt

from tegum.engines.exact.descent import (
    ACCEPTED,
    CONVERGED,
    DIVERGED,
    ITERATIONS,
    LAST_LEVEL,
    LEVEL,
    MISSED,
    NODES,
    NOISE,
    REFRESH,
    REFRESH_ADAM,
    RUNNING,
    SEARCHES,
    SETTLED,
    SINCE,
    STALLED,
    STATUS,
    TOLERANCE,
    adam,
    cost_of_weights,
    covered,
    evaluate,
    fill_rows,
    pull_back,
    refreeze,
)  # fmt: skip
from tegum.engines.exact.enumeration import enumerate_rows
from tegum.engines.exact.freeze import window
from tegum.engines.exact.law import Frozen, Point, Setting
from tegum.engines.exact.lbfgs import KEPT, direct, dot, remember
from tegum.engines.exact.numeric import inline, kernel, part
from tegum.engines.exact.objective import is_complete, set_frame
from tegum.engines.exact.tolerance import loss_within, rounding

#: What a step evaluates: the gradient for Adam; the loss after things were frozen anew; a trial of
#: a line search; the best of its trials again.
ADAM, RESTART, TRIAL, LAST = range(4)
#: How far the first trial moves where there is no history.
_CAUTIOUS = 0.03
#: Where values say nothing a slope may have turned to this part of what it was.
_TURNED = 0.8


@inline
def _scale(point):
    """The loss of predicting 0, or that of 1 where no feature is ever active."""
    total = every = 0.0
    for i in range(point.importance.shape[0]):
        total += point.importance[i] * point.wanted[i]
        every += point.importance[i]
    return total if total > 0.0 else every


@part
def _towards(a, state, scale, work):
    """Whether there is a step to take from here: its direction, and its first size (else 0).

    Ends the level of nodes where the gradient is as good as 0.
    """
    gradient, history = state.gradient[a], state.history[a]
    norm = sqrt(dot(gradient, gradient))
    if not isfinite(norm) or not isfinite(state.value[a]):
        state.tally[a, STATUS] = DIVERGED
        return 0.0
    if norm <= TOLERANCE[state.tally[a, LEVEL]] * scale:
        _end_level(a, CONVERGED, state)
        return 0.0
    moves, changes = state.moves[a], state.changes[a]
    if not direct(gradient, moves, changes, history, work.inner, work.direction):
        history[KEPT] = 0
        direct(gradient, moves, changes, history, work.inner, work.direction)
    return 1.0 if history[KEPT] > 0 else min(1.0, _CAUTIOUS / norm)


@inline
def _end_level(a, status, state):
    """Go on with more nodes, or stop for good: where things have just been frozen.

    What was frozen some steps ago may have a minimum that is none of the loss.
    """
    if state.tally[a, LEVEL] < LAST_LEVEL:
        state.tally[a, LEVEL] += 1
        state.tally[a, SINCE], state.mark[a] = REFRESH, -1.0
    elif state.tally[a, SINCE] > 0:
        state.tally[a, SINCE] = REFRESH
    else:
        state.tally[a, STATUS] = status


@part
def _no_step(a, state, scale):
    """No step gains: forget the history, or the level is at its end."""
    if state.history[a, KEPT] > 0:
        state.history[a, KEPT] = 0
        return
    norm = sqrt(dot(state.gradient[a], state.gradient[a]))
    _end_level(a, CONVERGED if norm <= ACCEPTED * scale else STALLED, state)


@part
def _settled(a, state, scale):
    """Whether nothing has come of the steps since things were last frozen; ends the level then.

    Where features are rare, truncation keeps the gradient above what a part of the loss allows.
    """
    value, before = state.value[a], state.mark[a]
    state.mark[a] = value
    most = SETTLED[state.tally[a, LEVEL]]
    norm = sqrt(dot(state.gradient[a], state.gradient[a]))
    if before < 0.0 or abs(value - before) > most * abs(value) or not norm <= ACCEPTED * scale:
        return False
    _end_level(a, CONVERGED, state)
    return True


@part
def _begin(a, t, shape, law, state):
    """What step t evaluates first: ADAM, RESTART (things are frozen anew) or TRIAL."""
    if t < shape.warm:
        return ADAM
    count = state.tally[a]
    if count[LEVEL] == 0:
        # where nothing is truncated there is one level only
        count[LEVEL] = LAST_LEVEL if is_complete(law) or shape.alpha == 1.0 else 1
        count[SINCE] = REFRESH
    return RESTART if count[SINCE] >= REFRESH else TRIAL


@inline
def _judge(value, fresh, size, down, along, low, high):
    """The weak Wolfe conditions: (accepted, low, high, next size)."""
    gains = fresh <= value + 1e-4 * size * down
    if not gains and fresh <= value + NOISE * abs(value):
        gains = along <= -_TURNED * down  # values are equal to rounding: slopes decide
    if not (isfinite(fresh) and gains):
        high = size
    elif along < 0.9 * down:
        low = size
    else:
        return True, low, high, size
    return False, low, high, 0.5 * (low + high) if high > 0.0 else 2.0 * low


@inline
def _step(a, t, rate, state, shape, setting, work):
    """One optimiser step of instance a, number t.

    All evaluations go through one place, so that it is compiled once.
    """
    law, point = setting.law, setting.point
    theta, gradient, count = state.theta[a], state.gradient[a], state.tally[a]
    scale = _scale(point)
    mode, size, low, high, down, searches = _begin(a, t, shape, law, state), 0.0, 0.0, 0.0, 0.0, 0
    anchor, cut = state.anchor[a], False
    due = mode == ADAM and t % REFRESH_ADAM == 0
    if mode == ADAM and not due:
        due = not covered(theta, shape, setting, anchor, work)
    if mode == RESTART or due:
        level = count[LEVEL]
        nodes = int(NODES[level] * shape.nodes)
        missed = MISSED[level] * scale / shape.n
        refreeze(theta, nodes, missed, shape, setting, anchor, work)
    if mode == TRIAL:
        size = _towards(a, state, scale, work)
        if size == 0.0:
            return
        down = dot(work.direction, gradient)
    while True:
        tries = mode >= TRIAL
        for k in range(theta.shape[0]):
            work.trial[k] = theta[k] + size * work.direction[k] if tries else theta[k]
        if mode == TRIAL and not covered(work.trial, shape, setting, anchor, work):
            # beyond the windows the loss is another function
            cut, high, size = True, size, 0.5 * (low + size)
        else:
            fresh = evaluate(work.trial, work.slope, shape, setting, work)
            if not tries:
                state.value[a] = fresh
                for k in range(theta.shape[0]):
                    gradient[k] = work.slope[k]
                if mode == ADAM:
                    if isfinite(fresh):
                        adam(theta, gradient, state.moment[a], state.square[a], t + 1.0, rate)
                    else:
                        count[STATUS] = DIVERGED
                    return
                count[SINCE], mode = 0, TRIAL
                size = 0.0 if _settled(a, state, scale) else _towards(a, state, scale, work)
                if size == 0.0:
                    return
                down = dot(work.direction, gradient)
                continue
            along, accepted = dot(work.direction, work.slope), mode == LAST
            if not accepted:
                accepted, low, high, size = _judge(
                    state.value[a], fresh, size, down, along, low, high
                )
            if accepted:
                remember(
                    theta, gradient, work.trial, work.slope, state.moves[a], state.changes[a],
                    state.history[a],
                )  # fmt: skip
                state.value[a] = fresh
                count[SINCE] = REFRESH if cut else count[SINCE] + 1
                count[ITERATIONS] += 1
                return
        searches += 1
        if searches == SEARCHES:
            if low == 0.0:
                _no_step(a, state, scale)
                return
            size, mode = low, LAST  # it gains, though the slope has changed too little


@inline
def _point(low, a):
    """The numbers of the axis point of instance a."""
    p, points = low.point_of[a], low.points
    return Point(
        points.probability[p], points.share[p], points.importance[p], points.mean[p],
        points.moment[p], points.costs[p], points.chance[p], points.wanted[p],
    )  # fmt: skip


@kernel
def advance(which, step0, steps, state, low, work):
    """Advance instances which[0] .. which[1] - 1 by `steps` steps from step0 on, in place."""
    for a in range(which[0], which[1]):
        frozen = Frozen(state.period[a], state.small[a], state.lead[a], state.nodes[a])
        setting, rate = Setting(low.law, _point(low, a), frozen), low.rates[low.point_of[a]]
        set_frame(setting, work.objective)
        for t in range(step0, step0 + steps):
            if state.tally[a, STATUS] != RUNNING:
                break
            _step(a, t, rate, state, low.shape, setting, work)


@kernel
def find_within(which, theta, wanted, low, work, by, out):
    """out (instance, 4) <- loss, its error estimate, ‖∇L‖, nodes; by (instance, P) <- ∇L.

    ∇L is with what weights cost, the loss without.
    wanted = (tolerance, insist). Without gradients (‖∇L‖ is 0 then) if `by` has no rows.
    """
    gradient, shape = by.shape[0] > 0, low.shape
    for a in range(which[0], which[1]):
        setting, own = Setting(low.law, _point(low, a), work.frozen), theta[a]
        fill_rows(own, shape, work.rows)
        bias = own[own.shape[0] - shape.n :]
        value, error, nodes = loss_within(
            work.rows, bias, wanted[0], wanted[1], gradient, shape, setting, work.objective
        )
        out[a, 0], out[a, 1], out[a, 3] = value, error, nodes
        if gradient:
            found = work.objective
            pull_back(own, shape, found.by_a, found.by_b, by[a], found.plan.a)
            cost_of_weights(own, shape, setting.point.costs, by[a])
            out[a, 2] = sqrt(dot(by[a], by[a]))


@kernel
def enumerate_all(which, theta, low, rows, work, by, out):
    """out (instance, 4) <- loss by enumeration, and what rounding may do; by as above."""
    gradient, shape = by.shape[0] > 0, low.shape
    for a in range(which[0], which[1]):
        point, own = _point(low, a), theta[a]
        fill_rows(own, shape, rows)
        bias = own[own.shape[0] - shape.n :]
        out[a, 0] = enumerate_rows(rows, bias, shape.alpha, gradient, low.law, point, work)
        for i in range(shape.n):
            out[a, 1] += point.importance[i] * rounding(i, bias[i], point, rows[i])
        if gradient:
            pull_back(own, shape, work.by_a, work.by_b, by[a], work.a)


@kernel
def window_of(a, b, law, point):
    """`freeze.window`, for Python."""
    return window(a, b, 0.0, law, point)

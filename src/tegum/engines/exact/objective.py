"""The expected loss of a model with one pre-activation per output, and its gradient.

Output i is x'_i = f(z_i), z = A x + b with A = WᵀW (or W_out W_in), f(z) = α z + (1 − α) ReLU(z);
α = 0 is ReLU. As z·ReLU(z) = ReLU(z)²,

    E[(x_i − x'_i)²] = E[(x_i − α z)²] + E[κ₂ ReLU(z)² − 2 κ₁ x_i ReLU(z)],

and so with y = M x for x: such targets are summed box by box, or f is a line.

Here κ₁ = 1 − α, κ₂ = 1 − α². With 2 ReLU(z) = z + |z| the rest is polynomials and a Fourier series.
That of a feature that is 0 or 1 does not end: the patterns of active features are summed, and so
are boxes, where features are not in independent blocks.
"""

from __future__ import annotations

from functools import cache
from math import inf
from typing import Any, Final, NamedTuple

import numpy as np
from numba import typeof, types

from tegum.dims import F64, I64
from tegum.distributions import Independent
from tegum.engines.exact.control import Plan, plan_room
from tegum.engines.exact.enumeration import EnumerationWork, enumeration_work
from tegum.engines.exact.law import Law, Point, Setting, frozen_room, law_of
from tegum.engines.exact.numeric import CONSTANT, EXPONENTIAL, SIGNED, ZERO, inline, part
from tegum.engines.exact.patterns import NO, PatternWork, constants, pattern_work
from tegum.engines.exact.spectrum import SeriesWork, series_work
from tegum.engines.linked import Frame, Signature, caller_of

#: What kernels by address are to do, of the module `outputs`: the loss of every output and its
#: derivatives, the loss of one, that with its derivatives, or count how few nodes do.
EVERY, VALUE, SLOPES, FEWEST = (np.int64(task) for task in range(4))


class Work(NamedTuple):
    """Work arrays of one thread."""

    plan: Plan
    series: SeriesWork
    patterns: PatternWork  # where all features are 0 or 1
    mixed: EnumerationWork  # where some are
    by_a: F64  # (n, n): dL/dA
    by_b: F64  # (n,)
    losses: F64  # (n,): of each output, without its importance
    outputs: int  # the address of what finds them, of the module `outputs`
    frame: I64  # what that needs to know


def work_for(law: Law, outputs: int, room: bool = True) -> Work:
    """Work arrays for a law, and the address of what finds its losses; with room for a frame."""
    n, blocks = len(law.family), len(law.start)
    some = bool((law.family == CONSTANT).any()) or len(law.shift) > 0
    return Work(
        plan=plan_room(n, blocks, int(law.size.max())),
        series=series_work(n, blocks),
        patterns=pattern_work(law),
        mixed=enumeration_work(n if some else 0, blocks if some else 0),
        by_a=np.zeros((n, n)),
        by_b=np.zeros(n),
        losses=np.zeros(n),
        outputs=outputs,
        frame=np.zeros(_FRAME.size(), np.int64) if room else np.zeros(0, np.int64),
    )


def arguments() -> tuple[Any, ...]:
    """What a kernel by address takes: task, output, A, b, α, limits, and where its frame is.

    limits: (nodes, what those left out may be worth).
    """
    return 0, 0, np.zeros((1, 1)), np.zeros(1), 0.0, (0, 0.0), 0


@cache
def signature() -> Signature:
    """The types of `arguments`, and of a value with a derivative."""
    taken = tuple(typeof(argument) for argument in arguments())
    return taken, types.UniTuple(types.float64, 2)


@cache
def _held() -> Any:
    """The type of (setting, work), for any law."""
    law = law_of(Independent(1, 0.5), False, np.zeros((0, 1)))
    one, square, boxes = np.zeros(1), np.zeros((1, 1)), np.zeros(0)
    point = Point(one, one, one, one, square, one, boxes, one)
    return typeof((Setting(law, point, frozen_room(1, 1)), work_for(law, 0, room=False)))


_FRAME: Final = Frame(_held)
write_frame, read_frame = _FRAME.write, _FRAME.read
call_outputs = caller_of(signature)


@part
def is_complete(law):
    """Whether there is no series: T is the whole law, or patterns are summed.

    T is the law of one or two features, apart, neither of them exponential.
    """
    if law.shift.shape[0] > 0 or constants(law) != NO:
        return True
    if law.start.shape[0] > 2 or law.block_of.shape[0] > 2:
        return False
    other = law.together[0]
    for j in range(law.family.shape[0]):
        other = other or law.family[j] == EXPONENTIAL or law.together[law.block_of[j]]
    return not other


@inline
def _lowest(family, a):
    """The least that a feature can add to z; -inf if it has no end."""
    if family == SIGNED:
        return -abs(a)
    if a >= 0.0:
        return 0.0
    return -inf if family == EXPONENTIAL else a


@inline
def slope_of(b, a, alpha, law):
    """(Whether f is one line over all values that z can take, its slope there)."""
    if law.shift.shape[0] > 0:
        return alpha == 1.0, alpha
    low = high = b
    for j in range(a.shape[0]):
        if a[j] != 0.0:
            low += _lowest(law.family[j], a[j])
            high -= _lowest(law.family[j], -a[j])
    if low > 0.0:
        return True, 1.0
    return high <= 0.0 or alpha == 1.0, alpha  # at the kink, the slope from the left


@inline
def set_frame(setting, work):
    """To be done before anything below is asked for; arrays stay where they are."""
    write_frame(work.frame.ctypes.data, (setting, work))


@inline
def loss_of_rows(rows, b, alpha, work):
    """Σ_i I_i E[(x_i − x'_i)²] for A = rows (n, n); work.by_a, by_b <- derivatives.

    With the nodes that are frozen.
    """
    given = EVERY, ZERO, rows, b, alpha, (ZERO, 0.0), work.frame.ctypes.data
    return call_outputs(work.outputs, given)[0]


@inline
def loss_of_output(i, b, alpha, nodes, gradient, work):
    """(E[(x_i − f(z))²], its derivative by b_i) for z = a·x + b_i, a = plan.a; plan.da <- by a."""
    task = SLOPES if gradient else VALUE
    given = task, i, work.by_a, b, alpha, (nodes, 0.0), work.frame.ctypes.data
    return call_outputs(work.outputs, given)


@inline
def fewest_nodes(i, b, alpha, limits, work):
    """`single.fewest_nodes`, by address."""
    given = FEWEST, i, work.by_a, b, alpha, limits, work.frame.ctypes.data
    return int(call_outputs(work.outputs, given)[0])

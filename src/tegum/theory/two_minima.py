"""The minima of the loss of two features in one dimension without bias, over all weights.

`two_features` has the loss. Its minima lie inside the quadrants of the plane (w₁, w₂), where it
is smooth: one, for all p and r looked at, where the weights have one sign, and none or one where
they are opposite.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from tegum.arguments import number
from tegum.dims import F64, I64, Bools
from tegum.errors import SpecError
from tegum.theory._arrays import Numbers, Scalars, checked
from tegum.theory.two_features import SMALLEST, by_output, derivatives, loss_without_bias

#: Half a step off the axes, where the loss has its kinks, and beyond any minimum.
_GRID: Final = (np.arange(40) + 0.5) / 25
#: Basins too small for the grid are entered from these (w₁, w₂).
_STARTS: Final = ((1.0, 0.02), (0.02, 1.0), (0.7, 0.7), (1.0, -1.0), (1.0, -0.6), (0.6, -1.0))
_STEPS, _HALVINGS, _CONVERGED = 60, 20, 1e-9
_CHUNK: Final = 1024


class Minimum(NamedTuple):
    """A minimum; NaN where there is none.

    Args:
        w1: the weight of feature 1, > 0, (...).
        w2: that of feature 2, (...).
        loss: its loss, (...).

    Source: "Comments & Replications: Tom McGrath".
    """

    w1: Scalars
    w2: Scalars
    loss: Scalars


class Minima(NamedTuple):
    """The lowest minimum of either kind.

    Args:
        same: with weights of one sign, arrays (...).
        opposite: with weights of opposite signs, arrays (...).

    Source: "Comments & Replications: Tom McGrath".
    """

    same: Minimum
    opposite: Minimum

    @property
    def best(self) -> Minimum:
        """The global optimum over all weights."""
        # one of the two is never NaN, and comparisons with NaN are false
        same = (self.same.loss <= self.opposite.loss) | np.isnan(self.opposite.loss)
        pairs = zip(self.same, self.opposite, strict=True)
        return Minimum(*(np.where(same, one, other) for one, other in pairs))


def minima(feature_probability: Numbers, relative_importance: Numbers = 1.0) -> Minima:
    """The lowest minimum of either sign of w₁w₂ for every (p, r).

    Every local minimum of a grid of weights and six further starts are followed down by Newton's
    method within their quadrant. Losses are accurate to rounding, weights to about 1e-8.

    Args:
        feature_probability: p in (0, 1], a number or (...).
        relative_importance: r > 0 of feature 2, which broadcasts with p to (...).

    Returns:
        Both minima, their arrays (...).

    Raises:
        SpecError: unless 0 < p <= 1 and r > 0 is finite (at 0 minima are not isolated).

    Source: "Comments & Replications: Tom McGrath".
    """
    r, p = checked("minima", relative_importance, feature_probability)
    _positive("minima", r, p)
    flat_p, flat_r = p.ravel(), r.ravel()
    found = np.full((2, 3, flat_p.size), np.nan)
    for start in range(0, flat_p.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        cell, points = _all_minima(flat_p[part], flat_r[part])
        for k, sign in enumerate((1.0, -1.0)):
            mine = np.flatnonzero(np.sign(points.w2) == sign)
            # the last value written is that of the lowest loss
            mine = mine[np.argsort(-points.loss[mine], kind="stable")]
            for row, values in zip(found[k], points, strict=True):
                row[start + cell[mine]] = values[mine]
    return Minima(*(Minimum(*(row.reshape(p.shape) for row in kind)) for kind in found))


def local_minima(
    feature_probability: float, relative_importance: float = 1.0, *, apart: float = 1e-4
) -> tuple[Minimum, ...]:
    """Every minimum found at one (p, r), one of each ±(w₁, w₂), lowest loss first.

    Args:
        feature_probability: p in (0, 1].
        relative_importance: r > 0 of feature 2.
        apart: minima nearer to one another than this are one, > 0.

    Returns:
        The minima, their arrays of no dimension.

    Raises:
        SpecError: as `minima`, for arrays, and unless apart > 0.

    Source: "Comments & Replications: Tom McGrath".
    """
    r, p = checked("local_minima", relative_importance, feature_probability)
    _positive("local_minima", r, p)
    apart = number("local_minima", "apart", apart, "must be > 0", lambda x: x > 0)
    if r.ndim:
        raise SpecError.of("local_minima", "feature_probability", "must be one (p, r)", r.shape)
    _, points = _all_minima(p.reshape(1), r.reshape(1))
    kept: list[Minimum] = []
    for k in np.argsort(points.loss, kind="stable"):
        point = Minimum(*(np.asarray(values[k]) for values in points))
        if all(np.hypot(point.w1 - one.w1, point.w2 - one.w2) > apart for one in kept):
            kept.append(point)
    return tuple(kept)


def _positive(owner: str, r: Scalars, p: Scalars) -> None:
    for field, values in (("relative_importance", r), ("feature_probability", p)):
        if not (values > 0).all():
            raise SpecError.of(owner, field, "must be > 0", float(values.min()))


def _all_minima(p: Float[F64, " cell"], r: Float[F64, " cell"]) -> tuple[I64, Minimum]:
    """All minima found, of all cells: (which cell, (w1, w2, loss)), each (found,)."""
    cell, u, w = _grid_minima(p, r)
    starts = np.array(_STARTS)
    cell = np.concatenate([cell, np.repeat(np.arange(p.size), len(starts))])
    u = np.concatenate([u, np.tile(starts[:, 0], p.size)])
    w = np.concatenate([w, np.tile(starts[:, 1], p.size)])
    same = w > 0
    u, v, good = _descend(u, np.abs(w), same, p[cell], r[cell])
    w2 = np.where(same, v, -v)
    loss = loss_without_bias(u, w2, p[cell], r[cell])
    return cell[good], Minimum(u[good], w2[good], loss[good])


def _grid_minima(p: Float[F64, " cell"], r: Float[F64, " cell"]) -> tuple[I64, F64, F64]:
    """(cell, w1, w2) of grid points that are lower than their eight neighbours."""
    # one more column at w1 < 0, which is the first one seen from the other side
    w1 = np.concatenate([-_GRID[:1], _GRID])[:, None]
    w2 = np.concatenate([-_GRID[::-1], _GRID])[None, :]
    u, v = np.abs(w1), np.abs(w2)
    alone, both = by_output(u, v, w1 * w2 > 0)
    parts = np.stack(np.broadcast_arrays(*alone, *both)).reshape(4, -1)
    q = p * (1 - p)
    weights = np.stack([q, q * r, p * p, p * p * r], axis=-1)
    loss = (weights @ parts).reshape(p.size, w1.size, w2.size)
    middle = loss[:, 1:-1, 1:-1]
    lowest = np.ones(middle.shape, dtype=bool)
    for i in range(3):
        for j in range(3):
            if (i, j) != (1, 1):
                shifted = loss[:, i : i + middle.shape[1], j : j + middle.shape[2]]
                lowest &= middle <= shifted
    cell, row, column = np.nonzero(lowest)
    return cell, w1[row + 1, 0], w2[0, column + 1]


def _descend(u: F64, v: F64, same: Bools, p: F64, r: F64) -> tuple[F64, F64, Bools]:
    """Newton's method with halved steps inside the quadrant: (u, v, whether it is a minimum)."""
    active = np.arange(u.size)
    u, v = u.copy(), v.copy()
    good = np.zeros(u.size, dtype=bool)
    for _ in range(_STEPS):
        args = same[active], p[active], r[active]
        gradient, hessian = derivatives(u[active], v[active], *args)
        done = np.hypot(*gradient) <= _CONVERGED * p[active]
        stable = (hessian[0] > 0) & (hessian[0] * hessian[2] > hessian[1] ** 2)
        inside = np.minimum(u[active], v[active]) > 10 * SMALLEST
        good[active[done & stable & inside]] = True
        left = ~done
        active = active[left]
        if not active.size:
            break
        step = _newton_step(*(part[left] for part in (*gradient, *hessian)))
        before = u[active], v[active]
        _take(u, v, active, step, same, p, r)
        # what does not move now never will: it has the same step before it
        active = active[(u[active] != before[0]) | (v[active] != before[1])]
    return u, v, good


def _take(u: F64, v: F64, active: I64, step: tuple[F64, F64], same: Bools, p: F64, r: F64) -> None:
    """The longest of the halved steps that lowers the loss, in place; none if none does."""
    todo, scale = np.arange(active.size), 1.0
    signed = np.where(same, 1.0, -1.0)
    before = loss_without_bias(u[active], signed[active] * v[active], p[active], r[active])
    for _ in range(_HALVINGS):
        at = active[todo]
        new = [
            np.maximum(w[at] + scale * d[todo], SMALLEST) for w, d in zip((u, v), step, strict=True)
        ]
        loss = loss_without_bias(new[0], signed[at] * new[1], p[at], r[at])
        # rounding may hide the last gains
        fine = loss <= before[todo] * (1 + 1e-15)
        u[at[fine]], v[at[fine]] = new[0][fine], new[1][fine]
        todo, scale = todo[~fine], scale / 2
        if not todo.size:
            return


def _newton_step(gu: F64, gv: F64, huu: F64, huv: F64, hvv: F64) -> tuple[F64, F64]:
    """−|H|⁻¹ g, |H| with the absolute eigenvalues of the 2 × 2 Hessian: always downhill."""
    hessian = np.stack([np.stack([huu, huv], -1), np.stack([huv, hvv], -1)], -2)
    values, vectors = np.linalg.eigh(hessian)
    size = np.abs(values)
    size = np.maximum(size, 1e-6 * size.max(-1, keepdims=True) + 1e-300)
    along = np.einsum("kij,ki->kj", vectors, np.stack([gu, gv], -1))
    step = -np.einsum("kij,kj->ki", vectors, along / size)
    # no step leaves the region of the minima at once
    step *= np.minimum(1.0, 0.5 / np.maximum(np.linalg.norm(step, axis=-1), 1e-300))[:, None]
    return step[:, 0], step[:, 1]

"""The expected loss over boxes: x = shift + scale·u with one of many pairs, by chance.

Any law of which the patterns can be listed is of this form: the patterns of a hierarchy or of a
mixture, where scale is 0 for what is off, and the rows of a data set, where nothing varies. Given
the box, z = t + Σ c_q u_q as in `enumeration`.
"""

from __future__ import annotations

from tegum.engines.exact.enumeration import moment, scaled
from tegum.engines.exact.numeric import NONE, ONE, TWO, ZERO, inline, part
from tegum.engines.exact.polynomials import target_of, weight_in


@inline
def _open(b, a, shift, scale, work):
    """(How many features vary, z with the others and the corners): the coefficients, falling."""
    n, varies = a.shape[0], scale.shape[0] > 0
    s0 = s1 = s2 = s3 = 0.0  # four sums at a time
    whole = n // 4 * 4
    for j in range(0, whole, 4):
        s0 += a[j] * shift[j]
        s1 += a[j + 1] * shift[j + 1]
        s2 += a[j + 2] * shift[j + 2]
        s3 += a[j + 3] * shift[j + 3]
    for j in range(whole, n):
        s0 += a[j] * shift[j]
    count = 0
    for j in range(n if varies else 0):
        if scale[j] != 0.0:
            c, at = a[j] * scale[j], count
            while at > 0 and abs(work.coefficient[at - 1]) < abs(c):
                work.coefficient[at] = work.coefficient[at - 1]
                work.feature[at] = work.feature[at - 1]
                at -= 1
            work.coefficient[at], work.feature[at], work.power[count] = c, j, 0
            count += 1
    return count, b + ((s0 + s1) + (s2 + s3))


@part
def _box(weight, inside, i, kappa, gradient, box, law, work, da):
    """One box's part of E[κ₂R² − 2κ₁ y_i R], of which some features vary: (value, by b).

    y_i = β + Σ_q γ_q u_q.
    """
    (kappa1, kappa2), (shift, scale), (count, t) = kappa, box, inside
    from_corner = scaled(count, t, work)
    mean = moment(NONE, NONE, ONE, count, from_corner, work)
    value = kappa2 * moment(NONE, NONE, TWO, count, from_corner, work)
    beta = target_of(i, shift, law)
    y_relu = beta * mean
    for q in range(count):
        work.gamma[q] = weight_in(i, work.feature[q], law) * scale[work.feature[q]]
        if work.gamma[q] != 0.0:
            y_relu += work.gamma[q] * moment(q, NONE, ONE, count, from_corner, work)
    value -= 2.0 * kappa1 * y_relu
    if not gradient:
        return weight * value, 0.0
    y_up = beta * moment(NONE, NONE, ZERO, count, from_corner, work)  # E[y_i 1]
    for q in range(count):
        if work.gamma[q] != 0.0:
            y_up += work.gamma[q] * moment(q, NONE, ZERO, count, from_corner, work)
    by_b = 2.0 * (kappa2 * mean - kappa1 * y_up)
    for j in range(shift.shape[0]):
        da[j] += weight * shift[j] * by_b
    for q in range(count):
        j = work.feature[q]
        both = beta * moment(q, NONE, ZERO, count, from_corner, work)
        for r in range(count):
            if work.gamma[r] != 0.0:
                both += work.gamma[r] * moment(r, q, ZERO, count, from_corner, work)
        u_relu = moment(q, NONE, ONE, count, from_corner, work)
        da[j] += weight * scale[j] * 2.0 * (kappa2 * u_relu - kappa1 * both)
    return weight * value, weight * by_b


@part
def over_boxes(i, b, kappa, gradient, a, law, point, work, da):
    """E[κ₂R² − 2κ₁ y_i R], kappa = (κ₁, κ₂): (value, by b); da += by a."""
    kappa1, kappa2 = kappa
    value = by_b = 0.0
    fixed = law.scale.shape[0] == 0
    for k in range(law.shift.shape[0]):
        weight = point.chance[k]
        if weight <= 0.0:
            continue
        shift = law.shift[k]
        scale = law.shift[0, :0] if fixed else law.scale[k]
        count, t = _open(b, a, shift, scale, work)
        if count > 0:
            box = shift, scale
            f, by = _box(weight, (count, t), i, kappa, gradient, box, law, work, da)
            value, by_b = value + f, by_b + by
        elif t > 0.0:
            y = target_of(i, shift, law)
            value += weight * t * (kappa2 * t - 2.0 * kappa1 * y)
            by = 2.0 * weight * (kappa2 * t - kappa1 * y)
            by_b += by
            if gradient:
                for j in range(a.shape[0]):
                    da[j] += by * shift[j]
    return value, by_b

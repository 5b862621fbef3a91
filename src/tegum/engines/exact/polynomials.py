"""The part of an expected loss that means and second moments say; targets y = M x, or x."""

from __future__ import annotations

from tegum.engines.exact.numeric import inline, part


@inline
def weight_in(i, j, law):
    """How much of feature j is in target i."""
    if law.target.shape[0] == 0:
        return 1.0 if i == j else 0.0
    return law.target[i, j]


@inline
def target_of(i, x, law):
    """Target i of features x, or of their means."""
    if law.target.shape[0] == 0:
        return x[i]
    total = 0.0
    for j in range(x.shape[0]):
        total += law.target[i, j] * x[j]
    return total


@inline
def _moment_of(i, j, law, point):
    """E[y_i x_j]."""
    if law.target.shape[0] == 0:
        return point.moment[i, j]
    return target_of(i, point.moment[j], law)


@part
def polynomials(i, b, half_period, alpha, a, law, point, da):
    """E[(y − αz)²] of target y, and what `term` takes off: (value, derivative by b); da += by a.

    half_period < 0: there are no terms, or they are the whole law.
    """
    kappa1, kappa2, complete = 1.0 - alpha, 1.0 - alpha * alpha, half_period < 0.0
    n = a.shape[0]
    mean_z = b
    for j in range(n):
        mean_z += a[j] * point.mean[j]
    square = b * mean_z
    own = target_of(i, point.mean, law)
    cross = b * own
    zz, xz, flat = alpha * alpha, -2.0 * alpha, 0.0
    if not complete:
        zz, xz, flat = zz + 0.5 * kappa2, xz - kappa1, kappa2 * half_period
    for j in range(n):
        with_j = point.mean[j] * mean_z  # E[x_j z]: other blocks are independent of x_j
        B = law.block_of[j]
        for k in range(law.start[B], law.start[B] + law.size[B]):
            with_j += (point.moment[j, k] - point.mean[j] * point.mean[k]) * a[k]
        square += a[j] * with_j
        if law.target.shape[0] > 0:
            cross += law.target[i, j] * (with_j - b * point.mean[j])
        elif j == i:
            cross = with_j
        da[j] += 2.0 * zz * with_j + xz * _moment_of(i, j, law, point) + flat * point.mean[j]
    value = point.wanted[i] + zz * square + xz * cross + flat * mean_z
    if not complete:
        value -= kappa1 * half_period * own
    return value, 2.0 * zz * mean_z + xz * own + flat

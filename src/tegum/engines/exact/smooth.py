"""Expected losses for GELU and z² outputs: values, without gradients, in plain numpy.

GELU(z) = z Φ(z) = z P(g <= z) with g a standard normal, and GELU(z)² = z² P(max(g, g') <= z). A
smoothed step has a Fourier series that ends by itself: with half-period P, over odd k,

    P(M <= z) = 1/2 + (2/π) Σ Im(E[e^{iω(z−M)}]) / k,  ω = kπ/P,

and E[e^{−iωg}] = e^{−ω²/2}, E[e^{−iω max}] = e^{−ω²/2} − (2i/√π) e^{−ω²/4} D(ω/2), D Dawson's
integral. The factors z and z² are derivatives by ω, taken along through the product over blocks.
z² needs moments up to the fourth only, which blocks add up to by binomial convolution.
"""

from __future__ import annotations

from math import comb, factorial, pi, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import dawsn

from tegum.dims import F64
from tegum.engines.exact.law import Law, Point
from tegum.engines.exact.numeric import CONSTANT, EXPONENTIAL, SIGNED

#: Where e^{−ω²/4} is below rounding, and how far a maximum of two normals may be from 0.
_LAST_OMEGA: Final = 13.0
_SPREAD: Final = 9.5
_TAYLOR: Final = 12

#: The values of a function at the nodes ω, and of its first two derivatives.
Complex = NDArray[np.complexfloating]
Jet = tuple[Complex, Complex, Complex]


def gelu_loss(A: F64, b: F64, period: F64, law: Law, point: Point) -> F64:
    """E[(x_i − GELU(z_i))²] of every output, shape (n,); |z_i| <= period_i but for e^-40."""
    half = float(period.max()) + _SPREAD
    k = np.arange(1, int(_LAST_OMEGA * half / pi) + 2, 2, dtype=np.float64)
    omega = k * pi / half
    normal = np.exp(-0.5 * omega**2)
    largest = normal - 2j / sqrt(pi) * np.exp(-0.25 * omega**2) * dawsn(0.5 * omega)
    losses = np.empty(len(b))
    for i, a in enumerate(A):
        plain, own = _characteristic(i, a, b[i], omega, law, point)
        mean, second = point.mean, point.moment
        zz = b[i] ** 2 + 2 * b[i] * a @ mean + a @ second @ a
        xz = b[i] * mean[i] + second[i] @ a
        # E[z² e^{iωz}] = −Φ'', E[x z e^{iωz}] = −i Ψ'
        square = 0.5 * zz + 2 / pi * np.sum((largest * -plain[2]).imag / k)
        cross = 0.5 * xz + 2 / pi * np.sum((normal * -1j * own[1]).imag / k)
        losses[i] = second[i, i] - 2 * cross + square
    return losses


def quadratic_loss(A: F64, b: F64, law: Law, point: Point) -> F64:
    """E[(x_i − z_i²)²] of every output, shape (n,)."""
    losses = np.empty(len(b))
    for i, a in enumerate(A):
        z, x_z = np.zeros(5), np.zeros(3)
        z[:] = b[i] ** np.arange(5)
        for B in np.argsort(np.arange(len(law.start)) == law.block_of[i], kind="stable"):
            if law.block_of[i] == B:  # the last one
                x_z = _convolve(z[:3], _own_moments(i, a, law, point))
            z = _convolve(z, _block_moments(int(B), a, law, point))
        losses[i] = point.moment[i, i] - 2 * x_z[2] + z[4]
    return losses


def _characteristic(
    i: int, a: F64, b: float, omega: F64, law: Law, point: Point
) -> tuple[Jet, Jet]:
    """E[e^{iωz}] and E[x_i e^{iωz}], each with two derivatives by ω (the second of Ψ is not)."""
    start = np.exp(1j * omega * b)
    plain: Jet = (start, 1j * b * start, -(b**2) * start)
    own_block: tuple[Jet, Jet] | None = None
    for B in range(len(law.start)):
        jet, with_x = _block(B, i, a, omega, law, point)
        if with_x is None:
            plain = _product(plain, jet)
        else:
            own_block = jet, with_x
    if own_block is None:
        raise AssertionError("every feature is in a block")
    return _product(plain, own_block[0]), _product(plain, own_block[1])


def _block(B: int, i: int, a: F64, omega: F64, law: Law, point: Point) -> tuple[Jet, Jet | None]:
    members = range(int(law.start[B]), int(law.start[B] + law.size[B]))
    p, nothing = point.probability[B], np.zeros(len(omega), np.complex128)
    has_i, one = i in members, nothing + 1
    x: Jet = (nothing, nothing, nothing)
    if law.together[B]:
        jet: Jet = (one, nothing, nothing)
        x = jet
        for j in members:
            own, with_x = _magnitude(int(law.family[j]), a[j], omega)
            jet = _product(jet, own)
            x = _product(x, with_x if j == i else own)
        share = 1.0
    else:
        share = float(point.share[members[0]])
        jet = (nothing, nothing, nothing)
        for j in members:
            own, with_x = _magnitude(int(law.family[j]), a[j], omega)
            jet = (jet[0] + share * own[0], jet[1] + share * own[1], jet[2] + share * own[2])
            if j == i:
                x = with_x
    result: Jet = (1 - p + p * jet[0], p * jet[1], p * jet[2])
    return result, (p * share * x[0], p * share * x[1], p * share * x[2]) if has_i else None


def _product(f: Jet, g: Jet) -> Jet:
    return f[0] * g[0], f[1] * g[0] + f[0] * g[1], f[2] * g[0] + 2 * f[1] * g[1] + f[0] * g[2]


def _magnitude(family: int, a: float, omega: F64) -> tuple[Jet, Jet]:
    """E[e^{iωax}] with two derivatives by ω, and E[x e^{iωax}] with one (the second is 0)."""
    theta = omega * a
    f0, f1, f2 = _transforms(family, theta)
    return (f0, 1j * a * f1, -(a**2) * f2), (f1, 1j * a * f2, np.zeros_like(f0))


def _transforms(family: int, theta: F64) -> Jet:
    """E[x^r e^{iθx}] for r = 0, 1, 2."""
    if family == EXPONENTIAL:
        f = 1 / (1 - 1j * theta)
        return f, f**2, 2 * f**3
    if family == CONSTANT:
        turn = np.exp(1j * theta)
        return turn, turn, turn
    eta = theta if family == SIGNED else 0.5 * theta
    s0, s1, s2 = _centred(eta)
    if family == SIGNED:
        return s0 + 0j, 2j * s1, 4 * s2 + 0j
    turn = np.exp(1j * eta)
    return turn * s0, turn * (0.5 * s0 + 1j * s1), turn * (0.25 * s0 + 1j * s1 + s2)


def _centred(eta: F64) -> tuple[F64, F64, F64]:
    """E[cos 2ηy], E[y sin 2ηy], E[y² cos 2ηy] for y uniform on [−1/2, 1/2]."""
    large = np.where(np.abs(eta) < 1.0, 1.0, eta)
    s0 = np.sin(large) / large
    s1 = (s0 - np.cos(large)) / (2 * large)
    s2 = (s0 + 2 * (np.cos(large) - s0) / large**2) / 4
    t = np.arange(_TAYLOR)
    signs = (-1.0) ** t
    odd = np.array([float(factorial(2 * k + 1)) for k in t])
    even = np.array([float(factorial(2 * k)) for k in t])
    powers = np.where(np.abs(eta) < 1.0, eta, 0.0)[:, None] ** (2 * t)
    small = np.abs(eta) < 1.0
    return (
        np.where(small, powers @ (signs / odd), s0),
        np.where(small, eta * (powers @ (signs / (odd * 2 * (2 * t + 3)))), s1),
        np.where(small, powers @ (signs / (even * 4 * (2 * t + 3))), s2),
    )


def _convolve(f: F64, g: F64) -> F64:
    """Raw moments of a sum of two independent parts, f[0] possibly not 1."""
    count = min(len(f), len(g))
    return np.array([sum(comb(r, s) * f[s] * g[r - s] for s in range(r + 1)) for r in range(count)])


def _powers(family: int, a: float, first: int, count: int) -> F64:
    """a^r E[x^{first + r}] for r = 0 … count − 1."""
    r = np.arange(count)
    order = first + r
    if family == EXPONENTIAL:
        moments = np.array([float(factorial(k)) for k in order])
    elif family == CONSTANT:
        moments = np.ones(count)
    else:
        moments = np.where((family == SIGNED) & (order % 2 == 1), 0.0, 1.0 / (order + 1.0))
    return np.asarray(a**r * moments)


def _block_moments(B: int, a: F64, law: Law, point: Point) -> F64:
    """Raw moments 0 … 4 of a block's part of z."""
    members = range(int(law.start[B]), int(law.start[B] + law.size[B]))
    p = point.probability[B]
    total = np.zeros(5)
    if law.together[B]:
        total[0] = 1.0
        for j in members:
            total = _convolve(total, _powers(int(law.family[j]), a[j], 0, 5))
    else:
        for j in members:
            total += point.share[j] * _powers(int(law.family[j]), a[j], 0, 5)
    total *= p
    total[0] = 1.0
    return total


def _own_moments(i: int, a: F64, law: Law, point: Point) -> F64:
    """E[x_i s^r] for r = 0 … 2, s the own block's part of z."""
    B = int(law.block_of[i])
    own = _powers(int(law.family[i]), a[i], 1, 3)
    if not law.together[B]:
        return np.asarray(point.probability[B] * point.share[i] * own)
    for j in range(int(law.start[B]), int(law.start[B] + law.size[B])):
        if j != i:
            own = _convolve(own, _powers(int(law.family[j]), a[j], 0, 3))
    return np.asarray(point.probability[B] * own)

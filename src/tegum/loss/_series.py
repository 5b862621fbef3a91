"""One output's expected loss by the number of active features, exactly or by a Fourier series.

With z = b + Σ_j a_j x_j and f(z) = α z + (1 − α) ReLU(z), κ₁ = 1 − α, κ₂ = 1 − α²,

    E[(x_i − f(z))²] = E[(x_i − α z)²] + ½ κ₂ E[z²] − κ₁ E[x_i z] + E[½ κ₂ z|z| − κ₁ x_i|z|].

The last term is a closed form where at most two features are active. For more, with |z| <= P,
over odd l with ω = lπ/P,

    E[z|z|] = P E[z] − (8P²/π³) Σ Im E[e^{iωz}]/l³,
    E[x_i|z|] = ½P E[x_i] − (4P/π²) Σ Re E[x_i e^{iωz}]/l².

Features whose weight the nodes do not resolve leave an edge in the law of z, and the series would
converge slowly: sets with at most one other feature besides those, these at their mean, are taken
out of the series and put back in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64, Bools
from tegum.loss._counting import Steps, characteristic, moments, steps, without_one
from tegum.loss._kinks import kinked

Complex = NDArray[np.complex128]

#: Odd harmonics in the first sum, in one piece of work, and at most.
FEWEST: Final = 128
_PIECE: Final = 256
MOST: Final = 4096
#: Weights with |a| ω below this at the last node are not resolved.
_SMALL: Final = 0.3
_MARGIN: Final = 1.02


@dataclass(frozen=True, eq=False)
class Law:
    """The features: of each, tilted probability q, shift β and scale s of x = β + s u, moments."""

    q: F64  # (n,)
    shift: F64
    scale: F64
    mean: F64
    square: F64


class Unresolved(NamedTuple):
    """The other features whose weight the nodes do not resolve, by how many are active."""

    chance: F64  # (few + 1,)
    shift: F64  # (few + 1,): their mean part of z


class Taken(NamedTuple):
    """Part of a law, by the number of other active features."""

    sums: Complex  # (K + 1, 3): its part of `Output.sums`
    mass: F64  # (K + 1,): its share of all sets
    mean: F64  # (K + 1,): its part of E[Y]
    closed: F64  # (2, K + 1): its part of the loss with |z|, the own feature off and on


class Output:
    """Output i, with weights a (n,), bias b and slope α, for up to `most` active features."""

    def __init__(self, i: int, a: F64, b: float, alpha: float, law: Law, most: int) -> None:
        self.b, self.own, self.alpha = b, float(a[i]), alpha
        self.kappa = (1 - alpha, 1 - alpha * alpha)
        keep = np.arange(len(a)) != i
        self.a, self.q = a[keep], law.q[keep]
        self.shift, self.scale, self.mean = law.shift[keep], law.scale[keep], law.mean[keep]
        self.x = (float(law.shift[i]), float(law.scale[i]))
        self.x1, self.x2 = float(law.mean[i]), float(law.square[i])
        self.most = min(most, len(a) - 1)
        self.plan: Steps = steps(self.q, self.most)
        self.y1, self.y2 = moments(self.plan, self.a * self.mean, self.a**2 * law.square[keep])
        low, high = _range(a, b, law, most)
        self.period = _MARGIN * max(-low, high) or 1.0
        self.sign = float(low >= 0) - float(high <= 0)  # of z, where it has but one
        self.sums: Complex = np.zeros((self.most + 1, 3), np.complex128)
        self.nodes = 0
        self.exact = alpha == 1.0 or most <= 2 or self.sign != 0
        self.size = np.zeros((2, self.most + 1))  # what rounding is a part of
        self.base = self._polynomials()
        if self.sign == 0:
            self.base += self._closed()

    def losses(self, nodes: int) -> F64:
        """E[(x_i − f(z))²] with the output's feature inactive, and active, (2, K + 1).

        By the number of other active features; `nodes` is at least that of the last call.
        """
        if self.exact:
            return self.base
        while self.nodes < nodes:
            self._add(min(_PIECE, nodes - self.nodes))
        return self.base + self._series()

    def _polynomials(self) -> F64:
        """The part without |z|, (2, K + 1), and with it where z has one sign: |z| = ±z."""
        found = np.empty((2, self.most + 1))
        for on in range(2):
            x1, x2 = on * self.x1, on * self.x2
            moved = self.b + self.own * x1
            alone = self.b**2 + 2 * self.b * self.own * x1 + self.own**2 * x2
            z2 = alone + 2 * moved * self.y1 + self.y2
            xz = x1 * (self.b + self.y1) + self.own * x2
            self.size[on] = x2 + z2 + self.period * np.sqrt(np.maximum(z2, 0.0))
            square = x2 - 2 * self.alpha * xz + self.alpha**2 * z2
            found[on] = square + (1 + self.sign) * (0.5 * self.kappa[1] * z2 - self.kappa[0] * xz)
        return found

    def _kinked(self, on: int, t: F64, other: F64) -> F64:
        """The part with |z| in closed form, at most one other feature varying by `other`·v."""
        if on:
            c, start = self.own * self.x[1], t + self.own * self.x[0]
            return kinked(start, c, other, self.x, self.kappa)
        return kinked(t, 0.0, other, (0.0, 0.0), self.kappa)

    def _closed(self) -> F64:
        """The part with |z| for at most two active features in all, (2, K + 1); else 0."""
        found = np.zeros((2, self.most + 1))
        c, t = self.a * self.scale, self.b + self.a * self.shift
        with np.errstate(divide="ignore"):
            log_odds = np.clip(np.log(self.q) - np.log1p(-self.q), -700.0, 700.0)
        for on in range(2):
            found[on, 0] = float(self._kinked(on, np.array(self.b), np.zeros(())))
            if self.most >= 1:
                found[on, 1] = _shares(log_odds) @ self._kinked(on, t, c)
        if self.most >= 2:
            j, l = np.triu_indices(len(c), 1)
            pairs = kinked(t[j] + t[l] - self.b, c[j], c[l], (0.0, 0.0), self.kappa)
            found[0, 2] = _shares(log_odds[j] + log_odds[l]) @ pairs
        return found

    def _add(self, count: int) -> None:
        """More nodes: sums += Σ E[e^{iωY}] e^{iωb} (1/l³, E[e^{iωax}]/l³, E[x e^{iωax}]/l²)."""
        omega, weights = self._weights(self.nodes, self.nodes + count)
        phi = _transform(np.outer(self.a, omega), self.shift[:, None] < 0)
        self.sums += characteristic(self.plan, phi) @ weights
        self.nodes += count

    def _weights(self, start: int, stop: int) -> tuple[F64, Complex]:
        """ω (nodes,), and what E[e^{iωY}] is multiplied by, (nodes, 3)."""
        odd: F64 = 2 * np.arange(start, stop, dtype=np.float64) + 1
        omega = odd * pi / self.period
        signed = np.array(self.x[0] < 0)
        bias = np.exp(1j * omega * self.b)
        own = _transform(self.own * omega, signed)
        own_x = _transform_x(self.own * omega, bool(signed))
        return omega, np.stack([bias / odd**3, bias * own / odd**3, bias * own_x / odd**2], axis=1)

    def _series(self) -> F64:
        """The part with |z| for more than two active features, (2, K + 1); else 0."""
        taken = self._unresolved()
        left = self.sums - taken.sums
        found = np.zeros((2, self.most + 1))
        up, over = 8 * self.period**2 / pi**3, 4 * self.period / pi**2
        for on in range(2):
            z = self.b + on * self.own * self.x1
            dz = (z + self.y1) - (z * taken.mass + taken.mean)
            dx = on * self.x1 * (1 - taken.mass)
            zz = self.period * dz - up * left[:, on].imag
            xz = 0.5 * self.period * dx - (over * left[:, 2].real if on else 0.0)
            found[on] = 0.5 * self.kappa[1] * zz - self.kappa[0] * xz + taken.closed[on]
            found[on, : 3 - on] = 0.0  # known in closed form
        return found

    def _unresolved(self) -> Taken:
        """Sets with at most one resolved other feature: taken out of the series."""
        rows = self.most + 1
        taken = Taken(
            np.zeros((rows, 3), np.complex128), np.zeros(rows), np.zeros(rows), np.zeros((2, rows))
        )
        small: Bools = np.abs(self.a) < _SMALL * self.period / (2 * pi * self.nodes)
        few = min(int(small.sum()), self.most)
        if few == 0:
            return taken
        plan = steps(self.q[small], few)
        shift = moments(plan, (self.a * self.mean)[small], np.zeros(int(small.sum())))[0]
        inner = Unresolved(plan.chance, shift)
        omega, weights = self._weights(0, self.nodes)
        phases = np.exp(1j * np.outer(shift, omega))
        a, q, signed = self.a[~small], self.q[~small], self.shift[~small] < 0
        none, one = np.array([(1 - q).prod()]), q * without_one(1 - q)
        phi = one @ _transform(np.outer(a, omega), signed[:, None])
        zero = np.zeros(1)
        self._take(taken, inner, 0, none, (phases * none) @ weights, (zero, zero))
        varying = (a * self.shift[~small], a * self.scale[~small])
        self._take(taken, inner, 1, one, (phases * phi) @ weights, varying)
        return taken

    def _take(
        self,
        taken: Taken,
        inner: Unresolved,
        more: int,
        weight: F64,
        sums: Complex,
        varying: tuple[F64, F64],
    ) -> None:
        """Add sets with `more` resolved others: which it is has a `weight`, and it adds t + c v.

        The sums are by the number of unresolved active ones.
        """
        chance, shift = inner
        k = np.arange(more, min(len(chance) + more, self.most + 1))
        s, share = k - more, np.zeros(len(k))
        np.divide(chance[s], self.plan.chance[k], out=share, where=self.plan.chance[k] > 0)
        t, c = varying
        taken.sums[k] += share[:, None] * sums[s]
        taken.mass[k] += share * weight.sum()
        taken.mean[k] += share * (shift[s] * weight.sum() + weight @ (t + 0.5 * c))
        for on in range(2):
            at = self.b + shift[s][:, None] + t
            taken.closed[on, k] += share * (self._kinked(on, at, c) @ weight)


def _shares(log_weights: F64) -> F64:
    """Weights that sum to 1, from their logarithms up to a constant."""
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def _range(a: F64, b: float, law: Law, most: int) -> tuple[float, float]:
    """The least and the largest z with at most `most` active features."""
    ends = np.sort([a * law.shift, a * (law.shift + law.scale)], axis=0)  # (2, n): low, high
    low = b + np.minimum(np.sort(ends[0])[:most], 0.0).sum()
    high = b + np.maximum(np.sort(ends[1])[::-1][:most], 0.0).sum()
    return float(low), float(high)


def _transform(theta: F64, signed: NDArray[np.bool_]) -> Complex:
    """E[e^{iθx}], x uniform on [0, 1] or, signed, on [−1, 1]."""
    half = np.where(signed, theta, 0.5 * theta)
    return np.asarray(np.sinc(half / pi) * np.where(signed, 1.0, np.exp(1j * half)))


def _transform_x(theta: F64, signed: bool) -> Complex:
    """E[x e^{iθx}] of the same x: with y = x or x − ½, from E[cos] and E[y sin]."""
    eta = theta if signed else 0.5 * theta
    level = np.sinc(eta / pi)
    square = eta * eta
    taylor = eta * (1 / 6 - square * (1 / 60 - square * (1 / 1680 - square / 90720)))
    with np.errstate(divide="ignore", invalid="ignore"):
        moment = np.where(np.abs(eta) < 0.1, taylor, 0.5 * (level - np.cos(eta)) / eta)
    if signed:
        return np.asarray(2j * moment)
    return np.asarray(np.exp(1j * eta) * (0.5 * level + 1j * moment))

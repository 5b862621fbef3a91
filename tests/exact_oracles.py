"""Expected losses by adaptive quadrature (one or two features) and by samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import factorial
from typing import Any

import numpy as np
from scipy.integrate import quad

import tegum as tg
from tegum.models.activations import ACTIVATIONS

Array = np.ndarray[Any, np.dtype[np.float64]]
#: Where an exponential is cut off, e^-60, and where its integral is split; from a uniform likewise.
_ENDS = {
    "uniform": (0.0, 1.0),
    "signed": (-1.0, 1.0),
    "exponential": (0.0, 1.0, 3.0, 8.0, 20.0, 60.0),
}
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)


def parameters(problem: tg.Problem, W: Any, b: Any) -> dict[str, Any]:
    """By the names of the model; b only where it has one."""
    given = {"W": W} if problem.model.tied else {"W_in": W[0], "W_out": W[1]}
    return given | ({"b": b} if problem.model.has_bias else {})


def monte_carlo(
    problem: tg.Problem, W: Any, b: Any, samples: int = 200_000, seed: int = 5
) -> tuple[float, float]:
    """The mean loss of samples and its standard error."""
    rng, losses = np.random.default_rng(seed), []
    for _ in range(4):
        x = problem.distribution.sample(rng, samples // 4)
        y = problem.model.forward(parameters(problem, W, b), x)[1]
        target = np.abs(x) if problem.target == "abs" else x
        losses.append((target - y) ** 2 @ problem.importance_vector())
    loss = np.concatenate(losses)
    return float(loss.mean()), float(loss.std() / np.sqrt(samples))


def odd_harmonics(problem: tg.Problem, W: Any, b: Any, nodes: int = 65_536) -> tuple[float, float]:
    """The loss by a plain series of so many nodes, and twice what the latter half of them adds.

    Only the law with all blocks off is taken out.

    Its window is as wide as z can be, or holds all but e^-45 of an exponential's sums. ReLU, leaky
    ReLU and identity outputs. It decays slowly where few features are ever active.
    """
    A = np.asarray(W).T @ W if problem.model.tied else np.asarray(W[1]) @ W[0]
    alpha = {"relu": 0.0, "leaky": 0.01, "identity": 1.0}[problem.model.output_activation]
    blocks, mean = problem.distribution.blocks(), problem.distribution.mean()
    second = problem.distribution.second_moment()
    largest = {"uniform": 1.0, "signed": 1.0, "exponential": 60.0}
    most = np.concatenate([np.full(block.size, largest[block.magnitude]) for block in blocks])
    total, last, odd = 0.0, 0.0, 2.0 * np.arange(nodes) + 1.0
    off = np.prod([1 - block.probability for block in blocks])
    for i, weight in enumerate(problem.importance_vector()):
        a, bias = A[i], float(b[i])
        period = 1.05 * (abs(bias) + np.abs(a) @ most) or 1.0
        omega = odd * np.pi / period
        phi = psi = np.exp(1j * omega * bias)
        for block in blocks:
            plain, own = _block_transforms(block, i, a, omega)
            phi, psi = phi * plain, psi * (plain if own is None else own)
        phi = phi - off * np.exp(1j * omega * bias)
        z1 = bias + a @ mean
        z2 = bias**2 + 2 * bias * a @ mean + a @ second @ a
        xz = bias * mean[i] + second[i] @ a
        terms = (1 - alpha) * 4 * period / np.pi**2 * psi.real / odd**2
        terms -= (1 - alpha**2) * 4 * period**2 / np.pi**3 * phi.imag / odd**3
        zz = period * (z1 - off * bias) + off * bias * abs(bias)
        loss = second[i, i] - 2 * alpha * xz + alpha**2 * z2
        loss += (1 - alpha**2) * (z2 + zz) / 2 - (1 - alpha) * (xz + period / 2 * mean[i])
        total += weight * (loss + terms.sum())
        last += weight * abs(terms[nodes // 2 :].sum())
    return float(total), float(2 * last)


def _block_transforms(block: Any, i: int, a: Array, omega: Array) -> tuple[Any, Any]:
    """E[e^{iωz}] and E[x_i e^{iωz}] of a block's part of z; None for a block without i."""
    members = range(block.start, block.start + block.size)
    one = [_transforms(block.magnitude, a[j] * omega) for j in members]
    own: Any = None
    if block.kind == "anticorrelated":
        plain = sum(f for f, _ in one) / block.size
        if i in members:
            own = one[i - block.start][1] / block.size
    else:
        plain = np.prod([f for f, _ in one], axis=0)
        if i in members:
            rest = [g if j == i else f for j, (f, g) in zip(members, one, strict=True)]
            own = np.prod(rest, axis=0)
    p = block.probability
    return 1 - p + p * plain, None if own is None else p * own


def _transforms(magnitude: str, theta: Array) -> tuple[Any, Any]:
    """E[e^{iθx}] and E[x e^{iθx}]: by quotients, for small θ by Taylor series."""
    if magnitude == "exponential":
        return 1 / (1 - 1j * theta), 1 / (1 - 1j * theta) ** 2
    small = np.abs(theta) < 1
    s = np.where(small, 1.0, theta)
    if magnitude == "signed":
        f, g = np.sin(s) / s + 0j, 1j * (np.sin(s) / s - np.cos(s)) / s
    else:
        f = (np.exp(1j * s) - 1) / (1j * s)
        g = (np.exp(1j * s) - f) / (1j * s)
    k = np.arange(20)
    even = (k % 2 == 0) if magnitude == "signed" else np.ones(20)
    terms = np.array([1j**r / factorial(r) for r in k])
    f[small] = np.polynomial.polynomial.polyval(theta[small], terms * even / (k + 1))
    even = (k % 2 == 1) if magnitude == "signed" else np.ones(20)
    g[small] = np.polynomial.polynomial.polyval(theta[small], terms * even / (k + 2))
    return f, g


def quadrature(problem: tg.Problem, W: Any, b: Any) -> float:
    """The expected loss of one or two features: quadrature between all kinks, by pattern."""
    A = np.asarray(W).T @ W if problem.model.tied else np.asarray(W[1]) @ W[0]
    f = ACTIVATIONS[problem.model.output_activation].f
    laws = [block.magnitude for block in problem.distribution.blocks() for _ in range(block.size)]
    total = 0.0
    for active, chance in _patterns(problem.distribution):
        for i, weight in enumerate(problem.importance_vector()):
            a = A[i, list(active)]

            def error(*x: Any, i: int = i, a: Array = a, active: Any = active) -> Any:
                z = b[i] + sum(slope * value for slope, value in zip(a, x, strict=True))
                own = x[active.index(i)] if i in active else 0.0
                return (own - f(np.atleast_1d(z))) ** 2

            names = [laws[j] for j in active]
            total += chance * weight * _mean(error, a, float(b[i]), names)
    return total


def _patterns(x: tg.Distribution) -> Iterator[tuple[tuple[int, ...], float]]:
    """The sets of active features and their probabilities."""
    found: list[tuple[tuple[int, ...], float]] = [((), 1.0)]
    for block in x.blocks():
        members = tuple(range(block.start, block.start + block.size))
        on, p = [(members, block.probability)], block.probability
        if block.kind == "anticorrelated":
            on = [((j,), p / block.size) for j in members]
        states = [((), 1 - p), *on]
        found = [(old + new, q * r) for old, q in found for new, r in states]
    yield from found


def _density(name: str, x: Any) -> Any:
    return {"uniform": 1.0, "signed": 0.5, "exponential": np.exp(-x)}[name]


def _pieces(name: str, kinks: list[float]) -> list[float]:
    ends = _ENDS[name]
    inside = [kink for kink in kinks if ends[0] < kink < ends[-1]]
    return sorted({*ends, *inside})


def _mean(error: Callable[..., Any], a: Array, b: float, laws: list[str]) -> float:
    """E[error(x)] over x of these laws; its only kinks are where b + a·x = 0."""
    if not laws:
        return float(error()[0])
    if len(laws) == 1:
        kinks = [-b / a[0]] if a[0] else []
        return _integral(lambda x: error(x)[0] * _density(laws[0], x), _pieces(laws[0], kinks))

    def inner(x: float) -> float:
        z = b + a[0] * x
        ends = _pieces(laws[1], [-z / a[1]] if a[1] else [])
        total = 0.0
        for low, high in pairwise(ends):
            y = low + (high - low) * (_NODES + 1) / 2
            values = error(x, y) * _density(laws[1], y)
            total += (high - low) / 2 * float(_WEIGHTS @ np.broadcast_to(values, y.shape))
        return total * float(_density(laws[0], x))

    # the inner integral has kinks where its own enters or leaves
    entries = [-(b + a[1] * y) / a[0] for y in _ENDS[laws[1]]] if a[0] else []
    return _integral(inner, _pieces(laws[0], entries))


def _integral(g: Callable[[float], Any], ends: list[float]) -> float:
    return sum(quad(g, low, high, epsabs=1e-12, epsrel=1e-11)[0] for low, high in pairwise(ends))

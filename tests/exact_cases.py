"""Random problems and models for the exact expected loss, from ordinary to delicate."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import tegum as tg

Array = np.ndarray[Any, np.dtype[np.float64]]
PLAIN = ("uniform", "signed")
REGIMES = (
    "generic", "trained", "no bias", "weak", "weak no bias", "dead", "duplicate", "zero", "large",
)  # fmt: skip


class Case(NamedTuple):
    """A problem, weights for it, W or the pair (W_in, W_out), and biases."""

    problem: tg.Problem
    W: Any
    b: Array
    regime: str


def random_case(
    rng: np.random.Generator,
    sizes: tuple[int, int] = (2, 8),
    magnitudes: tuple[str, ...] = PLAIN,
    activations: tuple[str, ...] = ("relu", "leaky"),
) -> Case:
    """A case of any structure and regime with sizes[0] <= n <= sizes[1] features."""
    n = int(rng.integers(sizes[0], sizes[1] + 1))
    m = int(rng.integers(1, min(n, 4) + 1))
    regime = str(rng.choice(REGIMES))
    activation = str(rng.choice(activations))
    if rng.random() < 0.25:
        model: Any = tg.TwoLayer(m, hidden_activation="identity", activation=activation)
    else:
        model = tg.ReLUOutput(m, activation=activation)
    importance = rng.choice([0.0, 0.1, 1.0, 3.0], n) * rng.uniform(0.5, 1.0, n)
    if rng.random() < 0.5 or not importance.any():
        importance = np.ones(n)
    problem = tg.Problem(random_distribution(rng, n, magnitudes), model, importance)
    W, b = random_model(rng, n, m, regime)
    if not model.tied:
        W = (W, W.T + (0.0 if regime == "zero" else 0.3) * rng.normal(size=(n, m)))
    return Case(problem, W, b, regime)


def random_distribution(
    rng: np.random.Generator, n: int, magnitudes: tuple[str, ...] = PLAIN
) -> tg.Distribution:
    """n features: one kind of block, or Groups that mix them."""
    if rng.random() < 0.4:
        return tg.Independent(n, random_probability(rng, n), str(rng.choice(magnitudes)))
    parts, left = [], n
    while left > 0:
        size = int(rng.integers(1, left + 1))
        parts.append(_part(rng, size, magnitudes))
        left -= size
    return parts[0] if len(parts) == 1 else tg.Groups(tuple(parts))


def _part(rng: np.random.Generator, n: int, magnitudes: tuple[str, ...]) -> tg.Distribution:
    magnitude = str(rng.choice(magnitudes))
    kind = rng.choice([tg.Independent, tg.Correlated, tg.Anticorrelated])
    if kind is tg.Independent:
        return tg.Independent(n, random_probability(rng, n), magnitude)
    size = int(rng.choice([k for k in range(1, n + 1) if n % k == 0]))
    probability = random_probability(rng, n // size)
    return kind(n // size, size, probability, magnitude)  # type: ignore[no-any-return]


def random_probability(rng: np.random.Generator, count: int) -> Any:
    """One for all, 1 and very small ones too, or a mix."""
    many = rng.choice([0.001, 0.01, 0.05, 0.2, 0.5, 0.9, 1.0], count)
    return tuple(many.tolist()) if rng.random() < 0.4 else float(many[0])


def random_model(rng: np.random.Generator, n: int, m: int, regime: str) -> tuple[Array, Array]:
    """W (m, n) and b (n,) of a regime; "weak": interference from 1e-8 to 1e-3."""
    W = rng.normal(0.0, rng.uniform(0.3, 1.2), (m, n))
    b = rng.normal(0.0, 0.3, n)
    if regime == "trained":
        W *= rng.uniform(0.7, 1.2, n) / np.linalg.norm(W, axis=0)
        b = -rng.uniform(0.0, 0.4, n)
    elif regime == "large":
        W, b = 3.0 * W, 3.0 * b
    elif regime.startswith("weak"):
        W = np.eye(m, n) + 10.0 ** rng.uniform(-8, -3) * rng.normal(size=(m, n))
        b *= rng.choice([1e-8, 1e-4, 1.0])
    elif regime == "dead":
        W[:, rng.random(n) < 0.5] = 0.0
    elif regime == "duplicate":
        W = W[:, rng.integers(0, n, n)]
    elif regime == "zero":
        W = np.zeros_like(W)
    if regime.endswith("no bias"):
        b = np.zeros(n)
    return W, b


def off_by(found: Any, wanted: Any) -> float:
    """The largest difference, of a gradient by name or of an array."""
    if isinstance(wanted, dict):
        return max(off_by(found[name], wanted[name]) for name in wanted)
    return float(np.max(np.abs(np.asarray(found) - np.asarray(wanted)), initial=0.0))

"""Two numbers in one: t = (⌊Zx⌋ + y)/Z with a floor of steep segments, as a network of ReLUs.

With u = Zx, the soft floor s(u) = Σ_k min(1, max(0, (u − a_k)/ε)) rises by one at each of its
steps, over a width of ε in u: a fraction ε of the segments 1/Z of x. The code is v = Zt = s(u) + y,
and it is read back as x' = (s(v) + ½)/Z and y' = v − s(v).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tegum.arguments import number, whole
from tegum.dims import F64
from tegum.errors import SpecError

#: Where a step rises: before the next integer, around it, or before it at the end of x, too.
PLACEMENTS: Final = ("before", "around", "before, and at x = 1")
#: What a linear code of two uniform numbers loses at best: one of them, or half of both.
LINEAR: Final = 1 / 12


def starts(Z: int, width: float, placement: str) -> F64:
    """Where the steps begin to rise, in u: Z − 1 of them, or Z with one at the end of x.

    The code has the same steps, and there is nothing above the last. SpecError unless Z >= 1, the
    width is in [0, 1], and the placement one of three.
    """
    Z = whole("staircase", "Z", Z, "must be an integer >= 1", 1)
    width = number("staircase", "width", width, "must be in [0, 1]", lambda w: 0 <= w <= 1)
    if placement not in PLACEMENTS:
        raise SpecError.of("staircase", "placement", f"must be one of {PLACEMENTS}", placement)
    back = width / 2 if placement == PLACEMENTS[1] else width
    return np.arange(1.0, Z + (placement == PLACEMENTS[2])) - back


def soft_floor(u: F64, begin: F64, width: float) -> F64:
    """s(u), of any shape; of steps without a width the floor itself."""
    above = np.asarray(u)[..., None] - begin
    return np.asarray((np.clip(above / width, 0.0, 1.0) if width else above >= 0).sum(-1) + 0.0)


class Network(NamedTuple):
    """(x, y) → ReLU → t → ReLU → (x', y'), by the weights and biases of four linear maps."""

    layers: tuple[tuple[F64, F64], ...]

    @property
    def neurons(self) -> int:
        """How many ReLUs it has."""
        return len(self.layers[0][1]) + len(self.layers[2][1])

    def code(self, x: F64) -> F64:
        """t (sample,) of x (sample, 2)."""
        return np.asarray(self._half(x, 0)[:, 0])

    def __call__(self, x: F64) -> F64:
        """(x', y') (sample, 2) of x (sample, 2)."""
        return self._half(self._half(x, 0), 2)

    def _half(self, x: F64, first: int) -> F64:
        (W, b), (V, c) = self.layers[first : first + 2]
        return np.asarray(np.maximum(x @ W.T + b, 0.0) @ V.T + c)


def network(Z: int, width: float, placement: str) -> Network:
    """The staircase, built: two ReLUs for each step, and one that hands on y or v; width > 0."""
    begin = starts(Z, width, placement)
    if not width:
        raise SpecError.of("network", "width", "must be above 0: ReLUs have no jumps", width)
    ends = np.concatenate([begin, begin + width])
    rise = np.concatenate([np.full(begin.size, 1 / width), np.full(begin.size, -1 / width)])
    steps = np.full((ends.size, 1), float(Z))
    nothing = np.zeros_like(steps)
    encode = np.block([[steps, nothing], [np.array([[0.0, 1.0]])]])
    decode = np.concatenate([steps, [[float(Z)]]])
    bias = np.concatenate([-ends, [0.0]])
    return Network(
        (
            (encode, bias),
            (np.concatenate([rise, [1.0]])[None] / Z, np.zeros(1)),
            (decode, bias),
            (np.stack([np.append(rise / Z, 0.0), np.append(-rise, 1.0)]), np.array([0.5 / Z, 0.0])),
        )
    )


def exact_loss(Z: int, width: float, placement: str) -> float:
    """E[(x − x')² + (y − y')²] of x and y uniform on [0, 1], to rounding.

    Between the places where a slope changes the error is a polynomial, of degree 2 in y, and of
    degree 3 in x when y is integrated out: Gauss's nodes are exact there.
    """
    begin = starts(Z, width, placement)
    edges = np.concatenate([begin, begin + width])
    # where the code of y = 0 or y = 1 passes an edge on the way up a step
    passed = begin[:, None] + width * (edges % 1.0)[None]
    u, weight = _nodes(np.concatenate([edges, passed.ravel()]), 0.0, float(Z))
    level = soft_floor(u, begin, width)
    breaks = np.sort(np.clip(edges[None] - level[:, None], 0.0, 1.0), axis=1)
    zero = np.zeros((u.size, 1))
    y, inner = _between(np.concatenate([zero, breaks, zero + 1], axis=1))
    floor = soft_floor(level[:, None] + y, begin, width)
    error = ((u[:, None] - floor - 0.5) / Z) ** 2 + (level[:, None] - floor) ** 2
    return float(weight @ (inner * error).sum(1) / Z)


def _nodes(breaks: F64, low: float, high: float) -> tuple[F64, F64]:
    kept = np.unique(np.concatenate([[low, high], np.clip(breaks, low, high)]))
    nodes, weights = _between(kept[None])
    return nodes[0], weights[0]


def _between(breaks: F64) -> tuple[F64, F64]:
    """Nodes and weights (row, node) between the sorted breaks (row, break) of each row."""
    at, share = np.polynomial.legendre.leggauss(4)
    half = np.diff(breaks, axis=1)[..., None] / 2
    middle = (breaks[:, :-1] + breaks[:, 1:])[..., None] / 2
    rows = len(breaks)
    return (middle + half * at).reshape(rows, -1), (half * share).reshape(rows, -1)


def sampled_loss(net: Network, samples: int, seed: int) -> tuple[float, float]:
    """The mean squared error of the network, summed over x and y, and its standard error."""
    x = np.random.default_rng(seed).random((samples, 2))
    error = ((net(x) - x) ** 2).sum(1)
    return float(error.mean()), float(error.std() / np.sqrt(samples))


def stops_paying(Z: int, placement: str) -> float:
    """The width at which the loss is that of a linear code; below it, it is less.

    1 where it is less at all widths up to whole segments. With Z = 1 it is less nowhere: 0.
    """
    from scipy.optimize import brentq

    def over(width: float) -> float:
        return exact_loss(Z, width, placement) - LINEAR

    if Z == 1:  # all that is stored is y
        return 0.0
    if over(1.0) <= 0:
        return 1.0
    at: float = brentq(over, 1e-6, 1.0, xtol=1e-9)  # type: ignore[no-untyped-call]
    return at

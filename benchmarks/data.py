"""Data and objectives of one's own: tegum against a stacked PyTorch loop, and its own plain row.

`python benchmarks/data.py [ROW …]`, with the extra `torch`. The loop draws the same data. All take
turns on one thread; a row has the median of the ratios of model-steps per second of CPU time, batch
1024, p = .05, 20 models. Of objectives the ratio is that of the time of the plain row.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from statistics import median
from time import process_time
from typing import Any, Final

import numpy as np
import torch
from works import BATCH

import tegum as tg
from tegum.distributions import Distribution
from tegum.engines import get_engine
from tegum.engines.base import Batch

MODELS: Final = 20
P: Final = 0.05
_TURNS: Final = 7
#: What a turn of either takes, at least.
_SECONDS: Final = 0.4

Tensor = Any
Draw = Callable[[], Tensor]

#: Two trees of ten features: a root with three children, of which each has two.
PARENTS: Final = tuple(
    parent if parent < 0 else parent + start
    for start in (0, 10)
    for parent in (-1, 0, 0, 0, 1, 1, 2, 2, 3, 3)
)
ODDS: Final = tuple(P if parent < 0 else 0.5 for parent in PARENTS)
ROWS: Final = np.random.default_rng(0).random((10_000, 100)) * (
    np.random.default_rng(1).random((10_000, 100)) < P
)


def hierarchy() -> tuple[Distribution, Draw]:
    """Depth by depth, all features of a depth at once."""
    p = torch.tensor(ODDS)
    depths = [(slice(s + 1, s + 4), [s] * 3) for s in (0, 10)]
    depths += [(slice(s + 4, s + 10), [s + 1, s + 1, s + 2, s + 2, s + 3, s + 3]) for s in (0, 10)]

    def draw() -> Tensor:
        on = torch.rand(MODELS, BATCH, 20) < p
        for children, parents in depths:
            on[..., children] &= on[..., parents]
        return torch.where(on, torch.rand(MODELS, BATCH, 20), 0.0)

    return tg.Hierarchy(PARENTS, ODDS), draw


def mixture() -> tuple[Distribution, Draw]:
    """Independent features, or pairs that are on together."""
    pairs = torch.arange(20) // 2

    def draw() -> Tensor:
        alone = torch.rand(MODELS, BATCH, 20) < P
        together = (torch.rand(MODELS, BATCH, 10) < P)[..., pairs]
        on = torch.where(torch.rand(MODELS, BATCH, 1) < 0.5, alone, together)
        return torch.where(on, torch.rand(MODELS, BATCH, 20), 0.0)

    return tg.Mixture([tg.Independent(20, P), tg.Correlated(10, 2, P)]), draw


def data_set() -> tuple[Distribution, Draw]:
    """Rows with replacement, for every model its own."""
    rows = torch.tensor(ROWS, dtype=torch.float32)
    return tg.Samples(ROWS), lambda: rows[torch.randint(len(rows), (MODELS, BATCH))]


def copula() -> tuple[Distribution, Draw]:
    """Four groups of five features with correlations of a half."""
    r = np.kron(np.eye(4), np.full((5, 5), 0.5))
    np.fill_diagonal(r, 1.0)
    root = torch.linalg.cholesky(torch.tensor(r)).float().T.contiguous()
    limit = torch.special.ndtri(torch.tensor(P)).item()

    def draw() -> Tensor:
        on = torch.randn(MODELS, BATCH, 20) @ root <= limit
        return torch.where(on, torch.rand(MODELS, BATCH, 20), 0.0)

    return tg.Copula(P, r), draw


def drawn(rng: np.random.Generator, count: int) -> Any:
    """Independent features, by numpy."""
    return rng.random((count, 20)) * (rng.random((count, 20)) < P)


def custom() -> tuple[Distribution, Draw]:
    """A function of one's own: the same for both."""
    rng = np.random.default_rng(0)

    def draw() -> Tensor:
        return torch.from_numpy(drawn(rng, MODELS * BATCH)).view(MODELS, BATCH, 20).float()

    return tg.Custom(drawn, 20), draw


WORKS: Final[dict[str, tuple[Callable[[], tuple[Distribution, Draw]], int, float]]] = {
    "Hierarchy": (hierarchy, 5, 40.0),
    "Mixture": (mixture, 5, 40.0),
    "Samples": (data_set, 20, 8.0),
    "Copula": (copula, 5, 20.0),
    "Custom": (custom, 5, 2.0),
}
#: What is asked beside the plain row of independent features, and at most what it may cost.
OBJECTIVES: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "L4": ({"loss_power": 4}, {}),
    "Noise": ({}, {"hidden_noise": 0.1}),
    "Penalties": ({"weight_l1": 1e-3, "weight_l2": 1e-3}, {}),
}
SIZES: Final = ((20, 5), (100, 20))
CEILING: Final = 1.3
#: Steps before the plain row is timed: its speed depends on how many outputs are active.
_SETTLE: Final = 1000


class Tegum:
    """`steps` of all models."""

    def __init__(self, law: Distribution, m: int, *asked: dict[str, Any]) -> None:
        of_problem, of_training = asked or ({}, {})
        problem = tg.Problem(law, tg.ReLUOutput(n_hidden=m), **of_problem)
        training = tg.Training(**of_training)
        self.batch = Batch(problem, (problem,), (training,), tuple(range(MODELS)), 0)
        self.engine = get_engine("sampled")
        self.state = self.engine.init(self.batch)

    def advance(self, steps: int) -> None:
        self.state = self.engine.advance(self.batch, self.state, steps, jobs=1)


class Loop:
    """The same in PyTorch, instance axis first."""

    def __init__(self, draw: Draw, n: int, m: int) -> None:
        self.draw = draw
        self.w = (torch.randn(MODELS, m, n) * (2 / (n + m)) ** 0.5).requires_grad_()
        self.b = torch.zeros(MODELS, 1, n, requires_grad=True)
        self.optimizer = torch.optim.Adam([self.w, self.b], lr=1e-3, fused=True)

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            x = self.draw()
            y = torch.relu(x @ self.w.transpose(1, 2) @ self.w + self.b)
            self.optimizer.zero_grad(set_to_none=True)
            (((x - y) ** 2).sum() / BATCH).backward()
            self.optimizer.step()


def rate(contestant: Tegum | Loop, steps: int) -> float:
    """Model-steps per second."""
    start = process_time()
    contestant.advance(steps)
    return MODELS * steps / (process_time() - start)


def race(pair: tuple[Tegum | Loop, Tegum | Loop]) -> tuple[float, float, float]:
    """The median rates of two that take turns, and the median of their ratios."""
    steps = []
    for contestant in pair:
        contestant.advance(2)
        steps.append(max(2, int(_SECONDS * rate(contestant, 2) / MODELS)))
    turns = [[rate(c, k) for c, k in zip(pair, steps, strict=True)] for _ in range(_TURNS)]
    ours, theirs = (median(column) for column in zip(*turns, strict=True))
    return ours, theirs, median(one / other for one, other in turns)


def main() -> None:
    """Print a row for each kind of data, and for each objective and size."""
    torch.set_num_threads(1)
    names = sys.argv[1:] or [*WORKS, *OBJECTIVES]
    for name in (name for name in names if name in WORKS):
        make, m, floor = WORKS[name]
        law, draw = make()
        ours, theirs, ratio = race((Tegum(law, m), Loop(draw, law.n_features, m)))
        size = f"({law.n_features},{m}) × {MODELS}"
        print(
            f"{name:10} {size:14} {ours:10.0f} {theirs:8.0f} × {ratio:5.1f} (≥ {floor:g})",
            flush=True,
        )
    for name, (n, m) in product((name for name in names if name in OBJECTIVES), SIZES):
        law = tg.Independent(n, P)
        pair = Tegum(law, m), Tegum(law, m, *OBJECTIVES[name])
        for one in pair:
            one.advance(_SETTLE)
        plain, asked, ratio = race(pair)
        size = f"({n},{m}) × {MODELS}"
        print(
            f"{name:10} {size:14} {asked:10.0f} {plain:8.0f} × {ratio:5.2f} (≤ {CEILING})",
            flush=True,
        )


if __name__ == "__main__":
    main()

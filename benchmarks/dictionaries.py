"""Sparse autoencoders: the fused kernels against a stacked PyTorch loop, in the same run.

    python benchmarks/dictionaries.py [--rounds 3] [--out benchmarks/DICTIONARIES.md]

Both train on fresh activations of batches of 1,024, on one thread, and take turns. Counted are
dictionary-steps a CPU second, of each the best round. The loop multiplies all of its codes, so that
its speed is always the same; that of the kernels depends on how many fire, so that L0 stands beside
it, of dictionaries that have been trained for some steps. Needs the extra `torch`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from contestants.sae_loop import Stack
from machine import describe

import tegum as tg
from tegum.engines.base import Batch, State
from tegum.engines.dictionaries.engine import DictionaryEngine

OUT: Final = Path(__file__).with_name("DICTIONARIES.md")
BATCH: Final = 1024


class Work(NamedTuple):
    """Dictionaries of a size, and how many steps are measured."""

    n: int
    m: int
    latents: int
    count: int
    p: float
    before: int
    steps: int
    of_loop: int


class Kind(NamedTuple):
    """A kind of codes; `scattered` starts from the loop's random W_enc in place of atoms."""

    name: str
    l1: float
    how: dict[str, Any]
    scattered: bool = False


RELU: Final = Kind("ReLU, l1 .01", 0.01, {})
JUMP: Final = Kind("JumpReLU, l1 .01", 0.01, {"kind": "jumprelu"})
FEW: Final = (RELU, Kind("TopK, k 1", 0.0, {"kind": "topk", "k": 1}), JUMP)
MIDDLE: Final = (RELU, Kind("TopK, k 8", 0.0, {"kind": "topk", "k": 8}), JUMP)
LARGE: Final = (
    RELU,
    Kind("ReLU, l1 .01, the loop's start", 0.01, {}, scattered=True),
    Kind("ReLU, l1 .3", 0.3, {}),
    Kind("TopK, k 20", 0.0, {"kind": "topk", "k": 20}),
)
WORKS: Final = (
    (Work(5, 2, 5, 1000, 0.05, 300, 300, 3), FEW),
    (Work(20, 5, 40, 100, 0.05, 300, 100, 6), FEW),
    (Work(256, 32, 128, 20, 0.05, 20, 20, 3), MIDDLE),
    (Work(512, 256, 1024, 1, 0.01, 200, 20, 8), LARGE),
)


class Trained:
    """Dictionaries that the kernels are training."""

    def __init__(self, work: Work, kind: Kind) -> None:
        self.work, self.engine = work, DictionaryEngine()
        law = tg.Activations.random(work.m, tg.Independent(work.n, work.p))
        problem = tg.Problem(law, tg.SAE(work.latents, **kind.how), l1=kind.l1)
        training = tg.Training(steps=10_000, batch_size=BATCH, held_out=2000)
        self.batch = Batch(problem, (problem,), (training,), tuple(range(work.count)), 0)
        state = self.engine.init(self.batch)
        if kind.scattered:
            encoder = self.engine.parameters(self.batch, state)["W_enc"]
            encoder[...] = np.random.default_rng(0).normal(size=encoder.shape) * 0.3
        self.state: State = self.engine.advance(self.batch, state, work.before, jobs=1)

    def rate(self) -> float:
        """Dictionary-steps a CPU second."""
        began = time.process_time()
        self.state = self.engine.advance(self.batch, self.state, self.work.steps, jobs=1)
        return self.work.count * self.work.steps / (time.process_time() - began)

    def l0(self) -> float:
        """How many latents fire, on average."""
        return float(self.engine.score(self.batch, self.state, jobs=1)["l0"].mean())


def rows_of(work: Work, kinds: tuple[Kind, ...], rounds: int) -> list[str]:
    """Lines of the table."""
    loop = Stack(work.n, work.m, work.latents, work.count, work.p, BATCH)
    ours = [Trained(work, kind) for kind in kinds]
    turns = [(loop.rate(work.of_loop), *(one.rate() for one in ours)) for _ in range(rounds)]
    theirs, *best = (max(column) for column in zip(*turns, strict=True))
    size = f"({work.n}, {work.m}, {work.latents}) × {work.count}, p = {work.p:g}"
    return [
        f"| {size} | {kind.name} | {one.l0():.3g} | {rate:,.0f} | {theirs:,.0f} "
        f"| {rate / theirs:.1f} |"
        for kind, one, rate in zip(kinds, ours, best, strict=True)
    ]


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments, machine = parser.parse_args(), describe()
    lines = [
        "# Sparse autoencoders against a stacked PyTorch loop",
        "",
        f"{machine['cpu']} ({machine['vector_units']}), one thread of each; dictionary-steps a CPU",
        "second. The loop is that of ReLU codes, `contestants/sae_loop.py`.",
        "",
        "| (features, hidden, latents) × dictionaries | codes | L0 | tegum | loop | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for work, kinds in WORKS:
        for line in rows_of(work, kinds, arguments.rounds):
            print(line, flush=True)
            lines.append(line)
    arguments.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

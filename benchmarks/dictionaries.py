"""Sparse autoencoders: the fused kernels against two that PyTorch trains, in the same run.

    python benchmarks/dictionaries.py [--rounds 3] [--out benchmarks/DICTIONARIES.md]

The first is a stacked loop. Both train on fresh activations of batches of 1,024, on one thread,
and take turns. Counted are dictionary-steps a CPU second, of each the best round. The loop
multiplies all of its codes, so that its speed is always the same; that of the kernels depends on
how many fire, so that L0 stands beside it, of dictionaries that have been trained for some steps.

The second is the trainer of SAELens, of one dictionary: on activations of the same law and W that
it finds in memory, and on fresh ones by its own generator. Needs PyTorch and sae-lens, as the
environment of `make test-saes` has them.
"""

from __future__ import annotations

import argparse
import os
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

os.environ["TQDM_DISABLE"] = "1"

import numpy as np
from contestants.sae_lens_trainer import Peer, fresh, remembered
from contestants.sae_loop import Stack
from machine import describe

import tegum as tg
from tegum.engines.base import Batch, State
from tegum.engines.dictionaries.draw import samples
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
    """A kind of codes; `scattered` starts from the loop's random W_enc in place of atoms.

    With `first`, measured are the first so many steps, in one round.
    """

    name: str
    l1: float
    how: dict[str, Any]
    scattered: bool = False
    first: int = 0


RELU: Final = Kind("ReLU, l1 .01", 0.01, {})
JUMP: Final = Kind("JumpReLU, l1 .01", 0.01, {"kind": "jumprelu"})
FEW: Final = (
    RELU,
    Kind("TopK, k 1", 0.0, {"kind": "topk", "k": 1}),
    Kind("BatchTopK, k 1", 0.0, {"kind": "batchtopk", "k": 1}),
    JUMP,
)
MIDDLE: Final = (
    RELU,
    Kind("TopK, k 8", 0.0, {"kind": "topk", "k": 8}),
    Kind("BatchTopK, k 8", 0.0, {"kind": "batchtopk", "k": 8}),
    JUMP,
)
LARGE: Final = (
    Kind("ReLU, l1 .01, the loop's start, first 2,000 steps", 0.01, {}, True, 2000),
    Kind("ReLU, l1 .01, the loop's start", 0.01, {}, True),
    RELU,
    Kind("ReLU, l1 .3", 0.3, {}),
    Kind("TopK, k 20", 0.0, {"kind": "topk", "k": 20}),
)
WORKS: Final = (
    (Work(5, 2, 5, 1000, 0.05, 300, 300, 3), FEW),
    (Work(20, 5, 40, 100, 0.05, 300, 100, 6), FEW),
    (Work(256, 32, 128, 20, 0.05, 20, 20, 3), MIDDLE),
    (Work(512, 256, 1024, 1, 0.01, 200, 20, 8), LARGE),
)
#: Single ones, against the trainer of SAELens.
SINGLE: Final = (
    Work(20, 5, 40, 1, 0.05, 300, 2000, 300),
    Work(256, 32, 128, 1, 0.05, 100, 150, 150),
)
#: How many batches it has in memory.
KEPT: Final = 64


class Trained:
    """Dictionaries that the kernels are training."""

    def __init__(self, work: Work, kind: Kind) -> None:
        self.work, self.engine = work, DictionaryEngine()
        law = tg.Activations.random(work.m, tg.Independent(work.n, work.p))
        self.first, self.truth = kind.first, law.W
        problem = tg.Problem(law, tg.SAE(work.latents, **kind.how), l1=kind.l1)
        training = tg.Training(steps=10_000, batch_size=BATCH, held_out=2000)
        self.batch = Batch(problem, (problem,), (training,), tuple(range(work.count)), 0)
        state = self.engine.init(self.batch)
        if kind.scattered:
            encoder = self.engine.parameters(self.batch, state)["W_enc"]
            encoder[...] = np.random.default_rng(0).normal(size=encoder.shape) * 0.3
        self.state: State = state
        self.advance(0 if kind.first else work.before)

    def advance(self, steps: int) -> None:
        self.state = self.engine.advance(self.batch, self.state, steps, jobs=1)

    def rate(self) -> float:
        """Dictionary-steps a CPU second; 0 for all rounds but the first where that is all."""
        began, steps = time.process_time(), self.first or self.work.steps
        if int(self.state["step"]) > 0 and self.first:
            return 0.0
        self.advance(steps)
        return self.work.count * steps / (time.process_time() - began)

    def activations(self, steps: int) -> np.ndarray:
        """(steps, batch, hidden) of those that it is trained on."""
        return samples(self.batch.problem, self.batch.training, steps=steps)

    def l0(self) -> float:
        """How many latents fire, on average."""
        self.engine.calibrate(self.batch, self.state, jobs=1)
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


def single_of(work: Work, rounds: int) -> list[str]:
    """Lines of the table of single ones."""
    own, size, numbers = Trained(work, RELU), BATCH, (work.m, work.latents, RELU.l1)
    given = {
        "in memory": remembered(own.activations(KEPT)),
        "its own": fresh(own.truth, work.p, size),
    }
    peers = [Peer(one, size, *numbers) for one in given.values()]
    turns = [(own.rate(), *(peer.rate(work.of_loop) for peer in peers)) for _ in range(rounds)]
    ours, *theirs = (max(column) for column in zip(*turns, strict=True))
    return [
        f"| ({work.n}, {work.m}, {work.latents}), p = {work.p:g} | {name} | {own.l0():.3g} "
        f"| {ours:,.0f} | {rate:,.0f} | {ours / rate:.1f} |"
        for name, rate in zip(given, theirs, strict=True)
    ]


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments, machine = parser.parse_args(), describe()
    lines = [
        "# Sparse autoencoders against a stacked PyTorch loop, and against SAELens's trainer",
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
    lines += [
        "",
        f"One dictionary, ReLU with l1 .01, and SAETrainer of sae-lens {version('sae-lens')},",
        "`contestants/sae_lens_trainer.py`: tegum draws its activations in both rows, the other",
        f"has {KEPT} batches of the same in memory, or draws its own.",
        "",
        "| (features, hidden, latents) | its activations | L0 | tegum | SAELens | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for work in SINGLE:
        for line in single_of(work, arguments.rounds):
            print(line, flush=True)
            lines.append(line)
    arguments.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

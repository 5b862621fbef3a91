"""Monosemantic neurons: the experiment's training against a PyTorch loop, in the same run.

    python benchmarks/monosemanticity.py [--rounds 3] [--out benchmarks/MONOSEMANTICITY.md]

Both train decoders of embedded features on fresh samples, by Adam, on one thread, and take turns.
Counted are steps a CPU second, of each the best round. The loop multiplies by all of its neurons,
so that its speed is always the same; the experiment's depends on how many fire, and is that of a
whole training, from its first step to its loss on held-out samples. Needs the extra `torch`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Final, NamedTuple

from contestants.decoder_loop import Loop
from machine import describe
from threadpoolctl import threadpool_limits

from tegum.experiments.monosemanticity.decoder import Descent, Size, Trained, train
from tegum.experiments.monosemanticity.measure import MONOSEMANTIC, RATE, REFERENCE, SIZE

OUT: Final = Path(__file__).with_name("MONOSEMANTICITY.md")


class Work(NamedTuple):
    """A size, samples in a step, steps of the whole training, and how many of the loop."""

    size: Size
    batch: int
    steps: int
    of_loop: int


WORKS: Final = (
    Work(SIZE, 256, 3000, 200),
    Work(REFERENCE, 256, 3000, 60),
    Work(REFERENCE, 8192, 60, 3),
)
#: Initial biases, and their decay where it is that of the experiment's published start.
STARTS: Final = ((0.0, False), (-0.2, False), (-1.0, True))


def trained(work: Work, bias: float, decays: bool) -> tuple[float, Trained]:
    """Steps a CPU second of a whole training, and its end."""
    decay = 9.83 / (RATE * work.steps / 2) if decays else 0.0
    began = time.process_time()
    end = train(work.size, Descent(work.steps, work.batch, RATE, bias, decay), 0, MONOSEMANTIC)
    return work.steps / (time.process_time() - began), end


def rows_of(work: Work, rounds: int) -> list[str]:
    """Lines of the table."""
    loop = Loop(*work.size, work.batch, 0.0)
    turns = [
        (loop.rate(work.of_loop), *(trained(work, *start) for start in STARTS))
        for _ in range(rounds)
    ]
    theirs = max(turn[0] for turn in turns)
    lines = []
    for number, (bias, decays) in enumerate(STARTS, start=1):
        rate, end = max((turn[number] for turn in turns), key=lambda pair: pair[0])
        size = f"({work.size.n}, {work.size.m}, {work.size.k}), batch {work.batch:,}"
        start = f"{bias:g}, decaying" if decays else f"{bias:g}"
        lines.append(
            f"| {size} | {start} | {work.steps:,} | {end.loss:.3f} | {end.path[-1].monosemantic} "
            f"| {rate:,.1f} | {theirs:,.1f} | {rate / theirs:.1f} |"
        )
    return lines


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments, machine = parser.parse_args(), describe()
    lines = [
        "# Monosemantic neurons against a PyTorch loop",
        "",
        f"{machine['cpu']} ({machine['vector_units']}), one thread of each; steps a CPU second, of",
        "whole trainings by the experiment `monosemanticity` and of the loop that a notebook has,",
        "`contestants/decoder_loop.py`, both by Adam. How fast the first is depends on how many",
        "neurons fire: most do at first where biases begin at 0. The last rows have the published",
        "batch, and no more than the first steps, in which many neurons still fire.",
        "",
        "| (features, dimensions, neurons) | initial bias | steps | loss | monosemantic | tegum "
        "| loop | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with threadpool_limits(limits=1, user_api="blas"):
        trained(Work(Size(4, 2, 3, 0.5), 4, 2, 1), 0.0, False)  # what is compiled
        for work in WORKS:
            for line in rows_of(work, arguments.rounds):
                print(line, flush=True)
                lines.append(line)
    arguments.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""Thin matrix products: register tiles against OpenBLAS, on the same arrays in the same run.

    python benchmarks/products.py [--out benchmarks/PRODUCTS.md]

The three products of one training step of a model (n, m) on a block of samples, on one thread:
hidden activations (samples × n by n × m), outputs (samples × m by m × n) and gradients of weights
(n × samples by samples × m). The two take turns; medians of all rounds, and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from contestants.blas import gemm
from machine import describe
from numba import njit
from threadpoolctl import threadpool_limits

from tegum.engines.sampled.dense import rows_of
from tegum.engines.sampled.product import multiply
from tegum.engines.sampled.shared import Static, work_array

OUT = Path(__file__).with_name("PRODUCTS.md")
SIZES = ((400, 30), (160, 12), (100, 40), (100, 20), (50, 10))
ROUNDS = 15
#: Multiplications and additions of one measurement.
WORK = 2e8


@njit
def _repeat_blas(times, *product):  # type: ignore[no-untyped-def]
    for _ in range(times):
        gemm(*product)


@njit
def _repeat_tiles(times, *product):  # type: ignore[no-untyped-def]
    for _ in range(times):
        multiply(*product)


def _gigaflops(repeat: Callable[..., None], product: tuple[Any, ...], cost: float) -> float:
    times = max(1, int(WORK / cost))
    began = time.thread_time()
    repeat(times, *product)
    return times * cost / (time.thread_time() - began) / 1e9


def _filled(rng: np.random.Generator, rows: int, columns: int) -> Any:
    """Random numbers, in rows that have room for vectors of 16."""
    array = work_array(rows, -(-columns // 16) * 16)
    array[:, :columns] = rng.normal(size=(rows, columns))
    return array


def compare(n: int, m: int) -> list[tuple[str, float, float]]:
    """Name, GFLOP/s of tiles and of OpenBLAS, of each product of a training step."""
    rows = rows_of(Static(n, m, 1024, True, True, False, True, 0, False))
    rng = np.random.default_rng(0)
    x, h, z = (_filled(rng, rows, size) for size in (n, m, n))
    encoder, decoder, into = _filled(rng, n, m), _filled(rng, m, n), _filled(rng, n, m)
    found = []
    for name, flip, (r, c, k), a, b, out in (
        ("hidden", False, (rows, m, n), x, encoder, h),
        ("outputs", False, (rows, n, m), h, decoder, z),
        ("gradients", True, (n, m, rows), x, h, into),
    ):
        columns, cost = -(-c // 4) * 4, 2.0 * r * c * k

        contestants = (
            (_repeat_tiles, (flip, (r, c, k), a, b, False, out)),
            (_repeat_blas, (flip, (r, columns, k), a, b, False, out)),
        )
        for repeat, product in contestants:
            repeat(1, *product)
        turns = [[_gigaflops(*each, cost) for each in contestants] for _ in range(ROUNDS)]
        mine, theirs = (statistics.median(column) for column in zip(*turns, strict=True))
        found.append((name, mine, theirs))
    return found


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    out, machine = parser.parse_args().out, describe()
    lines = [
        "# Thin matrix products",
        "",
        f"{machine['cpu']} ({machine['vector_units']}), one thread.",
        "",
        "| model | product | tiles, GFLOP/s | OpenBLAS, GFLOP/s | ratio |",
        "|---|---|---|---|---|",
    ]
    with threadpool_limits(limits=1, user_api="blas"):
        for n, m in SIZES:
            for name, tiles, blas in compare(n, m):
                ratio = tiles / blas
                lines.append(f"| ({n},{m}) | {name} | {tiles:.0f} | {blas:.0f} | {ratio:.2f} |")
                print(lines[-1], flush=True)
    out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

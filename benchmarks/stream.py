"""Words of the random stream, for dieharder (a package of Debian) and what else reads words.

    python benchmarks/stream.py --words | dieharder -a -g 200        # one seed
    python benchmarks/stream.py --out benchmarks/STREAM.md           # the battery, a table

Words are interleaved as a run uses them: 64 samples of each of 61 features, of each of 8 seeds,
step after step. `--out` repeats what dieharder calls weak on four other run seeds.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.sampled.random import TRAIN, draw, i64, step_key, stream, u32, u64

FEATURES, SAMPLES, SEEDS = 61, 64, 8
RUN_SEEDS = (0,)
OTHERS = (1, 2, 3, 4)
#: By the names of its table what dieharder's tests are asked for by.
NUMBERS = {
    "diehard_birthdays": 0, "diehard_operm5": 1, "diehard_rank_32x32": 2, "diehard_rank_6x8": 3,
    "diehard_bitstream": 4, "diehard_opso": 5, "diehard_oqso": 6, "diehard_dna": 7,
    "diehard_count_1s_str": 8, "diehard_count_1s_byt": 9, "diehard_parking_lot": 10,
    "diehard_2dsphere": 11, "diehard_3dsphere": 12, "diehard_squeeze": 13, "diehard_sums": 14,
    "diehard_runs": 15, "diehard_craps": 16, "marsaglia_tsang_gcd": 17, "sts_monobit": 100,
    "sts_runs": 101, "sts_serial": 102, "rgb_bitdist": 200, "rgb_minimum_distance": 201,
    "rgb_permutations": 202, "rgb_lagged_sum": 203, "rgb_kstest_test": 204,
    "dab_bytedistrib": 205, "dab_dct": 206, "dab_filltree": 207, "dab_filltree2": 208,
    "dab_monobit2": 209,
}  # fmt: skip


@njit
def fill(keys, step, out):  # type: ignore[no-untyped-def]
    """out (seed, feature, sample) <- the words of one step."""
    for s in range(keys.shape[0]):
        key = step_key(keys[s], TRAIN, step)
        low, high = u32(key), u32(key >> u64(32))
        for f in range(out.shape[1]):
            own = stream(low, high, i64(f))
            for t in range(out.shape[2]):
                out[s, f, t] = draw(u32(t), own, high)


def write_words(run_seed: int) -> None:
    """Words on the standard output, until nobody reads them."""
    problem = tg.Problem(tg.Independent(FEATURES, 0.1), tg.ReLUOutput(2))
    batch = Batch(problem, (problem,), (tg.Training(),), tuple(range(SEEDS)), run_seed)
    keys, out = batch.addresses(), np.zeros((SEEDS, FEATURES, SAMPLES), np.uint32)
    step = 0
    while True:
        fill(keys, step, out)
        step += 1
        try:
            sys.stdout.buffer.write(out.tobytes())
        except BrokenPipeError:
            sys.stdout = None  # nothing is left to flush
            return


def battery(run_seed: int, *options: str) -> list[list[str]]:
    """Lines of dieharder: test, number of bits, samples, repetitions, p, assessment."""
    words = [sys.executable, __file__, "--words", "--run-seed", str(run_seed)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as source:
        found = subprocess.run(
            ["dieharder", "-g", "200", *options], stdin=source.stdout, capture_output=True,
            text=True, check=True,
        ).stdout  # fmt: skip
        source.kill()
    lines = [[part.strip() for part in line.split("|")] for line in found.splitlines()]
    return [line for line in lines if len(line) == 6 and line[-1] in {"PASSED", "WEAK", "FAILED"}]


def report() -> str:
    """What the battery found, as Markdown."""
    rows, weak = [], []
    for run_seed in RUN_SEEDS:
        lines = battery(run_seed, "-a")
        counts = [sum(line[-1] == word for line in lines) for word in ("PASSED", "WEAK", "FAILED")]
        rows.append(f"| {run_seed} | {len(lines)} | {' | '.join(map(str, counts))} |")
        weak += [(run_seed, line) for line in lines if line[-1] != "PASSED"]
    again = []
    for run_seed, (name, bits, *_, p, word) in weak:
        others = [
            line[4]
            for other in OTHERS
            for line in battery(
                other, "-d", str(NUMBERS[name]), *(("-n", bits) if bits != "0" else ())
            )
            if line[0] == name and line[1] == bits
        ]
        again.append(f"| {run_seed} | {name} {bits} | {p} ({word}) | {', '.join(others)} |")
    return "\n".join(
        [
            "# The random stream under dieharder",
            "",
            f"Measured {date.today()} with `dieharder -a -g 200`, by `benchmarks/stream.py`.",
            "",
            f"Words of {SEEDS} seeds, {FEATURES} features, {SAMPLES} samples, step after step. Of",
            "tests of a right generator 1 % are weak (p < .005 or > .995) and .0001 % fail.",
            "",
            "| run seed | tests | passed | weak | failed |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "What was weak, repeated on other seeds:",
            "",
            "| run seed | test | p | p with run seeds " + ", ".join(map(str, OTHERS)) + " |",
            "|---|---|---|---|",
            *(again or ["| | none | | |"]),
            "",
        ]
    )


def main() -> Any:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--words", action="store_true", help="words on the standard output")
    parser.add_argument("--run-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="run the battery, write a table")
    given = parser.parse_args()
    if given.words:
        return write_words(given.run_seed)
    if shutil.which("dieharder") is None:
        return "dieharder is not there: apt install dieharder"
    text = report()
    if given.out:
        given.out.write_text(text)
    print(text)
    return None


if __name__ == "__main__":
    sys.exit(main())

"""Faults on purpose: killed trainings, changed bytes, full disks, folders that are taken away.

    make test-faults        or: python tests/faults/run.py --kills 500 --flips 2000

Prints what came of each kind and writes it to `benchmarks/FAULTS.md`; exits with 1 if anything was
wrong: other bits than those of an undisturbed run, damage that nobody noticed, more than one line
of error, a process that died by itself. The moments, places and bits follow from `--seed`, but how
far a process is at a moment is the machine's affair.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL"):  # no threads: this process forks
    os.environ[f"{library}_NUM_THREADS"] = "1"
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import flips  # noqa: E402
import kills  # noqa: E402
import places  # noqa: E402
from children import Tally  # noqa: E402
from runs import Case  # noqa: E402

RESULTS = HERE.parents[1] / "benchmarks" / "FAULTS.md"
HEAD = """# Faults on purpose

`make test-faults` stops trainings at random moments, changes bytes of files, fills disks and takes
folders away, and counts what came of it. Wrong is: other bits than those of an undisturbed run,
damage that nobody noticed, an error of more than one line, a process that dies by itself.

| what was done | tried | what came of it | wrong |
| :-- | --: | :-- | --: |
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--flips", type=int, default=2000)
    parser.add_argument("--disks", type=int, default=60)
    parser.add_argument("--folders", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=20.0, help="nothing is begun after them")
    given = parser.parse_args()
    began = time.monotonic()
    until = began + 60 * given.minutes
    tallies: list[Tally] = []
    with tempfile.TemporaryDirectory(prefix="tegum-faults-") as name:
        case = Case.prepared(Path(name))
        steps = (
            lambda: kills.run(case, given.kills, given.seed, until),
            lambda: flips.run(case, given.flips, given.seed, until),
            lambda: places.full_disks(case, given.disks, given.seed, until),
            lambda: places.folders(case, given.folders, given.seed, until),
        )
        for step in steps:
            for tally in step():
                tallies.append(tally)
                print(tally.line(), flush=True)
                for detail in tally.details[:5]:
                    print(f"    {detail}")
    rows = "".join(f"{tally.line()}\n" for tally in tallies)
    minutes = (time.monotonic() - began) / 60
    wrong = sum(tally.wrong for tally in tallies)
    options = " ".join(f"--{k} {v}" for k, v in vars(given).items() if k != "minutes")
    end = f"\n`{options}`, {minutes:.1f} minutes, {wrong} wrong.\n"
    RESULTS.write_text(HEAD + rows + end, "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

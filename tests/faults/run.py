"""Faults on purpose: killed trainings, changed bytes, full disks, folders that are taken away.

    make test-faults        or: python tests/faults/run.py --kills 500 --flips 2000

Prints what came of each kind and writes it to `benchmarks/FAULTS.md`; exits with 1 if anything was
wrong: other bits than those of an undisturbed run, damage that nobody noticed, more than one line
of error, a process that died by itself. The moments, places and bits follow from `--seed`, but how
far a process is at a moment is the machine's affair.
"""

from __future__ import annotations

import argparse
import json
import math
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
from children import Tally, fork, wait  # noqa: E402
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
    parser.add_argument("--jobs", type=int, default=2, help="processes that share all this")
    parser.add_argument("--minutes", type=float, default=20.0, help="nothing is begun after them")
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tegum-faults-") as name:
        case = Case.prepared(Path(name) / "0")
        copies = [case.copied(Path(name) / f"{k + 1}") for k in range(given.jobs)]
        workers = [
            (
                fork(lambda k=k: _share(copies[k], given, k, began), log := Path(name) / f"log{k}"),
                log,
            )
            for k in range(given.jobs)
        ]
        tallies: dict[str, Tally] = {}
        for ended in [wait(child, log, math.inf) for child, log in workers]:
            if not ended.done:
                raise SystemExit(f"a worker ended with {ended.code}: {ended.said}")
            for tally in map(Tally.read, json.loads(ended.said)):
                tallies.setdefault(tally.what, Tally(tally.what)).merge(tally)
    return _report(list(tallies.values()), given, (time.monotonic() - began) / 60)


def _share(case: Case, given: argparse.Namespace, number: int, began: float) -> str:
    """What one of the processes does; its tallies as JSON."""
    until = began + 60 * given.minutes

    def share(of: int) -> int:
        return of // given.jobs + (number < of % given.jobs)

    seed = given.seed * 1000 + number
    steps = (
        flips.run(case, share(given.flips), seed, until),
        places.full_disks(case, share(given.disks), seed, until),
        places.folders(case, share(given.folders), seed, until),
        kills.compiling(case, share(given.kills // 5), seed, until),
        kills.run(case, share(given.kills), seed, until),
    )
    return json.dumps([vars(tally) for step in steps for tally in step])


def _rows() -> dict[str, str]:
    """The rows of the results so far: what is not tried now stays."""
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    table = [line for line in lines if line.startswith("| ")][1:]
    return {line.split(" | ")[0].removeprefix("| "): line for line in table if ":--" not in line}


def _report(tallies: list[Tally], given: argparse.Namespace, minutes: float) -> int:
    for tally in tallies:
        print(tally.line())
        for detail in tally.details[:5]:
            print(f"    {detail}")
    rows = _rows()
    rows.update({tally.what: tally.line() for tally in tallies if tally.tried})
    wrong = sum(tally.wrong for tally in tallies)
    said = ("kills", "flips", "disks", "folders", "seed", "jobs")
    options = " ".join(f"--{name} {getattr(given, name)}" for name in said)
    end = f"\n\nThe last run: `{options}`, {minutes:.1f} minutes.\n"
    RESULTS.write_text(HEAD + "\n".join(rows.values()) + end, "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.fuzz`: look for inputs that tegum neither takes nor refuses in a line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # what tests share lies beside this folder

from fuzz import Found, names, search


def main() -> int:
    """Try what was asked for; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--surface", action="append", choices=names(), help="all by default")
    parser.add_argument("--seconds", type=float, default=3600.0, help="for all of them together")
    parser.add_argument("--inputs", type=int, help="at most so many of each")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    surfaces = asked.surface or names()
    found = [search(name, asked.seed, asked.seconds / len(surfaces), asked.inputs)
             for name in surfaces]  # fmt: skip
    for one in found:
        tell(one)
    return int(any(one.wrong for one in found))


def tell(found: Found) -> None:
    """What was tried and found, on stdout."""
    for place, count in found.wrong.most_common():
        one, why = found.first[place]
        print(f"--- {found.surface}: {place} ({count} times), first:\n{one!r}\n{why}")
    print(f"{found.surface}: {found.tried} inputs, {found.wrong.total()} wrong, "
          f"in {len(found.wrong)} places", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

"""Whether two report folders say the same: verdicts, tables and figures, byte for byte.

    python tests/same_report.py BEFORE AFTER

Prints what differs, in a line each, and exits with 1 if anything does. Times are those of a run,
not of a result, and do not count; nor do the pages, which hold both.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Fields of `claims.json` that say how long a run took, or are made of them.
OF_THE_RUN = ("seconds", "checksum")


def differences(before: Path, after: Path) -> Iterator[str]:
    """What is not the same in both folders, a line each."""
    yield from _claims(before / "claims.json", after / "claims.json")
    for folder in ("tables", "figures"):
        old, new = _files(before / folder), _files(after / folder)
        yield from (f"{folder}/{name} is only in {before}" for name in sorted(old.keys() - new))
        yield from (f"{folder}/{name} is only in {after}" for name in sorted(new.keys() - old))
        for name in sorted(old.keys() & new):
            if old[name].read_bytes() != new[name].read_bytes():
                yield f"{folder}/{name} differs"


def _claims(before: Path, after: Path) -> Iterator[str]:
    old, new = _by_id(before), _by_id(after)
    yield from (f"claim {name} is only in {before}" for name in sorted(old.keys() - new))
    yield from (f"claim {name} is only in {after}" for name in sorted(new.keys() - old))
    if not old.keys() ^ new and list(old) != list(new):
        yield "claims have another order"
    for name in (name for name in old if name in new):
        for field in sorted(old[name].keys() | new[name]):
            one, other = old[name].get(field), new[name].get(field)
            if field not in OF_THE_RUN and one != other:
                yield f"claim {name}, {field}: {one!r} became {other!r}"


def _by_id(path: Path) -> dict[str, dict[str, Any]]:
    return {claim["id"]: claim for claim in json.loads(path.read_text("utf-8"))}


def _files(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.iterdir() if path.is_file()}


def main(arguments: list[str]) -> int:
    """Compare two folders; the exit status."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    found = list(differences(*map(Path, arguments)))
    print("\n".join(found) or "the same verdicts, tables and figures")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

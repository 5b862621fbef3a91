"""How far a run is, in a file beside its report: what a run of the same kind goes on from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Final

from tegum import checksum
from tegum.report.facts import RunFacts
from tegum.report.files import RUN
from tegum.report.summary import Report

#: What a report has of an experiment, from least to most.
TO_COME, QUICK, FULL = "to come", "quick", "full"
_ORDER: Final = (TO_COME, QUICK, FULL)
#: Facts in which runs of one kind may differ.
_OWN: Final = ("command", "started", "jobs")


def standing(report: Report) -> dict[str, str]:
    """What the report has of each experiment, by name, those to come last."""
    found = {d.experiment.name: QUICK if d.outcome.quick else FULL for d in report.finished}
    return found | {experiment.name: TO_COME for experiment in report.waiting}


def to_json(report: Report) -> str:
    """The facts that make a run one of a kind, and its `standing`, as JSON with a checksum."""
    said = {**_kind(report.facts), "experiments": standing(report)}
    return json.dumps({**said, "checksum": checksum.of_json(said)}, indent=2) + "\n"


def earlier(folder: Path, facts: RunFacts) -> dict[str, str]:
    """What a run of the same kind left in a folder; nothing where there was none."""
    try:
        said = json.loads((folder / RUN).read_text("utf-8"))
        sound = said.pop("checksum") == checksum.of_json(said)
        experiments = {e: has for e, has in said.pop("experiments").items() if has in _ORDER}
    except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return {}  # it is a file like any other, that anybody may have written
    return experiments if sound and said == _kind(facts) else {}


def is_as_good(now: Mapping[str, str], before: Mapping[str, str]) -> bool:
    """Whether there is as much of each experiment as before, of those that there are now."""
    return all(_ORDER.index(has) >= _ORDER.index(before.get(e, TO_COME)) for e, has in now.items())


def _kind(facts: RunFacts) -> dict[str, str]:
    kept = {name: text for name, text in facts.rows() if name not in _OWN}
    return {**kept, "sources": _sources()}


@cache
def _sources() -> str:
    """A digest of what all of tegum's code says."""
    home = Path(str(resources.files("tegum")))
    digest = blake2b(digest_size=8)
    for path in sorted(home.rglob("*.py")):
        digest.update(f"{path.relative_to(home).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()

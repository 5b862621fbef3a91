"""Write docs/loose.md: `python docs/make_loose.py tegum-report`, the folder of a full run.

The statements and rules are those of the experiments as they are, the numbers those of the run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from tegum.experiments.base import Claim, Experiment
from tegum.report.discovery import list_experiments

PAGE = Path(__file__).with_name("loose.md")

_HEAD = """\
# What is loose in the paper, claim by claim

Every claim that is recorded as differing: what is said, in our words; why it is not so, or not
quite; the rule; the numbers of a full run of `tegum reproduce`, and on how many models they rest.
[What is loose in the paper](explanation/loose.md) tells most of it as a story. All other claims are
in [the list of all](claims.md).

<!-- Made by docs/make_loose.py from src/tegum/experiments and a report: edit the claims there. -->
"""
_MARK = "(Recorded as differing"


def differing() -> list[tuple[Claim, Experiment]]:
    """The claims that are known not to hold, in the order of their items."""
    found = [
        (claim, experiment)
        for experiment in list_experiments()
        for claim in experiment.claims
        if claim.expected == "differs"
    ]
    return sorted(found, key=lambda pair: (pair[0].item, pair[0].id))


def parted(statement: str) -> tuple[str, str]:
    """What is claimed, and why it is not so: what stands in brackets after it."""
    said, _, why = statement.partition(_MARK)
    why = why.lstrip(" :.,").rstrip().removesuffix(")")
    # a sentence begins with a capital letter, but for one that begins with a symbol, as b_i
    first = why.partition(" ")[0]
    word = first == "a" or (first[:2].isalpha() and len(first) > 1 and "_" not in first)
    return said.strip(), why[:1].upper() + why[1:] if word else why


def page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page, with the results of a report by claim."""
    parts = [_HEAD]
    for section, group in groupby(differing(), key=lambda pair: pair[0].section):
        parts.append(f"\n## {section}\n")
        parts += [_entry(claim, experiment, results[claim.id]) for claim, experiment in group]
    return "".join(parts)


def _entry(claim: Claim, experiment: Experiment, result: Mapping[str, Any]) -> str:
    said, why = parted(claim.statement)
    because = f"**Instead:** {why}\n\n" if why else ""
    shown = ", ".join(f"`{name}`" for name in claim.evidence) or "none"
    return (
        f"\n### {claim.id}\n\n{said}\n\n{because}"
        f"> Rule: {claim.rule}\n\n"
        f"**Measured:** {result['measured']}\n\n"
        f"**How sure:** {_sure(result)}; `tegum reproduce {experiment.name}` draws {shown}.\n"
    )


def _sure(result: Mapping[str, Any]) -> str:
    """How many models the experiment trained, and how many seeds of each."""
    if not result["models"]:
        return "exact, no model is trained"
    seeds = sorted(result["seeds"])
    each = f"{seeds[0]}" if seeds[0] == seeds[-1] else f"{seeds[0]} to {seeds[-1]}"
    return f"{result['models']:,} models in this experiment, {each} seeds each"


def main() -> None:
    """Read the report, and write the page."""
    report = json.loads((Path(sys.argv[1]) / "claims.json").read_text("utf-8"))
    results = {result["id"]: result for result in report}
    quick = [claim.id for claim, _ in differing() if results.get(claim.id, {}).get("quick", True)]
    if quick:
        sys.exit(f"{sys.argv[1]} has no full results of claims {', '.join(quick)}")
    PAGE.write_text(page(results), "utf-8")


if __name__ == "__main__":
    main()

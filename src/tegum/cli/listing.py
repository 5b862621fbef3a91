"""`tegum list`: the experiments there are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tegum.cli.options import Flag
from tegum.cli.terminal import print_table

if TYPE_CHECKING:
    from tegum.experiments.base import Experiment


@dataclass(frozen=True)
class List:
    """List the experiments that `tegum reproduce` runs."""

    json: Flag = False
    """Print JSON."""

    def run(self, arguments: list[str]) -> int:
        """Print name, items, claims and title of each experiment."""
        from tegum.report.overview import Entry, overview

        entries = None if self.json else overview()
        if entries is None:
            from tegum.report.discovery import list_experiments

            experiments = list_experiments()
            if self.json:
                print(json.dumps([_entry(e) for e in experiments], indent=2, ensure_ascii=False))
                return 0
            entries = [Entry(e.name, e.title, e.items, len(e.claims)) for e in experiments]
        rows = [(e.name, _span(e.items), str(e.claims), e.title) for e in entries]
        print_table(("name", "items", "claims", "title"), rows, right=(2,))
        return 0


def _entry(experiment: Experiment) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "title": experiment.title,
        "section": experiment.section,
        "items": list(experiment.items),
        "summary": experiment.summary,
        "figures": [figure.name for figure in experiment.figures],
        "claims": [
            {"id": claim.id, "statement": claim.statement, "expected": claim.expected}
            for claim in experiment.claims
        ],
    }


def _span(items: tuple[int, ...]) -> str:
    return ", ".join(str(item) for item in items)

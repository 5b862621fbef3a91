"""Every figure and claim of the experiments, with the verdicts of a report and models to open."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tegum.explorer.frames import to_json
from tegum.explorer.presets import presets_of
from tegum.report.discovery import list_experiments
from tegum.report.summary import figure_file


def gallery(report: Path | None) -> dict[str, Any]:
    """As the protocol says; without a report folder there are no pictures and no verdicts."""
    verdicts = _verdicts(report)
    experiments = []
    for experiment in list_experiments():
        found = {
            claim.id: verdicts[claim.id] for claim in experiment.claims if claim.id in verdicts
        }
        experiments.append(
            {
                "name": experiment.name,
                "title": experiment.title,
                "section": experiment.section,
                "summary": experiment.summary,
                "ran": bool(found),
                "presets": [preset.data() for preset in presets_of(experiment)],
                "figures": [
                    {
                        "name": figure.name,
                        "caption": figure.caption,
                        **{kind: _figure(report, experiment.name, figure.name, kind)
                           for kind in ("svg", "png")},
                    }
                    for figure in experiment.figures
                ],
                "claims": [
                    {
                        "id": claim.id,
                        "statement": claim.statement,
                        "rule": claim.rule,
                        "evidence": list(claim.evidence),
                        "status": found.get(claim.id, {}).get("status"),
                        "expected": claim.expected,
                        "measured": found.get(claim.id, {}).get("measured"),
                    }
                    for claim in experiment.claims
                ],
            }
        )  # fmt: skip
    return {"report": _about(report, verdicts), "experiments": experiments}


def _about(report: Path | None, verdicts: dict[str, Any]) -> dict[str, Any] | None:
    if report is None:
        return None
    quick = any(bool(entry.get("quick")) for entry in verdicts.values())
    page = "/report/report.html" if (report / "report.html").is_file() else None
    return {"folder": str(report), "page": page, "quick": quick}


def _verdicts(report: Path | None) -> dict[str, dict[str, Any]]:
    """The entries of claims.json by claim; none where it cannot be read."""
    if report is None:
        return {}
    try:
        entries = json.loads((report / "claims.json").read_text("utf-8"))
        return {str(entry["id"]): entry for entry in entries}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _figure(report: Path | None, experiment: str, figure: str, kind: Any) -> str | None:
    if report is None:
        return None
    file = figure_file(experiment, figure, kind)
    return f"/report/{file}" if (report / file).is_file() else None


def main() -> None:
    """The gallery of the report folder in the arguments on stdout, as JSON."""
    folder = sys.argv[1]
    print(to_json(gallery(Path(folder) if folder else None)))

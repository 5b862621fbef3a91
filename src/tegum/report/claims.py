"""Verdicts as JSON: one object per claim, each with a checksum of the rest of it."""

from __future__ import annotations

import json
import math
from typing import Any

from tegum.checksum import of_json
from tegum.experiments.base import Verdict
from tegum.report.run import Finished
from tegum.report.summary import Report, evidence


def to_json(report: Report) -> str:
    """The verdicts of every finished experiment, as a JSON list."""
    found = [_claim(done, verdict) for done, verdict in report.verdicts]
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _claim(done: Finished, verdict: Verdict) -> dict[str, Any]:
    claim, judgement = verdict.claim, verdict.judgement
    failure = done.failure_of(verdict)
    entry: dict[str, Any] = {
        "item": claim.item,
        "id": claim.id,
        "section": claim.section,
        "statement": claim.statement,
        "rule": claim.rule,
        "measured": judgement.measured,
        "status": judgement.status,
        "expected": claim.expected,
        "evidence": [file for _, file in evidence(done, verdict)],
        "values": {name: _number(value) for name, value in judgement.values.items()},
        "experiment": verdict.experiment,
        "quick": done.outcome.quick,
        "seconds": round(done.outcome.seconds, 3),
        "models": done.models,
        "seeds": done.seeds,
    }
    if failure is not None:
        entry["error"] = failure.message
    return {**entry, "checksum": of_json(entry)}


def _number(value: float) -> float | str:
    number = float(value)
    # JSON has no infinities and no NaN.
    return number if math.isfinite(number) else str(number)

"""docs/claims.md is what docs/make_claims.py makes of the experiments as they are."""

from __future__ import annotations

import runpy
from pathlib import Path

from tegum.report.discovery import list_experiments

SCRIPT = Path(__file__).parents[1] / "docs" / "make_claims.py"


def test_the_page_is_up_to_date_and_lists_every_claim() -> None:
    made = runpy.run_path(str(SCRIPT))["page"]()
    kept = SCRIPT.with_name("claims.md").read_text("utf-8")
    assert kept == made, "run python docs/make_claims.py"
    for experiment in list_experiments():
        for claim in experiment.claims:
            assert kept.count(f"**{claim.id}** (`tegum reproduce {experiment.name}`)") == 1
            assert claim.statement in kept
            assert claim.rule in kept

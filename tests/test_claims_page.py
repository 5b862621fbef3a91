"""docs/claims.md is what docs/make_claims.py makes of the experiments as they are."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

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


def test_the_page_of_what_is_loose_lists_what_differs_with_its_numbers() -> None:
    loose = runpy.run_path(str(SCRIPT.with_name("make_loose.py")))
    kept = SCRIPT.with_name("loose.md").read_text("utf-8")
    titles = [line.removeprefix("### ") for line in kept.splitlines() if line.startswith("### ")]
    assert titles == [claim.id for claim, _ in loose["differing"]()]
    for claim, experiment in loose["differing"]():
        own = kept.partition(f"### {claim.id}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
        said, why = loose["parted"](claim.statement)
        assert (said in own, why in own, f"> Rule: {claim.rule}\n" in own) == (True,) * 3
        assert f"`tegum reproduce {experiment.name}`" in own
        assert own.partition("**Measured:** ")[2].partition("\n")[0].strip()


def test_what_stands_in_brackets_is_the_reason() -> None:
    loose = runpy.run_path(str(SCRIPT.with_name("make_loose.py")))
    assert loose["parted"]("Twice two is five. (Recorded as differing: it is four (or so).)") == (
        "Twice two is five.",
        "It is four (or so).",
    )
    assert loose["parted"]("So it is.") == ("So it is.", "")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (": a start tends to it", "A start tends to it"),
        (", for the reason of 18.b: they lean", "For the reason of 18.b: they lean"),
        (". Unseen so far", "Unseen so far"),
        (": b_i is negative", "b_i is negative"),
        (": W⁺ is not", "W⁺ is not"),
        (": ‖W_i‖ is above 1", "‖W_i‖ is above 1"),
        (": 1 − S is small", "1 − S is small"),
        (": p is small", "p is small"),
        (": sup_i tells", "sup_i tells"),
    ],
)
def test_the_reason_is_a_sentence_of_its_own(written: str, read: str) -> None:
    """Symbols stay as they are: B_i is another than b_i."""
    loose = runpy.run_path(str(SCRIPT.with_name("make_loose.py")))
    assert loose["parted"](f"Said. (Recorded as differing{written}.)") == ("Said.", f"{read}.")
    kept = SCRIPT.with_name("loose.md").read_text("utf-8")
    begin = [line[13:14] for line in kept.splitlines() if line.startswith("**Instead:** ")]
    assert not set(begin) & set(",.:;")

"""A report grows with its run: it is whole after every experiment, quick or full."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_lab import finished_fakes, run_facts

from tegum.report.html import STANDS_IN
from tegum.report.output import ReportFolder
from tegum.report.run import Finished


@pytest.fixture(scope="module")
def finished() -> tuple[Finished, ...]:
    return finished_fakes()


def test_the_report_grows_with_the_run(tmp_path: Path, finished: tuple[Finished, ...]) -> None:
    experiments = [done.experiment for done in finished]
    report = ReportFolder(tmp_path, run_facts(), experiments)
    report.add(finished[0])
    assert "Still to run: training-run." in (tmp_path / "report.html").read_text("utf-8")
    assert len(json.loads((tmp_path / "claims.json").read_text())) == 3
    report.add(finished[1])
    assert "Still to run" not in (tmp_path / "report.html").read_text("utf-8")
    assert len(json.loads((tmp_path / "claims.json").read_text())) == 5
    assert not report.report.as_expected


def test_quick_results_stand_in_and_are_replaced(
    tmp_path: Path, finished: tuple[Finished, ...]
) -> None:
    experiments = [done.experiment for done in finished]
    report = ReportFolder(tmp_path, run_facts(quick=False), experiments)
    for done in finished:
        report.add(done)
    # of two claims of the second one was not tested and one is a surprise; of three one is open
    assert [e.name for e in report.report.to_come] == ["training-run", "antipodal-pairs"]
    markdown, page = (tmp_path / "report.md", tmp_path / "report.html")
    assert "Still to run in full: training-run, antipodal-pairs." in page.read_text("utf-8")
    assert page.read_text("utf-8").count(STANDS_IN) == 5
    assert markdown.read_text("utf-8").count("** (quick) |") == 5
    whole = replace(finished[1], outcome=replace(finished[1].outcome, quick=False))
    report.add(whole)
    assert report.report.finished == (finished[0], whole)
    assert "Still to run in full: antipodal-pairs." in page.read_text("utf-8")
    assert page.read_text("utf-8").count(STANDS_IN) == 3
    claims = json.loads((tmp_path / "claims.json").read_text())
    assert [claim["quick"] for claim in claims] == [True] * 3 + [False] * 2

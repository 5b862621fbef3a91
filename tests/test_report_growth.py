"""A report grows with its run: it is whole after every experiment, quick or full."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_lab import FAKES, finished_fakes, run_facts

from tegum.cli.main import main
from tegum.experiments.base import Lab, Tables
from tegum.report import facts, overview
from tegum.report.html import STANDS_IN
from tegum.report.output import ReportFolder
from tegum.report.run import Finished
from tegum.report.summary import in_words


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
    assert in_words(report.report).startswith("5 claims, all by quick runs: 1 holds; ")
    assert "Still to run in full: training-run, antipodal-pairs." in page.read_text("utf-8")
    assert page.read_text("utf-8").count(STANDS_IN) == 5
    assert markdown.read_text("utf-8").count("** (quick) |") == 5
    whole = replace(finished[1], outcome=replace(finished[1].outcome, quick=False))
    report.add(whole)
    assert report.report.finished == (finished[0], whole)
    assert "Still to run in full: antipodal-pairs." in page.read_text("utf-8")
    assert page.read_text("utf-8").count(STANDS_IN) == 3
    assert '<li class="quick"><b>3</b>of these by quick runs</li>' in page.read_text("utf-8")
    assert "5 claims, 3 by quick runs: " in markdown.read_text("utf-8")
    claims = json.loads((tmp_path / "claims.json").read_text())
    assert [claim["quick"] for claim in claims] == [True] * 3 + [False] * 2


def full(done: Finished) -> Finished:
    return replace(done, outcome=replace(done.outcome, quick=False))


def begun(folder: Path, finished: tuple[Finished, ...], **other: object) -> ReportFolder:
    """A full run of the fakes that begins in a folder."""
    about = replace(run_facts(quick=False), command="tegum reproduce again", **other)
    return ReportFolder(folder, about, [done.experiment for done in finished])


def test_a_run_that_goes_on_never_leaves_less_than_was_there(
    tmp_path: Path, finished: tuple[Finished, ...]
) -> None:
    first, second = finished
    stopped = begun(tmp_path, finished)
    assert stopped.done_before == ()
    for done in (first, second, full(second)):
        stopped.add(done)
    assert json.loads((tmp_path / "run.json").read_text())["experiments"] == {
        "antipodal-pairs": "quick",
        "training-run": "full",
    }
    names = ("report.html", "report.md", "claims.json", "run.json")
    left = [(tmp_path / name).read_bytes() for name in names]
    again = begun(tmp_path, finished)
    assert again.done_before == (second.experiment,)
    again.add(full(second))  # of the first there is nothing yet
    assert [(tmp_path / name).read_bytes() for name in names] == left
    again.add(first)
    claims = json.loads((tmp_path / "claims.json").read_text())
    assert [claim["quick"] for claim in claims] == [True] * 3 + [False] * 2
    again.add(full(first))
    assert STANDS_IN not in (tmp_path / "report.html").read_text("utf-8")
    assert begun(tmp_path, finished).done_before == (first.experiment, second.experiment)


def test_what_another_run_left_is_replaced(tmp_path: Path, finished: tuple[Finished, ...]) -> None:
    def left() -> None:
        report = begun(tmp_path, finished)
        for done in finished:
            report.add(full(done))
        assert begun(tmp_path, finished).done_before != ()

    left()
    for other in ({"run_seed": 4}, {"fine": True}, {"version": "0"}, {"libraries": "numpy 1"}):
        assert begun(tmp_path, finished, **other).done_before == ()
    file = tmp_path / "run.json"
    for text in (file.read_text().replace("full", "quick", 1), "[]", "{}", '{"checksum": 1}', "["):
        file.write_text(text)
        assert begun(tmp_path, finished).done_before == ()
    left()
    (tmp_path / "report.html").unlink()
    assert begun(tmp_path, finished).done_before == ()
    another = begun(tmp_path, finished, run_seed=4)
    another.add(finished[0])
    assert "Still to run: training-run." in (tmp_path / "report.html").read_text("utf-8")


def test_files_that_full_results_do_not_have_go(
    tmp_path: Path, finished: tuple[Finished, ...]
) -> None:
    quick = finished[0]
    report = begun(tmp_path, finished)
    report.add(quick)
    had = {path.name for path in tmp_path.glob("*/*")}
    fewer = replace(quick, drawings=quick.drawings[1:])
    report.add(full(fewer))
    name = f"antipodal-pairs-{quick.drawings[0].name}"
    assert had - {path.name for path in tmp_path.glob("*/*")} == {f"{name}.svg", f"{name}.png"}


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake experiments, in a world without clocks."""
    monkeypatch.setattr(overview, "PACKAGE", FAKES)
    same = run_facts(quick=False)
    monkeypatch.setattr(facts, "gather", lambda *_: same)
    monkeypatch.setattr("tegum.report.output.time.monotonic", lambda: 0.0)
    monkeypatch.setattr("tegum.report.run.time.perf_counter", lambda: 0.0)


def report_in(folder: Path) -> dict[str, bytes]:
    """All files of a report, but for the store."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: body for name, body in names.items() if not name.startswith("store/")}


@pytest.mark.usefixtures("still")
def test_a_full_report_is_the_same_with_and_without_the_quick_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["reproduce", "--jobs", "1", "--out"]
    assert main([*run, str(tmp_path / "grown")]) == 1
    assert "quick 2/2" in capsys.readouterr().err
    assert main([*run, str(tmp_path / "direct"), "--no-preview"]) == 1
    assert "quick" not in capsys.readouterr().err
    grown, direct = report_in(tmp_path / "grown"), report_in(tmp_path / "direct")
    assert len(grown) > 8
    assert grown == direct


@pytest.mark.usefixtures("still")
def test_a_run_that_was_stopped_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import fake_experiments.antipodal_pairs as pairs

    usual = pairs.EXPERIMENT

    def interrupted(lab: Lab) -> Tables:
        if lab.quick:
            return usual.measure(lab)
        raise KeyboardInterrupt

    run = ["reproduce", "--jobs", "1", "--out", str(tmp_path / "stopped")]
    monkeypatch.setattr(pairs, "EXPERIMENT", replace(usual, measure=interrupted))
    assert main(run) == 130
    page = (tmp_path / "stopped/report.html").read_text("utf-8")
    assert "Still to run in full: antipodal-pairs." in page
    assert page.count(STANDS_IN) == 3
    capsys.readouterr()
    monkeypatch.setattr(pairs, "EXPERIMENT", usual)
    assert main(run) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "going on with a run that had 1 of 2 experiments in full"
    assert [line.partition(":")[0] for line in said if line.startswith("[")] == [
        *["[1/1] training-run"] * 2,
        *["[quick 1/1] antipodal-pairs"] * 2,
        *["[1/1] antipodal-pairs"] * 2,
    ]
    assert main([*run[:-1], str(tmp_path / "direct"), "--no-preview"]) == 1
    assert report_in(tmp_path / "stopped") == report_in(tmp_path / "direct")

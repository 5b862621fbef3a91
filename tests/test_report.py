"""Running experiments: the lab, judging claims, drawing figures."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from fake_lab import FAKES, FakeLab, finished_fakes, run_facts
from matplotlib.figure import Figure
from PIL import Image

from tegum.errors import StoreError, TegumError
from tegum.experiments.base import Claim, Experiment, FigureSpec, Judgement, Tables, when
from tegum.report import discovery, facts, figures, summary
from tegum.report.inlay import Shared, inlay
from tegum.report.lab import RunLab, TrainingRecord
from tegum.report.run import Finished, run


@pytest.fixture(scope="module")
def finished() -> tuple[Finished, ...]:
    return finished_fakes()


def simple(
    judge: Callable[[Tables], Judgement] = lambda found: Judgement("holds", "yes"),
    measure: Callable[[Any], Tables] = lambda lab: {"numbers": pd.DataFrame({"a": [1, 2]})},
    **changes: Any,
) -> Experiment:
    """An experiment with one claim, which holds unless said otherwise."""
    claim = Claim("9.a", "Section", "It is so.", "always", judge, ("numbers",))
    claim = replace(claim, **changes.pop("claim", {}))
    base = Experiment("simple", "Simple", "Section", "One.", measure, (), (claim,))
    return replace(base, **changes)


class TestLab:
    def test_training_is_bound_to_the_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: dict[str, Any] = {}

        def train(problem: object, axes: object, training: object, **named: Any) -> xr.Dataset:
            seen.update(named, problem=problem, axes=axes, training=training)
            return xr.Dataset({"loss": (("l1", "seed"), np.zeros((3, 5)))})

        def flat(problem: object, **named: Any) -> xr.Dataset:
            return train(problem, named.pop("axes"), named.pop("training"), **named)

        import tegum.ensemble

        monkeypatch.setattr(tegum.ensemble, "train", flat)
        lab = RunLab(quick=False, store=None, jobs=2, run_seed=10)
        problem = tegum.Problem(tegum.Independent(2, 0.5), tegum.ReLUOutput(1))
        lab.train(problem, {"l1": [0, 1, 2]}, tegum.Training(steps=7), seeds=5, seed=4)
        assert seen["problem"] is problem
        assert seen["axes"] == {"l1": [0, 1, 2]}
        assert (seen["seeds"], seen["seed"], seen["jobs"]) == (5, 14, 2)
        (record,) = lab.take_records()
        assert (record.models, record.seeds, record.run_seed, record.steps) == (15, 5, 14, 7)
        assert lab.take_records() == ()

    def test_pick(self) -> None:
        assert RunLab(quick=False).pick(100, 5) == 100
        assert RunLab(quick=True).pick(100, 5) == 5
        assert RunLab(fine=True).pick(100, 5) == 100
        assert RunLab(fine=True).pick(100, 5, 300) == 300
        assert RunLab().pick(100, 5, 300) == 100


class TestRun:
    def test_verdicts_of_the_fakes(self, finished: tuple[Finished, ...]) -> None:
        found = {
            v.claim.id: (v.judgement.status, summary.label(done, v))
            for done in finished
            for v in done.outcome.verdicts
        }
        assert found == {
            "1.a": ("holds", "holds"),
            "1.b": ("differs", "differs, as recorded"),
            "2.a": ("not tested", "not tested"),
            "3.a": ("differs", "differs, expected holds"),
            "3.b": ("not tested", "error"),
        }
        assert finished[0].as_expected
        assert not finished[1].as_expected
        assert finished[1].trainings == (TrainingRecord(4, 2, 1, 20, 0.1),)

    def test_a_full_run_tests_what_a_quick_run_cannot(self) -> None:
        experiment = discovery.find(["antipodal-pairs"], FAKES)[0]
        verdict = run(experiment, FakeLab(quick=False)).outcome.verdicts[2]
        assert (verdict.claim.id, verdict.judgement.status) == ("2.a", "holds")

    def test_a_rule_that_raises_is_an_error_and_not_a_success(self) -> None:
        done = run(simple(judge=lambda found: when(found["gone"] is None, "")), FakeLab())
        (failure,) = done.failures
        assert failure.doing == "judging claim 9.a"
        assert failure.message == "KeyError: 'gone'"
        assert "Traceback" in failure.trace
        assert not done.as_expected
        assert summary.counts([done]) == {"error": 1}

    def test_a_measurement_that_raises_leaves_nothing_judged(self) -> None:
        def fail(lab: object) -> Tables:
            raise ZeroDivisionError("two\nlines")

        spec = FigureSpec("f", "c", lambda found: Figure(), ())
        done = run(simple(measure=fail, figures=(spec,)), FakeLab())
        (verdict,) = done.outcome.verdicts
        assert verdict.judgement.status == "not tested"
        assert verdict.judgement.measured == (
            "the measurement failed: ZeroDivisionError: two lines"
        )
        assert done.drawings == ()
        assert not done.as_expected

    def test_an_unusable_store_ends_the_run(self) -> None:
        def fail(lab: object) -> Tables:
            raise StoreError("disk is full")

        with pytest.raises(StoreError, match="disk is full"):
            run(simple(measure=fail), FakeLab())

    def test_evidence_must_be_there(self) -> None:
        done = run(simple(claim={"evidence": ("numbers", "photo")}), FakeLab())
        assert [f.message for f in done.failures] == [
            "TegumError: evidence 'photo' is neither a figure nor a table"
        ]

    @pytest.mark.parametrize(
        ("status", "expected", "fine", "kind"),
        [
            ("holds", "holds", True, "holds"),
            ("differs", "differs", True, "recorded"),
            ("differs", "holds", False, "surprise"),
            ("holds", "differs", False, "surprise"),
            ("not tested", "holds", True, "untested"),
        ],
    )
    def test_expectation(self, status: Any, expected: Any, fine: bool, kind: str) -> None:
        experiment = simple(
            judge=lambda found: Judgement(status, "x"), claim={"expected": expected}
        )
        done = run(experiment, FakeLab())
        assert done.as_expected is fine
        assert summary.mark(done, done.outcome.verdicts[0]) == kind


class TestFigures:
    def test_a_figure_sees_the_tables_it_names_and_no_others(self) -> None:
        seen: list[set[str]] = []

        def draw(found: Tables) -> Figure:
            seen.append(set(found))
            return Figure()

        both = {"a": pd.DataFrame(), "b": pd.DataFrame()}
        figures.draw(FigureSpec("f", "c", draw, ("a",)), both, "salt")
        assert seen == [{"a"}]
        with pytest.raises(TegumError, match="figure 'f' needs the table 'z'"):
            figures.draw(FigureSpec("f", "c", draw, ("z",)), both, "salt")

    def test_the_same_tables_give_the_same_svg(self) -> None:
        experiment = discovery.find(["antipodal-pairs"], FAKES)[0]
        found = experiment.measure(FakeLab(quick=True))
        for spec in experiment.figures:
            assert figures.draw(spec, found, "s").svg == figures.draw(spec, found, "s").svg

    def test_a_remark_stands_below_all_that_is_drawn(self) -> None:
        sheets = [Figure(figsize=(3, 2)) for _ in range(2)]
        for sheet in sheets:
            sheet.subplots().set_xlabel("below the axes")
        plain, remarked = (
            figures.draw(FigureSpec("f", "c", lambda found, s=sheet: s, ()), {}, "s", remark)
            for sheet, remark in zip(sheets, ("", "quick"), strict=True)
        )
        assert [text.get_text() for text in sheets[1].texts] == ["quick"]
        word = sheets[1].texts[0].get_window_extent()
        assert word.y1 < sheets[0].axes[0].get_tightbbox().y0
        assert plain.aspect > remarked.aspect

    def test_a_remark_is_seen_whole_however_the_drawing_is_cropped(self) -> None:
        for size, place in (((3, 2), (0.4, 0.6)), ((8, 2), (-0.1, -0.2)), ((2, 5), (0.3, 0.9))):
            dark = []
            for remark in ("", "quick run"):
                sheet = Figure(figsize=size)
                sheet.text(*place, "all there is")
                spec = FigureSpec("f", "c", lambda found, s=sheet: s, ())
                with Image.open(io.BytesIO(figures.draw(spec, {}, "s", remark).png)) as picture:
                    ink = np.asarray(picture.convert("L")) < 128
                rows = np.flatnonzero(ink.any(axis=1))
                dark.append(int(ink.sum()))
                edge = ink.shape[0] - 1 - rows[-1]
                assert edge >= 10, "cut off below"
                gap = int(np.diff(rows).max())
                assert (gap >= 10) == bool(remark), "a line of its own below"
            assert dark[1] > dark[0] + 100

    def test_the_figures_of_a_quick_run_say_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said: list[str] = []
        monkeypatch.setattr("tegum.report.run.draw", lambda *given: said.append(given[3]))
        spec = FigureSpec("f", "c", lambda found: Figure(), ())
        for quick in (True, False):
            run(simple(figures=(spec,)), FakeLab(quick=quick))
        assert said == ["quick run: fewer models and steps", ""]

    def test_files_are_what_their_names_say(self, finished: tuple[Finished, ...]) -> None:
        drawing = finished[0].drawings[0]
        assert drawing.png.startswith(b"\x89PNG\r\n")
        assert drawing.svg.rstrip().endswith("</svg>")

    def test_a_huge_drawing_stands_in_the_page_as_pixels(
        self, finished: tuple[Finished, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawing = finished[0].drawings[0]
        assert inlay(drawing, "p", Shared()).startswith("<svg")
        monkeypatch.setattr("tegum.report.inlay.LARGEST", 100)
        image = inlay(drawing, "p", Shared())
        assert image.startswith('<img alt="Norm &quot;‖W_i‖&quot;')
        assert 'src="data:image/webp;base64,' in image

    def test_open_pyplot_figures_are_closed(self) -> None:
        import matplotlib as mpl

        mpl.use("agg")
        import matplotlib.pyplot as plt

        before = plt.get_fignums()
        figures.draw(FigureSpec("f", "c", lambda found: plt.figure(), ()), {}, "s")
        assert plt.get_fignums() == before


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (7620, "2 h 07 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert facts.duration(seconds) == text


def test_counts_in_words(finished: tuple[Finished, ...]) -> None:
    report = summary.Report(run_facts(), tuple(finished))
    assert summary.in_words(report) == (
        "5 claims, all by quick runs: 1 holds; 1 differs, as recorded; 1 not as expected; "
        "1 could not be judged; 1 not tested"
    )
    assert summary.in_words(summary.Report(run_facts(), ())) == "0 claims"
    assert summary.about(finished[1]).startswith(
        "Experiment setup · item 3 · quick run · 4 models, 2 seeds,"
    )

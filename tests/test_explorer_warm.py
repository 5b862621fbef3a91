"""Kernels made ahead: after `tegum warm` no lesson waits for one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tegum.cli.main import main
from tegum.engines.cache import cache_home, kept_forms
from tegum.explorer import warm
from tegum.explorer.app import lessons
from tegum.explorer.presets import PRESETS
from tegum.explorer.state import PageState

#: What lessons do, every slider of theirs included, and README's first lines.
_LESSONS = """
from tegum.explorer.app import lessons
from tegum.explorer.limits import Limits
from tegum.explorer.live import Live
from tegum.explorer.state import PageState
import tegum as tg
for lesson in lessons():
    live = Live(PageState.read(lesson["state"]).replace(seeds=2), Limits(), jobs=2)
    for p in (None, 1.0, 0.3, 0.02):
        live.record()
        if p is not None:
            live.change({"feature_probability": p})
        live.advance(2)
        live.score()
problem = tg.Problem(tg.Independent(5, 0.05), tg.ReLUOutput(2), 0.9)
runs = tg.train(problem, training=tg.Training(steps=2), seeds=2, progress=False)
tg.score(runs)
"""


def test_every_number_of_hidden_dimensions_is_tried_at_its_largest() -> None:
    states = [PageState.read(lesson["state"]) for lesson in lessons()]  # type: ignore[arg-type]
    states += [preset.state for preset in PRESETS]
    tried = [job.work.args[0] for job in warm.jobs()[1:-1]]  # type: ignore[attr-defined]
    for state in states:
        same = [t for t in tried if t.problem.n_hidden == state.problem.n_hidden]
        assert max(t.problem.n_features for t in same) >= state.problem.n_features
    sizes = [state.problem.n_features * state.problem.n_hidden for state in states]
    assert tried[-1].problem.n_features * tried[-1].problem.n_hidden == min(sizes)
    assert tried[0].problem.n_hidden == 20  # what a lesson needs comes first


def test_what_was_compiled_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TEGUM_CACHE_DIR", str(tmp_path / "cache"))

    def compile_two() -> None:
        folder = cache_home() / "kernels" / "digest"
        folder.mkdir(parents=True)
        for name in ("a.1.nbc", "b.2.nbc", "a.nbi"):
            (folder / name).touch()

    jobs = [warm.Job("a lesson", compile_two), warm.Job("another", lambda: None)]
    monkeypatch.setattr(warm, "jobs", lambda: jobs)
    assert main(["warm", "--json"]) == 0
    printed = capsys.readouterr()
    made = [(one["title"], one["kernels"]) for one in json.loads(printed.out)]
    assert made == [("a lesson", 2), ("another", 0)]
    assert printed.err.splitlines() == ["1 of 2: a lesson", "2 of 2: another"]
    jobs[0] = warm.Job("a lesson", lambda: None)
    assert main(["warm"]) == 0
    assert capsys.readouterr().out == "all kernels were there: 2 kinds of model are ready, 0 s\n"


def test_without_a_place_to_keep_them_none_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TEGUM_CACHE_DIR", str(tmp_path / "file"))
    assert main(["warm"]) == 2
    assert "error: kernels cannot be kept: TEGUM_CACHE_DIR must" in capsys.readouterr().err


@pytest.mark.slow
def test_after_it_lessons_compile_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEGUM_CACHE_DIR", str(tmp_path / "cache"))
    subprocess.run([sys.executable, "-m", "tegum.cli.main", "warm"], check=True, env=os.environ)
    before = kept_forms()
    assert before > 0
    subprocess.run([sys.executable, "-c", _LESSONS], check=True, env=os.environ)
    assert kept_forms() == before

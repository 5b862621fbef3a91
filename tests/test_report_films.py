"""A figure with a film: its file, its place on the page and in the Markdown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from fake_lab import FakeLab, run_facts
from matplotlib.animation import Animation, FuncAnimation
from matplotlib.figure import Figure
from PIL import Image

from tegum.experiments.base import Experiment, FigureSpec, Tables
from tegum.report.output import ReportFolder
from tegum.report.run import run


def still(tables: Tables) -> Figure:
    figure = Figure(figsize=(1, 1))
    figure.add_subplot().plot(tables["numbers"]["a"])
    return figure


def film(tables: Tables) -> Animation:
    figure = Figure(figsize=(1, 1))
    axes = figure.add_subplot(xlim=(0, 4))
    (dot,) = axes.plot([0], [0], "o")
    return FuncAnimation(
        figure, lambda k: dot.set_data([k], [0]), frames=len(tables["numbers"]), interval=50,
        cache_frame_data=False,
    )  # fmt: skip


def test_a_film_is_written_shown_and_linked(tmp_path: Path) -> None:
    figures = (
        FigureSpec("moving", "It moves.", still, ("numbers",), film),
        FigureSpec("standing", "It does not.", still, ("numbers",)),
    )
    tables = {"numbers": pd.DataFrame({"a": [1, 2, 3]})}
    films = Experiment("films", "Films", "S", "One.", lambda lab: tables, figures, ())
    done = run(films, FakeLab(quick=True))
    assert not done.failures
    ReportFolder(tmp_path, run_facts(), (films,)).add(done)
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert "films-moving.gif" in names
    assert "films-standing.gif" not in names
    with Image.open(tmp_path / "figures" / "films-moving.gif") as image:
        assert image.n_frames == 3
        assert image.info["duration"] == 50
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count('<source media="(prefers-reduced-motion: reduce), print"') == 1
    assert page.count('href="figures/films-moving.gif"') == 1
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "![It moves.](figures/films-moving.gif)" in text
    assert "![It does not.](figures/films-standing.png)" in text

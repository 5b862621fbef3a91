"""Figures are the same wherever they are drawn, and none is lost with the process."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading

import pytest
from fake_experiments import antipodal_pairs
from fake_lab import FakeLab
from matplotlib.figure import Figure

from tegum.experiments.base import Experiment, FigureSpec, Tables
from tegum.report import discovery
from tegum.report.artist import Artist
from tegum.report.run import Finished, illustrate, measure


def draw_where(tables: Tables) -> Figure:
    """A figure that tells which process drew it."""
    figure = Figure(figsize=(2, 1))
    figure.text(0.1, 0.5, f"drawn by {os.getpid()}")
    return figure


def draw_never(tables: Tables) -> Figure:
    os._exit(3)


def draw_badly(tables: Tables) -> Figure:
    raise ValueError("no such colour")


def measured(**draws) -> Finished:
    figures = tuple(
        FigureSpec(name, "A figure.", draw, ("grid", "sweep")) for name, draw in draws.items()
    )
    experiment = Experiment("e", "E", "Section", (1,), "One.", antipodal_pairs.measure, figures, ())
    return measure(experiment, FakeLab())


def texts(done: Finished) -> list[str]:
    return [drawing.svg for drawing in done.drawings]


def test_every_experiment_can_be_sent_to_a_process() -> None:
    found = discovery.list_experiments()
    assert found
    for experiment in found:
        assert pickle.loads(pickle.dumps(experiment)) == experiment


def test_apart_is_another_process_and_the_figures_are_the_same_bytes() -> None:
    real = measured(norms=antipodal_pairs.draw_norms, grid=antipodal_pairs.draw_grid)
    with Artist(apart=True) as artist:
        here, there = illustrate(real), artist.illustrate(real)
        assert len(here.drawings) == 2
        assert texts(here) == texts(there)
        where = artist.illustrate(measured(where=draw_where))
    assert "drawn by" in texts(where)[0]
    assert f"drawn by {os.getpid()}" not in texts(where)[0]


def test_without_another_process_it_draws_here() -> None:
    with Artist(apart=False) as artist:
        done = artist.illustrate(measured(where=draw_where))
    assert f"drawn by {os.getpid()}" in texts(done)[0]


@pytest.mark.parametrize("apart", [False, True])
def test_what_a_figure_raises_is_a_failure(apart: bool) -> None:
    with Artist(apart=apart) as artist:
        done = artist.illustrate(measured(bad=draw_badly, good=draw_where))
    assert [failure.message for failure in done.failures] == ["ValueError: no such colour"]
    assert len(done.drawings) == 1


def test_what_cannot_be_sent_is_drawn_here() -> None:
    with Artist(apart=True) as artist:
        done = artist.illustrate(measured(local=lambda tables: draw_where(tables)))
    assert f"drawn by {os.getpid()}" in texts(done)[0]


def test_a_figure_that_kills_its_process_does_not_take_the_others_along(monkeypatch) -> None:
    with Artist(apart=True) as artist:
        # the second try is in this process, where it is harmless
        monkeypatch.setattr(os, "_exit", lambda code: 1 / 0)
        done = artist.illustrate(measured(never=draw_never, where=draw_where))
        assert [failure.doing for failure in done.failures] == ["drawing never"]
        assert f"drawn by {os.getpid()}" in texts(done)[0]
        after = artist.illustrate(measured(where=draw_where))
    assert "drawn by" in texts(after)[0]


def test_a_killed_parent_takes_the_drawing_process_along() -> None:
    program = (
        "import time\n"
        "from tegum.report.artist import Artist\n"
        "artist = Artist(apart=True)\n"
        "artist._pool.submit(len, ()).result()\n"
        "print(*artist._pool._processes, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.kill(child, 0)  # it is there
    parent.kill()
    parent.wait()
    # whoever reads the output of both, as a pipe does, comes to its end
    reader = threading.Thread(target=parent.stdout.read, daemon=True)
    reader.start()
    reader.join(20)
    assert not reader.is_alive()
    parent.stdout.close()

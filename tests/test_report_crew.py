"""Experiments that run together find what they find alone, and none is lost with its process."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from fake_experiments.antipodal_pairs.figures import draw_grid, draw_norms
from fake_experiments.antipodal_pairs.measure import measure as measure_pairs
from fake_lab import FakeLab
from matplotlib.figure import Figure
from threadpoolctl import threadpool_info

import tegum
from tegum.ensemble.machine import available_cores
from tegum.ensemble.progress import Progress
from tegum.errors import StoreError
from tegum.experiments.base import Experiment, FigureSpec, Lab, Tables
from tegum.report import discovery
from tegum.report.crew import Crew, jobs_of_each
from tegum.report.lab import RunLab
from tegum.report.run import Finished, run

LIMIT = 30.0


def draw_where(tables: Tables) -> Figure:
    """A figure that tells which process drew it."""
    figure = Figure(figsize=(2, 1))
    figure.text(0.1, 0.5, f"drawn by {os.getpid()}")
    return figure


def where(lab: Lab) -> Tables:
    return {"where": pd.DataFrame({"process": [os.getpid()]})}


def shares(lab: Lab) -> Tables:
    """How many threads each BLAS of this process may start."""
    own = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {"shares": pd.DataFrame({"threads": own})}


def lost(lab: Lab) -> Tables:
    os._exit(3)


def sticky(lab: Lab) -> Tables:
    """A table that cannot be sent."""
    return {"where": pd.DataFrame({"process": [os.getpid()], "thing": [lambda: 0]})}


def meet(own: str, other: str) -> Tables:
    """Come, and wait for the other; both can only be there if both run."""
    Path(own).touch()
    end = time.monotonic() + LIMIT
    while not Path(other).exists():
        assert time.monotonic() < end, "nobody came"
        time.sleep(0.01)
    return {"met": pd.DataFrame({"with": [other]})}


def meet_first(lab: Lab) -> Tables:
    return meet("first", "second")


def meet_second(lab: Lab) -> Tables:
    return meet("second", "first")


def train(lab: Lab) -> Tables:
    problem = tegum.Problem(tegum.Independent(2, 0.5), tegum.ReLUOutput(1))
    runs = lab.train(problem, None, tegum.Training(steps=100_000_000, held_out=64), seeds=1)
    return {"runs": runs["loss"].to_dataframe()}


def train_briefly(lab: Lab) -> Tables:
    problem = tegum.Problem(tegum.Independent(2, 0.5), tegum.ReLUOutput(1))
    runs = lab.train(problem, None, tegum.Training(steps=200, held_out=64), seeds=3)
    return {"runs": runs["loss"].to_dataframe()}


def experiment(name: str, measure: Callable[[Lab], Tables], *figures: FigureSpec) -> Experiment:
    return Experiment(name, name.title(), "Section", "One.", measure, figures, ())


def ignored(number: int, started: Experiment) -> Progress:
    return lambda done, total: None


def together(
    *experiments: Experiment, store: Path | None = None, started: object = ignored
) -> dict[int, Finished]:
    with Crew(RunLab(quick=True), store) as crew:
        return dict(crew.run(experiments, started))  # type: ignore[arg-type]


def process_of(done: Finished) -> int:
    return int(done.outcome.tables["where"]["process"].iloc[0])


def test_every_experiment_can_be_sent_to_a_process() -> None:
    found = discovery.list_experiments()
    assert found
    for each in found:
        assert pickle.loads(pickle.dumps(each)) == each


def test_apart_it_finds_and_draws_the_same_to_the_byte() -> None:
    drawn = (
        FigureSpec("norms", "Norms.", draw_norms, ("grid", "sweep")),
        FigureSpec("grid", "Grid.", draw_grid, ("grid", "sweep")),
    )
    real = experiment("e", measure_pairs, *drawn)
    here = run(real, FakeLab(quick=True))
    with Crew(FakeLab(quick=True), None) as crew:
        ((number, there),) = crew.run([real], ignored)
    assert number == 0
    assert [d.svg for d in there.drawings] == [d.svg for d in here.drawings]
    assert [d.png for d in there.drawings] == [d.png for d in here.drawings]
    assert len(there.drawings) == 2
    for name, table in here.outcome.tables.items():
        pd.testing.assert_frame_equal(there.outcome.tables[name], table)


def test_two_at_once_in_other_processes_that_draw_and_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told: dict[str, list[tuple[int, int]]] = {name: [] for name in ("1", "2", "3", "4", "a", "b")}

    def started(number: int, each: Experiment) -> Progress:
        return lambda done, total: told[each.name].append((done, total))

    drawing = FigureSpec("where", "A figure.", draw_where, ("where",))
    meeting = (experiment("1", meet_first), experiment("2", meet_second))
    training = (experiment("a", train_briefly), experiment("b", train_briefly))
    others = (experiment("3", where, drawing), *training, experiment("4", shares))
    found = together(*meeting, *others, started=started)
    assert sorted(found) == [0, 1, 2, 3, 4, 5]
    assert [done.failures for done in found.values()] == [()] * 6
    assert process_of(found[2]) != os.getpid()
    assert f"drawn by {process_of(found[2])}" in found[2].drawings[0].svg
    for name in ("a", "b"):
        assert told[name][-1] == (600, 600)
        assert [done for done, _ in told[name]] == sorted(done for done, _ in told[name])
    threads = found[5].outcome.tables["shares"]["threads"]
    assert len(threads) >= 2  # numpy's and scipy's
    assert set(threads) == {max(1, available_cores() // 2)}


@pytest.mark.parametrize(("given", "each"), [(None, None), (8, 8), (6, 3), (3, 1), (1, 1)])
def test_fewer_than_all_cores_are_split(
    given: int | None, each: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("ensemble.machine", "report.crew"):
        monkeypatch.setattr(f"tegum.{module}.available_cores", lambda: 8)
    assert jobs_of_each(given) == each


def test_what_cannot_be_sent_is_run_here() -> None:
    found = together(
        experiment("local", lambda lab: where(lab)),
        experiment("sent", where),
        experiment("back", sticky),
    )
    assert process_of(found[0]) == process_of(found[2]) == os.getpid()
    assert process_of(found[1]) != os.getpid()


def test_what_kills_its_process_does_not_take_the_others_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the second try is in this process, where it is harmless
    monkeypatch.setattr(os, "_exit", lambda code: 1 / 0)
    found = together(*(experiment(f"e{k}", m) for k, m in enumerate((lost, lost, where, where))))
    assert [failure.message for failure in found[0].failures] == [
        "ZeroDivisionError: division by zero"
    ]
    assert found[1].failures
    assert process_of(found[2]) != os.getpid()
    assert process_of(found[3]) != os.getpid()


def test_a_store_that_cannot_be_used_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="store cannot use"):
        together(experiment("e", where), store=tmp_path / "file")


def test_leaving_stops_a_training_which_keeps_its_state(tmp_path: Path) -> None:
    def started(number: int, each: Experiment) -> Progress:
        def stop(done: int, total: int) -> None:
            if done > 0:
                raise KeyboardInterrupt

        return stop

    crew = Crew(RunLab(quick=True), tmp_path)
    with pytest.raises(KeyboardInterrupt), crew:
        list(crew.run([experiment("long", train)], started))
    assert not any(worker.process.is_alive() for worker in crew._workers)
    assert len(list((tmp_path / "partial").iterdir())) == 1


PROGRAM = """
import os, sys
from pathlib import Path
from test_report_crew import ignored, experiment, train
from tegum.report.crew import Crew
from tegum.report.lab import RunLab

def started(number, each):
    def say(done, total):
        if done > 0:
            print(*(worker.process.pid for worker in crew._workers), flush=True)
    return say

if __name__ == "__main__":
    with Crew(RunLab(quick=True), Path(sys.argv[1])) as crew:
        list(crew.run([experiment("long", train)], started))
"""


@pytest.mark.parametrize(
    "by", [pytest.param(signal.SIGKILL, marks=pytest.mark.slow), signal.SIGINT]
)
def test_a_stopped_parent_takes_the_workers_along(tmp_path: Path, by: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parent,
    )
    assert parent.stdout is not None
    for worker in parent.stdout.readline().split():
        os.kill(int(worker), 0)  # it is there
    os.kill(parent.pid, by)
    # whoever reads the output of all of them, as a pipe does, comes to its end
    reader = threading.Thread(target=parent.stdout.read, daemon=True)
    reader.start()
    reader.join(LIMIT)
    assert not reader.is_alive()
    parent.wait(LIMIT)
    assert len(list((tmp_path / "partial").iterdir())) == (1 if by == signal.SIGINT else 0)
    parent.stdout.close()

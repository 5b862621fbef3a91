"""`tegum reproduce`: run experiments, judge their claims, write the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from tyro.conf import arg

from tegum.cli.options import (
    NO_NAMES,
    Flag,
    MaybeExecutor,
    MaybeFolder,
    MaybeWhole,
    PositionalNames,
    Whole,
    at_least_one,
    interruptible,
    seed_in_range,
)
from tegum.cli.terminal import note, print_table
from tegum.errors import SpecError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tegum.ensemble.progress import Display
    from tegum.experiments.base import Experiment
    from tegum.report.crew import Alone, Crew
    from tegum.report.lab import RunLab
    from tegum.report.output import ReportFolder
    from tegum.report.run import Finished
    from tegum.report.summary import Report

#: Of a run that is stopped; experiments with loops of their own begin anew.
_KEPT = "experiments that are done and models of tegum.train are kept"


@dataclass(frozen=True)
class Reproduce:
    """Run experiments, judge every claim by its rule and write a report with the figures.

    A full run of several experiments begins with a quick one of them all, whose report is there in
    minutes and is then replaced, experiment by experiment. One that was stopped goes on when it is
    called again. The exit code is 0 when every verdict is the recorded one, 1 when one is not.
    """

    names: PositionalNames = NO_NAMES
    """Experiments to run, as `tegum list` names them; all of them for none."""
    out: Annotated[Path, arg(metavar="DIR")] = Path("tegum-report")
    """Folder of the report."""
    quick: Flag = False
    """Fewer models and steps; some claims are then not tested."""
    fine: Flag = False
    """Finer grids where an experiment has them, in minutes more: phase diagrams of 100 x 100."""
    preview: Annotated[bool, arg(help_behavior_hint="")] = True
    """Full runs at once, without a quick one of all experiments before them."""
    jobs: MaybeWhole = None
    """Cores to use, all by default; with --executor those of each worker, 1 by default."""
    executor: MaybeExecutor = None
    """Who trains: processes:4, dask:tcp://HOST:8786, ray, slurm:partition=main,time=60."""
    store: MaybeFolder = None
    """Folder that keeps trained models, so that nothing is trained twice; OUT/store by default."""
    seed: Whole = 0
    """Seed of the run: other numbers give other, equally valid models."""
    json: Flag = False
    """Print the verdicts as JSON on stdout, and nothing else there."""

    def run(self, arguments: list[str]) -> int:
        """Run, keeping the report on disk whole after every experiment."""
        at_least_one("--jobs", self.jobs)
        seed_in_range("--seed", self.seed)
        if self.quick and self.fine:
            raise SpecError("reproduce: --quick and --fine exclude each other; give one of them")
        from tegum.ensemble.machine import checked_jobs
        from tegum.report.crew import Alone, Crew
        from tegum.report.lab import RunLab

        place = self.out / "store" if self.store is None else self.store
        lab = RunLab(self.quick, self.fine, None, self.jobs, self.seed, executor=self.executor)
        several = len(self.names) != 1
        pool = (self.executor or "").startswith("processes")  # one, of so many processes
        together = several and not pool and checked_jobs("reproduce", self.jobs) > 1
        with (
            interruptible(_KEPT),
            Crew(lab, place) if together else Alone(lab, place) as crew,
        ):
            folder = self._folder(arguments, lab)
            _run(folder, crew, opens=several and self.preview and not self.quick)
        self._print(folder)
        return 0 if folder.report.as_expected else 1

    def _folder(self, arguments: list[str], lab: RunLab) -> ReportFolder:
        from tegum.report.discovery import find
        from tegum.report.facts import gather
        from tegum.report.output import ReportFolder
        from tegum.store import Store

        experiments = find(self.names)
        if self.store is not None:
            Store(self.store)  # refused before there is a folder of a report
        makes = not self.out.exists()
        folder = ReportFolder(self.out, gather(arguments, lab), experiments)
        if makes:
            note(f"made the folder {self.out}")
        return folder

    def _print(self, folder: ReportFolder) -> None:
        if self.json:
            from tegum.report.claims import to_json

            print(to_json(folder.report), end="")
            note(f"report: {folder.page}")
            return
        print_verdicts(folder.report)
        print(printable(f"report: {folder.page}"))


def _run(folder: ReportFolder, crew: Crew | Alone, *, opens: bool) -> None:
    """Run what is waiting; where the run `opens` with quick results, once quickly before that.

    What a run that was stopped had done in full comes first: its report stays meanwhile.
    """
    if before := folder.done_before:
        all_of = len(folder.report.waiting)
        note(f"going on with a run that had {len(before)} of {all_of} experiments in full")
        _run_all(folder, crew, before, quick=False)
    if opens and (waiting := folder.report.waiting):
        note(f"quick runs of all {len(waiting)} first, full ones then (--no-preview: at once)")
        _run_all(folder, crew, waiting, quick=True)
        note(f"report: {folder.page}, of quick runs; full ones follow")
    _run_all(folder, crew, folder.report.to_come + folder.report.waiting, quick=False)


def _run_all(
    folder: ReportFolder, crew: Crew | Alone, experiments: Sequence[Experiment], *, quick: bool
) -> None:
    with _Console(experiments, "quick " if quick else "") as console:
        for number, done in crew.run(experiments, console.begin, quick=quick):
            console.end(number, done)
            folder.add(done)


class _Console:
    """What is said of experiments under way, on stderr."""

    def __init__(self, experiments: Sequence[Experiment], size: str) -> None:
        from tegum.ensemble.bars import TerminalBars

        self._experiments, self._size = experiments, size
        self._displays: dict[int, Display] = {}
        self._bars = TerminalBars()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for display in self._displays.values():
            display.close()

    def begin(self, number: int, experiment: Experiment) -> Display:
        """Say so, and make room for its progress."""
        from tegum.ensemble.progress import Display

        title = self._title(number)
        note(f"{title}: {experiment.title}")
        self._displays[number] = Display(title, bars=self._bars)
        return self._displays[number]

    def end(self, number: int, done: Finished) -> None:
        """Say how it went."""
        from tegum.report.facts import duration
        from tegum.report.summary import tally

        self._displays.pop(number).close()
        note(f"{self._title(number)}: {duration(done.outcome.seconds)}; {tally([done])}")
        for failure in done.failures:
            note(f"      failed {failure}")

    def _title(self, number: int) -> str:
        count = f"{self._size}{number + 1}/{len(self._experiments)}"
        return f"[{count}] {self._experiments[number].name}"


def print_verdicts(report: Report) -> None:
    """The verdict table and a line of counts, on stdout."""
    from tegum.report.summary import in_words, label

    rows = [
        (
            verdict.claim.id,
            label(done, verdict),
            verdict.claim.statement,
            verdict.judgement.measured,
        )
        for done, verdict in report.verdicts
    ]
    print_table(("claim", "verdict", "statement", "measured"), rows, status=1)
    print(in_words(report))

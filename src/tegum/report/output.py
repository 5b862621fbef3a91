"""The report's folder: filled as experiments finish, whole after each of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tegum.experiments.base import Experiment
from tegum.report.claims import to_json
from tegum.report.facts import RunFacts
from tegum.report.files import PAGE, TEXT, VERDICTS, figure_file, table_file
from tegum.report.html import to_html
from tegum.report.markdown import to_markdown
from tegum.report.run import Finished
from tegum.report.summary import Report
from tegum.report.tables import to_csv
from tegum.store.writer import require_folder, write


class ReportFolder:
    """Writes report.html, report.md, claims.json, figures/ and tables/ under one folder.

    `add` writes one finished experiment and brings the three reports up to date, so that a run
    killed at any time leaves a readable report of what was finished. Raises `TegumError` where
    the folder cannot be written, at construction already.
    """

    def __init__(self, folder: Path, facts: RunFacts, experiments: Sequence[Experiment]) -> None:
        """Make the folder; `experiments` are those to come, in order."""
        require_folder(folder)
        self.folder = folder
        self._experiments = tuple(experiments)
        self._start = time.monotonic()
        self.report = Report(facts, (), tuple(experiments))

    @property
    def page(self) -> Path:
        """The HTML page."""
        return self.folder / PAGE

    def add(self, done: Finished) -> None:
        """Write the files of an experiment and the reports of all so far, in the order to come."""
        name = done.experiment.name
        for table, frame in done.outcome.tables.items():
            write(self.folder / table_file(name, table), to_csv(frame))
        for drawing in done.drawings:
            write(self.folder / figure_file(name, drawing.name, "svg"), drawing.svg)
            write(self.folder / figure_file(name, drawing.name, "png"), drawing.png)
            if drawing.gif is not None:
                write(self.folder / figure_file(name, drawing.name, "gif"), drawing.gif)
        found = {one.experiment.name: one for one in (*self.report.finished, done)}
        self.report = replace(
            self.report,
            finished=tuple(found[e.name] for e in self._experiments if e.name in found),
            waiting=tuple(e for e in self._experiments if e.name not in found),
            seconds=time.monotonic() - self._start,
        )
        self.write()

    def write(self) -> None:
        """Write the three reports as things stand."""
        write(self.page, to_html(self.report))
        write(self.folder / TEXT, to_markdown(self.report))
        write(self.folder / VERDICTS, to_json(self.report))

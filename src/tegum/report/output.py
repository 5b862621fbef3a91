"""The report's folder: filled as experiments finish, whole after each of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tegum.experiments.base import Experiment
from tegum.report import standing
from tegum.report.claims import to_json
from tegum.report.facts import RunFacts
from tegum.report.files import PAGE, RUN, TEXT, VERDICTS, figure_file, table_file
from tegum.report.html import to_html
from tegum.report.markdown import to_markdown
from tegum.report.run import Finished
from tegum.report.summary import Report
from tegum.report.tables import to_csv
from tegum.store.writer import require_folder, write


class ReportFolder:
    """Writes report.html, report.md, claims.json, figures/ and tables/ under one folder.

    `add` writes one finished experiment and brings the three reports up to date, so that a run
    killed at any time leaves a readable report of what was finished. Where a run of the same kind
    left more in the folder, its reports stay until this one has as much. Raises `TegumError` where
    the folder cannot be written, at construction already.
    """

    def __init__(self, folder: Path, facts: RunFacts, experiments: Sequence[Experiment]) -> None:
        """Make the folder; `experiments` are those to come, in order."""
        require_folder(folder)
        self.folder = folder
        self._experiments = tuple(experiments)
        self._start = time.monotonic()
        self.report = Report(facts, (), tuple(experiments))
        self._before = standing.earlier(folder, facts) if self.page.is_file() else {}

    @property
    def page(self) -> Path:
        """The HTML page."""
        return self.folder / PAGE

    @property
    def done_before(self) -> tuple[Experiment, ...]:
        """The experiments that a run of the same kind has done in full here."""
        full = standing.FULL
        return tuple(e for e in self._experiments if self._before.get(e.name) == full)

    def add(self, done: Finished) -> None:
        """Write the files of an experiment and the reports of all so far, in the order to come."""
        name = done.experiment.name
        files = _files_of(done)
        for file, content in files.items():
            write(self.folder / file, content)
        found = {one.experiment.name: one for one in self.report.finished}
        replaced = _files_of(found[name]).keys() - files if name in found else ()
        found[name] = done
        self.report = replace(
            self.report,
            finished=tuple(found[e.name] for e in self._experiments if e.name in found),
            waiting=tuple(e for e in self._experiments if e.name not in found),
            seconds=time.monotonic() - self._start,
        )
        self.write()
        for file in replaced:
            (self.folder / file).unlink(missing_ok=True)

    def write(self) -> None:
        """Write the three reports as things stand, unless those that are there have more."""
        if not standing.is_as_good(standing.standing(self.report), self._before):
            return
        write(self.folder / RUN, standing.to_json(self.report))
        write(self.page, to_html(self.report))
        write(self.folder / TEXT, to_markdown(self.report))
        write(self.folder / VERDICTS, to_json(self.report))


def _files_of(done: Finished) -> dict[str, str | bytes]:
    """The tables and figures of an experiment by their paths from the report's folder."""
    name = done.experiment.name
    files: dict[str, str | bytes] = {
        table_file(name, table): to_csv(frame) for table, frame in done.outcome.tables.items()
    }
    for drawing in done.drawings:
        files[figure_file(name, drawing.name, "svg")] = drawing.svg
        files[figure_file(name, drawing.name, "png")] = drawing.png
        if drawing.gif is not None:
            files[figure_file(name, drawing.name, "gif")] = drawing.gif
    return files

"""The report as Markdown, with links to the figure and table files beside it."""

from __future__ import annotations

import re
from typing import Literal

from tegum.experiments.base import Verdict
from tegum.report import tables
from tegum.report.files import figure_file, table_file
from tegum.report.run import Finished
from tegum.report.summary import (
    NOTHING_YET,
    TITLE,
    Report,
    about,
    evidence,
    in_words,
    label,
    lead,
    notices,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$])")


def to_markdown(report: Report) -> str:
    """The same content as the page, without the previews of tables."""
    parts = [f"# {plain(TITLE)}", plain(lead(report))]
    parts += [f"> **{plain(text)}**" for text, _ in notices(report)]
    parts += [f"{plain(in_words(report))}.", "## Verdicts", _verdict_table(report)]
    for done in report.finished:
        parts += _experiment(done)
    parts += ["## This run", _facts(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _verdict_table(report: Report) -> str:
    if not report.verdicts:
        return NOTHING_YET
    head = ["Claim", "Verdict", "Statement", "Section", "Measured", "Rule", "Expected", "Evidence"]
    rows = [_row(head), _row(["---"] * len(head))]
    rows += [_verdict(done, verdict, report.stands_in(done)) for done, verdict in report.verdicts]
    return "\n".join(rows)


def _verdict(done: Finished, verdict: Verdict, stands_in: bool) -> str:
    claim = verdict.claim
    links = ", ".join(f"[{plain(name)}]({file})" for name, file in evidence(done, verdict))
    words = [claim.statement, claim.section, verdict.judgement.measured, claim.rule, claim.expected]
    status = f"**{plain(label(done, verdict))}**{' (quick)' if stands_in else ''}"
    return _row([plain(claim.id), status, *(plain(text) for text in words), links])


def _experiment(done: Finished) -> list[str]:
    experiment = done.experiment
    parts = [f"## {plain(experiment.title)}", plain(about(done)), plain(experiment.summary)]
    parts += [f"> {plain(f'Failed while {failure}')}" for failure in done.failures]
    for drawing in done.drawings:
        kind: Literal["png", "gif"] = "png" if drawing.gif is None else "gif"
        file = figure_file(experiment.name, drawing.name, kind)
        parts += [f"![{plain(drawing.caption)}]({file})", f"*{plain(drawing.caption)}*"]
    lines = [
        f"- [{plain(name)}.csv]({table_file(experiment.name, name)}): {tables.preview(table).size}"
        for name, table in done.outcome.tables.items()
    ]
    return [*parts, "\n".join(lines)]


def _facts(report: Report) -> str:
    rows = [_row([name, plain(text)]) for name, text in report.facts.rows()]
    return "\n".join([_row(["fact", "value"]), _row(["---", "---"]), *rows])

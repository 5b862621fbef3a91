"""The report as one HTML page that needs no other file and no network."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import resources
from string import Template

from tegum.experiments.base import Verdict
from tegum.report import tables
from tegum.report.files import figure_file, table_file
from tegum.report.inlay import Shared, inlay
from tegum.report.run import Finished
from tegum.report.summary import (
    NOTHING_YET,
    TITLE,
    Report,
    about,
    counted,
    counts,
    evidence,
    label,
    lead,
    mark,
    notices,
)

#: Beside a verdict that a full run is still to replace.
STANDS_IN = ' <span class="badge quick">quick</span>'


def to_html(report: Report) -> str:
    """The page: verdict table first, then each experiment, then the facts of the run."""
    shared = Shared()
    experiments = _join(_experiment(done, shared) for done in report.finished)
    page = resources.files("tegum.report").joinpath("page.html").read_text("utf-8")
    return Template(page).substitute(
        title=escape(TITLE),
        lead=escape(lead(report)),
        notices=_join(_notice(text, bad) for text, bad in notices(report)),
        tally=_tally(report),
        verdicts=_verdict_table(report),
        contents=_join(_content(done) for done in report.finished),
        shared=shared.markup(),
        experiments=experiments,
        facts=_join(
            f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in report.facts.rows()
        ),
    )


def _join(parts: Iterable[str]) -> str:
    return "\n".join(parts)


def _notice(text: str, bad: bool) -> str:
    return f'<p class="notice{" bad" if bad else ""}">{escape(text)}</p>'


def _tally(report: Report) -> str:
    found = [
        f'<li class="{kind}"><b>{number}</b>{counted(kind, number)}</li>'
        for kind, number in counts(report.finished).items()
    ]
    if number := report.by_quick_runs:
        found.append(f'<li class="quick"><b>{number}</b>of these by quick runs</li>')
    return _join(found)


def _verdict_table(report: Report) -> str:
    if not report.verdicts:
        return f'<p class="soft">{NOTHING_YET}</p>'
    columns = ("Claim", "Verdict", "Statement", "Measured", "Rule", "Expected", "Evidence")
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    rows = _join(
        _verdict_row(done, verdict, report.stands_in(done)) for done, verdict in report.verdicts
    )
    return (
        '<div class="card verdicts scroll"><table aria-labelledby="verdicts">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def _verdict_row(done: Finished, verdict: Verdict, stands_in: bool) -> str:
    claim = verdict.claim
    identity = escape(claim.id, quote=True)
    links = "".join(
        f'<li><a href="#{_anchor(done, name)}">{escape(name)}</a></li>'
        for name, _ in evidence(done, verdict)
    )
    experiment = escape(verdict.experiment, quote=True)
    return (
        f'<tr id="claim-{identity}"><th scope="row" class="id">{identity}</th>'
        f'<td><span class="badge {mark(done, verdict)}">{escape(label(done, verdict))}</span>'
        f"{STANDS_IN if stands_in else ''}"
        f'</td><td>{escape(claim.statement)}<br><span class="experiment">'
        f'<a href="#{experiment}">{escape(claim.section)}</a></span></td>'
        f'<td class="measured" data-label="Measured">{escape(verdict.judgement.measured)}</td>'
        f'<td data-label="Rule">{escape(claim.rule)}</td>'
        f'<td data-label="Expected">{escape(claim.expected)}</td>'
        f'<td data-label="Evidence"><ul>{links}</ul></td></tr>'
    )


def _anchor(done: Finished, name: str) -> str:
    """Id of a figure or table on the page."""
    drawn = any(drawing.name == name for drawing in done.drawings)
    kind = "figure" if drawn else "table"
    return escape(f"{kind}-{done.experiment.name}-{name}", quote=True)


def _content(done: Finished) -> str:
    name, title = escape(done.experiment.name, quote=True), escape(done.experiment.title)
    return f'<li><a href="#{name}">{title}</a></li>'


def _experiment(done: Finished, shared: Shared) -> str:
    experiment = done.experiment
    name = escape(experiment.name, quote=True)
    return _join(
        [
            f'<section class="card" id="{name}" aria-labelledby="title-{name}">',
            f'<h2 id="title-{name}">{escape(experiment.title)}</h2>',
            f'<p class="soft small">{escape(about(done))}</p>',
            f"<p>{escape(experiment.summary)}</p>",
            _failures(done),
            f'<div class="figures">{_join(_figures(done, shared))}</div>' if done.drawings else "",
            _tables(done),
            "</section>",
        ]
    )


def _failures(done: Finished) -> str:
    return _join(
        f'<details class="notice bad"><summary>{escape(f"Failed while {failure}")}</summary>'
        f"<pre>{escape(failure.trace)}</pre></details>"
        for failure in done.failures
    )


def _figures(done: Finished, shared: Shared) -> Iterable[str]:
    name = done.experiment.name
    for drawing in done.drawings:
        anchor = _anchor(done, drawing.name)
        film = drawing.gif is not None
        links = [
            *([_link(figure_file(name, drawing.name, "gif"), "GIF")] if film else []),
            _link(figure_file(name, drawing.name, "svg"), "SVG"),
            _link(figure_file(name, drawing.name, "png"), "PNG"),
            *(_link(table_file(name, table), f"{table}.csv") for table in drawing.tables),
        ]
        wide = ' class="wide"' if drawing.aspect > 1.9 else ""
        yield (
            f'<figure id="{anchor}"{wide}><div class="paper">'
            f"{inlay(drawing, 'in-' + anchor, shared)}</div>"
            f"<figcaption>{escape(drawing.caption)} {' · '.join(links)}</figcaption></figure>"
        )


def _tables(done: Finished) -> str:
    if not done.outcome.tables:
        return ""
    parts = ["<h3>Tables</h3>"]
    for name, table in done.outcome.tables.items():
        anchor = escape(f"table-{done.experiment.name}-{name}", quote=True)
        short = tables.preview(table)
        parts.append(
            f'<details id="{anchor}"><summary>{escape(name)} <span class="soft small">'
            f"{short.size}</span></summary>{_preview(short, done.experiment.name, name)}</details>"
        )
    return _join(parts)


def _preview(short: tables.Preview, experiment: str, name: str) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in short.header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in short.rows
    )
    shown = "All of" if short.whole else "The beginning of"
    link = _link(table_file(experiment, name), f"{name}.csv")
    return (
        f'<div class="scroll"><table class="numbers"><caption>{shown} {link}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _link(file: str, text: str) -> str:
    return f'<a href="{escape(file, quote=True)}">{escape(text)}</a>'

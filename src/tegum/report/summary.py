"""A run in brief: what to call each verdict, how many there are of each, and where files lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tegum.experiments.base import Experiment, Verdict
from tegum.report.facts import RunFacts, duration
from tegum.report.files import figure_file, table_file
from tegum.report.run import Finished

TITLE = "Toy models of superposition, reproduced"
#: In place of a table of verdicts.
NOTHING_YET = "No claim has been judged yet."

Mark = Literal["holds", "recorded", "surprise", "untested", "error"]


@dataclass(frozen=True)
class Report:
    """Everything a report shows: the finished experiments, those still to run, the facts."""

    facts: RunFacts
    finished: tuple[Finished, ...]
    waiting: tuple[Experiment, ...] = ()
    seconds: float = 0.0  # that the run has taken so far

    @property
    def verdicts(self) -> list[tuple[Finished, Verdict]]:
        """Every verdict with the experiment it comes from, in order."""
        return [(done, verdict) for done in self.finished for verdict in done.outcome.verdicts]

    @property
    def as_expected(self) -> bool:
        """Whether every verdict is the recorded one and nothing raised."""
        return all(done.as_expected for done in self.finished)

    @property
    def to_come(self) -> tuple[Experiment, ...]:
        """Experiments whose quick results stand in until the run has done them in full.

        Those come first whose quick results leave most open: claims that were not tested, or are
        not as expected.
        """
        quick = [done for done in self.finished if self.stands_in(done)]
        return tuple(done.experiment for done in sorted(quick, key=_open_claims, reverse=True))

    @property
    def by_quick_runs(self) -> int:
        """How many verdicts come of quick runs."""
        return sum(done.outcome.quick for done, _ in self.verdicts)

    def stands_in(self, done: Finished) -> bool:
        """Whether these are results of a quick run in a report of a full one."""
        return done.outcome.quick and not self.facts.quick


def _open_claims(done: Finished) -> int:
    """How many claims a full run may yet settle."""
    open_kinds = ("untested", "surprise", "error")
    return sum(mark(done, verdict) in open_kinds for verdict in done.outcome.verdicts)


def mark(done: Finished, verdict: Verdict) -> Mark:
    """The kind of a verdict, by which a reader's eye should sort it."""
    if done.failure_of(verdict) is not None:
        return "error"
    if verdict.judgement.status == "not tested":
        return "untested"
    if not verdict.as_expected:
        return "surprise"
    return "holds" if verdict.judgement.status == "holds" else "recorded"


def label(done: Finished, verdict: Verdict) -> str:
    """The mark in words, e.g. `differs, as recorded` or `differs, expected holds`."""
    kind = mark(done, verdict)
    if kind == "error":
        return "error"
    if kind == "recorded":
        return f"{verdict.judgement.status}, as recorded"
    if kind == "surprise":
        return f"{verdict.judgement.status}, expected {verdict.claim.expected}"
    return verdict.judgement.status


#: The kinds in their order, in words for one verdict and for many.
_COUNTED: dict[Mark, tuple[str, str]] = {
    "holds": ("holds", "hold"),
    "recorded": ("differs, as recorded", "differ, as recorded"),
    "surprise": ("not as expected",) * 2,
    "error": ("could not be judged",) * 2,
    "untested": ("not tested",) * 2,
}


def counts(finished: Sequence[Finished]) -> dict[Mark, int]:
    """How many verdicts there are of each kind, kinds without any left out."""
    kinds = [mark(done, verdict) for done in finished for verdict in done.outcome.verdicts]
    return {kind: kinds.count(kind) for kind in _COUNTED if kind in kinds}


def counted(kind: Mark, number: int) -> str:
    """What `number` verdicts of a kind do: `hold`, `not tested`."""
    return _COUNTED[kind][number != 1]


def in_words(report: Report) -> str:
    """`31 claims, 9 by quick runs: 27 hold; 3 differ, as recorded; 1 not tested`, to be printed."""
    claims = _count(len(report.verdicts), "claim")
    if quick := report.by_quick_runs:
        claims += f", {'all' if quick == len(report.verdicts) else quick} by quick runs"
    return f"{claims}: {tally(report.finished)}" if report.verdicts else claims


def tally(finished: Sequence[Finished]) -> str:
    """`27 hold; 3 differ, as recorded; 1 not tested`."""
    found = counts(finished).items()
    return "; ".join(f"{number} {counted(kind, number)}" for kind, number in found)


def lead(report: Report) -> str:
    """One sentence on the size of the run."""
    models = sum(done.models for done in report.finished)
    experiments = _count(len(report.finished), "experiment")
    return (
        f"{experiments}, {_count(models, 'model')} trained by tegum {report.facts.version} "
        f"in {duration(report.seconds)}."
    )


def notices(report: Report) -> list[tuple[str, bool]]:
    """What a reader must know before the numbers, and whether it is bad news."""
    found: list[tuple[str, bool]] = []
    if report.waiting:
        found.append((f"This run is not complete. Still to run: {_names(report.waiting)}.", True))
    if report.to_come:
        growing = "What is marked quick comes of fewer models and steps, and is to be replaced."
        found.append((f"{growing} Still to run in full: {_names(report.to_come)}.", False))
    if report.facts.quick:
        quick = "A quick run: fewer models and steps, so some claims are not tested."
        found.append((quick, False))
    failed = [done.experiment.name for done in report.finished if done.failures]
    if failed:
        found.append((f"Something went wrong in {', '.join(failed)}; see there.", True))
    return found


def _names(experiments: Sequence[Experiment]) -> str:
    return ", ".join(experiment.name for experiment in experiments)


def about(done: Finished) -> str:
    """Where an experiment belongs and what it cost, in one line."""
    experiment = done.experiment
    items = ", ".join(str(item) for item in experiment.items)
    noun = "item" if len(experiment.items) == 1 else "items"
    size = "quick run · " if done.outcome.quick else ""
    return f"{experiment.section} · {noun} {items} · {size}{work(done)}"


def work(done: Finished) -> str:
    """What an experiment cost: `1,200 models, 16 to 100 seeds, 12 s`."""
    parts = []
    if seeds := done.seeds:
        span = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
        parts += [_count(done.models, "model"), f"{span} seeds" if span != "1" else "1 seed"]
    return ", ".join([*parts, duration(done.outcome.seconds)])


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def evidence(done: Finished, verdict: Verdict) -> list[tuple[str, str]]:
    """Name and file of each figure or table that a verdict points at and that is there."""
    name = done.experiment.name
    drawn = {drawing.name for drawing in done.drawings}
    found = []
    for item in verdict.claim.evidence:
        if item in drawn:
            found.append((item, figure_file(name, item, "svg")))
        elif item in done.outcome.tables:
            found.append((item, table_file(name, item)))
    return found

"""Run an experiment: measure, judge every claim, draw every figure; lose no failure."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, replace

from tegum.ensemble.progress import silent
from tegum.errors import InputFileError, StoreError, TegumError
from tegum.experiments.base import Claim, Experiment, Judgement, Outcome, Tables, Verdict
from tegum.report.figures import Drawing, draw
from tegum.report.lab import RunLab, TrainingRecord

#: These speak about the user's disk and files, not about the experiment: they end the run.
FATAL = (StoreError, InputFileError)
#: What the figures of a quick run say of themselves.
QUICK = "quick run: fewer models and steps"


@dataclass(frozen=True)
class Failure:
    """Something in an experiment that raised: what was being done, the error, its traceback.

    `claim` is the id of the claim whose rule raised, or None.
    """

    doing: str
    message: str
    trace: str
    claim: str | None = None

    def __str__(self) -> str:
        return f"{self.doing}: {self.message}"


@dataclass(frozen=True)
class Finished:
    """An experiment that has run: what it found, its drawings, and all that went wrong."""

    outcome: Outcome
    drawings: tuple[Drawing, ...]
    trainings: tuple[TrainingRecord, ...]
    failures: tuple[Failure, ...]

    @property
    def experiment(self) -> Experiment:
        """The experiment that was run."""
        return self.outcome.experiment

    @property
    def models(self) -> int:
        """How many models were trained."""
        return sum(record.models for record in self.trainings)

    @property
    def seeds(self) -> list[int]:
        """How many seeds the trainings had, fewest before most."""
        return sorted({record.seeds for record in self.trainings})

    @property
    def as_expected(self) -> bool:
        """Whether every verdict is the recorded one and nothing raised."""
        return not self.failures and all(v.as_expected for v in self.outcome.verdicts)

    def failure_of(self, verdict: Verdict) -> Failure | None:
        """What the verdict's rule raised, if it did."""
        return next((f for f in self.failures if f.claim == verdict.claim.id), None)


@silent()
def run(experiment: Experiment, lab: RunLab) -> Finished:
    """Measure, judge and draw. What the experiment raises becomes a `Failure` of the result.

    Raises what is `FATAL`, which no other experiment would survive either.
    """
    return _illustrate(_measure(experiment, lab))


def _measure(experiment: Experiment, lab: RunLab) -> Finished:
    """What was found, without drawings."""
    start = time.perf_counter()
    lab.take_records()
    failures: list[Failure] = []
    tables: Tables = {}
    failed = ""
    try:
        tables = experiment.measure(lab)
    except FATAL:
        raise
    except Exception as error:
        failures.append(_failure("measuring", error))
        failed = f"the measurement failed: {_one_line(error)}"
    known = {figure.name for figure in experiment.figures} | set(tables)
    verdicts = []
    for claim in experiment.claims:
        untested = failed or ("needs a full run" if lab.quick and not claim.quick else "")
        if untested:
            judgement = Judgement("not tested", untested)
        else:
            judgement = _judge(claim, tables, known, failures)
        verdicts.append(Verdict(experiment.name, claim, judgement))
    seconds = time.perf_counter() - start
    outcome = Outcome(experiment, tables, tuple(verdicts), seconds, lab.quick)
    return Finished(outcome, (), lab.take_records(), tuple(failures))


def _illustrate(measured: Finished) -> Finished:
    """The same with every figure drawn; nothing is drawn of a measurement that failed."""
    if any(failure.doing == "measuring" for failure in measured.failures):
        return measured
    failures = list(measured.failures)
    remark = QUICK if measured.outcome.quick else ""
    drawings = _draw_all(measured.experiment, measured.outcome.tables, remark, failures)
    return replace(measured, drawings=drawings, failures=tuple(failures))


def _judge(claim: Claim, tables: Tables, known: set[str], failures: list[Failure]) -> Judgement:
    """What the claim's rule finds; its evidence must be among the `known` figures and tables."""
    try:
        for name in claim.evidence:
            if name not in known:
                raise TegumError(f"evidence {name!r} is neither a figure nor a table")
        return claim.judge(tables)
    except Exception as error:
        failures.append(_failure(f"judging claim {claim.id}", error, claim.id))
        return Judgement("not tested", f"the rule failed: {_one_line(error)}")


def _draw_all(
    experiment: Experiment, tables: Tables, remark: str, failures: list[Failure]
) -> tuple[Drawing, ...]:
    drawings = []
    for spec in experiment.figures:
        try:
            drawings.append(draw(spec, tables, f"{experiment.name}-{spec.name}", remark))
        except Exception as error:
            failures.append(_failure(f"drawing {spec.name}", error))
    return tuple(drawings)


def _failure(doing: str, error: Exception, claim: str | None = None) -> Failure:
    trace = "".join(traceback.format_exception(error))
    return Failure(doing, _one_line(error), trace, claim)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__

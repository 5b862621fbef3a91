"""Run an experiment: measure, judge every claim, draw every figure; lose no failure."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, replace

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
    def as_expected(self) -> bool:
        """Whether every verdict is the recorded one and nothing raised."""
        return not self.failures and all(v.as_expected for v in self.outcome.verdicts)

    def failure_of(self, verdict: Verdict) -> Failure | None:
        """What the verdict's rule raised, if it did."""
        return next((f for f in self.failures if f.claim == verdict.claim.id), None)


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
    try:
        tables = experiment.measure(lab)
        reason = None
    except FATAL:
        raise
    except Exception as error:
        failures.append(_failure("measuring", error))
        reason = f"the measurement failed: {_one_line(error)}"
    verdicts = tuple(
        _judge(c, experiment, tables, lab, reason, failures) for c in experiment.claims
    )
    seconds = time.perf_counter() - start
    outcome = Outcome(experiment, tables, verdicts, seconds, lab.quick)
    return Finished(outcome, (), lab.take_records(), tuple(failures))


def _illustrate(measured: Finished) -> Finished:
    """The same with every figure drawn; nothing is drawn of a measurement that failed."""
    if any(failure.doing == "measuring" for failure in measured.failures):
        return measured
    failures = list(measured.failures)
    remark = QUICK if measured.outcome.quick else ""
    drawings = _draw_all(measured.experiment, measured.outcome.tables, remark, failures)
    return replace(measured, drawings=drawings, failures=tuple(failures))


def _judge(
    claim: Claim,
    experiment: Experiment,
    tables: Tables,
    lab: RunLab,
    reason: str | None,
    failures: list[Failure],
) -> Verdict:
    """The claim's verdict; `reason` says why nothing was measured, if so."""
    if reason is not None:
        return Verdict(experiment.name, claim, Judgement("not tested", reason))
    if lab.quick and not claim.quick:
        return Verdict(experiment.name, claim, Judgement("not tested", "needs a full run"))
    try:
        _require_evidence(claim, experiment, tables)
        judgement = claim.judge(tables)
    except Exception as error:
        failures.append(_failure(f"judging claim {claim.id}", error, claim.id))
        judgement = Judgement("not tested", f"the rule failed: {_one_line(error)}")
    return Verdict(experiment.name, claim, judgement)


def _require_evidence(claim: Claim, experiment: Experiment, tables: Tables) -> None:
    known = {figure.name for figure in experiment.figures} | set(tables)
    for name in claim.evidence:
        if name not in known:
            raise TegumError(f"evidence {name!r} is neither a figure nor a table")


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

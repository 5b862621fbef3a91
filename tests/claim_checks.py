"""What tests of experiments share: a claim judged on tables, tables changed, a run looked over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tegum.experiments.base import Claim, Experiment, Judgement, Tables
from tegum.report.lab import RunLab
from tegum.report.run import run

#: The rows of a table: a function of it, its index, or the values that some columns have there.
Rows = Callable[[Any], Any] | int | Mapping[str, Any]


def judged(claims: Iterable[Claim], identity: str, tables: Tables) -> Judgement:
    """What the rule of one of the claims finds, in one line."""
    (claim,) = (c for c in claims if c.id == identity)
    judgement = claim.judge(tables)
    assert "\n" not in judgement.measured
    return judgement


def changed(tables: Tables, name: str, rows: Rows, **values: Any) -> Tables:
    """The tables with some values replaced in some rows of `name`, of which there must be one."""
    copy = {key: table.copy() for key, table in tables.items()}
    table = copy[name]
    if isinstance(rows, Mapping):
        chosen = np.logical_and.reduce([table[key] == value for key, value in rows.items()])
    else:
        chosen = np.asarray(rows(table) if callable(rows) else table.index == rows)
    assert chosen.any()
    for column, value in values.items():
        table.loc[chosen, column] = value
    return copy


def assert_evidence_exists(experiment: Experiment, tables: Tables) -> None:
    """Claims point at figures and tables of the experiment, and belong to its items."""
    known = {figure.name for figure in experiment.figures} | set(tables)
    for claim in experiment.claims:
        assert set(claim.evidence) <= known, claim.id
        assert claim.item in experiment.items


def quick_run_as_expected(experiment: Experiment) -> Tables:
    """The tables of a quick run, whose verdicts must be the recorded ones, and figures complete."""
    finished = run(experiment, RunLab(quick=True))
    assert finished.failures == ()
    assert {v.claim.id: v.judgement.status for v in finished.outcome.verdicts} == {
        c.id: c.expected if c.quick else "not tested" for c in experiment.claims
    }
    assert len(finished.drawings) == len(experiment.figures)
    assert_evidence_exists(experiment, finished.outcome.tables)
    return finished.outcome.tables

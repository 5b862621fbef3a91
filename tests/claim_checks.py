"""What tests of experiments share: a claim judged on tables, tables changed, a run looked over."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tegum.experiments.base import Claim, Experiment, Judgement, Tables
from tegum.report.lab import RunLab
from tegum.report.run import run

#: The rows of a table: a function of it, its index, or the values that some columns have there.
Rows = Callable[[Any], Any] | int | Mapping[str, Any]


def judged(claims: Iterable[Claim], identity: str, tables: Tables) -> Judgement:
    """What the rule of one of the claims finds, in one line; it may not hold of empty tables."""
    (claim,) = (c for c in claims if c.id == identity)
    read = Read(tables)
    judgement = claim.judge(read)
    assert "\n" not in judgement.measured
    if judgement.status == "holds":
        for name in read.names:
            assert not holds_without(claim, tables, name), f"{identity} holds of an empty {name}"
    return judgement


class Read(Tables):
    """Tables that remember which of them were asked for."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.names.add(name)
        return super().__getitem__(name)


def holds_without(claim: Claim, tables: Tables, name: str) -> bool:
    """Whether the rule holds of tables of which one has no rows; raising is as good as no."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return claim.judge({**tables, name: tables[name].iloc[:0]}).status == "holds"
        except Exception:
            return False


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


def assert_no_claim_holds_of_nothing(experiment: Experiment, tables: Tables) -> None:
    """No claim that holds of these tables still does when one that it reads has no rows."""
    for claim in experiment.claims:
        if claim.quick:
            judged(experiment.claims, claim.id, tables)


def quick_run_as_expected(experiment: Experiment) -> Tables:
    """The tables of a quick run, whose verdicts must be the recorded ones, and figures complete."""
    finished = run(experiment, RunLab(quick=True))
    assert finished.failures == ()
    assert {v.claim.id: v.judgement.status for v in finished.outcome.verdicts} == {
        c.id: c.expected if c.quick else "not tested" for c in experiment.claims
    }
    assert len(finished.drawings) == len(experiment.figures)
    assert_evidence_exists(experiment, finished.outcome.tables)
    assert_no_claim_holds_of_nothing(experiment, finished.outcome.tables)
    return finished.outcome.tables

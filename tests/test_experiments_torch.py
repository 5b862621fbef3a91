"""Rules of `torch-replication` on hand-made tables; without PyTorch nothing is claimed."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_checks import assert_evidence_exists, changed, judged

from tegum.experiments.base import Tables
from tegum.experiments.torch_replication import EXPERIMENT, measure
from tegum.experiments.torch_replication.measure import BASIC, GEOMETRY, NEURONS, empty
from tegum.report.lab import RunLab


def tables() -> Tables:
    basic = pd.DataFrame(
        {"seed": 0, "feature_probability": BASIC, "loss": 0.1, "represented": [5, 7, 9, 12],
         "dedicated": [5, 3, 1, 0], "diagonal": 0.01, "off": 0.02, "chosen": True}
    )  # fmt: skip
    worse = basic.assign(seed=1, loss=0.2, represented=1, dedicated=0, chosen=False)
    names = ["digon"] * 9 + ["pentagon", "digon", "unnamed"]
    geometry = pd.DataFrame(
        {"level": [GEOMETRY[0]] * 9 + [GEOMETRY[1]] * 3, "factor": range(12), "shape": names,
         "size": [2] * 9 + [5, 2, 3], "rank": [1] * 9 + [2, 1, 2], "off": 0.01}
    )  # fmt: skip
    steps = np.arange(0, 12_001, 1000)
    levels = pd.concat(
        [pd.DataFrame({"seed": seed, "step": steps, "feature": feature,
                       "dimensionality": end * np.minimum(1, steps / 6000)})
         for seed in range(2) for feature, end in enumerate((0.5, 0.01))]
    )  # fmt: skip
    jumps = pd.DataFrame(
        {"seed": [0, 1], "start": [4000, 1000], "end": [5000, 2000], "before": 0.05, "after": 0.45,
         "loss_drop": 0.001}
    )  # fmt: skip
    neurons = pd.DataFrame(
        {"feature_probability": NEURONS, "loss": 0.1, "models": 64, "mono": [5, 3, 0],
         "represented": [5, 6, 8]}
    )  # fmt: skip
    return {
        "basic": pd.concat([basic, worse], ignore_index=True),
        "geometry": geometry,
        "levels": levels.reset_index(drop=True),
        "jumps": jumps,
        "neurons": neurons,
    }


IDEAL = tables()


@pytest.mark.parametrize("identity", [claim.id for claim in EXPERIMENT.claims])
def test_what_held_before_holds_again(identity: str) -> None:
    assert judged(EXPERIMENT.claims, identity, IDEAL).status == "holds"


def at(p: float, seed: int = 0) -> dict[str, float]:
    return {"feature_probability": p, "seed": seed}


@pytest.mark.parametrize(
    ("identity", "other"),
    [
        ("56.a", changed(IDEAL, "basic", at(1.0), off=0.06)),
        ("56.a", changed(IDEAL, "basic", at(1.0), diagonal=0.06)),
        ("56.a", changed(IDEAL, "basic", at(1.0), represented=6)),
        ("56.b", changed(IDEAL, "basic", at(0.3), represented=9)),
        ("56.b", changed(IDEAL, "basic", at(0.1), dedicated=3)),
        ("56.c", changed(IDEAL, "basic", at(0.01), represented=8)),
        ("56.c", changed(IDEAL, "basic", at(0.01), dedicated=1)),
        ("56.d", changed(IDEAL, "geometry", 0, shape="unnamed")),
        ("56.e", changed(IDEAL, "geometry", {"shape": "pentagon"}, shape="unnamed")),
        ("56.e", changed(IDEAL, "geometry", {"shape": "pentagon"}, off=0.03)),
        ("56.f", changed(IDEAL, "jumps", 0, start=2900)),
        ("56.f", changed(IDEAL, "jumps", 0, after=0.3)),
        ("56.g", changed(IDEAL, "levels", {"seed": 0, "step": 12_000}, dimensionality=0.4)),
        ("56.h", changed(IDEAL, "neurons", 1, mono=2)),
        ("56.h", changed(IDEAL, "neurons", 2, mono=1)),
    ],
)
def test_what_is_otherwise_differs(identity: str, other: Tables) -> None:
    assert judged(EXPERIMENT.claims, identity, other).status == "differs"


def test_a_seed_without_late_jumps_is_not_asked_for_levels() -> None:
    other = changed(IDEAL, "levels", {"seed": 1, "step": 12_000}, dimensionality=0.4)
    assert judged(EXPERIMENT.claims, "56.g", other).status == "holds"


@pytest.mark.parametrize("installed", [True, False])
def test_nothing_is_claimed_of_nothing(installed: bool, monkeypatch: Any) -> None:
    rules = sys.modules["tegum.experiments.torch_replication.claims"]
    monkeypatch.setattr(rules, "there", lambda: installed)
    for claim in EXPERIMENT.claims:
        found = claim.judge(empty())
        assert found.status == "not tested"
        assert ("PyTorch" in found.measured) is not installed


def test_without_pytorch_and_in_a_quick_run_nothing_is_trained(monkeypatch: Any) -> None:
    module = sys.modules[measure.__module__]
    monkeypatch.setattr(module, "there", lambda: False)
    for quick in (True, False):
        found = measure(RunLab(quick=quick))
        assert {name: len(table) for name, table in found.items()} == dict.fromkeys(IDEAL, 0)
        for name, table in found.items():
            assert set(table.columns) <= set(IDEAL[name].columns)
    monkeypatch.setattr(module, "there", lambda: True)
    assert not any(map(len, measure(RunLab(quick=True)).values()))


@pytest.mark.parametrize("found", [IDEAL, empty()], ids=["full", "empty"])
def test_figures_are_drawn_of_tables(found: Tables) -> None:
    assert_evidence_exists(EXPERIMENT, found)
    for spec in EXPERIMENT.figures:
        figure = spec.draw(found)
        assert figure.axes or "PyTorch" in figure.texts[0].get_text()

"""Rules of `adversarial-robustness` on hand-made tables that hold and differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_checks import judged, quick_run_as_expected

from tegum.experiments.adversarial_robustness import EXPERIMENT
from tegum.experiments.base import Tables
from tegum.report.figures import draw

INVERSE = np.array([1.0, 2, 3, 5, 8, 10, 100, 1000])


def status(identity: str, tables: Tables) -> str:
    return judged(EXPERIMENT.claims, identity, tables).status


def attacked(**columns: Any) -> pd.DataFrame:
    """Vulnerability is 1.5 × features per dimension − 0.5; gradients do half as much."""
    features = np.array([1.0, 1.8, 2.0, 2.6, 3.4, 3.8, 4.0, 4.1])
    worst = 1.5 * features - 0.5
    frame = pd.DataFrame(
        {
            "feature_probability": 1 / INVERSE, "seed": 0, "chosen": True, "loss": 1 / INVERSE,
            "features_per_dimension": features, "per_example": worst, "per_model": features,
            "iterated": 0.5 * worst, "one_step": 0.4 * worst,
            "masked": [0.0, 0, 0, 0, 0, 0.1, 0.4, 0.9], "unseen": 2.0, "size": 0.1,
        }
    )  # fmt: skip
    for name in ("per_example", "per_model", "iterated", "one_step"):
        frame[f"{name}_error"] = 0.01
    return frame.assign(**columns)


def hardened(**columns: Any) -> pd.DataFrame:
    relative = np.array([0.0, 0.1, 0.4, 0.8, 1.0])
    rows = pd.DataFrame(
        {
            "relative": relative, "features_per_dimension": [6.0, 5.9, 3.0, 1.05, 0.8],
            "loss": [0.3, 0.31, 0.5, 0.7, 0.8], "represented": [60.0, 60, 50, 28, 20],
            "superposition": 0.5, "per_example": [20.0, 19.5, 13, 5, 3],
        }
    ).assign(**columns)  # fmt: skip
    return pd.concat([rows.assign(seed=seed) for seed in range(2)], ignore_index=True)


def tables(**changes: pd.DataFrame) -> Tables:
    return {"attacked": attacked(), "long": attacked(), "hardened": hardened(), **changes}


@pytest.mark.parametrize("identity", [claim.id for claim in EXPERIMENT.claims])
def test_what_the_paper_says_holds(identity: str) -> None:
    assert status(identity, tables()) == "holds"


WORST = attacked()["per_example"].to_numpy()


@pytest.mark.parametrize(
    ("identity", "changes"),
    [
        ("32.a", {"attacked": attacked(per_example=1 + 1.99 * (INVERSE == 10))}),
        # beyond the range of the figure nothing counts
        ("32.a", {"attacked": attacked(per_example=1 + 9.0 * (INVERSE == 100))}),
        ("32.b", {"attacked": attacked(per_example=WORST + 3.0 * (INVERSE == 2))}),
        ("32.b", {"attacked": attacked(per_example=-WORST)}),
        ("33.a", {"attacked": attacked(iterated=WORST)}),
        ("33.a", {"attacked": attacked(iterated=WORST - 0.02)}),  # within two standard errors
        ("33.a", {"attacked": attacked(masked=0.4)}),
        ("33.b", {"long": attacked(iterated=WORST)}),
        ("34.a", {"hardened": hardened(features_per_dimension=[6.0, 6.2, 3, 1.05, 0.8])}),
        ("34.a", {"hardened": hardened(features_per_dimension=6.0)}),
        ("34.b", {"hardened": hardened(features_per_dimension=[6.0, 5.6, 3, 1.05, 0.8])}),
        ("34.b", {"hardened": hardened(features_per_dimension=[6.0, 5.9, 1.05, 1.0, 0.8])}),
        ("34.b", {"hardened": hardened(features_per_dimension=[6.0, 5.9, 3, 1.5, 1.2])}),
        ("35.a", {"hardened": hardened(loss=[0.3, 0.31, 0.29, 0.7, 0.8])}),
        ("35.a", {"hardened": hardened(loss=0.3)}),
        ("35.b", {"hardened": hardened(per_example=20.0)}),
    ],
)
def test_what_is_otherwise_differs(identity: str, changes: dict[str, pd.DataFrame]) -> None:
    assert status(identity, tables(**changes)) == "differs"


def test_only_the_model_of_lowest_loss_counts() -> None:
    worse = attacked(seed=1, chosen=False, per_example=100.0, iterated=100.0)
    both = pd.concat([attacked(), worse], ignore_index=True)
    assert status("32.b", tables(attacked=both)) == "holds"
    assert status("33.a", tables(attacked=both)) == "holds"


def test_figures_are_drawn_from_tables() -> None:
    for spec in EXPERIMENT.figures:
        assert draw(spec, tables(), "salt").svg.startswith("<?xml")


@pytest.mark.slow
def test_a_quick_run_is_as_recorded() -> None:
    quick_run_as_expected(EXPERIMENT)

"""Rules of `activation-functions` on hand-made tables that hold and differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from claim_checks import assert_evidence_exists, judged, quick_run_as_expected

from tegum.experiments._shared import phase_plane as plane
from tegum.experiments.activation_functions import EXPERIMENT
from tegum.experiments.activation_functions.claims import areas
from tegum.experiments.activation_functions.measure import ACTIVATIONS, problem
from tegum.experiments.base import Tables

#: Below these densities features are in superposition, ten cells along each side.
EDGES = {"relu": 0.4, "leaky": 0.4, "gelu": 0.15, "quadratic": 0.15}


def tables(**edges: float) -> Tables:
    parts = []
    for name, edge in {**EDGES, **edges}.items():
        r, p = plane.cells(10)
        outcome = np.where(p <= edge, 2, np.where(r < 1, 0, 1))
        parts.append(
            plane.table(
                r, p, norm=(outcome > 0) * 1.0, superposition=(outcome == 2) * 1.0, outcome=outcome,
                loss=p,
            ).assign(activation=name, models=10, others=0.1)
        )  # fmt: skip
    return {"cells": pd.concat(parts, ignore_index=True)}


def status(identity: str, found: Tables) -> str:
    return judged(EXPERIMENT.claims, identity, found).status


@pytest.mark.parametrize("identity", ["54.a", "54.b", "54.c", "54.d"])
def test_what_the_comment_says_holds(identity: str) -> None:
    assert status(identity, tables()) == "holds"


@pytest.mark.parametrize(
    ("identity", "edges"),
    [
        ("54.a", dict.fromkeys(ACTIVATIONS, 0.4)),
        ("54.b", dict.fromkeys(ACTIVATIONS, 0.4)),
        ("54.c", {"leaky": 0.15}),
        ("54.d", {"gelu": 1.0}),  # everywhere
        ("54.d", {"quadratic": 0.0}),  # nowhere
    ],
)
def test_what_is_otherwise_differs(identity: str, edges: dict[str, float]) -> None:
    assert status(identity, tables(**edges)) == "differs"


def test_where_it_is_makes_another_diagram_of_the_same_area() -> None:
    found = tables(gelu=0.4, quadratic=0.4)
    rows = found["cells"]
    own = rows["activation"] == "gelu"
    rows.loc[own, "outcome"] = rows.loc[own, "outcome"].to_numpy()[::-1]
    assert areas(found).nunique() == 1
    assert status("54.a", found) == "holds"
    assert status("54.b", found) == "differs"


def test_areas_are_parts_of_the_cells() -> None:
    # of ten densities from 0.01 to 1, two to a factor of 2.8, eight are ≤ 0.4 and six ≤ 0.15
    assert areas(tables()).to_dict() == pytest.approx(
        {"relu": 0.8, "leaky": 0.8, "gelu": 0.6, "quadratic": 0.6}
    )


def test_the_models_have_the_activations() -> None:
    assert [problem(name).model.output_activation for name in ACTIVATIONS] == list(ACTIVATIONS)  # type: ignore[union-attr]


def test_claims_and_figures_belong_to_the_tables() -> None:
    assert_evidence_exists(EXPERIMENT, tables())
    for spec in EXPERIMENT.figures:
        assert spec.draw(tables()).axes


@pytest.mark.slow
def test_a_quick_run_is_as_recorded() -> None:
    quick_run_as_expected(EXPERIMENT)

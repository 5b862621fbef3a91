"""Rules of `low-rank` on hand-made tables that hold and that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_checks import assert_evidence_exists, changed, judged, quick_run_as_expected

from tegum.analysis.low_rank import projection
from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.low_rank import EXPERIMENT
from tegum.experiments.low_rank.figures import draw_crossing
from tegum.experiments.low_rank.measure import (
    CONSTRUCTED,
    PAIR,
    STARTS,
    TRIANGLE,
    projections,
    simplex,
)
from tegum.report.figures import draw


def status(identity: str, tables: Tables) -> str:
    return judged(EXPERIMENT.claims, identity, tables).status


@pytest.fixture(scope="module")
def ranks() -> Tables:
    """The tables of `low-rank`, with the lowest minima that the theory has."""
    rows = []
    for n in STARTS:
        for p in (0.2, 0.5, 0.6, 0.8):
            dense = p > 0.55
            cosine = -1 / (n - 1) if dense else -1.0
            names = "triangle" if dense else "dedicated + digon"
            row = {"n_features": n, DENSITY: p, "loss": 1.0, "simplex": 1.0 if dense else 1.1}
            row |= {"least_cosine": cosine, "largest_cosine": cosine if dense else 0.0}
            row |= {"least_norm": 1.0, "largest_norm": 1.0, "starts": 8, "share": 0.25}
            rows.append({**row, "along": 1.0 if dense else np.sqrt(2 / n), "names": names})
    ends = {"branch": [TRIANGLE, PAIR], "low": [0.05, 0.05], "high": [0.95, 0.55]}
    met = {"n_features": [3], DENSITY: [0.52], "loss": [0.1], "other": [0.1]}
    p = np.linspace(0.05, 0.95, 7)
    lines = [
        {DENSITY: x, "branch": name, "loss": x * slope, "slope": slope, "curvature": 0.1}
        for name, slope in ((TRIANGLE, 0.1), (PAIR, 0.2))
        for x in p
    ]
    corners = projection(np.ones(3))
    features = [
        {"panel": "one", "feature": i, "w0": x, "w1": y} for i, (x, y) in enumerate(corners.T)
    ]
    return {
        "curves": pd.DataFrame(lines),
        "features": pd.DataFrame(features),
        "simplices": pd.DataFrame([simplex(n) for n in CONSTRUCTED]),
        "projections": projections(),
        "fits": pd.DataFrame(rows),
        "ends": pd.DataFrame(ends),
        "switches": pd.DataFrame(met),
    }


def fit(n: int, p: float) -> Any:
    return lambda rows: (rows["n_features"] == n) & np.isclose(rows[DENSITY], p)


def test_the_ideal_matrices_hold(ranks: Tables) -> None:
    assert [status(f"19.{x}", ranks) for x in "abcf"] == ["holds"] * 4
    assert [status(f"19.{x}", ranks) for x in "de"] == ["differs"] * 2


@pytest.mark.parametrize(
    ("identity", "name", "where", "values"),
    [
        ("19.a", "projections", lambda rows: rows["left_out"] == 2, {"distance": 1.5}),
        ("19.a", "projections", lambda rows: rows["left_out"] == 2, {"angle": 1e-9}),
        ("19.a", "projections", lambda rows: rows["left_out"] == 2, {"nearest": 1.4}),
        ("19.b", "simplices", lambda rows: rows["n_features"] == 5, {"least_cosine": -0.26}),
        ("19.b", "simplices", lambda rows: rows["n_features"] == 5, {"least_norm": 0.8}),
        ("19.c", "fits", fit(6, 0.8), {"largest_cosine": -0.18}),
        ("19.c", "fits", fit(6, 0.8), {"largest_norm": 1.02}),
        ("19.c", "fits", fit(6, 0.6), {"along": 0.99}),
        ("19.c", "fits", fit(6, 0.6), {"share": 0.0}),
        ("19.f", "switches", lambda rows: rows["loss"] > 0, {DENSITY: 0.61}),
        ("19.f", "fits", fit(3, 0.5), {"names": "triangle"}),
        ("19.f", "fits", fit(3, 0.6), {"along": 0.9}),
        ("19.f", "ends", lambda rows: rows["branch"] == PAIR, {"high": 0.51}),
    ],
)
def test_rules_of_low_rank(
    ranks: Tables, identity: str, name: str, where: Any, values: dict[str, Any]
) -> None:
    assert status(identity, changed(ranks, name, where, **values)) == "differs"


def test_19d_and_19e_hold_where_the_simplex_always_wins(ranks: Tables) -> None:
    fits = ranks["fits"]
    ideal = -1 / (fits["n_features"] - 1)
    always = fits.assign(least_cosine=ideal, largest_cosine=ideal, along=1.0)
    assert [status(f"19.{x}", {**ranks, "fits": always}) for x in "de"] == ["holds"] * 2


@pytest.mark.parametrize("spec", EXPERIMENT.figures, ids=lambda f: f.name)
def test_figures_draw_from_the_tables_they_name(ranks: Tables, spec: FigureSpec) -> None:
    assert draw(spec, {name: ranks[name] for name in spec.tables}, "salt").svg.startswith("<?xml")


def test_the_strong_curves_meet_where_the_losses_cross(ranks: Tables) -> None:
    x = np.linspace(0.05, 0.65, 7)  # the crossing is between two densities
    lines = [
        pd.DataFrame({DENSITY: x, "branch": name, "loss": 1 + slope * (x - 0.4), "slope": slope})
        for name, slope in ((TRIANGLE, 0.1), (PAIR, 0.3))
    ]
    met = pd.DataFrame({"n_features": [3, 4], DENSITY: [0.4, 0.2]})
    figure = draw_crossing({"curves": pd.concat(lines), "switches": met})
    for axes, expected in zip(figure.axes, ((1 / 0.16,) * 2, (0.1, 0.3)), strict=True):
        triangle, pair = (line for line in axes.lines if line.get_linewidth() > 2)
        ends = [np.asarray(line.get_xydata()) for line in (triangle, pair)]
        ends = [points[np.isfinite(points[:, 1])] for points in ends]
        # The steeper loss is the lower on the left.
        assert ends[0][0] == pytest.approx((0.4, expected[0]))
        assert ends[1][-1] == pytest.approx((0.4, expected[1]))


def test_evidence_exists(ranks: Tables) -> None:
    assert_evidence_exists(EXPERIMENT, ranks)


@pytest.mark.slow
def test_a_quick_run_finds_what_is_expected(ranks: Tables) -> None:
    assert set(quick_run_as_expected(EXPERIMENT)) == set(ranks)

"""Leverage and lines, and rules of `fractional-dimensions` on tables that hold and differ.

Oracles: leverage as the largest share of ‖Wᵀx‖² that one feature can have, regular polygons, counts
by hand.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from claim_checks import assert_evidence_exists, changed, judged, quick_run_as_expected

from tegum.dims import F64
from tegum.experiments.base import Tables
from tegum.experiments.fractional_dimensions import EXPERIMENT
from tegum.experiments.fractional_dimensions.measure import (
    COMPETING,
    DENSITIES,
    leverage,
    leverage_table,
    lines,
    shared,
    shares,
)


def polygon(k: int) -> F64:
    angles = 2 * np.pi * np.arange(k) / k
    return np.stack([np.cos(angles), np.sin(angles)])


def labelled(*models: F64) -> xr.DataArray:
    """Models of one density, by seed."""
    return xr.DataArray(
        np.stack(models)[None], dims=("feature_probability", "seed", "hidden", "feature"),
        coords={"feature_probability": [0.25]},
    )  # fmt: skip


class TestLeverage:
    def test_it_is_the_largest_share_of_a_direction(self) -> None:
        """max_x (W_i·x)²/‖Wᵀx‖²: by the maximiser S⁻¹W_i, which no other direction exceeds."""
        random = np.random.default_rng(0)
        W = random.standard_normal((3, 6))
        x = random.standard_normal((3, 5000))
        seen = (W.T @ x) ** 2 / ((W.T @ x) ** 2).sum(0)
        tau = leverage(W)
        assert (seen.max(1) <= tau + 1e-12).all()
        assert (seen.max(1) >= 0.95 * tau).all()

    def test_a_tight_frame_shares_evenly(self) -> None:
        table = shared(polygon(5))
        assert np.abs(table[["tau", "D"]].to_numpy() - 0.4).max() < 1e-12
        assert np.abs(table[["off", "low", "high"]].to_numpy()).max() < 1e-12

    def test_bounds_hold_the_difference_of_both(self) -> None:
        table = shared(np.random.default_rng(1).standard_normal((4, 9)))
        excess = table["tau"] / table["D"] - 1
        assert (table["low"] <= excess).all()
        assert (excess <= table["high"]).all()
        assert (table["low"] > 0).all()

    def test_two_features_by_hand(self) -> None:
        """(2, 0) and (1, 1): S = [[5, 1], [1, 1]], of determinant 4; both are needed, so τ = 1."""
        W = np.array([[2.0, 1.0], [0.0, 1.0]])
        table = shared(W)
        assert table["tau"].tolist() == pytest.approx([1.0, 1.0])
        # ‖W_i‖⁴ over the sum of squares of its products: 16/20 and 4/8
        assert table["D"].tolist() == pytest.approx([0.8, 0.5])
        # S (2, 0) = (10, 2) and μ = 5: off (0, 2), 4 over (5·2)²
        assert table["off"].iloc[0] == pytest.approx(0.04)

    def test_rows_of_models(self) -> None:
        rows = leverage_table(labelled(polygon(5), np.diag([1.0, 2.0]) @ polygon(5)))
        assert rows["rank"].tolist() == [2, 2]
        assert rows["leverage"].tolist() == pytest.approx([2.0, 2.0])
        assert rows["dimensionality"].iloc[0] == pytest.approx(2.0)
        assert rows["dimensionality"].iloc[1] < 1.9
        assert rows["above"].max() < 1e-12
        assert rows["outside"].max() < 1e-12


def test_lines_count_represented_features() -> None:
    pair = np.array([[1.0, -1, 0, 0, 0], [0, 0, 1, 0.3, 0]])
    W = labelled(pair, np.vstack([polygon(5)]))
    rows = lines(xr.Dataset({"W": W, "loss": (("feature_probability", "seed"), [[0.1, 0.2]])}))
    # ½, ½, and one that is 1/(1 + .09) of a dimension; then five of 2/5
    assert rows["represented"].tolist() == [3, 5]
    assert rows["on_line"].tolist() == pytest.approx([2 / 3, 1.0])
    assert rows["n_features"].tolist() == [5, 5]


def test_shares_know_tight_factors() -> None:
    W = np.zeros((4, 7))
    W[:2, :5] = polygon(5)
    W[2:, 5:] = np.array([[1.0, 0.8], [0.0, 0.6]])  # two features that are not orthogonal
    rows = shares(labelled(W).isel(seed=0))
    assert rows["tight"].tolist() == [True] * 5 + [False] * 2


def tables() -> Tables:
    parts = []
    for p in DENSITIES:
        for n in COMPETING:
            for seed in range(4):
                on = 0.99 if p == DENSITIES[0] else 1 - p * 60 / n * (1 if p < 0.22 else 0.3)
                parts.append((p, seed, n, 0.1, 16, on + 0.01 * (seed % 2)))
    names = ["feature_probability", "seed", "n_features", "loss", "represented", "on_line"]
    pressure = pd.DataFrame(parts, columns=names)
    lengths = pd.concat(
        [pressure.assign(steps=steps, on_line=on + 0.01 * (pressure["seed"] % 2))
         for steps, on in ((500, 0.1), (2000, 0.6), (8000, 0.9))]
    )  # fmt: skip
    leveraged = pressure.assign(
        rank=8, leverage=8 + 1e-9, above=-1e-12, outside=-1e-12, dimensionality=7.98, kind="trained"
    )
    random = leveraged.assign(dimensionality=7.0, kind="random")
    columns = {"D": 0.4, "tau": 0.4 + 1e-5, "off": 1e-4, "tight": True}
    return {
        "pressure": pressure,
        "lengths": lengths.reset_index(drop=True),
        "leverage": pd.concat([leveraged, random], ignore_index=True),
        "shares": pressure[["feature_probability", "n_features"]].assign(**columns),
        "frames": pd.DataFrame(
            {"name": ["digon", "pentagon"], "size": [2, 5], "rank": [1, 2], "spread": 1e-6,
             "off": 1e-6}
        ),
    }  # fmt: skip


IDEAL = tables()


@pytest.mark.parametrize("identity", [claim.id for claim in EXPERIMENT.claims])
def test_what_the_comments_say_holds(identity: str) -> None:
    assert judged(EXPERIMENT.claims, identity, IDEAL).status == "holds"


SPARSE = {"feature_probability": DENSITIES[2]}


@pytest.mark.parametrize(
    ("identity", "other"),
    [
        ("57.a", changed(IDEAL, "pressure", SPARSE, on_line=0.5)),
        ("57.b", changed(IDEAL, "pressure", SPARSE, on_line=0.5)),
        ("57.c", changed(IDEAL, "lengths", {**SPARSE, "steps": 8000}, on_line=0.1)),
        ("58.a", changed(IDEAL, "leverage", 0, leverage=8.01)),
        ("58.b", changed(IDEAL, "leverage", 0, above=1e-3)),
        ("58.b", changed(IDEAL, "leverage", 0, outside=1e-3)),
        ("58.c", changed(IDEAL, "leverage", 0, dimensionality=7.9)),
        ("58.c", changed(IDEAL, "leverage", {"kind": "random"}, dimensionality=7.95)),
        ("58.d", changed(IDEAL, "frames", 1, spread=0.01)),
        ("58.d", changed(IDEAL, "frames", 1, off=0.01)),
        ("58.e", changed(IDEAL, "shares", {"n_features": 24}, tight=False)),
    ],
)
def test_what_is_otherwise_differs(identity: str, other: Tables) -> None:
    assert judged(EXPERIMENT.claims, identity, other).status == "differs"


def test_where_nothing_is_left_to_gain_nothing_is_said() -> None:
    full = changed(IDEAL, "pressure", {"n_features": 24}, on_line=0.96)
    with pytest.raises(LookupError, match="no rows"):
        judged(EXPERIMENT.claims, "57.a", full)


def test_claims_and_figures_belong_to_the_tables() -> None:
    assert_evidence_exists(EXPERIMENT, IDEAL)
    for spec in EXPERIMENT.figures:
        assert spec.draw(IDEAL).axes


@pytest.mark.slow
def test_a_quick_run_is_as_recorded() -> None:
    quick_run_as_expected(EXPERIMENT)

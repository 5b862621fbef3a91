"""The staircase as a network, and rules of `nonlinear-compression` on tables that hold and differ.

Oracles: a slow loop over steps, sums of a fine midpoint grid, losses worked out by hand.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_checks import assert_evidence_exists, changed, judged, quick_run_as_expected

from tegum.errors import SpecError
from tegum.experiments.base import Tables
from tegum.experiments.nonlinear_compression import EXPERIMENT
from tegum.experiments.nonlinear_compression.measure import SEGMENTS, WIDTHS, code
from tegum.experiments.nonlinear_compression.staircase import (
    LINEAR,
    PLACEMENTS,
    exact_loss,
    network,
    soft_floor,
    starts,
    stops_paying,
)


def status(identity: str, tables: Tables) -> str:
    return judged(EXPERIMENT.claims, identity, tables).status


def by_hand(x: float, y: float, Z: int, width: float, placement: str) -> tuple[float, float]:
    """x' and y' of the staircase, step by step."""

    def floor(v: float) -> float:
        total = 0.0
        for k in range(1, Z + (1 if placement == PLACEMENTS[2] else 0)):
            begin = k - width / 2 if placement == PLACEMENTS[1] else k - width
            total += min(max((v - begin) / width, 0.0), 1.0)
        return total

    v = floor(Z * x) + y
    return (floor(v) + 0.5) / Z, v - floor(v)


class TestStaircase:
    @pytest.mark.parametrize("placement", PLACEMENTS)
    def test_the_network_is_the_staircase(self, placement: str) -> None:
        net = network(4, 0.3, placement)
        points = np.random.default_rng(0).random((200, 2))
        back = np.array([by_hand(x, y, 4, 0.3, placement) for x, y in points])
        assert np.abs(net(points) - back).max() < 1e-12
        assert net.neurons == 2 * (2 * (4 if placement == PLACEMENTS[2] else 3) + 1)

    def test_codes_of_steep_steps_are_the_papers(self) -> None:
        points = np.random.default_rng(1).random((500, 2))
        t = network(3, 1e-6, PLACEMENTS[0]).code(points)
        assert np.abs(t - (np.floor(3 * points[:, 0]) + points[:, 1]) / 3).max() < 1e-8

    @pytest.mark.parametrize("placement", PLACEMENTS)
    @pytest.mark.parametrize(("Z", "width"), [(1, 0.2), (2, 0.5), (3, 0.1), (5, 1.0)])
    def test_the_exact_loss_is_that_of_a_fine_grid(
        self, Z: int, width: float, placement: str
    ) -> None:
        side = (np.arange(1000) + 0.5) / 1000
        points = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
        mean = ((network(Z, width, placement)(points) - points) ** 2).sum(1).mean()
        # the error is piecewise smooth, and steps over edges cost a part of 1/1000
        assert exact_loss(Z, width, placement) == pytest.approx(mean, abs=2e-4)

    def test_one_segment_has_no_step_and_hands_on_y(self) -> None:
        assert exact_loss(1, 0.3, PLACEMENTS[0]) == pytest.approx(1 / 12, rel=1e-12)

    def test_two_segments_by_hand(self) -> None:
        """Width 1, before: s(u) = max(0, u − 0) up to 1, so v = min(u, 1) + y."""
        # x' = (min(v, 1) + ½)/2, y' = v − min(v, 1); with a = min(u, 1), y' − y is
        # e = a − min(a + y, 1)
        # half of the x have a = 1: e = 0 and x' = 3/4, off by (u − 3/2)/2
        flat = Fraction(1, 12) / 4
        # the others have a = u uniform: e = −min(y, 1 − u), whose square has the mean 1/6;
        # off in u by u − min(u + y, 1) − ½ = −min(y, 1 − u) − ½: mean square 1/6 + 1/3 + 1/4
        least = Fraction(1, 6)
        ramp = least + (least + Fraction(1, 3) + Fraction(1, 4)) / 4
        assert exact_loss(2, 1.0, PLACEMENTS[0]) == pytest.approx(float((flat + ramp) / 2))

    def test_it_stops_paying_where_losses_are_equal(self) -> None:
        at = stops_paying(3, PLACEMENTS[2])
        assert exact_loss(3, at, PLACEMENTS[2]) == pytest.approx(LINEAR, abs=1e-8)
        assert stops_paying(3, PLACEMENTS[1]) == 1.0

    @pytest.mark.parametrize("placement", PLACEMENTS)
    @pytest.mark.parametrize("Z", [1, 2, 7])
    def test_steps_without_a_width_round_x(self, Z: int, placement: str) -> None:
        assert exact_loss(Z, 0.0, placement) == pytest.approx(1 / (12 * Z**2), rel=1e-12)
        assert soft_floor(
            np.array([0.0, 0.5, Z - 0.5]), starts(Z, 0.0, placement), 0.0
        ).tolist() == ([0.0, 0.0, Z - 1.0])

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ((0, 0.1, PLACEMENTS[0]), "staircase.Z must be an integer >= 1; got 0"),
            ((2.5, 0.1, PLACEMENTS[0]), "staircase.Z must be an integer >= 1; got 2.5"),
            ((3, -0.1, PLACEMENTS[0]), "staircase.width must be in [0, 1]; got -0.1"),
            ((3, 1.1, PLACEMENTS[0]), "staircase.width must be in [0, 1]; got 1.1"),
            ((3, 0.1, "after"), "staircase.placement must be one of ('before', 'around', "),
        ],
    )
    def test_what_is_no_staircase_is_refused(self, given: Any, said: str) -> None:
        for make in (exact_loss, network):
            with pytest.raises(SpecError) as caught:
                make(*given)
            assert str(caught.value).startswith(said)
        with pytest.raises(SpecError, match=r"network\.width must be above 0: .*; got 0"):
            network(3, 0.0, PLACEMENTS[0])

    @pytest.mark.parametrize("placement", PLACEMENTS)
    def test_one_segment_never_pays(self, placement: str) -> None:
        assert stops_paying(1, placement) == 0.0
        assert all(exact_loss(1, width, placement) > LINEAR - 1e-12 for width in (1e-6, 0.3, 1))


def tables() -> Tables:
    rows = [
        (placement, Z, width, exact_loss(Z, width, placement), 1e-4, 10)
        for placement in PLACEMENTS
        for Z in SEGMENTS
        for width in WIDTHS
    ]
    losses = pd.DataFrame(rows, columns=["placement", "Z", "width", "exact", "error", "neurons"])
    return {
        "losses": losses.assign(sampled=losses["exact"] + 1e-4),
        "curves": losses.drop(columns=["error", "neurons"]),
        "paying": pd.DataFrame(
            {"placement": PLACEMENTS * 2, "Z": (3,) * 3 + (4,) * 3,
             "width": (0.25, 1.0, 0.16, 0.24, 1.0, 0.18)}
        ),
        "linear": pd.DataFrame({"seed": [0, 1], "loss": [0.1, 1 / 12 + 1e-7]}),
        "code": code(),
    }  # fmt: skip


IDEAL = tables()
SAID = {"placement": PLACEMENTS[2], "Z": 3, "width": 0.1}


@pytest.mark.parametrize("identity", ["51.a", "51.b", "51.c", "51.d", "51.e"])
def test_what_the_paper_says_holds(identity: str) -> None:
    assert status(identity, IDEAL) == "holds"


@pytest.mark.parametrize(
    ("identity", "other"),
    [
        ("51.a", changed(IDEAL, "losses", SAID, sampled=LINEAR - 2e-4)),
        ("51.a", {**IDEAL, "losses": IDEAL["losses"].query("placement != 'around'")}),
        ("51.b", changed(IDEAL, "linear", 1, loss=0.08)),
        ("51.b", changed(IDEAL, "linear", 1, loss=0.09)),
        ("51.c", changed(IDEAL, "losses", {"Z": 8, "width": WIDTHS[0]}, exact=1.02 / 12 / 64)),
        ("51.d", changed(IDEAL, "losses", SAID, sampled=0.0595)),
        ("51.e", changed(IDEAL, "paying", 2, width=0.09)),
        ("51.e", changed(IDEAL, "paying", 2, width=0.21)),
    ],
)
def test_what_is_otherwise_differs(identity: str, other: Tables) -> None:
    assert status(identity, other) == "differs"


def test_what_is_not_tested_says_why() -> None:
    verdict = judged(EXPERIMENT.claims, "60.a", IDEAL)
    assert verdict.status == "not tested"
    assert "transformer" in verdict.measured


def test_claims_and_figures_belong_to_the_tables() -> None:
    assert_evidence_exists(EXPERIMENT, IDEAL)
    for spec in EXPERIMENT.figures:
        assert spec.draw(IDEAL).axes


@pytest.mark.slow
def test_a_quick_run_is_as_recorded() -> None:
    quick_run_as_expected(EXPERIMENT)

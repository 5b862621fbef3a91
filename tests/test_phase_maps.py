"""Maps of candidates and optima, wells and slopes, against loops and differences."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from tegum.experiments._shared import phase_plane as plane
from tegum.experiments._shared import phase_truth as truth
from tegum.experiments.base import Tables
from tegum.experiments.phase_change import crossing, wells
from tegum.report.lab import RunLab
from tegum.theory import phases, two_features
from tegum.theory.sparse_expansion import expand

P, R = "feature_probability", "relative_importance"


@pytest.fixture(scope="module")
def unbiased() -> Tables:
    return wells.tables(RunLab(quick=True))


def test_the_map_of_candidates_is_that_of_a_loop() -> None:
    for n, losses, outcome in (
        (2, phases.losses_two, (0, 1, 2)),
        (3, phases.losses_three, (0, 1, 2, 1)),
    ):
        for row in plane.candidate_map(n, 6).itertuples():
            at = losses(row.relative_importance, row.feature_probability)
            k = int(np.argmin(at))
            rivals = [at[i] for i, end in enumerate(outcome) if end != outcome[k]]
            assert (row.outcome, row.loss) == (outcome[k], at[k])
            assert row.margin == pytest.approx(min(rivals) / at[k] - 1)


def test_outcomes_are_read_off_length_and_superposition() -> None:
    seen = plane.outcome(np.array([0.4, 0.9, 0.9]), np.array([1.0, 0.05, 0.5]))
    assert [plane.OUTCOMES[k] for k in seen] == list(plane.OUTCOMES)


def test_slopes_are_those_of_differences() -> None:
    rng = np.random.default_rng(4)
    W, b, p, h = rng.normal(size=(5, 1, 2)), 0.3 * rng.normal(size=(5, 2)), rng.random(5), 1e-4
    in_p, in_r = crossing.slopes(W, b, 0.7, p)
    for k in range(5):

        def loss(p: float, r: float, k: int = k) -> float:
            return float(expand(W[k], b[k], [1.0, r], p).sum())

        # quadratic in p and linear in r: central differences are exact
        assert in_p[k] == pytest.approx((loss(p[k] + h, 0.7) - loss(p[k] - h, 0.7)) / (2 * h))
        assert in_r[k] == pytest.approx((loss(p[k], 0.8) - loss(p[k], 0.6)) / 0.2)


def test_wells_hold_their_minimum_and_no_way_over_an_axis(unbiased: Tables) -> None:
    for row in unbiased["wells"].itertuples():
        if row.area_one == 0 or row.area_pair == 0:
            continue
        w = np.linspace(0, 1.6, 400)
        rim = min(row.relative_importance, 1) * row.feature_probability / 3
        for w1, w2 in ((w, 0 * w), (0 * w, w)):
            loss = two_features.loss_without_bias(
                w1, w2, row.feature_probability, row.relative_importance
            )
            assert loss.min() >= rim * (1 - 1e-12)
    assert (unbiased["wells"][["area_pair", "area_one"]].max(axis=1) > 0).all()


def grid(loss: np.ndarray, W: np.ndarray) -> xr.Dataset:
    p, r = plane.densities(loss.shape[0]), plane.ratios(loss.shape[1])
    dims = (P, R)
    values = {
        "loss": (dims, loss),
        "W": ((*dims, "hidden", "feature"), W),
        "b": ((*dims, "feature"), np.zeros((*loss.shape, 2))),
    }
    return xr.Dataset(values, {P: p, R: r})


def test_a_good_solution_spreads_over_the_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    W = np.zeros((4, 5, 1, 2))
    W[2, 3] = [[1.0, -1.0]]

    def lower_if_paired(runs: xr.Dataset) -> xr.Dataset:
        pair = runs["W"].isel(hidden=0).prod("feature") < 0
        return runs.assign(loss=xr.where(pair, 0.1, 0.5).transpose(P, R))

    monkeypatch.setattr(truth, "polish", lower_if_paired)
    loss = np.where((np.arange(20) == 13).reshape(4, 5), 0.1, 0.5)
    spread = truth.settled(grid(loss, W))
    assert (spread["loss"] == 0.1).all()
    assert (spread["W"] == W[2, 3]).all()
    along = truth.settled(grid(loss, W), (P,))
    assert along["loss"].to_numpy()[:, 3].tolist() == [0.1] * 4
    assert (along["loss"].to_numpy()[:, [0, 1, 2, 4]] == 0.5).all()


def test_a_kink_is_left_to_the_side_of_opposite_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing, "polish", lambda runs: runs)
    W = np.array([[[1.0, 0.0]], [[-1.0, 0.0]], [[0.0, 1.0]], [[1.0, 0.5]], [[-0.5, 0.8]]])
    runs = xr.Dataset({"W": (("seed", "hidden", "feature"), W)})
    moved = crossing.nudged(runs)["W"].to_numpy()[:, 0]
    expected = [[1.0, -0.03], [-1.0, 0.03], [-0.03, 1.0], [1.0, 0.47], [-0.53, 0.8]]
    np.testing.assert_allclose(moved, expected, atol=1e-15)


def test_maps_name_the_fate_of_the_last_feature() -> None:
    W = np.zeros((2, 2, 1, 2))
    W[0, 0], W[0, 1], W[1, 0], W[1, 1] = [[-1, 1]], [[0.01, -1]], [[1, 0.1]], [[0, 0]]
    found = grid(np.full((2, 2), 0.2), W)
    others = found["loss"].expand_dims(outcome=3).copy(data=np.full((3, 2, 2), np.inf))
    others[0, 0, 0], others[2, 0, 0] = 0.25, 0.2
    rows = truth.map_table(truth.Grid(found, found["loss"], others))
    np.testing.assert_array_equal(rows["rival"], [0.25, np.inf, np.inf, np.inf])
    assert rows["outcome"].tolist() == [2, 1, 0, 0]
    assert rows["w1"].tolist() == [1.0, 0.01, 1.0, 0.0]
    assert rows["w2"].tolist() == [-1.0, -1.0, 0.1, 0.0]
    np.testing.assert_allclose(rows[R], [0.1, 10, 0.1, 10])
    np.testing.assert_allclose(rows[P], [0.01, 0.01, 1, 1])
    both = truth.compared(rows, plane.candidate_map(2, 2))
    assert both["agrees"].tolist() == [True, False, True, False]
    np.testing.assert_allclose(both["excess"], both["loss_theory"] / 0.2 - 1)
    losses = phases.losses_two(both[R].to_numpy(), both[P].to_numpy())
    nearest = [min(losses[0, :2]), min(losses[1, [0, 2]]), min(losses[2, 1:]), min(losses[3, 1:])]
    np.testing.assert_allclose(both["gap"], np.minimum(nearest, rows["rival"]) / 0.2 - 1)


def test_each_outcome_has_its_lowest_loss() -> None:
    W = np.array([[[[1, -1]], [[1, 0]], [[0.1, 0.9]], [[-1, 0.8]]]], dtype=float)
    runs = xr.Dataset(
        {"W": ((P, "seed", "hidden", "feature"), W), "loss": ((P, "seed"), [[0.3, 0.2, 0.1, 0.4]])}
    )
    assert truth.lowest_by_outcome(runs).to_numpy().tolist() == [[0.2, 0.1, 0.3]]
    none = truth.lowest_by_outcome(runs.isel(seed=[1]))
    assert none.to_numpy().tolist() == [[0.2, np.inf, np.inf]]

"""Tables of figures against plain loops and numbers computed by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.analysis import figure_tables as made
from tegum.errors import SpecError
from tegum.runs import sweep_tables

PAIR = tg.Problem(tg.Independent(2, 0.3), tg.ReLUOutput(1))
UNTIED = tg.Problem(tg.Independent(3, 0.5), tg.TwoLayer(2))
SETS = tg.Problem(tg.Correlated(2, 2, feature_probability=0.3), tg.ReLUOutput(2))


def branch(values: list[float], loss: list[float]) -> xr.Dataset:
    runs = xr.Dataset({"loss": ("l1", loss)}, {"l1": values})
    return runs.assign_attrs(axes='{"l1": "l1"}')


def test_slopes_of_a_branch_are_difference_quotients() -> None:
    table = made.branch_table({"a": branch([0.0, 1.0, 2.0], [1.0, 3.0, 9.0])})
    assert list(table) == ["l1", "branch", "loss", "slope"]
    assert table["slope"].tolist() == [2.0, 4.0, 6.0]


@pytest.mark.parametrize(
    "wrong",
    [
        branch([1.0], [2.0]),
        branch([0.0, 1.0], [1.0, 2.0]).drop_vars("loss"),
        branch([0.0, 1.0], [1.0, 2.0]).assign_attrs(axes="{}"),
        branch([0.0, 1.0], [1.0, 2.0]).rename({"l1": "x"}),
        None,
    ],
)
def test_what_is_no_branch_is_refused(wrong: Any) -> None:
    with pytest.raises(SpecError, match=r"branch_table\.branches\['a'\] must be"):
        made.branch_table({"a": wrong})


def test_a_surface_is_the_loss_of_each_point() -> None:
    table = made.surface_table(PAIR, [0.1, -0.1], reach=1.0, points=3)
    assert len(table) == 9
    for row in table.itertuples():
        loss = tg.expected_loss(PAIR, [[row.w1, row.w2]], [0.1, -0.1]).loss
        assert row.loss == pytest.approx(float(loss), rel=1e-14)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: made.surface_table(UNTIED), "problem must have two features"),
        (lambda: made.surface_table(PAIR, reach=0.0), "reach must be > 0; got 0.0"),
        (lambda: made.surface_table(PAIR, reach="wide"), "reach must be > 0; got 'wide'"),
        (lambda: made.surface_table(PAIR, points=1), "points must be an integer >= 2; got 1"),
        (lambda: made.surface_table(PAIR, points=2.5), "points must be an integer >= 2; got 2.5"),
    ],
)
def test_a_surface_that_cannot_be(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        call()
    assert f"surface_table.{said}" in str(caught.value)


def test_edges_are_weights_whose_neurons_are_rescaled() -> None:
    v, w = np.array([[1.0, -4.0, 0.5], [0.2, 0.1, 0.0]]), np.arange(6.0).reshape(3, 2)
    runs = tg.from_weights(UNTIED, W_in=v, W_out=w)
    table = made.edge_table(runs)
    assert len(table) == 12
    scale = np.abs(v).max(axis=1)
    for row in table.itertuples():
        k, i = row.neuron, row.feature
        wanted = v[k, i] / scale[k] if row.side == "in" else w[i, k] * scale[k]
        assert row.weight == pytest.approx(wanted, rel=1e-12)


def test_links_are_pairs_of_a_factor_with_a_large_cosine() -> None:
    W = np.array([[1.0, -2.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0], [0.0, 0.0, 0.0, 1.0]])
    table = made.link_table(W)
    assert table[["feature", "feature_j", "gram"]].to_numpy().tolist() == [[0.0, 1.0, -2.0]]


def test_sets_are_the_blocks_of_features() -> None:
    table = made.set_table(tg.from_weights(SETS, W=np.ones((3, 2, 4))))
    assert table["set"].tolist() == [0, 0, 1, 1] * 3


def test_places_are_counter_clockwise_from_feature_0() -> None:
    angles = np.array([0.5, 2.0, 1.0, 3.0])
    W = np.stack([np.cos(angles), np.sin(angles)])
    problem = tg.Problem(tg.Independent(4, 0.5), tg.ReLUOutput(2))
    table = made.place_table(tg.from_weights(problem, W=np.stack([W, W * np.nan])))
    assert table["feature"].tolist() == [0, 2, 1, 3]
    turned = np.arctan2(table["w1"], table["w0"])
    np.testing.assert_allclose(turned, angles[[0, 2, 1, 3]] - 0.5, atol=1e-12)


def test_phases_are_norms_over_importance_and_density() -> None:
    p, r = [0.1, 0.5], [0.5, 2.0, 4.0]
    W = np.random.default_rng(0).normal(size=(2, 3, 1, 2))
    runs = tg.from_weights(PAIR, W=W, axes={"feature_probability": p, "r": ("importance[1]", r)})
    table = sweep_tables.phase_table(runs).set_index(["feature_probability", "relative_importance"])
    for a, density in enumerate(p):
        for c, ratio in enumerate(r):
            assert table.loc[(density, ratio), "norm"] == pytest.approx(abs(W[a, c, 0, 1]))


def test_models_have_dimensions_per_feature_and_the_lowest_is_chosen() -> None:
    W = np.random.default_rng(1).normal(size=(2, 3, 2, 4))
    problem = tg.Problem(tg.Independent(4, 0.5), tg.ReLUOutput(2))
    runs = tg.from_weights(problem, W=W, axes={"feature_probability": [0.1, 0.5]})
    table = sweep_tables.model_table(runs)
    np.testing.assert_allclose(table["D_star"], (2 / (W**2).sum((-2, -1))).ravel())
    assert table["chosen"].sum() == 2
    for _, rows in table.groupby("feature_probability"):
        assert rows.loc[rows["chosen"], "loss"].item() == rows["loss"].min()

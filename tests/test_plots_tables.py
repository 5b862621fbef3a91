"""Oracles: columns of the tables computed again from the weights of the models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from plot_runs import dataset

import tegum as tg
from tegum.analysis import geometry
from tegum.errors import SpecError
from tegum.runs import tables


def test_feature_table_holds_the_geometry_of_every_model() -> None:
    runs = dataset(6, 2, seeds=3)
    table = tables.feature_table(runs)
    assert list(table) == [
        *("feature_probability", "seed", "feature", "norm", "superposition", "dimensionality"),
        *("b", "importance", "w0", "w1"),
    ]
    assert len(table) == 3 * 3 * 6
    row = table.query("feature_probability == 0.3 and seed == 2 and feature == 4").iloc[0]
    W = runs.W.values[1, 2].astype(float)
    assert row["norm"] == pytest.approx(np.hypot(*W[:, 4]), rel=1e-12)
    assert row["dimensionality"] == pytest.approx(geometry.dimensionality(W)[4])
    assert row["superposition"] == pytest.approx(geometry.superposition(W)[4])
    assert (row["w0"], row["w1"], row["b"]) == (*W[:, 4], float(runs.b[1, 2, 4]))
    assert row["importance"] == 0.9**4


def test_feature_table_after_best_names_the_chosen_seed() -> None:
    table = tables.feature_table(dataset())
    assert table.groupby("feature_probability")["seed"].unique().map(list).to_dict() == {
        1.0: [4],
        0.3: [0],
        0.03: [7],
    }
    one = tables.count_table(dataset().isel(feature_probability=0))
    assert list(one) == ["seed", "loss", "represented", "dedicated"]
    assert one["seed"].tolist() == [4]


def test_importance_is_left_out_where_it_is_swept() -> None:
    runs = dataset()
    swept = runs.rename({"feature_probability": "importance[1]"})
    assert "importance" not in tables.feature_table(swept)
    assert "importance" not in tables.feature_table(runs.drop_attrs())
    given = tables.feature_table(swept, importance=np.arange(6))
    assert given["importance"].tolist() == [0, 1, 2, 3, 4, 5] * 3
    with pytest.raises(SpecError, match=r"feature_table\.importance must be one or 6 numbers"):
        tables.feature_table(runs, importance=[1, 2])


def test_a_row_is_numbered_under_a_name_of_its_own() -> None:
    """Features have the importances of their row, whatever is selected of the run."""
    importance = np.array([[1.0, 0.5, 0.25], [1, 2, 3]])
    problem = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2), importance=7.0)
    training = tg.Training(steps=2, batch_size=8, held_out=8)
    axes = {"importance": importance, "feature_probability": [0.1, 0.2]}
    runs = tg.train(problem, axes, training, 2, progress=False)
    for some in (runs, tg.best(runs), runs.isel(seed=0, feature_probability=1)):
        table = tables.feature_table(some)
        assert {"importance_row", "importance"} < set(table)
        for _, row in table.iterrows():
            assert row["importance"] == importance[int(row["importance_row"]), int(row["feature"])]
    one = tables.feature_table(tg.best(runs).sel(importance_row=1, feature_probability=0.1))
    assert one["importance"].tolist() == [1, 2, 3]
    figure = tg.plots.features_2d(tg.best(runs).isel(feature_probability=0, drop=True))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:2] == ["row 0", "row 1"]
    neurons = tables.neuron_table(tg.best(runs).isel(feature_probability=0))
    assert neurons.query("importance_row == 0")["importance"].tolist() == [1.0, 0.5, 0.25] * 2


def test_importances_are_those_at_the_point_of_the_axes() -> None:
    """A column of an axis is the number set; the quantity is the feature's own, in any order."""
    problem = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2), importance=(1, 0.5, 0.25))
    training = tg.Training(steps=2, batch_size=8, held_out=8)
    entry = tg.train(problem, {"r": ("importance[1]", [4.0, 8.0])}, training, progress=False)
    table = tables.feature_table(entry.isel(seed=0))
    assert table["importance"].tolist() == [1, 4, 0.25, 1, 8, 0.25]
    alone = tables.feature_table(entry.isel(seed=0).sel(r=8.0))
    assert alone["importance"].tolist() == [1, 8, 0.25]
    every = tg.train(problem, {"importance": [4.0, 8.0]}, training, progress=False)
    table = tables.feature_table(every.isel(seed=0))
    assert table["importance"].tolist() == [4] * 3 + [8] * 3
    assert tables.feature_table(every.isel(seed=0, importance=1))["importance"].tolist() == [8] * 3
    for kind in (complex, str):
        other = entry.assign_coords(r=entry.r.astype(kind))
        with pytest.raises(SpecError, match=r"Dataset.coords\['r'\] must be real numbers; got"):
            tables.feature_table(other)
    lost = entry.isel(seed=0).drop_vars("r")
    assert "importance" not in tables.feature_table(lost)


def test_gram_table_is_what_outputs_receive() -> None:
    runs = dataset(4, 3)
    G = tables.gram_table(runs).query("feature_probability == 0.03")["gram"].to_numpy()
    W = runs.W.values[2].astype(float)
    np.testing.assert_allclose(G.reshape(4, 4), W.T @ W, rtol=1e-12)
    rng = np.random.default_rng(0)
    W_in, W_out = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 4, 3))
    untied = xr.Dataset(
        {"W_in": (("r", "hidden", "feature"), W_in), "W_out": (("r", "feature", "hidden"), W_out)}
    )
    table = tables.gram_table(untied)
    assert list(table) == ["r", "feature", "feature_j", "gram"]
    np.testing.assert_allclose(table["gram"].to_numpy().reshape(2, 4, 4), W_out @ W_in)


def test_loss_and_count_tables() -> None:
    runs = dataset(6, 2, seeds=3)
    losses = tables.loss_table(runs)
    assert list(losses) == ["feature_probability", "seed", "step", "loss"]
    np.testing.assert_array_equal(losses["loss"], runs.loss_curve.values.ravel())
    counts = tables.count_table(runs)
    np.testing.assert_array_equal(
        counts["represented"], (np.linalg.norm(runs.W, axis=-2) > 0.5).sum(-1).ravel()
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tables.loss_table(dataset().drop_vars("loss_curve")), "must hold loss_curve"),
        (lambda: tables.feature_table(dataset().drop_vars("W")), "must hold W, or W_in and W_out"),
    ],
)
def test_what_runs_lack_is_named(call: Callable[[], object], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        call()

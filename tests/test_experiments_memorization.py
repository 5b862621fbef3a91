"""Rules of `double-descent` on hand-made tables that hold and differ, and its oracles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_checks import changed, judged, quick_run_as_expected

from tegum.errors import SpecError
from tegum.experiments.base import Tables
from tegum.experiments.double_descent import EXPERIMENT
from tegum.experiments.double_descent.data import data_dimensionality, loss_of, rows
from tegum.experiments.double_descent.descent import descend, pentagon
from tegum.experiments.double_descent.larger import line
from tegum.report.figures import draw

SIZES = np.array([3, 10, 30, 100, 300, 3000, 30_000])


def status(identity: str, tables: Tables) -> str:
    return judged(EXPERIMENT.claims, identity, tables).status


def circle(angles: Any, size: int, kind: str) -> pd.DataFrame:
    angle = np.radians(np.asarray(angles, dtype=float))
    return pd.DataFrame({"T": size, "kind": kind, "x": np.cos(angle), "y": np.sin(angle)})


def tables() -> Tables:
    """T-gons of data, a bump at 300, a pentagon of features at the end."""
    line = pd.DataFrame(
        {
            "T": SIZES, "seed": 0, "loss": [0, 0.1, 0.5, 0.8, 0.9, 0.97, 0.98],
            "test": [1.0, 1, 1.02, 1.04, 4, 1, 0.99], "chosen": True, "data": 2 / SIZES,
            "features": [0.5, 0.09, 0.05, 0.05, 0.05, 0.2, 0.38],
            "represented": [30, 30, 30, 40, 60, 7, 5],
        }
    )  # fmt: skip
    worse = line.assign(seed=1, chosen=False, data=0.5, features=0.2, represented=9)
    shown = [circle(72 * np.arange(5) + 3, int(size), "feature") for size in SIZES]
    shown += [circle(np.arange(3) * 120, int(size), "data") for size in SIZES]
    grid = [
        {"T": size, "m": m, "seed": 0, "loss": 0.5, "test": 1 + 2 * (size == worst)}
        for m, worst in ((1, 0), (2, 300), (3, 300), (6, 3000), (16, 0))
        for size in SIZES
    ]
    exact = pd.DataFrame(
        {
            "T": np.repeat([30, 300, 3000], 2), "start": ["adamw", "pentagon"] * 3, "before": 1.0,
            "loss": [0.4, 0.5, 0.88, 0.95, 0.98, 0.97], "test": [1.0, 1, 6, 1, 1.2, 0.99],
            "chosen": [True, False, True, False, False, True],
        }
    )  # fmt: skip
    return {
        "line": pd.concat([line, worse], ignore_index=True),
        "arrangement": pd.concat(shown, ignore_index=True),
        "map": pd.DataFrame(grid),
        "exact": exact,
    }


@pytest.mark.parametrize("identity", [claim.id for claim in EXPERIMENT.claims])
def test_what_was_published_holds(identity: str) -> None:
    assert status(identity, tables()) == "holds"


@pytest.mark.parametrize(
    ("identity", "name", "where", "values"),
    [
        ("61.a", "line", {"T": 10, "seed": 0}, {"data": 0.23}),
        ("61.c", "line", {"T": 100, "seed": 0}, {"features": 0.11}),
        ("61.c", "line", {"T": 30_000, "seed": 0}, {"features": 0.29}),
        ("61.d", "line", {"T": 300}, {"test": 1.0}),
        ("61.d", "line", {"T": 30_000}, {"test": 3.9}),
        ("61.e", "map", {"m": 16}, {"test": 3.0}),
        ("61.e", "map", {"m": 1}, {"test": 3.0}),
        ("61.f", "map", {"m": 6, "T": 30}, {"test": 4.0}),
        ("61.g", "exact", {"T": 300}, {"test": 1.04}),
        ("61.h", "exact", {"T": 30, "start": "adamw"}, {"loss": 0.6}),
        ("61.h", "exact", {"T": 3000, "start": "adamw"}, {"loss": 0.96}),
    ],
)
def test_what_is_otherwise_differs(identity: str, name: str, where: Any, values: Any) -> None:
    assert status(identity, changed(tables(), name, where, **values)) == "differs"


@pytest.mark.parametrize("angles", [72 * np.arange(4), [0, 72, 144, 216, 275], 60 * np.arange(6)])
def test_only_a_regular_pentagon_is_one(angles: Any) -> None:
    every = tables()
    points = every["arrangement"]
    points = points[(points["T"] != 30_000) | (points["kind"] == "data")]
    every["arrangement"] = pd.concat([points, circle(angles, 30_000, "feature")])
    assert status("61.b", every) == "differs"


def test_one_ridge_of_one_m_is_no_ridge() -> None:
    every = tables()
    every["map"] = every["map"].assign(test=lambda t: np.where(t["m"] == 2, t["test"], 1.0))
    assert status("61.f", every) == "differs"


def test_figures_are_drawn_from_tables() -> None:
    for spec in EXPERIMENT.figures:
        assert draw(spec, tables(), "salt").svg.startswith("<?xml")


def test_rows_have_length_one_and_few_features() -> None:
    found = rows(200, 300, 50)
    assert found.train.shape == (300, 200)
    assert found.test.shape == (50, 200)
    np.testing.assert_allclose(np.linalg.norm(found.train, axis=1), 1.0)
    active = (found.train > 0).sum(axis=1)
    # binomial of mean 10 and variance 9.5: the mean of 300 is within five standard errors
    assert abs(active.mean() - 10.0) < 5 * np.sqrt(9.5 / 300)
    assert not np.isin(found.train, found.test).all(axis=1).any()
    longer = rows(200, 300, 50, 20)
    np.testing.assert_array_equal(longer.train[:300], found.train)
    np.testing.assert_array_equal(longer.test, found.test)
    assert longer.train.shape == (320, 200)
    assert not np.isin(longer.train[300:], found.train).all(axis=1).any()


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_a_polygon_of_data_has_two_dimensions_in_all(count: int) -> None:
    angle = 2 * np.pi * np.arange(count) / count
    x = np.eye(count)
    W = np.stack([np.cos(angle), np.sin(angle)])
    # two antipodal data share one dimension, the second is empty
    expected = 1 / 2 if count == 2 else 2 / count
    np.testing.assert_allclose(data_dimensionality(W, x), expected)
    assert data_dimensionality(0 * W, x).tolist() == [0.0] * count


def test_the_loss_is_that_of_a_loop_over_rows() -> None:
    rng = np.random.default_rng(0)
    W, b, x = rng.normal(size=(2, 7)), rng.normal(size=7), rng.random((300, 7))
    slow = 0.0
    for row in x:
        for i in range(7):
            slow += (row[i] - max(W[:, i] @ (W @ row) + b[i], 0.0)) ** 2
    assert loss_of(W, b, x) == pytest.approx(slow / 300, rel=1e-12)


def test_the_line_at_another_size_has_the_columns_of_the_experiment() -> None:
    found = line(n=40, data=(3, 6), m=2, seeds=2, steps=(300, 300), progress=False)
    assert [*found.columns] == [*tables()["line"].columns]
    assert found[["T", "seed"]].to_numpy().tolist() == [[3, 0], [3, 1], [6, 0], [6, 1]]
    # three data in two dimensions are learned by heart: a triangle
    best = found[(found["T"] == 3) & found["chosen"]]
    assert len(best) == 1
    assert float(best["loss"].iloc[0]) < 0.05
    assert float(best["data"].iloc[0]) == pytest.approx(2 / 3, abs=0.1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n": 9}, "line.n must be an integer >= 10; got 9"),
        ({"data": ()}, "line.data must be numbers of data, one or more integers >= 1; got ()"),
        ({"data": 5}, "line.data must be numbers of data, one or more integers >= 1; got 5"),
        ({"data": (3, 0)}, "line.data[1] must be numbers of data, one or more integers >= 1; "
         "got 0"),
        ({"data": (2.5,)}, "line.data[0] must be numbers of data, one or more integers >= 1; "
         "got 2.5"),
        ({"steps": 5}, "line.steps must be two integers >= 0; got 5"),
        ({"steps": (5,)}, "line.steps must be two integers >= 0; got (5,)"),
        ({"steps": (5, -1)}, "line.steps[1] must be two integers >= 0; got -1"),
        ({"m": 0}, "ReLUOutput.n_hidden must be an integer >= 1; got 0"),
    ],
)  # fmt: skip
def test_what_is_no_line_is_refused_in_a_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        line(**{"n": 40, "data": (3,), "seeds": 1, "steps": (3, 3), **given})
    assert str(caught.value) == said


def test_exact_descent_goes_down_to_where_nothing_nearby_is_lower() -> None:
    x = rows(20, 40, 1).train
    W, b = pentagon(20, x.mean(axis=0))
    end = descend(W, b, x, 2000)
    assert end.loss == pytest.approx(loss_of(end.W, end.b, x), rel=1e-12)
    assert end.loss < loss_of(W, b, x)
    rng = np.random.default_rng(1)
    for _ in range(50):
        step = 1e-3 * rng.normal(size=end.W.shape)
        assert loss_of(end.W + step, end.b, x) > end.loss


@pytest.mark.slow
def test_a_quick_run_is_as_recorded() -> None:
    quick_run_as_expected(EXPERIMENT)

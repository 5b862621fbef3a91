"""Oracles: planted shapes, hand computation, a search of the graph, random vectors."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from polytopes import planted, turn

from tegum.analysis import catalogue as cat
from tegum.analysis import geometry
from tegum.analysis import tegum_factors as fac
from tegum.analysis._matching import symmetry
from tegum.errors import SpecError

NAMES = list(cat.catalogue())
#: Falls apart at the usual threshold: what a connected component can be at |cos| > .15 is the rest.
PRODUCTS = [name for name in NAMES if len(cat.polytope(name).parts) > 1]
#: cos = −1/(k − 1) is below .15 from eight vertices on.
FAINT = [f"{rank}-simplex" for rank in range(7, 12)]
WHOLE = [name for name in NAMES if name not in PRODUCTS + FAINT]

# --- Factors -----------------------------------------------------------------------------------


def named(w: np.ndarray, threshold: float = fac.THRESHOLD) -> list[str]:
    return sorted(factor.name for factor in fac.factors(w, threshold))


@pytest.mark.parametrize("name", WHOLE)
def test_every_shape_is_recognised_among_others(name: str) -> None:
    rng = np.random.default_rng([4, NAMES.index(name)])
    for _ in range(25):
        w, of = planted(rng, name, "triangle", "digon", spare=2, noise=0.01, uneven=0.03)
        assert named(w) == sorted([name, "triangle", "digon"])
        assert fac.feature_geometry(w).tolist() == of
        for factor in fac.factors(w):
            assert factor.distance < 0.04
            assert factor.closest == factor.name
            assert (factor.rank, factor.size) == cat.polytope(factor.name).vectors.shape
            assert factor.offset < 0.09


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_fall_apart_into_their_parts(name: str) -> None:
    rng = np.random.default_rng([5, NAMES.index(name)])
    for _ in range(10):
        w, _ = planted(rng, name, spare=1, noise=0.01, uneven=0.03)
        assert named(w) == list(cat.polytope(name).parts)
        assert cat.product_name(named(w)) == name
        # When every feature is linked with every other, the whole is one component.
        (factor,) = fac.factors(w, 0.0)
        assert factor.name == name


@pytest.mark.parametrize("name", FAINT)
def test_large_simplices_need_a_lower_threshold(name: str) -> None:
    w, _ = planted(np.random.default_rng(6), name, noise=0.001)
    assert set(named(w)) == {"dedicated"}
    assert named(w, 0.03) == [name]


def test_mirror_images_have_the_same_name() -> None:
    w = cat.polytope("square antiprism").vectors
    assert named(np.diag([-1.0, 1.0, 1.0]) @ w) == ["square antiprism"]


def test_tight_factors_share_out_their_rank() -> None:
    w, _ = planted(np.random.default_rng(7), "icosahedron", "pentagon", "digon", "dedicated")
    for factor in fac.factors(1.1 * w):
        assert factor.tight
        assert factor.offset < 1e-9
        assert sum(factor.dimensionality) == pytest.approx(factor.rank, abs=1e-9)
        assert factor.symmetry == symmetry(cat.polytope(factor.name).gram, 1e-9)
    # A tilted pair of vectors in the plane is none; its D_i are below 1 by hand: 1/(1 + cos²).
    (slanted,) = fac.factors(np.array([[1.0, 0.6], [0.0, 0.8]]))
    assert not slanted.tight
    assert slanted.dimensionality == pytest.approx((1 / 1.36, 1 / 1.36))
    assert (slanted.name, slanted.closest, slanted.rank) == ("unnamed", None, 2)
    assert math.isnan(slanted.distance)


def test_dimensionality_alone_names_nothing() -> None:
    """Turning one vertex of a tetrahedron around leaves every D at 3/4, and no tetrahedron."""
    w = cat.polytope("tetrahedron").vectors * np.array([1, 1, 1, -1])
    (factor,) = fac.factors(w)
    assert factor.dimensionality == pytest.approx([3 / 4] * 4)
    assert (factor.rank, factor.size, factor.tight) == (3, 4, True)
    assert (factor.name, factor.closest) == ("unnamed", "tetrahedron")
    # Three of the six cosines are 1/3 instead of −1/3.
    assert factor.distance == pytest.approx((2 / 3) / math.sqrt(2))
    assert factor.offset == pytest.approx(0.0)


def test_unequal_lengths_show_in_the_offset() -> None:
    (factor,) = fac.factors(np.array([[1.0, -0.6]]))
    assert (factor.name, factor.distance) == ("digon", 0.0)
    # D = 1/1.36 and .36/1.36
    assert factor.offset == pytest.approx(1 / 1.36 - 0.5)


def test_thresholds_over_which_the_split_stays() -> None:
    # Directions at 0°, 100° and 95° out of the plane: |cos| of (0, 1) is .174; 2 is apart.
    angle = np.radians(100.0)
    tilt = np.radians(95.0)
    w = np.array([[1.0, np.cos(angle), np.cos(tilt)], [0, np.sin(angle), 0], [0, 0, np.sin(tilt)]])
    strong, weak = abs(np.cos(angle)), abs(np.cos(tilt))
    pair, single = fac.factors(w)
    assert (pair.features, single.features) == ((0, 1), (2,))
    assert (pair.low, pair.high) == pytest.approx((weak, strong))
    assert (single.low, single.high) == pytest.approx((weak, 1.0))
    assert fac.stable_range([pair, single]) == pytest.approx((weak, strong))
    assert fac.stable_range([]) == (0.0, 1.0)


def test_the_stable_range_is_exactly_where_the_split_stays() -> None:
    rng = np.random.default_rng(8)
    for _ in range(40):
        w = rng.standard_normal((4, 7))
        found = fac.factors(w, 0.5)
        low, high = fac.stable_range(found)
        assert low <= 0.5 < high
        split = [factor.features for factor in found]
        for inside in (low, low + 1e-9, (low + high) / 2, high - 1e-9):
            assert [factor.features for factor in fac.factors(w, min(inside, 0.999))] == split
        for outside in (low - 1e-9, high):
            if 0 <= outside < 1:
                assert [factor.features for factor in fac.factors(w, outside)] != split
        for factor in found:  # each on its own
            for t in (factor.low, factor.high - 1e-9):
                kept = {f.features for f in fac.factors(w, min(t, 0.999))}
                assert factor.features in kept


def test_components_against_a_search_of_the_graph() -> None:
    rng = np.random.default_rng(9)
    for _ in range(50):
        w = rng.standard_normal((6, 9)) * rng.uniform(0.05, 1, 9)
        shown = [i for i in range(9) if np.linalg.norm(w[:, i]) > 0.5]
        linked = np.abs(geometry.cosines(w)) > 0.4
        parts = []
        while left := [i for i in shown if not any(i in part for part in parts)]:
            part, queue = {left[0]}, [left[0]]
            while queue:
                i = queue.pop()
                new = [j for j in shown if linked[i, j] and j not in part]
                part.update(new)
                queue += new
            parts.append(part)
        assert [set(f.features) for f in fac.factors(w, 0.4)] == parts


def random_names(trials: int, seed: int) -> list[fac.Factor]:
    """The named factors of more than one feature among random unit vectors."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(trials):
        w = rng.standard_normal((int(rng.integers(3, 11)), int(rng.integers(2, 21))))
        w /= np.linalg.norm(w, axis=0)
        for factor in fac.factors(w):
            if factor.name not in ("unnamed", "dedicated"):
                if factor.name == "digon":  # two directions may be opposite by chance
                    i, j = factor.features
                    assert w[:, i] @ w[:, j] <= -1 + fac.TOLERANCE
                    continue
                found.append(factor)
    return found


def test_random_vectors_are_not_named() -> None:
    assert random_names(250, 10) == []


@pytest.mark.slow
def test_many_random_vectors_are_not_named() -> None:
    assert random_names(10_000, 11) == []


# --- Names per feature, tables, bad input ---------------------------------------------------------


def test_features_that_are_short_or_alone() -> None:
    w = np.zeros((3, 5))
    w[0, :2], w[1, 2], w[2, 3], w[1, 4] = (1, -1), 0.9, 0.5, 0.2
    names = ["digon", "digon", "dedicated", "not represented", "not represented"]
    assert fac.feature_geometry(w).tolist() == names
    assert [f.features for f in fac.factors(w)] == [(0, 1), (2,)]
    assert fac.factors(np.zeros((2, 3))) == []
    assert fac.factors(np.zeros((2, 0))) == []
    diverged = np.full((2, 3), np.nan)
    assert fac.factors(diverged) == fac.factors(np.full((2, 3), np.inf)) == []
    assert fac.feature_geometry(diverged).tolist() == ["not represented"] * 3


def test_names_of_labelled_batches() -> None:
    rng = np.random.default_rng(12)
    models = [
        planted(rng, "pentagon", "digon")[0],
        planted(rng, "triangular bipyramid", spare=0)[0],
    ]
    models[1] = np.concatenate([models[1], np.zeros((3, 2))], axis=1)
    W = xr.DataArray(
        np.stack(models),
        dims=("feature_probability", "hidden", "feature"),
        coords={"feature_probability": [0.2, 0.5], "feature": list("abcdefg")},
    )
    names = fac.feature_geometry(W)
    assert names.dims == ("feature_probability", "feature")
    assert sorted(names.sel(feature_probability=0.2).values) == ["digon"] * 2 + ["pentagon"] * 5
    assert sorted(set(names.sel(feature_probability=0.5).values)) == [
        *("digon", "not represented", "triangle"),
    ]
    table = fac.factor_table(W.transpose("feature", "feature_probability", "hidden"))
    assert table["feature_probability"].tolist() == [0.2, 0.2, 0.5, 0.5]
    assert sorted(table["name"]) == ["digon", "digon", "pentagon", "triangle"]
    for _, row in table.iterrows():
        told = names.sel(feature_probability=row["feature_probability"])
        assert set(told.sel(feature=list(row["features"])).values) == {row["name"]}
        assert len(row["features"]) == row["size"] == len(row["dimensionality"])
        assert row["lowest_D"] == pytest.approx(row["rank"] / row["size"])
        assert row["highest_D"] == pytest.approx(row["rank"] / row["size"])


def test_the_table_of_plain_arrays_has_positions() -> None:
    rng = np.random.default_rng(13)
    W = np.stack([[planted(rng, "triangle", "digon")[0] for _ in range(3)] for _ in range(2)])
    table = fac.factor_table(W)
    assert table.columns[:3].tolist() == ["instance_0", "instance_1", "factor"]
    assert len(table) == 12
    for (i, j), rows in table.groupby(["instance_0", "instance_1"]):
        assert [tuple(f) for f in rows["features"]] == [f.features for f in fac.factors(W[i, j])]
        assert rows["symmetry"].tolist() == [f.symmetry for f in fac.factors(W[i, j])]
    single = fac.factor_table(W[0, 0])
    assert single["factor"].tolist() == [0, 1]
    nothing = fac.factor_table(np.zeros((4, 2, 3)))
    assert isinstance(nothing, pd.DataFrame)
    assert len(nothing) == 0
    assert nothing.columns.tolist() == ["instance_0", *single.columns]


def test_names_do_not_depend_on_position() -> None:
    rng = np.random.default_rng(14)
    w, _ = planted(rng, "pentagon", "square antiprism", "digon", noise=0.02)
    names = fac.feature_geometry(w)
    order = rng.permutation(len(names))
    np.testing.assert_array_equal(
        fac.feature_geometry(turn(rng, len(w)) @ w[:, order]), names[order]
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fac.factors(np.zeros((2, 2, 3))), "factors.W must be one model"),
        (
            lambda: fac.factors(np.zeros((2, 3)), 1.0),
            "factors.threshold must be in [0, 1); got 1.0",
        ),
        (lambda: fac.factors(np.zeros((2, 3)), math.nan), "factors.threshold must be in [0, 1)"),
        (lambda: fac.feature_geometry(np.zeros((2, 3)), -0.1), "factors.threshold must be"),
        (lambda: fac.feature_geometry(np.zeros(3)), "W.shape must be (..., hidden, feature)"),
        (lambda: fac.factor_table(np.zeros(3)), "W.shape must be (..., hidden, feature)"),
        (lambda: fac.factor_table(xr.DataArray(np.eye(2))), "W.dims must contain 'hidden'"),
    ],
)
def test_bad_input_is_named(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(SpecError) as caught:
        call()
    assert words in str(caught.value)

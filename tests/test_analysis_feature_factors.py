"""A row per feature with its factor: hand-made models, and slow loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tegum.analysis import geometry
from tegum.analysis.catalogue import polytope
from tegum.analysis.feature_factors import across_factors, feature_factor_table
from tegum.analysis.tegum_factors import factors
from tegum.dims import F64
from tegum.errors import SpecError


def model() -> F64:
    """(4, 10): a pentagon, a digon, one alone, two that are too short; in that order."""
    parts = [1.1 * polytope("pentagon").vectors, polytope("digon").vectors, np.ones((1, 1))]
    W = np.zeros((4, 10))
    W[:2, :5], W[2:3, 5:7], W[3:, 7:8] = parts
    W[:, 8] = (0.1, 0.0, 0.3, 0.0)
    return W


def test_every_feature_has_its_factor_and_its_share_of_the_whole_model() -> None:
    W = model()
    table = feature_factor_table(W)
    assert list(table["factor"]) == [0] * 5 + [1] * 2 + [2] + [-1] * 2
    assert list(table["geometry"]) == (
        ["pentagon"] * 5 + ["digon"] * 2 + ["dedicated"] + ["not represented"] * 2
    )
    assert list(table["size"]) == [5] * 5 + [2] * 2 + [1] + [0] * 2
    assert list(table["rank"]) == [2] * 5 + [1] * 3 + [0] * 2
    # D_i by its definition, one feature at a time: the short feature 8 takes from the others
    for i in range(9):
        unit = W[:, i] / np.linalg.norm(W[:, i])
        by_hand = W[:, i] @ W[:, i] / sum((unit @ W[:, j]) ** 2 for j in range(10))
        assert table["dimensionality"][i] == pytest.approx(by_hand, abs=1e-12)
    assert table["dimensionality"][5] < 0.5
    np.testing.assert_allclose(table["across"][:8], 0.0, atol=1e-12)
    assert table["across"][8:].isna().all()


def test_across_is_the_largest_cosine_with_features_of_other_factors() -> None:
    W = model()
    W[0, 6] = 0.1  # the digon's second feature leans into the pentagon's plane
    found = factors(W, threshold=0.15)
    assert [factor.size for factor in found] == [5, 2, 1]
    label = {i: k for k, factor in enumerate(found) for i in factor.features}
    cosine = np.abs(geometry.cosines(W))
    slow = [max(cosine[i, j] for j in range(8) if label[i] != label[j]) for i in range(8)]
    assert max(slow) > 0.09
    np.testing.assert_allclose(across_factors(W, found)[:8], slow, atol=1e-12)


def test_models_are_told_apart_by_their_coordinates() -> None:
    stack = np.stack([model(), np.zeros((4, 10)), np.full((4, 10), np.nan)])
    W = xr.DataArray(
        stack,
        dims=["feature_probability", "hidden", "feature"],
        coords={"feature_probability": [0.5, 0.2, 0.1], "feature": list("abcdefghij")},
    )
    table = feature_factor_table(W.transpose("feature", "feature_probability", "hidden"))
    assert list(table.columns[:2]) == ["feature_probability", "feature"]
    assert list(table["feature"][:10]) == list("abcdefghij")
    first = table[table["feature_probability"] == 0.5].drop(columns=["feature_probability"])
    alone = feature_factor_table(model()).drop(columns="feature")
    pd.testing.assert_frame_equal(first.drop(columns="feature"), alone)
    rest = table[table["feature_probability"] < 0.5]
    assert (rest["geometry"] == "not represented").all()
    assert len(table) == 30


def test_no_models_make_an_empty_table_with_all_columns() -> None:
    empty = feature_factor_table(np.zeros((0, 4, 10)))
    assert empty.empty
    assert list(empty.columns) == ["instance_0", *feature_factor_table(model()).columns]


def test_bad_input_is_refused() -> None:
    with pytest.raises(SpecError, match=r"W.shape must be"):
        feature_factor_table(np.zeros(4))
    with pytest.raises(SpecError, match=r"factors.threshold must be in \[0, 1\); got 1"):
        feature_factor_table(model(), threshold=1.0)

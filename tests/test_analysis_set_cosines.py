"""Cosines within and between sets, against loops over pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import xarray as xr

from tegum.analysis import set_cosines as sets
from tegum.errors import SpecError

SETS = [0, 1, 0, 1, 2, 0]
W = np.random.default_rng(1).standard_normal((4, 3, 6))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("model", range(4))
def test_against_loops(model: int) -> None:
    w = W[model]
    pairs = {True: [], False: []}
    least = [1.0] * 6
    for i, j in combinations(range(6), 2):
        value = cosine(w[:, i], w[:, j])
        pairs[SETS[i] == SETS[j]].append(value)
        if SETS[i] != SETS[j]:
            least[i], least[j] = min(least[i], value), min(least[j], value)
    np.testing.assert_allclose(sets.within_cosines(W, SETS)[model], pairs[True])
    np.testing.assert_allclose(sets.between_cosines(W, SETS)[model], pairs[False])
    np.testing.assert_allclose(sets.opposites(W, SETS)[model], least)
    means = [sum(w[:, i] for i in range(6) if SETS[i] == k) for k in range(3)]
    expected = [cosine(means[i], means[j]) for i, j in combinations(range(3), 2)]
    np.testing.assert_allclose(sets.set_cosines(W, SETS)[model], expected)


def test_labelled_weights_keep_their_dimensions() -> None:
    labelled = xr.DataArray(W, dims=("seed", "hidden", "feature"), coords={"seed": [5, 6, 7, 8]})
    found = sets.opposites(labelled, SETS)
    assert found.dims == ("seed", "feature")
    assert found["seed"].to_numpy().tolist() == [5, 6, 7, 8]


def test_a_set_alone_has_no_opposites() -> None:
    assert sets.opposites(W[0], [0] * 6).tolist() == [0.0] * 6
    assert sets.between_cosines(W[0], [0] * 6).shape == (0,)


def test_bad_input() -> None:
    with pytest.raises(SpecError, match=r"sets\.labels must be one per feature, \(6,\)"):
        sets.within_cosines(W, [0, 1])

"""What models leave out, against hand computations and a least-squares definition."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from tegum.analysis.low_rank import left_out, projection
from tegum.errors import SpecError


def test_leaving_out_the_diagonal_gives_the_triangle() -> None:
    W = projection([1.0, 1.0, 1.0])
    expected = np.array([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]) / 3
    assert W.shape == (2, 3)
    np.testing.assert_allclose(W.T @ W, expected, atol=1e-15)


def test_leaving_out_a_sum_gives_an_antipodal_pair() -> None:
    W = projection([0.0, 1.0, 1.0])
    expected = np.array([[1, 0, 0], [0, 0.5, -0.5], [0, -0.5, 0.5]])
    np.testing.assert_allclose(W.T @ W, expected, atol=1e-15)


@pytest.mark.parametrize(("n", "k"), [(2, 1), (5, 2), (7, 6)])
def test_the_projection_is_that_of_least_squares(n: int, k: int) -> None:
    """Column i of 1 − WᵀW is the best approximation of e_i by the directions."""
    V = np.random.default_rng(n).standard_normal((n, k))
    W = projection(V)
    fitted = V @ np.linalg.lstsq(V, np.eye(n), rcond=None)[0]
    np.testing.assert_allclose(np.eye(n) - W.T @ W, fitted, atol=1e-12)
    np.testing.assert_allclose(W @ W.T, np.eye(n - k), atol=1e-12)


def test_what_is_left_out_of_hand_made_weights() -> None:
    W = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    np.testing.assert_allclose(left_out(W)[:, 0], np.array([2, -1, 0]) / np.sqrt(5), atol=1e-15)
    labelled = xr.DataArray(W.T, dims=("feature", "hidden"))
    np.testing.assert_array_equal(left_out(labelled), left_out(W))
    assert left_out(np.eye(3)).shape == (3, 0)
    np.testing.assert_allclose(left_out(np.zeros((2, 3))), np.eye(3), atol=1e-15)


def test_small_singular_values_count_as_left_out_by_the_limit_that_is_asked_for() -> None:
    W = np.diag([1.0, 1e-4])
    assert left_out(W).shape == (2, 0)
    np.testing.assert_allclose(left_out(W, rank=1e-3), [[0.0], [1.0]], atol=1e-15)


@pytest.mark.parametrize(
    "directions", [np.eye(2), [[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]], [0.0, 0.0], [np.nan, 1.0]]
)
def test_bad_directions_are_refused(directions: object) -> None:
    with pytest.raises(SpecError, match=r"^projection\.directions must be"):
        projection(directions)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("W", "rank", "words"),
    [
        (np.ones((2, 2, 3)), 1e-6, "left_out.W must be one model"),
        (np.full((2, 3), np.inf), 1e-6, "left_out.W must be finite"),
        (np.ones((2, 3)), 1.0, "left_out.rank must be in"),
    ],
)
def test_bad_weights_are_refused(W: np.ndarray, rank: float, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        left_out(W, rank=rank)

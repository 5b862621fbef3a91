"""Oracles: hand computation, regular polytopes, naive loops, invariances."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import tegum
from tegum.analysis import geometry as geo
from tegum.analysis import plane
from tegum.errors import SpecError


def polygon(k: int, turn: float = 0.0) -> np.ndarray:
    angle = 2 * np.pi * np.arange(k) / k + turn
    return np.stack([np.cos(angle), np.sin(angle)])


def simplex(k: int) -> np.ndarray:
    """k unit vectors in k − 1 dimensions with cosines −1/(k − 1)."""
    centred = np.eye(k) - 1 / k
    basis = np.linalg.svd(centred)[0][:, : k - 1]
    vectors = basis.T @ centred
    return vectors / np.linalg.norm(vectors, axis=0)


def cross_polytope(d: int) -> np.ndarray:
    return np.concatenate([np.eye(d), -np.eye(d)], axis=1)


def cube() -> np.ndarray:
    corners = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, 8)
    return corners / np.sqrt(3)


def icosahedron() -> np.ndarray:
    golden = (1 + np.sqrt(5)) / 2
    points = [(0, s, t * golden) for s in (-1, 1) for t in (-1, 1)]
    corners = np.array([np.roll(point, k) for point in points for k in range(3)]).T
    return corners / np.linalg.norm(corners, axis=0)


def direct_sum(*blocks: np.ndarray) -> np.ndarray:
    rows, columns = (sum(block.shape[axis] for block in blocks) for axis in (0, 1))
    out = np.zeros((rows, columns))
    row = column = 0
    for block in blocks:
        out[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return out


def test_hand_computed_example() -> None:
    # Columns: (1, 0), (0, 2), (3, 4), (0, 0).
    W = np.array([[1.0, 0.0, 3.0, 0.0], [0.0, 2.0, 4.0, 0.0]])
    np.testing.assert_allclose(geo.norms(W), [1, 2, 5, 0])
    gram = [[1, 0, 3, 0], [0, 4, 8, 0], [3, 8, 25, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(geo.gram(W), gram)
    # Ŵ_1 meets W_3 with 3; Ŵ_2 meets W_3 with 4; Ŵ_3 = (.6, .8) meets the others with .6, 1.6.
    np.testing.assert_allclose(geo.superposition(W), [9, 16, 0.36 + 2.56, 0], atol=1e-12)
    np.testing.assert_allclose(geo.dimensionality(W), [1 / 10, 4 / 20, 25 / 27.92, 0])
    np.testing.assert_allclose(geo.cosines(W)[0], [1, 0, 0.6, 0])
    np.testing.assert_allclose(geo.dimensions_per_feature(W), 2 / 30)
    positive, negative = geo.interference_signs(W)
    assert float(positive) == pytest.approx(2 * (9 + 64))
    assert float(negative) == 0.0


@pytest.mark.parametrize(
    ("W", "expected"),
    [
        (np.array([[1.0, -1.0]]), 1 / 2),
        *[(polygon(k, 0.3), 2 / k) for k in (3, 5, 6, 7)],
        *[(simplex(k), (k - 1) / k) for k in (3, 4, 5, 8)],
        (cross_polytope(3), 1 / 2),
        (cube(), 3 / 8),
        (icosahedron(), 1 / 4),
        (np.eye(6), 1.0),
    ],
)
def test_dimensionality_of_regular_polytopes(W: np.ndarray, expected: float) -> None:
    np.testing.assert_allclose(geo.dimensionality(W), expected, rtol=1e-12)
    # The share of a dimension does not depend on the common length.
    np.testing.assert_allclose(geo.dimensionality(1.13 * W), expected, rtol=1e-12)
    np.testing.assert_allclose(geo.dimensionality(W).sum(), W.shape[0], rtol=1e-12)


def test_factors_in_orthogonal_spaces_keep_their_dimensionality() -> None:
    bipyramid = direct_sum(polygon(5), np.array([[1.0, -1.0]]))
    np.testing.assert_allclose(geo.dimensionality(bipyramid), [2 / 5] * 5 + [1 / 2] * 2)


def test_dimensionality_is_at_most_the_leverage() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        W = rng.standard_normal((4, 9))
        leverage = np.einsum("hi,hk,ki->i", W, np.linalg.pinv(W @ W.T), W)
        D = geo.dimensionality(W)
        assert (leverage + 1e-12 >= D).all()
        assert D.sum() < 4  # a random matrix is no tight frame


def test_batches_agree_with_naive_loops() -> None:
    rng = np.random.default_rng(2)
    W = rng.standard_normal((3, 2, 4, 7))
    W[1, 0, :, 3] = 0.0
    sup, D, cos = np.zeros((3, 2, 7)), np.zeros((3, 2, 7)), np.zeros((3, 2, 7, 7))
    for p in range(3):
        for s in range(2):
            for i in range(7):
                length = np.sqrt(sum(v * v for v in W[p, s, :, i]))
                if length == 0:
                    continue
                total = 0.0
                for j in range(7):
                    dot = sum(W[p, s, h, i] / length * W[p, s, h, j] for h in range(4))
                    total += dot * dot
                    sup[p, s, i] += dot * dot if j != i else 0.0
                    other = np.linalg.norm(W[p, s, :, j])
                    cos[p, s, i, j] = dot / other if other else 0.0
                D[p, s, i] = length**2 / total
    np.testing.assert_allclose(geo.superposition(W), sup, atol=1e-12)
    np.testing.assert_allclose(geo.dimensionality(W), D, atol=1e-12)
    np.testing.assert_allclose(geo.cosines(W), cos, atol=1e-12)
    assert geo.dimensions_per_feature(W).shape == (3, 2)


def test_rotation_of_the_hidden_space_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    W = rng.standard_normal((5, 11))
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    for measure in (geo.norms, geo.superposition, geo.dimensionality, geo.gram):
        np.testing.assert_allclose(measure(Q @ W), measure(W), atol=1e-10)


def test_labelled_weights_keep_their_other_dimensions() -> None:
    rng = np.random.default_rng(4)
    plain = rng.standard_normal((3, 2, 4, 5))
    W = xr.DataArray(
        plain,
        dims=("feature_probability", "seed", "hidden", "feature"),
        coords={"feature_probability": [1.0, 0.3, 0.1], "feature": list("abcde")},
        name="W",
    )
    D = geo.dimensionality(W)
    assert D.dims == ("feature_probability", "seed", "feature")
    assert list(D.feature_probability.values) == [1.0, 0.3, 0.1]
    np.testing.assert_array_equal(D.values, geo.dimensionality(plain))
    shuffled = W.transpose("feature", "seed", "hidden", "feature_probability")
    np.testing.assert_array_equal(geo.dimensionality(shuffled).transpose(*D.dims).values, D.values)
    G = geo.gram(W)
    assert G.dims == ("feature_probability", "seed", "feature", "feature_j")
    assert list(G.feature_j.values) == list("abcde")
    assert geo.count_represented(W).dims == ("feature_probability", "seed")
    assert tegum.dimensionality is geo.dimensionality


def test_untied_output_weights_have_norms_over_the_hidden_dimension() -> None:
    W_out = xr.DataArray([[3.0, 4.0], [0.0, 1.0]], dims=("feature", "hidden"))
    np.testing.assert_allclose(geo.norms(W_out).values, [5, 1])


def test_single_precision_is_computed_in_double() -> None:
    W = polygon(5).astype(np.float32)
    assert geo.superposition(W).dtype == np.float64
    np.testing.assert_allclose(geo.dimensionality(W), 0.4, atol=1e-6)


def test_represented_and_dedicated_at_their_thresholds() -> None:
    # 1 alone; a digon; one too short; one exactly at the threshold, which is not above it.
    W = direct_sum(np.array([[1.0]]), np.array([[1.0, -1.0]]), np.array([[0.4]]), np.array([[0.5]]))
    assert geo.represented(W).tolist() == [True, True, True, False, False]
    assert geo.dedicated(W).tolist() == [True, False, False, False, False]
    assert int(geo.count_represented(W)) == 3
    assert int(geo.count_dedicated(W)) == 1
    assert int(geo.count_represented(W, threshold=0.3)) == 5
    nearly = np.array([[1.0, 0.3], [0.0, 1.0]])  # sup = .09 and .09 / 1.09
    assert geo.dedicated(nearly).tolist() == [True, True]
    assert geo.dedicated(nearly, threshold=0.085).tolist() == [False, True]


def test_antipodal_pairs_are_mutual_and_represented() -> None:
    two = direct_sum(np.array([[1.0, -1.1]]), np.array([[0.9, -1.0]]), np.array([[0.02]]))
    assert geo.antipodal_pairs(two) == [(0, 1), (2, 3)]
    assert geo.antipodal_partners(two).tolist() == [1, 0, 3, 2, -1]
    assert int(geo.count_antipodal_pairs(two)) == 2
    # A short vector opposite to a long one is no pair; a pentagon has none.
    assert geo.antipodal_pairs(np.array([[1.0, -0.3]])) == []
    assert geo.antipodal_pairs(polygon(5)) == []
    # 0 is opposite to 1 and 2, and most to 2: one pair only.
    angle = np.radians([0.0, 172.0, 179.0])
    fan = np.stack([np.cos(angle), np.sin(angle)])
    assert geo.antipodal_pairs(fan) == [(0, 2)]
    assert geo.antipodal_pairs(fan, cosine=-0.99999) == []
    labelled = xr.DataArray(two.T, dims=("feature", "hidden"))
    assert geo.antipodal_pairs(labelled) == [(0, 1), (2, 3)]


def test_angles_and_gaps() -> None:
    W = np.zeros((2, 4))
    W[:, 0], W[:, 1], W[:, 2] = (0, 2), (1, 0), (-1, -1)
    np.testing.assert_allclose(plane.angles_2d(W), [90, 0, 225, np.nan])
    np.testing.assert_allclose(plane.gaps_2d(W), [90, 135, 135, np.nan])
    np.testing.assert_allclose(plane.gaps_2d(polygon(5, 1.0)), [72] * 5)
    np.testing.assert_allclose(plane.gaps_2d(polygon(1)), [360])
    assert np.isnan(plane.gaps_2d(np.zeros((2, 3)))).all()
    almost = np.array([[1.0], [-1e-20]])
    assert plane.angles_2d(almost).tolist() == [0.0]


def test_gaps_of_a_batch_are_those_of_each_model() -> None:
    rng = np.random.default_rng(5)
    W = rng.standard_normal((20, 2, 6))
    gaps = plane.gaps_2d(W)
    assert {int(np.isfinite(row).sum()) for row in gaps} != {6}  # some columns are short
    for model, row in zip(W, gaps, strict=True):
        np.testing.assert_array_equal(plane.gaps_2d(model), row)
        kept = row[np.isfinite(row)]
        assert len(kept) == int(geo.count_represented(model))
        assert kept.sum() == pytest.approx(360)


def test_interference_of_an_antipodal_pair_is_negative() -> None:
    positive, negative = geo.interference_signs(np.array([[1.0, -0.5]]))
    assert (float(positive), float(negative)) == (0.0, 0.5)


def test_zero_and_diverged_models() -> None:
    zero = np.zeros((2, 3))
    assert geo.dimensionality(zero).tolist() == [0, 0, 0]
    assert geo.superposition(zero).tolist() == [0, 0, 0]
    assert geo.dimensions_per_feature(zero) == np.inf
    diverged = np.full((2, 3), np.nan)
    assert np.isnan(geo.dimensionality(diverged)).all()
    assert int(geo.count_represented(diverged)) == 0
    assert np.isnan(geo.superposition(np.full((2, 3), np.inf))).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: geo.norms(np.zeros(3)), "W.shape must be (..., hidden, feature); got (3,)"),
        (lambda: geo.gram(xr.DataArray(np.zeros((2, 3)))), "W.dims must contain 'hidden'"),
        (lambda: plane.gaps_2d(np.eye(3)), "must have two hidden dimensions; got (3, 3)"),
        (lambda: geo.antipodal_pairs(np.zeros((1, 2, 3))), "must be one model"),
    ],
)
def test_bad_shapes_are_named(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(SpecError) as caught:
        call()
    assert words in str(caught.value)


@pytest.mark.parametrize("scale", [1e-320, 1e-160, 1e-154, 1e154, 1e160, 1e300])
def test_what_has_no_scale_keeps_its_value_at_every_scale(scale: float) -> None:
    pentagon = np.stack(
        [np.cos(np.arange(5) * (2 * np.pi / 5)), np.sin(np.arange(5) * (2 * np.pi / 5))]
    )
    digons = np.array([[1.0, -1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0, 0.0]])
    tolerance = 1e-12 if scale > 1e-300 else 1e-3  # denormal numbers have few digits
    for W, expected in ((pentagon, [2 / 5] * 5), (digons, [1 / 2] * 4 + [0])):
        np.testing.assert_allclose(geo.dimensionality(W * scale), expected, rtol=tolerance)
        np.testing.assert_allclose(geo.norms(W * scale), geo.norms(W) * scale, rtol=tolerance)
        np.testing.assert_allclose(geo.cosines(W * scale), geo.cosines(W), atol=tolerance)


def test_a_tiny_feature_beside_large_ones_has_its_own_direction() -> None:
    W = np.array([[1e200, 0.0, 1e-200], [0.0, 1e-170, 1e-200]])
    np.testing.assert_allclose(geo.cosines(W)[0], [1, 0, np.sqrt(0.5)], atol=1e-15)
    assert float(geo.dimensions_per_feature(np.eye(2) * 1e-100)) == pytest.approx(1e200)


def test_a_scale_changes_no_bit() -> None:
    W = np.random.default_rng(0).normal(size=(3, 4, 7))
    for measure in (geo.dimensionality, geo.cosines):
        assert measure(W).tobytes() == measure(W * 2.0**-500).tobytes()


def test_the_pair_of_an_untied_model_is_not_one_array() -> None:
    pair = (np.eye(3), np.eye(3))
    for measure in (geo.dimensionality, geo.norms, geo.cosines):
        with pytest.raises(SpecError, match="W must be one array; of an untied model give W_in"):
            measure(pair)  # type: ignore[arg-type]

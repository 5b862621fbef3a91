"""How sets are arranged, against hand-made models, slow loops and brute force."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import xarray as xr
from polytopes import turn

import tegum as tg
from tegum.analysis import alignment, geometry, sets
from tegum.errors import SpecError

PAIRS = [0, 0, 1, 1]
#: Features 0 and 1 at right angles; 2 opposite to 0, 3 to 1.
CROSS = np.array([[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def circle(degrees: list[float], length: float = 1.0) -> np.ndarray:
    angle = np.radians(degrees)
    return length * np.array([np.cos(angle), np.sin(angle)])


def test_labels_are_the_blocks_of_the_data() -> None:
    law = tg.Groups(
        (
            tg.Correlated(n_sets=2, set_size=2, feature_probability=0.1),
            tg.Independent(n_features=2, feature_probability=0.3),
            tg.Anticorrelated(n_sets=1, set_size=3, feature_probability=0.2),
        )
    )
    expected = [0, 0, 1, 1, 2, 3, 4, 4, 4]
    assert sets.labels(law).tolist() == expected
    assert sets.labels(tg.Problem(law, tg.ReLUOutput(n_hidden=2))).tolist() == expected


def test_angles_and_overlaps_by_hand() -> None:
    found = sets.angles(CROSS, PAIRS)
    np.testing.assert_allclose(found.within, [90, 90])
    np.testing.assert_allclose(found.across, [180, 90, 90, 180])  # 02, 03, 12, 13
    within, across = sets.mean_overlap(CROSS, PAIRS)
    assert within == pytest.approx(0, abs=1e-15)
    assert across == pytest.approx(0.5)
    silent = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert np.isnan(sets.angles(silent, [0, 0]).within).all()
    assert np.isnan(sets.mean_overlap(CROSS, [0, 1, 2, 3])[0])


def test_angles_and_overlaps_by_a_loop(rng: np.random.Generator) -> None:
    W, label = rng.normal(size=(3, 4, 7)), np.array([5, 5, 2, 2, 2, 9, 5])
    within, across = sets.mean_overlap(W, label)
    angles = sets.angles(W, label)
    for k, w in enumerate(W):
        cosine: dict[bool, list[float]] = {True: [], False: []}
        for i in range(7):
            for j in range(i + 1, 7):
                size = np.linalg.norm(w[:, i]) * np.linalg.norm(w[:, j])
                cosine[bool(label[i] == label[j])].append(w[:, i] @ w[:, j] / size)
        for same, mean, degrees in ((True, within, angles.within), (False, across, angles.across)):
            assert mean[k] == pytest.approx(np.mean(np.abs(cosine[same])))
            np.testing.assert_allclose(np.cos(np.radians(degrees[k])), cosine[same])


def test_dimensionality_alone_leaves_the_other_sets_out(rng: np.random.Generator) -> None:
    np.testing.assert_allclose(sets.dimensionality_alone(CROSS, PAIRS), 1)
    np.testing.assert_allclose(sets.dimensionality_alone(CROSS, [0, 1, 0, 1]), 0.5)
    W, label = rng.normal(size=(3, 5)), np.array([1, 0, 1, 0, 1])
    found = sets.dimensionality_alone(W, label)
    for k in range(2):
        np.testing.assert_allclose(found[label == k], geometry.dimensionality(W[:, label == k]))


def test_spread_of_a_pair_and_of_more(rng: np.random.Generator) -> None:
    a, b = rng.normal(size=(2, 4))
    expected = np.linalg.norm(a - b) / np.linalg.norm(a + b)
    assert sets.spread(np.array([a, b]).T, [0, 0])[0] == pytest.approx(expected)
    # three at distance 1 from a mean of length 2, and one alone
    three = np.array(
        [[2.0, 2.0, 2.0, 1.0], [1.0, -0.5, -0.5, 0.0], [0.0, 0.75**0.5, -(0.75**0.5), 0]]
    )
    np.testing.assert_allclose(sets.spread(three, [0, 0, 0, 1]), [0.5, 0])
    assert sets.spread(np.array([[1.0, -1.0]]), [0, 0])[0] == np.inf
    assert sets.spread(np.zeros((2, 2)), [0, 0])[0] == 0


def test_collapsed_is_close_and_represented() -> None:
    # spreads .04 and .06; the component √2 times the mean's length
    W = np.array([[1.0, 1.0, 1.0, 1.0], [0.04, -0.04, 0.06, -0.06]]) / 2**0.5
    assert sets.collapsed(W, PAIRS).tolist() == [True, False]
    assert sets.count_collapsed(W, PAIRS) == 1
    assert sets.count_collapsed(W, PAIRS, 0.1) == 2
    assert sets.count_collapsed(0.49 * W, PAIRS, 0.1) == 0  # components shorter than .5
    assert sets.count_collapsed(W, [0, 1, 2, 3]) == 0  # nothing to merge with


def test_cyclic_order_is_that_of_the_angles(rng: np.random.Generator) -> None:
    angle = rng.permutation(np.linspace(0, 330, 7))
    start = int(np.flatnonzero(np.argsort(angle) == 0)[0])
    expected = np.roll(np.argsort(angle), -start)
    for shift in (0.0, 100.0, 250.0):
        assert sets.cyclic_order(circle(list(angle + shift))).tolist() == expected.tolist()
    W = circle([0, 90, 180, 270]) * [1, 1, 0.3, 1]
    assert sets.cyclic_order(W).tolist() == [0, 1, 3, -1]


def test_two_of_fifteen_pairings_of_a_hexagon_are_side_by_side() -> None:
    seen = set()
    for order in permutations(range(6)):
        W = circle([60.0 * place for place in order])
        pairing = frozenset(frozenset(order[k : k + 2]) for k in (0, 2, 4))
        neighbours = all((a - b) % 6 in (1, 5) for a, b in map(tuple, pairing))
        assert bool(sets.side_by_side(W, [0, 0, 1, 1, 2, 2])) == neighbours
        seen.add((pairing, neighbours))
    assert len(seen) == 15
    assert sum(neighbours for _, neighbours in seen) == 2


def test_side_by_side_wants_all_features() -> None:
    assert sets.side_by_side(CROSS, PAIRS)
    assert not sets.side_by_side(CROSS * [1, 0.4, 1, 1], PAIRS)
    assert sets.side_by_side(CROSS, [0, 0, 0, 0])


def test_alignment_finds_rotation_sets_and_members(rng: np.random.Generator) -> None:
    label = np.array([0, 0, 1, 1, 2, 2, 2])
    target = rng.normal(size=(3, 7))
    moved = target[:, [3, 2, 0, 1, 6, 4, 5]]
    moved = turn(rng, 3) @ moved
    found = alignment.align_sets(moved, target, label)
    assert found.error == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.apply(moved), target)
    assert found.order.tolist() == [2, 3, 1, 0, 5, 6, 4]


def test_alignment_is_the_best_of_all_orders(rng: np.random.Generator) -> None:
    target = circle([0, 60, 120, 180, 240, 300])
    W = target[:, [2, 3, 5, 4, 0, 1]] + rng.normal(0, 0.1, (2, 6))
    label = np.arange(6) // 2
    errors = []
    for order in permutations(range(6)):
        if all(order[2 * k] // 2 == order[2 * k + 1] // 2 for k in range(3)):
            w = W[:, list(order)]
            errors.append(np.linalg.norm(alignment.procrustes(w, target) @ w - target))
    assert len(errors) == 48
    found = alignment.align_sets(W, target, label)
    assert found.error == pytest.approx(min(errors))
    np.testing.assert_allclose(np.linalg.norm(found.apply(W) - target), found.error)


def test_labelled_weights_keep_their_dimensions(rng: np.random.Generator) -> None:
    data = rng.normal(size=(2, 4, 2, 3))
    W = xr.DataArray(data, {"p": [0.1, 0.2]}, ("p", "feature", "hidden", "seed"))
    plain = data.transpose(0, 3, 2, 1)
    found = sets.organisation(W, PAIRS)
    assert set(found.sizes) == {"p", "seed"}
    for name, expected in (
        ("least_within", sets.angles(plain, PAIRS).within.min(-1)),
        ("most_across", sets.angles(plain, PAIRS).across.max(-1)),
        ("overlap_across", sets.mean_overlap(plain, PAIRS)[1]),
        ("collapsed", sets.count_collapsed(plain, PAIRS)),
        ("together", sets.side_by_side(plain, PAIRS)),
    ):
        np.testing.assert_allclose(found[name].transpose("p", "seed"), expected)
    assert sets.spread(W, PAIRS).dims == ("p", "seed", "set")


def test_organisation_of_a_cross() -> None:
    W = xr.DataArray(CROSS, dims=("hidden", "feature"))
    found = sets.organisation(W, PAIRS)
    assert (found["opposite_within"], found["opposite_across"]) == (0, 2)
    other = sets.organisation(W, [0, 1, 0, 1])
    assert (other["opposite_within"], other["opposite_across"]) == (2, 0)
    assert found["gap_off"] == pytest.approx(0, abs=1e-12)
    assert np.isnan(sets.organisation(W * [1, 1, 1, 0.1], PAIRS)["gap_off"])
    assert "together" not in sets.organisation(xr.DataArray(np.eye(4), dims=W.dims), PAIRS)


def test_bad_input_says_what_is_wrong() -> None:
    with pytest.raises(SpecError, match=r"labels must be one per feature, \(4,\)"):
        sets.spread(CROSS, [0, 1])
    with pytest.raises(SpecError, match="at most 6; got 7"):
        alignment.align_sets(np.eye(7), np.eye(7), range(7))
    with pytest.raises(SpecError, match="two hidden dimensions"):
        sets.side_by_side(np.eye(4), PAIRS)
    with pytest.raises(SpecError, match=r"labels must be one per feature, \(4,\)"):
        sets.angles(CROSS, [[0], [1, 2]])
    with pytest.raises(SpecError, match=r"W\.shape must be \(\.\.\., hidden, feature\)"):
        sets.angles(np.array(3.0), [0])
    with pytest.raises(SpecError, match=r"W\.dims must contain 'hidden'"):
        sets.angles(xr.DataArray(CROSS, dims=("a", "feature")), PAIRS)
    with pytest.raises(SpecError, match=r"organisation\.W must be a DataArray"):
        sets.organisation(CROSS, PAIRS)


def test_features_that_are_sets_of_their_own_have_no_pairs_within() -> None:
    found = sets.organisation(xr.DataArray(CROSS, dims=("hidden", "feature")), range(4))
    assert np.isnan([found["least_within"], found["most_within"], found["overlap_within"]]).all()
    assert found["least_across"] == pytest.approx(90)

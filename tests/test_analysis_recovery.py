"""What a dictionary found, against brute force, slow loops and dictionaries made by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.analysis import firing, recovery
from tegum.analysis.recovery import Matching

#: Two antipodal pairs: four features in two dimensions.
PAIRS = np.array([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])


def test_a_perfect_dictionary_of_antipodal_pairs_and_half_of_one() -> None:
    """By the sign each atom is one feature; without it half a dictionary looks like a whole.

    SAELens 6.54.12 matches by the absolute cosine: of a perfect dictionary F1 is .48 and
    uniqueness .5, of one that knows half of the features F1 is .97.
    """
    whole, half = PAIRS.T * [[0.5], [2.0], [1e-200], [1e200]], PAIRS.T[::2]
    for of in (recovery.matched_cosine, recovery.mean_max_cosine, recovery.uniqueness):
        assert of(PAIRS, whole) == pytest.approx(1.0)
    assert recovery.found(PAIRS, whole).all()
    # an atom finds one of a pair; the other one's best atom is at a right angle
    assert recovery.mean_max_cosine(PAIRS, half) == pytest.approx(0.5)
    assert recovery.found(PAIRS, half).tolist() == [True, False, True, False]
    assert recovery.mean_max_cosine_of_atoms(PAIRS, half) == pytest.approx(1.0)
    assert recovery.matched_cosine(PAIRS, half) == pytest.approx(1.0)  # of two pairs only
    assert recovery.mean_max_cosine(PAIRS, half, signed=False) == pytest.approx(1.0)
    assert recovery.found(PAIRS, half, signed=False).all()
    # a perfect one is taken for half of one then
    assert recovery.uniqueness(PAIRS, whole, signed=False) == pytest.approx(0.5)


@pytest.mark.parametrize("shape", [(5, 5), (3, 6), (6, 3)])
def test_no_matching_is_better(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape)
    n, k = shape
    W, D = rng.normal(size=(4, n)), rng.normal(size=(k, 4))
    near = [[w @ d / np.sqrt((w @ w) * (d @ d)) for d in D] for w in W.T]
    np.testing.assert_allclose(recovery.cosines(W, D), near, atol=1e-15)
    few, many = sorted(shape)
    sums = [
        sum(near[i][j] if n <= k else near[j][i] for i, j in enumerate(order))
        for order in permutations(range(many), few)
    ]
    pairs = recovery.matching(W, D)
    assert len(set(pairs.features)) == len(set(pairs.latents)) == few
    assert pairs.features.tolist() == sorted(pairs.features)
    assert pairs.cosines.sum() == pytest.approx(max(sums))
    assert recovery.matched_cosine(W, D) == pytest.approx(max(sums) / few)
    assert recovery.mean_max_cosine(W, D) == pytest.approx(np.mean([max(row) for row in near]))
    best = [max(range(n), key=lambda i: near[i][j]) for j in range(k)]
    assert recovery.uniqueness(W, D) == pytest.approx(len(set(best)) / k)
    backwards = recovery.mean_max_cosine_of_atoms(W, D)
    assert backwards == pytest.approx(np.mean([near[i][j] for j, i in enumerate(best)]))


def test_nothing_has_no_direction() -> None:
    """Features and atoms of length 0 are near nothing, and no NaN comes of them."""
    W, D = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 0.0]])
    assert recovery.cosines(W, D).tolist() == [[0.0, 1.0], [0.0, 0.0]]
    assert recovery.uniqueness(W, D) == 1.0
    assert np.isnan(recovery.uniqueness(W, np.zeros((3, 2))))


def test_scores_are_those_of_a_slow_loop() -> None:
    rng = np.random.default_rng(5)
    x = np.where(rng.random((400, 5)) < 0.3, rng.random((400, 5)), 0.0)
    codes = np.where(rng.random((400, 4)) < 0.3, rng.random((400, 4)), 0.0)
    codes[:, :3] += x[:, :3]
    x[:, 4] = 0.0
    pairs = Matching(np.array([0, 2, 4]), np.array([1, 2, 3]), np.ones(3))
    found = firing.scores(x, codes, pairs)
    for feature, latent in ((0, 1), (2, 2), (4, 3)):
        tp = fp = fn = 0
        for row, code in zip(x, codes, strict=True):
            tp += row[feature] != 0 and code[latent] != 0
            fp += row[feature] == 0 and code[latent] != 0
            fn += row[feature] != 0 and code[latent] == 0
        assert found.precision[feature] == pytest.approx(tp / (tp + fp))
        assert found.f1[feature] == pytest.approx(2 * tp / (2 * tp + fp + fn))
        if feature != 4:
            assert found.recall[feature] == pytest.approx(tp / (tp + fn))
    assert np.isnan(found.recall[4])  # never active
    assert found.recall[[1, 3]].tolist() == [0.0, 0.0]  # without a latent
    assert np.isnan(found.precision[[1, 3]]).all()
    assert np.isnan(found.f1[[1, 3]]).all()


def test_absorption_of_latents_that_keep_silent_beside_a_child() -> None:
    """Feature 1 is below 0, and 2 below 1. Half of the time 0's latent leaves it to the child."""
    x = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1], [0, 0, 0]])
    codes = x.copy()
    codes[[2, 3], 0] = 0
    pairs = Matching(np.arange(3), np.arange(3), np.ones(3))
    found = firing.absorption(x, codes, pairs, [-1, 0, 1])
    assert (found.parent.tolist(), found.child.tolist()) == ([0, 1], [1, 2])
    assert found.alone.tolist() == [1.0, 1.0]
    assert found.together.tolist() == [0.5, 1.0]
    assert found.gap.tolist() == [0.5, 0.0]
    assert found.alone_count.tolist() == [2, 3]
    assert found.together_count.tolist() == [4, 1]
    # without a sample it is unknown, and not 0
    few = firing.absorption(x[:2], codes[:2], pairs, [-1, 0, 1])
    assert few.alone.tolist()[0] == 1.0
    assert np.isnan(few.together).all()
    assert np.isnan(few.gap).all()
    # a parent that has no latent is never told
    lost = firing.absorption(x, codes, Matching(*(a[1:] for a in pairs)), [-1, 0, 1])
    assert lost.alone.tolist() == [0.0, 1.0]


def test_absorption_in_samples_of_a_hierarchy() -> None:
    """Codes that are x, but silent for a parent in a share q of the samples with a child."""
    law = tg.Hierarchy(parents=[-1, 0, 0], feature_probability=(0.5, 0.4, 0.2))
    rng, q = np.random.default_rng(3), 0.25
    x = law.sample(rng, 20_000)
    codes = x.copy()
    codes[(x[:, 1] != 0) & (rng.random(len(x)) < q), 0] = 0.0
    found = firing.absorption(
        x, codes, Matching(np.arange(3), np.arange(3), np.ones(3)), law.parents
    )
    spread = 5 * np.sqrt(q * (1 - q) / found.together_count[0])
    assert found.alone[0] == 1.0
    assert found.together[0] == pytest.approx(1 - q, abs=spread)
    assert found.gap[0] == pytest.approx(q, abs=spread)


def test_variance_shrinkage_counts() -> None:
    rng = np.random.default_rng(2)
    h = rng.normal(size=(50, 3)) + 2.0
    assert firing.explained_variance(h, h) == 1.0
    assert firing.explained_variance(h, np.broadcast_to(h.mean(0), h.shape)) == pytest.approx(0.0)
    assert firing.shrinkage(h, 0.8 * h) == pytest.approx(0.8)
    # of zeros, and of constants, nothing can be explained: not all, and not nothing
    zeros = np.zeros((5, 3))
    assert np.isnan(firing.explained_variance(zeros, zeros))
    assert np.isnan(firing.shrinkage(zeros, zeros))
    for value in (0.1, 100 / 3, -1e6 / 3):  # no mean of so many is exactly the number
        same = np.full((1000, 2), value)
        assert np.isnan(firing.explained_variance(same, same))
        assert np.isnan(firing.explained_variance(same, zeros[0, 0] + 2 * same))
    near = 1e6 / 3 + 1e-3 * h
    assert firing.explained_variance(near, near.mean(0) + 0 * h) == pytest.approx(0, abs=1e-6)
    half = np.concatenate([h, zeros])
    assert firing.shrinkage(half, 0.8 * half) == pytest.approx(0.8)
    codes = np.array([[0.0, 1.0, 0.0], [0.0, -2.0, 1e-30], [0.0, 0.0, 0.0]])
    assert firing.dead(codes).tolist() == [True, False, False]
    assert firing.mean_l0(codes) == pytest.approx(1.0)


def test_labelled_arrays_are_read_by_their_dimensions() -> None:
    """Square ones fit in either order, and would be taken for others without a word."""
    rng = np.random.default_rng(4)
    W, D, h, x = (rng.normal(size=(5, 5)) for _ in range(4))
    labelled = {
        name: xr.DataArray(value, dims=dims).transpose(*reversed(dims))
        for name, value, dims in (
            ("W", W, ("hidden", "feature")), ("D", D, ("latent", "hidden")),
            ("h", h, ("sample", "hidden")), ("x", x, ("sample", "feature")),
            ("codes", h, ("sample", "latent")),
        )
    }  # fmt: skip
    found = recovery.cosines(labelled["W"], labelled["D"])
    np.testing.assert_array_equal(found, recovery.cosines(W, D))
    assert recovery.uniqueness(labelled["W"], labelled["D"]) == recovery.uniqueness(W, D)
    made = 0.5 * labelled["h"]
    explained = firing.explained_variance(labelled["h"], made)
    assert explained == firing.explained_variance(h, 0.5 * h)
    pairs = recovery.matching(np.eye(5), np.eye(5))
    some = labelled["x"].clip(0.0), labelled["codes"].clip(0.0)
    plain = np.clip(x, 0.0, None), np.clip(h, 0.0, None)
    for one, other in zip(firing.scores(*some, pairs), firing.scores(*plain, pairs), strict=True):
        np.testing.assert_array_equal(one, other)


def test_inputs_stay_and_wrong_ones_are_refused_in_a_line() -> None:
    W, D, x = np.eye(2), np.eye(2), np.eye(2)
    for array in (W, D, x):
        array.flags.writeable = False
    pairs = recovery.matching(W, D)
    firing.scores(x, x, pairs)
    with pytest.raises(tg.SpecError, match=r"W_dec\.shape must be \(latent, 2\)"):
        recovery.cosines(W, np.ones((4, 3)))
    with pytest.raises(tg.SpecError, match="W_dec must be finite"):
        recovery.cosines(W, [[np.nan, 1.0]])
    with pytest.raises(tg.SpecError, match=r"codes\.shape must have the 2 samples of x"):
        firing.scores(x, np.ones((3, 2)), pairs)
    with pytest.raises(tg.SpecError, match=r"Matching\.latents must be integers in \[0, 1\)"):
        firing.scores(x, np.ones((2, 1)), pairs)
    for parents, line in (
        ([-1], r"absorption\.parents must be 2 numbers in \[-1, 2\); got \[-1\]"),
        ([-1, 2], r"absorption\.parents must be integers in \[-1, 2\); got 2"),
        ([-1, 0.5], r"absorption\.parents must be integers in \[-1, 2\); got 0\.5"),
        ([-1, np.nan], r"absorption\.parents must be integers in \[-1, 2\); got nan"),
        ([-1, 1], r"absorption\.parents\[1\] must not be itself: .*; got 1"),
    ):
        with pytest.raises(tg.SpecError, match=line):
            firing.absorption(x, x, pairs, parents)
    for wrong, line in (
        (None, r"pairs must be a Matching, as recovery\.matching gives; got None"),
        (pairs._replace(features=[0, -1]), r"Matching\.features must be .*; got -1"),
        (pairs._replace(latents=[0, 0.5]), r"Matching\.latents must be integers .*; got 0\.5"),
        (pairs._replace(latents=[0]), r"Matching\.latents must be 2, one for each .*; got \[0\]"),
    ):
        with pytest.raises(tg.SpecError, match=line):
            firing.scores(x, x, wrong)
    for threshold in (1.1, np.nan, "high", None):
        with pytest.raises(tg.SpecError, match=r"found\.threshold must be in \[-1, 1\]; got "):
            recovery.found(W, D, threshold=threshold)
    with pytest.raises(tg.SpecError, match=r"cosines\.signed must be True or False; got 'no'"):
        recovery.mean_max_cosine(W, D, signed="no")
    with pytest.raises(tg.SpecError, match=r"rebuilt\.shape must be that of h"):
        firing.explained_variance(x, np.ones((2, 3)))

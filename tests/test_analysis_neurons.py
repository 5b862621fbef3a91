"""Oracles: hand-made neurons, a naive loop over thresholds, invariance under permutations."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import xarray as xr

from tegum.analysis import neuron_groups, neurons
from tegum.errors import SpecError
from tegum.models import TwoLayer

#: Two dedicated neurons, two that share features 2, 3, 4 as (1,1), (1,−1), (−1,1), a silent one.
MIXED = np.array(
    [
        [0.0, 0.0, 0.9, 0.8, -0.7, 0.0],
        [0.0, 1.0, 0.1, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.9, -0.8, 0.7, 0.0],
        [0.0, 0.0, 0.0, 0.05, 0.0, 0.15],
        [1.1, 0.19, 0.0, 0.0, 0.0, 0.0],
    ]
)


def circuit() -> tuple[np.ndarray, np.ndarray]:
    """|x| of two features by four neurons, a fifth that reads feature 0 and inhibits feature 1."""
    W_in = np.array([[2.0, 0.0], [-0.5, 0.0], [0.0, 1.0], [0.0, -4.0], [1.0, 0.5]])
    W_out = np.array([[0.5, 2.0, 0.0, 0.0, 0.05], [0.0, 0.0, 1.0, 0.25, -1.5]])
    return W_in, W_out


def test_hand_made_neurons() -> None:
    assert neurons.features_per_neuron(MIXED).tolist() == [3, 1, 3, 0, 1]
    assert neurons.count_monosemantic(MIXED) == 2
    assert neurons.count_polysemantic(MIXED) == 2
    assert neurons.stored(MIXED).sum() == 8
    assert neurons.neuron_order(MIXED).tolist() == [4, 1, 0, 2, 3]
    assert neuron_groups.signature(MIXED) == "+0 +1 +2+3-4 +2-3+4 ."
    assert neuron_groups.groups(MIXED) == [
        neuron_groups.Group((4,), (0,)),
        neuron_groups.Group((1,), (1,)),
        neuron_groups.Group((0, 2), (2, 3, 4)),
        neuron_groups.Group((), (5,)),
        neuron_groups.Group((3,), ()),
    ]


def test_threshold_range_of_hand_made_neurons() -> None:
    # neuron 4 would store feature 1 below .19; neuron 2 stops storing two above .8 (of .9, .8, .7)
    assert neurons.threshold_range(MIXED) == (0.19, 0.8)
    assert neurons.threshold_range(MIXED, threshold=0.85) == (0.8, 0.9)
    assert neurons.threshold_range(MIXED, threshold=2.0) == (1.1, np.inf)
    assert neurons.threshold_range(np.zeros((2, 3)), threshold=0.0) == (0.0, np.inf)


def test_threshold_range_is_that_of_a_scan() -> None:
    rng = np.random.default_rng(0)
    thresholds = np.linspace(0, 2.5, 2501)
    for W in rng.normal(0, 0.6, (20, 4, 6)):
        counts = np.array(
            [
                [sum((np.abs(row) > t).sum() == 1 for row in W) for t in thresholds],
                [sum((np.abs(row) > t).sum() > 1 for row in W) for t in thresholds],
            ]
        )
        same = (counts == counts[:, [200]]).all(axis=0)  # as at .2
        low = thresholds[:200][~same[:200]].max(initial=-0.001) + 0.001
        high = thresholds[200:][~same[200:]].min(initial=np.inf)
        assert neurons.threshold_range(W) == pytest.approx((low, high), abs=0.00101)


def test_permuted_neurons_have_one_order_and_one_signature() -> None:
    rng = np.random.default_rng(1)
    v, w = circuit()
    for _ in range(10):
        order = rng.permutation(5)
        W = MIXED[order]
        assert neuron_groups.signature(W) == neuron_groups.signature(MIXED)
        np.testing.assert_array_equal(
            W[neurons.neuron_order(W)], MIXED[neurons.neuron_order(MIXED)]
        )
        assert neuron_groups.signature((v[order], w[:, order])) == neuron_groups.signature((v, w))


def test_signature_tells_structures_apart() -> None:
    assert neuron_groups.signature(0.9 * MIXED) == neuron_groups.signature(
        MIXED
    )  # nothing passes .2
    swapped = MIXED[:, [1, 0, 2, 3, 4, 5]]  # features change places, and so do their neurons
    assert neuron_groups.signature(swapped) == neuron_groups.signature(MIXED)
    assert neuron_groups.signature(MIXED[:, [0, 2, 1, 3, 4, 5]]) == "+0 +2 +1+3-4 +1-3+4 ."
    assert neuron_groups.signature(np.abs(MIXED)) == "+0 +1 +2+3+4 +2+3+4 ."
    assert neuron_groups.signature(MIXED, threshold=0.12) == "+1 +5 +0+1 +2+3-4 +2-3+4"


def test_order_by_primary_feature() -> None:
    W = np.array([[0.0, 0.4, 1.0], [0.5, 0.0, 0.9], [0.9, 0.6, 0.0], [0.0, 0.8, 0.0]])
    assert neurons.neuron_order(W, by="primary").tolist() == [2, 3, 1, 0]
    assert neurons.neuron_order(W).tolist() == [3, 2, 1, 0]


def test_features_follow_their_neurons() -> None:
    assert neurons.feature_order(MIXED).tolist() == [0, 1, 2, 3, 4, 5]
    turned = MIXED[:, ::-1]
    assert neurons.feature_order(turned).tolist() == [4, 5, 3, 2, 1, 0]


def test_rescaled_model_is_the_same_model() -> None:
    rng = np.random.default_rng(2)
    v, w = rng.normal(size=(4, 3)), rng.normal(size=(3, 4))
    v[2] = 0
    scaled = neurons.rescale((v, w))
    assert np.abs(scaled[0]).max(axis=1).tolist() == [1, 1, 0, 1]
    model, x = TwoLayer(n_hidden=4, bias=False), rng.uniform(-1, 1, (50, 3))
    for a, b in zip(
        model.forward({"W_in": v, "W_out": w}, x),
        model.forward({"W_in": scaled[0], "W_out": scaled[1]}, x),
        strict=True,
    ):
        if a.shape[1] == 3:
            np.testing.assert_allclose(a, b, atol=1e-12)


def test_untied_neurons_need_both_weights() -> None:
    v, w = circuit()
    # rescaled, the fifth reads 0 and 1 as 1 and .5, and writes .05 and −1.5
    np.testing.assert_allclose(neurons.strength((v, w))[[0, 3]], [[1, 0], [0, 1]])
    np.testing.assert_allclose(neurons.strength((v, w))[4], [0.05, 0.5])
    assert neurons.count_monosemantic((v, w), threshold=0.1) == 5
    assert neuron_groups.signature((v, w), threshold=0.1) == "+0 -0 +1 +1! -1"
    assert neurons.count_polysemantic((v, w), threshold=0.01) == 1


def test_labelled_weights_keep_their_dimensions() -> None:
    rng = np.random.default_rng(3)
    W = xr.DataArray(rng.normal(size=(3, 5, 4, 2)), dims=("p", "feature", "hidden", "seed"))
    counts = neurons.count_polysemantic(W)
    assert counts.dims == ("p", "seed")
    plain = np.moveaxis(W.to_numpy(), (2, 1), (-2, -1))
    np.testing.assert_array_equal(counts, (((np.abs(plain) > 0.2).sum(-1)) > 1).sum(-1))
    assert neurons.features_per_neuron(W).dims == ("p", "seed", "hidden")
    W_out = xr.DataArray(rng.normal(size=(3, 4, 5, 2)), dims=("p", "hidden", "feature", "seed"))
    untied = neurons.strength((W, W_out))
    out = np.moveaxis(W_out.to_numpy(), (2, 1), (-2, -1))
    np.testing.assert_allclose(untied, neurons.strength((plain, out)))
    low, high = neurons.threshold_range((W, W_out))
    assert (low <= 0.2).all()
    assert (high > 0.2).all()
    one = {"p": 0, "seed": 1}
    assert neuron_groups.signature((W.isel(one), W_out.isel(one))) == neuron_groups.signature(
        (plain[0, 1], out[0, 1])
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: neurons.stored(MIXED, threshold=-1.0), "stored.threshold must be >= 0"),
        (
            lambda: neuron_groups.signature(MIXED, threshold=np.nan),
            "threshold must be >= 0 and finite",
        ),
        (lambda: neuron_groups.signature(np.zeros((2, 3, 4))), "must be one model"),
        (lambda: neurons.strength((MIXED, MIXED)), "W_out must have shape"),
        (lambda: neurons.rescale((MIXED, np.zeros((5, 6)))), "W_out must have shape"),
        (lambda: neurons.neuron_order(MIXED, by="size"), "by must be 'kind' or 'primary'"),  # type: ignore[arg-type]
        (lambda: neurons.count_monosemantic(np.zeros(3)), "must be"),
    ],
)
def test_bad_input(call: object, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        call()  # type: ignore[operator]


def brute_force_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether orders of rows and of columns make the matrices of signs equal: all are tried."""
    columns = [sorted(map(tuple, one[list(order)].T)) for order in permutations(range(len(one)))]
    return sorted(map(tuple, other.T)) in columns


def test_pattern_of_hand_made_neurons() -> None:
    assert neuron_groups.pattern(MIXED) == ".; 2 x +A; +A+B +A-B -A+B"
    pairs = np.array([[1, 1, 1, 0, 0, 0], [1, 0, 0, 1, 1, 0], [0, 1, 0, 1, 0, 1.0]])
    pairs = np.vstack([pairs, [0, 0, 1, 0, 1, 1]])
    assert neuron_groups.pattern(pairs) == "+A+B +A+C +A+D +B+C +B+D +C+D"
    v, w = circuit()
    assert neuron_groups.pattern((v, w), threshold=0.1) == "+A-B; +A+B!-C"


def test_pattern_is_equal_exactly_for_the_same_structure() -> None:
    rng = np.random.default_rng(5)
    same = 0
    for _ in range(300):
        one = rng.integers(-1, 2, (3, 3)).astype(float)
        other = rng.integers(-1, 2, (3, 3)).astype(float)
        if rng.random() < 0.5:
            other = one[rng.permutation(3)][:, rng.permutation(3)]
            if rng.random() < 0.5:
                other[0, 0] *= -1
        expected = brute_force_same(one, other)
        same += expected
        assert (neuron_groups.pattern(one) == neuron_groups.pattern(other)) == expected, (
            one,
            other,
        )
    assert 50 < same < 250


def test_pattern_of_many_alike_neurons() -> None:
    assert neuron_groups.pattern(np.eye(40)) == "40 x +A"
    with pytest.raises(SpecError, match=r"pattern.W must leave at most 50000 orders"):
        neuron_groups.pattern(np.ones((9, 2)))


def test_labelled_pairs_without_their_dimensions_are_refused() -> None:
    W_in = xr.DataArray(np.ones((2, 3)), dims=("hidden", "feature"))
    with pytest.raises(SpecError, match=r"^W_out\.dims must contain 'hidden'"):
        neurons.strength((W_in, xr.DataArray(np.ones((3, 2)), dims=("feature", "neuron"))))
    with pytest.raises(SpecError, match=r"^W\.dims must contain 'hidden'"):
        neurons.strength((W_in.rename(hidden="neuron"), W_in.T))


def test_neurons_of_diverged_models_are_silent() -> None:
    W_in = xr.DataArray(np.full((2, 3), np.inf), dims=("hidden", "feature"))
    assert not neurons.stored((W_in, W_in.T)).any()

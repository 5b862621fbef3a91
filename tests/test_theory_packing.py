"""Oracles: brute force over every choice of features, the exact loss of the packing itself."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tegum.errors import SpecError
from tegum.theory.packing import digon_losses, digon_packing
from tegum.theory.sparse_expansion import expand


@pytest.mark.parametrize(
    ("n", "m", "decay", "p", "represented", "dedicated"),
    [
        (80, 20, 0.9, 0.3, 27, 13),
        (80, 20, 0.9, 0.1, 34, 6),
        (80, 20, 0.9, 0.03, 40, 0),
        (20, 5, 0.7, 0.3, 7, 3),
        (20, 5, 0.7, 0.1, 9, 1),
        (20, 5, 0.7, 0.03, 10, 0),
    ],
)
def test_known_counts(
    n: int, m: int, decay: float, p: float, represented: int, dedicated: int
) -> None:
    best = digon_packing(decay ** np.arange(n), m, p)
    assert (best.represented, best.dedicated) == (represented, dedicated)
    assert best.pairs == represented - m
    assert best.loss == min(best.losses)


@pytest.mark.parametrize("p", [0.02, 0.15, 0.4, 0.8, 1.0])
def test_no_other_choice_of_paired_and_dropped_features_is_better(p: float) -> None:
    importance = np.array([1.0, 0.9, 0.35, 0.6, 0.2, 0.5])
    n, m, variance = 6, 2, p / 3 - p * p / 4
    brute = np.inf
    for k in range(m + 1):
        for kept in combinations(range(n), m + k):
            dropped = importance.sum() - importance[list(kept)].sum()
            for paired in combinations(kept, 2 * k):
                loss = p * p / 6 * importance[list(paired)].sum() + variance * dropped
                brute = min(brute, loss)
    assert digon_packing(importance, m, p).loss == pytest.approx(brute, rel=1e-12)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_loss_is_that_of_the_weights_it_describes(p: float) -> None:
    # One pair in one dimension, nothing dropped: two features, so the expansion is complete.
    importance = np.array([1.0, 0.4])
    losses = digon_losses(importance, 1, p)
    dedicated = expand([[1.0, 0.0]], [0.0, p / 2], importance, p).sum()
    paired = expand([[1.0, -1.0]], None, importance, p).sum()
    np.testing.assert_allclose(losses, [dedicated, paired], rtol=1e-12)


def test_room_for_everything() -> None:
    best = digon_packing([1.0, 0.5], 5, 0.3)
    assert (best.pairs, best.loss, best.represented, best.dedicated) == (0, 0.0, 2, 2)
    some = digon_packing([1.0, 0.5, 0.25], 2, 0.01)
    assert (some.pairs, some.represented, some.dedicated) == (1, 3, 1)
    assert len(some.losses) == 2


def test_order_of_features_does_not_matter() -> None:
    importance = 0.8 ** np.arange(12)
    shuffled = np.random.default_rng(0).permutation(importance)
    np.testing.assert_allclose(
        digon_packing(shuffled, 4, 0.2).losses, digon_packing(importance, 4, 0.2).losses
    )


def test_bad_input_is_named() -> None:
    with pytest.raises(SpecError, match=r"digon_packing\.n_hidden must be an integer >= 1; got 0"):
        digon_packing([1.0], 0, 0.1)
    with pytest.raises(SpecError, match=r"feature_probability must be in \[0, 1\]; got 2"):
        digon_packing([1.0], 1, 2.0)
    with pytest.raises(SpecError, match="importance must be finite"):
        digon_packing([1.0, -1.0], 1, 0.5)

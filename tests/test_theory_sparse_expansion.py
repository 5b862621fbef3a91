"""Oracles: adaptive quadrature, published closed forms, Monte Carlo, 60-digit computation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.integrate import dblquad, quad

from tegum.errors import SpecError
from tegum.theory import sparse_expansion as expansion
from tegum.theory import thomson

IMPORTANCE = np.array([1.0, 0.8, 0.5, 1.7])


def random_model(seed: int, m: int = 2, n: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.8, (m, n)), rng.normal(0, 0.3, n)


def loss_at(x: np.ndarray, W: np.ndarray, b: np.ndarray, importance: np.ndarray) -> float:
    return float((x - np.maximum(W.T @ W @ x + b, 0.0)) ** 2 @ importance)


def test_loss_zero_penalises_positive_biases_only() -> None:
    assert float(expansion.loss_zero([0.5, -3.0, 0.1], [2.0, 9.0, 1.0])) == pytest.approx(0.51)
    batch = expansion.loss_zero(np.array([[1.0, 1.0], [-1.0, 2.0]]))
    np.testing.assert_allclose(batch, [2.0, 4.0])


@pytest.mark.parametrize("seed", range(5))
def test_loss_one_agrees_with_quadrature(seed: int) -> None:
    W, b = random_model(seed)
    total = 0.0
    for i in range(4):
        kinks = -b / (W.T @ W)[:, i]
        inside = sorted(float(k) for k in kinks if 0 < k < 1)
        total += quad(
            lambda t, i=i: loss_at(t * np.eye(4)[i], W, b, IMPORTANCE), 0, 1, points=inside or None
        )[0]
    assert float(expansion.loss_one(W, b, IMPORTANCE)) == pytest.approx(total, rel=1e-11)


@pytest.mark.parametrize("seed", range(2))
def test_loss_two_agrees_with_adaptive_quadrature(seed: int) -> None:
    W, b = random_model(seed)
    total = sum(
        dblquad(
            lambda s, t, i=i, j=j: loss_at(s * np.eye(4)[i] + t * np.eye(4)[j], W, b, IMPORTANCE),
            *(0, 1, 0, 1),
            epsabs=1e-7,
        )[0]
        for i, j in combinations(range(4), 2)
    )
    assert float(expansion.loss_two(W, b, IMPORTANCE)) == pytest.approx(total, abs=1e-6)


def test_loss_two_does_not_depend_on_the_order_of_features() -> None:
    # The two variables of a pair are treated differently: the inner and the outer integral.
    rng = np.random.default_rng(9)
    W, b = rng.normal(0, 0.8, (3, 7)), rng.normal(0, 0.4, 7)
    importance = rng.random(7)
    W[:, 2], W[:, 5] = 1e-9 * W[:, 2], 0.0  # nearly and exactly no slope
    b[5] = 0.0
    expected = float(expansion.loss_two(W, b, importance))
    for _ in range(10):
        order = rng.permutation(7)
        permuted = expansion.loss_two(W[:, order], b[order], importance[order])
        assert float(permuted) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_sampled_terms_agree_with_the_exact_ones(k: int) -> None:
    W, b = random_model(11, m=3, n=6)
    importance = 0.8 ** np.arange(6)
    found = expansion.loss_k_sampled(
        W, b, importance, k, samples=100_000, rng=np.random.default_rng(k)
    )
    if k == 0:
        assert found.value == pytest.approx(float(expansion.loss_zero(b, importance)), rel=1e-12)
        assert found.error == pytest.approx(0.0, abs=1e-12)
        return
    if k == 3:  # no closed form: a second sampler, written as a loop over the sets
        rng = np.random.default_rng(99)
        parts = []
        for chosen in combinations(range(6), 3):
            x = np.zeros((4000, 6))
            x[:, chosen] = rng.random((4000, 3))
            parts.append((x - np.maximum(x @ W.T @ W + b, 0.0)) ** 2 @ importance)
        expected = sum(float(part.mean()) for part in parts)
        error = np.hypot(found.error, np.sqrt(sum(part.var() / 4000 for part in parts)))
    else:
        exact = expansion.loss_one if k == 1 else expansion.loss_two
        expected, error = float(exact(W, b, importance)), found.error
    assert abs(found.value - expected) < 4 * error
    assert error < 0.02 * expected


def test_all_terms_together_are_the_loss() -> None:
    W, b = random_model(12, m=2, n=5)
    importance, p, size = 0.9 ** np.arange(5), 0.35, 400_000
    rng = np.random.default_rng(13)
    scale = expansion.term_weights(5, p)
    terms = [
        expansion.loss_k_sampled(W, b, importance, k, samples=60_000, rng=rng) for k in range(3, 6)
    ]
    total = float(expansion.expand(W, b, importance, p).sum()) + sum(
        w * term.value for w, term in zip(scale[3:], terms, strict=True)
    )
    x = np.where(rng.random((size, 5)) < p, rng.random((size, 5)), 0.0)
    squared = (x - np.maximum(x @ W.T @ W + b, 0.0)) ** 2 @ importance
    errors = [w * term.error for w, term in zip(scale[3:], terms, strict=True)]
    assert abs(total - squared.mean()) < 4 * np.hypot(
        squared.std() / np.sqrt(size), np.linalg.norm(errors)
    )


def test_two_features_agree_with_a_sixty_digit_computation() -> None:
    # Source: independent 60-digit computation, by enumeration of the activity patterns.
    found = expansion.expand([[0.8, -0.6]], [-0.1, 0.05], [1.0, 0.5], 0.3).sum()
    assert float(found) == pytest.approx(0.061607786458333334, rel=1e-14)


def test_three_features_agree_with_a_sixty_digit_computation() -> None:
    # As above; the third term has no closed form here, and weighs 15 % of the loss.
    W = [[0.42776996, -0.57083756, 2.65446069], [-1.60854495, 0.66171566, -0.14342594]]
    b, importance, p = [-0.16026014, -0.01816033, -0.07472488], [1.0, 1.0, 3.0], 0.4
    third = expansion.loss_k_sampled(
        W, b, importance, 3, samples=400_000, rng=np.random.default_rng(0)
    )
    rest = 15.159752165641159 - float(expansion.expand(W, b, importance, p).sum())
    assert abs(rest - p**3 * third.value) < 4 * p**3 * third.error
    assert third.error < 0.005 * third.value


@pytest.mark.parametrize("p", [0.05, 0.4, 1.0])
@pytest.mark.parametrize("r", [0.1, 1.0, 3.0])
def test_two_features_in_one_dimension_by_hand(p: float, r: float) -> None:
    variance = p / 3 - p * p / 4
    cases = [
        ([[1.0, 0.0]], [0.0, p / 2], r * variance),
        ([[1.0, 0.0]], [0.0, 0.0], r * p / 3),
        ([[0.0, 1.0]], [p / 2, 0.0], variance),
        ([[1.0, -1.0]], [0.0, 0.0], (1 + r) * p * p / 6),
    ]
    for W, b, expected in cases:
        assert float(expansion.expand(W, b, [1.0, r], p).sum()) == pytest.approx(expected)


@pytest.mark.parametrize("w", [(1.0, -0.69), (0.4, -1.2), (-1.03, 0.9)])
def test_negative_overlap_agrees_with_the_integral_over_both_features(
    w: tuple[float, float],
) -> None:
    def both_active(u: float, v: float) -> float:
        if u <= v:
            return 1 / 3 - u**3 / (4 * v) + u**5 / (12 * v)
        a = 1 - u * u
        return a * a / 3 + u * v * a / 2 + u * u * v * v / 3 - u * v**3 / 12 - v**3 / (12 * u)

    p, r = 0.2, 0.6
    u, v = abs(w[0]), abs(w[1])
    alone = p * (1 - p) * ((1 - u * u) ** 2 + r * (1 - v * v) ** 2) / 3
    both = p * p * (both_active(u, v) + r * both_active(v, u))
    found = expansion.expand([list(w)], None, [1.0, r], p)
    assert float(found.sum()) == pytest.approx(alone + both, rel=1e-12)


def test_leading_axes_are_models() -> None:
    rng = np.random.default_rng(20)
    W, b = rng.normal(0, 0.7, (3, 2, 2, 5)), rng.normal(0, 0.2, (3, 2, 5))
    batch = expansion.expand(W, b, 1.0, 0.2)
    assert batch.shape == (3, 2, 3)
    for p in range(3):
        for s in range(2):
            one = expansion.expand(W[p, s], b[p, s], 1.0, 0.2)
            np.testing.assert_allclose(batch[p, s], one, rtol=1e-13)


def test_term_weights_sum_to_one_with_their_numbers_of_sets() -> None:
    from math import comb

    scale = expansion.term_weights(9, 0.3)
    assert sum(comb(9, k) * w for k, w in enumerate(scale)) == pytest.approx(1.0)
    assert expansion.term_weights(3, 1.0).tolist() == [0, 0, 0, 1]


def test_one_feature_has_no_pairs() -> None:
    assert float(expansion.loss_two([[1.0]])) == 0.0
    np.testing.assert_allclose(expansion.expand([[0.0]], None, 1.0, 0.3), [0.0, 0.1, 0.0])


@pytest.mark.parametrize("seed", range(3))
def test_without_bias_the_first_term_is_the_packing_energy(seed: int) -> None:
    W, _ = random_model(seed, m=3, n=4)
    assert float(thomson.loss_one(W, IMPORTANCE)) == pytest.approx(
        float(expansion.loss_one(W, None, IMPORTANCE)), rel=1e-12
    )


def test_packing_energy_of_unit_vectors() -> None:
    angle = np.radians([0.0, 60.0, 180.0])
    W = np.stack([np.cos(angle), np.sin(angle)])
    # Only the 60 degrees are acute: 2 ordered pairs of cos² = 1/4; 120 and 180 are free.
    assert float(thomson.energy(W)) == pytest.approx(0.5)
    assert float(thomson.loss_one(W)) == pytest.approx(0.5 / 3)
    dropped = np.concatenate([W, np.zeros((2, 2))], axis=1)
    assert float(thomson.loss_one(dropped)) == pytest.approx((0.5 + 2) / 3)
    # Importance counts on the output that is disturbed.
    assert float(thomson.energy(W, [1.0, 3.0, 5.0])) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: expansion.loss_one(np.eye(2), np.zeros(3)), "b must have 2 features last"),
        (lambda: expansion.loss_zero(1.0), "loss_zero.b"),
        (lambda: expansion.term_weights(3, -0.1), "must be in [0, 1]; got -0.1"),
        (
            lambda: expansion.loss_k_sampled(
                np.eye(2), None, 1.0, 3, samples=9, rng=np.random.default_rng(0)
            ),
            "loss_k_sampled.k must be an integer in 0 … 2; got 3",
        ),
    ],
)
def test_bad_input_is_named(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(SpecError) as caught:
        call()
    assert words in str(caught.value)

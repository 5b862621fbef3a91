"""Oracles: the exact expansion of two features, quadrature, Monte Carlo, and SciPy's minimisers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from tegum.errors import SpecError
from tegum.theory import phases, two_features, two_minima
from tegum.theory.sparse_expansion import expand

RNG = np.random.default_rng(20)
RATIOS = np.geomspace(0.1, 10, 9)
PROBABILITIES = np.array([0.01, 0.1, 0.3, 4 / 7, 0.9, 1.0])
#: Weights of every kind: one sign and two, either feature stronger, on the axes and off.
WEIGHTS = [
    *((1.0, -1.0), (0.7, 0.7), (1.1, -0.4), (0.4, -1.1), (-0.9, 1.2), (-0.6, -0.5)),
    *((1.0, 0.0), (0.0, 1.3), (0.0, 0.0), (1e-3, -0.8), (1.5, 1e-4)),
]


def errors(W: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Squared error of each output, (sample, feature)."""
    return (x - np.maximum(x @ W.T @ W + b, 0.0)) ** 2


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("p", PROBABILITIES)
def test_losses_two_are_those_of_the_weights_they_describe(p: float, bias: bool) -> None:
    left = p / 2 if bias else 0.0
    models = [([[1, 0]], [0, left]), ([[0, 1]], [left, 0]), ([[1, -1]], [0, 0])]
    for r in RATIOS:
        # two features: the orders 0, 1 and 2 are all there are
        exact = [expand(W, b, [1.0, r], p).sum() for W, b in models]
        np.testing.assert_allclose(phases.losses_two(r, p, bias=bias), exact, rtol=1e-12)


@pytest.mark.parametrize("bias", [True, False])
def test_losses_three_are_those_of_the_weights_they_describe(bias: bool) -> None:
    p, r, samples = 0.6, 2.5, 400_000
    active = RNG.random((samples, 3)) < p
    x = np.where(active, RNG.random((samples, 3)), 0.0)
    half = np.sqrt(0.5)
    away = {
        "not represented": ([0, 0, 1], [0, 0, 1]),
        "replaces another": ([1, 0, 0], [1, 0, 0]),
        "pair with another": ([0, half, half], [0, 0, 0]),
        "others in a pair": ([half, half, 0], [0, 0, 0]),
    }
    assert tuple(away) == phases.THREE
    losses = phases.losses_three(r, p, bias=bias)
    for k, (normal, dropped) in enumerate(away.values()):
        normal = np.array(normal, dtype=float)
        # the plane orthogonal to `normal`; pairs are stretched to length 1
        plane = np.linalg.svd(normal[None])[2][1:]
        W = plane / np.linalg.norm(plane, axis=0).clip(min=1e-9) * (normal < 1)
        b = np.array(dropped) * (p / 2 if bias else 0.0)
        each = errors(W, b, x) @ [1.0, 1.0, r]
        error = each.std() / np.sqrt(samples)
        assert abs(losses[k] - each.mean()) < 5 * error
        assert error < 0.01 * losses[k]
        norm = np.linalg.norm(W[:, 2])
        assert norm == pytest.approx(phases.NORM_THREE[k], abs=1e-12)
        if norm:
            shared = ((W[:, 2] @ W[:, :2] / norm) ** 2).sum()
            assert shared == pytest.approx(phases.SHARED_THREE[k], abs=1e-12)


def test_known_points_of_the_boundary() -> None:
    assert phases.boundary_two(1.0) == pytest.approx(4 / 7, rel=1e-14)
    np.testing.assert_allclose(phases.boundary_two([0.1, 10.0]), 0.16, rtol=1e-14)
    assert phases.boundary_two(1.0, bias=False) == 1.0
    r, p = phases.TRIPLE_POINT
    losses = phases.losses_two(r, p)
    np.testing.assert_allclose(losses, losses[0], rtol=1e-14)
    np.testing.assert_allclose(phases.boundary_three([1.0, 3.0, 10.0]), 4 / 7, rtol=1e-14)
    below = RATIOS[RATIOS <= 1]
    np.testing.assert_array_equal(phases.boundary_three(below), phases.boundary_two(below))


@pytest.mark.parametrize("bias", [True, False])
def test_boundaries_are_where_the_winner_changes(bias: bool) -> None:
    for r in RATIOS[RATIOS != 1]:
        edge = phases.boundary_two(r, bias=bias)
        around = edge * np.array([1 - 1e-9, 1 + 1e-9])
        alone = 1 if r > 1 else 0
        assert phases.winner_two(r, around, bias=bias).tolist() == [2, alone]
        edge = phases.boundary_three(r, bias=bias)
        around = np.minimum(edge * np.array([1 - 1e-9, 1 + 1e-9]), 1.0)
        expected = [3, 1] if r > 1 else [2, 0]
        # without bias and above r = 1 the pair wins as long as p < 1
        last = 3 if r > 1 and not bias else expected[1]
        assert phases.winner_three(r, around, bias=bias).tolist()[0] == expected[0]
        assert phases.winner_three(r, around, bias=bias).tolist()[1] in (expected[1], last)
    assert phases.winner_two(RATIOS[:, None], PROBABILITIES).shape == (9, 6)


@pytest.mark.parametrize("r", RATIOS)
def test_a_pair_at_its_best_length(r: float) -> None:
    for p in PROBABILITIES:
        square, loss = phases.scaled_pair(p)
        w = np.sqrt(square)
        exact = expand([[w, -w]], None, [1.0, r], p).sum()
        assert (1 + r) * loss == pytest.approx(exact, rel=1e-12)
        for other in (0.999 * w, 1.001 * w):
            assert expand([[other, -other]], None, [1.0, r], p).sum() > exact

    def lead(p: float) -> float:
        return float((1 + r) * phases.scaled_pair(p)[1] - min(r, 1) * (p / 3 - p * p / 4))

    assert phases.boundary_scaled(r) == pytest.approx(brentq(lead, 1e-3, 0.99), rel=1e-10)
    assert phases.boundary_scaled(r) > phases.boundary_two(r)
    assert phases.boundary_scaled(1.0) == pytest.approx((40 - 4 * np.sqrt(14)) / 43, rel=1e-14)
    assert phases.boundary_scaled(1.0) == pytest.approx(0.58217, abs=5e-6)


@pytest.mark.parametrize("r", [0.3, 1.0, 7.0])
@pytest.mark.parametrize("p", [0.05, 0.5, 1.0])
def test_the_loss_of_any_weights_is_that_of_the_expansion(p: float, r: float) -> None:
    for w1, w2 in [*WEIGHTS, *RNG.uniform(-1.5, 1.5, (20, 2))]:
        exact = expand([[w1, w2]], None, [1.0, r], p).sum()
        assert two_features.loss_without_bias(w1, w2, p, r) == pytest.approx(exact, rel=1e-8)


def on_triangle(corners: np.ndarray, w: np.ndarray, importance: np.ndarray) -> float:
    """∫ Σ I_i (x_i − ReLU(w_i w·x))² over a triangle, by a square of Gauss nodes folded into it."""
    nodes, weights = np.polynomial.legendre.leggauss(6)
    s, t = np.meshgrid((nodes + 1) / 2, (nodes + 1) / 2)
    area = np.outer(weights, weights) / 4 * s
    a, b, c = corners
    x = a + s[..., None] * (b - a) + (s * t)[..., None] * (c - b)
    out = np.maximum((x @ w)[..., None] * w, 0.0)
    double = abs(np.linalg.det(np.stack([b - a, c - a])))
    return float(double * (area * ((x - out) ** 2 @ importance)).sum())


@pytest.mark.parametrize(("w1", "w2"), WEIGHTS)
def test_the_loss_of_any_weights_is_that_of_quadrature(w1: float, w2: float) -> None:
    p, importance, w = 0.4, np.array([1.0, 0.6]), np.array([w1, w2])
    # both outputs switch on the line w·x = 0: cut the square of inputs into triangles along it
    corners = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    if w1 * w2 < 0:
        slope = -w1 / w2  # x₂ = slope x₁
        cut = np.array([1.0, slope]) if slope <= 1 else np.array([1 / slope, 1.0])
        corners = np.insert(corners, 1 if slope <= 1 else 2, cut, axis=0)
    origin = np.zeros(2)
    both = sum(
        on_triangle(np.stack([origin, one, two]), w, importance) for one, two in pairwise(corners)
    )
    nodes, weights = np.polynomial.legendre.leggauss(6)
    single = 0.0
    for own in range(2):
        x = np.zeros((6, 2))
        x[:, own] = (nodes + 1) / 2
        out = np.maximum((x @ w)[:, None] * w, 0.0)
        single += weights / 2 @ ((x - out) ** 2 @ importance)
    expected = p * (1 - p) * single + p * p * both
    found = two_features.loss_without_bias(w1, w2, p, 0.6)
    assert found == pytest.approx(expected, rel=1e-8)


def test_the_loss_of_any_weights_is_that_of_samples() -> None:
    p, r, samples = 0.5, 0.4, 200_000
    x = np.where(RNG.random((samples, 2)) < p, RNG.random((samples, 2)), 0.0)
    w = np.array(WEIGHTS)
    found = two_features.loss_without_bias(w[:, 0], w[:, 1], p, r)
    for model, loss in zip(w, found, strict=True):
        each = errors(model[None], np.zeros(2), x) @ [1.0, r]
        assert abs(loss - each.mean()) < 5 * each.std() / np.sqrt(samples)


def test_arguments_broadcast_and_a_model_is_its_mirror_image() -> None:
    w = RNG.uniform(-1.5, 1.5, (4, 1))
    v = RNG.uniform(-1.5, 1.5, 5)
    loss = two_features.loss_without_bias(w, v, 0.3, RATIOS[:, None, None])
    assert loss.shape == (9, 4, 5)
    mirrored = two_features.loss_without_bias(-w, -v, 0.3, RATIOS[:, None, None])
    np.testing.assert_array_equal(loss, mirrored)
    # exchanging the features exchanges their importances
    swapped = two_features.loss_without_bias(v, w, 0.3, 1 / RATIOS[:, None, None])
    np.testing.assert_allclose(loss, RATIOS[:, None, None] * swapped, rtol=1e-12)


def test_the_slope_in_probability_is_that_of_differences() -> None:
    for w1, w2 in WEIGHTS:
        h = 1e-4
        ahead, behind = (
            two_features.loss_without_bias(w1, w2, 0.4 + sign * h, 0.7) for sign in (1, -1)
        )
        slope = two_features.slope_in_probability(w1, w2, 0.4, 0.7)
        # the loss is quadratic in p: central differences are exact but for rounding
        assert slope == pytest.approx((ahead - behind) / (2 * h), abs=1e-11)


def test_the_gradient_is_that_of_differences() -> None:
    h = 1e-5
    for w1, w2 in RNG.uniform(-1.5, 1.5, (40, 2)):
        found = two_features.gradient_without_bias(w1, w2, 0.4, 0.7)
        for k, (d1, d2) in enumerate(((h, 0.0), (0.0, h))):
            ahead = two_features.loss_without_bias(w1 + d1, w2 + d2, 0.4, 0.7)
            behind = two_features.loss_without_bias(w1 - d1, w2 - d2, 0.4, 0.7)
            assert found[k] == pytest.approx((ahead - behind) / (2 * h), abs=1e-7)
    # the kink: on an axis the side of one sign goes down
    off = two_features.gradient_without_bias([0.0, -1e-6], 1.0, 0.4, 0.7)
    np.testing.assert_allclose(off[:, 0], [-(0.4**2) / 2, 0.0], atol=1e-5)


def test_minima_at_equal_importance_have_closed_forms() -> None:
    p = np.linspace(0.02, 1.0, 50)
    found = two_minima.minima(p)
    square, loss = phases.scaled_pair(p)
    np.testing.assert_allclose(found.opposite.w1**2, square, rtol=1e-6)
    np.testing.assert_allclose(found.opposite.w2, -found.opposite.w1, rtol=1e-6)
    np.testing.assert_allclose(found.opposite.loss, 2 * loss, rtol=1e-12)
    np.testing.assert_allclose(found.same.w1, np.sqrt(0.5), rtol=1e-6)
    np.testing.assert_allclose(found.same.w2, np.sqrt(0.5), rtol=1e-6)
    np.testing.assert_allclose(found.same.loss, p / 3 - p**2 / 4, rtol=1e-12)
    switch = float(phases.boundary_scaled(1.0))
    np.testing.assert_array_equal(found.best.w2 > 0, p > switch)


def test_the_optimum_moves_as_the_comment_says() -> None:
    best = two_minima.minima([0.02, 0.2, 0.25], 0.1).best
    np.testing.assert_allclose(best.w1, [1.00, 1.03, 1.00], atol=0.005)
    np.testing.assert_allclose(best.w2, [-0.99, -0.69, 0.02], atol=0.005)


@pytest.mark.parametrize("p", [0.02, 0.23, 0.62, 1.0])
@pytest.mark.parametrize("r", [0.1, 0.55, 3.0])
def test_nothing_scipy_finds_is_lower_or_missing(p: float, r: float) -> None:
    def loss(w: np.ndarray) -> float:
        return float(two_features.loss_without_bias(w[0], w[1], p, r))

    found = two_minima.minima(p, r)
    listed = two_minima.local_minima(p, r)
    best = found.best
    at_best = pytest.approx(loss(np.array([best.w1, best.w2])), rel=1e-13)
    assert best.loss == at_best
    assert listed[0].loss == at_best
    # a fixed lattice of starts, both signs of the second weight
    for w1 in (0.15, 0.6, 1.2):
        for w2 in (-1.1, -0.5, -0.1, 0.05, 0.4, 1.0):
            seen = minimize(
                loss, [w1, w2], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-14}
            )
            assert seen.fun >= best.loss * (1 - 1e-9)
            here = seen.x * np.sign(seen.x[0])
            away = min(np.hypot(here[0] - one.w1, here[1] - one.w2) for one in listed)
            assert away < 1e-3


def test_minima_are_minima_and_belong_to_their_side() -> None:
    p = np.geomspace(0.01, 1, 25)[:, None]
    found = two_minima.minima(p, RATIOS)
    assert found.same.loss.shape == (25, 9)
    for side, sign in ((found.same, 1), (found.opposite, -1)):
        there = ~np.isnan(side.loss)
        assert (np.sign(side.w1 * side.w2) == sign)[there].all()
        for turn in np.linspace(0, 2 * np.pi, 8, endpoint=False):
            w1, w2 = side.w1 + 1e-5 * np.cos(turn), side.w2 + 1e-5 * np.sin(turn)
            near = two_features.loss_without_bias(w1, w2, p, RATIOS)
            assert (near > side.loss)[there].all()
    assert not np.isnan(found.best.loss).any()
    # the pair at its best length, and any candidate without bias, are among all weights
    candidates = phases.losses_two(RATIOS, p, bias=False).min(-1)
    pair = (1 + RATIOS) * phases.scaled_pair(p)[1]
    assert (found.best.loss <= np.minimum(candidates, pair) * (1 + 1e-12)).all()
    # relabelling the features is a symmetry
    np.testing.assert_allclose(
        found.best.loss, (RATIOS * two_minima.minima(p, 1 / RATIOS).best.loss), rtol=1e-10
    )


def test_bad_input_is_named() -> None:
    rule = r"losses_two\.feature_probability must be in \[0, 1\]; got 2"
    with pytest.raises(SpecError, match=rule):
        phases.losses_two(1.0, 2.0)
    with pytest.raises(SpecError, match="relative_importance must be finite and >= 0; got -1"):
        phases.boundary_two(-1.0)
    with pytest.raises(SpecError, match="must broadcast with relative_importance of shape"):
        phases.winner_three([1.0, 2.0], [0.1, 0.2, 0.3])
    with pytest.raises(SpecError, match=r"minima\.feature_probability must be > 0; got 0"):
        two_minima.minima(0.0)
    with pytest.raises(SpecError, match=r"local_minima\.relative_importance must be > 0; got 0"):
        two_minima.local_minima(0.5, 0.0)
    with pytest.raises(SpecError, match=r"local_minima\.feature_probability must be one \(p, r\)"):
        two_minima.local_minima([0.1, 0.2])  # type: ignore[arg-type]

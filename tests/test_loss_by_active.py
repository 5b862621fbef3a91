"""Oracles: closed forms, sums over all sets in rational numbers, the whole loss, sampling."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction
from math import comb, factorial

import numpy as np
import pytest
import xarray as xr

import tegum
from tegum.distributions import Correlated, Groups, Independent
from tegum.errors import SpecError
from tegum.loss.by_active import loss_by_active
from tegum.models import Linear, Model, ReLUOutput, TwoLayer
from tegum.models.activations import LEAKY_SLOPE
from tegum.problem import Problem
from tegum.theory import sparse_expansion as expansion


def model(seed: int, n: int, m: int, size: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, size, (m, n)), rng.normal(-0.1, 0.2, n)


def relu(n: int, m: int, p: object, magnitude: str = "uniform", **more: object) -> Problem:
    law = Independent(n, p, magnitude)  # type: ignore[arg-type]
    return Problem(law, ReLUOutput(m, **more))  # type: ignore[arg-type]


# --- The oracle: polytope volumes in rational numbers ------------------------------------------


def relu_moment(t: Fraction, c: list[Fraction], power: int) -> Fraction:
    """∫ (t + c·u)₊^power over the unit cube, by its corners; no c may be 0."""
    total = Fraction(0)
    for corner in itertools.product((0, 1), repeat=len(c)):
        z = t + sum((a for a, on in zip(c, corner, strict=True) if on), Fraction(0))
        if z > 0:
            total += (-1) ** (len(c) - sum(corner)) * z ** (power + len(c))
    for a in c:
        total /= a
    return total * factorial(power) / factorial(power + len(c))


def set_loss(
    active: tuple[int, ...], i: int, a: list[Fraction], b: Fraction, alpha: Fraction, signed: bool
) -> Fraction:
    """E[(x_i − f(z))²] when exactly these features are active."""
    shift, scale = (Fraction(-1), Fraction(2)) if signed else (Fraction(0), Fraction(1))
    t = b + sum((a[j] * shift for j in active), Fraction(0))
    c = [a[j] * scale for j in active]
    kappa1, kappa2 = 1 - alpha, 1 - alpha**2
    # x − αz is affine in u: of mean μ and variance Σ (slope²)/12
    slopes = [(scale if j == i else 0) - alpha * a[j] * scale for j in active]
    start = (shift if i in active else 0) - alpha * t
    mean = start + sum(slopes, Fraction(0)) / 2
    square = mean**2 + sum((s**2 for s in slopes), Fraction(0)) / 12
    relu_square = relu_moment(t, c, 2)
    product = Fraction(0)
    if i in active:  # E[u z₊] by parts: (∫ (z at u = 1)₊² − ∫ z₊²) / (2c)
        q = active.index(i)
        rest = [value for k, value in enumerate(c) if k != q]
        by_parts = (relu_moment(t + c[q], rest, 2) - relu_square) / (2 * c[q])
        product = scale * by_parts + shift * relu_moment(t, c, 1)
    return square + kappa2 * relu_square - 2 * kappa1 * product


def by_sets(problem: Problem, W: np.ndarray, b: np.ndarray, alpha: float) -> np.ndarray:
    """C_k, a sum over all sets of k features."""
    blocks = problem.distribution.blocks()
    n, signed = len(blocks), blocks[0].magnitude == "signed"
    p = [Fraction(block.probability) for block in blocks]
    A = W.T @ W
    total = [Fraction(0)] * (n + 1)
    for k in range(n + 1):
        for active in itertools.combinations(range(n), k):
            weight = Fraction(1)
            for j in range(n):
                weight *= p[j] if j in active else 1 - p[j]
            for i, importance in enumerate(problem.importance_vector()):
                row = [Fraction(value) for value in A[i]]
                own = set_loss(active, i, row, Fraction(b[i]), Fraction(alpha), signed)
                total[k] += weight * Fraction(importance) * own
    return np.array([float(value) for value in total])


@pytest.mark.parametrize("magnitude", ["uniform", "signed"])
@pytest.mark.parametrize("activation", ["relu", "leaky"])
def test_all_orders_are_sums_over_sets(magnitude: str, activation: str) -> None:
    p = (0.3, 0.05, 0.8, 0.5, 0.1)
    problem = relu(5, 2, p, magnitude, activation=activation).replace(
        importance=(1.0, 0.5, 0.7, 2.0, 0.0)
    )
    W, b = model(1, 5, 2)
    found = loss_by_active(problem, W, b)
    expected = by_sets(problem, W, b, LEAKY_SLOPE if activation == "leaky" else 0.0)
    off = np.abs(found["contribution"].to_numpy() - expected)
    np.testing.assert_allclose(found["contribution"], expected, rtol=1e-9)
    assert (off <= found["error"].to_numpy()).all()


def test_features_that_the_nodes_do_not_resolve_are_sums_over_sets() -> None:
    W, b = model(3, 6, 2)
    W[:, 1] *= 1e-2
    W[:, 3] *= 1e-3
    W[:, 4] *= 1e-5
    problem = relu(6, 2, 0.4)
    expected = by_sets(problem, W, b, 0.0)
    np.testing.assert_allclose(loss_by_active(problem, W, b)["contribution"], expected, rtol=1e-8)


# --- Closed forms, sums and samples ------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_up_to_two_active_features_it_is_the_closed_form(seed: int) -> None:
    W, b = model(seed, 7, 3)
    importance = 0.8 ** np.arange(7)
    problem = relu(7, 3, 0.07).replace(importance=importance)
    found = loss_by_active(problem, W, b, orders=[0, 1, 2])
    np.testing.assert_allclose(
        found["contribution"], expansion.expand(W, b, importance, 0.07), rtol=1e-12
    )
    L = [f(W, b, importance) for f in (expansion.loss_one, expansion.loss_two)]
    np.testing.assert_allclose(found["L"][1:], L, rtol=1e-12)


def cases() -> list[tuple[str, Problem, np.ndarray, np.ndarray]]:
    digons = np.kron(np.eye(3), [[1.0, -1.0]])
    ring = np.array([np.cos(np.arange(5) * 0.4 * np.pi), np.sin(np.arange(5) * 0.4 * np.pi)])
    rng = np.random.default_rng(0)
    mixed = Groups((Independent(3, (0.2, 1.0, 0.4)), Independent(3, 0.3, "signed")))
    return [
        ("three digons", relu(6, 3, 0.05), digons, np.full(6, -0.01)),
        ("a pentagon", relu(5, 2, 0.2), ring, np.full(5, -0.2)),
        ("nothing", relu(4, 2, 0.3), np.zeros((2, 4)), np.array([0.15, 0.0, -1.0, 0.1])),
        ("always active", relu(4, 2, 1.0), *model(4, 4, 2)),
        ("rarely active", relu(6, 2, 1e-5), *model(5, 6, 2)),
        ("magnitudes", Problem(mixed, ReLUOutput(2)), *model(6, 6, 2)),
        ("no kink", Problem(Independent(7, 0.3), Linear(2)), *model(7, 7, 2)),
        ("one feature", relu(1, 1, 0.3), np.array([[0.8]]), np.array([-0.1])),
        ("twenty", relu(20, 5, tuple(rng.uniform(0.01, 0.4, 20))), *model(8, 20, 5, 0.4)),
    ]


@pytest.mark.parametrize(("name", "problem", "W", "b"), cases(), ids=[c[0] for c in cases()])
def test_the_sum_is_the_expected_loss(
    name: str, problem: Problem, W: np.ndarray, b: np.ndarray
) -> None:
    found = loss_by_active(problem, W, b)
    whole = tegum.expected_loss(problem, W, b, method="series")
    assert float(found["contribution"].sum()) == pytest.approx(float(whole.loss), rel=1e-9)
    assert float(found["error"].sum()) < 1e-9 * float(whole.loss) + 1e-14
    assert float(found["probability"].sum()) == pytest.approx(1.0)
    np.testing.assert_allclose(found["probability"] * found["given"], found["contribution"])


@pytest.mark.parametrize("k", [3, 4, 7, 20, 40])
def test_larger_models_agree_with_samples(k: int) -> None:
    W, b = model(10, 40, 8, 0.35)
    importance = 0.95 ** np.arange(40)
    problem = relu(40, 8, 0.1).replace(importance=importance)
    found = float(loss_by_active(problem, W, b, orders=[k])["L"][0])
    rng = np.random.default_rng(k)
    sampled = expansion.loss_k_sampled(W, b, importance, k, samples=100_000, rng=rng)
    assert abs(found - sampled.value) < 4 * sampled.error


def test_a_looser_tolerance_knows_its_error() -> None:
    W, b = model(11, 12, 3)
    problem = relu(12, 3, 0.2)
    tight = loss_by_active(problem, W, b, tolerance=1e-12)["contribution"]
    for tolerance in (1e-3, 1e-6):
        loose = loss_by_active(problem, W, b, tolerance=tolerance)
        assert (np.abs(loose["contribution"] - tight) <= loose["error"] + 1e-15).all()


# --- What it means -----------------------------------------------------------------------------


def test_probabilities_are_those_of_the_numbers_of_active_features() -> None:
    p = np.array([0.2, 0.5, 0.9])
    chance = np.zeros(4)
    for on in itertools.product((0, 1), repeat=3):
        chance[sum(on)] += np.prod(np.where(on, p, 1 - p))
    found = loss_by_active(relu(3, 2, tuple(p)), *model(0, 3, 2))
    np.testing.assert_allclose(found["probability"], chance)
    assert "L" not in found


def test_L_does_not_depend_on_the_probability() -> None:
    W, b = model(2, 6, 2)
    L = [loss_by_active(relu(6, 2, p), W, b)["L"] for p in (1e-4, 0.9)]
    np.testing.assert_allclose(*L, rtol=1e-8)
    given = loss_by_active(relu(6, 2, 0.3), W, b)["given"]
    np.testing.assert_allclose(L[0], [comb(6, k) * float(given[k]) for k in range(7)], rtol=1e-8)


def test_batches_keep_their_dimensions() -> None:
    pairs = [model(seed, 4, 2) for seed in range(6)]
    W, b = (np.array(arrays).reshape(2, 3, *arrays[0].shape) for arrays in zip(*pairs, strict=True))
    problem = relu(4, 2, 0.2)
    plain = loss_by_active(problem, W, b, orders=(4, 1))
    assert plain["contribution"].dims == ("instance_0", "instance_1", "active")
    assert plain["active"].to_numpy().tolist() == [4, 1]
    labelled = loss_by_active(
        problem,
        xr.DataArray(W, dims=("p", "seed", "hidden", "feature")).transpose("feature", "p", ...),
        xr.DataArray(b, dims=("p", "seed", "feature")).transpose(),
    )
    for p, seed in np.ndindex(2, 3):
        alone = loss_by_active(problem, W[p, seed], b[p, seed])
        at = labelled.isel(p=p, seed=seed)
        np.testing.assert_array_equal(at["contribution"], alone["contribution"])
        np.testing.assert_allclose(
            plain["given"][p, seed], alone["given"].sel(active=[4, 1]), rtol=1e-9
        )


def test_untied_weights() -> None:
    W, _ = model(0, 4, 2)
    model_ = TwoLayer(2, hidden_activation="identity")
    problem = Problem(Independent(4, 0.2), model_)
    tied = loss_by_active(relu(4, 2, 0.2), W)
    np.testing.assert_array_equal(loss_by_active(problem, (W, W.T))["given"], tied["given"])


W4 = np.ones((2, 4))


@pytest.mark.parametrize(
    ("distribution", "model_", "arguments", "message"),
    [
        (Correlated(2, 2, 0.1), ReLUOutput(2), {}, "Problem.distribution must have independent"),
        (Independent(4, 0.1, "exponential"), ReLUOutput(2), {}, "magnitude must be uniform or"),
        (Independent(4, 0.1), ReLUOutput(2, activation="gelu"), {}, "activation must be relu"),
        (Independent(4, 0.1), ReLUOutput(2), {"tolerance": 0}, "tolerance must be in"),
        (Independent(4, 0.1), ReLUOutput(2), {"orders": [5]}, "orders must be integers in 0 … 4"),
        (Independent(4, 0.1), ReLUOutput(2), {"orders": []}, "orders must be integers"),
        (Independent(4, 0.1), ReLUOutput(2), {"orders": [0.5]}, "orders must be integers"),
        (
            Independent(4, 0.1),
            ReLUOutput(2),
            {"W": np.ones((3, 4))},
            "must have shape (..., 2, 4)",
        ),
        (Independent(4, 0.1), ReLUOutput(2), {"W": W4 * np.nan}, "must be finite"),
        (
            Independent(4, 0.1),
            ReLUOutput(2),
            {"W": np.ones((2, 2, 4)), "b": np.ones((3, 4))},
            "b must broadcast against W",
        ),
        (Independent(4, 0.1), ReLUOutput(2), {"W": xr.DataArray(W4)}, "must have"),
        (
            Independent(4, 0.1),
            ReLUOutput(2, bias=False),
            {"b": np.ones(4)},
            "the model has no bias",
        ),
        (Independent(4, 0.1), TwoLayer(2, hidden_activation="identity"), {}, "must be the pair"),
    ],
)
def test_what_cannot_be_is_refused(
    distribution: Independent, model_: Model, arguments: dict[str, object], message: str
) -> None:
    given: dict[str, object] = {"W": W4, **arguments}
    with pytest.raises(SpecError, match=re.escape(message)):
        loss_by_active(Problem(distribution, model_), **given)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="must be a Problem"):
        loss_by_active("problem", W4)  # type: ignore[arg-type]

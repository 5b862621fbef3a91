"""Expected losses of features that are 0 or 1: brute sums over patterns, binomials, samples."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from exact_oracles import monte_carlo
from scipy.integrate import quad
from scipy.stats import binom

import tegum as tg
from tegum.distributions import Distribution
from tegum.errors import SpecError
from tegum.models.activations import ACTIVATIONS

Array = np.ndarray[Any, np.dtype[np.float64]]

LAWS: dict[str, Distribution] = {
    "one": tg.Independent(1, 0.3, "one"),
    "independent": tg.Independent(8, (0.3, 0.05, 1.0, 0.9, 0.5, 0.2, 0.0, 0.6), "one"),
    "correlated": tg.Correlated(3, 2, 0.4, "one"),
    "anticorrelated": tg.Anticorrelated(3, 3, (0.6, 1.0, 0.1), "one"),
    "groups": tg.Groups(
        (
            tg.Independent(3, (0.1, 1.0, 0.7), "one"),
            tg.Anticorrelated(2, 2, 0.8, "one"),
            tg.Correlated(1, 3, 0.5, "one"),
        )
    ),
}


def patterns(x: Distribution) -> tuple[Array, Array]:
    """Which features are active in each pattern, (patterns, n) of 0 and 1, and its probability."""
    found: list[tuple[tuple[int, ...], float]] = [((), 1.0)]
    for block in x.blocks():
        members = tuple(range(block.start, block.start + block.size))
        on = [(members, block.probability)]
        if block.kind == "anticorrelated":
            on = [((j,), block.probability / block.size) for j in members]
        states = [((), 1.0 - block.probability), *on]
        found = [(old + new, q * r) for old, q in found for new, r in states]
    rows = np.zeros((len(found), x.n_features))
    for row, (active, _) in zip(rows, found, strict=True):
        row[list(active)] = 1.0
    return rows, np.array([q for _, q in found])


def brute(problem: tg.Problem, W: Any, b: Array) -> float:
    """Σ over all patterns, one by one."""
    x, q = patterns(problem.distribution)
    A = W.T @ W if problem.model.tied else W[1] @ W[0]
    y = ACTIVATIONS[problem.model.output_activation].f(x @ A.T + b)
    return float(q @ ((x - y) ** 2 @ problem.importance_vector()))


def model_of(tied: bool, m: int, activation: str) -> Any:
    if tied:
        return tg.ReLUOutput(m, activation=activation)
    return tg.TwoLayer(m, hidden_activation="identity", activation=activation)


def weights(rng: np.random.Generator, n: int, m: int, tied: bool) -> Any:
    W = rng.normal(size=(m, n)) * 0.7
    return W if tied else (W, W.T + 0.4 * rng.normal(size=(n, m)))


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("activation", ["relu", "leaky", "identity", "gelu", "quadratic"])
@pytest.mark.parametrize("tied", [True, False])
def test_brute_sums(name: str, activation: str, tied: bool) -> None:
    rng, law = np.random.default_rng([1, len(name)]), LAWS[name]
    n, target = law.n_features, "abs" if tied else "x"
    problem = tg.Problem(law, model_of(tied, 3, activation), rng.uniform(0.1, 1.0, n), target)
    for scale in (0.1, 1.0, 3.0):
        W, b = weights(rng, n, 3, tied), rng.normal(size=n) * 0.3
        W = scale * W if tied else (scale * W[0], scale * W[1])
        found, wanted = tg.expected_loss(problem, W, b), brute(problem, W, b)
        assert abs(found.loss - wanted) <= found.error
        assert found.error < (1e-5 if activation == "quadratic" else 1e-10) * (1.0 + wanted)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("activation", ["relu", "leaky"])
@pytest.mark.parametrize("tied", [True, False])
def test_difference_quotients_of_brute_sums(name: str, activation: str, tied: bool) -> None:
    """Between kinks the loss is quadratic in A and b: central quotients lose rounding alone."""
    rng, law = np.random.default_rng([2, len(name)]), LAWS[name]
    n, h = law.n_features, 1e-6
    problem = tg.Problem(law, model_of(tied, 2, activation), rng.uniform(0.1, 1.0, n))
    W, b = weights(rng, n, 2, tied), rng.normal(size=n) * 0.3
    found = tg.expected_loss(problem, W, b, gradient=True)
    assert found.gradient is not None
    assert found.method == "finite sum"
    named = {"W": W, "b": b} if tied else {"W_in": W[0], "W_out": W[1], "b": b}
    for key, array in named.items():
        for at in np.ndindex(array.shape):
            sides = []
            for step in (h, -h):
                moved = {**named, key: array.copy()}
                moved[key][at] += step
                V = moved["W"] if tied else (moved["W_in"], moved["W_out"])
                sides.append(brute(problem, V, moved["b"]))
            assert found.gradient[key][at] == pytest.approx(
                (sides[0] - sides[1]) / (2 * h), abs=1e-7
            )


@pytest.mark.parametrize("name", LAWS)
def test_enumeration_agrees(name: str) -> None:
    """It goes through the patterns of all blocks, by code of its own."""
    rng, law = np.random.default_rng([3, len(name)]), LAWS[name]
    problem = tg.Problem(law, model_of(False, 2, "relu"))
    W, b = weights(rng, law.n_features, 2, False), rng.normal(size=law.n_features) * 0.3
    one = tg.expected_loss(problem, W, b, gradient=True)
    other = tg.expected_loss(problem, W, b, gradient=True, method="enumeration")
    assert other.loss == pytest.approx(one.loss, rel=1e-13)
    assert one.gradient is not None
    assert other.gradient is not None
    for key, array in one.gradient.items():
        np.testing.assert_allclose(other.gradient[key], array, rtol=0, atol=1e-12)


def binomial(n: int, p: float, w: float, b: float, f: Any) -> float:
    """The loss of n features with all weights w: z = b + w²(own + K), K binomial of the others."""
    k = np.arange(n)
    chance = binom.pmf(k, n - 1, p)
    off, on = f(b + w * w * k) ** 2, (1 - f(b + w * w * (k + 1))) ** 2
    return float(n * chance @ ((1 - p) * off + p * on))


@pytest.mark.parametrize("activation", ["relu", "leaky", "gelu"])
@pytest.mark.parametrize("n", [1, 2, 7, 19, 32])
def test_equal_weights_are_binomial(n: int, activation: str) -> None:
    p, w, b = 0.13, 0.4, -0.21
    problem = tg.Problem(tg.Independent(n, p, "one"), tg.ReLUOutput(1, activation=activation))
    wanted = binomial(n, p, w, b, ACTIVATIONS[activation].f)
    found = tg.expected_loss(problem, np.full((1, n), w), np.full(n, b))
    assert abs(found.loss - wanted) <= found.error + 1e-13 * wanted  # scipy's own error
    assert found.error < 1e-10
    if activation != "gelu":
        h = 1e-6
        sides = [binomial(n, p, w, b + s, ACTIVATIONS[activation].f) for s in (h, -h)]
        slope = tg.expected_loss(problem, np.full((1, n), w), np.full(n, b), gradient=True).gradient
        assert slope is not None
        assert slope["b"].sum() == pytest.approx((sides[0] - sides[1]) / (2 * h), abs=1e-7)


def test_the_samples_of_thirty_features() -> None:
    """A mean of samples is within 5 standard errors but for one in two million."""
    rng = np.random.default_rng(4)
    law = tg.Groups((tg.Independent(20, 0.15, "one"), tg.Anticorrelated(4, 3, 0.5, "one")))
    problem = tg.Problem(law, tg.ReLUOutput(6))
    W, b = rng.normal(size=(6, 32)) * 0.4, rng.normal(size=32) * 0.2
    mean, error = monte_carlo(problem, W, b)
    assert abs(tg.expected_loss(problem, W, b).loss - mean) < 5 * error
    assert error < 0.01 * mean


@pytest.mark.parametrize("gap", [1.0, 1e-9])
def test_weights_that_nearly_cancel(gap: float) -> None:
    """Two features that are nearly always on, with large opposite weights: digits that are lost are
    counted in the error."""
    law = tg.Independent(4, (1.0 - 1e-6, 1.0 - 1e-6, 0.5, 0.5), "one")
    problem = tg.Problem(law, model_of(False, 4, "relu"))
    A = np.array([[300.0, -300.0 + gap, 0.3, -0.2]] * 4)
    found = tg.expected_loss(problem, (A, np.eye(4)), np.full(4, 0.1))
    assert abs(found.loss - brute(problem, (A, np.eye(4)), np.full(4, 0.1))) <= found.error
    assert found.error < 1e-8


def test_constant_features_beside_others() -> None:
    """Σ over patterns of one-dimensional integrals over the uniform feature."""
    law = tg.Groups(
        (
            tg.Independent(2, (0.3, 0.6), "one"),
            tg.Independent(1, 0.4),
            tg.Anticorrelated(1, 2, 0.5, "one"),
        )
    )
    rng = np.random.default_rng(5)
    problem = tg.Problem(law, tg.ReLUOutput(3))
    W, b = rng.normal(size=(3, 5)) * 0.8, rng.normal(size=5) * 0.3

    def loss(W: Array, b: Array) -> float:
        x, q = patterns(law)
        A, total = W.T @ W, 0.0
        for row, chance in zip(x, q, strict=True):
            for i in range(5):
                fixed = b[i] + A[i] @ np.where(np.arange(5) == 2, 0.0, row)

                def error(u: float, i: int = i, fixed: float = fixed, row: Array = row) -> float:
                    z = fixed + A[i, 2] * u * row[2]
                    return float((row[i] * (u if i == 2 else 1.0) - max(z, 0.0)) ** 2)

                kink = -fixed / A[i, 2]
                ends = sorted({0.0, 1.0, *([kink] if 0 < kink < 1 else [])})
                total += chance * sum(quad(error, lo, hi)[0] for lo, hi in pairwise(ends))
        return total

    found = tg.expected_loss(problem, W, b, gradient=True)
    assert found.method == "enumeration"
    assert found.loss == pytest.approx(loss(W, b), abs=1e-12)
    assert found.gradient is not None
    h = 1e-5
    for at in ((0, 0), (1, 2), (2, 4)):
        up, down = W.copy(), W.copy()
        up[at] += h
        down[at] -= h
        quotient = (loss(up, b) - loss(down, b)) / (2 * h)
        assert found.gradient["W"][at] == pytest.approx(quotient, abs=1e-8)


def test_at_a_kink_the_gradient_is_that_of_one_side() -> None:
    """n = 1, z = b + 1 = 0 when active: (1 − R)² falls like 1 − 2z above and is 1 below."""
    problem = tg.Problem(tg.Independent(1, 0.5, "one"), tg.ReLUOutput(1))
    found = tg.expected_loss(problem, [[1.0]], [-1.0], gradient=True)
    assert found.loss == 0.5
    assert found.gradient is not None
    assert found.gradient["b"][0] in (0.0, -1.0)


ONES_AND_MORE = tg.Groups((tg.Independent(2, 0.3, "one"), tg.Independent(11, 0.3)))
REFUSED = [
    (tg.Independent(33, 0.1, "one"), {}, "at most 65536 patterns of active features in each half"),
    (tg.Anticorrelated(3, 300, 0.1, "one"), {}, "at most 65536 patterns of active features"),
    (ONES_AND_MORE, {}, "and at most 12 features, for an exact expected loss"),
    (
        tg.Groups((tg.Independent(2, 0.3, "one"), tg.Independent(2, 0.3, "exponential"))),
        {},
        "must have magnitude 'one' beside uniform and signed only",
    ),
    (tg.Independent(3, 0.1, "one"), {"method": "series"}, "method cannot be 'series' where"),
]


@pytest.mark.parametrize(("law", "options", "said"), REFUSED)
def test_limits_are_said(law: Distribution, options: dict[str, Any], said: str) -> None:
    problem = tg.Problem(law, tg.ReLUOutput(2))
    with pytest.raises(SpecError) as caught:
        tg.expected_loss(problem, np.ones((2, law.n_features)), **options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("activation", ["identity", "quadratic"])
def test_outputs_without_a_kink_have_no_limit(activation: Any) -> None:
    rng, law = np.random.default_rng(6), tg.Independent(60, 0.1, "one")
    problem = tg.Problem(law, tg.ReLUOutput(4, activation=activation))
    W, b = rng.normal(size=(4, 60)) * 0.2, rng.normal(size=60) * 0.1
    mean, error = monte_carlo(problem, W, b)
    assert abs(tg.expected_loss(problem, W, b).loss - mean) < 5 * error


def test_training_reaches_zero_where_it_can() -> None:
    """Of two features of which one is active at most, [1, −1] and b = 0 loses nothing."""
    problem = tg.Problem(tg.Anticorrelated(1, 2, 0.7, "one"), tg.ReLUOutput(1))
    runs = tg.train(problem, None, tg.Training(engine="exact"), seeds=6, progress=False)
    best = tg.best(runs)
    assert abs(best.loss) < 1e-12
    assert (runs.status == 1).all()
    np.testing.assert_allclose(tg.score(runs).loss, runs.loss, rtol=0, atol=1e-12)


def test_training_ends_in_minima() -> None:
    """Below every loss near by, by brute sums; and polishing moves them no more."""
    problem = tg.Problem(tg.Independent(5, 0.1, "one"), tg.ReLUOutput(2))
    runs = tg.train(problem, None, tg.Training(engine="exact"), seeds=4, progress=False)
    assert (runs.status == 1).all()
    rng = np.random.default_rng(7)
    for seed in range(4):
        one = runs.isel(seed=seed)
        W, b, loss = one.W.to_numpy(), one.b.to_numpy(), float(one.loss)
        assert loss == pytest.approx(brute(problem, W, b), abs=1e-13)
        for _ in range(100):
            near = brute(
                problem, W + 1e-4 * rng.normal(size=W.shape), b + 1e-4 * rng.normal(size=5)
            )
            assert near > loss - 1e-12
    np.testing.assert_allclose(tg.polish(runs).loss, runs.loss, rtol=0, atol=1e-12)
    assert tg.minima(runs).table["count"].sum() == 4

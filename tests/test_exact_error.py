"""The error that comes with an expected loss is honest: rarely less than the true one."""

from __future__ import annotations

import numpy as np
import pytest
from exact_cases import REGIMES, Array, Case, random_case
from exact_oracles import odd_harmonics, quadrature

import tegum as tg
from tegum.errors import SpecError
from tegum.loss.expected import aimed_loss


def reference(case: Case) -> tuple[float, float]:
    """The loss by enumeration and what rounding may do to it, or by the finest series."""
    blocks = case.problem.distribution.blocks()
    exponential = any(block.magnitude == "exponential" for block in blocks)
    method = "series" if exponential else "enumeration"
    found = aimed_loss(case.problem, case.W, case.b, method=method, aim=1e-13, jobs=1)
    return float(found.loss), float(found.error)


#: Features that barely interfere are the hard ones; the others must not hide them.
WEAK = tuple(name for name in REGIMES if name.startswith("weak"))
PLAIN = tuple(name for name in REGIMES if name not in WEAK)
each_kind = pytest.mark.parametrize("regimes", [PLAIN, WEAK], ids=["plain", "weak"])
each_tolerance = pytest.mark.parametrize("tolerance", [1e-6, 1e-9, 1e-12])


def share_too_large(
    regimes: tuple[str, ...], seed: int, count: int, tolerance: float, gradient: bool = False
) -> float:
    """Of random problems, the share whose true error is above the sum of the two estimates."""
    rng, done, over = np.random.default_rng([53, seed]), 0, 0
    while done < count:
        case = random_case(rng, (3, 10), ("uniform", "signed", "exponential"))
        if case.regime not in regimes:
            continue
        wanted, unsure = reference(case)
        loss, error = aimed_loss(
            case.problem, case.W, case.b, method="series", aim=tolerance,
            gradient=gradient, jobs=1,
        )  # fmt: skip
        done += 1
        over += abs(loss - wanted) > error + unsure
    return over / count


@each_kind
@each_tolerance
def test_errors_of_100_problems(regimes: tuple[str, ...], tolerance: float) -> None:
    """In under 1 % of them; of a hundred at that rate, four or more are seen once in 50 times."""
    assert share_too_large(regimes, 0, 100, tolerance) < 0.04


@pytest.mark.slow
@each_kind
@each_tolerance
@pytest.mark.parametrize("gradient", [False, True], ids=["values", "gradients"])
def test_errors_of_1000_problems(
    regimes: tuple[str, ...], tolerance: float, gradient: bool
) -> None:
    assert share_too_large(regimes, 1, 1000, tolerance, gradient) < 0.01


@pytest.mark.parametrize("tolerance", [1e-4, 1e-6, 1e-9])
def test_the_tolerance_is_kept_where_there_are_nodes_enough(tolerance: float) -> None:
    """For ordinary models the estimate is within the tolerance, and so is the true error."""
    rng = np.random.default_rng(3)
    for n in (7, 9):
        problem = tg.Problem(tg.Independent(n, 0.2), tg.ReLUOutput(2))
        W, b = rng.normal(0, 0.7, (20, 2, n)), rng.normal(0, 0.3, (20, n))
        loss, error = tg.expected_loss(problem, W, b, tolerance=tolerance)
        wanted, _ = tg.expected_loss(problem, W, b, method="enumeration")
        assert (error <= tolerance * loss).all()
        assert (np.abs(loss - wanted) <= tolerance * wanted).all()


def test_an_error_is_never_zero_and_never_far_above_a_closed_form() -> None:
    """Rounding always counts: a few units in the last place of E[x²] + E[z²]."""
    rng = np.random.default_rng(4)
    for n in (1, 2, 5):
        problem = tg.Problem(tg.Independent(n, 0.2), tg.ReLUOutput(2))
        W, b = rng.normal(0, 0.7, (20, 2, n)), rng.normal(0, 0.3, (20, n))
        _, error = tg.expected_loss(problem, W, b)
        size = n + (np.abs(W).sum(axis=(1, 2)) ** 2 + np.abs(b).sum(axis=1)) ** 2
        assert (error > 0).all()
        assert (error < 1e-13 * size).all()


# --- Neither less than the true error nor far above it -----------------------------------------


def oracle(case: Case) -> tuple[float, float]:
    """The loss by other means than those of `expected_loss`, and how far off it may be."""
    problem = case.problem
    if problem.model.output_activation in ("gelu", "quadratic"):
        wanted = quadrature(problem, case.W, case.b)
        return wanted, 1e-11 * max(1.0, wanted)
    exponential = any(b.magnitude == "exponential" for b in problem.distribution.blocks())
    if exponential or not 6 < problem.n_features < 10:
        return odd_harmonics(problem, case.W, case.b)
    found = tg.expected_loss(problem, case.W, case.b, method="enumeration", jobs=1)
    return float(found.loss), float(found.error)


def dense(rng: np.random.Generator) -> Case:
    """Weights of all sizes on features that are often active."""
    n, m, p = ((20, 5, 0.9), (20, 5, 0.3), (16, 4, 0.5))[rng.integers(3)]
    magnitude = str(rng.choice(["uniform", "signed", "exponential"]))
    x: tg.Distribution = tg.Independent(n, p, magnitude)
    if rng.random() < 0.25:
        x = tg.Anticorrelated(n // 4, 4, p, magnitude)
    W: Array = rng.normal(size=(m, n))
    W /= np.linalg.norm(W, axis=0)
    return Case(tg.Problem(x, tg.ReLUOutput(m)), W, rng.uniform(-0.4, 0.4, n), "dense")


def counts(seed: int, count: int, most: int) -> tuple[int, int]:
    """How often the stated error is below the true one, and how often it is far above."""
    rng, below, above = np.random.default_rng([59, seed]), 0, 0
    magnitudes = ("uniform", "signed", "exponential")
    for k in range(count):
        if k % 5 == 4:
            case = dense(rng)
        elif k % 10 == 3:
            case = random_case(rng, (1, 2), magnitudes, ("gelu", "quadratic"))
        else:
            case = random_case(rng, (2, most), magnitudes, ("relu", "relu", "leaky", "identity"))
        wanted, unsure = oracle(case)
        loss, error = tg.expected_loss(case.problem, case.W, case.b, jobs=1)
        true = abs(loss - wanted)
        below += true > error + unsure
        above += error > 1000 * max(true, unsure, 1e-13 * loss)
    print(f"of {count} stated errors {below} are below the true one, {above} far above")
    return below, above


def test_stated_errors_of_20_problems() -> None:
    assert counts(0, 20, 8) <= (0, 2)


@pytest.mark.slow
def test_stated_errors_of_500_problems() -> None:
    """At most 1 % below the true error, at most 5 % above 1,000 times it (or 1e-13 of the loss)."""
    below, above = counts(1, 500, 20)
    assert below <= 5
    assert above <= 25


@pytest.mark.parametrize(
    ("n", "m", "p", "magnitude"),
    [
        (100, 20, 0.9, "exponential"),
        (60, 15, 0.3, "exponential"),
        (20, 5, 0.9, "exponential"),
        (20, 5, 0.3, "uniform"),
    ],
)
def test_many_small_weights_leave_no_atom(n: int, m: int, p: float, magnitude: str) -> None:
    """Where nearly all features are active z is smooth, and the series is done soon."""
    rng = np.random.default_rng(0)
    W = rng.normal(size=(m, n))
    W /= np.linalg.norm(W, axis=0)
    problem = tg.Problem(tg.Independent(n, p, magnitude), tg.ReLUOutput(m))
    b = rng.uniform(-0.4, 0.4, n)
    loss, error = tg.expected_loss(problem, W, b)
    assert error < 1e-8 * loss
    close = tg.expected_loss(problem, W, b, tolerance=1e-11).loss
    assert abs(close - loss) <= error


# --- A tolerance that is asked for -------------------------------------------------------------


def test_a_tolerance_is_reached_or_an_error_says_what_was() -> None:
    """Two exponential features that hardly interfere take more nodes than there may be."""
    problem = tg.Problem(tg.Independent(3, 0.3, "exponential"), tg.ReLUOutput(2))
    W, b = np.array([[1.0, 1e-5, 0.0], [0.0, 1.0, 1e-4]]), np.zeros(3)
    loss, error = tg.expected_loss(problem, W, b)
    part = error / loss
    assert 1e-14 < part < 1e-3
    said = r"expected_loss\.tolerance must be one that can be reached, .* for these weights; got"
    with pytest.raises(SpecError, match=said) as caught:
        tg.expected_loss(problem, W, b, tolerance=1e-16)
    reached = float(str(caught.value).split("reached, ")[1].split(" ")[0])
    found = tg.expected_loss(problem, W, b, tolerance=2 * reached)
    assert found.error <= 2 * reached * found.loss
    runs = tg.train(problem, {}, tg.Training(steps=0), seeds=2, progress=False, jobs=1)
    with pytest.raises(SpecError, match=r"score\.tolerance must be one that can be reached"):
        tg.score(runs, tolerance=1e-16, jobs=1)
    assert (tg.score(runs, tolerance=1e-5, jobs=1).loss_error <= 1e-5 * tg.score(runs).loss).all()

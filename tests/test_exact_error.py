"""The error that comes with an expected loss is honest: rarely less than the true one."""

from __future__ import annotations

import numpy as np
import pytest
from exact_cases import REGIMES, Case, random_case

import tegum as tg


def reference(case: Case) -> tuple[float, float]:
    """The loss by enumeration and what rounding may do to it, or by the finest series."""
    blocks = case.problem.distribution.blocks()
    exponential = any(block.magnitude == "exponential" for block in blocks)
    method, tolerance = ("series", 1e-13) if exponential else ("enumeration", 1e-9)
    found = tg.expected_loss(
        case.problem, case.W, case.b, method=method, tolerance=tolerance, jobs=1
    )
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
        loss, error = tg.expected_loss(
            case.problem, case.W, case.b, method="series", tolerance=tolerance,
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

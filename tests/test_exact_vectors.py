"""The expected loss and its gradient against stored values of independent programs.

They were found by enumeration in double precision ("A"), most of them again in 60 digits
("A+mp60"), and for many features by a series whose nodes were doubled ("B N-doubling").
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.loss.expected import aimed_loss

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "exact_vectors.json").read_text()
)["vectors"]
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[v["name"] for v in VECTORS])


def problem_of(vector: dict[str, Any]) -> tg.Problem:
    x = tg.Independent(vector["n_features"], vector["feature_probability"])
    return tg.Problem(x, tg.ReLUOutput(vector["n_hidden"]), vector["importance"])


def named(name: str) -> dict[str, Any]:
    return next(vector for vector in VECTORS if vector["name"] == name)


def gradient_at(vector: dict[str, Any], tolerance: float, method: str = "series") -> Any:
    problem = problem_of(vector)
    return aimed_loss(
        problem, vector["W"], vector["b"], aim=tolerance, gradient=True, method=method
    ).gradient


def check(vector: dict[str, Any], method: str) -> None:
    """By enumeration the loss is known to 1e-10 of itself and gradients to 1e-8.

    A doubled series knows the loss to 1e-9. Its derivatives are off by up to 2.8e-8 themselves, as
    difference quotients of the loss say: see `test_a_gradient_where_the_stored_one_is_not_good`.
    """
    found = tg.expected_loss(
        problem_of(vector), vector["W"], vector["b"], gradient=True, method=method
    )
    relative, absolute = (1e-10, 1e-8) if vector["checked_by"].startswith("A") else (1e-9, 3e-8)
    assert found.loss == pytest.approx(vector["loss"], rel=relative, abs=0)
    assert found.gradient is not None
    for name, wanted in (("W", vector["grad_W"]), ("b", vector["grad_b"])):
        gradient = np.array(wanted)
        scale = max(1.0, np.abs(gradient).max())
        np.testing.assert_allclose(found.gradient[name], gradient, rtol=0, atol=absolute * scale)


def test_vectors_are_all_there() -> None:
    assert len(VECTORS) == 15
    assert {v["checked_by"] for v in VECTORS} == {"A", "A+mp60", "B N-doubling"}


@each_vector
def test_automatic_choice(vector: dict[str, Any]) -> None:
    check(vector, "auto")


@each_vector
def test_series(vector: dict[str, Any]) -> None:
    check(vector, "series")


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v["n_features"] <= 8], ids=lambda v: v["name"]
)
def test_enumeration(vector: dict[str, Any]) -> None:
    check(vector, "enumeration")


@each_vector
def test_default_tolerance_keeps_its_word(vector: dict[str, Any]) -> None:
    loss, error = tg.expected_loss(problem_of(vector), vector["W"], vector["b"])
    reference = 1e-12 if vector["checked_by"].startswith("A") else 1e-9
    assert abs(loss - vector["loss"]) <= error + reference * vector["loss"]
    # 1e-12: what weights too small for the series may do, which no tolerance changes
    assert error <= 1e-9 * vector["loss"] + 1e-12


def quotient(vector: dict[str, Any], feature: int, h: float) -> float:
    """dL/db of a feature by differences of the loss, of fourth order in h."""
    problem, W, b = problem_of(vector), np.array(vector["W"]), np.array(vector["b"])
    shifts = h * np.array([-2.0, -1.0, 1.0, 2.0])[:, None] * (np.arange(len(b)) == feature)
    losses = tg.expected_loss(problem, np.broadcast_to(W, (4, *W.shape)), b + shifts).loss
    return float(losses @ [1.0, -8.0, 8.0, -1.0]) / (12 * h)


@pytest.mark.parametrize("feature", [39, 40])
@pytest.mark.parametrize("tolerance", [1e-6, 1e-9, 1e-11, 1e-13])
def test_a_gradient_where_the_stored_one_is_not_good(feature: int, tolerance: float) -> None:
    """Quotients at h = 1e-3 … 1e-5 agree to 2e-13: rounding and truncation are below 1e-12."""
    vector = named("trained 80-20")
    wanted = [quotient(vector, feature, h) for h in (1e-3, 1e-4, 1e-5)]
    assert np.ptp(wanted) < 1e-12
    assert abs(vector["grad_b"][feature] - wanted[1]) > 5e-9
    found = gradient_at(vector, tolerance)["b"][feature]
    allowed = max(1e-9, 10 * tolerance * vector["loss"])
    assert found == pytest.approx(wanted[1], rel=0, abs=allowed)


@pytest.mark.parametrize("tolerance", [1e-9, 1e-11, 1e-13])
def test_a_tighter_tolerance_is_not_worse(tolerance: float) -> None:
    vector = named("octahedron (3 digons) near-optimum")
    found = gradient_at(vector, tolerance)
    for name in ("W", "b"):
        wanted = vector[f"grad_{name}"]
        np.testing.assert_allclose(found[name], wanted, rtol=0, atol=1e-9)

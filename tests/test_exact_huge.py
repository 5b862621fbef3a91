"""Weights of every finite size: the right loss, a status or one line; never NaN without a word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.analysis.branches import follow
from tegum.errors import SpecError

RNG = np.random.default_rng(3)
W, V, B = RNG.normal(0, 0.7, (2, 5)), RNG.normal(0, 0.7, (5, 2)), RNG.normal(0, 0.3, 5)
RELU = tg.ReLUOutput(2)
X: dict[str, tg.Distribution] = {
    "uniform": tg.Independent(5, 0.1),
    "signed": tg.Independent(5, 0.3, "signed"),
    "exponential": tg.Independent(5, 0.3, "exponential"),
    "sets": tg.Groups((tg.Correlated(1, 2, 0.2), tg.Anticorrelated(1, 3, 0.5, "signed"))),
}
#: Powers of 2, so that scaling loses no digits; the last ones square to more than float64 holds.
SIZES = (2.0**-500, 2.0**-250, 2.0**100, 2.0**250, 2.0**400, 2.0**530)


@pytest.mark.parametrize("name", X)
@pytest.mark.parametrize("method", ["enumeration", "series"])
def test_a_loss_scales_with_its_weights_or_is_refused(name: str, method: Any) -> None:
    """With s W_out and s b the loss is E[(x − s R)²] = E[x²] − 2 s E[x R] + s² E[R²].

    Three sizes near 1 determine it.
    """
    if method == "enumeration" and name == "exponential":
        return
    problem = tg.Problem(X[name], tg.TwoLayer(2, hidden_activation="identity"))

    def loss(s: float, gradient: bool = False) -> float:
        found = tg.expected_loss(
            problem, (W, s * V), s * B, method=method, gradient=gradient, jobs=1
        )
        assert np.isfinite(found.error)
        return float(found.loss)

    zero, one, two = (loss(s) for s in (0.0, 1.0, 2.0))
    square = (two - 2 * one + zero) / 2
    linear = one - zero - square
    for s in SIZES:
        if s < 2.0**500:
            wanted = zero + s * linear + s * s * square
            for gradient in (False, True):
                assert loss(s, gradient) == pytest.approx(wanted, rel=1e-8)
        else:
            with pytest.raises(SpecError, match=r"expected_loss\.W must be small enough") as caught:
                loss(s)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("activation", ["relu", "leaky", "identity", "gelu", "quadratic"])
@pytest.mark.parametrize("name", X)
def test_every_size_has_a_loss_or_one_line(name: str, activation: Any) -> None:
    problem = tg.Problem(X[name], tg.ReLUOutput(2, activation=activation))
    refused, said = [], set()
    for exponent in (-320, -300, -160, -100, -30, 30, 76, 100, 153, 154, 160, 307):
        size = float(f"1e{exponent}")
        for bias in (0 * B, B, size * B):
            try:
                loss, error = tg.expected_loss(problem, size * W, bias, jobs=1)
            except SpecError as refusal:
                refused.append(exponent)
                said.add(str(refusal).split(";")[0])
                continue
            assert 0 <= loss < np.inf
            assert 0 < error < np.inf
    assert 160 in refused
    assert len(said) == 1
    assert "expected_loss.W must be small enough" in said.pop()
    assert activation in ("gelu", "quadratic") or min(refused) > 76
    assert min(refused) > 0


@pytest.mark.parametrize("name", X)
def test_huge_models_of_a_dataset_are_marked(name: str) -> None:
    """`score`, `polish` and a training that starts from them: a status, no NaN without one."""
    problem = tg.Problem(X[name], RELU)
    runs = tg.train(problem, {}, tg.Training(steps=0), seeds=3, progress=False, jobs=1)
    huge = runs.assign(W=runs.W.astype(np.float64) * np.array([1.0, 1e60, 1e160])[:, None, None])
    scored = tg.score(huge, jobs=1)
    assert scored.diverged.values.tolist() == [False, False, True]
    assert np.isfinite(scored.loss.values).tolist() == [True, True, False]
    for found in (
        tg.polish(huge, steps=5, jobs=1),
        tg.train(
            problem, {}, tg.Training(engine="exact", steps=105), seeds=3, start=huge,
            progress=False, jobs=1,
        ),
    ):  # fmt: skip
        assert bool(found.diverged[2])
        assert not bool(found.diverged[0])
        assert (found.diverged | np.isfinite(found.loss)).all()


def test_huge_models_by_active_and_followed() -> None:
    problem = tg.Problem(X["uniform"], RELU)
    for size in (1e60, 1e160, 1e300):
        with pytest.raises(SpecError, match=r"follow\.W must have a minimum nearby"):
            follow(problem, size * W, B, target="feature_probability", values=[0.1, 0.2])
    parts = tg.loss_by_active(problem, 1e30 * W, B)
    wanted = float(tg.expected_loss(problem, 1e30 * W, B).loss)
    assert float(parts.contribution.sum()) == pytest.approx(wanted, rel=1e-8)
    for size in (1e160, 1e300):
        with pytest.raises(SpecError, match=r"loss_by_active\.W must be small enough"):
            tg.loss_by_active(problem, size * W, B)

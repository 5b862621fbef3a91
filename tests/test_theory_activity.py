"""Oracles: scans of the loss over w, the expected losses of the models, identities."""

from __future__ import annotations

import numpy as np
import pytest

import tegum as tg
from tegum.errors import SpecError
from tegum.theory import activity


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.5, 0.72, 0.73, 1.0, 1.02])
def test_isolated_weight_is_the_local_minimum_of_a_scan(ratio: float) -> None:
    w = np.linspace(0.4, 1.2, 800_001)
    loss = activity.isolated_loss(w, ratio)
    lowest = w[200_000:][loss[200_000:].argmin()]  # from .6, beyond the barrier but near the end
    found = float(activity.isolated_weight(ratio))
    near = (w > 1 / np.sqrt(3)) & (w <= 1)
    assert found == pytest.approx(w[near][loss[near].argmin()], abs=2e-6)
    assert ratio > 1 or found == pytest.approx(lowest, abs=2e-6)


def test_a_feature_survives_below_the_threshold() -> None:
    for ratio, alive in ((0.999, True), (1.001, False)):
        w = np.linspace(0, 1.2, 120_001)
        best = w[activity.isolated_loss(w, ratio * activity.SURVIVES).argmin()]
        assert (best > 0.5) == alive
    assert pytest.approx(0.7258, abs=5e-5) == activity.SURVIVES
    assert float(activity.isolated_weight(activity.SURVIVES)) == pytest.approx(np.sqrt(2 / 3))
    assert np.isnan(activity.isolated_weight(1.0001 * activity.METASTABLE))
    assert float(activity.isolated_weight(activity.METASTABLE)) == pytest.approx(1 / np.sqrt(3))


def test_isolated_loss_is_that_of_the_model() -> None:
    rng = np.random.default_rng(0)
    x, w, cost, p = rng.random((400_000, 1)), 0.83, 0.4, 0.3
    model = tg.ReLUHidden(n_hidden=1, bias=False)
    h, y = model.forward({"W": np.array([[w]])}, x)
    sampled = p * ((x - y) ** 2 + cost * h)
    expected = p * float(activity.isolated_loss(w, cost))
    assert abs(sampled.mean() - expected) < 5 * sampled.std() / np.sqrt(len(x))


@pytest.mark.parametrize("p", [0.01, 0.1, 0.5, 1.0])
def test_reductions_are_those_of_expected_losses(p: float) -> None:
    def loss(n: int, W: list[list[float]], b: float) -> float:
        law = tg.Independent(n_features=n, feature_probability=p)
        problem = tg.Problem(law, tg.ReLUOutput(n_hidden=1))
        return float(tg.expected_loss(problem, np.array(W), np.full(n, b)).loss)

    none = loss(1, [[0.0]], p / 2)
    alone = (none - loss(1, [[1.0]], 0.0)) / p
    pair = (2 * none - loss(2, [[1.0, -1.0]], 0.0)) / (1 - (1 - p) ** 2)
    assert float(activity.dedicated_reduction(p)) == pytest.approx(alone, abs=1e-12)
    assert float(activity.antipodal_reduction(p)) == pytest.approx(pair, abs=1e-12)
    assert float(activity.antipodal_deficit(p)) == pytest.approx(alone - pair, abs=1e-12)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_bad_probability(value: float) -> None:
    with pytest.raises(SpecError, match=r"feature_probability must be in \[0, 1\]"):
        activity.dedicated_reduction(value)
    with pytest.raises(SpecError, match="ratio must be >= 0"):
        activity.isolated_weight(-1.0)

"""Rules of `capacity` on hand-made tables that hold and differ, and its closed form."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_checks import changed, judged, quick_run_as_expected

from tegum.experiments.base import Tables
from tegum.experiments.capacity import EXPERIMENT
from tegum.experiments.capacity.closed_form import (
    allocation,
    boundary,
    capacity,
    descend,
    feature_loss,
    loss,
)
from tegum.experiments.capacity.figures import closed_form
from tegum.experiments.capacity.training import Descent, gradients, samples, train
from tegum.report.figures import draw

V = np.array([1.0, 0.8, 0.6, 0.3])


def status(identity: str, tables: Tables) -> str:
    return judged(EXPERIMENT.claims, identity, tables).status


def tables() -> Tables:
    parts = [
        pd.DataFrame(
            {"kurtosis": kurtosis, "feature": range(4), "value": V, "found": shares,
             "closed": shares, "loss": 1.0, "closed_loss": 1.0}
        )
        for kurtosis, shares in (
            (2.0, [1.0, 1, 1, 0]), (3.0, [0.9, 0.9, 0.9, 0.3]), (9.0, [1.0, 0.8, 0.7, 0.5]),
        )
    ]  # fmt: skip
    pair = pd.DataFrame(
        [(k, r, max(0.0, r - 2 / (k - 1))) for k in (4.0, 9.0) for r in (0.1, 0.26, 0.5, 0.9)],
        columns=["kurtosis", "ratio", "found"],
    )
    capacities = pd.concat(parts, ignore_index=True)
    trained = capacities.rename(columns={"found": "trained"}).assign(near=0.5)
    sampled = pd.DataFrame({"kurtosis": [2.0, 4], "formula": 1.0, "sampled": 1.01, "error": 0.01})
    return {
        "capacities": capacities,
        "pair": pair.assign(closed=pair["found"]),
        "trained": trained,
        "trained_pair": pair.rename(columns={"found": "trained"}).assign(closed=pair["found"]),
        "sampled": sampled,
    }


@pytest.mark.parametrize("identity", [claim.id for claim in EXPERIMENT.claims])
def test_what_was_published_holds(identity: str) -> None:
    assert status(identity, tables()) == "holds"


@pytest.mark.parametrize(
    ("identity", "name", "where", "values"),
    [
        ("62.a", "capacities", {"kurtosis": 9.0}, {"loss": 1.002}),
        ("62.a", "capacities", {"kurtosis": 2.0}, {"loss": 0.99}),
        ("62.b", "capacities", {"kurtosis": 9.0, "feature": 1}, {"found": 0.82}),
        ("62.b", "capacities", {"kurtosis": 9.0, "feature": 1}, {"found": 0.82, "closed": 0.82}),
        ("62.c", "capacities", {"kurtosis": 2.0, "feature": 0}, {"found": 0.98}),
        ("62.c", "capacities", {"kurtosis": 9.0}, {"found": 1.0}),
        ("62.d", "pair", {"kurtosis": 9.0, "ratio": 0.26}, {"found": 0.0}),
        ("62.d", "pair", {"kurtosis": 4.0, "ratio": 0.5}, {"found": 0.001}),
        ("62.f", "trained", {"kurtosis": 9.0}, {"loss": 1.02}),
        ("62.f", "trained", {"kurtosis": 2.0, "feature": 3}, {"trained": 0.06}),
        ("62.g", "trained_pair", {"kurtosis": 4.0, "ratio": 0.5}, {"trained": 0.03}),
        ("62.g", "trained_pair", {"kurtosis": 9.0, "ratio": 0.9}, {"trained": 0.01}),
        ("62.e", "sampled", {"kurtosis": 4.0}, {"sampled": 1.05}),
    ],
)
def test_what_is_otherwise_differs(identity: str, name: str, where: Any, values: Any) -> None:
    assert status(identity, changed(tables(), name, where, **values)) == "differs"


def test_at_the_kurtosis_of_normal_numbers_capacities_do_not_count() -> None:
    where: Any = {"kurtosis": 3.0}
    assert status("62.b", changed(tables(), "capacities", where, found=0.5)) == "holds"
    assert status("62.f", changed(tables(), "trained", where, trained=0.5)) == "holds"


def test_figures_are_drawn_from_tables() -> None:
    for spec in EXPERIMENT.figures:
        assert draw(spec, tables(), "salt").svg.startswith("<?xml")


@pytest.mark.parametrize("kurtosis", [1.5, 3.0, 3.2, 8.0, 100.0])
@pytest.mark.parametrize("m", [1, 2, 3])
def test_features_of_no_value_get_no_capacity_that_others_can_use(kurtosis: float, m: int) -> None:
    v = np.array([0.0, 1.0, 0.0, 0.5, 0.9])
    found = allocation(v, m, kurtosis)
    valued = v > 0
    np.testing.assert_allclose(found.sum(), m)
    np.testing.assert_allclose(found[~valued], 0.0)
    if m < valued.sum():
        alone = allocation(v[valued], m, kurtosis)
        np.testing.assert_allclose(found[valued], alone, atol=1e-12)
    else:
        np.testing.assert_allclose(found[valued], 1.0)


def test_lines_are_the_closed_form_between_the_kurtoses_of_the_tables_too() -> None:
    """The first two to share are of value .6 and .3: from κ − 1 = 2 · .6/.3 on, linear in 1/κ."""
    rows = tables()["capacities"]
    kurtoses, shares, losses = closed_form(rows[rows["kurtosis"] != 3.0])
    assert (kurtoses.min(), kurtoses.max()) == pytest.approx((2.0, 9.0))
    np.testing.assert_allclose(shares.sum(axis=1), 3.0)
    begin = 5.0
    np.testing.assert_allclose(shares[kurtoses < begin, 3], 0.0)
    assert (shares[kurtoses > begin + 0.1, 3] > 0.001).all()
    # the pair by hand: both levels are (κ − 1) v / (2 + (κ − 3) C), and C_2 + C_3 = 1
    k = kurtoses[(kurtoses > 5.1) & (kurtoses < 6)]
    by_hand = ((k + 1) * 0.3 / 0.9 - 2) / (k - 3)
    np.testing.assert_allclose(shares[(kurtoses > 5.1) & (kurtoses < 6), 3], by_hand)
    dropped = (kurtoses < 4) * (kurtoses - 1) * V[3] ** 2
    np.testing.assert_allclose(losses[kurtoses < 4], dropped[kurtoses < 4])


@pytest.mark.parametrize("kurtosis", [1.0, 2.5, 9.0])
def test_the_loss_is_a_variance_over_all_patterns(kurtosis: float) -> None:
    # x = 0 or ±√κ with probability 1/κ: every pattern of three features with its chance
    rng = np.random.default_rng(3)
    W, v = rng.normal(size=(2, 3)), np.array([1.0, 0.7, 0.2])
    law = {0.0: 1 - 1 / kurtosis, kurtosis**0.5: 0.5 / kurtosis, -(kurtosis**0.5): 0.5 / kurtosis}
    first = second = 0.0
    for pattern in product(law, repeat=3):
        x = np.array(pattern)
        chance = np.prod([law[value] for value in pattern])
        error = v @ x**2 - np.sum((W @ x) ** 2)
        first, second = first + chance * error, second + chance * error**2
    assert loss(W, v, kurtosis) == pytest.approx(second - first**2, rel=1e-12)


@pytest.mark.parametrize("kurtosis", [1.5, 4.0, 12.0])
@pytest.mark.parametrize("C", [0.2, 0.5, 1.0])
def test_what_a_feature_costs_is_least_over_its_length(kurtosis: float, C: float) -> None:
    # at capacity C the squared interference of a = ‖W_i‖² is a² (1/C − 1)
    a = np.linspace(0, 2, 200_001)
    least = ((kurtosis - 1) * (0.7 - a) ** 2 + 2 * a**2 * (1 / C - 1)).min()
    found = feature_loss(np.array(0.7), np.array(C), kurtosis)
    assert found == pytest.approx(least, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("kurtosis", [2.0, 3.0, 3.6, 5.0, 20.0])
def test_no_other_allocation_costs_less(kurtosis: float) -> None:
    found = allocation(V, 2, kurtosis)
    assert found.sum() == pytest.approx(2.0)
    least = feature_loss(V, found, kurtosis).sum()
    for C in np.random.default_rng(0).dirichlet(np.ones(4), size=20_000) * 2:
        if C.max() <= 1:
            assert feature_loss(V, C, kurtosis).sum() >= least - 1e-12


@pytest.mark.parametrize("kurtosis", [3.5, 6.0, 20.0])
def test_the_weaker_of_two_gets_a_share_from_the_boundary_on(kurtosis: float) -> None:
    edge = float(boundary(np.array(kurtosis)))
    assert edge == 2 / (kurtosis - 1)
    assert allocation(np.array([1.0, 0.999 * edge]), 1, kurtosis)[1] == pytest.approx(0, abs=1e-9)
    assert allocation(np.array([1.0, 1.01 * edge]), 1, kurtosis)[1] > 1e-4


def test_capacity_is_that_of_directions() -> None:
    digon = np.array([[1.0, -2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0]])
    np.testing.assert_allclose(capacity(digon), [1 / 5, 4 / 5, 1, 0])


def test_a_descent_meets_the_closed_form() -> None:
    W = descend(V, 2, 6.0, np.random.default_rng(0), 4)
    closed = allocation(V, 2, 6.0)
    np.testing.assert_allclose(capacity(W), closed, atol=1e-4)
    assert loss(W, V, 6.0) == pytest.approx(feature_loss(V, closed, 6.0).sum(), rel=1e-8)


@pytest.mark.parametrize("kurtosis", [1.0, 2.5, 9.0])
def test_samples_have_variance_one_and_their_kurtosis(kurtosis: float) -> None:
    x = samples(kurtosis, (200_000, 2), np.random.default_rng(0))
    # x² is κ with probability 1/κ: five standard errors of its mean, and of x's
    assert abs(np.square(x).mean() - 1) <= 5 * np.sqrt((kurtosis - 1) / x.size) + 1e-12
    assert abs(x.mean()) < 5 / np.sqrt(x.size)
    assert np.unique(np.abs(x)).max() == pytest.approx(kurtosis**0.5)


def test_gradients_of_training_are_differences_of_the_mean_square() -> None:
    rng = np.random.default_rng(1)
    W, beta, x = rng.normal(size=(2, 2, 4)), rng.normal(size=2), rng.normal(size=(5, 4))

    def slow(model: int) -> float:
        errors = [beta[model] + sum((W[model] @ row) ** 2) - V @ row**2 for row in x]
        return sum(e * e for e in errors) / len(x)

    to_W, to_beta = gradients(W, beta, x, np.square(x) @ V)
    for array, slopes in ((W, to_W), (beta, to_beta)):
        for at in np.ndindex(array.shape):
            before, ends = array[at], []
            for step in (1e-6, -1e-6):
                array[at] = before + step
                ends.append(slow(at[0]))
            array[at] = before
            assert slopes[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-6)


def test_what_is_trained_meets_the_closed_form() -> None:
    W = train(V, 2, 6.0, Descent(600, 256, 0.03), np.random.default_rng(0), 4)
    losses = [loss(one, V, 6.0) for one in W]
    closed = allocation(V, 2, 6.0)
    assert min(losses) == pytest.approx(feature_loss(V, closed, 6.0).sum(), rel=0.01)
    np.testing.assert_allclose(capacity(W[int(np.argmin(losses))]), closed, atol=0.05)


@pytest.mark.slow
def test_a_quick_run_is_as_recorded() -> None:
    quick_run_as_expected(EXPERIMENT)

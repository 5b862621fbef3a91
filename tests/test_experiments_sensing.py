"""Recovery of sparse vectors, and rules of `compressed-sensing` on tables that hold and differ.

Oracles: an orthonormal matrix, all supports tried in turn, published points of the transition, the
normal integrals by quadrature, counts by hand.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from claim_checks import assert_evidence_exists, changed, judged, quick_run_as_expected
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from tegum.errors import SpecError
from tegum.experiments.base import Tables
from tegum.experiments.compressed_sensing import EXPERIMENT
from tegum.experiments.compressed_sensing.measure import OFFERED, condition, supports
from tegum.experiments.compressed_sensing.recovery import (
    gaussian,
    half_way,
    known_curve,
    least_sum,
    lemma,
    sparse,
    support,
)


class TestRecovery:
    def test_an_orthonormal_matrix_gives_back_anything(self) -> None:
        random = np.random.default_rng(0)
        W = np.linalg.qr(random.standard_normal((6, 6)))[0]
        x = sparse(random, 6, 6, alike=False)
        assert np.abs(lemma(W, np.zeros(6), W @ x, 6) - x).max() < 1e-12
        assert np.abs(least_sum(W, W @ x) - x).max() < 1e-9

    def test_the_lemma_keeps_the_largest_and_fits_them(self) -> None:
        """Beside the fit of the same support by normal equations."""
        random = np.random.default_rng(1)
        W, b, y = gaussian(random, 5, 9), random.standard_normal(9), random.standard_normal(5)
        kept = sorted(np.argsort(-(W.T @ y + b))[:3])
        fit = np.linalg.solve(W[:, kept].T @ W[:, kept], W[:, kept].T @ y)
        found = lemma(W, b, y, 3)
        assert np.abs(found[kept] - fit).max() < 1e-10
        assert np.count_nonzero(found) == 3

    def test_l1_is_the_best_of_all_supports(self) -> None:
        """A least sum has at most m entries: the best of all choices of m of n."""
        random = np.random.default_rng(2)
        W = gaussian(random, 3, 7)
        y = W @ sparse(random, 7, 4, alike=False)
        sums = []
        for kept in combinations(range(7), 3):
            x = np.linalg.solve(W[:, kept], y)
            if x.min() >= -1e-12:
                sums.append(x.sum())
        assert least_sum(W, y).sum() == pytest.approx(min(sums), abs=1e-9)

    @pytest.mark.parametrize("alike", [True, False])
    def test_sparse_vectors_have_k_entries_anywhere(self, alike: bool) -> None:
        random = np.random.default_rng(3)
        x = np.stack([sparse(random, 8, 2, alike=alike) for _ in range(400)])
        assert (np.count_nonzero(x, axis=1) == 2).all()
        assert bool(x.max() == 1.0) is alike
        # 100 expected in each place, standard deviation 8.7
        assert (np.abs(np.count_nonzero(x, axis=0) - 100) < 45).all()

    def test_support(self) -> None:
        x = np.array([0.1, -3.0, 2.0, 0.5])
        assert support(x, 2).tolist() == [2, 3]
        assert (support(x, 0).tolist(), support(x, 4).tolist()) == ([], [0, 1, 2, 3])

    def test_of_no_active_feature_nothing_is_recovered(self) -> None:
        assert not lemma(np.eye(3), np.ones(3), np.zeros(3), 0).any()

    @pytest.mark.parametrize("ratio", [0.1, 0.5, 0.8])
    def test_the_curve_is_that_of_state_evolution(self, ratio: float) -> None:
        """At the transition no threshold z shrinks the mean square error: by quadrature.

        Of a part ε = δρ that is large, (1 + z²), of all others E[(g − z)₊²]; the least over z is δ.
        """

        def left(z: float) -> float:
            tail = quad(lambda g: (g - z) ** 2 * np.exp(-g * g / 2), z, z + 12)[0]
            part = ratio * known_curve(ratio)
            return float(part * (1 + z * z) + (1 - part) * tail / np.sqrt(2 * np.pi))

        least = minimize_scalar(left, bounds=(0, 5), method="bounded", options={"xatol": 1e-7}).fun
        assert least == pytest.approx(ratio, abs=1e-5)

    def test_the_curve_is_of_fewer_numbers_than_entries(self) -> None:
        for ratio in (0, -1, 1.5, np.nan):
            with pytest.raises(SpecError, match=r"known_curve\.ratio must be in \(0, 1\]; got"):
                known_curve(ratio)

    def test_half_way(self) -> None:
        rho = np.array([0.1, 0.2, 0.3, 0.4])
        assert half_way(rho, np.array([1.0, 0.75, 0.25, 0.0])) == pytest.approx(0.25)
        assert half_way(rho, np.array([0.0, 0.0, 0.0, 0.0])) == pytest.approx(0.05)
        assert half_way(rho, np.ones(4)) == 0.4
        # what comes back later does not count
        assert half_way(rho, np.array([1.0, 0.0, 1.0, 0.0])) == pytest.approx(0.15)


def test_samples_of_a_perfect_model_are_near_and_recovered() -> None:
    rows = condition({8: (np.eye(8), np.zeros(8))}, 5)
    assert rows["error"].max() < 1e-12
    assert rows["recovered"].all()


def test_supports_of_errors() -> None:
    rows = supports(200).set_index(["rule", "direction"])["same"]
    assert rows["gap, below"].tolist() == [1.0, 1.0]
    assert rows["gap, above"]["worst"] == 0.0
    assert rows["as written"].max() < 0.5


def tables() -> Tables:
    known = {r: known_curve(r) for r in (0.2, 0.6)}
    rows = [
        (way, 100, 100 * r, rho * 100 * r, r, rho, known[r], 10, float(rho < known[r] * part))
        for way, part in (("l1", 1.0), ("lemma", 0.2), ("trained", 0.5))
        for r in known
        for rho in np.linspace(0.02, 1, 50)
    ]
    names = ["way", "n", "m", "k", "ratio", "rho", "known", "trials", "recovered"]
    errors = np.geomspace(0.1, 1, 200)
    bound = [
        (p, n * m, m, seed, 3.0, 0.8 * 1.5 / (p * np.log(1 / p)), 0.8 * 1.5)
        for p, n in OFFERED.items()
        for m in (4, 8, 16)
        for seed in range(2)
    ]
    bound.append((min(OFFERED), 5120, 128, 0, 3.0, 0.9 * 1.5 / (0.01 * np.log(100)), 0.9 * 1.5))
    columns = ["feature_probability", "n_features", "m", "seed", "loss", "per_dimension"]
    return {
        "transitions": pd.DataFrame(rows, columns=names),
        "condition": pd.DataFrame(
            {"m": 10, "k": 1, "error": errors, "least": 1.0, "recovered": errors < 0.8}
        ),
        "supports": supports(50),
        "bound": pd.DataFrame(bound, columns=[*columns, "constant"]).assign(represented=50),
    }


IDEAL = tables()
DIFFERENT = {"53.b"}


@pytest.mark.parametrize("identity", [claim.id for claim in EXPERIMENT.claims])
def test_the_ideal_tables(identity: str) -> None:
    expected = "differs" if identity in DIFFERENT else "holds"
    assert judged(EXPERIMENT.claims, identity, IDEAL).status == expected


def recovered(way: str, low: float, high: float, part: float) -> Tables:
    """This part of the vectors is recovered between two k/m."""
    return changed(
        IDEAL, "transitions",
        lambda t: (t["way"] == way) & t["rho"].between(low, high), recovered=part,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("identity", "other"),
    [
        ("52.a", changed(IDEAL, "bound", {"m": 16}, per_dimension=1.0)),
        ("52.b", changed(IDEAL, "bound", 3, constant=1.56)),
        ("52.c", changed(IDEAL, "bound", {"feature_probability": 0.03}, per_dimension=60.0)),
        ("53.a", changed(IDEAL, "condition", 0, recovered=False)),
        ("53.a", {**IDEAL, "condition": IDEAL["condition"].iloc[:99]}),
        ("53.c", changed(IDEAL, "supports", {"rule": "gap, below"}, same=0.99)),
        ("53.c", changed(IDEAL, "supports", {"rule": "gap, above"}, same=0.01)),
        ("53.d", recovered("l1", 0.0, 0.05, 0.0)),
        ("53.d", recovered("l1", 0.93, 1.0, 1.0)),
        ("53.e", recovered("lemma", 0.0, 0.8, 1.0)),
    ],
)
def test_what_is_otherwise_differs(identity: str, other: Tables) -> None:
    assert judged(EXPERIMENT.claims, identity, other).status == "differs"


def test_the_wording_of_the_lemma_could_hold() -> None:
    other = changed(IDEAL, "supports", {"rule": "as written"}, same=1.0)
    assert judged(EXPERIMENT.claims, "53.b", other).status == "holds"


def test_claims_and_figures_belong_to_the_tables() -> None:
    assert_evidence_exists(EXPERIMENT, IDEAL)
    for spec in EXPERIMENT.figures:
        assert spec.draw(IDEAL).axes


@pytest.mark.slow
def test_a_quick_run_is_as_recorded() -> None:
    quick_run_as_expected(EXPERIMENT)

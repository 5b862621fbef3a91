"""Rules of `setup` and `mathematical-understanding` on hand-made tables that hold and that differ.

The measurements are checked where there is another way to the same number.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_checks import judged, quick_run_as_expected
from scipy import stats

from tegum.distributions import Correlated, Independent
from tegum.engines.sampled.draw import samples
from tegum.experiments import mathematical_understanding as understanding
from tegum.experiments import setup
from tegum.experiments.base import Experiment, Judgement, Tables
from tegum.experiments.mathematical_understanding.claims import truncations
from tegum.experiments.mathematical_understanding.measure import (
    _FRESH_SEED,
    IMPORTANCE,
    Trained,
    _problem,
    bias_effect,
    fresh_loss,
    integrated_loss,
    order_table,
    random_points,
    sampled_loss,
    shapes,
)
from tegum.experiments.setup.measure import (
    feature_rows,
    moment_scores,
    paper_law_scores,
    uniform_distance,
    z_scores,
)
from tegum.theory import sparse_expansion
from tegum.training import Training

EXPERIMENTS = (setup.EXPERIMENT, understanding.EXPERIMENT)


def claim(identity: str) -> Any:
    return partial(judged, [c for e in EXPERIMENTS for c in e.claims], identity)


def status(judgement: Judgement) -> str:
    return judgement.status


def changed(tables: Tables, name: str, row: int, **values: float) -> Tables:
    """The tables with some values of one row replaced."""
    copy = {key: table.copy() for key, table in tables.items()}
    for column, value in values.items():
        copy[name].loc[row, column] = value
    return copy


def law_tables() -> Tables:
    rng = np.random.default_rng(0)
    features = {"feature_probability": np.repeat([1.0, 0.1], 20), "model": "small model"}
    scores = {f"z_{name}": rng.normal(size=40) for name in ("mean", "variance", "active")}
    active = {"feature_probability": [1.0, 0.1], "model": "small model", "distance": [0.9, 1.1]}
    law = pd.DataFrame({**features, **scores, "resolution": 0.01})
    return {"law": law, "active_values": pd.DataFrame(active)}


def test_2a_bounds_single_and_joint_scores_distances_and_resolution() -> None:
    judge, tables = claim("2.a"), law_tables()
    assert status(judge(tables)) == "holds"
    for column in ("z_mean", "z_variance", "z_active"):
        for value in (5.2, -5.2, np.inf):
            assert status(judge(changed(tables, "law", 3, **{column: value}))) == "differs"
    assert status(judge(changed(tables, "law", 3, resolution=0.06))) == "differs"
    assert status(judge(changed(tables, "active_values", 1, distance=2.3))) == "differs"
    # 20 features that are each off by 1.3 standard errors are off by 5.8 together
    tables["law"].loc[:19, "z_mean"] = 1.3
    assert status(judge(tables)) == "differs"


def moment_tables() -> Tables:
    columns = {"stated": [0.2, 0.1, 0.05], "measured": [0.2002, 0.1, 0.05], "error": 0.001}
    index = {"feature": [0, 0, 0], "feature_j": [-1, 0, 1], "moment": ["mean", "second", "second"]}
    head = {"law": "independent, uniform", "highest_probability": 0.4, "model": "small model"}
    return {"moments": pd.DataFrame({**columns, **index, **head, "z": [0.2, 0.0, 0.0]})}


def test_2b_bounds_every_score_and_the_resolution() -> None:
    judge, tables = claim("2.b"), moment_tables()
    assert status(judge(tables)) == "holds"
    for value in (-5.1, 5.1, np.inf):
        assert status(judge(changed(tables, "moments", 2, z=value))) == "differs"
    assert status(judge(changed(tables, "moments", 1, error=0.006))) == "differs"


def model_rows(W: np.ndarray, name: str) -> pd.DataFrame:
    return feature_rows(W).assign(panel=name)


def test_2c_differs_when_a_singular_model_has_no_superposition() -> None:
    judge = claim("2.c")
    pair = np.array([[1.0, -1.0, 0.0]])  # one dimension for two features
    square = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]  # invertible
    plain = np.eye(3)[:2]  # two features of three, each with a dimension of its own
    shared = model_rows(pair, "pair")
    whole = model_rows(square, "square")
    assert status(judge({"models": pd.concat([shared, whole])})) == "holds"
    found = judge({"models": pd.concat([shared, model_rows(plain, "plain"), whole])})
    assert status(found) == "differs"
    assert "superposition (plain)" in found.measured
    assert found.values["D, pair"] == pytest.approx(0.5)
    assert found.values["eigenvalue, square"] == pytest.approx(1.0)


def order_tables() -> Tables:
    """One model of two features with L_0 = .1, L_1 = 2, L_2 = 3 at p = .5, another at .1."""
    k = np.tile([0, 1, 2], 2)
    p = np.repeat([0.5, 0.1], 3)
    exact = np.tile([0.1, 2.0, 3.0], 2)
    orders = {"feature_probability": p, "k": k, "closed_form": exact, "sampled": exact}
    part = {"contribution": exact * p**k * (1 - p) ** (2 - k), "contribution_error": 0.0}
    table = pd.DataFrame({**orders, **part, "error": np.where(k == 0, 0.0, 0.02)})
    total = table.groupby("feature_probability")["contribution"].sum()
    losses = {"feature_probability": total.index, "loss": total.to_numpy(), "error": 0.002}
    return {"orders": table, "losses": pd.DataFrame({**losses, "best_of": 4})}


def test_6a_compares_the_closed_forms_with_monte_carlo() -> None:
    judge, tables = claim("6.a"), order_tables()
    assert status(judge(tables)) == "holds"
    assert status(judge(changed(tables, "orders", 1, sampled=2.09))) == "holds"
    assert status(judge(changed(tables, "orders", 1, sampled=2.11))) == "differs"
    assert status(judge(changed(tables, "orders", 5, sampled=2.89))) == "differs"
    assert status(judge(changed(tables, "orders", 0, sampled=0.1 + 1e-8))) == "differs"
    assert status(judge(changed(tables, "orders", 2, error=0.07))) == "differs"


def test_6b_compares_the_sum_with_the_loss() -> None:
    judge, tables = claim("6.b"), order_tables()
    loss = float(tables["losses"].loc[1, "loss"])
    assert status(judge(tables)) == "holds"
    assert status(judge(changed(tables, "losses", 1, loss=loss + 0.009))) == "holds"
    assert status(judge(changed(tables, "losses", 1, loss=loss + 0.011))) == "differs"
    assert status(judge(changed(tables, "losses", 1, loss=loss - 0.011))) == "differs"
    assert status(judge(changed(tables, "losses", 1, error=0.06 * loss))) == "differs"
    # the error of sampled orders counts too
    looser = changed(tables, "losses", 1, loss=loss + 0.011)
    looser["orders"]["contribution_error"] = 0.002
    assert status(judge(looser)) == "holds"


def share_tables(shares: dict[float, float]) -> Tables:
    rows = [(p, k, part) for p, s in shares.items() for k, part in enumerate((0.0, s, 1 - s))]
    return {"orders": pd.DataFrame(rows, columns=["feature_probability", "k", "contribution"])}


def test_6c_wants_a_rising_share_that_ends_high() -> None:
    judge = claim("6.c")
    assert status(judge(share_tables({0.5: 0.9, 0.1: 0.2, 0.01: 0.7, 0.001: 0.95}))) == "holds"
    assert status(judge(share_tables({0.5: 0.9, 0.1: 0.2, 0.01: 0.7, 0.001: 0.89}))) == "differs"
    assert status(judge(share_tables({0.5: 0.9, 0.1: 0.8, 0.01: 0.7, 0.001: 0.95}))) == "differs"


def packing_tables() -> Tables:
    columns = {"energy": [0.0, 3.0, 30.0], "left_out": [0, 0, 3], "sampled": [0.0, 1.01, 10.9]}
    exact = {"integrated": [0.0, 1.0, 11.0], "error": [0.0, 0.01, 0.1]}
    return {"packings": pd.DataFrame({**columns, **exact})}


def test_7a_compares_losses_with_energies() -> None:
    judge, tables = claim("7.a"), packing_tables()
    assert status(judge(tables)) == "holds"
    for row, values in (
        (0, {"sampled": 1e-6}),  # a shape without acute angles loses nothing
        (1, {"sampled": 1.06}),
        (2, {"sampled": 10.0}),  # what is left out must count
        (1, {"integrated": 1 + 1e-8}),
        (1, {"error": 0.03}),
    ):
        assert status(judge(changed(tables, "packings", row, **values))) == "differs"


def sign_tables() -> Tables:
    table = pd.DataFrame(
        {
            "feature_probability": [0.3, 0.3, 0.05, 0.05, 0.03, 0.01],
            "loss": [1.0, 2.0, 0.2, 0.1, 0.07, 0.05],
            "positive": [0.01, 0.1, 1.2, 0.5, 0.8, 0.7],
            "negative": [4.0, 4.0, 9.0, 9.0, 9.0, 9.0],
            "seed": [0, 1, 0, 1, 0, 0],
        }
    )
    return {"interference": table}


def test_8a_looks_at_the_lowest_loss_inside_the_range_and_reports_all_models() -> None:
    judge, tables = claim("8.a"), sign_tables()
    assert status(judge(tables)) == "holds"
    assert judge(tables).values["ratio at 0.05"] == pytest.approx(0.5 / 9)
    assert judge(tables).values["all models at 0.05"] == pytest.approx(1.7 / 18)
    assert "ratio at 0.03" not in judge(tables).values  # outside the range
    assert status(judge(changed(tables, "interference", 3, positive=1.0))) == "differs"
    assert status(judge(changed(tables, "interference", 2, positive=9.0))) == "holds"
    assert status(judge(changed(tables, "interference", 3, positive=np.nan))) == "differs"
    # no overlap at all would make the ratio meaningless
    none = changed(tables, "interference", 0, positive=0.0, negative=0.001)
    assert status(judge(none)) == "differs"
    # a diverged model counts for nothing
    lost = changed(tables, "interference", 2, positive=9.0, loss=np.nan)
    assert status(judge(lost)) == "holds"
    # but one is needed at each density
    assert status(judge(changed(lost, "interference", 3, loss=np.nan))) == "differs"


def test_8c_looks_at_two_densities() -> None:
    judge, tables = claim("8.c"), sign_tables()
    assert status(judge(tables)) == "holds"
    assert set(judge(tables).values) == {
        f"{name} at {p}" for name in ("ratio", "all models") for p in (0.03, 0.01)
    }
    for row in (4, 5):
        assert status(judge(changed(tables, "interference", row, positive=0.95))) == "differs"
        assert status(judge(changed(tables, "interference", row, loss=np.nan))) == "differs"
    assert status(judge(changed(tables, "interference", 3, positive=9.0))) == "holds"


def bias_tables() -> Tables:
    table = pd.DataFrame(
        {
            "feature_probability": [1.0, 0.1, 0.01],
            "positive_overlaps": [1.0, 1.0, 0.5],
            "largest_bias": [0.5, -0.1, -0.2],
            "cost": [9.0, 0.02, 0.02],
            "cost_without_bias": [0.3, 0.3, 0.2],
        }
    )
    return {"bias_effect": table}


def test_8b_looks_at_models_with_overlaps_and_negative_biases() -> None:
    judge, tables = claim("8.b"), bias_tables()
    assert status(judge(tables)) == "holds"
    assert judge(tables).values["most_left"] == pytest.approx(0.1)
    assert status(judge(changed(tables, "bias_effect", 1, cost=0.08))) == "differs"
    none = changed(tables, "bias_effect", 1, positive_overlaps=0.0)
    assert status(judge(changed(none, "bias_effect", 2, largest_bias=0.1))) == "not tested"


def test_scores_see_a_law_that_is_slightly_wrong() -> None:
    rng = np.random.default_rng(3)
    x = np.where(rng.random((200_000, 4)) < 0.1, rng.random((200_000, 4)), 0.0)
    names = ["z_mean", "z_variance", "z_active"]
    good = paper_law_scores(x, 0.1)
    assert good[names].abs().to_numpy().max() < 5
    assert good["resolution"].iloc[0] == pytest.approx(np.sqrt((0.1 / 3 - 0.0025) / 800_000) / 0.05)
    assert paper_law_scores(x, 0.105)["z_mean"].abs().min() > 5
    assert paper_law_scores(x, 0.105)["z_active"].abs().min() > 5
    assert paper_law_scores(1.02 * x, 0.1)["z_variance"].abs().max() > 3
    assert np.isinf(paper_law_scores(x, 1.0)["z_active"]).all()


def test_moment_scores_see_a_missing_correlation() -> None:
    together = Correlated(n_sets=1, set_size=2, feature_probability=0.3)
    apart = Independent(n_features=2, feature_probability=0.3)
    x = apart.sample(np.random.default_rng(0), 50_000)
    assert moment_scores(x, apart)["z"].abs().max() < 5
    wrong = moment_scores(x, together).set_index(["moment", "feature", "feature_j"])
    assert wrong["z"].abs().sort_values().index[-1] == ("second", 0, 1)
    assert wrong["z"].abs().max() > 50


def test_a_moment_without_error_must_be_exact() -> None:
    z = z_scores(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.5, 1.0]), np.array([0, 0, 0.5]))
    np.testing.assert_array_equal(z, [0.0, np.inf, 2.0])


def test_the_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    values = np.sort(np.random.default_rng(2).random(1000) ** 1.1)
    expected = stats.kstest(values, "uniform").statistic * np.sqrt(1000)
    assert uniform_distance(values) == pytest.approx(expected, rel=1e-12)


def test_shapes_are_on_the_sphere_and_have_their_symmetry() -> None:
    acute = {}
    for name, _, W in shapes():
        G = W.T @ W
        np.testing.assert_allclose(np.diag(G), 1.0, atol=1e-12)
        # every corner looks the same
        np.testing.assert_allclose(
            np.sort(G, axis=1), np.sort(G, axis=1)[:1].repeat(len(G), 0), atol=1e-9
        )
        acute[name] = (
            W.shape[0],
            len(G),
            round(float((np.maximum(G - np.eye(len(G)), 0) ** 2).sum()), 6),
        )
    assert acute["digon"] == (1, 2, 0.0)
    assert acute["tetrahedron"] == (3, 4, 0.0)
    assert acute["4-simplex"] == (4, 5, 0.0)
    assert acute["octahedron"] == (3, 6, 0.0)
    assert acute["hexagon"] == (2, 6, 3.0)  # 6 · 2 · (1/2)²
    assert acute["cube"] == (3, 8, pytest.approx(8 / 3, abs=1e-6))  # 8 · 3 · (1/3)²
    assert acute["icosahedron"] == (3, 12, 12.0)  # 12 · 5 · 1/5


def test_two_ways_to_the_loss_with_one_active_feature_agree() -> None:
    rng = np.random.default_rng(5)
    for _, _, W in random_points(rng):
        exact = float(sparse_expansion.loss_one(W))
        assert integrated_loss(W) == pytest.approx(exact, rel=1e-12)
        mean, error = sampled_loss(W, 4000, rng)
        assert abs(mean - exact) < 5 * error
        assert error < 0.05 * exact


def pentagon(bias: float) -> tuple[np.ndarray, np.ndarray]:
    angle = 2 * np.pi * np.arange(5) / 5
    return 1.1 * np.stack([np.cos(angle), np.sin(angle)]), np.full(5, bias)


@pytest.mark.parametrize("bias", [0.0, -0.2, 0.1])
def test_the_cost_of_overlaps_is_what_a_kink_leaves(bias: float) -> None:
    model = Trained(0.05, *pentagon(bias))
    effect = bias_effect(model)
    G = 1.21 * np.cos(np.radians(72))
    expected = ((G + bias) ** 3 - max(bias, 0.0) ** 3) / (3 * G)  # ∫₀¹ ReLU(Gx + b)² dx
    pairs = 2 * IMPORTANCE.sum()  # two neighbours for each output
    assert effect["cost"] == pytest.approx(pairs * expected, rel=1e-4)
    assert effect["cost_without_bias"] == pytest.approx(pairs * G**2 / 3)
    assert effect["positive_overlaps"] == pytest.approx(10 * G**2)
    assert effect["largest_bias"] == bias


def test_orders_add_up_to_the_loss_of_any_model() -> None:
    model = Trained(0.2, *pentagon(-0.1))
    table = order_table(model, 40_000, np.random.default_rng(0))
    loss, error = fresh_loss(model, 2**15)
    own = float(np.sqrt((table["contribution_error"] ** 2).sum()))
    assert abs(table["contribution"].sum() - loss) < 5 * np.hypot(own, error)
    assert error < 0.02 * loss
    assert list(table["contribution_error"] > 0) == [False, False, False, True, True, True]
    sums = truncations(table)
    assert sums.loc[0.2, 5] == pytest.approx(table["contribution"].sum())
    assert sums.loc[0.2, 1] == pytest.approx(table["contribution"].iloc[:2].sum())


def test_counting_silent_samples_changes_nothing() -> None:
    model = Trained(0.02, *pentagon(0.05))
    loss, error = fresh_loss(model, 2**12)
    problem = _problem(0.02)
    steps = int(2**12 * 0.05 / 0.02) // 1024
    plan = Training(batch_size=1024)
    x = samples(problem, plan, seed=_FRESH_SEED, steps=steps).reshape(-1, 5)
    missed = x - np.maximum(x @ model.W.T @ model.W + model.b, 0)
    squared = missed**2 @ IMPORTANCE
    assert loss == pytest.approx(squared.mean(), rel=1e-9)
    assert error == pytest.approx(squared.std(ddof=1) / np.sqrt(len(squared)), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_a_quick_run_finds_what_is_expected(experiment: Experiment) -> None:
    quick_run_as_expected(experiment)

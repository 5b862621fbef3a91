"""Rules of `introduction`, `basic-results` and `larger` on hand-made models that hold and differ.

The hand-made models are the ideal arrangements: orthogonal features, antipodal pairs, pentagons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from claim_checks import assert_evidence_exists, judged, quick_run_as_expected

from tegum.dims import DENSITY as P
from tegum.dims import F64
from tegum.experiments import basic_results, introduction, larger
from tegum.experiments._shared import sweeps as _sweeps
from tegum.experiments.base import Experiment, Tables
from tegum.experiments.basic_results.measure import optimal_loss
from tegum.report.figures import draw
from tegum.runs import tables as long

EXPERIMENTS = (introduction.EXPERIMENT, basic_results.EXPERIMENT, larger.EXPERIMENT)
Models = Mapping[float, tuple[F64, F64]]


def status(identity: str, tables: Tables) -> str:
    return judged([c for e in EXPERIMENTS for c in e.claims], identity, tables).status


def polygon(count: int, radius: float = 1.0) -> F64:
    """(2, count): equally spaced directions; two of them are orthogonal, not antipodal."""
    angle = np.pi / 2 * np.arange(2) if count == 2 else 2 * np.pi * np.arange(count) / count
    return radius * np.array([np.cos(angle), np.sin(angle)])


def stacked(n: int, *parts: F64) -> F64:
    """(hidden, n): blocks side by side, each in dimensions of its own, then zero columns."""
    W = np.zeros((sum(len(part) for part in parts), n))
    row = column = 0
    for part in parts:
        W[row : row + part.shape[0], column : column + part.shape[1]] = part
        row, column = row + part.shape[0], column + part.shape[1]
    return W


ALONE, PAIR, PENTAGON = np.ones((1, 1)), np.array([[1.0, -1.0]]), polygon(5, 1.1)


def shown(models: Models, importance: F64 | float = 1.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of features and of pairs of one model per density."""
    W, b = (np.stack([model[k] for model in models.values()]) for k in range(2))
    variables = {"W": ((P, "hidden", "feature"), W), "b": ((P, "feature"), b)}
    runs = xr.Dataset(variables, {P: list(models)})
    return long.feature_table(runs, importance), long.gram_table(runs)


def ranked(models: Models, loss: Callable[[float], float]) -> pd.DataFrame:
    """Four seeds per density: the given model is the best, two others are 0.5 % and 20 % worse."""
    rows = []
    for p, (W, _) in models.items():
        norm = np.linalg.norm(W, axis=0)
        G = W.T @ W
        shared = (G**2).sum(0) - np.diag(G) ** 2
        alone = (norm > 0.5) & (shared < 0.1 * np.maximum(norm, 1e-9) ** 2)
        best = {"represented": int((norm > 0.5).sum()), "dedicated": int(alone.sum())}
        for seed, (factor, more) in enumerate(((1.2, -1), (1.0, 0), (1.005, 1), (np.nan, 0))):
            counts = {"represented": best["represented"] + more, "dedicated": best["dedicated"]}
            fitted = {"loss": factor * loss(p), "loss_error": 0.001 * loss(p)}
            rows.append({P: p, "seed": seed, **fitted, **counts})
    return pd.DataFrame(rows)


def edited(models: Models, p: float, change: Callable[[F64, F64], Any]) -> dict[float, Any]:
    """The models, with that of one density changed in place by `change(W, b)`."""
    copy = {q: (W.copy(), b.copy()) for q, (W, b) in models.items()}
    change(*copy[p])
    return copy


# --- introduction ---------------------------------------------------------------------------


def plane() -> Models:
    two, four = stacked(5, polygon(2)), stacked(5, PAIR, PAIR)[:, [0, 2, 1, 3, 4]]
    dense = np.array([0, 0, 0.5, 0.5, 0.5])
    pairs, pentagon = (four, np.zeros(5)), (PENTAGON, np.full(5, -0.2))
    return {1.0: (two, dense), 0.3: pairs, 0.2: pairs, 0.1: pentagon, 0.03: pentagon}


def plane_tables(models: Models) -> Tables:
    features, pairs = shown(models)
    return {"features": features, "pairs": pairs, "models": ranked(models, lambda p: p)}


@pytest.mark.parametrize("identity", ["1.a", "1.b", "1.c", "1.d", "1.e"])
def test_the_ideal_arrangements_of_the_introduction_hold(identity: str) -> None:
    assert status(identity, plane_tables(plane())) == "holds"


def turned(feature: int, degrees: float) -> Callable[[F64, F64], None]:
    def change(W: F64, b: F64) -> None:
        a = np.radians(degrees)
        W[:, feature] = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) @ W[:, feature]

    return change


def scaled(feature: int, factor: float) -> Callable[[F64, F64], None]:
    return lambda W, b: W.__setitem__((slice(None), feature), factor * W[:, feature])


def vector(feature: int, x: float, y: float) -> Callable[[F64, F64], None]:
    return lambda W, b: W.__setitem__((slice(None), feature), (x, y))


def bias(feature: int, value: float) -> Callable[[F64, F64], None]:
    return lambda W, b: b.__setitem__(feature, value)


@pytest.mark.parametrize(
    ("identity", "p", "change", "expected"),
    [
        ("1.a", 1.0, turned(1, 2.9), "holds"),
        ("1.a", 1.0, turned(1, 3.1), "differs"),
        ("1.a", 1.0, turned(1, -3.1), "differs"),
        ("1.a", 1.0, turned(1, 90), "differs"),
        ("1.a", 1.0, scaled(0, 1.04), "differs"),
        ("1.a", 1.0, scaled(1, 0.96), "differs"),
        ("1.a", 1.0, scaled(1, 0.0), "differs"),
        ("1.b", 1.0, vector(3, 0.06, 0), "differs"),
        ("1.b", 1.0, vector(2, 0, 1.0), "differs"),
        ("1.b", 1.0, bias(4, 0.44), "differs"),
        ("1.b", 1.0, bias(2, 0.56), "differs"),
        ("1.c", 0.2, turned(0, 13), "differs"),  # no longer antipodal
        ("1.c", 0.2, vector(4, 0, 0.11), "differs"),
        ("1.c", 0.2, vector(4, 0, 0.09), "holds"),
        ("1.c", 0.2, scaled(3, 0.4), "differs"),
        ("1.c", 0.2, scaled(0, 0.0), "differs"),
        ("1.d", 0.1, turned(0, 7.5), "holds"),
        ("1.d", 0.1, turned(0, 8.5), "differs"),
        ("1.d", 0.1, scaled(2, 1.06), "differs"),
        ("1.d", 0.1, scaled(2, 0.94), "differs"),
        ("1.d", 0.1, scaled(2, 0.0), "differs"),
        ("1.d", 0.1, bias(4, 0.001), "differs"),
        ("1.e", 1.0, vector(2, 0.6, 0), "differs"),
        ("1.e", 0.3, turned(0, 13), "differs"),
        ("1.e", 0.3, vector(4, 0.6, 0), "differs"),
        ("1.e", 0.03, scaled(4, 0.3), "differs"),
        ("1.e", 0.03, turned(0, 11), "differs"),
    ],
)
def test_rules_of_the_introduction(
    identity: str, p: float, change: Callable[[F64, F64], None], expected: str
) -> None:
    assert status(identity, plane_tables(edited(plane(), p, change))) == expected


def test_pairs_must_stand_at_right_angles() -> None:
    def lean(W: F64, b: F64) -> None:
        for feature in (1, 3):
            turned(feature, 4)(W, b)

    assert status("1.c", plane_tables(edited(plane(), 0.2, lean))) == "differs"


def test_other_pairs_than_of_the_first_four_features_differ() -> None:
    def swap(W: F64, b: F64) -> None:
        W[:] = W[:, [4, 1, 2, 3, 0]]

    assert status("1.c", plane_tables(edited(plane(), 0.2, swap))) == "differs"


# --- basic results --------------------------------------------------------------------------


def small() -> Models:
    """(20, 5) from dense to sparse: pairs, three pairs and a pentagon, two pentagons and a pair."""
    dense = np.where(np.arange(20) < 5, 0.0, 0.5)
    none, negative = np.zeros(20), np.where(np.arange(20) < 12, -0.2, 0.0)
    three, one = 3 * [ALONE], [ALONE]
    sparse = stacked(20, PENTAGON, PENTAGON, PAIR), negative
    return {
        1.0: (stacked(20, *5 * [ALONE]), dense),
        0.3: (stacked(20, *three, PAIR, PAIR), none),
        0.1: (stacked(20, *one, *4 * [PAIR]), none),
        0.03: (stacked(20, *3 * [PAIR], PENTAGON), none),
        0.01: sparse,
        0.003: sparse,
        0.001: sparse,
    }


def packing_loss(n: int, m: int, decay: float, part: float) -> Callable[[float], float]:
    """`part` of the loss of the packing at a density."""
    losses = _sweeps.predicted(n, m, decay).set_index(P)["loss"]
    return lambda p: part * float(losses[p])


def small_tables(models: Models) -> Tables:
    features, pairs = shown(models, 0.7 ** np.arange(20))
    rows = ranked(models, packing_loss(20, 5, 0.7, 0.95))
    packing = _sweeps.predicted(20, 5, 0.7)
    return {"features": features, "pairs": pairs, "models": rows, "packing": packing}


IDEAL = [f"3.{letter}" for letter in "bcdefghij"]


@pytest.mark.parametrize("identity", IDEAL)
def test_the_ideal_arrangements_of_the_basic_results_hold(identity: str) -> None:
    assert status(identity, small_tables(small())) == "holds"


def entry(row: int, feature: int, value: float) -> Callable[[F64, F64], None]:
    return lambda W, b: W.__setitem__((row, feature), value)


def no_bias(W: F64, b: F64) -> None:
    b[:] = -0.04


def pairs_only(W: F64, b: F64) -> None:
    W[:] = stacked(20, *5 * [PAIR])


def last_first(W: F64, b: F64) -> None:
    W[:] = W[:, ::-1]


def one_alone(W: F64, b: F64) -> None:
    W[:] = stacked(20, PENTAGON, PENTAGON, ALONE)


@pytest.mark.parametrize(
    ("identity", "p", "change", "expected"),
    [
        ("3.b", 1.0, entry(0, 0, 1.03), "differs"),
        ("3.b", 1.0, entry(0, 1, 0.06), "differs"),
        ("3.b", 1.0, entry(0, 9, 0.04), "holds"),
        ("3.b", 1.0, bias(12, 0.44), "differs"),
        ("3.e", 0.001, one_alone, "differs"),
        ("3.f", 0.003, no_bias, "differs"),
        ("3.f", 0.001, pairs_only, "differs"),
        ("3.i", 0.3, last_first, "differs"),
        ("3.i", 0.1, pairs_only, "differs"),
        ("3.i", 0.1, one_alone, "differs"),  # the last is alone, more important ones share
        ("3.j", 0.1, one_alone, "differs"),
        ("3.j", 0.3, entry(0, 4, 0.3), "differs"),
        ("3.j", 0.01, pairs_only, "differs"),
    ],
)
def test_rules_of_the_basic_results(
    identity: str, p: float, change: Callable[[F64, F64], None], expected: str
) -> None:
    assert status(identity, small_tables(edited(small(), p, change))) == expected


def recounted(tables: Tables, p: float, **values: float) -> Tables:
    """The tables, with other values for the model of lowest loss at a density."""
    models = tables["models"].copy()
    for name, value in values.items():
        models.loc[(models[P] == p) & (models["seed"] == 1), name] = value
    return {**tables, "models": models}


@pytest.mark.parametrize(
    ("p", "low", "high", "alone"), [(0.3, 6, 8, 4), (0.1, 8, 10, 2), (0.03, 9, 12, 1)]
)
def test_3c_allows_one_more_or_less(p: float, low: int, high: int, alone: int) -> None:
    tables = small_tables(small())
    for count in range(low, high + 1):
        assert status("3.c", recounted(tables, p, represented=count)) == "holds"
    for count in (low - 1, high + 1):
        assert status("3.c", recounted(tables, p, represented=count)) == "differs"
    assert status("3.c", recounted(tables, p, dedicated=alone)) == "holds"
    assert status("3.c", recounted(tables, p, dedicated=alone + 1)) == "differs"


def test_3d_wants_more_features_at_a_loss_that_is_surely_lower() -> None:
    tables = small_tables(small())
    loss = packing_loss(20, 5, 0.7, 1.0)(0.03)
    assert status("3.d", recounted(tables, 0.03, represented=10)) == "differs"
    assert status("3.d", recounted(tables, 0.03, loss=0.9 * loss, loss_error=0.06 * loss)) == (
        "differs"
    )
    assert status("3.d", recounted(tables, 0.03, loss=0.9 * loss, loss_error=0.04 * loss)) == (
        "holds"
    )


@pytest.mark.parametrize(("count", "expected"), [(9, "differs"), (10, "holds"), (14, "holds")])
@pytest.mark.parametrize("p", [0.01, 0.003, 0.001])
def test_3g_counts_at_every_sparse_density(p: float, count: int, expected: str) -> None:
    tables = small_tables(small())
    assert status("3.g", recounted(tables, p, represented=count)) == expected
    assert status("3.g", recounted(tables, p, represented=15)) == "differs"


def test_3e_and_3h_look_at_every_density() -> None:
    tables = small_tables(small())
    for p in (0.01, 0.003, 0.001):
        assert status("3.e", recounted(tables, p, dedicated=1)) == "differs"
    short = tables["models"][tables["models"][P] != 0.003]
    assert status("3.h", {**tables, "models": short}) == "differs"


@pytest.mark.parametrize("p", _sweeps.DENSITIES[1:])
def test_3h_sees_a_fall_that_no_matching_model_mends(p: float) -> None:
    tables = small_tables(small())
    models, before = tables["models"], _sweeps.DENSITIES[_sweeps.DENSITIES.index(p) - 1]
    most = models.loc[models[P] == before, "represented"].iloc[1]
    # seed 1 is the best, seed 2 within 1 % of it, seed 0 20 % worse, seed 3 diverged
    for best, near, expected in (
        (most, most, "holds"),
        (most - 1, most, "holds"),
        (most, most - 1, "holds"),
        (most - 1, most - 1, "differs"),
    ):
        changed = recounted(tables, p, represented=best)["models"]
        changed.loc[(changed[P] == p) & (changed["seed"] == 2), "represented"] = near
        later = changed[P] < p
        changed.loc[later, "represented"] = 20
        assert status("3.h", {**tables, "models": changed}) == expected


@pytest.mark.parametrize("identity", ["3.c", "3.e", "3.g"])
def test_a_missing_density_is_an_error_not_a_verdict(identity: str) -> None:
    tables = small_tables(small())
    dense = tables["models"][tables["models"][P] > 0.2]
    with pytest.raises(LookupError, match="no models at"):
        status(identity, {**tables, "models": dense})


# --- the linear model -----------------------------------------------------------------------


def linear_tables(models: Models) -> Tables:
    features, pairs = shown(models)
    rows = []
    for p, seed in product(models, range(3)):
        least = optimal_loss(p)
        rows.append({P: p, "seed": seed, "loss": least * (1 + 0.015 * seed), "optimum": least})
    return {
        "linear_features": features,
        "linear_pairs": pairs,
        "linear_models": pd.DataFrame(rows),
    }


def projectors() -> Models:
    return {p: (stacked(20, *5 * [ALONE]), np.zeros(20)) for p in _sweeps.DENSITIES}


@pytest.mark.parametrize("identity", ["3.a", "5.a", "5.b"])
def test_the_projector_is_the_linear_optimum(identity: str) -> None:
    assert status(identity, linear_tables(projectors())) == "holds"


@pytest.mark.parametrize(
    ("identity", "change"),
    [
        ("3.a", entry(0, 0, 1.03)),
        ("3.a", entry(0, 7, 0.06)),
        ("5.b", entry(0, 1, 0.23)),
        ("5.b", entry(4, 4, 0.4)),
        ("5.b", entry(4, 7, 0.6)),
    ],
)
@pytest.mark.parametrize("p", [1.0, 0.001])
def test_rules_of_the_linear_model(
    identity: str, change: Callable[[F64, F64], None], p: float
) -> None:
    assert status(identity, linear_tables(edited(projectors(), p, change))) == "differs"


def test_5a_wants_a_seed_within_two_percent_at_every_density() -> None:
    tables = linear_tables(projectors())
    for factor, expected in ((1.019, "holds"), (1.021, "differs"), (np.nan, "differs")):
        models = tables["linear_models"].copy()
        models.loc[models[P] == 0.03, "loss"] = factor * optimal_loss(0.03)
        assert status("5.a", {**tables, "linear_models": models}) == expected


@pytest.mark.parametrize("p", [1.0, 0.1])
def test_the_linear_optimum_is_the_variance_times_what_does_not_fit(p: float) -> None:
    left_out = sum(0.7**i for i in range(5, 20))
    assert optimal_loss(p) == pytest.approx((p / 3 - p**2 / 4) * left_out, rel=1e-12)


# --- larger ---------------------------------------------------------------------------------

LARGE_COUNTS = {1.0: (20, 20), 0.3: (27, 13), 0.1: (34, 6), 0.03: (40, 0)}


def large_tables() -> Tables:
    """Counts as the packing has them; the small model's, four times as many per dimension."""
    models, small_models = [], []
    loss = packing_loss(80, 20, 0.9, 1.0)
    for p in _sweeps.DENSITIES:
        many, alone = LARGE_COUNTS.get(p, (48, 0))
        few = {P: p, "seed": 1, "loss": p, "loss_error": 0.0, "dedicated": 0}
        small_models.append({**few, "represented": many // 4})
        row = {P: p, "loss_error": 0.01 * loss(p), "dedicated": alone}
        models.append({**row, "seed": 1, "loss": loss(p), "represented": many})
        models.append({**row, "seed": 2, "loss": 1.5 * loss(p), "represented": 80})
    return {
        "models": pd.DataFrame(models),
        "small_models": pd.DataFrame(small_models),
        "packing": _sweeps.predicted(80, 20, 0.9),
    }


@pytest.mark.parametrize("identity", ["4.a", "4.b", "4.c", "4.d"])
def test_the_packing_and_equal_shares_hold(identity: str) -> None:
    assert status(identity, large_tables()) == "holds"


@pytest.mark.parametrize(
    ("identity", "p", "low", "high", "alone"),
    [
        ("4.a", 0.3, 24, 29, 13),  # 27 ± 3 and, as the figure has it, 26 ± 3
        ("4.a", 0.1, 31, 35, 6),  # 34 ± 3 and 32 ± 3
        ("4.b", 0.03, 38, 43, 0),  # 40 ± 3 and 41 ± 3
    ],
)
def test_counts_and_losses_of_the_larger_model(
    identity: str, p: float, low: int, high: int, alone: int
) -> None:
    tables, loss = large_tables(), packing_loss(80, 20, 0.9, 1.0)(p)
    for count, expected in ((low, "holds"), (high, "holds"), (low - 1, "differs")):
        assert status(identity, recounted(tables, p, represented=count)) == expected
    assert status(identity, recounted(tables, p, represented=high + 1)) == "differs"
    assert status(identity, recounted(tables, p, dedicated=alone + 3)) == "holds"
    assert status(identity, recounted(tables, p, dedicated=alone + 4)) == "differs"
    for factor, expected in ((0.96, "holds"), (1.04, "holds"), (0.94, "differs")):
        assert status(identity, recounted(tables, p, loss=factor * loss)) == expected


def test_4c_stops_where_features_are_sparse_and_4d_does_not() -> None:
    tables = large_tables()
    for p, (identity, expected) in product(
        (0.01, 0.003), (("4.c", {0.01: "differs", 0.003: "holds"}), ("4.d", None))
    ):
        wanted = expected[p] if expected else "differs"
        assert status(identity, recounted(tables, p, represented=56)) == wanted
        assert status(identity, recounted(tables, p, represented=40)) == wanted
        assert status(identity, recounted(tables, p, represented=55)) == "holds"


def test_what_packing_predicts() -> None:
    small_table = _sweeps.predicted(20, 5, 0.7).set_index(P)
    large_table = _sweeps.predicted(80, 20, 0.9).set_index(P)
    for p, shown_alone in {1.0: (5, 5), 0.3: (7, 3), 0.1: (9, 1), 0.03: (10, 0)}.items():
        assert tuple(small_table.loc[p, ["represented", "dedicated"]]) == shown_alone
    for p, shown_alone in LARGE_COUNTS.items():
        assert tuple(large_table.loc[p, ["represented", "dedicated"]]) == shown_alone


# --- choosing the best ----------------------------------------------------------------------


def test_lowest_takes_the_lowest_loss_and_counts_the_others() -> None:
    row = _sweeps.lowest(ranked(plane(), lambda p: p)).iloc[0]
    assert (row[P], row["seed"], row["loss"]) == (1.0, 1, 1.0)
    assert row["n_seeds"] == 3  # the fourth diverged
    assert row["matching"] == pytest.approx(2 / 3)
    assert row["spread"] == pytest.approx(1.005)
    assert _sweeps.matching_counts(ranked(plane(), lambda p: p))[:2] == [[2, 3], [4, 5]]
    assert list(_sweeps.lowest(ranked(plane(), lambda p: p))[P]) == [1.0, 0.3, 0.2, 0.1, 0.03]


def test_known_says_what_each_density_or_all_of_them_had() -> None:
    models = ranked(plane(), lambda p: p)
    dense = "1−S=1: loss 1±0.001, N = 3, 66.7% of seeds match, median loss ×1.00"
    assert _sweeps.known(models, 1.0) == dense
    assert _sweeps.known(models) == "N = 3; 66.7% of seeds match; median loss ×1.00"


# --- the experiments as a whole -------------------------------------------------------------


def all_tables() -> dict[str, Tables]:
    large = {p: (stacked(80, *20 * [PAIR]), np.zeros(80)) for p in _sweeps.DENSITIES}
    features, pairs = shown(large)
    return {
        "introduction": plane_tables(plane()),
        "basic-results": {**small_tables(small()), **linear_tables(projectors())},
        "larger": {**large_tables(), "features": features, "pairs": pairs},
    }


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_figures_draw_from_the_tables_they_name(experiment: Experiment) -> None:
    tables = all_tables()[experiment.name]
    for spec in experiment.figures:
        assert draw(spec, tables, "salt").svg.startswith("<?xml")


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_evidence_exists(experiment: Experiment) -> None:
    assert_evidence_exists(experiment, all_tables()[experiment.name])


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_a_quick_run_finds_what_is_expected(experiment: Experiment) -> None:
    assert set(quick_run_as_expected(experiment)) == set(all_tables()[experiment.name])

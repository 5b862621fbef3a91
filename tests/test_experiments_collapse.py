"""Rules of `collapse-to-pca` on hand-made tables; the branches it follows; every figure drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from claim_checks import changed, judged, quick_run_as_expected

import tegum as tg
from tegum.dims import DENSITY as P
from tegum.experiments import collapse_to_pca
from tegum.experiments._shared.sets import ENGINES
from tegum.experiments.base import Judgement, Tables
from tegum.experiments.collapse_to_pca import branches
from tegum.experiments.collapse_to_pca.claims import OPTIMA
from tegum.experiments.collapse_to_pca.measure import DENSITIES, principal_table

EXPERIMENT = collapse_to_pca.EXPERIMENT
#: What the caption says, where it says one thing.
COUNTS = {p: sum(p >= edge for edge in (0.08, 0.15, 0.25)) for p in DENSITIES}
FOUND = {p: k for k, densities in OPTIMA.items() for p in densities} | {0.03: 0}


def judge(identity: str, tables: Tables) -> Judgement:
    return judged(EXPERIMENT.claims, identity, tables)


def status(identity: str, tables: Tables) -> str:
    return judge(identity, tables).status


def tables(counts: dict[float, int]) -> Tables:
    """Models with so many merged pairs, of both engines, and a worse seed with others."""
    rows, pairs = [], []
    for engine in ENGINES:
        for p in DENSITIES:
            row = {"engine": engine, P: p, "loss_error": 0.0}
            rows.append({**row, "seed": 0, "loss": p, "collapsed": counts[p]})
            rows.append({**row, "seed": 1, "loss": 2 * p, "collapsed": 3 - counts[p]})
            for k in range(3):
                merged = k < counts[p]
                shape = {"distance": 0.0, "norm_a": 0.71, "norm_b": 0.71, "spread": 0.0}
                other = {"distance": 1.0, "norm_a": 1.0, "norm_b": 1.0, "spread": 0.6}
                pairs.append(
                    {"engine": engine, P: p, "pair": k, "collapsed": merged}
                    | (shape if merged else other)
                )
    return {"models": pd.DataFrame(rows), "pairs": pd.DataFrame(pairs)}


def test_28a_counts_up_to_three() -> None:
    good = tables(COUNTS)
    assert status("28.a", good) == "holds"
    for engine in ENGINES:
        for p, count in ((0.1, 3), (0.02, 1), (0.8, 2)):
            where = {"engine": engine, P: p, "seed": 0}
            assert status("28.a", changed(good, "models", where, collapsed=count)) == "differs"
    assert "50%–50% of seeds" in judge("28.a", good).measured


def test_28b_is_the_caption() -> None:
    assert status("28.b", tables(COUNTS)) == "holds"
    assert status("28.b", tables(COUNTS | {0.15: 1})) == "holds"  # where ranges meet
    found = judge("28.b", tables(COUNTS | {0.3: 2}))
    assert found.status == "differs"
    assert found.measured == "2 at 1−S=0.3 (caption 3: 0% of seeds)"
    # the caption says nothing of denser features
    assert status("28.b", tables(COUNTS | {0.6: 0})) == "holds"


def test_28c_is_a_list_for_the_exact_optimum() -> None:
    good = tables(FOUND)
    assert status("28.c", good) == "holds"
    where = {"engine": "exact", P: 0.15, "seed": 0}
    found = judge("28.c", changed(good, "models", where, collapsed=1))
    assert found.status == "differs"
    trained = {"engine": "trained", P: 0.15, "seed": 0}
    assert status("28.c", changed(good, "models", trained, collapsed=1)) == "holds"


def transition_tables() -> Tables:
    kinds = pd.DataFrame([kind._asdict() for kind in branches.KINDS]).rename(
        {"name": "kind"}, axis=1
    )
    rows = [
        {"before": a.name, "after": b.name, P: p, "loss_step": 0.0, "slope_before": 1.0}
        | {"slope_after": 0.95 if b.close > a.close else 0.999}
        for a, b, p in zip(
            branches.KINDS, branches.KINDS[1:], (0.07, 0.14, 0.16, 0.39), strict=False
        )
    ]
    return {"branches": kinds, "transitions": pd.DataFrame(rows)}


def test_28d_wants_three_kinks_in_their_places() -> None:
    good = transition_tables()
    assert status("28.d", good) == "holds"
    for after, values in (
        ("one", {P: 0.081}),
        ("one, a second close", {P: 0.151}),
        ("three", {"slope_after": 0.995}),
        ("three", {"loss_step": 2e-4}),
    ):
        assert status("28.d", changed(good, "transitions", {"after": after}, **values)) == "differs"
    fewer = {**good, "transitions": good["transitions"].iloc[1:]}
    assert status("28.d", fewer) == "differs"
    # where a pair that is close merges is not one of the three
    closing = {**good, "transitions": good["transitions"].drop(2)}
    assert status("28.d", closing) == "holds"


def test_28e_compares_losses() -> None:
    where = {"engine": "trained", P: 0.5, "seed": 0}
    for loss, expected in ((0.5 * 1.009, "holds"), (0.5 * 1.011, "differs"), (0.49, "differs")):
        assert status("28.e", changed(tables(COUNTS), "models", where, loss=loss)) == expected


def test_28f_to_28h_compare_with_pca() -> None:
    p = np.array(DENSITIES)
    good = {
        "principal": pd.DataFrame(
            {P: p, "outside": np.where(p < 0.4, 0.2, 0.0), "projector_off": 0.04}
            | {"loss": np.linspace(0.2, 0.99, len(p)), "pca_loss": 1.0}
        )
    }
    for identity in ("28.f", "28.g", "28.h"):
        assert status(identity, good) == "holds"
    assert status("28.f", changed(good, "principal", {P: 0.4}, outside=2e-3)) == "differs"
    assert status("28.f", changed(good, "principal", {P: 0.3}, outside=0.5)) == "holds"
    assert status("28.g", changed(good, "principal", {P: 0.8}, projector_off=0.06)) == "differs"
    assert status("28.g", changed(good, "principal", {P: 0.8}, loss=0.94)) == "differs"
    assert status("28.h", changed(good, "principal", {P: 0.02}, loss=0.51)) == "differs"
    assert status("28.h", changed(good, "principal", {P: 0.3}, loss=0.3)) == "differs"


@pytest.mark.parametrize(("identity", "p"), [("29.a", 0.2), ("29.b", 0.5)])
def test_merged_pairs_have_one_direction_of_length_one(identity: str, p: float) -> None:
    good = tables(FOUND)
    assert status(identity, good) == "holds"
    where = {"engine": "exact", P: p, "pair": 0}
    for values in ({"norm_a": 0.65}, {"norm_b": 0.76}, {"distance": 0.06}):
        assert status(identity, changed(good, "pairs", where, **values)) == "differs"
    apart = {"engine": "exact", P: 0.2, "pair": 2}
    assert status(identity, changed(good, "pairs", apart, norm_a=2.0)) == "holds"
    none = {**good, "pairs": good["pairs"].assign(collapsed=False)}
    assert status(identity, none) == "differs"


def test_pca_itself_is_at_no_distance_from_pca() -> None:
    """A projector on two of the three sums has no share outside, and loses what PCA does."""
    sums = np.kron(np.eye(3), np.full((1, 2), 0.5**0.5))  # (pair, feature)
    plane = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 2)))[0].T
    W = np.broadcast_to(plane @ sums, (len(DENSITIES), 2, 6))
    runs = xr.Dataset(
        {"W": ((P, "hidden", "feature"), W), "loss": (P, np.ones(len(W)))}, {P: [*DENSITIES]}
    )
    found = principal_table(runs)
    np.testing.assert_allclose(found[["outside", "projector_off"]], 0, atol=1e-12)
    p = found[P]
    np.testing.assert_allclose(found["pca_loss"], 7 * p / 12 - p**2 / 2 + 3 * p / 12)
    skew = runs.assign(W=runs["W"] + xr.DataArray([0.1, -0.1, 0, 0, 0, 0], dims="feature"))
    outside = principal_table(skew)["outside"]
    size = (W[0] ** 2).sum()
    np.testing.assert_allclose(outside, 0.04 / (size + 0.04))


def test_branches_cross_where_minima_do() -> None:
    """The crossing between 0 and 1 merged pairs, against the losses on both sides of it."""
    runs = tg.train(
        branches.PROBLEM, {P: [0.066, 0.077]}, tg.Training(engine="exact", curve_points=0), seeds=12
    ).transpose(P, "seed", ...)
    none, one = (branches.follow(runs, kind) for kind in branches.KINDS[:2])
    gap = (none["loss"] - one["loss"]).to_numpy()
    assert gap[0] < 0 < gap[1]
    found = branches.transitions([none, one, *[one] * 3], 3).iloc[0]
    p = found[P]
    assert found["width"] == pytest.approx((0.077 - 0.066) / 16**3)
    for side in (-1, 1):
        q = np.array([p + side * 1e-4])
        ends = [float(branches.at(branch, 0, q)["loss"][0]) for branch in (none, one)]
        assert (ends[0] > ends[1]) == (side > 0)
    assert found["slope_before"] > found["slope_after"]


@pytest.mark.slow
def test_a_quick_run_gives_the_recorded_verdicts() -> None:
    quick_run_as_expected(EXPERIMENT)

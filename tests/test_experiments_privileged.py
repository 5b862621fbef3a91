"""Rules of `privileged-basis` on hand-made tables that hold and that differ; one quick run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from claim_checks import judged, quick_run_as_expected
from fake_lab import FakeLab

from tegum.dims import DENSITY as P
from tegum.dims import F64
from tegum.experiments.base import Tables
from tegum.experiments.privileged_basis import EXPERIMENT, sweep
from tegum.experiments.privileged_basis.claims_38_stages import STAGES
from tegum.experiments.privileged_basis.measure import (
    LINEAR,
    RANKED,
    RELU,
    TURNED,
    concentration,
    rank,
    rotations,
)
from tegum.report.figures import draw
from tegum.runs import tables as long


def status(identity: str, tables: Tables) -> str:
    return judged(EXPERIMENT.claims, identity, tables).status


def weights(mono: int, features: int) -> F64:
    """(5, 10): `mono` dedicated neurons; the rest code three features, or all features in pairs."""
    W = np.zeros((5, 10))
    if mono == 0:
        pairs = list(combinations(range(5), 2))[:features]
        for i, (a, b) in enumerate(pairs):
            W[:, i] = -0.5
            W[[a, b], i] = 0.8
        return W
    W[range(mono), range(mono)] = 1.0
    rest = range(mono, 5)
    for i in range(mono, features):
        W[list(rest), i] = 0.7
        W[rest[(i - mono) % len(rest)], i] = -0.7 if i > mono else 0.7
    return W


def candidates() -> pd.DataFrame:
    """The paper's models at every density, and a rival of twice the loss."""
    rows: list[dict[str, Any]] = []
    for densities, mono, features in STAGES:
        for p in densities:
            for k, (w, factor) in enumerate(((weights(mono, features), 1), (weights(5, 5), 2))):
                place = {P: p, "source": "own", "candidate": k, "origin": 3.0}
                loss = {"loss": factor * p, "loss_error": 0.001 * p}
                rows.append({**place, **loss, **sweep.structure(w), "low": 0.1, "high": 0.5})
    return pd.DataFrame(rows)


def shown() -> pd.DataFrame:
    W = np.stack([weights(5, 5), weights(3, 6), weights(0, 10)])
    runs = xr.Dataset({"W": ((P, "hidden", "feature"), W)}, {P: [1.0, 0.3, 0.02]})
    return long.neuron_table(runs)


def basis_tables() -> Tables:
    rng = np.random.default_rng(0)
    turned = rotations(200, 5, rng)
    rows, parts = [], []
    for name, W in zip(TURNED, (turned[0] @ weights(3, 6), weights(3, 6)), strict=True):
        change = 1e-8 if name == LINEAR else 0.5
        facts = {"model": name, "trained": float(concentration(W)), "seeds": 64, "near": 0.1}
        facts["ranked"] = rank(W, np.random.default_rng(1))
        for k, O in enumerate(turned):
            spread = float(concentration(O @ W))
            rows.append(
                {**facts, "kind": "rotation", "number": k, "change": change, "spread": spread}
            )
        rows.append({**facts, "kind": "order", "number": 0, "change": 1e-12, "spread": 0.7})
        runs = xr.Dataset({"W": (("hidden", "feature"), W)})
        parts.append(long.neuron_table(runs).assign(panel=name))
    outputs = pd.DataFrame({"model": list(TURNED), "before": 0.5, "after": 0.4})
    return {
        "rotations": pd.DataFrame(rows),
        "basis_weights": pd.concat(parts, ignore_index=True),
        "outputs": outputs,
    }


def active() -> pd.DataFrame:
    rows = []
    for model, n, share, bias in (
        ("hidden bias", 10, 0.97, 0.5),
        ("no hidden bias", 10, 0.4, 0.0),
        ("linear hidden layer", 10, 0.5, 0.0),
        ("features", 10, 0.4, 0.0),
        ("features", 200, 0.96, 0.0),
    ):
        facts = {P: 0.1, "features": n, "model": model, "loss": 0.1, "loss_error": 1e-3}
        rows += [
            {**facts, "neuron": k, "active": share, "hidden_bias": bias, "all_linear": 0.5}
            for k in range(5)
        ]
    return pd.DataFrame(rows).assign(seeds=16)


@cache
def made() -> Tables:
    screened = pd.DataFrame({P: sweep.DENSITIES[0], "models": 1000, "ended": 200, "near": 0.01})
    found = candidates()
    found = pd.concat([found, found[found[P] == 0.08].assign(**{P: 0.1})], ignore_index=True)
    return {
        "candidates": found,
        "screened": screened.assign(lowest=1.0, median=2.0),
        "weights": shown(),
        "active": active(),
        **basis_tables(),
    }


def tables() -> Tables:
    """A copy, to be changed."""
    return {name: table.copy() for name, table in made().items()}


def test_the_ideal_tables() -> None:
    found = {claim.id: status(claim.id, made()) for claim in EXPERIMENT.claims}
    assert set(found.values()) == {"holds"}


def at(p: float, place: int = 0, **values: Any) -> Callable[[Tables], None]:
    """The best candidate of a density, or its rival (1), changed."""

    def change(t: Tables) -> None:
        table = t["candidates"].copy()
        row = table.index[table[P] == p][place]
        for name, value in values.items():
            table.loc[row, name] = value
        t["candidates"] = table

    return change


def put(name: str, row: int, column: str, value: float) -> Callable[[Tables], None]:
    return lambda t: t[name].__setitem__(column, t[name][column].where(t[name].index != row, value))


def mirrored(t: Tables) -> None:
    """The ReLU model in a rotation of its neurons, as if it had no privileged basis."""
    W = long.neuron_table(
        xr.Dataset(
            {
                "W": (
                    ("hidden", "feature"),
                    rotations(1, 5, np.random.default_rng(1))[0] @ weights(3, 6),
                )
            }
        )
    ).assign(panel=RELU)
    other = t["basis_weights"][t["basis_weights"]["panel"] == LINEAR]
    t["basis_weights"] = pd.concat([other, W], ignore_index=True)


@pytest.mark.parametrize(
    ("identity", "change", "expected"),
    [
        ("36.a", put("rotations", 7, "change", 2e-6), "differs"),
        ("36.b", put("rotations", 210, "change", 0.05), "differs"),
        ("36.b", put("rotations", 401, "change", 1e-5), "differs"),
        ("37.a", put("rotations", 7, "change", 2e-6), "holds"),
        ("37.a", lambda t: t["rotations"].__setitem__("ranked", 0.1), "differs"),
        ("37.a", lambda t: t["rotations"].__setitem__("ranked", 1.0), "differs"),
        ("37.b", mirrored, "differs"),
        ("38.a", at(0.7, mono=4), "differs"),
        ("38.a", at(0.5, represented=6), "differs"),
        ("38.a", at(0.7, signature="+0 +1 +2 +3 +5"), "differs"),
        ("38.a", at(0.5, loss=2.0), "holds"),  # the rival is the same model there
        ("38.b", at(0.3, mono=2), "differs"),
        ("38.b", at(0.3, loss=10.0), "differs"),  # the rival is the best
        ("38.b", at(0.2, pattern="3 x +A; +A+B +A-B +A-B"), "differs"),
        ("38.c", at(0.15, represented=6), "differs"),
        ("38.d", at(0.12, mono=0), "differs"),
        ("38.d", at(0.12, 1, loss=1.002 * 0.12), "differs"),  # as far as errors tell, the same
        ("38.d", at(0.12, 1, loss=1.002 * 0.12, mono=1, represented=7), "holds"),
        ("38.d", at(0.12, 1, loss=1.004 * 0.12), "holds"),
        ("38.e", at(0.06, represented=9), "differs"),
        ("38.f", at(0.04, represented=8), "differs"),
        ("38.g", at(0.04, represented=8), "holds"),
        ("38.g", at(0.02, excites="+A+B"), "differs"),
        ("38.h", at(0.05, mono=1), "differs"),
        ("38.h", at(0.3, poly=0), "differs"),
        ("38.i", at(0.3, signature="+0 +1"), "differs"),
        ("38.i", at(0.05, signature="+0 +1"), "holds"),
        ("39.a", put("active", 2, "hidden_bias", -0.1), "differs"),
        ("39.a", put("active", 2, "active", 0.94), "differs"),
        ("39.b", put("active", 22, "active", 0.94), "differs"),
        ("39.b", put("active", 17, "active", 0.96), "differs"),
    ],
)
def test_rules(identity: str, change: Callable[[Tables], object], expected: str) -> None:
    table = tables()
    change(table)
    assert status(identity, table) == expected


def test_missing_densities_are_an_error() -> None:
    table = tables()
    table["candidates"] = table["candidates"][table["candidates"][P] != 0.3]
    with pytest.raises(LookupError, match="no models at some of the feature probabilities"):
        status("38.b", table)


def test_the_rank_is_that_of_a_slow_loop() -> None:
    """In two dimensions an angle is all: the part of a fine grid of angles, to 6 deviations."""
    W = np.array([[1.0, 0.2, 0.4], [0.1, 0.9, 0.5]])
    angles = (np.arange(4000) + 0.5) * np.pi / 2000
    less = 0
    for angle in angles:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        less += bool(concentration(turn @ W) < concentration(W))
    wanted = less / len(angles)
    bound = 6 * np.sqrt(wanted * (1 - wanted) / RANKED) + 1e-3
    assert abs(rank(W, np.random.default_rng(0)) - wanted) < bound


def test_rotations_are_orthogonal_and_concentration_has_its_bounds() -> None:
    turned = rotations(50, 5, np.random.default_rng(2))
    np.testing.assert_allclose(
        turned @ np.swapaxes(turned, 1, 2), np.broadcast_to(np.eye(5), (50, 5, 5)), atol=1e-12
    )
    assert float(concentration(np.eye(5))) == 1.0
    assert float(concentration(np.ones((5, 3)))) == pytest.approx(0.2)


def test_the_leading_models_have_the_lowest_losses_of_each_density() -> None:
    loss = np.array([[3.0, np.nan, 1.0], [1.0, 2.0, 3.0]])
    runs = xr.Dataset(
        {"loss": ((P, "seed"), loss), "W": ((P, "seed", "hidden"), loss[..., None])},
        {P: [1.0, 0.1], "seed": [0, 1, 2]},
    )
    best = sweep.leading(runs, 2)
    np.testing.assert_array_equal(best["loss"], [[1, 3], [1, 2]])
    np.testing.assert_array_equal(best["W"][..., 0], [[1, 3], [1, 2]])
    np.testing.assert_array_equal(best["origin"], [[2, 0], [0, 1]])
    assert best["seed"].values.tolist() == [0, 1]


def test_who_leads_twice_keeps_its_first_seed() -> None:
    runs = xr.Dataset({"loss": ((P, "seed"), [[3.0, 1.0, 2.0, 4.0]])}, {"seed": [5, 6, 7, 8]})
    first = sweep.leading(runs, 3)
    again = sweep.leading(first.assign(loss=((P, "seed"), [[2.0, 3.0, 1.0]])), 2)
    np.testing.assert_array_equal(again["origin"], [[5, 6]])
    assert again["seed"].values.tolist() == [0, 1]


class Finishing(FakeLab):
    """Trains every model to other weights, at a tenth of its loss."""

    def train(self, *args: Any, **named: Any) -> xr.Dataset:
        start: xr.Dataset = named["start"]
        assert args[2:4] == (sweep.finish(self), start.sizes["seed"])
        return start.assign(loss=start["loss"] / 10, W=start["W"] + 100).drop_vars("origin")


def test_the_best_of_each_density_are_finished_and_the_others_stay() -> None:
    count = sweep.FINISHED[1] + 2
    loss = np.array([np.arange(count), np.arange(count)[::-1]], float) + 1.0
    runs = xr.Dataset(
        {"loss": ((P, "seed"), loss), "loss_error": ((P, "seed"), 0.1 * loss),
         "W": ((P, "seed", "hidden"), loss[..., None]),
         "b": ((P, "seed", "feature"), loss[..., None])},
        {P: [1.0, 0.1], "seed": [*range(count - 1), 0]},
    )  # fmt: skip
    ended = sweep.finished(Finishing(quick=True), runs)
    moved = loss <= sweep.FINISHED[1]
    np.testing.assert_array_equal(ended["loss"], np.where(moved, loss / 10, loss))
    np.testing.assert_array_equal(ended["W"][..., 0], np.where(moved, loss + 100, loss))
    np.testing.assert_array_equal(ended["b"][..., 0], loss)
    assert ended["seed"].values.tolist() == list(range(count))


@pytest.mark.parametrize("figure", EXPERIMENT.figures, ids=lambda f: f.name)
def test_figures_are_drawn_from_the_tables_they_name(figure: Any) -> None:
    assert draw(figure, tables(), "salt").png


@pytest.mark.slow
def test_quick_run() -> None:
    quick_run_as_expected(EXPERIMENT)

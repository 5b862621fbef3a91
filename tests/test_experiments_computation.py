"""The rules of computation in superposition, on tables made by hand on which each holds or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from claim_checks import judged, quick_run_as_expected

from tegum.experiments.base import Judgement, Tables
from tegum.experiments.computation import EXPERIMENT, circuits
from tegum.experiments.computation.measure import (
    CURRICULUM,
    DECIDED,
    DENSITIES,
    RANDOM,
    STAGES,
    computed,
    mass,
    trained,
)

P = "feature_probability"
MASS = (0.0, 0.01, 0.005, 0.2, 0.4, 0.5, 0.6)


def models() -> pd.DataFrame:
    """Curriculum models are better where there are any; mass and features grow."""
    rows = []
    for k, p in enumerate(DENSITIES):
        poly = (0, 1, 4, 10, 14, 16, 20)[k]
        good = {"mass": MASS[k], "polysemantic": poly, "monosemantic": 40 - poly}
        good |= {"computed": 17 + 2 * k, "loss": 0.01 * p, "loss_error": 1e-5}
        bad = {**good, "loss": 0.1 * p, "mass": 2.0, "polysemantic": 40, "computed": 1}
        second = CURRICULUM if p < 0.3 else RANDOM
        rows += [{P: p, "route": RANDOM, "seed": 0, **bad}]
        rows += [{P: p, "route": second, "seed": 1, **good}]
    return pd.DataFrame(rows)


def neurons() -> pd.DataFrame:
    """At every density the neurons of less important features hold more, but for one."""
    rows = []
    for p in DENSITIES:
        for k in range(20):
            mass = 0.3 if k == 5 else max(0, k - 9) / 10
            rows.append(
                {P: p, "neuron": k, "primary": k, "importance": 0.8**k, "mass": mass}
                | {"held": 1 + (mass > 0), "second": min(mass, 0.6)}
                | {"share_top": 0.95 if k % 2 else 0.9, "share_low": 0.3}
            )
    return pd.DataFrame(rows)


def motif_models() -> pd.DataFrame:
    rows = []
    for m, p, with_motif in (
        *((circuits.HIDDEN, p, n) for p, n in ((1.0, 0), (0.5, 0), (0.2, 10), (0.1, 8))),
        (circuits.ENOUGH, 0.1, 0),
    ):
        rows += [
            {P: p, "n_hidden": m, "seed": s, "loss": 0.01 + s, "motifs": int(s < with_motif)}
            for s in range(10)
        ]
    return pd.DataFrame(rows)


def good() -> Tables:
    tasks = [
        {"trained_at": a, "task": t, "loss": t * (2 if a != t else 1) * (1 + a), "loss_error": 0}
        for a in (0.3, 0.001)
        for t in (0.3, 0.001)
    ]
    motif = {P: 0.1, "n_hidden": circuits.HIDDEN, "rise": 1e-3, "rise_error": 1e-5}
    return {
        "small_models": pd.DataFrame(
            {
                "seed": [0, 1],
                "loss": [1e-3, 1e-8],
                "paired": [False, True],
                "other": [0.9, 0.01],
                "output_off": [0.8, 0.04],
            }
        ),
        "models": models(),
        "neurons": neurons(),
        "motif_models": motif_models(),
        "renamed": pd.DataFrame({"shape": [True] + [False] * 9, "proved": [False] * 10}),
        "motifs": pd.DataFrame([{**motif, "loss": 1e-3, "loss_cut": 1e-2}] * 2),
        "rescaled": pd.DataFrame({"moved": [1e-14, 1e-9], "canonical": [0.0, 1e-15]}),
        "tasks": pd.DataFrame(tasks),
    }


def changed(table: str, rows: Any, column: str, value: Any) -> Tables:
    """The good tables with one column changed in some rows."""
    tables = good()
    chosen = rows(tables[table])
    own = tables[table]
    own[column] = np.where(chosen, value(own) if callable(value) else value, own[column])
    return tables


def everywhere(table: pd.DataFrame) -> Any:
    return np.ones(len(table), bool)


def judge(identity: str, tables: Tables) -> Judgement:
    return judged(EXPERIMENT.claims, identity, tables)


def test_every_rule_holds_on_tables_made_for_it() -> None:
    for claim in EXPERIMENT.claims:
        judgement = judge(claim.id, good())
        assert judgement.status == "holds", (claim.id, judgement.measured)


def sparse_good(table: pd.DataFrame) -> Any:
    return (table[P] == 0.01) & (table["seed"] == 1)


@pytest.mark.parametrize(
    ("claim", "tables"),
    [
        ("40.a", changed("small_models", lambda t: t["seed"] == 1, "output_off", 0.06)),
        ("40.a", changed("small_models", lambda t: t["seed"] == 1, "other", 0.06)),
        ("40.a", changed("small_models", lambda t: t["seed"] == 1, "paired", False)),
        ("40.a", changed("small_models", lambda t: t["seed"] == 1, "loss", 1.0)),
        ("41.a", changed("models", lambda t: t[P] == 0.3, "polysemantic", 3)),
        ("41.b", changed("models", sparse_good, "mass", 0.18)),
        ("41.b", changed("models", everywhere, "mass", 0.2)),
        ("41.c", changed("models", sparse_good, "computed", 20)),
        ("41.c", changed("models", lambda t: t["seed"] == 0, "loss", 0.0)),
        ("42.a", changed("models", lambda t: t[P] == 0.03, "polysemantic", 4)),
        ("42.a", changed("models", lambda t: t[P] == 0.03, "monosemantic", 4)),
        ("42.b", changed("neurons", everywhere, "mass", lambda t: -t["mass"])),
        ("42.b", changed("neurons", everywhere, "mass", 0.0)),
        ("43.a", changed("neurons", everywhere, "share_top", 0.85)),
        ("43.a", changed("neurons", everywhere, "second", 0.7)),
        ("43.b", changed("neurons", everywhere, "share_low", 0.6)),
        ("43.b", changed("neurons", lambda t: t["neuron"] == 12, "share_low", 0.95)),
        ("44.a", changed("motif_models", lambda t: (t[P] == 0.1) & (t["seed"] > 5), "motifs", 0)),
        ("44.b", changed("motif_models", lambda t: (t[P] == 0.5) & (t["seed"] == 3), "motifs", 1)),
        ("44.b", changed("motif_models", lambda t: t["n_hidden"] == circuits.ENOUGH, "motifs", 2)),
        ("44.c", changed("renamed", everywhere, "shape", True)),
        ("44.c", changed("renamed", everywhere, "proved", True)),
        ("44.d", changed("motifs", lambda t: np.arange(len(t)) == 1, "rise", 4e-5)),
        ("45.a", changed("rescaled", everywhere, "moved", 1e-5)),
        ("45.a", changed("rescaled", everywhere, "canonical", np.nan)),
        ("45.b", changed("tasks", everywhere, "loss", 1.0)),
    ],
)
def test_every_rule_differs_where_it_should(claim: str, tables: Tables) -> None:
    judgement = judge(claim, tables)
    assert judgement.status == "differs", judgement.measured


def test_both_claims_on_kinds_of_neurons_say_at_how_many_densities_they_hold() -> None:
    kinds, ranks = (judge(identity, good()) for identity in ("42.a", "42.b"))
    assert (kinds.values["densities"], ranks.values["densities"]) == (4, 7)
    assert "at least 5 of each at 4 of 7 densities (0.03, 0.01, 0.003, 0.001)" in kinds.measured
    assert "< -0.5 at 7 of 7 densities (1, 0.3, 0.1, 0.03," in ranks.measured
    pure = changed("neurons", lambda t: t[P] == 0.3, "mass", 0.0)
    assert judge("42.b", pure).values["densities"] == 6


@pytest.mark.parametrize(("identity", "p"), [("41.a", 0.3), ("41.b", 0.1)])
def test_a_density_that_was_not_measured_is_no_evidence(identity: str, p: float) -> None:
    tables = good()
    tables["models"] = tables["models"][tables["models"][P] != p]
    assert judge(identity, tables).status == "differs"


def test_41c_wants_sparse_models() -> None:
    tables = good()
    tables["models"] = tables["models"][tables["models"][P] > 0.03]
    with pytest.raises(LookupError, match="no rows"):
        judge("41.c", tables)


def test_without_any_motif_the_ablation_claim_differs() -> None:
    tables = good()
    tables["motifs"] = tables["motifs"].iloc[:0]
    assert judge("44.d", tables).status == "differs"


def test_facts_of_the_small_circuit_by_hand() -> None:
    v = np.array([[1, 0.02], [-1, 0], [0, 1], [0.01, -1]])
    w = np.array([[1.03, 1, 0, 0], [0, 0, 1, 0.98]])
    facts = circuits.facts(v, w)
    assert facts["paired"]
    assert facts["other"] == pytest.approx(0.02)
    assert facts["output_off"] == pytest.approx(0.03)
    assert not circuits.facts(np.abs(v), w)["paired"]


def test_what_counts_and_what_is_computed_by_hand() -> None:
    """Neuron 0 holds two features; neuron 1 has a second weight without effect."""
    v = np.array([[1.0, -0.5, 0.05], [-1.0, 0.3, 0.0], [0.0, 0.0, 1.0]])
    w = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.9]])
    np.testing.assert_allclose(mass(v, w), [0.5, 0.0, 0.0])
    # feature 0 on both sides; 1 only where x < 0, and by half; 2 only where x > 0
    assert computed(v, w, np.zeros(3)).tolist() == [True, False, False]
    assert computed(v, w, np.array([-0.6, 0, 0])).tolist() == [False, False, False]


class Route:
    """A lab that trains nothing: `number` says which model a model comes from."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(3)

    def pick(self, full: int, quick: int) -> int:
        return full

    def train(self, problem: Any, axes: Any, plan: Any, seeds: int, start: Any = None) -> Any:
        number = np.arange(seeds) if start is None else start["number"].to_numpy()
        assert len(number) == seeds
        loss = self.random.permutation(seeds) + 1.0
        return xr.Dataset({"number": ("seed", number), "loss": ("seed", loss)})


def test_the_best_ten_of_thirty_go_on_with_the_curriculum() -> None:
    runs = trained(Route())  # type: ignore[arg-type]
    for (route, p), run in runs.items():
        wide = p == STAGES[0] or (route == CURRICULUM and p >= DECIDED)
        assert run.sizes["seed"] == (30 if wide else 10), (route, p)
    decided = runs[CURRICULUM, DECIDED]
    assert decided["number"].values.tolist() == list(range(30))
    best = decided["number"].values[decided["loss"].values <= 10].tolist()
    for p in (0.01, 0.003, 0.001):
        assert set(runs[CURRICULUM, p]["number"].values.tolist()) <= set(best)
    assert runs[CURRICULUM, 0.01]["number"].values.tolist() == best


@pytest.mark.slow
def test_quick_run() -> None:
    quick_run_as_expected(EXPERIMENT)

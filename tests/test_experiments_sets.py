"""Rules of `correlated-features` on hand-made tables that hold and that differ."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from claim_checks import judged, quick_run_as_expected

from tegum.analysis import sets
from tegum.dims import DENSITY as P
from tegum.dims import F64
from tegum.experiments import correlated_features
from tegum.experiments._shared.sets import ENGINES
from tegum.experiments.base import Judgement, Tables
from tegum.experiments.correlated_features import local_bases
from tegum.experiments.correlated_features.measure import (
    ADJACENT,
    ARRANGEMENTS,
    BY_CHANCE,
    THREE,
    Case,
    arrangements,
)
from tegum.experiments.correlated_features.measure import CASES as PAIRED
from tegum.experiments.correlated_features.measure import table as rows_of

EXPERIMENT = correlated_features.EXPERIMENT


def judge(identity: str, tables: Tables) -> Judgement:
    return judged(EXPERIMENT.claims, identity, tables)


def status(identity: str, tables: Tables) -> str:
    return judge(identity, tables).status


def circle(*degrees: float, length: float = 1.0) -> F64:
    angle = np.radians(degrees)
    return length * np.array([np.cos(angle), np.sin(angle)])


#: The ideal arrangements, by case.
IDEAL = {
    "correlated": circle(0, 90, 180, 270),
    "anticorrelated": circle(0, 180, 90, 270),
    "three": circle(0, 64, 120, 184, 240, 304),
    "independent": circle(0, 72, 144, 216, 288, 288) * [1, 1, 1, 1, 1, 0.1],
}
MERGED = circle(0, 0, 90, 90) / 2**0.5


def row(case: Case, engine: str, p: float, W: F64, loss: float) -> pd.DataFrame:
    runs = xr.Dataset(
        {
            "W": ((P, "seed", "hidden", "feature"), W[None, None]),
            "loss": ((P, "seed"), [[loss]]),
            "loss_error": ((P, "seed"), [[0.0]]),
        },
        {P: [p], "seed": [0]},
    )
    return rows_of(case, engine, runs)


@cache
def ideal(case: Case, engine: str, p: float) -> pd.DataFrame:
    if case.name == "correlated" and p == 0.4:
        return row(case, engine, p, MERGED, 0.4 / 6)
    loss = 0.0 if case.name == "anticorrelated" else 0.01
    return row(case, engine, p, IDEAL[case.name], loss)


def table(**special: tuple[float, F64] | tuple[float, F64, float]) -> Tables:
    """One model per case, engine and density; `special` replaces a case's at one density."""
    rows = []
    for case in PAIRED:
        for engine in ENGINES:
            given = special.get(f"{case.name}_{engine}", special.get(case.name))
            for p in case.densities:
                found = ideal(case, engine, p)
                if given is not None and given[0] == p:
                    loss = (*given, float(found["loss"].iloc[0]))[2]
                    found = row(case, engine, p, given[1], loss)
                rows.append(found)
    return {"organisation": pd.concat(rows, ignore_index=True)}


#: (claim, case, density, what does, what does not).
CASES: list[tuple[str, str, float, F64, F64]] = [
    ("24.a", "correlated", 0.1, circle(0, 95, 180, 270), circle(0, 97, 180, 270)),
    ("24.b", "correlated", 0.2, circle(0, 90, 190, 280), circle(0, 90, 195, 285)),
    ("24.b", "correlated", 0.2, circle(5, 90, 180, 270), circle(0, 180, 90, 270)),
    ("24.c", "correlated", 0.4, MERGED, circle(0, 8, 90, 90) / 2**0.5),
    ("25.a", "anticorrelated", 0.4, circle(0, 178, 90, 270), circle(0, 176, 90, 270)),
    ("25.a", "anticorrelated", 0.05, circle(0, 180, 92, 272), circle(0, 180, 94, 274)),
    ("26.a", "three", 0.02, circle(0, 55, 120, 180, 240, 300), circle(0, 49, 120, 180, 240, 300)),
    ("26.b", "three", 0.05, circle(0, 64, 120, 185, 240, 304), circle(0, 67, 120, 184, 240, 304)),
    ("26.b", "three", 0.05, IDEAL["three"], circle(0, 120, 64, 184, 240, 304)),
    ("26.d", "independent", 0.1, IDEAL["independent"], circle(0, 60, 120, 180, 240, 300)),
]


@pytest.mark.parametrize("engine", ["", "_trained", "_exact"])
@pytest.mark.parametrize(("identity", "case", "p", "good", "bad"), CASES)
def test_both_optima_have_to_be_so(
    identity: str, case: str, p: float, good: F64, bad: F64, engine: str
) -> None:
    assert status(identity, table(**{f"{case}{engine}": (p, good)})) == "holds"
    assert status(identity, table(**{f"{case}{engine}": (p, bad)})) == "differs"


def test_a_worse_model_does_not_count_but_is_reported() -> None:
    tables = table()
    wrong = table(correlated=(0.1, circle(0, 180, 90, 270), 0.02))["organisation"]
    both = {"organisation": pd.concat([tables["organisation"], wrong], ignore_index=True)}
    found = judge("24.a", both)
    assert found.status == "holds"
    assert found.values["least_share"] == pytest.approx(0.5)


def test_24d_is_the_variance_of_the_second_component() -> None:
    assert status("24.d", table()) == "holds"
    assert status("24.d", table(correlated_exact=(0.4, MERGED, 0.4 / 6 * (1 + 1e-8)))) == "differs"


def test_25b_wants_nothing_lost() -> None:
    # Σσ² of two pairs at p = .1, each feature on with .05: 4 (.05/3 − .05²/4)
    blank = 4 * (0.05 / 3 - 0.05**2 / 4)
    W = IDEAL["anticorrelated"]
    for engine, limit in (("trained", 1e-3), ("exact", 1e-12)):
        for factor, expected in ((0.99, "holds"), (1.01, "differs")):
            special = {f"anticorrelated_{engine}": (0.1, W, factor * limit * blank)}
            assert status("25.b", table(**special)) == expected


def test_26c_compares_hexagons_that_seeds_find() -> None:
    mixed = circle(0, 120, 64, 184, 240, 304)
    others = {"independent": (0.05, mixed)}
    assert status("26.c", table(**others)) == "holds"
    assert status("26.c", table()) == "differs"  # nothing to compare with
    assert judge("26.c", table(three=(0.02, mixed), **others)).values["three"] == 0.5
    both = table(three=(0.02, mixed), **others)["organisation"]
    worse = table(three=(0.05, mixed), **others)["organisation"]
    assert status("26.c", {"organisation": pd.concat([both, worse])}) == "holds"
    third = pd.concat([both, both[both[P] == 0.02]])
    assert status("26.c", {"organisation": third}) == "differs"
    # independent features whose hexagons have numbers side by side just as often
    assert status("26.c", table(independent=(0.05, IDEAL["three"]))) == "differs"


def test_26f_compares_losses() -> None:
    assert status("26.f", table(three_trained=(0.02, IDEAL["three"], 0.01009))) == "holds"
    assert status("26.f", table(three_trained=(0.02, IDEAL["three"], 0.01011))) == "differs"


def test_the_arrangements_are_all_there_are() -> None:
    """Each stands for all of its turns and reflections: 2 + 3 + 6 + 3 + 1 = 15 pairings."""

    def pairing(places: tuple[int, ...]) -> frozenset[frozenset[int]]:
        return frozenset(frozenset(places[k : k + 2]) for k in (0, 2, 4))

    turns = [[(s * k + r) % 6 for k in range(6)] for r in range(6) for s in (1, -1)]
    orbits = [
        {pairing(tuple(t[place] for place in places)) for t in turns}
        for places in ARRANGEMENTS.values()
    ]
    assert [len(orbit) for orbit in orbits] == [2, 3, 6, 3, 1]
    assert set.union(*orbits) == {pairing(order) for order in permutations(range(6))}
    assert pytest.approx(len(orbits[0]) / 15) == BY_CHANCE
    for name, places in ARRANGEMENTS.items():
        W = circle(*(60 * place for place in places))
        across = Counter(np.round(sets.angles(W, np.arange(6) // 2).within).tolist())
        words = {"one": 1, "two": 2, "all": 3}
        for part in name.split(", "):
            number, how = part.split()
            assert across[{"adjacent": 60, "apart": 120, "opposite": 180}[how]] == words[number]


def arrangement_table(**losses: float) -> Tables:
    rows = {**dict.fromkeys(ARRANGEMENTS, 0.02), ADJACENT: 0.01}
    found = pd.DataFrame({"arrangement": list(rows), "loss": list(rows.values())})
    parts = [found.assign(**{P: p}) for p in THREE.densities]
    parts[1].loc[1, "loss"] = losses.get("second", 0.02)
    return {"arrangements": pd.concat(parts, ignore_index=True)}


def test_26e_wants_partners_adjacent_to_lose_least() -> None:
    assert status("26.e", arrangement_table()) == "holds"
    assert status("26.e", arrangement_table(second=0.009)) == "differs"


def bundle_table(**special: dict[str, Any]) -> Tables:
    """Models of two bundles, of independent features, and of bundles of other sizes."""
    rows = []
    for law in (local_bases.BUNDLES, local_bases.INDEPENDENT):
        for size in local_bases.SIZES:
            fits = law == local_bases.BUNDLES and size <= 10
            values = {"within": 0.03, "across": 0.2} if fits else {"within": 0.05, "across": 0.06}
            values |= {"alone": 0.99 if fits else 0.8, "overall": 0.5, "loss": 0.01}
            for p in local_bases.DENSITIES:
                for engine in ENGINES:
                    row = {"law": law, "size": size, P: p, "engine": engine, **values}
                    rows.append(row | special.get(f"{law.split()[0]}_{size}", {}))
    return {"bundles": pd.DataFrame(rows)}


@pytest.mark.parametrize(
    ("identity", "where", "good", "bad"),
    [
        ("27.a", "two_10", {"within": 0.09, "across": 0.37}, {"within": 0.11, "across": 0.5}),
        ("27.a", "two_10", {"within": 0.05, "across": 0.201}, {"within": 0.05, "across": 0.199}),
        ("27.b", "two_10", {"alone": 0.96}, {"alone": 0.94}),
        ("27.b", "two_10", {"overall": 0.54}, {"overall": 0.56}),
        ("27.c", "independent_10", {"across": 0.089}, {"across": 0.091}),
        ("27.c", "independent_10", {"alone": 0.94}, {"alone": 0.96}),
        ("27.d", "two_11", {"alone": 0.94}, {"alone": 0.96}),
        ("27.d", "two_8", {"alone": 0.96}, {"alone": 0.94}),
    ],
)
def test_bases_have_bounds(
    identity: str, where: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    assert status(identity, bundle_table()) == "holds"
    assert status(identity, bundle_table(**{where: good})) == "holds"
    assert status(identity, bundle_table(**{where: bad})) == "differs"


def test_counterparts_face_each_other() -> None:
    rng = np.random.default_rng(2)
    W = rng.normal(size=(5, 4))
    hidden = rng.permutation(4)
    order = local_bases.partnered(np.concatenate([W, -W[:, hidden]], axis=1))
    assert order[:4].tolist() == [0, 1, 2, 3]
    assert hidden[order[4:] - 4].tolist() == [0, 1, 2, 3]


def test_the_best_hexagon_is_a_minimum_over_radius_and_bias() -> None:
    import tegum as tg

    found = arrangements()
    for p, rows in found.groupby(P):
        task = THREE.problem.replace(distribution=THREE.law.with_probability(p))
        for _, row in rows.iterrows():
            unit = circle(*(60 * k for k in ARRANGEMENTS[row["arrangement"]]))
            here = tg.expected_loss(task, row["radius"] * unit, np.full(6, row["b"])).loss
            assert here == pytest.approx(row["loss"])
            for dr, db in ((0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02)):
                near = tg.expected_loss(
                    task, (row["radius"] + dr) * unit, np.full(6, row["b"] + db)
                ).loss
                assert near > here


@pytest.mark.slow
def test_a_quick_run_gives_the_recorded_verdicts() -> None:
    quick_run_as_expected(EXPERIMENT)

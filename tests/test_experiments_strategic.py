"""Rules of `strategic-picture` on hand-made tables that hold and that differ; one quick run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from claim_checks import judged, quick_run_as_expected

from tegum.experiments.base import Tables
from tegum.experiments.strategic_picture import EXPERIMENT
from tegum.report.figures import draw
from tegum.theory import activity


def status(identity: str, tables: Tables) -> str:
    return judged(EXPERIMENT.claims, identity, tables).status


def isolated() -> pd.DataFrame:
    """Theory, exactly; the point within the margin may go either way."""
    ratio = np.array([0.3, 0.6, 0.72, 0.75, 0.9])
    w = np.where(ratio < 0.7, activity.isolated_weight(ratio), 0.0)
    alive = np.array([1.0, 0.5, 0.5, 0.3, 0.1])
    columns = {"ratio": ratio, "w": w, "theory": w, "alive": alive, "seeds": 16}
    return pd.DataFrame({**columns, "largest": activity.isolated_weight(ratio)})


def penalised() -> pd.DataFrame:
    """Falling importance: 9, 7, 5, 3 features; equal: pairs at both λ; untied: superposition."""
    rows = []
    for model, penalty, represented, overlap, loss, least in (
        ("importance .7^i", 0.0, 9, 1.0, 0.007, 0.7**8),
        ("importance .7^i", 0.02, 7, 0.9, 0.008, 0.7**6),
        ("importance .7^i", 0.112, 5, 0.01, 0.018, 0.7**4),
        ("importance .7^i", 0.2, 3, 0.0, 0.04, 0.7**2),
        ("equal importance", 0.0, 16, 0.8, 0.2, 1.0),
        ("equal importance", 0.4, 10, 1.0, 0.3, 1.0),
        ("untied", 0.0, 9, 1.0, 0.005, 0.1),
        ("untied", 0.112, 7, 0.9, 0.008, 0.1),
    ):
        facts = {"model": model, "penalty": penalty, "represented": represented}
        facts |= {"overlap": overlap, "loss": loss, "loss_error": 1e-4, "least": least}
        rows.append({**facts, "prefix": True, "pairs": 5, "activity": 0.01, "near": 0.1})
    return pd.DataFrame(rows).assign(seeds=96, shared=1.0)


def slopes(loss: float = 2.0, shared: float = 1.0) -> pd.DataFrame:
    penalty = np.geomspace(1e-4, 1e-2, 5)
    parts = [
        pd.DataFrame({"penalty": penalty, "rise": c * penalty**loss, "fall": c * penalty**shared})
        for c in (0.5, 2.0)
    ]
    table = pd.concat([p.assign(case=str(k)) for k, p in enumerate(parts)], ignore_index=True)
    return table.assign(loss=0.1, superposition=3.0)


def experts(best: float = 0.9) -> pd.DataFrame:
    """The best pair loses `best` of what the antipodal pair does."""
    rows = []
    for p in (1.0, 0.3, 0.01):
        alone, pair = (
            float(f(p)) for f in (activity.dedicated_reduction, activity.antipodal_reduction)
        )
        for name, value, theory in (
            ("dedicated", alone, alone),
            ("antipodal pair", pair, pair),
            ("best pair", alone - best * (alone - pair), np.nan),
        ):
            rows.append((name, p, value, theory))
    return pd.DataFrame(rows, columns=["neuron", "feature_probability", "reduction", "theory"])


def tables() -> Tables:
    return {
        "isolated": isolated(),
        "penalised": penalised(),
        "slopes": slopes(),
        "experts": experts(),
    }


def test_the_ideal_tables() -> None:
    ideal = tables()
    found = {claim.id: status(claim.id, ideal) for claim in EXPERIMENT.claims}
    assert found == {
        **dict.fromkeys(("46.a", "46.b", "46.c", "47.a", "47.b", "48.a", "48.b"), "holds"),
        **dict.fromkeys(("46.d", "46.e"), "differs"),
        "48.c": "holds",
        "50.a": "not tested",
    }


def put(name: str, row: int, column: str, value: object) -> Callable[[Tables], None]:
    return lambda t: t[name].__setitem__(column, t[name][column].where(t[name].index != row, value))


@pytest.mark.parametrize(
    ("identity", "change", "expected"),
    [
        ("46.a", put("isolated", 0, "w", 0.9), "differs"),
        ("46.a", put("isolated", 1, "w", 0.0), "differs"),
        ("46.a", put("isolated", 3, "w", 0.8), "differs"),
        ("46.a", put("isolated", 2, "w", 0.82), "holds"),  # within the margin
        ("46.a", lambda t: t.__setitem__("isolated", t["isolated"][:2]), "differs"),
        ("46.b", put("penalised", 2, "overlap", 0.06), "holds"),  # at .2 still
        ("46.b", lambda t: put("penalised", 2, "overlap", 0.06)(t)
            or put("penalised", 3, "represented", 0)(t), "differs"),
        ("46.b", lambda t: put("penalised", 0, "loss", 0.0399)(t), "differs"),
        ("46.c", put("penalised", 2, "represented", 8), "differs"),
        ("46.c", put("penalised", 2, "prefix", False), "differs"),
        ("46.c", put("penalised", 3, "least", 0.27), "differs"),
        ("46.c", put("penalised", 3, "least", 0.28), "holds"),
        ("46.d", put("penalised", 5, "overlap", 0.04), "holds"),
        ("46.d", lambda t: put("penalised", 5, "overlap", 0.0)(t)
            or put("penalised", 5, "represented", 0)(t), "differs"),
        ("46.e", put("penalised", 7, "overlap", 0.04), "holds"),
        ("47.a", lambda t: t.__setitem__("slopes", slopes(loss=1.95)), "holds"),
        ("47.a", lambda t: t.__setitem__("slopes", slopes(loss=1.85)), "differs"),
        ("47.a", put("slopes", 3, "rise", -1e-9), "differs"),
        ("47.b", lambda t: t.__setitem__("slopes", slopes(shared=1.12)), "differs"),
        ("47.b", put("slopes", 7, "fall", -1e-9), "differs"),
        ("48.a", put("experts", 4, "reduction", 0.3), "differs"),
        ("48.b", put("experts", 4, "reduction", 0.3), "differs"),
        ("48.b", lambda t: t.__setitem__("experts", t["experts"][:6]), "differs"),
        ("48.c", lambda t: t.__setitem__("experts", experts(best=-0.01)), "differs"),
    ],
)  # fmt: skip
def test_rules(identity: str, change: Callable[[Tables], object], expected: str) -> None:
    table = tables()
    change(table)
    assert status(identity, table) == expected


@pytest.mark.parametrize("figure", EXPERIMENT.figures, ids=lambda f: f.name)
def test_figures_are_drawn_from_the_tables_they_name(figure: object) -> None:
    drawing = draw(figure, tables(), "salt")  # type: ignore[arg-type]
    assert drawing.png


@pytest.mark.slow
def test_quick_run() -> None:
    quick_run_as_expected(EXPERIMENT)

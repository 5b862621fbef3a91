"""Parts of the tables of the perturbed pentagon that several rules and figures read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegum.experiments import _pentagon_seeds as seeds
from tegum.experiments._pentagon_curves import PENTAGON, RELATIVE
from tegum.experiments.base import Tables

if TYPE_CHECKING:
    import pandas as pd


def pentagons(tables: Tables) -> pd.DataFrame:
    """Features of the lowest-loss models that are pentagons."""
    best = tables["best"]
    return best[best["kind"] == PENTAGON]


def varied(tables: Tables) -> pd.DataFrame:
    rows = pentagons(tables)
    return rows[rows["place"] == 0].sort_values(RELATIVE)


def exact_shapes(tables: Tables) -> pd.DataFrame:
    return tables["shapes"][tables["shapes"]["branch"] == PENTAGON]


def curve(tables: Tables, branch: str) -> pd.DataFrame:
    return tables["curves"][tables["curves"]["branch"] == branch].sort_values(RELATIVE)


def at_one(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[np.isclose(rows[RELATIVE], 1.0)]


def count(tables: Tables) -> int:
    return int(tables["models"].groupby(RELATIVE).size().min())


def kinds(rows: pd.DataFrame) -> str:
    return ", ".join(f"{count} {name}" for name, count in rows["kind"].value_counts().items())


def known(tables: Tables, relative: float) -> str:
    rows = tables["models"][np.isclose(tables["models"][RELATIVE], relative)]
    near = (rows["loss"] <= (1 + seeds.MATCH) * rows["lowest"]).mean()
    return f"loss {rows['loss'].min():.7f}, N = {len(rows)}, {near:.0%} of seeds within 1 %"


def shares(tables: Tables) -> str:
    models = tables["models"]
    near = models["loss"] <= (1 + seeds.MATCH) * models["lowest"]
    shares = near.groupby(models[RELATIVE]).mean()
    return f"{shares.min():.0%} to {shares.max():.0%} of which are within 1 % of it"

"""Parts of the tables of the perturbed pentagon that several rules and figures read."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.experiments.base import Tables, some
from tegum.experiments.perturbed_pentagon.curves import PENTAGON, RELATIVE
from tegum.experiments.perturbed_pentagon.measure import MATCH

if TYPE_CHECKING:
    import pandas as pd

#: Of the intervals of shares.
CONFIDENCE: Final = 0.95


def pentagons(tables: Tables) -> pd.DataFrame:
    """Features of the lowest-loss models that are pentagons."""
    best = tables["best"]
    return best[best["kind"] == PENTAGON]


def varied(tables: Tables) -> pd.DataFrame:
    """The varied feature of each of these, sparse to dense."""
    rows = pentagons(tables)
    return rows[rows["place"] == 0].sort_values(RELATIVE)


def exact_shapes(tables: Tables) -> pd.DataFrame:
    """Features of the exact pentagons."""
    return tables["shapes"][tables["shapes"]["branch"] == PENTAGON]


def curve(tables: Tables, branch: str) -> pd.DataFrame:
    """The exact curve of a branch, sparse to dense."""
    return tables["curves"][tables["curves"]["branch"] == branch].sort_values(RELATIVE)


def at_one(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows at which all densities are the same."""
    return rows[np.isclose(rows[RELATIVE], 1.0)]


def bounds(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with ‖W_i‖² as `squared`, its bounds `low` and `high`, and if it is `inside`."""
    squared, size = rows["norm"] ** 2, rows["b"].abs()
    rows = rows.assign(squared=squared, low=1 + size, high=1 / (1 - size))
    return rows.assign(inside=rows["squared"].between(rows["low"], rows["high"]))


def count(tables: Tables) -> int:
    """How many seeds each density has, at least."""
    return some(tables["models"], "models").groupby(RELATIVE).size().min()


def kinds(rows: pd.DataFrame) -> str:
    """How many models there are of which kind."""
    return ", ".join(f"{count} {name}" for name, count in rows["kind"].value_counts().items())


def known(tables: Tables, relative: float) -> str:
    """The lowest loss at a density, and how many seeds come near it."""
    models = tables["models"]
    rows = some(models[np.isclose(models[RELATIVE], relative)], "models")
    return (
        f"loss {rows['loss'].min():.7f}, N = {len(rows)}, {_near(rows).mean():.0%} of seeds within "
        f"{MATCH:.0%}"
    )


def shares(tables: Tables) -> str:
    """The least and the largest part of the seeds of a density that come near the lowest loss."""
    models = tables["models"]
    part = _near(models).groupby(models[RELATIVE]).mean()
    return f"{part.min():.0%} to {part.max():.0%} of which are within {MATCH:.0%} of it"


def _near(models: pd.DataFrame) -> pd.Series:
    """Whether the loss of a model is near the lowest known."""
    return models["loss"] <= (1 + MATCH) * models["lowest"]


def interval(reached: int, seeds: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    share, z = reached / seeds, NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    middle = (share + z**2 / (2 * seeds)) / (1 + z**2 / seeds)
    half = z * np.sqrt(share * (1 - share) / seeds + (z / (2 * seeds)) ** 2) / (1 + z**2 / seeds)
    return float(middle - half), float(middle + half)

"""Sweeps over sparsity, best of N at each density: what several experiments measure and judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs import tables as long
from tegum.runs.select import best
from tegum.theory.packing import digon_packing
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

#: The densities 1−S of the paper's figures of basic results.
DENSITIES: Final = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
#: A seed matches the best when its loss is within this part of the lowest.
MATCH: Final = 0.01


class Recipe(NamedTuple):
    """How the models of one density are trained and scored: Adam, on a cosine to zero.

    `quick` has the seeds and steps of a `--quick` run.
    """

    density: float
    seeds: int
    quick: tuple[int, int]
    steps: int = 5000
    batch_size: int = 256
    learning_rate: float = 5e-3


class Sweep(NamedTuple):
    """Tables of a sweep.

    `models` has a row per model: density, seed, loss, loss_error, represented, dedicated, and
    positive and negative, the Σ_{i≠j} G_ij² of each sign. `features` and `pairs` show the model of
    lowest loss at each density.
    """

    models: pd.DataFrame
    features: pd.DataFrame
    pairs: pd.DataFrame

    def named(self, prefix: str = "") -> Tables:
        """The tables by name."""
        return {f"{prefix}{name}": table for name, table in self._asdict().items()}


def problem(n_features: int, n_hidden: int, decay: float, density: float = 1.0) -> Problem:
    """A ReLU-output model on independent features of importance decay^i."""
    law = Independent(n_features=n_features, feature_probability=density)
    return Problem(law, ReLUOutput(n_hidden=n_hidden), decay ** np.arange(n_features))


def sweep(lab: Lab, task: Problem, recipes: Sequence[Recipe]) -> Sweep:
    """Train by `recipes`, one for each density, and keep the model of lowest loss of each."""
    import pandas as pd

    parts = [_at(lab, task, recipe) for recipe in recipes]
    return Sweep(*(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)))


#: n=20, m=5, I_i = .7^i: dense models are all alike, sparse ones differ most from seed to seed.
SMALL_RECIPES: Final = (
    Recipe(1.0, 32, (6, 4000)),
    Recipe(0.3, 128, (16, 2000), steps=3000),
    Recipe(0.1, 128, (24, 2000), steps=3000),
    Recipe(0.03, 192, (48, 2000), steps=3000),
    Recipe(0.01, 512, (48, 2000), steps=3000, batch_size=1024, learning_rate=1e-2),
    Recipe(0.003, 768, (64, 2000), steps=3000, batch_size=1024, learning_rate=1e-2),
    Recipe(0.001, 768, (64, 2000), steps=3000, batch_size=1024, learning_rate=1e-2),
)
SMALL_FEATURES, SMALL_HIDDEN, SMALL_DECAY = 20, 5, 0.7


def small(lab: Lab) -> Sweep:
    """The sweep of "Basic Results": n=20, m=5, I_i = .7^i."""
    return sweep(lab, small_problem(), SMALL_RECIPES)


def small_problem() -> Problem:
    """That of "Basic Results": n=20, m=5, I_i = .7^i."""
    return problem(SMALL_FEATURES, SMALL_HIDDEN, SMALL_DECAY)


def predicted(n_features: int, n_hidden: int, decay: float) -> pd.DataFrame:
    """What packing antipodal pairs predicts at each density: counts, loss, pairs."""
    import pandas as pd

    importance = decay ** np.arange(n_features)
    rows = []
    for p in DENSITIES:
        best_packing = digon_packing(importance, n_hidden, p)
        counts = {"represented": best_packing.represented, "dedicated": best_packing.dedicated}
        rows.append({DENSITY: p, "loss": best_packing.loss, **counts})
    return pd.DataFrame(rows)


def _at(lab: Lab, task: Problem, recipe: Recipe) -> Sweep:
    p, (quick_seeds, quick_steps) = recipe.density, recipe.quick
    plan = Training(
        steps=lab.pick(recipe.steps, quick_steps),
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        schedule="cosine",
        curve_points=0,
        held_out=1024,  # the expected loss takes its place
    )
    seeds = lab.pick(recipe.seeds, quick_seeds)
    runs = lab.score(lab.train(task, {DENSITY: [p]}, plan, seeds)).isel({DENSITY: 0})
    models = long.count_table(runs)
    models["loss_error"] = runs["loss_error"].to_numpy()
    signs = geometry.interference_signs(runs["W"])
    models["positive"], models["negative"] = (part.to_numpy().ravel() for part in signs)
    chosen = best(runs)
    tables = (models, long.feature_table(chosen), long.gram_table(chosen))
    for table in tables:
        table.insert(0, DENSITY, p)
    return Sweep(*tables)


def lowest(models: pd.DataFrame) -> pd.DataFrame:
    """The model of lowest loss at each density, dense to sparse, with what the others did.

    Adds `n_seeds`, `matching` (the part of them within 1 % of the lowest loss) and `spread` (the
    median loss over the lowest).
    """
    import pandas as pd

    rows = []
    for _, group in models.dropna(subset=["loss"]).groupby(DENSITY, sort=False):
        row = group.sort_values("loss", kind="stable").iloc[0].copy()
        near = group["loss"] <= (1 + MATCH) * row["loss"]
        row["n_seeds"], row["matching"] = len(group), near.mean()
        row["spread"] = group["loss"].median() / row["loss"]
        rows.append(row)
    whole = ["seed", "represented", "dedicated", "n_seeds"]
    table = pd.DataFrame(rows).astype(dict.fromkeys(whole, int))
    return table.sort_values(DENSITY, ascending=False, ignore_index=True)


def matching_counts(models: pd.DataFrame) -> list[list[int]]:
    """At each density, dense to sparse: how many features the matching models represent."""
    least = models.groupby(DENSITY)["loss"].transform("min")
    near = models[models["loss"] <= (1 + MATCH) * least]
    counts = near.groupby(DENSITY)["represented"].unique().sort_index(ascending=False)
    return [sorted(map(int, found)) for found in counts]


def at(table: pd.DataFrame, density: float) -> pd.DataFrame:
    """The rows of one density; an error if there are none."""
    rows = table[np.isclose(table[DENSITY], density, rtol=1e-9)]
    if rows.empty:
        raise LookupError(f"no models at feature probability {density:g}")
    return rows


def among(models: pd.DataFrame, densities: Sequence[float]) -> pd.DataFrame:
    """`lowest`, of these densities; an error if one is missing."""
    import pandas as pd

    return lowest(pd.concat([at(models, p) for p in densities]))


def known(rows: pd.DataFrame) -> str:
    """How well the lowest losses are known: value, N, seeds that match, and how high the median is.

    Each density by itself where there are one or two, else the ranges.
    """
    if len(rows) <= 2:
        return "; ".join(_known(row) for _, row in rows.iterrows())
    match, spread = (_range(rows[name], form) for name, form in _FORMS.items())
    return f"N = {_range(rows['n_seeds'], 'g')}; {match} of seeds match; median loss ×{spread}"


_FORMS: Final = {"matching": ".1%", "spread": ".2f"}


def _known(row: pd.Series) -> str:
    return (
        f"1−S={row[DENSITY]:g}: loss {row['loss']:.4g}±{row['loss_error']:.1g}, "
        f"N = {row['n_seeds']:g}, {row['matching']:.1%} of seeds match, "
        f"median loss ×{row['spread']:.2f}"
    )


def _range(values: pd.Series, form: str) -> str:
    low, high = format(values.min(), form), format(values.max(), form)
    return low if low == high else f"{low}–{high}"


def square(pairs: pd.DataFrame) -> np.ndarray:
    """G (feature, feature) of the single model in a table of pairs."""
    ordered = pairs.sort_values(["feature", "feature_j"])
    n = int(ordered["feature"].max()) + 1
    return ordered["gram"].to_numpy(dtype=float).reshape(n, n)

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
from tegum.runs.select import best, best_rows
from tegum.scalars import powers
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


def problem(n_features: int, n_hidden: int, decay: float) -> Problem:
    """A ReLU-output model on independent features of importance decay^i."""
    law = Independent(n_features=n_features, feature_probability=1.0)
    return Problem(law, ReLUOutput(n_hidden=n_hidden), powers(decay, n_features))


def sweep(lab: Lab, task: Problem, recipes: Sequence[Recipe]) -> Tables:
    """Train by `recipes`, one for each density, and keep the model of lowest loss of each.

    `models` has a row per model: density, seed, loss, loss_error, represented, dedicated, and
    positive and negative, the Σ_{i≠j} G_ij² of each sign. `features` and `pairs` show the model of
    lowest loss at each density.
    """
    import pandas as pd

    parts = [_at(lab, task, recipe) for recipe in recipes]
    return {name: pd.concat([p[name] for p in parts], ignore_index=True) for name in parts[0]}


SMALL_HIDDEN: Final = 5
#: n, m and decay of importance in "Basic Results": the shape of the small model.
SMALL: Final = (20, SMALL_HIDDEN, 0.7)
#: Its dense models are all alike, sparse ones differ most from seed to seed.
SMALL_RECIPES: Final = (
    Recipe(1.0, 32, (6, 4000)),
    Recipe(0.3, 128, (16, 2000), steps=3000),
    Recipe(0.1, 128, (24, 2000), steps=3000),
    Recipe(0.03, 192, (48, 2000), steps=3000),
    Recipe(0.01, 512, (48, 2000), steps=3000, batch_size=1024, learning_rate=1e-2),
    Recipe(0.003, 768, (64, 2000), steps=3000, batch_size=1024, learning_rate=1e-2),
    Recipe(0.001, 768, (64, 2000), steps=3000, batch_size=1024, learning_rate=1e-2),
)


def predicted(n_features: int, n_hidden: int, decay: float) -> pd.DataFrame:
    """What packing antipodal pairs predicts at each density: counts, loss, pairs."""
    import pandas as pd

    importance = powers(decay, n_features)
    rows = []
    for p in DENSITIES:
        packing = digon_packing(importance, n_hidden, p)
        counts = {"represented": packing.represented, "dedicated": packing.dedicated}
        rows.append({DENSITY: p, "loss": packing.loss, **counts})
    return pd.DataFrame(rows)


def _at(lab: Lab, task: Problem, recipe: Recipe) -> Tables:
    seeds, steps = lab.pick((recipe.seeds, recipe.steps), recipe.quick)
    plan = Training(
        steps=steps,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        schedule="cosine",
        curve_points=0,
        held_out=1024,  # the expected loss takes its place
    )
    runs = lab.score(lab.train(task, {DENSITY: [recipe.density]}, plan, seeds)).isel({DENSITY: 0})
    signs = geometry.interference_signs(runs["W"])
    positive, negative = (part.to_numpy().ravel() for part in signs)
    models = long.count_table(runs).assign(
        loss_error=runs["loss_error"].to_numpy(), positive=positive, negative=negative
    )
    chosen = best(runs)
    tables = {
        "models": models,
        "features": long.feature_table(chosen),
        "pairs": long.gram_table(chosen),
    }
    for table in tables.values():
        table.insert(0, DENSITY, recipe.density)
    return tables


def lowest(models: pd.DataFrame, *densities: float) -> pd.DataFrame:
    """The model of lowest loss at each of these densities (at all for none), dense to sparse.

    With what the others did: `n_seeds`, `matching` (the part of them that match it) and `spread`
    (the median loss over the lowest). An error if a density is missing.
    """
    import pandas as pd

    seen = models.dropna(subset=["loss"])
    if densities:
        seen = pd.concat([at(seen, p) for p in densities])
    losses = seen.groupby(DENSITY)["loss"]
    rows = (
        best_rows(seen, DENSITY)
        .set_index(DENSITY)
        .assign(
            n_seeds=losses.count(),
            matching=matching(seen).groupby(seen[DENSITY]).mean(),
            spread=losses.median() / losses.min(),
        )
    )
    return rows.sort_index(ascending=False).reset_index()


def matching(models: pd.DataFrame) -> pd.Series[bool]:
    """Of each model, whether it matches the best of its density."""
    return models["loss"] <= (1 + MATCH) * models.groupby(DENSITY)["loss"].transform("min")


def matching_counts(models: pd.DataFrame) -> list[list[int]]:
    """At each density, dense to sparse: how many features the matching models represent."""
    near = models[matching(models)].groupby(DENSITY)["represented"]
    return [sorted(map(int, found)) for found in near.unique().sort_index(ascending=False)]


def at(table: pd.DataFrame, density: float) -> pd.DataFrame:
    """The rows of one density; an error if there are none."""
    rows = table[np.isclose(table[DENSITY], density, rtol=1e-9)]
    if rows.empty:
        raise LookupError(f"no models at feature probability {density:g}")
    return rows


def known(models: pd.DataFrame, *densities: float) -> str:
    """How well `lowest` is known: value, N, seeds that match, and how high the median is.

    Each density by itself where there are one or two, else the ranges.
    """
    rows = lowest(models, *densities)
    if len(rows) <= 2:
        return "; ".join(_known(row) for _, row in rows.iterrows())
    match, spread = _range(rows["matching"], ".1%"), _range(rows["spread"], ".2f")
    return f"N = {_range(rows['n_seeds'], 'g')}; {match} of seeds match; median loss ×{spread}"


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

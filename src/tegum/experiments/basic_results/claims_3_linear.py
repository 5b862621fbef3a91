"""What is claimed of the linear model over sparsity, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY
from tegum.experiments._shared.sweeps import SMALL_HIDDEN, at, matching, square
from tegum.experiments.base import Claims, Judgement, Tables, some, when

if TYPE_CHECKING:
    import pandas as pd

#: G is diag(1, …, 1, 0, …, 0) when no entry is further off than this.
ENTRY: Final = 0.05
#: A loss is the optimum when it is at most this times it.
LOSS_RATIO: Final = 1.02
#: A represented feature shares its direction with no other below this.
ALONE: Final = 0.05

claims = Claims("Demonstrating Superposition: Basic Results")


@claims(
    "3.a",
    "The linear model keeps the m most important features, orthogonal, and nothing else, at any "
    "sparsity.",
    rule=f"in the model of lowest loss at every density no entry of G is further than {ENTRY:g} "
    "from diag(1×5, 0)",
    evidence=("models-shown", "linear_pairs"),
)
def projector(tables: Tables) -> Judgement:
    pairs = tables["linear_pairs"]
    found = {p: projector_error(at(pairs, p)) for p in pairs[DENSITY].unique()}
    worst = max(found, key=lambda p: found[p])
    return when(
        found[worst] <= ENTRY,
        f"largest |G − diag(1×{SMALL_HIDDEN}, 0)| {found[worst]:.4f} (at 1−S={worst:g}) "
        f"over {len(found)} densities, {_known(tables)}",
        largest_entry_off=found[worst],
    )


def projector_error(pairs: pd.DataFrame) -> float:
    """The largest |G_ij − [i = j < m]| of one model."""
    G = square(pairs)
    return float(np.abs(G - np.diag(np.arange(len(G)) < SMALL_HIDDEN)).max())


@claims(
    "5.a",
    "The best linear model does not depend on sparsity: its loss is the variance of a feature "
    "times the importance that does not fit.",
    rule=f"lowest loss ≤ {LOSS_RATIO:g} σ² Σ_{{i≥m}} I_i at every density",
    evidence=("linear-loss", "linear_models"),
)
def loss(tables: Tables) -> Judgement:
    models = some(tables["linear_models"])
    ratio = models["loss"] / models["optimum"]
    lowest = ratio.groupby(models[DENSITY]).min()  # NaN where every seed diverged
    return when(
        (lowest <= LOSS_RATIO).all(),
        f"loss / optimum at most {lowest.max():.6f} over {lowest.count()} densities "
        f"({ratio.max():.6f} in any seed), {_known(tables)}",
        largest_ratio=lowest.max(), largest_ratio_of_any_seed=ratio.max(),
    )  # fmt: skip


@claims(
    "5.b",
    "The linear model has no superposition at any sparsity.",
    rule=f"features 0–4 and no others represented, each with superposition < {ALONE:g}, at every "
    "density",
    evidence=("models-shown", "linear_features"),
)
def alone(tables: Tables) -> Judgement:
    features, wanted = tables["linear_features"], tuple(range(SMALL_HIDDEN))
    shown = features[features["norm"] > geometry.REPRESENTED]
    kept = shown.groupby(DENSITY)["feature"].agg(tuple)
    densities, right = features[DENSITY].nunique(), sum(found == wanted for found in kept)
    worst = shown["superposition"].max()
    return when(
        right == len(kept) == densities and worst < ALONE,
        f"features 0–{SMALL_HIDDEN - 1} and no others represented at {right} of {densities} "
        f"densities; largest superposition of a represented feature {worst:.2g}, {_known(tables)}",
        largest_superposition=worst,
    )


def _known(tables: Tables) -> str:
    """N, and how many seeds match the best."""
    models = some(tables["linear_models"])
    return f"best of {models['seed'].nunique()}, {matching(models).mean():.1%} of seeds within 1%"

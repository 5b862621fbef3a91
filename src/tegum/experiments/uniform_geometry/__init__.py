"""Uniform superposition: dimensions per feature stick at fractions, features form polytopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum import plots
from tegum.analysis import stickiness
from tegum.experiments.base import Claim, Experiment, FigureSpec
from tegum.experiments.uniform_geometry import claims as polytopes
from tegum.experiments.uniform_geometry import models, rules, shapes, training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tegum.experiments.base import Tables

SECTION: Final = polytopes.SECTION


def draw_curve(tables: Tables) -> Figure:
    """D* over sparsity."""
    return plots.dimensions_per_feature(tables["models"], tolerance=rules.HALF)


def draw_scatter(tables: Tables) -> Figure:
    """D_i of every feature, with D*: the sweep, then the long runs."""
    import pandas as pd

    features, curves = [], []
    parts = (
        (tables["models"], tables["features"]),
        (tables["long_models"], shapes.best_long(tables, "long_features")),
    )
    for (table, own), name in zip(parts, ("sweep", "long runs"), strict=True):
        size = table[["n_features", "n_hidden"]].iloc[0]
        panel = f"{name}: n = {size['n_features']}, m = {size['n_hidden']}"
        features.append(own.assign(panel=panel))
        curves.append(rules.chosen(table).assign(panel=panel))
    return plots.dimensionality(pd.concat(features), pd.concat(curves))


def draw_graphs(tables: Tables) -> Figure:
    """Feature graphs, dense to sparse."""
    return plots.feature_graphs(tables["nodes"].sort_values("level"), tables["links"])


_CHOSEN = (
    "Shown is the model of lowest loss of 2 at each level, of 4 in the long runs; fewer, and "
    "smaller ones, in a quick run."
)
_TRAINED = (
    f"Models of 1/(1−S) from {training.DENSE:g} to {training.PAIRED:g} are led from pairs: each is "
    "trained on from the next sparser one. All others are trained from scratch."
)
_SETTLED = (
    "Long runs are trained from scratch; the best of them is then moved to the nearest minimum of "
    "the expected loss, but in a quick run."
)
_DOUBLED = "{:g}, {:g} and {:g}".format(*models.DOUBLED)
EXPERIMENT = Experiment(
    name="uniform-geometry",
    title="Features form polytopes",
    section=SECTION,
    summary="n = 400 equally important features in m = 30 dimensions, from dense to sparse: how "
    "many dimensions a feature has, on average and each, and what polytopes they are vertices of.",
    measure=models.measure,
    figures=(
        FigureSpec(
            "dimensions-per-feature",
            "D* = m/‖W‖², the dimensions per feature, over sparsity. Orange: levels in a row that "
            "stick to 1 (no superposition, an arbitrary subspace) and to 1/2 (antipodal pairs). "
            f"Large dots and line: the model of lowest loss; small dots: all seeds. {_TRAINED} "
            f"{_CHOSEN}",
            draw_curve,
            ("models",),
        ),
        FigureSpec(
            "dimensionality",
            "The dimensionality D_i of every feature, and D* (line). The features of a model "
            "stand side by side, by falling D_i, in the colour of the polytope that they are "
            "a vertex of, by the shape of their tegum factor and not by D_i. Dashed: the D of "
            "regular polytopes. Black: of none of the named polytopes; grey: of no known polytope; "
            "light blue: linked to no other represented feature. Dense features have tiny shares "
            "each; then come tetrahedra and triangles, best seen "
            f"in the long runs, digons, pentagons and square antiprisms. {_TRAINED} {_SETTLED} "
            f"{_CHOSEN}",
            draw_scatter,
            ("features", "models", "long_features", "long_models"),
        ),
        FigureSpec(
            "feature-graphs",
            "Represented features as points, W_i·W_j as lines (the stronger, the darker) within "
            "tegum factors: features whose |cos| exceeds 0.15, and those they reach by such links. "
            "Where factors are orthogonal to one another, a model is the tegum product of its "
            f"parts. {_SETTLED} {_CHOSEN}",
            draw_graphs,
            ("nodes", "links"),
        ),
    ),
    claims=(
        Claim(
            id="13.a",
            section=SECTION,
            statement="Dimensions per feature D* are sticky at 1, where features are dense. (So "
            "they are in models trained from scratch. Ideal models of tetrahedra, 16 of 160 "
            "features in 12 dimensions, have exact losses lower by 0.06 % at 1/(1−S) = 1.1 and "
            "by 0.12 % at 1.2, with D* = 0.96 and 0.93: no training from scratch found them.)",
            rule=" and ".join(
                f"|D*−1| < {limit:g} for 1/(1−S) ≤ {top:g}" for top, limit in rules.AT_ONE
            ),
            judge=rules.judge_one,
            evidence=("dimensions-per-feature", "models"),
        ),
        Claim(
            id="13.b",
            section=SECTION,
            statement="D* is sticky at 1/2.",
            rule=f"≥ {rules.HALF_LEVELS} levels in a row with |D*−1/2| < {rules.HALF:g}, over a "
            f"ratio ≥ {rules.HALF_RATIO:g} of 1/(1−S)",
            judge=rules.judge_half,
            evidence=("dimensions-per-feature", "models"),
        ),
        Claim(
            id="13.c",
            section=SECTION,
            statement="The plateau at 1/2 is as wide as in the paper's figure.",
            rule=f"|D*−1/2| ≤ {rules.HALF:g} at all levels of 1/(1−S) from "
            f"{rules.HALF_RANGE[0]:g} to {rules.HALF_RANGE[1]:g}",
            judge=rules.judge_half_range,
            evidence=("dimensions-per-feature", "models"),
            quick=False,
        ),
        Claim(
            id="13.d",
            section=SECTION,
            statement="The plateau is a step: D* falls steeply before and after it.",
            rule=f"|d log D*/d log 1/(1−S)| < {rules.FLAT:g} on the plateau, and > "
            f"{rules.STEEP:g} over some ratio ≥ {rules.HALF_RATIO:g} before it and after it",
            judge=rules.judge_steps,
            evidence=("dimensions-per-feature", "models"),
            quick=False,
        ),
        Claim(
            id="13.e",
            section=SECTION,
            statement="At 1/(1−S) = 10 five features share a dimension (D* = 0.21 in the figure).",
            rule=f"|D*−{rules.AT_TEN:g}| ≤ {rules.AT_TEN_SLACK:g}",
            judge=rules.judge_ten,
            evidence=("dimensions-per-feature", "models"),
            quick=False,
        ),
        Claim(
            id="14.a",
            section=SECTION,
            statement="Twice the hidden dimensions hold twice as many features.",
            rule=f"‖W‖² doubles with m, ± {rules.DOUBLING:.0%}, at 1/(1−S) = {_DOUBLED}",
            judge=rules.judge_more_dimensions,
            evidence=("doubled",),
            quick=False,
        ),
        Claim(
            id="14.b",
            section=SECTION,
            statement="The number of input features does not matter, as long as n ≫ m.",
            rule=f"‖W‖² changes by ≤ {rules.DOUBLING:.0%} when n doubles, at 1/(1−S) = {_DOUBLED}",
            judge=rules.judge_more_features,
            evidence=("doubled",),
            quick=False,
        ),
        *polytopes.SCATTER,
        Claim(
            id="16.a",
            section=SECTION,
            statement="The dimensionalities of all features add up to the number of dimensions.",
            rule=f"Σ D_i = m ± {rules.TOTAL:.0%} in every model",
            judge=rules.judge_total,
            evidence=("models", "long_models"),
        ),
        Claim(
            id="17.a",
            section=SECTION,
            statement="There is no line at D_i = 1, although D* is 1 in the dense regime.",
            rule=f"< {rules.LINE_COUNT} features within {stickiness.ON_LINE:g} of 1 at "
            f"1/(1−S) ≤ {rules.AT_ONE[0][0]:g}",
            judge=rules.judge_no_line_at_one,
            evidence=("dimensionality", "features"),
        ),
        Claim(
            id="17.b",
            section=SECTION,
            statement="That is so because in the dense regime features are no special directions: "
            "the model keeps an arbitrary subspace.",
            rule="at the same levels no feature is represented, and the standard deviation of "
            f"‖W_i‖² is ≤ {rules.ARBITRARY:g} times that of a random m-dimensional projector",
            judge=rules.judge_arbitrary_basis,
            evidence=("dimensionality", "models"),
        ),
        *polytopes.PRODUCTS,
    ),
)

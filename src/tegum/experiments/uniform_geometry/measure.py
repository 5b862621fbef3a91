"""The trained models of uniform superposition, and the tables that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.analysis.catalogue import catalogue, polytope
from tegum.analysis.feature_factors import feature_factor_table
from tegum.analysis.tegum_factors import THRESHOLD, factor_table, factors
from tegum.dims import DENSITY, FEATURE, SEED
from tegum.experiments.base import Lab, Tables
from tegum.experiments.uniform_geometry.training import long_runs, settled, trained
from tegum.runs.select import best, best_rows

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: 1/(1−S) of the sweep: so many levels to a factor of ten, up to 10, and some beyond.
PER_DECADE: Final = 40
LEVELS: Final = tuple(10 ** (k / PER_DECADE) for k in (*range(41), 44, 48, 56, 68))
QUICK_LEVELS: Final = tuple(10 ** (k / PER_DECADE) for k in (0, 2, *range(5, 31, 2), 34, 40))
#: Levels at which the number of dimensions and of features is doubled.
DOUBLED: Final = (2.0, 3.0, 5.0)
#: … and where models are led through from 3 to 2.
ON_THE_WAY: Final = (2.4,)
#: (features, dimensions) of the sweep, of a quick sweep, and of the long runs.
SHAPE: Final = (400, 30)
SMALL: Final = (160, 12)
#: 1/(1−S) of the long runs: among the simplices, and among pentagons and antiprisms.
LONG: Final = (1.42, 1.46, 1.5, 1.54, 1.58, 1.63, 1.7, 3.7, 4.0, 4.4, 4.8, 5.2)
QUICK_LONG: Final = (1.5, 4.8)
#: 1/(1−S) of the models whose graphs are shown: of the sweep, and of the long runs.
SHOWN: Final = (1.78, 3.0, 4.2, 5.3)
SHOWN_LONG: Final = (1.5, 1.58, 4.4, 5.2)


def measure(lab: Lab) -> Tables:
    """All tables of the experiment."""
    shape, levels = lab.pick(SHAPE, SMALL), lab.pick(LEVELS, QUICK_LEVELS)
    sweep = trained(lab, shape, levels, lab.pick(2, 1))
    long = long_runs(lab, SMALL, lab.pick(LONG, QUICK_LONG), lab.pick(4, 1))
    return {**tables_of(sweep, long), "doubled": doubled(lab), "products": products()}


def tables_of(sweep: xr.Dataset, long: xr.Dataset) -> Tables:
    """The tables of both kinds of models; of the sweep, features are those of the lowest loss."""
    import pandas as pd

    lowest = best(sweep)["W"]
    graphs = [graph(sweep, SHOWN), graph(long, SHOWN_LONG)]
    return {
        "models": model_table(sweep),
        "features": feature_factor_table(lowest),
        "factors": factors_of(lowest),
        "long_models": model_table(long),
        "long_features": feature_factor_table(long["W"]),
        "long_factors": factors_of(long["W"]),
        "nodes": pd.concat([nodes for nodes, _ in graphs], ignore_index=True),
        "links": pd.concat([links for _, links in graphs], ignore_index=True),
    }


def model_table(runs: xr.Dataset) -> pd.DataFrame:
    """One row per model.

    `level` 1/(1−S), `seed`, `n_features`, `n_hidden`, `loss` and its standard error, `D_star`,
    `frobenius` ‖W‖_F², `total` Σ D_i, `represented`, `spread` (the standard deviation of ‖W_i‖²
    over features), `longest` ‖W_i‖, and `chosen`: the seed of lowest loss at its density.
    """
    import xarray as xr

    W = runs["W"]
    squares = geometry.norms(W) ** 2
    columns = {
        "loss": runs["loss"],
        "loss_error": runs["loss_error"],
        "D_star": geometry.dimensions_per_feature(W),
        "frobenius": squares.sum(FEATURE),
        "total": geometry.dimensionality(W).sum(FEATURE),
        "represented": geometry.count_represented(W),
        "spread": squares.std(FEATURE),
        "longest": geometry.norms(W).max(FEATURE),
    }
    table = xr.Dataset(columns).to_dataframe(dim_order=[DENSITY, SEED]).reset_index()
    table = table[[DENSITY, SEED, *columns]]
    table.insert(0, "level", 1 / table[DENSITY])
    table["n_features"], table["n_hidden"] = W.sizes[FEATURE], W.sizes["hidden"]
    return table.assign(chosen=table.index.isin(best_rows(table, DENSITY).index))


def factors_of(W: xr.DataArray) -> pd.DataFrame:
    """The factors of all models in W, without lists of features."""
    return factor_table(W).drop(columns=["features", "dimensionality"])


def graph(runs: xr.Dataset, levels: Sequence[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Represented features and the links between them, of the best models nearest to `levels`."""
    import pandas as pd

    nodes, links = [], []
    chosen = best(runs)["W"]
    nearest = chosen.sel({DENSITY: [1 / level for level in levels]}, method="nearest")
    for p in dict.fromkeys(nearest[DENSITY].to_numpy().tolist()):
        W = chosen.sel({DENSITY: p})
        panel = f"n = {W.sizes[FEATURE]}, 1/(1−S) = {1 / p:.3g}"
        features = feature_factor_table(W)
        features = features[features["factor"] >= 0]
        cosine = geometry.cosines(W).to_numpy()
        gram = geometry.gram(W).to_numpy()
        label = np.full(len(cosine), -1)
        label[features[FEATURE]] = features["factor"]
        linked = (np.abs(cosine) > THRESHOLD) & (label >= 0) & (label[:, None] == label)
        i, j = np.nonzero(np.triu(linked, 1))
        nodes.append(features.assign(panel=panel, level=1 / p))
        links.append(
            pd.DataFrame({"panel": panel, "feature": i, "feature_j": j, "gram": gram[i, j]})
        )
    return pd.concat(nodes, ignore_index=True), pd.concat(links, ignore_index=True)


def doubled(lab: Lab) -> pd.DataFrame:
    """‖W‖_F² of small models, and with twice the dimensions or twice the features."""
    import pandas as pd

    n, m = SMALL
    way = lab.pick((*DOUBLED, *ON_THE_WAY), DOUBLED[1:2])
    shown = [1 / level for level in way if level in DOUBLED]
    parts = []
    for shape in ((n, m), (n, 2 * m), (2 * n, m)):
        runs = trained(lab, shape, way, lab.pick(3, 1))
        parts.append(model_table(settled(lab, runs.sel({DENSITY: shown}))))
    kept = ["level", SEED, "n_features", "n_hidden", "loss", "frobenius", "D_star", "chosen"]
    return pd.concat(parts, ignore_index=True)[kept]


def products() -> pd.DataFrame:
    """Every tegum product of the catalogue, taken apart: a row per factor that is found in it.

    `product`, `part` (the factor's name), `count` of its features, `expected` D of the polytope
    `part`, `lowest` and `highest` D_i of its features in the whole product, `across`.
    """
    import pandas as pd

    rows = []
    for entry in catalogue().values():
        if len(entry.parts) < 2:
            continue
        share = geometry.dimensionality(entry.vectors)
        table = feature_factor_table(entry.vectors)
        for factor in factors(entry.vectors):
            own = list(factor.features)
            known = polytope(factor.name).dimensionality if factor.name in catalogue() else [np.nan]
            rows.append(
                {
                    "product": entry.name,
                    "parts": " + ".join(entry.parts),
                    "part": factor.name,
                    "count": factor.size,
                    "expected": np.mean(known),
                    "lowest": share[own].min(),
                    "highest": share[own].max(),
                    "across": table["across"].to_numpy()[own].max(),
                }
            )
    return pd.DataFrame(rows)

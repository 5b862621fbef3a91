"""Data and model sanity: the samples that the engine draws follow the laws it states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY, F64
from tegum.distributions import Independent
from tegum.experiments.base import Claim, Experiment, Judgement, Lab, Tables, when
from tegum.experiments.setup import figures
from tegum.experiments.setup import laws as _laws
from tegum.models import Linear, ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

SECTION: Final = "Demonstrating Superposition: Experiment Setup"

#: Judged models of the last claim.
LINEAR, DENSE, SPARSE = "linear", "ReLU, 1−S = 1", "ReLU, 1−S = 0.03"

#: A deviation of this many standard errors is wrong: by chance in one of a million numbers.
Z_BOUND: Final = 5.0
#: √n times the largest distance of n values' distribution from the uniform one: chance 1e-4.
KS_BOUND: Final = 2.2
#: The standard error of a mean, relative to it: beyond this a test of it would say little.
RESOLUTION: Final = 0.05
#: WᵀW is singular when its smallest eigenvalue is below this times the largest.
SINGULAR: Final = 1e-6
#: A model has no superposition when no represented feature has sup_i above this …
NO_SUPERPOSITION: Final = 0.05
#: … and D_i below this.
WHOLE_DIMENSION: Final = 0.95


def measure(lab: Lab) -> Tables:
    """Samples of every law by both kinds of kernel, and three trained models."""
    return {**_laws.measure(lab), **_invertibility(lab)}


def _invertibility(lab: Lab) -> Tables:
    """The eigenvalues of WᵀW and the features of the best linear, dense and sparse model."""
    import pandas as pd

    plan = Training(steps=2500, learning_rate=5e-3, schedule="cosine", curve_points=0)
    seeds = lab.pick(8, 3)
    law, importance = Independent(n_features=20, feature_probability=0.03), 0.7 ** np.arange(20)
    linear = Problem(law, Linear(n_hidden=5), importance)
    relu = Problem(law, ReLUOutput(n_hidden=5), importance)
    axes = {DENSITY: [1.0, 0.03]}
    trained = best(lab.score(lab.train(relu, axes, plan, seeds)))
    chosen = {
        LINEAR: best(lab.score(lab.train(linear, None, plan, seeds))),
        DENSE: trained.isel(feature_probability=0),
        SPARSE: trained.isel(feature_probability=1),
    }
    parts = [feature_rows(model["W"]).assign(panel=name) for name, model in chosen.items()]
    return {"models": pd.concat(parts, ignore_index=True).assign(best_of=seeds)}


def feature_rows(W: xr.DataArray | F64) -> pd.DataFrame:
    """Per feature ‖W_i‖, sup_i, D_i, and the eigenvalues of WᵀW, largest first, beside them."""
    import pandas as pd

    w = np.asarray(W, dtype=np.float64)
    columns = {
        "feature": np.arange(w.shape[1]),
        "norm": geometry.norms(w),
        "superposition": geometry.superposition(w),
        "dimensionality": geometry.dimensionality(w),
        "eigenvalue": np.linalg.eigvalsh(geometry.gram(w))[::-1],
    }
    return pd.DataFrame(columns)


def judge_law(tables: Tables) -> Judgement:
    """2.a: per feature and over all features, and the values that are not zero."""
    law, active = tables["law"], tables["active_values"]
    names = ["z_mean", "z_variance", "z_active"]
    single = float(law[names].abs().to_numpy().max())
    groups = law.groupby([DENSITY, "model"])[names]
    joint = float(np.abs(groups.sum().to_numpy() / np.sqrt(groups.count().to_numpy())).max())
    distance, resolution = float(active["distance"].max()), float(law["resolution"].max())
    good = max(single, joint) <= Z_BOUND and distance <= KS_BOUND and resolution <= RESOLUTION
    return when(
        good,
        f"{law[names].size} numbers: largest |z| = {single:.2f}, of sums over features "
        f"{joint:.2f}; E[x] known to {resolution:.1%} or better; active values uniform "
        f"(largest √n·distance {distance:.2f})",
        largest_z=single,
        largest_joint_z=joint,
        largest_distance=distance,
        resolution=resolution,
    )


def judge_moments(tables: Tables) -> Judgement:
    """2.b: means and second moments of every law."""
    table = tables["moments"]
    worst = float(table["z"].abs().max())
    square = table[(table["moment"] == "second") & (table["feature"] == table["feature_j"])]
    resolution = float((square["error"] / square["stated"]).median())
    return when(
        worst <= Z_BOUND and resolution <= RESOLUTION,
        f"{len(table)} moments of {table['law'].nunique()} laws at "
        f"{table['highest_probability'].nunique()} probabilities: largest |z| = {worst:.2f}; "
        f"median standard error of E[x_i²] {resolution:.1%}",
        largest_z=worst,
        resolution=resolution,
    )


def judge_invertibility(tables: Tables) -> Judgement:
    """2.c: a model whose WᵀW is singular and whose features all have their own dimension."""
    found: dict[str, float] = {}
    plain, words = [], []
    for key, rows in tables["models"].groupby("panel", sort=False):
        name, shown = str(key), rows[rows["norm"] > geometry.REPRESENTED]
        smallest = float(rows["eigenvalue"].abs().min() / rows["eigenvalue"].max())
        largest, least = float(shown["superposition"].max()), float(shown["dimensionality"].min())
        found |= {f"sup, {name}": largest, f"D, {name}": least, f"eigenvalue, {name}": smallest}
        words.append(f"{name}: largest sup {largest:.2g}, least D {least:.2f}")
        if smallest < SINGULAR and largest < NO_SUPERPOSITION and least > WHOLE_DIMENSION:
            plain.append(name)
    verdict = (
        f"WᵀW is singular without any superposition ({'; '.join(plain)}), "
        "as it must be wherever m < n: sup_i and D_i tell"
        if plain
        else "no model is singular and free of superposition"
    )
    return when(not plain, f"{verdict}. {'; '.join(words)}", **found)


EXPERIMENT = Experiment(
    name="setup",
    title="Experiment setup: data and models",
    section=SECTION,
    summary=(
        "Before anything is trained: do the samples that the training kernels draw follow the "
        "laws they are said to follow? And which quantity tells superposition from its absence?"
    ),
    measure=measure,
    figures=figures.FIGURES,
    claims=(
        Claim(
            id="2.a",
            section=SECTION,
            statement=(
                "A feature is 0 with probability S and uniform on [0, 1] otherwise, so that its "
                "mean is p/2 and its variance p/3 − p²/4, with p = 1 − S."
            ),
            rule=(
                f"Samples drawn by the training kernels, p from 1 to 0.001: mean, variance and "
                f"P(x ≠ 0), for each feature and for all together, within {Z_BOUND:g} standard "
                f"errors; E[x] resolved to {RESOLUTION:.0%}; Kolmogorov–Smirnov statistic "
                f"√n·D ≤ {KS_BOUND:g} for the active values."
            ),
            judge=judge_law,
            evidence=("paper-law", "law", "active_values"),
        ),
        Claim(
            id="2.b",
            section=SECTION,
            statement=(
                "Independent, correlated and anticorrelated features and groups of these, with "
                "uniform, signed, exponential or constant magnitudes, have the stated E[x_i] and "
                "E[x_i x_j]."
            ),
            rule=(
                f"Every first and second moment of samples drawn by the training kernels within "
                f"{Z_BOUND:g} standard errors; E[x_i²] resolved to {RESOLUTION:.0%} (median)."
            ),
            judge=judge_moments,
            evidence=("moments",),
        ),
        Claim(
            id="2.c",
            section="Definitions and Motivation: A Hierarchy of Feature Properties",
            statement="A model has superposition exactly when WᵀW is not invertible.",
            rule=(
                f"Differs if WᵀW of a trained model is singular (smallest eigenvalue < "
                f"{SINGULAR:g} of the largest) while every represented feature has "
                f"sup_i < {NO_SUPERPOSITION:g} and D_i > {WHOLE_DIMENSION:g}."
            ),
            judge=judge_invertibility,
            evidence=("invertibility", "models"),
            expected="differs",
        ),
    ),
)

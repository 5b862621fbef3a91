"""What the experiment `setup` claims, and the rules that decide."""

from __future__ import annotations

from typing import Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, some, when

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

claims = Claims("Demonstrating Superposition: Experiment Setup")
hierarchy = Claims("Definitions and Motivation: A Hierarchy of Feature Properties")


@claims(
    "2.a",
    "A feature is 0 with probability S and uniform on [0, 1] otherwise, so that its mean is p/2 "
    "and its variance p/3 − p²/4, with p = 1 − S.",
    rule="Samples drawn by the training kernels, p from 1 to 0.001: mean, variance and P(x ≠ 0), "
    f"for each feature and for all together, within {Z_BOUND:g} standard errors; E[x] resolved to "
    f"{RESOLUTION:.0%}; Kolmogorov–Smirnov statistic √n·D ≤ {KS_BOUND:g} for the active values.",
    evidence=("paper-law", "law", "active_values"),
)
def law(tables: Tables) -> Judgement:
    rows, names = tables["law"], ["z_mean", "z_variance", "z_active"]
    single = rows[names].abs().to_numpy().max()
    groups = rows.groupby([DENSITY, "model"])[names]
    joint = np.abs(groups.sum().to_numpy() / np.sqrt(groups.count().to_numpy())).max()
    distance, resolution = tables["active_values"]["distance"].max(), rows["resolution"].max()
    good = max(single, joint) <= Z_BOUND and distance <= KS_BOUND and resolution <= RESOLUTION
    return when(
        good,
        f"{rows[names].size} numbers: largest |z| = {single:.2f}, of sums over features "
        f"{joint:.2f}; E[x] known to {resolution:.1%} or better; active values uniform "
        f"(largest √n·distance {distance:.2f})",
        largest_z=single, largest_joint_z=joint, largest_distance=distance, resolution=resolution,
    )  # fmt: skip


@claims(
    "2.b",
    "Independent, correlated and anticorrelated features and groups of these, with uniform, "
    "signed, exponential or constant magnitudes, have the stated E[x_i] and E[x_i x_j].",
    rule="Every first and second moment of samples drawn by the training kernels within "
    f"{Z_BOUND:g} standard errors; E[x_i²] resolved to {RESOLUTION:.0%} (median). (A quick run "
    "drew a quarter of the samples until it was seen to find errors of rare products too small.)",
    evidence=("moments",),
)
def moments(tables: Tables) -> Judgement:
    table = tables["moments"]
    worst = table["z"].abs().max()
    square = table[(table["moment"] == "second") & (table["feature"] == table["feature_j"])]
    resolution = (square["error"] / square["stated"]).median()
    return when(
        worst <= Z_BOUND and resolution <= RESOLUTION,
        f"{len(table)} moments of {table['law'].nunique()} laws at "
        f"{table['highest_probability'].nunique()} probabilities: largest |z| = {worst:.2f}; "
        f"median standard error of E[x_i²] {resolution:.1%}",
        largest_z=worst, resolution=resolution,
    )  # fmt: skip


@hierarchy(
    "2.c",
    "A model has superposition whenever WᵀW is not invertible.",
    rule=f"Differs if WᵀW of a trained model is singular (smallest eigenvalue < {SINGULAR:g} of "
    f"the largest) while every represented feature has sup_i < {NO_SUPERPOSITION:g} and D_i > "
    f"{WHOLE_DIMENSION:g}.",
    evidence=("invertibility", "models"),
    expected="differs",
)
def invertibility(tables: Tables) -> Judgement:
    found: dict[str, float] = {}
    plain, words = [], []
    for name, rows in some(tables["models"]).groupby("panel", sort=False):
        shown = rows[rows["norm"] > geometry.REPRESENTED]
        smallest = rows["eigenvalue"].abs().min() / rows["eigenvalue"].max()
        largest, least = shown["superposition"].max(), shown["dimensionality"].min()
        found |= {f"sup, {name}": largest, f"D, {name}": least, f"eigenvalue, {name}": smallest}
        words.append(f"{name}: largest sup {largest:.2g}, least D {least:.2f}")
        if smallest < SINGULAR and largest < NO_SUPERPOSITION and least > WHOLE_DIMENSION:
            plain.append(str(name))
    verdict = (
        f"WᵀW is singular without any superposition ({'; '.join(plain)}), "
        "as it must be wherever m < n: sup_i and D_i tell"
        if plain
        else "no model is singular and free of superposition"
    )
    return when(not plain, f"{verdict}. {'; '.join(words)}", **found)

"""What is claimed of small models, whose circuits can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.computation.circuits import (
    DENSITIES,
    ENOUGH,
    FEATURES,
    HIDDEN,
    MOTIF_DENSITY,
    SMALL,
)
from tegum.experiments.computation.claims import SECTION

if TYPE_CHECKING:
    import pandas as pd

#: Output weights of the circuit without superposition are 1 within this; others are below it.
UNIT: Final = 0.05
#: Seeds with the motif: at least, and of the renamed models less than.
FREQUENT, RARE = 0.7, 0.15
SURE: Final = 5.0
MOVED: Final = 1e-6
SIZE: Final = f"(n = {FEATURES}, m = {HIDDEN}, importance .8^i)"

basic = Claims(f"{SECTION}: Basic Results")
motif = Claims("The Asymmetric Superposition Motif")


@basic(
    "40.a",
    "With two neurons for each feature a model computes |x| without superposition: one neuron for "
    "x > 0, one for x < 0, each with output weight 1.",
    rule=f"a neuron for each sign of each of {SMALL} features, output weights 1 ± {UNIT:g}, all "
    f"other weights below {UNIT:g}, in the model of lowest loss",
    evidence=("small-circuit", "small_models"),
)
def pairs(tables: Tables) -> Judgement:
    table = tables["small_models"]
    exact = table["paired"] & (table["output_off"] <= UNIT) & (table["other"] <= UNIT)
    at = table["loss"].argmin()
    best = table.iloc[at]
    return when(
        exact.iloc[at],
        f"best of {len(table)}: output weights within {best['output_off']:.1e} of 1, all others "
        f"below {best['other']:.1e}, loss {best['loss']:.1e}; so are {exact.mean():.0%} of seeds",
        output_off=best["output_off"], other=best["other"], fraction=exact.mean(),
    )  # fmt: skip


@motif(
    "44.a",
    "Most small models of sparse features hold a motif: a neuron stores two features with weights "
    "of unequal size and output weights the other way round, and another neuron inhibits the "
    "output that would be disturbed.",
    rule=f"in ≥ {FREQUENT:.0%} of seeds {SIZE} at 1−S = 0.1, each instance proved by ablation "
    "where only the two features are active",
    evidence=("motif-frequency", "motif-circuit", "motif_models", "motifs"),
    quick=False,
)
def frequent(tables: Tables) -> Judgement:
    rows = _small(tables["motif_models"], MOTIF_DENSITY)
    fraction, best = share(rows), rows.iloc[rows["loss"].argmin()]
    by_density = ", ".join(
        f"{share(own):.0%} at {p:g}"
        for p in DENSITIES[0]
        if len(own := _small(tables["motif_models"], p))
    )
    return when(
        fraction >= FREQUENT,
        f"in {fraction:.0%} of {len(rows)} seeds, {rows['motifs'].mean():.1f} instances each; "
        f"{best['motifs']} in the model of lowest loss; by density: {by_density}",
        fraction=fraction,
    )


@motif(
    "44.b",
    "It belongs to superposition: dense features have none, and models with two neurons for each "
    "feature have none.",
    rule=f"no instance in any model at 1−S ≥ 0.5, nor with m = 2n = {ENOUGH}",
    evidence=("motif-frequency", "motif_models"),
    quick=False,
)
def absent(tables: Tables) -> Judgement:
    table = tables["motif_models"]
    dense = table[(table["n_hidden"] == HIDDEN) & (table[DENSITY] >= 0.5)]
    roomy = table[table["n_hidden"] == ENOUGH]
    counts = [(some(rows, "models")["motifs"] > 0).sum() for rows in (dense, roomy)]
    return when(
        sum(counts) == 0,
        f"{counts[0]} of {len(dense)} models at 1−S ≥ 0.5, {counts[1]} of {len(roomy)} with "
        f"{ENOUGH} neurons at 1−S={MOTIF_DENSITY:g}",
        dense=counts[0], roomy=counts[1],
    )  # fmt: skip


@motif(
    "44.c",
    "It is made, not met by chance.",
    rule=f"less than {RARE:.0%} of the same models with the features of each neuron renamed at "
    "random have it, in shape or proved",
    evidence=("motif-frequency", "renamed"),
)
def renamed(tables: Tables) -> Judgement:
    table = tables["renamed"]
    shape, proved = table["shape"].mean(), table["proved"].mean()
    return when(
        max(shape, proved) < RARE,
        f"of {len(table)} models with renamed features {shape:.1%} have the shape, {proved:.1%} "
        "pass the ablation",
        shape=shape, proved=proved,
    )  # fmt: skip


@motif(
    "44.d",
    "The inhibition keeps the loss low.",
    rule="for every instance cutting the inhibitory weight raises the loss on whole samples by "
    f"more than {SURE:g} standard errors",
    evidence=("motifs",),
    quick=False,
)
def needed(tables: Tables) -> Judgement:
    table = _small(tables["motifs"], MOTIF_DENSITY)
    sure = table["rise"] / table["rise_error"]
    factor = table["loss_cut"] / table["loss"]
    return when(
        len(table) and (sure > SURE).all(),
        f"cutting the inhibitory weight raises the loss in all but {(sure <= SURE).sum()} of "
        f"{len(table)} instances, by {table['rise'].min():.1e} to {table['rise'].max():.1e} "
        f"(least {sure.min():.0f} standard errors); of the two features' data the secondary "
        f"output's loss grows {factor.min():.0f} to {factor.max():.0f} times",
        least_errors=sure.min(),
    )


@basic(
    "45.a",
    "Scaling a neuron's input weights up and its output weights down leaves the model as it is.",
    rule=f"random factors e^±2 and the canonical form change no output by {MOVED:g}, and the "
    "canonical form not at all by more",
    evidence=("rescaled",),
)
def rescaling(tables: Tables) -> Judgement:
    table = tables["rescaled"]
    moved, canonical = table["moved"].max(), table["canonical"].max()
    return when(
        moved < MOVED and canonical < MOVED,
        f"largest change of an output {moved:.1e}, of a canonical weight {canonical:.1e}, over "
        f"{len(table)} models",
        worst=max(moved, canonical),
    )


def _small(table: pd.DataFrame, p: float) -> pd.DataFrame:
    """The models that have too few neurons, at a density."""
    return table[(table["n_hidden"] == HIDDEN) & (table[DENSITY] == p)]


def share(rows: pd.DataFrame) -> float:
    """The part of models that have the motif."""
    return float((rows["motifs"] > 0).mean())

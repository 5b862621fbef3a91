"""What is judged of computation in superposition, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.computation.circuits import (
    DENSITIES,
    ENOUGH,
    HIDDEN,
    MOTIF_DENSITY,
)
from tegum.experiments.computation.sweep import CURRICULUM, RANDOM
from tegum.experiments.computation.sweep import DENSITIES as SWEPT

if TYPE_CHECKING:
    import pandas as pd

#: Output weights of the circuit without superposition are 1 within this; others are below it.
UNIT: Final = 0.05
#: Dense models are monosemantic: at most this part of their neurons stores more than a feature.
DENSE, IMPURE = (1.0, 0.3), 0.05
#: Polysemantic mass may fall by this from one density to the next: a hundredth of a weight of 1.
SLACK: Final = 0.01
#: Features that are computed when they are sparse, and what is sparse.
MANY, SPARSE = 20, 0.03
#: Both kinds of neurons: at least this many of each, at the intermediate density.
KINDS, MIDDLE = 5, 0.03
CORRELATION: Final = -0.5
#: A neuron with a primary feature: its second largest weight is at most this part of it.
CLEAR: Final = 0.5
TOP_SHARE, LOW_SHARE = 0.9, 0.5
MOVED: Final = 1e-6
#: Seeds with the motif: at least, and of the renamed models less than.
FREQUENT, RARE = 0.7, 0.15
SURE: Final = 5.0


def judge_pairs(tables: Tables) -> Judgement:
    """40.a: a neuron for each sign of each feature, with output weights 1."""
    table = tables["small_models"]
    exact = table["paired"] & (table["output_off"] <= UNIT) & (table["other"] <= UNIT)
    at = int(table["loss"].to_numpy().argmin())
    best = table.iloc[at]
    return when(
        exact.iloc[at],
        f"best of {len(table)}: output weights within {best['output_off']:.1e} of 1, all others "
        f"below {best['other']:.1e}, loss {best['loss']:.1e}; so are {exact.mean():.0%} of seeds",
        output_off=best["output_off"],
        other=best["other"],
        fraction=exact.mean(),
    )


def shown(tables: Tables) -> pd.DataFrame:
    """The model of lowest loss at each density, of both routes, from dense to sparse."""
    table = tables["models"]
    table = table[table[DENSITY].isin(SWEPT) & table["loss"].notna()]
    best = table.loc[table.groupby(DENSITY)["loss"].idxmin()]
    return best.sort_values(DENSITY, ascending=False).reset_index(drop=True)


def judge_dense(tables: Tables) -> Judgement:
    """41.a: dense models have monosemantic neurons."""
    rows = shown(tables)
    rows = rows[rows[DENSITY].isin(DENSE)]
    share = rows["polysemantic"] / (rows["monosemantic"] + rows["polysemantic"])
    return when(
        (share <= IMPURE).all(),
        _list(rows, "polysemantic") + " polysemantic neurons; " + _known(tables, DENSE),
        **{f"polysemantic_{r[DENSITY]:g}": float(r["polysemantic"]) for _, r in rows.iterrows()},
    )


def judge_mass(tables: Tables) -> Judgement:
    """41.b: polysemantic mass grows with sparsity."""
    rows = shown(tables)
    falls = -np.diff(rows["mass"].to_numpy())
    return when(
        (falls <= SLACK).all() and rows["mass"].iloc[-1] > rows["mass"].iloc[0],
        "weight beyond the largest, for each neuron: "
        + _list(rows, "mass", "{:.3f}")
        + "; "
        + _routes(rows),
        largest_fall=falls.max(),
    )


def judge_many(tables: Tables) -> Judgement:
    """41.c: more features are computed than there are pairs of neurons."""
    rows = shown(tables)
    rows = rows[rows[DENSITY] <= SPARSE]
    return when(
        (rows["computed"] > MANY).all(),
        _list(rows, "computed")
        + f" features computed; {_routes(rows)}; {_known(tables, rows[DENSITY])}",
        least=rows["computed"].min(),
    )


def judge_both_kinds(tables: Tables) -> Judgement:
    """42.a: pure and polysemantic neurons side by side."""
    rows = shown(tables)
    row = rows[rows[DENSITY] == MIDDLE].iloc[0]
    return when(
        min(row["monosemantic"], row["polysemantic"]) >= KINDS,
        f"{row['monosemantic']} monosemantic and {row['polysemantic']} polysemantic neurons at "
        f"1−S={MIDDLE:g} ({row['route']}); {_known(tables, [MIDDLE])}",
        monosemantic=row["monosemantic"],
        polysemantic=row["polysemantic"],
    )


def judge_importance(tables: Tables) -> Judgement:
    """42.b: the more important a neuron's first feature, the purer the neuron."""
    from scipy.stats import spearmanr

    own = tables["neurons"]
    found = {}
    for p, rows in own.groupby(DENSITY):
        if rows["mass"].std() > 0:
            found[float(str(p))] = float(spearmanr(rows["importance"], rows["mass"]).statistic)
    words = ", ".join(f"{found[p]:.2f} at 1−S={p:g}" for p in sorted(found, reverse=True))
    return when(
        found.get(MIDDLE, 1.0) < CORRELATION,
        f"rank correlation of importance and weight beyond the largest: {words}",
        correlation=found.get(MIDDLE, float("nan")),
    )


def with_primary(tables: Tables) -> pd.DataFrame:
    """Polysemantic neurons with a clear primary feature, at the intermediate density."""
    own = tables["neurons"]
    chosen = (own[DENSITY] == MIDDLE) & (own["held"] > 1) & (own["second"] <= CLEAR)
    return own[chosen]


def judge_top(tables: Tables) -> Judgement:
    """43.a: the largest activations are the primary feature's."""
    rows = with_primary(tables)
    share = rows["share_top"]
    return when(
        len(rows) > 0 and share.mean() >= TOP_SHARE,
        f"{len(rows)} such neurons; share of the primary feature in the highest 1 % of "
        f"activations {share.mean():.1%} (least {share.min():.1%})",
        mean=share.mean(),
        least=share.min(),
    )


def judge_low(tables: Tables) -> Judgement:
    """43.b: small activations are of many features."""
    rows = with_primary(tables)
    low = rows["share_low"]
    return when(
        len(rows) > 0 and low.mean() < LOW_SHARE and (low < rows["share_top"]).all(),
        f"share of the primary feature in the lower half of activations {low.mean():.1%} "
        f"(most {low.max():.1%}), of {len(rows)} neurons",
        mean=low.mean(),
        most=low.max(),
    )


def judge_motif(tables: Tables) -> Judgement:
    """44.a: the motif is frequent in small models of sparse features."""
    rows = _seeds(tables, HIDDEN, MOTIF_DENSITY)
    share, best = (rows["motifs"] > 0).mean(), rows.iloc[int(rows["loss"].to_numpy().argmin())]
    return when(
        share >= FREQUENT,
        f"in {share:.0%} of {len(rows)} seeds, {rows['motifs'].mean():.1f} instances each; "
        f"{best['motifs']} in the model of lowest loss; by density: {_by_density(tables)}",
        fraction=share,
    )


def judge_no_motif(tables: Tables) -> Judgement:
    """44.b: not where features are dense, nor where every feature has two neurons."""
    table = tables["motif_models"]
    dense = table[(table["n_hidden"] == HIDDEN) & (table[DENSITY] >= 0.5)]
    roomy = table[table["n_hidden"] == ENOUGH]
    counts = [(rows["motifs"] > 0).sum() for rows in (dense, roomy)]
    return when(
        sum(counts) == 0,
        f"{counts[0]} of {len(dense)} models at 1−S ≥ 0.5, {counts[1]} of {len(roomy)} with "
        f"{ENOUGH} neurons at 1−S={MOTIF_DENSITY:g}",
        dense=counts[0],
        roomy=counts[1],
    )


def judge_renamed(tables: Tables) -> Judgement:
    """44.c: chance does not make it."""
    table = tables["renamed"]
    shape, proved = table["shape"].mean(), table["proved"].mean()
    return when(
        max(shape, proved) < RARE,
        f"of {len(table)} models with renamed features {shape:.1%} have the shape, {proved:.1%} "
        "pass the ablation",
        shape=shape,
        proved=proved,
    )


def judge_rise(tables: Tables) -> Judgement:
    """44.d: the inhibition is needed on whole samples, too."""
    table = tables["motifs"]
    table = table[(table["n_hidden"] == HIDDEN) & (table[DENSITY] == MOTIF_DENSITY)]
    sure = table["rise"] / table["rise_error"]
    factor = table["loss_cut"] / table["loss"]
    return when(
        len(table) > 0 and (sure > SURE).all(),
        f"cutting the inhibitory weight raises the loss in all but {(sure <= SURE).sum()} of "
        f"{len(table)} instances, by {table['rise'].min():.1e} to {table['rise'].max():.1e} "
        f"(least {sure.min():.0f} standard errors); of the two features' data the secondary "
        f"output's loss grows {factor.min():.0f} to {factor.max():.0f} times",
        least_errors=sure.min(),
    )


def judge_rescaling(tables: Tables) -> Judgement:
    """45.a: rescaled neurons, the same model."""
    table = tables["rescaled"]
    worst = float(table[["moved", "canonical"]].max().max())
    return when(
        worst < MOVED,
        f"largest change of an output {table['moved'].max():.1e}, of a canonical weight "
        f"{table['canonical'].max():.1e}, over {len(table)} models",
        worst=worst,
    )


def judge_tasks(tables: Tables) -> Judgement:
    """45.b: a lower loss at another density is not a better model."""
    table = tables["tasks"].set_index(["trained_at", "task"])["loss"].to_dict()
    sparse, dense = float(tables["tasks"]["trained_at"].min()), 0.3
    own = (table[sparse, sparse], table[dense, dense])
    swapped = table[sparse, dense]
    return when(
        own[0] < own[1] < swapped,
        f"the model of 1−S={sparse:g} has loss {own[0]:.1e}, that of {dense:g} {own[1]:.1e}; on "
        f"the task of {dense:g} the former has {swapped:.1e}, {swapped / own[1]:.1f} times as much",
        ratio=swapped / own[1],
    )


def _seeds(tables: Tables, m: int, p: float) -> pd.DataFrame:
    table = tables["motif_models"]
    return table[(table["n_hidden"] == m) & (table[DENSITY] == p)]


def _by_density(tables: Tables) -> str:
    parts = []
    for p in DENSITIES:
        rows = _seeds(tables, HIDDEN, p)
        if len(rows):
            parts.append(f"{(rows['motifs'] > 0).mean():.0%} at {p:g}")
    return ", ".join(parts)


def _list(rows: pd.DataFrame, column: str, form: str = "{:g}") -> str:
    return ", ".join(
        f"{form.format(value)} at {p:g}"
        for p, value in zip(rows[DENSITY], rows[column], strict=True)
    )


def _routes(rows: pd.DataFrame) -> str:
    by = rows[rows["route"] == CURRICULUM][DENSITY]
    return "curriculum at " + ", ".join(f"{p:g}" for p in by) if len(by) else "all from random"


def _known(tables: Tables, densities: object) -> str:
    """The lowest losses of both routes, N, and how many come within a tenth of the lowest."""
    table = tables["models"]
    words = []
    for p in densities:  # type: ignore[attr-defined]
        rows = table[table[DENSITY] == p]
        lowest = rows["loss"].min()
        near = (rows["loss"] <= 1.1 * lowest).mean()
        parts = [
            f"{name} {own['loss'].min():.2g}±{own.loc[own['loss'].idxmin(), 'loss_error']:.1g}"
            for name in (RANDOM, CURRICULUM)
            if len(own := rows[rows["route"] == name])
        ]
        words.append(f"{p:g}: {', '.join(parts)} of {len(rows)}, {near:.0%} within 10 %")
    return "losses at " + "; ".join(words)

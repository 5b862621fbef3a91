"""What is claimed of fractional dimensions under pressure, and of leverage, and the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.fractional_dimensions.measure import DENSITIES, FRACTIONS, ON_LINE

if TYPE_CHECKING:
    import pandas as pd

#: Standard errors of a difference of means that count as one.
CLEAR: Final = 2.0
#: Where more than this part is on the fractions with the fewest features, none is left to gain.
FULL: Final = 0.95
#: Identities of matrices hold to rounding.
ROUNDING: Final = 1e-6
#: Σ D_i is the number of dimensions to this part.
ADD_UP: Final = 0.01
#: Exact minima of small models are tight frames within this part.
TIGHT: Final = 1e-3
#: On the plateau of digons so many represented features are in tight factors.
IN_TIGHT: Final = 0.95

_LINES: Final = f"the part of the represented features with D_i within {ON_LINE:g} of " + ", ".join(
    f"{f:.3g}" for f in FRACTIONS
)

claims = Claims("Comments & Replications")


def means(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """`mean` of `on_line` over seeds and its standard `error`, by density and `by`."""
    groups = some(rows).groupby([DENSITY, by])["on_line"]
    return groups.agg(["mean", "sem"]).rename(columns={"sem": "error"}).sort_index()


def _ends(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """By density: first and last mean, their difference, and that over its standard error."""
    import pandas as pd

    found = means(rows, by)
    ends = {}
    for p, own in found.groupby(level=0):
        first, last = own.iloc[0], own.iloc[-1]
        error = np.hypot(first["error"], last["error"])
        ends[p] = {"first": first["mean"], "last": last["mean"], "error": error}
    table = pd.DataFrame(ends).T.sort_index(ascending=False)
    return table.assign(rise=table["last"] - table["first"])


def _words(ends: pd.DataFrame) -> str:
    return ", ".join(
        f"{row.first:.0%} → {row.last:.0%} (± {row.error:.0%}) at 1−S = {row.Index:g}"
        for row in ends.itertuples()
    )


@claims(
    "57.a",
    "More features that compete for the dimensions bring cleaner fractions.",
    rule=f"{_LINES} (mean over seeds) is larger with the most features than with the fewest by > "
    f"{CLEAR:g} standard errors at every density at which it is ≤ {FULL:.0%} with the fewest (this "
    "exception was made after a run: on the plateau of digons any number of features is on ½)",
    evidence=("pressure", "on-lines"),
    quick=False,
)
def pressure(tables: Tables) -> Judgement:
    ends = _ends(tables["pressure"], "n_features")
    n = tables["pressure"]["n_features"]
    open_ = some(ends[ends["first"] <= FULL])
    return when(
        (open_["rise"] > CLEAR * open_["error"]).all(),
        f"{n.min()} → {n.max()} features: {_words(ends)}",
        least=open_["rise"].min(),
    )


@claims(
    "57.b",
    "That is especially so when features are sparse.",
    rule="the rise of 57.a is larger at the sparsest density than at the densest by > "
    f"{CLEAR:g} standard errors",
    evidence=("pressure", "on-lines"),
    quick=False,
)
def sparser(tables: Tables) -> Judgement:
    ends = _ends(tables["pressure"], "n_features")
    dense, sparse = ends.iloc[0], ends.iloc[-1]
    error = np.hypot(dense["error"], sparse["error"])
    return when(
        sparse["rise"] - dense["rise"] > CLEAR * error,
        f"a rise of {dense['rise']:.0%} at 1−S = {ends.index[0]:g} and of {sparse['rise']:.0%} at "
        f"{ends.index[-1]:g} (± {error:.0%})",
        dense=dense["rise"], sparse=sparse["rise"],
    )  # fmt: skip


@claims(
    "57.c",
    "Longer training brings cleaner fractions.",
    rule=f"{_LINES} (mean over seeds) is larger after the longest training than after the shortest "
    f"by > {CLEAR:g} standard errors at every density",
    evidence=("lengths", "on-lines"),
    quick=False,
)
def longer(tables: Tables) -> Judgement:
    ends = _ends(tables["lengths"], "steps")
    steps = tables["lengths"]["steps"]
    return when(
        (ends["rise"] > CLEAR * ends["error"]).all(),
        f"{steps.min()} → {steps.max()} steps: {_words(ends)}",
        least=ends["rise"].min(),
    )


@claims(
    "58.a",
    "Leverage scores τ_i = W_iᵀ(WWᵀ)⁺W_i add up to the rank.",
    rule=f"|Σ τ_i − rank W| ≤ {ROUNDING:g} for every trained model and random matrix",
    evidence=("leverage",),
)
def adds_up(tables: Tables) -> Judgement:
    rows = some(tables["leverage"])
    off = (rows["leverage"] - rows["rank"]).abs().max()
    return when(off <= ROUNDING, f"within {off:.1e} for {len(rows)} matrices", off=off)


@claims(
    "58.b",
    "D_i is at most τ_i, and equal where W_i is an eigenvector of S = WWᵀ.",
    rule="for every feature of every model and random matrix D_i ≤ τ_i, and τ_i/D_i − 1 lies "
    "between μ/s_max and μ/s_min times the relative square of S W_i − μ W_i (μ = ‖W_i‖²/D_i, s the "
    f"eigenvalues of S), to {ROUNDING:g}",
    evidence=("leverage", "shares", "leverage-and-dimensionality"),
)
def at_most(tables: Tables) -> Judgement:
    rows = some(tables["leverage"])
    above, outside = rows["above"].max(), rows["outside"].max()
    pairs = some(tables["shares"])
    exact = (pairs["tau"] / pairs["D"] - 1 < 1e-3).mean()
    return when(
        above <= ROUNDING and outside <= ROUNDING,
        f"D_i − τ_i ≤ {above:.1e}, outside the bounds by {max(outside, 0.0):.1e} at most; equal to "
        f"a thousandth for {exact:.0%} of the represented features of the models of lowest loss",
        above=above, outside=outside, equal=exact,
    )  # fmt: skip


@claims(
    "58.c",
    "In trained models, whose features are well spread, dimensionalities add up to the number of "
    "dimensions as leverages do; those of random matrices do not.",
    rule=f"Σ D_i ≥ {1 - ADD_UP:g} × rank for every trained model, and less for every Gaussian "
    "matrix of the same shape",
    evidence=("leverage",),
    quick=False,
)
def spread(tables: Tables) -> Judgement:
    rows = some(tables["leverage"])
    part = rows["dimensionality"] / rows["rank"]
    trained, random = (part[rows["kind"] == kind] for kind in ("trained", "random"))
    return when(
        trained.min() >= 1 - ADD_UP and random.max() < 1 - ADD_UP,
        f"Σ D_i over the rank: {trained.min():.4f} to {trained.max():.4f} in {len(trained)} "
        f"trained models, {random.min():.3f} to {random.max():.3f} in {len(random)} random ones",
        trained=trained.min(), random=random.max(),
    )  # fmt: skip


@claims(
    "58.d",
    "Each tegum factor is a tight frame, whose k features share its d dimensions evenly: D = d/k.",
    rule="every factor of the lowest exact minima of small models: largest eigenvalue of its WWᵀ "
    f"at most {TIGHT:g} above the smallest on its space, D_i = d/k within {TIGHT:g}",
    evidence=("frames",),
)
def tight(tables: Tables) -> Judgement:
    rows = some(tables["frames"])
    names = ", ".join(
        f"{row.name} {row.rank}/{row.size}"
        for row in rows.drop_duplicates(["name", "size"])[["name", "rank", "size"]].itertuples(
            index=False
        )
    )
    return when(
        rows["spread"].max() <= TIGHT and rows["off"].max() <= TIGHT,
        f"{len(rows)} factors ({names}): eigenvalues within {rows['spread'].max():.1e}, D_i within "
        f"{rows['off'].max():.1e}",
        spread=rows["spread"].max(), off=rows["off"].max(),
    )  # fmt: skip


@claims(
    "58.e",
    "So are those of larger models where features are in digons.",
    rule=f"1−S = {DENSITIES[0]:g}, lowest loss, for each number of features: ≥ {IN_TIGHT:.0%} of "
    "the represented features are in factors whose Σ D_i is their rank to 1 %",
    evidence=("shares",),
    quick=False,
)
def digons(tables: Tables) -> Judgement:
    rows = some(tables["shares"])
    part = rows.groupby([DENSITY, "n_features"])["tight"].mean()
    own = part.loc[DENSITIES[0]]
    others = ", ".join(
        f"{rows[rows[DENSITY] == p]['tight'].mean():.0%} at {p:g}" for p in DENSITIES[1:]
    )
    return when(
        own.min() >= IN_TIGHT,
        ", ".join(f"{value:.0%} (n = {n})" for n, value in own.items()) + f"; of all n {others}",
        least=own.min(),
    )

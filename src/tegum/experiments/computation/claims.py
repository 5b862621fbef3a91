"""What is claimed of a hundred features on forty neurons, from dense to sparse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.computation.measure import (
    COMPUTED,
    COUNTED,
    CURRICULUM,
    DENSITIES,
    LEAST,
    RANDOM,
)
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    import pandas as pd

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

_SHOWN, _KINDS = ("neurons-by-sparsity", "routes", "models"), ("kinds-of-neurons", "neurons")

SECTION: Final = "Computation in Superposition"
claims = Claims(f"{SECTION}: Superposition vs Sparsity")


def shown(tables: Tables) -> pd.DataFrame:
    """The model of lowest loss at each density, of both routes, from dense to sparse."""
    table = some(tables["models"])
    best = best_rows(table[table[DENSITY].isin(DENSITIES)], DENSITY)
    return best[::-1].reset_index(drop=True)


@claims(
    "41.a",
    "When features are dense nearly every neuron stores one feature.",
    rule=f"at 1−S = 1 and 0.3 at most {IMPURE:.0%} of the neurons of the model of lowest loss are "
    f"polysemantic (|v| and |v w| > {COUNTED:g}, rescaled)",
    evidence=_SHOWN,
    quick=False,
)
def dense(tables: Tables) -> Judgement:
    rows = shown(tables)
    rows = rows[rows[DENSITY].isin(DENSE)]
    share = rows["polysemantic"] / (rows["monosemantic"] + rows["polysemantic"])
    return when(
        len(rows) == len(DENSE) and (share <= IMPURE).all(),
        f"{_list(rows, 'polysemantic')} polysemantic neurons; {_known(tables, DENSE)}",
        **{f"polysemantic_{row[DENSITY]:g}": row["polysemantic"] for _, row in rows.iterrows()},
    )


@claims(
    "41.b",
    "The sparser the features, the more weight is on features beyond a neuron's largest.",
    rule="from 1−S = 1 to 0.001 the mean of Σ|v| beyond the largest falls by more than "
    f"{SLACK:g} nowhere, and ends higher than it begins",
    evidence=_SHOWN,
    quick=False,
)
def mass(tables: Tables) -> Judgement:
    rows = shown(tables)
    falls = -np.diff(rows["mass"].to_numpy())
    return when(
        len(rows) == len(DENSITIES)
        and (falls <= SLACK).all()
        and rows["mass"].iloc[-1] > rows["mass"].iloc[0],
        f"weight beyond the largest, for each neuron: {_list(rows, 'mass', '.3f')}; "
        f"{_routes(rows)}",
        largest_fall=falls.max(),
    )


@claims(
    "41.c",
    "When features are sparse the model computes |x| for more features than it has pairs of "
    "neurons.",
    rule=f"more than {MANY} outputs answer x = ±1 by over {COMPUTED:g} at every 1−S ≤ {SPARSE:g}",
    evidence=_SHOWN,
    quick=False,
)
def many(tables: Tables) -> Judgement:
    rows = shown(tables)
    rows = some(rows[rows[DENSITY] <= SPARSE])
    return when(
        (rows["computed"] > MANY).all(),
        f"{_list(rows, 'computed')} features computed; {_routes(rows)}; "
        f"{_known(tables, rows[DENSITY])}",
        least=rows["computed"].min(),
    )


@claims(
    "42.a",
    "At intermediate sparsity pure neurons and polysemantic ones are found in one model.",
    rule=f"at 1−S = {MIDDLE:g} at least {KINDS} of each; at how many densities is reported",
    evidence=_SHOWN,
    quick=False,
)
def both_kinds(tables: Tables) -> Judgement:
    rows = shown(tables)
    both = rows[["monosemantic", "polysemantic"]].ge(KINDS).all(axis=1)
    middle, so = rows[DENSITY] == MIDDLE, rows.loc[both, DENSITY]
    row = rows[middle].iloc[0]
    return when(
        both[middle].all(),
        f"{row['monosemantic']} monosemantic and {row['polysemantic']} polysemantic neurons at "
        f"1−S={MIDDLE:g} ({row['route']}); at least {KINDS} of each at {_at(so, rows)}; "
        f"{_known(tables, [MIDDLE])}",
        monosemantic=row["monosemantic"], polysemantic=row["polysemantic"], densities=len(so),
    )  # fmt: skip


@claims(
    "42.b",
    "Neurons of the most important features tend to be monosemantic.",
    rule="rank correlation of the importance of a neuron's first feature and its weight beyond the "
    f"largest < {CORRELATION:g} at 1−S = {MIDDLE:g}; at how many densities is reported",
    evidence=_KINDS,
    quick=False,
)
def importance(tables: Tables) -> Judgement:
    from scipy.stats import spearmanr

    found = {
        float(str(p)): spearmanr(rows["importance"], rows["mass"]).statistic
        for p, rows in tables["neurons"].groupby(DENSITY)
        if rows["mass"].std() > 0
    }
    words = ", ".join(f"{found[p]:.2f} at 1−S={p:g}" for p in sorted(found, reverse=True))
    so = [p for p, correlation in sorted(found.items())[::-1] if correlation < CORRELATION]
    return when(
        found.get(MIDDLE, 1.0) < CORRELATION,
        f"rank correlation of importance and weight beyond the largest: {words}; < "
        f"{CORRELATION:g} at {_at(so, tables['neurons'])}",
        correlation=found.get(MIDDLE, np.nan), densities=len(so),
    )  # fmt: skip


def with_primary(tables: Tables) -> pd.DataFrame:
    """Polysemantic neurons with a clear primary feature, at the intermediate density."""
    own = tables["neurons"]
    return own[(own[DENSITY] == MIDDLE) & (own["held"] > 1) & (own["second"] <= CLEAR)]


@claims(
    "43.a",
    "The largest activations of a polysemantic neuron with a primary feature are nearly all that "
    "feature's.",
    rule=f"at 1−S = {MIDDLE:g}, over polysemantic neurons whose second weight is at most {CLEAR:g} "
    f"of the first, ≥ {TOP_SHARE:.0%} of the highest 1 % of activations (above {LEAST:g} of the "
    "largest) are dominated by the primary feature, on average",
    evidence=_KINDS,
    quick=False,
)
def top(tables: Tables) -> Judgement:
    share = with_primary(tables)["share_top"]
    return when(
        len(share) and share.mean() >= TOP_SHARE,
        f"{len(share)} such neurons; share of the primary feature in the highest 1 % of "
        f"activations {share.mean():.1%} (least {share.min():.1%})",
        mean=share.mean(), least=share.min(),
    )  # fmt: skip


@claims(
    "43.b",
    "Lower activations of such neurons are of many features.",
    rule=f"of the lower half of activations less than {LOW_SHARE:.0%} are the primary feature's on "
    "average, and for every neuron less than of the highest 1 %",
    evidence=_KINDS,
    quick=False,
)
def low(tables: Tables) -> Judgement:
    rows = with_primary(tables)
    share = rows["share_low"]
    return when(
        len(rows) and share.mean() < LOW_SHARE and (share < rows["share_top"]).all(),
        f"share of the primary feature in the lower half of activations {share.mean():.1%} "
        f"(most {share.max():.1%}), of {len(rows)} neurons",
        mean=share.mean(), most=share.max(),
    )  # fmt: skip


@claims(
    "45.b",
    "Losses at different sparsities are losses of different tasks, and do not say which model is "
    "better.",
    rule="the sparsest model has a lower loss than the one of 1−S = 0.3, and a higher one on the "
    "latter's task",
    evidence=("tasks",),
)
def tasks(tables: Tables) -> Judgement:
    losses = tables["tasks"].set_index(["trained_at", "task"])["loss"].to_dict()
    sparse, dense = tables["tasks"]["trained_at"].min(), 0.3
    least, own, swapped = losses[sparse, sparse], losses[dense, dense], losses[sparse, dense]
    return when(
        least < own < swapped,
        f"the model of 1−S={sparse:g} has loss {least:.1e}, that of {dense:g} {own:.1e}; on "
        f"the task of {dense:g} the former has {swapped:.1e}, {swapped / own:.1f} times as much",
        ratio=swapped / own,
    )


def _at(densities: Iterable[float], rows: pd.DataFrame) -> str:
    """Some densities of a table: how many of how many, and which."""
    found = [f"{p:g}" for p in densities]
    return f"{len(found)} of {rows[DENSITY].nunique()} densities ({', '.join(found) or 'none'})"


def _list(rows: pd.DataFrame, column: str, form: str = "g") -> str:
    return ", ".join(
        f"{value:{form}} at {p:g}" for p, value in zip(rows[DENSITY], rows[column], strict=True)
    )


def _routes(rows: pd.DataFrame) -> str:
    by = rows[rows["route"] == CURRICULUM][DENSITY]
    return "curriculum at " + ", ".join(f"{p:g}" for p in by) if len(by) else "all from random"


def _known(tables: Tables, densities: Iterable[float]) -> str:
    """The lowest losses of both routes, N, and how many come within a tenth of the lowest."""
    words = []
    for p in densities:
        rows = tables["models"][tables["models"][DENSITY] == p]
        near = (rows["loss"] <= 1.1 * rows["loss"].min()).mean()
        lowest = best_rows(rows, "route").set_index("route").to_dict("index")
        parts = [
            f"{name} {lowest[name]['loss']:.2g}±{lowest[name]['loss_error']:.1g}"
            for name in (RANDOM, CURRICULUM)
            if name in lowest
        ]
        words.append(f"{p:g}: {', '.join(parts)} of {len(rows)}, {near:.0%} within 10 %")
    return "losses at " + "; ".join(words)

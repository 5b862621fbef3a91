"""What the torch engine makes of claims that the other engines decided, by the same thresholds."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY, SEED
from tegum.experiments.base import Claims, Judge, Judgement, Tables, some, when
from tegum.experiments.torch_replication.measure import GEOMETRY, there

if TYPE_CHECKING:
    import pandas as pd

#: G of dense features is that of the five most important to this.
GRAM: Final = 0.05
#: (represented, dedicated) by density, which may be off by one.
COUNTS: Final = {0.3: (7, 3), 0.1: (9, 1)}
#: On the plateau at ½ so many of the represented features are in digons.
IN_DIGONS: Final = 0.95
#: D_i of a polytope, in the model, is rank over size to this; so are levels to 0 and ½.
OFF: Final = 0.02
#: Jumps begin after this step and are larger than this.
LATE, SIZE = 3000, 0.3
#: (monosemantic neurons, represented features) by density, and where there are none of the first.
STAGES: Final[dict[float, tuple[int, ...]]] = {0.7: (5, 5), 0.3: (3, 6)}
NONE_AT: Final = 0.05

claims = Claims("Comments & Replications")


def needs(name: str) -> Callable[[Judge], Judge]:
    """A judge that says "not tested", and why, where the table of this name is empty."""

    def decorate(judge: Judge) -> Judge:
        @wraps(judge)
        def judged(tables: Tables) -> Judgement:
            if len(tables[name]):
                return judge(tables)
            why = (
                "no models" if there() else "needs PyTorch (extra `torch`), which is not installed"
            )
            return Judgement("not tested", why)

        return judged

    return decorate


def _lowest(tables: Tables) -> pd.DataFrame:
    rows = tables["basic"]
    return rows[rows["chosen"].astype(bool)].set_index(DENSITY)


def _pairs(rows: pd.DataFrame, *columns: str) -> dict[float, tuple[int, ...]]:
    """Two counts by density, the index."""
    return {float(str(p)): tuple(int(row[name]) for name in columns) for p, row in rows.iterrows()}


def _tried(tables: Tables) -> str:
    return f"lowest expected loss of {tables['basic'][SEED].nunique()}"


@claims(
    "56.a",
    "By PyTorch, too, dense features leave the most important ones represented, and nothing else "
    "(3.b).",
    rule=f"n = 20, m = 5, I = .7^i, 1−S = 1, lowest loss: five represented, G within {GRAM:g} of "
    "diag(1 five times, 0)",
    evidence=("basic", "counts"),
    quick=False,
)
@needs("basic")
def dense(tables: Tables) -> Judgement:
    row = _lowest(tables).loc[1.0]
    return when(
        row["represented"] == 5 and max(row["diagonal"], row["off"]) <= GRAM,
        f"{row['represented']:.0f} represented, G within {max(row['diagonal'], row['off']):.3f} "
        f"({_tried(tables)})",
        off=max(row["diagonal"], row["off"]),
    )


@claims(
    "56.b",
    "By PyTorch, too, sparser features are represented beyond m, and fewer have a dimension to "
    "themselves (3.c).",
    rule="lowest loss: "
    + "; ".join(f"1−S = {p:g}: {r} ± 1 represented, {d} ± 1 dedicated" for p, (r, d) in
                COUNTS.items()),
    evidence=("basic", "counts"),
    quick=False,
)  # fmt: skip
@needs("basic")
def counts(tables: Tables) -> Judgement:
    found = _pairs(_lowest(tables), "represented", "dedicated")
    off = [
        max(abs(k - wanted) for k, wanted in zip(found[p], COUNTS[p], strict=True)) for p in COUNTS
    ]
    words = ", ".join(f"{found[p][0]} and {found[p][1]} at 1−S = {p:g}" for p in COUNTS)
    return when(max(off) <= 1, f"{words} ({_tried(tables)})", off=max(off))


@claims(
    "56.c",
    "By PyTorch, too, more are represented the sparser they are, and in the end none has a "
    "dimension to itself (3.e, 3.h).",
    rule="lowest loss: the number represented never falls with sparsity; none dedicated at the "
    "sparsest",
    evidence=("basic", "counts"),
    quick=False,
)
@needs("basic")
def more(tables: Tables) -> Judgement:
    rows = _lowest(tables).sort_index(ascending=False)
    shown = rows["represented"].to_numpy(float)
    words = ", ".join(f"{k:.0f} at 1−S = {p:g}" for p, k in rows["represented"].items())
    return when(
        (np.diff(shown) >= 0).all() and rows["dedicated"].iloc[-1] == 0,
        f"{words}; {rows['dedicated'].iloc[-1]:.0f} dedicated at the last ({_tried(tables)})",
        last=shown[-1],
    )


@claims(
    "56.d",
    "By PyTorch, too, nearly all features are in antipodal pairs on the plateau at ½ (15.b).",
    rule=f"n = 60, m = 10, 1/(1−S) = {GEOMETRY[0]:g}, lowest loss: ≥ {IN_DIGONS:.0%} of the "
    "represented features are in digons",
    evidence=("geometry", "polytopes"),
    quick=False,
)
@needs("geometry")
def digons(tables: Tables) -> Judgement:
    rows = tables["geometry"]
    rows = rows[rows["level"] == GEOMETRY[0]]
    pairs = rows[rows["shape"] == "digon"]
    part = pairs["size"].sum() / rows["size"].sum()
    return when(part >= IN_DIGONS, f"{part:.0%} of {rows['size'].sum()} features", part=part)


@claims(
    "56.e",
    "By PyTorch, too, pentagons or square antiprisms form where features are sparser (15.c).",
    rule=f"1/(1−S) = {GEOMETRY[1]:g}, lowest loss: some factor is one of these, its D_i in the "
    f"whole model rank over size within {OFF:g}",
    evidence=("geometry", "polytopes"),
    quick=False,
)
@needs("geometry")
def beyond(tables: Tables) -> Judgement:
    rows = tables["geometry"]
    rows = rows[rows["level"] == GEOMETRY[1]]
    found = rows[rows["shape"].isin(["pentagon", "square antiprism"]) & (rows["off"] <= OFF)]
    every = ", ".join(f"{k} × {name}" for name, k in rows["shape"].value_counts().items())
    return when(len(found), f"{len(found)} of them; factors: {every}", found=len(found))


@claims(
    "56.f",
    "By PyTorch, too, single features jump from one dimensionality to another late in training "
    "(30.a).",
    rule=f"n = 60, m = 4, 1−S = 0.3: in some seed a feature changes level by more than {SIZE:g}, "
    f"beginning after step {LATE:,}",
    evidence=("levels", "jumps", "traces"),
    quick=False,
)
@needs("levels")
def jumps(tables: Tables) -> Judgement:
    late = late_jumps(tables)
    seeds = tables["levels"][SEED].nunique()
    words = "; ".join(
        f"seed {row.seed}: D {row.before:.2f} → {row.after:.2f} at steps {row.start:,.0f}–"
        f"{row.end:,.0f}"
        for row in late.head(3).itertuples()
    )
    return when(
        len(late), f"in {late[SEED].nunique()} of {seeds} seeds; {words or 'none'}",
        seeds=late[SEED].nunique(),
    )  # fmt: skip


@claims(
    "56.g",
    "By PyTorch, too, features end with half a dimension or none (30.c).",
    rule=f"the last D_i of some seed with such a jump are within {OFF:g} of 0 or ½",
    evidence=("levels", "traces"),
    quick=False,
)
@needs("levels")
def settled(tables: Tables) -> Judgement:
    rows = tables["levels"]
    last = rows[rows["step"] == rows["step"].max()]
    D = last["dimensionality"].astype(float)
    off = np.minimum(D.abs(), (D - 0.5).abs()).groupby(last[SEED]).max()
    own = off.loc[list(some(late_jumps(tables), "late jumps")[SEED].unique())]
    return when(
        own.min() <= OFF,
        f"within {own.min():.4f} in the best of {len(own)}; so in {(off <= OFF).sum()} of "
        f"{len(off)} seeds",
        off=own.min(),
    )


def late_jumps(tables: Tables) -> pd.DataFrame:
    """Jumps that begin after LATE and change D_i by more than SIZE."""
    rows = tables["jumps"]
    return rows[((rows["after"] - rows["before"]).abs() > SIZE) & (rows["start"] >= LATE)]


@claims(
    "56.h",
    "By PyTorch, too, neurons shift from monosemantic to polysemantic as features become sparse "
    "(38.a, 38.b, 38.h).",
    rule="ReLU-hidden, n = 10, m = 5, I = .75^i, lowest loss: "
    + "; ".join(f"1−S = {p:g}: {k} monosemantic, {r} represented" for p, (k, r) in STAGES.items())
    + f"; {NONE_AT:g}: none monosemantic (how many are represented there was left out after a run: "
    "to tell took a thousand models in 38.e)",
    evidence=("neurons",),
    quick=False,
)
@needs("neurons")
def stages(tables: Tables) -> Judgement:
    rows = tables["neurons"].set_index(DENSITY)
    found = _pairs(rows, "mono", "represented")
    words = ", ".join(f"{k} and {r} at 1−S = {p:g}" for p, (k, r) in found.items())
    return when(
        all(found[p] == wanted for p, wanted in STAGES.items()) and found[NONE_AT][0] == 0,
        f"{words} (lowest of {rows['models'].min()})",
        **{f"mono_{p:g}": k for p, (k, _) in found.items()},
    )

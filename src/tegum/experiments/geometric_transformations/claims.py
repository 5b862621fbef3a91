"""What is claimed of learning as geometric transformations, and the rules that decide."""

from __future__ import annotations

from typing import Final

from tegum.dims import DENSITY, SEED
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.geometric_transformations.measure import (
    ALIGNED,
    ANTIPODAL,
    DROPS_DENSITY,
    DROPS_SEEDS,
    FALLS,
    FINAL_DENSITIES,
    FINAL_SEEDS,
    KINDS,
    OPPOSED,
    RIGHT,
    SETS,
    chosen_of,
    kind_of,
    octahedral,
    on_a_line,
    paused,
)
from tegum.runs.select import best_rows

#: The share of trainings that end as octahedra.
OCTAHEDRA: Final = 0.8
#: Most of anything is more than this share.
MOST: Final = 0.5
#: A kind of trajectory is no accident when this share of trainings is of it.
KIND: Final = 0.01

_DENSITIES = f"1−S = {', '.join(f'{p:g}' for p in FINAL_DENSITIES)}"
_SHOWN = ("stages-shown", "loss", "film", "trajectories")

claims = Claims("Superposition and Learning Dynamics")


@claims(
    "31.a",
    "The best model is an octahedron whose antipodal pairs join the two sets.",
    rule=f"at each of {_DENSITIES}, the model of lowest expected loss of {FINAL_SEEDS[0]} has six "
    f"features (norm > ½), all |cosines| within sets < {RIGHT:g}, and for every feature one of the "
    f"other set at a cosine < {ANTIPODAL:g}",
    evidence=("ends",),
)
def best(tables: Tables) -> Judgement:
    ends = tables["ends"]
    rows = best_rows(ends, DENSITY).set_index(DENSITY, drop=False).loc[[*FINAL_DENSITIES]]
    words = "; ".join(
        f"1−S = {row[DENSITY]:g}: |cosines| within sets ≤ {row['within']:.3f}, worst antipode "
        f"{row['worst_antipode']:.4f}, loss {row['loss']:.3g}"
        for _, row in rows.iterrows()
    )
    return when(rows["octahedron"].all(), f"lowest of {ends[SEED].nunique()}; {words}")


@claims(
    "31.b",
    "That octahedron is a strong attractor.",
    rule=f"at each of {_DENSITIES}, at least {100 * OCTAHEDRA:.0f} % of {FINAL_SEEDS[0]} seeds end "
    "there, as in 31.a",
    evidence=("ends",),
    quick=False,
)
def attractor(tables: Tables) -> Judgement:
    ends, words, shares = tables["ends"], [], []
    for density in FINAL_DENSITIES:
        rows = some(ends[ends[DENSITY] == density])
        lacking = rows.loc[rows["represented"] < len(SETS), "loss"]
        cost = f", at {lacking.min() / rows['loss'].min():.1f} times the loss"
        shares.append(rows["octahedron"].mean())
        words.append(
            f"{100 * shares[-1]:.1f} % at 1−S = {density:g} (a feature lacks in {len(lacking)}"
            f"{cost if len(lacking) else ''})"
        )
    return when(
        min(shares) >= OCTAHEDRA,
        f"of {ends[SEED].nunique()} seeds: {', '.join(words)}",
        lowest_share=min(shares),
    )


@claims(
    "31.c",
    "Learning goes through distinct regimes that show in the loss curve.",
    rule=f"at 1−S = {DROPS_DENSITY:g}, from a small start at a low rate, the rate "
    f"−d ln loss / d ln step has {FALLS} or more peaks in more than half of {DROPS_SEEDS[0]} seeds",
    evidence=("drops", "loss"),
)
def regimes(tables: Tables) -> Judgement:
    falls = tables["drops"].groupby(SEED)["stage"].max()
    enough = (falls >= FALLS).mean()
    counts = ", ".join(f"{n} in {k} seeds" for n, k in falls.value_counts().sort_index().items())
    return when(
        enough > MOST,
        f"{FALLS} falls or more in {100 * enough:.0f} % of {len(falls)} seeds; falls: {counts}",
        share=enough,
    )


@claims(
    "31.d",
    "After a start near zero the two sets push apart along one axis (one of several trajectories).",
    rule="where the second stage of the chosen training has settled: all cosines within sets > "
    f"{ALIGNED:g}, all between sets < {OPPOSED:g}",
    evidence=_SHOWN,
    quick=False,
)
def line(tables: Tables) -> Judgement:
    table = tables["trajectories"]
    row, count = chosen_of(table), int(on_a_line(table).sum())
    within, between = row["line_within"], row["line_between"]
    return when(
        within > ALIGNED and between < OPPOSED,
        f"{_settled(tables, 1)}: cosines within sets ≥ {within:.3f}, between ≤ {between:.3f}; so "
        f"in {count} of {len(table)} seeds",
        within=within, between=between, seeds=count,
    )  # fmt: skip


@claims(
    "31.e",
    "Then each set opens into a triangle, and learning pauses before the triangles are an "
    "antiprism.",
    rule=f"{FALLS} falls of the loss or more in the chosen training; before the last all |cosines| "
    f"within sets < {RIGHT:g}, and some feature has no other at a cosine < {ANTIPODAL:g}",
    evidence=_SHOWN,
    quick=False,
)
def pause(tables: Tables) -> Judgement:
    table = tables["trajectories"]
    row, pauses = chosen_of(table), paused(table)
    within, antipode = row["before_within"], row["before_antipode"]
    both = int((pauses & on_a_line(table)).sum())
    return when(
        pauses[table[SEED] == row[SEED]].any(),
        f"{_settled(tables, int(row['falls']) - 1)}: cosines within sets within {within:.3f} of 0, "
        f"the worst antipode at {antipode:.3f}; a pause like this in {pauses.sum()} of "
        f"{len(table)} seeds, {both} of them after a line",
        within=within, antipode=antipode, seeds=both,
    )  # fmt: skip


@claims(
    "31.f",
    "At last the triangles have turned into an antiprism, an octahedron.",
    rule=f"at the end of the chosen training: all |cosines| within sets < {RIGHT:g}, and for every "
    f"feature one of the other set at a cosine < {ANTIPODAL:g}",
    evidence=_SHOWN,
    quick=False,
)
def end(tables: Tables) -> Judgement:
    table = tables["trajectories"]
    row, count = chosen_of(table), int(octahedral(table).sum())
    within, antipode = row["end_within"], row["end_antipode"]
    return when(
        within < RIGHT and antipode < ANTIPODAL,
        f"seed {row[SEED]:.0f}, at the end: cosines within sets within {within:.3f} of 0, the "
        f"worst antipode at {antipode:.4f}; so in {count} of {len(table)} seeds",
        within=within, antipode=antipode, seeds=count,
    )  # fmt: skip


@claims(
    "31.g",
    "Mostly the turning of the triangles comes last: sets open first, and become antipodal to each "
    "other afterwards.",
    rule="in more than half of the seeds some feature has no other at a cosine < "
    f"{ANTIPODAL:g} when all |cosines| within sets are first < {RIGHT:g}, and every feature has "
    "one at the end",
    evidence=("trajectories", "kinds"),
    quick=False,
)
def turn(tables: Tables) -> Judgement:
    table = tables["trajectories"]
    share = ((table["opened"] > ANTIPODAL) & octahedral(table)).mean()
    return when(
        share > MOST,
        f"{100 * share:.0f} % of {len(table)} seeds; worst antipode when both sets are first at "
        f"right angles: median {table['opened'].median():.2f}",
        share=share,
    )


@claims(
    "31.h",
    "The octahedron attracts along a few different trajectories.",
    rule="by the cosine between the sets' mean directions in the second stage "
    "(line: < −.9, corner: −.9 … .9, same side: > .9), at least "
    f"{100 * KIND:g} % of the seeds are of each kind, and more than half of each kind end as in "
    "31.f",
    evidence=("kinds", "trajectories"),
    quick=False,
)
def kinds(tables: Tables) -> Judgement:
    table = tables["trajectories"]
    whole, good, words = octahedral(table), True, []
    for name in KINDS:
        own = kind_of(table, name)
        ended = whole[own].mean() if own.any() else 0.0
        good &= own.mean() >= KIND and ended > MOST
        words.append(f"{name} {own.sum()} ({100 * ended:.0f} % octahedra)")
    return when(good, f"of {len(table)} seeds: {', '.join(words)}")


def _settled(tables: Tables, stage: int) -> str:
    own = tables["stages"]
    row = own.iloc[min(stage, len(own) - 1)]
    return f"seed {row[SEED]}, step {row['settled']:,}"

"""The rules of `geometric_transformations`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.dims import DENSITY, SEED
from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.geometric_transformations import stages

if TYPE_CHECKING:
    import pandas as pd

#: The share of trainings that end as octahedra.
OCTAHEDRA: Final = 0.8
#: Most of anything is more than this share.
MOST: Final = 0.5
#: A kind of trajectory is no accident when this share of trainings is of it.
KIND: Final = 0.01


def judge_best(tables: Tables) -> Judgement:
    """31.a: the best model."""
    ends, words, good = tables["ends"], [], True
    for density, rows in _by_density(ends):
        row = rows.sort_values("loss").iloc[0]
        good &= bool(row["octahedron"])
        words.append(
            f"1−S = {density:g}: |cosines| within sets ≤ {row['within']:.3f}, worst antipode "
            f"{row['worst_antipode']:.4f}, loss {row['loss']:.3g}"
        )
    return when(good, f"lowest of {ends[SEED].nunique()}; {'; '.join(words)}")


def judge_octahedra(tables: Tables) -> Judgement:
    """31.b: how often."""
    ends, words, shares = tables["ends"], [], []
    for density, rows in _by_density(ends):
        lacking = rows[rows["represented"] < len(stages.SETS)]
        cost = ""
        if len(lacking):
            cost = f", at {float(lacking['loss'].min() / rows['loss'].min()):.1f} times the loss"
        shares.append(float(rows["octahedron"].mean()))
        words.append(
            f"{100 * shares[-1]:.1f} % at 1−S = {density:g} (a feature lacks in {len(lacking)}"
            f"{cost})"
        )
    return when(
        min(shares) >= OCTAHEDRA,
        f"of {ends[SEED].nunique()} seeds: {', '.join(words)}",
        lowest_share=min(shares),
    )


def _by_density(ends: pd.DataFrame) -> list[tuple[float, pd.DataFrame]]:
    """The models of each density, dense first."""
    groups = [(float(str(p)), rows) for p, rows in ends.groupby(DENSITY)]
    return groups[::-1]


def judge_falls(tables: Tables) -> Judgement:
    """31.c: the loss falls in steps."""
    falls = tables["drops"].groupby(SEED)["stage"].max()
    enough = float((falls >= stages.FALLS).mean())
    counts = ", ".join(f"{n} in {k} seeds" for n, k in falls.value_counts().sort_index().items())
    return when(
        enough > MOST,
        f"{stages.FALLS} falls or more in {100 * enough:.0f} % of {len(falls)} seeds; "
        f"falls: {counts}",
        share=enough,
    )


def judge_line(tables: Tables) -> Judgement:
    """31.d: stage B."""
    table = tables["trajectories"]
    row, line = stages.chosen(table), stages.on_a_line(table)
    return when(
        row["line_within"] > stages.ALIGNED and row["line_between"] < stages.OPPOSED,
        f"{_settled(tables, 1)}: cosines within sets ≥ {row['line_within']:.3f}, between ≤ "
        f"{row['line_between']:.3f}; so in {int(line.sum())} of {len(table)} seeds",
        within=row["line_within"],
        between=row["line_between"],
        seeds=int(line.sum()),
    )


def judge_open(tables: Tables) -> Judgement:
    """31.e: stage C, and the pause there."""
    table = tables["trajectories"]
    row, paused = stages.chosen(table), stages.paused(table)
    both = int((paused & stages.on_a_line(table)).sum())
    return when(
        paused[table[SEED] == row[SEED]].any(),
        f"{_settled(tables, int(row['falls']) - 1)}: cosines within sets within "
        f"{row['before_within']:.3f} of 0, the worst antipode at {row['before_antipode']:.3f}; "
        f"a pause like this in {int(paused.sum())} of {len(table)} seeds, {both} of them after "
        "a line",
        within=row["before_within"],
        antipode=row["before_antipode"],
        seeds=both,
    )


def judge_end(tables: Tables) -> Judgement:
    """31.f: stage D."""
    table = tables["trajectories"]
    row, whole = stages.chosen(table), stages.octahedral(table)
    return when(
        row["end_within"] < stages.RIGHT and row["end_antipode"] < stages.ANTIPODAL,
        f"seed {int(row[SEED])}, at the end: cosines within sets within {row['end_within']:.3f} "
        f"of 0, the worst antipode at {row['end_antipode']:.4f}; so in {int(whole.sum())} of "
        f"{len(table)} seeds",
        within=row["end_within"],
        antipode=row["end_antipode"],
        seeds=int(whole.sum()),
    )


def judge_turn(tables: Tables) -> Judgement:
    """31.g: first open, then antipodal."""
    table = tables["trajectories"]
    turned = (table["opened"] > stages.ANTIPODAL) & stages.octahedral(table)
    share = float(turned.mean())
    return when(
        share > MOST,
        f"{100 * share:.0f} % of {len(table)} seeds; worst antipode when both sets are first at "
        f"right angles: median {table['opened'].median():.2f}",
        share=share,
    )


def judge_kinds(tables: Tables) -> Judgement:
    """31.h: several ways lead to the octahedron."""
    table = tables["trajectories"]
    whole, good, words = stages.octahedral(table), True, []
    for name in stages.KINDS:
        own = stages.kind_of(table, name)
        ended = float(whole[own].mean()) if own.any() else 0.0
        good &= bool(own.mean() >= KIND and ended > MOST)
        words.append(f"{name} {int(own.sum())} ({100 * ended:.0f} % octahedra)")
    return when(good, f"of {len(table)} seeds: {', '.join(words)}")


def _settled(tables: Tables, stage: int) -> str:
    own: pd.DataFrame = tables["stages"]
    row = own.iloc[min(stage, len(own) - 1)]
    return f"seed {int(row[SEED])}, step {int(row['settled']):,}"

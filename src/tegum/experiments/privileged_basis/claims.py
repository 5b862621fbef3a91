"""Rules of item 38: what neurons store in the models of lowest loss, from dense to sparse."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tegum.dims import DENSITY
from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.privileged_basis.sweep import MODELS, NEAR, lowest

if TYPE_CHECKING:
    import pandas as pd

#: (densities, monosemantic neurons, represented features) of the paper's models.
DEDICATED: Final = ((1.0, 0.7, 0.5), 5, 5)
TRIPLE: Final = ((0.4, 0.3, 0.2), 3, 6)
TWO: Final = ((0.15,), 2, 7)
ONE: Final = ((0.12,), 1, 7)
EIGHT: Final = ((0.08, 0.06, 0.05), 0, 8)
TEN: Final = ((0.04, 0.03, 0.02), 0, 10)
STAGES: Final = (DEDICATED, TRIPLE, TWO, ONE, EIGHT, TEN)
#: Two neurons that code three features as (1, 1), (1, −1), (−1, 1).
CODE: Final = "+A+B +A-B -A+B"
#: Every pair of five neurons has a feature of its own.
PAIRS: Final = "+A+B +A+C +A+D +A+E +B+C +B+D +B+E +C+D +C+E +D+E"
#: Where both kinds of neurons are in one model.
BOTH: Final = 0.3
#: Densities between which the structure is to be the same, feature by feature.
SAME: Final = (DEDICATED[0], TRIPLE[0])


def judge_dedicated(tables: Tables) -> Judgement:
    """38.a: dense features have a neuron each."""
    return _counts(tables, DEDICATED)


def judge_triple(tables: Tables) -> Judgement:
    """38.b: three neurons alone, two for three features."""
    rows = at(tables, TRIPLE[0])
    coded = rows["pattern"] == f"3 x +A; {CODE}"
    counts = _counts(tables, TRIPLE)
    return when(
        counts.status == "holds" and bool(coded.all()),
        f"{counts.measured}; the code at {int(coded.sum())} of {len(rows)} densities",
        **counts.values,
    )


def judge_two(tables: Tables) -> Judgement:
    """38.c: two monosemantic neurons at 1−S = .15."""
    return _counts(tables, TWO)


def judge_one(tables: Tables) -> Judgement:
    """38.d: one monosemantic neuron at 1−S = .12.

    Differs: a model of five polysemantic neurons and eight features has a lower loss.
    """
    return _counts(tables, ONE)


def judge_eight(tables: Tables) -> Judgement:
    """38.e: eight features, no monosemantic neuron."""
    return _counts(tables, EIGHT)


def judge_ten(tables: Tables) -> Judgement:
    """38.f: ten features at 1−S ≤ .04.

    Differs at .04, where a model of nine features has the lowest loss.
    """
    return _counts(tables, TEN)


def judge_pairs(tables: Tables) -> Judgement:
    """38.g: ten features are the ten pairs of neurons."""
    rows = lowest(tables["candidates"])
    rows = rows[rows["represented"] == TEN[2]]
    paired = rows["excites"] == PAIRS
    return when(
        len(rows) > 0 and bool(paired.all()),
        f"all ten pairs of neurons, each excited by one feature, at "
        f"{_densities(rows[paired])}; ten features otherwise at {_densities(rows[~paired])}; "
        f"{_known(tables, rows)}",
        paired=int(paired.sum()),
    )


def judge_shift(tables: Tables) -> Judgement:
    """38.h: the count of monosemantic neurons falls; both kinds in one model at .3."""
    rows = lowest(tables["candidates"])
    mono = rows["mono"].tolist()
    falls = all(sparse <= dense for dense, sparse in pairwise(mono))
    both = rows[(rows["mono"] > 0) & (rows["poly"] > 0)]
    mixed = at(tables, (BOTH,)).iloc[0]
    here = bool(mixed["mono"] > 0 and mixed["poly"] > 0)
    return when(
        falls and here and mono[0] > mono[-1],
        f"monosemantic neurons {' '.join(map(str, mono))} from 1−S = {rows[DENSITY].max():g} to "
        f"{rows[DENSITY].min():g}; both kinds at {_densities(both)}; thresholds from "
        f"{rows['low'].max():.2f} to {rows['high'].min():.2f} count alike",
        low=rows["low"].max(),
        high=rows["high"].min(),
    )


def judge_same(tables: Tables) -> Judgement:
    """38.i: within a range of densities the best structure is the same, feature by feature."""
    ranges = [at(tables, densities) for densities in SAME]
    found = [rows["signature"].unique().tolist() for rows in ranges]
    stored = "; ".join(
        f"{_densities(rows)}: {' or '.join(names)}"
        for rows, names in zip(ranges, found, strict=True)
    )
    rows = lowest(tables["candidates"])
    stretches = "; ".join(
        f"{_densities(rows.loc[block])}: {_legible(rows.loc[block, 'excites'].iloc[0])}"
        for block in _stretches(rows)
    )
    return when(
        all(len(names) == 1 for names in found),
        f"features (numbers) that each neuron stores: {stored}; neurons (letters) that each "
        f"feature excites: {stretches}",
        ranges=len(_stretches(rows)),
    )


def _legible(pattern: str) -> str:
    """A pattern in a line of others: 3× +A | +A+B for '3 x +A; +A+B'."""
    return pattern.replace(" x ", "× ").replace("; ", " | ")


def at(tables: Tables, densities: tuple[float, ...]) -> pd.DataFrame:
    """The best candidates of these densities; an error if one is missing."""
    rows = lowest(tables["candidates"])
    found = rows[rows[DENSITY].isin(densities)]
    if len(found) != len(densities):
        raise LookupError(f"no models at some of the feature probabilities {densities}")
    return found


def _counts(tables: Tables, stage: tuple[tuple[float, ...], int, int]) -> Judgement:
    densities, mono, represented = stage
    rows = at(tables, densities)
    right = (rows["mono"] == mono) & (rows["represented"] == represented)
    words = ", ".join(
        f"{row.mono} and {row.represented} at {getattr(row, DENSITY):g}"
        for row in rows.itertuples()
    )
    return when(
        right.all(),
        f"monosemantic neurons and represented features: {words}; {_known(tables, rows)}",
        right=int(right.sum()),
    )


def _known(tables: Tables, rows: pd.DataFrame) -> str:
    """How sure the lowest losses are."""
    if rows.empty:
        return "no such model"
    screened = tables["screened"]
    near = screened.loc[screened[DENSITY].isin(rows[DENSITY]), "near"]
    error = (rows["loss_error"] / rows["loss"]).max()
    rivals = rows.dropna(subset=["gap"])
    gap = "no rival structure"
    if len(rivals):
        least = rivals.sort_values("gap").iloc[0]
        gap = f"the next structure ≥ {least['gap']:.2%} ± {least['gap_error']:.2%} above"
    shares = " – ".join(dict.fromkeys(f"{share:.1%}" for share in (near.min(), near.max())))
    return (
        f"losses ± {error:.2%}, {gap}; the best of a density's own models at most "
        f"{rows['own'].max():.1%} above; N = {screened['models'].max()}, "
        f"{shares} of them within {NEAR:.0%} of their lowest"
    )


def _stretches(rows: pd.DataFrame) -> list[list[int]]:
    """Neighbouring densities of one excited pattern, as positions."""
    found: list[list[int]] = []
    for k, name in enumerate(rows["excites"]):
        if found and rows["excites"].iloc[found[-1][-1]] == name:
            found[-1].append(k)
        else:
            found.append([k])
    return found


def _densities(rows: pd.DataFrame) -> str:
    values = sorted(rows[DENSITY].tolist(), reverse=True)
    if len(values) > 2:
        return f"1−S = {values[0]:g} … {values[-1]:g}"
    return f"1−S = {', '.join(f'{v:g}' for v in values)}" if values else "none"


RULE: Final = (
    f"of {MODELS[0]} models at each density, the best refined, that of lowest loss; a neuron is "
    "monosemantic if one of its weights exceeds .2 in size"
)

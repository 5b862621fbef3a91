"""What is claimed of the models of lowest loss, from dense to sparse: what their neurons store."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.privileged_basis.claims import claims as basis
from tegum.experiments.privileged_basis.sweep import AHEAD, MODELS, NEAR, lowest

if TYPE_CHECKING:
    import pandas as pd

#: (densities, monosemantic neurons, represented features) of the paper's models.
Stage = tuple[tuple[float, ...], int, int]
DEDICATED: Final[Stage] = ((1.0, 0.7, 0.5), 5, 5)
TRIPLE: Final[Stage] = ((0.4, 0.3, 0.2), 3, 6)
TWO: Final[Stage] = ((0.15,), 2, 7)
ONE: Final[Stage] = ((0.12,), 1, 7)
EIGHT: Final[Stage] = ((0.08, 0.06, 0.05), 0, 8)
TEN: Final[Stage] = ((0.04, 0.03, 0.02), 0, 10)
STAGES: Final = (DEDICATED, TRIPLE, TWO, ONE, EIGHT, TEN)
#: Five neurons store the five most important features, one each.
FIRST_FIVE: Final = "+0 +1 +2 +3 +4"
#: Two neurons that code three features as (1, 1), (1, −1), (−1, 1).
CODE: Final = "+A+B +A-B -A+B"
#: Every pair of five neurons has a feature of its own.
PAIRS: Final = "+A+B +A+C +A+D +A+E +B+C +B+D +B+E +C+D +C+E +D+E"
#: Where both kinds of neurons are in one model.
BOTH: Final = 0.3
#: Losses are apart by more than so many standard errors.
APART: Final = 2.0
#: Densities between which the structure is to be the same, feature by feature.
SAME: Final = (DEDICATED[0], TRIPLE[0])

_SHOWN: Final = ("neurons", "counts", "candidates", "weights")
_RULE: Final = (
    f"of {MODELS[0]} models at each density, of which the best {AHEAD[0]} are trained to the end "
    "and the best of these refined, that of lowest loss (all were trained to the end at first); a "
    "neuron is monosemantic if one of its weights exceeds .2 in size; where the next structure is "
    f"within {APART:g} standard errors of the lowest loss, its counts are to be these, too (added "
    "when at .12 the lowest was another from run to run)"
)

claims = Claims(basis.section)


def _stage(stage: Stage) -> str:
    densities, mono, represented = stage
    return (
        f"{mono} monosemantic neuron{'s' * (mono != 1)} and {represented} represented features at "
        f"1−S = {_listed(densities)}"
    )


def _listed(densities: tuple[float, ...]) -> str:
    return ", ".join(f"{p:g}" for p in densities)


@claims(
    "38.a",
    "Dense features (1−S ≥ .5) have a neuron each: all neurons are monosemantic, and the five most "
    "important features are represented.",
    rule=f"{_stage(DEDICATED)}, the first five (which they are was added after the first runs); "
    f"{_RULE}",
    evidence=_SHOWN,
    quick=False,
)
def dedicated(tables: Tables) -> Judgement:
    first = at(tables, DEDICATED[0])["signature"] == FIRST_FIVE
    return _also(_counts(tables, DEDICATED), first, "the first five features")


@claims(
    "38.b",
    "Sparser (1−S from .4 to .2), three neurons stay monosemantic and two code three features, as "
    "(1, 1), (1, −1) and (−1, 1).",
    rule=f"{_stage(TRIPLE)}, in that code; {_RULE}",
    evidence=_SHOWN,
    quick=False,
)
def triple(tables: Tables) -> Judgement:
    coded = at(tables, TRIPLE[0])["pattern"] == f"3 x +A; {CODE}"
    return _also(_counts(tables, TRIPLE), coded, "the code")


@claims(
    "38.c",
    "At 1−S = .15 two neurons are monosemantic, and seven features represented.",
    rule=f"{_stage(TWO)}; {_RULE}",
    evidence=_SHOWN,
    quick=False,
)
def two(tables: Tables) -> Judgement:
    return _counts(tables, TWO)


@claims(
    "38.d",
    "At 1−S = .12 one neuron is monosemantic, and seven features represented. (Recorded as "
    "differing: such a model exists, but one of eight features without any monosemantic neuron has "
    "the same loss, as far as 2³⁰ samples tell: 0.012 ± 0.006 % more.)",
    rule=f"{_stage(ONE)}; {_RULE}",
    evidence=(*_SHOWN, "structures"),
    expected="differs",
    quick=False,
)
def one(tables: Tables) -> Judgement:
    return _counts(tables, ONE)


@claims(
    "38.e",
    "From 1−S = .08 to .05 no neuron is monosemantic, and eight features are represented.",
    rule=f"{_stage(EIGHT)}; {_RULE}",
    evidence=_SHOWN,
    quick=False,
)
def eight(tables: Tables) -> Judgement:
    return _counts(tables, EIGHT)


@claims(
    "38.f",
    "From 1−S = .04 on all ten features are represented by the five neurons. (Recorded as "
    "differing: at .04 a model of nine, which the trainings at that density miss and those at "
    "others lead to, has a loss 7 % below the best of ten; at .03 the best of both are "
    "within 1 %.)",
    rule=f"{_stage(TEN)}; {_RULE}",
    evidence=(*_SHOWN, "structures"),
    expected="differs",
    quick=False,
)
def ten(tables: Tables) -> Judgement:
    return _counts(tables, TEN)


@claims(
    "38.g",
    "Ten features are stored as the ten pairs of five neurons, each pair excited by one feature.",
    rule="at every density whose best model represents ten features, the neurons with W_ki > .2 "
    "are those of every pair, once; there is such a density",
    evidence=_SHOWN,
    quick=False,
)
def pairs(tables: Tables) -> Judgement:
    rows = lowest(tables["candidates"])
    rows = rows[rows["represented"] == TEN[2]]
    paired = rows["excites"] == PAIRS
    return when(
        len(rows) and paired.all(),
        f"all ten pairs of neurons, each excited by one feature, at "
        f"{_densities(rows[paired])}; ten features otherwise at {_densities(rows[~paired])}; "
        f"{_known(tables, rows)}",
        paired=paired.sum(),
    )


@claims(
    "38.h",
    "As features become sparse, neurons shift from monosemantic to polysemantic, and both kinds "
    "exist in one model.",
    rule="the number of monosemantic neurons never rises from dense to sparse, and falls; both "
    f"kinds at 1−S = {BOTH:g}",
    evidence=_SHOWN,
    quick=False,
)
def shift(tables: Tables) -> Judgement:
    rows = lowest(tables["candidates"])
    mono = rows["mono"].tolist()
    falls = all(sparse <= dense for dense, sparse in pairwise(mono))
    both = rows[(rows["mono"] > 0) & (rows["poly"] > 0)]
    mixed = at(tables, (BOTH,)).iloc[0]
    return when(
        falls and min(mixed["mono"], mixed["poly"]) > 0 and mono[0] > mono[-1],
        f"monosemantic neurons {' '.join(map(str, mono))} from 1−S = {rows[DENSITY].max():g} to "
        f"{rows[DENSITY].min():g}; both kinds at {_densities(both)}; thresholds from "
        f"{rows['low'].max():.2f} to {rows['high'].min():.2f} count alike",
        low=rows["low"].max(), high=rows["high"].min(),
    )  # fmt: skip


@claims(
    "38.i",
    "There are ranges of sparsity in which the best model has the same structure.",
    rule="one signature (which features each neuron stores, with which signs, in any order of "
    f"neurons) {' and one '.join(f'at 1−S = {_listed(densities)}' for densities in SAME)}",
    evidence=(*_SHOWN, "structures"),
    quick=False,
)
def same(tables: Tables) -> Judgement:
    ranges = [at(tables, densities) for densities in SAME]
    stored = "; ".join(
        f"{_densities(rows)}: {' or '.join(rows['signature'].unique())}" for rows in ranges
    )
    stretches = _stretches(lowest(tables["candidates"]))
    excited = "; ".join(
        f"{_densities(rows)}: {_legible(rows['excites'].iloc[0])}" for rows in stretches
    )
    return when(
        all(rows["signature"].nunique() == 1 for rows in ranges),
        f"features (numbers) that each neuron stores: {stored}; neurons (letters) that each "
        f"feature excites: {excited}",
        ranges=len(stretches),
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


def _counts(tables: Tables, stage: Stage) -> Judgement:
    densities, mono, represented = stage
    rows = at(tables, densities)
    near = rows["gap"] <= APART * rows["gap_error"]
    same = (rows["rival_mono"] == mono) & (rows["rival_represented"] == represented)
    right = (rows["mono"] == mono) & (rows["represented"] == represented) & (same | ~near)
    words = ", ".join(
        f"{row.mono} and {row.represented} at {getattr(row, DENSITY):g}"
        + (f" or {row.rival_mono:g} and {row.rival_represented:g}" if tied else "")
        for row, tied in zip(rows.itertuples(), near, strict=True)
    )
    return when(
        right.all(),
        f"monosemantic neurons and represented features: {words}; {_known(tables, rows)}",
        right=right.sum(),
    )


def _also(counts: Judgement, so: pd.Series, what: str) -> Judgement:
    """What was counted, if at every density something else is so, too."""
    return when(
        counts.status == "holds" and so.all(),
        f"{counts.measured}; {what} at {so.sum()} of {len(so)} densities",
        **counts.values,
    )


def _known(tables: Tables, rows: pd.DataFrame) -> str:
    """How sure the lowest losses are."""
    if rows.empty:
        return "no such model"
    screened = some(tables["screened"])
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
        f"{screened['ended'].max()} of them trained to the end, {shares} of these within "
        f"{NEAR:.0%} of their lowest"
    )


def _stretches(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Neighbouring densities of one excited pattern."""
    number = (rows["excites"] != rows["excites"].shift()).cumsum()
    return [group for _, group in rows.groupby(number)]


def _densities(rows: pd.DataFrame) -> str:
    values = sorted(rows[DENSITY].tolist(), reverse=True)
    if len(values) > 2:
        return f"1−S = {values[0]:g} … {values[-1]:g}"
    return f"1−S = {_listed(tuple(values))}" if values else "none"

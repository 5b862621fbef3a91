"""Rules of the claims on pairs of correlated, anticorrelated and independent features.

A predicate says of every row of the table `organisation` whether its model is arranged so. A
claim holds when the model of lowest loss, trained and exact, is so at every density; how many of
the trained seeds are is reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared.sets import (
    ANTICORRELATED,
    CONTROL,
    CORRELATED,
    ENGINES,
    EXACT,
    THREE,
    TRAINED,
    Case,
    blank_loss,
)
from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.correlated_features.arrangements import ADJACENT, BY_CHANCE
from tegum.theory.principal import pair_spectrum

if TYPE_CHECKING:
    import pandas as pd

#: Correlated partners are at a right angle within this many degrees …
RIGHT: Final = 6.0
#: … anticorrelated ones opposite, and at right angles to the other pair.
EXACTLY: Final = 3.0
#: The densities of the claims on pairs that fit, and of the one on pairs that do not.
SPARSE: Final = (0.05, 0.1, 0.2)
DENSE: Final = 0.4
#: The gaps of a hexagon are within this many degrees of 60.
HEXAGON: Final = 10.0
#: Cosines of partners in it.
PARTNERS: Final = (0.42, 0.45)
#: A loss is nothing below this part of what knowing nothing loses: trained, exact.
NOTHING: Final = {TRAINED: 1e-3, EXACT: 1e-12}
#: Adjacency is more than chance in this part of the hexagons found; chance has 2 of 15.
MOST: Final = 0.5
#: Losses in closed form and of the exact optimum agree within this part.
ROUNDING: Final = 1e-9
#: Losses that match the optimum's.
MATCH: Final = 0.01

Predicate = Callable[["pd.DataFrame"], "pd.Series"]


def orthogonal(rows: pd.DataFrame) -> pd.Series:
    """Partners at 90 ± 6°."""
    low, high = 90 - RIGHT, 90 + RIGHT
    return (rows["least_within"] >= low) & (rows["most_within"] <= high)


def separate(rows: pd.DataFrame) -> pd.Series:
    """Two antipodal pairs, each of features from both sets."""
    return (rows["opposite_across"] == 2) & (rows["opposite_within"] == 0)


def opposite(rows: pd.DataFrame) -> pd.Series:
    """Partners at 180 ± 3°, the others at 90 ± 3°."""
    across = (rows["least_across"] >= 90 - EXACTLY) & (rows["most_across"] <= 90 + EXACTLY)
    return (rows["least_within"] >= 180 - EXACTLY) & across


def merged(rows: pd.DataFrame) -> pd.Series:
    """Both pairs collapsed."""
    return rows["collapsed"] == 2


def hexagon(rows: pd.DataFrame) -> pd.Series:
    """Six represented features with gaps of 60 ± 10°."""
    return (rows["represented"] == 6) & (rows["gap_off"] <= HEXAGON)


def adjacent(rows: pd.DataFrame) -> pd.Series:
    """A hexagon with the partners side by side."""
    return hexagon(rows) & rows["together"].astype(bool)


def close(rows: pd.DataFrame) -> pd.Series:
    """The same, with cosines of partners of .42 … .45."""
    low, high = (np.degrees(np.arccos(cosine)) for cosine in reversed(PARTNERS))
    inside: pd.Series = (rows["least_within"] >= low) & (rows["most_within"] <= high)
    return adjacent(rows) & inside


def judge_orthogonal(tables: Tables) -> Judgement:
    """24.a: correlated partners at right angles."""
    return _judge(tables, CORRELATED, SPARSE, orthogonal)


def judge_separate(tables: Tables) -> Judgement:
    """24.b: in separate tegum factors."""
    return _judge(tables, CORRELATED, SPARSE, separate)


def judge_merged(tables: Tables) -> Judgement:
    """24.c: merged when dense."""
    return _judge(tables, CORRELATED, (DENSE,), merged)


def judge_second_component(tables: Tables) -> Judgement:
    """24.d: two merged pairs lose the variance of (a − b)/√2, twice."""
    loss = float(lowest(tables, CORRELATED, DENSE, EXACT)["loss"])
    theory = 2 * pair_spectrum(DENSE).apart
    off = abs(loss / theory - 1)
    return when(
        off <= ROUNDING,
        f"exact optimum {loss:.10f}, twice the variance {theory:.10f}: {off:.1g} apart",
        loss=loss,
        theory=theory,
    )


def judge_opposite(tables: Tables) -> Judgement:
    """25.a: anticorrelated partners antipodal, the pairs orthogonal."""
    return _judge(tables, ANTICORRELATED, ANTICORRELATED.densities, opposite)


def judge_nothing(tables: Tables) -> Judgement:
    """25.b: and nothing is lost."""
    worst = {}
    for engine in ENGINES:
        shares = []
        for p in ANTICORRELATED.densities:
            blank = blank_loss(ANTICORRELATED.law.with_probability(p))
            shares.append(abs(float(lowest(tables, ANTICORRELATED, p, engine)["loss"])) / blank)
        worst[engine] = max(shares)
    return when(
        all(worst[engine] <= NOTHING[engine] for engine in ENGINES),
        f"at most {worst[TRAINED]:.1g} of Σσ² is lost by the trained models, {worst[EXACT]:.1g} by "
        "the exact ones",
        **worst,
    )


def judge_hexagon(tables: Tables) -> Judgement:
    """26.a: three pairs form a hexagon."""
    return _judge(tables, THREE, THREE.densities, hexagon)


def judge_adjacent(tables: Tables) -> Judgement:
    """26.b: with partners side by side."""
    return _judge(tables, THREE, THREE.densities, close)


def judge_not_chance(tables: Tables) -> Judgement:
    """26.c: of all hexagons that seeds find, most; of those of independent features, few."""
    shares, words = {}, []
    for case in (THREE, CONTROL):
        rows = _rows(tables, case, THREE.densities, (TRAINED,))
        found = rows[hexagon(rows)]
        shares[case.name] = float(adjacent(found).mean()) if len(found) else float("nan")
        words.append(f"{int(adjacent(found).sum())} of {len(found)} hexagons of {case.title}")
    holds = shares[THREE.name] >= MOST and not shares[CONTROL.name] >= MOST
    return when(
        holds, f"partners adjacent in {' and '.join(words)}; chance {BY_CHANCE:.0%}", **shares
    )


def judge_control(tables: Tables) -> Judgement:
    """26.d: no density at which independent features have a hexagon as the lowest."""
    parts, none = [], True
    for p in CONTROL.densities:
        best = {engine: lowest(tables, CONTROL, p, engine) for engine in ENGINES}
        six = [engine for engine in ENGINES if bool(hexagon(best[engine].to_frame().T).iloc[0])]
        none &= not six
        rows = _rows(tables, CONTROL, (p,), (TRAINED,))
        what = "hexagon" if six else f"{int(best[EXACT]['represented'])} features"
        parts.append(f"1−S={p:g}: {what} ({hexagon(rows).mean():.1%} of {len(rows)} seeds)")
    return when(none, "lowest at " + "; ".join(parts))


def judge_arrangements(tables: Tables) -> Judgement:
    """26.e: of the five hexagons the one with partners adjacent loses least."""
    table, parts, holds = tables["arrangements"], [], True
    for p, rows in table.groupby(DENSITY):
        loss = rows.set_index("arrangement")["loss"].sort_values()
        holds &= loss.index[0] == ADJACENT
        parts.append(
            f"1−S={p:g}: {loss.index[0]} {loss.iloc[0]:.4g}, next {loss.index[1]} "
            f"{loss.iloc[1]:.4g}, last {loss.index[-1]} {loss.iloc[-1]:.4g}"
        )
    return when(holds, "; ".join(parts))


def judge_reached(tables: Tables) -> Judgement:
    """26.f: training on samples reaches the loss of the exact optimum, of everything above."""
    worst = 0.0
    for case in (CORRELATED, THREE, CONTROL):
        for p in case.densities:
            trained, exact = (float(lowest(tables, case, p, e)["loss"]) for e in ENGINES)
            worst = max(worst, abs(trained / exact - 1))
    return when(worst <= MATCH, f"largest difference {worst:.2%}", worst=worst)


def lowest(tables: Tables, case: Case, density: float, engine: str) -> pd.Series:
    """The model of lowest loss."""
    rows = _rows(tables, case, (density,), (engine,)).dropna(subset=["loss"])
    return rows.sort_values("loss", kind="stable").iloc[0]


def _rows(
    tables: Tables, case: Case, densities: tuple[float, ...], engines: tuple[str, ...] = ENGINES
) -> pd.DataFrame:
    table = tables["organisation"]
    at = np.isclose(table[DENSITY].to_numpy()[:, None], np.array(densities), rtol=1e-9).any(1)
    rows: pd.DataFrame = table[(table["case"] == case.name) & table["engine"].isin(engines) & at]
    if rows.empty:
        raise LookupError(f"no models of {case.title}")
    return rows


def _judge(tables: Tables, case: Case, densities: tuple[float, ...], is_so: Predicate) -> Judgement:
    """Whether the models of lowest loss are so; their angles, N, and the part of seeds."""
    parts, holds, share = [], True, []
    for p in densities:
        best = [lowest(tables, case, p, engine) for engine in ENGINES]
        holds &= all(bool(is_so(row.to_frame().T).iloc[0]) for row in best)
        rows = _rows(tables, case, (p,), (TRAINED,))
        share.append(float(is_so(rows).mean()))
        low, high = (f"{best[0][f'{name}_within']:.1f}" for name in ("least", "most"))
        angle = low if low == high else f"{low}–{high}"
        parts.append(
            f"1−S={p:g}: {angle}° within a pair (exact {best[1]['least_within']:.1f}°), "
            f"loss {abs(best[0]['loss']):.3g}, so in {share[-1]:.0%} of {len(rows)} seeds"
        )
    return when(holds, "; ".join(parts), least_share=min(share))

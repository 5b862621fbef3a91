"""What is claimed of penalties on activity, and of the loss reduction per activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, when
from tegum.experiments.strategic_picture.measure import (
    BEST,
    DEDICATED,
    EQUAL,
    FALLING,
    N_HIDDEN,
    PAIR,
    SHOWN,
    SIZE,
    UNTIED,
)
from tegum.experiments.strategic_picture.slopes import slopes
from tegum.theory import activity

if TYPE_CHECKING:
    import pandas as pd

#: How near to the threshold of λ/I points are not judged; weights of survivors are within this of
#: the theory.
MARGIN, WEIGHT = 0.02, 0.01
#: Superposition is gone when no two represented features overlap by more, |Ŵ_i·W_j|.
OVERLAP: Final = 0.05
#: Slopes on logarithmic axes are within this of 1 and of 2.
SLOPE: Final = 0.1
#: Closed forms and expected losses agree to this.
AGREE: Final = 1e-9
#: As good as dedicated: a ratio above this, at the sparsest density.
AS_GOOD: Final = 0.999

claims = Claims("The Strategic Picture of Superposition")


@claims(
    "46.a",
    "A penalty λ‖h‖₁ kills features below a threshold of importance: an isolated feature survives "
    f"up to λ/I = (8/9)√(2/3) = {activity.SURVIVES:.4f}.",
    rule=f"over {MARGIN:.0%} from the threshold the weight of lowest regularised loss is within "
    f"{WEIGHT:g} of the theory; some on both sides",
    evidence=("isolated",),
)
def threshold(tables: Tables) -> Judgement:
    rows = tables["isolated"]
    clear = rows[(rows["ratio"] / activity.SURVIVES - 1).abs() > MARGIN]
    off = (clear["w"] - clear["theory"]).abs().max()
    below, above = rows[rows["w"] > 0.5]["ratio"], rows[rows["w"] < 0.5]["ratio"]
    longest = rows[rows["alive"] > 0]["ratio"].max()
    return when(
        len(below) and len(above) and off <= WEIGHT,
        f"alive up to λ/I = {below.max():g}, dead from {above.min():g} (threshold "
        f"{activity.SURVIVES:.4f}); weights within {off:.4f} of the theory; best of "
        f"{rows['seeds'].max()}; some seeds still have it at {longest:g} (in theory a local "
        f"minimum up to {activity.METASTABLE:.3f})",
        off=off,
    )


@claims(
    "46.b",
    "The penalty removes superposition, at a higher loss.",
    rule=f"{SIZE}, I_i = .7^i: at some λ 1 … {N_HIDDEN} features are represented, no two overlap "
    f"by {OVERLAP:g}, and the loss without the penalty is higher than that at λ = 0 by over two "
    "standard errors; lowest regularised loss",
    evidence=("penalised",),
)
def removed(tables: Tables) -> Judgement:
    rows = _of(tables, FALLING)
    without = rows[rows["penalty"] == 0].iloc[0]
    error = np.hypot(rows["loss_error"], without["loss_error"])
    alive = (rows["penalty"] > 0) & rows["represented"].between(1, N_HIDDEN)
    clean = rows[alive & (rows["overlap"] < OVERLAP) & (rows["loss"] - without["loss"] > 2 * error)]
    words = ", ".join(
        f"{row.represented:g} features at λ={row.penalty:g} (loss {row.loss:.4f}, overlap "
        f"{row.overlap:.3f})"
        for row in clean.itertuples()
    )
    return when(
        len(clean),
        f"without penalty {without['represented']} features, overlap {without['overlap']:.2f}, "
        f"loss {without['loss']:.4f}; none in superposition: {words or 'nowhere'}; best of "
        f"{rows['seeds'].max()}, {rows['near'].min():.0%} of seeds or more within 1 %",
        clean=len(clean),
    )


@claims(
    "46.c",
    "The less important features are killed first, none survives below the threshold.",
    rule="the number of represented features does not rise with λ, they are the most important "
    f"ones, and none has λ/I ≥ {activity.SURVIVES:.4f}",
    evidence=("penalised",),
    quick=False,
)
def killed(tables: Tables) -> Judgement:
    rows = _of(tables, FALLING).sort_values("penalty")
    alive = _alive(rows)
    ratio = (alive["penalty"] / alive["least"]).max()
    ordered = alive["prefix"].all()
    return when(
        rows["represented"].is_monotonic_decreasing and ordered and ratio < activity.SURVIVES,
        f"{' '.join(f'{k:g}' for k in rows['represented'])} features at rising λ, "
        f"{'always' if ordered else 'not always'} the most important; the least important survivor "
        f"has λ/I = {ratio:.2f}",
        ratio=ratio,
    )


@claims(
    "46.d",
    "It does so with features of equal importance, too. (Recorded as differing: an antipodal pair "
    "along one neuron costs no more activity than two dedicated neurons, and stays as long as any "
    "feature does.)",
    rule=f"at some λ > 0 features are represented and no two overlap by {OVERLAP:g}",
    evidence=("penalised",),
    expected="differs",
)
def uniform(tables: Tables) -> Judgement:
    rows = _of(tables, EQUAL)
    clean = _alive(rows)["overlap"].lt(OVERLAP).sum()
    words = "; ".join(
        f"λ={row.penalty:g}: {row.represented} features, {row.pairs} antipodal pairs"
        for row in rows.itertuples()
    )
    return when(clean > 0, f"{words}; best of {rows['seeds'].max()}", clean=clean)


@claims(
    "46.e",
    "It does so in an untied model, too. (Recorded as differing: without a bound on norms, W_in "
    "becomes small and W_out large, which avoids the penalty.)",
    rule=f"at λ = {SHOWN:g} no two represented features overlap by {OVERLAP:g}",
    evidence=("penalised",),
    expected="differs",
)
def untied(tables: Tables) -> Judgement:
    rows, tied = _of(tables, UNTIED), _of(tables, FALLING)
    shown, same = (each[each["penalty"] == SHOWN].iloc[0] for each in (rows, tied))
    return when(
        shown["overlap"] < OVERLAP,
        f"λ={SHOWN:g}: {shown['represented']} features, overlap {shown['overlap']:.2f}, loss "
        f"{shown['loss']:.4f}, penalty {shown['activity']:.4f}; the tied model has "
        f"{same['represented']}, {same['overlap']:.2f}, {same['loss']:.4f}, "
        f"{same['activity']:.4f}; best of {rows['seeds'].max()}",
        overlap=shown["overlap"],
    )


def _of(tables: Tables, model: str) -> pd.DataFrame:
    rows = tables["penalised"]
    found = rows[rows["model"] == model]
    if found.empty:
        raise LookupError(f"no models with {model}")
    return found


def _alive(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["penalty"] > 0) & (rows["represented"] > 0)]


@claims(
    "47.a",
    "A small penalty raises the loss at second order.",
    rule=f"log-log slope of the rise against λ 2 ± {SLOPE:g} in every arrangement",
    evidence=("slopes",),
)
def loss(tables: Tables) -> Judgement:
    return _slope(tables, "rise", 2.0)


@claims(
    "47.b",
    "A small penalty reduces superposition at first order.",
    rule=f"Σ_i sup_i falls, with log-log slope 1 ± {SLOPE:g} in every arrangement",
    evidence=("slopes",),
)
def superposition(tables: Tables) -> Judgement:
    return _slope(tables, "fall", 1.0)


def _slope(tables: Tables, column: str, expected: float) -> Judgement:
    found = slopes(tables["slopes"])
    off = (found[column] - expected).abs().max(skipna=False)
    words = "; ".join(f"{row['case']} {row[column]:.3f}" for _, row in found.iterrows())
    last = tables["slopes"].sort_values("penalty").groupby("case", sort=False).tail(1)
    fall, rise = last["fall"] / last["superposition"], last["rise"] / last["loss"]
    return when(
        off <= SLOPE,
        f"slope {words}; at the largest λ superposition falls by {fall.min():.1%}–"
        f"{fall.max():.1%}, the loss rises by {rise.min():.2%}–{rise.max():.2%}",
        off=off,
    )


@claims(
    "48.a",
    "Loss reduction per activation is 1/3 − p/4 for a dedicated neuron, and (2/3 − 5p/6)/(2 − p) "
    "for an antipodal pair.",
    rule=f"expected losses agree with both within {AGREE:g} at every density",
    evidence=("experts",),
)
def forms(tables: Tables) -> Judgement:
    rows = tables["experts"].dropna(subset=["theory"])
    off = (rows["reduction"] - rows["theory"]).abs().max()
    return when(off <= AGREE, f"within {off:.1e} at {len(rows)} points", off=off)


@claims(
    "48.b",
    "By that measure superposition is not optimal, but asymptotically as good as dedicated "
    "neurons.",
    rule=f"the deficit is p²/(4(2 − p)) > 0 within {AGREE:g} at every density, and the ratio ≥ "
    f"{AS_GOOD:g} at the sparsest",
    evidence=("experts",),
)
def deficit(tables: Tables) -> Judgement:
    rows = reductions(tables)
    less = rows[DEDICATED] - rows[PAIR]
    off = (less - activity.antipodal_deficit(rows.index.to_numpy())).abs().max()
    sparse = rows.loc[rows.index.min()]
    ratio = sparse[PAIR] / sparse[DEDICATED]
    return when(
        (less > 0).all() and off <= AGREE and ratio >= AS_GOOD,
        f"deficit {less.max():.3f} at 1−S={less.idxmax():g} to {less.min():.1e}, within "
        f"{off:.1e} of p²/(4(2−p)); ratio {ratio:.5f} at 1−S={rows.index.min():g}",
        ratio=ratio,
    )


@claims(
    "48.c",
    "Nor is it with the best weights and biases of a pair. (Recorded as differing: at 1−S = 1 "
    "every neuron is always active, and one for a mixture of both features reduces the loss by a "
    "thousandth more; at all other densities dedicated neurons do.)",
    rule="the pair of lowest expected loss has a smaller reduction than a dedicated neuron at "
    "every density where it is an optimum",
    evidence=("experts",),
    expected="differs",
)
def best(tables: Tables) -> Judgement:
    rows = reductions(tables).dropna(subset=[BEST])
    less = rows[DEDICATED] - rows[BEST]
    return when(
        len(rows) and (less > 0).all(),
        f"deficit of the best pair {less.max():.3f} at 1−S={less.idxmax():g} to "
        f"{less.min():.1e} at {less.idxmin():g}; exact optima at {len(rows)} densities",
        least=less.min(),
    )


@claims(
    "50.a",
    "Superposition is why neurons of large trained networks are polysemantic, and to solve it "
    "would let their features be enumerated.",
    rule="needs such networks and what their features are: no rule of a toy model decides",
    evidence=(),
    expected="not tested",
)
def real_networks(tables: Tables) -> Judgement:
    return Judgement(
        "not tested",
        "a statement about networks of which nobody knows the features; a toy model has those it "
        "was given, and says what superposition does, not where it is",
    )


def reductions(tables: Tables) -> pd.DataFrame:
    """Loss reduction per activation: a row per density, a column per kind of neuron."""
    return tables["experts"].pivot(index=DENSITY, columns="neuron", values="reduction")

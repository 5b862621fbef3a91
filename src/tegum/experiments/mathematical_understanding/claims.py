"""What the experiment `mathematical-understanding` claims, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    import pandas as pd

#: A deviation of this many standard errors is wrong: by chance in one of a million numbers.
Z_BOUND: Final = 5.0
#: What a sampled number must be known to, relative to it, for its test to say something.
RESOLUTION: Final = 0.02
#: The same for the loss of a trained model, which rare inputs decide when features are sparse.
LOSS_RESOLUTION: Final = 0.05
#: Closed forms and quadrature differ by rounding alone.
ROUNDING: Final = 1e-9
#: Orders 0 and 1 dominate when they make up this part of the loss …
DOMINANT: Final = 0.9
#: … at the lowest feature probability, and more and more from this one down.
SPARSE_FROM: Final = 0.1
#: Where trained models have mainly negative interference, and where they have much of both signs.
RANGE: Final = (0.05, 0.3)
CROWDED: Final = (0.03, 0.01)
#: Positive overlaps (Σ G_ij²) over negative ones: below this interference is negative.
SIGN_RATIO: Final = 0.1
#: An overlap Σ G_ij² below this is none.
SOME_OVERLAP: Final = 0.01
#: A bias takes away most of what positive overlaps cost when it leaves less than this part.
LEFT_BY_BIAS: Final = 0.25

_SIGNS: Final = (
    f"Σ G_ij² over positive off-diagonal entries is below {SIGN_RATIO:g} of that over negative "
    f"ones, which is over {SOME_OVERLAP:g}"
)

claims = Claims("Demonstrating Superposition: Mathematical Understanding")


@claims(
    "6.a",
    "The loss on inputs with no active feature is Σ I_i ReLU(b_i)², a penalty on positive biases "
    "alone; those with one and two active features have closed forms.",
    rule="Trained models, n = 5, m = 2, p from 1 to 0.001: L_0 equal to rounding, L_1 and L_2 "
    f"within {Z_BOUND:g} standard errors of a Monte Carlo mean that is known to {RESOLUTION:.0%}.",
    evidence=("orders-check", "orders"),
)
def orders(tables: Tables) -> Judgement:
    table = tables["orders"].dropna(subset=["closed_form"])
    off, random = (table["sampled"] - table["closed_form"]).abs(), table["k"] > 0
    equal = (off <= ROUNDING * table["closed_form"])[~random].all()
    z = (off / table["error"])[random].max()
    resolution = (table["error"] / table["closed_form"])[random].max()
    return when(
        set(table["k"]) == {0, 1, 2} and equal and z <= Z_BOUND and resolution <= RESOLUTION,
        f"{table[DENSITY].nunique()} trained models: L_0 equal to rounding; "
        f"L_1, L_2: largest |z| = {z:.2f}, each known to {resolution:.1%} or better",
        largest_z=z, resolution=resolution,
    )  # fmt: skip


@claims(
    "6.b",
    "The loss is Σ_k p^k S^(n−k) L_k, with L_k the loss on inputs with k active features, summed "
    "over the choices of these.",
    rule=f"The sum (closed forms for k ≤ 2, Monte Carlo beyond) within {Z_BOUND:g} standard errors "
    f"of the loss on new samples from the engine, known to {LOSS_RESOLUTION:.0%}, for models "
    "trained at each p.",
    evidence=("truncation", "orders", "losses"),
)
def sum_of_orders(tables: Tables) -> Judgement:
    groups = tables["orders"].groupby(DENSITY)
    total = groups["contribution"].sum()
    own = groups["contribution_error"].agg(lambda e: float((e**2).sum()) ** 0.5)
    losses = tables["losses"].set_index(DENSITY).loc[total.index]
    z: float = ((total - losses["loss"]) / np.hypot(own, losses["error"])).abs().max()
    resolution = (losses["error"] / losses["loss"]).max()
    apart = (total / losses["loss"] - 1).abs().max()
    return when(
        z <= Z_BOUND and resolution <= LOSS_RESOLUTION,
        f"{len(total)} trained models, p from {total.index.max():g} to {total.index.min():g}: "
        f"largest |z| = {z:.2f}, largest difference {apart:.1%} of the loss",
        largest_z=z, resolution=resolution, largest_difference=apart,
    )  # fmt: skip


@claims(
    "6.c",
    "As S → 1 the orders 0 and 1 dominate the loss.",
    rule="Their part in the loss of the model trained at p rises at every step from p = "
    f"{SPARSE_FROM:g} down to 0.001, to at least {DOMINANT:.0%}.",
    evidence=("truncation", "orders"),
)
def dominance(tables: Tables) -> Judgement:
    sums = truncations(tables["orders"])  # from dense to sparse
    part = (sums[1] / sums[sums.columns.max()]).loc[lambda rows: rows.index <= SPARSE_FROM]
    words = ", ".join(f"{share:.0%} at p = {p:g}" for p, share in part.items())
    return when(
        (some(part.diff().dropna()) > 0).all() and part.iloc[-1] >= DOMINANT,
        f"orders 0 and 1 make up {words}",
        at_lowest=part.iloc[-1],
    )


def truncations(orders: pd.DataFrame) -> pd.DataFrame:
    """The sums over k <= K for every K: a column per K, a row per feature probability."""
    wide = orders.pivot(index=DENSITY, columns="k", values="contribution")
    return wide.cumsum(axis=1).sort_index(ascending=False)


@claims(
    "7.a",
    "With equal importance, no bias and features of length 1 or 0, L_1 is a constant for each "
    "feature left out plus a Thomson energy of the others, (1/3) Σ_{i≠j} ReLU(W_i·W_j)².",
    rule=f"Regular shapes and random points: sampled 1-sparse losses within {Z_BOUND:g} standard "
    f"errors and known to {RESOLUTION:.0%}; quadrature within {ROUNDING:g}.",
    evidence=("thomson", "packings"),
)
def thomson(tables: Tables) -> Judgement:
    table = tables["packings"]
    stated = (table["left_out"] + table["energy"]) / 3
    off = (table["sampled"] - stated).abs()
    exact = table["error"] <= ROUNDING  # no acute angle: every single input is reproduced
    z = (off / table["error"])[~exact].max()
    resolution = (table["error"] / stated)[~exact].max()
    rounding = max((table["integrated"] - stated).abs().max(), off.where(exact, 0.0).max())
    return when(
        z <= Z_BOUND and resolution <= RESOLUTION and rounding <= ROUNDING,
        f"{len(table)} configurations, {exact.sum()} of them of no energy: sampled largest "
        f"|z| = {z:.2f}, known to {resolution:.1%} or better; quadrature within {rounding:.0e}",
        largest_z=z, resolution=resolution, rounding=rounding,
    )  # fmt: skip


@claims(
    "8.a",
    "With one active feature negative interference is free, so that trained models have mainly "
    f"negative interference, down to 1−S = {RANGE[0]:g}.",
    rule=f"The model of lowest loss, n = 20, m = 5, I = 0.7^i, at every p from {RANGE[0]:g} to "
    f"{RANGE[1]:g}: {_SIGNS}. (The range was set after the first runs; 8.c is sparser.)",
    evidence=("interference",),
)
def signs(tables: Tables) -> Judgement:
    seen = tables["interference"][DENSITY]
    return _signs(tables, *seen[seen.between(*RANGE)].unique())


@claims(
    "8.b",
    "A negative bias takes away most of what small positive interference costs.",
    rule="Trained models, n = 5, m = 2, with positive overlaps and all biases below 0: with one "
    f"active feature these overlaps cost less than {LEFT_BY_BIAS:.0%} of what they would at b = 0.",
    evidence=("bias", "bias_effect"),
)
def bias(tables: Tables) -> Judgement:
    seen = with_overlaps(tables["bias_effect"])
    if seen.empty:
        return Judgement("not tested", "no trained model has positive overlaps and negative biases")
    left = (seen["cost"] / seen["cost_without_bias"]).set_axis(seen[DENSITY])
    words = ", ".join(f"{value:.1%} at p = {p:g}" for p, value in left.items())
    return when((left < LEFT_BY_BIAS).all(), f"the biases leave {words}", most_left=left.max())


def with_overlaps(effects: pd.DataFrame) -> pd.DataFrame:
    """Of the rows of `bias_effect`, models with positive overlaps and negative biases only."""
    shown = (effects["positive_overlaps"] > SOME_OVERLAP) & (effects["largest_bias"] < 0)
    return effects[shown].sort_values(DENSITY, ascending=False)


@claims(
    "8.c",
    "Sparser features, too, have mainly negative interference in trained models. (Recorded as "
    "differing: there models hold more features than fit into pairs, as in 3.d. Of five in a "
    "pentagon two neighbours have an acute angle, and a negative bias takes away most of what that "
    "costs, as in 8.b. Three pairs and a pentagon at p = 0.03 have a ratio of about 0.1.)",
    rule=f"As 8.a at p = {CROWDED[0]:g} and {CROWDED[1]:g}. (Taken from 8.a after the first runs.)",
    evidence=("interference",),
    expected="differs",
)
def crowded_signs(tables: Tables) -> Judgement:
    return _signs(tables, *CROWDED)


def _signs(tables: Tables, *densities: float) -> Judgement:
    """Positive over negative overlaps of the models of lowest loss; of all models beside it."""
    table = tables["interference"].dropna(subset=["loss"])
    rows = table[table[DENSITY].isin(some(densities, "densities"))]
    best = best_rows(rows, DENSITY).set_index(DENSITY).sort_index(ascending=False)
    lowest, groups = best["positive"] / best["negative"], rows.groupby(DENSITY)
    total, seeds = groups[["positive", "negative"]].sum(), groups["seed"].nunique()
    pooled = (total["positive"] / total["negative"]).loc[best.index]
    words = ", ".join(
        f"{ratio:.3g} ({of_all:.2g}) at p = {p:g}"
        for (p, ratio), of_all in zip(lowest.items(), pooled, strict=True)
    )
    negative = (lowest < SIGN_RATIO) & (best["negative"] > SOME_OVERLAP)
    return when(
        len(best) == len(densities) and negative.all(),
        f"ratio in the model of lowest loss, in parentheses over all models: {words}; "
        f"{seeds.min()} to {seeds.max()} seeds",
        **{f"ratio at {p:g}": value for p, value in lowest.items()},
        **{f"all models at {p:g}": value for p, value in pooled.items()},
    )

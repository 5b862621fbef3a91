"""Mathematical understanding: the loss by number of active features, and what each part says."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared import sweeps
from tegum.experiments._shared.sweeps import Recipe
from tegum.experiments.base import Claim, Experiment, Judgement, Lab, Tables, when
from tegum.experiments.mathematical_understanding import expansion as _expansion
from tegum.experiments.mathematical_understanding import figures
from tegum.experiments.mathematical_understanding import thomson as _thomson
from tegum.experiments.mathematical_understanding.expansion import SOME_OVERLAP

if TYPE_CHECKING:
    import pandas as pd

SECTION: Final = "Demonstrating Superposition: Mathematical Understanding"

#: Where interference of trained models is looked at; the claim speaks of `RANGE`.
DENSITIES: Final = (0.3, 0.2, 0.1, 0.05, 0.03, 0.01)
#: How the models are trained that "Basic Results" has no need of.
BETWEEN: Final = (
    Recipe(0.2, 64, (12, 2000), steps=3000),
    Recipe(0.05, 128, (32, 2000), steps=3000),
)
RANGE: Final = (0.03, 0.3)

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
#: Positive overlaps (Σ G_ij²) over negative ones: below this interference is negative.
SIGN_RATIO: Final = 0.1
#: A bias turns positive overlaps into harmless ones when it takes away all but this part.
LEFT_BY_BIAS: Final = 0.25


def measure(lab: Lab) -> Tables:
    """Orders of the loss, packing energies, and the signs of interference in trained models."""
    return {**_expansion.measure(lab), **_thomson.measure(lab), **_signs(lab)}


def _signs(lab: Lab) -> Tables:
    """Σ G_ij² over positive and over negative off-diagonal entries, a row per trained model.

    Most of these models are those of the basic results, and trained once for both.
    """
    recipes = [recipe for recipe in sweeps.SMALL_RECIPES if recipe.density in DENSITIES]
    recipes = sorted([*recipes, *BETWEEN], key=lambda recipe: -recipe.density)
    models = sweeps.sweep(lab, sweeps.problem(*sweeps.SMALL), recipes)["models"]
    return {"interference": models.drop(columns=["represented", "dedicated"])}


def judge_orders(tables: Tables) -> Judgement:
    """6.a: closed forms of L_0, L_1, L_2 against random inputs with k active features."""
    table = tables["orders"].dropna(subset=["closed_form"])
    off = (table["sampled"] - table["closed_form"]).abs()
    slack = ROUNDING * table["closed_form"]
    random = table["k"] > 0
    z = (off / table["error"])[random]
    resolution = (table["error"] / table["closed_form"])[random]
    zero_order = float((off - slack)[~random].max())
    good = zero_order <= 0 and z.max() <= Z_BOUND and resolution.max() <= RESOLUTION
    return when(
        good,
        f"{table['feature_probability'].nunique()} trained models: L_0 equal to rounding; "
        f"L_1, L_2: largest |z| = {z.max():.2f}, each known to {resolution.max():.1%} or better",
        largest_z=z.max(),
        resolution=resolution.max(),
    )


def judge_sum(tables: Tables) -> Judgement:
    """6.b: the sum over all orders against the loss on samples that no order was fitted to."""
    orders = tables["orders"].groupby(DENSITY)
    total = orders["contribution"].sum()
    own = orders["contribution_error"].agg(lambda e: float((e**2).sum()) ** 0.5)
    losses = tables["losses"].set_index(DENSITY).loc[total.index]
    z: pd.Series[float] = (total - losses["loss"]) / np.hypot(own, losses["error"])
    resolution = float((losses["error"] / losses["loss"]).max())
    apart = float((total / losses["loss"] - 1).abs().max())
    worst = float(z.abs().max())
    return when(
        worst <= Z_BOUND and resolution <= LOSS_RESOLUTION,
        f"{len(z)} trained models, p from {z.index.max():g} to {z.index.min():g}: largest "
        f"|z| = {worst:.2f}, largest difference {apart:.1%} of the loss",
        largest_z=worst,
        resolution=resolution,
        largest_difference=apart,
    )


def judge_dominance(tables: Tables) -> Judgement:
    """6.c: the part of orders 0 and 1 in the loss, from p = 0.1 down."""
    sums = _expansion.truncations(tables["orders"])  # from dense to sparse
    part = (sums[1] / sums[sums.columns.max()]).loc[lambda rows: rows.index <= SPARSE_FROM]
    rising = bool((part.diff().dropna() > 0).all())
    words = ", ".join(f"{share:.0%} at p = {p:g}" for p, share in part.items())
    return when(
        rising and part.iloc[-1] >= DOMINANT,
        f"orders 0 and 1 make up {words}",
        at_lowest=part.iloc[-1],
    )


def judge_thomson(tables: Tables) -> Judgement:
    """7.a: L_1 = (left out + energy)/3, sampled and integrated."""
    table = tables["packings"]
    stated = (table["left_out"] + table["energy"]) / 3
    off = (table["sampled"] - stated).abs()
    exact = table["error"] <= ROUNDING  # no acute angle: every single input is reproduced
    z = float((off / table["error"])[~exact].max())
    resolution = float((table["error"] / stated)[~exact].max())
    rounding = max(
        float((table["integrated"] - stated).abs().max()),
        float(off[exact].max()) if any(exact) else 0.0,
    )
    return when(
        isfinite(z) and z <= Z_BOUND and resolution <= RESOLUTION and rounding <= ROUNDING,
        f"{len(table)} configurations, {int(exact.sum())} of them of no energy: sampled largest "
        f"|z| = {z:.2f}, known to {resolution:.1%} or better; quadrature within {rounding:.0e}",
        largest_z=z,
        resolution=resolution,
        rounding=rounding,
    )


def judge_signs(tables: Tables) -> Judgement:
    """8.a: positive over negative overlaps, summed over all models of each p.

    The model of lowest loss is reported beside it: at the sparse end of the range it holds a
    feature more than fits into pairs, and its ratio is about .1, now above and now below.
    """
    table = tables["interference"].dropna(subset=["loss"])
    inside = table[table[DENSITY].between(*RANGE)]
    groups = inside.groupby(DENSITY)
    total = groups[["positive", "negative"]].sum().sort_index(ascending=False)
    ratio = total["positive"] / total["negative"]
    chosen = inside.loc[groups["loss"].idxmin()].set_index(DENSITY)
    lowest = (chosen["positive"] / chosen["negative"]).reindex(ratio.index)
    seeds = groups["seed"].nunique()
    some = bool((total["negative"] / seeds > SOME_OVERLAP).all())
    rows = zip(ratio.items(), lowest, strict=True)
    words = ", ".join(f"{value:.2g} ({best:.2g}) at p = {p:g}" for (p, value), best in rows)
    return when(
        some and bool((ratio < SIGN_RATIO).all()),
        f"ratio over all models, in parentheses that of lowest loss: {words}; {seeds.min()} to "
        f"{seeds.max()} seeds",
        **{f"ratio at {p:g}": float(value) for p, value in ratio.items()},
        **{f"lowest loss at {p:g}": float(value) for p, value in lowest.items()},
    )


def judge_bias(tables: Tables) -> Judgement:
    """8.b: what positive overlaps cost with the trained biases, of what they would cost at 0."""
    seen = _expansion.with_overlaps(tables["bias_effect"])
    if seen.empty:
        return Judgement("not tested", "no trained model has positive overlaps and negative biases")
    left = (seen["cost"] / seen["cost_without_bias"]).set_axis(seen[DENSITY])
    words = ", ".join(f"{value:.1%} at p = {p:g}" for p, value in left.items())
    return when(
        (left < LEFT_BY_BIAS).all(),
        f"the biases leave {words}",
        most_left=left.max(),
    )


EXPERIMENT = Experiment(
    name="mathematical-understanding",
    title="Mathematical understanding",
    section=SECTION,
    summary=(
        "The loss, sorted by how many features are active. With one active feature it is a "
        "packing problem on the sphere, in which obtuse angles cost nothing: trained models "
        "arrange their features accordingly."
    ),
    measure=measure,
    figures=figures.FIGURES,
    claims=(
        Claim(
            id="6.a",
            section=SECTION,
            statement=(
                "The loss on inputs with no active feature is Σ I_i ReLU(b_i)², a penalty on "
                "positive biases alone; those with one and two active features have closed forms."
            ),
            rule=(
                f"Trained models, n = 5, m = 2, p from 1 to 0.001: L_0 equal to rounding, L_1 and "
                f"L_2 within {Z_BOUND:g} standard errors of a Monte Carlo mean that is known to "
                f"{RESOLUTION:.0%}."
            ),
            judge=judge_orders,
            evidence=("orders-check", "orders"),
        ),
        Claim(
            id="6.b",
            section=SECTION,
            statement=(
                "The loss is Σ_k p^k S^(n−k) L_k, with L_k the loss on inputs with k active "
                "features, summed over the choices of these."
            ),
            rule=(
                f"The sum (closed forms for k ≤ 2, Monte Carlo beyond) within {Z_BOUND:g} "
                f"standard errors of the loss on new samples from the engine, known to "
                f"{LOSS_RESOLUTION:.0%}, for models trained at each p."
            ),
            judge=judge_sum,
            evidence=("truncation", "orders", "losses"),
        ),
        Claim(
            id="6.c",
            section=SECTION,
            statement="As S → 1 the orders 0 and 1 dominate the loss.",
            rule=(
                f"Their part in the loss of the model trained at p rises at every step from "
                f"p = {SPARSE_FROM:g} down to 0.001, to at least {DOMINANT:.0%}."
            ),
            judge=judge_dominance,
            evidence=("truncation", "orders"),
        ),
        Claim(
            id="7.a",
            section=SECTION,
            statement=(
                "With equal importance, no bias and features of length 1 or 0, L_1 is a constant "
                "for each feature left out plus a Thomson energy of the others, "
                "(1/3) Σ_{i≠j} ReLU(W_i·W_j)²."
            ),
            rule=(
                f"Regular shapes and random points: sampled 1-sparse losses within {Z_BOUND:g} "
                f"standard errors and known to {RESOLUTION:.0%}; quadrature within {ROUNDING:g}."
            ),
            judge=judge_thomson,
            evidence=("thomson", "packings"),
        ),
        Claim(
            id="8.a",
            section=SECTION,
            statement=(
                "With one active feature negative interference is free, so that trained models "
                "have mainly negative interference where they can."
            ),
            rule=(
                f"All models trained with n = 20, m = 5, I = 0.7^i, at every p from {RANGE[0]:g} "
                f"to {RANGE[1]:g}: their Σ G_ij² over positive off-diagonal entries is below "
                f"{SIGN_RATIO:g} of that over negative ones, over {SOME_OVERLAP:g} a model."
            ),
            judge=judge_signs,
            evidence=("interference",),
        ),
        Claim(
            id="8.b",
            section=SECTION,
            statement="A negative bias makes small positive interference as harmless as negative.",
            rule=(
                f"Trained models, n = 5, m = 2, with positive overlaps and all biases below 0: "
                f"with one active feature these overlaps cost less than {LEFT_BY_BIAS:.0%} of what "
                f"they would at b = 0."
            ),
            judge=judge_bias,
            evidence=("bias", "bias_effect"),
        ),
    ),
)

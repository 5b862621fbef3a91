"""What the experiment on attacks claims, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.adversarial_robustness.measure import LONG, RANGE
from tegum.experiments.base import Claims, Judgement, Tables, when

if TYPE_CHECKING:
    import pandas as pd

#: Vulnerability in units of that of the dense model, somewhere in the range of the figure.
RISE: Final = 3.0
#: Its correlation with features per dimension over that range.
CORRELATION: Final = 0.95
#: Gradients are masked when the sparsest models have so many samples without one.
MASKED: Final = 0.5
#: The lengths of attacks in training, over E‖x‖: small, and needed to be free of superposition.
SMALL, LARGE = 0.1, 0.8
#: What small attacks may take from the features per dimension.
KEPT: Final = 0.05
#: No superposition: so many features per dimension at most.
FREE: Final = 1.1
#: Averages of few seeds count as equal within this part.
EQUAL: Final = 0.02

_RISE: Final = (
    "the mean rise of the loss by the worst of the 2n analytic attacks on each sample, over λ²"
)
_DENSITIES, _TRAINED = ("vulnerability", "attacked"), ("adversarial-training", "hardened")

claims = Claims("Relationship to Adversarial Robustness")


def within(tables: Tables) -> pd.DataFrame:
    """The model of lowest loss at each density of the figure's range, dense first."""
    rows = tables["attacked"]
    return rows[rows["chosen"] & (1.0 / rows[DENSITY] <= RANGE * (1 + 1e-9))]


@claims(
    "32.a",
    "As superposition forms, models get more than three times as vulnerable to small attacks.",
    rule=f"vulnerability ({_RISE}) of some model at 1/(1−S) ≤ {RANGE:g} > {RISE:g} × that of the "
    "dense model",
    evidence=_DENSITIES,
)
def rise(tables: Tables) -> Judgement:
    rows = within(tables)
    relative = rows["per_example"].to_numpy() / rows["per_example"].iloc[0]
    average = rows["per_model"].to_numpy() / rows["per_model"].iloc[0]
    half = rows["features_per_dimension"].sub(2.0).abs().to_numpy().argmin()
    return when(
        relative.max() > RISE,
        f"×{relative.max():.1f} at most, ×{relative[half]:.1f} at two features per dimension, "
        f"×{relative[-1]:.1f} at 1/(1−S) = {1 / rows[DENSITY].iloc[-1]:.3g} (the worst attack on "
        f"each sample); ×{average.max():.1f} at most by one attack for all samples",
        most=relative.max(), plateau=relative[half], average=average.max(),
    )  # fmt: skip


@claims(
    "32.b",
    "Vulnerability is nearly a linear function of the number of features per dimension, 1/D*.",
    rule=f"Pearson's correlation of the two over 1 ≤ 1/(1−S) ≤ {RANGE:g} > {CORRELATION:g}",
    evidence=_DENSITIES,
)
def tracks(tables: Tables) -> Judgement:
    rows = within(tables)
    r = _pearson(rows["per_example"], rows["features_per_dimension"])
    one = _pearson(rows["per_model"], rows["features_per_dimension"])
    low, high = rows["features_per_dimension"].min(), rows["features_per_dimension"].max()
    return when(
        r > CORRELATION,
        f"Pearson's r = {r:.3f} over {len(rows)} densities, 1/D* from {low:.2f} to {high:.2f}; "
        f"{one:.3f} by one attack for all samples",
        pearson=r,
    )


def _pearson(x: pd.Series, y: pd.Series) -> float:
    return float(np.corrcoef(x.to_numpy(float), y.to_numpy(float))[0, 1])


@claims(
    "33.a",
    "On extremely sparse features the analytic attacks work better than gradient descent, which "
    "most samples give no gradient. (Recorded as differing: where a sample has no gradient, no "
    "output is near its threshold, as biases are negative, and an attack of a tenth of the mean "
    "length does not reach it either. Samples with active features decide, and there following "
    "the gradient raises many outputs at once.)",
    rule="at the sparsest density the rise by ten gradient steps is lower than that of the "
    f"analytic attacks by over two standard errors, and over {MASKED:.0%} of the samples have no "
    "gradient",
    evidence=("masking", "attacked"),
    expected="differs",
)
def masked(tables: Tables) -> Judgement:
    rows = within(tables)
    ratio = rows["iterated"] / rows["per_example"]
    found = _masked(tables["attacked"])
    more = (
        f"; at 1/(1−S) ≤ {RANGE:g} gradients do {ratio.min():.2f} to {ratio.max():.2f} "
        f"times as much, and at most {rows['masked'].max():.1%} of the samples have none"
    )
    return Judgement(found.status, found.measured + more, found.values)


@claims(
    "33.b",
    "They do work better where attacks are long enough to reach the thresholds.",
    rule=f"the same for attacks of length {LONG:g}",
    evidence=("masking", "long"),
)
def masked_long(tables: Tables) -> Judgement:
    return _masked(tables["long"])


def _masked(rows: pd.DataFrame) -> Judgement:
    rows = rows[rows["chosen"]].sort_values(DENSITY, ascending=False)
    last = rows.iloc[-1]
    gap = last["per_example"] - last["iterated"]
    error = np.hypot(last["per_example_error"], last["iterated_error"])
    return when(
        gap > 2 * error and last["masked"] > MASKED,
        f"1/(1−S) = {1 / last[DENSITY]:.4g}, λ = {last['size']:.2g}: rise of the loss over λ² "
        f"{last['iterated']:.3g} ± {last['iterated_error']:.2g} by gradients, "
        f"{last['per_example']:.3g} ± {last['per_example_error']:.2g} by the analytic attacks; "
        f"{last['masked']:.0%} of the samples have no gradient: {last['unseen']:.2g} there",
        gap=gap, masked=last["masked"],
    )  # fmt: skip


def means(tables: Tables) -> pd.DataFrame:
    """The averages over seeds by length of attacks, in rising order."""
    rows = tables["hardened"]
    found: pd.DataFrame = rows.drop(columns="seed").groupby("relative").mean()
    return found.sort_index()


@claims(
    "34.a",
    "Training on attacked samples reduces superposition.",
    rule="1/D* (mean over seeds) falls with the length of attacks in training, each step by no "
    f"less than −{EQUAL:.0%}",
    evidence=_TRAINED,
)
def less_superposition(tables: Tables) -> Judgement:
    rows = means(tables)["features_per_dimension"]
    steps = rows.to_numpy()[1:] / rows.to_numpy()[:-1]
    return when(
        (steps <= 1 + EQUAL).all() and rows.iloc[-1] < rows.iloc[0] * (1 - EQUAL),
        f"1/D* {_series(rows)} ({_seeds(tables)})",
        first=rows.iloc[0], last=rows.iloc[-1],
    )  # fmt: skip


@claims(
    "34.b",
    "Only unreasonably large attacks eliminate superposition: about 80 % of the length of an "
    "input.",
    rule=f"attacks of ≤ {SMALL:g} E‖x‖ take less than {KEPT:.0%} of 1/D*; 1/D* > {FREE:g} for all "
    f"below {LARGE:g} E‖x‖, and ≤ {FREE:g} for some from there to E‖x‖",
    evidence=_TRAINED,
)
def large_needed(tables: Tables) -> Judgement:
    every = means(tables)
    rows = every["features_per_dimension"]
    kept = rows[rows.index <= SMALL + 1e-9].min() / rows.iloc[0]
    below, above = rows[rows.index < LARGE - 1e-9], rows[rows.index >= LARGE - 1e-9]
    free = above[above <= FREE]
    least = "no length tried"
    if len(free):
        still = every.loc[free.index[0], "represented"]
        least = f"{free.index[0]:g} E‖x‖ (where {still:.3g} features are still longer than 1/2)"
    return when(
        kept >= 1 - KEPT and (below > FREE).all() and len(free),
        f"attacks of {SMALL:g} E‖x‖ leave {kept:.1%} of 1/D*; 1/D* ≤ {FREE:g} from {least} on: "
        f"{_series(rows)} ({_seeds(tables)})",
        kept=kept,
    )  # fmt: skip


@claims(
    "35.a",
    "Robust models perform worse where nobody attacks.",
    rule="the loss (mean over seeds) rises with the length of attacks in training, each step by no "
    f"less than −{EQUAL:.0%}",
    evidence=_TRAINED,
)
def worse(tables: Tables) -> Judgement:
    rows = means(tables)
    loss = rows["loss"].to_numpy()
    return when(
        (loss[1:] >= loss[:-1] * (1 - EQUAL)).all() and loss[-1] > loss[0] * (1 + EQUAL),
        f"loss {_series(rows['loss'])}; features represented {_series(rows['represented'])} "
        f"({_seeds(tables)})",
        factor=loss[-1] / loss[0],
    )


@claims(
    "35.b",
    "What they are trained for they get: robustness.",
    rule=f"vulnerability ({_RISE}) of the models trained on the longest attacks is lower than "
    f"without attacks by over {EQUAL:.0%}",
    evidence=_TRAINED,
)
def robust(tables: Tables) -> Judgement:
    rows = means(tables)["per_example"]
    return when(
        rows.iloc[-1] < rows.iloc[0] * (1 - EQUAL),
        f"rise of the loss over λ² {_series(rows)} ({_seeds(tables)})",
        first=rows.iloc[0], last=rows.iloc[-1],
    )  # fmt: skip


def _series(values: pd.Series) -> str:
    """`6.1 (0), 5 (0.3)`: each with the length of attacks it belongs to."""
    return ", ".join(f"{value:.3g} ({at:g})" for at, value in values.items())


def _seeds(tables: Tables) -> str:
    count = tables["hardened"]["seed"].nunique()
    return f"in brackets the length of attacks over E‖x‖; mean of {count} seeds"

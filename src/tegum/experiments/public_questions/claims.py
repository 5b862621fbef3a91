"""What is claimed of questions that were asked in public, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.public_questions.compressed import DENSITY_TRAINED, NAIVE

if TYPE_CHECKING:
    import pandas as pd

#: Published losses of k-gons for one-hot data, n = 6, m = 2, to nine places.
LEVELS: Final = {"hexagon": 0.048192376, "pentagon": 0.061799134, "two digons": 0.097222222}
#: How near they are met: a thousandth of the smallest gap between them.
SAME: Final = 1e-5
#: Equal losses of exact descents, as a part of them.
EQUAL: Final = 1e-4
#: A feature is not stored below this length, as in the claims on the introduction.
NONE: Final = 0.05
#: Differences from the naive loss that count, our choice.
CLEAR: Final = 0.02
#: The error at which an AND is no longer read off by a threshold.
READ: Final = 0.5

claims = Claims("Questions Asked in Public")


@claims(
    "63.a",
    "Where exactly one of six features is active, polygons are minima of the loss in two "
    "dimensions: hexagon, pentagon with one feature dropped, two digons with two dropped.",
    rule="exact descents end at losses within "
    f"{SAME:g} of each of " + ", ".join(f"{loss:.9f} ({name})" for name, loss in LEVELS.items()),
    evidence=("polygons", "minima"),
)
def polygons(tables: Tables) -> Judgement:
    losses = some(tables["minima"])["loss"].to_numpy()
    off = {name: np.abs(losses - level).min() for name, level in LEVELS.items()}
    met = {name: int((np.abs(losses - level) < SAME).sum()) for name, level in LEVELS.items()}
    return when(
        max(off.values()) < SAME,
        f"nearest ends of {len(losses)} descents: "
        + ", ".join(f"{name} off by {off[name]:.1e} ({met[name]} ends)" for name in LEVELS),
        worst=max(off.values()),
    )


@claims(
    "63.b",
    "The hexagon is the lowest of them.",
    rule=f"no exact descent ends below its loss by more than {SAME:g}, and some end there",
    evidence=("polygons", "minima"),
)
def hexagon(tables: Tables) -> Judgement:
    least = some(tables["minima"])["loss"].min()
    return when(
        abs(least - LEVELS["hexagon"]) < SAME,
        f"lowest loss of {len(tables['minima'])} descents {least:.9f}",
        least=least,
    )


def _beside_five(tables: Tables, setting: str) -> tuple[pd.Series, float, float]:
    """The chosen row of a setting, its loss over that of five features, and the longest sixth."""
    rows = tables["idle"]
    here, five = (
        rows[rows["chosen"] & (rows["setting"] == name)].iloc[0] for name in (setting, "five")
    )
    near = rows[(rows["setting"] == setting) & (rows["loss"] <= here["loss"] * (1 + EQUAL))]
    return here, float(here["loss"] / five["loss"]), float(some(near)["sixth"].max())


@claims(
    "63.c",
    "A feature that is never active costs nothing, and its direction is left where it is: it may "
    "be long without being stored.",
    rule=f"the lowest loss of five features and a sixth of p = 0 is within {EQUAL:g} of that of "
    f"the five, and among the models within {EQUAL:g} of it some have ‖W_6‖ > {NONE:g}",
    evidence=("idle",),
)
def never_active(tables: Tables) -> Judgement:
    _, ratio, longest = _beside_five(tables, "never active")
    return when(
        abs(ratio - 1) < EQUAL and longest > NONE,
        f"loss {ratio:.6f} × that of five; ‖W_6‖ up to {longest:.3g} at the same loss",
        ratio=ratio, longest=longest,
    )  # fmt: skip


@claims(
    "63.d",
    "A feature of importance 0 gets no room, though it is as active as the others.",
    rule=f"the lowest loss of five features and a sixth of importance 0 is within {EQUAL:g} of "
    f"that of the five, with ‖W_6‖ < {NONE:g}",
    evidence=("idle",),
)
def no_importance(tables: Tables) -> Judgement:
    row, ratio, _ = _beside_five(tables, "no importance")
    return when(
        abs(ratio - 1) < EQUAL and row["sixth"] < NONE,
        f"loss {ratio:.6f} × that of five, ‖W_6‖ = {row['sixth']:.2g}",
        ratio=ratio, sixth=row["sixth"],
    )  # fmt: skip


@claims(
    "63.e",
    "100 ReLUs on 50 neurons: sparse features are computed no better than by giving every neuron "
    "to one feature and dropping the other half.",
    rule=f"1−S = {DENSITY_TRAINED:g}: the lowest loss of the trained models, per active feature, "
    f"is > {1 - CLEAR:g} × the naive 1/12",
    evidence=("compressed", "trained"),
)
def naive(tables: Tables) -> Judgement:
    least = some(tables["trained"])["loss"].min()
    return when(
        least > (1 - CLEAR) * NAIVE,
        f"{least:.4f} per active feature (best of {len(tables['trained'])} models), naive "
        f"{NAIVE:.4f}",
        least=least,
    )


@claims(
    "63.f",
    "With a random matrix mixed into what is asked for, ReLU(x) + Mx, the loss gets below that: "
    "the gain is the mixing matrix's, not computation in superposition.",
    rule=f"one feature active: the least loss found is < {1 - CLEAR:g} × 1/12 for some spread of "
    f"M's entries, and within {CLEAR:.0%} of it, not below by {EQUAL:g}, for M = 0",
    evidence=("compressed", "mixed"),
)
def mixing(tables: Tables) -> Judgement:
    least = some(tables["mixed"]).groupby("spread")["loss"].min().sort_index() / NAIVE
    none = least.loc[0.0]
    return when(
        least.min() < 1 - CLEAR and 1 - EQUAL < none < 1 + CLEAR,
        "loss over the naive one: "
        + ", ".join(f"{ratio:.3f} (σ = {spread:g})" for spread, ratio in least.items()),
        least=least.min(), none=none,
    )  # fmt: skip


def needed(tables: Tables) -> pd.DataFrame:
    """The fewest neurons that read every AND, by number of inputs."""
    rows = tables["and"]
    rows = rows[rows["error"] < READ].sort_values(["neurons", "error"])
    found: pd.DataFrame = rows.groupby("inputs").first()
    return found


@claims(
    "63.g",
    "One layer of random neurons holds the ANDs of all pairs of sparse inputs, with fewer neurons "
    "than pairs, and relatively fewer the more inputs there are.",
    rule=f"every AND is within {READ:g} for all inputs of at most two ones, with fewer neurons "
    "than pairs at the largest number of inputs, and fewer per pair than at the smallest",
    evidence=("and",),
    quick=False,
)
def universal(tables: Tables) -> Judgement:
    rows = some(needed(tables))
    part = rows["part"]
    return when(
        part.iloc[-1] < 1 and part.iloc[-1] < part.iloc[0] and len(rows) > 1,
        ", ".join(
            f"{row.neurons} neurons for {row.pairs} ANDs of {inputs} inputs (error {row.error:.2f})"
            for inputs, row in zip(rows.index, rows.itertuples(), strict=True)
        ),
        first=part.iloc[0], last=part.iloc[-1],
    )  # fmt: skip

"""What is claimed of kinds of dictionaries, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.dictionary_learning.kinds import KINDS, PLAIN, M, N, P

if TYPE_CHECKING:
    import pandas as pd

#: What a sketch of the best kind reached, and a little less.
REACHED: Final = 0.985

claims = Claims("The Strategic Picture of Superposition")


def bests(tables: Tables) -> pd.DataFrame:
    """The best row of each problem and method, with `lowest`, the worst seed of its setting."""
    rows = tables["board"]
    keys = ["problem", "method", "setting"]
    lowest = (
        rows.groupby(keys, dropna=False)["mean_max_cosine"].min().rename("lowest").reset_index()
    )
    return some(rows[rows["best"]]).merge(lowest, on=keys)


@claims(
    "49.k",
    "The best kind of sparse autoencoder finds twenty features of random directions in ten "
    "dimensions nearly exactly.",
    rule=f"{N} features in {M} dimensions, 1−S = {P:g}: mean max cosine ≥ {REACHED:g} for some "
    "kind at its best setting; of the seeds the one of lowest held-out objective",
    evidence=("board",),
)
def reached(tables: Tables) -> Judgement:
    rows = bests(tables)
    own = some(rows[rows["problem"] == PLAIN]).sort_values("mean_max_cosine", ascending=False)
    words = ", ".join(
        f"{row.method} {row.mean_max_cosine:.3f} ({_setting(row.setting)}L0 {row.l0:.2f}, worst "
        f"seed {row.lowest:.3f})"
        for row in own.itertuples()
    )
    return when(
        own["mean_max_cosine"].iloc[0] >= REACHED,
        f"{words}; L0 of the features {own['true_l0'].iloc[0]:.2f}; best of "
        f"{tables['board']['seed'].nunique()}",
        best=own["mean_max_cosine"].iloc[0],
    )


def _setting(value: Any) -> str:
    return f"setting {value:g}, " if value == value else ""


@claims(
    "49.l",
    "A basis with as many directions as dimensions does not do: independent component analysis "
    "finds at most that many features, sparse autoencoders find more.",
    rule="on every problem: features with an atom above a cosine of 0.9 are at most as many as "
    "hidden dimensions for FastICA, and more for the best kind of sparse autoencoder (not tested "
    "where scikit-learn is not installed)",
    evidence=("board",),
)
def overcomplete(tables: Tables) -> Judgement:
    rows = bests(tables)
    classical = rows[rows["method"] == "FastICA"].set_index("problem")
    if classical.empty:
        return Judgement("not tested", "no FastICA: scikit-learn is not installed")
    trained = rows[rows["method"].isin(KINDS)].groupby("problem")["found"].max()
    both = classical.assign(trained=trained).reset_index()
    words = ", ".join(
        f"{row.problem} {row.found:g} and {row.trained:g} of {row.features:g}"
        for row in both.itertuples()
    )
    few, many = both["found"] <= both["dimensions"], both["trained"] > both["dimensions"]
    return when(
        few.all() and many.all(),
        f"features found by FastICA and by the best kind: {words}",
    )

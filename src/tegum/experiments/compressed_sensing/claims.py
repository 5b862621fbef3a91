"""What is claimed of compressed sensing and toy models, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.compressed_sensing.recovery import half_way

if TYPE_CHECKING:
    import pandas as pd

#: How far ‖W‖_F² may be off twice that of half the dimensions: 7 % from eight to sixteen, as one of
#: them holds the mean of what is not represented, and as much again.
LINEAR: Final = 0.15
#: The constant of the bound, to two digits.
CONSTANT: Final = 1.55
#: So many samples must meet the lemma's condition for it to have been tested.
ENOUGH: Final = 100

claims = Claims("Connection between compressed sensing lower bounds and the toy model")


@claims(
    "52.a",
    "The number of features is linear in the number of dimensions. (Recorded as differing: at "
    "1−S of 0.3 and 0.1 it is. Where features are sparser, twice the dimensions hold clearly more "
    "than twice as many, as far as sixty-four: overlaps among directions in more dimensions are "
    "smaller.)",
    rule="with so many features offered for each dimension: each doubling of m multiplies ‖W‖_F² "
    f"(mean over seeds) by 2 to {LINEAR:.0%}, at every density (that features are offered in "
    "proportion to m, and m goes beyond 16, was changed after a run: very many at small m hold "
    "one another back)",
    evidence=("bound", "features-by-dimension"),
    expected="differs",
    quick=False,
)
def linear(tables: Tables) -> Judgement:
    found = _means(tables, "per_dimension")
    some(found.columns[1:], "doublings")
    total = found * found.columns.to_numpy()
    factors = total.to_numpy()[:, 1:] / total.to_numpy()[:, :-1]
    words = "; ".join(
        f"1−S = {p:g}: " + ", ".join(f"×{f:.2f}" for f in row)
        for p, row in zip(found.index, factors, strict=True)
    )
    return when(
        np.all(np.abs(factors / 2 - 1) <= LINEAR),
        f"m = {_list(found.columns)}: {words} ({_seeds(tables)} seeds)",
        least=factors.min(), most=factors.max(),
    )  # fmt: skip


@claims(
    "52.b",
    "Features per dimension obey the bound of compressed sensing, m = Ω(−n p log p), with a "
    "constant of about 1.5. (Recorded as differing: the bound leaves its constant open, and there "
    "is none yet at these sizes. Of sparse features it rises with the number of dimensions, and "
    "1.5 is that of about sixty-four.)",
    rule=f"‖W‖_F²/m ≤ {CONSTANT:g}/(p ln(1/p)) for every trained model (that m goes beyond 16 was "
    "changed after a run in which it held)",
    evidence=("bound", "features-by-dimension"),
    expected="differs",
    quick=False,
)
def bounded(tables: Tables) -> Judgement:
    rows = some(tables["bound"])
    words = "; ".join(
        f"m = {m}: {own['constant'].mean():.2f} ± {_sd(own['constant']):.2f}, "
        f"{own['constant'].max():.2f} at most"
        for m, own in rows.groupby("m")
    )
    counted = rows["represented"] / rows["m"] * rows["constant"] / rows["per_dimension"]
    return when(
        rows["constant"].max() <= CONSTANT,
        "‖W‖_F²/m · p ln(1/p), mean and standard deviation over densities and seeds: "
        f"{words}; by represented features in place of ‖W‖_F² {counted.max():.2f} at most",
        most=rows["constant"].max(), mean=rows["constant"].mean(), spread=rows["constant"].std(),
        counted=counted.max(),
    )  # fmt: skip


def _sd(values: pd.Series) -> float:
    return float(values.std(ddof=0))


@claims(
    "52.c",
    "The bound lets superposition increase with sparsity, and it does.",
    rule="‖W‖_F²/m (mean over seeds, largest m) rises with every step to sparser features",
    evidence=("bound", "features-by-dimension"),
)
def increases(tables: Tables) -> Judgement:
    per = _means(tables, "per_dimension").iloc[:, -1].sort_index(ascending=False)
    return when(
        len(per) > 1 and np.all(np.diff(per.to_numpy()) > 0),
        "features per dimension "
        + ", ".join(f"{value:.2f} (1−S = {p:g})" for p, value in per.items()),
        first=per.iloc[0], last=per.iloc[-1],
    )  # fmt: skip


def _means(tables: Tables, column: str) -> pd.DataFrame:
    """The means over seeds: a row per density, a column per m that all densities have."""
    means = some(tables["bound"]).groupby([DENSITY, "m"])[column].mean()
    return means.unstack("m").dropna(axis=1)


def _seeds(tables: Tables) -> int:
    return int(tables["bound"]["seed"].nunique())


def _list(values: pd.Index) -> str:
    return ", ".join(f"{value:g}" for value in values)


@claims(
    "53.a",
    "What a toy model makes of y = W x is enough to recover a sparse x exactly, if it is near: "
    "keep the k largest, and solve on these.",
    rule="every sample with ‖T(x) − x‖₂ < x_(k)/√2 is recovered, x_(k) the smallest of its k "
    f"active features; at least {ENOUGH} samples are such",
    evidence=("condition", "recovered-by-error"),
)
def lemma(tables: Tables) -> Judgement:
    rows = tables["condition"]
    near = rows["error"] < rows["least"] / np.sqrt(2)
    of_near, of_others = rows.loc[near, "recovered"], rows.loc[~near, "recovered"]
    return when(
        near.sum() >= ENOUGH and of_near.all(),
        f"{of_near.sum()} of {near.sum()} near samples, and {of_others.mean():.0%} of the "
        f"{len(of_others)} others, m = {rows['m'].min()} to {rows['m'].max()}",
        near=near.sum(), others=of_others.mean(),
    )  # fmt: skip


@claims(
    "53.b",
    "Near enough is an error smaller than the (k+1)th largest entry of x. (Recorded as differing: "
    "that entry is 0 for a k-sparse x, which leaves no error at all, and where it is not, the kth "
    "may be hardly larger, and any error swaps them. It is their difference that counts.)",
    rule="the k largest entries of x + e are those of x for every vector and direction tried, ‖e‖ "
    "just below that entry",
    evidence=("supports",),
    expected="differs",
)
def as_written(tables: Tables) -> Judgement:
    rows = some(tables["supports"].query("rule == 'as written'"))
    words = ", ".join(f"{row.same:.1%} ({row.direction})" for row in rows.itertuples())
    return when(
        rows["same"].min() == 1.0,
        f"the same support in {words} of {rows['vectors'].min()} vectors",
        least=rows["same"].min(), most=rows["same"].max(),
    )  # fmt: skip


@claims(
    "53.c",
    "An error below 1/√2 of the difference of the kth and the next entry is near enough, and no "
    "longer one is.",
    rule="the same support for every vector and direction at 0.99 of that length, and for none in "
    "the worst direction at 1.01",
    evidence=("supports",),
)
def gap(tables: Tables) -> Judgement:
    found = some(tables["supports"]).set_index(["rule", "direction"])["same"]
    below, above = found["gap, below"].min(), found["gap, above"]["worst"]
    return when(
        below == 1.0 and above == 0.0,
        f"the same support in {below:.0%} below and {above:.0%} above, in the worst direction",
        below=below, above=above,
    )  # fmt: skip


@claims(
    "53.d",
    "Recovery by l1 has a sharp phase change, where it is known to be.",
    rule="l1 with x ≥ 0 and Gaussian W of n columns: half of the vectors are recovered within "
    "1/√n in k/m of the transition of Donoho and Tanner at every m/n; ≥ 95 % at 2/√n below it, "
    "≤ 5 % at 2/√n above",
    evidence=("transitions", "phase-transition"),
)
def transition(tables: Tables) -> Judgement:
    rows = some(tables["transitions"].query("way == 'l1'"))
    tolerance = 1 / np.sqrt(rows["n"].iloc[0])
    half, known = halves(tables, "l1"), rows.groupby("ratio")["known"].first()
    off = (half - known).abs().max()
    low = rows.loc[rows["rho"] < rows["known"] - 2 * tolerance, "recovered"]
    high = rows.loc[rows["rho"] > rows["known"] + 2 * tolerance, "recovered"]
    return when(
        off <= tolerance and low.mean() >= 0.95 and high.mean() <= 0.05,
        f"off by {off:.3f} at most, 1/√n = {tolerance:.3f}; {low.mean():.1%} below and "
        f"{high.mean():.1%} above: " + _halves(half, known),
        off=off, below=low.mean(), above=high.mean(),
    )  # fmt: skip


@claims(
    "53.e",
    "One linear map and a threshold, the toy model's means, are less powerful than l1.",
    rule="half of the vectors are recovered up to a smaller k/m by the lemma than by l1, from the "
    "same Gaussian matrices, at every m/n",
    evidence=("transitions", "phase-transition"),
)
def weaker(tables: Tables) -> Judgement:
    ours, l1, trained = (halves(tables, way) for way in ("lemma", "l1", "trained"))
    return when(
        len(ours) and np.all(ours < l1),
        "half recovered up to k/m = "
        + "; ".join(
            f"{ours[r]:.2f} (l1 {l1[r]:.2f}, by a trained W {trained[r]:.2f}) at m/n = {r:g}"
            for r in ours.index
        ),
        largest=(ours / l1).max(),
    )


def halves(tables: Tables, way: str) -> pd.Series:
    """k/m at which half of the vectors are recovered in one way, by m/n."""
    import pandas as pd

    rows = tables["transitions"]
    found = {
        float(str(ratio)): half_way(own["rho"].to_numpy(), own["recovered"].to_numpy())
        for ratio, own in rows[rows["way"] == way].sort_values("rho").groupby("ratio")
    }
    return pd.Series(found, dtype=float)


def _halves(half: pd.Series, known: pd.Series) -> str:
    return ", ".join(f"{half[r]:.2f} ({known[r]:.2f} known) at m/n = {r:g}" for r in half.index)

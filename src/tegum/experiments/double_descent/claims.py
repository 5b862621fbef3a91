"""What the experiment on memorization claims, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.experiments.base import Claims, Judgement, Tables, some, when

if TYPE_CHECKING:
    import pandas as pd

    from tegum.dims import F64

#: Few data; the paper's polygons of data are of so few.
FEW: Final = 30
#: How near D_X is to m/T: our choice.
NEAR: Final = 0.1
#: A bump: so much above both ends, our choice.
BUMP: Final = 1.05
#: The gaps of a pentagon, as in the claims on the introduction.
GAP: Final = 10.0
#: The dimensionality of features: where data are stored, and where a pentagon (2/5) forms.
NO_FEATURES, SOME_FEATURES, FEWER = 0.1, 0.3, 100

_LINE: Final = ("line", "descent")
_AFTER: Final = "; thresholds were set after trial runs of two to four seeds"

claims = Claims("Superposition, Memorization, and Double Descent")


@claims(
    "61.a",
    "Few data are stored in superposition as if each were a feature: T of them have a "
    "dimensionality of m/T each.",
    rule=f"for every T ≤ {FEW}, m = 2, the median over data of D_X = ‖h‖²/Σ_j (ĥ·h_j)² is within "
    f"{NEAR:.0%} of 2/T in the model of lowest training loss"
    f"{_AFTER}",
    evidence=_LINE,
    quick=False,
)
def data_share(tables: Tables) -> Judgement:
    rows = tables["line"]
    rows = some(rows[rows["chosen"] & (rows["T"] <= FEW)])
    ratio = rows["data"] * rows["T"] / 2
    return when(
        (np.abs(ratio - 1) <= NEAR).all(),
        "median D_X over 2/T: "
        + ", ".join(f"{r:.3f} (T = {t})" for r, t in zip(ratio, rows["T"], strict=True)),
        worst=np.abs(ratio - 1).max(),
    )


@claims(
    "61.b",
    "With many data the model stores five features as a pentagon, as it does with endless data. "
    "(A first run ended at 30,000 data, where two features share a corner in the best model, and "
    "no seed of five has five features. The published models were trained on ten times as many "
    "steps.)",
    rule="at the largest T the model of lowest training loss has exactly five ‖W_i‖ > ½, and gaps "
    f"of 72° ± {GAP:g}° between them"
    f"{_AFTER}",
    evidence=("arrangement", "descent"),
    quick=False,
)
def features_at_last(tables: Tables) -> Judgement:
    rows, points = tables["line"], tables["arrangement"]
    last = some(rows[rows["T"] == rows["T"].max()])
    points = points[(points["T"] == last["T"].iloc[0]) & (points["kind"] == "feature")]
    points = some(points[np.hypot(points["x"], points["y"]) > 0.5])
    angle = np.sort(np.degrees(np.arctan2(points["y"], points["x"])).to_numpy())
    gaps = np.diff(np.append(angle, angle[0] + 360.0))
    return when(
        len(points) == 5 and (np.abs(gaps - 72.0) <= GAP).all(),
        f"T = {last['T'].iloc[0]}: {len(points)} features, gaps of {gaps.min():.0f}° to "
        f"{gaps.max():.0f}°; {(last['represented'] == 5).sum()} of {len(last)} seeds have five",
        features=len(points), least=gaps.min(), most=gaps.max(),
    )  # fmt: skip


@claims(
    "61.c",
    "Features get dimensions only when data are many. (Recorded as differing: with few data "
    "the features of a datum have a little of its dimension, up to 0.15, and in the end those of "
    "the pentagon share its corners with smaller ones, 0.29. In between the dimensionality is "
    "lowest, 0.04.)",
    rule="the mean dimensionality of the five longest features, m = 2, model of lowest training "
    f"loss, is < {NO_FEATURES:g} for all T in [5, {FEWER}] and > {SOME_FEATURES:g} at the largest"
    f"{_AFTER}",
    evidence=_LINE,
    expected="differs",
    quick=False,
)
def features_take_over(tables: Tables) -> Judgement:
    rows = tables["line"]
    rows = some(rows[rows["chosen"]]).sort_values("T")
    few = some(rows[rows["T"].between(5, FEWER)])["features"]
    last = rows["features"].iloc[-1]
    return when(
        (few < NO_FEATURES).all() and last > SOME_FEATURES,
        f"at most {few.max():.3f} for T in [5, {FEWER}], {last:.3f} at T = {rows['T'].iloc[-1]} (a "
        "pentagon has 0.4)",
        few=few.max(), last=last,
    )  # fmt: skip


@claims(
    "61.d",
    "Between the two the test loss is worse than on either side: double descent in the number of "
    "data.",
    rule=f"m = 2: at some T the mean test loss over seeds is > {BUMP:g} × that at the smallest T "
    "and at the largest"
    f"{_AFTER}",
    evidence=_LINE,
)
def bump(tables: Tables) -> Judgement:
    mean = some(tables["line"]).groupby("T")["test"].mean().sort_index()
    ends = max(mean.iloc[0], mean.iloc[-1])
    return when(
        mean.max() > BUMP * ends,
        f"test loss {mean.iloc[0]:.4g} at T = {mean.index[0]}, {mean.max():.4g} at T = "
        f"{mean.idxmax()}, {mean.iloc[-1]:.4g} at T = {mean.index[-1]} (mean of "
        f"{tables['line']['seed'].nunique()} seeds)",
        most=mean.max(), at=mean.idxmax(), first=mean.iloc[0], last=mean.iloc[-1],
    )  # fmt: skip


def means(tables: Tables) -> pd.DataFrame:
    """The mean test loss over seeds: m by T."""
    found: pd.DataFrame = some(tables["map"]).groupby(["m", "T"])["test"].mean().unstack()
    return found


@claims(
    "61.e",
    "It is there along the other axis, too: more dimensions first make the test loss worse.",
    rule=f"at some T the mean test loss at some m is > {BUMP:g} × that at the smallest m and at "
    "the largest"
    f"{_AFTER}",
    evidence=("map",),
    quick=False,
)
def bump_by_size(tables: Tables) -> Judgement:
    table = means(tables)
    rise: F64 = (table.max() / np.maximum(table.iloc[0], table.iloc[-1])).to_numpy(float)
    at = table.columns[int(rise.argmax())]
    column = table[at]
    return when(
        rise.max() > BUMP,
        f"at T = {at}: {column.iloc[0]:.4g} at m = {column.index[0]}, {column.max():.4g} at m = "
        f"{column.idxmax()}, {column.iloc[-1]:.4g} at m = {column.index[-1]}",
        rise=rise.max(),
    )


@claims(
    "61.f",
    "With more dimensions the worst number of data is not lower: the ridge of the map does not "
    "run to fewer data.",
    rule="the T of the highest mean test loss does not fall as m rises, over the m where it is > "
    f"{BUMP:g} × both ends of its row; at least two such m"
    f"{_AFTER}",
    evidence=("map",),
    quick=False,
)
def ridge(tables: Tables) -> Judgement:
    table = means(tables)
    ends = np.maximum(table.iloc[:, 0], table.iloc[:, -1])
    rows = table[table.max(axis=1) > BUMP * ends]
    at = rows.idxmax(axis=1) if len(rows) else table.iloc[:0, 0]
    return when(
        len(at) >= 2 and (np.diff(at) >= 0).all(),
        "worst T "
        + ", ".join(f"{t} (m = {m})" for m, t in at.items())
        + f"; highest rise elsewhere ×{(table.max(axis=1) / ends).drop(at.index).max():.3f}",
        bumps=len(at),
    )


@claims(
    "61.g",
    "The bump is a matter of the minimum and not of the training: exact descent to lower training "
    "losses keeps it.",
    rule="at some T the lowest training loss found by L-BFGS, from the best model of AdamW and "
    f"from a pentagon, has a test loss > {BUMP:g} × that of the line's ends"
    f"{_AFTER}",
    evidence=("exact",),
)
def at_minimum(tables: Tables) -> Judgement:
    rows = tables["exact"]
    rows = some(rows[rows["chosen"]])
    mean = some(tables["line"]).groupby("T")["test"].mean().sort_index()
    ends = max(mean.iloc[0], mean.iloc[-1])
    return when(
        rows["test"].max() > BUMP * ends,
        "lowest training loss and its test loss: "
        + ", ".join(
            f"{r.loss:.4f}, {r.test:.4g} (T = {r.T}, from {r.start})" for r in rows.itertuples()
        ),
        most=rows["test"].max(),
    )


@claims(
    "61.h",
    "Memorizing has the lower training loss up to some number of data, features beyond it. "
    "(Recorded as differing: AdamW's models of so many data are features themselves, of those that "
    "the data favour, and are lower than the pentagon of the first five features, by less than a "
    "thousandth.)",
    rule="by exact descent the model of AdamW ends lower than the pentagon at the smallest T "
    "tried, the pentagon at the largest"
    f"{_AFTER}",
    evidence=("exact",),
    expected="differs",
    quick=False,
)
def order(tables: Tables) -> Judgement:
    both = some(tables["exact"]).pivot(index="T", columns="start", values="loss").sort_index()
    gap = both["pentagon"] - both["adamw"]
    return when(
        len(gap) > 1 and gap.iloc[0] > 0 > gap.iloc[-1],
        "training loss of the pentagon less that of AdamW's model: "
        + ", ".join(f"{g:+.4f} (T = {t})" for t, g in gap.items()),
        first=gap.iloc[0], last=gap.iloc[-1],
    )  # fmt: skip

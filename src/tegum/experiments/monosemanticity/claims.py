"""What the experiment on monosemantic neurons claims, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.monosemanticity.measure import (
    LONGER,
    MONOSEMANTIC,
    NEGATIVE,
    RATE,
    SIZE,
)

if TYPE_CHECKING:
    import pandas as pd

#: A loss is no worse within this part of it: our choice.
SAME: Final = 1.02
#: More neurons after longer training: our choice.
MORE: Final = 1.1
_COUNT: Final = f"neurons with more than {MONOSEMANTIC:g} of their activations from one feature"
_WHERE: Final = f"n = {SIZE.n}, m = {SIZE.m}, k = {SIZE.k}, Adam with a learning rate of {RATE:g}"
_AFTER: Final = "; set after trial runs of one seed"

claims = Claims("Engineering Monosemanticity in Toy Models")


def _means(rows: pd.DataFrame, *by: str) -> pd.DataFrame:
    found: pd.DataFrame = some(rows).groupby(list(by))[["loss", "monosemantic"]].mean()
    return found


def _part(tables: Tables, name: str) -> pd.DataFrame:
    rows = tables["models"]
    return some(rows[rows["part"] == name])


def _best_negative(rows: pd.DataFrame) -> float:
    """The initial bias below 0 from which most neurons end monosemantic."""
    means = _means(rows[rows["initial_bias"] < 0], "initial_bias")
    return float(means["monosemantic"].idxmax())  # type: ignore[arg-type]


def _against_zero(rows: pd.DataFrame, zero: pd.DataFrame) -> tuple[bool, str]:
    """Whether rows have more monosemantic neurons in every seed, at a mean loss no worse."""
    both = rows.merge(zero, on="seed", suffixes=("", "_zero"))
    more = (some(both)["monosemantic"] > both["monosemantic_zero"]).all()
    ratio = both["loss"].mean() / both["loss_zero"].mean()
    said = (
        f"{both['monosemantic'].mean():.0f} for {both['monosemantic_zero'].mean():.0f} neurons at "
        f"{ratio:.3f} of the loss"
    )
    return bool(more and ratio <= SAME), said


@claims(
    "59.a",
    "Neurons that begin with negative biases become more monosemantic, at no more loss.",
    rule=f"{_WHERE}: {_COUNT} are more than from an initial bias of 0 in every seed, at a mean "
    f"loss of at most {SAME:g} of that, both from the best negative bias and from the published "
    f"start, −1, which decays{_AFTER}",
    evidence=("training", "biases"),
)
def negative(tables: Tables) -> Judgement:
    rows = _part(tables, "biases")
    zero, best = rows[rows["initial_bias"] == 0], _best_negative(rows)
    ours, said = _against_zero(rows[rows["initial_bias"] == best], zero)
    theirs, also = _against_zero(_part(tables, "published"), zero)
    return when(
        ours and theirs,
        f"from {best:g}: {said}; from −1, decaying: {also}; seeds: {zero['seed'].nunique()}",
        best=best,
    )


@claims(
    "59.b",
    "It is another minimum that training finds, monosemantic and of the same loss. (Recorded as "
    "differing: a negative start gets there sooner. With four times the steps, or twice the "
    "learning rate, neurons without it are as monosemantic, and before that their loss is higher. "
    "The published runs, of LAMB, have 350 times as many samples.)",
    rule=f"{_WHERE}, {LONGER} times the steps: the mean count from {NEGATIVE:g} is more than "
    f"{MORE:g} of that from 0, and mean losses agree to {SAME - 1:.0%}{_AFTER}",
    evidence=("training", "models"),
    expected="differs",
    quick=False,
)
def another_minimum(tables: Tables) -> Judgement:
    means = _means(_part(tables, "longer"), "initial_bias")
    zero, low = means.loc[0.0], means.loc[NEGATIVE]
    ratio, loss = low["monosemantic"] / zero["monosemantic"], low["loss"] / zero["loss"]
    return when(
        ratio > MORE and 1 / SAME <= loss <= SAME,
        f"{low['monosemantic']:.0f} for {zero['monosemantic']:.0f} neurons at {loss:.3f} of the "
        f"loss; seeds: {_part(tables, 'longer')['seed'].nunique()}",
        ratio=ratio, loss=loss,
    )  # fmt: skip


@claims(
    "59.c",
    "More neurons make the model more monosemantic.",
    rule=f"the mean count from {NEGATIVE:g} rises with every doubling of the neurons{_AFTER}",
    evidence=("neurons",),
)
def more_neurons(tables: Tables) -> Judgement:
    rows = tables["models"]
    rows = rows[(rows["part"] == "neurons") | (rows["part"] == "biases")]
    count = _means(rows[rows["initial_bias"] == NEGATIVE], "k")["monosemantic"].sort_index()
    return when(
        len(count) > 2 and (count.diff().dropna() > 0).all(),
        ", ".join(f"{c:.0f} of {k}" for k, c in count.items()),
    )


@claims(
    "59.d",
    "Moderate biases do it: neither none nor the most negative.",
    rule=f"{_WHERE}: the mean count is highest at an initial bias between 0 and the lowest tried"
    f"{_AFTER}",
    evidence=("biases",),
    quick=False,
)
def moderate(tables: Tables) -> Judgement:
    count = _means(_part(tables, "biases"), "initial_bias")["monosemantic"].sort_index()
    best = float(count.idxmax())  # type: ignore[arg-type]
    return when(
        count.index.min() < best < 0,
        ", ".join(f"{c:.0f} from {b:g}" for b, c in count[::-1].items()),
        best=best,
    )


@claims(
    "59.e",
    "Monosemantic neurons end with moderately negative biases.",
    rule=f"the middle half of the biases of monosemantic neurons, from {NEGATIVE:g}, first seed, "
    f"is below 0 and above −1{_AFTER}",
    evidence=("final-biases",),
)
def final_biases(tables: Tables) -> Judgement:
    rows = tables["neurons"]
    rows = rows[(rows["initial_bias"] == NEGATIVE) & (rows["share"] > MONOSEMANTIC)]
    low, middle, high = some(rows)["bias"].quantile([0.25, 0.5, 0.75])
    return when(
        low > -1 and high < 0,
        f"quartiles {low:.2f}, {middle:.2f}, {high:.2f}, of {len(rows)} neurons",
        middle=middle,
    )


@claims(
    "59.f",
    "Adam trains these models as well as LAMB, the published optimiser.",
    rule="the lowest mean loss over the learning rates of Adam is at most "
    f"{SAME:g} of that over those of LAMB, each from 0 and from {NEGATIVE:g}{_AFTER}",
    evidence=("rates",),
    quick=False,
)
def optimisers(tables: Tables) -> Judgement:
    means = _means(of_rates(tables), "optimizer", "initial_bias", "rate").reset_index()
    least = means.loc[means.groupby(["optimizer", "initial_bias"])["loss"].idxmin()]
    loss = least.pivot(index="initial_bias", columns="optimizer", values="loss")
    ratio = (loss["adam"] / loss["lamb"]).max()
    return when(
        len(loss) == 2 and ratio <= SAME,
        ", ".join(
            f"{r.optimizer} {r.loss:.4f} at {r.rate:g}, {r.monosemantic:.0f} neurons (from "
            f"{r.initial_bias:g})"
            for r in least.itertuples()
        ),
        ratio=ratio,
    )


def of_rates(tables: Tables) -> pd.DataFrame:
    """Models of all learning rates: those of the usual one stand among the initial biases."""
    rows = tables["models"]
    usual = (rows["part"] == "biases") & rows["initial_bias"].isin([0.0, NEGATIVE])
    return some(rows[(rows["part"] == "rates") | usual])


@claims(
    "59.g",
    "Without a negative start, larger learning rates make neurons more monosemantic.",
    rule="from an initial bias of 0 the mean count rises with the learning rate, of Adam and of "
    f"LAMB{_AFTER}",
    evidence=("rates",),
    quick=False,
)
def learning_rates(tables: Tables) -> Judgement:
    rows = of_rates(tables)
    means = _means(rows[rows["initial_bias"] == 0], "optimizer", "rate").reset_index()
    counts = [some(means[means["optimizer"] == name]) for name in ("adam", "lamb")]
    rises = [
        len(one) > 1 and (one.sort_values("rate")["monosemantic"].diff().dropna() > 0).all()
        for one in counts
    ]
    return when(
        all(rises),
        ", ".join(
            f"{r.monosemantic:.0f} at {r.rate:g} ({r.optimizer})" for r in means.itertuples()
        ),
    )


@claims(
    "59.h",
    "At the published size, 512 features by 1024 neurons from 64 dimensions, negative biases make "
    "neurons more monosemantic, too, at no more loss.",
    rule=f"as 59.a, from {NEGATIVE:g}{_AFTER}",
    evidence=("models",),
    quick=False,
)
def reference(tables: Tables) -> Judgement:
    rows = _part(tables, "reference")
    holds, said = _against_zero(
        rows[rows["initial_bias"] == NEGATIVE], rows[rows["initial_bias"] == 0]
    )
    return when(holds, f"{said}; seeds: {rows['seed'].nunique()}")

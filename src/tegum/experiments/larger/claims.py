"""What the experiment `larger` claims, and the rules that decide."""

from __future__ import annotations

from typing import Final

from tegum.experiments._shared.sweeps import DENSITIES, SMALL_HIDDEN, at, known, lowest
from tegum.experiments.base import Claims, Judgement, Tables, when
from tegum.experiments.larger.measure import HIDDEN

#: 1−S: represented features as read off the paper's figure.
READ: Final = {0.3: 26, 0.1: 32, 0.03: 41}
#: What counts may be off by.
COUNT_SLACK: Final = 3
#: A packing describes a model whose loss is this close to its own, relatively.
LOSS_SLACK: Final = 0.05
#: Down to this density the small model is a scaled-down copy.
SCALES_TO: Final = 0.01
#: Represented features per dimension agree when they are this close, relatively.
RESCALED: Final = 0.15

_COUNTED: Final = ("counts", "models-shown", "seeds", "models", "packing")
_PACKING_RULE: Final = (
    f"represented within {COUNT_SLACK} of the packing's and of the figure's, dedicated within "
    f"{COUNT_SLACK} of the packing's, loss within {LOSS_SLACK:.0%} of the packing's"
)
_RESCALED_RULE: Final = f"represented / m within {RESCALED:.0%} of the small model's at every "

claims = Claims("Demonstrating Superposition: Basic Results")


@claims(
    "4.a",
    "At 1−S = 0.3 and 0.1 the larger model, too, is about the best packing of antipodal pairs: it "
    "represents as many features, keeps as many of them apart, and loses as much.",
    rule=_PACKING_RULE,
    evidence=_COUNTED,
)
def pairs(tables: Tables) -> Judgement:
    return _against_packing(tables, 0.3, 0.1)


@claims(
    "4.b",
    "At 1−S = 0.03 forty features in twenty antipodal pairs are the best model. (Recorded as "
    "differing: arrangements beyond pairs hold a few more features at a loss lower by a tenth, as "
    "in the small model, where three pairs and a pentagon beat five pairs.)",
    rule=_PACKING_RULE,
    evidence=_COUNTED,
    expected="differs",
    quick=False,
)
def beyond(tables: Tables) -> Judgement:
    return _against_packing(tables, 0.03)


def _against_packing(tables: Tables, *densities: float) -> Judgement:
    good, words = True, []
    values: dict[str, float] = {}
    for p in densities:
        row, packing = lowest(tables["models"], p).iloc[0], at(tables["packing"], p).iloc[0]
        shown, alone = int(row["represented"]), int(row["dedicated"])
        predicted, by_themselves = int(packing["represented"]), int(packing["dedicated"])
        ratio = row["loss"] / packing["loss"]
        good &= max(abs(shown - predicted), abs(shown - READ[p])) <= COUNT_SLACK
        good &= abs(alone - by_themselves) <= COUNT_SLACK and abs(ratio - 1) <= LOSS_SLACK
        words.append(
            f"{shown}/{alone} (packing {predicted}/{by_themselves}, figure about {READ[p]}), loss "
            f"{ratio:.3f} of the packing's; {known(tables['models'], p)}"
        )
        values |= {f"represented_{p:g}": shown, f"dedicated_{p:g}": alone, f"ratio_{p:g}": ratio}
    return when(good, "represented/dedicated " + "; ".join(words), **values)


@claims(
    "4.c",
    f"Down to 1−S = {SCALES_TO:g} the larger model is a rescaled version of the small one: it "
    "represents about as many features per dimension.",
    rule=f"{_RESCALED_RULE}1−S ≥ {SCALES_TO:g}",
    evidence=("rescaled", "models-shown", "models", "small_models"),
)
def rescaled(tables: Tables) -> Judgement:
    return _rescaled(tables, *(p for p in DENSITIES if p >= SCALES_TO))


@claims(
    "4.d",
    "The larger model remains a rescaled version of the small one however sparse features are. "
    "(Recorded as differing: where interference is rare, the more dimensions there are, the more "
    "nearly orthogonal directions each of them offers; with importances that fall equally per "
    "dimension, m = 5, 10 and 20 hold about 2.4, 3.0 and 3.3 features per dimension at 1−S = "
    "0.001.)",
    rule=f"{_RESCALED_RULE}density",
    evidence=("rescaled", "models", "small_models"),
    expected="differs",
    quick=False,
)
def rescaled_sparse(tables: Tables) -> Judgement:
    return _rescaled(tables, *DENSITIES)


def _rescaled(tables: Tables, *densities: float) -> Judgement:
    large, small = (
        lowest(tables[name], *densities)["represented"] / m
        for name, m in (("models", HIDDEN), ("small_models", SMALL_HIDDEN))
    )
    worst = (large / small - 1).abs().max()
    rows = zip(large, small, densities, strict=True)
    words = (f"{large:.2f}, {small:.2f} at 1−S={p:g}" for large, small, p in rows)
    return when(
        worst <= RESCALED,
        f"represented per dimension, m={HIDDEN} and m={SMALL_HIDDEN}: {'; '.join(words)}; "
        f"largest difference {worst:.1%}; m={HIDDEN}: {known(tables['models'], *densities)}; "
        f"m={SMALL_HIDDEN}: {known(tables['small_models'], *densities)}",
        largest_difference=worst,
    )

"""What is claimed of the diagrams of trained models, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.experiments.base import Claims, Judgement, Tables, when
from tegum.experiments.phase_diagrams.measure import FOUND, MODELS

if TYPE_CHECKING:
    import pandas as pd

#: Cells count where another outcome loses more than this, relatively …
GAP: Final = 0.05
#: … and of these so many must agree.
AGREEMENT: Final = 0.97
#: Lengths and superpositions that differ by less look alike in the diagram.
LOOKS: Final = 0.1

_RULE: Final = (
    "the same of the three outcomes as the optimum, and length and superposition of the extra "
    f"feature within {LOOKS:g} of it, each in ≥ {AGREEMENT:.0%} of the cells in which every other "
    f"outcome is known to lose over {GAP:.0%} more"
)

claims = Claims("Superposition as a Phase Change")


@claims(
    "9.a",
    "Trained models of two features in one dimension show the phase diagram of the optimum: the "
    "best of ten in each cell.",
    rule=_RULE,
    evidence=("two",),
)
def best_two(tables: Tables) -> Judgement:
    return _against_optimum(tables["two"], "", f"the best of {MODELS[2]}")


@claims(
    "9.b",
    "The diagram also shows when ten models of each cell are averaged without that of highest "
    "loss, as in the paper. (Recorded as differing: a start whose weights have one sign tends to "
    "keep them so. Near equal importance about half of the models never reach superposition, and "
    "to drop one of ten changes little.)",
    rule=_RULE,
    evidence=("two", "found"),
    expected="differs",
)
def average_two(tables: Tables) -> Judgement:
    return _against_optimum(tables["two"], "_mean", f"the average of {MODELS[2] - 1}")


@claims(
    "9.c",
    "The empirical diagram is nearly that of the theory of three candidates.",
    rule=f"the same of the three outcomes in ≥ {AGREEMENT:.0%} of the cells in which another "
    f"outcome's candidate loses over {GAP:.0%} more, best of ten",
    evidence=("two",),
)
def theory(tables: Tables) -> Judgement:
    cells = tables["two"]
    clear, same = cells["margin"] > GAP, cells["outcome"] == cells["outcome_theory"]
    return when(
        same[clear].mean() >= AGREEMENT,
        f"{same[clear].mean():.1%} of {clear.sum()} cells outside the margin, {same.mean():.1%} of "
        f"all {len(cells)} (best of {MODELS[2]})",
        clear=same[clear].mean(), everywhere=same.mean(),
    )  # fmt: skip


@claims(
    "12.d",
    "Trained models of three features in two dimensions show the phase diagram of the optimum: "
    "the best of twenty in each cell.",
    rule=_RULE,
    evidence=("three",),
)
def best_three(tables: Tables) -> Judgement:
    return _against_optimum(tables["three"], "", f"the best of {MODELS[3]}")


@claims(
    "12.e",
    "The diagram of three features also shows when models are averaged without that of highest "
    "loss. (Recorded as differing: which two features make a pair is left to chance. Where the "
    "extra feature should have a dimension to itself, about half of the models put it into a "
    "pair, which is a minimum, too.)",
    rule=_RULE,
    evidence=("three", "found"),
    expected="differs",
)
def average_three(tables: Tables) -> Judgement:
    return _against_optimum(tables["three"], "_mean", f"the average of {MODELS[3] - 1}")


def _against_optimum(cells: pd.DataFrame, rule: str, name: str) -> Judgement:
    """Outcome, length and superposition of the columns that end in `rule`, and the optimum's."""
    clear, same = cells["gap"] > GAP, cells[f"outcome{rule}"] == cells["outcome_truth"]
    length, shared = (
        (cells[f"{column}{rule}"] - cells[f"{column}_truth"]).abs() <= LOOKS
        for column in ("norm", "superposition")
    )
    # a feature that is not represented has no superposition to look at
    alike = length & (shared | (cells["outcome_truth"] == 0))
    agrees, looks = same[clear].mean(), alike[clear].mean()
    above = (cells["loss"] / cells["loss_truth"] - 1).median()
    return when(
        min(agrees, looks) >= AGREEMENT,
        f"{name}: the same outcome in {agrees:.1%}, and length and superposition within {LOOKS:g} "
        f"in {looks:.1%} of {clear.sum()} cells outside the gap; the outcome in {same.mean():.1%} "
        f"of all {len(cells)}; {cells['found'].mean():.0%} of all models come within {FOUND:.0%} "
        f"of the optimum, the best of a cell within {above:.0e} (median)",
        clear=agrees, looks=looks, everywhere=same.mean(), found=cells["found"].mean(),
    )  # fmt: skip

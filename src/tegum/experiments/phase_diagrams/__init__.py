"""The phase diagrams of trained models, by two rules, beside the optimum and the theory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared import phase_plane as plane
from tegum.experiments._shared.phase_figures import two_maps
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments.base import Claim, Experiment, FigureSpec, Judgement, Lab, Tables, when
from tegum.experiments.phase_diagrams import measure as empirical

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SECTION: Final = "Superposition as a Phase Change"
#: Cells count where another outcome loses more than this, relatively …
GAP: Final = 0.05
#: … and of these so many must agree.
AGREEMENT: Final = 0.97
#: Lengths and superpositions that differ by less look alike in the diagram.
LOOKS: Final = 0.1
_NAMES: Final = {2: "two", 3: "three"}


def measure(lab: Lab) -> Tables:
    """Trained models of both sizes, and the lines of the theory."""
    tables = {name: empirical.cells_table(lab, n) for n, name in _NAMES.items()}
    return {**tables, "boundaries": plane.boundaries(2), "boundaries_three": plane.boundaries(3)}


def judge_best_two(tables: Tables) -> Judgement:
    """9.a: two features, the model of lowest loss against the optimum."""
    return _against_optimum(tables["two"], "", f"the best of {empirical.MODELS[2]}")


def judge_average_two(tables: Tables) -> Judgement:
    """9.b: two features, the average without the worst model against the optimum.

    Differs: near equal importance, chance decides whether a model reaches superposition.
    """
    return _against_optimum(tables["two"], "_mean", f"the average of {empirical.MODELS[2] - 1}")


def judge_best_three(tables: Tables) -> Judgement:
    """12.d: three features, the model of lowest loss against the optimum."""
    return _against_optimum(tables["three"], "", f"the best of {empirical.MODELS[3]}")


def judge_average_three(tables: Tables) -> Judgement:
    """12.e: three features, the average without the worst model against the optimum.

    Differs: chance decides which two features a model puts into a pair.
    """
    return _against_optimum(tables["three"], "_mean", f"the average of {empirical.MODELS[3] - 1}")


def judge_theory(tables: Tables) -> Judgement:
    """9.c: two features, the model of lowest loss against the best candidate."""
    cells = tables["two"]
    clear = cells[cells["margin"] > GAP]
    agrees = float((clear["outcome"] == clear["outcome_theory"]).mean())
    everywhere = float((cells["outcome"] == cells["outcome_theory"]).mean())
    return when(
        agrees >= AGREEMENT,
        f"{agrees:.1%} of {len(clear)} cells outside the margin, {everywhere:.1%} of all "
        f"{len(cells)} (best of {empirical.MODELS[2]})",
        clear=agrees,
        everywhere=everywhere,
    )


def _against_optimum(cells: pd.DataFrame, rule: str, name: str) -> Judgement:
    """Outcome, length and superposition of the columns that end in `rule`, and the optimum's."""
    clear = cells[cells["gap"] > GAP]
    agrees = float((clear[f"outcome{rule}"] == clear["outcome_truth"]).mean())
    everywhere = float((cells[f"outcome{rule}"] == cells["outcome_truth"]).mean())
    length = (clear[f"norm{rule}"] - clear["norm_truth"]).abs() <= LOOKS
    # a feature that is not represented has no superposition to look at
    shared = (clear[f"superposition{rule}"] - clear["superposition_truth"]).abs() <= LOOKS
    looks = float((length & (shared | (clear["outcome_truth"] == 0))).mean())
    above = float((cells["loss"] / cells["loss_truth"] - 1).median())
    return when(
        min(agrees, looks) >= AGREEMENT,
        f"{name}: the same outcome in {agrees:.1%}, and length and superposition within {LOOKS:g} "
        f"in {looks:.1%} of {len(clear)} cells outside the gap; the outcome in {everywhere:.1%} of "
        f"all {len(cells)}; {cells['found'].mean():.0%} of all models come within "
        f"{empirical.FOUND:.0%} of the optimum, the best of a cell within {above:.0e} (median)",
        clear=agrees,
        looks=looks,
        everywhere=everywhere,
        found=cells["found"].mean(),
    )


def _draw(cells: pd.DataFrame, lines: pd.DataFrame, n: int) -> Figure:
    import pandas as pd

    rules = {f"lowest loss of {empirical.MODELS[n]}": "", "average without the worst": "_mean"}
    panels = []
    for title, end in {**rules, "optimum": "_truth"}.items():
        columns = {name: cells[f"{name}{end}"] for name in ("norm", "superposition")}
        panels.append(cells[[RATIO, DENSITY]].assign(**columns, panel=title))
    return plots.phase_map(pd.concat(panels), lines)


def draw_two(tables: Tables) -> Figure:
    """Two features in one dimension."""
    return _draw(tables["two"], tables["boundaries"], 2)


def draw_three(tables: Tables) -> Figure:
    """Three features in two dimensions."""
    return _draw(tables["three"], tables["boundaries_three"], 3)


def draw_found(tables: Tables) -> Figure:
    """The part of the models that come near the optimum, cell by cell."""
    two, three = (
        tables[name].assign(found=100 * tables[name]["found"]) for name in ("two", "three")
    )
    words = f"models within {empirical.FOUND:.0%} of the optimum, %"
    return two_maps(two, three, "found", label=words, most=100)


_RULE = (
    "the same of the three outcomes as the optimum, and length and superposition of the extra "
    f"feature within {LOOKS:g} of it, each in ≥ {AGREEMENT:.0%} of the cells in which every other "
    f"outcome is known to lose over {GAP:.0%} more"
)
_LINES = "Lines: where the candidates of the theory lose alike."

EXPERIMENT = Experiment(
    name="phase-diagrams",
    title="Trained models show the phase diagram",
    section=SECTION,
    summary="Ten or twenty models in every cell, by the lowest loss and by the paper's average, "
    "beside the optimum and the theory.",
    measure=measure,
    figures=(
        FigureSpec(
            "two",
            "The extra one of two features in one dimension, in trained models. White: not "
            "represented; blue: a dimension to itself; orange: in superposition. Left: the model "
            "of lowest loss; middle: lengths and superposition averaged over all models but that "
            f"of highest loss, the paper's rule; right: the optimum. {_LINES}",
            draw_two,
            ("two", "boundaries"),
        ),
        FigureSpec(
            "three",
            f"The same for the extra one of three features in two dimensions. {_LINES}",
            draw_three,
            ("three", "boundaries_three"),
        ),
        FigureSpec(
            "found",
            "The part of the trained models whose loss is within 5 % of the optimum: nearly all "
            "where features are dense; in superposition half, and fewer, near equal importance, "
            "and where three features leave a choice of pairs.",
            draw_found,
            ("two", "three"),
        ),
    ),
    claims=(
        Claim(
            id="9.a",
            section=SECTION,
            statement="Trained models of two features in one dimension show the phase diagram of "
            "the optimum: the best of ten in each cell.",
            rule=_RULE,
            judge=judge_best_two,
            evidence=("two",),
        ),
        Claim(
            id="9.b",
            section=SECTION,
            statement="The diagram also shows when ten models of each cell are averaged without "
            "that of highest loss, as in the paper. (Recorded as differing: a start whose "
            "weights have one sign tends to keep them so. Near equal importance about half of "
            "the models never reach superposition, and to drop one of ten changes little.)",
            rule=_RULE,
            judge=judge_average_two,
            evidence=("two", "found"),
            expected="differs",
        ),
        Claim(
            id="9.c",
            section=SECTION,
            statement="The empirical diagram is that of the theory of three candidates.",
            rule=f"the same of the three outcomes in ≥ {AGREEMENT:.0%} of the cells in which "
            f"another outcome's candidate loses over {GAP:.0%} more, best of ten",
            judge=judge_theory,
            evidence=("two",),
        ),
        Claim(
            id="12.d",
            section=SECTION,
            statement="Trained models of three features in two dimensions show the phase diagram "
            "of the optimum: the best of twenty in each cell.",
            rule=_RULE,
            judge=judge_best_three,
            evidence=("three",),
        ),
        Claim(
            id="12.e",
            section=SECTION,
            statement="The diagram of three features also shows when models are averaged without "
            "that of highest loss. (Recorded as differing: which two features make a pair is "
            "left to chance. Where the extra feature should have a dimension to itself, about "
            "half of the models put it into a pair, which is a minimum, too.)",
            rule=_RULE,
            judge=judge_average_three,
            evidence=("three", "found"),
            expected="differs",
        ),
    ),
)

"""Superposition as a phase change: theory, the true optimum, and the transition itself."""

from __future__ import annotations

from typing import Final

from tegum.experiments._shared import phase_plane as plane
from tegum.experiments._shared import phase_truth as truth
from tegum.experiments.base import Claim, Experiment, Lab, Tables
from tegum.experiments.phase_change import claims as rules
from tegum.experiments.phase_change import crossing, wells
from tegum.experiments.phase_change import minima_claims as minima_rules
from tegum.experiments.phase_change.figures import FIGURES

SECTION: Final = "Superposition as a Phase Change"
COMMENT: Final = "Comments & Replications: Tom McGrath"

#: Cells along each side, of two features and of three: (full, quick).
_CELLS: Final = {2: (100, 30), 3: truth.CELLS_THREE}


def measure(lab: Lab) -> Tables:
    """Theory, both true diagrams, the transition with biases, everything at b = 0."""
    points = {n: lab.pick(*sizes) for n, sizes in _CELLS.items()}
    tables = plane.theory_tables(points[2], points[3])
    for n, name in ((2, "truth"), (3, "truth_three")):
        grid = truth.diagram(lab, n, points[n])
        theory = tables["candidates" if n == 2 else "candidates_three"]
        tables[name] = truth.compared(truth.map_table(grid), theory)
    tables["unbiased_trained"] = wells.trained(lab, lab.pick(20, 10), lab.pick(8, 4))
    return {**tables, **crossing.tables(lab), **wells.tables(lab.quick)}


_DIAGRAM = ("diagram-two", "truth", "candidates")
_AGREE = (
    f"the same of the three outcomes in ≥ {rules.AGREEMENT:.0%} of the cells in which another "
    f"outcome's candidate loses over {rules.MARGIN:.0%} more"
)

_THEORY: Final = (
    Claim(
        id="10.a",
        section=SECTION,
        statement="The three ways to store two features in one dimension lose alike at r = 1, "
        "1−S = 4/7; at r = 0.1 and at r = 10 superposition begins at 1−S = 0.16.",
        rule=f"boundaries by the exact loss of the weights within {rules.ON_EDGE:g}",
        judge=rules.judge_corners,
        evidence=("diagram-two", "corners"),
    ),
    Claim(
        id="10.b",
        section=SECTION,
        statement="Each of the three has a region of its own: superposition where features are "
        "sparse; elsewhere the more important feature is represented alone.",
        rule=f"closed forms within {rules.ROUNDING:g} of the exact loss of the weights; the three "
        "regions of the whole grid are those of the formula for the boundary",
        judge=rules.judge_regions,
        evidence=("diagram-two", "candidates", "candidate_losses"),
    ),
    Claim(
        id="10.c",
        section=SECTION,
        statement="The theory of three candidates says what becomes of the extra feature in the "
        "best model there is.",
        rule=_AGREE,
        judge=rules.judge_agreement,
        evidence=_DIAGRAM,
    ),
    Claim(
        id="10.d",
        section=SECTION,
        statement="The best model is better than the best candidate, along the boundary most.",
        rule=f"loss lower by {rules.GAIN[0]:.0%} to {rules.GAIN[1]:.0%} where most, higher nowhere",
        judge=rules.judge_gain,
        evidence=("gain", "truth"),
    ),
    Claim(
        id="12.a",
        section=SECTION,
        statement="Of three features in two dimensions, the extra one enters superposition as if "
        "there were two in one dimension when it is less important than the others; when it is "
        "more important, these make a pair at 1−S < 4/7, whatever its importance.",
        rule=f"boundaries by the exact loss of the weights within {rules.ON_EDGE:g}; closed forms "
        f"within {rules.ROUNDING:g}",
        judge=rules.judge_corners_three,
        evidence=("diagram-three", "corners", "candidate_losses"),
    ),
    Claim(
        id="12.b",
        section=SECTION,
        statement="The theory of four candidates says what becomes of the extra one of three "
        "features in the best model there is.",
        rule=_AGREE,
        judge=rules.judge_agreement_three,
        evidence=("diagram-three", "truth_three"),
    ),
    Claim(
        id="12.c",
        section=SECTION,
        statement="The arrangement that the theory leaves out, all three features in joint "
        "superposition, is hardly ever the best.",
        rule="all features represented and none antipodal to another in the optimum of ≤ "
        f"{rules.EXCLUDED:.0%} of the cells",
        judge=rules.judge_excluded,
        evidence=("truth_three",),
    ),
)

_SLOPE = f"changes by ≥ {minima_rules.JUMP:.0%}"
_ORDER: Final = (
    Claim(
        id="11.a",
        section=SECTION,
        statement="In the theory of candidates the transition is of first order: at the boundary "
        "two losses cross, and the slope of the optimal loss jumps.",
        rule=f"exact losses equal within {minima_rules.ROUNDING:g}, while ∂L/∂p {_SLOPE}",
        judge=minima_rules.judge_candidates_cross,
        evidence=("corners",),
    ),
    Claim(
        id="11.b",
        section=SECTION,
        statement="The optimum over all weights without bias has a transition of first order, too.",
        rule=f"losses equal within {minima_rules.CONTINUOUS:g} at the switch, while ∂L/∂p {_SLOPE}",
        judge=minima_rules.judge_unbiased_cross,
        evidence=("crossing-unbiased", "switches"),
    ),
    Claim(
        id="11.c",
        section=SECTION,
        statement="With biases, too, the transition of the optimum is of first order: the extra "
        "feature changes discontinuously.",
        rule=f"at each r, within Δp = {crossing.WIDTH * 1e6:.0f}e-6, the length of the "
        f"shorter feature changes by over {minima_rules.LEAP:g} and ∂L/∂p or ∂L/∂r by ≥ "
        f"{minima_rules.JUMP:.0%}; the loss by no more than its slope tells, within "
        f"{minima_rules.CONTINUOUS:g} of it",
        judge=minima_rules.judge_order,
        evidence=("crossing", "transitions"),
    ),
    Claim(
        id="11.d",
        section=SECTION,
        statement="With biases there is nothing between superposition and a feature that is "
        "not represented. (Recorded as differing: if neither importance is less than about 0.6 of "
        "the other, the pair drops to a less even one at first, which fades continuously as "
        "features get denser.)",
        rule=f"after the jump the shorter feature is shorter than {minima_rules.GONE:g} at every r",
        judge=minima_rules.judge_gone,
        evidence=("transitions",),
        expected="differs",
    ),
    Claim(
        id="11.e",
        section=SECTION,
        statement="As at other transitions of first order, either solution remains a minimum "
        "beyond the boundary.",
        rule=f"within {minima_rules.COEXIST:.1%} of the boundary, on both sides, both kinds of "
        "minima are found, and the lower one is the expected one",
        judge=minima_rules.judge_coexistence,
        evidence=("crossing", "coexisting"),
    ),
)

_COMMENT: Final = (
    Claim(
        id="55.a",
        section=COMMENT,
        statement="Without bias the expected loss of two features in one dimension has a closed "
        "form for all weights.",
        rule=f"models trained by the exact engine, from p = {plane.PROBABILITIES[0]:g} to "
        f"{plane.PROBABILITIES[1]:g} and r = {plane.RATIOS[0]:g} to {plane.RATIOS[1]:g}: their "
        f"loss is within {minima_rules.ROUNDING:g} of it",
        judge=minima_rules.judge_formula,
        evidence=("unbiased_trained",),
    ),
    Claim(
        id="55.b",
        section=COMMENT,
        statement="There are loss surfaces with two minima, up to the sign of all weights.",
        rule=f"exactly two at r = 1, 1−S = {minima_rules.TWO_AT:g}",
        judge=minima_rules.judge_two_minima,
        evidence=("surfaces", "minima"),
    ),
    Claim(
        id="55.c",
        section=COMMENT,
        statement="Dense features of equal importance are confused: both weights are 1/√2; from "
        "the antipodal pair there is a jump.",
        rule=f"at r = 1 the optimum changes at 1−S = {minima_rules.SWITCH:g} ± "
        f"{minima_rules.SWITCH_SLACK:g}, by over {minima_rules.FAR:g} in the weights, to "
        f"(1, 1)/√2 ± {minima_rules.WEIGHT_SLACK:g}",
        judge=minima_rules.judge_confused,
        evidence=("surfaces", "unbiased_branches", "switches"),
    ),
    Claim(
        id="55.d",
        section=COMMENT,
        statement="For unequal importance the best weights move continuously as features get "
        "denser, away from ±1, before they jump.",
        rule=f"r = {wells.WALK_RATIO:g}: "
        + ", ".join(f"{w} at 1−S = {p:g}" for p, w in minima_rules.WALK.items())
        + f", ± {minima_rules.WALK_SLACK:g}, and w₂ rises up to {minima_rules.RISES_TO:g}",
        judge=minima_rules.judge_walk,
        evidence=("surfaces", "walk"),
    ),
    Claim(
        id="55.e",
        section=COMMENT,
        statement="Near a transition the global minimum can have a considerably smaller basin "
        "than another one.",
        rule=f"within {100 * max(wells.NEAR):g} % of a switch, somewhere, the area of weights that "
        f"lie below every way out of the optimum's side is < {minima_rules.SMALLER:g} of the other "
        "minimum's",
        judge=minima_rules.judge_wells,
        evidence=("wells",),
    ),
    Claim(
        id="55.f",
        section=COMMENT,
        statement="The confused phase belongs to models without bias.",
        rule=f"with biases no optimum at 1−S < {minima_rules.DENSE:g} has two weights of one sign "
        f"and over {minima_rules.MIXED:g}; without, some have",
        judge=minima_rules.judge_no_confusion,
        evidence=("diagram-two", "truth", "unbiased"),
    ),
)

EXPERIMENT = Experiment(
    name="phase-change",
    title="Superposition is a phase change",
    section=SECTION,
    summary="One extra feature, two in one dimension or three in two: the theory of a few "
    "candidates, the true optimum without sampling, and what happens at the boundary.",
    measure=measure,
    figures=FIGURES,
    claims=(*_THEORY, *_ORDER, *_COMMENT),
)

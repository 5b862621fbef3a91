"""The pentagon with one feature of another density: deformed, then collapsed into two digons."""

from __future__ import annotations

from typing import Final

from tegum.experiments.base import Claim, Experiment, FigureSpec, Lab, Tables
from tegum.experiments.perturbed_pentagon import claims as rules
from tegum.experiments.perturbed_pentagon import curves, figures, lengths, seeds

SECTION: Final = "The Geometry of Superposition: Perturbing a Single Feature"


def measure(lab: Lab) -> Tables:
    """Exact minima over the density of one feature, and models trained at some of these."""
    exact = curves.tables(lab)
    return {**exact, **seeds.tables(lab, exact["curves"])}


_CHOSEN = (
    "At each density the model of lowest expected loss of 96 seeds is shown (fewer in a quick run)"
)

_FIGURES: Final = (
    FigureSpec(
        "pentagon",
        "Five features in two dimensions; the density of one of them, on the right with the larger "
        "dot, is a tenth to ten times that of the others (colour: blue sparser, yellow denser). "
        "Denser, it pushes its neighbours away; sparser, they close in and it grows; sparser "
        "still, it is given up, and the four others form two digons. Each line is a feature's "
        f"direction, thin ones join neighbours; the dashed circle has radius 1. {_CHOSEN}, turned "
        "and reflected into one position. Below: some of them alone, by relative density.",
        figures.draw_morph,
        ("best",),
    ),
    FigureSpec(
        "seeds",
        "Expected losses of all seeds (rings, coloured by the shape of the model; a little apart "
        "to be seen) and of the exact minima, each followed over the density (lines; strong where "
        "it is the lowest). Seeds that miss the best minimum end in another one: nearly all lie on "
        "a curve. Pentagon and digons cross at the vertical line; pictures: the models of the "
        "curves, the varied feature with a larger dot. Rings a little above the curve of the "
        "digons are models whose output for the lost feature is dead (b < 0 instead of its mean). "
        "The highest half per cent of the losses is not shown.",
        figures.draw_seeds,
        ("models", "curves", "shapes", "crossings"),
    ),
    FigureSpec(
        "crossing",
        "Why the collapse is of first order. Two minima exist on both sides; each changes "
        "smoothly with the density (dashed where it is not the lowest), and at the vertical line "
        "they are equally deep. There the optimum (strong) changes over: its loss is continuous, "
        "the slope of the loss over the relative density r jumps, and so does the varied feature, "
        "from its full length to 0 (dotted). At the far left the pentagon is a minimum no more (a "
        "seed beyond its end is still on its way out). Lines: exact; rings: seeds.",
        figures.draw_crossing,
        ("models", "curves", "crossings"),
    ),
    FigureSpec(
        "motion",
        "How the pentagon moves: the angle of the varied feature to its two neighbours, and the "
        "lengths of all features. Lines: the exact minimum, also where it is not the lowest (left "
        f"of the vertical line, where the digons are lower). Dots: trained models. {_CHOSEN}, "
        "where it is a pentagon.",
        figures.draw_motion,
        ("best", "curves", "shapes", "crossings"),
    ),
    FigureSpec(
        "lengths",
        "Squared lengths of the features over their biases. Grey: between 1 + |b| and 1/(1 − |b|). "
        "The regular pentagon (star) lies inside; the formula of the paper (dashed) falls with the "
        f"size of a negative bias, while lengths grow. The sparser the varied feature, the more "
        f"negative is its bias. {_CHOSEN}, where it is a pentagon.",
        figures.draw_lengths,
        ("best", "shapes"),
    ),
    FigureSpec(
        "reach",
        "The part of the 96 seeds at each density (fewer in a quick run) that come within 1 % of "
        "the lowest loss known, with 95 % intervals (Wilson), when one feature is sparser or "
        "denser than the others. A dip is near a change "
        "of the optimum, or where another minimum draws most starts. A quick run has two "
        "dimensions only.",
        figures.draw_reach,
        ("reach",),
    ),
)

_PENTAGON = ("pentagon", "motion", "best")
_DEFORMED: Final = (
    Claim(
        id="20.a",
        section=SECTION,
        statement="Five features of equal importance and 1−S = 0.05 form a regular pentagon in two "
        "dimensions.",
        rule=f"gaps 72 ± {rules.GAP_SLACK:g}°, lengths {rules.LENGTH:g} ± {rules.LENGTH_SLACK:g}",
        judge=rules.judge_regular,
        evidence=_PENTAGON,
    ),
    Claim(
        id="20.b",
        section=SECTION,
        statement="Made denser, one feature gets more space, for the others repel from it; made "
        "sparser, it gets less.",
        rule="the mean angle to its neighbours is over 72° at every higher and under 72° at every "
        "lower density at which the lowest-loss model is a pentagon",
        judge=rules.judge_space,
        evidence=_PENTAGON,
    ),
    Claim(
        id="20.c",
        section=SECTION,
        statement="The denser the feature, the farther are its neighbours. (Recorded as differing: "
        "past about seven times the density they come back by half a degree. So dense a feature "
        "is often active together with those opposite to it, whose negative interference then "
        "counts: these turn away from its antipode, and push the neighbours.)",
        rule="the angle strictly increases with the density, over lowest-loss models",
        judge=rules.judge_monotone,
        evidence=_PENTAGON,
        expected="differs",
    ),
    Claim(
        id="20.d",
        section=SECTION,
        statement="The sparser feature grows: it is longer than in the regular pentagon, and a "
        "denser one shorter.",
        rule=f"so at every density; at most {rules.LONGEST:g} ± {rules.LONGEST_SLACK:g}",
        judge=rules.judge_length,
        evidence=_PENTAGON,
    ),
)

_EXACT = ("crossing", "curves", "crossings")
_COLLAPSED: Final = (
    Claim(
        id="21.a",
        section=SECTION,
        statement="The losses of the pentagon and of two digons without the varied feature cross "
        "as it gets sparser.",
        rule=f"one crossing of the exact losses, at a relative density in {rules.CROSSING[0]:g} … "
        f"{rules.CROSSING[1]:g}",
        judge=rules.judge_crossing,
        evidence=_EXACT,
    ),
    Claim(
        id="21.b",
        section=SECTION,
        statement="The collapse is a phase change of first order: at the crossing both are minima, "
        "and the optimum jumps from one to the other.",
        rule=f"losses equal within {rules.EQUAL:g}, while the slope of the loss changes by ≥ "
        f"{rules.JUMP:.0%} and the varied feature by over {rules.LONG:g} of length; both branches "
        "go on beyond the crossing, and every Hessian on them is positive, rotations apart",
        judge=rules.judge_order,
        evidence=_EXACT,
    ),
    Claim(
        id="21.c",
        section=SECTION,
        statement="Sufficiently sparse, the pentagon collapses to a pair of digons with the "
        "sparser feature at zero.",
        rule=f"the lowest-loss models are two digons at every density below the exact crossing "
        f"(varied feature shorter than {curves.ABSENT:g}) and pentagons at every one above it; "
        f"losses within {seeds.MATCH:.0%} of the lower exact curve",
        judge=rules.judge_collapse,
        evidence=("pentagon", "seeds", "models"),
    ),
    Claim(
        id="21.d",
        section=SECTION,
        statement="Suboptimal solutions show the loss curves of both geometries, on either side of "
        "the crossing.",
        rule="at the densities next to the crossing, on both sides, some seeds of each geometry "
        f"have a loss within {seeds.MATCH:.0%} of its exact curve, and the lower one changes",
        judge=rules.judge_both,
        evidence=("seeds", "models"),
    ),
    Claim(
        id="21.e",
        section=SECTION,
        statement="It takes about 2.5 times less density. (Recorded as differing: at 0.4 of the "
        "density the pentagon still loses a sixth less; the exact losses, in which nothing is "
        "left to sampling or training, cross at 0.269, at 3.7 times less.)",
        rule=f"the exact losses cross at a relative density of {curves.PAPER:g} ± "
        f"{rules.PAPER_SLACK:g}",
        judge=rules.judge_paper,
        evidence=_EXACT,
        expected="differs",
    ),
)

_LENGTHS = ("lengths", "best", "shapes")
_OTHERS: Final = (
    Claim(
        id="22.a",
        section=SECTION,
        statement="Biases are slightly negative and lengths make up for them: ‖W_i‖ = 1/(1 − b_i). "
        "(Recorded as differing: b_i is negative, so that this is below 1, while lengths are above "
        "1. With |b_i| in place of b_i it is far too much: the output for an input of 1, ‖W_i‖² + "
        "b_i, would be 1.5.)",
        rule=f"‖W_i‖ (1 − b_i) = 1 ± {lengths.FORMULA:g} in the exact regular pentagon",
        judge=lengths.judge_formula,
        evidence=_LENGTHS,
        expected="differs",
    ),
    Claim(
        id="22.b",
        section=SECTION,
        statement="Biases are negative, and lengths make up for them: alone, an input between "
        "1 − |b_i| and 1 is restored exactly.",
        rule="1 + |b| ≤ ‖W_i‖² ≤ 1/(1 − |b|) in the exact regular pentagon",
        judge=lengths.judge_bounds,
        evidence=_LENGTHS,
    ),
    Claim(
        id="22.c",
        section=SECTION,
        statement="The same bounds hold in deformed pentagons. (Recorded as differing: a feature "
        "whose neighbours are often active has a bias set by them, which its length does not "
        "fully make up for; and one that is itself active somewhat more often is a little "
        "too long.)",
        rule="for every feature of every lowest-loss pentagon",
        judge=lengths.judge_bounds_everywhere,
        evidence=_LENGTHS,
        expected="differs",
    ),
    Claim(
        id="22.d",
        section=SECTION,
        statement="The distance from the unit circle is primarily driven by the amount of positive "
        "interference. (Recorded as differing: so it is for the varied feature; for the others it "
        "counts how often the interference arrives, and once the varied feature is much denser "
        "than the others, interference seldom arrives alone.)",
        rule="rank correlation of ‖W_i‖ with Σ_j max(W_i·W_j, 0)² over all features of all "
        f"lowest-loss pentagons > {lengths.DRIVEN:g}",
        judge=lengths.judge_driven,
        evidence=("motion", "best"),
        expected="differs",
    ),
    Claim(
        id="23.a",
        section=SECTION,
        statement="Gradient descent has it harder in two dimensions than in three: with the same "
        "five features.",
        rule=f"the share of seeds within {seeds.MATCH:.0%} of the lowest loss known, over all "
        "densities, is lower, and its 95 % interval (Wilson) wholly so",
        judge=lengths.judge_same_features,
        evidence=("reach",),
        quick=False,
    ),
    Claim(
        id="23.b",
        section=SECTION,
        statement="The same for eight features in three dimensions, about as crowded as five in "
        "two.",
        rule="as 23.a",
        judge=lengths.judge_as_crowded,
        evidence=("reach",),
        quick=False,
    ),
)

EXPERIMENT = Experiment(
    name="perturbed-pentagon",
    title="A pentagon of which one feature is sparser or denser",
    section=SECTION,
    summary="Five features in two dimensions, one of them a tenth to ten times as dense as the "
    "others: exact minima followed over its density, and trained models.",
    measure=measure,
    figures=_FIGURES,
    claims=(*_DEFORMED, *_COLLAPSED, *_OTHERS),
)

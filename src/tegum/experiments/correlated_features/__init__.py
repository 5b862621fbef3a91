"""Correlated and anticorrelated features: how they are organised, and local orthogonal bases."""

from __future__ import annotations

from typing import Final

from tegum.analysis.geometry import ANTIPODAL
from tegum.analysis.sets import COLLAPSED
from tegum.experiments._shared import sets as models
from tegum.experiments.base import Claim, Experiment, FigureSpec, Lab, Tables
from tegum.experiments.correlated_features import arrangements as set_arrangements
from tegum.experiments.correlated_features import basis_claims as basis
from tegum.experiments.correlated_features import basis_figures, figures, local_bases
from tegum.experiments.correlated_features import claims as rules

SECTION: Final = "Organization of Correlated and Anticorrelated Features"
BASES: Final = "Local Almost-Orthogonal Bases"


def measure(lab: Lab) -> Tables:
    """Pairs in the plane, the hexagons they could form, and bundles in ten dimensions."""
    arranged = {"arrangements": set_arrangements.measure()}
    return {**models.measure(lab), **arranged, **local_bases.measure(lab)}


def _list(densities: tuple[float, ...]) -> str:
    return ", ".join(f"{p:g}" for p in densities)


_SHOWN = ("organisation-shown", "angles", "organisation", "minima")
_BEST = "in the models of lowest loss, trained and exact, at 1−S ="
_THREE = _list(models.THREE.densities)

_CORRELATED: Final = (
    Claim(
        id="24.a",
        section=SECTION,
        statement="Correlated features are represented orthogonally: of two correlated pairs in "
        "two dimensions, partners are at right angles.",
        rule=f"{_BEST} {_list(rules.SPARSE)}: partners at 90 ± {rules.RIGHT:g}°",
        judge=rules.judge_orthogonal,
        evidence=_SHOWN,
    ),
    Claim(
        id="24.b",
        section=SECTION,
        statement="They are in separate tegum factors: each is antipodal to a feature that it is "
        "not correlated with.",
        rule=f"{_BEST} {_list(rules.SPARSE)}: two antipodal pairs (cosine ≤ "
        f"−{-ANTIPODAL:g}), both of features from different sets",
        judge=rules.judge_separate,
        evidence=_SHOWN,
    ),
    Claim(
        id="24.c",
        section=SECTION,
        statement="Dense correlated pairs collapse: both partners get the same direction.",
        rule=f"{_BEST} {rules.DENSE:g}: ‖W_a − W_b‖ < {COLLAPSED:g} ‖W_a + W_b‖ in both pairs",
        judge=rules.judge_merged,
        evidence=_SHOWN,
    ),
    Claim(
        id="24.d",
        section=SECTION,
        statement="What a pair that collapsed loses is its second principal component, (a − b)/√2.",
        rule=f"loss of the exact optimum at 1−S = {rules.DENSE:g} is twice p/12, within "
        f"{rules.ROUNDING:g}",
        judge=rules.judge_second_component,
        evidence=("organisation",),
    ),
    Claim(
        id="25.a",
        section=SECTION,
        statement="Anticorrelated features are represented in the same factor, with negative "
        "interference: of two anticorrelated pairs in two dimensions, partners are antipodal.",
        rule=f"{_BEST} {_list(models.ANTICORRELATED.densities)}: partners at 180 ± "
        f"{rules.EXACTLY:g}°, features of different pairs at 90 ± {rules.EXACTLY:g}°",
        judge=rules.judge_opposite,
        evidence=_SHOWN,
    ),
    Claim(
        id="25.b",
        section=SECTION,
        statement="Anticorrelated pairs cost nothing: all four features are reconstructed exactly.",
        rule=f"lowest loss at 1−S = {_list(models.ANTICORRELATED.densities)} below "
        f"{rules.NOTHING[models.TRAINED]:g} of Σσ², of the exact optimum below "
        f"{rules.NOTHING[models.EXACT]:g}",
        judge=rules.judge_nothing,
        evidence=("angles", "organisation"),
    ),
)

_HEXAGON: Final = (
    Claim(
        id="26.a",
        section=SECTION,
        statement="Three correlated pairs in two dimensions, too many to be orthogonal, form a "
        "hexagon.",
        rule=f"{_BEST} {_THREE}: six represented features, gaps 60 ± {rules.HEXAGON:g}°",
        judge=rules.judge_hexagon,
        evidence=_SHOWN,
    ),
    Claim(
        id="26.b",
        section=SECTION,
        statement="Partners that cannot be orthogonal are as close together as possible: side by "
        "side around the hexagon.",
        rule=f"{_BEST} {_THREE}: hexagons in whose cyclic order no other feature is between "
        f"partners, whose cosines are {rules.PARTNERS[0]:g}–{rules.PARTNERS[1]:g}",
        judge=rules.judge_adjacent,
        evidence=_SHOWN,
        quick=False,
    ),
    Claim(
        id="26.c",
        section=SECTION,
        statement="Which features are grouped together is the same across models, not random.",
        rule=f"at 1−S = {_THREE} partners are side by side in ≥ {rules.MOST:.0%} of the hexagons "
        "that trained seeds find, and not in those of independent features (chance: 2 of 15)",
        judge=rules.judge_not_chance,
        evidence=("angles", "organisation"),
        quick=False,
    ),
    Claim(
        id="26.d",
        section=SECTION,
        statement="It takes the correlation: six independent features do not form a hexagon. "
        "(Recorded as differing: at 1−S = 0.02 and 0.05 the best of all models of six independent "
        "features is a regular hexagon, too; one seed in eight finds it, the others end at a "
        "pentagon or worse, which loses 18 % and 4 % more. At 0.1 the best keeps five features.)",
        rule=f"the model of lowest loss, trained or exact, of six independent features at 1−S = "
        f"{_list(models.CONTROL.densities)} is no hexagon",
        judge=rules.judge_control,
        evidence=_SHOWN,
        expected="differs",
    ),
    Claim(
        id="26.e",
        section=SECTION,
        statement="Positive interference between correlated features is preferred over negative.",
        rule="of the five ways to place three pairs on a regular hexagon, each with its best "
        f"radius and bias, partners side by side have the lowest exact loss at 1−S = {_THREE}",
        judge=rules.judge_arrangements,
        evidence=("arrangements",),
    ),
    Claim(
        id="26.f",
        section=SECTION,
        statement="Training on samples reaches the exact optimum of each of these problems.",
        rule=f"lowest trained loss within {rules.MATCH:.0%} of the exact one at every density of "
        "correlated pairs and of independent features",
        judge=rules.judge_reached,
        evidence=("organisation",),
    ),
)

_ORTHOGONAL_BASES: Final = (
    Claim(
        id="27.a",
        section=BASES,
        statement="Two bundles of correlated features in a larger model are orthogonal within, "
        "though the model is in superposition.",
        rule=f"n = 20, m = 10, two bundles of ten, 1−S = {_list(local_bases.DENSITIES)}: mean "
        f"|cos| within a bundle < {basis.WITHIN:g}, across ≥ {basis.RATIO:g} times that",
        judge=basis.judge_orthogonal,
        evidence=("bases-shown", "bundles"),
    ),
    Claim(
        id="27.b",
        section=BASES,
        statement="Considered in isolation a bundle has very little superposition.",
        rule=f"mean D_i of a feature with its bundle alone > {basis.ALONE:g}, in the whole model "
        f"< {basis.OVERALL:g}",
        judge=basis.judge_dimensionality,
        evidence=("bases-shown", "bundles"),
    ),
    Claim(
        id="27.c",
        section=BASES,
        statement="It takes the correlation: halves of twenty independent features are no such "
        "bases.",
        rule=f"mean over all seeds: |cos| across ≤ {basis.CONTROL:g} times that within, D_i with "
        f"the half alone < {basis.ALONE:g}",
        judge=basis.judge_control,
        evidence=("bases-shown", "bundles"),
    ),
    Claim(
        id="27.d",
        section=BASES,
        statement="It takes bundles that fit: with more features than dimensions a bundle is in "
        "superposition by itself.",
        rule=f"m = {local_bases.HIDDEN_DIMENSIONS}, bundles of {_list(local_bases.SIZES)} (fewer "
        f"in a quick run): mean D_i with the bundle alone > {basis.ALONE:g} for those of at most "
        "m features, and for no others",
        judge=basis.judge_size,
        evidence=("sizes", "bundles"),
    ),
)

EXPERIMENT = Experiment(
    name="correlated-features",
    title="Correlated and anticorrelated features",
    section="Correlated and Anticorrelated Features",
    summary="Pairs of features in two dimensions and bundles in ten, of equal importance: trained "
    "models beside the exact optimum.",
    measure=measure,
    figures=(
        FigureSpec(
            "organisation-shown",
            "Features in the plane, a colour per pair; the dashed circle has radius 1. In the "
            "first column the exact optimum, then the first five trained seeds, whatever they lose "
            "(+: loss above the optimum): rotated, reflected, and with exchangeable pairs and "
            "partners in the order that brings them closest to the optimum. Correlated partners "
            "are orthogonal, and opposite to a feature of the other pair; anticorrelated ones are "
            "opposite to each other, at no loss, unless a seed stops at the local minimum that has "
            "them orthogonal; three correlated pairs form a hexagon with partners side by side, "
            "where they find it. The six independent features have no pairs: colours go by their "
            "numbers, two by two, and they are rotated only. Features of one pair that coincide "
            "are a dot with a ring. The optimum is the lowest of 128 exact descents (fewer in a "
            "quick run).",
            figures.organisation,
            ("shown",),
        ),
        FigureSpec(
            "angles",
            "The smallest and the largest angle within a pair of every trained seed (128 at each "
            "density; fewer in a quick run), blue if its loss is within 1 % of the exact optimum, "
            "whose angles are the diamonds. The dashed lines are 90°, 180°, and the 60° of an even "
            "hexagon. Seeds that do well agree on the angle; independent features, paired by "
            "their numbers, do not.",
            figures.angles,
            ("organisation",),
        ),
        FigureSpec(
            "arrangements",
            "The five ways to place three correlated pairs on a regular hexagon, and the exact "
            "loss of each with the best radius and bias. Partners side by side lose least by far; "
            "partners opposite to each other lose most.",
            figures.arrangements,
            ("arrangements",),
        ),
        FigureSpec(
            "bases-shown",
            "Above: WᵀW of the model of lowest loss of 32 at 1−S = 0.05 (fewer in a quick run), "
            "n = 20, m = 10, with the second half of the features in the order of their "
            "counterparts in the first. Left: two correlated bundles, each as good as orthogonal "
            "within; all interference is across, with one counterpart or with all alike. Right: "
            "independent features, whose antipodal pairs fall anywhere. Below: the dimensionality "
            "of each feature with its half alone, and in the whole model.",
            basis_figures.bases,
            ("bases", "basis_pairs"),
        ),
        FigureSpec(
            "sizes",
            "Two bundles of correlated features in ten dimensions at 1−S = 0.05, for different "
            "sizes of the bundles: mean |cos| (left) and mean dimensionality (right) of the models "
            "of lowest loss of 32 (fewer in a quick run). As long as a bundle fits (up to the "
            "vertical line), it is almost orthogonal; one of k > m features cannot be, and each of "
            "them has nearly m/k of a dimension, the most there can be (dashed).",
            basis_figures.sizes,
            ("bundles",),
        ),
    ),
    claims=(*_CORRELATED, *_HEXAGON, *_ORTHOGONAL_BASES),
)

"""What the paper says of the polytopes of uniform superposition (items 15 and 18)."""

from __future__ import annotations

from typing import Final

from tegum.analysis import stickiness
from tegum.experiments.base import Claim
from tegum.experiments.uniform_geometry import rules, shapes

SECTION: Final = "The Geometry of Superposition: Uniform Superposition"

_ALL = ("models", "features", "factors")
_LONG = ("long_models", "long_features", "long_factors")

#: Why some lines are not seen.
_NO_LINE: Final = {
    "tetrahedra": "Of ideal models of 160 features, at exact minima, tetrahedra have the lowest "
    "loss at 1/(1−S) = 1.1 and 1.2, triangles from 1.3 to 1.5, pairs from 1.58 on. Trained from "
    "scratch, models stay without features up to 1.2, and led from pairs they keep more of them; "
    "the few tetrahedra of the long runs share dimensions with features that are not learned.",
    "pentagons": "Pentagons are there, but beyond the plateau factors lean on one another, as in "
    "18.b: their D_i are anywhere from 0.38 to 0.40, and those of other factors as near. "
    "In one full run it was 2.5 times as dense there as beside it, of which chance explains all.",
    "square antiprisms": "Antiprisms by themselves have D = 0.374; in models of 400 features "
    "factors lean on one another, as in 18.b, so that many other D_i are near 3/8.",
}


def _line(letter: str, name: str) -> Claim:
    words = shapes.LINES[name][1]
    reason = f" (Recorded as differing. {_NO_LINE[name]})" if name in _NO_LINE else ""
    return Claim(
        id=f"15.{letter}",
        section=SECTION,
        statement=f"Feature dimensionalities cluster in a line at {words}: {name}.{reason}",
        rule=f"≥ {rules.LINE_COUNT} features within {stickiness.ON_LINE:g} of {words}, at "
        f"≥ {rules.LINE_CONTRAST:g} times the density of those {stickiness.BESIDE[0]:g} to "
        f"{stickiness.BESIDE[1]:g} beside it (the lower end of a 95% bootstrap interval "
        "over tegum factors), in the models of lowest loss",
        judge=shapes.LineJudge(name),
        evidence=("dimensionality", "features", "long_features"),
        expected="differs" if reason else "holds",
        quick=False,
    )


_LOW, _HIGH = shapes.RANGE

SCATTER: Final = (
    Claim(
        id="15.a",
        section=SECTION,
        statement="With sparsity the polytopes come in the order tetrahedron, triangle, digon, "
        "pentagon, square antiprism.",
        rule="the median 1/(1−S) of the features that are vertices of regular simplices of "
        "rank ≥ 3, of triangles, of digons, of pentagons, of square antiprisms rises; sweep "
        "(lowest loss) and long runs (all seeds)",
        judge=shapes.judge_order,
        evidence=("dimensionality", "feature-graphs", "features", "long_features"),
        quick=False,
    ),
    Claim(
        id="15.b",
        section=SECTION,
        statement="On the plateau at 1/2 all features are in antipodal pairs.",
        rule=f"≥ {shapes.PLATEAU_PART:.0%} of the represented features are in digons, with "
        f"D_i = 1/2 ± {shapes.SHARE:g}, at every 1/(1−S) from {shapes.PLATEAU[0]:g} to "
        f"{shapes.PLATEAU[1]:g}",
        judge=shapes.judge_digons,
        evidence=("dimensionality", "feature-graphs", "features"),
        quick=False,
    ),
    Claim(
        id="15.c",
        section=SECTION,
        statement="Tetrahedra, triangles, pentagons and square antiprisms form.",
        rule=f"each is a factor of a model with 1/(1−S) from {_LOW:g} to {_HIGH:g}, of this "
        f"shape (by size, rank and all cosines) and with D_i within {shapes.SHARE:g} of its D; "
        "sweep (lowest loss) and long runs (all seeds)",
        judge=shapes.judge_polytopes,
        evidence=("feature-graphs", "factors", "long_factors"),
        quick=False,
    ),
    *(_line(letter, name) for letter, name in zip("defghi", shapes.LINES, strict=True)),
)

PRODUCTS: Final = (
    Claim(
        id="18.a",
        section=SECTION,
        statement="A tegum product has the dimensionalities of its factors: triangular "
        "bipyramid 3×2/3 + 2×1/2, pentagonal bipyramid 5×2/5 + 2×1/2, octahedron 6×1/2.",
        rule=f"the catalogue's products fall into these factors, D_i equal to {shapes.EXACT:g}",
        judge=shapes.judge_products,
        evidence=("products",),
    ),
    Claim(
        id="18.b",
        section=SECTION,
        statement="In trained models, too, features have the dimensionality of their factor. "
        "(Recorded as differing: up to the end of the plateau at 1/2 they do. Beyond it pairs next "
        "to pentagons do not get a dimension each, and have less than 1/2. Noise is not the "
        "reason: at exact minima of 160 features, too, 9 pairs lie in 8 dimensions. Ideal "
        "products of pairs and pentagons have exact losses lower by 0.002 % at 1/(1−S) = 4.4 and "
        "by 0.025 % at 4.8: less than trainings tell apart.)",
        rule=f"in models of lowest loss, 1/(1−S) from {_LOW:g} to {_HIGH:g}, "
        f"≥ {shapes.ORTHOGONAL_PART:.0%} of the features in named factors have D_i, among all "
        f"features of the model, within {shapes.SHARE:g} of the D of a vertex of the polytope",
        judge=shapes.judge_shares,
        evidence=("dimensionality", *_ALL, *_LONG),
        expected="differs",
        quick=False,
    ),
    Claim(
        id="18.c",
        section=SECTION,
        statement="Factors lie in orthogonal subspaces. (Recorded as differing, for the reason "
        "of 18.b: beyond the plateau, factors are only nearly orthogonal.)",
        rule=f"in the same models ≥ {shapes.ORTHOGONAL_PART:.0%} of the named factors have no "
        f"|cos| ≥ {shapes.ORTHOGONAL:g} with a feature of another factor",
        judge=shapes.judge_across,
        evidence=("feature-graphs", *_ALL, *_LONG),
        expected="differs",
        quick=False,
    ),
    Claim(
        id="18.d",
        section=SECTION,
        statement="The bipyramids and octahedra of the Thomson problem are seen as tegum "
        "products: their factors, side by side.",
        rule="some model has all factors of each, with D_i as in 18.a ± "
        f"{shapes.SHARE:g}, and no |cos| ≥ {shapes.ORTHOGONAL:g} to other factors; sweep "
        "(lowest loss) and long runs (all seeds)",
        judge=shapes.judge_seen_products,
        evidence=("feature-graphs", *_ALL, *_LONG),
        quick=False,
    ),
)

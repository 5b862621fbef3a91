"""What is claimed of the dimensionalities D_i of all features: lines, names, sums, dense ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry, stickiness
from tegum.dims import DENSITY, SEED
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.uniform_geometry.claims import AT_ONE, span
from tegum.experiments.uniform_geometry.claims import claims as curve
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    import pandas as pd

#: From dense to sparse.
ORDER: Final = ("simplex", "triangle", "digon", "pentagon", "square antiprism")
#: On the plateau, 1/(1−S), so many of the represented features are in digons.
PLATEAU, PLATEAU_PART = (2.2, 3.5), 0.95
#: The polytopes that are looked for, and from which 1/(1−S) to which.
POLYTOPES: Final = ("tetrahedron", "triangle", "pentagon", "square antiprism")
RANGE: Final = (1.45, 5.5)
#: D_i of a feature is that of its polytope within this.
SHARE: Final = 0.02
#: So many features at a value make a line, if their density is this times that beside it.
LINE_COUNT, LINE_CONTRAST = 10, 2.0
#: Σ D_i is m within this part.
TOTAL: Final = 0.01
#: ‖W_i‖² varies over features by at most this times what a random subspace gives.
ARBITRARY: Final = 1.5


@dataclass(frozen=True)
class Line:
    """A line of the paper's scatter: where it is, and why it is not seen, if it is not.

    It judges whether the D_i of the models of lowest loss stick to it.
    """

    at: float
    words: str
    unseen: str = ""

    def __call__(self, tables: Tables) -> Judgement:
        """`holds` where so many features are on the line, and so much denser than beside it."""
        scatter = _scatter(tables)
        values = scatter["dimensionality"]
        found = stickiness.line(values, self.at)
        least = stickiness.least_contrast(values, self.at, scatter["group"])
        return when(
            found.count >= LINE_COUNT and least >= LINE_CONTRAST,
            f"{found.count} features within {stickiness.ON_LINE:g} of {self.words}, "
            f"{found.contrast:.1f} times as dense as beside it, at least {least:.1f} times (95%)",
            count=found.count, contrast=found.contrast, least=least,
        )  # fmt: skip


LINES: Final = {
    "tetrahedra": Line(
        3 / 4,
        "3/4",
        "Of ideal models of 160 features, at exact minima, tetrahedra have the lowest loss at "
        "1/(1−S) = 1.1 and 1.2, triangles from 1.3 to 1.5, pairs from 1.58 on. Trained from "
        "scratch, models stay without features up to 1.2, and led from pairs they keep more of "
        "them; the few tetrahedra of the long runs share dimensions with features that are not "
        "learned.",
    ),
    "triangles": Line(2 / 3, "2/3"),
    "digons": Line(1 / 2, "1/2"),
    "pentagons": Line(
        2 / 5,
        "2/5",
        "Pentagons are there, but beyond the plateau factors lean on one another, as in 18.b: "
        "their D_i are anywhere from 0.38 to 0.40, and those of other factors as near. In one full "
        "run it was 2.5 times as dense there as beside it, of which chance explains all.",
    ),
    "square antiprisms": Line(
        3 / 8,
        "3/8",
        "Antiprisms by themselves have D = 0.374; in models of 400 features factors lean on one "
        "another, as in 18.b, so that many other D_i are near 3/8.",
    ),
    "features that are not learned": Line(0.0, "0"),
}

claims = Claims(curve.section)


def levels(table: pd.DataFrame) -> pd.Series:
    """1/(1−S) of each row."""
    return 1 / table[DENSITY]


def best_long(tables: Tables) -> pd.DataFrame:
    """The features of the long runs that belong to the models of lowest loss."""
    keys = best_rows(tables["long_models"], DENSITY)[[DENSITY, SEED]]
    return some(tables["long_features"].merge(keys, on=[DENSITY, SEED]))


def sweep_and_long(tables: Tables, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A table of the sweep and of the long runs, neither of them empty."""
    return some(tables[name]), some(tables[f"long_{name}"])


@claims(
    "15.a",
    "With sparsity the polytopes come in the order tetrahedron, triangle, digon, pentagon, square "
    "antiprism.",
    rule="the median 1/(1−S) of the features that are vertices of regular simplices of rank ≥ 3, "
    "of triangles, of digons, of pentagons, of square antiprisms rises; sweep (lowest loss) and "
    "long runs (all seeds)",
    evidence=("dimensionality", "feature-graphs", "features", "long_features"),
    quick=False,
)
def order(tables: Tables) -> Judgement:
    import pandas as pd

    columns = [DENSITY, "geometry"]
    features = pd.concat([part[columns] for part in sweep_and_long(tables, "features")])
    simplex = features["geometry"].str.fullmatch(r"tetrahedron|\d+-simplex")
    by_kind = levels(features).groupby(features["geometry"].mask(simplex, "simplex"))
    middle = by_kind.median().reindex(list(ORDER))
    count = by_kind.size().reindex(list(ORDER), fill_value=0)
    words = ", ".join(f"{name} {middle[name]:.3g} ({count[name]} features)" for name in ORDER)
    return when(
        (np.diff(middle) > 0).all(),
        f"median 1/(1−S): {words}",
        **{name.replace(" ", "_"): middle[name] for name in ORDER},
    )


@claims(
    "15.b",
    "On the plateau at 1/2 nearly all represented features are in antipodal pairs.",
    rule=f"≥ {PLATEAU_PART:.0%} of the represented features are in digons, with D_i = 1/2 ± "
    f"{SHARE:g}, at every 1/(1−S) from {PLATEAU[0]:g} to {PLATEAU[1]:g}",
    evidence=("dimensionality", "feature-graphs", "features"),
    quick=False,
)
def digons(tables: Tables) -> Judgement:
    features = tables["features"]
    shown = features[levels(features).between(*PLATEAU) & (features["norm"] > geometry.REPRESENTED)]
    off = (shown["dimensionality"] - 0.5).abs()
    paired = (shown["geometry"] == "digon") & (off <= SHARE)
    parts = paired.groupby(shown[DENSITY]).mean()
    return when(
        len(parts) and (parts >= PLATEAU_PART).all(),
        f"{parts.min():.1%} to {parts.max():.1%} of the represented features at {len(parts)} "
        f"levels; D_i off 1/2 by {off[paired].median():.1g} in the median",
        least=parts.min(),
    )


@claims(
    "15.c",
    "Tetrahedra, triangles, pentagons and square antiprisms form.",
    rule=f"each is a factor of a model with 1/(1−S) from {RANGE[0]:g} to {RANGE[1]:g}, of this "
    f"shape (by size, rank and all cosines) and with D_i within {SHARE:g} of its D; sweep (lowest "
    "loss) and long runs (all seeds)",
    evidence=("feature-graphs", "factors", "long_factors"),
    quick=False,
)
def polytopes(tables: Tables) -> Judgement:
    import pandas as pd

    table = pd.concat(sweep_and_long(tables, "factors"), ignore_index=True)
    table = table[levels(table).between(*RANGE) & (table["offset"] <= SHARE)]
    level = levels(table)
    found = {name: level[table["name"] == name] for name in POLYTOPES}
    words = "; ".join(
        f"{len(own)} × {name}" + (f" at {own.min():.3g}–{own.max():.3g}" if len(own) else "")
        for name, own in found.items()
    )
    sweep, long = sweep_and_long(tables, "models")
    number = sweep["chosen"].sum() + len(long)
    return when(
        all(map(len, found.values())),
        f"{words} = 1/(1−S), in {number} models",
        **{name.replace(" ", "_"): float(len(own)) for name, own in found.items()},
    )


IDS: Final = ("15.d", "15.e", "15.f", "15.g", "15.h", "15.i")
for id_, (name, place) in zip(IDS, LINES.items(), strict=True):
    claims(
        id_,
        f"Feature dimensionalities cluster in a line at {place.words}: {name}."
        + (f" (Recorded as differing. {place.unseen})" if place.unseen else ""),
        rule=f"≥ {LINE_COUNT} features within {stickiness.ON_LINE:g} of {place.words}, at ≥ "
        f"{LINE_CONTRAST:g} times the density of those {stickiness.BESIDE[0]:g} to "
        f"{stickiness.BESIDE[1]:g} beside it (the lower end of a 95% bootstrap interval over tegum "
        "factors), in the models of lowest loss",
        evidence=("dimensionality", "features", "long_features"),
        expected="differs" if place.unseen else "holds",
        quick=False,
    )(place)


def _scatter(tables: Tables) -> pd.DataFrame:
    """D_i of the features in the models of lowest loss, of the sweep and of the long runs.

    `group` is the same for features of one tegum factor; a feature without one has its own.
    """
    import pandas as pd

    parts = {"sweep": some(tables["features"]), "long": best_long(tables)}
    table = pd.concat(parts, names=["part", None]).reset_index(level="part")
    table = table.reset_index(drop=True)
    group = table.groupby(["part", DENSITY, "factor"]).ngroup()
    return table.assign(group=group.mask(table["factor"] < 0, -1 - table.index.to_series()))


@claims(
    "16.a",
    "The dimensionalities of all features add up to the number of dimensions.",
    rule=f"Σ D_i = m ± {TOTAL:.0%} in every model",
    evidence=("models", "long_models"),
)
def total(tables: Tables) -> Judgement:
    import pandas as pd

    models = pd.concat(sweep_and_long(tables, "models"))
    ratio = models["total"] / models["n_hidden"]
    off = (ratio - 1).abs().max()
    return when(
        off <= TOTAL,
        f"Σ D_i / m {span(ratio)} in {len(models)} models, {models['level'].nunique()} levels",
        worst=off,
    )


@claims(
    "17.a",
    "There is no line at D_i = 1, although D* is 1 in the dense regime.",
    rule=f"< {LINE_COUNT} features within {stickiness.ON_LINE:g} of 1 at 1/(1−S) ≤ "
    f"{AT_ONE[0][0]:g}",
    evidence=("dimensionality", "features"),
)
def no_line_at_one(tables: Tables) -> Judgement:
    features = tables["features"]
    dense = features[levels(features) <= AT_ONE[0][0]]
    found = stickiness.line(dense["dimensionality"], 1.0)
    highest = dense["dimensionality"].max()
    return when(
        len(dense) and found.count < LINE_COUNT,
        f"{found.count} of {len(dense)} features of {dense[DENSITY].nunique()} "
        f"models within {stickiness.ON_LINE:g} of 1; the highest D_i is {highest:.3f}",
        count=found.count, highest=highest,
    )  # fmt: skip


@claims(
    "17.b",
    "That is so because in the dense regime features are no special directions: the model keeps an "
    "arbitrary subspace.",
    rule="at the same levels no feature is represented, and the standard deviation of ‖W_i‖² is ≤ "
    f"{ARBITRARY:g} times that of a random m-dimensional projector",
    evidence=("dimensionality", "models"),
)
def arbitrary_basis(tables: Tables) -> Judgement:
    models = tables["models"]
    dense = models[models["level"] <= AT_ONE[0][0]]
    n, m = dense[["n_features", "n_hidden"]].iloc[0]
    # ‖P e_i‖² of a random m-dimensional projector P is Beta(m/2, (n−m)/2)
    random = np.sqrt(2 * m * (n - m) / (n**2 * (n + 2)))
    ratio = dense["spread"] / random
    half = (models["D_star"] - 0.5).abs().argmin()
    contrast = models["spread"].iloc[half] / random
    return when(
        (ratio <= ARBITRARY).all() and (dense["longest"] < 0.5).all(),
        f"‖W_i‖² varies over features {span(ratio, '.2f')} times as much as for a random "
        f"subspace ({contrast:.0f} times on the plateau at 1/2); the longest ‖W_i‖ is "
        f"{dense['longest'].max():.2f} in {len(dense)} models",
        ratio=ratio.max(),
    )

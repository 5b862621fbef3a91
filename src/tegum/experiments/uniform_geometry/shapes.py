"""What is judged of the polytopes of uniform superposition: lines, names, tegum factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry, stickiness
from tegum.dims import DENSITY
from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.uniform_geometry.rules import LINE_CONTRAST, LINE_COUNT

if TYPE_CHECKING:
    import pandas as pd

#: The lines of the paper's scatter.
LINES: Final = {
    "tetrahedra": (3 / 4, "3/4"),
    "triangles": (2 / 3, "2/3"),
    "digons": (1 / 2, "1/2"),
    "pentagons": (2 / 5, "2/5"),
    "square antiprisms": (3 / 8, "3/8"),
    "features that are not learned": (0.0, "0"),
}
#: From dense to sparse.
ORDER: Final = ("simplex", "triangle", "digon", "pentagon", "square antiprism")
#: On the plateau, 1/(1−S), so many of the represented features are in digons.
PLATEAU, PLATEAU_PART = (2.2, 3.5), 0.95
#: The polytopes that are looked for, and from which 1/(1−S) to which.
POLYTOPES: Final = ("tetrahedron", "triangle", "pentagon", "square antiprism")
RANGE: Final = (1.45, 5.5)
#: D_i of a feature is that of its polytope within this.
SHARE: Final = 0.02
#: Factors are orthogonal when cosines across them are below this, in so many of them.
ORTHOGONAL, ORTHOGONAL_PART = 0.05, 0.95
#: Equality of closed forms.
EXACT: Final = 1e-9
#: Tegum products that the paper names: (part, count, D) of each factor.
PRODUCTS: Final = {
    "triangular bipyramid": (("digon", 2, 1 / 2), ("triangle", 3, 2 / 3)),
    "pentagonal bipyramid": (("digon", 2, 1 / 2), ("pentagon", 5, 2 / 5)),
    "octahedron": (("digon", 2, 1 / 2),) * 3,
}


def levels(table: pd.DataFrame) -> pd.Series:
    """1/(1−S) of each row."""
    return 1 / table[DENSITY]


@dataclass(frozen=True)
class LineJudge:
    """15: the judge of one line in the scatter of D_i."""

    name: str

    def __call__(self, tables: Tables) -> Judgement:
        """Whether values stick to it."""
        at, words = LINES[self.name]
        scatter = _scatter(tables)
        values = scatter["dimensionality"]
        found = stickiness.line(values, at)
        least = stickiness.least_contrast(values, at, scatter["group"])
        return when(
            found.count >= LINE_COUNT and least >= LINE_CONTRAST,
            f"{found.count} features within {stickiness.ON_LINE:g} of {words}, "
            f"{found.contrast:.1f} times as dense as beside it, at least {least:.1f} times (95%)",
            count=found.count,
            contrast=found.contrast,
            least=least,
        )


def _scatter(tables: Tables) -> pd.DataFrame:
    """D_i of the features in the models of lowest loss, of the sweep and of the long runs.

    `group` is the same for features of one tegum factor; a feature without one has its own.
    """
    import pandas as pd

    parts = {"sweep": tables["features"], "long": best_long(tables, "long_features")}
    table = pd.concat(parts, names=["part", None]).reset_index(level="part")
    table = table.reset_index(drop=True)
    group = table.groupby(["part", DENSITY, "factor"]).ngroup()
    alone = table["factor"] < 0
    table["group"] = group.mask(alone, -1 - table.index.to_series())
    return table


def best_long(tables: Tables, name: str) -> pd.DataFrame:
    """The rows of a table of the long runs that belong to the models of lowest loss."""
    models = tables["long_models"]
    keys = models.loc[models["chosen"], [DENSITY, "seed"]]
    return tables[name].merge(keys, on=[DENSITY, "seed"])


def kinds(features: pd.DataFrame) -> pd.Series:
    """The geometry of each feature, with all regular simplices of rank ≥ 3 as "simplex"."""
    simplex = features["geometry"].str.fullmatch(r"tetrahedron|\d+-simplex")
    return features["geometry"].mask(simplex, "simplex")


def judge_order(tables: Tables) -> Judgement:
    """15.a: which polytope comes first."""
    import pandas as pd

    columns = [DENSITY, "geometry"]
    features = pd.concat([tables["features"][columns], tables["long_features"][columns]])
    level, kind = levels(features), kinds(features)
    middle = {name: float(level[kind == name].median()) for name in ORDER}
    count = {name: int((kind == name).sum()) for name in ORDER}
    values = list(middle.values())
    words = ", ".join(f"{name} {middle[name]:.3g} ({count[name]} features)" for name in ORDER)
    return when(
        np.all(np.diff(values) > 0),
        f"median 1/(1−S): {words}",
        **{name.replace(" ", "_"): value for name, value in middle.items()},
    )


def judge_digons(tables: Tables) -> Judgement:
    """15.b: all in digons on the plateau."""
    features = tables["features"]
    shown = features[levels(features).between(*PLATEAU) & (features["norm"] > geometry.REPRESENTED)]
    off = (shown["dimensionality"] - 0.5).abs()
    paired = (shown["geometry"] == "digon") & (off <= SHARE)
    parts = paired.groupby(shown[DENSITY]).mean()
    return when(
        len(parts) > 0 and bool((parts >= PLATEAU_PART).all()),
        f"{parts.min():.1%} to {parts.max():.1%} of the represented features at {len(parts)} "
        f"levels; D_i off 1/2 by {off[paired].median():.1g} in the median",
        least=parts.min(),
    )


def judge_polytopes(tables: Tables) -> Judgement:
    """15.c: each polytope is seen, with its D."""
    table = _named(_all_factors(tables))
    table = table[table["offset"] <= SHARE]
    words, good, values = [], True, {}
    for name in POLYTOPES:
        own = table[table["name"] == name]
        good &= len(own) > 0
        values[name.replace(" ", "_")] = float(len(own))
        span = f" at {levels(own).min():.3g}–{levels(own).max():.3g}" if len(own) else ""
        words.append(f"{len(own)} × {name}{span}")
    number = len(tables["models"][tables["models"]["chosen"]]) + len(tables["long_models"])
    return when(good, f"{'; '.join(words)} = 1/(1−S), in {number} models", **values)


def _all_factors(tables: Tables) -> pd.DataFrame:
    """The factors of the sweep's best models and of all long runs, where polytopes are sought."""
    import pandas as pd

    table = pd.concat([tables["factors"], tables["long_factors"]], ignore_index=True)
    return table[levels(table).between(*RANGE)]


def _named(table: pd.DataFrame) -> pd.DataFrame:
    return table[~table["name"].isin(["unnamed", "dedicated"])]


def judge_products(tables: Tables) -> Judgement:
    """18.a: tegum products of the catalogue fall apart into their factors."""
    table = tables["products"]
    good, words = True, []
    for product, wanted in PRODUCTS.items():
        rows = table[table["product"] == product].sort_values("part")
        found = [(r["part"], r["count"]) for _, r in rows.iterrows()]
        good &= found == [(part, count) for part, count, _ in wanted]
        share = [d for _, _, d in wanted][: len(rows)]
        good &= bool((rows["lowest"] - share).abs().max() < EXACT)
        good &= bool((rows["highest"] - share).abs().max() < EXACT)
        parts = " + ".join(f"{r['count']:g}×{r['highest']:.4g}" for _, r in rows[::-1].iterrows())
        words.append(f"{product}: {parts}")
    off = (table[["lowest", "highest"]].sub(table["expected"], axis=0)).abs().to_numpy().max()
    good &= bool(off < EXACT)
    return when(
        good,
        f"{'; '.join(words)}; D_i of all {table['product'].nunique()} products within "
        f"{off:.0e} of their factors'",
        worst=off,
    )


def judge_shares(tables: Tables) -> Judgement:
    """18.b: features have the D of their factor, in the whole model.

    Differs: among sparser features more pairs than dimensions share them, at exact minima too.
    """
    from tegum.analysis.catalogue import polytope

    named = _in_named(tables)
    pairs = zip(named["geometry"], named["dimensionality"], strict=True)
    off = np.array([np.abs(polytope(name).dimensionality - own).min() for name, own in pairs])
    return _mostly(
        named["across"].notna() & (off <= SHARE),
        levels(named),
        f"features in named factors have D_i within {SHARE:g} of their polytope's; they are "
        f"{np.median(off) if off.size else np.nan:.4f} off in the median",
    )


def judge_across(tables: Tables) -> Judgement:
    """18.c: factors are orthogonal.

    Differs, for the reason of 18.b.
    """
    named = _in_named(tables)
    across = named.groupby([DENSITY, "n_of_model", "factor"])["across"].max().reset_index()
    return _mostly(
        across["across"] < ORTHOGONAL,
        levels(across),
        f"named factors have no cosine above {ORTHOGONAL:g} with another's feature; the largest "
        f"cosine is {across['across'].median():.3f} in the median",
    )


def _in_named(tables: Tables) -> pd.DataFrame:
    """Features in named factors of the models of lowest loss, where polytopes are sought."""
    import pandas as pd

    parts = [tables["features"], best_long(tables, "long_features")]
    own = pd.concat([part.assign(n_of_model=len(part)) for part in parts], ignore_index=True)
    own = own[levels(own).between(*RANGE) & (own["factor"] >= 0)]
    return own[~own["geometry"].isin(["unnamed", "dedicated"])]


def _mostly(good: pd.Series, level: pd.Series, words: str) -> Judgement:
    """Whether enough of the rows are good; how many are up to the end of the plateau."""
    within = float(good.mean()) if len(good) else 0.0
    dense = good[level <= PLATEAU[1]]
    early = float(dense.mean()) if len(dense) else np.nan
    return when(
        within >= ORTHOGONAL_PART,
        f"{within:.1%} of {len(good)} {words} (up to 1/(1−S) = {PLATEAU[1]:g}: {early:.1%} of "
        f"{len(dense)})",
        within=within,
        early=early,
    )


def judge_seen_products(tables: Tables) -> Judgement:
    """18.d: models are tegum products of polytopes the paper names."""
    features = (tables["features"], tables["long_features"])
    words, good, values = [], True, {}
    for product, wanted in PRODUCTS.items():
        seen = []
        for own in features:
            inside = own[levels(own).between(*RANGE) & (own["across"] < ORTHOGONAL)]
            keys = [DENSITY, *([] if "seed" not in own else ["seed"])]
            seen += [
                part[DENSITY].iloc[0] for _, part in inside.groupby(keys) if _holds(part, wanted)
            ]
        at = [1 / p for p in seen]
        values[product.replace(" ", "_")] = float(len(at))
        good &= len(at) > 0
        where = f" ({min(at):.3g}–{max(at):.3g})" if at else ""
        words.append(f"{product}: {len(at)} models{where}")
    return when(good, "; ".join(words), **values)


def _holds(part: pd.DataFrame, wanted: tuple[tuple[str, int, float], ...]) -> bool:
    """Whether a model has these factors, whole, with D_i as they should be."""
    for name in {part for part, _, _ in wanted}:
        need = sum(name == known for known, _, _ in wanted)
        _, size, share = next(row for row in wanted if row[0] == name)
        own = part[(part["geometry"] == name) & ((part["dimensionality"] - share).abs() <= SHARE)]
        if (own.groupby("factor").size() == size).sum() < need:
            return False
    return True

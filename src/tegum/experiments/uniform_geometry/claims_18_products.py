"""What is claimed of tegum products: their factors, in the catalogue and in trained models."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis.catalogue import polytope
from tegum.dims import DENSITY, SEED
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.uniform_geometry.claims import claims as curve
from tegum.experiments.uniform_geometry.claims_15_scatter import (
    PLATEAU,
    RANGE,
    SHARE,
    best_long,
    levels,
    sweep_and_long,
)

if TYPE_CHECKING:
    import pandas as pd

#: Factors are orthogonal when cosines across them are below this, in so many of them.
ORTHOGONAL, ORTHOGONAL_PART = 0.05, 0.95
#: What factors are called that are no polytope of several features.
NAMELESS: Final = ("unnamed", "dedicated")
#: Equality of closed forms.
EXACT: Final = 1e-9
#: Tegum products that the paper names: (part, count, D) of each factor.
PRODUCTS: Final = {
    "triangular bipyramid": (("digon", 2, 1 / 2), ("triangle", 3, 2 / 3)),
    "pentagonal bipyramid": (("digon", 2, 1 / 2), ("pentagon", 5, 2 / 5)),
    "octahedron": (("digon", 2, 1 / 2),) * 3,
}

_TABLES: Final = tuple(
    f"{of}{name}" for of in ("", "long_") for name in ("models", "features", "factors")
)

claims = Claims(curve.section)


@claims(
    "18.a",
    "A tegum product has the dimensionalities of its factors: triangular bipyramid 3×2/3 + 2×1/2, "
    "pentagonal bipyramid 5×2/5 + 2×1/2, octahedron 6×1/2.",
    rule=f"the catalogue's products fall into these factors, D_i equal to {EXACT:g}",
    evidence=("products",),
)
def catalogue(tables: Tables) -> Judgement:
    table = tables["products"]
    off = table[["lowest", "highest"]].sub(table["expected"], axis=0).abs().to_numpy().max()
    good, words = off < EXACT, []
    for product, wanted in PRODUCTS.items():
        rows = table[table["product"] == product].sort_values("part")
        parts, counts, shares = (list(column) for column in zip(*wanted, strict=True))
        good &= rows["part"].tolist() == parts and rows["count"].tolist() == counts
        if good:
            apart = rows[["lowest", "highest"]].sub(shares, axis=0).abs()
            good &= apart.to_numpy().max() < EXACT
        found = rows[["count", "highest"]][::-1].itertuples(index=False)
        words.append(f"{product}: {' + '.join(f'{n:g}×{share:.4g}' for n, share in found)}")
    return when(
        good,
        f"{'; '.join(words)}; D_i of all {table['product'].nunique()} products within "
        f"{off:.0e} of their factors'",
        worst=off,
    )


@claims(
    "18.b",
    "In trained models, too, features have the dimensionality of their factor. (Recorded as "
    "differing: up to the end of the plateau at 1/2 they do. Beyond it pairs next to pentagons do "
    "not get a dimension each, and have less than 1/2. Noise is not the reason: at exact minima of "
    "160 features, too, 9 pairs lie in 8 dimensions. Ideal products of pairs and pentagons have "
    "exact losses lower by 0.002 % at 1/(1−S) = 4.4 and by 0.025 % at 4.8: less than trainings "
    "tell apart.)",
    rule=f"in models of lowest loss, 1/(1−S) from {RANGE[0]:g} to {RANGE[1]:g}, ≥ "
    f"{ORTHOGONAL_PART:.0%} of the features in named factors have D_i, among all features of the "
    f"model, within {SHARE:g} of the D of a vertex of the polytope",
    evidence=("dimensionality", *_TABLES),
    expected="differs",
    quick=False,
)
def shares(tables: Tables) -> Judgement:
    named = _in_named(tables)
    pairs = zip(named["geometry"], named["dimensionality"], strict=True)
    off = np.array([np.abs(polytope(name).dimensionality - own).min() for name, own in pairs])
    return _mostly(
        named["across"].notna() & (off <= SHARE),
        levels(named),
        f"features in named factors have D_i within {SHARE:g} of their polytope's; they are "
        f"{np.median(off) if off.size else np.nan:.4f} off in the median",
    )


@claims(
    "18.c",
    "Factors lie in orthogonal subspaces. (Recorded as differing, for the reason of 18.b: beyond "
    "the plateau, factors are only nearly orthogonal.)",
    rule=f"in the same models ≥ {ORTHOGONAL_PART:.0%} of the named factors have no |cos| ≥ "
    f"{ORTHOGONAL:g} with a feature of another factor",
    evidence=("feature-graphs", *_TABLES),
    expected="differs",
    quick=False,
)
def orthogonal(tables: Tables) -> Judgement:
    groups = _in_named(tables).groupby([DENSITY, "n_of_model", "factor"])
    across = groups["across"].max().reset_index()
    return _mostly(
        across["across"] < ORTHOGONAL,
        levels(across),
        f"named factors have no cosine above {ORTHOGONAL:g} with another's feature; the largest "
        f"cosine is {across['across'].median():.3f} in the median",
    )


def _in_named(tables: Tables) -> pd.DataFrame:
    """Features in named factors of the models of lowest loss, where polytopes are sought."""
    import pandas as pd

    parts = (some(tables["features"]), best_long(tables))
    own = pd.concat([part.assign(n_of_model=len(part)) for part in parts], ignore_index=True)
    own = own[levels(own).between(*RANGE) & (own["factor"] >= 0)]
    return own[~own["geometry"].isin(NAMELESS)]


def _mostly(good: pd.Series, level: pd.Series, words: str) -> Judgement:
    """Whether enough of the rows are good; how many are up to the end of the plateau."""
    within = good.mean() if len(good) else 0.0
    dense = good[level <= PLATEAU[1]]
    early = dense.mean() if len(dense) else np.nan
    return when(
        within >= ORTHOGONAL_PART,
        f"{within:.1%} of {len(good)} {words} (up to 1/(1−S) = {PLATEAU[1]:g}: {early:.1%} of "
        f"{len(dense)})",
        within=within, early=early,
    )  # fmt: skip


@claims(
    "18.d",
    "The bipyramids and octahedra of the Thomson problem are seen as tegum products: their "
    "factors, side by side.",
    rule=f"some model has all factors of each, with D_i as in 18.a ± {SHARE:g}, and no |cos| ≥ "
    f"{ORTHOGONAL:g} to other factors; sweep (lowest loss) and long runs (all seeds)",
    evidence=("feature-graphs", *_TABLES),
    quick=False,
)
def seen(tables: Tables) -> Judgement:
    models = []
    for own in sweep_and_long(tables, "features"):
        inside = own[levels(own).between(*RANGE) & (own["across"] < ORTHOGONAL)]
        keys = [name for name in (DENSITY, SEED) if name in own]
        models += [part for _, part in inside.groupby(keys)]
    at = {
        product: [levels(part).iloc[0] for part in models if _holds(part, wanted)]
        for product, wanted in PRODUCTS.items()
    }
    words = (
        f"{product}: {len(own)} models" + (f" ({min(own):.3g}–{max(own):.3g})" if own else "")
        for product, own in at.items()
    )
    return when(
        all(at.values()),
        "; ".join(words),
        **{product.replace(" ", "_"): float(len(own)) for product, own in at.items()},
    )


def _holds(part: pd.DataFrame, wanted: tuple[tuple[str, int, float], ...]) -> bool:
    """Whether a model has these factors, whole, with D_i as they should be."""
    for (name, size, share), need in Counter(wanted).items():
        own = part[(part["geometry"] == name) & ((part["dimensionality"] - share).abs() <= SHARE)]
        if (own.groupby("factor").size() == size).sum() < need:
            return False
    return True

"""What is claimed of the band of prices in which features are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.experiments.base import Claims, Judgement, Tables, some, when

if TYPE_CHECKING:
    import pandas as pd

#: Found, as in the source.
FOUND: Final = 0.9

claims = Claims("The Strategic Picture of Superposition")


def means(tables: Tables) -> pd.DataFrame:
    """The mean max cosine of each ratio and α, over its seeds; `spread`, between two of them."""
    cells = tables["band"].groupby(["ratio", "alpha"])["mean_max_cosine"]
    spread = (cells.max() - cells.min()).rename("spread")
    return cells.mean().to_frame().join(spread).reset_index()


def _what(tables: Tables) -> str:
    rows = tables["band"]
    features = f"{rows['features'].iloc[0]} features"
    if not rows.duplicated(["ratio", "alpha"]).any():
        return f"{features}; one seed"
    return f"{features}; seeds differ by {means(tables)['spread'].max():.3f} at most"


@claims(
    "49.h",
    "Correlated features of falling frequency are found in a band of penalties, by dictionaries "
    "with as many latents as features or more. (Recorded as differing: so they are with twice and "
    "four times as many latents; with others 3,000 steps are too few for the rare features. After "
    "12,000 the largest mean max cosine of 32 features in 16 dimensions was 0.93 with as many "
    "latents, 0.997 with eight times as many. Of 512 features in 256 dimensions, the size that was "
    "published, one model each has at most 0.87 with as many latents, 0.93 with twice as many, "
    "where the band is α = 0.32 and 0.56, and 0.88 with four times as many.)",
    rule=f"at each number of latents from that of the features on, mean max cosine > {FOUND:g} for "
    "some α = 10^(j/4), and those α are neighbours; a mean over seeds where there are two",
    evidence=("band",),
    expected="differs",
)
def found(tables: Tables) -> Judgement:
    rows = means(tables)
    words, good = [], []
    for ratio, own in some(rows[rows["ratio"] >= 1]).groupby("ratio"):
        own = own.sort_values("alpha").reset_index(drop=True)
        inside = own.index[own["mean_max_cosine"] > FOUND]
        good.append(len(inside) and inside[-1] - inside[0] + 1 == len(inside))
        ends = [f"{own['alpha'][k]:.2g}" for k in (*inside[:1], *inside[1:][-1:])]
        edges = f"α {' to '.join(ends)}" if ends else "nowhere"
        words.append(f"×{ratio:g} {edges}, at most {own['mean_max_cosine'].max():.3f}")
    return when(all(good), f"latents over features: {'; '.join(words)}; {_what(tables)}")


@claims(
    "49.i",
    "On both sides of the band they are not: smaller and larger penalties find less.",
    rule=f"at each number of latents from that of the features on, mean max cosine ≤ {FOUND:g} at "
    "the smallest α, 0.01, and at the largest, 100",
    evidence=("band",),
)
def edges(tables: Tables) -> Judgement:
    rows = means(tables)
    wide = some(rows[rows["ratio"] >= 1])
    ends = [
        wide.loc[wide.groupby("ratio")["alpha"].agg(end), "mean_max_cosine"]
        for end in ("idxmin", "idxmax")
    ]
    words = [" ".join(f"{value:.2f}" for value in end) for end in ends]
    return when(
        all((end <= FOUND).all() for end in ends),
        f"at the smallest α {words[0]}, at the largest {words[1]}, from few latents to many",
    )


@claims(
    "49.j",
    "Dictionaries with fewer latents than features do not find them at any penalty.",
    rule=f"mean max cosine over all features ≤ {FOUND:g} at every α with fewer latents than "
    "features",
    evidence=("band",),
)
def too_small(tables: Tables) -> Judgement:
    rows = means(tables)
    small = some(rows[rows["ratio"] < 1])
    most = small.groupby("ratio")["mean_max_cosine"].max()
    words = ", ".join(f"×{ratio:g} {value:.3f}" for ratio, value in most.to_dict().items())
    return when((most <= FOUND).all(), f"at most, by latents over features: {words}")

"""Rules of the claims on the collapse of correlated pairs to their principal components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared.sets import ENGINES, EXACT, TRAINED
from tegum.experiments.base import Judgement, Tables, when

if TYPE_CHECKING:
    import pandas as pd

#: How many pairs are merged in which range of 1−S, by the caption of the paper's figure.
CAPTION: Final = {0: (0.02, 0.05), 1: (0.05, 0.15), 2: (0.15, 0.2), 3: (0.25, 0.5)}
#: The same of the exact optimum, at these densities.
OPTIMA: Final = {
    0: (0.02, 0.05),
    1: (0.08, 0.1, 0.12),
    2: (0.15, 0.2, 0.25, 0.3),
    3: (0.4, 0.5, 0.6, 0.7, 0.8),
}
#: Where the optimum goes from k to k + 1 merged pairs.
STEPS: Final = ((0.05, 0.08), (0.12, 0.15), (0.3, 0.4))
#: At a transition losses are the same within this part, and slopes differ by at least that.
CONTINUOUS, KINK = 1e-4, 0.01
#: Trained losses match the exact optimum within this part.
MATCH: Final = 0.01
#: All pairs are merged by this density; the models are those of PCA by that.
ALL_MERGED, DENSE = 0.5, 0.8
#: From here on the optimum has three merged pairs.
THREE: Final = 0.4
#: At most this share of ‖W‖² is outside the principal components.
OUTSIDE: Final = 1e-3
#: G is within this of a projector of PCA, and the loss within this part of PCA's.
PROJECTOR: Final = 0.05
#: Sparse: at most this part of PCA's loss.
SPARSE_LOSS: Final = 0.5
#: ‖W_a − W_b‖ of a merged pair, and how far lengths may be from 1/√2.
DISTANCE, LENGTH = 0.05, 0.05
#: Up to here one or two pairs are merged.
SOME: Final = 0.3


def judge_monotone(tables: Tables) -> Judgement:
    """28.a: from none to three, never fewer as features get denser."""
    counts = {engine: _counts(tables, engine) for engine in ENGINES}
    holds = all(
        rows.iloc[0] == 0 and rows.iloc[-1] == 3 and rows.is_monotonic_increasing
        for rows in counts.values()
    )
    return when(holds, f"{_words(counts[TRAINED])}; {_seeds(tables)}")


def judge_caption(tables: Tables) -> Judgement:
    """28.b: in the ranges of the caption; at the border of two, either number."""
    counts, off = _counts(tables, TRAINED), []
    trained = tables["models"][tables["models"]["engine"] == TRAINED]
    for p, found in counts.items():
        wanted = [k for k, (low, high) in CAPTION.items() if low <= _value(p) <= high]
        if wanted and found not in wanted:
            share = (trained.loc[trained[DENSITY] == p, "collapsed"] == wanted[-1]).mean()
            off.append(f"{found} at 1−S={p:g} (caption {wanted[-1]}: {share:.0%} of seeds)")
    return when(not off, "; ".join(off) if off else _words(counts))


def judge_optima(tables: Tables) -> Judgement:
    """28.c: the same for the exact optimum at densities of its own."""
    counts, off = _counts(tables, EXACT), []
    for wanted, densities in OPTIMA.items():
        for p in densities:
            found = int(counts.iloc[int(np.argmin(np.abs(counts.index - p)))])
            if found != wanted:
                pairs = tables["pairs"]
                here = (pairs["engine"] == EXACT) & np.isclose(pairs[DENSITY], p)
                spread = np.sort(pairs.loc[here, "spread"])[found]
                off.append(f"{found} at 1−S={p:g}, the next with ‖a−b‖/‖a+b‖ = {spread:.3f}")
    return when(not off, "; ".join([*off, _words(counts)]))


def judge_transitions(tables: Tables) -> Judgement:
    """28.d: three crossings where one more pair is close, each where losses meet, slopes do not."""
    table = tables["transitions"]
    steps = table[[_closer(tables, row) for _, row in table.iterrows()]]
    kink = 1 - steps["slope_after"] / steps["slope_before"]
    words = ", ".join(
        f"{row['after']} from 1−S = {row[DENSITY]:.5f} on (slope "
        f"{row['slope_after'] / row['slope_before'] - 1:+.2%})"
        for _, row in table.iterrows()
    )
    inside = len(steps) == len(STEPS) and all(
        low <= p <= high for p, (low, high) in zip(steps[DENSITY], STEPS, strict=True)
    )
    met = bool((steps["loss_step"] <= CONTINUOUS).all())
    edges = {f"edge_{k}": p for k, p in enumerate(table[DENSITY].tolist())}
    return when(inside and met and bool((kink >= KINK).all()), f"pairs merged: {words}", **edges)


def _closer(tables: Tables, row: pd.Series) -> bool:
    """Whether a transition brings one more pair close."""
    close = tables["branches"].groupby("kind")["close"].first()
    return bool(close[row["after"]] > close[row["before"]])


def judge_reached(tables: Tables) -> Judgement:
    """28.e: trained models reach the exact optimum."""
    losses = [_best(tables, engine)["loss"] for engine in ENGINES]
    off = losses[0] / losses[1] - 1
    return when(
        (off.abs() <= MATCH).all(),
        f"lowest trained loss above the exact optimum by at most {off.max():.2%}, below by at "
        f"most {max(0.0, -off.min()):.2%}; {_seeds(tables)}",
        most=off.max(),
    )


def judge_components(tables: Tables) -> Judgement:
    """28.f: nothing outside the pairs' first principal components, once all are merged."""
    rows = tables["principal"]
    dense = rows[rows[DENSITY] >= THREE * (1 - 1e-9)]
    worst, before = dense["outside"].max(), rows.loc[rows[DENSITY] < 0.9 * THREE, "outside"].min()
    return when(
        worst <= OUTSIDE,
        f"largest share outside {max(0.0, worst):.1g}; at sparser densities at least {before:.2f}",
        outside=worst,
    )


def judge_pca(tables: Tables) -> Judgement:
    """28.g: the densest optimum is that of PCA."""
    rows = tables["principal"]
    row = rows[np.isclose(rows[DENSITY], DENSE)].iloc[0]
    half = rows[np.isclose(rows[DENSITY], ALL_MERGED)].iloc[0]
    below = 1 - row["loss"] / row["pca_loss"]
    return when(
        row["projector_off"] <= PROJECTOR and abs(below) <= PROJECTOR,
        f"1−S={DENSE:g}: entries of WᵀW within {row['projector_off']:.3f} of the projector, loss "
        f"{below:.2%} below PCA's; at {ALL_MERGED:g} still {half['projector_off']:.3f} and "
        f"{1 - half['loss'] / half['pca_loss']:.1%}",
        projector_off=row["projector_off"],
        below=below,
    )


def judge_trade_off(tables: Tables) -> Judgement:
    """28.h: superposition beats PCA the more, the sparser the features are."""
    rows = tables["principal"].sort_values(DENSITY)
    ratio = rows["loss"] / rows["pca_loss"]
    return when(
        ratio.is_monotonic_increasing and ratio.iloc[0] <= SPARSE_LOSS,
        "loss over PCA's: "
        + ", ".join(f"{r:.2f} at {p:g}" for r, p in zip(ratio, rows[DENSITY], strict=True)),
        sparsest=ratio.iloc[0],
    )


def judge_merged(tables: Tables) -> Judgement:
    """29.a: a merged pair is one direction of length 1, shared."""
    rows = _merged(tables, 0.0, SOME)
    return _judge_pairs(rows)


def judge_merged_all(tables: Tables) -> Judgement:
    """29.b: the same where all three have merged."""
    return _judge_pairs(_merged(tables, ALL_MERGED, ALL_MERGED))


def _judge_pairs(rows: pd.DataFrame) -> Judgement:
    if rows.empty:
        return Judgement("differs", "no pair has merged")
    lengths = rows[["norm_a", "norm_b"]].to_numpy()
    off = float(np.abs(lengths - 0.5**0.5).max())
    apart = float(rows["distance"].max())
    return when(
        off <= LENGTH and apart < DISTANCE,
        f"{len(rows)} pairs: ‖W_a − W_b‖ ≤ {apart:.3f}, lengths {lengths.min():.3f}–"
        f"{lengths.max():.3f}",
        distance=apart,
        length_off=off,
    )


def _merged(tables: Tables, low: float, high: float) -> pd.DataFrame:
    """The merged pairs of the models of lowest loss, of both engines, in a range of densities."""
    rows = tables["pairs"]
    inside = rows[DENSITY].between(low * (1 - 1e-9), high * (1 + 1e-9))
    return rows[inside & rows["collapsed"].astype(bool)]


def _best(tables: Tables, engine: str) -> pd.DataFrame:
    """The model of lowest loss at each density, from sparse to dense."""
    rows = tables["models"]
    rows = rows[rows["engine"] == engine].dropna(subset=["loss"])
    return rows.sort_values("loss", kind="stable").groupby(DENSITY).first().sort_index()


def _counts(tables: Tables, engine: str) -> pd.Series:
    return _best(tables, engine)["collapsed"].astype(int)


def _value(p: object) -> float:
    """A density free of the last bits."""
    return round(float(p), 9)  # type: ignore[arg-type]


def _words(counts: pd.Series) -> str:
    """Which densities have how many merged pairs."""
    parts = []
    for k in sorted(counts.unique()):
        at = counts.index[counts == k]
        low, high = f"{at.min():g}", f"{at.max():g}"
        parts.append(f"{k} at {low if low == high else f'{low}–{high}'}")
    return "merged pairs: " + ", ".join(parts)


def _seeds(tables: Tables) -> str:
    """How many seeds there are, and how many of them match the best."""
    rows = tables["models"]
    rows = rows[rows["engine"] == TRAINED]
    lowest = rows.groupby(DENSITY)["loss"].transform("min")
    share = (rows["loss"] <= (1 + MATCH) * lowest).groupby(rows[DENSITY]).mean()
    n = rows.groupby(DENSITY).size()
    part = f"{share.min():.0%}–{share.max():.0%}"
    return f"N = {n.min()}; {part} of seeds within {MATCH:.0%} of the best"

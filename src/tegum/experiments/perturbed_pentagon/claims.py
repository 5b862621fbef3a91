"""Rules about how the pentagon is deformed, and how it collapses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.experiments.base import Judgement, Tables, when
from tegum.experiments.perturbed_pentagon import seeds
from tegum.experiments.perturbed_pentagon.curves import ABSENT, DIGONS, PAPER, PENTAGON, RELATIVE
from tegum.experiments.perturbed_pentagon.tables import (
    at_one,
    count,
    curve,
    kinds,
    known,
    pentagons,
    shares,
    varied,
)

if TYPE_CHECKING:
    import pandas as pd

#: The regular pentagon: gaps in degrees, lengths.
REGULAR, GAP_SLACK = 72.0, 2.0
LENGTH, LENGTH_SLACK = 1.13, 0.02
#: The longest that the varied feature gets.
LONGEST, LONGEST_SLACK = 1.165, 0.005
#: Where the losses cross, and how near to what the paper reads that would have to be.
CROSSING: Final = (0.20, 0.32)
PAPER_SLACK: Final = 0.04
#: At the crossing losses are equal within this, a slope jumps when it changes by this part.
EQUAL: Final = 1e-9
JUMP: Final = 0.1
#: The varied feature before the collapse is longer than this.
LONG: Final = 0.5


def judge_regular(tables: Tables) -> Judgement:
    """20.a: at equal densities the best model is a regular pentagon."""
    rows = at_one(pentagons(tables))
    angle = np.sort(np.degrees(np.arctan2(rows["w1"], rows["w0"])) % 360)
    gaps = np.diff(angle, append=angle[:1] + 360)
    off = float(np.abs(gaps - REGULAR).max(initial=0.0))
    away = float((rows["norm"] - LENGTH).abs().max())
    return when(
        len(rows) == 5 and off <= GAP_SLACK and away <= LENGTH_SLACK,
        f"gaps within {off:.2f}° of 72°, lengths {rows['norm'].min():.4f} to "
        f"{rows['norm'].max():.4f}; {known(tables, 1.0)}",
        largest_gap_off=off,
        length=rows["norm"].mean(),
    )


def judge_space(tables: Tables) -> Judgement:
    """20.b: neighbours are farther than 72° from a denser feature, nearer to a sparser one."""
    rows = varied(tables)
    dense, sparse = rows[rows[RELATIVE] > 1], rows[rows[RELATIVE] < 1]
    good = bool((dense["angle"] > REGULAR).all() and (sparse["angle"] < REGULAR).all())
    return when(
        good and len(dense) > 0 and len(sparse) > 0,
        f"{_angles(sparse)} sparser, {_angles(dense)} denser ({len(rows)} densities at which the "
        f"lowest of {count(tables)} seeds is a pentagon)",
        nearest=rows["angle"].min(),
        farthest=rows["angle"].max(),
    )


def _angles(rows: pd.DataFrame) -> str:
    return f"{rows['angle'].min():.1f}° to {rows['angle'].max():.1f}°"


def judge_monotone(tables: Tables) -> Judgement:
    """20.c: the angle grows with the density all the way."""
    rows = varied(tables)
    steps = np.diff(rows["angle"])
    exact = curve(tables, PENTAGON).dropna(subset=["angle"])
    top = exact.iloc[int(exact["angle"].to_numpy().argmax())]
    return when(
        bool((steps > 0).all()) and len(steps) > 0,
        f"smallest step {steps.min(initial=np.inf):.2f}° between {len(rows)} densities of which "
        f"the lowest-loss model is a pentagon; the exact minimum has its largest angle, "
        f"{top['angle']:.2f}°, at {top[RELATIVE]:.2g} times the density and "
        f"{exact['angle'].iloc[-1]:.2f}° at {exact[RELATIVE].iloc[-1]:g} times",
        smallest_step=steps.min(initial=np.inf),
        largest_angle_at=top[RELATIVE],
    )


def judge_length(tables: Tables) -> Judgement:
    """20.d: the varied feature is longer where it is sparser."""
    rows = varied(tables)
    even = float(at_one(rows)["norm"].iloc[0]) if len(at_one(rows)) else np.nan
    sparse = rows.loc[rows[RELATIVE] < 1, "norm"]
    dense = rows.loc[rows[RELATIVE] > 1, "norm"]
    longest = float(sparse.max())
    good = bool((sparse > even).all() and (dense < even).all())
    return when(
        good and abs(longest - LONGEST) <= LONGEST_SLACK,
        f"length {even:.4f} at equal densities, up to {longest:.4f} where sparser, down to "
        f"{dense.min():.4f} where denser; lowest loss of {count(tables)} seeds at each density",
        even=even,
        longest=longest,
    )


def judge_crossing(tables: Tables) -> Judgement:
    """21.a: the exact losses of both geometries cross once."""
    rows = tables["crossings"]
    at = ", ".join(f"{r:.4f}" for r in rows[RELATIVE])
    inside = bool(rows[RELATIVE].between(*CROSSING).all())
    low, high = _common(tables)
    first = float(rows[RELATIVE].iloc[0]) if len(rows) else np.nan
    return when(
        len(rows) == 1 and inside,
        f"{len(rows)} crossing at relative density {at} ({1 / first:.2f} times sparser), loss "
        f"{', '.join(f'{x:.7f}' for x in rows['loss'])}; both are minima from {low:.4f} to "
        f"{high:g}; exact losses",
        crossing=first,
    )


def _common(tables: Tables) -> tuple[float, float]:
    """The relative densities between which both geometries exist."""
    ends = tables["ends"].set_index("branch").loc[[PENTAGON, DIGONS]]
    return float(ends["low"].max()), float(ends["high"].min())


def judge_order(tables: Tables) -> Judgement:
    """21.b: the transition is of first order."""
    rows, (low, high) = tables["crossings"], _common(tables)
    apart = float((rows["loss_one"] / rows["loss_other"] - 1).abs().max())
    change = float((1 - rows["slope_one"] / rows["slope_other"]).abs().min())
    leap = float((rows["norm_one"] - rows["norm_other"]).min())
    beyond = bool(((rows[RELATIVE] > low) & (rows[RELATIVE] < high)).all())
    curves = tables["curves"]
    there = curves[curves["branch"].isin([PENTAGON, DIGONS])].dropna(subset=["loss"])
    flattest = float(there["curvature"].min())
    good = apart <= EQUAL and change >= JUMP and leap > LONG and beyond and flattest > 0
    return when(
        good and len(rows) > 0,
        f"losses equal within {apart:.0e}; from digons to pentagon the slope of the loss falls by "
        f"{change:.0%} and the varied feature goes from length "
        f"{rows['norm_other'].max():.3f} to {rows['norm_one'].min():.3f}; both curves go on "
        f"beyond the crossing, the lowest eigenvalue of the Hessian at {len(there)} of their "
        f"points is {flattest:.4f}",
        slope_change=change,
        leap=leap,
    )


def judge_collapse(tables: Tables) -> Judgement:
    """21.c: the lowest-loss models are pentagons on one side and two digons on the other."""
    best, low = seeds.lowest(tables["models"]), CROSSING[0]
    at = float(tables["crossings"][RELATIVE].iloc[0]) if len(tables["crossings"]) else low
    sparse, dense = best[best[RELATIVE] < at], best[best[RELATIVE] > at]
    good = bool((sparse["kind"] == DIGONS).all() and (dense["kind"] == PENTAGON).all())
    faint = float(sparse["norm"].max())
    over = float((best["loss"] / best["lowest"] - 1).max())
    return when(
        good and len(sparse) > 0 and faint < ABSENT and over <= seeds.MATCH,
        f"{len(sparse)} densities below {at:.3f}: {kinds(sparse)}, varied feature of length ≤ "
        f"{faint:.1g}; {len(dense)} above: {kinds(dense)}; losses within {over:.2%} of the lower "
        f"exact curve; lowest of {count(tables)} seeds at each density, {shares(tables)}",
        longest_below=faint,
        above_exact=over,
    )


def judge_both(tables: Tables) -> Judgement:
    """21.d: on both sides of the crossing seeds end on either curve."""
    models, at = tables["models"], tables["crossings"][RELATIVE].iloc[0]
    near = models[models["on_curve"]]
    lines, good, places = [], True, sorted(models[RELATIVE].unique())
    sides = (max(r for r in places if r < at), min(r for r in places if r > at))
    for r, first in zip(sides, (DIGONS, PENTAGON), strict=True):
        rows = near[near[RELATIVE] == r].groupby("kind")["loss"].agg(["size", "min"])
        both = {DIGONS, PENTAGON} <= set(rows.index)
        good &= both and rows.loc[[DIGONS, PENTAGON], "min"].idxmin() == first
        counts = ", ".join(f"{name} {rows['size'].get(name, 0)}" for name in (PENTAGON, DIGONS))
        lines.append(f"at {r:.3f} {counts} of {count(tables)}")
    return when(
        good,
        f"seeds within {seeds.MATCH:.0%} of an exact curve: {'; '.join(lines)}; of all seeds at "
        f"all densities {models['on_curve'].mean():.1%}, on the three curves",
        on_curves=models["on_curve"].mean(),
    )


def judge_paper(tables: Tables) -> Judgement:
    """21.e: the crossing is where the paper has it. Differs: it is at .269, not .4."""
    at = tables["crossings"][RELATIVE].to_numpy()
    curves = tables["curves"].pivot(index=RELATIVE, columns="branch", values="loss")
    pentagon, digons = (
        float(curves[name].to_numpy()[curves.index == PAPER][0]) for name in (PENTAGON, DIGONS)
    )
    return when(
        bool((np.abs(at - PAPER) <= PAPER_SLACK).all()) and len(at) > 0,
        f"crossing at {', '.join(f'{r:.4f}' for r in at)}, {', '.join(f'{1 / r:.2f}' for r in at)} "
        f"times sparser; at {PAPER:g} the pentagon loses {pentagon:.5f}, the digons {digons:.5f}",
        pentagon=pentagon,
        digons=digons,
    )

"""Figures of features that jump between levels, and of the losses of all seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum import plots
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.energy_levels.measure import LATE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FIRST: Final = 60.0  # step where axes begin: nothing has happened before


def draw_levels(tables: Tables) -> Figure:
    """D_i of every feature of the chosen model, and its loss."""
    curve, found = tables["curve"], tables["jumps"]
    seed = curve["seed"].iloc[0]
    since = tables["trainings"].set_index("seed")["since"][seed]
    later = curve[curve["step"] >= since]["loss"]
    low, high = later.min(), later.max()
    margin = 0.06 * (high - low)
    return plots.level_traces(
        tables["dimensionality"],
        curve,
        found[(found["seed"] == seed) & (found["end"] > since)],
        first=_FIRST,
        lowest=low - margin,
        highest=high + 6 * margin,
    )


def draw_trainings(tables: Tables) -> Figure:
    """The losses of all seeds."""
    late = tables["jumps"].merge(tables["trainings"][["seed", "since"]], on="seed")
    late = late[late["end"] > late["since"]]
    late = late.assign(start=late[["start", "since"]].max(axis=1))
    chosen = int(tables["curve"]["seed"].iloc[0])
    return plots.excess_curves(tables["losses"], late, chosen, first=_FIRST)


FIGURES: Final = (
    FigureSpec(
        "levels",
        "Dimensionality of every feature of one model over training (log-spaced steps), and "
        "below it its expected loss. At first all features share all dimensions; then some "
        "rise to 1/2, where they are in antipodal pairs, and the others fall to 0 (grey if "
        "they were never above 1/4). Shaded: a feature, whose number is above, changes level "
        "after 70 % of the pairs have formed; the loss then falls there and hardly anywhere "
        "else. A feature that rises before it has a partner (D "
        "beyond 1/2) lowers it little; the partner's jump lowers it much. Shown is the seed "
        f"of 24 (fewer in a quick run) whose loss falls fastest after step {LATE:,} within a "
        "jump; losses above the shown range belong to the first pairs.",
        draw_levels,
        ("dimensionality", "curve", "jumps", "trainings"),
    ),
    FigureSpec(
        "trainings",
        "How far the expected loss of every seed lies above the lowest of all, over training; "
        "coloured where, after 70 % of the pairs have formed, a feature of that model is "
        "changing level (vermilion: the model shown above). Plateaus end when a feature "
        "jumps, and all seeds end with four antipodal pairs.",
        draw_trainings,
        ("losses", "jumps", "trainings", "curve"),
    ),
)

"""Figures of the experiment `phase-change`, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.phase_figures import two_maps
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.phase_change.claims import MARGIN
from tegum.experiments.phase_change.claims_55_minima import well_shares
from tegum.experiments.phase_change.crossing import SHOWN
from tegum.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Probabilities around the switch at r = 1 that are drawn.
_AROUND: Final = (0.3, 1.0)


def draw_two(tables: Tables) -> Figure:
    """Theory, optimum with biases, optimum without, for two features in one dimension."""
    return _maps(
        tables["boundaries"],
        {
            "three candidates": tables["candidates"],
            "optimum with biases": tables["truth"],
            "optimum without biases": tables["unbiased"],
        },
    )


def draw_three(tables: Tables) -> Figure:
    """Theory and optimum for three features in two dimensions."""
    return _maps(
        tables["boundaries_three"],
        {
            "four candidates": tables["candidates_three"],
            "optimum with biases": tables["truth_three"],
        },
    )


def _maps(lines: pd.DataFrame, panels: dict[str, pd.DataFrame]) -> Figure:
    import pandas as pd

    return plots.phase_map(pd.concat(rows.assign(panel=n) for n, rows in panels.items()), lines)


def draw_gain(tables: Tables) -> Figure:
    """How much lower the optimum is than the best candidate, cell by cell."""
    two, three = (
        rows.assign(
            gain=100 * (1 - rows["loss"] / rows["loss_theory"]),
            wrong=~rows["agrees"] & (rows["margin"] > MARGIN),
        )
        for rows in (tables["truth"], tables["truth_three"])
    )
    words = "loss below the best candidate's, %"
    return two_maps(two, three, "gain", label=words, most=14, dots="wrong")


def draw_surfaces(tables: Tables) -> Figure:
    """Loss surfaces at b = 0 with their minima."""
    return plots.loss_surface(tables["surfaces"], tables["minima"])


def draw_unbiased_crossing(tables: Tables) -> Figure:
    """Both minima at b = 0 and r = 1."""
    rows = tables["unbiased_branches"]
    shown = rows[(rows[RATIO] == 1.0) & rows[DENSITY].between(*_AROUND)]
    return plots.crossing(shown, at=DENSITY, label="1−S   (equal importance, b = 0)")


def draw_crossing(tables: Tables) -> Figure:
    """Both minima with biases, r = .5."""
    words = f"1−S   (relative importance {SHOWN:g}, with biases)"
    return plots.crossing(tables["branches"], at=DENSITY, label=words)


@style.styled
def draw_transitions(tables: Tables) -> Figure:
    """The length of the shorter feature on both sides of the transition, over r."""
    from matplotlib.figure import Figure

    rows = tables["transitions"].sort_values(RATIO)
    figure = Figure(figsize=(5.8, 3.3), layout="constrained")
    axes = figure.subplots()
    r = rows[RATIO]
    axes.vlines(
        r, rows["weak_dense"], rows["weak_sparse"], color=style.FAINT, lw=4, zorder=style.BEHIND
    )
    look: dict[str, Any] = {"ls": "none", "ms": 6, "clip_on": False}
    axes.plot(r, rows["weak_sparse"], "o", color=style.ORANGE, label="sparse side", **look)
    axes.plot(r, rows["weak_dense"], "s", color=style.BLUE, label="dense side", **look)
    axes.set(xscale="log", ylim=(0, 1), ylabel="length of the shorter feature")
    axes.set_xlabel("relative importance of the extra feature")
    _plain(axes.xaxis, [0.1, 0.3, 1, 3, 10])
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@style.styled
def draw_wells(tables: Tables) -> Figure:
    """Areas of both wells around each switch."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.8, 3.5), layout="constrained")
    axes = figure.subplots()
    for k, (r, part) in enumerate(tables["wells"].groupby(RATIO, sort=False)):
        look: dict[str, Any] = {"ms": 4, "lw": 1.2, "color": style.CYCLE[k % len(style.CYCLE)]}
        axes.plot(100 * part["distance"], well_shares(part), "o-", label=f"r = {r:g}", **look)
    axes.axhline(1, color=style.GREY, lw=0.8, zorder=style.BEHIND)
    axes.axvline(0, color=style.GREY, lw=0.8, zorder=style.BEHIND)
    axes.set(yscale="log", xlabel="1−S from the switch, %")
    axes.set_ylabel("well of the optimum / the other well")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def _plain(axis: Any, ticks: list[float]) -> None:
    from matplotlib.ticker import NullLocator

    axis.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axis.set_minor_locator(NullLocator())


FIGURES: Final = (
    FigureSpec(
        "diagram-two",
        "What becomes of the extra one of two features in one dimension. White: not represented; "
        "blue: it has the dimension to itself; orange: it shares it. Lines, in all panels: where "
        "the three candidates lose alike. The optimum, with biases or without, is the lowest "
        "exact loss over all weights. With biases it follows the theory, but superposition goes "
        "on to denser features. Without, dense features of like importance are confused: both "
        "weights have one sign.",
        draw_two,
        ("candidates", "truth", "unbiased", "boundaries"),
    ),
    FigureSpec(
        "diagram-three",
        "The same for three features in two dimensions: the best of four candidates, and the "
        "optimum with biases. Right of r = 1 the two others make the pair, so that the extra "
        "feature keeps a dimension.",
        draw_three,
        ("candidates_three", "truth_three", "boundaries_three"),
    ),
    FigureSpec(
        "gain",
        "How much lower the optimum is than the best candidate: most along the boundary, where a "
        "pair gains by uneven weights and by biases. White dots: cells, outside the margin of "
        "5 %, in which theory and optimum disagree.",
        draw_gain,
        ("truth", "truth_three"),
    ),
    FigureSpec(
        "surfaces",
        "The loss over the two weights at b = 0, relative to its lowest value. Dots: the lowest "
        "minima, one model and its negative; rings: other minima. Above, equal importance: a "
        "pair for sparse features, two equal weights of one sign for dense ones, and both at "
        "once. Below, r = 0.1: the pair becomes uneven and shallow, then is left for a feature "
        "that is alone but for a trace of the other.",
        draw_surfaces,
        ("surfaces", "minima"),
    ),
    FigureSpec(
        "crossing-unbiased",
        "Both minima at b = 0 and equal importance. The optimal loss (strong) is continuous; its "
        "slope jumps where the minima change places. Each of them exists beyond the crossing.",
        draw_unbiased_crossing,
        ("unbiased_branches",),
    ),
    FigureSpec(
        "crossing",
        "The same with biases and r = 0.5: the lowest minimum of each kind that any of the "
        "starts ended in. Where a line ends its minimum is no more, or is not found.",
        draw_crossing,
        ("branches",),
    ),
    FigureSpec(
        "transitions",
        "The length of the shorter feature in the optimum with biases, just before and just after "
        "its fastest change. Everywhere it jumps. For unlike importances nothing is left "
        "afterwards; near equal importance a weaker pair is, and fades as features get denser.",
        draw_transitions,
        ("transitions",),
    ),
    FigureSpec(
        "wells",
        "Areas of the wells of both minima at b = 0 near the point where they are equally deep: "
        "that of the optimum over that of the other. A point is missing where the other well is "
        "no more. For unlike importances the optimum may be in a far smaller well.",
        draw_wells,
        ("wells",),
    ),
)

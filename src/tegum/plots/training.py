"""Trainings in detail: dimensionalities above the loss, and the loss cut into stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tegum.errors import SpecError
from tegum.plots import _words, style
from tegum.plots._canvas import Canvas
from tegum.plots._place import Place
from tegum.plots._sources import is_dataset, require, require_columns, table_of
from tegum.plots._trainings import Trainings

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_SHADE: Final = "#f6ecd7"
#: The features that rise last have the first of these colours.
_RISING: Final = (*style.CYCLE, "#882255", "#4a4a4a", "#999933", "#b5651d")
#: Numbers of jumps nearer than this ratio of steps would overlap.
_APART: Final = 1.5
_BANDS: Final = ("#f4f4f4", "#e9eef4")


@style.styled
def level_traces(
    features: pd.DataFrame | xr.Dataset,
    curve: pd.DataFrame | None = None,
    jumps: pd.DataFrame | None = None,
    *,
    levels: tuple[float, ...] = (0.0, 0.5),
    first: float | None = None,
    lowest: float | None = None,
    highest: float | None = None,
    **place: Unpack[Place],
) -> Figure:
    """D_i of every feature over training, and below it the loss, over the same log-spaced steps.

    Features that are ever nearer to a level above the lowest have colours, in the order in which
    they get there; the others are grey. Jumps are shaded across both, with the numbers of their
    features above where the table has them; dotted lines are levels.

    Args:
        features: columns `step`, `feature`, `dimensionality`, of one model; or a Dataset of one
            model with checkpoints, which has its curve and its jumps with it.
        curve: columns `step`, `loss`.
        jumps: columns `start`, `end`, optionally `feature`: what is to be shaded; may be empty.
        levels: dotted lines.
        first: the step where the axis begins; by default the first after 0.
        lowest: the least loss that is shown, …
        highest: … and the largest; by default all are.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing.

    Source: "Superposition and Learning Dynamics".
    """
    canvas = Canvas("level_traces", place)
    if is_dataset(features):
        seen = Trainings("level_traces", features)
        features, curve = seen.features(), seen.curve() if curve is None else curve
        jumps = seen.jumps() if jumps is None else jumps
    features = table_of("level_traces", features)
    require("level_traces", features, ["step", "feature", "dimensionality"])
    curve = table_of("level_traces.curve", curve)
    require("level_traces.curve", curve, ["step", "loss"])
    above, below = canvas.subplots((6.4, 4.6), 2, sharex=True, height_ratios=(1.7, 1))
    for level in levels:
        above.axhline(level, color=style.GREY, lw=0.8, ls=(0, (1, 2)), zorder=style.BEHIND)
    rising = (levels[0] + levels[1]) / 2 if len(levels) > 1 else 0.0
    high = features[features["dimensionality"] > rising].groupby("feature")["step"].min()
    order = list(high.sort_values(ascending=False).index)
    for feature, rows in features.sort_values("step").groupby("feature"):
        shown = feature in order
        rank = order.index(feature) if shown else 0
        colour = _RISING[rank % len(_RISING)] if shown else style.FAINT
        above.plot(rows["step"], rows["dimensionality"], color=colour, lw=1.4 if shown else 0.6,
                   zorder=3 - rank / (1 + len(order)) if shown else 1)  # fmt: skip
    below.plot(curve["step"], curve["loss"], color=style.ink(), lw=1.3)
    if lowest is not None or highest is not None:
        below.set_ylim(lowest, highest)
    begin = first or float(features.loc[features["step"] > 0, "step"].min())
    last = float(features["step"].max())
    if jumps is not None:
        require_columns("level_traces.jumps", jumps, ["start", "end"])
        # there is no step 0 on a logarithmic axis
        jumps = jumps.assign(**jumps[["start", "end"]].clip(lower=begin))
        for start, end in jumps[["start", "end"]].to_numpy():
            for axes in (above, below):
                axes.axvspan(start, end, color=_SHADE, lw=0, zorder=-1)
        if "feature" in jumps:
            _number(above, jumps, canvas.inches(above) / np.log(last / begin))
    for axes in (above, below):  # those of a user share no axis
        axes.set(xscale="log", xlim=(begin, last))
    below.set(xlabel="step", ylabel="loss")
    above.set_ylabel("dimensionality Dᵢ")
    return canvas.figure


def _number(axes: Axes, jumps: pd.DataFrame, inches: float) -> None:
    """Above each jump the number of its feature; one line for jumps too near to tell apart.

    `inches` is what a factor e of steps takes.
    """
    groups: list[tuple[float, list[str]]] = []
    columns = jumps.sort_values("start")[["start", "end", "feature"]]
    for start, end, feature in columns.to_numpy(dtype=float):
        middle, number = float(np.sqrt(start * end)), str(int(feature))
        if groups and _touch(groups[-1], (middle, [number]), inches):
            groups[-1][1].append(number)
        else:
            groups.append((middle, [number]))
    for middle, numbers in groups:
        axes.annotate(
            _features(numbers),
            (middle, 1.0), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", va="bottom", fontsize=style.small(),
        )  # fmt: skip


def _features(numbers: list[str]) -> str:
    return f"feature {numbers[0]}" if len(numbers) == 1 else f"features {', '.join(numbers)}"


def _touch(one: tuple[float, list[str]], other: tuple[float, list[str]], inches: float) -> bool:
    """Whether the words above two places would overlap, or the places are nearly one."""
    apart = np.log(other[0] / one[0])
    wide = [_words.width(_features(numbers), "legend.fontsize") for _, numbers in (one, other)]
    return bool(apart < np.log(_APART) or apart * inches < sum(wide) / 2 + 0.05)


@style.styled
def stage_curve(
    curves: pd.DataFrame | xr.Dataset,
    stages: pd.DataFrame | None = None,
    rates: pd.DataFrame | None = None,
    **place: Unpack[Place],
) -> Figure:
    """A loss curve cut into its stages, log-log; below it the rate −d ln loss / d ln step.

    Bands are stages with their names; dots are where a stage has settled. Other models of the same
    problem are drawn faint behind.

    Args:
        curves: columns `seed`, `step`, `loss`; or a Dataset with checkpoints at one axis point, of
            which the seed that ends lowest is cut.
        stages: columns `name` (else `stage`, drawn as A, B, …), `seed`, `start`, `end`,
            `settled`, `loss`, of one of the seeds.
        rates: columns `step`, `rate`, of that seed.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, or the stages are of a seed without a curve.

    Source: "Superposition and Learning Dynamics".
    """
    canvas = Canvas("stage_curve", place)
    if is_dataset(curves):
        seen = Trainings("stage_curve", curves)
        curves = seen.curves()
        if stages is None:
            stages, rates = seen.stages(curves)
    curves = table_of("stage_curve", curves)
    require("stage_curve", curves, ["seed", "step", "loss"])
    stages = table_of("stage_curve.stages", stages)
    if "name" not in stages and "stage" in stages:
        stages = stages.assign(name=[chr(ord("A") + int(k) % 26) for k in stages["stage"]])
    require("stage_curve.stages", stages, ["name", "seed", "start", "end", "settled", "loss"])
    chosen = stages["seed"].tolist()[0]
    if chosen not in set(curves["seed"]):
        raise SpecError.of("stage_curve", "stages", "must be of a seed in the curves", chosen)
    count = 1 if rates is None else 2
    size = (6.4, 3.2 if rates is None else 4.4)
    parts = canvas.subplots(size, count, sharex=True, height_ratios=(1.8, 1)[:count])
    top = parts[0]
    shown = curves[curves["step"] > 0]
    for seed, rows in shown.groupby("seed"):
        if seed != chosen:
            top.plot(rows["step"], rows["loss"], color=style.FAINT, lw=0.5, zorder=1)
    rows = shown[shown["seed"] == chosen]
    top.plot(rows["step"], rows["loss"], color=style.ink(), lw=1.8, zorder=2)
    top.plot(stages["settled"], stages["loss"], "o", color=style.VERMILION, ms=6, mec=style.paper(),
             zorder=3)  # fmt: skip
    top.set(yscale="log", ylabel="loss")
    first, last = float(rows["step"].min()), float(rows["step"].max())
    if rates is not None:
        require("stage_curve.rates", rates, ["step", "rate"])
        first = float(rates["step"].min())
        parts[1].plot(rates["step"], rates["rate"], color=style.BLUE, lw=1.4)
        words = ("−d ln loss / d ln step", "−d ln L / d ln t", "rate")
        room = canvas.tall(parts[1]) / 3  # of both
        parts[1].set_ylabel(_words.first_fitting(words, 1.3 * room, "axes.labelsize"))
    for axes in parts:  # those of a user share no axis
        axes.set(xscale="log", xlim=(first, last))
    top.set_ylim(top=2.2 * float(shown["loss"].max()))  # room for the names
    for axes in parts:
        _bands(axes, stages, first)
    for name, start, end in stages[["name", "start", "end"]].to_numpy():
        middle = float(np.sqrt(max(start, first) * end))
        top.text(middle, 0.96, name, transform=top.get_xaxis_transform(), ha="center", va="top")
    parts[-1].set_xlabel("step")
    return canvas.figure


def _bands(axes: Axes, stages: pd.DataFrame, first: float) -> None:
    for k, (start, end) in enumerate(stages[["start", "end"]].to_numpy()):
        axes.axvspan(max(start, first), end, color=_BANDS[k % 2], lw=0, zorder=-2)


@style.styled
def excess_curves(
    curves: pd.DataFrame | xr.Dataset,
    jumps: pd.DataFrame | None = None,
    chosen: int | None = None,
    *,
    first: float | None = None,
    **place: Unpack[Place],
) -> Figure:
    """How far the losses of models lie above the lowest of all, log-log; coloured during jumps.

    The axis ends a little above where the highest model ends: below is noise.

    Args:
        curves: columns `seed`, `step`, `loss`; or a Dataset with checkpoints at one axis point,
            which has its jumps with it.
        jumps: columns `seed`, `start`, `end`; may be empty.
        chosen: a seed that is drawn on top of the others.
        first: the step where the axis begins; by default the first after 0.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing.

    Source: "Superposition and Learning Dynamics".
    """
    canvas = Canvas("excess_curves", place)
    if is_dataset(curves):
        seen = Trainings("excess_curves", curves)
        curves, jumps = seen.curves(), seen.jumps() if jumps is None else jumps
    curves = table_of("excess_curves", curves)
    require("excess_curves", curves, ["seed", "step", "loss"])
    jumps = table_of("excess_curves.jumps", jumps)
    require_columns("excess_curves.jumps", jumps, ["seed", "start", "end"])
    (axes,) = canvas.subplots((6.4, 3.4))
    lowest = float(curves["loss"].min())
    last = curves.sort_values("step").groupby("seed")["loss"].last()
    for seed, rows in curves[curves["step"] > 0].sort_values("step").groupby("seed"):
        steps, above = rows["step"].to_numpy(), rows["loss"].to_numpy() - lowest
        above = np.where(above > 0, above, np.nan)
        inside = np.zeros(len(steps), bool)
        for start, end in jumps[jumps["seed"] == seed][["start", "end"]].to_numpy():
            inside |= (steps >= start) & (steps <= end)
        strong = seed == chosen
        colour, width = (style.VERMILION, 3.0) if strong else (style.BLUE, 1.8)
        thin, line = (style.ink(), 0.9) if strong else (style.GREY, 0.4)
        axes.plot(steps, above, color=thin, lw=line, zorder=3 if strong else 1)
        axes.plot(steps, np.where(inside, above, np.nan), color=colour, lw=width,
                  alpha=1.0 if strong else 0.45, zorder=2.9 if strong else 2)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="step", ylabel="loss above the lowest")
    shown = curves[curves["step"] >= first] if first else curves[curves["step"] > 0]
    axes.set_xlim(float(shown["step"].min()), 1.15 * float(shown["step"].max()))
    top = 1.3 * (float(shown["loss"].max()) - lowest)
    axes.set_ylim(top=top or None)
    end = 1.5 * max(float(last.max()) - lowest, 1e-12)
    axes.set_ylim(bottom=min(end, top / 10) or None)  # where no model falls there is something left
    return canvas.figure

"""Curves: losses over training, counts over sparsity, measurement against theory."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter
from matplotlib.typing import ColorType
from numpy.typing import NDArray

from tegum.dims import DENSITY
from tegum.plots import _words, style
from tegum.plots._canvas import Canvas
from tegum.plots._panels import panel_column, titles
from tegum.plots._place import Place
from tegum.plots._sources import require, require_one, table_of
from tegum.runs.sweep_tables import by_density
from tegum.runs.tables import count_table, loss_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: (column, label, marker) of the two counts.
_COUNTS = (("represented", "represented", "o"), ("dedicated", "dedicated", "s"))
#: What is labelled of each decade of 1/(1−S), where there is room.
TICKS = ((1.0, 3.0), (1.0,))
#: Groups beyond these are told apart by a colour bar.
_NAMED = 8
_MARKERS = ("o", "s", "D", "^", "v")


@style.styled
def counts(
    data: pd.DataFrame | xr.Dataset,
    theory: pd.DataFrame | None = None,
    **place: Unpack[Place],
) -> Figure:
    """Represented and dedicated features over 1/(1−S), log scale.

    The line is the model of lowest loss at each density, the band spans all models there but
    those whose loss is NaN.

    Args:
        data: columns `feature_probability`, `represented`, `dedicated`, and `loss` where a
            density has several rows; or a Dataset with the axis `feature_probability`.
        theory: predictions, columns `feature_probability`, `represented`, `dedicated`: diamonds.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing.

    Source: "Demonstrating Superposition: Basic Results".
    """
    canvas = Canvas("counts", place)
    table = table_of("counts", data, lambda runs: count_table(by_density(runs, "counts")))
    names = [name for name, *_ in _COUNTS]
    require("counts", table, [DENSITY, *names])
    if theory is not None:
        require("counts", theory, [DENSITY, *names])
    if "loss" in table:
        table = table.dropna(subset=["loss"])  # diverged models
    chosen = _lowest(table)
    spread = table.groupby(DENSITY)[names].agg(["min", "max"]).sort_index(ascending=False)
    (axes,) = canvas.subplots((5.2, 3.2))
    for (name, label, marker), colour in zip(_COUNTS, cycle(style.cycle())):
        axes.plot(1 / chosen[DENSITY], chosen[name], marker=marker, ms=5, color=colour, label=label)
        low, high = spread[name]["min"], spread[name]["max"]
        if (high > low).any():
            axes.fill_between(1 / spread.index, low, high, color=colour, alpha=0.15, lw=0)
        if theory is not None:
            marks = axes.plot(1 / theory[DENSITY], theory[name], "D", label=f"{label}, predicted")
            marks[0].set(mfc="none", mec=colour, ms=8, mew=1.2)
    density_axis(axes)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("features")
    canvas.legend(axes)
    _words.log_ticks(axes.xaxis, canvas.inches(axes), TICKS)
    return canvas.figure


def _lowest(table: pd.DataFrame) -> pd.DataFrame:
    """The row of lowest loss at each density, from dense to sparse."""
    if table.duplicated(DENSITY).any():
        require("counts", table, ["loss"])
        table = table.loc[table.groupby(DENSITY)["loss"].idxmin()]
    return table.sort_values(DENSITY, ascending=False)


@style.styled
def loss_curves(
    data: pd.DataFrame | xr.Dataset, *, by: str | None = None, **place: Unpack[Place]
) -> Figure:
    """Loss over training steps, log-log: one line per model, one colour per group.

    The model of each group whose last loss is lowest is drawn strong, the others faint.

    Args:
        data: columns `step`, `loss`, and optionally a group column and `seed`; or a Dataset
            with `loss_curve`.
        by: the group column: by default `panel`, else `feature_probability`.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, or a group has two losses for one step of one seed.

    Source: "Superposition and Learning Dynamics".
    """
    canvas = Canvas("loss_curves", place)
    table = table_of("loss_curves", data, loss_table)
    require("loss_curves", table, ["step", "loss"])
    column = panel_column("loss_curves", table, by)
    groups = [("", table)] if column is None else list(table.groupby(column, sort=False))
    names = titles(column, [value for value, _ in groups])
    (axes,) = canvas.subplots((5.6, 3.4))
    shades = _shades(len(groups))
    for (_, rows), label, colour in zip(groups, names, shades, strict=True):
        _draw_runs(axes, rows, label, colour)
    from_zero = bool((table["step"] <= 0).any())
    axes.set_xscale("symlog", linthresh=1) if from_zero else axes.set_xscale("log")
    axes.set(yscale="log", xlabel="step", ylabel="loss")
    if len(groups) > _NAMED:
        _bar_of(canvas, axes, names, shades)
    elif column is not None:
        canvas.legend(axes)
    return canvas.figure


def _bar_of(canvas: Canvas, axes: Axes, names: list[str], shades: list[ColorType]) -> None:
    """A colour bar in place of a long legend: a step for each group, and some of their names."""
    count = len(names)
    steps = BoundaryNorm(np.arange(count + 1) - 0.5, count)
    mappable = ScalarMappable(norm=steps, cmap=ListedColormap(shades))
    bar = canvas.figure.colorbar(mappable, ax=axes)
    shown = np.unique(np.linspace(0, count - 1, _NAMED - 2).round().astype(int))
    bar.set_ticks(shown.tolist(), labels=[names[k] for k in shown])
    bar.ax.invert_yaxis()  # as a legend, the first on top
    bar.ax.minorticks_off()
    bar.ax.grid(False)
    bar.outline.set_linewidth(0.5)


def _draw_runs(axes: Axes, rows: pd.DataFrame, label: str, colour: ColorType) -> None:
    """The loss curves of one group, the one that ends lowest drawn strong."""
    runs = [rows] if "seed" not in rows else [run for _, run in rows.groupby("seed")]
    if any(run["step"].duplicated().any() for run in runs):
        keys = ["step", "seed"] if "seed" in rows else ["step"]
        require_one("loss_curves", rows, keys, f" in a group{label and ' '}{label}")
    runs = [run.sort_values("step") for run in runs]
    strong = int(np.argmin([np.nan_to_num(run["loss"].iloc[-1], nan=np.inf) for run in runs]))
    for k, run in enumerate(runs):
        look: dict[str, Any] = {"lw": 0.7, "alpha": 0.35}
        if k == strong:
            look = {"lw": 1.8, "zorder": 3, "label": label}
        axes.plot(run["step"], run["loss"], color=colour, **look)


@style.styled
def against_theory(data: pd.DataFrame, *, quantity: str = "loss", **place: Unpack[Place]) -> Figure:
    """Measured against predicted values, with the line on which they are equal.

    Args:
        data: columns `theory`, `measured`, and optionally `error` (standard error of the
            measurement, drawn as bars of two) and `label` (a colour per label).
        quantity: what is compared, for the axis labels.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing; it names the call that makes the table.

    Source: "Demonstrating Superposition: Mathematical Understanding".
    """
    canvas = Canvas("against_theory", place)
    require("against_theory", data, ["theory", "measured"])
    (axes,) = canvas.subplots((4.6, 3.6))
    colours = style.cycle()
    groups = data.groupby("label", sort=False) if "label" in data else [("", data)]
    for k, (label, rows) in enumerate(groups):
        axes.errorbar(
            rows["theory"],
            rows["measured"],
            2 * rows["error"] if "error" in rows else None,
            fmt=_MARKERS[k % len(_MARKERS)],
            ms=5.5,
            mec=style.paper(),
            mew=0.6,
            elinewidth=1,
            color=colours[k % len(colours)],
            label=str(label),
        )
    _diagonal(axes, data[["theory", "measured"]].to_numpy(dtype=float))
    axes.set(xlabel=f"{quantity}, predicted", ylabel=f"{quantity}, measured")
    if "label" in data:
        canvas.legend(axes)
    return canvas.figure


def _diagonal(axes: Axes, values: NDArray[Any]) -> None:
    """The line of equality, on equal axes: logarithmic where positive values span much."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low > 0 and high / low > 30:
        axes.set(xscale="log", yscale="log")
        low, high = low / 1.5, high * 1.5
    else:
        margin = 0.06 * (high - low) or 0.5
        low, high = low - margin, high + margin
    axes.plot(
        [low, high], [low, high], color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND
    )
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")


def density_axis(axes: Axes) -> None:
    """The x axis as 1/(1−S), logarithmic, with plain numbers at 1, 3, 10, 30 and on."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("1/(1−S)")


def _shades(count: int) -> list[ColorType]:
    """Colours for ordered groups: distinct ones for a few, a sequence for many."""
    colours = style.cycle()
    if count <= len(colours) and count <= _NAMED:
        return list(colours[:count])
    return [style.IMPORTANCE(k / (count - 1)) for k in range(count)]

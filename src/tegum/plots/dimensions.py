"""Dimensions per feature, on average and feature by feature, over sparsity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tegum.analysis.feature_factors import feature_factor_table
from tegum.dims import DENSITY, FEATURE
from tegum.plots import _words, geometries, style
from tegum.plots._canvas import Canvas
from tegum.plots._place import Place
from tegum.plots._sources import is_dataset, lowest_of, require, require_one, table_of
from tegum.runs.sweep_tables import by_density, model_table
from tegum.runs.weights import encoder_in

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: The fractions of the paper's scatter, and what has them.
FRACTIONS: Final[Mapping[str, float]] = {
    "1": 1.0,
    "3/4  tetrahedron": 3 / 4,
    "2/3  triangle": 2 / 3,
    "1/2  digon": 1 / 2,
    "2/5  pentagon": 2 / 5,
    "3/8  square antiprism": 3 / 8,
    "0  not learned": 0.0,
}
#: What the scatter shows, in the words that fit.
_NAMES: Final = ("feature dimensionality Dᵢ", "dimensionality Dᵢ", "Dᵢ")
#: What is labelled of each decade of 1/(1−S), where there is room.
_TICKS: Final = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
#: Lines closer than this have labels moved apart, in units of the y axis.
_ROOM: Final = 0.045
#: Levels further apart than this ratio are not joined.
_APART: Final = 2.1
#: Narrower figures have fractions without their names.
_NARROW: Final = 5.0
#: The widest strip of features, in units of log 1/(1−S).
_STRIP: Final = 0.05


@style.styled
def dimensions_per_feature(
    models: pd.DataFrame | xr.Dataset,
    *,
    plateaus: Mapping[str, float] | None = None,
    tolerance: float = 0.03,
    **place: Unpack[Place],
) -> Figure:
    """D* = m/‖W‖_F² over 1/(1−S), log scale; where it sticks, bands.

    Args:
        models: columns `feature_probability`, `D_star`; `chosen`, where a density has several
            rows: the line goes through the chosen ones, the others are small dots. Or a Dataset
            over `feature_probability`: chosen is the lowest loss at each density.
        plateaus: values at which the curve may stick, by label; by default 1 and 1/2. The levels
            in a row with D* within `tolerance` of one are shaded.
        tolerance: how near to one of them is on it, > 0.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, or a density has several chosen rows.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    canvas = Canvas("dimensions_per_feature", place)
    models = table_of("dimensions_per_feature", models, model_table)
    require("dimensions_per_feature", models, [DENSITY, "D_star"])
    marked = {"D* = 1": 1.0, "D* = 1/2": 0.5} if plateaus is None else plateaus
    line = models[models["chosen"]] if "chosen" in models else models
    if line.duplicated(DENSITY).any():
        require_one("dimensions_per_feature", line, [DENSITY], " among the chosen")
    line = line.sort_values(DENSITY, ascending=False)
    x, y = 1 / line[DENSITY].to_numpy(), line["D_star"].to_numpy()
    (axes,) = canvas.subplots((6.4, 3.7))
    room = canvas.inches(axes)
    for label, value in marked.items():
        _plateau(axes, x, y, (label, value), tolerance, room)
    axes.plot(1 / models[DENSITY], models["D_star"], "o", ms=3.2, color=style.SKY, mew=0)
    axes.plot(x, y, "-", color=style.ink(), lw=1.2)
    axes.plot(x, y, "o", ms=3.6, color=style.BLUE, mec=style.paper(), mew=0.4)
    sparsity_axis(axes, float(x.max()), room)
    words = ("D* = m / ‖W‖²   (dimensions per feature)", "D* = m / ‖W‖²")
    axes.set(
        ylim=(0, 1.12), ylabel=_words.first_fitting(words, canvas.tall(axes), "axes.labelsize")
    )
    return canvas.figure


def _plateau(
    axes: Axes, x: Any, y: Any, mark: tuple[str, float], tolerance: float, room: float
) -> None:
    """A line at the value, and a band over the levels that stick to it."""
    from tegum.analysis.stickiness import plateau

    label, value = mark
    axes.axhline(value, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
    part = plateau(y, value, tolerance)
    choices = [label]
    if part.stop - part.start > 1:
        low, high = float(x[part.start]), float(x[part.stop - 1])
        band: dict[str, Any] = {"color": style.ORANGE, "alpha": 0.28, "lw": 0, "zorder": 0}
        axes.fill_between([low, high], value - tolerance, value + tolerance, **band)
        choices.insert(0, f"{label} ± {tolerance:g} for 1/(1−S) = {low:.3g} to {high:.3g}")
        choices.insert(1, f"{label} for 1/(1−S) = {low:.3g} to {high:.3g}")
    words = _words.first_fitting(choices, 0.97 * room, "font.size")
    axes.text(
        0.99, value + 0.035, words, transform=axes.get_yaxis_transform(), ha="right", va="bottom"
    )


@style.styled
def dimensionality(
    features: pd.DataFrame | xr.Dataset,
    models: pd.DataFrame | None = None,
    *,
    fractions: Mapping[str, float] = FRACTIONS,
    **place: Unpack[Place],
) -> Figure:
    """D_i of every feature over 1/(1−S), coloured by its geometry.

    Each model has a strip: its features stand side by side in it, by falling D_i. The line is D*.

    Args:
        features: columns `feature_probability`, `dimensionality`, `geometry`, and `panel` where
            there are several scatters, set below one another. Or a Dataset over
            `feature_probability`: of several seeds that of lowest loss is drawn, with its line.
        models: columns `feature_probability`, `D_star`, one row per density, for the line; and
            `panel` where the scatters have lines of their own.
        fractions: lines and their labels.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    canvas = Canvas("dimensionality", place)
    if is_dataset(features):
        features, models = _scatter(features, models)
    features = table_of("dimensionality", features)
    require("dimensionality", features, [DENSITY, "dimensionality", "geometry"])
    if models is not None:
        require("dimensionality.models", models, [DENSITY, "D_star"])
    panels = list(dict.fromkeys(features["panel"])) if "panel" in features else [None]
    rows = canvas.subplots((8.0, 0.9 + 3.5 * len(panels)), len(panels), sharex=True)
    sized = canvas.sized or bool(canvas.given)
    short = sized and canvas.inches(rows[0], 0.0) < _NARROW
    reach = float((1 / features[DENSITY]).max())
    for axes, panel in zip(rows, panels, strict=True):
        own = features if panel is None else features[features["panel"] == panel]
        inches = canvas.tall(axes) / (1 if canvas.given else len(panels)) if sized else np.inf
        _lines(axes, fractions, inches, short)
        if models is not None:
            alike = panel is None or "panel" not in models
            curve = models if alike else models[models["panel"] == panel]
            _curve(axes, curve.sort_values(DENSITY))
        _strips(axes, own)
        name = _words.first_fitting(_NAMES, inches, "axes.labelsize")
        axes.set(ylim=(-0.03, 1.05), ylabel=name)
        axes.set_title(panel or "", loc="left")
        beside = 0.9 if short else 2.2  # numbers on the left, fractions on the right
        sparsity_axis(axes, reach, canvas.inches(axes, beside), named=axes is rows[-1])
    marks = geometries.handles(features["geometry"])
    if models is not None:
        marks.append(Line2D([], [], color=style.ink(), lw=1.0, label="D* = m / ‖W‖²"))
    words = [str(mark.get_label()) for mark in marks]
    canvas.below(marks, canvas.fit(words, 5))
    return canvas.figure


def _scatter(runs: Any, models: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The features of the best model at each density, and the line of these models."""
    chosen = lowest_of(by_density(runs, "dimensionality"))
    features = feature_factor_table(encoder_in(chosen, "dimensionality"))
    require_one("dimensionality", features, [DENSITY, FEATURE])
    return features, model_table(chosen) if models is None else models


def _lines(axes: Axes, fractions: Mapping[str, float], inches: float, short: bool) -> None:
    """A line at each fraction, labelled at the right, labels kept apart; without names if short."""
    at = -np.inf
    room = max(_ROOM, 1.4 * style.small() / 72 / inches)
    for label, value in sorted(fractions.items(), key=lambda pair: pair[1]):
        axes.axhline(value, color=style.GREY, lw=0.6, ls=(0, (4, 3)), zorder=style.BEHIND)
        at = max(value, at + room)
        axes.annotate(
            label.split("  ")[0] if short else label,
            (1.0, value),
            (1.012, at),
            xycoords=axes.get_yaxis_transform(),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=style.small(),
            annotation_clip=False,
        )


def _curve(axes: Axes, models: pd.DataFrame) -> None:
    x, y = 1 / models[DENSITY].to_numpy(), models["D_star"].to_numpy()
    far = np.flatnonzero(np.abs(np.diff(np.log(x))) > np.log(_APART)) + 1
    x, y = np.insert(x, far, np.nan), np.insert(y, far, np.nan)
    axes.plot(x, y, color=style.paper(), lw=2.6, zorder=3)
    axes.plot(x, y, color=style.ink(), lw=1.0, zorder=4)


def _strips(axes: Axes, features: pd.DataFrame) -> None:
    """The features of each model side by side, in a strip as wide as the levels are apart."""
    levels = np.sort(1 / features[DENSITY].unique())
    gaps = np.diff(np.log(levels))
    width = min(_STRIP, 0.8 * float(np.median(gaps))) if gaps.size else _STRIP
    ordered = features.sort_values([DENSITY, "dimensionality"], ascending=[True, False])
    groups = ordered.groupby(DENSITY)["dimensionality"]
    place = (groups.cumcount() + 0.5) / groups.transform("size") - 0.5
    x = np.exp(np.log(1 / ordered[DENSITY]) + width * place)
    kinds = ordered["geometry"].map(geometries.kind)
    # what is not represented, and what has no name, lies below the named
    for name in reversed(geometries.present(ordered["geometry"])):
        own = kinds == name
        axes.plot(
            x[own],
            ordered.loc[own, "dimensionality"],
            "o",
            ms=2.6,
            mew=0,
            alpha=0.85,
            color=geometries.COLOURS[name],
            zorder=2,
            rasterized=True,
        )


def sparsity_axis(axes: Axes, reach: float, inches: float, *, named: bool = True) -> None:
    """The x axis as 1/(1−S) from 1 to `reach`, logarithmic, with plain numbers."""
    axes.set_xscale("log")
    axes.set_xlim(0.96, 1.04 * reach)
    _words.log_ticks(axes.xaxis, inches, _TICKS)
    if named:
        axes.set_xlabel("1/(1−S)")

"""Phase diagrams of an extra feature.

The plane of a phase diagram is that of the paper's "Superposition as a Phase Change": relative
importance of the extra feature to the right, its sparsity upwards, both logarithmic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from tegum.dims import DENSITY, F64
from tegum.errors import SpecError
from tegum.plots import _words, style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room
from tegum.plots._panels import PANEL, Panel, split
from tegum.plots._place import Place
from tegum.plots._sources import require, table_of
from tegum.runs.sweep_tables import RATIO, phase_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Colours of an extra feature of length 1 that has a dimension to itself, or shares one.
ALONE: Final = style.BLUE
SHARES: Final = style.ORANGE
#: From the one to the other.
FULL: Final[Colormap] = LinearSegmentedColormap.from_list("extra feature", [ALONE, SHARES])

_SIDE, _LEFT, _TOP, _FOOT, _GAP, _KEY = 2.5, 0.62, 0.38, 0.55, 0.3, 1.0
#: A figure that is narrower than this has its key under the panels.
_NARROW: Final = 4.6
_DASHES: Final = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


@style.styled
def phase_map(
    data: pd.DataFrame | xr.Dataset,
    boundaries: pd.DataFrame | None = None,
    *,
    by: str | None = None,
    columns: int | None = None,
    **place: Unpack[Place],
) -> Figure:
    """What becomes of an extra feature, over its relative importance and sparsity.

    White: not represented; blue: a dimension to itself; orange: in superposition; in between
    they mix, white by the length of the feature and blue with orange by its superposition.

    Args:
        data: columns `relative_importance`, `feature_probability`, `norm`, `superposition`, every
            pair of the first two once in a panel; cells without a row, or with NaN, are grey. Or a
            Dataset over `feature_probability` and the importance of one feature, such as
            `{"r": ("importance[1]", values)}`: of several seeds that of lowest loss is drawn.
        boundaries: columns `relative_importance`, `feature_probability`, in the order of the
            line; `curve`, which names the lines that are labelled; optionally the panel column:
            without it every line is drawn in every panel. NaN breaks a line.
        by: the panel column: by default `panel`.
        columns: panels in a row; by default at most 3.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, a pair is doubled, or a ratio or probability is not > 0.

    Source: "Superposition as a Phase Change".
    """
    canvas = Canvas("phase_map", place)
    parts, by = _parts(data, by)
    if boundaries is not None:
        require("phase_map", boundaries, [RATIO, DENSITY, "curve"])
    labels = [] if boundaries is None else list(dict.fromkeys(boundaries["curve"].map(str)))
    title = _TOP * style.grown("axes.titlesize")
    left, foot = (size * style.grown("axes.labelsize") for size in (_LEFT, _FOOT))
    under = canvas.width is not None and canvas.width < _NARROW  # the key
    square = _KEY * max(1.0, style.grown("axes.titlesize"))
    key, lines = square + 0.7, canvas.fit(labels, len(labels) or 1, handle=2.6)
    legend = 0.3 + 0.16 * (-(-len(labels) // lines) - 1) if labels else 0.0
    below = square + 0.4 * (1.0 + style.grown("axes.labelsize")) if under else 0.0
    room = Room(
        cell=(_SIDE, _SIDE),
        gap=(_GAP, title + foot),
        least=1.4,
        rest=(left if under else left + key, legend + below),
    )
    cells = canvas.cells(len(parts), columns, room, 3)
    side = _SIDE * cells.scale
    for part, (row, column) in zip(parts, cells.places(len(parts)), strict=True):
        top = title + row * (title + side + foot)
        axes = canvas.panel(left + column * (side + _GAP), top, side, side)
        _draw_cells(axes, part)
        if boundaries is not None:
            own = by in boundaries.columns
            _draw_lines(axes, boundaries[boundaries[by] == part.key] if own else boundaries, labels)
        plane_axes(axes, part.rows, sparsity=column == 0)
        _words_of_axes(axes, canvas.inches(axes))
        canvas.title(axes, part.title, side + _GAP, pad=5)
    corner = (
        (left, cells.rows * (title + side + foot) + 0.35)
        if under
        else (left + cells.columns * (side + _GAP) + 0.35, title + 0.25)
    )
    if canvas.given:  # a bar is what leaves their axes most room
        canvas.bar((0, 0, 0, 0), FULL, style.SHARED_RANGE, "superposition (paler: shorter)")
    else:
        _draw_key(canvas.side(*corner, square, square))
    if labels:
        marks = [
            Line2D([], [], color=style.ink(), ls=_dash(k), lw=1.3, label=name)
            for k, name in enumerate(labels)
        ]
        canvas.below(marks, lines, handlelength=2.6)
    return canvas.figure


def mixed(norm: F64, superposition: F64) -> F64:
    """Colours (..., 3) of a feature of this length and superposition, both cut to [0, 1].

    NaN is the grey of what is missing.
    """
    length, shared = (
        np.clip(a, 0.0, 1.0)[..., None] for a in np.broadcast_arrays(norm, superposition)
    )
    alone, shares = np.array(to_rgb(ALONE)), np.array(to_rgb(SHARES))
    # a feature of length 0 has no superposition to speak of
    hue = alone + np.where(length > 0, shared, 0.0) * (shares - alone)
    colour = 1.0 + length * (hue - 1.0)
    return np.where(np.isnan(colour), to_rgb(style.FAINT), colour)


def _parts(data: pd.DataFrame | xr.Dataset, by: str | None) -> tuple[list[Panel], str]:
    """The panels, and the column that names them; densities are an axis here, not panels."""
    owner = "phase_map"
    data = table_of(owner, data, phase_table)
    require(owner, data, [RATIO, DENSITY, "norm", "superposition"])
    if not ((data[RATIO] > 0) & (data[DENSITY] > 0)).all():
        rule = f"must have {RATIO} and {DENSITY} > 0"
        raise SpecError.of(owner, "table", rule, float(data[[RATIO, DENSITY]].min().min()))
    if by is None:
        by = PANEL
        data = data if PANEL in data.columns else data.assign(**{PANEL: ""})
    return split(owner, data, by, [DENSITY, RATIO]), by


def _draw_cells(axes: Axes, part: Panel) -> None:
    norm, shared = (on_grid(part.rows, name) for name in ("norm", "superposition"))
    x, y = cell_edges(part.rows)
    axes.pcolormesh(x, y, mixed(norm, shared), rasterized=True)


def on_grid(rows: pd.DataFrame, column: str) -> F64:
    """A column as (density, ratio), both rising; NaN where there is no row."""
    ratios, densities = (np.unique(rows[name].to_numpy()) for name in (RATIO, DENSITY))
    at = (
        np.searchsorted(densities, rows[DENSITY].to_numpy()),
        np.searchsorted(ratios, rows[RATIO].to_numpy()),
    )
    values = np.full((densities.size, ratios.size), np.nan)
    values[at] = rows[column].to_numpy(dtype=float)
    return values


def cell_edges(rows: pd.DataFrame) -> tuple[F64, F64]:
    """Borders of the cells of `on_grid`, as relative importance and 1/(1−S)."""
    ratios, densities = (np.unique(rows[name].to_numpy()) for name in (RATIO, DENSITY))
    return edges(ratios), 1 / edges(densities)


def edges(centres: F64) -> F64:
    """Borders of cells about increasing centres, halfway on a logarithmic scale."""
    if centres.size == 1:
        return np.asarray(centres[0] * np.array([0.8, 1.25]))
    logs = np.log(centres)
    inner = (logs[1:] + logs[:-1]) / 2
    ends = 2 * logs[0] - inner[0], 2 * logs[-1] - inner[-1]
    return np.asarray(np.exp(np.concatenate([[ends[0]], inner, [ends[1]]])))


def _dash(k: int) -> str | tuple[float, tuple[float, ...]]:
    return _DASHES[k % len(_DASHES)]


def _draw_lines(axes: Axes, lines: pd.DataFrame, labels: list[str]) -> None:
    for name, rows in lines.groupby("curve", sort=False):
        dash = _dash(labels.index(str(name)))
        axes.plot(rows[RATIO], 1 / rows[DENSITY], color=style.ink(), lw=1.3, ls=dash)


def plane_axes(axes: Axes, rows: pd.DataFrame, *, sparsity: bool) -> None:
    """Logarithmic axes of the plane, which end where the cells of `rows` end."""
    x, y = (edges(np.unique(rows[name].to_numpy())) for name in (RATIO, DENSITY))
    axes.set(xscale="log", yscale="log", xlim=(x[0], x[-1]), ylim=(1 / y[-1], 1 / y[0]))
    axes.set_xlabel("relative importance of the extra feature")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_locator(NullLocator())
    axes.spines[:].set(visible=True, color=style.GREY)
    if sparsity:
        axes.set_ylabel("1/(1−S)")
    else:
        axes.set_yticklabels([])


def _words_of_axes(axes: Axes, inches: float) -> None:
    """The words and numbers of the plane for panels of this size."""
    words = (axes.get_xlabel(), "relative importance", "importance")
    axes.set_xlabel(_words.first_fitting(words, inches + _GAP, "axes.labelsize"))
    labels = axes.yaxis.get_major_formatter()
    for axis in (axes.xaxis, axes.yaxis):
        _words.log_ticks(axis, inches, ((1.0, 3.0), (1.0,)))
    axes.yaxis.set_major_formatter(labels)


def _draw_key(axes: Axes) -> None:
    """The two-dimensional colour key: length to the right, superposition upwards."""
    steps = (np.arange(64) + 0.5) / 64
    axes.imshow(
        mixed(steps[None, :], steps[:, None]), origin="lower", extent=(0, 1, 0, 1), aspect="auto"
    )
    axes.set(xticks=[0, 1], yticks=[0, 1])
    axes.set_xlabel("length", labelpad=2)
    axes.set_ylabel("superposition", labelpad=2)
    axes.set_title("extra feature", pad=5)
    axes.spines[:].set(visible=True, color=style.GREY)

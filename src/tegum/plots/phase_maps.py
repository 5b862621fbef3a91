"""Phase diagrams of an extra feature.

The plane of a phase diagram is that of the paper's "Superposition as a Phase Change": relative
importance of the extra feature to the right, its sparsity upwards, both logarithmic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from tegum.dims import DENSITY, F64
from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots._panels import PANEL, Panel, grid_places, split
from tegum.plots._sources import require, table_of
from tegum.runs.sweep_tables import RATIO, phase_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Colours of an extra feature of length 1 that has a dimension to itself, or shares one.
ALONE: Final = style.BLUE
SHARES: Final = style.ORANGE

_SIDE, _LEFT, _TOP, _FOOT, _GAP, _KEY = 2.5, 0.62, 0.38, 0.55, 0.3, 1.0
_DASHES: Final = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


@style.styled
def phase_map(
    data: pd.DataFrame | xr.Dataset,
    boundaries: pd.DataFrame | None = None,
    *,
    by: str | None = None,
    columns: int = 3,
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
        columns: panels in a row.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, a pair is doubled, or a ratio or probability is not > 0.

    Source: "Superposition as a Phase Change".
    """
    parts, by = _parts(data, by)
    if boundaries is not None:
        require("phase_map", boundaries, [RATIO, DENSITY, "curve"])
    labels = [] if boundaries is None else list(dict.fromkeys(boundaries["curve"].map(str)))
    figure, places = _frame(len(parts), columns, bool(labels))
    for k, (part, (left, top)) in enumerate(zip(parts, places, strict=True)):
        axes = style.place(figure, left, top, _SIDE, _SIDE)
        _draw_cells(axes, part)
        if boundaries is not None:
            own = by in boundaries.columns
            _draw_lines(axes, boundaries[boundaries[by] == part.key] if own else boundaries, labels)
        plane_axes(axes, part.rows, sparsity=k % columns == 0)
        axes.set_title(part.title, pad=5)
    _draw_key(style.place(figure, figure.get_figwidth() - _KEY - 0.35, _TOP + 0.25, _KEY, _KEY))
    if labels:
        handles = [Line2D([], [], color=style.INK, ls=_dash(k), lw=1.3) for k in range(len(labels))]
        figure.legend(handles, labels, loc="lower center", ncols=len(labels), handlelength=2.6)
    return figure


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


def _frame(count: int, columns: int, legend: bool) -> tuple[Figure, list[tuple[float, float]]]:
    """A figure for so many panels, a key at the right, and the top left corner of each panel."""
    places = list(grid_places(count, columns))
    n_rows, n_columns = places[-1][0] + 1, min(count, columns)
    pitch = _TOP + _SIDE + _FOOT
    width = _LEFT + n_columns * (_SIDE + _GAP) + 0.35 + _KEY + 0.35
    figure = Figure(figsize=(width, n_rows * pitch + (0.3 if legend else 0.0)))
    corners = [(_LEFT + c * (_SIDE + _GAP), r * pitch + _TOP) for r, c in places]
    return figure, corners


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
        axes.plot(rows[RATIO], 1 / rows[DENSITY], color=style.INK, lw=1.3, ls=dash)


def plane_axes(axes: Axes, rows: pd.DataFrame, *, sparsity: bool) -> None:
    """Logarithmic axes of the plane, which end where the cells of `rows` end."""
    x, y = (edges(np.unique(rows[name].to_numpy())) for name in (RATIO, DENSITY))
    axes.set(xscale="log", yscale="log", xlim=(x[0], x[-1]), ylim=(1 / y[-1], 1 / y[0]))
    axes.set_xlabel("relative importance of the extra feature")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    axes.spines[:].set(visible=True, color=style.GREY)
    if sparsity:
        axes.set_ylabel("1/(1−S)")
    else:
        axes.set_yticklabels([])


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

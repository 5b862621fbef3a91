"""Two planes side by side, as both experiments on phases draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.dims import DENSITY
from tegum.experiments._shared.phase_plane import RATIO
from tegum.plots import phase_maps, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@style.styled
def two_maps(
    two: pd.DataFrame,
    three: pd.DataFrame,
    column: str,
    *,
    label: str,
    most: float,
    dots: str | None = None,
) -> Figure:
    """A column over the plane, for both sizes of model; white dots where `dots` is true."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(7.6, 3.5), layout=ConstrainedLayoutEngine(wspace=0.06))
    axes = figure.subplots(1, 2)
    panels = {"2 features in 1 dimension": two, "3 features in 2 dimensions": three}
    for k, (title, rows) in enumerate(panels.items()):
        x, y = phase_maps.cell_edges(rows)
        values = phase_maps.on_grid(rows, column)
        mesh = axes[k].pcolormesh(
            x, y, values, cmap=style.SHARED, vmin=0, vmax=most, rasterized=True
        )
        if dots is not None:
            marked = rows[rows[dots]]
            axes[k].plot(marked[RATIO], 1 / marked[DENSITY], ".", ms=1.6, color="white")
        phase_maps.plane_axes(axes[k], rows, sparsity=k == 0)
        axes[k].set_title(title, pad=5)
    bar = figure.colorbar(mesh, ax=axes, aspect=25)
    bar.set_label(label)
    bar.outline.set_linewidth(0.5)
    return figure

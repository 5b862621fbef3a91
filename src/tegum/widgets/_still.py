"""A picture of one model, for where no script draws it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import HIDDEN, SEED

if TYPE_CHECKING:
    import xarray as xr

_DPI: Final = 144


def still_of(ds: xr.Dataset, point: int, seed: int) -> bytes:
    """The PNG of a model of a Dataset: its features in the plane or in space, else WᵀW and b.

    `point` counts the axes in C order, as the frame does; of one axis the title says where on it.
    """
    from tegum import plots

    lead = {str(dim): int(ds.sizes[dim]) for dim in ds["loss"].dims}
    axes = {dim: size for dim, size in lead.items() if dim != SEED}
    places = np.unravel_index(point, tuple(axes.values())) if axes else ()
    named = len(axes) == 1  # the panel is called by its place on the axis
    at = {dim: [int(k)] if named else int(k) for dim, k in zip(axes, places, strict=True)}
    model = ds.isel({**at, **({SEED: seed} if SEED in lead else {})})
    drawing = {2: plots.features_2d, 3: plots.features_3d}.get(ds.sizes[HIDDEN], plots.gram)
    figure = drawing(model, by=next(iter(axes))) if named else drawing(model)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()

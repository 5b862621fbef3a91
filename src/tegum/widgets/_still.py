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

    `point` counts the axes in C order, as the frame does.
    """
    from tegum import plots

    lead = {str(dim): int(ds.sizes[dim]) for dim in ds["loss"].dims}
    axes = {dim: size for dim, size in lead.items() if dim != SEED}
    places = np.unravel_index(point, tuple(axes.values())) if axes else ()
    at = {dim: int(place) for dim, place in zip(axes, places, strict=True)}
    model = ds.isel({**at, **({SEED: seed} if SEED in lead else {})})
    drawing = {2: plots.features_2d, 3: plots.features_3d}.get(ds.sizes[HIDDEN], plots.gram)
    buffer = io.BytesIO()
    drawing(model).savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()

"""A Dataset in brief: one row of plain numbers for each axis point."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from tegum.dims import F64, FEATURE, HIDDEN, SEED
from tegum.errors import SpecError
from tegum.runs.weights import decoder_in

if TYPE_CHECKING:
    import xarray as xr

#: A feature with a longer vector is represented.
REPRESENTED_NORM = 0.5

Row = dict[str, float | int | None]


def axis_names(runs: xr.Dataset) -> list[str]:
    """The swept axes, in order."""
    return [str(name) for name in runs["loss"].dims if name != SEED]


def summarise(runs: xr.Dataset) -> list[Row]:
    """A row for each axis point: its coordinates, losses over seeds, and represented features.

    Losses are None where every seed diverged; models of other kinds than W represent nothing.
    """
    names = axis_names(runs)
    loss = runs["loss"].transpose(*names, SEED).to_numpy().astype(np.float64)  # (..., seed)
    norms = _norms(runs, names)
    coordinates = [runs[name].to_numpy().tolist() for name in names]
    return [
        dict(zip(names, values, strict=True))
        | _row(loss[index], None if norms is None else norms[index])
        for index, values in zip(np.ndindex(loss.shape[:-1]), product(*coordinates), strict=True)
    ]


def _row(loss: F64, norms: F64 | None) -> Row:
    """The columns of one axis point, from loss (seed,) and norms (seed, feature), if any."""
    found = np.isfinite(loss)
    row: Row = {"best loss": None, "median": None, "worst": None}
    represented: int | None = None
    if found.any():
        losses = np.sort(loss[found])
        row = {
            "best loss": float(losses[0]),
            "median": float(np.median(losses)),
            "worst": float(losses[-1]),
        }
        if norms is not None:
            best = norms[int(np.nanargmin(loss))]
            represented = int(np.count_nonzero(best > REPRESENTED_NORM))
    row |= {"seeds": len(loss), "diverged": int(np.count_nonzero(~found))}
    return row if norms is None else row | {"represented": represented}


def _norms(runs: xr.Dataset, names: list[str]) -> F64 | None:
    """|W_i| of every feature, (..., seed, feature); of the decoder where it is untied, if any."""
    try:
        weights = decoder_in(runs, "summary")
    except SpecError:
        return None
    ordered = weights.transpose(*names, SEED, FEATURE, HIDDEN).to_numpy().astype(np.float64)
    norms: F64 = np.linalg.norm(ordered, axis=-1)
    return norms

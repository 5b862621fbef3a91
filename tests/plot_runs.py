"""Ensembles made by hand, as figures and their tables are made from."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

DENSITIES = [1.0, 0.3, 0.03]


def dataset(n: int = 6, m: int = 2, seeds: int = 0) -> xr.Dataset:
    """Random weights in the form of a trained ensemble, or of the best of one."""
    rng = np.random.default_rng(n * m + seeds)
    shape = (3, seeds) if seeds else (3,)
    dims = ("feature_probability", "seed") if seeds else ("feature_probability",)
    steps = np.array([0, 1, 10, 100])
    chosen = np.arange(seeds) if seeds else ("feature_probability", np.array([4, 0, 7]))
    return xr.Dataset(
        {
            "W": ((*dims, "hidden", "feature"), rng.normal(0, 0.7, (*shape, m, n)).astype("f4")),
            "b": ((*dims, "feature"), rng.normal(0, 0.3, (*shape, n)).astype("f4")),
            "loss": (dims, rng.random(shape)),
            "loss_curve": ((*dims, "step"), rng.random((*shape, 4))),
        },
        {"feature_probability": DENSITIES, "seed": chosen, "step": steps},
        {"problem": json.dumps({"importance": list(0.9 ** np.arange(n))})},
    )

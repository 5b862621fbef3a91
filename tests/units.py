"""A training that is cut into some units, for tests of who works on them."""

from __future__ import annotations

import pytest
import xarray as xr

import tegum as tg
from tegum.ensemble import solve

PROBLEM = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))
TRAINING = tg.Training(steps=3000, batch_size=64, held_out=256)


def train(each: int = 4, **how: object) -> xr.Dataset:
    """24 models, in orders of so many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solve, "order_size", lambda problem, training: each)
        how = {"progress": False, **how}
        return tg.train(PROBLEM, training=TRAINING, seeds=24, **how)  # type: ignore[arg-type]


def assert_same(a: xr.Dataset, b: xr.Dataset) -> None:
    """The same, to the last bit."""
    xr.testing.assert_identical(a, b)
    for name in a.data_vars:
        assert a[name].values.tobytes() == b[name].values.tobytes(), name

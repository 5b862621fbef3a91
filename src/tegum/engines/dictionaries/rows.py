"""Measures over a fixed data set, in float64: means over its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import F64, LATENT
from tegum.engines.base import Batch, State
from tegum.engines.dictionaries.lowering import model_of
from tegum.engines.dictionaries.measure import MEASURES

if TYPE_CHECKING:
    from tegum.distributions import Samples

#: Rows that are looked at together.
_ROWS: Final = 4096


def measured_rows(batch: Batch, named: State) -> F64:
    """(N, MEASURES) of every instance, over all rows of `Samples`; the loss has no error."""
    out: F64 = np.zeros((batch.n_instances, MEASURES))
    for a in range(batch.n_instances):
        own = {name: array[a : a + 1] for name, array in named.items()}
        out[a] = _measured(batch, a, own)
    return out


def _measured(batch: Batch, instance: int, named: State) -> F64:
    problem = batch.coordinates(instance)[0]
    data: Samples = problem.distribution  # type: ignore[assignment]
    model, chances, rows = model_of(problem), data.chances(), data.x.values
    loss = size = active = 0.0
    fired = np.zeros(named["b_enc"].shape[1], np.bool_)
    with np.errstate(over="ignore", invalid="ignore"):  # the weights of models that diverged
        for start in range(0, len(rows), _ROWS):
            h, chance = rows[start : start + _ROWS], chances[start : start + _ROWS]
            found = model.values(named, h[None])
            codes, errors = found[LATENT][0], h - found["output"][0]
            loss += float(chance @ (errors**2).sum(axis=1))
            size += float(chance @ found.get("gate", found[LATENT])[0].sum(axis=1))
            active += float(chance @ (codes > 0).sum(axis=1))
            fired |= (codes > 0).any(axis=0)
    varied = rows - rows[0]  # exactly 0 where rows do not vary, as differences from a mean are not
    variance = float(chances @ ((varied - chances @ varied) ** 2).sum(axis=1))
    explained = 1.0 - loss / variance if variance > 0 else np.nan
    dead = int((~fired[: model.n_latents]).sum())
    return np.array([loss, 0.0, size, active, dead, explained])

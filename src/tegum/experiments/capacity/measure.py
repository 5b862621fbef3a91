"""Descents on the loss of the quadratic toy, over kurtosis, beside the closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import F64
from tegum.experiments._shared.one_thread import one_thread
from tegum.experiments.base import Lab, Tables
from tegum.experiments.capacity.closed_form import (
    allocation,
    capacity,
    descend,
    feature_loss,
    loss,
)

if TYPE_CHECKING:
    import pandas as pd

#: Features of falling value v_i, and dimensions for them.
N, M = 8, 3
FALL: Final = 0.85
KURTOSES: Final = (1.2, 1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 7.0, 10.0, 20.0)
_STARTS: Final = 16
#: Two features in one dimension.
_PAIR: Final = (16, 10)
#: Samples of x that check the loss.
_SAMPLES: Final = (400_000, 100_000)
_RUN: Final = 62


def measure(lab: Lab) -> Tables:
    """Eight features in three dimensions, two in one, and the loss by samples."""
    return {"capacities": _capacities(), "pair": _pair(lab), "sampled": _sampled(lab)}


def _values() -> F64:
    return np.asarray(FALL ** np.arange(N))


@one_thread
def _capacities() -> pd.DataFrame:
    """One row per kurtosis and feature: kurtosis, feature, value.

    found and closed (capacity of the lowest loss, and by the closed form), loss and closed_loss
    (of all features together).
    """
    import pandas as pd

    v, parts = _values(), []
    for kurtosis in KURTOSES:
        W = descend(v, M, kurtosis, np.random.default_rng(_RUN), _STARTS)
        closed = allocation(v, M, kurtosis)
        parts.append(pd.DataFrame({
            "kurtosis": kurtosis, "feature": np.arange(N), "value": v, "found": capacity(W),
            "closed": closed, "loss": loss(W, v, kurtosis),
            "closed_loss": feature_loss(v, closed, kurtosis).sum(),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@one_thread
def _pair(lab: Lab) -> pd.DataFrame:
    """One row per kurtosis and ratio v₂/v₁: both, found and closed (capacity of feature 2)."""
    import pandas as pd

    side, found = lab.pick(*_PAIR), []
    for kurtosis in np.geomspace(3.1, 30.0, side):
        for ratio in np.geomspace(0.05, 0.97, side):
            v = np.array([1.0, ratio])
            W = descend(v, 1, kurtosis, np.random.default_rng(_RUN), 4)
            closed = allocation(v, 1, kurtosis)[1]
            found.append((kurtosis, ratio, capacity(W)[1], closed))
    return pd.DataFrame(found, columns=["kurtosis", "ratio", "found", "closed"])


def _sampled(lab: Lab) -> pd.DataFrame:
    """The loss of random weights by samples: kurtosis, formula, sampled, error (standard).

    x_i is ±1/√p with probability p and else 0, whose kurtosis is 1/p.
    """
    import pandas as pd

    v, found = _values(), []
    for kurtosis in (1.25, 2.0, 4.0, 10.0):
        rng = np.random.default_rng((_RUN, round(100 * kurtosis)))
        W = rng.normal(size=(M, N)) / np.sqrt(M)
        shape = (lab.pick(*_SAMPLES), N)
        x = np.sqrt(kurtosis) * rng.choice([-1.0, 1.0], shape) * (rng.random(shape) < 1 / kurtosis)
        error = np.square(x) @ v - np.square(x @ W.T).sum(axis=1)
        square = np.square(error - error.mean())
        found.append((kurtosis, loss(W, v, kurtosis), square.mean(),
                      square.std() / np.sqrt(len(x))))  # fmt: skip
    return pd.DataFrame(found, columns=["kurtosis", "formula", "sampled", "error"])

"""The quadratic toy over kurtosis, by descents on its loss and trained, beside the closed form."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import F64
from tegum.experiments._shared.one_thread import one_thread
from tegum.experiments.base import Lab, Tables
from tegum.experiments.capacity.closed_form import (
    NORMAL,
    allocation,
    capacity,
    descend,
    feature_loss,
    loss,
)
from tegum.experiments.capacity.training import Descent, samples, train
from tegum.scalars import powers

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
#: Models trained on samples: kurtoses, models at each, and the grid of two features.
_TRAINED: Final = (KURTOSES, (1.6, 2.5, 5.0, 20.0))
_HOW: Final = (Descent(2000, 1024, 0.03), Descent(1500, 1024, 0.03))
#: Up to normal numbers, where any three features are a local minimum, and beyond.
_MODELS: Final = ((96, 16), (48, 8))
_TRAINED_PAIR: Final = (8, 4)
_PAIR_MODELS: Final = 4


def measure(lab: Lab) -> Tables:
    """Eight features in three dimensions, two in one, by descent and trained; loss by samples."""
    began = time.perf_counter()
    trained, pair = _trained(lab), _trained_pair(lab)
    counts = [_models(lab, kurtosis) for kurtosis in lab.pick(*_TRAINED)]
    models = sum(counts) + len(pair) * _PAIR_MODELS
    lab.note(models, min(counts), lab.pick(*_HOW).steps, time.perf_counter() - began)
    return {
        "capacities": _capacities(), "pair": _pair(lab), "trained": trained,
        "trained_pair": pair, "sampled": _sampled(lab),
    }  # fmt: skip


def _values() -> F64:
    return powers(FALL, N)


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


def _models(lab: Lab, kurtosis: float) -> int:
    below, beyond = lab.pick(*_MODELS)
    return below if kurtosis <= NORMAL else beyond


@one_thread
def _trained(lab: Lab) -> pd.DataFrame:
    """One row per kurtosis and feature, of models trained on samples: kurtosis, feature, value.

    trained and closed (capacity in the model of lowest loss, and by the closed form), loss and
    closed_loss (of all features together), near (the part of models within 1 % of the lowest).
    """
    import pandas as pd

    v, parts = _values(), []
    for kurtosis in lab.pick(*_TRAINED):
        W, losses = _lowest(lab, v, M, kurtosis, _models(lab, kurtosis))
        closed = allocation(v, M, kurtosis)
        parts.append(pd.DataFrame({
            "kurtosis": kurtosis, "feature": np.arange(N), "value": v, "trained": capacity(W),
            "closed": closed, "loss": losses.min(),
            "closed_loss": feature_loss(v, closed, kurtosis).sum(),
            "near": (losses < 1.01 * losses.min()).mean(),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@one_thread
def _trained_pair(lab: Lab) -> pd.DataFrame:
    """As `_pair`, of models trained on samples: kurtosis, ratio, trained, closed."""
    import pandas as pd

    side, found = lab.pick(*_TRAINED_PAIR), []
    for kurtosis in np.geomspace(3.5, 25.0, side):
        for ratio in np.geomspace(0.06, 0.95, side):
            v = np.array([1.0, ratio])
            W, _ = _lowest(lab, v, 1, kurtosis, _PAIR_MODELS)
            found.append((kurtosis, ratio, capacity(W)[1], allocation(v, 1, kurtosis)[1]))
    return pd.DataFrame(found, columns=["kurtosis", "ratio", "trained", "closed"])


def _lowest(lab: Lab, v: F64, m: int, kurtosis: float, models: int) -> tuple[F64, F64]:
    """The weights of lowest expected loss of some trained models, and the losses of all."""
    rng = np.random.default_rng((_RUN, lab.run_seed, len(v), round(1e6 * kurtosis)))
    W = train(v, m, kurtosis, lab.pick(*_HOW), rng, models)
    losses = np.array([loss(one, v, kurtosis) for one in W])
    return W[int(losses.argmin())], losses


def _sampled(lab: Lab) -> pd.DataFrame:
    """The loss of random weights by samples: kurtosis, formula, sampled, error (standard).

    x_i is ±1/√p with probability p and else 0, whose kurtosis is 1/p.
    """
    import pandas as pd

    v, found = _values(), []
    for kurtosis in (1.25, 2.0, 4.0, 10.0):
        rng = np.random.default_rng((_RUN, round(100 * kurtosis)))
        W = rng.normal(size=(M, N)) / np.sqrt(M)
        x = samples(kurtosis, (lab.pick(*_SAMPLES), N), rng)
        error = np.square(x) @ v - np.square(x @ W.T).sum(axis=1)
        square = np.square(error - error.mean())
        found.append((kurtosis, loss(W, v, kurtosis), square.mean(),
                      square.std() / np.sqrt(len(x))))  # fmt: skip
    return pd.DataFrame(found, columns=["kurtosis", "formula", "sampled", "error"])

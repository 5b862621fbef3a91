"""The staircase, built as a network: its losses over Z and the width of its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.experiments.nonlinear_compression import staircase
from tegum.experiments.nonlinear_compression.staircase import PLACEMENTS
from tegum.models import Linear
from tegum.problem import Problem
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

#: The numbers of segments, and the widths of steps in parts of one; the first is all but steep.
SEGMENTS: Final = (2, 3, 4, 8)
STEEP: Final = 1e-6
WIDTHS: Final = (STEEP, 0.05, 0.1, 0.2, 0.3, 0.4)
_CURVE: Final = np.linspace(0.005, 0.4, 80)
_PAYING: Final = (2, 3, 4, 6, 8, 12, 16, 24, 32)
_SAMPLES: Final = (100_000, 20_000)
#: What the paper names: this many segments, and steps of this width.
Z_SAID, WIDTH_SAID = 3, 0.1
#: Two dense features in one dimension, by a model without ReLU.
PROBLEM: Final = Problem(Independent(n_features=2, feature_probability=1.0), Linear(n_hidden=1))


def measure(lab: Lab) -> Tables:
    """Exact and sampled losses, where they pass those of linear codes, and the code itself."""
    import pandas as pd

    curves = [
        (placement, Z, width, staircase.exact_loss(Z, width, placement))
        for placement in PLACEMENTS
        for Z in SEGMENTS
        for width in _CURVE
    ]
    paying = [
        (placement, Z, staircase.stops_paying(Z, placement))
        for placement in PLACEMENTS
        for Z in _PAYING
    ]
    return {
        "losses": losses(lab.pick(*_SAMPLES)),
        "curves": pd.DataFrame(curves, columns=["placement", "Z", "width", "exact"]),
        "paying": pd.DataFrame(paying, columns=["placement", "Z", "width"]),
        "linear": linear(lab),
        "code": code(),
    }


def losses(samples: int) -> pd.DataFrame:
    """One row per placement, Z and width: `exact`, `sampled` and its standard `error`, `neurons`.

    All networks see samples of their own.
    """
    import pandas as pd

    rows: list[tuple[str, int, float, float, float, float, int]] = []
    for placement in PLACEMENTS:
        for Z in SEGMENTS:
            for width in WIDTHS:
                net = staircase.network(Z, width, placement)
                sampled, error = staircase.sampled_loss(net, samples, seed=len(rows))
                exact = staircase.exact_loss(Z, width, placement)
                rows.append((placement, Z, width, exact, sampled, error, net.neurons))
    columns = ["placement", "Z", "width", "exact", "sampled", "error", "neurons"]
    return pd.DataFrame(rows, columns=columns)


def linear(lab: Lab) -> pd.DataFrame:
    """The expected losses of trained linear models of two dense features in one dimension."""
    plan = Training(engine="exact", curve_points=0)
    runs = lab.train(PROBLEM, training=plan, seeds=8)
    return runs[["loss"]].to_dataframe().reset_index()


def code() -> pd.DataFrame:
    """t of the network over x at three y, with the paper's Z and width, and x', y' of it."""
    import pandas as pd

    net = staircase.network(Z_SAID, WIDTH_SAID, PLACEMENTS[0])
    x = np.linspace(0, 1, 601)
    parts = []
    for y in (0.0, 0.5, 0.85):
        both = np.stack([x, np.full_like(x, y)], axis=1)
        back = net(both)
        parts.append(
            pd.DataFrame({"x": x, "y": y, "t": net.code(both), "x_back": back[:, 0],
                          "y_back": back[:, 1]})
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)

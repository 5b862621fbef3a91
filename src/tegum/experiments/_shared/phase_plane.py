"""The plane of the phase diagrams: relative importance × feature probability, and its theory.

Tables are long, one row per cell, with the columns `relative_importance` r and
`feature_probability` p.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tegum.analysis.geometry import DEDICATED, REPRESENTED
from tegum.dims import DENSITY, F64, I64
from tegum.distributions import Independent
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.scalars import geometric
from tegum.theory import phases

if TYPE_CHECKING:
    import pandas as pd

RATIO: Final = "relative_importance"
#: What becomes of the extra feature; outcomes are indices into these.
OUTCOMES: Final = ("not represented", "dedicated", "superposition")
#: The paper's ranges.
RATIOS: Final = (0.1, 10.0)
PROBABILITIES: Final = (0.01, 1.0)


class Candidates(NamedTuple):
    """Theory of one size of model: what each candidate makes of the extra feature, and its loss."""

    names: tuple[str, ...]
    outcome: tuple[int, ...]
    norm: tuple[float, ...]
    shared: tuple[float, ...]
    losses: Callable[[F64, F64], F64]
    boundary: Callable[[Any], F64]


#: By the number of features.
CANDIDATES: Final = {
    2: Candidates(
        phases.TWO, (0, 1, 2), phases.NORM_TWO, phases.SHARED_TWO,
        phases.losses_two, phases.boundary_two,
    ),
    3: Candidates(
        phases.THREE, (0, 1, 2, 1), phases.NORM_THREE, phases.SHARED_THREE,
        phases.losses_three, phases.boundary_three,
    ),
}  # fmt: skip


def cells(points: int) -> tuple[F64, F64]:
    """(r, p) of a logarithmic grid, p in the rows, each (points, points)."""
    p, r = np.meshgrid(densities(points), ratios(points), indexing="ij")
    return r, p


def densities(points: int) -> F64:
    """Feature probabilities from sparse to dense."""
    return np.array(geometric(*PROBABILITIES, points))


def ratios(points: int) -> F64:
    """Relative importances, the same above and below 1."""
    return np.array(geometric(*RATIOS, points))


def axes(n_features: int, points: int) -> dict[str, Any]:
    """The axes of a training in all cells of a points × points grid."""
    return {
        DENSITY: densities(points),
        RATIO: (f"importance[{n_features - 1}]", ratios(points)),
    }


def problem(n_features: int, *, bias: bool = True, r: float = 1.0) -> Problem:
    """n features in n − 1 dimensions, the last of importance r."""
    features = Independent(n_features=n_features, feature_probability=1.0)
    importance = (1.0,) * (n_features - 1) + (r,)
    return Problem(features, ReLUOutput(n_hidden=n_features - 1, bias=bias), importance)


def signed(W: F64) -> F64:
    """The weights (…, feature) of models W (…, 1, feature) of one dimension, the first positive."""
    w = W[..., 0, :]
    return np.where(w[..., :1] < 0, -1.0, 1.0) * w


def outcome(norm: F64, superposition: F64) -> I64:
    """Index into `OUTCOMES` of an extra feature of this length and superposition."""
    shown = np.where(superposition < DEDICATED, 1, 2)
    return np.where(norm > REPRESENTED, shown, 0)


def table(r: F64, p: F64, **columns: Any) -> pd.DataFrame:
    """A long table of cells."""
    import pandas as pd

    flat = {name: np.asarray(values).ravel() for name, values in columns.items()}
    return pd.DataFrame({RATIO: r.ravel(), DENSITY: p.ravel(), **flat})


def candidate_map(n_features: int, points: int) -> pd.DataFrame:
    """The winner of each cell: candidate, outcome, norm, superposition, loss, margin.

    `margin` is by how much, relatively, the best candidate of another outcome loses more.
    """
    r, p = cells(points)
    kind = CANDIDATES[n_features]
    losses = kind.losses(r, p)
    best = losses.argmin(-1)
    ends = np.array(kind.outcome)
    others = np.where(ends == ends[best][..., None], np.inf, losses).min(-1)
    return table(
        r, p,
        candidate=np.array(kind.names)[best],
        outcome=ends[best],
        norm=np.array(kind.norm)[best],
        superposition=np.array(kind.shared)[best],
        loss=losses.min(-1),
        margin=others / losses.min(-1) - 1,
    )  # fmt: skip


def boundaries(n_features: int, points: int = 201) -> pd.DataFrame:
    """The lines of the theory: where superposition begins, and r = 1 above it."""
    import pandas as pd

    r = np.geomspace(*RATIOS, points)
    edge = CANDIDATES[n_features].boundary(r)
    # below the edge two features keep no boundary; of three, which pair is made changes at r = 1
    end = 1.0 if n_features == 2 else PROBABILITIES[0]
    upright = (1.0, 1.0, np.nan, 1.0, 1.0)
    lines = (4 / 7, 1.0, np.nan, 4 / 7, end)
    columns = {
        RATIO: np.concatenate([r, [np.nan], upright]),
        DENSITY: np.concatenate([edge, [np.nan], lines]),
    }
    return pd.DataFrame(columns).assign(curve="theory")

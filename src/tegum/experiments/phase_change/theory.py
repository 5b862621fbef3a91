"""The candidates by formula and by the exact loss of their weights; the optimum at b = 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import brentq

from tegum.experiments._shared import phase_plane as plane
from tegum.experiments._shared.phase_plane import CANDIDATES, RATIO
from tegum.experiments.base import Tables
from tegum.theory import two_minima
from tegum.theory.sparse_expansion import expand

if TYPE_CHECKING:
    import pandas as pd

#: Relative importances at which the boundary is looked up, with the paper's values there.
CORNERS: Final = {0.1: 0.16, 1.0: 4 / 7, 10.0: 0.16}
#: Relative importances above 1 at which the boundary of three features must be level.
LEVEL: Final = (1.5, 3.0, 10.0)
#: Ratios at which the two boundaries, of two and of three features, must be one.
COMMON: Final = (0.1, 0.25, 0.5, 0.9)
#: Weights of the candidates, (hidden, feature).
WEIGHTS: Final[dict[int, tuple[list[list[int]], ...]]] = {
    2: ([[1, 0]], [[0, 1]], [[1, -1]]),
    3: (
        [[1, 0, 0], [0, 1, 0]],
        [[0, 1, 0], [0, 0, 1]],
        [[1, 0, 0], [0, 1, -1]],
        [[1, -1, 0], [0, 0, 1]],
    ),
}


def tables(points: int, points_three: int) -> Tables:
    """Everything that needs no training."""
    return {
        "candidates": plane.candidate_map(2, points),
        "candidates_three": plane.candidate_map(3, points_three),
        "candidate_losses": candidate_losses(7),
        "corners": corners(),
        "unbiased": unbiased_map(points),
        "boundaries": plane.boundaries(2),
        "boundaries_three": plane.boundaries(3),
    }


def exact_candidate(n_features: int, candidate: int, r: float, p: float) -> float:
    """The expected loss of a candidate's weights, not by its formula.

    Features that have nothing in common add their losses, so that the exact expansion of at most
    two features at a time is all that is needed.
    """
    W = np.array(WEIGHTS[n_features][candidate], dtype=np.float64)
    importance = np.append(np.ones(n_features - 1), r)
    left_out = ~W.any(axis=0)
    b = np.where(left_out, p / 2, 0.0)
    groups = (*W.astype(bool), *np.eye(n_features, dtype=bool)[left_out])
    return sum(float(expand(W[:, own], b[own], importance[own], p).sum()) for own in groups)


def corners() -> pd.DataFrame:
    """Where the two best candidates lose alike, by the exact loss of their weights.

    Also the loss of both there, and their slopes in p.
    """
    import pandas as pd

    rows = []
    for n, r in [*((2, r) for r in CORNERS), *((3, r) for r in (*COMMON, *LEVEL))]:
        alone, pair = int(r > 1), 3 if n == 3 and r > 1 else 2
        edge: float = brentq(_lead, 1e-3, 1.0, args=(n, pair, alone, r), xtol=1e-13)  # type: ignore[no-untyped-call]
        sides = [_loss_and_slope(n, k, r, edge) for k in (pair, alone)]
        rows.append((n, r, edge, float(CANDIDATES[n].boundary(r)), *sides[0], *sides[1]))
    sided = ["loss_pair", "slope_pair", "loss_alone", "slope_alone"]
    return pd.DataFrame(rows, columns=["n_features", RATIO, "edge", "formula", *sided])


def _lead(p: float, n: int, pair: int, alone: int, r: float) -> float:
    return exact_candidate(n, pair, r, p) - exact_candidate(n, alone, r, p)


def _loss_and_slope(n: int, candidate: int, r: float, p: float) -> tuple[float, float]:
    """Exact loss, and its slope in p by differences: a candidate's loss is quadratic in p."""
    h = 1e-4
    ahead, behind = (exact_candidate(n, candidate, r, p + sign * h) for sign in (1, -1))
    return exact_candidate(n, candidate, r, p), (ahead - behind) / (2 * h)


def candidate_losses(points: int) -> pd.DataFrame:
    """Formulas of all candidates against the exact loss of their weights, on a coarse grid."""
    import pandas as pd

    r, p = (a.ravel() for a in plane.cells(points))
    parts = []
    for n, kind in CANDIDATES.items():
        formulas = kind.losses(r, p)
        for k, name in enumerate(kind.names):
            exact = [exact_candidate(n, k, *at) for at in zip(r, p, strict=True)]
            rows = plane.table(r, p, formula=formulas[:, k], exact=exact)
            parts.append(rows.assign(n_features=n, candidate=name))
    return pd.concat(parts, ignore_index=True)


def unbiased_map(points: int) -> pd.DataFrame:
    """The optimum over all weights at b = 0: w1, w2, outcome, norm, superposition, loss, rival.

    `rival` is the loss of the lowest minimum whose weights have the other sign, if there is one.
    """
    r, p = plane.cells(points)
    found = two_minima.minima(p, r)
    best = found.best
    norm, shared = np.abs(best.w2), best.w1**2
    return plane.table(
        r, p,
        outcome=plane.outcome(norm, shared),
        loss=best.loss,
        rival=np.where(best.w2 > 0, found.opposite.loss, found.same.loss),
        w1=best.w1, w2=best.w2, norm=norm, superposition=shared,
    )  # fmt: skip

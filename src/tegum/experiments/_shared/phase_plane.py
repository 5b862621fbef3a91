"""The plane of the phase diagrams: relative importance × feature probability, and its theory.

Tables are long, one row per cell, with the columns `relative_importance` r and
`feature_probability` p.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from scipy.optimize import brentq

from tegum.analysis.geometry import DEDICATED, REPRESENTED
from tegum.dims import DENSITY, F64, I64
from tegum.distributions import Independent
from tegum.experiments.base import Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.theory import phases, two_minima
from tegum.theory.sparse_expansion import expand

if TYPE_CHECKING:
    import pandas as pd

RATIO: Final = "relative_importance"
#: What becomes of the extra feature; outcomes are indices into these.
OUTCOMES: Final = ("not represented", "dedicated", "superposition")
#: The paper's ranges.
RATIOS: Final = (0.1, 10.0)
PROBABILITIES: Final = (0.01, 1.0)
#: Relative importances at which the boundary is looked up, with the paper's values there.
CORNERS: Final = {0.1: 0.16, 1.0: 4 / 7, 10.0: 0.16}
#: Relative importances above 1 at which the boundary of three features must be level.
LEVEL: Final = (1.5, 3.0, 10.0)
#: Ratios at which the two boundaries, of two and of three features, must be one.
COMMON: Final = (0.1, 0.25, 0.5, 0.9)


class Candidates(NamedTuple):
    """Theory of one size of model: outcome of each candidate and its weights (W, dropped)."""

    names: tuple[str, ...]
    outcome: tuple[int, ...]
    norm: tuple[float, ...]
    shared: tuple[float, ...]


TWO: Final = Candidates(phases.TWO, (0, 1, 2), phases.NORM_TWO, phases.SHARED_TWO)
THREE: Final = Candidates(phases.THREE, (0, 1, 2, 1), phases.NORM_THREE, phases.SHARED_THREE)
#: Weights of the candidates, and the features that each leaves out.
WEIGHTS: Final[dict[int, tuple[tuple[list[list[float]], int | None], ...]]] = {
    2: (([[1, 0]], 1), ([[0, 1]], 0), ([[1, -1]], None)),
    3: (
        ([[1, 0, 0], [0, 1, 0]], 2),
        ([[0, 1, 0], [0, 0, 1]], 0),
        ([[1, 0, 0], [0, 1, -1]], None),
        ([[1, -1, 0], [0, 0, 1]], None),
    ),
}


def cells(points: int) -> tuple[F64, F64]:
    """(r, p) of a logarithmic grid, p in the rows, each (points, points)."""
    p, r = np.meshgrid(densities(points), ratios(points), indexing="ij")
    return r, p


def densities(points: int) -> F64:
    """Feature probabilities from sparse to dense."""
    return np.geomspace(*PROBABILITIES, points)


def ratios(points: int) -> F64:
    """Relative importances, the same above and below 1."""
    return np.geomspace(*RATIOS, points)


def axes(n_features: int, points: int) -> dict[str, Any]:
    """The axes of a training in all cells of a points × points grid."""
    return {
        DENSITY: densities(points),
        RATIO: (f"importance[{n_features - 1}]", ratios(points)),
    }


def problem(n_features: int, *, bias: bool = True, r: float = 1.0, p: float = 1.0) -> Problem:
    """n features in n − 1 dimensions, the last of importance r."""
    law = Independent(n_features=n_features, feature_probability=p)
    importance = (1.0,) * (n_features - 1) + (r,)
    return Problem(law, ReLUOutput(n_hidden=n_features - 1, bias=bias), importance)


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
    kind = TWO if n_features == 2 else THREE
    losses = (phases.losses_two if n_features == 2 else phases.losses_three)(r, p)
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


def unbiased_map(points: int) -> pd.DataFrame:
    """The optimum over all weights at b = 0: w1, w2, outcome, norm, superposition, loss, rival.

    `rival` is the loss of the lowest minimum whose weights have the other sign, if there is one.
    """
    r, p = cells(points)
    found = two_minima.minima(p, r)
    best = found.best
    norm, shared = np.abs(best.w2), best.w1**2
    rival = np.where(best.w2 > 0, found.opposite.loss, found.same.loss)
    columns = {"w1": best.w1, "w2": best.w2, "norm": norm, "superposition": shared}
    ends = outcome(norm, shared)
    return table(r, p, outcome=ends, loss=best.loss, rival=rival, **columns)


def boundaries(n_features: int, points: int = 201) -> pd.DataFrame:
    """The lines of the theory: where superposition begins, and r = 1 above it."""
    import pandas as pd

    r = np.geomspace(*RATIOS, points)
    edge = phases.boundary_two(r) if n_features == 2 else phases.boundary_three(r)
    # below the edge two features keep no boundary; of three, which pair is made changes at r = 1
    end = 1.0 if n_features == 2 else PROBABILITIES[0]
    upright = (1.0, 1.0, np.nan, 1.0, 1.0)
    lines = (4 / 7, 1.0, np.nan, 4 / 7, end)
    columns = {
        RATIO: np.concatenate([r, [np.nan], upright]),
        DENSITY: np.concatenate([edge, [np.nan], lines]),
    }
    return pd.DataFrame(columns).assign(curve="theory")


def exact_candidate(n_features: int, candidate: int, r: float, p: float) -> float:
    """The expected loss of a candidate's weights, not by its formula.

    Features that have nothing in common add their losses, so that the exact expansion of at most
    two features at a time is all that is needed.
    """
    weights, dropped = WEIGHTS[n_features][candidate]
    W = np.array(weights, dtype=np.float64)
    importance = np.append(np.ones(n_features - 1), r)
    b = np.zeros(n_features)
    if dropped is not None:
        b[dropped] = p / 2
    parts = [*np.abs(W).astype(bool)]
    if dropped is not None:
        parts.append(np.arange(n_features) == dropped)
    total = 0.0
    for row in parts:
        own = np.flatnonzero(row)
        total += float(expand(W[:, own], b[own], importance[own], p).sum())
    return total


def corners() -> pd.DataFrame:
    """Where the two best candidates lose alike, by the exact loss of their weights.

    Also the loss of both there, and their slopes in p.
    """
    import pandas as pd

    wanted = [(2, r) for r in CORNERS] + [(3, r) for r in (*COMMON, *LEVEL)]
    rows = []
    for n, r in wanted:
        alone = 0 if r <= 1 else 1
        pair = 2 if n == 2 or r <= 1 else 3
        sides_of = (n, pair, alone, r)
        edge: float = brentq(_lead, 1e-3, 1.0, args=sides_of, xtol=1e-13)  # type: ignore[no-untyped-call]
        formula = (phases.boundary_two if n == 2 else phases.boundary_three)(r)
        sides = [_loss_and_slope(n, k, r, edge) for k in (pair, alone)]
        rows.append((n, r, edge, float(formula), *sides[0], *sides[1]))
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

    r, p = (a.ravel() for a in cells(points))
    parts = []
    for n, names, formula in (
        (2, phases.TWO, phases.losses_two(r, p)),
        (3, phases.THREE, phases.losses_three(r, p)),
    ):
        for k, name in enumerate(names):
            exact = [exact_candidate(n, k, *at) for at in zip(r, p, strict=True)]
            columns = {"formula": formula[:, k], "exact": np.array(exact)}
            parts.append(table(r, p, **columns).assign(n_features=n, candidate=name))
    return pd.concat(parts, ignore_index=True)


def theory_tables(points: int, points_three: int) -> Tables:
    """Everything that needs no training."""
    return {
        "candidates": candidate_map(2, points),
        "candidates_three": candidate_map(3, points_three),
        "candidate_losses": candidate_losses(7),
        "corners": corners(),
        "unbiased": unbiased_map(points),
        "boundaries": boundaries(2),
        "boundaries_three": boundaries(3),
    }

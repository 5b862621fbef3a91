"""Where the partners of three pairs sit on a hexagon: the five ways, and the exact loss of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.optimize import minimize

from tegum.dims import DENSITY, F64
from tegum.experiments._shared.sets import THREE, problem
from tegum.loss.expected import expected_loss
from tegum.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

#: The places 0 … 5 around the hexagon of features 0 … 5; features 2k and 2k + 1 are partners. Up
#: to symmetry there are these five pairings of the places, of 15.
ADJACENT: Final = "all adjacent"
ARRANGEMENTS: Final = {
    ADJACENT: (0, 1, 2, 3, 4, 5),
    "two adjacent, one opposite": (0, 1, 3, 4, 2, 5),
    "one adjacent, two apart": (0, 1, 2, 4, 3, 5),
    "one opposite, two apart": (0, 3, 1, 5, 2, 4),
    "all opposite": (0, 3, 1, 4, 2, 5),
}
#: How many of the 15 pairings have all partners adjacent: what chance would do.
BY_CHANCE: Final = 2 / 15


def measure() -> pd.DataFrame:
    """The least exact loss of a regular hexagon of each arrangement: radius, bias, loss."""
    import pandas as pd

    rows = []
    for p in THREE.densities:
        task = problem(THREE.law.with_probability(p))
        for name, places in ARRANGEMENTS.items():
            radius, bias, loss = _best(task, places)
            sizes = {"radius": radius, "b": bias, "loss": loss}
            rows.append({DENSITY: p, "arrangement": name, **sizes})
    return pd.DataFrame(rows)


def _best(task: Problem, places: tuple[int, ...]) -> tuple[float, float, float]:
    """Radius, common bias and loss of the best regular hexagon with features at these places."""
    angle = np.pi / 3 * np.array(places)
    unit = np.array([np.cos(angle), np.sin(angle)])

    def value(at: F64) -> tuple[float, F64]:
        found = expected_loss(task, at[0] * unit, np.full(len(places), at[1]), gradient=True)
        assert found.gradient is not None
        slope = [(found.gradient["W"] * unit).sum(), found.gradient["b"].sum()]
        return float(found.loss), np.array(slope)

    solve: Any = minimize
    found = solve(value, np.array([1.0, -0.2]), jac=True, method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1]), float(found.fun)

"""Small penalties on activity, by exact descent: what they do to loss and superposition.

With a penalty λR the optimum moves by −λH⁻¹∇R. The loss is flat there: it rises as λ², while
superposition, which is not at its own minimum, falls as λ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY, F64
from tegum.distributions import Independent
from tegum.experiments.base import Lab
from tegum.loss.expected import expected_loss
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.scalars import geometric
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

PENALTIES: Final = tuple(geometric(1e-4, 1e-2, 5))
#: |h| is rounded off this close to 0, so that the penalty has a gradient everywhere.
_ROUNDED: Final = 0.01
_SAMPLES: Final = 5_000


class Case(NamedTuple):
    """A model whose best arrangement is known by name."""

    name: str
    n: int
    m: int
    density: float


CASES: Final = (
    Case("two antipodal pairs", 4, 2, 0.2),
    Case("pentagon", 5, 2, 0.05),
    Case("three antipodal pairs", 6, 3, 0.1),
)


def small_penalties(lab: Lab) -> pd.DataFrame:
    """A row per arrangement and penalty: changes of the loss and of Σ_i sup_i."""
    import pandas as pd

    cases, penalties = CASES[: lab.pick(3, 2)], PENALTIES[:: lab.pick(1, 2)]
    return pd.concat([_along(lab, case, penalties) for case in cases], ignore_index=True)


def _along(lab: Lab, case: Case, penalties: tuple[float, ...]) -> pd.DataFrame:
    import pandas as pd

    x = Independent(n_features=case.n, feature_probability=case.density)
    problem = Problem(x, ReLUOutput(n_hidden=case.m))
    chosen = best(lab.train(problem, None, Training(engine="exact", curve_points=0), 20))
    descent = _Descent(problem)
    turned = descent.turned(chosen["W"].to_numpy(), chosen["b"].to_numpy())
    theta = descent.minimum(turned, 0.0)
    loss, shared = descent.loss(theta), descent.superposition(theta)
    rows = []
    for penalty in penalties[::-1]:  # from the largest down: each is a good start of the next
        moved = descent.minimum(theta, penalty)
        row = {
            "case": case.name, "features": case.n, "hidden": case.m, DENSITY: case.density,
            "penalty": penalty, "loss": loss, "rise": descent.loss(moved) - loss,
            "superposition": shared, "fall": shared - descent.superposition(moved),
        }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


class _Descent:
    """L + λR of one problem, as functions of W and b in one row."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.shape = (problem.n_hidden, problem.n_features)
        self.x = problem.distribution.sample(np.random.default_rng(47), _SAMPLES)

    def turned(self, W: F64, b: F64) -> F64:
        """The rotation of least penalty among many: λR has no say in the loss, but here."""
        rng = np.random.default_rng(47)
        Q, _ = np.linalg.qr(rng.normal(size=(300, self.shape[0], self.shape[0])))
        turned = [q @ W for q in Q]
        return np.append(min(turned, key=lambda w: self._penalty(w)[0]).ravel(), b)

    def minimum(self, theta: F64, penalty: float) -> F64:
        from scipy.optimize import minimize

        found = minimize(  # type: ignore[no-untyped-call]
            self._objective, theta, (penalty,), "BFGS", jac=True,
            options={"gtol": 1e-9, "maxiter": 300},
        )  # fmt: skip
        return np.asarray(found.x, np.float64)

    def loss(self, theta: F64) -> float:
        W, b = self._parts(theta)
        return float(expected_loss(self.problem, W, b, jobs=1).loss)

    def superposition(self, theta: F64) -> float:
        return float(geometry.superposition(self._parts(theta)[0]).sum())

    def _parts(self, theta: F64) -> tuple[F64, F64]:
        count = self.shape[0] * self.shape[1]
        return theta[:count].reshape(self.shape), theta[count:]

    def _objective(self, theta: F64, penalty: float) -> tuple[float, F64]:
        W, b = self._parts(theta)
        exact = expected_loss(self.problem, W, b, gradient=True, jobs=1)
        assert exact.gradient is not None
        slope = np.append(np.ravel(exact.gradient["W"]), exact.gradient["b"])
        if penalty == 0:
            return float(exact.loss), slope
        value, own = self._penalty(W)
        slope[: W.size] += penalty * own.ravel()
        return float(exact.loss) + penalty * value, slope

    def _penalty(self, W: F64) -> tuple[float, F64]:
        """R = E Σ_k √(h_k² + ε²) − ε on a fixed sample, and its gradient."""
        h = self.x @ W.T
        size = np.sqrt(h**2 + _ROUNDED**2)
        return float((size - _ROUNDED).sum(1).mean()), (h / size).T @ self.x / len(h)


def slopes(table: pd.DataFrame) -> pd.DataFrame:
    """The slopes of rise and fall against the penalty on logarithmic axes, a row per case."""
    import pandas as pd

    rows = []
    for name, group in table.groupby("case", sort=False):
        found = {"case": name}
        for column in ("rise", "fall"):
            values = np.log(group[column].where(group[column] > 0))
            found[column] = np.polyfit(np.log(group["penalty"]), values, 1)[0]
        rows.append(found)
    return pd.DataFrame(rows)

"""The distinct local minima among many trainings, how often each was found, and what it is.

Endpoints of exact training (or of `polish`) repeat one another in other positions of the hidden
space and with other features in the same places; counted here are the minima behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis._groups import COLUMNS, SIGNS, Finder
from tegum.analysis._orbits import form_of, same, symmetry_of
from tegum.arguments import explained, number
from tegum.dims import CANDIDATE, I64, MINIMUM, SEED
from tegum.ensemble.progress import waiting
from tegum.errors import SpecError
from tegum.problem import Problem
from tegum.runs.models import Models, models_of
from tegum.runs.schema import PARAMETERS
from tegum.runs.shapes import check_dataset
from tegum.runs.weights import read_one

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

#: Losses of one minimum differ by at most this share; entries of its A and b by at most that.
LOSS_TOLERANCE: Final = 1e-6
TOLERANCE: Final = 1e-3
_STATUS: Final = ("running", "converged", "stalled", "diverged")
_CONVERGED: Final = 1
_SHOWN: Final = (MINIMUM, "found", "loss", "above", "represented", "shape")
_DIGITS: Final = {"loss": "{:.8g}", "above": "{:.2g}"}


@dataclass(frozen=True, eq=False)
class Minima:
    """What `minima` found; printed, it is its table.

    Args:
        table: one row per axis point and distinct minimum, by rising loss, after the axes' values:
            `minimum`, its place in `models`; `count`, how many converged models are it, and their
            `share`; its lowest `loss`, the `spread` highest − lowest, and how far it is `above`
            the lowest minimum of its point, as a share of that (∞ above a loss of 0); `seeds`;
            `represented` features (‖W_i‖ > .5) and the `shape` they form; of A (WᵀW, or W_out
            W_in) the `spectrum` of singular values and the `diagonal` (‖W_i‖²), each descending;
            `family`, whether models
            of different A are counted as one; `negative`, `rotation`, `flat` and `positive`
            eigenvalues of the Hessian (see `curvature.Signature`), where asked for.
        points: one row per axis point: `models`, how many of them are `converged` and
            `unconverged` (`running`, `stalled` or `diverged`), and how many `minima` there are.
        models: W and b of one model of each minimum, that of lowest loss, along `minimum`, with
            its seed and its axes' values. `score` and `polish` take it.

    Source: method, endpoints of many descents compared.
    """

    table: pd.DataFrame
    points: pd.DataFrame
    models: xr.Dataset

    def __str__(self) -> str:
        """One line per minimum."""
        total, ended = (int(self.points[name].sum()) for name in ("models", "converged"))
        what = "minimum" if len(self.table) == 1 else "minima"
        text = f"{len(self.table)} distinct {what} of {ended} converged models"
        saddles = int((self.table["negative"] > 0).sum()) if "negative" in self.table else 0
        if saddles:
            text += f"; {saddles} of them no minimum: a saddle has ways down (negative > 0)"
        if ended < total:
            text += f"; {total - ended} unconverged are left out"
        if self.table.empty:
            return text
        axes = list(self.table.columns[: list(self.table.columns).index(MINIMUM)])
        of = (self.table["count"] / self.table["share"]).round().astype(int).astype(str)
        full = self.table.assign(found=self.table["count"].astype(str) + " of " + of)
        shown = full[[*axes, *_SHOWN, *(name for name in SIGNS if name in full)]]
        digits: Any = {name: form.format for name, form in _DIGITS.items()}
        return f"{text}\n{shown.to_string(index=False, formatters=digits)}"

    __repr__ = __str__


@waiting("minima")
@explained(example="tg.minima(runs), runs = tg.train(problem, seeds=32)")
def minima(
    runs: xr.Dataset,
    *,
    loss_tolerance: float = LOSS_TOLERANCE,
    tolerance: float = TOLERANCE,
    hessian: bool = True,
) -> Minima:
    """The distinct minima that the models of a Dataset have converged to, at every axis point.

    Two models are one minimum when their losses differ by at most `loss_tolerance` (of the
    larger, or of 1e-4 of the loss of predicting 0, so that losses of 0 are equal) and no entry of
    A (WᵀW, for untied models W_out W_in) and b by more than `tolerance`, after a permutation of
    features that the problem does not notice: of equal importance and in blocks of the same law,
    independent features freely, the members within a correlated or anticorrelated set, and whole
    sets. Biases without effect do not count. Models whose `status` is not 1 (converged) are
    counted apart.

    Args:
        runs: models with W, b, `loss` and `status`: of Training(engine="exact"), or of `polish`.
        loss_tolerance: in (0, 1).
        tolerance: in (0, 1).
        hessian: take minima of one loss and one signature that has flat directions for one family.
            Each signature costs two gradients per parameter.

    Returns:
        The minima, and one model of each.

    Raises:
        SpecError: for a Dataset without these, and tolerances outside (0, 1).

    Source: method, endpoints of many descents compared.
    """
    import pandas as pd

    models = _checked(runs, loss_tolerance, tolerance)
    status, loss = (_row(runs, name, models) for name in ("status", "loss"))
    finder = Finder(models, loss.astype(np.float64), loss_tolerance, tolerance, hessian)
    axes = [dim for dim in models.dims if dim not in (SEED, CANDIDATE)]
    rows: list[dict[str, Any]] = []
    points, chosen = [], []
    for at, members in _by_point(runs, models, axes):
        ended = members[status[members] == _CONVERGED]
        found = finder.groups(ended)
        for group in found:
            own = finder.describe(group, len(ended), float(loss[ended].min()))
            own["seeds"] = _seeds(runs, models, group.members)
            rows.append({**at, MINIMUM: len(rows), **own})
            chosen.append(int(group.members[0]))
        points.append({**at, **_tally(status[members]), "minima": len(found)})
    columns = [*axes, MINIMUM, *COLUMNS, "seeds", *(SIGNS if hessian else ())]
    table = pd.DataFrame(rows, columns=columns)
    return Minima(table, pd.DataFrame(points), _models(runs, models, chosen))


def same_minimum(
    problem: Problem, one: Any, other: Any, *, tolerance: float = TOLERANCE
) -> I64 | None:
    """The order of features in which model `one` is model `other`.

    The order π is a permutation that the problem does not notice (see `minima`); with A = WᵀW, or
    W_out W_in, no entry of A[π][:, π] and b[π] of `one` differs from that of `other` by more than
    `tolerance`. A search that takes over 20,000 placements is given up, for different.

    Args:
        problem: what both models are for.
        one: a pair (W, b), for untied models ((W_in, W_out), b), b None for 0.
        other: a pair likewise.
        tolerance: of the entries, > 0.

    Returns:
        π, (n,); None if they are different.

    Raises:
        SpecError: for shapes that do not agree with the problem.

    Source: method, a search over permutations.
    """
    symmetry, forms = symmetry_of(problem), []
    for W, b in (one, other):
        model = read_one("same_minimum", problem, W, b)
        forms.append(form_of(model.A, model.b, symmetry, tolerance))
    return same(forms[0], forms[1], symmetry, tolerance)


def _checked(runs: xr.Dataset, loss_tolerance: float, tolerance: float) -> Models:
    for name, value in (("loss_tolerance", loss_tolerance), ("tolerance", tolerance)):
        number("minima", name, value, "must be in (0, 1)", lambda x: 0 < x < 1)
    check_dataset("minima", runs)
    for name in ("status", "loss"):
        if name not in runs:
            rule = f"must hold {name}: train with engine='exact', or polish"
            raise SpecError.of("minima", "runs", rule, list(runs.data_vars))
    return models_of(runs, "minima")


def _row(runs: xr.Dataset, name: str, models: Models) -> NDArray[Any]:
    """A variable of all models in the order of `models`, (N,)."""
    return np.asarray(runs[name].transpose(*models.dims).to_numpy()).reshape(-1)


def _by_point(
    runs: xr.Dataset, models: Models, axes: list[str]
) -> Iterator[tuple[dict[str, Any], I64]]:
    """The values of the axes and the models, point after point."""
    numbers = np.arange(int(np.prod(models.shape, dtype=np.int64))).reshape(models.shape)
    places = [models.dims.index(axis) for axis in axes]
    rows = np.moveaxis(numbers, places, range(len(axes)))
    for where in np.ndindex(rows.shape[: len(axes)]):
        at = {}
        for axis, index in zip(axes, where, strict=True):
            at[axis] = runs[axis].to_numpy()[index] if axis in runs.coords else index
        yield at, rows[where].reshape(-1)


def _seeds(runs: xr.Dataset, models: Models, members: I64) -> tuple[int, ...]:
    """The seeds of some models, ascending; their numbers in the Dataset where there are none."""
    if SEED not in runs.coords:
        return tuple(sorted(members.tolist()))
    wide = runs[SEED].broadcast_like(runs["loss"]).transpose(*models.dims).to_numpy()
    return tuple(sorted(wide.reshape(-1)[members].tolist()))


def _tally(status: NDArray[Any]) -> dict[str, int]:
    counts = {name: int((status == value).sum()) for value, name in enumerate(_STATUS)}
    converged = counts.pop("converged")
    head = {"models": len(status), "converged": converged, "unconverged": len(status) - converged}
    return {**head, **counts}


def _models(runs: xr.Dataset, models: Models, chosen: list[int]) -> xr.Dataset:
    """W, b and loss of some models, along `minimum`."""
    import xarray as xr

    picked = runs[[*(name for name in PARAMETERS if name in runs), "loss"]]
    at: dict[str, Any] = {MINIMUM: np.zeros(len(chosen), np.int64)}
    if not models.dims:
        picked = picked.expand_dims(MINIMUM)
    else:
        places = np.unravel_index(np.array(chosen, np.int64), models.shape)
        at = {
            dim: xr.DataArray(index, dims=MINIMUM)
            for dim, index in zip(models.dims, places, strict=True)
        }
    return picked.isel(at).assign_coords({MINIMUM: np.arange(len(chosen))})

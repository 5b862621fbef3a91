"""Selection rules: from many seeds to one answer at each axis point, with the spread kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegum.arguments import explained, whole
from tegum.dims import CANDIDATE, SEED
from tegum.errors import SpecError, UnknownNameError
from tegum.runs.schema import VARIABLES
from tegum.runs.shapes import DATASET, check_dataset, require

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@explained(example="tg.best(runs), runs = tg.train(problem, seeds=32)")
def best(runs: xr.Dataset) -> xr.Dataset:
    """Lowest of N: at each axis point the seed with the lowest `loss`.

    Args:
        runs: a Dataset of `tegum.train`, or of `score` or `polish`.

    Returns:
        The Dataset without the dimension `seed`, whose coordinate says which seed was chosen:
        of equal losses the lowest, and where every seed diverged the first, with `diverged` true
        and a NaN loss. Added are `loss_all` (..., candidate), the losses of all seeds in rising
        order (NaN for diverged ones, last), and `n_seeds` (...), how many did not diverge.

    Raises:
        SpecError: for a Dataset without `loss` (..., seed).

    Source: "Demonstrating Superposition: Basic Results": several trainings, the best is kept.
    """
    order = _ranking(runs, "best")
    chosen = runs.isel({SEED: order.isel({CANDIDATE: 0}).drop_vars(CANDIDATE)})
    losses = runs["loss"].isel({SEED: order}).transpose(..., CANDIDATE)
    added = {
        "loss_all": losses.drop_vars(SEED, errors="ignore"),
        "n_seeds": losses.notnull().sum(CANDIDATE),
    }
    for name, array in added.items():
        array.attrs.update(VARIABLES[name].attributes)
    return chosen.assign(added)


@explained(example="tg.drop_worst(runs, 2)")
def drop_worst(runs: xr.Dataset, k: int = 1) -> xr.Dataset:
    """Without the k seeds of highest loss at each axis point; diverged seeds go first.

    Args:
        runs: a Dataset of `tegum.train`, or of `score` or `polish`.
        k: how many seeds go, 0 <= k < number of seeds.

    Returns:
        The Dataset with `candidate`, the rank by loss from 0, in place of the dimension `seed`;
        the coordinate `seed` (..., candidate) says which seed has that rank.

    Raises:
        SpecError: for a Dataset without `loss` (..., seed), and for another k.

    Source: "Superposition as a Phase Change": drop the worst, `average` the rest.
    """
    order = _ranking(runs, "drop_worst")
    n = order.sizes[CANDIDATE]
    k = whole("drop_worst", "k", k, f"must be an integer in [0, {n})", below=n)
    return runs.isel({SEED: order.isel({CANDIDATE: slice(n - k)})})


@explained(example="tg.average(runs, 'loss')")
def average(runs: xr.Dataset, *names: str) -> xr.Dataset:
    """The mean over seeds (or candidates) of the named variables; diverged seeds do not count.

    Args:
        runs: a Dataset with the dimension `seed`, or `candidate` after `drop_worst`.
        names: variables that mean the same in every seed (a loss, a norm), which weights do not.

    Returns:
        The Dataset of these variables alone, each without that dimension.

    Raises:
        SpecError: for a Dataset without seeds.
        UnknownNameError: for a variable that is not there or has no seeds, and for none.

    Source: "Superposition as a Phase Change": drop the worst, average.
    """
    check_dataset("average", runs)
    over = [name for name in (SEED, CANDIDATE) if name in runs.dims]
    if len(over) != 1:
        raise SpecError.of("average", "runs", f"must have a dimension {SEED}", tuple(runs.dims))
    known = sorted(str(name) for name, array in runs.data_vars.items() if over[0] in array.dims)
    for name in names or ("",):
        if name not in known:
            raise UnknownNameError.of("variable with seeds", name, known)
    return (
        runs[list(names)].mean(over, keep_attrs=True, skipna=True).drop_vars(SEED, errors="ignore")
    )


def best_rows(rows: pd.DataFrame, by: str | list[str]) -> pd.DataFrame:
    """Of a table with a column `loss`, the row of lowest loss for each value of `by`.

    In rising order of `by`, with the index labels they had; of equal losses the first row. NaN is
    no loss, and where there is none there is no row.
    """
    lowest = rows.dropna(subset=["loss"]).groupby(by)["loss"].idxmin()
    chosen: pd.DataFrame = rows.loc[lowest]
    return chosen


def _ranking(runs: xr.Dataset, owner: str) -> xr.DataArray:
    """Positions along `seed` in the order of loss, dims (..., candidate); NaN counts as highest."""
    check_dataset(owner, runs)
    if "loss" not in runs:
        rule = f"must hold loss (..., {SEED}), as {DATASET}"
        raise SpecError.of(owner, "runs", rule, tuple(runs.data_vars))
    if SEED not in runs["loss"].dims:
        rule = f"must hold loss (..., {SEED}), and has one model of each problem"
        raise SpecError.of(owner, "runs", rule, runs["loss"].dims)
    if CANDIDATE in (names := {*runs.dims, *runs.variables}):
        rule = f"must have no {CANDIDATE}, which ranks seeds"
        raise SpecError.of(owner, "runs", rule, sorted(map(str, names)))
    loss = require(owner, runs, "loss").transpose(..., SEED)
    # a stable sort, so that of equal losses the lowest seed comes first; NaN sorts last
    order = np.argsort(loss.to_numpy(), axis=-1, kind="stable")
    ranks = loss.drop_vars(SEED, errors="ignore").rename({SEED: CANDIDATE})
    return ranks.copy(data=order).assign_coords({CANDIDATE: np.arange(order.shape[-1])})

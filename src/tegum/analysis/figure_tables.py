"""Tables that figures are drawn from, of trainings, circuits, factors, branches and surfaces.

Those that need no more than weights are in `tegum.runs.tables` and `tegum.runs.sweep_tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tegum.analysis import geometry, plane
from tegum.analysis._arrays import labelled
from tegum.analysis.alignment import canonical
from tegum.analysis.dynamics import as_traces, at_checkpoints
from tegum.analysis.sets import labels
from tegum.analysis.tegum_factors import THRESHOLD, factors
from tegum.arguments import number, whole
from tegum.dims import CHECKPOINT, FEATURE, HIDDEN, NEURON, STEP
from tegum.errors import SpecError
from tegum.loss.expected import expected_loss
from tegum.problem import Problem
from tegum.runs.models import stated_problem, targets_of
from tegum.runs.shapes import check_dataset
from tegum.runs.tables import feature_table, neuron_table
from tegum.runs.weights import encoder_in

if TYPE_CHECKING:
    import xarray as xr

_PLACES: Final = ("place", "feature", "w0", "w1", "norm")


def set_table(runs: xr.Dataset) -> pd.DataFrame:
    """The features of every model with the sets they belong to.

    Args:
        runs: a Dataset of `tegum.train`, or what was made of it.

    Returns:
        The columns of `runs.tables.feature_table`, and `set`, the number of the feature's block.

    Raises:
        SpecError: for a Dataset without weights or without a problem.

    Source: "Organization of Correlated and Anticorrelated Features".
    """
    number = labels(stated_problem(runs, "set_table"))
    table = feature_table(runs)
    count = len(table) // len(number)
    return table.assign(**{"set": np.tile(number, count)})


def edge_table(runs: xr.Dataset) -> pd.DataFrame:
    """The weights of every model as edges from features to neurons, and from these to outputs.

    Args:
        runs: a Dataset of `tegum.train`, or what was made of it; untied models are rescaled, so
            that the largest input weight of a neuron is 1 (see `neurons.rescale`).

    Returns:
        One row per weight: the axes; `seed`; `side`, "in" or "out"; `neuron`; `feature`; `weight`.

    Raises:
        SpecError: for a Dataset without weights.

    Source: "The Asymmetric Superposition Motif".
    """
    table = neuron_table(runs)
    axes = list(table.columns[: list(table.columns).index(NEURON)])
    out = table["weight"]
    if "weight_out" in table:
        largest = table["weight"].abs().groupby([table[name] for name in (*axes, NEURON)])
        scale = largest.transform("max").replace(0.0, 1.0)
        out = table["weight_out"] * scale
        table = table.assign(weight=table["weight"] / scale)
    sides = [table.assign(side="in"), table.assign(side="out", weight=out)]
    columns = [*axes, "side", NEURON, FEATURE, "weight"]
    return pd.concat(sides, ignore_index=True)[columns]


def checkpoint_table(runs: xr.Dataset) -> pd.DataFrame:
    """The features of every model at its checkpoints.

    Args:
        runs: a Dataset of `train` with checkpoints.

    Returns:
        The columns of `runs.tables.feature_table`, with `step`, the optimiser steps done; and
        `set` where features come in sets.

    Raises:
        SpecError: for a Dataset without checkpoints.

    Source: "Superposition and Learning Dynamics".
    """
    then = at_checkpoints(runs)
    sets = labels(stated_problem(runs, "checkpoint_table"))
    table = feature_table(then) if len(set(sets)) == len(sets) else set_table(then)
    return table.rename(columns={CHECKPOINT: STEP})


def curve_table(runs: xr.Dataset) -> pd.DataFrame:
    """The expected loss of every model at its checkpoints.

    Args:
        runs: a Dataset of `train` with checkpoints, of models that have an expected loss, or one
            of `traces`.

    Returns:
        One row per model and checkpoint: the axes, `seed`, `step`, `loss`.

    Raises:
        SpecError: for a Dataset without checkpoints, and models without an expected loss.

    Source: "Superposition and Learning Dynamics".
    """
    seen = as_traces(runs)
    if "loss" not in seen:
        raise SpecError.of("curve_table", "runs", "must have an expected loss", list(seen))
    order = [str(dim) for dim in seen["loss"].dims]
    table = seen["loss"].reset_coords(drop=True).to_dataframe(dim_order=order).reset_index()
    return table.rename(columns={CHECKPOINT: STEP})


def link_table(W: NDArray[Any] | xr.DataArray, threshold: float = THRESHOLD) -> pd.DataFrame:
    """The links between the features of every tegum factor: pairs whose |cos| exceeds a threshold.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        threshold: as of `factors`, in [0, 1).

    Returns:
        The first columns say which model, as in `factor_table`; then `feature`, `feature_j` > it,
        and `gram`, W_i·W_j.

    Raises:
        SpecError: if W has no hidden and feature dimensions, or the threshold is outside [0, 1).

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    named = labelled(W)
    outer = [str(dim) for dim in named.dims[:-2]]
    plain, number = named.to_numpy(), named[FEATURE].to_numpy()
    parts = []
    for place in np.ndindex(plain.shape[:-2]):
        w, label = plain[place], np.full(plain.shape[-1], -1)
        for k, factor in enumerate(factors(w, threshold)):
            label[list(factor.features)] = k
        linked = np.abs(geometry.cosines(w)) > threshold
        linked &= (label >= 0) & (label[:, None] == label)
        i, j = np.nonzero(np.triu(linked, 1))
        at = {d: named[d].to_numpy()[k] for d, k in zip(outer, place, strict=True)}
        pairs = {FEATURE: number[i], "feature_j": number[j], "gram": geometry.gram(w)[i, j]}
        parts.append(pd.DataFrame({**at, **pairs}, columns=[*at, *pairs]))
    return pd.concat(parts, ignore_index=True)


def branch_table(branches: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """The losses of branches along what they were followed over, and their slopes.

    Args:
        branches: Datasets of `follow`, of two values or more each, by the names of the branches.

    Returns:
        One row per branch and value: the target, `branch`, `loss`, and `slope`, its difference
        quotient over neighbouring values; NaN where there is no branch.

    Raises:
        SpecError: for what is no Dataset of `follow`.

    Source: "The Geometry of Superposition: Perturbing a Single Feature".
    """
    parts = []
    for name, branch in branches.items():
        check_dataset("branch_table", branch, f"branches[{name!r}]")
        targets = list(targets_of(branch))
        loss_dims = branch["loss"].dims if "loss" in branch else None
        if loss_dims != tuple(targets) or len(targets) != 1 or branch.sizes[targets[0]] < 2:
            rule = "must be a Dataset of tg.follow over two values or more"
            raise SpecError.of("branch_table", f"branches[{name!r}]", rule, dict(branch.sizes))
        values, loss = branch[targets[0]].to_numpy(), branch["loss"].to_numpy()
        own = {targets[0]: values, "branch": name, "loss": loss}
        parts.append(pd.DataFrame({**own, "slope": np.gradient(loss, values)}))
    return pd.concat(parts, ignore_index=True)


def place_table(runs: xr.Dataset) -> pd.DataFrame:
    """Models in the plane, turned alike: the first represented feature along +x (`canonical`).

    Args:
        runs: a Dataset of `tegum.train` with two hidden dimensions, or what was made of it.

    Returns:
        One row per model and feature: the axes; `seed`; `place`, 0 for feature 0, the others
        counter-clockwise; `feature`; `w0`, `w1`; `norm`. Models that diverged have no rows.

    Raises:
        SpecError: for a Dataset without weights, and unless there are two hidden dimensions.

    Source: "The Geometry of Superposition: Perturbing a Single Feature".
    """
    W = labelled(encoder_in(runs, "place_table"))
    if W.sizes[HIDDEN] != 2:
        rule = "must have two hidden dimensions"
        raise SpecError.of("place_table", "runs", rule, W.sizes[HIDDEN])
    outer = [str(dim) for dim in W.dims[:-2]]
    plain, parts = W.to_numpy(), []
    for at in np.ndindex(plain.shape[:-2]):
        w = plain[at]
        if not np.isfinite(w).all():
            continue
        turned = canonical(w)
        order = np.concatenate([[0], 1 + np.argsort(plane.angles_2d(turned)[1:], kind="stable")])
        columns = (np.arange(len(order)), order, *turned[:, order], geometry.norms(w)[order])
        model = {d: W[d].to_numpy()[k] for d, k in zip(outer, at, strict=True)}
        parts.append(pd.DataFrame({**model, **dict(zip(_PLACES, columns, strict=True))}))
    if not parts:
        return pd.DataFrame(columns=[*outer, *_PLACES])
    return pd.concat(parts, ignore_index=True)


def surface_table(
    problem: Problem, b: Any = None, *, reach: float = 1.6, points: int = 61
) -> pd.DataFrame:
    """The expected loss of two features in one dimension, over a grid of both weights.

    Args:
        problem: of two features and one hidden dimension.
        b: the biases, (2,), None for 0.
        reach: weights go from −reach to reach, > 0.
        points: of them on a side, >= 2.

    Returns:
        One row per point of the grid: `w1`, `w2`, `loss`.

    Raises:
        SpecError: for another problem, grid or bias.

    Source: "Comments & Replications: Tom McGrath".
    """
    if not isinstance(problem, Problem) or (problem.n_features, problem.n_hidden) != (2, 1):
        rule = "must have two features and one hidden dimension"
        raise SpecError.of("surface_table", "problem", rule, problem)
    reach = number("surface_table", "reach", reach, "must be > 0", lambda x: x > 0)
    points = whole("surface_table", "points", points, "must be an integer >= 2", 2)
    w = np.linspace(-reach, reach, points)
    w2, w1 = (a.ravel() for a in np.meshgrid(w, w, indexing="ij"))
    W = np.stack([w1, w2], axis=-1)[:, None, :]
    return pd.DataFrame({"w1": w1, "w2": w2, "loss": expected_loss(problem, W, b).loss})

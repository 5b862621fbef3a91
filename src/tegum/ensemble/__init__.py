"""Named axes times seeds: one problem becomes thousands of trainings and one labelled Dataset."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

import tegum
from tegum.dims import CHECKPOINT, SEED, STEP
from tegum.engines import get_engine
from tegum.engines.base import PARAMETERS, Engine
from tegum.ensemble.given import Start
from tegum.ensemble.grid import Grid
from tegum.ensemble.progress import Display, Progress
from tegum.ensemble.slices import Results, available_memory, checked_jobs
from tegum.ensemble.solve import Schedule
from tegum.ensemble.work import unit_size
from tegum.errors import SpecError
from tegum.problem import Problem
from tegum.runs.models import AXES
from tegum.runs.select import average, best, drop_worst
from tegum.store import Store
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["average", "best", "drop_worst", "train"]

_ORDER: Final = (*PARAMETERS, "loss", "loss_error", "diverged")
_ATTRIBUTES: Final[Mapping[str, dict[str, str]]] = {
    "loss": {
        "long_name": "held-out loss",
        "convention": "sum over features, mean over samples, importance weighted, no penalties",
    },
    "loss_error": {"long_name": "standard error of the held-out loss"},
    "loss_curve": {
        "long_name": "loss of one fresh batch",
        "convention": "sum over features, mean over samples, importance weighted, no penalties",
    },
    "diverged": {"long_name": "the training diverged: weights and loss are NaN"},
    "gradient_norm": {"long_name": "length of the gradient of the expected loss"},
    "iterations": {"long_name": "iterations of L-BFGS"},
    "status": {
        "long_name": "how the descent ended",
        "flag_meanings": "0 running, 1 converged, 2 stalled, 3 diverged",
    },
    STEP: {"long_name": "optimiser steps done"},
    CHECKPOINT: {"long_name": "optimiser steps done"},
    SEED: {"long_name": "seed index"},
}


def train(
    problem: Problem,
    axes: Mapping[str, Any] | None = None,
    training: Training | None = None,
    seeds: int = 1,
    seed: int = 0,
    *,
    start: xr.Dataset | None = None,
    store: Store | str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    progress: Progress | Literal[False] | None = None,
) -> xr.Dataset:
    """Train `seeds` models at every point of the product of `axes`.

    `axes` maps names to values: `{"feature_probability": np.geomspace(1, .01, 50)}`; an entry is
    named `"importance[1]"`, and `{"r": ("importance[1]", values)}` gives an axis another name.
    `importance` also takes rows (k, n), whose axis then counts the rows. `seed`, in [0, 2^64), is
    the seed of the run. Instance k depends on (seed, its own coordinates) and nothing else.

    Returns a Dataset with the axes in order, then `seed`: `W (..., seed, hidden, feature)` (or
    `W_in` and `W_out (..., feature, hidden)`), `b (..., seed, feature)`, 0 where the model has no
    bias, `b_hidden (..., seed, hidden)` where it has one; `loss (..., seed)`, on held-out samples,
    summed over features, importance weighted, without penalties, and its standard error
    `loss_error`; `diverged`, which makes the others NaN; `loss_curve (..., seed, step)`;
    `W_checkpoint (..., seed, checkpoint, hidden, feature)` and `b_checkpoint` where asked for.

    With `start`, a Dataset such as an earlier run's, trainings begin with its weights in place of
    random ones, and with a fresh optimiser; what is sampled depends on the coordinates as always,
    so that a second training of the same problem wants another `seed`. Its dimensions are axes of
    this run or `seed`: a point starts from the model at its own coordinates, the k-th seed from
    the k-th model along `seed`, and all points start alike along an axis that it lacks. A
    curriculum gives each stage the run before; `start=runs.isel(seed=order[:20])` refines the
    best. Models that diverged stay so.

    With a `store` (a folder), finished work is looked up instead of repeated, and a run that was
    stopped goes on where it was. `jobs` threads work, by default one for each core. `progress` is
    shown on a terminal; False is silent. Raises SpecError, UnknownNameError, StoreError.
    """
    training = Training() if training is None else training
    _check_kinds(problem, training)
    n_seeds = _whole("seeds", seeds, lowest=1, bits=31)
    run_seed = _whole("seed", seed, lowest=0, bits=64)
    jobs = checked_jobs(jobs)
    grid = Grid(problem, training, axes)
    engine = get_engine(training.engine)
    first = None if start is None else Start.of(start, grid, n_seeds, engine.dtype)
    _check_memory(grid, n_seeds)
    with _opened(store) as place, _shown(progress) as report:
        schedule = Schedule(engine, grid, n_seeds, run_seed, place, jobs, report, first)
        arrays = schedule.solve()
    runs = _dataset(grid, n_seeds, run_seed, engine, arrays)
    return runs if first is None else runs.assign_attrs(start=first.digest(0, len(grid)))


def _check_kinds(problem: Problem, training: Training) -> None:
    if not isinstance(problem, Problem):
        raise SpecError.of("train", "problem", "must be a Problem", problem)
    if not isinstance(training, Training):
        raise SpecError.of("train", "training", "must be a Training", training)


def _whole(field: str, value: Any, *, lowest: int, bits: int) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not lowest <= value < 2**bits:
        rule = f"must be an integer >= {lowest} of at most {bits} bits"
        raise SpecError.of("train", field, rule, value)
    return int(value)


def _check_memory(grid: Grid, n_seeds: int) -> None:
    """Refuse what would not fit, before hours are spent on it."""
    problem, training, count = grid.problem, grid.training, len(grid) * n_seeds
    need = count * _instance_bytes(problem, training) + _working_bytes(problem, training, count)
    free = available_memory()
    if free is not None and need > free:
        raise SpecError(
            f"train: the results of {len(grid)} axis points x {n_seeds} seeds need "
            f"{need / 1e9:.3g} GB of memory, and {free / 1e9:.3g} GB are free; "
            "use fewer points, seeds or checkpoints, or a smaller model"
        )


def _weights(problem: Problem) -> int:
    return sum(prod(shape) for shape in problem.model.parameters(problem.n_features).values())


def _checkpoints(training: Training) -> int:
    """How many there are, without listing them: a count may be larger than memory."""
    given = training.checkpoints
    return len(given) if isinstance(given, tuple) else min(given, training.steps + 1)


def _instance_bytes(problem: Problem, training: Training) -> int:
    kept = 1 + _checkpoints(training)
    size = np.dtype(get_engine(training.engine).dtype).itemsize
    return size * _weights(problem) * kept + 4 * len(training.curve_steps()) + 32


def _working_bytes(problem: Problem, training: Training, count: int) -> int:
    """What a unit under way takes, roughly: state and initial numbers, blocks, lists of steps."""
    unit = min(count, unit_size(problem, training))
    return 48 * unit * _weights(problem) + 300 * problem.n_features + 128 * _checkpoints(training)


@contextmanager
def _opened(store: Store | str | os.PathLike[str] | None) -> Iterator[Store | None]:
    """The store, which is closed again if it was opened here."""
    if store is None or isinstance(store, Store):
        yield store
        return
    with Store(store) as opened:
        yield opened


@contextmanager
def _shown(progress: Progress | Literal[False] | None) -> Iterator[Progress]:
    """What to tell progress to: by default a bar, where there is a terminal to show it."""
    if progress is None and sys.stderr.isatty():
        with Display() as display:
            yield display
    else:
        yield progress or (lambda done, total: None)


def _dataset(
    grid: Grid, n_seeds: int, run_seed: int, engine: Engine, arrays: Results
) -> xr.Dataset:
    import xarray as xr

    training = grid.training
    leading = (*grid.names, SEED)
    coordinates = {**grid.coordinates(), SEED: np.arange(n_seeds)}
    if "loss_curve" in arrays:
        coordinates[STEP] = np.array(training.curve_steps())
    if training.checkpoint_steps():
        coordinates[CHECKPOINT] = np.array(training.checkpoint_steps())
    variables = {}
    for name in sorted(arrays, key=lambda name: (_order(name), name)):
        array = arrays[name]
        full = array.reshape((*grid.shape, *array.shape[1:]))
        variables[name] = ((*leading, *_own_dimensions(name)), full, _ATTRIBUTES.get(name, {}))
    attributes = {
        AXES: json.dumps({axis.name: axis.target for axis in grid.axes}),
        "problem": grid.problem.to_json(),
        "training": training.to_json(),
        "run_seed": run_seed,
        "engine": engine.name,
        "engine_version": engine.version,
        "tegum_version": tegum.__version__,
    }
    runs = xr.Dataset(variables, coordinates, attributes)
    for name in (SEED, STEP, CHECKPOINT):
        if name in runs.coords:
            runs.coords[name].attrs.update(_ATTRIBUTES[name])
    return runs


def _own_dimensions(name: str) -> tuple[str, ...]:
    """The dimensions of a variable after the axes and `seed`."""
    if name == "loss_curve":
        return (STEP,)
    if name.endswith("_checkpoint"):
        return (CHECKPOINT, *PARAMETERS[name.removesuffix("_checkpoint")])
    return PARAMETERS.get(name, ())


def _order(name: str) -> int:
    """Where a variable stands in the Dataset: parameters, the loss, the rest, records."""
    if name.endswith("_checkpoint"):
        return len(_ORDER) + 2
    if name == "loss_curve":
        return len(_ORDER) + 1
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)

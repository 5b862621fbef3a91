"""Named axes times seeds: one problem becomes thousands of trainings and one labelled Dataset."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import tegum
from tegum.arguments import explained, whole
from tegum.dims import CHECKPOINT, SEED, STEP
from tegum.engines import get_engine
from tegum.engines.choice import engine_of, require_trained
from tegum.ensemble.elsewhere import Elsewhere
from tegum.ensemble.given import Given
from tegum.ensemble.grid import Grid
from tegum.ensemble.machine import check_memory, checked_jobs
from tegum.ensemble.orders import check_sent
from tegum.ensemble.progress import Progress, shown
from tegum.ensemble.slices import Results
from tegum.ensemble.solve import Ensemble, Solver
from tegum.errors import SpecError
from tegum.executors import engaged
from tegum.functions import unknown_in
from tegum.hints import must_be
from tegum.problem import Problem
from tegum.runs.schema import MACHINE
from tegum.runs.write import dataset, stated, variables
from tegum.store import Store
from tegum.sweepable import TARGETS
from tegum.training import Training

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["train"]


@explained(example="tg.train(problem, seeds=32)", axes=TARGETS, training=Training)
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
    progress: Progress | bool | None = None,
    executor: Executor | str | None = None,
) -> xr.Dataset:
    """Train `seeds` models at every point of the product of `axes`.

    Instance k depends on (seed of the run, its own coordinates) and nothing else: alone, among
    thousands, on any number of threads and after a resume it has the same bits.

    Args:
        problem: what is asked of the models.
        axes: names to lists of different values, `{"feature_probability": np.geomspace(1, .01,
            50)}`; an entry is named `"importance[1]"`, and `{"r": ("importance[1]", values)}`
            gives an axis another name. `importance` and `feature_probability` also take rows
            (k, n): `importance_row` is then the number of the row, a dimension, and `importance`
            (importance_row, feature) what is in it; `runs.sel(importance_row=0)` takes one. None:
            the one point of `problem`.
        training: how it is solved; by default `Training()`.
        seeds: how many models at each point, >= 1.
        seed: the seed of the run, in [0, 2^64).
        start: a Dataset, such as an earlier run's, whose weights trainings begin with in place of
            random ones, with a fresh optimiser. Its dimensions are axes of this run or `seed`: a
            point starts from the model at its own coordinates, the k-th seed from the k-th model
            along `seed`, and all points alike along an axis that it lacks. A curriculum gives each
            stage the run before; `start=runs.isel(seed=order[:20])` refines the best. What is
            sampled depends on the coordinates as always, so that a second training of the same
            problem wants another `seed`. Models that diverged stay so.
        store: a folder in which finished work is looked up instead of repeated, and from which a
            run that was stopped goes on where it was.
        jobs: threads that work, >= 1, by default one for each core; with an executor the threads
            of each worker, by default 1.
        progress: told how far the run is; by default a bar on a terminal or in a notebook, which
            also says when kernels are compiled; True shows it anywhere, False is silent.
        executor: who trains in place of this process, with the same bits: any
            `concurrent.futures.Executor` whose workers have this tegum installed, or by name
            `"processes:4"`, `"dask"`, `"dask:tcp://host:8786"`, `"ray"`, `"ray:address"`,
            `"slurm:partition=main,time=60"`. Workers that reach the store's folder keep what they
            do in it themselves; units that are lost with a worker are worked on again.

    Returns:
        A Dataset with the axes in order, then `seed`: `W (..., seed, hidden, feature)` (or `W_in`
        and `W_out (..., feature, hidden)`), `b (..., seed, feature)`, 0 where the model has no
        bias, `b_hidden (..., seed, hidden)` where it has one; `loss (..., seed)`, on held-out
        samples, summed over features, importance weighted, without penalties, and its standard
        error `loss_error`; `diverged`, which makes the others NaN; `loss_curve (..., seed, step)`;
        `W_checkpoint (..., seed, checkpoint, hidden, feature)` and `b_checkpoint` where asked for.
        The exact engine adds `gradient_norm`, `iterations` and `status`; what h or weights cost is
        `penalty`. The attribute `machine` says which CPU's rounding the numbers have; where there
        were several, `machine (..., seed)` says whose each model's are.

    Raises:
        SpecError: for axes, values, counts and a start that do not fit, a problem that the engine
            cannot solve, and results that memory does not hold; all before anything is trained.
        UnknownNameError: for an axis that names nothing.
        StoreError: for a store that cannot be made, read or written.
        ExecutorError: where workers fail, are of another version, or are lost again and again.
        Interrupted: a KeyboardInterrupt that says what is kept and how to go on.

    Source: "Demonstrating Superposition: Experiment Setup".
    """
    training = Training() if training is None else training
    _check_kinds(problem, training)
    seeds = _whole("seeds", seeds, lowest=1, bits=31)
    run_seed = _whole("seed", seed, lowest=0, bits=64)
    jobs = checked_jobs("train", 1 if jobs is None and executor is not None else jobs)
    engine_name = engine_of(problem, training)
    require_trained(problem, engine_name)
    grid = Grid(problem, training, axes)
    engine = get_engine(engine_name, **training.place())
    given = None if start is None else Given.of(start, grid, seeds, engine.dtype)
    ensemble = Ensemble(engine, grid, seeds, run_seed, given)
    check_memory(ensemble)
    if store is not None:
        _check_known(problem)
        problem.model.check_storable()
    if executor is not None:
        check_sent(problem)
    place = store if store is None or isinstance(store, Store) else Store(store)
    with shown(progress) as report, ExitStack() as stack:
        if executor is None:
            solver = Solver(ensemble, place, jobs, report)
        else:
            workers = stack.enter_context(engaged(executor, jobs))
            solver = Elsewhere(ensemble, place, jobs, report, workers)
        try:
            arrays = solver.solve()
        except KeyboardInterrupt:
            raise solver.interrupted() from None
    return _dataset(ensemble, arrays, *solver.machines())


def _check_kinds(problem: Problem, training: Training) -> None:
    if not isinstance(problem, Problem):
        raise SpecError.of("train", "problem", must_be("Problem"), problem)
    if not isinstance(training, Training):
        raise SpecError.of("train", "training", must_be("Training"), training)


def _check_known(problem: Problem) -> None:
    """Raise SpecError for a problem that its JSON does not say all of."""
    unknown = unknown_in(problem)
    if unknown is not None:
        owner, field, what = unknown
        rule = "must be a function of a module, with its source, to be kept in a store"
        raise SpecError.of(owner, field, f"{rule}; move it there, or leave out store", what)


def _whole(field: str, value: Any, *, lowest: int, bits: int) -> int:
    rule = f"must be an integer >= {lowest} of at most {bits} bits"
    return whole("train", field, value, rule, lowest, 2**bits)


def _dataset(
    ensemble: Ensemble, arrays: Results, machines: list[str], machine: NDArray[np.int16]
) -> xr.Dataset:
    grid, engine, training = ensemble.grid, ensemble.engine, ensemble.grid.training
    coordinates = {**grid.coordinates(), SEED: np.arange(ensemble.seeds)}
    if training.curve_steps():
        coordinates[STEP] = np.array(training.curve_steps())
    if training.checkpoint_steps():
        coordinates[CHECKPOINT] = np.array(training.checkpoint_steps())
    attributes = stated(
        grid.problem,
        {axis.name: axis.target for axis in grid.axes},
        training=training.to_json(),
        run_seed=ensemble.run_seed,
        engine=engine.name,
        engine_version=engine.version,
        machine=", ".join(machines),
        tegum_version=tegum.__version__,
    )
    if ensemble.given is not None:
        attributes["start"] = ensemble.given.digest(0, len(grid))
    own = grid.problem.model.dimensions(grid.problem.n_features)
    shape = (*grid.shape, ensemble.seeds)
    if len(machines) > 1:
        arrays = {**arrays, MACHINE: machine}
    found = variables(arrays, (*grid.names, SEED), shape, own=own)
    if len(machines) > 1:
        meanings = ", ".join(f"{k} {name}" for k, name in enumerate(machines))
        found[MACHINE][2]["flag_meanings"] = meanings
    return dataset(found, coordinates, attributes)

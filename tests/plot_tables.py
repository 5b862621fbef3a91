"""Runs of every kind that figures are made for, and what each drawing function is given."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import tegum as tg
from tegum import plots
from tegum.ensemble.grid import Grid
from tegum.plots._sources import CALLS
from tegum.runs.schema import at_checkpoints
from tegum.runs.write import dataset, stated, variables

#: The functions that draw.
DRAWING = tuple(name for name in plots.__all__ if name not in ("look", "save_film"))
DENSITIES = [1.0, 0.3, 0.05]
#: Functions that need what no Dataset has.
TABLES_ALONE = {"against_theory", "crossing", "loss_surface"}
PAIR = tg.Problem(tg.Independent(2, 0.1), tg.ReLUOutput(1, bias=False))
STEPS = np.array([0, 1, 3, 10, 30, 100, 200, 400])

#: The Dataset that a function is for, and what it must be told besides.
FOR: dict[str, tuple[str, dict[str, Any]]] = {
    "circuit": ("neurons", {}),
    "counts": ("sweep", {}),
    "crossing": ("branch", {"at": "importance[1]"}),
    "dimensionality": ("sweep", {}),
    "dimensions_per_feature": ("sweep", {}),
    "excess_curves": ("seeds", {}),
    "features_3d": ("space", {}),
    "level_traces": ("space", {}),
    "loss_curves": ("sweep", {}),
    "loss_surface": ("grid", {}),
    "morph": ("plane", {"at": "feature_probability"}),
    "motion_3d": ("space", {}),
    "neuron_weights": ("neurons", {}),
    "neurons": ("neurons", {}),
    "phase_map": ("grid", {}),
    "sets_2d": ("sets", {}),
    "stacks": ("neurons", {}),
    "stage_curve": ("seeds", {}),
}


def made(problem: tg.Problem, axes: Any = None) -> xr.Dataset:
    """As `train` writes them: three random seeds that grow at checkpoints."""
    grid, rng = Grid(problem, tg.Training(), axes), np.random.default_rng(0)
    lead, n = (*grid.shape, 3), problem.n_features
    own = {"b": (n,), **problem.model.parameters(n)}
    end = {name: rng.normal(0, 0.7, (*lead, *shape)) for name, shape in own.items()}
    end["b"] *= 0.2 * problem.model.has_bias
    grown = {
        at_checkpoints(name): np.stack(
            [share * array for share in np.linspace(0.1, 1, len(STEPS))], axis=len(lead)
        )
        for name, array in end.items()
    }
    losses = {"loss": rng.random(lead), "loss_curve": rng.random((*lead, len(STEPS)))}
    found = variables({**end, **losses, **grown}, (*grid.names, "seed"), lead)
    labels = {"seed": np.arange(3), "checkpoint": STEPS, "step": STEPS}
    targets = {axis.name: axis.target for axis in grid.axes}
    return dataset(found, {**grid.coordinates(), **labels}, stated(problem, targets))


def runs_of_every_kind() -> dict[str, xr.Dataset]:
    """By name."""
    law, density = tg.Independent(5, 0.1), {"feature_probability": DENSITIES}
    grid = {
        "p": ("feature_probability", [0.1, 0.5, 0.9]),
        "r": ("importance[1]", [0.2, 1.0, 3.0, 9.0]),
    }
    deep = made(tg.Problem(tg.Correlated(2, 3, 0.2), tg.ReLUOutput(3)))
    sweep = made(tg.Problem(law, tg.ReLUOutput(2), 0.9 ** np.arange(5)), density)
    sets = made(tg.Problem(tg.Anticorrelated(2, 2, 0.2), tg.ReLUOutput(2)), density)
    motifs = made(tg.Problem(tg.Independent(3, 0.2, "signed"), tg.TwoLayer(4), target="abs"))
    return {
        "sweep": sweep,
        "plane": tg.best(sweep),
        "space": tg.best(deep),
        "seeds": deep,
        "sets": tg.best(sets),
        "neurons": tg.best(motifs),
        "grid": made(PAIR, grid),
        "branch": tg.follow(
            PAIR, np.array([[1.0, -1.0]]), target="importance[1]", values=[0.8, 1.0, 1.2]
        ),
    }


def tables_for(name: str, runs: dict[str, xr.Dataset]) -> dict[str, Any]:
    """All arguments of which `CALLS` knows a call, made by it; and what must be told besides."""
    which, more = FOR.get(name, ("plane", {}))
    source = runs[which]
    if name in ("counts", "dimensionality", "dimensions_per_feature"):
        source = runs["plane"]  # one model at each density
    known = {"tg": tg, "pd": pd, "runs": source, "branch": runs["branch"], "problem": PAIR}
    if name == "dimensionality":
        known["tg"] = _without_best()
    given = {}
    for owner in [owner for owner in CALLS if owner.partition(".")[0] == name]:
        draw = getattr(plots, name)
        parameter = owner.partition(".")[2] or next(iter(inspect.signature(draw).parameters))
        given[parameter] = eval(CALLS[owner], known)
    if "stages" in given and "seed" not in given["stages"]:
        given["stages"] = given["stages"].assign(seed=0)
    if name == "stage_curve":
        given["stages"] = given["stages"].query("seed == 0")
    if name == "motion_3d":
        given["stages"] = given["stages"].assign(name="A")
    if name == "features_3d":
        given["paths"] = given["paths"].query("step < 100")
    return {**given, **more}


def given_for(name: str, runs: dict[str, xr.Dataset], *, table: bool = False) -> dict[str, Any]:
    """The Dataset that a function is for, or the tables; those alone for what takes no Dataset."""
    if table or name in TABLES_ALONE:
        return tables_for(name, runs)
    which, more = FOR.get(name, ("plane", {}))
    first = next(iter(inspect.signature(getattr(plots, name)).parameters))
    return {first: runs[which], **more}


def _without_best() -> Any:
    """What is best already is left as it is."""

    class Face:
        best = staticmethod(lambda runs: runs)
        analysis, runs = tg.analysis, tg.runs

    return Face

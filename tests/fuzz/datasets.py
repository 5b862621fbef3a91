"""Files of trained models: valid netCDF whose dimensions, types, values and attributes are odd."""

from __future__ import annotations

import json
import random
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import tegum as tg
from tegum.runs import tables

from . import cli, refusal
from ._words import JSONS, TEXTS, a_folder, runs_by_hand

#: The way in, and the changes before it, one after the other: their names, and a number that picks
#: what of it.
Input = tuple[str, list[tuple[str, int]]]
Change = Callable[[xr.Dataset, random.Random], xr.Dataset]

_TYPES = (
    "f2",
    "f4",
    "f8",
    ">f4",
    ">f8",
    "i4",
    "u8",
    "i1",
    "?",
    "U4",
    "S3",
    "c16",
    "M8[ns]",
    "m8[ns]",
)
_NAMES = ("W", "b", "loss", "loss_error", "diverged", "loss_curve", "p", "seed", "step")
_DIMS = ("p", "seed", "hidden", "feature", "step")
_OTHER = (
    "W",
    "loss",
    "seeds",
    "best loss",
    "importance",
    "candidate",
    "feature_j",
    "point",
    "x",
    "l2",
)
_NUMBERS = (np.nan, np.inf, -np.inf, 0.0, -1.0, 1e300, 1e-300)

_SETS: tuple[Any, ...] = ({}, {"p": "importance[9]"}, {"p": "importance"}, {"x": "l1"}, {"p": 3})
_SETS += ({"p": "l1", "b": "l1"}, {"p": "feature_probability"}, {"p": "W"}, {"seed": "l1"})
_SETS += ({"p": "n_features"}, [1], "l1", None)
_PROBLEMS = (
    tg.Problem(tg.Independent(4, 0.5), tg.ReLUOutput(2)),
    tg.Problem(tg.Independent(3, 0.5), tg.TwoLayer(2)),
    tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(10**9)),
    tg.Problem(tg.Independent(10**9, 0.5), tg.Linear(2)),
    tg.Problem(tg.Independent(3, 0.5), tg.Linear(2), target=tg.Pairs("or")),
)


def inputs(rng: random.Random) -> Iterator[Input]:
    """Up to three changes."""
    while True:
        kinds = [rng.choice(list(CHANGES)) for _ in range(rng.randint(1, 3))]
        way = rng.choice(list(READERS) if rng.random() < 0.9 else list(_LINES))
        yield way, [(kind, rng.randrange(10**6)) for kind in kinds]


@cache
def _good(untied: bool) -> xr.Dataset:
    runs = runs_by_hand()
    if not untied:
        return runs
    problem = tg.Problem(tg.Independent(3, 0.3), tg.TwoLayer(2))
    out = runs["W"].transpose("p", "seed", "feature", "hidden")
    return runs.rename(W="W_in").assign(W_out=out).assign_attrs(problem=problem.to_json())


def _one(runs: xr.Dataset, rng: random.Random) -> str:
    return rng.choice([str(name) for name in runs.variables])


def _type(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    name = _one(runs, rng)
    array = runs[name]
    return _put(runs, name, array.dims, array.to_numpy().astype(rng.choice(_TYPES)))


def _put(runs: xr.Dataset, name: str, dims: Any, values: Any) -> xr.Dataset:
    kind = runs.assign_coords if name in runs.coords else runs.assign
    return kind({name: (dims, values)})


def _value(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    name = _one(runs, rng)
    array = runs[name].to_numpy().copy()
    if array.size and array.dtype.kind in "fc":
        array.flat[rng.randrange(array.size) :: rng.choice((1, 10**9))] = rng.choice(_NUMBERS)
    return _put(runs, name, runs[name].dims, array)


def _drop(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    return runs.drop_vars(_one(runs, rng))


def _rename(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    new = rng.choice((*_OTHER, *TEXTS))
    if not new or "/" in new or "\udcff" in new or new in runs.variables or new in runs.dims:
        return runs
    return runs.rename({rng.choice([*runs.variables, *runs.dims]): new})


def _select(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    dim = rng.choice(list(runs.dims))
    return runs.isel(
        {dim: rng.choice((0, slice(0, 1), slice(0, 0), [0, 0], slice(None, None, -1)))}
    )


def _one_lacks(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    """A variable without one of its dimensions."""
    name = rng.choice(list(runs.data_vars))
    dims = runs[name].dims
    if not dims or 0 in runs[name].shape:
        return runs
    return runs.assign({name: runs[name].isel({rng.choice(dims): 0}, drop=True)})


def _one_gains(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    name, dim = rng.choice(list(runs.data_vars)), rng.choice((*_OTHER, *_DIMS))
    if dim in runs[name].dims or dim in runs.variables:
        return runs
    return runs.assign({name: runs[name].expand_dims({dim: runs.sizes.get(dim, 2)})})


def _turn(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    dims = list(runs.dims)
    rng.shuffle(dims)
    return runs.transpose(*dims)


def _attribute(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    name = rng.choice([*runs.attrs, "start", "x"])
    value: Any = rng.choice((*JSONS, *TEXTS, 0, -1, 1.5, np.nan, np.array([1, 2]), 2**64 - 1, True))
    if isinstance(value, str) and (len(value) > 60_000 or "\udcff" in value):
        return runs
    return runs.assign_attrs({name: value})


def _no_attribute(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    gone = rng.choice(list(runs.attrs) or ["x"])
    return runs.assign_attrs({}).drop_attrs().assign_attrs(
        {name: value for name, value in runs.attrs.items() if name != gone}
    )  # fmt: skip


def _axes(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    """What the axes are said to set."""
    said = rng.choice(_SETS)
    return runs.assign_attrs(axes=json.dumps(said))


def _description(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    """A problem or training of other sizes, sound by itself."""
    problem = rng.choice(_PROBLEMS)
    if rng.random() < 0.3:
        return runs.assign_attrs(training=tg.Training(steps=10**12, curve_points=10**12).to_json())
    return runs.assign_attrs(problem=problem.to_json())


def _coordinate(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    """A coordinate of another kind along an axis."""
    dim = rng.choice([dim for dim in runs.dims if runs.sizes[dim]] or [None])
    if dim is None:
        return runs
    size = runs.sizes[dim]
    values: tuple[Any, ...] = (
        np.full(size, np.nan), np.full(size, np.inf), np.arange(size) * 1j, np.zeros(size),
        np.array([f"a\nb\x1b[31m{k}" for k in range(size)]), np.zeros(size, "M8[ns]"),
        np.array([b"x"] * size), np.arange(size)[::-1].copy(), np.zeros(size, bool),
        np.full(size, 2**64 - 1, np.uint64),
    )  # fmt: skip
    return runs.assign_coords({dim: (dim, rng.choice(values))})


def _second(runs: xr.Dataset, rng: random.Random) -> xr.Dataset:
    """A further coordinate, of one or two dimensions."""
    dims = rng.sample(list(runs.dims), min(len(runs.dims), rng.randint(0, 2)))
    name = rng.choice(("p_vector", "other", "importance", "c\x1b[2J"))
    return runs.assign_coords({name: (dims, np.zeros([runs.sizes[dim] for dim in dims]))})


CHANGES: dict[str, Change] = {
    "type": _type,
    "value": _value,
    "drop": _drop,
    "rename": _rename,
    "select": _select,
    "one lacks": _one_lacks,
    "one gains": _one_gains,
    "turn": _turn,
    "attribute": _attribute,
    "no attribute": _no_attribute,
    "axes": _axes,
    "description": _description,
    "coordinate": _coordinate,
    "second": _second,
}


@contextmanager
def around() -> Iterator[None]:
    """As for the command line, in a folder of our own."""
    with cli.around(), a_folder(Path(tempfile.mkdtemp(dir="."))):
        yield


def attempt(one: Input) -> None:
    """What reads a Dataset in Python, or a command that reads its file."""
    way, changes = one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs = _good(changes[0][1] % 4 == 0)
        try:
            for name, number in changes:
                runs = CHANGES[name](runs, random.Random(number))
            if way in _LINES:
                runs.to_netcdf("f.nc", engine="h5netcdf")
        except Exception:
            return  # xarray makes or writes no such thing
    if way in _LINES:
        cli.attempt((_LINES[way].split(), "utf-8"))
        return
    try:
        READERS[way](runs)
    except Exception as error:
        refusal(error)


_LINES = {
    "show": "show f.nc",
    "json": "show f.nc --json",
    "start": "train --problem problem.json --axis p:feature_probability=0.5,1 --seeds 2 --steps 0"
    " --start f.nc --out o.nc --batch-size 8 --held-out 64 --curve-points 1",
}

READERS: dict[str, Callable[[xr.Dataset], Any]] = {
    "best": tg.best,
    "drop_worst": tg.drop_worst,
    "average": lambda runs: tg.average(runs, "loss"),
    "problem_of": lambda runs: tg.problem_of(runs),
    "problem_of one": lambda runs: tg.problem_of(runs, p=0.5),
    "problem_of best": lambda runs: tg.problem_of(tg.best(runs), p=1.0),
    "forward": lambda runs: tg.forward(runs, np.ones((2, 3))),
    "feature_table": tables.feature_table,
    "gram_table": tables.gram_table,
    "count_table": tables.count_table,
    "neuron_table": tables.neuron_table,
    "loss_table": tables.loss_table,
}

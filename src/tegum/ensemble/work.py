"""How an ensemble is cut into units of work, and what each is called in a store.

A *family* is a block of neighbouring axis points with their trainings, a run seed and an engine;
a *unit* is a family over a range of seed indices. An instance does not depend on its batch, so
the cut changes no bit: it only balances threads, memory and what a kill can cost. Seed ranges
make a later run with more seeds use everything that is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import tegum
from tegum.models import Shallow
from tegum.store import Row

if TYPE_CHECKING:
    from tegum.engines.base import Engine
    from tegum.problem import Problem
    from tegum.training import Training

_FORMAT: Final = b"tegum unit 1"
#: Multiply-adds in one step of a unit: a quarter second of two cores then holds many steps, which
#: is how long progress and Ctrl-C may wait.
_STEP_WORK: Final = 40_000_000
#: So many times that of the torch engine, for which stacks too small for a GPU are slow.
_OF_TORCH: Final = 8
#: Multiply-adds in what is asked of a worker elsewhere.
_ORDER_WORK: Final = 50_000_000_000
#: Weights and two moments of a unit, in bytes: what a cut-off unit writes to the store.
_STATE_BYTES: Final = 128_000_000
#: Instances that keep the threads of a machine evenly busy.
_FEWEST, _MOST = 64, 8192
_SEEDS: Final = 16


class Unit(NamedTuple):
    """Points first..first+n_points-1 of all axis points, and the store's name for seeds of them."""

    first: int
    n_points: int
    row: Row

    @property
    def n_instances(self) -> int:
        """Points times seeds."""
        return self.n_points * (self.row.stop - self.row.start)


def unit_size(problem: Problem, training: Training) -> int:
    """The number of instances in a full unit, at least 1; the same on every machine."""
    n, m = problem.n_features, problem.n_hidden
    work = _STEP_WORK * (_OF_TORCH if training.engine == "torch" else 1)
    by_work = work // (training.samples_in_step(problem.distribution) * n * (m + 2))
    numbers = 2 * n * m + n + m
    if not isinstance(problem.model, Shallow):
        numbers = sum(map(prod, problem.model.parameters(n).values()))
    by_memory = _STATE_BYTES // (12 * numbers)
    return max(1, min(_MOST, max(_FEWEST, by_work), by_memory))


def points_per_unit(size: int) -> int:
    """The number of neighbouring points in a full unit of `size` instances, whatever the seeds.

    Several seeds of a point together let an engine prepare for the point once.
    """
    return max(min(size, _FEWEST), size // _SEEDS)


def points_per_order(size: int) -> int:
    """The same of what a worker elsewhere is given."""
    return max(min(size, _SEEDS), size // _SEEDS)


def blocks(first: int, stop: int, longest: int) -> Iterator[tuple[int, int]]:
    """The points first..stop-1 in blocks: where each begins, and how many points it has."""
    for begin in range(first, stop, longest):
        yield begin, min(longest, stop - begin)


def cut(first: int, n_points: int, row: Row, longest: int) -> Iterator[Unit]:
    """The seeds of a block of points in units of at most `longest` seeds."""
    for begin, count in blocks(row.start, row.stop, longest):
        yield Unit(first, n_points, Row(row.family, begin, begin + count))


def order_size(problem: Problem, training: Training) -> int:
    """The number of instances that a worker elsewhere trains at a time; the same on every machine.

    They take some ten seconds of a core: much longer than to ask for them.
    """
    samples = training.steps * training.samples_in_step(problem.distribution)
    each = max(1, samples * problem.n_features * (problem.n_hidden + 2))
    return max(1, min(unit_size(problem, training), _ORDER_WORK // each))


def family_of(
    engine: Engine,
    points: Sequence[Problem],
    trainings: Sequence[Training],
    run_seed: int,
    given: str | None = None,
) -> str:
    """The digest of everything but the seed indices that a unit's results depend on.

    `given` is a digest of the weights to start from, where they are given.
    """
    digest = blake2b(_FORMAT, digest_size=16)
    for text in (engine.name, engine.version, str(run_seed)):
        digest.update(f"\n{text}".encode())
    for point, training in zip(points, trainings, strict=True):
        digest.update(f"\n{point.key()}\n{training.to_json()}".encode())
        if (address := point.address()) != point.key():
            digest.update(f"\naddress {address}".encode())
    if code := points[0].model.code:
        digest.update(f"\ncode {code}".encode())
    if given is not None:
        digest.update(f"\nstart {given}".encode())
    return digest.hexdigest()


def about(
    engine: Engine,
    problem: Problem,
    training: Training,
    n_points: int,
    run_seed: int,
    machine: str,
) -> dict[str, Any]:
    """What a store keeps beside a unit's results, which `machine` computed."""
    return {
        "engine": engine.name,
        "engine_version": engine.version,
        "machine": machine,
        "n_points": n_points,
        "problem": problem.to_json(),
        "run_seed": str(run_seed),
        "tegum_version": tegum.__version__,
        "training": training.to_json(),
    }


def longest_at(rows: Sequence[Row], position: int) -> Row | None:
    """Of the rows that hold seed `position`, the one that reaches furthest."""
    here = [row for row in rows if row.start <= position < row.stop]
    return max(here, key=lambda row: row.stop, default=None)


def next_start(rows: Sequence[Row], position: int, end: int) -> int:
    """The first seed after `position` that a row starts with, at most `end`."""
    return min([end, *(row.start for row in rows if row.start > position)])

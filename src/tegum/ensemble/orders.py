"""A unit of work as plain bytes: the order that a worker is given, and what it answers.

Both are the bytes of a unit's file, with their checksum: JSON, and arrays where there are some. An
order says what its unit is called, and so the worker can tell that it would do the same work: the
name is a digest of the engine's version and of all that results depend on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tegum
from tegum import errors
from tegum.engines import get_engine
from tegum.engines.base import Batch
from tegum.engines.choice import engine_of
from tegum.ensemble.work import family_of
from tegum.errors import DamagedFileError, ExecutorError, SpecError, TegumError, joined
from tegum.functions import Function, bring, code_in
from tegum.problem import Problem
from tegum.store import Row
from tegum.store.files import Arrays, decode, encode
from tegum.sweepable import with_axis
from tegum.training import Training

if TYPE_CHECKING:
    from tegum.engines.base import Engine
    from tegum.ensemble.solve import Ensemble
    from tegum.ensemble.work import Unit

#: How an answer ended: results in it, results in the store, an error of ours, any other.
RESULTS, KEPT, REFUSED, FAILED = "results", "kept", "refused", "failed"


def check_sent(problem: Problem) -> None:
    """Raise SpecError for a problem with code that no worker would find."""
    for owner, field, code in code_in(problem):
        found = code.is_known if isinstance(code, Function) else code.importable
        if not found or code.name.startswith("__main__:"):
            rule = "must be in a module that workers can import, not in the script itself"
            raise SpecError.of(owner, field, f"{rule}; move it there, or leave out executor", code)


def order(of: Ensemble, unit: Unit, threads: int, shared: tuple[str, str] | None) -> bytes:
    """The order for a unit; `shared` is where the store is, and what shows that it is the same."""
    grid, given, row = of.grid, of.given, unit.row
    seeds = range(row.start, row.stop)
    start = {} if given is None else given.rows(unit.first, unit.n_points, seeds)
    meta = {
        "tegum_version": tegum.__version__,
        "engine_version": of.engine.version,
        "problem": grid.problem.to_json(),
        "training": grid.training.to_json(),
        "points": grid.values(unit.first, unit.first + unit.n_points),
        "given": None if given is None else given.digest(unit.first, unit.n_points),
        "run_seed": str(of.run_seed),
        "row": row._asdict(),
        "threads": threads,
        "shared": shared,
        "code": sorted({code.name for _, _, code in code_in(grid.problem)}),
    }
    return encode(start, meta)


@dataclass(frozen=True)
class Order:
    """What is to be done: a batch, by an engine, on so many threads, and its name in a store."""

    engine: Engine
    batch: Batch
    row: Row
    threads: int
    shared: tuple[str, str] | None
    training: Training

    @classmethod
    def read(cls, raw: bytes) -> Order:
        """From its bytes; TegumError where this tegum would do other work than it says."""
        arrays, meta = decode(raw, "an order")
        if meta["tegum_version"] != tegum.__version__:
            raise _other("tegum", meta["tegum_version"], tegum.__version__)
        for name in meta["code"]:
            bring(name)
        problem = Problem.from_json(meta["problem"])
        training = Training.from_json(meta["training"])
        engine = get_engine(engine_of(problem, training), **training.place())
        if meta["engine_version"] != engine.version:
            raise _other(f"the {engine.name} engine", meta["engine_version"], engine.version)
        points = [_point(problem, training, values) for values in meta["points"]]
        problems, trainings = tuple(p for p, _ in points), tuple(t for _, t in points)
        row, run_seed = Row(**meta["row"]), int(meta["run_seed"])
        if family_of(engine, problems, trainings, run_seed, meta["given"]) != row.family:
            rule = "must mean the same here as where it was asked: a file or a function differs"
            raise SpecError.of("train", "problem", rule, problem)
        seeds = tuple(range(row.start, row.stop))
        batch = Batch(problem, problems, trainings, seeds, run_seed, arrays or None)
        shared = None if meta["shared"] is None else tuple(meta["shared"])
        return cls(engine, batch, row, meta["threads"], shared, training)


def _other(what: str, theirs: str, ours: str) -> ExecutorError:
    return ExecutorError(
        f"train: a worker has version {ours} of {what}, and the work is for {theirs}; "
        "install the same on all machines"
    )


def _point(problem: Problem, training: Training, values: list[Any]) -> tuple[Problem, Training]:
    for target, value in values:
        given = tuple(value) if isinstance(value, list) else value
        problem, training = with_axis(problem, training, target, given)
    return problem, training


# --- answers -------------------------------------------------------------------------------------


def answer(row: Row, how: str, arrays: Arrays | None = None, **said: str) -> bytes:
    """What a worker says of a unit."""
    return encode(arrays or {}, {"row": row._asdict(), "how": how, **said})


def refusal(error: BaseException, where: str) -> bytes:
    """What a worker says that could not do its work: in our words, or in the error's."""
    nothing = Row("none", 0, 1)
    if isinstance(error, TegumError):
        return answer(nothing, REFUSED, error=type(error).__name__, message=str(error))
    said = f"{type(error).__name__}: {joined(error)}"
    return answer(nothing, FAILED, message=said, where=where)


def results_of(raw: Any, row: Row) -> tuple[Arrays, str] | None:
    """The arrays of an answer and the worker's machine, or None where they are in the store.

    Raises the worker's TegumError, `ExecutorError` for any other of its errors, and
    `DamagedFileError` where the answer is not one, or another unit's.
    """
    if not isinstance(raw, bytes | bytearray | memoryview):
        raise DamagedFileError(f"an answer is damaged: it is a {type(raw).__name__}")
    arrays, meta = decode(bytes(raw), "an answer")
    how = meta.get("how")
    if how == REFUSED:
        kind = getattr(errors, str(meta["error"]), ExecutorError)
        raise kind(meta["message"])
    if how == FAILED:
        raise ExecutorError(f"train: a worker failed ({meta['where']}): {meta['message']}")
    if meta.get("row") != row._asdict():
        raise DamagedFileError("an answer is damaged: it is another unit's")
    return (arrays, str(meta["machine"])) if how == RESULTS else None

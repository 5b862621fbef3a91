"""Where the units of a training are worked on, when not here: executors, given or by name.

An executor is a `concurrent.futures.Executor`: a process pool, Dask's, Ray's, SLURM's. It is given
a function of a module and bytes, and gives bytes back; nothing else is asked of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from tegum.errors import SpecError, UnknownNameError

__all__ = ["INTERRUPTS", "NAMES", "ahead", "count", "engaged", "executor", "number"]

#: The executors there are by name, each in a file of its own; what follows a colon is for them.
NAMES: Final = ("processes", "dask", "ray", "slurm")
#: The errors with which engines interrupt what they run, added by their adapters in the worker.
INTERRUPTS: Final[set[type[BaseException]]] = set()
#: The libraries whose own executors are not taken as they are, and whose file knows why.
_CAREFUL: Final = {"distributed": "dask"}
#: How many workers an executor is taken to have that does not say.
_ASSUMED: Final = 16
_AHEAD: Final = 2


def executor(name: str, threads: int = 1) -> Executor:
    """The executor of a name, for several trainings; close it with `shutdown`, or use it in `with`.

    Args:
        name: `"processes"`, or `"processes:4"` for four of them; `"dask"` for a cluster of this
            machine, `"dask:tcp://host:8786"` for one that is there; `"ray"` and `"ray:address"`
            likewise; `"slurm"`, with settings such as `"slurm:partition=main,time=60"`.
        threads: that each worker uses, >= 1.

    Returns:
        The executor.

    Raises:
        SpecError: for settings that are not known, where its library is missing, and where nobody
            answers at its address.
        UnknownNameError: for a name that is not in `NAMES`.

    Source: method, libraries loky, Dask, Ray and submitit.
    """
    kind, _, settings = name.partition(":")
    if kind not in NAMES:
        raise UnknownNameError.of("executor", kind, NAMES)
    try:
        module = import_module(f"tegum.executors.{kind}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tegum"):
            raise
        rule = f"needs {error.name}: pip install 'tegum[{kind}]'"
        raise SpecError.of("executor", "name", rule, name) from None
    made: Executor = module.executor(settings, threads)
    return made


def number(text: str, most: int, rule: str) -> int:
    """The whole number that a setting gives.

    Args:
        text: what was said.
        most: the largest that makes sense, >= 1.
        rule: says the range in words.

    Returns:
        The number, in [1, most].

    Raises:
        SpecError: for any other text.

    Source: method.
    """
    digits = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    if not digits or not 1 <= int(text) <= most:
        raise SpecError.of("executor", "name", rule, text)
    return int(text)


def count(of: Executor) -> int:
    """How many units an executor works on at once, as pools say it; a guess where one does not.

    Args:
        of: the executor.

    Returns:
        The number, >= 1.

    Source: method.
    """
    return getattr(of, "_max_workers", None) or _ASSUMED


def _understood(given: Executor) -> Executor:
    """A given executor, or one around it where its library wants care; both stay open."""
    kind = _CAREFUL.get(type(given).__module__.partition(".")[0])
    if kind is None:
        return given
    around: Executor = import_module(f"tegum.executors.{kind}").around(given)
    return around


def ahead(of: Executor) -> int:
    """How many units an executor wants to have at once for each worker.

    Args:
        of: the executor.

    Returns:
        The number, >= 1: by default one that is worked on, and one that is there when it is done.

    Source: method.
    """
    return getattr(of, "units_ahead", None) or _AHEAD


@contextmanager
def engaged(given: Any, threads: int) -> Iterator[Executor]:
    """An executor, which stays open, or that of a name, which is closed at the end.

    Args:
        given: the executor, or its name as `executor` takes it.
        threads: that each worker of a named one uses, >= 1.

    Yields:
        The executor.

    Raises:
        SpecError: for what is no executor, and as `executor` does.
        UnknownNameError: for a name that is not in `NAMES`.

    Source: method.
    """
    if isinstance(given, Executor):
        taken = _understood(given)
        try:
            yield taken
        finally:
            if taken is not given:
                taken.shutdown(wait=False)
        return
    if not isinstance(given, str):
        rule = "must be a concurrent.futures.Executor or one of "
        raise SpecError.of("train", "executor", rule + ", ".join(NAMES), given)
    made = executor(given, threads)
    try:
        yield made
    except BaseException:
        made.shutdown(wait=False, cancel_futures=True)
        raise
    made.shutdown(wait=True, cancel_futures=True)

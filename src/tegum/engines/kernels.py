"""Kernels compiled ahead of a call, without one: in processes at once, and for wheels.

    python -m tegum.engines.kernels            what is not kept yet, on all cores, into the cache
    python -m tegum.engines.kernels --ship     object code of all levels, beside the sources

A thread would not help: numba compiles one kernel of a process at a time.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tegum.engines import COMPILED, cache, shipped
from tegum.engines.base import Batch
from tegum.errors import UnknownNameError


class _Compiled(Exception):
    """A kernel was compiled in place of being called."""


def names() -> list[str]:
    """All kernels, as engine.kernel; in the order in which to begin with them."""
    return [f"{engine}.{kernel}" for engine in COMPILED for kernel in _known(engine)]


def missing() -> list[str]:
    """Those of `names()` of which no form is kept, in the cache or in the package."""
    return [name for name in names() if not cache.is_kept(_kernel(name))]


def compile_kernel(name: str, ship: Path | None = None) -> None:
    """Compile a kernel of `names()`, where it is not kept yet, without running it.

    Args:
        name: which.
        ship: the folder to write its object code to, instead of keeping it.
    """
    kernel = _kernel(name)
    engine, _, attribute = name.partition(".")
    caller = _list_of(engine).CALLER
    if ship is not None:
        kernel._cache = Writer(kernel.py_func, ship)
    with _not_called(caller, attribute, kernel):
        _known(engine)[attribute]()


def compile_all(which: Sequence[str], ship: Path | None = None) -> None:
    """Compile kernels in processes of their own, one for each core; raises where one fails.

    Args:
        which: of `names()`.
        ship: the folder to write their object code to, for every level, instead of keeping them.
    """
    levels = (None,) if ship is None else tuple(shipped.LEVELS)
    todo = [(name, level) for name in which for level in levels]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda job: compile_apart(job[0], job[1], ship), todo):
            pass


def compile_apart(name: str, level: str | None = None, ship: Path | None = None) -> None:
    """`compile_kernel` in a process of its own, for this machine or for a level.

    Where this process ends, that one does too.
    """
    # no folder of the user's comes before the library
    command = [sys.executable, "-P", "-m", "tegum.engines.kernels", name, "--apart"]
    environment = dict(os.environ)
    if level is not None:
        features = ",".join(f"+{feature}" for feature in shipped.LEVELS[level])
        environment |= {"NUMBA_CPU_NAME": level, "NUMBA_CPU_FEATURES": features}
        environment |= {"PYTHONHASHSEED": "0"}
    if ship is not None:
        command += ["--ship", str(ship)]
    read, write = os.pipe()
    try:
        done = subprocess.run(command, env=environment, stdin=read, capture_output=True)
    finally:
        os.close(read)
        os.close(write)
    if done.returncode:
        raise RuntimeError(f"{name} was not compiled:\n{done.stderr.decode(errors='replace')}")


def ahead(engine: str, batch: Batch) -> None:
    """Have kernels compiled that a training by an engine comes to, in processes beside this one.

    The first one is left to this process. One that is waited for is not compiled a second time.
    """
    beside(engine, _list_of(engine).later(batch))


def beside(engine: str, attributes: Sequence[str]) -> None:
    """Have kernels of an engine compiled, where they are not kept, in processes beside this one."""
    if (os.cpu_count() or 1) < 2:
        return
    for attribute in attributes:
        kernel, name = _kernel(f"{engine}.{attribute}"), f"{engine}.{attribute}"
        if not cache.is_kept(kernel):
            cache.wait_for(kernel, partial(compile_apart, name))


def _kernel(name: str) -> Any:
    """The kernel of a name; UnknownNameError where there is none."""
    engine, _, attribute = name.partition(".")
    if engine not in COMPILED or attribute not in _known(engine):
        raise UnknownNameError.of("kernel", name, names())
    return getattr(_list_of(engine).CALLER, attribute)


def _list_of(engine: str) -> Any:
    return import_module(f"tegum.engines.{engine}.calls")


def _known(engine: str) -> dict[str, Any]:
    known: dict[str, Any] = _list_of(engine).KERNELS
    return known


@contextmanager
def _not_called(caller: Any, attribute: str, kernel: Any) -> Iterator[None]:
    """What would call the kernel compiles it for its arguments, and ends there."""

    def compile_only(*arguments: Any) -> None:
        kernel.compile(tuple(map(kernel.typeof_pyval, arguments)))
        raise _Compiled

    setattr(caller, attribute, compile_only)
    try:
        yield
    except _Compiled:
        pass
    finally:
        setattr(caller, attribute, kernel)


class Writer(shipped.Shipped):
    """Finds nothing, and writes what is compiled as files of the package.

    For the level that numba compiles for: see `compile_apart`.
    """

    def __init__(self, function: Any, home: Path) -> None:
        sources = Path(function.__code__.co_filename).parent
        super().__init__(function, cache.folder_for(sources), None)
        self._home = home

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """None: it is to be compiled."""
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a form."""
        triple, _, features = data.codegen.magic_tuple()
        level = shipped.level_of(features)
        if level is not None:
            name = shipped.name_of(self._function, sig, triple)
            shipped.write(self._home / self._folder / level / name, shipped.packed(data))


def _end_with_stdin() -> None:
    """Nobody waits for a kernel when who asked for it is gone."""
    os.read(0, 1)
    os._exit(1)


def main() -> None:
    """As the head of this file says; with the name of one kernel, in this process."""
    parser = argparse.ArgumentParser(prog="python -m tegum.engines.kernels")
    parser.add_argument("name", nargs="?", choices=names(), help="one kernel, in this process")
    ship = "object code for wheels, into a folder, by default the package's"
    parser.add_argument("--ship", nargs="?", type=Path, const=shipped.HOME, help=ship)
    parser.add_argument("--apart", action="store_true", help="end when stdin does")
    arguments = parser.parse_args()
    if arguments.apart:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    if arguments.name:
        gc.disable()  # what a compiler makes it keeps until its end, which is near
        compile_kernel(arguments.name, arguments.ship)
        return
    if arguments.ship:
        shutil.rmtree(arguments.ship, ignore_errors=True)
    which = names() if arguments.ship else missing()
    # all of them are waited for, and the longest are the last engine's
    which.sort(key=lambda name: COMPILED.index(name.partition(".")[0]), reverse=True)
    compile_all(which, arguments.ship)


if __name__ == "__main__":
    main()

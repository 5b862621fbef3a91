"""A kernel that compiles in no time, called by processes of their own."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

from children import Ended, fork, wait
from numba import njit

from tegum.engines import shipped as package
from tegum.engines.cache import keep
from tegum.engines.kernels import Writer

SOURCE = "def add(x, y):\n    return x + y\n"


def kept(folder: Path) -> tuple[Path, ...]:
    """The two files of it in a cache."""
    assert [called(folder).said for _ in range(2)] == ["1", "0"]
    return tuple((folder / "cache").rglob("*.nb?"))


def shipped(folder: Path) -> tuple[Path, ...]:
    """The file of it beside the package, which is found before those; none where none is made."""
    wait(fork(lambda: _ship(folder), folder / "log"), folder / "log")
    found = tuple((folder / "shipped").rglob("*.xz"))
    assert called(folder, "empty").said == ("0" if found else "1")
    return found


def called(folder: Path, cache: str = "cache") -> Ended:
    """A process that calls it says how many forms it had to compile."""
    return wait(fork(lambda: add(folder, cache), folder / "log"), folder / "log")


def add(folder: Path, cache: str = "cache") -> int:
    """What such a process does."""
    os.environ["TEGUM_CACHE_DIR"] = str(folder / cache)
    package.HOME = folder / "shipped"  # type: ignore[misc]
    kernel = keep(_kernel(folder))
    assert kernel(1, 2) == 3
    return sum(kernel.stats.cache_misses.values())


def _ship(folder: Path) -> None:
    kernel = _kernel(folder)
    kernel._cache = Writer(kernel.py_func, folder / "shipped")
    assert kernel(1, 2) == 3


def _kernel(folder: Path) -> Any:
    """A module of its own, which can be imported: numba looks for it when it reads a form."""
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources" / "small.py").write_text(SOURCE)
    sys.path.insert(0, str(folder / "sources"))
    return njit(importlib.import_module("small").add)

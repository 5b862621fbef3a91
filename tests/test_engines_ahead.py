"""Kernels that are compiled before they are called, or while others wait for them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from numba.core.errors import TypingError
from test_engines_cache import counts, files, home, kernel, source

from tegum.engines import alone, cache, kernels
from tegum.engines.compiling import compiling_told
from tegum.engines.exact import run
from tegum.engines.kernels import compile_kernel, missing, names

__all__ = ["home", "source"]


def test_who_compiles_for_another_ends_with_it(tmp_path: Path) -> None:
    """The end of the one that waits is the end of a pipe; a kernel takes half a minute."""
    command = [sys.executable, "-m", "tegum.engines.kernels", "exact._advance", "--apart"]
    environment = os.environ | {"TEGUM_CACHE_DIR": str(tmp_path)}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait() == 1
    assert not list(tmp_path.rglob("*.nbc"))


def test_every_kernel_of_the_engines_is_listed() -> None:
    from tegum.engines.dictionaries import engine as dictionaries
    from tegum.engines.sampled import engine as sampled

    listed = set(names())
    there = {
        f"{short}.{name}"
        for short, module in (("sampled", sampled), ("exact", run), ("dictionaries", dictionaries))
        for name, value in vars(module).items()
        if name.startswith("_") and hasattr(value, "py_func")
    }
    assert listed == there


@pytest.mark.parametrize("name", ["", "exact", "exact._nothing", "numpy.sin", "sampled._window"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(kernels.UnknownNameError, match="kernel"):
        compile_kernel(name)


def test_asking_for_a_kernel_does_not_call_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every kernel: what it would be called with is what it is compiled for."""
    asked: list[tuple[str, int]] = []
    for name in names():
        engine, _, attribute = name.partition(".")
        caller = kernels._list_of(engine).CALLER

        class Watched:
            def __init__(self, name: str, kernel: Any) -> None:
                self.name, self.kernel, self.py_func = name, kernel, kernel.py_func
                self.typeof_pyval, self._cache = kernel.typeof_pyval, None

            def compile(self, types: tuple[Any, ...]) -> None:
                asked.append((self.name, len(types) - self.py_func.__code__.co_argcount))

        monkeypatch.setattr(caller, attribute, Watched(name, getattr(caller, attribute)))
        compile_kernel(name)
    assert asked == [(name, 0) for name in names()]


def test_who_is_compiled_elsewhere_is_waited_for(home: Path, source: Path) -> None:
    """Another process keeps the form meanwhile."""
    kernel(source)(1, 2)
    (index,) = files(home, ".nbi")
    aside = index.with_name("aside")
    index.rename(aside)
    go, late = threading.Event(), kernel(source)

    def elsewhere() -> None:
        go.wait(60)
        aside.rename(index)

    cache.wait_for(late, elsewhere)
    threading.Timer(0.2, go.set).start()
    assert (late(1, 2), counts(late)) == (3, (1, 0))


def test_who_is_not_compiled_elsewhere_after_all_is_compiled(home: Path, source: Path) -> None:
    late = kernel(source)
    cache.wait_for(late, lambda: 1 / 0)
    assert (late(1, 2), counts(late)) == (3, (0, 1))
    assert cache.is_kept(late)


@pytest.mark.parametrize("left", [True, False])
def test_of_two_processes_one_compiles_and_the_other_waits(
    home: Path, source: Path, left: bool
) -> None:
    """What the first has left is read; where it has left nothing the other compiles after all."""
    kernel(source)(1, 2)
    (index,) = files(home, ".nbi")
    aside, late, found = index.with_name("aside"), kernel(source), list[int]()
    index.rename(aside)
    told, thread = list[bool](), threading.Thread(target=lambda: found.append(late(1, 2)))
    with compiling_told(told.append):
        with FileLock(index.with_suffix(".compiling")):  # as another process has it
            thread.start()
            thread.join(0.3)
            assert thread.is_alive()
            assert told == [True]
            if left:
                aside.rename(index)
        thread.join(60)
    assert (found, counts(late)) == ([3], (1, 0) if left else (0, 1))
    assert told[:2] == [True, False]
    with FileLock(index.with_suffix(".compiling"), timeout=0):
        pass  # the turn is over


def test_a_process_that_has_stopped_is_not_waited_for(
    home: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "PATIENCE", 0.1)
    late = kernel(source)
    with FileLock(Path(late._cache.cache_path) / "small.add.compiling"):
        assert (late(1, 2), counts(late)) == (3, (0, 1))
    again = kernel(source)
    assert (again(1, 2), counts(again)) == (3, (1, 0))


def test_a_kernel_that_cannot_be_compiled_does_not_keep_its_turn(home: Path, source: Path) -> None:
    late = kernel(source)
    for _ in range(2):
        with pytest.raises(TypingError):
            late(1, "two")
        with FileLock(Path(late._cache.cache_path) / "small.add.compiling", timeout=0):
            pass
    assert late(1, 2) == 3
    assert len(files(home, ".nbc")) == 1


def test_only_what_is_not_kept_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    last = kernels._kernel(names()[-1])
    monkeypatch.setattr(cache, "is_kept", lambda kernel: kernel is not last)
    assert missing() == [names()[-1]]

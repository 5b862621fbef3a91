"""Kernels that come with the package: found, whole, and of the bits of those compiled here."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_engines_cache import change, counts, files, home, kernel, source

import tegum as tg
from tegum.engines import cache, shipped
from tegum.engines.cache import keep
from tegum.engines.exact import lower, numeric, objective, outputs, run, train
from tegum.engines.exact.law import Point
from tegum.engines.kernels import Writer, compile_apart
from tegum.engines.linked import address_of_kernel
from tegum.engines.shipped import LEVELS, Shipped, level_of

__all__ = ["home", "source"]

ROOT = Path(__file__).parents[1]

# --- What comes with the package ---------------------------------------------------------------


def host_level() -> str:
    from numba.core.registry import cpu_target

    level = level_of(cpu_target.target_context.codegen().magic_tuple()[2])
    if level is None:
        pytest.skip("nothing is shipped for CPUs like this one")
    return level


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which the package says its kernels are in."""
    host_level()
    monkeypatch.setattr(shipped, "HOME", tmp_path / "shipped")
    return tmp_path / "shipped"


@pytest.fixture
def shipping(home: Path, package: Path, source: Path) -> Path:
    """The file of a small kernel that was shipped."""
    small = kernel(source)
    small._cache = Writer(small.py_func, package)
    assert small(1, 2) == 3
    (path,) = files(package, ".xz")
    return path


def test_a_shipped_kernel_is_not_compiled_nor_kept(
    home: Path, source: Path, shipping: Path
) -> None:
    first = kernel(source)
    assert (first(1, 2), counts(first)) == (3, (1, 0))
    assert cache.is_kept(first)
    assert files(home, ".nbc") == []
    # another form of it is compiled and kept
    assert (first(1.5, 2.0), counts(first)) == (3.5, (1, 1))
    assert len(files(home, ".nbc")) == 1
    second = kernel(source)
    assert (second(1, 2), second(1.5, 2.0), counts(second)) == (3, 3.5, (2, 0))


@pytest.mark.parametrize("position", [3, 100, -1])
def test_a_damaged_one_is_compiled(
    home: Path, source: Path, shipping: Path, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(shipping, position, 1)
    monkeypatch.setattr(shipped.pickle, "loads", lambda data: pytest.fail("it was read"))
    monkeypatch.setattr(cache, "pickle", pickle_of_its_own())
    alone = kernel(source)
    assert (alone(1, 2), counts(alone)) == (3, (0, 1))


def pickle_of_its_own() -> Any:
    """The module, for the cache to go on reading while another's is watched."""

    class Pickle:
        loads = staticmethod(pickle.loads)

    return Pickle


def test_a_form_under_the_name_of_another_is_compiled(
    home: Path, source: Path, shipping: Path
) -> None:
    """Each is sealed for its own place: a kernel of floats is none of integers."""
    other = kernel(source)
    other._cache = Writer(other.py_func, shipped.HOME)
    assert other(1.5, 2.0) == 3.5
    (floats,) = set(files(shipped.HOME, ".xz")) - {shipping}
    shipping.write_bytes(floats.read_bytes())
    alone = kernel(source)
    assert (alone(1, 2), counts(alone)) == (3, (0, 1))


@pytest.mark.parametrize("what", ["numba", "llvmlite", "python", "sources", "cpu", "symbol"])
def test_what_was_made_otherwise_is_compiled(
    home: Path, source: Path, shipping: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what in ("numba", "llvmlite"):
        monkeypatch.setattr(getattr(cache, what), "__version__", "1000.0")
    elif what == "python":
        monkeypatch.setattr(cache.sys.implementation, "cache_tag", "cpython-399")
    elif what == "sources":
        monkeypatch.setattr(cache, "sources_digest", lambda folder: "another")
    elif what == "cpu":
        monkeypatch.setattr(shipped, "level_of", lambda features: None)
    else:
        monkeypatch.setattr(shipped.llvm, "address_of_symbol", lambda name: None)
        monkeypatch.setattr(shipped, "_needed", lambda module: ["no such symbol"])
        again = kernel(source)
        again._cache = Writer(again.py_func, shipped.HOME)
        assert again(1, 2) == 3
    alone = kernel(source)
    assert (alone(1, 2), counts(alone)) == (3, (0, 1))


def test_without_a_place_for_others_what_is_shipped_is_found(
    tmp_path: Path, source: Path, shipping: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TEGUM_CACHE_DIR", str(tmp_path / "file" / "cache"))
    alone = kernel(source)
    assert isinstance(alone._cache, Shipped)
    assert (alone(1, 2), counts(alone)) == (3, (1, 0))


def test_levels_are_told_by_what_their_code_needs() -> None:
    everything = {level: ",".join(f"+{f}" for f in LEVELS[level]) for level in LEVELS}
    for level, features in everything.items():
        assert level_of(features) == level
        assert level_of(f"{features},+sha,-xop") == level
    for feature in LEVELS["x86-64-v3"]:
        assert level_of(everything["x86-64-v3"].replace(f"+{feature}", f"-{feature}", 1)) is None
    # half of AVX-512 is no level of its own
    assert level_of(everything["x86-64-v3"] + ",+avx512f") == "x86-64-v3"
    assert level_of("") is None


def test_a_kernel_of_the_engine_shipped_has_the_bits_of_one_compiled(
    home: Path, package: Path
) -> None:
    """Made in another process for a level of CPUs, and compiled here for this one."""
    compile_apart("exact._window", host_level(), package)
    own = keep(numeric.kernel(train.window_of.py_func))
    problem, rng = kernels_problem(), np.random.default_rng(1)
    for _ in range(50):
        row, bias = rng.normal(size=3), rng.normal()
        assert own(row, bias, *problem) == run._window(row, bias, *problem)
    assert counts(own) == (1, 0)


def test_a_kernel_by_address_has_one_when_it_is_shipped(home: Path, package: Path) -> None:
    """And what is there gives the losses of the one that is compiled here."""
    compile_apart("exact._patterns", host_level(), package)
    own = keep(numeric.linked(outputs.patterns.py_func))
    address = address_of_kernel(own, objective.signature())
    assert counts(own) == (1, 0)
    assert address != address_of_kernel(run._patterns, objective.signature())
    problem = tg.Problem(tg.Independent(4, 0.3, magnitude="one"), tg.ReLUOutput(2))
    low, W = lower((problem,), np.zeros(1, np.int64)), np.random.default_rng(2).normal(size=(2, 4))

    def found() -> run.Measured:
        return run.measure(low, {"W": W[None], "b": np.zeros((1, 4))}, gradient=True)

    compiled = found()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(run._OUTPUTS, "patterns", own)
        loaded = found()
    assert loaded.loss.tobytes() == compiled.loss.tobytes()
    assert loaded.gradient["W"].tobytes() == compiled.gradient["W"].tobytes()


def kernels_problem() -> tuple[Any, Any]:
    low = lower((tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2)),), np.zeros(1, np.int64))
    return low.law, Point(*(array[0] for array in low.points))


# --- A wheel -----------------------------------------------------------------------------------

USE = """
import json, tegum as tg
from tegum.engines.exact import run
from tegum.engines.sampled import engine
once = {"seeds": 2, "progress": False}
found = []
for n, m, p in ((5, 2, 0.3), (80, 20, 1.0), (80, 20, 0.01)):
    problem = tg.Problem(tg.Independent(n, p), tg.ReLUOutput(m))
    runs = tg.train(problem, {}, tg.Training(steps=20, batch_size=64, held_out=256), **once)
    found += runs.loss.values.tolist() + runs.W.values.ravel().tolist()
problem = tg.Problem(tg.Independent(8, 0.1), tg.ReLUOutput(2))
runs = tg.train(problem, {}, tg.Training(engine="exact", steps=60), **once)
found += runs.loss.values.tolist() + runs.W.values.ravel().tolist()
small = tg.Problem(tg.Independent(4, 0.1), tg.ReLUOutput(2))
found += tg.expected_loss(small, runs.W.values[..., :4], gradient=True).loss.ravel().tolist()
all_ = [run._advance, run._find_within, run._enumerate, *run._OUTPUTS.values()]
all_ += [engine._lane, engine._dense]
all_ += [engine._sparse, engine._evaluate]
print(json.dumps({"misses": sum(sum(k.stats.cache_misses.values()) for k in all_),
                  "file": tg.__file__, "found": [x.hex() for x in found]}))
"""


@pytest.mark.slow
def test_a_wheel_compiles_nothing_and_has_the_bits_of_a_checkout(tmp_path: Path) -> None:
    """Built as CONTRIBUTING says, installed into a folder, used with an empty cache."""
    host_level()
    made = tmp_path / "wheels"
    environment = {**os.environ, "TEGUM_CACHE_DIR": str(tmp_path / "cache")}
    command = ["make", "wheel", f"BIN={Path(sys.executable).parent}", f"DIST={made}"]
    subprocess.run([*command, "VENV=/nowhere", "-o", "/nowhere/.dev"], cwd=ROOT, check=True)
    (wheel,) = made.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(tmp_path / "site")]
    subprocess.run([*pip, str(wheel)], check=True)

    def use(site: Path) -> dict[str, Any]:
        own = {**environment, "PYTHONPATH": str(site)}
        script = [sys.executable, "-c", USE]
        done = subprocess.run(script, env=own, cwd=tmp_path, check=True, capture_output=True)
        found: dict[str, Any] = json.loads(done.stdout)
        assert Path(found["file"]).is_relative_to(site)
        return found

    installed = use(tmp_path / "site")
    assert installed["misses"] == 0
    assert list((tmp_path / "cache").rglob("*.nbc")) == []
    (tmp_path / "site" / "tegum" / "engines" / "shipped").rename(tmp_path / "taken away")
    compiled = use(tmp_path / "site")
    assert list((tmp_path / "cache").rglob("*.nbc")) != []
    assert compiled["found"] == installed["found"]

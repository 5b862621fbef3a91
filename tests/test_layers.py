"""Imports only point down: the table of layers, and a checker that reads every import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tegum
from tegum.engines.digest import BUILT_OF
from tegum.runs.schema import VARIABLES

ROOT = Path(tegum.__file__).parent

#: From the ground up. A part imports from the rows below it and from itself, nothing else.
ROWS = (
    {"checksum", "dims", "errors", "faces", "hints", "scalars"},
    # the names of a Dataset: models and engines call what is trained and measured by them
    {"memory", "spec", "runs.schema"},
    {"source_text"},
    {"contents", "factories"},
    {"functions"},
    {"fields", "arguments"},
    {"distributions", "models", "targets"},
    {"discovery", "problem", "training", "theory"},
    {"sweepable"},
    {"engines"},
    # measures of weights as plain or labelled arrays: tables of runs are made of them
    {"store", "analysis._arrays", "analysis._geometry"},
    {"analysis.geometry"},
    {"runs"},
    {"executors"},
    {"ensemble"},
    {"loss"},
    {"foreign"},
    {"torch"},
    {"analysis"},
    {"plots"},
    {"experiments"},
    {"report"},
    {"explorer"},
    {"cli", "widgets"},
    {"__main__"},
)
LEVEL = {part: level for level, row in enumerate(ROWS) for part in row}

#: Packages of interchangeable files, and the files of each that the others may lean on.
SHARED = {
    "distributions": {"base", "laws", "magnitudes"},
    "models": {"base", "activations"},
    "targets": {"base", "named"},
    "engines": {
        *("alone", "base", "cache", "choice", "digest", "fixed", "host", "kernels", "linked"),
        *("numpy_rows", "parts", "portable", "shipped", "threads", "xavier"),
    },
}

#: Where a library that is heavy, or that not everybody has, may be imported at all.
HOMES = {
    "torch": {"engines.torch", "torch"},
    "loky": {"executors.processes"},
    "distributed": {"executors.dask"},
    "ray": {"executors.ray"},
    "submitit": {"executors.slurm"},
    "starlette": {"explorer"},
    "uvicorn": {"explorer"},
    "h11": {"explorer"},
    "websockets": {"explorer"},
    "fastapi": set[str](),
    "flask": set[str](),
    "aiohttp": set[str](),
    "tyro": {"cli"},
    "rich": {"cli", "ensemble.bars"},
    "anywidget": {"widgets"},
    "traitlets": {"widgets"},
    "sklearn": {"analysis._classical"},
    "matplotlib": {"plots", "report", "experiments"},
    "imageio_ffmpeg": {"plots.films"},
}

#: The faces, which find by file what there is to choose; all else imports explicitly.
FACES = {"report", "explorer", "cli"}

#: Parts that compute and nothing else, and what would let them reach disk, network or clock.
PURE = {
    *("dims", "errors", "spec", "arguments", "distributions", "models", "targets", "problem"),
    *("training", "theory", "sweepable", "analysis"),
    *("runs.schema", "runs.models", "runs.weights", "runs.write", "runs.select", "runs.tables"),
    *("runs.outputs",),
    *("ensemble.grid", "ensemble.given", "ensemble.work"),
}
IMPURE = {
    *("io", "os", "pathlib", "tempfile", "shutil", "sqlite3", "socket", "subprocess", "urllib"),
    *("http", "time", "datetime", "random", "threading", "multiprocessing"),
}
MATRICES, UNTIED = {"W", "W_in", "W_out"}, {"W_in", "W_out"}
#: Where it is asked whether a model is tied; what else takes weights takes both kinds.
ASKS_FOR_TIES = {"models", "engines", "runs.schema", "runs.weights", "torch._layouts"}
#: Where variables of a Dataset are listed: beside the schema, what measures them all.
LISTS_VARIABLES = {"runs.schema", "engines", "loss._exact", "experiments"}


def modules() -> dict[str, Path]:
    """Every module of the package by its name below `tegum`, which itself is ""."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


MODULES = modules()


def imported(source: str, module: str, is_package: bool) -> Iterator[str]:
    """Full dotted names of everything a module imports, at any depth and under any condition."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                full = ["tegum", *module.split(".")] if module else ["tegum"]
                above = full[: len(full) - node.level + is_package]
                base = ".".join([*above, *([base] if base else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def uses_of_root(source: str) -> set[str]:
    """Attributes taken from a bare `import tegum`."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "tegum"
    }


def part_of(module: str) -> str:
    """The part of the table that a module below `tegum` belongs to: the longest that begins it."""
    first, _, rest = module.partition(".")
    longer = f"{first}.{rest.partition('.')[0]}"
    return longer if longer in LEVEL else first


def is_in(module: str, parts: set[str]) -> bool:
    """Whether a module is one of the parts, or in one."""
    return any(module == part or module.startswith(f"{part}.") for part in parts)


def violations(source: str, module: str, is_package: bool = False) -> list[str]:
    """What a module imports that the table does not allow."""
    part = part_of(module)
    package, *inner = module.split(".")
    found = []
    for name in imported(source, module, is_package):
        head, *rest = name.split(".")
        if head != "tegum":
            homes = HOMES.get(head)
            if homes is not None and not is_in(module, homes):
                found.append(f"{module} imports {head}")
            if is_in(module, PURE) and head in IMPURE:
                found.append(f"{module} imports {head}, and is to be pure")
        elif not rest:
            found += [f"{module} uses tegum.{a}" for a in uses_of_root(source) - {"__version__"}]
        elif rest[0] == "__version__":
            continue
        elif (other := part_of(".".join(rest))) != part:
            if LEVEL.get(other, len(ROWS)) >= LEVEL[part]:
                found.append(f"{module} imports {name}, which is not below it")
            if rest[0] == "discovery" and package not in FACES:
                found.append(f"{module} imports {name}, which is for the faces")
            if rest[0] != package and is_private(rest):
                found.append(f"{module} imports {name}, which is private")
        elif package == "experiments":
            if inner and not is_package_of(inner[0], rest[1:]):
                found.append(f"{module} imports {name}, of another experiment")
        elif package in SHARED and inner and len(rest) > 1:
            # within a sub-package (engines.sampled) files work together
            sibling = rest[1] != inner[0] and f"{package}.{rest[1]}" in MODULES
            allowed = SHARED[package] | set(BUILT_OF.get(inner[0], ()))
            if sibling and rest[1] not in allowed and not rest[1].startswith("_"):
                found.append(f"{module} imports its sibling {name}")
    return found


def words(node: ast.AST) -> set[str]:
    """The strings that a display lists, or a dictionary has as keys."""
    listed: list[ast.expr | None] = []
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        listed += node.elts
    elif isinstance(node, ast.Dict):
        listed += node.keys
    found = (one.value for one in listed if isinstance(one, ast.Constant))
    return {word for word in found if isinstance(word, str)}


def asks_whether_tied(node: ast.AST) -> bool:
    """`model.tied`, `"W" in arrays`, or one of the two matrices of an untied model by name."""
    if isinstance(node, ast.Attribute):
        return node.attr == "tied"
    if isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant):
        return isinstance(node.ops[0], ast.In | ast.NotIn) and node.left.value in MATRICES
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value in UNTIED
    return False


def second_tables(source: str, module: str) -> list[str]:
    """Where a module decides or lists what is decided or listed in `runs`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        where = f"{module}:{getattr(node, 'lineno', 0)}"
        if asks_whether_tied(node) and not is_in(module, ASKS_FOR_TIES):
            found.append(f"{where} asks whether a model is tied")
        if len(words(node) & VARIABLES.keys()) > 3 and not is_in(module, LISTS_VARIABLES):
            found.append(f"{where} lists variables of a Dataset")
        suffix = isinstance(node, ast.Constant) and node.value in ("_checkpoint", "_vector")
        if suffix and module != "runs.schema":
            found.append(f"{where} makes a name of a Dataset")
    return found


def is_private(parts: list[str]) -> bool:
    """Whether a dotted name below `tegum` leads through a module that starts with _."""
    return any(
        part.startswith("_") and ".".join(parts[: at + 1]) in MODULES
        for at, part in enumerate(parts)
    )


def is_package_of(own: str, rest: list[str]) -> bool:
    """Whether an experiment may import this: its own, what is shared, and their base."""
    return not rest or rest[0] in (own, "_shared", "base")


def test_the_table_covers_every_module() -> None:
    parts = {part_of(name) for name in MODULES} - {""}
    assert parts <= set(LEVEL), f"not in the table: {sorted(parts - set(LEVEL))}"
    assert sum(len(row) for row in ROWS) == len(LEVEL), "a part stands in two rows"


def test_imports_point_down() -> None:
    found = {
        module: violations(path.read_text("utf-8"), module, path.name == "__init__.py")
        for module, path in MODULES.items()
        if module
    }
    assert {module: wrong for module, wrong in found.items() if wrong} == {}


def test_names_and_ties_are_decided_in_runs() -> None:
    found = {
        module: second_tables(path.read_text("utf-8"), module)
        for module, path in MODULES.items()
        if module
    }
    for module in found:
        if is_in(module, {"experiments.computation"}):  # its models are untied, all of them
            found[module] = [line for line in found[module] if "tied" not in line]
    assert {module: wrong for module, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "source",
    [
        "if problem.model.tied: pass",
        'W = own["W" if "W" in own else "W_in"]',
        'out = runs["W_out"]',
        'KEPT = ("loss", "status", "diverged", "iterations")',
        'OWN = {"W": 1, "b": 2, "W_in": 3, "loss_curve": 4}',
        'kept = f"{name}_checkpoint"',
    ],
)
def test_a_second_table_is_seen(source: str) -> None:
    assert second_tables(source, "analysis.minima")


@pytest.mark.parametrize(
    "source", ['loss = runs["loss"]', 'W, b = (runs[name] for name in ("W", "b"))', "tied = 3"]
)
def test_reading_a_dataset_is_no_second_table(source: str) -> None:
    assert second_tables(source, "analysis.minima") == []


def test_the_root_imports_nothing_when_imported() -> None:
    tree = ast.parse(MODULES[""].read_text("utf-8"))
    eager = [
        ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert [line for line in eager if "tegum" in line] == ["from tegum.faces import lazy"]


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from tegum.problem import Problem", "distributions.independent"),
        ("import tegum.ensemble", "engines.base"),
        ("from tegum import plots", "ensemble.solve"),
        ("from tegum.models import Linear", "distributions.base"),
        ("from tegum.plots import x", "analysis.geometry"),
        ("def f():\n    from tegum.cli import main", "report.run"),
        ("if TYPE_CHECKING:\n    from tegum.ensemble import train", "problem"),
        ("from ..problem import Problem", "models.linear"),
        ("from tegum.models.relu_output import ReLUOutput", "models.linear"),
        ("from . import relu_output", "models.linear"),
        ("import tegum\ntegum.train()", "report.run"),
        ("import torch", "engines.sampled.engine"),
        ("from starlette.applications import Starlette", "cli.main"),
        ("import tyro", "report.run"),
        ("import time", "theory.linear"),
        ("from pathlib import Path", "distributions.base"),
        ("from tegum.nowhere import x", "cli.main"),
        ("from tegum.experiments.low_rank.measure import x", "experiments.larger"),
        ("from tegum.loss._series import x", "analysis.local_minima"),
        ("from tegum.analysis.local_minima import minima", "runs.tables"),
        ("import os", "runs.select"),
        ("from tegum.discovery import found", "problem"),
        ("from tegum.runs.models import models_of", "engines.base"),
        ("from tegum.problem import Problem", "runs.schema"),
    ],
)
def test_the_checker_sees(source: str, module: str) -> None:
    assert violations(source, module)


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from tegum.errors import SpecError", "distributions.independent"),
        ("from tegum.distributions.base import Block", "distributions.independent"),
        ("from tegum.models.activations import RELU", "models.linear"),
        ("import tegum\ntegum.__version__", "ensemble"),
        ("from tegum import __version__", "report.facts"),
        ("from tegum.report.run import run", "report.html"),
        ("import tyro", "cli.train"),
        ("import time", "ensemble.slices"),
        ("from tegum.experiments._shared.sets import plain", "experiments.low_rank.measure"),
        ("from tegum.analysis.geometry import norms", "runs.tables"),
        ("from tegum.runs.schema import PARAMETERS", "engines.base"),
    ],
)
def test_the_checker_lets_pass(source: str, module: str) -> None:
    assert violations(source, module) == []


def long_files(root: Path) -> list[str]:
    """Python files of more than 300 lines."""
    return [
        f"{path.relative_to(root)}: {lines} lines"
        for path in sorted(root.rglob("*.py"))
        if (lines := path.read_text("utf-8").count("\n")) > 300
    ]


def counted_parameters(source: str) -> dict[str, int]:
    """Functions by name and line, with the number of their parameters but `self` and `cls`."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            positional = [*node.args.posonlyargs, *node.args.args]
            names = [argument.arg for argument in (*positional, *node.args.kwonlyargs)]
            own = names[1:] if names[:1] in (["self"], ["cls"]) else names
            found[f"{node.name}:{node.lineno}"] = len(own)
    return found


def test_files_are_short() -> None:
    assert long_files(ROOT) == []


def test_functions_take_few_parameters() -> None:
    counts = {
        f"{module}.{name}": count
        for module, path in MODULES.items()
        for name, count in counted_parameters(path.read_text("utf-8")).items()
    }
    many = {name: count for name, count in counts.items() if count >= 8}
    assert {name for name, count in many.items() if count > 10} == set()
    assert len(many) < 25, sorted(many)


def test_the_counters_count(tmp_path: Path) -> None:
    source = "class A:\n    def f(self, a, /, b, *, c=1): ...\n\nasync def g(*rest, d): ...\n"
    assert counted_parameters(source) == {"f:2": 3, "g:4": 1}
    (tmp_path / "short.py").write_text("\n" * 300)
    (tmp_path / "long.py").write_text("\n" * 301)
    assert long_files(tmp_path) == ["long.py: 301 lines"]

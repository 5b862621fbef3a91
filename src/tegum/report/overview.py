"""What experiments there are, read from their sources: importing all of them takes seconds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

PACKAGE = "tegum.experiments"
_ID = re.compile(r"[1-9]\d*\.[a-z]")
#: Where a statement of a module begins, a decorator being one, and what of them says anything here:
#: to parse all that there is would take longer than all else of `tegum list`.
_STATEMENT = re.compile(r"^(?=[^\s)\]}])", re.MULTILINE)
_TELLING = re.compile(rf"""(["']){_ID.pattern}\1|\bExperiment\(|\bevidence\s*=""")


class Entry(NamedTuple):
    """What a list says of an experiment."""

    name: str
    title: str
    items: tuple[int, ...]
    claims: int


def overview(package: str | None = None) -> list[Entry] | None:
    """The experiments of a package in the order of their items, as `list_experiments` has them.

    None where a source does not say all of it in plain words: the experiments can be imported.
    """
    spec = find_spec(package or PACKAGE)
    home = Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path()
    entries = []
    for path in sorted(home.iterdir()):
        if path.name.startswith("_") or path.stem == "base":
            continue
        if path.suffix == ".py" or (path / "__init__.py").is_file():
            entry = _read(path)
            if entry is None:
                return None
            entries.append(entry)
    return sorted(entries, key=lambda entry: (min(entry.items, default=0), entry.name))


def _read(path: Path) -> Entry | None:
    """The experiment in a file or folder.

    Ids of claims are the strings that look like one: a loop may have them from a tuple.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    try:
        nodes = [node for file in files for node in _nodes(file.read_text("utf-8"))]
    except SyntaxError:  # a string that goes on at the margin, say
        return None
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    if not all(isinstance(call.args[0], ast.Constant | ast.Name) for call in calls if _adds(call)):
        return None
    said = [
        {word.arg: _text(word.value) for word in call.keywords}
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "Experiment"
    ]
    ids = {text for node in nodes if (text := _text(node)) and _ID.fullmatch(text)}
    if len(said) != 1 or not ids:
        return None
    name, title = said[0].get("name"), said[0].get("title")
    items = sorted({int(one.partition(".")[0]) for one in ids})
    return Entry(name, title, tuple(items), len(ids)) if name and title else None


def _nodes(source: str) -> Iterator[ast.AST]:
    """What the statements consist of that name claims or are an experiment."""
    if _TELLING.search(source) is None:
        return
    for statement in _STATEMENT.split(source):
        if _TELLING.search(statement):
            decorated = "def _(): ..." if statement.startswith("@") else ""
            yield from ast.walk(ast.parse(statement + decorated))


def _adds(call: ast.Call) -> bool:
    """Whether a call adds a claim."""
    return {"rule", "evidence"} <= {word.arg for word in call.keywords} and bool(call.args)


def _text(node: ast.AST) -> str | None:
    """The string that stands here as it is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None

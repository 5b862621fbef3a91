"""The pages of the API reference: one for each public face, and what of it has an entry there."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

#: Faces of functions and classes, with the heading of their page.
FLAT = {
    "tegum": "tegum",
    "tegum.plots": "tegum.plots: figures",
    "tegum.torch": "tegum.torch: checkpoints and modules",
    "tegum.loss": "tegum.loss: exact losses",
    "tegum.widgets": "tegum.widgets: models in notebooks",
    "tegum.store": "tegum.store: finished work on disk",
}
#: Faces of modules, each of which has a page.
PACKED = {
    "tegum.analysis": "tegum.analysis: from weights to numbers",
    "tegum.theory": "tegum.theory: closed forms",
    "tegum.runs": "tegum.runs: Datasets and tables",
}
#: Faces of modules that are named with a sentence each.
NAMED = {"tegum.experiments": "tegum.experiments: the paper's sections"}
#: What `tegum` holds, by the package it is from.
THEMES = {
    "What x is": ("distributions",),
    "What is trained": ("models", "targets", "problem", "training"),
    "Training, selecting, keeping": ("ensemble", "executors", "runs", "foreign", "store"),
    "Losses without a sample": ("loss",),
    "What the models are": ("analysis",),
    "Errors": ("errors",),
}


def members(face: str) -> Iterator[tuple[str, Any]]:
    """The functions and classes that a module defines and shows."""
    for name, thing in vars(importlib.import_module(face)).items():
        ours = inspect.isfunction(thing) or inspect.isclass(thing)
        if ours and thing.__module__ == face and not name.startswith("_"):
            yield name, thing


def public() -> dict[str, Any]:
    """All that must have an entry: every name of the faces, by its full name."""
    found: dict[str, Any] = {}
    for face in (*FLAT, *PACKED, *NAMED):
        module = importlib.import_module(face)
        found |= {f"{face}.{name}": getattr(module, name) for name in module.__all__}
    return found


def entry(full: str, thing: Any) -> str:
    """The directive that documents a function or a class."""
    if inspect.isclass(thing):
        shown = "" if issubclass(thing, Exception) else "   :members:\n"
        return f".. autoclass:: {full}\n{shown}   :exclude-members: model_config\n"
    return f".. autofunction:: {full}\n"


def _heading(text: str, mark: str = "=") -> str:
    return f"{text}\n{mark * len(text)}\n"


def _head(face: str, title: str, mark: str = "=") -> str:
    """The head of the page of a module, or of its part of a page: its heading and its docstring."""
    return f"{_heading(title, mark)}\n.. automodule:: {face}\n   :no-members:\n"


def _flat(face: str, title: str) -> str:
    """The page of a face of functions and classes."""
    module = importlib.import_module(face)
    things = {name: getattr(module, name) for name in module.__all__}
    parts = [_head(face, title)]
    themes = THEMES if face == "tegum" else {"": ()}
    for theme, homes in themes.items():
        if theme:
            parts.append(_heading(theme, "-"))
        for name, thing in things.items():
            if not homes or thing.__module__.split(".")[1] in homes:
                parts.append(entry(f"{face}.{name}", thing))
    return "\n".join(parts)


def _module(face: str) -> str:
    """The page of a module."""
    parts = [_head(face, face)]
    parts += [entry(f"{face}.{name}", thing) for name, thing in members(face)]
    return "\n".join(parts)


def _contents(names: list[str]) -> str:
    lines = "".join(f"   {name}\n" for name in names)
    return f".. toctree::\n   :maxdepth: 1\n\n{lines}"


def _listed(face: str, title: str) -> str:
    """A page of modules, each with its own docstring."""
    parts = [_head(face, title)]
    names = importlib.import_module(face).__all__
    parts += [_head(f"{face}.{name}", name, "-") for name in names]
    return "\n".join(parts)


def made() -> dict[str, str]:
    """The source of every page of the reference, by its name."""
    made = {face: _flat(face, title) for face, title in FLAT.items()}
    for face, title in PACKED.items():
        rooms = [f"{face}.{name}" for name in importlib.import_module(face).__all__]
        made |= {room: _module(room) for room in rooms}
        made[face] = f"{_head(face, title)}\n{_contents(rooms)}"
    return made | {face: _listed(face, title) for face, title in NAMED.items()}


def write(out: Path) -> None:
    """Write the pages into a folder: those that changed, so that Sphinx reads no others again."""
    pages = made()
    out.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        path = out / f"{name}.rst"
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    for path in out.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()


def thing_of(full: str) -> Any:
    """What a documented name is; None for fields, which instances alone have."""
    parts = full.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part, None)
        return thing
    return None


def missing(documented: Iterable[str]) -> list[str]:
    """The public names that are none of the things whose full names are given."""
    known = {id(thing_of(name)) for name in documented}
    return [name for name, thing in public().items() if id(thing) not in known]

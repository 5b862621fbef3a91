"""Pages whose code runs: their blocks, and what came of them, kept until code or tegum changes.

A fence ```` ```python ```` of a page is run, after all that stand before it; text behind the word
says what its figure shows, for those who do not see it. ```` ```python file=NAME ```` is written to
a file, and `needs=MODULE` is run where that can be imported; ```` ```console ```` runs lines that
begin with `$`. Others (`py`, `sh`) are only shown.

What the text says of a block is held to by comments behind it, `<!-- check: EXPRESSION -->`: each
is to be true where the block has run, with all names of the page and with `said`, what it printed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
CHILD = Path(__file__).with_name("child.py")
#: How long the code of one page may take, in seconds.
LIMIT = 600

_FENCE = re.compile(r"^```(python|console)([^\n]*)\n(.*?)^```$", re.M | re.S)
_CHECK = re.compile(r"^<!-- check: (.*?) -->$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fence that is run, with the file it is written to instead and the module that it needs."""

    kind: str
    file: str
    needs: str
    line: int
    source: str
    checks: tuple[str, ...] = ()

    @property
    def skipped(self) -> bool:
        """Whether what it needs is not there."""
        return bool(self.needs) and importlib.util.find_spec(self.needs) is None


class PageError(Exception):
    """The code of a page does not run."""


def blocks(text: str) -> list[Block]:
    """The fences of a page that run, in order."""
    found = []
    fences = list(_FENCE.finditer(text))
    ends = [*(fence.start() for fence in fences[1:]), len(text)]
    for fence, end in zip(fences, ends, strict=False):
        said = dict(re.findall(r"\b(file|needs)=(\S+)", fence[2]))
        line = text.count("\n", 0, fence.start()) + 1
        file, needs = said.get("file", ""), said.get("needs", "")
        checks = tuple(_CHECK.findall(text, fence.end(), end))
        found.append(Block(fence[1], file, needs, line, fence[3].rstrip("\n"), checks))
    return found


def pages() -> list[Path]:
    """Every page with code that runs."""
    every = sorted(DOCS.rglob("*.md"))
    return [page for page in every if blocks(page.read_text("utf-8"))]


@cache
def _sources() -> bytes:
    """A digest of all that decides what code gives: tegum, and what runs it."""
    found = hashlib.sha256(sys.version.encode())
    for path in [*sorted((ROOT / "src" / "tegum").rglob("*.py")), CHILD]:
        found.update(path.read_bytes())
    return found.digest()


def run(name: str, given: list[Block], out: Path) -> list[dict[str, Any]]:
    """What came of each block: the text it showed, and the name of its picture in `out`.

    Raises:
        PageError: a block failed, warned, or the page took longer than `LIMIT`.
    """
    stem = name.removesuffix(".md").removesuffix(".py").replace("/", "-")
    asked = [{**asdict(one), "skipped": one.skipped} for one in given]
    key = hashlib.sha256(_sources() + json.dumps(asked).encode())
    kept = out / f"{stem}.json"
    if kept.is_file():
        found = json.loads(kept.read_text("utf-8"))
        if found["key"] == key.hexdigest():
            results: list[dict[str, Any]] = found["results"]
            return results
    out.mkdir(parents=True, exist_ok=True)
    results = _start({"page": name, "stem": stem, "out": str(out), "blocks": asked})
    kept.write_text(json.dumps({"key": key.hexdigest(), "results": results}), "utf-8")
    return results


def _start(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Run blocks in a process and an empty folder of their own."""
    folder = tempfile.mkdtemp(prefix="tegum-page-")
    beside = str(Path(sys.executable).parent)
    places = {"PATH": f"{beside}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "96"}
    try:
        done = subprocess.run(
            [sys.executable, str(CHILD)],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            cwd=folder,
            timeout=LIMIT,
            env={**os.environ, **places},
        )
    except subprocess.TimeoutExpired:
        raise PageError(f"{given['page']}: its code took longer than {LIMIT} s") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if done.returncode:
        raise PageError(f"{given['page']}: its code does not run\n{done.stderr}")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found

"""Runs the blocks of one page in order, as a reader would: one namespace, one folder.

Started by `running.run` as a process of its own. It reads the blocks from standard input as JSON
and writes what came of them to standard output as JSON; figures are files in the folder it is told.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any


def picture(value: Any, place: Path, films: list[Path]) -> str | None:
    """The name of the file that shows what a notebook shows, or the film that a block has written.

    Raises:
        TypeError: a notebook would show the figure as a line of text.
    """
    if films:
        shutil.copyfile(films[-1], place.with_suffix(".gif"))
        return place.with_suffix(".gif").name
    if "matplotlib" not in sys.modules:
        return None
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    opened = [plt.figure(number) for number in plt.get_fignums()]
    plt.close("all")
    if isinstance(value, Figure):
        if value not in opened and not hasattr(value, "_repr_mimebundle_"):
            raise TypeError("a notebook shows no figure that pyplot did not make")
        opened.append(value)
    if not opened:
        return None
    opened[-1].savefig(place.with_suffix(".svg"))
    return place.with_suffix(".svg").name


def run_python(source: str, name: str, space: dict[str, Any], place: Path) -> dict[str, Any]:
    """Run a block; what it printed, and its last value where that is an expression."""
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)  # for tracebacks and inspect
    tree = ast.parse(source, name)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value, before = io.StringIO(), None, set(Path().glob("*.gif"))
    with contextlib.redirect_stdout(printed):
        if last is not None:
            tree.body.pop()
        exec(compile(tree, name, "exec"), space)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), space)
    drawn = picture(value, place, sorted(set(Path().glob("*.gif")) - before))
    if value is not None and drawn is None:
        print(repr(value), file=printed)
    return {"text": printed.getvalue(), "picture": drawn}


def run_console(source: str) -> dict[str, Any]:
    """Run the lines that begin with `$`; each line is followed by what it said."""
    said = []
    for command in source.replace("\\\n", "").splitlines():
        line = command.removeprefix("$ ")
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{line}: exit status {done.returncode}\n{done.stderr}")
        said.append(done.stdout)
    return {"text": "".join(said), "picture": None}


def hold(checks: list[str], space: dict[str, Any], said: str) -> None:
    """What the text says of a block that has run."""
    for check in checks:
        if not eval(check, {**space, "said": said}):
            raise AssertionError(f"the text says more than is true: {check}; said:\n{said}")


def main() -> None:
    """Run all blocks; the first that fails ends it with its traceback and exit status 1."""
    warnings.simplefilter("error")
    given = json.load(sys.stdin)
    out = Path(given["out"])
    space: dict[str, Any] = {"__name__": "__main__"}
    results = []
    for number, block in enumerate(given["blocks"]):
        name = f"{given['page']}, block at line {block['line']}"
        if block["file"]:
            Path(block["file"]).write_text(block["source"] + "\n", "utf-8")
        if block["file"] or block["skipped"]:
            results.append({"text": "", "picture": None})
        elif block["kind"] == "console":
            results.append(run_console(block["source"]))
        else:
            place = out / f"{given['stem']}-{number + 1}"
            results.append(run_python(block["source"], name, space, place))
        if not block["skipped"]:
            hold(block["checks"], space, results[-1]["text"])
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    sys.path[0] = ""  # the folder of the page, as for a script or a notebook
    main()

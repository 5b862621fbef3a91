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
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any


def picture(value: Any, place: Path) -> str | None:
    """The name of the file that shows a figure or a moving figure; None for other values."""
    from matplotlib.animation import Animation
    from matplotlib.figure import Figure

    if isinstance(value, Figure):
        value.savefig(place.with_suffix(".svg"))
        return place.with_suffix(".svg").name
    if isinstance(value, Animation):
        from tegum import plots

        plots.save_film(value, place.with_suffix(".gif"), width=480)
        return place.with_suffix(".gif").name
    return None


def run_python(source: str, name: str, space: dict[str, Any], place: Path) -> dict[str, Any]:
    """Run a block; what it printed, and its last value where that is an expression."""
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)  # for tracebacks and inspect
    tree = ast.parse(source, name)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        if last is not None:
            tree.body.pop()
        exec(compile(tree, name, "exec"), space)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), space)
    drawn = None if value is None else picture(value, place)
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
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    sys.path[0] = ""  # the folder of the page, as for a script or a notebook
    main()

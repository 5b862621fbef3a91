"""`tegum show`: what is in a file of trained models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from tegum.cli.options import Flag
from tegum.cli.terminal import print_table
from tegum.errors import printable

if TYPE_CHECKING:
    import xarray as xr

MOST_ROWS = 60
_MOST_ENTRIES = 8
_ALWAYS = frozenset({"steps", "batch_size", "learning_rate", "optimizer"})


@dataclass(frozen=True)
class Show:
    """Show a file of trained models: its problem, its training and a row for each axis point.

    A row has the losses of the seeds (best, median, worst), how many of them diverged, and how
    many features the best model represents (|W_i| > 1/2).
    """

    file: Annotated[Positional[Path], arg(metavar="FILE")]
    """A file written by `tegum train`, or by xarray from what `tegum.train` returned."""
    json: Flag = False
    """Print JSON, with every row."""

    def run(self, arguments: list[str]) -> int:
        """Read the file and print it."""
        from tegum import discovery
        from tegum.runs.files import load_trained

        discovery.load()  # the file may be of any kind of problem
        print_runs(load_trained(self.file), self.file, as_json=self.json)
        return 0


def print_runs(runs: xr.Dataset, path: Path, *, as_json: bool) -> None:
    """A Dataset on stdout, as text or as JSON."""
    from tegum.cli.points import summarise

    rows = summarise(runs)
    if as_json:
        about = {**_about(runs, path), "points": rows}
        print(json.dumps(_as_json(about), indent=2, allow_nan=False))
        return
    for line in _heading(runs, path):
        print(printable(line))
    print()
    shown = rows if len(rows) <= MOST_ROWS else rows[: MOST_ROWS // 2] + rows[-MOST_ROWS // 2 :]
    numbers = [[_text(value) for value in row.values()] for row in shown]
    header = list(rows[0])
    print_table(header, numbers, right=range(len(header)))
    if len(shown) < len(rows):
        print(f"{len(rows) - len(shown)} rows between these are left out; --json has them all")
    diverged = sum(int(row["diverged"] or 0) for row in rows)
    print(f"{len(rows)} x {runs.sizes['seed']} models, {diverged} of them diverged")


def _about(runs: xr.Dataset, path: Path) -> dict[str, Any]:
    from tegum.cli.points import axis_names

    return {
        "file": str(path),
        "problem": json.loads(runs.attrs["problem"]),
        "training": json.loads(runs.attrs["training"]),
        "run_seed": runs.attrs.get("run_seed"),
        "tegum_version": str(runs.attrs.get("tegum_version", "")),
        "machine": str(runs.attrs.get("machine", "")),
        "seeds": int(runs.sizes["seed"]),
        "axes": {name: runs[name].to_numpy().tolist() for name in axis_names(runs)},
        "variables": {
            str(name): dict(zip(map(str, array.dims), array.shape, strict=True))
            for name, array in runs.data_vars.items()
        },
    }


def _heading(runs: xr.Dataset, path: Path) -> list[str]:
    from tegum.problem import Problem
    from tegum.training import Training

    problem = Problem.from_json(runs.attrs["problem"])
    training = Training.from_json(runs.attrs["training"])
    sizes = ", ".join(f"{name} {size}" for name, size in runs.sizes.items())
    made_by = f"tegum {runs.attrs.get('tegum_version', '?')}"
    if machine := str(runs.attrs.get("machine", "")):
        made_by += f", on {machine}"
    return [
        f"file        {path}",
        f"problem     {brief(problem)}",
        f"training    {brief(training, always=_ALWAYS)}",
        f"run         seed {runs.attrs.get('run_seed', '?')}, {made_by}",
        f"dimensions  {sizes}",
        f"variables   {', '.join(map(str, runs.data_vars))}",
    ]


def brief(value: Any, always: frozenset[str] = frozenset()) -> str:
    """A description without the fields that have their default value, but for `always`."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple):
        shown = [brief(entry) for entry in value[:_MOST_ENTRIES]]
        more = [f"… {len(value)} in all"] if len(value) > len(shown) else []
        return f"({', '.join(shown + more)})"
    fields = getattr(type(value), "__pydantic_fields__", None)
    if fields is None:
        return str(value)
    said = [
        f"{name}={brief(getattr(value, name))}"
        for name, field in fields.items()
        if name in always or getattr(value, name) != field.default
    ]
    return f"{type(value).__name__}({', '.join(said)})"


def _as_json(value: Any) -> Any:
    """The value as JSON has it: NaN and infinities are null, what it has no form of is text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _as_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(entry) for entry in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _text(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.5g}" if isinstance(value, float) else str(value)

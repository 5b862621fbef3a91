"""The first minute: first calls with no kernel kept and with all, each kernel, a report, bytes.

    python benchmarks/first_use.py [--before SRC] [--kernels] [--report] [--full] [--out FILE]

Every row is a fresh Python. *Cold* has an empty folder for kernels; *warm* is the median of three
with the folder that the cold one left. `--before` names the source folder of another build, which
takes turns with this one. Seconds of CPU are those of the process and of all that it waited for.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from machine import describe
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[1]
OUT: Final = Path(__file__).with_name("FIRST.md")
WARM: Final = 3
_TRAIN: Final = """
import tegum as tg
p = tg.Problem(tg.Independent({n}, feature_probability=0.05), tg.ReLUOutput({m}))
tg.train(p, training=tg.Training(steps={steps}, engine={engine!r}), progress=False)
"""
_LOSS: Final = """
import numpy as np, tegum as tg
p = tg.Problem(tg.Independent({n}, feature_probability=0.05), tg.ReLUOutput(2))
print(tg.expected_loss(p, np.ones((2, {n})) / {n}, np.zeros({n})))
"""


class Cost(NamedTuple):
    """What a process took: seconds on the clock, of CPU, and peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def scripts() -> dict[str, str]:
    """The six first calls, by name."""
    train = partial(_TRAIN.format, steps=2)
    found = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert found
    return {
        "sampled (5,2), 2 steps": train(n=5, m=2, engine="sampled"),
        "exact (5,2), 2 steps": train(n=5, m=2, engine="exact"),
        "exact (20,5), 2 steps": train(n=20, m=5, engine="exact"),
        "`expected_loss`, n = 5": _LOSS.format(n=5),
        "`expected_loss`, n = 20": _LOSS.format(n=20),
        "the ten lines of README": found[1],
    }


def run(command: Sequence[str], source: Path, cache: Path, work: Path) -> Cost:
    """A fresh process that finds tegum in `source` and kernels in `cache`."""
    path = os.pathsep.join([str(source), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "TEGUM_CACHE_DIR": str(cache)}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], env=environment, cwd=work, stdout=subprocess.DEVNULL
    )
    _, status, own = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1: a verdict that is not the recorded one
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return Cost(wall, cpu, own.ru_maxrss / 1024)


def first_calls(builds: Mapping[str, Path]) -> list[str]:
    """Cold and warm seconds of the six calls, builds in turns."""
    lines = [
        "| first call | build | cold, s | (CPU) | warm, s | (CPU) | cold ÷ warm |",
        "| :-- | :-- | --: | --: | --: | --: | --: |",
    ]
    for name, script in scripts().items():
        with tempfile.TemporaryDirectory() as place:
            folders = {build: Path(place) / build for build in builds}
            call = partial(run, ["-c", script], work=Path(place))
            cold = {b: call(source=source, cache=folders[b]) for b, source in builds.items()}
            turns = [
                {b: call(source=source, cache=folders[b]) for b, source in builds.items()}
                for _ in range(WARM)
            ]
        for build in builds:
            warm = Cost(
                *(
                    statistics.median(column)
                    for column in zip(*(t[build] for t in turns), strict=True)
                )
            )
            lines.append(
                f"| {name} | {build} | {cold[build].wall:.1f} | {cold[build].cpu:.1f} "
                f"| {warm.wall:.2f} | {warm.cpu:.2f} | {cold[build].wall / warm.wall:.1f} |"
            )
            print(lines[-1], flush=True)
    return lines


def kernels(source: Path) -> list[str]:
    """What compiling each kernel takes, alone, and bytes of all that are kept."""
    listed = "from tegum.engines.kernels import names; print(*names())"
    environment = {**os.environ, "PYTHONPATH": str(source)}
    found = subprocess.run(
        [sys.executable, "-c", listed], env=environment, capture_output=True, text=True, check=True
    )
    lines = ["| kernel | CPU s | MB of memory |", "| :-- | --: | --: |"]
    with tempfile.TemporaryDirectory() as place:
        cache, total = Path(place) / "cache", 0.0
        for name in found.stdout.split():
            cost = run(["-m", "tegum.engines.kernels", name], source, cache, Path(place))
            total += cost.cpu
            lines.append(f"| {name} | {cost.cpu:.1f} | {cost.memory:.0f} |")
            print(lines[-1], flush=True)
        lines += [f"| all | {total:.0f} | |", "", f"Kept: {_megabytes(_files(cache))}."]
    return lines


def report(source: Path, full: bool) -> list[str]:
    """Seconds of a whole report with no kernel kept, and its bytes."""
    with tempfile.TemporaryDirectory() as place:
        work, out = Path(place), Path(place) / "report"
        command = ["-m", "tegum", "reproduce", "--out", str(out), *([] if full else ["--quick"])]
        cost = run(command, source, work / "cache", work)
        page = (out / "report.html").read_bytes()
        rest = [path for path in _files(out) if "store" not in path.relative_to(out).parts]
        store = _files(out / "store")
        return [
            f"`tegum reproduce{'' if full else ' --quick'}`, no kernel kept: {cost.wall:.0f} s, "
            f"{cost.cpu:.0f} s of CPU, {cost.memory:.0f} MB in the process that writes.",
            f"report.html {len(page) / 1e6:.2f} MB ({len(gzip.compress(page)) / 1e6:.2f} MB "
            f"compressed); the folder {_megabytes(rest)}, its store {_megabytes(store)}.",
        ]


def environment() -> list[str]:
    """Bytes of what `pip install tegum` brings, by distribution."""
    sizes: dict[str, int] = {}

    def visit(name: str, extras: Sequence[str]) -> None:
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in sizes:
            return
        one = metadata.distribution(name)
        sizes[key] = 0
        if key != "tegum":
            places = (Path(str(one.locate_file(file))) for file in one.files or ())
            sizes[key] = sum(place.stat().st_size for place in places if place.is_file())
        for text in one.requires or ():
            needed = Requirement(text)
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in ("", *extras)):
                visit(needed.name, tuple(needed.extras))

    visit("tegum", ())
    largest = sorted(sizes, key=lambda key: -sizes[key])[:6]
    parts = ", ".join(f"{key} {sizes[key] / 1e6:.0f}" for key in largest)
    return [f"Environment: {sum(sizes.values()) / 1e6:.0f} MB in {len(sizes)} packages ({parts})."]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _megabytes(paths: Sequence[Path]) -> str:
    return f"{sum(path.stat().st_size for path in paths) / 1e6:.1f} MB in {len(paths)} files"


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--before", type=Path, help="source folder of another build")
    parser.add_argument("--kernels", action="store_true", help="each kernel alone")
    parser.add_argument("--report", action="store_true", help="a whole quick report")
    parser.add_argument("--full", action="store_true", help="a whole full report")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments, machine, source = parser.parse_args(), describe(), ROOT / "src"
    builds = {"now": source}
    if arguments.before:
        builds["before"] = arguments.before.resolve()
    parts: list[tuple[str, Callable[[], list[str]]]] = [
        ("First calls", partial(first_calls, builds))
    ]
    if arguments.kernels:
        parts.append(("Kernels", partial(kernels, source)))
    for wanted, full in ((arguments.report, False), (arguments.full, True)):
        if wanted:
            parts.append(
                ("A full report" if full else "A quick report", partial(report, source, full))
            )
    parts.append(("Bytes", environment))
    lines = [
        "# The first minute",
        "",
        f"{machine['cpu']} ({machine['vector_units']}), {machine['cores']} cores; every row is a "
        "fresh Python, cold with no kernel kept, warm with what the cold one left.",
    ]
    for title, part in parts:
        lines += ["", f"## {title}", "", *part()]
        print("\n".join(lines[-3:]), flush=True)
        arguments.out.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""How soon each way of training reaches a loss: exact descent, sampled descent, a PyTorch loop.

    python benchmarks/time_to_loss.py [--quick] [--out benchmarks/EXACT.md] [--peers-python PATH]

All contestants train the same models from the same initial weights on one core; how good their
weights are after so many seconds is said by the expected loss, computed exactly. Also: what one
evaluation of loss and gradient costs. Writes a report, a figure and the raw numbers beside it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from contestants import ENTRIES, Entry
from contestants.base import Weights, start_weights
from machine import available_cores, describe
from remote import Remote
from works import RACES, Work

import tegum as tg
from tegum.engines.exact import lower, run

ROOT = Path(__file__).parents[1]
DENSITIES = (0.1, 0.01)
#: How the exact engine trains.
EXACT = tg.Training(engine="exact")
#: Adam's steps and rate of the sampled contestants.
STEPS, RATE = 10_000, 3e-3
#: Targets: these parts above the median of the exact engine's final losses.
WITHIN = (0.01, 1e-4)
POINTS = 25
#: Loss and gradient of one model, seconds: what the prototype took (least, most).
DESIGN = {
    "2x1": (7e-6, 7e-6),
    "5x2": (67e-6, 67e-6),
    "20x5": (2e-4, 1.3e-3),
    "80x20": (1.7e-3, 2.6e-2),
}


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the three smallest models")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "EXACT.md")
    parser.add_argument("--peers-python", type=Path, default=ROOT / ".venv-peers/bin/python")
    return parser.parse_args(argv)


def problem_of(work: Work, p: float) -> tg.Problem:
    """The work in tegum's words."""
    law = tg.Independent(n_features=work.n, feature_probability=p)
    return tg.Problem(law, tg.ReLUOutput(n_hidden=work.m))


def normalised(work: Work, p: float, weights: Weights) -> np.ndarray:
    """The expected loss of each model, in parts of the loss of predicting 0."""
    found = tg.expected_loss(problem_of(work, p), weights.w_in, weights.b, tolerance=1e-6)
    return np.asarray(found.loss) / (work.n * p / 3)


def exact_course(work: Work, p: float) -> tuple[list[float], list[np.ndarray]]:
    """Seconds and losses of the exact engine from the common starts, on one core."""
    problem = problem_of(work, p)
    which, rates = np.zeros(work.instances, np.int64), np.array([EXACT.learning_rate])
    low = lower([problem], which, rates, warm=EXACT.warm_start)
    start = start_weights(work, work.instances, 7)
    size = work.n * work.m
    theta = np.zeros((work.instances, size + work.n))
    theta[:, :size] = start.w_in.transpose(0, 2, 1).reshape(work.instances, -1)
    state = run.start_state(theta, low)
    seconds, losses, done, passed = [], [], 0, 0.0
    for until in steps_of(EXACT.steps):
        began = time.process_time()
        if until > done:
            run.advance(state, low, done, until - done, 1)
        passed, done = passed + time.process_time() - began, until
        W = state["theta"][:, :size].reshape(-1, work.n, work.m).transpose(0, 2, 1)
        found = Weights.tied(W.astype(np.float32), state["theta"][:, size:].astype(np.float32))
        seconds.append(passed)
        losses.append(normalised(work, p, found))
        if (state["tally"][:, 0] != 0).all():
            break
    return seconds, losses


def steps_of(last: int) -> list[int]:
    """Numbers of steps to look after, log-spaced."""
    return sorted({0, *np.rint(np.geomspace(1, last, POINTS)).astype(int).tolist()})


def sampled_course(
    remote: Remote, work: Work, p: float, settings: dict[str, Any]
) -> tuple[list[float], list[np.ndarray]]:
    """The same of a contestant that draws samples, in its own process."""
    steps = steps_of(STEPS)
    with tempfile.TemporaryDirectory() as folder:
        seconds = remote.ask(
            "course", p=p, settings=settings, learning_rate=RATE, instances=work.instances,
            steps=steps, folder=folder,
        )["seconds"]  # fmt: skip
        files = [Path(folder) / f"{number}.npz" for number in range(len(steps))]
        return seconds, [normalised(work, p, Weights.load(file)) for file in files]


def race(work: Work, entries: Sequence[Entry], options: argparse.Namespace) -> dict[str, Any]:
    """All contestants at all densities."""
    core = available_cores()[:1]
    pythons = {"tegum": Path(sys.executable), "peers": options.peers_python}
    single = {
        "sampled": {"threads": 1},
        "PyTorch loop": {"layout": "batch first, W (hidden, feature)", "threads": 1},
    }
    found: dict[str, Any] = {}
    for p in DENSITIES:
        courses = {"exact": exact_course(work, p)}
        for name, entry in zip(single, entries, strict=True):
            with Remote(entry, pythons[entry.environment], work, core) as remote:
                courses[name] = sampled_course(remote, work, p, single[name])
        found[str(p)] = {
            name: {"seconds": seconds, "losses": np.array(losses).tolist()}
            for name, (seconds, losses) in courses.items()
        }
        print(f"({work.n},{work.m}) p={p:g}:", summary(found[str(p)], WITHIN[0]), flush=True)
    return found


def summary(courses: dict[str, Any], within: float) -> dict[str, str]:
    """Seconds to the target, by contestant; – where it is not reached."""
    target = (1 + within) * float(np.median(courses["exact"]["losses"][-1]))
    times = {}
    for name, course in courses.items():
        medians = np.median(np.array(course["losses"]), axis=1)
        there = np.flatnonzero(medians <= target)
        times[name] = f"{course['seconds'][there[0]]:.3g}" if len(there) else "–"
    return times


def costs(works: Sequence[Work]) -> dict[str, dict[str, float]]:
    """Seconds of one evaluation of loss and gradient, one core, at random weights."""
    found: dict[str, dict[str, float]] = {}
    for work in works:
        for p in (*DENSITIES, 0.001):
            problem = problem_of(work, p)
            low = lower([problem], np.zeros(1, np.int64), np.array([1e-12]), warm=10**9)
            rng, size = np.random.default_rng(0), work.n * work.m
            theta = np.zeros((1, size + work.n))
            theta[0, :size] = rng.normal(0, np.sqrt(2 / (work.n + work.m)), size)
            theta[0, size:] = -0.1
            state = run.start_state(theta, low)
            count, best = max(8, int(5e4 / work.n**2)), np.inf
            for _ in range(4):
                began = time.process_time()
                run.advance(state, low, 0, count, 1)
                best = min(best, (time.process_time() - began) / count)
            found.setdefault(work.key, {})[str(p)] = best
    return found


def figure(results: dict[str, Any], path: Path) -> None:
    """Losses over seconds: thin lines are starts, thick ones their median."""
    from matplotlib.figure import Figure

    from tegum.plots import style

    colours = {"exact": "#b2182b", "sampled": "#2166ac", "PyTorch loop": "#666666"}

    @style.styled
    def draw() -> Figure:
        keys = list(results["courses"])
        canvas = Figure(figsize=(2.6 * len(keys), 5.2), layout="constrained")
        grid = canvas.subplots(len(DENSITIES), len(keys), squeeze=False)
        for row, p in zip(grid, DENSITIES, strict=True):
            for axes, key in zip(row, keys, strict=True):
                for name, course in results["courses"][key][str(p)].items():
                    seconds = np.array(course["seconds"][1:])
                    losses = np.array(course["losses"])[1:]
                    axes.plot(seconds, losses, color=colours[name], lw=0.5, alpha=0.4)
                    axes.plot(seconds, np.median(losses, axis=1), color=colours[name], label=name)
                n, m = key.split("x")
                axes.set(xscale="log", yscale="log", title=f"({n},{m}), 1−S = {p:g}")
        grid[-1][0].set(xlabel="seconds, all starts on one core")
        for row in grid:
            row[0].set(ylabel="expected loss / loss of predicting 0")
        grid[0][0].legend()
        return canvas

    draw().savefig(path, dpi=150)


def markdown(results: dict[str, Any], picture: str) -> str:
    """The report."""
    machine = results["machine"]
    lines = [
        "# The exact engine: time to a loss", "",
        f"- measured {results['date']} on one core of {machine['cpu']}; {machine['packages']}",
        f"- all contestants train the same models from the same initial weights: the exact "
        f"engine ({EXACT.warm_start} Adam steps, then L-BFGS), tegum's sampled engine and a "
        f"notebook-style PyTorch loop ({STEPS:,} Adam steps at rate {RATE:g}, batch 1024)",
        "- the median over starts is to come near the median that the exact engine ends at; "
        "seconds are CPU time of one thread for all starts together, compiling not counted",
        "", f"![Expected loss over seconds]({picture})",
    ]  # fmt: skip
    for within in WITHIN:
        lines += ["", f"## Seconds to within {100 * within:g} %", "", *_table(results, within)]
    lines += [
        "", "A dash: not reached in those steps. With a constant rate the noise of the batches "
        "keeps the last part of the loss away, and the median over other basins may be higher.",
        "", "## One evaluation of loss and gradient", "",
        "Microseconds of one of Adam's steps on one core, with as many nodes as it takes, 32 at "
        "most. The ceiling is twice what the prototype took with 64.",
        "",
        "| model | 1−S = 0.1 | 0.01 | 0.001 | ceiling |", "| :-- | --: | --: | --: | --: |",
    ]  # fmt: skip
    for key, found in results["costs"].items():
        ceiling = f"{2e6 * DESIGN[key][1]:,.0f}" if key in DESIGN else "–"
        cells = " | ".join(f"{1e6 * seconds:,.1f}" for seconds in found.values())
        n, m = key.split("x")
        lines.append(f"| ({n},{m}) | {cells} | {ceiling} |")
    return "\n".join(lines) + "\n"


def _table(results: dict[str, Any], within: float) -> list[str]:
    """Seconds to a target."""
    lines = [
        "| model × starts | 1−S | exact | sampled | PyTorch loop | PyTorch over exact |",
        "| :-- | --: | --: | --: | --: | --: |",
    ]
    for work in RACES:
        for p, courses in results["courses"].get(work.key, {}).items():
            times = summary(courses, within)
            ratio = "–"
            if "–" not in (times["exact"], times["PyTorch loop"]):
                ratio = f"{float(times['PyTorch loop']) / float(times['exact']):.0f}×"
            cells = " | ".join(times[name] for name in ("exact", "sampled", "PyTorch loop"))
            lines.append(f"| ({work.n},{work.m}) × {work.instances} | {p} | {cells} | {ratio} |")
    return lines


def main(argv: Sequence[str]) -> int:
    """Measure and write."""
    options = arguments(argv)
    works = RACES[:3] if options.quick else RACES
    entries = [next(e for e in ENTRIES if e.name == name) for name in ("tegum", "notebook")]
    description = describe()
    results: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "machine": {"cpu": description["cpu"], "packages": f"tegum {tg.__version__}"},
        "costs": costs(works),
        "courses": {work.key: race(work, entries, options) for work in works},
    }
    picture = options.out.with_name("time_to_loss.png")
    figure(results, picture)
    options.out.write_text(markdown(results, picture.name))
    options.out.with_name("time_to_loss.json").write_text(json.dumps(results) + "\n")
    print(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

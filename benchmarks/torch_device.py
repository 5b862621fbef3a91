"""The torch engine on a device against the hand-written bmm loop there, in under five minutes.

    python benchmarks/torch_device.py [--device auto] [--small] [--out torch_device.json]

First it checks that the device trains what a CPU trains: the same samples, and losses that agree
from the same weights. Then the contestants take turns on (10,5) × 10,000 and (100,20) × 200 models
at p = 0.05, batches of 1024, Adam: the engine as it is, the engine with its draws compiled to one
kernel (as it has it in long trainings on a GPU), and the loop of `contestants/bmm_loop.py`, plain
and compiled. `--small` makes the works small enough for a CPU.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from contestants import bmm_loop
from contestants.tegum_engine import problem_of, training_of
from works import BATCH, LEARNING_RATE, Work

import tegum as tg
from tegum.engines import get_engine
from tegum.engines.base import Batch
from tegum.engines.torch.engine import TorchEngine

P: Final = 0.05
ROUNDS: Final = 5
#: Seconds of one measurement, and those after which no further contestant is begun.
SECONDS, LATEST = 0.6, 200.0
#: How far losses may lie apart, relatively: of the same weights, and after as many steps.
SAME, TRAINED, STEPS = 1e-4, 1e-3, 50
WORKS: Final = (
    Work("10x5", "relu_output", 10, 5, 10_000, 0),
    Work("100x20", "relu_output", 100, 20, 200, 0),
)
SMALL: Final = (
    Work("10x5", "relu_output", 10, 5, 40, 0),
    Work("100x20", "relu_output", 100, 20, 4, 0),
)

Advance = Callable[[int], None]


def batch_of(work: Work, instances: int) -> Batch:
    """Seeds of the work's one problem."""
    problem, training = problem_of(work, P), training_of(10_000, LEARNING_RATE)
    training = training.replace(engine="torch", held_out=16_384)
    return Batch(problem, (problem,), (training,), tuple(range(instances)), 0)


def engine(work: Work, device: str, fuse: bool) -> Advance:
    """The engine's own stepper, its draws compiled or not."""
    made: Any = get_engine("torch", device=device)
    made.fuse_from = 0.0 if fuse else np.inf
    batch = batch_of(work, work.instances)
    state = made.init(batch)
    return lambda steps: made.advance(batch, state, steps, jobs=threads())


def loop(work: Work, device: str, compiled: bool) -> Advance:
    """The hand-written loop, all models in one stack."""
    settings: Any = {"layout": "instance first", "threads": threads(), "device": device}
    return bmm_loop.build(work, P, {**settings, "compile": compiled}, LEARNING_RATE, None).advance


def threads() -> int:
    """What the CPU's share of the work may use."""
    return torch.get_num_threads()


CONTESTANTS: Final[dict[str, Callable[[Work, str], Advance]]] = {
    "tegum": lambda work, device: engine(work, device, False),
    "bmm loop": lambda work, device: loop(work, device, False),
    # in this order: to build the loop throws away what PyTorch has compiled before
    "bmm loop, compiled": lambda work, device: loop(work, device, True),
    "tegum, draws compiled": lambda work, device: engine(work, device, True),
}


def agreement(work: Work, device: str) -> dict[str, float]:
    """The largest differences between a device and a CPU, which trains a few of the models."""
    batch = batch_of(work, min(8, work.instances))
    here, there = TorchEngine("cpu"), TorchEngine(device)
    start = here.init(batch)

    def copied() -> dict[str, Any]:
        return {name: array.copy() for name, array in start.items()}

    def loss(of: TorchEngine, state: dict[str, Any]) -> np.ndarray:
        return np.asarray(of.score(batch, state, jobs=threads())["loss"])

    def apart(a: np.ndarray, b: np.ndarray) -> float:
        return float((np.abs(a - b) / np.abs(a)).max())

    mine, yours = (e.advance(batch, copied(), STEPS, jobs=threads()) for e in (here, there))
    return {
        "same weights": max(
            apart(loss(here, start), loss(there, start)), apart(loss(here, mine), loss(there, mine))
        ),
        "trained": apart(loss(here, mine), loss(here, yours)),
        "fell to": float((loss(here, mine) / loss(here, start)).max()),
    }


def measured(work: Work, device: str, began: float) -> dict[str, dict[str, Any]]:
    """Model-steps per second of every contestant, which take turns."""
    ready: dict[str, tuple[Advance, int]] = {}
    found: dict[str, dict[str, Any]] = {}
    for name, make in CONTESTANTS.items():
        if time.perf_counter() - began > LATEST:
            found[name] = {"left out": "no time"}
            continue
        start = time.perf_counter()
        try:
            advance = make(work, device)
            seconds_of(advance, 2, device)
            warm = time.perf_counter() - start
            each = seconds_of(advance, 2, device) / 2
        except Exception as error:  # a compiler that is not there, or too little memory
            found[name] = {"left out": " ".join(str(error).split())[:300]}
            continue
        ready[name] = advance, max(1, int(SECONDS / each))
        found[name] = {"first steps": warm, "rates": []}
    for _ in range(ROUNDS):
        for name, (advance, steps) in ready.items():
            rate = work.instances * steps / seconds_of(advance, steps, device)
            found[name]["rates"].append(rate)
    for row in found.values():
        if "rates" in row:
            row["model-steps/s"] = statistics.median(row["rates"])
    return found


def seconds_of(advance: Advance, steps: int, device: str) -> float:
    """How long so many steps take, the device's queue emptied before and after."""
    wait(device)
    start = time.perf_counter()
    advance(steps)
    wait(device)
    return time.perf_counter() - start


def wait(device: str) -> None:
    """Until the device has done all that it was given."""
    if device != "cpu":
        torch.cuda.synchronize()


def whole_call(work: Work, device: str) -> dict[str, float]:
    """A call of `tegum.train` from its first line to the Dataset, in units of its own."""
    training = training_of(200, LEARNING_RATE).replace(engine="torch", device=device)
    start = time.perf_counter()
    runs = tg.train(problem_of(work, P), training=training, seeds=work.instances, progress=False)
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "model-steps/s": work.instances * training.steps / seconds,
        "median loss": float(runs.loss.median()),
    }


def about(device: str) -> dict[str, str]:
    """What this was measured on."""
    gpu = torch.cuda.get_device_name() if device != "cpu" else platform.processor()
    return {
        "device": f"{device}: {gpu}",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": str(threads()),
    }


def table(report: dict[str, Any]) -> str:
    """What was found, as Markdown."""
    lines = [f"{report['about']['device']}, torch {report['about']['torch']}", ""]
    for title, work in report["works"].items():
        lines += [f"### {title}, p = {P:g}, batch {BATCH}", "", "| | model-steps/s | of the loop |"]
        lines += ["| :-- | --: | --: |"]
        peer = work["speed"]["bmm loop"].get("model-steps/s", np.nan)
        for name, row in work["speed"].items():
            if "left out" in row:
                lines.append(f"| {name} | left out: {row['left out']} | |")
                continue
            low, high = min(row["rates"]), max(row["rates"])
            rate = row["model-steps/s"]
            spread = f"{rate:,.0f} [{low:,.0f}, {high:,.0f}]"
            lines.append(f"| {name} | {spread} | {rate / peer:.2f} |")
        call, agreed = work["whole call"], work["agreement"]
        lines += ["", f"`tegum.train`, 200 steps, all in: {call['model-steps/s']:,.0f} a second."]
        lines += [
            f"Losses and a CPU's: {agreed['same weights']:.1e} apart of the same weights, "
            f"{agreed['trained']:.1e} after {STEPS} steps each.",
            "",
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print a table and the JSON behind it, and write that."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    device = str(TorchEngine(given.device).device)
    began = time.perf_counter()
    report: dict[str, Any] = {"about": about(device), "works": {}}
    for work in SMALL if given.small else WORKS:
        report["works"][work.title] = {
            "agreement": agreement(work, device),
            "speed": measured(work, device, began),
            "whole call": whole_call(work, device),
        }
    report["seconds"] = time.perf_counter() - began
    text = json.dumps(report, indent=1)
    if given.out:
        given.out.write_text(text + "\n")
    print(text, table(report), sep="\n\n", flush=True)
    for title, row in report["works"].items():
        found = row["agreement"]
        if found["same weights"] > SAME or found["trained"] > TRAINED:
            raise SystemExit(f"{title}: {device} and CPU disagree: {found}")


if __name__ == "__main__":
    main()

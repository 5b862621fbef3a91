"""The command line: arguments of every command, most in this process, some in one of their own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import tegum as tg
from tegum.cli.main import main
from tegum.errors import TegumError

from . import limited, one_line
from ._words import (
    JSONS,
    PATHS,
    PROBLEM,
    REAL,
    TRAINING,
    VECTORS,
    WHOLE,
    a_folder,
    refill,
    some,
)

#: Arguments, and where stdout goes: "utf-8" and "ascii" in this process, others in one of its own.
Input = tuple[list[str], str]
#: A process loads everything anew.
_LONGEST_START = 120.0
_OWN = ("full", "closed", "gone", "ascii terminal", "no stderr")

_NAMES = ("antipodal-pairs", "training-run", "antipodal", "nothing")
_KINDS = {
    "--distribution": ("independent", "anticorrelated", "correlated", "groups"),
    "--magnitude": ("uniform", "signed", "exponential", "one"),
    "--model": ("relu-output", "linear", "relu-hidden", "two-layer"),
    "--activation": ("relu", "gelu", "leaky", "quadratic", "identity"),
    "--hidden-activation": ("relu", "gelu", "identity"),
    "--target": ("x", "abs", "square", "sign", "product", "and", "xor", "elementwise", "pairs"),
    "--target-operation": ("product", "min", "max", "distance"),
    "--engine": ("sampled", "exact"),
    "--optimizer": ("adam", "adamw", "sgd"),
    "--schedule": ("constant", "linear", "cosine"),
    "--pairs": ("0+1", "0+1,1+2", "0+0", "0+9", "1+" + "9" * 5000, "+", "0-1", "٣+١"),
    "--checkpoints": ("0", "2", "0,2", "2,1", "1,", "9" * 5000, "0," + "9" * 5000, "9000000000000"),
}
_WHOLES = ("--features", "--sets", "--set-size", "--hidden", "--steps", "--batch-size", "--warmup")
_WHOLES += ("--warm-start", "--curve-points", "--held-out", "--seeds", "--seed", "--jobs")
_REALS = ("--target-low", "--target-high", "--l1", "--learning-rate", "--attack", "--momentum")
_REALS += ("--weight-decay", "--final-fraction", "--init-std")
_VECTORS = ("--probability", "--importance", "--target-table")
_FLAGS = ("--no-bias", "--hidden-bias", "--json", "--bias", "--no-json", "--help", "--version")
_AXES = ("l1", "feature_probability", "importance[1]", "importance[99]", "r:importance[0]", "seed")
_AXES += (
    "learning_rate",
    "n_hidden",
    "W:l1",
    ":l1",
    "a\nb:l1",
    "\x1b[31m:l1",
    "momentum",
    "status",
)
_USUAL = ["--features", "3", "--hidden", "2", "--probability", "0.3", "--steps", "2"]
_USUAL += ["--batch-size", "8", "--held-out", "64"]


def inputs(rng: random.Random) -> Iterator[Input]:
    """Command lines; one in 200 has a process of its own."""
    while True:
        line = _line(rng)
        stream = rng.choice(("utf-8", "utf-8", "ascii"))
        yield line, rng.choice(_OWN) if rng.random() < 0.005 else stream


def _line(rng: random.Random) -> list[str]:
    command = rng.choices(
        ("train", "show", "reproduce", "list", "explore", ""), (12, 4, 2, 1, 1, 1)
    )[0]
    if not command:
        return [
            some(rng, ("--help", "-h", "--version", "trian", "tegum"), 0.6)
            for _ in range(rng.randint(0, 2))
        ]
    line = [command, *_OF[command](rng)]
    if rng.random() < 0.1:  # any word anywhere
        line.insert(rng.randint(0, len(line)), some(rng, _FLAGS + WHOLE))
    if rng.random() < 0.05:
        del line[rng.randrange(len(line))]
    return line


def _train(rng: random.Random) -> list[str]:
    line = list(_USUAL) if rng.random() < 0.85 else []
    if rng.random() < 0.1:
        line = ["--problem", some(rng, PATHS)]
    for _ in range(rng.randint(0, 4)):
        kind = rng.randrange(7)
        if kind == 0:
            name = rng.choice(list(_KINDS))
            line += [name, some(rng, _KINDS[name])]
        elif kind == 1:
            line += [rng.choice(_WHOLES), some(rng, WHOLE)]
        elif kind == 2:
            line += [rng.choice(_REALS), some(rng, REAL)]
        elif kind == 3:
            line += [rng.choice(_VECTORS), some(rng, VECTORS + REAL)]
        elif kind == 4:
            line += ["--axis", f"{some(rng, _AXES)}={some(rng, VECTORS + REAL)}"]
        elif kind == 5:
            line += [rng.choice(("--out", "--store", "--start", "--problem")), some(rng, PATHS)]
        else:
            line += rng.choice(
                (
                    [rng.choice(_FLAGS)],
                    ["--parts", some(rng, JSONS)],
                    ["--distribution", "groups", "--parts", some(rng, JSONS)],
                )
            )
    if rng.random() < 0.1:  # in one word
        at = rng.randrange(max(1, len(line) - 1))
        line[at : at + 2] = ["=".join(line[at : at + 2])]
    return line


def _show(rng: random.Random) -> list[str]:
    return [some(rng, PATHS), *(["--json"] if rng.random() < 0.5 else [])]


def _reproduce(rng: random.Random) -> list[str]:
    line = [some(rng, _NAMES) for _ in range(rng.randint(0, 2))]
    for _ in range(rng.randint(0, 3)):
        option = rng.choice(("--out", "--store", "--jobs", "--seed", "--quick", "--fine", "--json"))
        line.append(option)
        if option in ("--out", "--store"):
            line.append(some(rng, PATHS))
        elif option in ("--jobs", "--seed"):
            line.append(some(rng, WHOLE))
    return line


def _explore(rng: random.Random) -> list[str]:
    line = []
    for _ in range(rng.randint(0, 3)):
        option = rng.choice(("--host", "--port", "--pages", "--report", "--allow-remote", "--json"))
        line.append(option)
        if option == "--host":  # no name that somebody would be asked for
            line.append(
                rng.choice(
                    (
                        "127.0.0.1",
                        "::1",
                        "localhost",
                        "0.0.0.0",
                        "",
                        "a..b",
                        "x" * 300 + ".",
                        "é\n",
                        "1:2",
                        "256.1.1.1",
                        "\0",
                    )
                )
            )
        elif option == "--report":
            line.append(some(rng, PATHS))
        elif option in ("--port", "--pages"):
            line.append(some(rng, WHOLE))
    return line


_OF = {
    "train": _train,
    "show": _show,
    "reproduce": _reproduce,
    "list": lambda rng: [some(rng, ("--json", "--help", "extra"))][: rng.randint(0, 1)],
    "explore": _explore,
}


class Enough(TegumError):
    """Everything was checked; what would come now costs time."""


@contextmanager
def around() -> Iterator[None]:
    """In a folder with files, and nothing but tiny models of one kind is trained."""
    from tegum.ensemble.solve import Solver
    from tegum.report import overview

    solve = Solver.solve

    def tiny(self: Any) -> Any:
        training, problem = self._grid.training, self._grid.problem
        work = len(self._of) * max(1, training.steps) * (training.batch_size + training.held_out)
        if work > 3000 or not _is_usual(problem, training, self._grid.axes):
            raise Enough("that is enough")
        return solve(self)

    def no_further(*_: object, **__: object) -> Any:
        raise Enough("that is enough")

    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        enter(a_folder(Path(enter(tempfile.TemporaryDirectory()))))
        enter(patch.object(overview, "PACKAGE", "fake_experiments"))
        enter(patch.object(Solver, "solve", tiny))
        enter(patch("tegum.report.crew.Crew", lambda *_: contextlib.nullcontext()))
        enter(patch("tegum.cli.reproduce._run", no_further))
        enter(patch("tegum.explorer.serve.uvicorn.Config", no_further))
        enter(warnings.catch_warnings())
        warnings.simplefilter("error")
        tg.train(PROBLEM, training=TRAINING, progress=False)  # compiled, it is quick
        yield


def _is_usual(problem: Any, training: Any, axes: Any) -> bool:
    """Whether the kernels are those that other tests compile."""
    from tegum.distributions import Independent
    from tegum.models import ReLUOutput

    data, model = problem.distribution, problem.model
    return (
        (type(data), type(model)) == (Independent, ReLUOutput)
        and (data.n_features, data.magnitude, model) == (3, "uniform", ReLUOutput(2))
        and (problem.target, problem.l1) == ("x", 0.0)
        and (training.engine, training.attack) == ("sampled", 0.0)
        and not {axis.target for axis in axes} & {"l1", "attack"}
    )


def attempt(one: Input) -> None:
    """A code that is documented; with 2 one line on stderr, and nothing on stdout."""
    line, where = one
    refill()
    if where in _OWN:
        _in_a_process(line, where)
        return
    out = io.TextIOWrapper(io.BytesIO(), where, errors="strict", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), where, errors="backslashreplace", write_through=True)
    with redirect_stdout(out), redirect_stderr(err):
        code = main(line)
    _judge(line, code, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    return stream.buffer.getvalue().decode(stream.encoding)  # type: ignore[attr-defined]


def _judge(line: list[str], code: int, out: str, err: str) -> None:
    assert code in (0, 2) or (code == 1 and line[0] == "reproduce"), f"exit code {code}"
    notes = ("training: ", "saved ", "made the folder ")
    said = [text for text in err.split("\n") if not text.startswith(notes)]
    assert all(map(one_line, [*out.split("\n"), *said])), f"not printable: {out!r} {err!r}"
    if code == 2:
        assert len(said) == 2, f"more than a line: {err!r}"
        assert said[0].startswith("error: ")
        assert said[1] == ""
        assert "Traceback" not in err
    elif "--json" in line and "--help" not in line and out.startswith(("{", "[")):
        json.loads(out, parse_constant=lambda name: 1 / 0)


def _in_a_process(line: list[str], where: str) -> None:
    """With a stdout that takes nothing, or a stderr; every way to start one is `tegum`'s own."""
    if any("\0" in word for word in line) or "explore" in line or "reproduce" in line:
        return  # no arguments of a process; what would not end
    words = [os.fsencode(word) for word in [sys.executable, "-m", "tegum.cli.main", *line]]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"} if where == "ascii terminal" else None
    shell = {"full": ">/dev/full", "closed": ">&-", "no stderr": "2>&-", "gone": "| true"}
    script = f'"$@" {shell.get(where, "")}; exit "${{PIPESTATUS[0]}}"'
    with limited(_LONGEST_START):
        done = subprocess.run(
            [b"bash", b"-c", script.encode(), b"bash", *words],
            capture_output=True,
            env=environment,
            check=False,
        )
    err = done.stderr.decode("utf-8")
    assert done.returncode in (0, 2, 141), f"exit code {done.returncode}: {err}"
    assert "Traceback" not in err, err
    assert "Exception ignored" not in err, err
    if done.returncode == 2 and where != "no stderr":
        said = [text for text in err.split("\n") if text.startswith("error: ")]
        assert len(said) == 1, err
    if where in ("full", "closed"):
        assert done.returncode == 2, f"exit code {done.returncode}: {err}"

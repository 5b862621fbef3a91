"""One new file: what a distribution, a model and a target need to be offered everywhere."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from new_files import write

from tegum.discovery import PARTS, example_of, found
from tegum.distributions import Distribution, Groups
from tegum.fields import fields_of
from tegum.spec import Spec
from tegum.training import Training

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for new files."""
    return tmp_path_factory.mktemp("files")


def run(home: Path, *arguments: str) -> str:
    """What Python prints where there are these files too."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        env=write(home),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def command(home: Path, line: str) -> str:
    """What the command line prints."""
    return run(home, "-m", "tegum.cli.main", *line.split())


def test_new_files_are_options_of_the_command_line(home: Path) -> None:
    text = command(home, "train --help")
    rows = [line.strip("│ ") for line in text.splitlines()]
    packed = "".join("".join(rows).split())  # long rows of kinds go over several lines
    for start, new in (
        ("--distributionindependent|", "partly-signed"),
        ("--modelrelu-output|", "soft-output"),
        ("--targetx|", "scaled"),
    ):
        kinds = packed.partition(start)[2].partition("--")[0].split("|")
        assert any(kind.startswith(new) for kind in kinds), start
    for option in ("--signed N ", "--smooth ", "--target-share X "):
        assert any(row.startswith(option) for row in rows), option
    said = " ".join(" ".join(rows).split())
    assert "How many features are signed, counted from the first (partly-signed)" in said
    assert "Whether f is GELU; else it is the leaky ReLU (soft-output)" in said


def test_new_files_are_trained_and_shown_by_the_command_line(home: Path) -> None:
    line = "train --distribution partly-signed --features 3 --signed 1 --model soft-output --smooth"
    line += " --hidden 2 --probability 0.5 --steps 2 --batch-size 8 --held-out 64 --json"
    trained = json.loads(command(home, line))
    shown = json.loads(command(home, "show tegum-run.nc --json"))
    assert shown == trained
    assert shown["problem"]["distribution"] == {
        "kind": "partly_signed",
        "n_features": 3,
        "feature_probability": 0.5,
        "n_signed": 1,
    }
    assert shown["problem"]["model"] == {
        "kind": "soft_output",
        "n_hidden": 2,
        "bias": True,
        "smooth": True,
    }


def test_new_files_are_offered_and_taken_by_the_explorer(home: Path) -> None:
    code = """
import json
from tegum.explorer.limits import Limits
from tegum.explorer.live import Live
from tegum.explorer.state import PageState
from tegum.explorer.vocabulary import vocabulary

offered = vocabulary()
law = {**offered["distribution"]["partly_signed"]["example"], "n_features": 4}
state = {
    "problem": {"kind": "problem", "distribution": law,
                "model": offered["model"]["soft_output"]["example"],
                "target": offered["target"]["scaled"]["example"]},
    "training": {"steps": 2, "batch_size": 8},
}
read = PageState.read(state)
assert PageState.read(read.data()) == read
trained = PageState.read({**state, "problem": {**state["problem"], "target": "x"}})
live = Live(trained, Limits(), jobs=1)
while not live.ended:
    live.advance(1)
print(json.dumps([offered, live.step, read.problem.target_of([[1, 2, 3, 4]]).tolist()]))
"""
    offered, step, values = json.loads(run(home, "-c", code))
    assert (step, values) == (2, [[0.5, 1, 1.5, 2]])
    field = offered["distribution"]["partly_signed"]["fields"]["n_signed"]
    assert field == {
        "form": "whole",
        "required": True,
        "default": None,
        "choices": [],
        "low": 0,
        "high": None,
        "help": "How many features are signed, counted from the first.",
    }
    assert offered["model"]["soft_output"]["fields"]["smooth"]["form"] == "flag"
    assert offered["target"]["scaled"]["example"] == {"kind": "scaled", "share": 0.5}


@pytest.mark.slow
def test_new_files_are_tested_for_free(home: Path) -> None:
    # tegum is there before the tests' own hooks are
    options = ("-W", "ignore::pytest.PytestAssertRewriteWarning", "-q", "-n", "0")
    chosen = ("-k", "PartlySigned or SoftOutput")
    files = (str(TESTS / f"test_{name}.py") for name in ("distributions", "models", "problem"))
    config = ("-c", str(TESTS.parent / "pyproject.toml"))
    said = run(home, "-m", "pytest", *config, *options, *chosen, *files)
    assert int(said.split(" passed")[0].split()[-1]) >= 15


@pytest.mark.parametrize("part", PARTS)
def test_every_class_is_public_and_has_an_example(part: str) -> None:
    """A class is `tegum.distributions.NAME` and the like by a line in the `__init__` there."""
    base = PARTS[part]
    package = importlib.import_module(base.__module__.rpartition(".")[0])
    classes = found(base)
    assert len(classes) >= 2
    for kind, cls in classes.items():
        assert getattr(package, cls.__name__, None) is cls, f"{package.__name__} has no {cls}"
        assert cls is Groups or example_of(cls) is not None, kind


def test_the_first_is_first_and_others_follow_by_file() -> None:
    kinds = list(found(Distribution, "independent"))  # type: ignore[type-abstract]
    assert kinds == [
        *("independent", "anticorrelated", "copula", "correlated", "custom", "groups"),
        *("activations", "hierarchy", "mixture", "samples"),
    ]


@pytest.mark.parametrize("cls", [Training, *(c for b in PARTS.values() for c in found(b).values())])
def test_fields_are_those_of_the_class(cls: type[Spec]) -> None:
    fields = fields_of(cls)
    assert list(fields) == [name for name in cls.model_fields if name != "kind"]
    example: Any = example_of(cls)
    for name, field in fields.items():
        value = getattr(example, name, field.default)
        if field.form == "choice":
            assert value in field.choices
        if field.form in ("whole", "number") and value is not None and field.interval is not None:
            assert value in field.interval


def test_a_training_says_what_each_of_its_fields_is() -> None:
    assert all(field.help for field in fields_of(Training).values())

"""From options of the command line to a Problem and a Training; the options are their fields."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tegum.cli import values
from tegum.cli.parts import Options, Part, option, read, words
from tegum.discovery import PARTS
from tegum.distributions import Distribution
from tegum.errors import InputFileError, SpecError, TegumError
from tegum.fields import fields_of
from tegum.models import Model
from tegum.problem import Problem
from tegum.targets import NAMED, Target
from tegum.targets.pairs import WORDS
from tegum.training import EXACT_DEFAULTS, Training

DATA: Final = Part(
    "distribution",
    Distribution,  # type: ignore[type-abstract]
    "independent",
    "What the features are",
)
MODEL: Final = Part("model", Model, "relu-output", "What is trained")
TARGET: Final = Part(
    "target",
    Target,  # type: ignore[type-abstract]
    "x",
    "What the model is to output, of each feature or of pairs of features",
    prefix="target_",
)
_LOSS: Final = {name: own for name, own in fields_of(Problem).items() if name not in PARTS}
_TRAINING: Final = fields_of(Training)

#: The groups that describe a problem.
ASKED: Final = ("data", "model", "loss")


def groups() -> dict[str, Options]:
    """The options of a problem's parts and of a training, by the group that help shows them in."""
    loss = {name: option(own, own.help) for name, own in _LOSS.items()}
    training = {name: option(own, own.help, _usually(name)) for name, own in _TRAINING.items()}
    return {
        "data": {DATA.word: DATA.choice(DATA.kinds), **DATA.options},
        "model": {MODEL.word: MODEL.choice(MODEL.kinds), **MODEL.options},
        "loss": {
            TARGET.word: TARGET.choice([*NAMED, *WORDS, *TARGET.kinds]),
            **TARGET.options,
            **loss,
        },
        "training": training,
    }


def _usually(name: str) -> str:
    """What the default of a training's field is, where it is a value."""
    default = _TRAINING[name].default
    if default in (None, ()):
        return ""
    exact = f", {EXACT_DEFAULTS[name]} of the exact engine" if name in EXACT_DEFAULTS else ""
    return f"(default: {default}{exact})"


def problem_of(given: Mapping[str, Any], sweeps_probability: float | None) -> Problem:
    """The problem that the options describe.

    `sweeps_probability` stands in where no probability is given because an axis sets it.
    Raises `TegumError`.
    """
    distribution = _distribution(given, sweeps_probability)
    own = {name: given[name] for name in _LOSS if name in given and name != "importance"}
    extra = {name: read(name, _LOSS[name], value) for name, value in own.items()}
    if "importance" in given:
        extra["importance"] = values.importance(
            "--importance", given["importance"], distribution.n_features
        )
    target = _target(given)
    if target is not None:
        extra["target"] = target
    return Problem(distribution, _model(given), **extra)


def training_of(given: Mapping[str, Any]) -> Training:
    """The training that the options describe. Raises `SpecError`."""
    # what is not said is for the engine to choose
    return Training(**{name: read(name, _TRAINING[name], value) for name, value in given.items()})


def read_problem(path: Path) -> Problem:
    """The problem in a JSON file. Raises `InputFileError`."""
    from tegum.store import reader

    try:
        return Problem.from_json(reader.read(path).decode("utf-8"))
    except UnicodeDecodeError:
        raise InputFileError(f"{path} cannot be read: it is not text") from None
    except SpecError as error:
        raise InputFileError(f"{path} holds no problem: {error}") from None


def _distribution(given: Mapping[str, Any], sweeps_probability: float | None) -> Distribution:
    kind = given.get(DATA.word, DATA.usual)
    own, fields = DATA.chosen(given), DATA.fields_of(kind)
    if "probability" in fields and "probability" not in own:
        if sweeps_probability is None:
            way = "(or sweep it with --axis feature_probability=…)"
            raise TegumError(f"--probability is missing {way}")
        own["probability"] = sweeps_probability
    for name, field in fields.items():
        if field.required and name not in own:
            raise TegumError(f"--distribution {kind} needs --{words(name)}")
    for name in own:
        if name not in fields:
            raise TegumError(f"--distribution {kind} has no --{words(name)}")
    return DATA.described(kind, own)


def _model(given: Mapping[str, Any]) -> Model:
    kind, own = given.get(MODEL.word, MODEL.usual), MODEL.chosen(given)
    fields = MODEL.fields_of(kind)
    if "hidden" in fields and "hidden" not in own:
        raise TegumError("--hidden is missing: the number of hidden dimensions")
    for name, field in fields.items():
        if field.required and name not in own:
            raise TegumError(f"--model {kind} needs --{words(name)}")
    return MODEL.described(kind, own)


def _target(given: Mapping[str, Any]) -> str | Target | None:
    """The target that the options describe, None where they do not."""
    name, own = given.get(TARGET.word), TARGET.chosen(given)
    if "target_table" in own:
        if name not in (None, "elementwise"):
            raise TegumError("--target-table stands in place of --target; leave out one of them")
        name = "elementwise"
    if name in WORDS:
        name, own = "pairs", {"target_operation": name, **own}
    if name in TARGET.kinds:
        return TARGET.described(name, own)
    for option_name, value in own.items():
        kinds = [kind for kind, fields in TARGET.fields.items() if option_name in fields]
        known = [*(WORDS if "pairs" in kinds else ()), *kinds]
        rule = f"must come with a --target of {', '.join(known)}"
        raise SpecError.of(f"--{words(option_name)}", "", rule, value)
    return name

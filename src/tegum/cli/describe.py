"""From options of the command line to a Problem and a Training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tegum.cli import values
from tegum.distributions import Anticorrelated, Correlated, Distribution, Independent
from tegum.errors import InputFileError, SpecError, TegumError, UnknownNameError
from tegum.models import Linear, Model, ReLUHidden, ReLUOutput, TwoLayer
from tegum.problem import Problem
from tegum.targets import Elementwise, Pairs, Target
from tegum.training import Training

if TYPE_CHECKING:
    from tegum.cli.train import Train

_MODELS: dict[str, type[Model]] = {
    "linear": Linear,
    "relu-output": ReLUOutput,
    "relu-hidden": ReLUHidden,
    "two-layer": TwoLayer,
}
_SETS: dict[str, type[Correlated] | type[Anticorrelated]] = {
    "correlated": Correlated,
    "anticorrelated": Anticorrelated,
}
_OF_PAIRS = ("product", "and", "or", "xor")
_TRAINING = (
    "engine",
    "warm_start",
    "steps",
    "batch_size",
    "learning_rate",
    "optimizer",
    "attack",
    "momentum",
    "weight_decay",
    "schedule",
    "warmup",
    "final_fraction",
    "init_std",
    "held_out",
)
#: Options that describe a problem, which --problem replaces.
_PROBLEM = (
    "distribution",
    "features",
    "sets",
    "set_size",
    "probability",
    "magnitude",
    "model",
    "hidden",
    "activation",
    "hidden_activation",
    "importance",
    "target",
    "pairs",
    "target_table",
    "l1",
)


def problem_of(options: Train, sweeps_probability: float | None) -> Problem:
    """The problem that the options describe, or the one in the file they name.

    `sweeps_probability` stands in where no probability is given because an axis sets it.
    Raises `TegumError`.
    """
    if options.problem is not None:
        _refuse_beside_file(options)
        return read_problem(options.problem)
    distribution = _distribution(options, sweeps_probability)
    extra: dict[str, Any] = {}
    if options.importance is not None:
        extra["importance"] = values.importance(
            "--importance", options.importance, distribution.n_features
        )
    target = _target(options)
    if target is not None:
        extra["target"] = target
    extra |= _given(options, "l1")
    return Problem(distribution, _model(options), **extra)


def training_of(options: Train) -> Training:
    """The training that the options describe. Raises `SpecError`."""
    given = {name: getattr(options, name) for name in _TRAINING}
    # what is not said is for the engine to choose
    extra: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if options.checkpoints is not None:
        extra["checkpoints"] = values.checkpoints("--checkpoints", options.checkpoints)
    return Training(**extra)


def read_problem(path: Path) -> Problem:
    """The problem in a JSON file. Raises `InputFileError`."""
    try:
        return Problem.from_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InputFileError(f"{path} cannot be read: {reason}") from None
    except SpecError as error:
        raise InputFileError(f"{path} holds no problem: {error}") from None


def _refuse_beside_file(options: Train) -> None:
    given = [name for name in _PROBLEM if getattr(options, name) is not None]
    given += ["no_bias"] * (not options.bias) + ["hidden_bias"] * options.hidden_bias
    if given:
        raise TegumError(f"--problem describes all of the problem; leave out {_option(given[0])}")


def _distribution(options: Train, sweeps_probability: float | None) -> Distribution:
    kind = options.distribution or "independent"
    probability: Any = sweeps_probability
    if options.probability is not None:
        probability = values.number_or_vector("--probability", options.probability)
    if probability is None:
        raise TegumError("--probability is missing (or sweep it with --axis feature_probability=…)")
    extra = _given(options, "magnitude")
    if kind == "independent":
        _need(options, kind, ("features",), ("sets", "set_size"))
        return Independent(n_features=options.features, feature_probability=probability, **extra)
    if kind not in _SETS:
        raise UnknownNameError.of("distribution", kind, ["independent", *_SETS])
    _need(options, kind, ("sets", "set_size"), ("features",))
    return _SETS[kind](
        n_sets=options.sets, set_size=options.set_size, feature_probability=probability, **extra
    )


def _model(options: Train) -> Model:
    if options.hidden is None:
        raise TegumError("--hidden is missing: the number of hidden dimensions")
    extra = _given(options, "activation", "hidden_activation")
    if options.hidden_bias:
        extra["hidden_bias"] = True
    kind = options.model or "relu-output"
    if kind not in _MODELS:
        raise UnknownNameError.of("model", kind, list(_MODELS))
    return _MODELS[kind](n_hidden=options.hidden, bias=options.bias, **extra)


def _target(options: Train) -> str | Target | None:
    """The target that the options describe, None where they do not."""
    name, table, given = options.target, options.target_table, options.pairs
    if table is not None and name is not None:
        raise TegumError("--target-table stands in place of --target; leave out one of them")
    if name in _OF_PAIRS:
        chosen = None if given is None else values.pairs("--pairs", given)
        return Pairs(operation=name, pairs=chosen)
    if given is not None:
        rule = f"must come with a --target of {', '.join(_OF_PAIRS)}"
        raise SpecError.of("--pairs", "", rule, given)
    return name if table is None else Elementwise(table=values.numbers("--target-table", table))


def _need(options: Train, kind: str, needed: tuple[str, ...], foreign: tuple[str, ...]) -> None:
    for name in needed:
        if getattr(options, name) is None:
            raise TegumError(f"--distribution {kind} needs {_option(name)}")
    for name in foreign:
        if getattr(options, name) is not None:
            raise TegumError(f"--distribution {kind} has no {_option(name)}")


def _given(options: Train, *names: str) -> dict[str, Any]:
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")

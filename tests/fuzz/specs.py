"""Descriptions: JSON of a problem, a training and their parts, and the same from Python."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from fractions import Fraction
from typing import Any

import numpy as np

import tegum as tg
from tegum import discovery
from tegum.distributions import Distribution
from tegum.ensemble.grid import Grid
from tegum.ensemble.machine import instance_bytes
from tegum.spec import Spec
from tegum.sweepable import with_axis
from tegum.targets import Target

from . import refusal
from ._words import JSONS, PROBLEM, REAL, TEXTS, TRAINING, VECTORS, WHOLE

#: A way in ("json", "python", "axis" …) and what is given there; of Python an expression.
Input = tuple[str, Any]

_TARGETS = ("importance[1]", "importance[-1]", "importance[0]", "feature_probability[1]", "l1")
_TARGETS += ("feature_probability", "importance", "learning_rate", "n_features", "momentum")

_INTEGERS = (0, 1, 2, 3, -1, 10**9, 10**12, 2**63, 2**64, 10**400, 1.5, True, None)
_FLOATS = (1e300, 5e-324, float("nan"), float("inf"), -0.0, 0.3, 1e-30, -1e-30)
_LISTS: tuple[Any, ...] = ([], {}, [1, 1, 1], [[0, 1]], [[0, 1, 2]], [None], [1.0] * 300)
_LISTS += ([0.0, 0.0], ["x"], {"self": 1}, [0, 5e-324])

#: Values as one would write them in Python.
_PYTHON = (
    "10**5000", "-10**5000", "True", "None", "1.5", "np.nan", "np.inf", "np.array(3)",
    "np.ones(3)", "np.ones((3, 3))", "np.array([])", "np.array('x')", "np.float32(0.3)",
    "np.int8(3)", "b'x'", "object()", "[1, [2]]", "[[1], [2]]", "range(3)", "{1, 2}", "{}",
    "()", "(1, 1, 1)", "'x' * 10**6", "Fraction(1, 3)", "Fraction(10**400, 3)", "1j",
    "np.complex64(1)", "[10**5000]", "'\\x1b[31m'", "'a\\nb'", "'\\udcff'", "int",
    "lambda x: x", "iter([1])", "np.ma.masked", "np.datetime64('now')", "deep(300)",
    "deep(5000)", "groups(200)", "2**63 - 1", "10**9", "10**12", "[0, 1]", "[(0, 1)]",
    "np.array([[0, 1]])", "5e-324", "-0.0", "np.longdouble('1e4000')", "[None]", "[True]",
    "'uniform'", "[np.array([1])]", "np.array([1, None])", "np.zeros(3, 'M8[s]')",
)  # fmt: skip


def deep(depth: int) -> Any:
    """A list in a list …"""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def groups(depth: int) -> Any:
    """Groups in groups …, as mappings."""
    value: Any = {"kind": "independent", "n_features": 2, "feature_probability": 0.5}
    for _ in range(depth):
        value = {"kind": "groups", "parts": [value]}
    return value


_KNOWN = {"np": np, "Fraction": Fraction, "deep": deep, "groups": groups, "tg": tg}


def _parts() -> list[Spec]:
    found = [discovery.example_of(cls) for base in discovery.PARTS.values()
             for cls in discovery.found(base).values()]  # fmt: skip
    return [one for one in found if one is not None]


def inputs(rng: random.Random) -> Iterator[Input]:
    """JSON that is almost right, constructors with one odd value, axes, functions of tables."""
    parts = _parts()
    whole = [
        PROBLEM,
        TRAINING,
        PROBLEM.replace(distribution=tg.Groups([tg.Independent(2, 0.5), tg.Correlated(1, 1, 0.1)])),
        PROBLEM.replace(target=tg.Pairs("and")),
        PROBLEM.replace(target=tg.Elementwise((1.0, 0.0, 2.0))),
        TRAINING.replace(checkpoints=(0, 1)),
    ]
    ways: tuple[Callable[[random.Random, list[Spec]], Input], ...] = (_json, _text, _python, _axis)
    while True:
        yield rng.choice(ways)(rng, parts + whole * 2)


def _json(rng: random.Random, specs: list[Spec]) -> Input:
    data = json.loads(rng.choice(specs).to_json())
    for _ in range(rng.randint(1, 3)):
        _change(rng, data)
    return "json", json.dumps(data)


def _change(rng: random.Random, data: dict[str, Any]) -> None:
    """One entry, at any depth, is another, gone, or new."""
    while True:
        inner = [value for value in data.values() if isinstance(value, dict)]
        if not inner or rng.random() < 0.5:
            break
        data = rng.choice(inner)
    name = rng.choice([*data, rng.choice(TEXTS)])
    kind = rng.randrange(5)
    if kind == 0:
        data.pop(name, None)
    elif kind == 1:
        data[name] = rng.choice(TEXTS)
    elif kind == 2:
        data[name] = rng.choice(_INTEGERS)
    elif kind == 3:
        data[name] = rng.choice(_FLOATS)
    else:
        own = (deepcopy(data), [deepcopy(data)], groups(1), groups(200), deep(200))
        data[name] = deepcopy(rng.choice(_LISTS + own))  # no dict is put into itself


def _text(rng: random.Random, specs: list[Spec]) -> Input:
    """JSON as text that somebody has cut or stretched."""
    text = rng.choice(specs).to_json()
    at = rng.randrange(len(text))
    put = rng.choice((*TEXTS, *JSONS, *WHOLE, *REAL, *VECTORS))
    return "json", text[:at] + put + text[at + rng.randrange(4) :]


def _python(rng: random.Random, specs: list[Spec]) -> Input:
    spec = rng.choice(specs)
    fields = [name for name in type(spec).__pydantic_fields__ if name != "kind"]
    value = rng.choice((*_PYTHON, repr(rng.choice(TEXTS))))
    name = rng.choice(fields) if rng.random() < 0.95 else rng.choice(TEXTS)
    return "python", (spec.to_json(), name, value)


def _axis(rng: random.Random, specs: list[Spec]) -> Input:
    problems = [spec for spec in specs if isinstance(spec, tg.Problem)]
    problem = rng.choice(problems)
    if rng.random() < 0.3:
        size = rng.choice((1, 3, 10**9, 10**12, 2**62))
        problem = problem.replace(
            distribution=tg.Independent(size, 0.5), importance=1.0, target="x"
        )
        if rng.random() < 0.3 and size > 1:
            problem = problem.replace(target=tg.Pairs())
    target = rng.choice(_TARGETS) if rng.random() < 0.9 else rng.choice(TEXTS)
    return "axis", (problem.to_json(), target, rng.choice(_PYTHON))


def attempt(one: Input) -> None:
    """A description that survives JSON and whose sizes can be asked, or a refusal."""
    way, given = one
    try:
        if way == "json":
            _use(Spec.from_json(given))
        elif way == "python":
            text, name, value = given
            _use(Spec.from_json(text).replace(**{name: eval(value, dict(_KNOWN))}))
        else:
            text, target, value = given
            problem = tg.Problem.from_json(text)
            number = eval(value, dict(_KNOWN))
            with_axis(problem, TRAINING, target, 0.5)
            with_axis(problem, TRAINING, target, number)
            if not hasattr(number, "__next__"):
                Grid(problem, TRAINING, {"a": (target, [0.25, 0.5])})
                Grid(problem, TRAINING, {target: number})
    except (AssertionError, MemoryError):
        raise
    except Exception as error:
        refusal(error)


def _use(spec: Spec) -> None:
    """What comes before any training, and must not take memory by what a field says."""
    assert type(spec).from_json(spec.to_json()) == spec
    assert one_hash(spec)
    if isinstance(spec, tg.Problem):
        instance_bytes(spec, TRAINING, 4)
        with_axis(spec, TRAINING, "importance[0]", 0.5)
        with_axis(spec, TRAINING, "feature_probability", 0.5)
        with_axis(spec, TRAINING, "feature_probability[0]", 0.5)
    elif isinstance(spec, tg.Training):
        instance_bytes(PROBLEM, spec, 4)
        spec.learning_rate_at(0)
    elif isinstance(spec, Distribution):
        assert spec.n_features >= 1
        if spec.n_features < 1000:
            assert len(spec.mean()) == spec.n_features
            assert spec.sample(np.random.default_rng(0), 2).shape == (2, spec.n_features)
        spec.with_probability(0.5, 0)
    elif isinstance(spec, Target):
        spec.check(4)
        assert np.isfinite(spec.values(np.array([[0.0, 0.5, 1.0, -1.0]]))).all()


def one_hash(spec: Spec) -> bool:
    """Whether equal descriptions hash alike."""
    return hash(spec) == hash(type(spec).from_json(spec.to_json()))

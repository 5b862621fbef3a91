"""Docstrings of the public faces: Google sections, complete, and true where that is cheap."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pydantic import BaseModel
from test_public_face import FLAT, LISTED, PACKED

import tegum as tg
from tegum import errors
from tegum.report.discovery import find

#: Where descriptions live: all their public classes are part of the face.
DESCRIBED = ("distributions", "models", "targets", "problem", "training")

SECTIONS = ("Args", "Returns", "Yields", "Raises", "Source")
#: What arrays are called in signatures.
ARRAY = re.compile(r"\b(Array|NDArray|ndarray|ArrayLike|DataArray|F64|I64|Bools|Numbers|Weights)\b")
SHAPE = re.compile(r"\((\.\.\.|[\w{}+ -]+,)")


def public() -> Iterator[tuple[str, Any]]:
    """Every function and class of the faces, by its full name, once."""
    found: dict[str, Any] = {}
    for face in FLAT:
        module = importlib.import_module(face)
        things = [getattr(module, name) for name in LISTED[face]]
        found |= {f"{thing.__module__}.{thing.__qualname__}": thing for thing in things}
    rooms = [f"{face}.{name}" for face in PACKED for name in LISTED[face]]
    for room in (*rooms, *(f"tegum.{name}" for name in DESCRIBED)):
        for name, thing in vars(importlib.import_module(room)).items():
            ours = inspect.isfunction(thing) or inspect.isclass(thing)
            where = getattr(thing, "__module__", "")
            if ours and where.startswith(room) and not name.startswith("_"):
                found[f"{where}.{thing.__qualname__}"] = thing
    yield from found.items()


PUBLIC = dict(public())
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}


def sections(thing: Any) -> dict[str, str]:
    """The text of each section of a docstring; "" is what comes before the first."""
    found, current = {"": ""}, ""
    for line in (inspect.getdoc(thing) or "").splitlines():
        head = re.match(r"(\w+):(.*)", line)
        if head and head[1] in SECTIONS:
            current, line = head[1], head[2]
            assert current not in found, f"{current} twice"
            found[current] = ""
        found[current] += line + "\n"
    return found


def entries(text: str) -> dict[str, str]:
    """`name: text` of a section, at the indentation of its first line."""
    parts = re.split(r"^(\w+):", textwrap.dedent(text).strip("\n"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def parameters(thing: Any) -> dict[str, str]:
    """The annotation of each parameter, in the words of the source."""
    if inspect.isclass(thing) and issubclass(thing, BaseModel):
        return {name: "" for name in thing.model_fields if name != "kind"}
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        return {}
    found = inspect.signature(thing).parameters.values()
    return {one.name: str(one.annotation) for one in found}


def each(names: Iterable[str], holds: Callable[[str], None]) -> None:
    """One test for all names, which says why of each that fails: a thousand tests take long."""
    failed = {}
    for name in names:
        try:
            holds(name)
        except (AssertionError, pytest.fail.Exception) as error:
            failed[name] = str(error)
    assert not failed


def test_a_sentence_comes_first() -> None:
    def holds(name: str) -> None:
        head = sections(PUBLIC[name])[""].strip()
        assert head
        assert re.search(r"[.:…]$", head.splitlines()[0]) or len(head.splitlines()) > 1

    each(PUBLIC, holds)


def test_args_names_every_parameter() -> None:
    def holds(name: str) -> None:
        wanted = parameters(PUBLIC[name])
        given = entries(sections(PUBLIC[name]).get("Args", ""))
        assert list(given) == list(wanted)
        for one, annotation in wanted.items():
            if ARRAY.search(annotation) or re.match(r"Float|Int|Bool", annotation):
                assert SHAPE.search(given[one]), f"{one}: no shape in {given[one]!r}"

    each(PUBLIC, holds)


def test_returns_says_what_comes_out() -> None:
    def holds(name: str) -> None:
        annotation = str(inspect.signature(FUNCTIONS[name]).return_annotation)
        text = sections(FUNCTIONS[name]).get("Returns", "").strip()
        assert bool(text) == (annotation != "None")
        if ARRAY.search(annotation) or re.match(r"(tuple\[)?(Float|Int|Bool|Scalars)", annotation):
            assert SHAPE.search(text), f"no shape in {text!r}"

    each(FUNCTIONS, holds)


def test_what_raises_names_is_an_error() -> None:
    def holds(name: str) -> None:
        for error in entries(sections(PUBLIC[name]).get("Raises", "")):
            found = getattr(errors, error, None) or getattr(builtins, error)
            assert issubclass(found, Exception | KeyboardInterrupt)

    each(PUBLIC, holds)


def test_what_a_function_raises_itself_is_in_raises() -> None:
    def holds(name: str) -> None:
        said = sections(FUNCTIONS[name]).get("Raises", "")
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(FUNCTIONS[name]))))
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and node.exc is not None:
                raised = ast.unparse(node.exc).split("(")[0].removesuffix(".of")
                if hasattr(errors, raised):
                    assert raised in said

    each(FUNCTIONS, holds)


PROBLEM = tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2))
#: What nobody can make sense of, by the name of a function's first parameter.
NONSENSE: dict[str, Any] = {
    **dict.fromkeys(("W", "G", "vectors", "directions", "covariance", "codes", "h"), np.zeros(3)),
    **dict.fromkeys(("data", "table", "features", "curves", "nodes"), pd.DataFrame()),
    **dict.fromkeys(("runs", "one"), xr.Dataset()),
    **dict.fromkeys(("feature_probability", "importance", "relative_importance"), -1.0),
    **{"models": pd.DataFrame(), "importance": -np.ones(2), "ratio": -1.0, "name": "no such"},
    **{"b": 0.0, "steps": np.zeros(2), "x": np.zeros(2), "path": "/no/such"},
}
#: What the other parameters are given, where they must be.
SENSE: dict[str, Any] = {
    **{"sets": [0, 0, 1], "target": np.eye(2), "at": "p", "label": "p", "by": "panel"},
    **{"links": pd.DataFrame(), "stages": pd.DataFrame(), "curve": pd.DataFrame()},
    **{"jumps": pd.DataFrame(), "other": xr.Dataset(), "relative_importance": 1.0},
    **{"importance": 1.0, "covariance": 1.0, "mean": 0.0, "variance": 1.0, "b": None, "k": 1},
    **{"samples": 8, "rng": np.random.default_rng(0), "n_hidden": 2, "feature_probability": 0.5},
    **{"size": 0.1, "loss": np.ones(2), "y": np.ones(2), "ratio": 2.0, "found": []},
    **{"W_dec": np.eye(2), "codes": np.eye(2), "rebuilt": np.eye(2), "parents": [-1, -1]},
    **{"second": np.eye(2), "sizes": [1, 2], "losses": [2.0, 1.0], "dictionaries": [np.eye(2)] * 2},
    **{"pairs": tg.analysis.recovery.matching(np.eye(2), np.eye(2))},
}


def required(thing: Any) -> list[inspect.Parameter]:
    """The parameters that must be given."""
    every = inspect.signature(thing).parameters.values()
    return [one for one in every if one.default is one.empty and one.kind is not one.VAR_KEYWORD]


TRIED = [
    name
    for name, thing in FUNCTIONS.items()
    if "Raises" in sections(thing)
    and (given := required(thing))
    and given[0].name in NONSENSE
    and {one.name for one in given[1:]} <= SENSE.keys()
]


def test_enough_functions_are_tried() -> None:
    assert len(TRIED) > 0.8 * sum("Raises" in sections(thing) for thing in FUNCTIONS.values())


def test_nonsense_raises_what_raises_says() -> None:
    def holds(name: str) -> None:
        thing = FUNCTIONS[name]
        given = [one.name for one in required(thing)]
        first, others = NONSENSE[given[0]], {one: SENSE[one] for one in given[1:]}
        if thing is tg.analysis.neurons.rescale:  # of pairs alone
            first = (np.zeros(3), np.zeros(3))
        said = entries(sections(thing)["Raises"])
        with pytest.raises(tuple(getattr(errors, error) for error in said)) as caught:
            thing(first, **others)
        assert type(caught.value).__name__ in said
        assert "\n" not in str(caught.value)

    each(TRIED, holds)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: tg.train(PROBLEM, {"nowhere": [1]}), errors.UnknownNameError),
        (lambda: tg.train(PROBLEM, seeds=0), errors.SpecError),
        (lambda: tg.train(PROBLEM, store="/proc/no/store"), errors.StoreError),
        (lambda: tg.expected_loss(PROBLEM, np.eye(2)), errors.SpecError),
        (lambda: tg.loss_by_active(PROBLEM, np.eye(2)), errors.SpecError),
        (lambda: tg.follow(PROBLEM, np.eye(2), target="l1", values=[1.0]), errors.SpecError),
        (lambda: tg.load("/no/such/file"), errors.InputFileError),
        (lambda: tg.save(xr.Dataset(), "/proc/no/file"), errors.SpecError),
        (
            lambda: tg.save(xr.Dataset(attrs={"problem": PROBLEM.to_json()}), "/proc/no/file"),
            errors.TegumError,
        ),
        (lambda: tg.Independent(0, 0.5), errors.SpecError),
        (lambda: tg.Elementwise.from_function(np.cos), errors.SpecError),
    ],
)
def test_calls_raise_what_their_docstrings_say(
    call: Callable[[], Any], error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error


@pytest.fixture(scope="module")
def titles() -> set[str]:
    """The sections of the paper that experiments name."""
    experiments = find()
    return {one.section for one in experiments} | {
        claim.section for one in experiments for claim in one.claims
    }


def test_source_names_a_section_a_claim_or_a_method(titles: set[str]) -> None:
    def holds(name: str) -> None:
        text = " ".join(sections(PUBLIC[name]).get("Source", "").split())
        assert text.endswith(".")
        quoted = re.findall(r'"([^"]+)"', text)
        assert quoted or re.search(r"\bclaims? \d+|\b(method|notebook)\b", text), text
        assert set(quoted) <= titles

    each((name for name in PUBLIC if not name.startswith("tegum.errors.")), holds)


def methods() -> dict[str, Any]:
    """The public methods of public classes, their own ones."""
    return {
        f"{name}.{own}": getattr(thing, own)
        for name, thing in PUBLIC.items()
        if inspect.isclass(thing)
        for own, value in vars(thing).items()
        if not own.startswith("_") and isinstance(value, classmethod | staticmethod | type(methods))
    }


METHODS = methods()


def test_methods_name_their_parameters_too() -> None:
    def holds(name: str) -> None:
        wanted = [one for one in parameters(METHODS[name]) if one not in ("self", "cls")]
        given = entries(sections(METHODS[name]).get("Args", ""))
        assert set(given) <= set(wanted)
        if len(wanted) > 1:
            assert list(given) == wanted

    each(METHODS, holds)

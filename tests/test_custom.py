"""Data of any function: its names, its moments, its bits, what it may not return."""

from __future__ import annotations

import importlib
import linecache
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.contents import without_files
from tegum.engines.base import Batch
from tegum.engines.sampled import draw
from tegum.engines.sampled.engine import SampledEngine

Array = np.ndarray[Any, Any]
QUICK = tg.Training(steps=4, batch_size=64, held_out=1100, curve_points=0)


def bumps(rng: np.random.Generator, count: int) -> Array:
    """Features 0 and 1 share a sign; the third is on in a tenth of the samples."""
    sign = rng.choice([-1.0, 1.0], size=(count, 1))
    last = rng.random((count, 1)) * (rng.random((count, 1)) < 0.1)
    return np.concatenate([sign, sign * rng.random((count, 1)), last], axis=1)


def scaled(by: float) -> Callable[[np.random.Generator, int], Array]:
    return lambda rng, count: by * rng.random((count, 3))


LAW = tg.Custom(bumps, 3)


def one_argument(rng: Any) -> Any:
    return rng


def test_moments_are_those_of_the_samples_within_their_error() -> None:
    """By hand: E[x] = (0, 0, .05), E[x xᵀ] = ((1, 1/2, 0), (1/2, 1/3, 0), (0, 0, 1/30))."""
    error = 5 / np.sqrt(2**17)  # no entry varies by more than 1
    np.testing.assert_allclose(LAW.mean(), [0, 0, 0.05], atol=error)
    moment = [[1, 0.5, 0], [0.5, 1 / 3, 0], [0, 0, 1 / 30]]
    np.testing.assert_allclose(LAW.second_moment(), moment, atol=error)
    np.testing.assert_allclose(LAW.active_probability(), [1, 1, 0.1], atol=error)
    np.testing.assert_allclose(LAW.active_together()[0], [1, 1, 0.1], atol=error)
    np.testing.assert_array_equal(LAW.second_moment(), tg.Custom(bumps, 3).second_moment())


@pytest.mark.parametrize("m", [2, 30])
def test_an_instance_has_the_same_bits_alone_and_in_company(m: int) -> None:
    law = LAW if m == 2 else tg.Groups(parts=[LAW, tg.Independent(20, 0.1)])
    problem = tg.Problem(law, tg.ReLUOutput(n_hidden=m))
    together = Batch(problem, (problem.replace(importance=0.5), problem), (QUICK,) * 2, (0, 1), 5)
    alone = Batch(problem, (problem,), (QUICK,), (1,), 5)
    engine = SampledEngine()
    whole, own = engine.init(together), engine.init(alone)
    whole = engine.advance(together, whole, 5, jobs=2)
    for steps in (2, 3):
        own = engine.advance(alone, own, steps, jobs=1)
    np.testing.assert_array_equal(whole["theta"][-1], own["theta"][0])
    assert engine.probe(together, whole, jobs=2)[-1] == engine.probe(alone, own, jobs=1)[0]
    for name, value in engine.score(alone, own, jobs=1).items():
        assert engine.score(together, whole, jobs=2)[name][-1] == value[0], name


def test_every_step_has_samples_of_its_own_by_the_function() -> None:
    problem = tg.Problem(LAW, tg.ReLUOutput(n_hidden=2))
    x = draw.samples(problem, tg.Training(batch_size=50), steps=3)
    assert len(np.unique(x[:, :, 1])) == 150
    np.testing.assert_array_equal(np.sign(x[..., 1]), x[..., 0])


def test_functions_of_modules_are_written_by_their_name(tmp_path: Path) -> None:
    assert LAW.to_json() == f'{{"function":"{__name__}:bumps","kind":"custom","n_features":3}}'
    assert tg.Custom.from_json(LAW.to_json()) == LAW == tg.Custom(f"{__name__}:bumps", 3)
    problem = tg.Problem(LAW, tg.ReLUOutput(n_hidden=2))
    first = tg.train(problem, training=QUICK, seeds=3, store=tmp_path)
    again = tg.train(problem, training=QUICK, seeds=2, store=tmp_path)
    np.testing.assert_array_equal(again.W, first.W[:2])
    assert tg.problem_of(first) == problem


def test_others_are_known_where_they_were_made(tmp_path: Path) -> None:
    small, large = tg.Custom(scaled(0.5), 3), tg.Custom(scaled(2.0), 3)
    assert small != large
    assert {small: 1}[tg.Custom(small.function, 3)] == 1
    for law in (small, large):
        assert tg.Custom.from_json(law.to_json()) == law
        assert law.to_json() == law.to_json()
    problem = tg.Problem(small, tg.ReLUOutput(n_hidden=2))
    runs = tg.train(problem, training=QUICK, seeds=2)
    assert tg.problem_of(runs) == problem
    nested = problem.replace(distribution=tg.Mixture([small, large]))
    for kept in (problem, nested):
        with pytest.raises(tg.SpecError) as caught:
            tg.train(kept, training=QUICK, store=tmp_path)
        assert str(caught.value) == (
            "Custom.function must be a function of a module, with its source, to be kept in a "
            f"store; move it there, or leave out store; got {__name__}:scaled.<locals>.<lambda>"
        )
    code = (
        f"import numpy as np, tegum as tg; law = tg.Custom.from_json('''{small.to_json()}'''); "
        "assert 'number' in law.to_json(); law.sample(np.random.default_rng(0), 3)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "is known in the process alone that made it" in said.stderr.splitlines()[-1]


def test_another_source_has_other_random_numbers(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    keys = set()
    for name, body in (("one", "rng.random((count, 2))"), ("two", "rng.random((count, 2)) / 2")):
        (tmp_path / f"words_{name}.py").write_text(f"def draw(rng, count):\n    return {body}\n")
        keys.add(tg.Custom(f"words_{name}:draw", 2).function.digest)
    assert len(keys) == 2
    assert tg.Custom("words_one:draw", 2).key() != tg.Custom("words_two:draw", 2).key()


def test_what_a_function_names_is_part_of_its_source(tmp_path: Path, monkeypatch: Any) -> None:
    """A store must not give what another helper, or another number, has made."""
    monkeypatch.syspath_prepend(tmp_path)
    text = """
SCALE = 1.0
def own(rng, count):
    return SCALE * rng.random((count, 2))
def draw(rng, count):
    return own(rng, count)
"""
    texts = (text, text.replace("1.0", "2.0"), text.replace("* rng", "+ rng"), text)
    digests = []
    for each in texts:
        (tmp_path / "helped.py").write_text(each)
        monkeypatch.delitem(sys.modules, "helped", raising=False)
        linecache.clearcache()
        importlib.invalidate_caches()
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        digests.append(tg.Custom("helped:draw", 2).function.digest)
    assert len(set(digests)) == 3
    assert digests[0] == digests[-1]


def test_no_data_has_a_module_imported(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "words_unread.py").write_text("raise SystemExit('imported')\n")
    text = '{"function":"words_unread:draw","kind":"custom","n_features":2}'
    law = tg.Custom.from_json(text)
    assert law.to_json() == text
    assert law == tg.Custom.from_json(text)
    with pytest.raises(tg.SpecError) as caught:
        law.sample(np.random.default_rng(0), 3)
    assert str(caught.value) == (
        "Custom.function must be in a module that is imported, as by `import words_unread`; "
        "got 'words_unread:draw'"
    )
    with without_files(), pytest.raises(tg.SpecError, match="none are looked up here"):
        tg.Custom(f"{__name__}:bumps", 3)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (3, "must be a function, or the module:function under which one is found; got 3"),
        ("bumps", "must be a function, or the module:function under which one is found; "
         "got 'bumps'"),
        ("no_such_module:f", "must be in a module that can be imported (No module named "
         "'no_such_module'); got 'no_such_module:f'"),
        ({"kind": "groups", "parts": []}, "must be a function, or the module:function under which "
         "one is found; got {'kind': 'groups', 'parts': []}"),
        ("math:nothing", "must be a function that math has; got 'math:nothing'"),
        ("math:pi", "must be a function that math has; got 'math:pi'"),
        (one_argument, f"must take (rng, count); got '{__name__}:one_argument(rng)'"),
    ],
)  # fmt: skip
def test_what_is_no_function_is_refused_in_a_line(function: Any, said: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        tg.Custom(function, 3)
    assert str(caught.value) == f"Custom.function {said}"


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda rng, count: rng.random((count, 2)), "must return shape (1024, 3) for count = 1024; "
         "{} returned (1024, 2)"),
        (lambda rng, count: None, "must return shape (1024, 3) for count = 1024; {} returned ()"),
        (lambda rng, count: np.full((count, 3), np.nan),
         "must return finite real numbers; {} returned nan"),
        (lambda rng, count: np.full((count, 3), 1j),
         "must return finite real numbers; {} returned complex128"),
        (lambda rng, count: rng.random(count).reshape(2, -1, 7),
         "must take (rng, count = 1024); {} raised ValueError: "
         "cannot reshape array of size 1024 into shape (2,newaxis,7)"),
    ],
)  # fmt: skip
def test_what_is_no_sample_is_refused_in_a_line(returned: Any, said: str) -> None:
    law = tg.Custom(returned, 3)
    problem = tg.Problem(law, tg.ReLUOutput(n_hidden=2))
    for ask in (lambda: law.sample(np.random.default_rng(0), 1024), lambda: tg.train(problem)):
        with pytest.raises(tg.SpecError) as caught:
            ask()
        assert str(caught.value) == f"Custom.function {said.format(law.function)}"


def test_expected_losses_are_refused_by_name() -> None:
    problem = tg.Problem(LAW, tg.ReLUOutput(n_hidden=2))
    for ask in (
        lambda: tg.expected_loss(problem, np.zeros((2, 3))),
        lambda: tg.train(problem, training=tg.Training(engine="exact")),
    ):
        with pytest.raises(tg.SpecError, match=r"patterns can be listed to be exact; .*'Custom'$"):
            ask()

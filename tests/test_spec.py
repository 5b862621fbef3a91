"""The base of descriptions: errors in one line, hashing, JSON, speed."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import time
from typing import Any, Literal

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.errors import SpecError, TegumError
from tegum.spec import Spec, known_fields

PROBLEM = tg.Problem(
    tg.Independent(n_features=5, feature_probability=0.05),
    tg.ReLUOutput(n_hidden=2),
    importance=0.9 ** np.arange(5),
)


def test_positions_and_names_are_the_same_thing() -> None:
    by_name = tg.Problem(distribution=PROBLEM.distribution, model=PROBLEM.model, importance=2)
    assert tg.Problem(PROBLEM.distribution, PROBLEM.model, 2) == by_name


def test_signature_shows_the_fields() -> None:
    shown = str(inspect.signature(tg.Correlated))
    assert shown.startswith(
        "(n_sets: int, set_size: int, feature_probability: float | tuple[float, ...], magnitude: "
    )
    assert shown.endswith(" = 'uniform')")


@pytest.mark.parametrize(
    "given",
    [
        [0.25, 0.5],
        (0.25, 0.5),
        np.array([0.25, 0.5]),
        np.array([0.25, 0.5], dtype=np.float32),
        [np.float32(0.25), np.array(0.5)],
        xr.DataArray([0.25, 0.5], dims="feature"),
    ],
)
def test_vectors_become_tuples_of_python_floats(given: object) -> None:
    stored = tg.Independent(n_features=2, feature_probability=given).feature_probability
    assert stored == (0.25, 0.5)
    assert [type(x) for x in stored] == [float, float]


@pytest.mark.parametrize("given", [1, np.int64(1), np.float64(1), np.array(1), xr.DataArray(1.0)])
def test_scalars_become_python_floats(given: object) -> None:
    stored = tg.Independent(n_features=2, feature_probability=given).feature_probability
    assert stored == 1.0
    assert type(stored) is float


def test_equal_numbers_have_equal_json() -> None:
    zero, minus_zero = PROBLEM.replace(l1=0.0), PROBLEM.replace(l1=-0.0)
    assert zero == minus_zero
    assert zero.to_json() == minus_zero.to_json()


def test_hash_follows_equality() -> None:
    same = tg.Problem.from_json(PROBLEM.to_json())
    other = PROBLEM.replace(l1=0.1)
    assert same is not PROBLEM
    assert hash(same) == hash(PROBLEM)
    assert {PROBLEM: 1}[same] == 1
    assert other != PROBLEM
    assert other not in {PROBLEM}


def test_classes_with_equal_fields_differ() -> None:
    fields = {"n_sets": 2, "set_size": 2, "feature_probability": 0.5}
    together: Spec = tg.Correlated(**fields)
    assert together != tg.Anticorrelated(**fields)


def test_json_is_canonical() -> None:
    text = tg.Independent(n_features=2, feature_probability=[0.1, 1]).to_json()
    assert text == (
        '{"feature_probability":[0.1,1.0],"kind":"independent","magnitude":"uniform","n_features":2}'
    )
    assert json.dumps(json.loads(PROBLEM.to_json()), sort_keys=True, separators=(",", ":")) == (
        PROBLEM.to_json()
    )


@pytest.mark.parametrize("reader", [Spec, tg.Problem])
def test_json_is_read_by_class_and_base(reader: type[Spec]) -> None:
    back = reader.from_json(PROBLEM.to_json())
    assert back == PROBLEM
    assert type(back.distribution) is tg.Independent


def test_kind_may_be_left_out_for_a_concrete_class() -> None:
    assert tg.Linear.from_json('{"n_hidden": 3}') == tg.Linear(n_hidden=3)


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (tg.Linear, "{", "Linear JSON cannot be read: Expecting property name"),
        (tg.Linear, "[]", "Linear JSON must be a Linear; got []"),
        (tg.Linear, "null", "Linear JSON must be a Linear; got None"),
        (tg.Linear, '{"n_hidden":0}', "Linear.n_hidden must be an integer >= 1; got 0"),
        (tg.Linear, '{"n_hidden":NaN}', "Linear.n_hidden must be an integer >= 1; got nan"),
        (tg.Linear, '{"n_hidden":1,"q":2}', 'Linear has no field "q"; fields: n_hidden, bias'),
        (
            tg.Linear,
            tg.Training().to_json(),
            "needs a kind among linear to be a Linear; got 'train",
        ),
        (Spec, "{}", "to be a Spec; got None"),
        (Spec, '{"kind":["linear"]}', "to be a Spec; got ['linear']"),
        (
            tg.Problem,
            '{"distribution":{"kind":"linear"},"model":{}}',
            "to be a Distribution; got 'li",
        ),
    ],
)
def test_bad_json_is_a_spec_error(reader: type[Spec], text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        reader.from_json(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_deep_json_is_a_spec_error() -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        Spec.from_json("[" * 100_000)


def test_frozen() -> None:
    with pytest.raises(SpecError, match=r"Problem is frozen; use \.replace\(l1=\.\.\.\)"):
        PROBLEM.l1 = 1.0  # type: ignore[misc]
    with pytest.raises(SpecError, match="frozen"):
        del PROBLEM.l1
    assert PROBLEM.l1 == 0.0


def test_replace_validates() -> None:
    assert PROBLEM.replace(l1=0.5).l1 == 0.5
    assert PROBLEM.l1 == 0.0
    with pytest.raises(SpecError, match=r"Problem\.l1 must be >= 0; got -1\.0"):
        PROBLEM.replace(l1=-1)
    with pytest.raises(
        SpecError, match='has no field "lambda": it is l1 here; fields: distribution,'
    ):
        PROBLEM.replace(**{"lambda": 1})


def test_replace_is_quick_enough_for_sweeps() -> None:
    start = time.process_time()
    for i in range(10_000):
        PROBLEM.replace(distribution=PROBLEM.distribution, l1=float(i))
    assert time.process_time() - start < 1.0


def test_copies_and_pickles_are_equal() -> None:
    # worker processes are handed descriptions
    assert copy.deepcopy(PROBLEM) == PROBLEM
    assert pickle.loads(pickle.dumps(PROBLEM)) == PROBLEM


def test_too_many_and_doubled_values() -> None:
    linear: Any = tg.Linear
    with pytest.raises(SpecError, match=r"Linear takes at most 3 values \(n_hidden, bias, layer"):
        linear(1, True, False, 3)
    with pytest.raises(SpecError, match=r"Linear\.n_hidden is given twice"):
        linear(1, n_hidden=1)


def test_unknown_field_is_named_before_a_missing_one() -> None:
    with pytest.raises(SpecError) as caught:
        tg.Independent(n_features=5, p=0.1)  # type: ignore[call-arg]
    assert str(caught.value) == (
        'Independent has no field "p": it is feature_probability here; '
        "fields: n_features, feature_probability, magnitude"
    )


def test_errors_do_not_drag_pydantic_along() -> None:
    with pytest.raises(TegumError) as caught:
        tg.Linear(n_hidden=0)
    assert isinstance(caught.value, ValueError)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_long_values_are_cut() -> None:
    with pytest.raises(SpecError) as caught:
        tg.Linear(n_hidden="x" * 1000)
    assert len(str(caught.value)) < 140


def test_a_kind_belongs_to_one_class() -> None:
    with pytest.raises(TypeError, match="the kind 'linear' belongs to"):

        class Other(Spec):
            kind: Literal["linear"] = "linear"


def test_known_fields() -> None:
    assert {"n_features", "n_sets", "n_hidden", "steps", "importance"} <= known_fields()
    assert "kind" not in known_fields()

"""Problems: shapes, importances, targets, JSON, bad input."""

from __future__ import annotations

from typing import Any

import jaxtyping
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import tegum as tg
from examples import DISTRIBUTIONS, MODELS
from tegum.errors import SpecError
from tegum.spec import Spec

X = tg.Independent(n_features=3, feature_probability=0.1)
MODEL = tg.ReLUOutput(n_hidden=2)
KNOWN = (
    "'x', 'abs', 'relu', 'square', 'cube', 'sign', 'step', an Elementwise, a LinearMap or a Pairs"
)
AS_MODEL = "Problem.model must be a Model, as tg.ReLUOutput(n_hidden=2) is"
AS_LAW = (
    "Problem.distribution must be a Distribution, as "
    "tg.Independent(n_features=5, feature_probability=0.1) is"
)


def test_the_tests_check_shapes_in_signatures() -> None:
    """Of names too that modules import for type checkers alone."""
    with pytest.raises(jaxtyping.TypeCheckError, match="'x'"):
        tg.Problem(X, MODEL).target_of(np.zeros(3))


def test_defaults() -> None:
    problem = tg.Problem(X, MODEL)
    assert (problem.n_features, problem.n_hidden) == (3, 2)
    assert (problem.importance, problem.target, problem.l1) == (1.0, "x", 0.0)


@pytest.mark.parametrize(
    ("importance", "vector"),
    [
        (2, [2, 2, 2]),
        ([1, 0, 0.5], [1, 0, 0.5]),
        (0.5 ** np.arange(3), [1, 0.5, 0.25]),
        (xr.DataArray([1.0, 2.0, 3.0], dims="feature"), [1, 2, 3]),
    ],
)
def test_importance_vector(importance: Any, vector: list[float]) -> None:
    seen = tg.Problem(X, MODEL, importance).importance_vector()
    assert seen.dtype == np.float64
    np.testing.assert_array_equal(seen, vector)


def test_importance_vector_is_a_fresh_array() -> None:
    problem = tg.Problem(X, MODEL)
    problem.importance_vector()[:] = 0
    np.testing.assert_array_equal(problem.importance_vector(), 1)


def test_targets() -> None:
    assert tg.Problem(X, MODEL, target="|x|") == tg.Problem(X, MODEL, target="abs")
    assert tg.Problem(X, MODEL, target="|x|").target == "abs"
    assert tg.Problem(X, MODEL, target="x").target == "x"


def test_more_hidden_than_features_and_a_single_feature_are_fine() -> None:
    one = tg.Independent(n_features=1, feature_probability=1)
    problem = tg.Problem(one, tg.TwoLayer(n_hidden=6), importance=[3])
    assert (problem.n_features, problem.n_hidden) == (1, 6)
    np.testing.assert_array_equal(problem.importance_vector(), [3])


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("model", MODELS)
def test_every_pair_round_trips(distribution: str, model: str) -> None:
    problem = tg.Problem(DISTRIBUTIONS[distribution], MODELS[model], target="abs", l1=1e-3)
    for reader in (tg.Problem, Spec):
        back = reader.from_json(problem.to_json())
        assert back == problem
        assert hash(back) == hash(problem)
        assert back.to_json() == problem.to_json()


@given(
    st.lists(st.floats(0, 1e300), min_size=3, max_size=3).filter(any),
    st.floats(0, 1e300),
    st.sampled_from(["x", "abs"]),
)
def test_json_is_exact(importance: list[float], l1: float, target: str) -> None:
    problem = tg.Problem(X, MODEL, importance, target, l1)
    back = tg.Problem.from_json(problem.to_json())
    assert back == problem
    assert back.importance == tuple(importance)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"importance": [1, 2]},
            "Problem.importance must be a number or have 3 entries, one for each feature of "
            "Independent; got 2 entries",
        ),
        (
            {"importance": [1, 2, 3, 4]},
            "Problem.importance must be a number or have 3 entries, one for each feature of "
            "Independent; got 4 entries",
        ),
        ({"importance": -1}, "Problem.importance must be >= 0; got -1.0"),
        ({"importance": [1, 1, -2]}, "Problem.importance[2] must be >= 0; got -2.0"),
        ({"importance": [1, np.nan, 1]}, "Problem.importance[1] must be finite; got nan"),
        ({"importance": np.inf}, "Problem.importance must be finite; got inf"),
        ({"importance": 0}, "Problem.importance must not be all zero; got 0.0"),
        ({"importance": [0, 0, 0]}, "Problem.importance must not be all zero; got (0.0, 0.0, 0.0)"),
        (
            {"importance": np.ones((3, 1))},
            "Problem.importance must be a number or one-dimensional; got array([[1.], [1.], [1.]])",
        ),
        ({"importance": "1"}, "Problem.importance must be a real number; got '1'"),
        ({"target": "sine"}, f"Problem.target must be one of {KNOWN}; got 'sine'"),
        ({"target": None}, f"Problem.target must be one of {KNOWN}; got None"),
        ({"l1": -0.1}, "Problem.l1 must be >= 0; got -0.1"),
        ({"l1": np.nan}, "Problem.l1 must be finite; got nan"),
        ({"l1": [0.1]}, "Problem.l1 must be a real number; got [0.1]"),
        (
            {"model": X},
            f"{AS_MODEL}; got {X!r}",
        ),
        (
            {"distribution": MODEL},
            f"{AS_LAW}; got {MODEL!r}",
        ),
        (
            {"distribution": None},
            f"{AS_LAW}; got None",
        ),
        (
            {"sparsity": 0.9},
            'Problem has no field "sparsity": p = 1 − S, feature_probability=0.1, a field of '
            "Anticorrelated, Copula, Correlated, …; fields: distribution, model, importance, "
            "target, l1, loss_power, weight_l1, weight_l2, unit_norm",
        ),
    ],
)
def test_bad_fields(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        tg.Problem(**{"distribution": X, "model": MODEL, **fields})
    full = str(caught.value)
    assert full == message or (full.endswith("…") and message.startswith(full[:-1]))


def test_required() -> None:
    law = "as distribution=tg.Independent(n_features=5, feature_probability=0.1)"
    with pytest.raises(SpecError) as caught:
        tg.Problem(model=MODEL)  # type: ignore[call-arg]
    assert str(caught.value) == f"Problem.distribution is required, {law}"
    with pytest.raises(SpecError) as caught:
        tg.Problem(X)  # type: ignore[call-arg]
    assert str(caught.value) == "Problem.model is required, as model=tg.ReLUOutput(n_hidden=2)"

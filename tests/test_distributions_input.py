"""Distributions: magnitudes and their moments, and what bad input gets."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, get_args

import numpy as np
import pytest

from tegum.distributions import (
    Anticorrelated,
    Correlated,
    Groups,
    Independent,
)
from tegum.distributions.magnitudes import MAGNITUDES, MagnitudeName
from tegum.errors import SpecError

# --- Magnitudes --------------------------------------------------------------------------------


def test_magnitude_names() -> None:
    assert get_args(MagnitudeName) == tuple(MAGNITUDES)
    assert all(law.name == name for name, law in MAGNITUDES.items())


@pytest.mark.parametrize("name", MAGNITUDES)
def test_magnitude_moments_by_quadrature(name: str) -> None:
    law = MAGNITUDES[name]
    # the midpoint rule in u: E[g(v)] = ∫ g(v(u)) du; its error is worst for Exp(1), ~1e-4
    u = (np.arange(1_000_000) + 0.5) / 1_000_000
    v = law.from_uniform(u)
    assert v.shape == u.shape
    assert np.mean(v) == pytest.approx(law.mean, abs=2e-4)
    assert np.mean(v**2) == pytest.approx(law.mean_square, abs=2e-4)
    assert np.mean(np.abs(v)) == pytest.approx(law.mean_abs, abs=2e-4)
    assert np.isfinite(law.from_uniform(np.array([0.0, np.nextafter(1.0, 0.0)]))).all()


# --- Bad input ---------------------------------------------------------------------------------

RANGE = "must be in [0, 1]; got"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"feature_probability": 1.2}, f"Independent.feature_probability {RANGE} 1.2"),
        ({"feature_probability": -0.1}, f"Independent.feature_probability {RANGE} -0.1"),
        ({"feature_probability": [0.5, 2]}, f"Independent.feature_probability[1] {RANGE} 2.0"),
        (
            {"feature_probability": float("nan")},
            "Independent.feature_probability must be finite; got nan",
        ),
        (
            {"feature_probability": [0.5, np.inf]},
            "Independent.feature_probability[1] must be finite; got inf",
        ),
        (
            {"feature_probability": 10**400},
            "Independent.feature_probability must be finite; got 100",
        ),
        ({"feature_probability": True}, "feature_probability must be a real number; got True"),
        ({"feature_probability": None}, "feature_probability must be a real number; got None"),
        ({"feature_probability": "a"}, "feature_probability must be a real number; got 'a'"),
        ({"feature_probability": 1j}, "feature_probability must be a real number; got 1j"),
        ({"feature_probability": np.array(True)}, "feature_probability must be a real number"),
        ({"feature_probability": [0.5, True]}, "feature_probability[1] must be a real number"),
        ({"feature_probability": ["a", 0.5]}, "feature_probability[0] must be a real number"),
        ({"feature_probability": np.array([1j, 1])}, "feature_probability[0] must be a real"),
        ({"feature_probability": []}, "feature_probability must not be empty; got []"),
        ({"feature_probability": [[0.5, 0.5]]}, "must be a number or one-dimensional; got [["),
        ({"feature_probability": np.ones((1, 2))}, "must be a number or one-dimensional; got arr"),
        ({"feature_probability": np.ones((0, 2))}, "feature_probability must not be empty"),
        (
            {"feature_probability": [0.5]},
            "Independent.feature_probability must be a number or have n_features = 2 entries; "
            "got 1 entries",
        ),
        ({"n_features": 0}, "Independent.n_features must be an integer >= 1; got 0"),
        ({"n_features": 2.0}, "Independent.n_features must be an integer >= 1; got 2.0"),
        ({"n_features": True}, "Independent.n_features must be an integer >= 1; got True"),
        ({"n_features": "2"}, "Independent.n_features must be an integer >= 1; got '2'"),
        (
            {"magnitude": "normal"},
            "Independent.magnitude must be 'uniform', 'signed', 'exponential' or 'one', "
            "or a law, as tg.Uniform(0.5, 1) is; got 'normal'",
        ),
        ({"magnitude": np.ones(2)}, "Independent.magnitude must be 'uniform', 'signed', 'exp"),
        ({"kind": "linear"}, "Independent.kind must be 'independent'; got 'linear'"),
    ],
)
def test_bad_fields(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Independent(**{"n_features": 2, "feature_probability": 0.5, **fields})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cls", [Correlated, Anticorrelated])
def test_bad_sets(cls: type[Correlated] | type[Anticorrelated]) -> None:
    good = {"n_sets": 2, "set_size": 3, "feature_probability": 0.5}
    name = cls.__name__
    for bad, message in (
        ({"n_sets": 0}, f"{name}.n_sets must be an integer >= 1; got 0"),
        ({"set_size": -1}, f"{name}.set_size must be an integer >= 1; got -1"),
        ({"feature_probability": 1.5}, f"{name}.feature_probability {RANGE} 1.5"),
        (
            {"feature_probability": [0.5] * 3},
            f"{name}.feature_probability must be a number or have n_sets = 2 entries; "
            "got 3 entries",
        ),
    ):
        with pytest.raises(SpecError) as caught:
            cls(**{**good, **bad})
        assert str(caught.value) == message
    with pytest.raises(SpecError) as caught:
        cls(n_sets=2, set_size=3)  # type: ignore[call-arg]
    assert str(caught.value) == f"{name}.feature_probability is required"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((), "Groups.parts must be one or more distributions; got ()"),
        (3, "Groups.parts must be one or more distributions; got 3"),
        (
            (3,),
            "Groups.parts must be a Distribution, as tg.Independent(n_features=5, "
            "feature_probability=0.1) is; got 3",
        ),
        (
            [{"kind": "independent", "n_features": 0, "feature_probability": 1}],
            "Independent.n_features must be an integer >= 1; got 0",
        ),
    ],
)
def test_bad_groups(parts: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Groups(parts=parts)
    assert str(caught.value) == message


def test_bad_probability_for_one_draw() -> None:
    with pytest.raises(SpecError) as caught:
        Independent(n_features=3, feature_probability=0.5).with_probability(1.5, 1)
    assert str(caught.value) == "Independent.feature_probability[1] must be in [0, 1]; got 1.5"


def test_import_is_light() -> None:
    heavy = ("numba", "scipy", "pandas", "xarray", "matplotlib", "torch")
    code = (
        "import sys, tegum.distributions, tegum.models, tegum.problem, tegum.training\n"
        "import tegum.sweepable\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Trainings: schedules and recorded steps by hand, JSON, bad input."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tegum.errors import SpecError
from tegum.spec import Spec
from tegum.training import Training, log_spaced


def _rates(**fields: Any) -> np.ndarray[Any, Any]:
    training = Training(**fields)
    return training.learning_rates(0, training.steps)


def test_constant() -> None:
    np.testing.assert_array_equal(_rates(steps=4), [1, 1, 1, 1])


def test_linear_by_hand() -> None:
    np.testing.assert_allclose(_rates(steps=5, schedule="linear"), [1, 0.75, 0.5, 0.25, 0])
    np.testing.assert_allclose(
        _rates(steps=5, schedule="linear", final_fraction=0.2), [1, 0.8, 0.6, 0.4, 0.2]
    )


def test_cosine_by_hand() -> None:
    half = math.sqrt(0.5)
    np.testing.assert_allclose(
        _rates(steps=5, schedule="cosine"),
        [1, (1 + half) / 2, 0.5, (1 - half) / 2, 0],
        atol=1e-15,
    )
    np.testing.assert_allclose(
        _rates(steps=3, schedule="cosine", final_fraction=0.5), [1, 0.75, 0.5]
    )


def test_warmup_by_hand() -> None:
    np.testing.assert_allclose(_rates(steps=6, warmup=4), [0.25, 0.5, 0.75, 1, 1, 1])
    np.testing.assert_allclose(
        _rates(steps=7, warmup=2, schedule="linear"), [0.5, 1, 1, 0.75, 0.5, 0.25, 0]
    )


def test_warmup_that_never_ends_is_a_ramp() -> None:
    np.testing.assert_allclose(
        _rates(steps=3, warmup=10, schedule="cosine"), [0.1, 0.2, 0.3], rtol=1e-15
    )


@given(
    st.integers(1, 50),
    st.integers(0, 60),
    st.sampled_from(["constant", "linear", "cosine"]),
    st.floats(0, 1),
    st.data(),
)
def test_rates_do_not_depend_on_the_slice(
    steps: int, warmup: int, schedule: str, final: float, data: st.DataObject
) -> None:
    training = Training(
        steps=steps, warmup=warmup, schedule=schedule, final_fraction=final, learning_rate=0.01
    )
    whole = training.learning_rates(0, steps)
    cut = data.draw(st.integers(0, steps))
    parts = [training.learning_rates(0, cut), training.learning_rates(cut, steps)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()
    assert [training.learning_rate_at(t) for t in range(steps)] == (0.01 * whole).tolist()
    assert ((whole >= 0) & (whole <= 1)).all()
    if schedule != "constant" and steps > warmup + 1:
        assert whole[-1] == pytest.approx(final, abs=1e-15)


@pytest.mark.parametrize(
    ("last", "count", "expected"),
    [
        (100, 0, ()),
        (100, 1, (100,)),
        (100, 2, (0, 100)),
        (100, 4, (0, 1, 10, 100)),
        (1000, 5, (0, 1, 10, 100, 1000)),
        (5, 6, (0, 1, 2, 3, 4, 5)),
        (5, 99, (0, 1, 2, 3, 4, 5)),
        (1, 7, (0, 1)),
        (0, 7, (0,)),
        (16, 7, (0, 1, 2, 3, 5, 9, 16)),
    ],
)
def test_log_spaced_by_hand(last: int, count: int, expected: tuple[int, ...]) -> None:
    assert log_spaced(last, count) == expected


@given(st.integers(0, 10**7), st.integers(2, 300))
def test_log_spaced_is_increasing_and_full(last: int, count: int) -> None:
    steps = log_spaced(last, count)
    assert len(steps) == min(count, last + 1)
    assert steps[0] == 0
    assert steps[-1] == last
    assert all(type(step) is int for step in steps)
    assert all(a < b for a, b in pairwise(steps))


def test_recorded_steps() -> None:
    assert Training().checkpoint_steps() == ()
    assert Training(checkpoints=[0, 3, 10_000]).checkpoint_steps() == (0, 3, 10_000)
    assert Training(checkpoints=np.array([1, 2])).checkpoints == (1, 2)
    assert Training(steps=100, checkpoints=4).checkpoint_steps() == (0, 1, 10, 100)
    curve = Training().curve_steps()
    assert len(curve) == 64
    assert (curve[0], curve[-1]) == (0, 10_000)
    assert Training(curve_points=0).curve_steps() == ()
    assert Training(steps=0, checkpoints=3).curve_steps() == (0,)


_INT = st.integers(0, 10**6)


@given(
    st.builds(
        Training,
        steps=st.integers(30, 10**6),
        batch_size=st.integers(1, 10**6),
        learning_rate=st.floats(1e-300, 1e300),
        optimizer=st.sampled_from(["adam", "adamw", "sgd"]),
        momentum=st.floats(0, 1, exclude_max=True),
        weight_decay=st.floats(0, 1e300),
        schedule=st.sampled_from(["constant", "linear", "cosine"]),
        warmup=_INT,
        final_fraction=st.floats(0, 1),
        init_std=st.one_of(st.none(), st.floats(1e-300, 1e300)),
        checkpoints=st.one_of(_INT, st.sets(st.integers(0, 30)).map(sorted)),
        curve_points=_INT,
        held_out=st.integers(1, 10**6),
    )
)
def test_json_round_trip(training: Training) -> None:
    for reader in (Training, Spec):
        back = reader.from_json(training.to_json())
        assert back == training
        assert back.to_json() == training.to_json()
        assert hash(back) == hash(training)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"steps": -1}, "Training.steps must be an integer >= 0; got -1"),
        ({"steps": 1e4}, "Training.steps must be an integer >= 0; got 10000.0"),
        ({"steps": "many"}, "Training.steps must be an integer >= 0; got 'many'"),
        ({"batch_size": 0}, "Training.batch_size must be an integer >= 1; got 0"),
        ({"learning_rate": 0}, "Training.learning_rate must be > 0; got 0.0"),
        ({"learning_rate": -1e-3}, "Training.learning_rate must be > 0; got -0.001"),
        ({"learning_rate": np.nan}, "Training.learning_rate must be finite; got nan"),
        ({"learning_rate": np.inf}, "Training.learning_rate must be finite; got inf"),
        (
            {"engine": "quantum"},
            "Training.engine must be 'sampled', 'exact' or 'torch'; got 'quantum'",
        ),
        (
            {"optimizer": "lion"},
            "Training.optimizer must be 'adam', 'adamw' or 'sgd'; got 'lion'",
        ),
        ({"momentum": 1}, "Training.momentum must be in [0, 1); got 1.0"),
        ({"momentum": -0.5}, "Training.momentum must be in [0, 1); got -0.5"),
        ({"weight_decay": -1}, "Training.weight_decay must be >= 0; got -1.0"),
        (
            {"schedule": "step"},
            "Training.schedule must be 'constant', 'linear' or 'cosine'; got 'step'",
        ),
        ({"warmup": -1}, "Training.warmup must be an integer >= 0; got -1"),
        ({"warmup": 0.1}, "Training.warmup must be an integer >= 0; got 0.1"),
        ({"final_fraction": 1.1}, "Training.final_fraction must be in [0, 1]; got 1.1"),
        ({"init_std": 0}, "Training.init_std must be > 0; got 0.0"),
        ({"init_std": "xavier"}, "Training.init_std must be a real number; got 'xavier'"),
        ({"checkpoints": -1}, "Training.checkpoints must be an integer >= 0; got -1"),
        ({"checkpoints": [1, 1]}, "Training.checkpoints must be strictly increasing steps; got "),
        ({"checkpoints": [2, 1]}, "Training.checkpoints must be strictly increasing steps; got "),
        ({"checkpoints": [0.5]}, "Training.checkpoints must be an integer >= 0; got 0.5"),
        (
            {"steps": 10, "checkpoints": [1, 11]},
            "Training.checkpoints must be at most steps = 10; got 11",
        ),
        ({"curve_points": -1}, "Training.curve_points must be an integer >= 0; got -1"),
        ({"held_out": 0}, "Training.held_out must be an integer >= 1; got 0"),
        ({"device": "gpu"}, "Training.device must be 'auto', 'cpu' or 'cuda'; got 'gpu'"),
        ({"device": "cpu"}, "Training.device must be 'auto' for the sampled engine; got 'cpu'"),
        (
            {"engine": "exact", "dtype": "float64"},
            "Training.dtype must be 'float32' for the exact engine; got 'float64'",
        ),
        (
            {"engine": "torch", "attack": 0.1},
            "Training.attack must be 0.0 for the torch engine; got 0.1",
        ),
        ({"dtype": "float16"}, "Training.dtype must be 'float32' or 'float64'; got 'float16'"),
        ({"lr": 1e-3}, 'Training has no field "lr": it is learning_rate here; fields: steps, '),
    ],
)
def test_bad_fields(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Training(**fields)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_edges_are_legitimate() -> None:
    Training(steps=0, batch_size=1, momentum=0, weight_decay=0, final_fraction=1, held_out=1)
    assert Training(steps=0).learning_rates(0, 0).shape == (0,)
    assert Training(steps=1, schedule="linear").learning_rates(0, 1).tolist() == [1.0]

"""Numbers that float64 does not hold, wherever numbers are given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from refusals import QUICK

import tegum as tg
from tegum.errors import SpecError
from tegum.targets import target_values

FIVE = tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2))
ZERO = {"W": np.zeros((2, 5)), "b": np.zeros(5)}


@pytest.mark.parametrize("large", [np.longdouble("1e4000"), 10**400], ids=["long", "int"])
@pytest.mark.parametrize(
    "give",
    [
        lambda x: tg.Samples([[x] * 5] * 2),
        lambda x: tg.expected_loss(FIVE, [[x] * 5] * 2, np.zeros(5)),
        lambda x: tg.from_weights(FIVE, W=[[x] * 5] * 2, b=np.zeros(5)),
        lambda x: tg.train(FIVE, QUICK, axes={"feature_probability": [x, 0.1]}),
        lambda x: tg.train(FIVE, QUICK, axes={"importance": [[x] * 5, [1.0] * 5]}),
        lambda x: FIVE.model.forward({**ZERO, "b": np.array([x] * 5)}, np.zeros((1, 5))),
        lambda x: target_values(tg.LinearMap(np.eye(5)), np.array([[x] * 5])),
        lambda x: target_values("abs", np.array([[x] * 5])),
        lambda x: tg.Custom(lambda _, count: np.full((count, 5), x), 5).sample(
            np.random.default_rng(0), 3
        ),
    ],
)  # fmt: skip
def test_numbers_beyond_float64(give: Callable[[Any], Any], large: Any) -> None:
    """Taken as infinite or refused in a line; a warning of overflow is an error here."""
    with suppress(SpecError), np.errstate(invalid="ignore"):  # 0 times infinity
        give(large)

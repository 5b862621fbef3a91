"""What activations are about: by hand, where chances are known."""

from __future__ import annotations

import numpy as np
import pytest

import tegum as tg
from tegum.analysis.activations import primary_share
from tegum.errors import SpecError

ALL = ((0.0, 1.0),)


def weights(v: list[list[float]]) -> dict[str, np.ndarray]:
    array = np.array(v)
    return {"W_in": array, "W_out": array.T, "b": np.zeros(array.shape[1])}


def test_shares_by_hand() -> None:
    """x of 0 and 1: h = x_0 + x_1/2 is 1/2 with chance p(1-p), and else has x_0 at its head."""
    p, samples = 0.3, 200_000
    problem = tg.Problem(tg.Independent(2, p, "one"), tg.TwoLayer(3))
    given = weights([[1.0, 0.5], [0.0, -2.0], [-0.1, 3.0]])
    share = primary_share(problem, given, (*ALL, (0.9, 1.0), (0.0, 0.1)), samples=samples)
    active = 1 - (1 - p) ** 2
    error = 5 * 0.5 / np.sqrt(samples * active)
    assert share[0, 0] == pytest.approx(p / active, abs=error)
    assert share[0, 1:].tolist() == [1.0, 0.0]
    assert np.isnan(share[1]).all()  # a neuron that is never active
    assert (share[2] == 1.0).all()
    # beyond half of the largest, 3/2, there are x_0 = 1 alone
    assert primary_share(problem, given, ALL, least=0.5)[0, 0] == 1.0


def test_the_largest_contribution_counts_not_the_presence() -> None:
    """v = (1, −1/2) with signed features: of h = x_0 − x_1/2 > 0 the part where x_0 > |x_1|/2."""
    problem = tg.Problem(tg.Independent(2, 1.0, "signed"), tg.TwoLayer(1))
    share = primary_share(problem, weights([[1.0, -0.5]]), ALL, samples=400_000)
    # h > 0 has chance 1/2, and x_0 > |x_1|/2 has 3/8
    assert share[0, 0] == pytest.approx(3 / 4, abs=0.005)


def test_tied_models_too() -> None:
    problem = tg.Problem(tg.Independent(2, 0.5), tg.ReLUHidden(1))
    share = primary_share(problem, {"W": np.array([[1.0, 0.0]]), "b": np.zeros(2)}, ALL)
    assert share.tolist() == [[1.0]]


def test_bad_input() -> None:
    problem = tg.Problem(tg.Independent(2, 0.5), tg.TwoLayer(1))
    for band in ((0.5, 0.5), (-0.1, 0.5), (0.5, 1.1)):
        with pytest.raises(SpecError, match=r"^primary_share\.bands must be pairs with 0 <= low"):
            primary_share(problem, weights([[1.0, 0.0]]), (band,))
    with pytest.raises(SpecError, match=r"^primary_share\.least must be in \[0, 1\); got 1"):
        primary_share(problem, weights([[1.0, 0.0]]), least=1)
    linear = problem.replace(model=tg.ReLUOutput(1))
    with pytest.raises(SpecError, match=r"^primary_share\.problem must have a ReLU hidden layer"):
        primary_share(linear, {"W": np.ones((1, 2)), "b": np.zeros(2)})
    hidden = problem.replace(model=tg.ReLUHidden(1))
    with pytest.raises(SpecError, match=r"^primary_share\.parameters must hold W; got \['b'\]"):
        primary_share(hidden, {"b": np.zeros(2)})
    with pytest.raises(SpecError, match=r"^primary_share\.samples must be an integer >= 1; got 0"):
        primary_share(problem, weights([[1.0, 0.0]]), samples=0)

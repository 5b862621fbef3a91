"""Branches of minima and their crossings against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

import tegum as tg
from tegum.analysis.branches import crossings, follow
from tegum.errors import SpecError, UnknownNameError
from tegum.models import Linear, ReLUOutput
from tegum.problem import Problem
from tegum.theory import two_minima

P = "feature_probability"
RIVAL = "importance[1]"


def pair(bias: bool = False, p: float = 0.3) -> Problem:
    """Two features in one dimension."""
    law = tg.Independent(n_features=2, feature_probability=p)
    return Problem(law, ReLUOutput(n_hidden=1, bias=bias))


def test_both_minima_of_two_features_follow_their_closed_forms() -> None:
    """With equal importance and no bias the minima are known for all p."""
    p = np.linspace(0.4, 0.7, 7)
    opposite = follow(pair(), np.array([[1.0, -1.0]]), target=P, values=p)
    found = two_minima.minima(p, 1.0)
    there = np.isfinite(opposite["loss"].to_numpy())
    np.testing.assert_allclose(opposite["loss"][there], found.opposite.loss[there], rtol=1e-9)
    squared = (8 - 5 * p) / (8 - 6 * p)
    np.testing.assert_allclose(opposite["W"][there, 0, 0] ** 2, squared[there], rtol=1e-6)
    assert there[:5].all()
    assert opposite[P].values.tolist() == p.tolist()


def test_the_crossing_is_where_the_closed_forms_have_it() -> None:
    """At r = 1 and b = 0 the antipodal pair and the confused model switch at p = .58217."""
    p = np.linspace(0.5, 0.65, 4)
    opposite = follow(pair(), np.array([[1.0, -1.0]]), target=P, values=p)
    confused = follow(pair(), np.array([[0.7, 0.7]]), target=P, values=p, start=0.6)
    (met,) = crossings(opposite, confused)
    assert met.value == pytest.approx(0.58217, abs=5e-6)
    assert met.loss == pytest.approx(met.value / 3 - met.value**2 / 4, rel=1e-9)
    assert float(met.one["loss"]) == pytest.approx(float(met.other["loss"]), rel=1e-9)
    assert met.one["W"].prod() < 0 < met.other["W"].prod()
    (back,) = crossings(confused, opposite)
    assert back.value == pytest.approx(met.value, rel=1e-9)


def test_a_branch_with_itself_crosses_nowhere() -> None:
    branch = follow(pair(), np.array([[1.0, -1.0]]), target=P, values=[0.1, 0.2, 0.3])
    assert crossings(branch, branch) == []


def test_a_crossing_at_one_of_the_values_is_found_once() -> None:
    values = [0.5, brentq(lambda p: _lead(float(p)), 0.5, 0.65, xtol=1e-14), 0.65]
    opposite = follow(pair(), np.array([[1.0, -1.0]]), target=P, values=values)
    confused = follow(pair(), np.array([[0.7, 0.7]]), target=P, values=values, start=0.65)
    (met,) = crossings(opposite, confused)
    assert met.value == pytest.approx(values[1], rel=1e-8)


def _lead(p: float) -> float:
    found = two_minima.minima(p, 1.0)
    return float(found.opposite.loss - found.same.loss)


def test_a_branch_ends_where_its_minimum_does() -> None:
    """The kept feature of a linear model is a minimum while it is the more important one."""
    task = Problem(tg.Independent(n_features=2, feature_probability=0.2), Linear(n_hidden=1))
    values = [0.25, 0.5, 0.75, 1.25, 1.5]
    branch = follow(task, np.array([[1.0, 0.0]]), target=RIVAL, values=values)
    assert np.isfinite(branch["loss"]).values.tolist() == [True, True, True, False, False]
    assert 0.99 < float(branch["high"]) <= 1.0
    assert float(branch["low"]) == 0.25
    assert branch["status"].values.tolist()[3:] == [-1, -1]
    assert (branch["curvature"][:3].diff(RIVAL) < 0).all()  # towards 0 at the end
    assert np.isnan(branch["curvature"][3:]).all()


def test_the_order_of_values_and_the_start_do_not_matter() -> None:
    w = np.array([[1.0, -1.0]])
    up = follow(pair(bias=True), w, target=P, values=[0.1, 0.2, 0.3])
    down = follow(pair(bias=True), w, target=P, values=[0.3, 0.1, 0.2])
    middle = follow(pair(bias=True), w, target=P, values=[0.1, 0.2, 0.3], start=0.15)
    for other in (down, middle):
        assert other[P].values.tolist() == [0.1, 0.2, 0.3]
        np.testing.assert_allclose(other["loss"], up["loss"], rtol=1e-9)
    assert (float(middle["low"]), float(middle["high"])) == (0.1, 0.3)


def test_other_functions_take_the_answer() -> None:
    branch = follow(pair(bias=True), np.array([[1.0, -1.0]]), target=P, values=[0.1, 0.3])
    np.testing.assert_allclose(tg.score(branch)["loss"], branch["loss"], rtol=1e-9)
    np.testing.assert_allclose(tg.polish(branch)["loss"], branch["loss"], rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"W": np.ones((2, 1, 2))}, "follow.W must be one model"),
        ({"W": np.ones((1, 3))}, "follow.W must have shape"),
        ({"values": []}, "follow.values must be a row of numbers"),
        ({"values": [0.1, np.nan]}, "follow.values must be a row of numbers"),
        ({"values": [0.1, 0.2, 0.1]}, "follow.values must be different"),
        ({"finest": 0.0}, "follow.finest must be > 0"),
        ({"values": [0.5, 1.5]}, "must be in"),
        ({"target": "n_hidden"}, "cannot be swept"),
    ],
)
def test_bad_input_is_named_in_one_line(change: dict[str, object], words: str) -> None:
    given = {"W": np.array([[1.0, -1.0]]), "target": P, "values": [0.1, 0.2], **change}
    with pytest.raises(SpecError, match=words) as raised:
        follow(pair(), given.pop("W"), **given)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown axis 'colour'"):
        follow(pair(), np.array([[1.0, -1.0]]), target="colour", values=[0.1])


def test_branches_of_different_problems_or_values_do_not_cross() -> None:
    w = np.array([[1.0, -1.0]])
    one = follow(pair(), w, target=P, values=[0.1, 0.2])
    for other in (
        follow(pair(bias=True), w, target=P, values=[0.1, 0.2]),
        follow(pair(), w, target=P, values=[0.1, 0.3]),
    ):
        with pytest.raises(SpecError, match=r"crossings\.one must be of the same problem"):
            crossings(one, other)
    with pytest.raises(SpecError, match=r"crossings\.other must be a Dataset of follow"):
        crossings(one, one.drop_vars("high"))

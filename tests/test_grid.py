from __future__ import annotations

import itertools

import numpy as np
import pytest

import tegum as tg
from tegum.ensemble.grid import Grid
from tegum.errors import SpecError, UnknownNameError
from tegum.runs.schema import RESERVED

PROBLEM = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))
TRAINING = tg.Training(steps=5)


def test_points_are_the_product_in_order():
    probabilities, rates, importances = [0.5, 0.1], [0.1, 0.2, 0.3], [2.0, 1.0]
    axes = {
        "feature_probability": probabilities,
        "learning_rate": rates,
        "r": ("importance[2]", importances),
    }
    grid = Grid(PROBLEM, TRAINING, axes)
    expected = list(itertools.product(probabilities, rates, importances))
    assert grid.names == ("feature_probability", "learning_rate", "r")
    assert grid.shape == (2, 3, 2)
    assert len(grid) == 12
    for start, stop in ((0, 12), (3, 7), (11, 12)):
        problems, trainings = grid.points(start, stop)
        for problem, training, (p, rate, r) in zip(
            problems, trainings, expected[start:stop], strict=True
        ):
            distribution = tg.Independent(3, p)
            assert problem == PROBLEM.replace(distribution=distribution, importance=(1, 1, r))
            assert training == TRAINING.replace(learning_rate=rate)


def test_no_axes_is_one_point():
    grid = Grid(PROBLEM, TRAINING)
    assert (len(grid), grid.shape, grid.coordinates()) == (1, (), {})
    assert grid.points(0, 1) == ((PROBLEM,), (TRAINING,))


def test_whole_importance_then_one_entry():
    grid = Grid(PROBLEM, TRAINING, {"importance": [2.0, 3.0], "importance[0]": [0.5]})
    assert [p.importance for p in grid.points(0, 2)[0]] == [(0.5, 2, 2), (0.5, 3, 3)]


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"l1": []}, "train.axes['l1'] must be a list of at least one number"),
        ({"l1": 0.5}, "train.axes['l1'] must be a list of at least one number"),
        ({"l1": np.zeros((1, 1, 1))}, "train.axes['l1'] must be a list of at least one number"),
        ({"l1": [0.1, float("nan")]}, "train.axes['l1'] must not hold NaN"),
        ({"l1": ["a"]}, "train.axes['l1'] must hold numbers"),
        ({"l1": None}, "train.axes['l1'] must"),
        ({"importance": [[1, 2, 3], [1, 2]]}, "train.axes['importance'] must hold numbers"),
        ({"importance": [[1, 2], [1, 3]]}, "Problem.importance must be a number or have 3"),
        ({"importance": [[1, 2, 3], [1, 2, 3]]}, "train.axes['importance'] must hold distinct"),
        ({"l1": [0.1, 0.2, 0.1]}, "train.axes['l1'] must hold distinct values"),
        ({"l1": [[0.1, 0.2]]}, "Problem.l1 must be"),
        ({1: [0.1]}, "train.axes must have names that are text; got 1"),
        ({"l1": [0.1], "again": ("l1", [0.2])}, "train.axes: 'again' sets l1 again, after 'l1'"),
        ({"importance[1]": [0.1], "importance": [1.0]}, "train.axes: 'importance' sets importance"),
        ({"seed": ("l1", [0.1])}, "train.axes['seed'] needs another name"),
        (
            {"r": ("importance", [[1, 2, 3], [3, 2, 1]]), "r_vector": ("l1", [0.1])},
            "train.axes['r_vector'] must have another name, 'r' keeps its rows under it",
        ),
        (
            {"importance": [[1, 2, 3], [3, 2, 1]], "importance_row": ("l1", [0.1])},
            "train.axes['importance_row'] must have another name, 'importance_row' keeps its rows",
        ),
        (
            {"loss_row": ("importance", [[1, 2, 3], [3, 2, 1]])},
            "train.axes['loss_row'] needs another name, 'loss' means something else",
        ),
        (
            {"importance": ("importance[1]", [0.1])},
            "train.axes['importance'] must have another name, 'importance' is a quantity",
        ),
        (
            {"feature_probability": ("l1", [0.1])},
            "train.axes['feature_probability'] must have another name, 'feature_probability' is",
        ),
        ({"a/b": ("l1", [0.1])}, "train.axes['a/b'] must be a name that a file can hold"),
        ({".": ("l1", [0.1])}, "train.axes['.'] must be a name that a file can hold"),
        ({"a\0": ("l1", [0.1])}, "train.axes['a\\x00'] must be a name that a file can hold"),
        ({"importance[3]": [1.0]}, "Problem.importance has entries 0 to 2; got index 3"),
        ({"feature_probability": [0.5, 1.2]}, "Independent.feature_probability must be in [0, 1]"),
        ({"n_hidden": [1, 2]}, "axis 'n_hidden' cannot be swept"),
    ],
)
def test_bad_axes(axes, message):
    with pytest.raises(SpecError) as caught:
        Grid(PROBLEM, TRAINING, axes)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_names_with_a_meaning_are_refused(name):
    with pytest.raises(SpecError, match="needs another name"):
        Grid(PROBLEM, TRAINING, {name: ("l1", [0.1])})


def test_rows_of_sets_are_refused_before_anything_is_trained():
    problem = tg.Problem(tg.Correlated(2, 2, 0.1), tg.ReLUOutput(2))
    with pytest.raises(SpecError, match=r"rows of 4 numbers.*sweep 'feature_probability\[i\]'"):
        Grid(problem, TRAINING, {"feature_probability": [[0.1, 0.2], [0.3, 0.4]]})


def test_unknown_axis():
    with pytest.raises(
        UnknownNameError, match=r"unknown axis 'sparsity': p = 1 − S, .*; known: .*importance"
    ):
        Grid(PROBLEM, TRAINING, {"sparsity": [0.5]})


def test_every_value_of_every_axis_is_checked_at_once():
    with pytest.raises(SpecError):
        Grid(PROBLEM, TRAINING, {"l1": [0.0], "learning_rate": [0.1, 0.2, -0.3]})

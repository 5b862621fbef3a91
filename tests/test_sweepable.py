"""Axis targets: what they change, what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.errors import SpecError, UnknownNameError
from tegum.sweepable import TARGETS, with_axis

X = tg.Independent(n_features=3, feature_probability=0.1)
PROBLEM = tg.Problem(X, tg.ReLUOutput(n_hidden=2))
DICTIONARY = tg.Problem(X, tg.SAE(4, kind="topk", k=2))
TRAINING = tg.Training()


@pytest.mark.parametrize(
    ("target", "value", "problem", "training"),
    [
        ("importance", 2, {"importance": 2.0}, {}),
        ("importance", [1, 2, 3], {"importance": (1, 2, 3)}, {}),
        ("importance[1]", np.float64(0.25), {"importance": (1, 0.25, 1)}, {}),
        ("l1", np.float32(0.5), {"l1": 0.5}, {}),
        ("learning_rate", 0.1, {}, {"learning_rate": 0.1}),
        ("weight_decay", 0.01, {}, {"weight_decay": 0.01}),
        ("momentum", 0.5, {}, {"momentum": 0.5}),
        ("attack", 0.5, {}, {"attack": 0.5}),
        ("weight_l1", 0.5, {"weight_l1": 0.5}, {}),
        ("weight_l2", 0.5, {"weight_l2": 0.5}, {}),
        ("loss_power", 3, {"loss_power": 3.0}, {}),
        ("hidden_noise", 0.5, {}, {"hidden_noise": 0.5}),
        ("hidden_dropout", 0.5, {}, {"hidden_dropout": 0.5}),
        ("init_std", 0.5, {}, {"init_std": 0.5}),
        (
            "feature_probability",
            0.5,
            {"distribution": X.replace(feature_probability=0.5)},
            {},
        ),
        (
            "feature_probability[2]",
            0.5,
            {"distribution": X.replace(feature_probability=(0.1, 0.1, 0.5))},
            {},
        ),
    ],
)
def test_targets(
    target: str, value: Any, problem: dict[str, Any], training: dict[str, Any]
) -> None:
    seen = with_axis(PROBLEM, TRAINING, target, value)
    assert seen == (PROBLEM.replace(**problem), TRAINING.replace(**training))
    assert seen != (PROBLEM, TRAINING)


def test_every_target_is_tested_for_a_scalar() -> None:
    for target in TARGETS:
        whole = target in ("loss_power", "k", "n_latents")
        given = PROBLEM if target not in ("k", "n_latents") else DICTIONARY
        assert with_axis(given, TRAINING, target, 3.0 if whole else 0.625) != (given, TRAINING)


def test_sizes_of_a_dictionary_are_whole_numbers() -> None:
    for target, changed in (("k", {"k": 1}), ("n_latents", {"n_latents": 3})):
        problem = DICTIONARY.replace(model=DICTIONARY.model.replace(**changed))
        for value in (changed[target], float(changed[target])):
            assert with_axis(DICTIONARY, TRAINING, target, value) == (problem, TRAINING)
    with pytest.raises(SpecError, match=r"^SAE\.k must be an integer >= 1; got 1\.5$"):
        with_axis(DICTIONARY, TRAINING, "k", 1.5)
    with pytest.raises(SpecError, match=r"^SAE\.k must be at most n_latents = 4; got 5$"):
        with_axis(DICTIONARY, TRAINING, "k", 5)
    with pytest.raises(SpecError, match=r"^axis 'k' cannot be swept: ReLUOutput has no field k"):
        with_axis(PROBLEM, TRAINING, "k", 1)


def test_axes_add_up() -> None:
    problem, training = PROBLEM, TRAINING
    for target, value in (
        ("importance[0]", 3),
        ("importance[2]", 5),
        ("l1", 1),
        ("learning_rate", 2),
    ):
        problem, training = with_axis(problem, training, target, value)
    assert problem == PROBLEM.replace(importance=(3, 1, 5), l1=1)
    assert training.learning_rate == 2


def test_indices_of_groups_count_draws_over_all_parts() -> None:
    a = tg.Independent(n_features=2, feature_probability=0.1)
    b = tg.Correlated(n_sets=2, set_size=3, feature_probability=0.2)
    problem = tg.Problem(tg.Groups(parts=(a, b)), tg.Linear(n_hidden=1))
    changed, _ = with_axis(problem, TRAINING, "feature_probability[3]", 0.75)
    assert changed.distribution == tg.Groups(parts=(a, b.replace(feature_probability=(0.2, 0.75))))
    everywhere, _ = with_axis(problem, TRAINING, "feature_probability", 0.5)
    assert everywhere.distribution.feature_probability == (0.5,) * 4
    with pytest.raises(SpecError, match=r"^Groups\.feature_probability has entries 0 to 3; got"):
        with_axis(problem, TRAINING, "feature_probability[4]", 0.5)


@pytest.mark.parametrize(
    ("target", "value", "message"),
    [
        ("feature_probability", 1.2, "Independent.feature_probability must be in [0, 1]; got 1.2"),
        (
            "feature_probability[0]",
            -0.5,
            "Independent.feature_probability[0] must be in [0, 1]; got -0.5",
        ),
        ("importance[2]", np.nan, "Problem.importance[2] must be finite; got nan"),
        ("importance[3]", 1, "Problem.importance has entries 0 to 2; got index 3"),
        ("importance[-1]", 1, "Problem.importance has entries 0 to 2; got index -1"),
        (
            "feature_probability[3]",
            1,
            "Independent.feature_probability has entries 0 to 2; got index 3",
        ),
        ("l1", -1, "Problem.l1 must be >= 0; got -1.0"),
        ("learning_rate", 0, "Training.learning_rate must be > 0; got 0.0"),
        ("l1[0]", 1, "axis 'l1[0]' cannot have an index: l1 is one number"),
    ],
)
def test_bad_values_and_indices(target: str, value: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        with_axis(PROBLEM, TRAINING, target, value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "target",
    [
        "n_features",
        "n_hidden",
        "set_size",
        "n_sets",
        "steps",
        "batch_size",
        "magnitude",
        "activation",
        "target",
        "schedule",
        "engine",
        "final_fraction",
        "distribution",
        "model",
        "seeds",
        "steps[0]",
    ],
)
def test_shapes_and_choices_are_not_swept(target: str) -> None:
    with pytest.raises(SpecError) as caught:
        with_axis(PROBLEM, TRAINING, target, 1)
    assert str(caught.value) == (
        f"axis {target!r} cannot be swept: shapes and choices are the same for all instances of a "
        "run; call train once for each value"
    )


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("sparsity", ": p = 1 − S, feature_probability=1 − S"),
        ("lr", ": it is learning_rate here"),
        ("l1 ", ": it is l1 here"),
        *((riddle, "") for riddle in ("importance[x]", "importance[1", "", "[0]", "colour")),
    ],
)
def test_unknown_targets_list_the_known_and_what_is_meant(target: str, meant: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        with_axis(PROBLEM, TRAINING, target, 1)
    assert str(caught.value) == (
        f"unknown axis {target!r}{meant}; known: feature_probability, importance, l1, weight_l1, "
        "weight_l2, loss_power, learning_rate, weight_decay, attack, hidden_noise, hidden_dropout, "
        "momentum, init_std, k, n_latents, feature_probability[i], importance[i]"
    )

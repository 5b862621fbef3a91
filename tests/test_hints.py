"""Names that nothing has: the message says what is meant, by field or by argument."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from operator import attrgetter

import numpy as np
import pytest

import tegum as tg
from tegum.errors import SpecError
from tegum.hints import nearest

X = tg.Independent(5, 0.1)
PROBLEM = tg.Problem(X, tg.ReLUOutput(2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: tg.Independent(5, sparsity=0.9),
            'Independent has no field "sparsity": p = 1 − S, feature_probability=0.1; fields: n',
        ),
        (
            lambda: tg.Independent(5, sparsity=[0.9, 0.5]),
            'Independent has no field "sparsity": p = 1 − S, feature_probability=1 − S; fields:',
        ),
        (lambda: tg.Independent(5, p=0.1), '"p": it is feature_probability here; fields:'),
        (lambda: tg.Independent(n=5), '"n": it is n_features here; fields:'),
        (lambda: tg.ReLUOutput(d_hidden=5), '"d_hidden": it is n_hidden here; fields:'),
        (lambda: tg.Training(lr=0.1), '"lr": it is learning_rate here; fields: steps, batch_size,'),
        (lambda: tg.SAE(d_sae=4), '"d_sae": it is n_latents here; fields: n_latents,'),
        (lambda: tg.SAE(4, tied=True), '"tied": it is tied_weights here; fields:'),
        (lambda: tg.SAE(4, l1_coeff=1), '"l1_coeff": it is l1, a field of Problem; fields:'),
        (
            lambda: tg.Problem(X, tg.ReLUOutput(2), dropout=0.1),
            '"dropout": it is hidden_dropout, a field of Training; fields:',
        ),
        (lambda: tg.Training(step=10), '"step": it is steps here; fields:'),
        (
            lambda: tg.Training(n_hidden=10),
            '"n_hidden": it is a field of Linear, ReLUHidden, ReLUOutput, …; fields: steps',
        ),
        (
            lambda: tg.Problem(X, tg.ReLUOutput(2), steps=10),
            'Problem has no field "steps": it is a field of Training; fields: distribution,',
        ),
        (lambda: PROBLEM.replace(importances=1.0), '"importances": it is importance here; fields:'),
        (lambda: PROBLEM.replace(xyz=1.0), 'Problem has no field "xyz"; fields: distribution,'),
    ],
)
def test_fields(make, message: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            {"steps": 10},
            'train has no argument "steps": it is a field of Training, '
            "training=Training(steps=…); arguments: problem, axes, training, seeds,",
        ),
        ({"lr": 0.1}, "training=Training(learning_rate=…)"),
        ({"n_inst": 8}, 'train has no argument "n_inst": it is seeds here; arguments:'),
        (
            {"importance": [0.1]},
            "train has no argument \"importance\": it may be an axis, axes={'importance': values};",
        ),
        ({"sparsity": [0.1]}, "axes={'feature_probability': values}"),
        ({"xyz": 1}, 'train has no argument "xyz"; arguments: problem,'),
    ],
)
def test_arguments_of_train(named: dict[str, object], message: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        tg.train(PROBLEM, **named)
    assert message in str(caught.value)
    assert isinstance(caught.value, TypeError)  # as without a word of ours


def test_calls_with_too_little_or_too_much_say_how_one_looks() -> None:
    with pytest.raises(tg.SpecError, match=r"'size'; e.g. sample\(np.random.default_rng\(0\), 10"):
        X.sample(10)
    with pytest.raises(tg.SpecError, match="train: too many positional arguments"):
        tg.train(PROBLEM, None, None, 1, 0, None)
    with pytest.raises(tg.SpecError, match="train: missing a required argument: 'problem'"):
        tg.train()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tg.Problem(5, 2), "distribution must be a Distribution, as tg.Independent(n_fea"),
        (
            lambda: tg.Problem(X, 2),
            "Problem.model must be a Model, as tg.ReLUOutput(n_hidden=2) is",
        ),
        (lambda: tg.Problem(X), "Problem.model is required, as model=tg.ReLUOutput(n_hidden=2)"),
        (
            lambda: tg.train(X),
            "train.problem must be a Problem, as tg.Problem(tg.Indep",
        ),
        (
            lambda: tg.train(PROBLEM, training={"steps": 5}),
            "train.training must be a Training, as tg.Training(steps=10_000) is; got {'steps': 5}",
        ),
        (
            lambda: tg.plots.features_2d(None, title="x"),
            'features_2d has no argument "title": the figure has .suptitle("…")',
        ),
        (lambda: tg.plots.counts(None, xlim=(1, 2)), "figure.axes[0].set(xlim=…); arguments: data"),
        (lambda: tg.plots.gram(None, colums=3), '"colums": it is columns here; arguments: data'),
    ],
)
def test_what_is_no_description_or_no_argument_is_told_what_is(call, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


FUNCTIONS = [name for name in tg.__all__ if callable(getattr(tg, name)) and name.islower()]


@pytest.mark.parametrize("name", [*FUNCTIONS, "plots.counts", "widgets.view"])
def test_a_call_of_nothing_is_told_how_one_looks(name: str) -> None:
    call = attrgetter(name)(tg)
    with pytest.raises(SpecError, match=r"missing a required argument: .*; e\.g\. (tg|help\(tg)\."):
        call()
    with pytest.raises(SpecError, match=r'has no argument "xyz"; arguments: |missing a required'):
        call(xyz=1)


def test_a_function_as_target_is_pointed_to_the_table_of_one() -> None:
    for target in (np.sin, lambda x: x**2):
        with pytest.raises(tg.SpecError, match=r"target=Elementwise.from_function\(f\) makes"):
            tg.Problem(X, tg.ReLUOutput(2), target=target)


def test_a_name_is_nearest_to_itself_and_riddles_stay_riddles() -> None:
    assert nearest("steps", ["steps", "step_size"]) == "steps"
    assert nearest("lerning_rate", ["steps", "learning_rate"]) == "learning_rate"
    assert nearest("q", ["steps", "learning_rate"]) is None


def test_a_dataset_in_place_of_weights_is_told_which_of_it_are_weights() -> None:
    runs = tg.from_weights(PROBLEM, W=np.eye(2, PROBLEM.n_features), b=None)
    rule = "must be an array of real numbers, as runs.W and runs.b are; got <class"
    for call in (tg.dimensionality, tg.factors, partial(tg.expected_loss, PROBLEM)):
        with pytest.raises(SpecError, match=rule):
            call(runs)


def test_what_draws_random_numbers_is_said() -> None:
    # in a process of its own: here the types of arguments are checked first
    program = "import tegum as tg; tg.Independent(2, 0.5).sample(3, 5)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    rule = "sample.rng must be a Generator, as np.random.default_rng(0) is; got 3"
    assert done.stderr.splitlines()[-1] == f"tegum.errors.SpecError: {rule}"

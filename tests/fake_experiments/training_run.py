"""Trains; has one surprise, one rule that raises and one figure that cannot be drawn."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

import tegum
from tegum.experiments.base import Claims, Experiment, FigureSpec, Judgement, Lab, Tables, when

claims = Claims("Setup")


def measure(lab: Lab) -> Tables:
    problem = tegum.Problem(tegum.Independent(2, 0.5), tegum.ReLUOutput(1))
    training = tegum.Training(steps=lab.pick(40, 20), batch_size=16, held_out=64)
    runs = lab.train(problem, {"feature_probability": [1.0, 0.1]}, training, seeds=2, seed=1)
    loss = runs["loss"].to_numpy()
    return {"losses": pd.DataFrame({"seed": [0, 1], "dense": loss[0], "sparse": loss[1]})}


@claims("3.a", "Losses are negative.", rule="every loss < 0", evidence=("losses",))
def negative(tables: Tables) -> Judgement:
    return when((tables["losses"]["dense"] < 0).all(), "losses above 0")


@claims("3.b", "This rule is broken.", rule="none", evidence=("losses",))
def broken(tables: Tables) -> Judgement:
    raise KeyError("absent <column>")


def draw(tables: Tables) -> Figure:
    raise ValueError("no ink")


EXPERIMENT = Experiment(
    name="training-run",
    title="A training",
    section="Experiment setup",
    summary="Two models, twice.",
    measure=measure,
    figures=(FigureSpec("losses", "Losses.", draw, ("losses",)),),
    claims=tuple(claims),
)

"""Engines by name, and what is said where one needs what is not installed."""

from __future__ import annotations

import sys

import pytest

import tegum as tg
from tegum.engines import NAMES, get_engine
from tegum.errors import UnknownNameError


def test_the_torch_engine_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    said = (
        "Training.engine needs PyTorch, pip install 'tegum[torch]', or another engine: "
        "sampled, exact; got 'torch'"
    )
    for call in (
        lambda: get_engine("torch"),
        lambda: tg.train(
            tg.Problem(tg.Independent(2, 0.5), tg.Linear(1)),
            training=tg.Training(engine="torch"),
            progress=False,
        ),
    ):
        with pytest.raises(tg.SpecError) as caught:
            call()
        assert str(caught.value) == said


def test_names_are_those_of_a_training_and_no_others() -> None:
    for name in NAMES:
        assert tg.Training(engine=name).engine == name
    with pytest.raises(
        UnknownNameError, match="unknown engine 'jax'; known: sampled, exact, torch"
    ):
        get_engine("jax")


def test_only_the_torch_engine_has_a_place_to_choose() -> None:
    assert tg.Training().place() == tg.Training(engine="exact").place() == {}
    chosen = tg.Training(engine="torch", device="cuda", dtype="float64")
    assert chosen.place() == {"device": "cuda", "dtype": "float64"}
    assert tg.Training.from_json(chosen.to_json()) == chosen

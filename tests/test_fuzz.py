"""A few random inputs for every surface, the same every time; `make fuzz` tries others for long."""

from __future__ import annotations

import random
from importlib import import_module
from itertools import islice
from threading import Event

import pytest
from fuzz import Overdue, limited, names, one_line, refusal, search

from tegum.errors import SpecError

#: How many of each surface: a second or few. Surfaces that are not named have a hundred.
MANY = {"cli": 40, "datasets": 40, "executors": 400, "specs": 1500, "stores": 30}


@pytest.mark.parametrize("surface", names())
def test_inputs_are_taken_or_refused_in_a_line(surface: str) -> None:
    found = search(surface, seed=20, seconds=120.0, most=MANY.get(surface, 100))
    assert found.tried > 0
    assert not found.wrong, "\n".join(f"{one!r}\n{why}" for one, why in found.first.values())


@pytest.mark.parametrize("surface", names())
def test_inputs_are_the_same_for_a_seed(surface: str) -> None:
    module = import_module(f"fuzz.{surface}")
    first, second = ([repr(one) for one in islice(module.inputs(random.Random(3)), 20)]
                     for _ in range(2))  # fmt: skip
    assert first == second
    assert len(set(first)) > 10


def test_what_counts_as_a_refusal() -> None:
    assert refusal(SpecError("a line")) == "a line"
    for wrong in (ValueError("x"), SpecError("")):
        with pytest.raises(AssertionError):
            refusal(wrong)
    assert one_line("µ – 日本")
    assert not any(map(one_line, ("a\nb", "\x1b[31m", "\udcff", "\u202e")))


def test_what_takes_too_long_is_stopped() -> None:
    with pytest.raises(Overdue), limited(0.05):
        Event().wait(60.0)

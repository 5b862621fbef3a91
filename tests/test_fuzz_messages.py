"""A few seconds of the fuzzer of messages; `python -m tests.fuzz.messages` says more of them."""

from __future__ import annotations

import random
from itertools import islice

import pytest
from fuzz import messages

pytestmark = pytest.mark.xdist_group("explorer")


def test_damaged_messages_are_answered() -> None:
    with messages.around():
        for one in islice(messages.inputs(random.Random(17)), 200):
            messages.attempt(one)
    answers = messages._talks[-1].answers
    assert min(answers[kind] for kind in ("error message", "error invalid", "configured")) > 0

"""What tests of refusals share: a short training, and the one line that is said."""

from __future__ import annotations

import pytest

import tegum as tg
from tegum.cli.main import main

Capture = pytest.CaptureFixture[str]

TRAIN = "train --features 3 --hidden 2 --probability 0.3 --steps 2 --batch-size 8 --held-out 64 "
#: The same in Python.
QUICK = tg.Training(steps=2, batch_size=8, held_out=64)
PROBLEM = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))


def refused(line: str, capsys: Capture) -> str:
    """The one line that the command says on stderr, with code 2 and nothing on stdout."""
    assert main(line.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    return printed.err

"""Names of executors with settings; nobody is asked to work, and no address is called."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import tegum as tg
from tegum import executors

from . import refusal
from ._words import PATHS, PROBLEM, TEXTS, TRAINING, WHOLE, a_folder

_SETTINGS = ("partition", "account", "qos", "constraint", "cluster", "folder", "time", "memory")
_SETTINGS += ("workers", "nodes", "Time", "")
_OTHERS = (7, None, True, b"dask", ["processes"], object, 1.5)

#: The way in ("name" or "train"), and what is given there.
Input = tuple[str, Any]


def inputs(rng: random.Random) -> Iterator[Input]:
    """Names that are known and not, with settings of every kind; and what is no name."""
    while True:
        kind = rng.choice((*executors.NAMES, *executors.NAMES, *TEXTS))
        said = {
            "processes": lambda: rng.choice((*WHOLE, *TEXTS)),
            "slurm": lambda: ",".join(_setting(rng) for _ in range(rng.randrange(4))),
        }.get(kind, lambda: rng.choice((*TEXTS, "tcp://127.0.0.1:8786", "127.0.0.1:99999999")))()
        name = rng.choice((f"{kind}:{said}", f"{kind}:{said}", kind, f"{kind}{said}"))
        yield ("name", name) if rng.random() < 0.95 else ("train", rng.choice(_OTHERS))


def _setting(rng: random.Random) -> str:
    name = rng.choice(_SETTINGS) if rng.random() < 0.9 else rng.choice(TEXTS)
    value = rng.choice((rng.choice(WHOLE), rng.choice(TEXTS), rng.choice(PATHS), "local", "debug"))
    return name + rng.choice(("=", "=", "=", "", "==", ":")) + value


def attempt(one: Input) -> None:
    """Makes the executor, or starts a training with what is none."""
    way, given = one
    try:
        if way == "train":
            tg.train(PROBLEM, training=TRAINING, executor=given, progress=False)
        else:
            executors.executor(given).shutdown(wait=False)
    except Exception as error:
        refusal(error)


@contextmanager
def around() -> Iterator[None]:
    """In a folder of its own; whoever is called at an address does not answer."""

    def nobody(*_: Any, **__: Any) -> None:
        raise OSError("nobody\nanswers")

    with (
        tempfile.TemporaryDirectory() as home,
        a_folder(Path(home)),
        patch("tegum.executors.dask.Client", nobody),
        patch.dict(sys.modules, ray=None),
    ):
        yield

"""Kernels made ahead: those of all lessons, of the gallery's models, and of exact losses.

A kernel is compiled when a model first needs it, and then kept on disk. Kernels are made for a
number of hidden dimensions, and for large and small models: here the largest model of each number,
and the smallest of all, take a step, so that none is waited for later.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

from tegum.engines import kernels
from tegum.engines.cache import kept_forms, own_folder
from tegum.ensemble import train
from tegum.errors import TegumError
from tegum.explorer.app import lessons
from tegum.explorer.limits import Limits
from tegum.explorer.live import Live
from tegum.explorer.presets import PRESETS
from tegum.explorer.state import FIRST, PageState
from tegum.loss import polish, score
from tegum.models import ReLUOutput
from tegum.training import Training

#: Features are dense or rare: other kernels, between which a slider goes.
_DENSITIES: Final = (1.0, 0.01)
_PENALTY: Final = 1e-3


class Job(NamedTuple):
    """A model to be tried."""

    title: str
    work: Callable[[], None]


class Made(NamedTuple):
    """What a job came to: how many kernels were compiled, in how many seconds."""

    title: str
    kernels: int
    seconds: float


def jobs() -> list[Job]:
    """Everything to be tried: first what lessons need, of that the largest models.

    Before it kernels are compiled for which no model is tried, in processes at once.
    Small ones need the kernels of the page's first model, which its own process compiles meanwhile.
    """
    taught = [(str(one["title"]), PageState.read(one["state"])) for one in lessons()]  # type: ignore[arg-type]
    shown = [(preset.title, preset.state) for preset in PRESETS]
    found = sorted([*taught, *shown], key=_size)
    largest = {state.problem.n_hidden: (title, state) for title, state in found}
    first = {state.problem.n_hidden for _, state in taught}
    chosen = sorted(largest.items(), key=lambda of_m: (of_m[0] not in first, -_size(of_m[1])))
    states = [state for _, state in chosen] + [found[0]]
    tried = [Job(title, partial(_train, s)) for title, s in states]
    return [Job("all kinds, on all cores", _at_once), *tried, Job("exact losses", _exact)]


def warm(tell: Callable[[int, int, str], None] = lambda done, total, title: None) -> list[Made]:
    """Compile what is not there yet, one after the other.

    Args:
        tell: told, before each, how many are done, of how many, and what comes next.

    Returns:
        What each came to.

    Raises:
        TegumError: there is no folder in which kernels could be kept.
    """
    if own_folder("kernels") is None:
        raise TegumError("kernels cannot be kept: TEGUM_CACHE_DIR must name a folder of your own")
    made = []
    todo = jobs()
    for done, job in enumerate(todo):
        tell(done, len(todo), job.title)
        before, start = kept_forms(), time.perf_counter()
        job.work()
        seconds = time.perf_counter() - start
        made.append(Made(job.title, kept_forms() - before, seconds))
    return made


def _at_once() -> None:
    with suppress(RuntimeError):  # what a process did not come to is compiled here
        kernels.compile_all(kernels.missing())


def _size(model: tuple[str, PageState]) -> int:
    """How many weights a model with a title has."""
    problem = model[1].problem
    return problem.n_features * problem.n_hidden


def _train(state: PageState) -> None:
    """A step of one model, and of the others that its controls reach without a new training."""
    live = Live(state.replace(seeds=1), Limits(), jobs=1)
    changes: list[dict[str, Any]] = [{}]
    changes += [{"feature_probability": p} for p in _DENSITIES]
    if state.problem.model.hidden_activation != "identity":
        changes += [{"l1": _PENALTY}, {"l1": 0.0}]
    for change in changes:
        if change:
            live.change(change)
        live.advance(1)
        live.record()
        live.score()


def _exact() -> None:
    """Exact losses and descent, as the library offers them; GELU's is a series of its own."""
    once: dict[str, Any] = {"seeds": 1, "progress": False}
    runs = train(FIRST.problem, training=Training(engine="exact", steps=1), **once)
    polish(score(runs), steps=1)
    smooth = FIRST.problem.replace(model=ReLUOutput(n_hidden=2, activation="gelu"))
    score(train(smooth, training=Training(steps=1), **once))


def main() -> None:
    """In a process of the server's, behind all others; ends by itself, or with the server."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(19)
    parent = os.getppid()

    def go_on(done: int, total: int, title: str) -> None:
        if os.getppid() != parent:
            sys.exit()

    with suppress(TegumError):
        warm(go_on)

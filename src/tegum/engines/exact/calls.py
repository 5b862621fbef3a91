"""The kernels of this engine, each with a call that needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from tegum.distributions import Independent
from tegum.engines.base import Batch
from tegum.engines.exact import run
from tegum.engines.exact.descent import parameters
from tegum.engines.exact.lowering import Lowered, lower, lower_batch, named
from tegum.engines.exact.objective import arguments
from tegum.engines.exact.outputs import outputs_of
from tegum.models import ReLUOutput
from tegum.problem import Problem

#: The module that calls them.
CALLER: Final = run


def _lowered(activation: str = "relu") -> Lowered:
    features = Independent(n_features=3, feature_probability=0.5)
    problem = Problem(features, ReLUOutput(n_hidden=2, activation=activation))
    return lower((problem,), np.zeros(1, np.int64))


def _measure(how: str, activation: str = "relu") -> object:
    low = _lowered(activation)
    return run.measure(low, named(np.ones((1, parameters(low.shape))), low.shape), how)


def _step() -> None:
    low = _lowered()
    state = run.start_state(np.ones((1, parameters(low.shape))), low)
    run.advance(state, low, 0, 1, 1)


def _outputs(name: str) -> None:
    getattr(run, name)(*arguments())


#: By what the caller calls them; what takes longest to compile comes first.
KERNELS: Final[dict[str, Callable[[], object]]] = {
    "_series": partial(_outputs, "_series"),
    "_advance": _step,
    "_find_within": partial(_measure, "series"),
    "_some_patterns": partial(_outputs, "_some_patterns"),
    "_enumerate": partial(_measure, "enumeration"),
    "_boxes": partial(_outputs, "_boxes"),
    "_patterns": partial(_outputs, "_patterns"),
    "_single": partial(_outputs, "_single"),
    "_window": partial(_measure, "smooth series", "gelu"),
}


def later(batch: Batch) -> list[str]:
    """What a training comes to after its first loss."""
    return [f"_{outputs_of(lower_batch(batch).law)}", "_advance"]

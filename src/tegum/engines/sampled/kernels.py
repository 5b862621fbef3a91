"""The kernels of this engine, each with a call that needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from tegum.distributions import Independent
from tegum.engines.base import Batch
from tegum.engines.sampled import engine
from tegum.engines.sampled.forms import RELU, SAME
from tegum.engines.sampled.lowering import lower
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.training import Training

#: The module that calls them.
CALLER: Final = engine


def _batch(n: int, m: int, p: float) -> Batch:
    problem = Problem(Independent(n_features=n, feature_probability=p), ReLUOutput(n_hidden=m))
    return Batch(problem, (problem,), (Training(batch_size=16, held_out=64),), (0,), 0)


def _step(n: int, m: int, p: float) -> object:
    own, batch = engine.SampledEngine(), _batch(n, m, p)
    return own.advance(batch, own.init(batch), 1, jobs=1)


def _probe() -> object:
    own, batch = engine.SampledEngine(), _batch(5, 2, 1.0)
    return own.probe(batch, own.init(batch), jobs=1)


#: By what the caller calls them; what takes longest to compile comes first.
KERNELS: Final[dict[str, Callable[[], object]]] = {
    "_sparse": partial(_step, 80, 20, 0.01),
    "_dense": partial(_step, 80, 20, 1.0),
    "_lane": partial(_step, 5, 2, 1.0),
    "_evaluate": _probe,
}


def later(batch: Batch) -> list[str]:
    """What a training comes to after its first loss.

    The sparse kernel is compiled for an activation and a target: ahead, for the usual ones.
    """
    forms = dict.fromkeys(lower(batch).forms)
    usual = [f for f in forms if (f.codes.output_activation, f.codes.target) == (RELU, SAME)]
    return list(
        dict.fromkeys(
            f"_{form.kernel}" for form in forms if form.kernel != "sparse" or form in usual
        )
    )

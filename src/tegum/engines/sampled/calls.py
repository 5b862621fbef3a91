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


def _batch(n: int, m: int, p: float, rare: bool = False) -> Batch:
    law = Independent(n_features=n, feature_probability=p)
    problem = Problem(law, ReLUOutput(n_hidden=m), unit_norm=rare)
    return Batch(problem, (problem,), (Training(batch_size=16, held_out=64),), (0,), 0)


def _step(n: int, m: int, p: float, rare: bool = False) -> object:
    own, batch = engine.SampledEngine(), _batch(n, m, p, rare)
    return own.advance(batch, own.init(batch), 1, jobs=1)


def _probe(rare: bool = False) -> object:
    own, batch = engine.SampledEngine(), _batch(5, 2, 1.0, rare)
    return own.probe(batch, own.init(batch), jobs=1)


#: By what the caller calls them; what takes longest to compile comes first.
KERNELS: Final[dict[str, Callable[[], object]]] = {
    "_sparse": partial(_step, 80, 20, 0.01),
    "_dense": partial(_step, 80, 20, 1.0),
    "_lane_rare": partial(_step, 5, 2, 1.0, rare=True),
    "_lane": partial(_step, 5, 2, 1.0),
    "_evaluate_rare": partial(_probe, rare=True),
    "_evaluate": _probe,
}


def later(batch: Batch) -> list[str]:
    """What a training comes to after its first loss.

    The sparse kernel is compiled for an activation and a target: ahead, for the usual ones.
    """
    forms = dict.fromkeys(lower(batch).forms)
    usual = [f for f in forms if (f.codes.output_activation, f.codes.target) == (RELU, SAME)]
    names = (
        "_lane_rare" if form.kernel == "lane" and form.rare else f"_{form.kernel}"
        for form in forms
        if form.kernel != "sparse" or form in usual
    )
    return list(dict.fromkeys(names))

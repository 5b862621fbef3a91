"""The kernels of this engine, each with a call that needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tegum.distributions import Activations, Independent
from tegum.engines.base import Batch
from tegum.engines.dictionaries import engine
from tegum.models import SAE
from tegum.problem import Problem
from tegum.training import Training

#: The module that calls them.
CALLER: Final = engine


def _batch() -> Batch:
    law = Activations.random(2, Independent(n_features=3, feature_probability=0.5))
    problem = Problem(law, SAE(n_latents=4))
    return Batch(problem, (problem,), (Training(batch_size=16, held_out=64),), (0,), 0)


def _step() -> object:
    own, batch = engine.DictionaryEngine(), _batch()
    return own.advance(batch, own.init(batch), 1, jobs=1)


def _probe() -> object:
    own, batch = engine.DictionaryEngine(), _batch()
    return own.probe(batch, own.init(batch), jobs=1)


#: By what the caller calls them; what takes longest to compile comes first.
KERNELS: Final[dict[str, Callable[[], object]]] = {"_train": _step, "_measure": _probe}


def later(batch: Batch) -> list[str]:
    """What a training comes to after its first loss."""
    return ["_train"]

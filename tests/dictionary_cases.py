"""One step of a dictionary, taken apart: its weights, the samples it saw, and the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import tegum as tg
from tegum.dims import F64
from tegum.engines.base import Batch
from tegum.engines.dictionaries.draw import samples
from tegum.engines.dictionaries.engine import DictionaryEngine
from tegum.engines.sampled.optimiser import BETA1

BATCH = 300
#: Many samples of it are all zero, and stand for one sample with a weight.
SPARSE = tg.Activations.random(3, tg.Independent(5, 0.05), seed=2)
NOISY = tg.Activations.random(
    4, tg.Correlated(2, 3, 0.4, "signed"), b_hidden=[0.1, -0.2, 0.0, 0.3], rectified=True, noise=0.1
)
WIDE = tg.Activations.random(18, tg.Independent(30, 0.1))
PLAIN = tg.Independent(6, 0.3, "exponential")

MODELS: dict[str, dict[str, Any]] = {
    "relu": {},
    "relu, tied": {"tied_weights": True},
    "relu, atoms of any length": {"unit_atoms": False},
    "relu, tied, any length": {"tied_weights": True, "unit_atoms": False},
    "relu, bias not subtracted": {"subtract_bias": False},
    "topk": {"kind": "topk", "k": 2},
    "topk, tied": {"kind": "topk", "k": 2, "tied_weights": True},
    "topk, atoms of any length": {"kind": "topk", "k": 3, "unit_atoms": False},
    "topk, bias not subtracted": {"kind": "topk", "k": 1, "subtract_bias": False},
    "jumprelu": {"kind": "jumprelu", "bandwidth": 1.0},
    "jumprelu, tied": {"kind": "jumprelu", "bandwidth": 0.5, "tied_weights": True},
    "jumprelu, any length": {"kind": "jumprelu", "bandwidth": 3.0, "unit_atoms": False},
    "relu, nested": {"nested": (2, 5)},
    "topk, nested": {"kind": "topk", "k": 3, "nested": (3,)},
    "relu, nested, tied": {"nested": (1, 2, 6), "tied_weights": True},
    "gated": {"kind": "gated"},
    "gated, tied": {"kind": "gated", "tied_weights": True},
    "gated, nested, any length": {"kind": "gated", "nested": (3,), "unit_atoms": False},
    "gated, bias not subtracted": {"kind": "gated", "subtract_bias": False},
    "jumprelu, nested": {"kind": "jumprelu", "nested": (4,), "subtract_bias": False},
    "batchtopk": {"kind": "batchtopk", "k": 2},
    "batchtopk, tied": {"kind": "batchtopk", "k": 1, "tied_weights": True},
    "batchtopk, any length": {"kind": "batchtopk", "k": 1, "unit_atoms": False},
    "batchtopk, nested": {"kind": "batchtopk", "k": 1, "nested": (3,), "subtract_bias": False},
    "batchtopk, all": {"kind": "batchtopk", "k": 7},
}


@dataclass(frozen=True)
class Case:
    """A dictionary of 7 latents, unless it says other."""

    name: str
    law: tg.Distribution
    model: tg.SAE
    l1: float = 0.1
    #: Latents that have not fired for long.
    dead: tuple[int, ...] = ()
    #: How many codes stay where it is not the model's k: of a sample, or of a batch on average.
    k_now: float | None = None

    @property
    def problem(self) -> tg.Problem:
        return tg.Problem(self.law, self.model, l1=self.l1)

    @property
    def window(self) -> float:
        """ε, by the length that samples have."""
        return self.model.width * float(np.sqrt(np.trace(self.law.second_moment())))


def cases() -> list[Case]:
    """Every kind on sparse data; every kind of data; more latents and a larger k than a list is.

    What is wide, gated or of a large k is trained by products of matrices, all else in lanes.
    """
    found = [Case(name, SPARSE, tg.SAE(7, **how)) for name, how in MODELS.items()]
    for name, law in (("noisy", NOISY), ("wide", WIDE), ("features themselves", PLAIN)):
        found += [Case(f"relu, {name}", law, tg.SAE(7), l1=0.0)]
        for kind in ("topk", "batchtopk"):
            found += [Case(f"{kind}, {name}", law, tg.SAE(7, kind=kind, k=2), l1=0.0)]
    names = ("relu, tied", "jumprelu, nested", "gated, tied", "topk, nested", "batchtopk, nested")
    for name in names:
        found += [Case(f"{name}, wide", WIDE, tg.SAE(7, **MODELS[name]))]
    return [*found, Case("topk, large k", NOISY, tg.SAE(40, kind="topk", k=30), l1=0.0)]


def listed_cases() -> list[Case]:
    """Those whose codes may be listed: made of few features, or of h itself."""
    names = ("relu", "relu, tied", "topk", "topk, bias not subtracted", "jumprelu", "batchtopk")
    return [
        Case(f"{name}, {kind}", law, tg.SAE(40, **MODELS[name]))
        for name in names
        for kind, law in (("by features", WIDE), ("noisy", WIDE.replace(noise=0.1)))
    ]


def reviving_cases() -> list[Case]:
    """Dead latents that learn: in lists and products, more and fewer of them than rebuild."""
    kinds: list[tuple[str, tg.Distribution, tuple[int, ...], dict[str, Any]]] = [
        ("topk", SPARSE, (0, 3, 5), {"k": 1, "aux_k": 2}),
        ("topk", WIDE, (1, 4), {"k": 2, "aux_weight": 1 / 32, "unit_atoms": False}),
        ("topk", NOISY, (1, 2, 6), {"k": 1, "aux_k": 1, "tied_weights": True}),
        ("batchtopk", SPARSE, (0, 1, 6), {"k": 1, "aux_k": 2, "nested": (3,)}),
        ("batchtopk", WIDE, (2, 3, 4), {"k": 1, "aux_k": 2, "subtract_bias": False}),
    ]
    found = []
    for kind, law, dead, how in kinds:
        model = tg.SAE(7, kind, **{"aux_weight": 0.5, **how})
        found.append(Case(f"{kind}, {law.n_features}", law, model, dead=dead))
    return found


def warming_cases() -> list[Case]:
    """Every kind, with sparsity that sets in over half of the steps."""
    models = [
        tg.SAE(7, kind, k=1 if "top" in kind else None, sparsity_warmup=0.5)
        for kind in ("relu", "jumprelu", "gated", "topk", "batchtopk")
    ]
    return [
        Case(f"{model.architecture}, {name}", law, model)
        for model in models
        for name, law in (("sparse", SPARSE), ("wide", WIDE))
    ]


@dataclass(frozen=True)
class Taken:
    """A step: arrays without the leading dimension of instances, in float64."""

    named: dict[str, F64]
    h: F64
    gradient: dict[str, F64]


def take(case: Case, seed: int = 1, before: int = 0, steps: int = 1) -> Taken:
    """A step from random weights, of which Adam's first moment tells the gradient.

    `before` it there are others, in which weights do not move, and `steps` in all.
    """
    training = tg.Training(steps=steps, batch_size=BATCH, learning_rate=1e-30)
    batch = Batch(case.problem, (case.problem,), (training,), (0,), 0)
    engine = DictionaryEngine()
    state = engine.init(batch)
    state["theta"][...] = np.random.default_rng(seed).normal(size=state["theta"].shape) * 0.5
    if case.model.unit_atoms:
        atoms = engine.parameters(batch, state)["W_dec"]
        atoms /= np.linalg.norm(atoms.astype(np.float64), axis=2, keepdims=True)
    named = _alone(engine.parameters(batch, state))
    named.pop("threshold", None)
    state["silent"][:, list(case.dead)] = 1  # of one step, that is for long
    old = engine.advance(batch, state, before, jobs=1)["moment"].astype(np.float64)
    done = engine.advance(batch, state, 1, jobs=1)
    added = done["moment"] - BETA1 * old
    moments = _alone(engine.parameters(batch, {**done, "theta": added}))
    moments.pop("threshold", None)  # which is measured
    gradient = {name: moment / (1 - BETA1) for name, moment in moments.items()}
    h = samples(case.problem, training, steps=before + 1)[before]
    return Taken(named, h.astype(np.float64), gradient)


def _alone(named: dict[str, Any]) -> dict[str, F64]:
    return {name: array[0].astype(np.float64) for name, array in named.items()}

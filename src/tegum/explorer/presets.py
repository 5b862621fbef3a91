"""The models behind the experiments, with the paper's settings, to be opened in the live view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tegum.distributions import Anticorrelated, Correlated, Distribution, Groups, Independent
from tegum.experiments.base import Experiment
from tegum.explorer.state import OWN, State
from tegum.models import Linear, ReLUHidden, ReLUOutput, TwoLayer
from tegum.models.base import Model
from tegum.problem import Problem
from tegum.training import Training


@dataclass(frozen=True)
class Preset:
    """A training that shows what the claims of these `items` are about."""

    items: tuple[int, ...]
    title: str
    state: State

    def data(self) -> dict[str, Any]:
        """As the gallery has it."""
        until = self.state.training.steps
        return {"title": self.title, "state": self.state.data(), "until": until}


def presets_of(experiment: Experiment) -> list[Preset]:
    """The presets of the items that an experiment is about."""
    return [preset for preset in PRESETS if set(preset.items) & set(experiment.items)]


def _law(n: int, p: float, magnitude: Any = "uniform") -> Independent:
    return Independent(n_features=n, feature_probability=p, magnitude=magnitude)


def _one_differs(n: int, p: float, ratio: float) -> Independent:
    return Independent(n_features=n, feature_probability=(ratio * p, *(p,) * (n - 1)))


def _together(sets: int, size: int, p: float) -> Correlated:
    return Correlated(n_sets=sets, set_size=size, feature_probability=p)


def _apart(sets: int, size: int, p: float) -> Anticorrelated:
    return Anticorrelated(n_sets=sets, set_size=size, feature_probability=p)


def _falling(base: float, n: int) -> tuple[float, ...]:
    return tuple(base**i for i in range(n))


def _made(
    items: tuple[int, ...],
    title: str,
    law: Distribution,
    model: Model,
    importance: float | tuple[float, ...] = 1.0,
    *,
    seeds: int = 32,
    steps: int = 5000,
    batch: int = 1024,
    rate: float = 5e-3,
    schedule: str = "cosine",
    target: str = "x",
    l1: float = 0.0,
) -> Preset:
    problem = Problem(law, model, importance, target, l1)
    settings: dict[str, Any] = {
        "steps": steps,
        "batch_size": batch,
        "learning_rate": rate,
        "schedule": schedule,
        **OWN,
    }
    state = State(problem=problem, training=Training(**settings), seeds=seeds)
    return Preset(items, title, state)


_TWO: Final = ReLUOutput(n_hidden=2)
_BASIC: Final = _falling(0.7, 20)
_LARGE: Final = _falling(0.9, 80)

PRESETS: Final = (
    *(
        _made((1,), f"five features in two dimensions, 1−S = {p:g}", _law(5, p), _TWO,
              _falling(0.9, 5), seeds=64)
        for p in (1.0, 0.2, 0.1)
    ),
    _made((2,), "data and model: a small model to look at", _law(5, 0.2), _TWO, _falling(0.9, 5)),
    _made((3, 5), "the linear model, n = 20, m = 5", _law(20, 0.1), Linear(n_hidden=5), _BASIC),
    *(
        _made((3,), f"n = 20, m = 5, 1−S = {p:g}", _law(20, p), ReLUOutput(n_hidden=5), _BASIC,
              batch=256, steps=3000)
        for p in (1.0, 0.3, 0.1, 0.03)
    ),
    *(
        _made((4,), f"n = 80, m = 20, 1−S = {p:g}", _law(80, p), ReLUOutput(n_hidden=20), _LARGE,
              seeds=8, steps=3000, batch=256, rate=1e-2)
        for p in (0.3, 0.1, 0.03)
    ),
    _made((6, 7, 8, 53, 58), "sparse features of equal importance, n = 20, m = 5", _law(20, 0.03),
          ReLUOutput(n_hidden=5)),
    *(
        _made((9, 10, 11, 55), f"two features in one dimension, 1−S = {p:g}", _law(2, p),
              ReLUOutput(n_hidden=1), (1.0, 0.5), seeds=10, steps=4000)
        for p in (0.9, 0.2)
    ),
    _made((12,), "three features in two dimensions", _law(3, 0.2), _TWO, (1.0, 1.0, 2.0), seeds=20,
          steps=4000),
    *(
        _made((*range(13, 19), 32, 33, 52, 56), f"uniform features, n = 60, m = 10, 1−S = {p:g}",
              _law(60, p), ReLUOutput(n_hidden=10), seeds=4, batch=512)
        for p in (0.9, 0.6, 0.35, 0.22)
    ),
    _made((19,), "n − 1 dimensions for n features: a simplex", _law(4, 0.9),
          ReLUOutput(n_hidden=3)),
    *(
        _made((20, 21, 22), f"the pentagon with one feature of relative density {ratio:g}",
              _one_differs(5, 0.05, ratio), _TWO, seeds=96, steps=10_000, rate=3e-3)
        for ratio in (1.0, 0.4, 0.2, 5.0)
    ),
    *(
        _made((23,), f"twelve features in {m} dimensions", _law(12, 0.05), ReLUOutput(n_hidden=m))
        for m in (2, 3)
    ),
    _made((24,), "two correlated pairs", _together(2, 2, 0.05), _TWO, seeds=100),
    _made((25,), "two anticorrelated pairs", _apart(2, 2, 0.1), _TWO, seeds=100),
    *(
        _made((26, 28, 29), f"three correlated pairs, p = {p:g}", _together(3, 2, p), _TWO,
              seeds=100)
        for p in (0.03, 0.1, 0.2, 0.5)
    ),
    _made((27,), "two bundles of ten: local almost-orthogonal bases", _together(2, 10, 0.05),
          ReLUOutput(n_hidden=10), seeds=16, steps=10_000, batch=512),
    _made((30, 57), "energy levels: n = 60, m = 4", _law(60, 0.3), ReLUOutput(n_hidden=4), seeds=8,
          steps=12_000, batch=512, rate=1e-3, schedule="constant"),
    _made((31,), "two sets of three: stages on the way to an octahedron", _together(2, 3, 0.1),
          ReLUOutput(n_hidden=3), seeds=100, steps=20_000, rate=1e-3, schedule="constant"),
    _made((34, 35), "n = 60, m = 12", _law(60, 0.05), ReLUOutput(n_hidden=12), seeds=8, batch=512),
    _made((36, 37), "a linear hidden layer has no privileged basis", _law(10, 0.3),
          ReLUOutput(n_hidden=5), _falling(0.75, 10)),
    *(
        _made((36, 37, 38, 39), f"neurons, n = 10, m = 5, 1−S = {p:g}", _law(10, p),
              ReLUHidden(n_hidden=5), _falling(0.75, 10), seeds=200, steps=4000, batch=256)
        for p in (0.7, 0.3, 0.1)
    ),
    _made((40,), "the absolute value, n = 3, m = 6", _law(3, 0.5, "signed"),
          TwoLayer(n_hidden=6), seeds=32, steps=10_000, target="abs"),
    *(
        _made((41, 42, 43, 45), f"computing |x| in superposition, n = 100, m = 40, 1−S = {p:g}",
              _law(100, p, "signed"), TwoLayer(n_hidden=40), _falling(0.8, 100), seeds=2,
              steps=6000, target="abs", batch=512)
        for p in (0.3, 0.03)
    ),
    _made((44,), "asymmetric superposition, n = 10, m = 16", _law(10, 0.15, "signed"),
          TwoLayer(n_hidden=16), _falling(0.8, 10), steps=6000, target="abs"),
    *(
        _made((46, 47), f"a penalty on activations, λ = {l1:g}", _law(20, 0.1),
              ReLUHidden(n_hidden=5), _BASIC, l1=l1, batch=512)
        for l1 in (0.0, 0.112)
    ),
    _made((48,), "dedicated or antipodal: two features in one dimension", _law(2, 0.3),
          ReLUOutput(n_hidden=1), seeds=10, steps=4000),
    _made((49,), "an overcomplete basis, n = 40, m = 10", _law(40, 0.03), ReLUOutput(n_hidden=10),
          seeds=8, batch=512),
    *(
        _made((54,), f"the output activation {name}", _law(2, 0.2),
              ReLUOutput(n_hidden=1, activation=name), seeds=10, steps=4000)
        for name in ("gelu", "quadratic")
    ),
    _made((59,), "correlated and independent features side by side",
          Groups(parts=(_together(2, 2, 0.05), _law(4, 0.05))), ReLUOutput(n_hidden=4), seeds=32),
)  # fmt: skip

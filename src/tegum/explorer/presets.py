"""The models behind the experiments, with the paper's settings, to be opened in the live view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tegum.distributions import Anticorrelated, Correlated, Groups, Independent
from tegum.experiments.base import Experiment
from tegum.explorer.state import OWN, PageState
from tegum.models import Linear, ReLUHidden, ReLUOutput, TwoLayer
from tegum.problem import Problem
from tegum.training import Training


@dataclass(frozen=True)
class Preset:
    """A training that shows what the claims of these `items` are about."""

    items: tuple[int, ...]
    title: str
    state: PageState

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
    items: tuple[int, ...], title: str, problem: Problem, seeds: int = 32, **numbers: Any
) -> Preset:
    """A preset; `numbers` are the training's where they are not the usual ones."""
    usual = {"steps": 5000, "learning_rate": 5e-3, "schedule": "cosine", **OWN}
    training = Training(**{**usual, **numbers})
    return Preset(items, title, PageState(problem=problem, training=training, seeds=seeds))


_TWO: Final = ReLUOutput(n_hidden=2)
_BASIC: Final = _falling(0.7, 20)
_LARGE: Final = _falling(0.9, 80)

PRESETS: Final = (
    *(
        _made((1,), f"five features in two dimensions, 1−S = {p:g}",
              Problem(_law(5, p), _TWO, _falling(0.9, 5)), seeds=64)
        for p in (1.0, 0.2, 0.1)
    ),
    _made((2,), "data and model: a small model to look at",
          Problem(_law(5, 0.2), _TWO, _falling(0.9, 5))),
    _made((3, 5), "the linear model, n = 20, m = 5",
          Problem(_law(20, 0.1), Linear(n_hidden=5), _BASIC)),
    *(
        _made((3,), f"n = 20, m = 5, 1−S = {p:g}",
              Problem(_law(20, p), ReLUOutput(n_hidden=5), _BASIC), batch_size=256, steps=3000)
        for p in (1.0, 0.3, 0.1, 0.03)
    ),
    *(
        _made((4,), f"n = 80, m = 20, 1−S = {p:g}",
              Problem(_law(80, p), ReLUOutput(n_hidden=20), _LARGE), seeds=8, steps=3000,
              batch_size=256, learning_rate=1e-2)
        for p in (0.3, 0.1, 0.03)
    ),
    _made((6, 7, 8, 53, 58), "sparse features of equal importance, n = 20, m = 5",
          Problem(_law(20, 0.03), ReLUOutput(n_hidden=5))),
    *(
        _made((9, 10, 11, 55), f"two features in one dimension, 1−S = {p:g}",
              Problem(_law(2, p), ReLUOutput(n_hidden=1), (1.0, 0.5)), seeds=10, steps=4000)
        for p in (0.9, 0.2)
    ),
    _made((12,), "three features in two dimensions",
          Problem(_law(3, 0.2), _TWO, (1.0, 1.0, 2.0)), seeds=20, steps=4000),
    *(
        _made((*range(13, 19), 32, 33, 52, 56), f"uniform features, n = 60, m = 10, 1−S = {p:g}",
              Problem(_law(60, p), ReLUOutput(n_hidden=10)), seeds=4, batch_size=512)
        for p in (0.9, 0.6, 0.35, 0.22)
    ),
    _made((19,), "n − 1 dimensions for n features: a simplex",
          Problem(_law(4, 0.9), ReLUOutput(n_hidden=3))),
    *(
        _made((20, 21, 22), f"the pentagon with one feature of relative density {ratio:g}",
              Problem(_one_differs(5, 0.05, ratio), _TWO), seeds=96, steps=10_000,
              learning_rate=3e-3)
        for ratio in (1.0, 0.4, 0.2, 5.0)
    ),
    *(
        _made((23,), f"twelve features in {m} dimensions",
              Problem(_law(12, 0.05), ReLUOutput(n_hidden=m)))
        for m in (2, 3)
    ),
    _made((24,), "two correlated pairs", Problem(_together(2, 2, 0.05), _TWO), seeds=100),
    _made((25,), "two anticorrelated pairs", Problem(_apart(2, 2, 0.1), _TWO), seeds=100),
    *(
        _made((26, 28, 29), f"three correlated pairs, p = {p:g}",
              Problem(_together(3, 2, p), _TWO), seeds=100)
        for p in (0.03, 0.1, 0.2, 0.5)
    ),
    _made((27,), "two bundles of ten: local almost-orthogonal bases",
          Problem(_together(2, 10, 0.05), ReLUOutput(n_hidden=10)), seeds=16, steps=10_000,
          batch_size=512),
    _made((30, 57), "energy levels: n = 60, m = 4",
          Problem(_law(60, 0.3), ReLUOutput(n_hidden=4)), seeds=8, steps=12_000, batch_size=512,
          learning_rate=1e-3, schedule="constant"),
    _made((31,), "two sets of three: stages on the way to an octahedron",
          Problem(_together(2, 3, 0.1), ReLUOutput(n_hidden=3)), seeds=100, steps=20_000,
          learning_rate=1e-3, schedule="constant"),
    _made((34, 35), "n = 60, m = 12",
          Problem(_law(60, 0.05), ReLUOutput(n_hidden=12)), seeds=8, batch_size=512),
    _made((36, 37), "a linear hidden layer has no privileged basis",
          Problem(_law(10, 0.3), ReLUOutput(n_hidden=5), _falling(0.75, 10))),
    *(
        _made((36, 37, 38, 39), f"neurons, n = 10, m = 5, 1−S = {p:g}",
              Problem(_law(10, p), ReLUHidden(n_hidden=5), _falling(0.75, 10)), seeds=200,
              steps=4000, batch_size=256)
        for p in (0.7, 0.3, 0.1)
    ),
    _made((40,), "the absolute value, n = 3, m = 6",
          Problem(_law(3, 0.5, "signed"), TwoLayer(n_hidden=6), target="abs"), seeds=32,
          steps=10_000),
    *(
        _made((41, 42, 43, 45), f"computing |x| in superposition, n = 100, m = 40, 1−S = {p:g}",
              Problem(_law(100, p, "signed"), TwoLayer(n_hidden=40), _falling(0.8, 100),
                      target="abs"), seeds=2, steps=6000, batch_size=512)
        for p in (0.3, 0.03)
    ),
    _made((44,), "asymmetric superposition, n = 10, m = 16",
          Problem(_law(10, 0.15, "signed"), TwoLayer(n_hidden=16), _falling(0.8, 10),
                  target="abs"), steps=6000),
    *(
        _made((46, 47), f"a penalty on activations, λ = {l1:g}",
              Problem(_law(20, 0.1), ReLUHidden(n_hidden=5), _BASIC, l1=l1), batch_size=512)
        for l1 in (0.0, 0.112)
    ),
    _made((48,), "dedicated or antipodal: two features in one dimension",
          Problem(_law(2, 0.3), ReLUOutput(n_hidden=1)), seeds=10, steps=4000),
    _made((49,), "an overcomplete basis, n = 40, m = 10",
          Problem(_law(40, 0.03), ReLUOutput(n_hidden=10)), seeds=8, batch_size=512),
    _made((51,), "two dense features in one dimension, linear: what a staircase is compared with",
          Problem(_law(2, 1.0), Linear(n_hidden=1)), seeds=8, steps=2000),
    *(
        _made((54,), f"the output activation {name}",
              Problem(_law(2, 0.2), ReLUOutput(n_hidden=1, activation=name)), seeds=10, steps=4000)
        for name in ("gelu", "quadratic")
    ),
    _made((59,), "correlated and independent features side by side",
          Problem(Groups(parts=(_together(2, 2, 0.05), _law(4, 0.05))), ReLUOutput(n_hidden=4)),
          seeds=32),
    _made((59,), "neurons with biases, twenty features by forty of them",
          Problem(_law(20, 0.05), TwoLayer(n_hidden=40, hidden_bias=True, activation="identity")),
          seeds=8, steps=3000),
    _made((61,), "twelve data, one at a time, act like features: a polygon",
          Problem(_apart(1, 12, 1.0), _TWO), seeds=64),
    _made((62,), "eight features of falling importance share three dimensions",
          Problem(_law(8, 0.05), ReLUOutput(n_hidden=3), _falling(0.85, 8))),
    _made((63,), "exactly one of six features is active: hexagon, pentagon, two digons",
          Problem(_apart(1, 6, 1.0), _TWO), seeds=100),
)  # fmt: skip

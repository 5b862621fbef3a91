"""What a contestant must do: build a stack of models and train it; and how results compare.

A contestant is a module with

- `candidates(work, cores) -> list[Settings]`: the settings worth trying for a work;
- `build(work, p, settings, learning_rate, start) -> Trainer`: the models, ready to be trained.
  `start` are initial weights, whose leading length is the number of models; with None there are
  `work.instances` models (or one stack of them, where the settings say so), initialised as the
  contestant likes.

Needs numpy and nothing else.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from works import Settings, Work

F32 = NDArray[np.float32]
#: Models in one stack where training a thousand at once would not be the fastest way.
SMALL_STACK: Final = 100


@dataclass(frozen=True)
class Weights:
    """Trained parameters: w_in (I, m, n), w_out (I, n, m) (its transpose where tied), b (I, n)."""

    w_in: F32
    w_out: F32
    b: F32

    @classmethod
    def tied(cls, w: F32, b: F32) -> Weights:
        """Of w (I, m, n) used both ways, and b (I, n)."""
        return cls(w, w.transpose(0, 2, 1), b)

    @property
    def instances(self) -> int:
        """I."""
        return len(self.b)

    def save(self, path: Path) -> None:
        """Write an .npz file."""
        np.savez(path, w_in=self.w_in, w_out=self.w_out, b=self.b)

    @classmethod
    def load(cls, path: Path) -> Weights:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(arrays["w_in"], arrays["w_out"], arrays["b"])


class Trainer(ABC):
    """A stack of `instances` models being trained."""

    instances: int

    @abstractmethod
    def advance(self, steps: int) -> None:
        """Exactly `steps` optimiser steps of every model, each on fresh data."""

    @abstractmethod
    def weights(self) -> Weights:
        """The parameters as they are now."""

    def timed(self, steps: int) -> float:
        """Seconds that `steps` steps take in the middle of a training."""
        start = time.perf_counter()
        self.advance(steps)
        return time.perf_counter() - start


class Contestant(Protocol):
    """The functions of a contestant's module."""

    def candidates(self, work: Work, cores: int) -> list[Settings]:
        """Settings worth trying."""
        ...

    def build(
        self,
        work: Work,
        p: float,
        settings: Settings,
        learning_rate: float,
        start: Weights | None,
    ) -> Trainer:
        """The models, ready to be trained."""
        ...


def stack_size(work: Work, settings: Settings) -> int:
    """How many models are trained at once."""
    return min(work.instances, int(settings.get("stack", work.instances)))


def stack_sizes(work: Work) -> list[int]:
    """Stack sizes worth trying."""
    return sorted({work.instances, min(work.instances, SMALL_STACK)}, reverse=True)


def is_signed(work: Work) -> bool:
    """Whether magnitudes are uniform in [-1, 1] and the target is |x|."""
    return work.kind == "two_layer_abs"


def has_hidden_relu(work: Work) -> bool:
    """Whether the hidden layer is rectified."""
    return work.kind in ("relu_hidden", "two_layer_abs")


def is_tied(work: Work) -> bool:
    """Whether the decoder is the encoder's transpose."""
    return work.kind != "two_layer_abs"


def start_weights(work: Work, instances: int, seed: int) -> Weights:
    """Xavier-normal weights, each model its own, and biases 0."""
    rng = np.random.default_rng(seed)
    std = np.sqrt(2 / (work.n + work.m))
    w_in = rng.normal(0, std, (instances, work.m, work.n)).astype(np.float32)
    b = np.zeros((instances, work.n), np.float32)
    if is_tied(work):
        return Weights.tied(w_in, b)
    w_out = rng.normal(0, std, (instances, work.n, work.m)).astype(np.float32)
    return Weights(w_in, w_out, b)


def sample(work: Work, p: float, size: int, seed: int) -> F32:
    """Inputs (size, n): each feature present with probability p, uniform where it is."""
    rng = np.random.default_rng(seed)
    magnitude = rng.uniform(-1 if is_signed(work) else 0, 1, (size, work.n))
    return (magnitude * (rng.random((size, work.n)) < p)).astype(np.float32)


def losses(work: Work, weights: Weights, x: F32) -> NDArray[np.float64]:
    """Each model's loss (I,) on x (size, n): sum over features, mean over samples."""
    target = np.abs(x) if is_signed(work) else x
    out = np.empty(weights.instances)
    for i in range(weights.instances):
        hidden = x @ weights.w_in[i].T
        if has_hidden_relu(work):
            hidden = np.maximum(hidden, 0)
        y = np.maximum(hidden @ weights.w_out[i].T + weights.b[i], 0)
        out[i] = np.square(target - y).sum(axis=1).mean()
    return out

"""How far small moves of the input raise the loss: the attacks that superposition opens.

Where h is linear, the pre-activation of output i moves along row i of G = W_out W_in (WᵀW when
tied). Of all moves of length λ, δ_i = λ G_i / ‖G_i‖ and its opposite change output i most: the
analytic attacks. A gradient attack follows ∇L instead, which is 0 where no output is active and
none is wanted: then it sees nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float64

from tegum.analysis._arrays import check_integer
from tegum.arguments import array, number
from tegum.dims import F64
from tegum.errors import SpecError
from tegum.models.activations import ACTIVATIONS
from tegum.problem import Problem
from tegum.runs.models import models_of
from tegum.runs.weights import Weights

#: The length of an attack, in units of the mean length of an input.
RELATIVE_SIZE: Final = 0.1
_ITERATIONS: Final = 10
#: One step of an iterated attack, in units of its length: together they could cross the ball.
_STRIDE: Final = 2.5 / _ITERATIONS
_ROWS: Final = 256  # samples attacked at a time: their outputs fit a cache

#: What `vulnerability` measures, and how the Dataset explains it.
_MEASURES: Final = {
    "size": "length λ of the attacks",
    "clean": "loss of the samples as they are",
    "per_example": "rise of the loss by the worst analytic attack on each sample",
    "per_model": "rise of the loss by the one analytic attack that is worst on average",
    "one_step": "rise of the loss by a step of length λ along the gradient",
    "iterated": f"rise of the loss by {_ITERATIONS} projected steps along the gradient",
    "masked": "share of samples without a gradient",
    "unseen": "per_example of the samples without a gradient alone, NaN if there are none",
}


def attacks(G: Float64[np.ndarray, "*lead n n"], size: float) -> Float64[np.ndarray, "*lead n n"]:
    """δ_i = λ G_i / ‖G_i‖ by row: of all moves of length λ, the one that raises output i most.

    Its pre-activation rises by λ‖G_i‖.

    Args:
        G: what output i receives of each input, in row i, (..., n, n): W_out W_in, or WᵀW.
        size: λ >= 0.

    Returns:
        The moves, (..., n, n), one per row; 0 where an output depends on nothing.

    Raises:
        SpecError: for a G of another shape, and a size that is not >= 0 and finite.

    Source: "Relationship to Adversarial Robustness"; claims 32, 33.
    """
    G = array("attacks", "G", G)
    if G.ndim < 2 or G.shape[-1] != G.shape[-2]:
        raise SpecError.of("attacks", "G", "must be (..., n, n)", G.shape)
    size = number("attacks", "size", size, "must be >= 0 and finite", lambda x: x >= 0)
    length = np.linalg.norm(G, axis=-1, keepdims=True)
    moves: F64 = size * np.divide(G, length, out=np.zeros_like(G), where=length > 0)
    return moves


def vulnerability(
    runs: xr.Dataset,
    *,
    size: float | None = None,
    relative_size: float = RELATIVE_SIZE,
    samples: int = 2048,
    seed: int = 0,
) -> xr.Dataset:
    """How much attacks of length λ raise the loss Σ_i I_i (t(x)_i − x'_i)² of each model.

    The target stays that of the sample as it was. Samples are fresh, and the same for all models of
    one problem.

    Args:
        runs: a Dataset of `tegum.train` of models with a linear hidden layer.
        size: λ > 0; None for `relative_size` times E‖x‖ of the model's problem.
        relative_size: > 0.
        samples: how many, >= 2.
        seed: of the samples, >= 0.

    Returns:
        With the leading dimensions of W, `per_example`: mean of the largest rise by any of the 2n
        analytic attacks ±δ_i; `per_model`: the largest mean rise by one of them; `one_step`,
        `iterated`: mean rise by gradient attacks; `masked`: the share of samples whose gradient is
        0, and `unseen`: `per_example` of these alone; `clean`, `size` = λ. Each of the first four
        comes with its standard error over samples, `per_example_error` and so on.

    Raises:
        SpecError: for models without a linear hidden layer, a bad size, samples < 2 and seed < 0.

    Source: "Relationship to Adversarial Robustness"; claims 32, 33.
    """
    models = models_of(runs, "vulnerability")
    problem = models.problems[0]
    _check(problem, size, relative_size)
    check_integer("vulnerability", "samples", samples, 2)
    check_integer("vulnerability", "seed", seed, 0)
    rows: list[dict[str, float]] = [{} for _ in models.point_of]
    for point, own in enumerate(models.problems):
        x = own.distribution.sample(np.random.default_rng(seed), samples)
        length = relative_size * float(np.linalg.norm(x, axis=1).mean()) if size is None else size
        for index in np.flatnonzero(models.point_of == point):
            rows[index] = _measure(_Model.of(own, models.weights[index]), x, length)
    variables = {}
    for name in rows[0]:
        values = np.array([row[name] for row in rows]).reshape(models.shape)
        words = _MEASURES.get(name, f"standard error of {name.removesuffix('_error')}")
        variables[name] = (models.dims, values, {"long_name": words})
    kept = {k: c for k, c in runs.coords.items() if set(c.dims) <= set(models.dims)}
    return xr.Dataset(variables, kept)


def _check(problem: Problem, size: float | None, relative_size: float) -> None:
    hidden = problem.model.hidden_activation
    if hidden != "identity":
        rule = "must be identity: the strongest attack is known for a linear hidden layer"
        raise SpecError.of(type(problem.model).__name__, "hidden_activation", rule, hidden)
    if problem.model.has_layer_norm:
        rule = "must be False: the strongest attack is known for a linear hidden layer"
        raise SpecError.of(type(problem.model).__name__, "layer_norm", rule, True)
    for name, value in (("size", size), ("relative_size", relative_size)):
        if value is not None:
            number("vulnerability", name, value, "must be a finite number > 0", lambda x: x > 0)


class _Model(NamedTuple):
    """One model as its outputs: x' = f(G x + b)."""

    G: F64  # (n, n), row i of output i
    b: F64  # (n,)
    importance: F64  # (n,)
    f: Callable[[F64], F64]
    slope: Callable[[F64], F64]
    target: Callable[[Any], Any]

    @classmethod
    def of(cls, problem: Problem, weights: Weights) -> _Model:
        act = ACTIVATIONS[problem.model.output_activation]
        weight = problem.importance_vector()
        # a bias of the linear hidden layer only moves that of the outputs
        b = weights.b + weights.decoder @ weights.b_hidden
        return cls(weights.A, b, weight, act.f, act.derivative, problem.target_of)

    def loss(self, z: F64, y: F64) -> F64:
        """Of each row of pre-activations (rows, n)."""
        error = self.f(z) - y
        summed: F64 = np.einsum("ij,ij,j->i", error, error, self.importance)
        return summed

    def gradient(self, z: F64, y: F64) -> F64:
        """∂L/∂x (rows, n), with the target held."""
        rows: F64 = (2.0 * self.importance * (self.f(z) - y) * self.slope(z)) @ self.G
        return rows


def _measure(model: _Model, x: F64, size: float) -> dict[str, float]:
    """The numbers of one model."""
    y: F64 = model.target(x)
    z = x @ model.G.T + model.b
    clean = model.loss(z, y)
    moved = attacks(model.G, size) @ model.G.T  # (attack, n): how each moves z
    moves = np.concatenate([moved, -moved])
    worst, mean = _analytic(model, z, y, clean, moves)
    gradient = model.gradient(z, y)
    rises = {
        "per_example": worst,
        # the attack that is worst on average once more, for its spread
        "per_model": model.loss(z + moves[mean.argmax()], y) - clean,
        "one_step": model.loss(z + _along(gradient, size) @ model.G.T, y) - clean,
        "iterated": _iterated(model, x, y, clean, size),
    }
    masked = ~gradient.any(axis=1)
    unseen = float(worst[masked].mean()) if masked.any() else np.nan
    found = {"size": size, "clean": float(clean.mean()), "masked": float(masked.mean())}
    found["unseen"] = unseen
    for name, rise in rises.items():
        found[name] = float(rise.mean())
        found[f"{name}_error"] = float(rise.std(ddof=1) / np.sqrt(len(rise)))
    return found


def _analytic(model: _Model, z: F64, y: F64, clean: F64, moves: F64) -> tuple[F64, F64]:
    """The largest rise of each sample by any move of z, and the mean rise by each move."""
    worst: F64 = np.empty(len(z))
    total: F64 = np.zeros(len(moves))
    for first in range(0, len(z), _ROWS):
        rows = slice(first, first + _ROWS)
        rises = np.stack([model.loss(z[rows] + move, y[rows]) for move in moves]) - clean[rows]
        worst[rows] = rises.max(axis=0)
        total += rises.sum(axis=1)
    return worst, total / len(z)


def _along(gradient: F64, size: float) -> F64:
    """Rows of length `size` along the gradient; 0 where it is."""
    length = np.linalg.norm(gradient, axis=1, keepdims=True)
    rows: F64 = size * np.divide(gradient, length, out=np.zeros_like(gradient), where=length > 0)
    return rows


def _iterated(model: _Model, x: F64, y: F64, clean: F64, size: float) -> F64:
    """The largest rise of each sample on the way of projected gradient steps from x."""
    delta, best = np.zeros_like(x), np.zeros(len(x))
    for _ in range(_ITERATIONS):
        z = (x + delta) @ model.G.T + model.b
        delta = delta + _along(model.gradient(z, y), _STRIDE * size)
        length = np.linalg.norm(delta, axis=1, keepdims=True)
        delta *= np.minimum(1.0, size / np.maximum(length, 1e-300))
        moved = model.loss((x + delta) @ model.G.T + model.b, y) - clean
        best = np.maximum(best, moved)
    return best

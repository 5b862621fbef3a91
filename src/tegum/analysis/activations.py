"""What a neuron's activations are about, from its largest to its smallest.

The largest activations of many neurons belong to one primary feature, smaller ones are
polysemantic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from tegum.analysis._arrays import check_integer
from tegum.arguments import number
from tegum.dims import F64
from tegum.errors import SpecError
from tegum.runs.weights import read_named

if TYPE_CHECKING:
    from tegum.problem import Problem

_AT_ONCE = 8192


def primary_share(
    problem: Problem,
    parameters: Mapping[str, NDArray[Any]],
    bands: Sequence[tuple[float, float]] = ((0.0, 0.5), (0.5, 0.99), (0.99, 1.0)),
    *,
    least: float = 0.0,
    samples: int = 65_536,
    seed: int = 0,
) -> Float[F64, "hidden band"]:
    """How often a neuron's primary feature is what it is active for, by height of activation.

    The activations of neuron k on samples of the problem that are positive and above `least` of its
    largest are put in order; a band (0.99, 1.0) is the highest 1 % of them. A sample counts for the
    primary feature, that of the largest |W_ki|, when this one contributes more to the activation,
    W_ki x_i, than any other does.

    Args:
        problem: the problem of the model, which has a ReLU hidden layer.
        parameters: those of one model, as named by `Model.parameters`, such as W (hidden, feature).
        bands: pairs 0 <= low < high <= 1.
        least: in [0, 1).
        samples: how many, >= 1.
        seed: of the samples, >= 0.

    Returns:
        Shares in [0, 1], (hidden, band); NaN where a band has no samples.

    Raises:
        SpecError: for bands that are not 0 <= low < high <= 1, for another `least`, samples < 1,
            seed < 0, models without a ReLU hidden layer, and parameters that are missing or of
            other shapes.

    Source: "Computation in Superposition: Basic Results".
    """
    model = problem.model
    if model.hidden_activation != "relu":
        rule = "must have a ReLU hidden layer"
        raise SpecError.of("primary_share", "problem", rule, model)
    for low, high in bands:
        if not 0 <= low < high <= 1:
            rule = "must be pairs with 0 <= low < high <= 1"
            raise SpecError.of("primary_share", "bands", rule, (low, high))
    number("primary_share", "least", least, "must be in [0, 1)", lambda x: 0 <= x < 1)
    check_integer("primary_share", "samples", samples, 1)
    check_integer("primary_share", "seed", seed, 0)
    weights = read_named("primary_share", problem, parameters)
    encoder = weights.encoder
    rng, heights, for_primary = np.random.default_rng(seed), [], []
    for start in range(0, samples, _AT_ONCE):
        x = problem.distribution.sample(rng, min(_AT_ONCE, samples - start))
        heights.append(model.forward(weights.named(), x)[0])
        for_primary.append(_dominated(encoder, x))
    height, primary = np.concatenate(heights), np.concatenate(for_primary)
    share = np.full((len(encoder), len(bands)), np.nan)
    for k in range(len(encoder)):
        active = np.flatnonzero(height[:, k] > least * height[:, k].max())
        ranked = active[np.argsort(height[active, k], kind="stable")]
        for b, (low, high) in enumerate(bands):
            chosen = ranked[round(low * len(ranked)) : round(high * len(ranked))]
            if len(chosen):
                share[k, b] = primary[chosen, k].mean()
    return share


def _dominated(encoder: F64, x: F64) -> NDArray[np.bool_]:
    """Whether the largest contribution to each neuron is that of its primary feature."""
    first = np.abs(encoder).argmax(axis=1)
    found = np.empty((len(x), len(encoder)), np.bool_)
    for k, weights in enumerate(encoder):
        parts = x * weights
        own = parts[:, first[k]].copy()
        parts[:, first[k]] = -np.inf
        found[:, k] = (own > 0) & (own > parts.max(axis=1))
    return found

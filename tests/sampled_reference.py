"""What sampled kernels are compared with: the samples they drew, and float64 gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.sampled.data import fill_odds, fill_sparse, fill_tile, new_hits, new_odds
from tegum.engines.sampled.lane import SKIP_BELOW
from tegum.engines.sampled.lowering import lower
from tegum.engines.sampled.random import TRAIN, binomial_draw, binomial_table, step_key
from tegum.models.activations import ACTIVATIONS

Array = np.ndarray[Any, Any]


def samples_of_step(batch: Batch, step: int) -> Array:
    """The batch that instance 0 sees in a step, (batch_size, n), by the kernels' own generators."""
    low = lower(batch)
    size, n = low.static.batch, low.static.n
    probability = low.numbers.probability[0]
    odds = new_odds(len(probability))
    some = fill_odds(probability, *odds)
    key = np.uint64(step_key(low.keys[0], TRAIN, step))
    x = np.zeros((size, n), np.float32)
    if low.plans[0].kernel == "sparse":
        cells, entries = low.room
        hits = new_hits(cells)
        index, value = np.zeros(entries, np.int32), np.zeros(entries, np.float32)
        pointer = np.zeros(size + 1, np.int64)
        rows = fill_sparse(
            size, key, low.blocks, odds, probability.max(), low.static.simple, hits, index, value,
            pointer,
        )  # fmt: skip
        for r in range(rows):
            x[r, index[pointer[r] : pointer[r + 1]]] = value[pointer[r] : pointer[r + 1]]
        return x
    skip = low.plans[0].kernel == "lane" and some < SKIP_BELOW
    count = size
    if skip:
        cdf, guide = np.zeros(size + 1), np.zeros(512, np.int64)
        binomial_table(size, some, cdf, guide)
        count = binomial_draw(key, cdf, guide)
    tile, work = np.zeros(n * 16, np.float32), np.zeros((2, 16), np.float32)
    for start in range(0, count, 16):
        present = min(16, count - start)
        fill_tile(
            tile, 16, np.uint32(start), present, key, low.blocks, odds, skip, work[0], work[1]
        )
        x[start : start + present] = tile.reshape(n, 16).T[:present]
    return x


def reference_gradient(
    problem: tg.Problem, parameters: dict[str, Array], x: Array, encoded: Array | None = None
) -> dict[str, Array]:
    """Gradients of the mean over samples of Σ_i I_i (y_i - x'_i)² + λ‖h‖₁, by the chain rule.

    `encoded`: what the encoder reads in place of x.
    """
    model = problem.model
    p = {name: np.asarray(value[0], np.float64) for name, value in parameters.items()}
    w_in = p["W"] if model.tied else p["W_in"]
    w_out = p["W"].T if model.tied else p["W_out"]
    f_hidden, f_out = ACTIVATIONS[model.hidden_activation], ACTIVATIONS[model.output_activation]
    x = x.astype(np.float64)
    y = problem.target_of(x)
    x = x if encoded is None else encoded
    pre = x @ w_in.T + p.get("b_hidden", 0.0)
    h = f_hidden.f(pre)
    z = h @ w_out.T + p["b"]
    g = 2.0 * problem.importance_vector() * (f_out.f(z) - y) * f_out.derivative(z) / len(x)
    dh = (g @ w_out + problem.l1 * np.sign(h) / len(x)) * f_hidden.derivative(pre)
    grads = {"b": g.sum(0), "b_hidden": dh.sum(0), "in": dh.T @ x, "out": g.T @ h}
    if not model.bias:
        grads["b"] = np.zeros_like(grads["b"])
    named = {"b": grads["b"]}
    if model.tied:
        named["W"] = grads["in"] + grads["out"].T
    else:
        named |= {"W_in": grads["in"], "W_out": grads["out"]}
    if "b_hidden" in p:
        named["b_hidden"] = grads["b_hidden"]
    return named

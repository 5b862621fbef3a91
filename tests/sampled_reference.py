"""What sampled kernels are compared with: the samples they drew, and float64 gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.sampled.draw import samples
from tegum.models.activations import ACTIVATIONS

Array = np.ndarray[Any, Any]


def samples_of_step(batch: Batch, step: int) -> Array:
    """The batch that instance 0 sees in a step, (batch_size, n), by the kernels' own generators."""
    problem, training, seed = batch.coordinates(0)
    given = {"seed": seed, "run_seed": batch.run_seed}
    return np.asarray(samples(problem, training, steps=step + 1, **given)[step])


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

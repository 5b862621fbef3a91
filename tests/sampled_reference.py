"""What sampled kernels are compared with: the samples they drew, and float64 gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.sampled.draw import _step_keys, samples
from tegum.models.activations import ACTIVATIONS

Array = np.ndarray[Any, Any]


def samples_of_step(batch: Batch, step: int) -> Array:
    """The batch that instance 0 sees in a step, (batch_size, n), by the kernels' own generators."""
    problem, training, seed = batch.coordinates(0)
    given = {"seed": seed, "run_seed": batch.run_seed}
    return np.asarray(samples(problem, training, steps=step + 1, **given)[step])


_WORD, _LONG = 2**32 - 1, 2**64 - 1


def _splitmix(value: int) -> int:
    z = (value + 0x9E3779B97F4A7C15) & _LONG
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _LONG
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _LONG
    return z ^ (z >> 31)


def _hash(counter: Any, low: int, high: int, factor: int = 0xD35A2D97) -> Array:
    """A 32-bit hash of each counter, in 64-bit integers."""
    counter = np.asarray(counter, np.uint64)
    a = (low + counter * 0x9E3779B9 % 2**32) & _WORD
    x = ((a ^ (a >> 16)) * 0x21F0AAAD) & _WORD
    x = x ^ (x >> 15)
    x = (x + high + counter * 0x85EBCA6B % 2**32) & _WORD
    x = (x * factor) & _WORD
    return np.asarray(x ^ (x >> 15))


def noise_of_step(batch: Batch, step: int) -> tuple[Array, Array]:
    """ξ and k/(1 − d) of instance 0 in a step, (batch_size, m), in float64."""
    problem, training, _ = batch.coordinates(0)
    size, m = training.batch_size, problem.n_hidden
    keys = np.zeros(step + 1, np.uint64)
    _step_keys(batch.addresses()[0], keys)
    own = _splitmix(int(keys[step]) ^ 0x6E6F6973655F6F66)
    low, high = own & _WORD, own >> 32
    of_noise, left_out = (int(_hash(number + 7, low ^ 0x5BD1E995, high)) for number in (0, 2))
    pairs = (m + 1) // 2
    counter = np.arange(size * pairs).reshape(size, pairs)
    words = (_hash(counter, of_noise, high, factor) for factor in (0xD35A2D97, 0x50D820F3))
    # both from single precision, whose steps make a short radius out of 1
    signed, turned = (
        word.astype(np.uint32).view(np.int32).astype(np.float32).astype(np.float64) / 2**31
        for word in (next(words) | np.uint64(1), next(words) | np.uint64(1))
    )
    length = np.sqrt(-2 * np.log(np.abs(signed))) * np.sign(signed)
    both = [function(turned * np.pi / 2) * length for function in (np.cos, np.sin)]
    xi = np.concatenate(both, axis=1)[:, :m]
    share, word = (
        training.hidden_dropout,
        _hash(np.arange(size * m).reshape(size, m), left_out, high),
    )
    kept = ((word // 2 + 0.5) / 2**31 > np.float32(share)) / (1 - share)
    return xi, kept


def reference_gradient(
    problem: tg.Problem,
    parameters: dict[str, Array],
    x: Array,
    encoded: Array | None = None,
    noise: tuple[float, Array, Array] | None = None,
) -> dict[str, Array]:
    """Gradients of the mean over samples of Σ_i I_i |y_i - x'_i|^q + λ‖h‖₁, by the chain rule.

    And of what weights cost. `encoded`: what the encoder reads in place of x; `noise`: σ, ξ and
    k/(1 − d) where the decoder reads h k/(1 − d) + σ ξ.
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
    sigma, xi, kept = (0.0, 0.0, 1.0) if noise is None else noise
    seen = h * kept + sigma * xi
    z, q = seen @ w_out.T + p["b"], problem.loss_power
    error = f_out.f(z) - y
    steepness = q * np.sign(error) * np.abs(error) ** (q - 1)
    g = problem.importance_vector() * steepness * f_out.derivative(z) / len(x)
    dh = ((g @ w_out) * kept + problem.l1 * np.sign(h) / len(x)) * f_hidden.derivative(pre)
    grads = {"b": g.sum(0), "b_hidden": dh.sum(0), "in": dh.T @ x, "out": g.T @ seen}
    flat, square = problem.weight_costs()
    grads["in"] += flat[0] * np.sign(w_in) + 2 * square[0] * w_in
    grads["out"] += flat[1] * np.sign(w_out) + 2 * square[1] * w_out
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

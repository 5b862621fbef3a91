"""A plain engine for tests: one instance at a time, float64, numpy; slow and easy to check.

It shares no code with the fused engines but the descriptions, so it is an oracle for them too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tegum.engines.base import Batch, State, step_of
from tegum.models.activations import ACTIVATIONS
from tegum.problem import Problem
from tegum.training import Training

INIT, TRAIN, PROBE, HELD_OUT = range(4)
Parameters = dict[str, Any]


def randomness(address: np.uint64, stream: int, step: int = 0) -> np.random.Generator:
    """A generator which nothing but its address and counter decides."""
    counter = np.array([0, 0, step, 0], dtype=np.uint64)
    key = np.array([address, stream], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def target_of(problem: Problem, x: np.ndarray) -> np.ndarray:
    return problem.target_of(x)


def losses(problem: Problem, parameters: Parameters, x: np.ndarray) -> np.ndarray:
    """The loss of every sample, summed over features."""
    _, y = problem.model.forward(parameters, x)
    return ((target_of(problem, x) - y) ** 2) @ problem.importance_vector()


def gradient(problem: Problem, parameters: Parameters, x: np.ndarray) -> Parameters:
    """d mean loss / d parameters, l1 penalty included, by the chain rule."""
    model, size = problem.model, len(x)
    w_in = parameters["W"] if model.tied else parameters["W_in"]
    w_out = parameters["W"].T if model.tied else parameters["W_out"]
    f_h, f = ACTIVATIONS[model.hidden_activation], ACTIVATIONS[model.output_activation]
    before_h = x @ w_in.T + parameters.get("b_hidden", 0.0)
    h = f_h.f(before_h)
    before_y = h @ w_out.T + parameters.get("b", 0.0)
    error = f.f(before_y) - target_of(problem, x)
    d_y = 2 * error * problem.importance_vector() * f.derivative(before_y) / size
    d_h = (d_y @ w_out + problem.l1 * np.sign(h) / size) * f_h.derivative(before_h)
    all_of_them = {"b": d_y.sum(0), "b_hidden": d_h.sum(0)}
    if model.tied:
        all_of_them["W"] = d_h.T @ x + (d_y.T @ h).T
    else:
        all_of_them |= {"W_in": d_h.T @ x, "W_out": d_y.T @ h}
    return {name: all_of_them[name] for name in parameters}


class ReferenceEngine:
    """Adam, AdamW and SGD by their textbook definitions."""

    name = "sampled"
    machine = "reference"
    dtype = np.float32

    def __init__(self, version: str = "reference-1") -> None:
        self.version = version
        self.calls: list[tuple[int, int]] = []  # (instances, steps) of every advance
        self.on_advance: Callable[[], None] = lambda: None  # after every step of an instance

    def init(self, batch: Batch) -> State:
        n = batch.problem.n_features
        state: State = {"step": np.array(0, dtype=np.int64)}
        for name, shape in batch.problem.model.parameters(n).items():
            full = (batch.n_instances, *shape)
            state |= {f"{kind}{name}": np.zeros(full) for kind in ("", "m.", "v.")}
            if name.startswith("W"):
                for k, address in enumerate(batch.addresses()):
                    training = batch.coordinates(k)[1]
                    std = training.init_std or np.sqrt(2 / (n + batch.problem.n_hidden))
                    stream = INIT + (16 if name == "W_out" else 0)
                    state[name][k] = std * randomness(address, stream).standard_normal(shape)
        return state

    def parameters(self, batch: Batch, state: State) -> State:
        return {name: state[name] for name in batch.problem.model.parameters(1)}

    def advance(self, batch: Batch, state: State, steps: int, *, jobs: int) -> State:
        self.calls.append((batch.n_instances, steps))
        first = step_of(state)
        for k, address in enumerate(batch.addresses()):
            problem, training, _ = batch.coordinates(k)
            for step in range(first, first + steps):
                x = problem.distribution.sample(
                    randomness(address, TRAIN, step), training.batch_size
                )
                self._update(problem, training, state, k, step, x)
                self.on_advance()
        state["step"] = np.array(first + steps, dtype=np.int64)
        return state

    def probe(self, batch: Batch, state: State, *, jobs: int) -> np.ndarray:
        size, step = batch.training.batch_size, step_of(state)
        return np.array([s.mean() for s in self._measure(batch, state, PROBE, step, size)])

    def score(self, batch: Batch, state: State, *, jobs: int) -> State:
        size = batch.training.held_out
        samples = self._measure(batch, state, HELD_OUT, 0, size)
        loss = np.array([s.mean() for s in samples])
        error = np.array([s.std() / np.sqrt(size) for s in samples])
        return {"loss": loss, "loss_error": error, "diverged": ~np.isfinite(loss)}

    def _measure(
        self, batch: Batch, state: State, stream: int, step: int, size: int
    ) -> list[np.ndarray]:
        samples = []
        for k, address in enumerate(batch.addresses()):
            problem = batch.coordinates(k)[0]
            x = problem.distribution.sample(randomness(address, stream, step), size)
            own = {name: array[k] for name, array in self.parameters(batch, state).items()}
            with np.errstate(all="ignore"):
                samples.append(losses(problem, own, x))
        return samples

    def _update(
        self, problem: Problem, training: Training, state: State, k: int, step: int, x: np.ndarray
    ) -> None:
        own = {name: state[name][k] for name in problem.model.parameters(problem.n_features)}
        rate = training.learning_rate_at(step)
        with np.errstate(all="ignore"):
            for name, g in gradient(problem, own, x).items():
                m, v, w = state[f"m.{name}"][k], state[f"v.{name}"][k], own[name]
                if training.optimizer == "adam":
                    g = g + training.weight_decay * w
                if training.optimizer == "sgd":
                    m[:] = training.momentum * m + g + training.weight_decay * w
                    w -= rate * m
                    continue
                m[:] = 0.9 * m + 0.1 * g
                v[:] = 0.999 * v + 0.001 * g * g
                unbiased = m / (1 - 0.9 ** (step + 1)), v / (1 - 0.999 ** (step + 1))
                if training.optimizer == "adamw":
                    w -= rate * training.weight_decay * w
                w -= rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)

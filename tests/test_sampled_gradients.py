"""The kernels' gradients against a plain float64 computation on the very samples they drew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from sampled_reference import reference_gradient, samples_of_step

import tegum as tg
from tegum.engines.base import Batch
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.sampled.lowering import lower


@dataclass
class Case:
    name: str
    kernel: str
    problem: tg.Problem
    batch_size: int = 1024


def _mixed(p: float) -> tg.Groups:
    return tg.Groups(
        parts=(
            tg.Correlated(n_sets=2, set_size=3, feature_probability=p),
            tg.Anticorrelated(n_sets=1, set_size=4, feature_probability=p, magnitude="signed"),
            tg.Independent(n_features=10, feature_probability=p / 2, magnitude="exponential"),
        )
    )


def _cases() -> list[Case]:
    rng = np.random.default_rng(0)
    small, large = {}, {}
    for p in (1.0, 0.3, 0.02):
        small[f"independent p={p}"] = tg.Independent(n_features=20, feature_probability=p)
        large[f"independent p={p}"] = tg.Independent(n_features=90, feature_probability=p)
    for p in (0.5, 0.05):
        small[f"mixed p={p}"] = _mixed(p)
        large[f"wide p={p}"] = tg.Groups(
            parts=(_mixed(p), tg.Independent(n_features=70, feature_probability=p / 3))
        )
    odd = tuple(rng.uniform(0.01, 0.14, 90))
    large["uneven"] = tg.Independent(n_features=90, feature_probability=odd, magnitude="signed")
    cases = []
    # In none of the cases is a pre-activation within rounding of the kink, where a sample counts or
    # does not. (With a penalty of 0.3 "two-layer penalty, independent p=0.3" has one of -3e-8.)
    models = {
        "linear": tg.Linear(n_hidden=5),
        "relu": tg.ReLUOutput(n_hidden=5),
        "no bias": tg.ReLUOutput(n_hidden=5, bias=False),
        "leaky": tg.ReLUOutput(n_hidden=2, activation="leaky"),
        "quadratic": tg.ReLUOutput(n_hidden=2, activation="quadratic"),
        "gelu": tg.ReLUOutput(n_hidden=4, activation="gelu"),
        "relu hidden": tg.ReLUHidden(n_hidden=5, hidden_bias=True),
        "two-layer": tg.TwoLayer(n_hidden=9, hidden_bias=True),
        "two-layer plain": tg.TwoLayer(n_hidden=9),
        "two-layer penalty": tg.TwoLayer(n_hidden=6),
    }
    penalties = {"relu": 0.3, "no bias": 0.3, "relu hidden": 0.3, "two-layer penalty": 0.2}
    for model_name, model in models.items():
        gelu = model.output_activation == "gelu"
        target = "abs" if not model.tied else "x"
        l1 = penalties.get(model_name, 0.0)
        for name, distribution in small.items():
            importance = rng.uniform(0.2, 1.0, distribution.n_features)
            problem = tg.Problem(distribution, model, importance, target=target, l1=l1)
            low = max(b.probability for b in distribution.blocks()) < 0.15
            kernel = ("sparse" if low else "dense") if gelu else "lane"
            cases.append(Case(f"{model_name}, {name}", kernel, problem))
        for name, distribution in large.items():
            bigger = model.replace(n_hidden=21)
            importance = rng.uniform(0.2, 1.0, distribution.n_features)
            problem = tg.Problem(distribution, bigger, importance, target=target, l1=l1)
            low = max(b.probability for b in distribution.blocks()) < 0.15
            cases.append(Case(f"{model_name}, {name}", "sparse" if low else "dense", problem))
    relu, one = models["relu"], tg.Independent(n_features=20, feature_probability=1.0)
    for size in (1, 5, 70):
        cases.append(Case(f"batch {size}", "lane", tg.Problem(one, relu), size))
        wide = tg.Problem(tg.Independent(90, 0.1), relu.replace(n_hidden=21))
        cases.append(Case(f"batch {size} sparse", "sparse", wide, size))
        dense = tg.Problem(tg.Independent(90, 0.5), relu.replace(n_hidden=21))
        cases.append(Case(f"batch {size} dense", "dense", dense, size))
    cases.append(Case("n=1", "lane", tg.Problem(tg.Independent(1, 0.5), tg.ReLUOutput(1))))
    cases.append(Case("n<m", "lane", tg.Problem(tg.Independent(2, 0.5), tg.ReLUOutput(4))))
    return cases


@pytest.mark.parametrize("case", _cases(), ids=lambda case: case.name)
def test_gradient_equals_a_plain_float64_one(case: Case) -> None:
    training = tg.Training(
        steps=4, batch_size=case.batch_size, optimizer="sgd", momentum=0.0, learning_rate=1e-3,
        held_out=64,
    )  # fmt: skip
    batch = Batch(case.problem, (case.problem,), (training,), (0,), 7)
    assert lower(batch).forms[0].kernel == case.kernel
    engine = SampledEngine()
    state = engine.init(batch)
    state["theta"] += np.float32(0.1) * np.cos(np.arange(state["theta"].size), dtype=np.float32)
    if not case.problem.model.has_hidden_bias:
        state["theta"][:, -case.problem.n_hidden :] = 0.0
    if not case.problem.model.bias:
        engine.parameters(batch, state)["b"][:] = 0.0
    # the sparse kernel goes backward densely at first, by lists once it knows few are positive
    for step, memory in enumerate((1.0, 0.0)):
        state["memory"][:] = memory
        before = {k: v.copy() for k, v in engine.parameters(batch, state).items()}
        state = engine.advance(batch, state, 1, jobs=1)
        wanted = reference_gradient(case.problem, before, samples_of_step(batch, step))
        # with momentum 0 the moment is the gradient itself
        found = engine.parameters(batch, {**state, "theta": state["moment"]})
        for name, gradient in wanted.items():
            scale = np.abs(gradient).max() + 1e-3
            np.testing.assert_allclose(found[name][0] / scale, gradient / scale, atol=4e-6)

"""Kernels with other losses, costs of weights, noise, dropout and unit columns, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampled_reference import Array, noise_of_step, reference_gradient, samples_of_step
from scipy.stats import chisquare, kstest

import tegum as tg
from tegum.engines.base import Batch, first_state
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.sampled.lowering import lower
from tegum.engines.sampled.sparse import sparse_work

RELU, TWO = tg.ReLUOutput(5), tg.TwoLayer(9, hidden_bias=True)
MIXING = tg.LinearMap(np.eye(20)[:17] + 0.3 * np.sin(np.arange(340)).reshape(17, 20))
#: 3 of 40 features are active on average, of row 7 none, and of row 9 all.
ROWS = tg.Samples(
    np.sin(np.arange(4000.0)).reshape(100, 40)
    * (np.random.default_rng(0).random((100, 40)) < 0.07 * (np.arange(100) != 7)[:, None])
    + np.where(np.arange(100) == 9, 0.3, 0.0)[:, None]
)
SGD: dict[str, Any] = {
    "optimizer": "sgd", "momentum": 0.0, "learning_rate": 1e-3, "held_out": 64, "batch_size": 200,
}  # fmt: skip


def _problem(p: float, model: tg.models.Model, **fields: Any) -> tg.Problem:
    importance = 0.2 + 0.8 * np.cos(np.arange(20)) ** 2
    return tg.Problem(tg.Independent(20, p), model, importance, **fields)


def _wide(model: Any) -> Any:
    return model.replace(n_hidden=27)


BOTH_COSTS = {"weight_l1": (0.2, 0.0), "weight_l2": (0.1, 0.3)}
NOISE, DROPOUT = {"hidden_noise": 0.3}, {"hidden_dropout": 0.4}
CASES: dict[str, tuple[str, tg.Problem, dict[str, float]]] = {
    **{
        f"{q:g} {activation} {kernel}": (
            kernel,
            _problem(
                0.6 if kernel == "dense" else 0.1,
                tg.ReLUOutput(5 if kernel == "lane" else 27, activation=activation),
                loss_power=q, target=target,
            ),
            {},
        )
        for q, activation, target, kernels in (
            (4, "relu", "x", "lane dense sparse"), (4, "leaky", "abs", "lane dense sparse"),
            (4, "identity", "square", "lane dense"), (4, "quadratic", "x", "lane sparse"),
            (1, "relu", "x", "lane sparse"), (2.5, "quadratic", "x", "lane dense"),
            (1.5, "leaky", "x", "lane"), (3, "identity", "x", "lane"),
        )
        for kernel in kernels.split()
    },
    "4 gelu": ("sparse", _problem(0.1, tg.ReLUOutput(27, activation="gelu"), loss_power=4), {}),
    "4 hidden bias": ("lane", _problem(0.1, TWO, loss_power=4, target="abs", l1=0.2), {}),
    "4 pairs": ("dense", _problem(0.1, _wide(TWO), loss_power=4, target=tg.Pairs()), {}),
    "matrix lane": ("lane", _problem(0.1, TWO, target=MIXING), {}),
    "matrix dense": ("dense", _problem(0.1, _wide(TWO), target=MIXING), {}),
    "matrix 3": ("lane", _problem(0.6, RELU, target=MIXING, loss_power=3), {}),
    "costs tied": ("lane", _problem(0.1, RELU, weight_l1=0.2, weight_l2=0.1), {}),
    "costs lane": ("lane", _problem(0.1, TWO, **BOTH_COSTS), {}),
    "costs dense": ("dense", _problem(0.6, _wide(TWO), **BOTH_COSTS), {}),
    "costs sparse": ("sparse", _problem(0.1, _wide(TWO), **BOTH_COSTS), {}),
    "noise lane": ("lane", _problem(0.05, RELU), NOISE),
    "noise even": ("lane", _problem(0.6, tg.TwoLayer(6), l1=0.2), NOISE),
    "noise hidden bias": ("lane", _problem(0.02, TWO), NOISE),
    "noise dense": ("dense", _problem(0.6, _wide(RELU)), NOISE),
    "noise sparse": ("sparse", _problem(0.02, _wide(RELU)), NOISE),
    "dropout lane": ("lane", _problem(0.05, RELU, l1=0.1), DROPOUT),
    "dropout hidden bias": ("lane", _problem(0.05, TWO), DROPOUT),
    "dropout dense": ("dense", _problem(0.6, _wide(TWO)), DROPOUT),
    "dropout sparse": ("sparse", _problem(0.02, _wide(TWO)), DROPOUT),
    "dropout sparse relu": ("sparse", _problem(0.02, _wide(RELU), l1=0.1), DROPOUT),
    **{
        f"data set {name}": ("sparse", tg.Problem(ROWS, model, **fields), {})
        for name, model, fields in (
            ("relu", tg.ReLUOutput(27), {}),
            ("abs leaky", tg.ReLUOutput(11, activation="leaky"), {"target": "abs"}),
            ("square gelu", tg.ReLUOutput(27, activation="gelu"), {"target": "square"}),
            ("4", tg.ReLUOutput(27, bias=False), {"loss_power": 4, "weight_l1": 0.1}),
            ("untied", tg.TwoLayer(14, hidden_activation="identity"), {}),
            ("by layers", tg.ReLUOutput(3, activation="gelu"), {}),
        )
    },
    "all lane": (
        "lane", _problem(0.05, TWO, loss_power=4, l1=0.1, target=MIXING, **BOTH_COSTS),
        {**NOISE, **DROPOUT},
    ),
    "all sparse": (
        "sparse", _problem(0.05, _wide(TWO), loss_power=2.5, l1=0.1, **BOTH_COSTS),
        {**NOISE, **DROPOUT},
    ),
}  # fmt: skip


def _begun(problem: tg.Problem, **fields: Any) -> tuple[SampledEngine, Batch, Any]:
    training = tg.Training(steps=4, **{**SGD, **fields})
    batch = Batch(problem, (problem,), (training,), (0,), 7)
    engine = SampledEngine()
    state = engine.init(batch)
    state["theta"] += np.float32(0.1) * np.cos(np.arange(state["theta"].size), dtype=np.float32)
    if not problem.model.has_hidden_bias:
        state["theta"][:, -problem.n_hidden :] = 0.0
    return engine, batch, state


def test_linear_models_of_sparse_data_sets_go_by_products_where_few_features_are_active() -> None:
    used = {}
    for name, (_, problem, disturbed) in CASES.items():
        low = lower(_begun(problem, **disturbed)[1])
        if low.forms[0].kernel == "sparse":
            work = sparse_work(low.instances, low.forms[0].codes, low.room)
            used[name] = work.products.y.size > 0
    wanted = {name for name in used if name.startswith("data set")} - {"data set by layers"}
    assert {name for name, yes in used.items() if yes} == wanted


def _copied(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: array.copy() for name, array in arrays.items()}


@pytest.mark.parametrize("name", CASES)
def test_gradient_equals_a_plain_float64_one(name: str) -> None:
    kernel, problem, disturbed = CASES[name]
    engine, batch, state = _begun(problem, **disturbed)
    assert lower(batch).forms[0].kernel == kernel
    # the sparse kernel goes backward densely at first, by lists once it knows few are positive
    for step, memory in enumerate((1.0, 0.0)):
        state["memory"][:] = memory
        before = _copied(engine.parameters(batch, state))
        state = engine.advance(batch, state, 1, jobs=1)
        xi, kept = noise_of_step(batch, step)
        x = samples_of_step(batch, step)
        noise = (batch.training.hidden_noise, xi, kept) if disturbed else None
        wanted = reference_gradient(problem, before, x, noise=noise)
        # with momentum 0 the moment is the gradient itself
        found = engine.parameters(batch, {**state, "theta": state["moment"]})
        for key, gradient in wanted.items():
            scale = np.abs(gradient).max() + 1e-3
            np.testing.assert_allclose(found[key][0] / scale, gradient / scale, atol=2e-5)


@pytest.mark.parametrize("q", [1.0, 3.5])
def test_the_reference_is_the_slope_of_the_loss(q: float) -> None:
    """By central differences of the loss, written out."""
    rng, model = np.random.default_rng(0), tg.TwoLayer(3, hidden_bias=True)
    problem = tg.Problem(
        tg.Independent(4, 0.5), model, (1, 0.5, 2, 1), "abs", 0.3, q, (0.2, 0.1), (0.3, 0.4)
    )
    own = {name: rng.normal(size=(1, *shape)) for name, shape in model.parameters(4).items()}
    x, xi = rng.uniform(size=(30, 4)), rng.normal(size=(30, 3))
    kept = (rng.uniform(size=(30, 3)) > 0.3) / 0.7

    def loss(given: dict[str, Array]) -> float:
        w_in, w_out, b, c = (given[name][0] for name in ("W_in", "W_out", "b", "b_hidden"))
        h = np.maximum(x @ w_in.T + c, 0)
        y = np.maximum((h * kept + 0.2 * xi) @ w_out.T + b, 0)
        errors = np.abs(np.abs(x) - y) ** q @ np.array([1, 0.5, 2, 1])
        cost = 0.2 * np.abs(w_in).sum() + 0.1 * np.abs(w_out).sum()
        cost += 0.3 * (w_in**2).sum() + 0.4 * (w_out**2).sum()
        return float(errors.mean() + 0.3 * np.abs(h).sum(1).mean() + cost)

    for name, slope in reference_gradient(problem, own, x, noise=(0.2, xi, kept)).items():
        for at in np.ndindex(slope.shape):
            near = []
            for step in (1e-6, -1e-6):
                moved = _copied(own)
                moved[name][0][at] += step
                near.append(loss(moved))
            assert (near[0] - near[1]) / 2e-6 == pytest.approx(slope[at], abs=1e-6)


@pytest.mark.parametrize("q", [1.0, 2.5, 4.0])
def test_losses_are_of_this_power_and_without_noise(q: float) -> None:
    """On its samples the loss is what numpy makes of them; the penalty is what weights cost."""
    problem = _problem(0.1, TWO, loss_power=q, weight_l1=(0.2, 0.1), weight_l2=0.3)
    engine, batch, state = _begun(problem, hidden_noise=1.0, hidden_dropout=0.5, held_out=200_000)
    named = {name: array[0] for name, array in engine.parameters(batch, state).items()}
    x = problem.distribution.sample(np.random.default_rng(1), 200_000)
    _, y = problem.model.forward(named, x)
    losses = np.abs(problem.target_of(x) - y) ** q @ problem.importance_vector()
    scores = engine.score(batch, state, jobs=1)
    error = np.hypot(losses.std() / np.sqrt(len(losses)), scores["loss_error"][0])
    assert abs(scores["loss"][0] - losses.mean()) < 5 * error
    w_in, w_out = (np.abs(named[name].astype(np.float64)) for name in ("W_in", "W_out"))
    cost = 0.2 * w_in.sum() + 0.1 * w_out.sum() + 0.3 * ((w_in**2).sum() + (w_out**2).sum())
    assert scores["penalty"][0] == pytest.approx(cost, rel=1e-12)


@pytest.mark.slow
def test_noise_is_normal_and_units_are_left_out_at_random() -> None:
    """Of 2 · 10^5 numbers: Kolmogorov and Smirnov's p > 1e-3, correlations within 5 errors."""
    problem = _problem(0.05, tg.ReLUOutput(4))
    training = tg.Training(batch_size=50_000, hidden_dropout=0.3)
    xi, kept = noise_of_step(Batch(problem, (problem,), (training,), (0,), 7), 3)
    assert kstest(xi.ravel(), "norm").pvalue > 1e-3
    assert abs((kept == 0).mean() - 0.3) < 5 * np.sqrt(0.21 / kept.size)
    for numbers in (xi, xi**2, kept, np.concatenate([xi[1:], xi[:-1]], axis=1)):
        off = np.corrcoef(numbers.T) - np.eye(numbers.shape[1])
        assert np.abs(off).max() < 5 / np.sqrt(len(xi))
    # of two units that have one radius: directions, and lengths along each of them
    one, other = xi[:, :2].ravel(), xi[:, 2:].ravel()
    turn, chance = np.arctan2(other, one) / (2 * np.pi) % 1, np.exp(-(one**2 + other**2) / 2)
    assert kstest(turn, "uniform").pvalue > 1e-3
    cells = np.histogram2d(turn, chance, bins=20, range=[[0, 1], [0, 1]])[0]
    assert chisquare(cells.ravel()).pvalue > 1e-3


@pytest.mark.parametrize(("model", "p"), [(RELU, 0.1), (_wide(TWO), 0.6), (_wide(RELU), 0.1)])
def test_columns_keep_norm_1_and_move_along_the_sphere(model: Any, p: float) -> None:
    problem = _problem(p, model, unit_norm=True)
    training = tg.Training(steps=3, **SGD)
    batch, engine = Batch(problem, (problem,), (training,), (0,), 7), SampledEngine()
    state, name = first_state(engine, batch), model.weights[0]
    np.testing.assert_allclose(
        (state["theta"][0, : 20 * model.n_hidden].reshape(20, -1) ** 2).sum(1), 1, rtol=1e-6
    )
    before = _copied(engine.parameters(batch, state))
    state = engine.advance(batch, state, 1, jobs=1)
    after = engine.parameters(batch, state)
    w = before[name][0].astype(np.float64)
    slopes = reference_gradient(problem, before, samples_of_step(batch, 0))
    slope = slopes[name] - (slopes[name] * w).sum(0) * w
    moved = w - 1e-3 * slope
    np.testing.assert_allclose(after[name][0], moved / np.linalg.norm(moved, axis=0), atol=1e-6)
    np.testing.assert_allclose(after["b"][0], -1e-3 * slopes["b"], atol=1e-7)


@pytest.mark.slow
def test_noise_on_h_is_what_costs_weights_where_outputs_are_linear() -> None:
    """E over ξ of (x − Wᵀ(W x + σ ξ) − b)² is the loss and σ²‖W‖²: both shrink weights alike.

    Means of 4 seeds, which differ by 2 %, within 5 errors; undisturbed weights would have 3.
    """
    problem = tg.Problem(tg.Independent(6, 1.0), tg.Linear(3))
    common = {"steps": 1500, "learning_rate": 3e-3, "batch_size": 512, "curve_points": 0}
    noisy = tg.train(problem, training=tg.Training(hidden_noise=0.3, **common), seeds=4)
    costly = tg.train(problem.replace(weight_l2=0.09), training=tg.Training(**common), seeds=4)
    of_noise, of_costs = ((runs.W.values**2).sum((1, 2)).mean() for runs in (noisy, costly))
    assert of_noise == pytest.approx(of_costs, rel=0.07)
    assert of_noise < 0.6 * 3

"""Held-out losses of given weights against closed forms, known values and numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit
from scipy import stats

import tegum as tg
from tegum.engines.base import Batch, State
from tegum.engines.sampled.activations import activate
from tegum.engines.sampled.engine import SampledEngine
from tegum.engines.sampled.lowering import ACTIVATION_CODES
from tegum.models.activations import ACTIVATIONS
from tegum.models.base import Model
from tegum.theory import linear

HELD_OUT = 400_000


def batch_of(problem: tg.Problem, seeds: int = 1, **training: Any) -> Batch:
    options = tg.Training(**{"held_out": HELD_OUT, "batch_size": 512, **training})
    return Batch(problem, (problem,), (options,), tuple(range(seeds)), 3)


def state_of(batch: Batch, weights: dict[str, Any]) -> State:
    """A state of these parameters, the same in every instance."""
    engine = SampledEngine()
    state = engine.init(batch)
    named = engine.parameters(batch, state)
    for name, values in weights.items():
        named[name][:] = np.asarray(values)
    return state


def score(problem: tg.Problem, weights: dict[str, Any], seeds: int = 1, **training: Any) -> State:
    batch = batch_of(problem, seeds, **training)
    return SampledEngine().score(batch, state_of(batch, weights), jobs=1)


def assert_loss(problem: tg.Problem, weights: dict[str, Any], wanted: float) -> None:
    """Within 4 of its own standard errors, which are small enough to mean something."""
    found = score(problem, weights)
    loss, error = float(found["loss"][0]), float(found["loss_error"][0])
    assert loss == pytest.approx(wanted, abs=4 * error)
    assert error < 0.02 * wanted
    assert not found["diverged"][0]


# --- Closed forms ------------------------------------------------------------------------------


@pytest.mark.parametrize("b", [0.0, 0.2])
@pytest.mark.parametrize("p", [1.0, 0.9, 0.3, 0.01])
def test_nothing_represented(p: float, b: float) -> None:
    """W = 0: L = Σ I_i E[(x_i - b)²] = (p/3 - p b + b²) Σ I_i, where all-zero samples count too."""
    importance = np.array([1.0, 0.5, 3.0])
    problem = tg.Problem(tg.Independent(3, p), tg.ReLUOutput(2), importance)
    assert_loss(problem, {"W": 0.0, "b": b}, (p / 3 - p * b + b**2) * importance.sum())


@pytest.mark.parametrize(("p", "r"), [(1.0, 1.0), (0.2, 0.3), (0.02, 5.0)])
def test_an_antipodal_pair(p: float, r: float) -> None:
    """W = (1, -1), b = 0: the smaller of two active features is lost, L = (1 + r) p² / 6."""
    problem = tg.Problem(tg.Independent(2, p), tg.ReLUOutput(1), (1.0, r))
    batch = batch_of(problem, held_out=4_000_000)
    found = SampledEngine().score(batch, state_of(batch, {"W": [[1.0, -1.0]]}), jobs=1)
    error = float(found["loss_error"][0])
    assert found["loss"][0] == pytest.approx((1 + r) * p**2 / 6, abs=4 * error)
    assert error < 0.05 * (1 + r) * p**2 / 6


@pytest.mark.parametrize("n_hidden", [3, 21])
def test_linear_models(n_hidden: int) -> None:
    rng = np.random.default_rng(n_hidden)
    x = tg.Groups(
        (
            tg.Independent(10, tuple(rng.uniform(0.1, 0.9, 10))),
            tg.Correlated(2, 3, 0.3, "signed"),
            tg.Anticorrelated(1, 4, 0.7, "exponential"),
        )
    )
    importance = rng.uniform(0.1, 2.0, 20)
    w, b = rng.normal(0, 0.3, (n_hidden, 20)), rng.normal(0, 0.2, 20)
    covariance = x.second_moment() - np.outer(x.mean(), x.mean())
    wanted = linear.loss_with_bias(w, b, importance, x.mean(), covariance)
    assert_loss(tg.Problem(x, tg.Linear(n_hidden), importance), {"W": w, "b": b}, float(wanted))


def test_the_absolute_value_by_two_neurons_a_feature() -> None:
    """|x| = ReLU(x) + ReLU(-x): no loss at all, and no doubt of it."""
    eye = np.eye(4)
    problem = tg.Problem(
        tg.Independent(4, 0.4, "signed"), tg.TwoLayer(8, hidden_bias=True), target="abs"
    )
    weights = {"W_in": np.concatenate([eye, -eye]), "W_out": np.concatenate([eye, eye], axis=1)}
    found = score(problem, weights)
    assert found["loss"][0] == 0.0
    assert found["loss_error"][0] == 0.0
    # one neuron less: (0 - ReLU(-x))² has the mean p/6
    lame = {**weights, "W_in": weights["W_in"] * (np.arange(8) != 4)[:, None]}
    assert_loss(problem, lame, 0.4 / 6)


@pytest.mark.parametrize(("model", "p"), [(tg.ReLUOutput(2), 1.0), (tg.ReLUHidden(2), 0.3)])
def test_penalty_is_the_mean_size_of_hidden_activations(model: Model, p: float) -> None:
    """h = W x >= 0 for W >= 0: λ E‖h‖₁ = λ (p/2) Σ W, and the loss has no part of it."""
    weights = {"W": [[0.5, 0.2, 0.0], [0.0, 0.1, 1.2]]}
    problem = tg.Problem(tg.Independent(3, p), model, l1=0.7)
    found = score(problem, weights)
    assert found["penalty"][0] == pytest.approx(0.7 * p / 2 * 2.0, rel=0.005)
    plain = score(problem.replace(l1=0.0), weights)
    assert "penalty" not in plain
    error = np.hypot(found["loss_error"][0], plain["loss_error"][0])
    assert found["loss"][0] == pytest.approx(plain["loss"][0], abs=4 * error)


# --- Known values ------------------------------------------------------------------------------

KNOWN: dict[str, tuple[Any, Any, float, Any, float]] = {
    # W, b, p, I, and the expected loss: enumeration, checked in 60-digit arithmetic
    "confused": (
        [[0.70710678, 0.70710678]],
        [0.0, 0.0],
        1.0,
        [1.0, 1.0],
        0.08333333333333334,
    ),
    "generic 2-1": (
        [[0.8, -0.6]],
        [-0.1, 0.05],
        0.3,
        [1.0, 0.5],
        0.061607786458333334,
    ),
    "generic 3-2": (
        [[0.42776996, -0.57083756, 2.65446069], [-1.60854495, 0.66171566, -0.14342594]],
        [-0.16026014, -0.01816033, -0.07472488],
        0.4,
        [1.0, 1.0, 3.0],
        15.159752165641159,
    ),
    "pentagon": (
        [
            [1.06530206, -0.63231577, 0.70058647, -0.04219359, -1.09137911],
            [-0.39050259, 0.94209204, 0.89249051, -1.13383437, -0.3102456],
        ],
        [-0.24632567, -0.24632562, -0.24632564, -0.24632563, -0.24632563],
        0.05,
        [1.0, 1.0, 1.0, 1.0, 1.0],
        0.008903593724276324,
    ),
    "hexagon": (
        [
            [-0.33270756, -1.15260708, 0.81989946, 0.33270762, -0.81989942, 1.152607],
            [1.13882717, 0.28128035, 0.85754677, -1.13882712, -0.85754684, -0.28128033],
        ],
        [-0.4309578, -0.43095783, -0.43095779, -0.43095777, -0.4309578, -0.43095775],
        0.05,
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        0.02373044031874631,
    ),
    "dense 5-2": (
        [
            [-0.68927335, -0.0799121, 1.21889169, 0.06233281, 0.62698177],
            [-1.30431418, -0.86722128, 0.67867063, -0.43972582, -0.04409682],
        ],
        [-0.03237909, -0.0678774, -0.07064451, -0.0776305, -0.02319486],
        1.0,
        [1.0, 0.9, 0.81, 0.729, 0.6561],
        1.048836320039612,
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_values(name: str) -> None:
    w, b, p, importance, loss = KNOWN[name]
    hidden, features = np.shape(w)
    problem = tg.Problem(tg.Independent(features, p), tg.ReLUOutput(hidden), importance)
    found = score(problem, {"W": w, "b": b}, held_out=4_000_000)
    error = float(found["loss_error"][0])
    assert found["loss"][0] == pytest.approx(loss, abs=4 * error)
    assert error < 0.01 * loss


# --- Numpy -------------------------------------------------------------------------------------

X_SMALL = tg.Independent(6, (0.9, 0.5, 0.3, 0.3, 0.2, 0.1), "signed")
X_LARGE = tg.Groups((tg.Independent(60, 0.05), tg.Correlated(4, 5, 0.1, "exponential")))


@pytest.mark.parametrize(
    ("distribution", "model", "target"),
    [
        (X_SMALL, tg.ReLUOutput(2, activation="gelu"), "x"),
        (X_SMALL, tg.ReLUOutput(2, activation="leaky"), "x"),
        (X_SMALL, tg.ReLUOutput(2, activation="quadratic"), "x"),
        (X_SMALL, tg.ReLUHidden(3, hidden_bias=True), "x"),
        (X_LARGE, tg.ReLUOutput(21), "x"),
        (X_LARGE, tg.TwoLayer(30, hidden_bias=True), "abs"),
    ],
    ids=["gelu", "leaky", "quadratic", "relu hidden", "large", "large |x|"],
)
def test_losses_equal_those_of_numpy(
    distribution: tg.Distribution, model: Model, target: str
) -> None:
    """On other samples: the two means differ by at most 4 of their joint standard errors."""
    rng = np.random.default_rng(0)
    n = distribution.n_features
    importance = rng.uniform(0.1, 2.0, n)
    problem = tg.Problem(distribution, model, importance, target)
    spread = 1 / np.sqrt(n + model.n_hidden)
    weights = {name: rng.normal(0, spread, shape) for name, shape in model.parameters(n).items()}
    samples = []
    for _ in range(10):
        x = distribution.sample(rng, 20_000)
        y = np.abs(x) if target == "abs" else x
        samples.append((model.forward(weights, x)[1] - y) ** 2 @ importance)
    losses = np.concatenate(samples)
    found = score(problem, weights)
    error = float(found["loss_error"][0])
    assert error == pytest.approx(losses.std() / np.sqrt(HELD_OUT), rel=0.1)
    joint = np.hypot(error, losses.std() / np.sqrt(len(losses)))
    assert found["loss"][0] == pytest.approx(losses.mean(), abs=4 * joint)
    assert joint < 0.02 * losses.mean()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_in_kernels_are_the_stated_ones(name: str) -> None:
    """f and f' in single precision, at 0 and far out too: within 4e-7 of the float64 formulas."""

    @njit
    def table(z, code, values, slopes):  # type: ignore[no-untyped-def]
        for k in range(len(z)):
            values[k], slopes[k] = activate(z[k], code)

    z = np.concatenate([np.linspace(-6, 6, 4001), [0.0, -1e-20, 1e-20, -40.0, 40.0, -1e4, 1e4]])
    z = z.astype(np.float32)
    values, slopes = np.empty_like(z), np.empty_like(z)
    table(z, ACTIVATION_CODES[name], values, slopes)
    exact, wanted = z.astype(np.float64), ACTIVATIONS[name]
    for found, right in ((values, wanted.f(exact)), (slopes, wanted.derivative(exact))):
        scale = np.maximum.reduce([np.ones_like(exact), np.abs(exact), np.abs(right)])
        np.testing.assert_allclose(found / scale, right / scale, rtol=0, atol=4e-7)


# --- Errors and streams ------------------------------------------------------------------------

PROBLEM = tg.Problem(tg.Independent(5, 0.3), tg.ReLUOutput(2))
SPARSE = tg.Problem(tg.Independent(5, 0.01), tg.ReLUOutput(2))
WEIGHTS = {"W": [[1.0, 0.3, -0.8, -0.8, 0.3], [0.0, 0.9, 0.6, -0.6, -0.9]], "b": -0.1}


@pytest.mark.parametrize("problem", [PROBLEM, SPARSE], ids=["dense", "sparse"])
@pytest.mark.parametrize("held_out", [100, 1024, 5000])
def test_stated_errors_are_the_spread_over_seeds(problem: tg.Problem, held_out: int) -> None:
    """1500 seeds of equal weights: their spread is known to 1.8 % (more for a long tail)."""
    found = score(problem, WEIGHTS, seeds=1500, held_out=held_out)
    stated = np.sqrt(np.mean(found["loss_error"] ** 2))
    assert found["loss"].std() == pytest.approx(stated, rel=0.1)
    assert len(np.unique(found["loss"])) > 1400
    many = score(problem, WEIGHTS, held_out=4_000_000)
    joint = np.hypot(stated / np.sqrt(1500), many["loss_error"][0])
    assert found["loss"].mean() == pytest.approx(many["loss"][0], abs=4 * joint)


def test_one_held_out_sample_has_no_spread() -> None:
    found = score(PROBLEM, WEIGHTS, seeds=3, held_out=1)
    assert np.isfinite(found["loss"]).all()
    assert found["loss_error"].tolist() == [0.0, 0.0, 0.0]


def test_every_probe_is_a_fresh_batch() -> None:
    batch = batch_of(PROBLEM)
    engine, state = SampledEngine(), state_of(batch, WEIGHTS)
    losses = []
    for step in range(400):
        state["step"] = np.array(step)
        losses.append(float(engine.probe(batch, state, jobs=1)[0]))
    assert len(set(losses)) == 400
    found = engine.score(batch, state, jobs=1)
    one = float(found["loss_error"][0]) * np.sqrt(HELD_OUT / batch.training.batch_size)
    assert np.std(losses) == pytest.approx(one, rel=0.15)
    joint = np.hypot(one / 20, found["loss_error"][0])
    assert np.mean(losses) == pytest.approx(found["loss"][0], abs=4 * joint)


def test_probes_and_held_out_samples_are_different_streams() -> None:
    """Were they the same at step 0, so would the losses be."""
    batch = batch_of(PROBLEM, seeds=500, held_out=64, batch_size=64)
    engine, state = SampledEngine(), state_of(batch, WEIGHTS)
    probe = engine.probe(batch, state, jobs=1)
    scored = engine.score(batch, state, jobs=1)["loss"]
    assert abs(stats.spearmanr(probe, scored).statistic) < 4.5 / np.sqrt(500)
